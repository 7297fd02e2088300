/* SPDX-License-Identifier: MIT */
/*
 * unreached.c - garbage, or held from C?
 *
 * An object that no root reaches can still be held by C code: then it, or
 * something that leads to it, has a reference count above the edges known.
 * So: backwards along strong edges, breadth-first, until such a holder is
 * found or all are seen.  Since no root is among them they are few as a rule;
 * the search gives up beyond MOST of them.  Linear in their edges.
 */
#include "config.h"

#include "graph/unreached.h"

#include <inttypes.h>
#include <stdlib.h>

#include "graph/an_util.h"

#define MOST 1000000u		/* holders looked at */

int64_t
hg_unexplained(const struct hg_graph *g, hg_node n)
{
	int64_t refs = hg_refcount(g, n);
	uint32_t n_in, i;
	const hg_edge *in = hg_in(g, n, &n_in);

	for (i = 0; i < n_in && refs > 0; i++)
		if (!hg_edge_weak(g, in[i]))
			refs--;
	return refs;
}

struct back {
	const struct hg_graph *g;
	unsigned char *seen;	/* a bit a node */
	hg_node *queue;
	uint32_t n, cap;
};

/* False: no memory, or more holders than we look at. */
static bool
back_add(struct back *b, hg_node n)
{
	hg_node *more;

	if (b->seen[n / 8] >> (n % 8) & 1)
		return true;
	if (b->n == b->cap) {
		if (b->cap >= MOST)
			return false;
		more = ot_realloc_array(b->queue, b->cap * 2 + 64,
					sizeof(*more));
		if (!more)
			return false;
		b->queue = more;
		b->cap = b->cap * 2 + 64;
	}
	b->seen[n / 8] |= (unsigned char)(1u << (n % 8));
	b->queue[b->n++] = n;
	return true;
}

/* The nearest holder with unexplained references, or HG_NONE. */
static hg_node
find_holder(struct back *b, hg_node start, bool *all_seen)
{
	uint32_t at, n_in, i;

	*all_seen = back_add(b, start);
	for (at = 0; at < b->n; at++) {
		const hg_edge *in = hg_in(b->g, b->queue[at], &n_in);

		if (hg_unexplained(b->g, b->queue[at]) > 0)
			return b->queue[at];
		for (i = 0; i < n_in; i++) {
			hg_node from = hg_edge_from(b->g, in[i]);

			if (hg_edge_weak(b->g, in[i]) ||
			    hg_is_root(b->g, from))
				continue;
			*all_seen = back_add(b, from) && *all_seen;
		}
	}
	return HG_NONE;
}

void
hg_unreached_say(const struct hg_graph *g, hg_node n, struct ot_buf *out)
{
	struct back b = { .g = g };
	hg_node holder = HG_NONE;
	bool all_seen = false;

	b.seen = calloc(hg_nodes(g) / 8 + 1, 1);
	if (b.seen)
		holder = find_holder(&b, n, &all_seen);
	ot_buf_adds(out, "no root reaches it: ");
	if (holder != HG_NONE) {
		ot_buf_addf(out, "held from C, %" PRId64 " reference%s to ",
			    hg_unexplained(g, holder),
			    hg_unexplained(g, holder) == 1 ? "" : "s");
		an_describe(g, holder, out);
		ot_buf_adds(out, " unexplained");
	} else if (all_seen) {
		ot_buf_adds(out, "garbage that waits for the cycle collector");
	} else {
		ot_buf_adds(out, "garbage, or held from C");
	}
	free(b.queue);
	free(b.seen);
}
