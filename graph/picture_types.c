/* SPDX-License-Identifier: MIT */
/*
 * picture_types.c - who keeps whom alive, by type, of a whole heap.
 *
 * One walk down the tree of dominators adds up what each pair of types passes
 * on: an edge from A to B retains what B objects retain that an A object
 * dominates immediately.  A pair below the same pair, as in a list of lists,
 * counts once.  Named roots count by their kind.  The types that retain most
 * are drawn, each with the edge that most comes in by, and the widest others.
 * Scratch: 12 bytes an object and 32 a pair of types that occurs.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/dom.h"
#include "graph/picture.h"
#include "graph/store.h"

#define NODES_DEFAULT 40u
#define NODES_MOST    90u
#define EDGES_A_NODE  2u
#define CHECK_EVERY   0xfffffu

struct pair {
	uint32_t from, to;
	uint32_t open; /* how many of them we are below of */
	bool drawn;
	uint64_t bytes;
};

struct class {
	uint32_t open, id;
	uint32_t place; /* in the picture, plus 1 */
	uint64_t retained, count, bytes;
};

struct kinds {
	const struct hg_graph *g;
	const struct hg_dom *dom;
	uint32_t nclasses;
	struct class *classes;
	struct pair *pairs; /* open addressing */
	uint32_t nslots, npairs;
	uint32_t *first, *child; /* the tree, downwards */
	uint32_t *stack;	 /* nodes on the way */
	uint64_t whole;
	struct hg_picture *p;
};

/* Types, then kinds of roots, then what only the tree knows. */
static uint32_t
class_of(const struct kinds *k, hg_node n)
{
	hg_node first = hg_nodes(k->g), at;

	if (n < hg_objects(k->g))
		return hg_kind_of(k->g, n);
	if (n < first)
		return hg_kinds(k->g) + hg_root_kind(k->g, n);
	at = n - first;
	return hg_kinds(k->g) + OTW_ROOT_COUNT +
	       (at < HG_DOM_THREADS ? at : HG_DOM_THREADS);
}

static uint32_t
pair_slot(const struct kinds *k, uint32_t from, uint32_t to)
{
	uint32_t at = (from * 0x9e3779b1u ^ to * 0x85ebca6bu) &
		      (k->nslots - 1);

	while (k->pairs[at].to != HG_NONE &&
	       (k->pairs[at].from != from || k->pairs[at].to != to))
		at = (at + 1) & (k->nslots - 1);
	return at;
}

static bool
pairs_grow(struct kinds *k)
{
	struct pair *old = k->pairs;
	uint32_t n = k->nslots, i;

	k->nslots = n ? n * 2 : 1024;
	k->pairs = ot_realloc_array(NULL, k->nslots, sizeof(*k->pairs));
	if (!k->pairs) {
		k->pairs = old;
		k->nslots = n;
		return false;
	}
	for (i = 0; i < k->nslots; i++)
		k->pairs[i] = (struct pair){ .to = HG_NONE };
	for (i = 0; i < n; i++)
		if (old[i].to != HG_NONE)
			k->pairs[pair_slot(k, old[i].from, old[i].to)] =
				old[i];
	free(old);
	return true;
}

/* The pair's slot; HG_NONE: no memory. */
static uint32_t
pair_at(struct kinds *k, uint32_t from, uint32_t to)
{
	uint32_t at;

	if (k->npairs >= k->nslots / 2 && !pairs_grow(k))
		return HG_NONE;
	at = pair_slot(k, from, to);
	if (k->pairs[at].to == HG_NONE) {
		k->pairs[at] = (struct pair){ .from = from, .to = to };
		k->npairs++;
	}
	return at;
}

/* Children by parent, in two passes. */
static bool
tree_make(struct kinds *k)
{
	uint32_t n = hg_dom_nodes(k->dom), i;
	hg_node up;

	k->first = calloc((size_t)n + 2, sizeof(*k->first));
	k->child = ot_realloc_array(NULL, (size_t)n + 1, sizeof(*k->child));
	k->stack = ot_realloc_array(NULL, (size_t)n + 1, sizeof(*k->stack));
	if (!k->first || !k->child || !k->stack)
		return false;
	for (i = 0; i < n; i++)
		if ((up = hg_dom_idom(k->dom, i)) != HG_NONE)
			k->first[up + 2]++;
	for (i = 0; i < n; i++)
		k->first[i + 2] += k->first[i + 1];
	for (i = 0; i < n; i++)
		if ((up = hg_dom_idom(k->dom, i)) != HG_NONE)
			k->child[k->first[up + 1]++] = i;
	return true;
}

