/* SPDX-License-Identifier: MIT */
/*
 * All cycles, largest first; Enter shows the shortest one through the object
 * by which the component is entered.  The rows are those of `objtop cycles`.
 */
#include "config.h"

#include <stdio.h>

#include "inspector/views/views.h"

#define CYCLES_ROWS 10000

enum { CYS_ID, CYS_OBJECTS, CYS_BYTES, CYS_STATE, CYS_MEMBERS, CYS_EDGE,
       CYS_COLS };

static const struct ui_col cys_cols[CYS_COLS] = {
	{ "id", "id", OT_CELL_INT, UI_COL_ID | UI_COL_ASCENDING, 6, 0,
	  UI_DIM },
	{ "objects", "objects", OT_CELL_INT, 0, 9, 0, UI_PLAIN },
	{ "bytes", "bytes", OT_CELL_BYTES, 0, 8, 0, UI_PLAIN },
	{ "state", "state", OT_CELL_STR, 0, 13, 0, UI_PLAIN },
	{ "members", "members", OT_CELL_STR, UI_COL_NAME, 24, 3, UI_TYPE },
	{ "edge", "closed by", OT_CELL_STR, 0, 14, 1, UI_EDGE },
};

struct cycles {
	const struct hg_graph *g;
	struct ot_table *rows;
};

static uint32_t
cys_count(void *ctx)
{
	const struct cycles *s = ctx;

	return s->rows == NULL ? 0 : (uint32_t)s->rows->nrows;
}

static const struct ot_cell *
cys_at(const struct cycles *s, uint32_t row, const char *name)
{
	int col = ot_table_col(s->rows, name);

	return col < 0 ? NULL : ot_table_at(s->rows, row, (size_t)col);
}

static void
cys_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	 struct ot_cell *out)
{
	const struct ot_cell *c = cys_at(ctx, row, cys_cols[col].name);

	if (c == NULL)
		return;
	if (c->type == OT_CELL_STR)
		ot_cell_str(t, out, c->v.str, c->len);
	else
		*out = *c;
}

static uint64_t
cys_key(void *ctx, uint32_t row)
{
	const struct ot_cell *c = cys_at(ctx, row, "to");

	return c != NULL && c->type == OT_CELL_ADDR ? c->v.u : row;
}

static const struct ui_source cys_source = {
	.cols = cys_cols, .ncols = CYS_COLS, .empty = "there are no cycles",
	.count = cys_count, .cell = cys_cell, .key = cys_key,
};

static enum ot_status
cycles_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&cys_source, v->state);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
cycles_close(struct ui_view *v)
{
	ot_table_free(((struct cycles *)v->state)->rows);
}

static void
cycles_rebind(struct ui_view *v)
{
	struct cycles *s = v->state;

	cycles_close(v);
	s->rows = NULL;
	s->g = ((const struct view_ctx *)v->ctx)->graph;
}

static enum ot_status
cycles_load(struct ui_view *v, struct ui_job *job, struct ot_err *err)
{
	struct hg_args args = { .cancelled = ui_job_tick, .cancel_ctx = job,
				.limit = CYCLES_ROWS };
	struct cycles *s = v->state;

	return an_cycles(s->g, &args, &s->rows, err);
}

static bool
cycles_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct cycles *s = v->state;
	uint32_t row = ui_table_selected(v->table);
	const struct ot_cell *c;
	hg_node n;

	if (row >= cys_count(v->state))
		return false;
	c = cys_at(s, row, "to");
	n = c != NULL && c->type == OT_CELL_ADDR ? hg_at(s->g, c->v.u) :
						   HG_NONE;
	if (n == HG_NONE)
		return false;
	view_subject_node(s->g, n, out);
	return true;
}

static bool
cycles_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	if (a != UI_ACT_OPEN || !cycles_subject(v, &fx->subject))
		return false;
	fx->kind = UI_FX_OPEN;
	fx->view = "cycle";
	return true;
}

static void
cycles_crumb(struct ui_view *v, struct ot_buf *out)
{
	(void)v;
	ot_buf_adds(out, "cycles");
}

const struct ui_view_ops view_cycles = {
	.where = UI_WHERE_TABLE | UI_WHERE_HEAP,
	.graph = true, .heap = true, .state = sizeof(struct cycles),
	.open = cycles_open, .close = cycles_close, .rebind = cycles_rebind,
	.load = cycles_load, .act = cycles_act, .subject = cycles_subject,
	.crumb = cycles_crumb,
};
