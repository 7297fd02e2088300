/* SPDX-License-Identifier: MIT */
/*
 * The shortest cycle through an object: from it, edge by edge, back to it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/scc.h"
#include "inspector/views/views.h"

enum { CYC_EDGE, CYC_TYPE, CYC_TEXT, CYC_BYTES, CYC_ADDRESS, CYC_COLS };

static const struct ui_col cyc_cols[CYC_COLS] = {
	{ "edge", "edge", OT_CELL_STR, UI_COL_NOSORT, 20, 2, UI_EDGE },
	{ "type", "type", OT_CELL_STR, UI_COL_NOSORT, 20, 2, UI_TYPE },
	{ "text", "text", OT_CELL_STR, UI_COL_NOSORT, 12, 3, UI_TEXT },
	{ "bytes", "bytes", OT_CELL_BYTES, UI_COL_NOSORT, 6, 0, UI_PLAIN },
	{ "address", "address", OT_CELL_ADDR, UI_COL_NOSORT, 14, 0, UI_ADDR },
};

/* Row 0 is the object, then one row an edge; the last is the object again. */
struct cycle {
	const struct hg_graph *g;
	hg_node node;
	hg_edge *edges;
	uint32_t len;
};

static uint32_t
cyc_count(void *ctx)
{
	const struct cycle *c = ctx;

	return c->len > 0 ? c->len + 1 : 0;
}

static hg_node
cyc_node(const struct cycle *c, uint32_t row)
{
	return row == 0 ? c->node : hg_edge_to(c->g, c->edges[row - 1]);
}

static void
cyc_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	 struct ot_cell *out)
{
	const struct cycle *c = ctx;
	hg_node n = cyc_node(c, row);
	const char *type;

	switch (col) {
	case CYC_EDGE:
		if (row > 0)
			view_edge_cell(c->g, c->edges[row - 1], t, out);
		break;
	case CYC_TYPE:
		type = view_type_of(c->g, n);
		ot_cell_str(t, out, type, strlen(type));
		break;
	case CYC_TEXT:
		if (row < c->len)
			view_text_cell(c->g, n, t, out);
		else
			ot_cell_strf(t, out, "(again)");
		break;
	case CYC_BYTES:
		ot_cell_bytes(out, hg_bytes(c->g, n));
		break;
	case CYC_ADDRESS:
		ot_cell_addr(out, hg_addr(c->g, n));
		break;
	}
}

static uint64_t
cyc_key(void *ctx, uint32_t row)
{
	(void)ctx;
	return row;
}

static const struct ui_source cyc_source = {
	.cols = cyc_cols, .ncols = CYC_COLS,
	.empty = "it is in no cycle: nothing that it holds refers back to it",
	.count = cyc_count, .cell = cyc_cell, .key = cyc_key,
};

static enum ot_status
cycle_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&cyc_source, v->state);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
cycle_close(struct ui_view *v)
{
	free(((struct cycle *)v->state)->edges);
}

static void
cycle_rebind(struct ui_view *v)
{
	const struct view_ctx *ctx = v->ctx;
	struct cycle *c = v->state;

	free(c->edges);
	c->edges = NULL;
	c->len = 0;
	c->g = ctx->graph;
	c->node = view_node(c->g, &v->subject);
	if (c->node == HG_NONE)
		view_gone(v);
	else if (hg_is_root(c->g, c->node))
		snprintf(v->problem, sizeof(v->problem),
			 "a root is in no cycle: nothing refers to it");
}

static enum ot_status
cycle_load(struct ui_view *v, struct ui_job *job, struct ot_err *err)
{
	struct hg_args args = { .cancelled = ui_job_tick, .cancel_ctx = job };
	struct cycle *c = v->state;

	return hg_cycle_through(c->g, c->node, &args, &c->edges, &c->len, err);
}

static bool
cycle_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct cycle *c = v->state;
	uint32_t row = ui_table_selected(v->table);

	if (row > c->len || c->len == 0)
		*out = v->subject;
	else
		view_subject_node(c->g, cyc_node(c, row), out);
	return true;
}

static bool
cycle_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	if (a != UI_ACT_OPEN)
		return false;
	fx->kind = UI_FX_OPEN;
	fx->view = "object";
	return cycle_subject(v, &fx->subject);
}

static void
cycle_details(struct ui_view *v, struct ot_buf *out)
{
	const struct cycle *c = v->state;
	uint32_t row = ui_table_selected(v->table);

	view_node_details(c->g, row > c->len ? c->node : cyc_node(c, row),
			  out);
}

static void
cycle_crumb(struct ui_view *v, struct ot_buf *out)
{
	ot_buf_adds(out, "cycle through ");
	view_subject_short(&v->subject, out);
}

const struct ui_view_ops view_cycle = {
	.where = UI_WHERE_HEAP,
	.graph = true, .whole = true, .state = sizeof(struct cycle),
	.open = cycle_open, .close = cycle_close, .rebind = cycle_rebind,
	.load = cycle_load, .act = cycle_act, .subject = cycle_subject,
	.details = cycle_details, .crumb = cycle_crumb,
};
