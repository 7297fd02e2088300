/* SPDX-License-Identifier: MIT */
/*
 * The cycle collector, as the last sample found it: a row for each
 * generation, and in the crumb line what holds for all of them.  The rows are
 * those of the analysis `gc`, looked at in place.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "inspector/views/views.h"

static const struct ui_col gc_cols[] = {
	{ "generation", "generation", OT_CELL_INT,
	  UI_COL_ASCENDING | UI_COL_ID, 10, 0, UI_BOLD },
	{ "objects", "objects", OT_CELL_INT, 0, 11, 0, UI_PLAIN },
	{ "threshold", "threshold", OT_CELL_INT, 0, 9, 0, UI_PLAIN },
	{ "count", "count", OT_CELL_INT, 0, 7, 0, UI_PLAIN },
	{ "collections", "collections", OT_CELL_INT, 0, 11, 0, UI_PLAIN },
	{ "collected", "collected", OT_CELL_INT, 0, 11, 0, UI_PLAIN },
	{ "uncollectable", "uncollect.", OT_CELL_INT, 0, 10, 0, UI_PLAIN },
	{ "pause_us", "pause us", OT_CELL_INT, 0, 8, 0, UI_PLAIN },
};

#define GC_COLS	(sizeof(gc_cols) / sizeof(gc_cols[0]))

static const struct ot_table *
gc_rows(const struct ui_view *v)
{
	return ((const struct view_ctx *)v->ctx)->gc;
}

static uint32_t
gc_count(void *ctx)
{
	const struct ot_table *t = gc_rows(ctx);

	return t == NULL ? 0 : (uint32_t)t->nrows;
}

static void
gc_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	struct ot_cell *out)
{
	const struct ot_table *rows = gc_rows(ctx);
	int from = ot_table_col(rows, gc_cols[col].name);

	(void)t;
	if (from >= 0)
		*out = *ot_table_at(rows, row, (size_t)from);
}

static uint64_t
gc_key(void *ctx, uint32_t row)
{
	(void)ctx;
	return row;
}

static const struct ui_source gc_source = {
	.cols = gc_cols, .ncols = GC_COLS, .sort = "generation",
	.empty = "the target tells nothing of a cycle collector",
	.count = gc_count, .cell = gc_cell, .key = gc_key,
};

static enum ot_status
gc_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&gc_source, v);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
gc_rebind(struct ui_view *v)
{
	(void)v;	/* the rows are looked at in place */
}

static void
gc_crumb(struct ui_view *v, struct ot_buf *out)
{
	const struct ot_table *t = gc_rows(v);

	ot_buf_adds(out, "GC");
	if (t != NULL && t->title != NULL)
		ot_buf_addf(out, ": %s", t->title);
}

const struct ui_view_ops view_gc = {
	.where = UI_WHERE_TABLE | UI_WHERE_HEAP,
	.open = gc_open, .rebind = gc_rebind, .crumb = gc_crumb,
};
