/* SPDX-License-Identifier: MIT */
/*
 * search.h - breadth-first from the roots along strong edges; private to the
 * graph room.
 */
#ifndef HG_SEARCH_H
#define HG_SEARCH_H

#include "graph/ignore.h"

/* In parent[]: not reached; a root; not to be entered. */
#define HG_P_NONE 0u
#define HG_P_ROOT (UINT32_MAX - 1u)
#define HG_P_BLOCKED UINT32_MAX

struct hg_search {
	const struct hg_graph *g;
	const struct hg_args *args;
	struct hg_ignore *ignore;
	uint32_t *parent; /* per node: 1 + the edge it was reached by */
	hg_node *queue;	  /* all nodes reached, nearest first */
	uint32_t n;
	unsigned char *leaf; /* bits: reached, not gone through; or NULL */
};

enum ot_status hg_search_init(struct hg_search *s, const struct hg_graph *g,
			      const struct hg_args *args, struct ot_err *err);
void hg_search_release(struct hg_search *s);

/*
 * Runs until `max` nodes that refer to `target` are found, or to the end
 * (target HG_NONE).  found[] are the edges into the target, nearest first, of
 * different referrers; the target itself is not gone through.
 */
enum ot_status hg_search_run(struct hg_search *s, hg_node target,
			     hg_edge *found, uint32_t max, uint32_t *nfound,
			     struct ot_err *err);

/* Forgets what was reached; blocks stay until hg_search_unblock. */
void hg_search_reset(struct hg_search *s);

void hg_search_block(struct hg_search *s, hg_node n);
void hg_search_unblock(struct hg_search *s, hg_node n);

/* Edges from a root to n, which was reached. */
uint32_t hg_search_len(const struct hg_search *s, hg_node n);
/* Writes them, root first, into edges[len]. */
void hg_search_edges(const struct hg_search *s, hg_node n, hg_edge *edges,
		     uint32_t len);

#endif
