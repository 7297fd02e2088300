/* SPDX-License-Identifier: MIT */
/*
 * tree.h - a tree that unfolds in place, as rows for a table widget.
 *
 * The tree is made while it is looked at: children are asked for when a node
 * is unfolded, `batch` at a time, and a row "N more" stands for the others.
 * A node that is its own ancestor is marked and not unfolded again.  What is
 * unfolded can be kept over a reload, by keys that mean the same afterwards.
 * Nothing here recurses; ids and edges are numbers that only the callbacks
 * understand.
 */
#ifndef UI_TREE_H
#define UI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum ui_tree_flags {
	UI_TREE_OPEN = 1,	/* its children are shown */
	UI_TREE_LEAF = 2,	/* has none */
	UI_TREE_LAST = 4,	/* last of its siblings */
	UI_TREE_MORE = 8,	/* stands for `more` siblings not shown */
	UI_TREE_AGAIN = 16,	/* the same node is above it: a cycle */
	UI_TREE_QUIET = 32,	/* unfolds only by hand */
};

struct ui_tree_item {
	uint32_t node, edge;	/* edge: how its parent leads to it */
	uint32_t depth;
	uint32_t more;
	uint64_t key;		/* of the way from the root to here */
	unsigned flags;
};

struct ui_tree_kid {
	uint32_t node, edge;
	bool quiet;
};

struct ui_tree_ops {
	/* Rows below a node; asked when it is unfolded. */
	uint32_t (*count)(void *ctx, uint32_t node);
	/* Fills out[0..n) with the children from `skip` on. */
	void (*kids)(void *ctx, uint32_t node, uint32_t skip, uint32_t n,
		     struct ui_tree_kid *out);

	/* May be NULL: */
	/* Is there certainly nothing below it?  Else count() == 0. */
	bool (*leaf)(void *ctx, uint32_t node);
	/* What tells it from its siblings, after a reload too; else `edge`. */
	uint64_t (*id)(void *ctx, uint32_t node, uint32_t edge);
};

struct ui_tree {
	const struct ui_tree_ops *ops;
	void *ctx;
	uint32_t batch;		/* children shown at a time */
	struct ui_tree_item *items;
	uint32_t n, cap;
};

/* All zero is the empty tree. */
void ui_tree_release(struct ui_tree *t);

/* One root, unfolded breadth-first until about `rows` rows are there. */
bool ui_tree_start(struct ui_tree *t, const struct ui_tree_ops *ops, void *ctx,
		   uint32_t node, uint32_t batch, uint32_t rows);

/* What is unfolded, to be unfolded again in the next tree. */
struct ui_tree_kept {
	struct ui_tree_open_row { uint64_t key; uint32_t rows; } *rows;
	uint32_t n;
};

/* False: no memory (or an empty tree), nothing is kept. */
bool ui_tree_keep(const struct ui_tree *t, struct ui_tree_kept *out);
/* A tree as ui_tree_start() makes, unfolded as `kept` was; frees that. */
bool ui_tree_restart(struct ui_tree *t, const struct ui_tree_ops *ops,
		     void *ctx, uint32_t node, uint32_t batch,
		     struct ui_tree_kept *kept);
void ui_tree_kept_release(struct ui_tree_kept *kept);

/* False: nothing to unfold (or no memory). */
bool ui_tree_open(struct ui_tree *t, uint32_t at);
bool ui_tree_fold(struct ui_tree *t, uint32_t at);

/* Replaces a MORE row by the next batch. */
bool ui_tree_more(struct ui_tree *t, uint32_t at);

/* The row above it that a row marked AGAIN stands for; else the row itself. */
uint32_t ui_tree_back(const struct ui_tree *t, uint32_t at);

/* The item above it in the tree; itself for the root. */
uint32_t ui_tree_parent(const struct ui_tree *t, uint32_t at);

/* "│  └─ ▸ " before a row's text. */
void ui_tree_prefix(const struct ui_tree *t, uint32_t at, struct ot_buf *out);

/* The same row after a fold or an unfold elsewhere. */
uint64_t ui_tree_key(const struct ui_tree *t, uint32_t at);

#endif
