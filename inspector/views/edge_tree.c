/* SPDX-License-Identifier: MIT */
/*
 * A tree of references out of or into an object, unfolding in place.
 *
 * The first screenful is unfolded at once; Enter follows a row as everywhere,
 * Space and the arrows fold and unfold it, Enter on "N more" shows the next
 * ones.  Where there are many neighbours those of one type are one row with
 * their count (edge_kids.c).  An object that stands above itself is marked
 * with ↺ and leads back there; what hangs on a weak reference, which keeps
 * nothing alive, is left folded.  What is unfolded stays so in the next
 * sample.
 */
#include "config.h"

#include "inspector/views/edge_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

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

static const struct edge_group *
tree_group(const struct edge_tree *s, uint32_t row)
{
	const struct ui_tree_item *it = tree_item(s, row);

	return (it->flags & UI_TREE_MORE) != 0 ? NULL :
	       edge_kids_group(&s->kids, it->node);
}

/* "1,204 × item" */
static void
tree_group_edge(const struct edge_group *group, struct ot_buf *text)
{
	char num[32];

	ot_fmt_count(num, sizeof(num), group->n);
	if (group->rest)
		ot_buf_addf(text, "%s more", num);
	else
		ot_buf_addf(text, "%s × %s", num,
			    hg_relation_text(group->relation));
}

static void
tree_edge(const struct edge_tree *s, uint32_t row, struct ot_table *t,
	  struct ot_cell *out)
{
	const struct ui_tree_item *it = tree_item(s, row);
	const struct edge_group *group = tree_group(s, row);
	struct ot_buf text = OT_BUF_INIT;
	char num[32];

	ui_tree_prefix(&s->tree, row, &text);
	if ((it->flags & UI_TREE_MORE) != 0)
		ot_buf_addf(&text, "%s more",
			    ot_fmt_count(num, sizeof(num), it->more));
	else if (group != NULL)
		tree_group_edge(group, &text);
	else if (it->edge != HG_NONE)
		hg_edge_label(s->g, it->edge, &text);
	else
		ot_buf_adds(&text, s->back ? "held by" : "refers to");
	ot_cell_str(t, out, ot_buf_str(&text), text.len);
	ot_buf_release(&text);
}

static void
tree_group_cell(const struct edge_tree *s, const struct ui_tree_item *it,
		const struct edge_group *group, size_t col, struct ot_table *t,
		struct ot_cell *out)
{
	const char *type = "";
	char size[32];

	if (col == TREE_TYPE) {
		if (group->kind != HG_NONE)
			type = hg_kind_full(s->g, group->kind);
		else if (!group->rest)
			type = hg_root_kind_text(
				(unsigned)(group->tag >> 16 & 0xffff));
		ot_cell_str(t, out, type, strlen(type));
	} else if (col == TREE_TEXT && group->rest) {
		ot_cell_str(t, out, "not looked through", 18);
	} else if (col == TREE_TEXT && it->edge != HG_NONE) {
		ot_cell_strf(t, out, "%s in all",
			     ot_fmt_bytes(size, sizeof(size), group->bytes));
	} else if (col == TREE_BYTES) {
		ot_cell_bytes(out, group->bytes);
	}
}

static void
tree_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	  struct ot_cell *out)
{
	const struct edge_tree *s = ctx;
	const struct ui_tree_item *it = tree_item(s, row);
	const struct edge_group *group = tree_group(s, row);
	hg_node n = it->node;
	const char *type;

	if (col == TREE_EDGE) {
		tree_edge(s, row, t, out);
		return;
	}
	if ((it->flags & UI_TREE_MORE) != 0)
		return;
	if (group != NULL) {
		tree_group_cell(s, it, group, col, t, out);
		return;
	}
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
	if (edge_kids_group(&s->kids, it->node) != NULL)
		return col == TREE_EDGE ? UI_BOLD : plain;
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
	return edge_kids_count(&((struct edge_tree *)ctx)->kids, node);
}

static void
kids_fill(void *ctx, uint32_t node, uint32_t skip, uint32_t n,
	  struct ui_tree_kid *out)
{
	struct edge_row rows[TREE_BATCH + 1];
	uint32_t i, at, some;

	for (at = 0; at < n; at += some) {
		some = n - at < TREE_BATCH + 1 ? n - at : TREE_BATCH + 1;
		edge_kids_rows(&((struct edge_tree *)ctx)->kids, node,
			       skip + at, some, rows);
		for (i = 0; i < some; i++)
			out[at + i] = (struct ui_tree_kid){
				rows[i].node, rows[i].edge, rows[i].quiet };
	}
}

static bool
kids_leaf(void *ctx, uint32_t node)
{
	return edge_kids_leaf(&((struct edge_tree *)ctx)->kids, node);
}

static uint64_t
kids_id(void *ctx, uint32_t node, uint32_t edge)
{
	return edge_kids_id(&((struct edge_tree *)ctx)->kids, node, edge);
}

static const struct ui_tree_ops tree_ops = {
	kids_count, kids_fill, kids_leaf, kids_id
};

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
	struct edge_tree *s = v->state;

	ui_tree_release(&s->tree);
	edge_kids_release(&s->kids);
}

