/* SPDX-License-Identifier: MIT */
/*
 * merged.h - chains from roots to many objects, merged into a few; private to
 * the graph room.
 */
#ifndef HG_MERGED_H
#define HG_MERGED_H

#include "graph/analysis.h"

/* One way in which objects are held. */
struct hg_merged_chain {
	uint64_t count; /* objects held this way */
	hg_edge *edges; /* of one of them, root first */
	bool *shared;	/* per edge: all of them go through its target */
	uint32_t len;
};

struct hg_merged {
	struct hg_merged_chain *chains; /* most common first */
	size_t n;
	uint64_t ways; /* how many there are in all */
	uint64_t reached, targets;
	uint64_t rootless; /* of the targets: no root leads there */
};

enum ot_status hg_merged_find(const struct hg_graph *g, const hg_node *targets,
			      uint32_t ntargets, const struct hg_args *args,
			      struct hg_merged *out, struct ot_err *err);
void hg_merged_free(struct hg_merged *m);

#endif
