/* SPDX-License-Identifier: MIT */
/*
 * Trees as a flat list of rows, in the order they are shown.
 *
 * Unfolding inserts a batch of rows behind their parent, folding removes the
 * rows that are deeper: both are one memmove.  Lines of the drawing and the
 * test for cycles look upwards from a row; that is linear in the rows shown,
 * which people unfold by hand, for the rows on the screen.
 */
#include "config.h"

#include "inspector/ui/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define TREE_DEPTH_SHOWN 24	/* deeper lines are not drawn apart */
#define TREE_START_DEPTH 6

void
ui_tree_release(struct ui_tree *t)
{
	free(t->items);
	memset(t, 0, sizeof(*t));
}

static bool
tree_reserve(struct ui_tree *t, uint32_t more)
{
	struct ui_tree_item *items;
	uint32_t cap = t->cap;

	if (t->n + more <= cap)
		return true;
	if (more > UINT32_MAX / 2 - t->n)
		return false;
	cap = (t->n + more) + (t->n + more) / 2;
	items = ot_realloc_array(t->items, cap, sizeof(*items));
	if (items == NULL)
		return false;
	t->items = items;
	t->cap = cap;
	return true;
}

uint32_t
ui_tree_parent(const struct ui_tree *t, uint32_t at)
{
	uint32_t depth = t->items[at].depth, i;

	for (i = at; i > 0; i--)
		if (t->items[i - 1].depth < depth)
			return i - 1;
	return at;
}

/* Row of the node at or above `at`; UINT32_MAX: it is not there. */
static uint32_t
tree_above(const struct ui_tree *t, uint32_t at, uint32_t node)
{
	for (;;) {
		uint32_t up;

		if (t->items[at].node == node)
			return at;
		up = ui_tree_parent(t, at);
		if (up == at)
			return UINT32_MAX;
		at = up;
	}
}

uint32_t
ui_tree_back(const struct ui_tree *t, uint32_t at)
{
	uint32_t row;

	if ((t->items[at].flags & UI_TREE_AGAIN) == 0)
		return at;
	row = tree_above(t, ui_tree_parent(t, at), t->items[at].node);
	return row == UINT32_MAX ? at : row;
}

static bool
tree_leaf(const struct ui_tree *t, uint32_t node)
{
	return t->ops->leaf != NULL ? t->ops->leaf(t->ctx, node) :
				      t->ops->count(t->ctx, node) == 0;
}

/* Ways down from the root, folded into 64 bits (FNV-1a). */
static uint64_t
tree_key(const struct ui_tree *t, uint64_t above, uint32_t node, uint32_t edge)
{
	uint64_t id = t->ops->id != NULL ? t->ops->id(t->ctx, node, edge) :
					   edge;

	return (above ^ id ^ id >> 29) * 0x100000001b3u;
}

/* Inserts up to a batch of children of `parent` from `skip` on at `pos`. */
static bool
tree_insert(struct ui_tree *t, uint32_t parent, uint32_t skip, uint32_t pos)
{
	uint32_t node = t->items[parent].node;
	uint32_t all = t->ops->count(t->ctx, node), left, n, rows, i;
	struct ui_tree_kid *kids;

	if (all <= skip)
		return false;
	left = all - skip;
	n = left <= t->batch + 1 ? left : t->batch;	/* "1 more" is silly */
	rows = n + (n < left ? 1 : 0);
	kids = calloc(n, sizeof(*kids));
	if (kids == NULL || !tree_reserve(t, rows)) {
		free(kids);
		return false;
	}
	t->ops->kids(t->ctx, node, skip, n, kids);
	memmove(&t->items[pos + rows], &t->items[pos],
		(t->n - pos) * sizeof(*t->items));
	t->n += rows;
	for (i = 0; i < rows; i++) {
		struct ui_tree_item *it = &t->items[pos + i];

		memset(it, 0, sizeof(*it));
		it->depth = t->items[parent].depth + 1;
		it->flags = i + 1 == rows ? UI_TREE_LAST : 0;
		if (i >= n) {
			it->node = it->edge = UINT32_MAX;
			it->more = left - n;
			it->key = t->items[parent].key + 1;
			it->flags |= UI_TREE_MORE | UI_TREE_LEAF;
			continue;
		}
		it->node = kids[i].node;
		it->edge = kids[i].edge;
		if (kids[i].quiet)
			it->flags |= UI_TREE_QUIET;
		it->key = tree_key(t, t->items[parent].key, it->node,
				   it->edge);
		if (tree_leaf(t, it->node))
			it->flags |= UI_TREE_LEAF;
		if (tree_above(t, parent, it->node) != UINT32_MAX)
			it->flags |= UI_TREE_AGAIN | UI_TREE_LEAF;
	}
	free(kids);
	return true;
}

