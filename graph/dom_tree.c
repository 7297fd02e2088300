/* SPDX-License-Identifier: MIT */
/*
 * dom_tree.c - making the dominator tree.
 *
 * Semi-NCA: Georgiadis, Tarjan, Werneck, "Finding Dominators in Practice",
 * Journal of Graph Algorithms and Applications 10(1), 2006.  A depth-first
 * search numbers the nodes; semidominators are found in descending order with
 * path compression; then the nearest common ancestor of a node's parent and
 * its semidominator is its dominator.  Three changes:
 *
 * - Predecessors are not gathered.  A forward edge's share in a semidominator
 *   is known when the search sees it; what is kept are edges to nodes with a
 *   smaller number, about half of a real heap's.
 * - The last step climbs from the parent, which is quadratic where a long
 *   chain's values are referred to from elsewhere too (a linked list beside an
 *   index).  Jump pointers (Myers, "An applicative random-access stack",
 *   Information Processing Letters 17, 1983) make each climb logarithmic.
 * - Paths are compressed by turning their pointers round and back, so nothing
 *   recurses and no stack grows.
 *
 * O(m log n).  Everything but the search runs in its numbering, where
 * neighbours in the tree are neighbours in memory.  Scratch: 24 bytes a node
 * and 8 a kept edge.
 *
 * Invariants: numbers start at 0 with HG_DOM_ALL, which nothing refers to, so
 * a number of 0 means "not reached" and an entry of 0 "none".  Nodes of the
 * weakly held and of garbage have numbers from `base` of their time on, and
 * an edge to a smaller one is passed over: it keeps nothing alive.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/dom_priv.h"
#include "graph/unreached.h"

#define CHECK_EVERY 262144u
#define AHEAD 8u
#define AHEAD_FAR 16u

/* An edge from a larger number, in the list of its target. */
struct cross {
	uint32_t from, next;
};

/* Path compression, then the climb, then the sums take turns in it. */
union work {
	struct {
		uint32_t up;	/* ancestor; while searching: the next edge */
		uint32_t least; /* least semidominator on the way there */
	} path;
	struct {
		uint32_t jump, depth;
	} climb;
	uint64_t sum;
};

struct tree {
	struct hg_dom *d;
	const struct hg_graph *g;
	const struct hg_args *args;
	struct ot_err *err;

	uint32_t nodes; /* of the graph */
	uint32_t *num;	/* per node of the tree */

	/* per number */
	uint32_t n;
	uint32_t *vertex;
	uint32_t *idom; /* the parent at first */
	uint32_t *semi; /* head of the list of crosses, then the semidominator,
			   then the count */
	union work *work;

	struct cross *cross; /* from 1 on */
	uint32_t ncross, cap_cross;
	uint32_t base;
	enum hg_state state; /* of what is reached now */
	uint64_t ticks;
};

static enum ot_status
tick(struct tree *t, uint64_t done)
{
	if (!t->args)
		return OT_OK;
	/* the search is about half of the work */
	return an_check(t->args, done, 2 * (uint64_t)hg_dom_nodes(t->d),
			t->err);
}

static enum ot_status
no_memory(struct tree *t)
{
	return ot_fail_nomem(t->err, "the dominators of the heap");
}

/* ---- the search ---- */

static uint32_t
number(struct tree *t, hg_node n, uint32_t parent)
{
	uint32_t w = t->n++;

	t->num[n] = w;
	t->vertex[w] = n;
	t->idom[w] = parent;
	t->work[w].path.least = parent;
	if (t->state != HG_REACHABLE && n < t->nodes)
		hg_dom_set_state(t->d, n, t->state);
	return w;
}

static bool
grow_crosses(struct tree *t)
{
	uint64_t cap = (uint64_t)t->cap_cross + t->cap_cross / 2 + 65536;
	struct cross *more;

	if (cap > UINT32_MAX)
		cap = UINT32_MAX;
	if (t->cap_cross == cap)
		return false;
	more = ot_realloc_array(t->cross, cap, sizeof(*more));
	if (!more)
		return false;
	t->cross = more;
	t->cap_cross = (uint32_t)cap;
	return true;
}