static bool
enter(struct kinds *k, hg_node n)
{
	hg_node up = hg_dom_idom(k->dom, n);
	struct class *c = &k->classes[class_of(k, n)];
	uint64_t retained = hg_dom_retained(k->dom, n);
	uint32_t at;

	c->count++;
	if (n < hg_objects(k->g))
		c->bytes += hg_bytes(k->g, n);
	if (c->open++ == 0)
		c->retained += retained;
	at = pair_at(k, class_of(k, up), class_of(k, n));
	if (at == HG_NONE)
		return false;
	if (k->pairs[at].open++ == 0)
		k->pairs[at].bytes += retained;
	return true;
}

static void
leave(struct kinds *k, hg_node n)
{
	hg_node up = hg_dom_idom(k->dom, n);

	k->classes[class_of(k, n)].open--;
	k->pairs[pair_slot(k, class_of(k, up), class_of(k, n))].open--;
}

/* Depth first; first[n] moves on as the children of n are entered. */
static enum ot_status
walk(struct kinds *k, const struct hg_args *args, struct ot_err *err)
{
	hg_node all = hg_dom_node(k->dom, HG_DOM_ALL), n, child;
	uint32_t depth = 0, done = 0, *end = k->first + 1;
	uint32_t *next = ot_realloc_array(NULL, (size_t)hg_dom_nodes(k->dom),
					  sizeof(*next));
	enum ot_status st = next ? OT_OK : ot_fail_nomem(err, "a picture");

	if (st == OT_OK)
		memcpy(next, k->first,
		       hg_dom_nodes(k->dom) * sizeof(*next));
	k->stack[0] = all;
	while (st == OT_OK) {
		n = k->stack[depth];
		if (next[n] == end[n]) {
			if (n == all)
				break;
			leave(k, n);
			depth--;
			continue;
		}
		child = k->child[next[n]++];
		if (!enter(k, child))
			st = ot_fail_nomem(err, "a picture");
		k->stack[++depth] = child;
		if ((++done & CHECK_EVERY) == 0 && st == OT_OK)
			st = an_check(args, done, hg_dom_nodes(k->dom), err);
	}
	free(next);
	return st;
}