bool
ui_tree_open(struct ui_tree *t, uint32_t at)
{
	struct ui_tree_item *it = &t->items[at];

	if ((it->flags & (UI_TREE_OPEN | UI_TREE_LEAF)) != 0)
		return false;
	if (t->ops->count(t->ctx, it->node) == 0) {
		it->flags |= UI_TREE_LEAF;
		return false;
	}
	if (!tree_insert(t, at, 0, at + 1))
		return false;
	t->items[at].flags |= UI_TREE_OPEN;
	return true;
}

bool
ui_tree_fold(struct ui_tree *t, uint32_t at)
{
	uint32_t end = at + 1;

	if ((t->items[at].flags & UI_TREE_OPEN) == 0)
		return false;
	while (end < t->n && t->items[end].depth > t->items[at].depth)
		end++;
	memmove(&t->items[at + 1], &t->items[end],
		(t->n - end) * sizeof(*t->items));
	t->n -= end - at - 1;
	t->items[at].flags &= ~(unsigned)UI_TREE_OPEN;
	return true;
}

bool
ui_tree_more(struct ui_tree *t, uint32_t at)
{
	uint32_t parent, all;

	if ((t->items[at].flags & UI_TREE_MORE) == 0)
		return false;
	parent = ui_tree_parent(t, at);
	all = t->ops->count(t->ctx, t->items[parent].node);
	if (!tree_insert(t, parent, all - t->items[at].more, at + 1))
		return false;
	memmove(&t->items[at], &t->items[at + 1],
		(t->n - at - 1) * sizeof(*t->items));
	t->n--;
	return true;
}

static bool
tree_root(struct ui_tree *t, const struct ui_tree_ops *ops, void *ctx,
	  uint32_t node, uint32_t batch)
{
	t->ops = ops;
	t->ctx = ctx;
	t->batch = batch;
	t->n = 0;
	if (!tree_reserve(t, 1))
		return false;
	memset(&t->items[0], 0, sizeof(t->items[0]));
	t->items[0].node = node;
	t->items[0].edge = UINT32_MAX;
	t->items[0].flags = UI_TREE_LAST;
	t->items[0].key = 0xcbf29ce484222325u;
	t->n = 1;
	if (tree_leaf(t, node))
		t->items[0].flags |= UI_TREE_LEAF;
	return true;
}

bool
ui_tree_start(struct ui_tree *t, const struct ui_tree_ops *ops, void *ctx,
	      uint32_t node, uint32_t batch, uint32_t rows)
{
	uint32_t depth, i;

	if (!tree_root(t, ops, ctx, node, batch))
		return false;
	for (depth = 0; depth < TREE_START_DEPTH && t->n < rows; depth++)
		for (i = 0; i < t->n && t->n < rows; i++)
			if (t->items[i].depth == depth &&
			    (t->items[i].flags & UI_TREE_QUIET) == 0)
				ui_tree_open(t, i);
	return true;
}

static int
tree_kept_order(const void *a, const void *b)
{
	uint64_t x = ((const struct ui_tree_open_row *)a)->key;
	uint64_t y = ((const struct ui_tree_open_row *)b)->key;

	return (x > y) - (x < y);
}