/* The edge from number v to a node reached before, number w. */
static inline bool
seen_again(struct tree *t, uint32_t v, uint32_t w)
{
	if (w > v) { /* v stands above it */
		if (v < t->work[w].path.least)
			t->work[w].path.least = v;
		return true;
	}
	if (w == v || w < t->base)
		return true;
	if (t->ncross == t->cap_cross && !grow_crosses(t))
		return false;
	t->cross[t->ncross] = (struct cross){ v, t->semi[w] };
	t->semi[w] = t->ncross++;
	return true;
}

/* All that is reached from `start`, as a subtree of number `above`. */
static enum ot_status
search(struct tree *t, hg_node start, uint32_t above)
{
	const struct hg_graph *g = t->g;
	const struct hg_steps *out = &g->out;
	const uint32_t *tos = g->to;
	uint32_t first = number(t, start, above), v = first, w, i;
	hg_edge e = hg_step(out, start), end = hg_step(out, start + 1), of_to;
	enum ot_status st;
	hg_node to;

	for (;;) {
		while (e < end) {
			if (++t->ticks % CHECK_EVERY == 0 &&
			    (st = tick(t, t->n)) != OT_OK)
				return st;
			to = tos[e];
			if (end - e > AHEAD)
				OT_PREFETCH(&t->num[tos[e + AHEAD]]);
			if (hg_is_weak(g, e++))
				continue;
			w = t->num[to];
			if (w != 0) {
				if (!seen_again(t, v, w))
					return no_memory(t);
				continue;
			}
			w = number(t, to, v);
			of_to = hg_step(out, to);
			if (of_to == hg_step(out, to + 1))
				continue;
			t->work[v].path.up = e;
			v = w;
			e = of_to;
			end = hg_step(out, to + 1);
			for (i = e; i < end && i < e + AHEAD; i++)
				OT_PREFETCH(&out->step[tos[i]]);
		}
		if (v == first)
			return OT_OK;
		v = t->idom[v];
		e = t->work[v].path.up;
		end = hg_step(out, t->vertex[v] + 1);
	}
}

/* The virtual node `which` below HG_DOM_ALL. */
static uint32_t
number_virtual(struct tree *t, uint32_t which)
{
	return number(t, t->nodes + which, 0);
}

static enum ot_status
search_roots(struct tree *t)
{
	uint32_t i, above;
	enum ot_status st = OT_OK;
	hg_node r;

	for (r = t->g->nobjects; st == OT_OK && r < t->nodes; r++)
		if (t->g->roots[r - t->g->nobjects].thread == 0)
			st = search(t, r, 0);
	for (i = 0; st == OT_OK && i < t->d->nthreads; i++) {
		above = number_virtual(t, HG_DOM_THREADS + i);
		for (r = t->g->nobjects; st == OT_OK && r < t->nodes; r++)
			if (t->g->roots[r - t->g->nobjects].thread ==
			    t->d->threads[i])
				st = search(t, r, above);
	}
	return st;
}

/* The same from a virtual node to what it may have led to already. */
static enum ot_status
search_also(struct tree *t, hg_node start, uint32_t above)
{
	uint32_t w = t->num[start];

	if (w == 0)
		return search(t, start, above);
	if (above < t->work[w].path.least)
		t->work[w].path.least = above;
	return OT_OK;
}

/* Not reached before number `above`? */
static bool
is_new(const struct tree *t, hg_node n, uint32_t above)
{
	return t->num[n] == 0 || t->num[n] > above;
}

/* Has n more references than edges explain?  What never dies has. */
static bool
is_held(const struct hg_graph *g, hg_node n)
{
	return (hg_flags(g, n) & OTW_IMMORTAL) || hg_unexplained(g, n) > 0;
}

