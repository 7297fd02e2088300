/* SPDX-License-Identifier: MIT */
/*
 * What retains most, as a tree: each object hangs from what keeps it alive,
 * larger siblings first.  Opened on an object it shows what that one retains,
 * on nothing the whole heap.
 *
 * The dominators are computed on the worker thread where they are not there
 * yet; how many children each node has is kept as long as the view is open,
 * 4 bytes an object, and a node's children are looked for when it is unfolded.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "graph/dom.h"
#include "inspector/ui/tree.h"
#include "inspector/views/views.h"

#define DOM_BATCH 10
#define DOM_ROWS  24

enum { DOM_TYPE, DOM_RETAINED, DOM_COUNT, DOM_BYTES, DOM_TEXT, DOM_ADDRESS,
       DOM_COLS };

static const struct ui_col dom_cols[DOM_COLS] = {
	{ "type", "type", OT_CELL_STR, UI_COL_NOSORT, 24, 3, UI_TYPE },
	{ "retained", "retained", OT_CELL_BYTES, UI_COL_NOSORT, 9, 0,
	  UI_PLAIN },
	{ "count", "objects", OT_CELL_INT, UI_COL_NOSORT, 10, 0, UI_PLAIN },
	{ "bytes", "bytes", OT_CELL_BYTES, UI_COL_NOSORT | UI_COL_ROOMY, 6, 0,
	  UI_PLAIN },
	{ "text", "text", OT_CELL_STR, UI_COL_NOSORT, 10, 2, UI_TEXT },
	{ "address", "address", OT_CELL_ADDR, UI_COL_NOSORT, 14, 0, UI_ADDR },
};

struct dominators {
	const struct hg_graph *g;
	const struct hg_dom *d;
	hg_node top;
	uint32_t *kids;		/* per node of the tree: children */
	struct ui_tree tree;
	struct ui_tree_kept kept;	/* open in the sample before */
};

static uint32_t
dom_count(void *ctx)
{
	return ((const struct dominators *)ctx)->tree.n;
}

static void
dom_type(const struct dominators *s, uint32_t row, struct ot_table *t,
	 struct ot_cell *out)
{
	const struct ui_tree_item *it = &s->tree.items[row];
	struct ot_buf text = OT_BUF_INIT;
	char num[32];

	ui_tree_prefix(&s->tree, row, &text);
	if ((it->flags & UI_TREE_MORE) != 0)
		ot_buf_addf(&text, "%s more",
			    ot_fmt_count(num, sizeof(num), it->more));
	else if (hg_dom_is_virtual(s->d, it->node))
		hg_dom_virtual_text(s->d, it->node, &text);
	else
		ot_buf_adds(&text, view_type_of(s->g, it->node));
	ot_cell_str(t, out, ot_buf_str(&text), text.len);
	ot_buf_release(&text);
}

static void
dom_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	 struct ot_cell *out)
{
	const struct dominators *s = ctx;
	hg_node n = s->tree.items[row].node;
	bool object;

	if (col == DOM_TYPE) {
		dom_type(s, row, t, out);
		return;
	}
	if ((s->tree.items[row].flags & UI_TREE_MORE) != 0)
		return;
	object = n < hg_objects(s->g);
	switch (col) {
	case DOM_RETAINED:
		ot_cell_bytes(out, hg_dom_retained(s->d, n));
		break;
	case DOM_COUNT:
		ot_cell_int(out, (int64_t)hg_dom_count(s->d, n));
		break;
	case DOM_BYTES:
		if (object)
			ot_cell_bytes(out, hg_bytes(s->g, n));
		break;
	case DOM_TEXT:
		if (!hg_dom_is_virtual(s->d, n))
			view_text_cell(s->g, n, t, out);
		break;
	case DOM_ADDRESS:
		if (object)
			ot_cell_addr(out, hg_addr(s->g, n));
		break;
	}
}

static uint64_t
dom_key(void *ctx, uint32_t row)
{
	return ui_tree_key(&((const struct dominators *)ctx)->tree, row);
}

static enum ui_style
dom_style(void *ctx, uint32_t row, size_t col, enum ui_style plain)
{
	const struct dominators *s = ctx;
	const struct ui_tree_item *it = &s->tree.items[row];

	if ((it->flags & UI_TREE_MORE) != 0)
		return UI_DIM;
	if (it->node >= hg_objects(s->g) && col == DOM_TYPE)
		return UI_ROOT;
	return plain;
}

static const struct ui_source dom_source = {
	.cols = dom_cols, .ncols = DOM_COLS,
	.count = dom_count, .cell = dom_cell, .key = dom_key,
	.style = dom_style,
};

static uint32_t
kids_count(void *ctx, uint32_t node)
{
	return ((const struct dominators *)ctx)->kids[node];
}

static void
kids_fill(void *ctx, uint32_t node, uint32_t skip, uint32_t n,
	  struct ui_tree_kid *out)
{
	const struct dominators *s = ctx;
	struct ot_err err = OT_ERR_INIT;
	hg_node *list = NULL;
	uint32_t got = 0, i;

	if (hg_dom_children(s->d, node, skip + n, &list, &got, NULL, &err) !=
	    OT_OK)
		got = 0;
	/* without memory the rows repeat the node: better than to end */
	for (i = 0; i < n; i++)
		out[i] = (struct ui_tree_kid){
			.node = skip + i < got ? list[skip + i] : node,
			.edge = i,
		};
	free(list);
}