bool
ui_tree_keep(const struct ui_tree *t, struct ui_tree_kept *out)
{
	uint32_t i, end;

	out->n = 0;
	out->rows = t->n == 0 ? NULL :
		    ot_realloc_array(NULL, t->n, sizeof(*out->rows));
	if (out->rows == NULL)
		return false;
	for (i = 0; i < t->n; i++) {
		struct ui_tree_open_row *row = &out->rows[out->n];

		if ((t->items[i].flags & UI_TREE_OPEN) == 0)
			continue;
		row->key = t->items[i].key;
		row->rows = 0;
		for (end = i + 1; end < t->n &&
		     t->items[end].depth > t->items[i].depth; end++)
			if (t->items[end].depth == t->items[i].depth + 1 &&
			    (t->items[end].flags & UI_TREE_MORE) == 0)
				row->rows++;
		out->n++;
	}
	qsort(out->rows, out->n, sizeof(*out->rows), tree_kept_order);
	return true;
}

void
ui_tree_kept_release(struct ui_tree_kept *kept)
{
	free(kept->rows);
	memset(kept, 0, sizeof(*kept));
}

/* Unfolds row i with as many rows below it as there were, while it is. */
static void
tree_again(struct ui_tree *t, uint32_t i, uint32_t rows)
{
	uint32_t end, shown, last;

	if (!ui_tree_open(t, i))
		return;
	do {
		shown = 0;
		last = i;
		for (end = i + 1; end < t->n &&
		     t->items[end].depth > t->items[i].depth; end++) {
			last = end;
			shown += (t->items[end].flags & UI_TREE_MORE) == 0;
		}
	} while (shown < rows && ui_tree_more(t, last));
}

bool
ui_tree_restart(struct ui_tree *t, const struct ui_tree_ops *ops, void *ctx,
		uint32_t node, uint32_t batch, struct ui_tree_kept *kept)
{
	bool ok = tree_root(t, ops, ctx, node, batch);
	struct ui_tree_open_row want = { 0, 0 }, *row;
	uint32_t i;

	for (i = 0; ok && kept->n > 0 && i < t->n; i++) {
		want.key = t->items[i].key;
		row = bsearch(&want, kept->rows, kept->n, sizeof(want),
			      tree_kept_order);
		if (row != NULL)
			tree_again(t, i, row->rows);
	}
	ui_tree_kept_release(kept);
	return ok;
}

void
ui_tree_prefix(const struct ui_tree *t, uint32_t at, struct ot_buf *out)
{
	const struct ui_tree_item *it = &t->items[at];
	uint32_t lines[TREE_DEPTH_SHOWN], n = 0, up = at, i;

	for (i = it->depth; i > 1; i--) {
		up = ui_tree_parent(t, up);
		if (i - 1 <= TREE_DEPTH_SHOWN)
			lines[i - 2] = up;
	}
	n = it->depth > 1 ? it->depth - 1 : 0;
	if (n > TREE_DEPTH_SHOWN)
		n = TREE_DEPTH_SHOWN;
	for (i = 0; i < n; i++)
		ot_buf_adds(out, (t->items[lines[i]].flags & UI_TREE_LAST) != 0
				 ? "   " : "│  ");
	if (it->depth > 0)
		ot_buf_adds(out, (it->flags & UI_TREE_LAST) != 0 ? "└─" : "├─");
	if ((it->flags & UI_TREE_AGAIN) != 0)
		ot_buf_adds(out, "↺ ");
	else if ((it->flags & UI_TREE_LEAF) != 0)
		ot_buf_adds(out, it->depth > 0 ? "─ " : "  ");
	else
		ot_buf_adds(out, (it->flags & UI_TREE_OPEN) != 0 ? "▾ " : "▸ ");
}

uint64_t
ui_tree_key(const struct ui_tree *t, uint32_t at)
{
	return t->items[at].key;
}