/* The tree anew, unfolded as it was; at first a screenful. */
static void
tree_make(struct ui_view *v, const struct hg_graph *g)
{
	struct edge_tree *s = v->state;
	hg_node n = view_node(g, &v->subject);
	struct ui_tree_kept kept = { NULL, 0 };
	bool ok;

	if (n == HG_NONE) {	/* the rows are of the sample before */
		s->g = NULL;
		s->tree.n = 0;
		view_gone(v);
		return;
	}
	ui_tree_keep(&s->tree, &kept);
	s->g = g;
	edge_kids_begin(&s->kids, g, s->back);
	ok = kept.rows != NULL ?
	     ui_tree_restart(&s->tree, &tree_ops, s, n, TREE_BATCH, &kept) :
	     ui_tree_start(&s->tree, &tree_ops, s, n, TREE_BATCH, TREE_ROWS);
	if (!ok)
		snprintf(v->problem, sizeof(v->problem),
			 "out of memory for the tree");
}

void
edge_tree_rebind(struct ui_view *v)
{
	tree_make(v, ((const struct view_ctx *)v->ctx)->graph);
}

/* Row of the selection; UINT32_MAX: none. */
static uint32_t
tree_at(struct ui_view *v)
{
	const struct edge_tree *s = v->state;
	uint32_t row = ui_table_selected(v->table);

	return row < s->tree.n ? row : UINT32_MAX;
}

/* Of a group its type is meant. */
static bool
group_type(const struct edge_tree *s, uint32_t row, struct ui_subject *out)
{
	const struct edge_group *group = tree_group(s, row);

	if (group == NULL || group->kind == HG_NONE)
		return false;
	view_subject_kind(s->g, group->kind, out);
	return true;
}

bool
edge_tree_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct edge_tree *s = v->state;
	uint32_t row = tree_at(v);

	if (row == UINT32_MAX ||
	    (tree_item(s, row)->flags & UI_TREE_MORE) != 0)
		return false;
	if (group_type(s, row, out))
		return true;
	if (tree_group(s, row) != NULL)
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

/* Unfolds a row; ↺ leads back to where the object stands. */
static void
tree_unfold(struct ui_view *v, struct edge_tree *s, uint32_t row)
{
	uint32_t back = ui_tree_back(&s->tree, row);

	if (back != row)
		ui_table_select(v->table, ui_tree_key(&s->tree, back));
	else
		ui_tree_open(&s->tree, row);
}

static void
tree_hide(struct ui_view *v, struct edge_tree *s, uint32_t row,
	  struct ui_effect *fx)
{
	struct ot_buf what = OT_BUF_INIT;
	struct ui_subject subject;

	fx->kind = UI_FX_SAY;
	if (s->kids.nhidden == EDGE_KIDS_HIDDEN) {
		snprintf(fx->text, sizeof(fx->text), "that is as much as can "
			 "be hidden; X brings all back");
		return;
	}
	if (row == 0 || !edge_tree_subject(v, &subject) ||
	    !edge_kids_hide(&s->kids, tree_item(s, row)->node)) {
		snprintf(fx->text, sizeof(fx->text),
			 "this row cannot be hidden");
		return;
	}
	view_subject_text(&subject, &what);
	snprintf(fx->text, sizeof(fx->text), "hidden: %s; X brings it back",
		 ot_buf_str(&what));
	ot_buf_release(&what);
	tree_make(v, s->g);
}

static void
tree_unhide(struct ui_view *v, struct edge_tree *s, struct ui_effect *fx)
{
	fx->kind = UI_FX_SAY;
	snprintf(fx->text, sizeof(fx->text), s->kids.nhidden > 0 ?
		 "everything is shown again" : "nothing is hidden");
	s->kids.nhidden = 0;
	tree_make(v, s->g);
}

bool
edge_tree_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	struct edge_tree *s = v->state;
	uint32_t row = tree_at(v);

	if (row == UINT32_MAX)
		return false;
	switch (a) {
	case UI_ACT_HIDE:
		tree_hide(v, s, row, fx);
		break;
	case UI_ACT_UNHIDE:
		tree_unhide(v, s, fx);
		break;
	case UI_ACT_OPEN:
		if (tree_more(v, s, row))
			return true;
		if (tree_group(s, row) != NULL) {
			if (!ui_tree_fold(&s->tree, row))
				ui_tree_open(&s->tree, row);
			break;
		}
		fx->kind = UI_FX_OPEN;
		fx->view = "object";
		return edge_tree_subject(v, &fx->subject);
	case UI_ACT_TOGGLE:
		if (!tree_more(v, s, row) && !ui_tree_fold(&s->tree, row))
			tree_unfold(v, s, row);
		break;
	case UI_ACT_RIGHT:
		if (!tree_more(v, s, row))
			tree_unfold(v, s, row);
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

	if (!edge_tree_subject(v, &subject))
		return;
	if (subject.kind != UI_SUBJECT_TYPE) {
		view_node_details(s->g, tree_item(s, tree_at(v))->node, out);
		return;
	}
	tree_group_edge(tree_group(s, tree_at(v)), out);
	ot_buf_addc(out, ' ');
	view_subject_text(&subject, out);
}

void
edge_tree_crumb(struct ui_view *v, struct ot_buf *out)
{
	const struct edge_tree *s = v->state;

	ot_buf_addf(out, "%s ", v->def->name);
	view_subject_short(&v->subject, out);
	if (s->kids.nhidden > 0)
		ot_buf_addf(out, " (hidden: %u)", s->kids.nhidden);
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

		up = ui_tree_parent(&s->tree, row);
		if (tree_group(s, row) == NULL)
			view_subject_node(s->g, it->node, &subject);
		else if (!group_type(s, row, &subject))
			continue;
		view_subject_text(&subject, out);
		if (up == row)
			return;
		if (tree_group(s, up) != NULL)	/* stands for this one */
			up = ui_tree_parent(&s->tree, up);
		ot_buf_adds(out, s->back ? " -> " : " <- ");
		hg_edge_label(s->g, it->edge, out);
		ot_buf_adds(out, s->back ? " -> " : " <- ");
	}
}
