/* SPDX-License-Identifier: MIT */
/*
 * picture.h - a bounded subgraph on its way to a picture.
 *
 * Collected from the graph by depth and width (breadth-first from the objects
 * asked for), told apart from drawing so that tests can read it and the UI can
 * draw exactly what is open.  What is too many becomes one "N more" node.
 */
#ifndef HG_PICTURE_H
#define HG_PICTURE_H

#include "graph/analysis.h"

enum hg_pic_flags {
	HG_PIC_START = 1,	/* asked for by the user */
	HG_PIC_ROOT = 2,	/* a named root, or a module: drawn green */
	HG_PIC_MORE = 4,	/* stands for `count` nodes not drawn */
	HG_PIC_KIND = 8,	/* MORE: all of them are of `kind` */
};

struct hg_pic_node {
	hg_node node;		/* HG_NONE for MORE */
	uint32_t depth;
	unsigned flags;
	uint32_t count;		/* MORE: how many */
	hg_kind kind;		/* KIND: of what */
};

struct hg_pic_edge {
	uint32_t from, to;	/* indices into nodes */
	hg_edge edge;		/* HG_NONE at MORE nodes */
};

struct hg_picture {
	const struct hg_graph *graph;
	struct hg_pic_node *nodes;
	size_t nnodes;
	struct hg_pic_edge *edges;
	size_t nedges;
	bool back;		/* true: referrers */
	const char *caption;	/* owned; may be NULL */
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

/* "references to Session at 0x.., pid ..": for `caption`; NULL: no memory. */
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
