/* SPDX-License-Identifier: MIT */
/*
 * picture_fold.c - parallel instances as one node.
 *
 * Partition refinement: nodes start in one class where type, depth and flags
 * are equal, and part as long as they hold, or are held by, different classes
 * in a different way (how often does not count).  Ten sessions of a list, each
 * with a dict of its own, end as two nodes.  A class of less than FOLD_MIN
 * stays apart: two are no crowd.  Classes are 64-bit hashes; O(E log E) a
 * round, and rounds are as many as the picture is deep.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/dom.h"
#include "graph/picture.h"
#include "graph/store.h"

#define FOLD_MIN 3u
#define ROUNDS_MAX 64u
#define LABELS_MAX 3u	/* edges with different labels between two nodes */
#define STEPS_MAX 1000u /* up the dominators */

struct fold {
	struct hg_picture *p;
	enum hg_fold how;
	uint64_t *class;   /* per node */
	uint64_t *next;
	uint64_t *label;   /* per edge */
	uint32_t *first;   /* per node, and two more: into ends */
	uint32_t *ends;    /* edges at a node; the top bit: it is the target */
	uint64_t *scratch; /* as long as ends */
	uint32_t *order;   /* nodes by class */
	uint32_t *place;   /* per node: where it went */
};

#define END_TO 0x80000000u

static uint64_t
mix(uint64_t a, uint64_t b)
{
	a ^= b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2);
	a = (a ^ a >> 30) * 0xbf58476d1ce4e5b9u;
	a = (a ^ a >> 27) * 0x94d049bb133111ebu;
	return a ^ a >> 31;
}

static int
u64_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* A number, a string: it has a text, and holds nothing but its class. */
static bool
is_plain(const struct hg_graph *g, hg_node n)
{
	hg_edge e;
	size_t len;

	hg_text(g, n, &len);
	for (e = hg_out(g, n); len > 0 && e < hg_out(g, n + 1); e++)
		if (hg_edge_relation(g, e) != OTW_REL_TYPE)
			return false;
	return len > 0;
}

/*
 * Two edges with the same number read alike: an index does not count, nor does
 * the key of what is more than a value (sessions by token are alike, the
 * settings of a program are not).
 */
static uint64_t
edge_label(const struct fold *f, const struct hg_pic_edge *e)
{
	const struct hg_graph *g = f->p->graph;
	unsigned relation;
	uint64_t h;

	if (e->edge == HG_NONE)
		return 1;
	relation = hg_edge_relation(g, e->edge);
	h = mix(relation, e->flags + 2);
	if (f->how == HG_FOLD_EXACT &&
	    hg_edge_name_type(g, e->edge) == OTW_NAME_ID &&
	    (relation != OTW_REL_VALUE || is_plain(g, hg_edge_to(g, e->edge))))
		h = mix(h, (uint64_t)hg_edge_index(g, e->edge));
	return h;
}

static uint64_t
class_of(const struct fold *f, uint32_t i)
{
	const struct hg_pic_node *n = &f->p->nodes[i];
	uint64_t h;

	if (n->flags & (HG_PIC_MARKED | HG_PIC_VIRTUAL | HG_PIC_TYPE) ||
	    (n->flags & HG_PIC_ROOT && (f->how != HG_FOLD_TYPES ||
					hg_is_root(f->p->graph, n->node))))
		return mix(i, 0x5107);
	h = n->flags & HG_PIC_MORE
		    ? 0
		    : (uint64_t)hg_kind_of(f->p->graph, n->node) + 1;
	if (n->flags & HG_PIC_KIND)
		h = (uint64_t)n->kind + 1;
	h = mix(h, n->flags);
	return f->how == HG_FOLD_TYPES ? h : mix(h, n->depth);
}

