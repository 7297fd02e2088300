/* SPDX-License-Identifier: MIT */
/*
 * dom_priv.h - how dominators lie in memory; between dom_tree.c, which makes
 * them, and dom.c, which keeps and reads them.
 */
#ifndef HG_DOM_PRIV_H
#define HG_DOM_PRIV_H

#include "graph/dom.h"
#include "graph/store.h"

/*
 * A column as narrow as its values allow: 2 bytes with the few large ones
 * aside, else 4 or 8.
 */
struct hg_dom_col {
	unsigned width;
	union {
		struct hg_narrow narrow;
		uint32_t *v4;
		uint64_t *v8;
	} u;
};

struct hg_dom {
	const struct hg_graph *g;
	uint32_t nnodes, nthreads;
	uint64_t *threads;    /* their names */
	uint32_t *idom;	      /* per node of the tree */
	unsigned char *state; /* two bits a node of the graph */
	struct hg_dom_col retained, count;
};

static inline void
hg_dom_set_state(struct hg_dom *d, hg_node n, enum hg_state s)
{
	d->state[n / 4] = (unsigned char)(d->state[n / 4] |
					  (unsigned)s << n % 4 * 2);
}

static inline bool
hg_bit(const unsigned char *bits, uint32_t i)
{
	return bits[i / 8] >> i % 8 & 1;
}

static inline void
hg_bit_set(unsigned char *bits, uint32_t i)
{
	bits[i / 8] = (unsigned char)(bits[i / 8] | 1u << i % 8);
}

/* Fills all of an empty *d but g.  The scratch is gone when it returns. */
enum ot_status hg_dom_make(struct hg_dom *d, const struct hg_args *args,
			   struct ot_err *err);

#endif