static enum ot_status
search_held(struct tree *t)
{
	uint32_t above = number_virtual(t, HG_DOM_HELD);
	enum ot_status st = OT_OK;
	hg_node n;

	t->state = HG_HELD;
	for (n = 0; st == OT_OK && n < t->g->nobjects; n++)
		if (is_new(t, n, above) && is_held(t->g, n))
			st = search_also(t, n, above);
	return st;
}

/* Does a weak reference of the living lead to n? */
static bool
is_watched(const struct tree *t, hg_node n)
{
	uint32_t n_in, i, w;
	const hg_edge *in = hg_in(t->g, n, &n_in);

	for (i = 0; i < n_in; i++) {
		if (!hg_edge_weak(t->g, in[i]))
			continue;
		w = t->num[hg_edge_from(t->g, in[i])];
		if (w != 0 && w < t->base)
			return true;
	}
	return false;
}

static enum ot_status
search_weak(struct tree *t)
{
	uint32_t above;
	enum ot_status st = OT_OK;
	hg_node n;

	t->base = t->n;
	above = number_virtual(t, HG_DOM_WEAK);
	t->state = HG_WEAKLY;
	for (n = 0; st == OT_OK && n < t->g->nobjects; n++)
		if (is_new(t, n, above) && is_watched(t, n))
			st = search_also(t, n, above);
	return st;
}

/*
 * One node of each source component of the garbage, that of the least id.
 * Of searches that start in ascending order, the last start lies in a source
 * component, since whatever leads to it was not reached before it; and, going
 * back, so does each start that no later one has reached.  The numbers of the
 * first round are taken back.
 */
static enum ot_status
search_garbage(struct tree *t)
{
	uint32_t above, *starts = NULL, *more, nstarts = 0, cap = 0, mark, w;
	uint32_t marked_cross;
	enum ot_status st = OT_OK;
	hg_node n;

	t->base = t->n;
	above = number_virtual(t, HG_DOM_GARBAGE);
	t->state = HG_UNREACHABLE;
	mark = t->n;
	marked_cross = t->ncross;
	for (n = 0; st == OT_OK && n < t->g->nobjects; n++) {
		if (t->num[n] != 0)
			continue;
		if (nstarts == cap) {
			cap = cap * 2 + 64;
			more = ot_realloc_array(starts, cap, sizeof(*more));
			if (!more) {
				st = no_memory(t);
				break;
			}
			starts = more;
		}
		starts[nstarts++] = n;
		st = search(t, n, above);
	}
	for (w = mark; w < t->n; w++) {
		t->num[t->vertex[w]] = 0;
		t->semi[w] = 0;
	}
	t->n = mark;
	t->ncross = marked_cross;
	while (st == OT_OK && nstarts > 0)
		if (t->num[starts[--nstarts]] == 0)
			st = search(t, starts[nstarts], above);
	free(starts);
	return st;
}

/* ---- semidominators ---- */

/* The least semidominator between v and the nodes not looked at, below last. */
static inline uint32_t
eval(union work *work, uint32_t v, uint32_t last)
{
	uint32_t u, next, prev, top, least;

	if (work[v].path.up < last)
		return work[v].path.least;
	/* up to the top, turning the pointers round */
	for (u = v, prev = UINT32_MAX; work[u].path.up >= last; u = next) {
		next = work[u].path.up;
		work[u].path.up = prev;
		prev = u;
	}
	/* and down again: all hang from the top */
	top = work[u].path.up;
	least = work[u].path.least;
	for (u = prev; u != UINT32_MAX; u = next) {
		next = work[u].path.up;
		if (work[u].path.least < least)
			least = work[u].path.least;
		else
			work[u].path.least = least;
		work[u].path.up = top;
	}
	return least;
}

