/* SPDX-License-Identifier: MIT */
/*
 * near.h - referrers in the order in which people want them, in place.
 */
#ifndef HG_NEAR_H
#define HG_NEAR_H

#include "graph/graph.h"

#define HG_FRONT 16u

/* Positions in hg_in() of the referrers to show first: roots and modules. */
struct hg_front {
	uint32_t n;
	uint32_t at[HG_FRONT];
};

/* Looks at no more than 100,000 referrers of n. */
void hg_front_find(const struct hg_graph *g, hg_node n, struct hg_front *f);

/* The row-th referrer of n, those in front first; row < number of them. */
hg_edge hg_front_edge(const struct hg_graph *g, hg_node n,
		      const struct hg_front *f, uint32_t row);

/* It keeps nothing alive (weak), or says what the type does (class). */
bool hg_edge_quiet(const struct hg_graph *g, hg_edge e);

#endif