static bool
fold_init(struct fold *f)
{
	const struct hg_picture *p = f->p;
	size_t n = p->nnodes, e;
	uint32_t i;

	if (p->nedges >= END_TO)
		return false;
	f->class = calloc(n + 1, sizeof(*f->class));
	f->next = calloc(n + 1, sizeof(*f->next));
	f->label = calloc(p->nedges + 1, sizeof(*f->label));
	f->first = calloc(n + 2, sizeof(*f->first));
	f->ends = calloc(p->nedges * 2 + 1, sizeof(*f->ends));
	f->scratch = calloc(p->nedges * 2 + 1, sizeof(*f->scratch));
	f->order = calloc(n + 1, sizeof(*f->order));
	f->place = calloc(n + 1, sizeof(*f->place));
	if (!f->class || !f->next || !f->label || !f->first || !f->ends ||
	    !f->scratch || !f->order || !f->place)
		return false;
	for (e = 0; e < p->nedges; e++) {
		f->label[e] = edge_label(f, &p->edges[e]);
		f->first[p->edges[e].from + 2]++;
		f->first[p->edges[e].to + 2]++;
	}
	for (i = 0; i < n; i++) {
		f->class[i] = class_of(f, i);
		f->first[i + 2] += f->first[i + 1];
	}
	for (e = 0; e < p->nedges; e++) {
		f->ends[f->first[p->edges[e].from + 1]++] = (uint32_t)e;
		f->ends[f->first[p->edges[e].to + 1]++] =
			(uint32_t)e | END_TO;
	}
	return true;
}

static void
fold_release(struct fold *f)
{
	free(f->class);
	free(f->next);
	free(f->label);
	free(f->first);
	free(f->ends);
	free(f->scratch);
	free(f->order);
	free(f->place);
}

/* The class of a node together with what is around it. */
static uint64_t
refined(const struct fold *f, uint32_t i)
{
	uint32_t n = 0, at, e;
	uint64_t h = f->class[i], *around = f->scratch;
	bool to;

	for (at = f->first[i]; at < f->first[i + 1]; at++) {
		e = f->ends[at] & ~END_TO;
		to = (f->ends[at] & END_TO) != 0;
		around[n++] = mix(f->class[to ? f->p->edges[e].from
					      : f->p->edges[e].to],
				  f->label[e] * 2 + to);
	}
	qsort(around, n, sizeof(*around), u64_compare);
	for (at = 0; at < n; at++)
		if (at == 0 || around[at] != around[at - 1])
			h = mix(h, around[at]);
	return h;
}

static size_t
classes(struct fold *f, const uint64_t *class)
{
	size_t n = f->p->nnodes, i, distinct = 0;
	uint64_t *sorted = f->next;

	memcpy(sorted, class, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), u64_compare);
	for (i = 0; i < n; i++)
		distinct += i == 0 || sorted[i] != sorted[i - 1];
	return distinct;
}

static void
refine(struct fold *f)
{
	size_t before = classes(f, f->class), now;
	uint64_t *swap;
	unsigned round;
	uint32_t i;

	if (f->how == HG_FOLD_TYPES)
		return;
	for (round = 0; round < ROUNDS_MAX; round++) {
		for (i = 0; i < f->p->nnodes; i++)
			f->next[i] = refined(f, i);
		swap = f->class;
		f->class = f->next;
		f->next = swap;
		now = classes(f, f->class);
		if (now == before)
			return;
		before = now;
	}
}

static int
order_compare(const void *a, const void *b, void *ctx)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct fold *f = ctx;

	if (f->class[x] != f->class[y])
		return f->class[x] > f->class[y] ? 1 : -1;
	return (x > y) - (x < y);
}

static int
node_compare(const void *a, const void *b)
{
	hg_node x = *(const hg_node *)a, y = *(const hg_node *)b;

	return (x > y) - (x < y);
}

/* What the members retain together: none counts that is below another. */
static uint64_t
retained_together(const struct hg_graph *g, hg_node *members, uint32_t n)
{
	const struct hg_dom *dom = hg_dom_peek(g);
	uint64_t sum = 0;
	uint32_t i, steps;
	hg_node up;
	bool below;

	qsort(members, n, sizeof(*members), node_compare);
	for (i = 0; dom && i < n; i++) {
		below = false;
		up = hg_dom_idom(dom, members[i]);
		for (steps = 0; !below && up != HG_NONE && steps < STEPS_MAX;
		     steps++) {
			below = bsearch(&up, members, n, sizeof(up),
					node_compare) != NULL;
			up = hg_dom_idom(dom, up);
		}
		if (!below)
			sum += hg_dom_retained(dom, members[i]);
	}
	return sum;
}

