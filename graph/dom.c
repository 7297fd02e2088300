/* SPDX-License-Identifier: MIT */
/*
 * dom.c - keeping and reading the dominators.
 *
 * The tree is an idom a node and nothing else: who wants children looks at
 * all nodes, which is a straight line of 4 bytes each (some milliseconds for
 * ten million), and so costs less than an index kept for everybody.
 */
#include "config.h"

#include "graph/dom.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "graph/dom_priv.h"
#include "graph/pick.h"

enum ot_status
hg_dom_of(const struct hg_graph *g, const struct hg_args *args,
	  const struct hg_dom **out, struct ot_err *err)
{
	struct hg_dom *d, *there = atomic_load(&g->dom);
	enum ot_status st;

	*out = there;
	if (there)
		return OT_OK;
	d = calloc(1, sizeof(*d));
	if (!d)
		return ot_fail_nomem(err, "the dominators of the heap");
	d->g = g;
	st = hg_dom_make(d, args, err);
	if (st != OT_OK) {
		hg_dom_free(d);
		return st;
	}
	/* of two threads that made it one comes first; a graph is else const */
	if (!atomic_compare_exchange_strong(&((struct hg_graph *)g)->dom,
					    &there, d)) {
		hg_dom_free(d);
		d = there;
	}
	*out = d;
	return OT_OK;
}

const struct hg_dom *
hg_dom_peek(const struct hg_graph *g)
{
	return atomic_load(&g->dom);
}

static void
col_release(struct hg_dom_col *c)
{
	if (c->width == 2) {
		free(c->u.narrow.v);
		hg_aside_release(&c->u.narrow.wide);
	} else if (c->width == 4) {
		free(c->u.v4);
	} else if (c->width == 8) {
		free(c->u.v8);
	}
}

void
hg_dom_free(struct hg_dom *d)
{
	if (!d)
		return;
	col_release(&d->retained);
	col_release(&d->count);
	free(d->threads);
	free(d->idom);
	free(d->state);
	free(d);
}

static size_t
col_memory(const struct hg_dom *d, const struct hg_dom_col *c)
{
	return (size_t)d->nnodes * c->width +
	       (c->width == 2 ? hg_aside_memory(&c->u.narrow.wide) : 0);
}

size_t
hg_dom_memory(const struct hg_dom *d)
{
	return sizeof(*d) + d->nnodes * sizeof(*d->idom) +
	       hg_nodes(d->g) / 4 + 1 + col_memory(d, &d->retained) +
	       col_memory(d, &d->count);
}

static inline uint64_t
col_get(const struct hg_dom_col *c, uint32_t i)
{
	if (OT_LIKELY(c->width == 2))
		return hg_narrow_get(&c->u.narrow, i);
	return c->width == 4 ? c->u.v4[i] : c->u.v8[i];
}

uint64_t
hg_weight(const struct hg_graph *g, hg_node n)
{
	return hg_bytes(g, n) + hg_extra(g, n);
}

const struct hg_graph *
hg_dom_graph(const struct hg_dom *d)
{
	return d->g;
}

uint32_t
hg_dom_nodes(const struct hg_dom *d)
{
	return d->nnodes;
}

hg_node
hg_dom_node(const struct hg_dom *d, enum hg_dom_virtual which)
{
	return hg_nodes(d->g) + which;
}

bool
hg_dom_is_virtual(const struct hg_dom *d, hg_node n)
{
	return n >= hg_nodes(d->g);
}

uint32_t
hg_dom_threads(const struct hg_dom *d)
{
	return d->nthreads;
}

void
hg_dom_virtual_text(const struct hg_dom *d, hg_node n, struct ot_buf *out)
{
	uint32_t which = n - hg_nodes(d->g);

	switch (which) {
	case HG_DOM_ALL:
		ot_buf_adds(out, "the whole heap");
		break;
	case HG_DOM_HELD:
		ot_buf_adds(out, "held from C");
		break;
	case HG_DOM_WEAK:
		ot_buf_adds(out, "held only weakly");
		break;
	case HG_DOM_GARBAGE:
		ot_buf_adds(out, "garbage");
		break;
	default:
		ot_buf_addf(out, "thread %" PRIu64,
			    d->threads[which - HG_DOM_THREADS]);
	}
}

hg_node
hg_dom_idom(const struct hg_dom *d, hg_node n)
{
	return d->idom[n];
}

uint64_t
hg_dom_retained(const struct hg_dom *d, hg_node n)
{
	return col_get(&d->retained, n);
}

uint64_t
hg_dom_count(const struct hg_dom *d, hg_node n)
{
	return col_get(&d->count, n);
}

bool
hg_dom_leaf(const struct hg_dom *d, hg_node n)
{
	return hg_dom_count(d, n) == (n < hg_objects(d->g));
}

enum hg_state
hg_dom_state(const struct hg_dom *d, hg_node n)
{
	return (enum hg_state)((unsigned)d->state[n / 4] >> n % 4 * 2 & 3u);
}

const char *
hg_state_text(enum hg_state s)
{
	static const char *const texts[] = {
		[HG_REACHABLE] = "reachable",
		[HG_HELD] = "held from C",
		[HG_WEAKLY] = "weakly held",
		[HG_UNREACHABLE] = "garbage",
	};

	return texts[s];
}

enum ot_status
hg_dom_children(const struct hg_dom *d, hg_node n, uint32_t max,
		hg_node **list, uint32_t *nlist, uint32_t *total,
		struct ot_err *err)
{
	struct hg_picks p;
	bool ok = true;
	hg_node c;
	size_t i;

	hg_picks_init(&p, max);
	for (c = 0; ok && c < d->nnodes; c++)
		if (d->idom[c] == n)
			ok = hg_picks_offer(&p, hg_dom_retained(d, c), c);
	*list = ok ? ot_realloc_array(NULL, p.n + 1, sizeof(**list)) : NULL;
	if (*list) {
		hg_picks_sort(&p);
		for (i = 0; i < p.n; i++)
			(*list)[i] = p.v[i].node;
		*nlist = (uint32_t)p.n;
		if (total)
			*total = (uint32_t)p.seen;
	}
	hg_picks_release(&p);
	return *list ? OT_OK : ot_fail_nomem(err, "what an object dominates");
}

/*
 * Each node's chain is climbed until something is known of it, and then
 * climbed again to write that down: every node is passed twice at most.
 */
enum ot_status
hg_dom_below(const struct hg_dom *d, const hg_node *nodes, uint32_t n,
	     unsigned char **bits, struct ot_err *err)
{
	unsigned char *known = calloc((size_t)d->nnodes / 8 + 1, 1);
	unsigned char *in = calloc((size_t)d->nnodes / 8 + 1, 1);
	hg_node c, at;
	uint32_t i;
	bool below;

	if (!known || !in) {
		free(known);
		free(in);
		return ot_fail_nomem(err, "what objects dominate");
	}
	hg_bit_set(known, hg_dom_node(d, HG_DOM_ALL));
	for (i = 0; i < n; i++) {
		hg_bit_set(known, nodes[i]);
		hg_bit_set(in, nodes[i]);
	}
	for (c = 0; c < d->nnodes; c++) {
		for (at = c; !hg_bit(known, at);)
			at = d->idom[at];
		below = hg_bit(in, at);
		for (at = c; !hg_bit(known, at); at = d->idom[at]) {
			hg_bit_set(known, at);
			if (below)
				hg_bit_set(in, at);
		}
	}
	free(known);
	*bits = in;
	return OT_OK;
}