static enum ot_status
semidominators(struct tree *t)
{
	union work *work = t->work;
	uint32_t w, i, s, u;
	enum ot_status st;

	for (w = 1; w < t->n; w++)
		work[w].path.up = t->idom[w];
	for (w = t->n - 1; w > 0; w--) {
		if (w % CHECK_EVERY == 0 &&
		    (st = tick(t, 2 * (uint64_t)t->n - w)) != OT_OK)
			return st;
		if (w > AHEAD_FAR)
			OT_PREFETCH(&t->cross[t->semi[w - AHEAD_FAR]]);
		if (w > AHEAD)
			OT_PREFETCH(&work[t->cross[t->semi[w - AHEAD]].from]);
		s = work[w].path.least;
		for (i = t->semi[w]; i != 0 && s != 0; i = t->cross[i].next) {
			u = eval(work, t->cross[i].from, w + 1);
			if (u < s)
				s = u;
		}
		t->semi[w] = work[w].path.least = s;
	}
	free(t->cross);
	t->cross = NULL;
	return OT_OK;
}

/* ---- dominators ---- */

static void
dominators(struct tree *t)
{
	uint32_t *idom = t->idom, w, p, j;
	union work *work = t->work;

	work[0].climb.jump = work[0].climb.depth = 0;
	for (w = 1; w < t->n; w++) {
		p = idom[w];
		while (p > t->semi[w])
			p = work[p].climb.jump > t->semi[w]
				    ? work[p].climb.jump
				    : idom[p];
		idom[w] = p;
		j = work[p].climb.jump;
		work[w].climb.depth = work[p].climb.depth + 1;
		/* jumps over both of two jumps of equal length */
		work[w].climb.jump =
			work[p].climb.depth - work[j].climb.depth ==
					work[j].climb.depth -
						work[work[j].climb.jump]
							.climb.depth
				? work[j].climb.jump
				: p;
	}
}

/* ---- sums ---- */

static void
sums(struct tree *t)
{
	uint32_t w, *count = t->semi, objects = t->g->nobjects;
	hg_node n;

	for (w = 0; w < t->n; w++) {
		n = t->vertex[w];
		if (t->n - w > AHEAD_FAR && t->vertex[w + AHEAD_FAR] < objects)
			OT_PREFETCH(&t->g->bytes.v[t->vertex[w + AHEAD_FAR]]);
		t->work[w].sum = 0;
		if (n < objects)
			t->work[w].sum = hg_narrow_get(&t->g->bytes, n) +
					 hg_narrow_get(&t->g->extra, n);
		count[w] = n < objects;
	}
	for (w = t->n - 1; w > 0; w--) {
		t->work[t->idom[w]].sum += t->work[w].sum;
		count[t->idom[w]] += count[w];
	}
}

/* The narrowest column for n values of which `wide` do not fit 16 bits. */
static bool
col_init(struct hg_dom_col *c, uint32_t n, uint32_t wide, uint64_t max)
{
	const unsigned per_wide = sizeof(uint32_t) + sizeof(uint64_t);

	c->width = 2;
	if (max <= UINT32_MAX && (uint64_t)wide * per_wide > 2 * (uint64_t)n)
		c->width = 4;
	else if (max > UINT32_MAX &&
		 (uint64_t)wide * per_wide > 6 * (uint64_t)n)
		c->width = 8;
	if (c->width == 2)
		c->u.narrow.v = ot_realloc_array(NULL, n, 2);
	else if (c->width == 4)
		c->u.v4 = ot_realloc_array(NULL, n, 4);
	else
		c->u.v8 = ot_realloc_array(NULL, n, 8);
	return c->width == 2 ? c->u.narrow.v != NULL
	       : c->width == 4 ? c->u.v4 != NULL
			       : c->u.v8 != NULL;
}

static inline bool
col_put(struct hg_dom_col *c, uint32_t i, uint64_t v)
{
	if (c->width == 4) {
		c->u.v4[i] = (uint32_t)v;
	} else if (c->width == 8) {
		c->u.v8[i] = v;
	} else if (v < HG_WIDE) {
		c->u.narrow.v[i] = (uint16_t)v;
	} else {
		c->u.narrow.v[i] = HG_WIDE;
		return hg_aside_add(&c->u.narrow.wide, i, v);
	}
	return true;
}

