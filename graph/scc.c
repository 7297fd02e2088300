/* SPDX-License-Identifier: MIT */
/*
 * scc.c - strongly connected components, without recursion.
 *
 * Pearce, "A space-efficient algorithm for finding strongly connected
 * components", Information Processing Letters 116, 2016: one index a node says
 * both when it was seen and, at last, which component it is in.  His two
 * stacks grow towards each other in one array, since a node is on one of them
 * at most.  O(n + m); 12 bytes a node and two bits.
 *
 * Objects that refer to nothing, half of a heap, are done when they are seen.
 * Only components that are cycles are kept.
 */
#include "config.h"

#include "graph/scc.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/units.h"

#include "graph/an_util.h"
#include "graph/dom_priv.h"
#include "graph/ignore.h"

#define CHECK_EVERY 262144u

struct pearce {
	const struct hg_graph *g;
	uint32_t n; /* objects */
	uint32_t *rindex; /* 0: not seen; from `c` on: done */
	uint32_t *stack;  /* the path from 0 up, seen ones from n down */
	uint32_t *cursor; /* next edge, by place on the path */
	uint32_t path, seen;
	uint32_t index, c;
	unsigned char *inner; /* not the first of its component */
	unsigned char *self;  /* refers to itself */

	struct hg_ignore *ignore;
	struct hg_components *out;
	uint32_t nmembers, cap_members, cap_list;
};

static enum ot_status
no_memory(struct ot_err *err)
{
	return ot_fail_nomem(err, "the cycles of the heap");
}

static bool
member_add(struct pearce *p, hg_node n)
{
	struct hg_components *o = p->out;
	uint32_t cap;
	hg_node *more;

	if (p->nmembers == p->cap_members) {
		cap = p->cap_members + p->cap_members / 2 + 1024;
		more = ot_realloc_array(o->members, cap, sizeof(*more));
		if (!more)
			return false;
		o->members = more;
		p->cap_members = cap;
	}
	o->members[p->nmembers++] = n;
	return true;
}

/* A component with what was added to the members since `first`. */
static bool
component_add(struct pearce *p, uint32_t first)
{
	struct hg_components *o = p->out;
	struct hg_component *more;
	uint32_t cap;

	if (o->n == p->cap_list) {
		cap = p->cap_list + p->cap_list / 2 + 64;
		more = ot_realloc_array(o->list, cap, sizeof(*more));
		if (!more)
			return false;
		o->list = more;
		p->cap_list = cap;
	}
	o->list[o->n++] = (struct hg_component){ .first = first,
						 .n = p->nmembers - first };
	return true;
}

static void
begin(struct pearce *p, hg_node v)
{
	p->stack[p->path] = v;
	p->cursor[p->path++] = hg_out(p->g, v);
	p->rindex[v] = p->index++;
}

/* v has no more edges and is the first of its component: all of it is seen. */
static bool
close_component(struct pearce *p, hg_node v)
{
	bool cycle = hg_bit(p->self, v);
	uint32_t first = p->nmembers;
	hg_node w;

	p->index--;
	if (p->seen < p->n && p->rindex[v] <= p->rindex[p->stack[p->seen]])
		cycle = true;
	while (p->seen < p->n &&
	       p->rindex[v] <= p->rindex[p->stack[p->seen]]) {
		w = p->stack[p->seen++];
		p->rindex[w] = p->c;
		p->index--;
		if (!member_add(p, w))
			return false;
	}
	p->rindex[v] = p->c--;
	return !cycle || (member_add(p, v) && component_add(p, first));
}

/* Goes on with the node on top of the path. */
static bool
visit(struct pearce *p)
{
	const struct hg_graph *g = p->g;
	hg_node v = p->stack[p->path - 1], w;
	hg_edge e = p->cursor[p->path - 1], end = hg_out(g, v + 1);

	for (; e < end; e++) {
		if (hg_edge_weak(g, e))
			continue;
		w = hg_edge_to(g, e);
		if (hg_ignored(p->ignore, e, v, w))
			continue;
		if (w == v)
			hg_bit_set(p->self, v);
		if (p->rindex[w] == 0) {
			if (hg_out(g, w) == hg_out(g, w + 1)) {
				p->rindex[w] = p->c--;
				continue;
			}
			/* the same edge again when w is done */
			p->cursor[p->path - 1] = e;
			begin(p, w);
			return true;
		}
		if (p->rindex[w] < p->rindex[v]) {
			p->rindex[v] = p->rindex[w];
			hg_bit_set(p->inner, v);
		}
	}
	p->path--;
	if (!hg_bit(p->inner, v))
		return close_component(p, v);
	p->stack[--p->seen] = v;
	return true;
}

static bool
pearce_init(struct pearce *p)
{
	size_t n = p->n;

	p->rindex = calloc(n + 1, sizeof(*p->rindex));
	p->stack = ot_realloc_array(NULL, n + 1, sizeof(*p->stack));
	p->cursor = ot_realloc_array(NULL, n + 1, sizeof(*p->cursor));
	p->inner = calloc(n / 8 + 1, 1);
	p->self = calloc(n / 8 + 1, 1);
	p->seen = p->n;
	p->index = 1;
	/*
	 * Components are numbered downwards; each has a node that no longer
	 * counts in index, so that the two never meet.
	 */
	p->c = p->n + 1;
	return p->rindex && p->stack && p->cursor && p->inner && p->self;
}

static enum ot_status
pearce_run(struct pearce *p, const struct hg_args *args, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	uint64_t steps = 0;
	hg_node v;

	for (v = 0; v < p->n; v++) {
		if (p->rindex[v] != 0)
			continue;
		for (begin(p, v); p->path > 0;) {
			if (!visit(p))
				return no_memory(err);
			if (++steps % CHECK_EVERY == 0 &&
			    (st = an_check(args, v, p->n, err)) != OT_OK)
				return st;
		}
	}
	return st;
}

