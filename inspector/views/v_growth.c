/* SPDX-License-Identifier: MIT */
/*
 * Growth: how the types moved since the mark, or since objtop came, with a
 * line through all samples and a word for what it looks like.
 *
 * Types that did not move are not shown.  `=` compares object by object.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "inspector/views/views.h"

enum { GROWTH_COUNT, GROWTH_DELTA, GROWTH_SLOPE, GROWTH_ERROR, GROWTH_TREND,
       GROWTH_TYPE, GROWTH_COLS };

static const struct ui_col growth_cols[GROWTH_COLS] = {
	{ "count", "count", OT_CELL_INT, 0, 11, 0, UI_BOLD },
	{ "delta", "Δ", OT_CELL_DELTA, 0, 10, 0, UI_PLAIN },
	{ "slope", "Δ/s", OT_CELL_REAL, 0, 9, 0, UI_PLAIN },
	{ "error", "±", OT_CELL_REAL, 0, 8, 0, UI_DIM },
	{ "trend", "trend", OT_CELL_STR, 0, 13, 0, UI_PLAIN },
	{ "type", "type", OT_CELL_STR, UI_COL_NAME, 20, 1, UI_PLAIN },
};

static const struct since *
growth_since(void *ctx)
{
	const struct ui_view *v = ctx;

	return &((const struct view_ctx *)v->ctx)->live->since;
}

static uint32_t
growth_count(void *ctx)
{
	const struct ui_view *v = ctx;

	return ((const struct view_ctx *)v->ctx)->live == NULL ? 0 :
	       growth_since(ctx)->nrows;
}

static void
growth_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	    struct ot_cell *out)
{
	const struct since_row *r = &growth_since(ctx)->rows[row];
	const char *word = hg_trend_text(r->fit.trend);

	switch (col) {
	case GROWTH_COUNT:
		ot_cell_int(out, (int64_t)r->count);
		break;
	case GROWTH_DELTA:
		ot_cell_delta(out, r->delta);
		break;
	case GROWTH_SLOPE:
		ot_cell_real(out, r->fit.slope);
		break;
	case GROWTH_ERROR:
		if (r->fit.error >= 0)
			ot_cell_real(out, r->fit.error);
		break;
	case GROWTH_TREND:
		ot_cell_str(t, out, word, strlen(word));
		break;
	case GROWTH_TYPE:
		ot_cell_str(t, out, r->type, strlen(r->type));
		break;
	}
}

static uint64_t
growth_key(void *ctx, uint32_t row)
{
	return growth_since(ctx)->rows[row].key;
}

static enum ui_style
growth_style(void *ctx, uint32_t row, size_t col, enum ui_style plain)
{
	const struct since_row *r = &growth_since(ctx)->rows[row];

	if (col == GROWTH_TYPE)
		return strchr(r->type, '.') != NULL ? UI_TYPE : plain;
	if (col != GROWTH_TREND)
		return plain;
	switch (r->fit.trend) {
	case HG_TREND_GROWING:		return UI_BAD;
	case HG_TREND_LEVELLING:	return UI_WARN;
	case HG_TREND_SHRINKING:	return UI_GOOD;
	default:			return UI_DIM;
	}
}

static const struct ui_source growth_source = {
	.cols = growth_cols, .ncols = GROWTH_COLS, .sort = "slope",
	.empty = "nothing has moved yet; m marks where to count from",
	.count = growth_count, .cell = growth_cell, .key = growth_key,
	.style = growth_style,
};

static enum ot_status
growth_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&growth_source, v);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
growth_rebind(struct ui_view *v)
{
	(void)v;	/* the model is looked at in place */
}

/* The live table knows the address of the type. */
static bool
growth_subject(struct ui_view *v, struct ui_subject *out)
{
	uint32_t row = ui_table_selected(v->table), i;
	const struct live *l = ((const struct view_ctx *)v->ctx)->live;
	const char *type;

	if (row == UINT32_MAX)
		return false;
	type = growth_since(v)->rows[row].type;
	for (i = 0; i < l->nrows; i++)
		if (strcmp(l->rows[i].type, type) == 0)
			break;
	if (i == l->nrows)
		return false;
	out->kind = UI_SUBJECT_TYPE;
	out->addr = l->rows[i].addr;
	snprintf(out->name, sizeof(out->name), "%s", type);
	return true;
}

static bool
growth_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	if (a != UI_ACT_OPEN || !growth_subject(v, &fx->subject))
		return false;
	fx->kind = UI_FX_OPEN;
	fx->view = "instances";
	return true;
}

static void
growth_details(struct ui_view *v, struct ot_buf *out)
{
	uint32_t row = ui_table_selected(v->table);
	const struct since *s = growth_since(v);
	const struct since_row *r;
	char text[64];
	size_t n;

	if (row == UINT32_MAX)
		return;
	r = &s->rows[row];
	n = hg_series_samples(s->series);
	ot_buf_adds(out, "# ");
	ot_escape(out, r->type, strlen(r->type), OT_ESC_TERM, 200);
	ot_buf_addf(out, "\n  instances  %s, %+lld since the mark",
		    ot_fmt_count(text, sizeof(text), r->count),
		    (long long)r->delta);
	ot_buf_addf(out, "\n  samples    %zu in %.0f s", n,
		    hg_series_times(s->series)[n - 1]);
	ot_buf_addf(out, "\n  a line     %+.3g a second", r->fit.slope);
	if (r->fit.error >= 0)
		ot_buf_addf(out, ", give or take %.2g; it explains %.0f %%",
			    r->fit.error, r->fit.r2 * 100);
	ot_buf_addf(out, "\n  which is   %s\n", hg_trend_text(r->fit.trend));
}

static void
growth_crumb(struct ui_view *v, struct ot_buf *out)
{
	(void)v;
	ot_buf_adds(out, "growth");
}

const struct ui_view_ops view_growth = {
	.where = UI_WHERE_TABLE | UI_WHERE_HEAP,
	.open = growth_open, .rebind = growth_rebind, .act = growth_act,
	.subject = growth_subject, .details = growth_details,
	.crumb = growth_crumb,
};