/* From the numbering to ids. */
static enum ot_status
settle(struct tree *t)
{
	struct hg_dom *d = t->d;
	uint32_t wide = 0, many = 0, w, n = d->nnodes;
	bool ok;

	for (w = 0; w < t->n; w++) {
		wide += t->work[w].sum >= HG_WIDE;
		many += t->semi[w] >= HG_WIDE;
	}
	for (w = t->n; w-- > 0;)
		t->idom[w] = t->vertex[t->idom[w]];
	d->idom = ot_realloc_array(NULL, n, sizeof(*d->idom));
	ok = d->idom && col_init(&d->retained, n, wide, t->work[0].sum) &&
	     col_init(&d->count, n, many, t->semi[0]);
	for (w = 0; ok && w < n; w++) {
		uint32_t i = t->num[w];

		if (n - w > AHEAD_FAR) {
			OT_PREFETCH(&t->idom[t->num[w + AHEAD_FAR]]);
			OT_PREFETCH(&t->work[t->num[w + AHEAD_FAR]]);
			OT_PREFETCH(&t->semi[t->num[w + AHEAD_FAR]]);
		}
		d->idom[w] = i == 0 ? HG_NONE : t->idom[i];
		ok = col_put(&d->retained, w, t->work[i].sum) &&
		     col_put(&d->count, w, t->semi[i]);
	}
	return ok ? OT_OK : no_memory(t);
}

/* ---- all together ---- */

static int
thread_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The threads that roots name, each once. */
static bool
find_threads(struct hg_dom *d)
{
	const struct hg_graph *g = d->g;
	uint32_t i, n = 0;

	d->threads = ot_realloc_array(NULL, (size_t)g->nroots + 1,
				      sizeof(*d->threads));
	if (!d->threads)
		return false;
	for (i = 0; i < g->nroots; i++)
		if (g->roots[i].thread != 0)
			d->threads[n++] = g->roots[i].thread;
	qsort(d->threads, n, sizeof(*d->threads), thread_compare);
	for (i = 0; i < n; i++)
		if (i == 0 || d->threads[d->nthreads - 1] != d->threads[i])
			d->threads[d->nthreads++] = d->threads[i];
	return true;
}

static bool
tree_init(struct tree *t)
{
	struct hg_dom *d = t->d;
	size_t n;

	if (!find_threads(d))
		return false;
	d->nnodes = t->nodes + HG_DOM_THREADS + d->nthreads;
	n = d->nnodes;
	t->num = calloc(n, sizeof(*t->num));
	t->vertex = ot_realloc_array(NULL, n, sizeof(*t->vertex));
	t->idom = ot_realloc_array(NULL, n, sizeof(*t->idom));
	t->semi = calloc(n, sizeof(*t->semi));
	t->work = ot_realloc_array(NULL, n, sizeof(*t->work));
	d->state = calloc((size_t)t->nodes / 4 + 1, 1);
	if (!t->num || !t->vertex || !t->idom || !t->semi || !t->work ||
	    !d->state || !grow_crosses(t))
		return false;
	t->cross[t->ncross++] = (struct cross){ 0, 0 };
	return true;
}

enum ot_status
hg_dom_make(struct hg_dom *d, const struct hg_args *args, struct ot_err *err)
{
	struct tree t = {
		.d = d,
		.g = d->g,
		.args = args,
		.err = err,
		.nodes = hg_nodes(d->g),
	};
	enum ot_status st;

	st = tree_init(&t) ? OT_OK : no_memory(&t);
	if (st == OT_OK) {
		number(&t, t.nodes + HG_DOM_ALL, 0);
		st = search_roots(&t);
	}
	if (st == OT_OK)
		st = search_held(&t);
	if (st == OT_OK)
		st = search_weak(&t);
	if (st == OT_OK)
		st = search_garbage(&t);
	if (st == OT_OK)
		st = semidominators(&t);
	if (st == OT_OK) {
		dominators(&t);
		sums(&t);
		st = settle(&t);
	}
	free(t.num);
	free(t.vertex);
	free(t.idom);
	free(t.semi);
	free(t.work);
	free(t.cross);
	return st;
}