static uint64_t
kids_id(void *ctx, uint32_t node, uint32_t edge)
{
	const struct dominators *s = ctx;

	(void)edge;
	if (node < hg_objects(s->g))
		return hg_addr(s->g, node);
	return ~(uint64_t)(node - hg_objects(s->g));
}

static const struct ui_tree_ops dom_ops = {
	kids_count, kids_fill, NULL, kids_id
};

static enum ot_status
dominators_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&dom_source, v->state);
	return v->table == NULL ? ot_fail_nomem(err, "the tree") : OT_OK;
}

static void
dominators_close(struct ui_view *v)
{
	struct dominators *s = v->state;

	ui_tree_release(&s->tree);
	ui_tree_kept_release(&s->kept);
	free(s->kids);
}

static void
dominators_rebind(struct ui_view *v)
{
	const struct view_ctx *ctx = v->ctx;
	struct dominators *s = v->state;

	free(s->kids);
	s->kids = NULL;
	if (s->tree.n > 0) {
		ui_tree_kept_release(&s->kept);
		ui_tree_keep(&s->tree, &s->kept);
	}
	s->tree.n = 0;
	s->d = NULL;
	s->g = ctx->graph;
	s->top = HG_NONE;
	if (v->subject.kind == UI_SUBJECT_NONE)
		return;
	s->top = view_node(s->g, &v->subject);
	if (s->top == HG_NONE)
		view_gone(v);
}

static enum ot_status
dominators_load(struct ui_view *v, struct ui_job *job, struct ot_err *err)
{
	struct hg_args args = { .cancelled = ui_job_tick, .cancel_ctx = job };
	struct dominators *s = v->state;
	enum ot_status st = hg_dom_of(s->g, &args, &s->d, err);
	hg_node n, all;

	if (st != OT_OK)
		return st;
	all = hg_dom_node(s->d, HG_DOM_ALL);
	if (s->top == HG_NONE)
		s->top = all;
	s->kids = calloc(hg_dom_nodes(s->d), sizeof(*s->kids));
	if (s->kids == NULL)
		return ot_fail_nomem(err, "the tree");
	for (n = 0; n < hg_dom_nodes(s->d); n++)
		if (n != all)
			s->kids[hg_dom_idom(s->d, n)]++;
	if (s->kept.rows != NULL ?
	    ui_tree_restart(&s->tree, &dom_ops, s, s->top, DOM_BATCH,
			    &s->kept) :
	    ui_tree_start(&s->tree, &dom_ops, s, s->top, DOM_BATCH, DOM_ROWS))
		return OT_OK;
	return ot_fail_nomem(err, "the tree");
}

/* Row of the selection; UINT32_MAX: none. */
static uint32_t
dom_at(struct ui_view *v)
{
	const struct dominators *s = v->state;
	uint32_t row = ui_table_selected(v->table);

	return row < s->tree.n ? row : UINT32_MAX;
}

static bool
dominators_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct dominators *s = v->state;
	uint32_t row = dom_at(v);

	if (row == UINT32_MAX ||
	    (s->tree.items[row].flags & UI_TREE_MORE) != 0 ||
	    hg_dom_is_virtual(s->d, s->tree.items[row].node))
		return false;
	view_subject_node(s->g, s->tree.items[row].node, out);
	return true;
}

static bool
dominators_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	struct dominators *s = v->state;
	uint32_t row = dom_at(v);

	if (row == UINT32_MAX)
		return false;
	if (a == UI_ACT_OPEN && dominators_subject(v, &fx->subject)) {
		fx->kind = UI_FX_OPEN;
		fx->view = "object";
		return true;
	}
	switch (a) {
	case UI_ACT_OPEN:	/* of what is no object */
	case UI_ACT_TOGGLE:
		if (!ui_tree_more(&s->tree, row) &&
		    !ui_tree_fold(&s->tree, row))
			ui_tree_open(&s->tree, row);
		break;
	case UI_ACT_RIGHT:
		if (!ui_tree_more(&s->tree, row))
			ui_tree_open(&s->tree, row);
		break;
	case UI_ACT_LEFT:
		if (!ui_tree_fold(&s->tree, row))
			ui_table_select(v->table,
					ui_tree_key(&s->tree,
						    ui_tree_parent(&s->tree,
								   row)));
		break;
	default:
		return false;
	}
	ui_table_reload(v->table);
	return true;
}

static void
dominators_details(struct ui_view *v, struct ot_buf *out)
{
	const struct dominators *s = v->state;
	struct ui_subject subject;

	if (dominators_subject(v, &subject))
		view_node_details(s->g, s->tree.items[dom_at(v)].node, out);
}

static void
dominators_crumb(struct ui_view *v, struct ot_buf *out)
{
	ot_buf_adds(out, "dominators ");
	if (v->subject.kind != UI_SUBJECT_NONE)
		view_subject_short(&v->subject, out);
}

const struct ui_view_ops view_dominators = {
	.where = UI_WHERE_TREE | UI_WHERE_HEAP,
	.graph = true, .heap = true, .state = sizeof(struct dominators),
	.open = dominators_open, .close = dominators_close,
	.rebind = dominators_rebind, .load = dominators_load,
	.act = dominators_act, .subject = dominators_subject,
	.details = dominators_details, .crumb = dominators_crumb,
};