/* Node `at` of the picture becomes order[0..n), as members[first...]. */
static void
fold_node(struct fold *f, struct hg_pic_node *into, const uint32_t *order,
	  uint32_t n, uint32_t first)
{
	const struct hg_pic_node *one;
	uint64_t count = 0, bytes = 0;
	uint32_t i;

	into->flags |= HG_PIC_FOLD;
	for (i = 0; i < n; i++) {
		one = &f->p->nodes[order[i]];
		if (one->depth < into->depth)
			into->depth = one->depth;
		if (into->flags & HG_PIC_MORE) {
			count += one->count;
			continue;
		}
		bytes += one->bytes;
		f->p->members[first + i] = one->node;
	}
	if (into->flags & HG_PIC_MORE) {
		into->count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
		into->of_kind[0] = 0;
		return;
	}
	into->count = n;
	into->first = first;
	into->bytes = bytes;
	into->retained = retained_together(f->p->graph,
					   f->p->members + first, n);
}

/*
 * place[] of each node: that of the first of its class, in the order in which
 * they stood.
 */
static void
fold_nodes(struct fold *f)
{
	struct hg_picture *p = f->p;
	uint32_t n = (uint32_t)p->nnodes, i, j, end, first = 0, kept = 0;

	for (i = 0; i < n; i++)
		f->order[i] = i;
	qsort_r(f->order, n, sizeof(*f->order), order_compare, f);
	for (i = 0; i < n; i = end) {
		for (end = i + 1; end < n && f->class[f->order[end]] ==
						f->class[f->order[i]]; end++)
			;
		for (j = i; j < end; j++)
			f->place[f->order[j]] = end - i < FOLD_MIN
							? f->order[j]
							: f->order[i];
		if (end - i >= FOLD_MIN) {
			fold_node(f, &p->nodes[f->order[i]], f->order + i,
				  end - i, first);
			first += end - i;
		}
	}
	/* The first of a class stands before the others of it. */
	for (i = 0; i < n; i++) {
		if (f->place[i] != i) {
			f->place[i] = f->place[f->place[i]];
			continue;
		}
		p->nodes[kept] = p->nodes[i];
		f->place[i] = kept++;
	}
	p->nnodes = kept;
}

/* Edges between the same two nodes that read alike become one. */
static void
fold_edges(struct fold *f)
{
	struct hg_picture *p = f->p;
	struct hg_pic_edge e;
	size_t i, at, kept = 0, slot, size = 64, labels;
	uint32_t *slots;
	const size_t most = f->how == HG_FOLD_TYPES ? 1 : LABELS_MAX;
	bool folded;

	while (size < p->nedges * 2)
		size *= 2;
	slots = calloc(size, sizeof(*slots));
	for (i = 0; i < p->nedges; i++) {
		e = p->edges[i];
		e.from = f->place[e.from];
		e.to = f->place[e.to];
		if (e.count == 0)
			e.count = 1;
		folded = ((p->nodes[e.from].flags | p->nodes[e.to].flags) &
			  HG_PIC_FOLD) != 0;
		labels = 0;
		at = SIZE_MAX;
		slot = mix(e.from, e.to) & (size - 1);
		/* Without memory edges stay apart, as they were drawn. */
		for (; folded && slots && slots[slot] != 0;
		     slot = (slot + 1) & (size - 1)) {
			at = slots[slot] - 1;
			if (p->edges[at].from != e.from ||
			    p->edges[at].to != e.to) {
				at = SIZE_MAX;
				continue;
			}
			labels++;
			if (f->label[at] == f->label[i] ||
			    labels == most)
				break;
			at = SIZE_MAX;
		}
		if (at != SIZE_MAX) {
			p->edges[at].count += e.count;
			p->edges[at].bytes += e.bytes;
			p->edges[at].flags |= e.flags;
			if (f->label[at] != f->label[i])
				p->edges[at].flags |= HG_PIC_MIXED;
			continue;
		}
		if (folded && slots)
			slots[slot] = (uint32_t)kept + 1;
		f->label[kept] = f->label[i];
		p->edges[kept++] = e;
	}
	p->nedges = kept;
	free(slots);
}

bool
hg_picture_fold(struct hg_picture *p, enum hg_fold how)
{
	struct fold f = { .p = p, .how = how };
	bool ok = fold_init(&f);

	if (ok && !p->members) {
		p->members = ot_realloc_array(NULL, p->nnodes + 1,
					      sizeof(*p->members));
		ok = p->members != NULL;
	}
	if (ok) {
		refine(&f);
		fold_nodes(&f);
		fold_edges(&f);
	}
	fold_release(&f);
	return ok;
}
