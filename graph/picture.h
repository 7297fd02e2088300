/* SPDX-License-Identifier: MIT */
/*
 * picture.h - a bounded subgraph on its way to a picture.
 *
 * Collected from the graph by depth and width (breadth-first from the objects
 * asked for), told apart from drawing so that tests can read it and the UI can
 * draw exactly what is open.  What is too many becomes one "N more" node.
 * hg_picture_look() then finds out what the eye is to tell apart, and
 * hg_picture_fold() makes one node of those that look alike.
 */
#ifndef HG_PICTURE_H
#define HG_PICTURE_H

#include "graph/analysis.h"

enum hg_pic_flags {
	HG_PIC_START = 1,	/* asked for by the user */
	HG_PIC_ROOT = 2,	/* a named root, or a module */
	HG_PIC_MORE = 4,	/* stands for `count` nodes not drawn */
	HG_PIC_MARKED = 8,	/* look.highlight matches */
	HG_PIC_GARBAGE = 16,	/* nothing that is reachable leads there */
	HG_PIC_TYPE = 32,	/* stands for all `count` objects of `kind` */
	HG_PIC_FOLD = 64,	/* stands for `count` like it */
	HG_PIC_VIRTUAL = 128,	/* a node of the dominator tree alone */
	HG_PIC_KIND = 256,	/* MORE: all of them are of `kind` */
};

#define HG_PIC_KINDS 3u

struct hg_pic_node {
	hg_node node;		/* HG_NONE for MORE and TYPE; FOLD: the first */
	uint32_t depth;
	unsigned flags;
	uint32_t count;		/* MORE, TYPE, FOLD: how many */
	hg_kind kind;		/* TYPE, KIND */
	hg_edge via;		/* plus 1: tells whose it is; 0: none */
	uint32_t first;		/* FOLD: its `count` nodes in members[] */
	uint64_t bytes;		/* of all it stands for; 0: not known */
	uint64_t retained;	/* 0: not known */
	/* MORE: what most of them are; FOLD of MORE nodes has none. */
	hg_kind kinds[HG_PIC_KINDS];
	uint32_t of_kind[HG_PIC_KINDS]; /* 0 behind the last */
};

enum hg_pic_edge_flags {
	HG_PIC_CYCLE = 1,	/* part of a circle in the picture */
	HG_PIC_LOST = 2,	/* out of garbage */
	HG_PIC_KEEPS = 4,	/* `from` dominates `to` */
	HG_PIC_MIXED = 8,	/* stands for edges with other labels too */
};

struct hg_pic_edge {
	uint32_t from, to;	/* indices into nodes */
	hg_edge edge;		/* HG_NONE at MORE nodes, KEEPS and TYPEs */
	unsigned flags;
	uint32_t count;		/* edges it stands for; 0 is 1 */
	uint64_t bytes;		/* KEEPS, TYPE: retained through it */
};

enum hg_theme { HG_THEME_AUTO, HG_THEME_LIGHT, HG_THEME_DARK };

/* What the user wants to see of each node; all zero is a good choice. */
struct hg_look {
	enum hg_theme theme;
	bool short_names;	/* Session, not shop.models.Session */
	bool refcounts, addresses, generations;
	bool no_fold;
	const char *highlight;	/* filter.h's EXPR; may be NULL */
	const char *command;	/* how it was asked for; may be NULL */
	/* While libgvc works: called every 50 ms, true cancels; may be NULL. */
	bool (*cancelled)(void *ctx, uint64_t done, uint64_t total);
	void *cancel_ctx;
};

struct hg_picture {
	const struct hg_graph *graph;
	struct hg_pic_node *nodes;
	size_t nnodes;
	struct hg_pic_edge *edges;
	size_t nedges;
	hg_node *members;	/* of FOLD nodes */
	bool back;		/* true: referrers */
	bool across;		/* laid out from left to right */
	const char *caption;	/* owned; lines; may be NULL */
	struct hg_look look;	/* set by whoever draws; strings borrowed */
};

/* Nodes reached from (or, if back, reaching) `start`. */
enum ot_status hg_picture_refs(const struct hg_graph *g, const hg_node *start,
			       size_t nstart, bool back,
			       const struct hg_args *args,
			       struct hg_picture **out, struct ot_err *err);

/* Chains: each an array of edges from a root towards the object. */
enum ot_status hg_picture_chains(const struct hg_graph *g,
				 const hg_edge *const *chains,
				 const uint32_t *lens, size_t nchains,
				 struct hg_picture **out, struct ot_err *err);

/* The objects of a component, start among them, and the edges in it. */
enum ot_status hg_picture_component(const struct hg_graph *g,
				    const hg_node *members, uint32_t n,
				    hg_node start,
				    const struct hg_args *args,
				    struct hg_picture **out,
				    struct ot_err *err);

/*
 * The tree of dominators below `start` (none: the whole heap's), what retains
 * most first, at most `most` nodes.
 */
enum ot_status hg_picture_retained(const struct hg_graph *g,
				   const hg_node *start, size_t nstart,
				   uint32_t most, const struct hg_args *args,
				   struct hg_picture **out,
				   struct ot_err *err);

/* Who keeps whom alive, by type: the types that retain most. */
enum ot_status hg_picture_types(const struct hg_graph *g,
				const struct hg_args *args,
				struct hg_picture **out, struct ot_err *err);

/* Sizes, garbage, circles and what is highlighted. */
enum ot_status hg_picture_look(struct hg_picture *p, struct ot_err *err);

/*
 * One node of those that hold, and are held by, the same in the same way, and
 * one edge of theirs.  FOLD_EXACT tells names of attributes and keys apart,
 * FOLD_LOOSE does not, FOLD_TYPES makes one node of each type.  The picture
 * is changed in place; false: no memory, and it is as it was.
 */
enum hg_fold { HG_FOLD_EXACT, HG_FOLD_LOOSE, HG_FOLD_TYPES };
bool hg_picture_fold(struct hg_picture *p, enum hg_fold how);

/* "references to Session at 0x..\npid ..": for `caption`; NULL: no memory. */
char *hg_picture_caption(const struct hg_picture *p, const char *verb);

void hg_picture_free(struct hg_picture *p);	/* NULL ok */

/* The k shortest root chains of one object; free with hg_chains_free. */
struct hg_chains {
	hg_edge **edges;	/* root first */
	uint32_t *lens;
	size_t n;
};
enum ot_status hg_chains_find(const struct hg_graph *g, hg_node n,
			      const struct hg_args *args,
			      struct hg_chains *out, struct ot_err *err);
void hg_chains_free(struct hg_chains *c);

#endif
