/* SPDX-License-Identifier: MIT */
/*
 * The picker: processes of a known runtime, and for each how it can be
 * entered or the one thing that is missing.
 *
 * The rows are a table made by whoever may look at processes, with the
 * columns of picker_cols in this order; the last is hidden, the reason.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "inspector/views/views.h"

enum { PICK_PID, PICK_USER, PICK_RUNTIME, PICK_RSS, PICK_HOW, PICK_COMMAND,
       PICK_WHY, PICK_COLS };

static const struct ui_col picker_cols[PICK_COLS] = {
	{ "pid", "pid", OT_CELL_INT, UI_COL_ASCENDING | UI_COL_ID, 7, 0,
	  UI_BOLD },
	{ "user", "user", OT_CELL_STR, 0, 8, 0, UI_PLAIN },
	{ "runtime", "runtime", OT_CELL_STR, 0, 15, 0, UI_TYPE },
	{ "rss", "RSS", OT_CELL_BYTES, 0, 7, 0, UI_PLAIN },
	{ "how", "how", OT_CELL_STR, 0, 8, 0, UI_GOOD },
	{ "command", "command", OT_CELL_STR, UI_COL_NAME, 20, 1, UI_PLAIN },
	{ "why", "why", OT_CELL_STR, UI_COL_HIDDEN, 0, 0, UI_PLAIN },
};

static const struct ot_table *
picker_rows(void *ctx)
{
	const struct ui_view *v = ctx;

	return ((const struct view_ctx *)v->ctx)->procs;
}

static uint32_t
picker_count(void *ctx)
{
	const struct ot_table *t = picker_rows(ctx);

	return t == NULL || t->ncols != PICK_COLS ? 0 : (uint32_t)t->nrows;
}

static const struct ot_cell *
picker_at(void *ctx, uint32_t row, size_t col)
{
	return ot_table_at(picker_rows(ctx), row, col);
}

static bool
picker_can(void *ctx, uint32_t row)
{
	const struct ot_cell *how = picker_at(ctx, row, PICK_HOW);

	return how->type == OT_CELL_STR && how->len > 0;
}

static void
picker_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	    struct ot_cell *out)
{
	const struct ot_cell *c = picker_at(ctx, row, col);

	const char *program;

	*out = *c;
	if (c->type == OT_CELL_STR && col == PICK_COMMAND) {
		program = view_program(c->v.str);
		ot_cell_str(t, out, program, strlen(program));
	} else if (col == PICK_HOW && !picker_can(ctx, row)) {
		ot_cell_str(t, out, "no", 2);
	} else if (c->type == OT_CELL_STR) {
		ot_cell_str(t, out, c->v.str, c->len);
	}
}

static uint64_t
picker_key(void *ctx, uint32_t row)
{
	return picker_at(ctx, row, PICK_PID)->v.u;
}

static enum ui_style
picker_style(void *ctx, uint32_t row, size_t col, enum ui_style plain)
{
	if (picker_can(ctx, row))
		return plain;
	return col == PICK_HOW ? UI_BAD : UI_DIM;
}

static const struct ui_source picker_source = {
	.cols = picker_cols, .ncols = PICK_COLS, .sort = "rss",
	.empty = "no process of a known runtime is running here",
	.count = picker_count, .cell = picker_cell, .key = picker_key,
	.style = picker_style,
};

static enum ot_status
picker_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&picker_source, v);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
picker_rebind(struct ui_view *v)
{
	/* the rows are looked at in place */
	if (picker_rows(v) == NULL)
		snprintf(v->problem, sizeof(v->problem),
			 "looking at the processes of this machine ...");
}

static bool
picker_subject(struct ui_view *v, struct ui_subject *out)
{
	uint32_t row = ui_table_selected(v->table);

	if (row == UINT32_MAX)
		return false;
	out->kind = UI_SUBJECT_PROCESS;
	out->addr = picker_at(v, row, PICK_PID)->v.u;
	snprintf(out->name, sizeof(out->name), "%s",
		 picker_at(v, row, PICK_COMMAND)->v.str);
	return true;
}

/* "4242: no permission to trace it; try ..." */
static void
picker_reason(struct ui_view *v, uint32_t row, struct ot_buf *out)
{
	const struct ot_cell *why = picker_at(v, row, PICK_WHY);

	ot_buf_addf(out, "pid %lld cannot be inspected: ",
		    (long long)picker_at(v, row, PICK_PID)->v.i);
	if (why->type == OT_CELL_STR)
		ot_escape(out, why->v.str, why->len, OT_ESC_TERM, 0);
}

static bool
picker_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	uint32_t row = ui_table_selected(v->table);
	struct ot_buf why = OT_BUF_INIT;

	if (a != UI_ACT_OPEN || row == UINT32_MAX)
		return false;
	if (picker_can(v, row)) {
		fx->kind = UI_FX_HOST;
		fx->action = UI_ACT_OPEN;
		picker_subject(v, &fx->subject);
		return true;
	}
	picker_reason(v, row, &why);
	fx->kind = UI_FX_REFUSE;
	snprintf(fx->text, sizeof(fx->text), "%s", ot_buf_str(&why));
	ot_buf_release(&why);
	return true;
}

static void
picker_details(struct ui_view *v, struct ot_buf *out)
{
	uint32_t row = ui_table_selected(v->table);
	const struct ot_cell *c;

	if (row == UINT32_MAX)
		return;
	c = picker_at(v, row, PICK_COMMAND);
	ot_buf_addf(out, "# pid %lld\n",
		    (long long)picker_at(v, row, PICK_PID)->v.i);
	ot_escape(out, c->v.str, c->len, OT_ESC_TERM, 400);
	ot_buf_adds(out, "\n\n");
	if (!picker_can(v, row)) {
		picker_reason(v, row, out);
		ot_buf_addc(out, '\n');
		return;
	}
	c = picker_at(v, row, PICK_HOW);
	ot_buf_addf(out, "can be entered by: %s\n", c->v.str);
}

static void
picker_crumb(struct ui_view *v, struct ot_buf *out)
{
	(void)v;
	ot_buf_adds(out, "processes");
}

const struct ui_view_ops view_picker = {
	.where = UI_WHERE_TABLE,
	.open = picker_open, .rebind = picker_rebind, .act = picker_act,
	.subject = picker_subject, .details = picker_details,
	.crumb = picker_crumb,
};