static int
class_compare(const void *a, const void *b)
{
	const struct class *x = *(const struct class *const *)a;
	const struct class *y = *(const struct class *const *)b;

	if (x->retained != y->retained)
		return x->retained < y->retained ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static void
draw_class(struct kinds *k, struct class *c)
{
	uint32_t kinds = hg_kinds(k->g);
	struct hg_pic_node n = {
		.node = HG_NONE,
		.flags = HG_PIC_TYPE,
		.kind = c->id,
		.count = c->count < UINT32_MAX ? (uint32_t)c->count
					       : UINT32_MAX,
		.bytes = c->bytes,
		.retained = c->retained,
	};
	unsigned share;

	/* The shade says how much of the heap it keeps. */
	for (share = 3; n.depth < 5 && c->retained < k->whole / share;
	     share *= 3)
		n.depth++;
	n.depth++;

	if (c->id >= kinds + OTW_ROOT_COUNT &&
	    c->id < kinds + OTW_ROOT_COUNT + HG_DOM_THREADS) {
		n.flags = HG_PIC_VIRTUAL;
		n.node = hg_nodes(k->g) + (c->id - kinds - OTW_ROOT_COUNT);
	} else if (c->id >= kinds) {
		n.flags |= HG_PIC_ROOT;
	}
	k->p->nodes[k->p->nnodes++] = n;
	c->place = (uint32_t)k->p->nnodes;
}

/* The classes that retain most, and one node for the others. */
static bool
draw_classes(struct kinds *k, uint32_t most)
{
	struct class **order = ot_realloc_array(NULL, k->nclasses + 1u,
						sizeof(struct class *));
	uint32_t all = class_of(k, hg_dom_node(k->dom, HG_DOM_ALL)), n = 0, i;

	k->p->nodes = calloc(most + 2u, sizeof(*k->p->nodes));
	if (!order || !k->p->nodes) {
		free(order);
		return false;
	}
	for (i = 0; i < k->nclasses; i++)
		if (k->classes[i].count > 0 && i != all)
			order[n++] = &k->classes[i];
	qsort(order, n, sizeof(struct class *), class_compare);
	for (i = 0; i < n && i < most; i++)
		draw_class(k, order[i]);
	if (n > most)
		k->p->nodes[k->p->nnodes++] = (struct hg_pic_node){
			.node = HG_NONE,
			.flags = HG_PIC_MORE | HG_PIC_TYPE,
			.count = n - most,
		};
	free(order);
	return true;
}

static int
pair_compare(const void *a, const void *b)
{
	const struct pair *x = *(const struct pair *const *)a;
	const struct pair *y = *(const struct pair *const *)b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (x->from != y->from)
		return x->from > y->from ? 1 : -1;
	return (x->to > y->to) - (x->to < y->to);
}

static void
draw_pair(struct kinds *k, struct pair *pair)
{
	if (pair->drawn)
		return;
	pair->drawn = true;
	k->p->edges[k->p->nedges++] = (struct hg_pic_edge){
		.from = k->classes[pair->from].place - 1,
		.to = k->classes[pair->to].place - 1,
		.edge = HG_NONE,
		.flags = HG_PIC_KEEPS,
		.bytes = pair->bytes,
	};
}

static bool
draw_pairs(struct kinds *k)
{
	struct pair **order = ot_realloc_array(NULL, k->npairs + 1u,
					       sizeof(struct pair *));
	unsigned char *held = calloc(k->p->nnodes + 1, 1);
	uint32_t n = 0, i, place;
	size_t most = k->p->nnodes * EDGES_A_NODE;

	k->p->edges = calloc(k->p->nnodes + most + 1, sizeof(*k->p->edges));
	if (!order || !held || !k->p->edges) {
		free(order);
		free(held);
		return false;
	}
	for (i = 0; i < k->nslots; i++)
		if (k->pairs[i].to != HG_NONE &&
		    k->classes[k->pairs[i].from].place > 0 &&
		    k->classes[k->pairs[i].to].place > 0)
			order[n++] = &k->pairs[i];
	qsort(order, n, sizeof(struct pair *), pair_compare);
	for (i = 0; i < n; i++) {
		place = k->classes[order[i]->to].place - 1;
		if (!held[place] && order[i]->from != order[i]->to) {
			held[place] = 1;
			draw_pair(k, order[i]);
		}
	}
	for (i = 0; i < n && k->p->nedges < most; i++)
		draw_pair(k, order[i]);
	free(order);
	free(held);
	return true;
}

enum ot_status
hg_picture_types(const struct hg_graph *g, const struct hg_args *args,
		 struct hg_picture **out, struct ot_err *err)
{
	struct kinds k = { .g = g };
	uint32_t most = args->max_width ? args->max_width : NODES_DEFAULT, i;
	enum ot_status st;

	*out = NULL;
	if (most > NODES_MOST)
		most = NODES_MOST;
	k.nclasses = hg_kinds(g) + OTW_ROOT_COUNT + HG_DOM_THREADS + 1;
	st = hg_dom_of(g, args, &k.dom, err);
	if (st != OT_OK)
		return st;
	k.classes = calloc(k.nclasses, sizeof(*k.classes));
	k.p = calloc(1, sizeof(*k.p));
	if (!k.classes || !k.p || !tree_make(&k) || !pairs_grow(&k))
		st = ot_fail_nomem(err, "a picture");
	for (i = 0; st == OT_OK && i < k.nclasses; i++)
		k.classes[i].id = i;
	if (st == OT_OK)
		st = walk(&k, args, err);
	if (st == OT_OK) {
		k.whole = hg_dom_retained(k.dom, hg_dom_node(k.dom,
							     HG_DOM_ALL));
		k.p->graph = g;
		k.p->across = true;
		if (!draw_classes(&k, most) || !draw_pairs(&k) ||
		    !(k.p->caption = hg_picture_caption(
			      k.p, "who keeps whom alive, by type")))
			st = ot_fail_nomem(err, "a picture");
	}
	free(k.classes);
	free(k.pairs);
	free(k.first);
	free(k.child);
	free(k.stack);
	if (st == OT_OK)
		*out = k.p;
	else
		hg_picture_free(k.p);
	return st;
}
