/* SPDX-License-Identifier: MIT */
/*
 * A tree of references out of or into an object, unfolding in place.
 *
 * The first screenful is unfolded at once; Enter follows a row as everywhere,
 * Space and the arrows fold and unfold it, Enter on "N more" shows the next
 * ones.  An object that stands above itself is marked with ↺ and left folded;
 * what hangs on a weak reference, which keeps nothing alive, too.
 */
#include "config.h"

#include "inspector/views/edge_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "graph/near.h"

#define TREE_BATCH 10
#define TREE_ROWS  24

enum { TREE_EDGE, TREE_TYPE, TREE_TEXT, TREE_BYTES, TREE_ADDRESS, TREE_COLS };

static const struct ui_col tree_cols[TREE_COLS] = {
	{ "edge", "edge", OT_CELL_STR, UI_COL_NOSORT, 24, 3, UI_EDGE },
	{ "type", "type", OT_CELL_STR, UI_COL_NOSORT, 18, 2, UI_TYPE },
	{ "text", "text", OT_CELL_STR, UI_COL_NOSORT, 10, 2, UI_TEXT },
	{ "bytes", "bytes", OT_CELL_BYTES, UI_COL_NOSORT | UI_COL_ROOMY, 6, 0,
	  UI_PLAIN },
	{ "address", "address", OT_CELL_ADDR, UI_COL_NOSORT, 14, 0, UI_ADDR },
};

static uint32_t
tree_count(void *ctx)
{
	return ((const struct edge_tree *)ctx)->tree.n;
}

static const struct ui_tree_item *
tree_item(const struct edge_tree *s, uint32_t row)
{
	return &s->tree.items[row];
}

static void
tree_edge(const struct edge_tree *s, uint32_t row, struct ot_table *t,
	  struct ot_cell *out)
{
	const struct ui_tree_item *it = tree_item(s, row);
	struct ot_buf text = OT_BUF_INIT;
	char num[32];

	ui_tree_prefix(&s->tree, row, &text);
	if ((it->flags & UI_TREE_MORE) != 0)
		ot_buf_addf(&text, "%s more",
			    ot_fmt_count(num, sizeof(num), it->more));
	else if (it->edge != HG_NONE)
		hg_edge_label(s->g, it->edge, &text);
	else
		ot_buf_adds(&text, s->back ? "held by" : "refers to");
	ot_cell_str(t, out, ot_buf_str(&text), text.len);
	ot_buf_release(&text);
}

static void
tree_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	  struct ot_cell *out)
{
	const struct edge_tree *s = ctx;
	hg_node n = tree_item(s, row)->node;
	const char *type;

	if (col == TREE_EDGE) {
		tree_edge(s, row, t, out);
		return;
	}
	if ((tree_item(s, row)->flags & UI_TREE_MORE) != 0)
		return;
	switch (col) {
	case TREE_TYPE:
		type = view_type_of(s->g, n);
		ot_cell_str(t, out, type, strlen(type));
		break;
	case TREE_TEXT:
		view_text_cell(s->g, n, t, out);
		break;
	case TREE_BYTES:
		if (!hg_is_root(s->g, n))
			ot_cell_bytes(out, hg_bytes(s->g, n));
		break;
	case TREE_ADDRESS:
		if (!hg_is_root(s->g, n))
			ot_cell_addr(out, hg_addr(s->g, n));
		break;
	}
}

static uint64_t
tree_key(void *ctx, uint32_t row)
{
	return ui_tree_key(&((const struct edge_tree *)ctx)->tree, row);
}

static enum ui_style
tree_style(void *ctx, uint32_t row, size_t col, enum ui_style plain)
{
	const struct edge_tree *s = ctx;
	const struct ui_tree_item *it = tree_item(s, row);

	if ((it->flags & UI_TREE_MORE) != 0)
		return UI_DIM;
	if (it->edge != HG_NONE && hg_edge_weak(s->g, it->edge))
		return UI_DIM;
	if (hg_is_root(s->g, it->node) && col != TREE_EDGE)
		return UI_ROOT;
	if ((it->flags & UI_TREE_AGAIN) != 0 && col != TREE_EDGE)
		return UI_DIM;
	return plain;
}

static const struct ui_source tree_source = {
	.cols = tree_cols, .ncols = TREE_COLS,
	.count = tree_count, .cell = tree_cell, .key = tree_key,
	.style = tree_style,
};

static uint32_t
kids_count(void *ctx, uint32_t node)
{
	const struct edge_tree *s = ctx;
	uint32_t n;

	if (!s->back)
		return hg_out(s->g, node + 1) - hg_out(s->g, node);
	hg_in(s->g, node, &n);
	return n;
}

static void
kids_fill(void *ctx, uint32_t node, uint32_t skip, uint32_t n,
	  struct ui_tree_kid *out)
{
	const struct edge_tree *s = ctx;
	struct hg_front front;
	uint32_t i;

