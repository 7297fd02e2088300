/* SPDX-License-Identifier: MIT */
/*
 * scc.h - cycles: the strongly connected components of the objects along
 * strong edges, and the shortest way round from one of them.
 */
#ifndef HG_SCC_H
#define HG_SCC_H

#include "graph/analysis.h"

/* Of more than one object, or of one that refers to itself. */
struct hg_component {
	uint32_t first, n; /* its objects in members[], ascending */
	uint64_t bytes;	   /* of them, as sys.getsizeof says */
};

struct hg_components {
	hg_node *members;
	struct hg_component *list; /* most bytes first, then by address */
	uint32_t n;
};

/* Free with hg_components_release, whatever the status. */
enum ot_status hg_components_find(const struct hg_graph *g,
				  const struct hg_args *args,
				  struct hg_components *out,
				  struct ot_err *err);
void hg_components_release(struct hg_components *c);

/*
 * The one that the only word of args names: a number, or an object in it;
 * without a word the first.  *start is that object, else any of it.  OT_FAILED: there is none; OT_USAGE: several.
 */
enum ot_status hg_components_named(const struct hg_graph *g,
				   const struct hg_components *c,
				   const struct hg_args *args, uint32_t *id,
				   hg_node *start, struct ot_err *err);

/*
 * Sets a bit for each component that one of the words names: a number, or
 * objects in it.
 */
enum ot_status hg_components_wanted(const struct hg_graph *g,
				    const struct hg_components *c,
				    const struct hg_args *args,
				    unsigned char *bits, struct ot_err *err);

/*
 * A shortest way from n back to itself along strong edges: *len of them in
 * *edges (free it), the last one closes.  *len is 0 where there is none.
 */
enum ot_status hg_cycle_through(const struct hg_graph *g, hg_node n,
				const struct hg_args *args, hg_edge **edges,
				uint32_t *len, struct ot_err *err);

#endif
