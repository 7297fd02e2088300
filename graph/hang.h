/* SPDX-License-Identifier: MIT */
/*
 * hang.h - the one object that most of a set of objects hang from.
 */
#ifndef HG_HANG_H
#define HG_HANG_H

#include "graph/analysis.h"

struct hg_hang {
	hg_node holder; /* HG_NONE: they have nothing in common */
	uint64_t count; /* of the objects, so many hang from it */
	bool is_virtual; /* no object: "garbage", "held from C", a thread */
	struct ot_buf name; /* "shop.cache._by_token", escaped */
};

/* Needs the dominators of g, which it has made where nobody did. */

enum ot_status hg_hang_find(const struct hg_graph *g, const hg_node *nodes,
			    uint32_t n, const struct hg_args *args,
			    struct hg_hang *out, struct ot_err *err);
void hg_hang_release(struct hg_hang *h);

/*
 * Edges from a root, as one would write the way in the program:
 * "shop.cache._by_token", "frame handle (shop/server.py:12) .request".
 */
void hg_way_text(const struct hg_graph *g, const hg_edge *edges, uint32_t len,
		 struct ot_buf *out);

#endif