	if (s->back)
		hg_front_find(s->g, node, &front);
	for (i = 0; i < n; i++) {
		hg_edge e = s->back ? hg_front_edge(s->g, node, &front,
						    skip + i) :
				      hg_out(s->g, node) + skip + i;

		out[i].edge = e;
		out[i].quiet = hg_edge_weak(s->g, e);
		out[i].node = s->back ? hg_edge_from(s->g, e) :
					hg_edge_to(s->g, e);
	}
}

static const struct ui_tree_ops tree_ops = { kids_count, kids_fill };

enum ot_status
edge_tree_open(struct ui_view *v, bool back, struct ot_err *err)
{
	struct edge_tree *s = v->state;

	s->back = back;
	v->table = ui_table_new(&tree_source, s);
	return v->table == NULL ? ot_fail_nomem(err, "the tree") : OT_OK;
}

void
edge_tree_close(struct ui_view *v)
{
	ui_tree_release(&((struct edge_tree *)v->state)->tree);
}

void
edge_tree_rebind(struct ui_view *v)
{
	const struct view_ctx *ctx = v->ctx;
	struct edge_tree *s = v->state;
	hg_node n = view_node(ctx->graph, &v->subject);

	s->tree.n = 0;
	s->g = ctx->graph;
	if (n == HG_NONE)
		view_gone(v);
	else if (!ui_tree_start(&s->tree, &tree_ops, s, n, TREE_BATCH,
				TREE_ROWS))
		snprintf(v->problem, sizeof(v->problem),
			 "out of memory for the tree");
}

/* Row of the selection; UINT32_MAX: none. */
static uint32_t
tree_at(struct ui_view *v)
{
	const struct edge_tree *s = v->state;
	uint32_t row = ui_table_selected(v->table);

	return row < s->tree.n ? row : UINT32_MAX;
}

bool
edge_tree_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct edge_tree *s = v->state;
	uint32_t row = tree_at(v);

	if (row == UINT32_MAX ||
	    (tree_item(s, row)->flags & UI_TREE_MORE) != 0)
		return false;
	view_subject_node(s->g, tree_item(s, row)->node, out);
	return true;
}

/* Left: folds, or goes to the row this one hangs on. */
static void
tree_left(struct ui_view *v, struct edge_tree *s, uint32_t row)
{
	if (!ui_tree_fold(&s->tree, row))
		ui_table_select(v->table,
				ui_tree_key(&s->tree,
					    ui_tree_parent(&s->tree, row)));
}

static bool
tree_more(struct ui_view *v, struct edge_tree *s, uint32_t row)
{
	if (!ui_tree_more(&s->tree, row))
		return false;
	ui_table_reload(v->table);
	ui_table_select(v->table, ui_tree_key(&s->tree, row));
	return true;
}

bool
edge_tree_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	struct edge_tree *s = v->state;
	uint32_t row = tree_at(v);

	if (row == UINT32_MAX)
		return false;
	switch (a) {
	case UI_ACT_OPEN:
		if (tree_more(v, s, row))
			return true;
		fx->kind = UI_FX_OPEN;
		fx->view = "object";
		return edge_tree_subject(v, &fx->subject);
	case UI_ACT_TOGGLE:
		if (!tree_more(v, s, row) && !ui_tree_fold(&s->tree, row))
			ui_tree_open(&s->tree, row);
		break;
	case UI_ACT_RIGHT:
		if (!tree_more(v, s, row))
			ui_tree_open(&s->tree, row);
		break;
	case UI_ACT_LEFT:
		tree_left(v, s, row);
		break;
	default:
		return false;
	}
	ui_table_reload(v->table);
	return true;
}

void
edge_tree_details(struct ui_view *v, struct ot_buf *out)
{
	const struct edge_tree *s = v->state;
	struct ui_subject subject;

	if (edge_tree_subject(v, &subject))
		view_node_details(s->g, tree_item(s, tree_at(v))->node, out);
}

/* The way from the top of the tree to the selected row. */
void
edge_tree_copy(struct ui_view *v, struct ot_buf *out)
{
	const struct edge_tree *s = v->state;
	uint32_t row = tree_at(v), up;
	struct ui_subject subject;

	if (!edge_tree_subject(v, &subject))
		return;
	for (;; row = up) {
		const struct ui_tree_item *it = tree_item(s, row);

		view_subject_node(s->g, it->node, &subject);
		view_subject_text(&subject, out);
		up = ui_tree_parent(&s->tree, row);
		if (up == row)
			return;
		ot_buf_adds(out, s->back ? " -> " : " <- ");
		hg_edge_label(s->g, it->edge, out);
		ot_buf_adds(out, s->back ? " -> " : " <- ");
	}
}
