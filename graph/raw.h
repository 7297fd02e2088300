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

/* One label on its way in. */
struct hg_raw_label {
	uint32_t label;
	uint64_t value; /* where the label says HG_LABEL_ASIDE */
};

/* Finds classes and rows of labels that were there before. */
struct hg_class_recent {
	uint32_t kind, n, labels;
	uint32_t class; /* plus one; 0: none yet */
};

#define HG_RECENT 512u /* 8 KiB: they stay in the nearest cache */

struct hg_class_finder {
	struct hg_class_recent recent[HG_RECENT]; /* by kind and n */
	uint32_t *slots; /* class plus one, by hash */
	uint32_t nslots;
	uint32_t *rows; /* row plus one, by hash */
	uint32_t nrow_slots;
	struct hg_label_row *row;
	uint32_t nrow, cap_row;
};

/*
 * The class of an object of this kind word and these labels; false: no memory,
 * or more labels than fit 32 bits.
 */
bool hg_class_find(struct hg_classes *c, struct hg_class_finder *f,
		   uint32_t kind, const struct hg_raw_label *labels,
		   uint32_t n, uint32_t *class);
void hg_class_finder_release(struct hg_class_finder *f);

/* Targets of edges: places (store.h), those that are HG_FAR aside. */
struct hg_raw_edges {
	uint32_t *to;
	struct hg_aside far; /* addresses, by edge */
	uint32_t n, cap;
};

struct hg_raw {
	uint32_t n, cap; /* objects */
	uint64_t *addr;
	uint32_t *class;
	uint32_t *first; /* first edge */
	uint32_t *text;	 /* 1 + offset into texts; NULL: no texts yet */
	struct hg_narrow bytes, extra;
	uint8_t *refcount;
	struct hg_aside refcount_wide;
	struct ot_buf texts;
	struct hg_raw_edges edges;
	uint32_t nclass; /* edges to classes that are not in edges: OTW_CLASS */
	struct hg_places places;
	struct hg_class_finder finder;

	uint32_t nroots, cap_roots;
	struct hg_root_row *roots;
	uint32_t *root_first;
	struct hg_raw_edges root_edges;
	uint32_t *root_label;
	uint32_t cap_root_label;
	struct hg_aside root_aside; /* of labels */
};

void hg_raw_release(struct hg_raw *r);

/*
 * Moves everything into g, which has its kinds, names and classes; r is empty
 * then.
 */
enum ot_status hg_assemble(struct hg_graph *g, struct hg_raw *r,
			   struct ot_err *err);

/*
 * Runs part(ctx, 0) and part(ctx, 1): side by side where there are more than a
 * few edges to be gone through, and a thread can be had.  True when both say
 * so.
 */
bool hg_both(bool (*part)(void *ctx, unsigned which), void *ctx,
	     uint32_t edges);

#endif