static int
node_compare(const void *a, const void *b)
{
	hg_node x = *(const hg_node *)a, y = *(const hg_node *)b;

	return (x > y) - (x < y);
}

static int
component_compare(const void *a, const void *b)
{
	const struct hg_component *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

/* Members in order, bytes added up, the list in its order. */
static void
finish(const struct hg_graph *g, struct hg_components *o)
{
	struct hg_component *c;
	uint32_t i, j;

	for (i = 0; i < o->n; i++) {
		c = &o->list[i];
		qsort(o->members + c->first, c->n, sizeof(*o->members),
		      node_compare);
		for (j = 0; j < c->n; j++)
			c->bytes += hg_bytes(g, o->members[c->first + j]);
	}
	/* components close in an order that follows from the addresses */
	if (o->n > 1)
		qsort(o->list, o->n, sizeof(*o->list), component_compare);
}

enum ot_status
hg_components_find(const struct hg_graph *g, const struct hg_args *args,
		   struct hg_components *out, struct ot_err *err)
{
	struct pearce p = { .g = g, .n = hg_objects(g), .out = out };
	enum ot_status st;

	*out = (struct hg_components){ 0 };
	st = hg_ignore_new(g, args, &p.ignore, err);
	if (st == OT_OK)
		st = pearce_init(&p) ? pearce_run(&p, args, err)
				     : no_memory(err);
	hg_ignore_free(p.ignore);
	free(p.rindex);
	free(p.stack);
	free(p.cursor);
	free(p.inner);
	free(p.self);
	if (st == OT_OK)
		finish(g, out);
	return st;
}

void
hg_components_release(struct hg_components *c)
{
	free(c->members);
	free(c->list);
	*c = (struct hg_components){ 0 };
}

static bool
component_has(const struct hg_components *c, uint32_t id, hg_node n)
{
	return bsearch(&n, c->members + c->list[id].first, c->list[id].n,
		       sizeof(n), node_compare) != NULL;
}

/* Bits of the objects that a word names. */
static enum ot_status
mark_objects(const struct hg_graph *g, const struct hg_args *args, size_t word,
	     unsigned char **bits, struct ot_err *err)
{
	struct hg_args one = *args;
	enum ot_status st;
	hg_node *nodes;
	uint32_t n, i;

	one.objects = &args->objects[word];
	one.nobjects = 1;
	st = an_objects(g, &one, "cycles", &nodes, &n, err);
	if (st == OT_OK && !*bits) {
		*bits = calloc(hg_nodes(g) / 8 + 1u, 1);
		if (!*bits)
			st = no_memory(err);
	}
	for (i = 0; st == OT_OK && i < n; i++)
		hg_bit_set(*bits, nodes[i]);
	free(nodes);
	return st;
}

enum ot_status
hg_components_wanted(const struct hg_graph *g, const struct hg_components *c,
		     const struct hg_args *args, unsigned char *bits,
		     struct ot_err *err)
{
	unsigned char *objects = NULL;
	enum ot_status st = OT_OK;
	uint32_t i, j;
	uint64_t id;
	size_t w;

	for (w = 0; st == OT_OK && w < args->nobjects; w++) {
		if (!ot_parse_u64(args->objects[w], &id))
			st = mark_objects(g, args, w, &objects, err);
		else if (id < c->n)
			hg_bit_set(bits, (uint32_t)id);
		else
			st = ot_fail(err, OT_FAILED,
				     "no cycle has the id %" PRIu64
				     ": there are %" PRIu32 ", from 0",
				     id, c->n);
	}
	for (i = 0; st == OT_OK && objects && i < c->n; i++)
		for (j = 0; j < c->list[i].n; j++)
			if (hg_bit(objects, c->members[c->list[i].first + j]))
				hg_bit_set(bits, i);
	free(objects);
	return st;
}

enum ot_status
hg_components_named(const struct hg_graph *g, const struct hg_components *c,
		    const struct hg_args *args, uint32_t *id, hg_node *start,
		    struct ot_err *err)
{
	unsigned char *bits = calloc(c->n / 8 + 1u, 1);
	enum ot_status st;
	uint32_t i, found = 0, n;
	hg_node *nodes;
	uint64_t number;

	*id = 0;
	st = bits ? hg_components_wanted(g, c, args, bits, err)
		  : no_memory(err);
	for (i = 0; st == OT_OK && args->nobjects > 0 && i < c->n; i++)
		if (hg_bit(bits, i) && found++ == 0)
			*id = i;
	free(bits);
	if (st != OT_OK)
		return st;
	if (args->nobjects == 0 && c->n == 0)
		return ot_fail(err, OT_FAILED, "this heap has no cycles");
	if (args->nobjects > 0 && found == 0)
		return ot_fail(err, OT_FAILED, "%.200s is in no cycle",
			       args->objects[0]);
	if (found > 1)
		return ot_fail(err, OT_USAGE,
			       "%.200s is in %" PRIu32 " cycles: say which by "
			       "an id, as objtop cycles lists them",
			       args->objects[0], found);
	*start = c->members[c->list[*id].first];
	if (args->nobjects == 0 || ot_parse_u64(args->objects[0], &number))
		return OT_OK;
	st = an_objects(g, args, "cycles", &nodes, &n, err);
	for (i = 0; st == OT_OK && i < n; i++)
		if (component_has(c, *id, nodes[i]))
			break;
	if (st == OT_OK)
		*start = nodes[i];
	free(nodes);
	return st;
}
