/* SPDX-License-Identifier: MIT */
/*
 * The instances of a type, straight from the graph's columns: a million rows
 * cost nothing but their order.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "graph/dom.h"
#include "inspector/views/views.h"

enum { INST_ADDRESS, INST_BYTES, INST_RETAINED, INST_REFCOUNT, INST_GENERATION, INST_TEXT,
       INST_COLS };

static const struct ui_col inst_cols[INST_COLS] = {
	{ "address", "address", OT_CELL_ADDR, UI_COL_ASCENDING, 14, 0,
	  UI_ADDR },
	{ "bytes", "bytes", OT_CELL_BYTES, 0, 8, 0, UI_PLAIN },
	{ "retained", "retained", OT_CELL_BYTES, 0, 8, 0, UI_PLAIN },
	{ "refcount", "refcount", OT_CELL_INT, 0, 9, 0, UI_PLAIN },
	{ "generation", "gen", OT_CELL_INT, 0, 4, 0, UI_DIM },
	{ "text", "text", OT_CELL_STR, UI_COL_NAME, 20, 1, UI_TEXT },
};

struct inst {
	const struct hg_graph *g;
	const hg_node *nodes;
	uint32_t n;
};

static uint32_t
inst_count(void *ctx)
{
	return ((const struct inst *)ctx)->n;
}

static void
inst_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	  struct ot_cell *out)
{
	const struct inst *s = ctx;
	hg_node n = s->nodes[row];
	const struct hg_dom *dom;

	switch (col) {
	case INST_ADDRESS:
		ot_cell_addr(out, hg_addr(s->g, n));
		break;
	case INST_BYTES:
		ot_cell_bytes(out, hg_bytes(s->g, n));
		break;
	case INST_RETAINED:
		dom = hg_dom_peek(s->g);	/* once it was asked for */
		if (dom != NULL)
			ot_cell_bytes(out, hg_dom_retained(dom, n));
		break;
	case INST_REFCOUNT:
		if (hg_refcount(s->g, n) >= 0)
			ot_cell_int(out, hg_refcount(s->g, n));
		break;
	case INST_GENERATION:
		if (hg_generation(s->g, n) >= 0)
			ot_cell_int(out, hg_generation(s->g, n));
		break;
	case INST_TEXT:
		view_text_cell(s->g, n, t, out);
		break;
	}
}

static uint64_t
inst_key(void *ctx, uint32_t row)
{
	const struct inst *s = ctx;

	return hg_addr(s->g, s->nodes[row]);
}

static const struct ui_source inst_source = {
	.cols = inst_cols, .ncols = INST_COLS, .sort = "bytes",
	.empty = "no instance was alive in this sample",
	.count = inst_count, .cell = inst_cell, .key = inst_key,
};

static enum ot_status
inst_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&inst_source, v->state);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
inst_rebind(struct ui_view *v)
{
	const struct view_ctx *ctx = v->ctx;
	struct inst *s = v->state;
	hg_kind k = view_kind(ctx->graph, &v->subject);

	memset(s, 0, sizeof(*s));
	if (k == HG_NONE)
		return;		/* no instance any more */
	s->g = ctx->graph;
	s->nodes = hg_kind_nodes(s->g, k, &s->n);
}

static hg_node
inst_node(struct ui_view *v)
{
	const struct inst *s = v->state;
	uint32_t row = ui_table_selected(v->table);

	return row < s->n ? s->nodes[row] : HG_NONE;
}

static bool
inst_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct inst *s = v->state;
	hg_node n = inst_node(v);

	if (n == HG_NONE)
		return false;
	view_subject_node(s->g, n, out);
	return true;
}

static bool
inst_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	if (a == UI_ACT_BYRETAINED) {
		if (((struct inst *)v->state)->n == 0 ||
		    hg_dom_peek(((struct inst *)v->state)->g) != NULL)
			return false;	/* a column like any other */
		fx->kind = UI_FX_HOST;
		fx->action = a;
		return true;
	}
	if (a != UI_ACT_OPEN || !inst_subject(v, &fx->subject))
		return false;
	fx->kind = UI_FX_OPEN;
	fx->view = "object";
	return true;
}

static void
inst_details(struct ui_view *v, struct ot_buf *out)
{
	const struct inst *s = v->state;
	hg_node n = inst_node(v);

	if (n != HG_NONE)
		view_node_details(s->g, n, out);
}

static void
inst_crumb(struct ui_view *v, struct ot_buf *out)
{
	view_subject_text(&v->subject, out);
}

const struct ui_view_ops view_instances = {
	.where = UI_WHERE_TABLE | UI_WHERE_HEAP,
	.graph = true, .state = sizeof(struct inst),
	.open = inst_open, .rebind = inst_rebind, .act = inst_act,
	.subject = inst_subject, .details = inst_details, .crumb = inst_crumb,
};
