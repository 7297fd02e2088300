/* SPDX-License-Identifier: MIT */
/*
 * raw.h - what a stream said, in the order in which it said it; between
 * builder.c, which collects, and assemble.c, which makes the graph of it.
 */
#ifndef HG_RAW_H
#define HG_RAW_H

#include "graph/store.h"

/* More nodes or edges than this do not fit the columns. */
#define HG_OBJECTS_MAX ((uint32_t)INT32_MAX)
#define HG_EDGES_MAX (UINT32_MAX - 8u) /* a few are left for marks */

struct hg_raw_edges {
	uint64_t *to; /* addresses */
	uint32_t *label;
	struct hg_aside aside; /* of labels, by edge */
	uint32_t n, cap;
};

struct hg_raw {
	uint32_t n, cap; /* objects */
	uint64_t *addr;
	uint32_t *kind;	 /* kind | flags << HG_KIND_BITS */
	uint32_t *first; /* first edge */
	uint32_t *text;	 /* 1 + offset into texts; NULL: no texts yet */
	struct hg_narrow bytes, extra, refcount;
	struct ot_buf texts;
	struct hg_raw_edges edges;

	uint32_t nroots, cap_roots;
	struct hg_root_row *roots;
	uint32_t *root_first;
	struct hg_raw_edges root_edges;
};

void hg_raw_release(struct hg_raw *r);

/* Moves everything into g, which has its kinds and names; r is empty then. */
enum ot_status hg_assemble(struct hg_graph *g, struct hg_raw *r,
			   struct ot_err *err);

/*
 * The order of addr[0..n): *order gets the stream positions in ascending order
 * of address, the first of equals alone, and addr itself is sorted; *order
 * stays NULL where it ascended already.  *unique is how many are left.
 */
bool hg_sort_addrs(uint64_t *addr, uint32_t n, uint32_t **order,
		   uint32_t *unique);

#endif
