/* SPDX-License-Identifier: MIT */
/*
 * edge_kids.h - the neighbours of objects as rows of a tree: few as they are,
 * of many those of one type folded into a group with a count.
 *
 * Groups are numbered behind the graph's nodes, so that a tree of rows needs
 * to know one kind of number only.  What is hidden is left out and not
 * counted.
 */
#ifndef VIEWS_EDGE_KIDS_H
#define VIEWS_EDGE_KIDS_H

#include "graph/near.h"

#define EDGE_KIDS_PLAIN	 10	/* neighbours that are never grouped */
#define EDGE_KIDS_GROUP	 6	/* of one type and relation make a group */
#define EDGE_KIDS_HIDDEN 32

/* What is not to be shown: an object, or all of a type. */
struct edge_hidden {
	uint64_t addr;		/* of the object or the type */
	char type[256];		/* "": an object */
	hg_node node;		/* in the graph of now, or HG_NONE */
	hg_kind kind;
};

struct edge_row {
	uint32_t node;		/* of the graph, or a group */
	hg_edge edge;		/* of a group: its first */
	bool quiet;		/* not unfolded by itself */
};

struct edge_group {
	hg_node of;		/* whose neighbours they are */
	uint64_t id;		/* of type and relation, over samples */
	uint64_t tag;		/* the same, in this graph */
	hg_kind kind;		/* HG_NONE: roots, or the rest */
	unsigned relation;
	bool rest;		/* all beyond those that were looked at */
	uint32_t n;
	uint64_t bytes;
};

struct edge_list {		/* rows below one node */
	hg_node of;
	struct edge_row *rows;
	uint32_t n;
};

struct edge_kids {
	const struct hg_graph *g;
	bool back;		/* referrers */
	struct edge_hidden hidden[EDGE_KIDS_HIDDEN];
	uint32_t nhidden;
	uint32_t left_out;	/* rows not shown for that, so far */

	struct edge_group *groups;
	uint32_t ngroups, cap_groups;
	struct edge_list *lists;
	uint32_t nlists, cap_lists;
};

/* All zero is the empty value.  Another graph: what is hidden stays so. */
void edge_kids_begin(struct edge_kids *k, const struct hg_graph *g, bool back);
void edge_kids_release(struct edge_kids *k);

/* NULL: `node` is an object or a root. */
const struct edge_group *edge_kids_group(const struct edge_kids *k,
					 uint32_t node);

/* Rows below a node or group; 0 also where memory is short. */
uint32_t edge_kids_count(struct edge_kids *k, uint32_t node);
void edge_kids_rows(struct edge_kids *k, uint32_t node, uint32_t skip,
		    uint32_t n, struct edge_row *out);
/* Without looking at more than the node itself. */
bool edge_kids_leaf(const struct edge_kids *k, uint32_t node);
/* What tells a row from its siblings, in the next sample too. */
uint64_t edge_kids_id(const struct edge_kids *k, uint32_t node, hg_edge e);

/* Hides an object, or the type of a group; false: there is no room. */
bool edge_kids_hide(struct edge_kids *k, uint32_t node);

#endif
