/* SPDX-License-Identifier: MIT */
/*
 * The live table: how many instances of each type, how fast they grow, what
 * they weigh, and their course over the last samples.
 *
 * A mark before the type says how it grows: ▲ steadily, ▴ in the last sample.
 * What a census estimates has a ~ before it; the details say how far it may be
 * off.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "inspector/ui/spark.h"
#include "inspector/views/views.h"

enum { TYPES_COUNT, TYPES_DELTA, TYPES_BYTES, TYPES_RETAINED, TYPES_SHARE, TYPES_TREND,
       TYPES_MARK, TYPES_TYPE, TYPES_COLS };

static const struct ui_col types_cols[TYPES_COLS] = {
	{ "count", "count", OT_CELL_INT, 0, 11, 0, UI_BOLD },
	{ "delta", "Δ/s", OT_CELL_DELTA, 0, 9, 0, UI_PLAIN },
	{ "bytes", "bytes", OT_CELL_BYTES, 0, 8, 0, UI_PLAIN },
	{ "retained", "retained", OT_CELL_BYTES, 0, 8, 0, UI_PLAIN },
	{ "share", "share", OT_CELL_SHARE, UI_COL_ROOMY, 6, 0, UI_DIM },
	{ "trend", "trend", OT_CELL_STR, UI_COL_NOSORT, LIVE_KEPT, 0,
	  UI_SPARK },
	{ "mark", " ", OT_CELL_STR, UI_COL_NOSORT, 1, 0, UI_WARN },
	{ "type", "type", OT_CELL_STR, UI_COL_NAME, 20, 1, UI_PLAIN },
};

static struct live *
types_live(void *ctx)
{
	const struct ui_view *v = ctx;

	return ((const struct view_ctx *)v->ctx)->live;
}

static uint32_t
types_count(void *ctx)
{
	struct live *l = types_live(ctx);

	return l == NULL ? 0 : l->nrows;
}

static void
types_trend(const struct live_row *r, struct ot_table *t, struct ot_cell *out)
{
	struct ot_buf text = OT_BUF_INIT;
	uint32_t i;

	if (r->n < 2)
		return;
	for (i = r->n; i < LIVE_KEPT; i++)	/* now is at the right */
		ot_buf_addc(&text, ' ');
	ui_spark(r->count, r->n, &text);
	ot_cell_str(t, out, ot_buf_str(&text), text.len);
	ot_buf_release(&text);
}

static void
types_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	   struct ot_cell *out)
{
	const struct live *l = types_live(ctx);
	const struct live_row *r = &l->rows[row];

	switch (col) {
	case TYPES_COUNT:
		ot_cell_int(out, (int64_t)live_count(r));
		break;
	case TYPES_DELTA:
		if (l->n >= 2)
			ot_cell_delta(out, (int64_t)llround(r->rate));
		break;
	case TYPES_BYTES:
		ot_cell_bytes(out, r->bytes);
		break;
	case TYPES_RETAINED:
		if (l->has_retained)
			ot_cell_bytes(out, r->retained);
		break;
	case TYPES_SHARE:
		ot_cell_share(out, l->bytes == 0 ? 0 :
			      (double)r->bytes / (double)l->bytes);
		break;
	case TYPES_TREND:
		types_trend(r, t, out);
		break;
	case TYPES_MARK:
		if (r->mark == LIVE_STEADY)
			ot_cell_str(t, out, "▲", strlen("▲"));
		else if (r->mark == LIVE_GREW)
			ot_cell_str(t, out, "▴", strlen("▴"));
		break;
	case TYPES_TYPE:
		ot_cell_str(t, out, r->type, strlen(r->type));
		break;
	}
}

static uint64_t
types_key(void *ctx, uint32_t row)
{
	return types_live(ctx)->rows[row].key;
}

static enum ui_style
types_style(void *ctx, uint32_t row, size_t col, enum ui_style plain)
{
	const struct live *l = types_live(ctx);
	const struct live_row *r = &l->rows[row];
	double share = l->bytes == 0 ? 0 : (double)r->bytes / (double)l->bytes;

	switch (col) {
	case TYPES_DELTA:
		return r->rate >= 0.5 ? UI_WARN : r->rate <= -0.5 ? UI_GOOD :
		       UI_DIM;
	case TYPES_BYTES:
	case TYPES_SHARE:
		return share >= 0.25 ? UI_BAD : share >= 0.05 ? UI_WARN : plain;
	case TYPES_TREND:
		return r->mark == LIVE_STEADY ? UI_WARN :
		       r->mark == LIVE_STILL ? UI_DIM : plain;
	case TYPES_MARK:
		return r->mark == LIVE_STEADY ? UI_BAD : UI_WARN;
	case TYPES_TYPE:
		return strchr(r->type, '.') != NULL ? UI_TYPE : plain;
	}
	return plain;
}

static bool
types_about(void *ctx, uint32_t row, size_t col)
{
	const struct live *l = types_live(ctx);

	switch (col) {
	case TYPES_COUNT:
		return l->rows[row].estimated;
	case TYPES_BYTES:	/* averages, where anything is an estimate */
		return l->counted;
	}
	return false;
}

static const struct ui_source types_source = {
	.cols = types_cols, .ncols = TYPES_COLS, .sort = "count",
	.empty = "waiting for the first sample ...",
	.count = types_count, .cell = types_cell, .key = types_key,
	.style = types_style, .about = types_about,
};

static enum ot_status
types_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&types_source, v);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
types_rebind(struct ui_view *v)
{
	(void)v;	/* the model is looked at in place */
}

static bool
types_subject(struct ui_view *v, struct ui_subject *out)
{
	uint32_t row = ui_table_selected(v->table);
	const struct live_row *r;

	if (row == UINT32_MAX)
		return false;
	r = &types_live(v)->rows[row];
	out->kind = UI_SUBJECT_TYPE;
	out->addr = r->addr;
	snprintf(out->name, sizeof(out->name), "%s", r->type);
	return true;
}

static bool
types_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	if (a == UI_ACT_BYRETAINED && !types_live(v)->has_retained) {
		fx->kind = UI_FX_HOST;
		fx->action = a;
		return true;
	}
	if (a != UI_ACT_OPEN || !types_subject(v, &fx->subject))
		return false;
	fx->kind = UI_FX_OPEN;
	fx->view = "instances";
	return true;
}

static void
types_details(struct ui_view *v, struct ot_buf *out)
{
	uint32_t row = ui_table_selected(v->table);
	const struct live_row *r;
	char text[64];

	if (row == UINT32_MAX)
		return;
	r = &types_live(v)->rows[row];
	ot_buf_adds(out, "# ");
	ot_escape(out, r->type, strlen(r->type), OT_ESC_TERM, 200);
	ot_buf_addf(out, "\n  type object  0x%" PRIx64, r->addr);
	ot_buf_addf(out, "\n  instances    %s",
		    ot_fmt_count(text, sizeof(text), live_count(r)));
	if (r->error > 0)
		ot_buf_addf(out, ", may be off by %s",
			    ot_fmt_count(text, sizeof(text), r->error));
	ot_buf_addf(out, "\n  tracked      %s",
		    ot_fmt_count(text, sizeof(text), r->tracked));
	ot_buf_addf(out, "\n  bytes        %s",
		    ot_fmt_count(text, sizeof(text), r->bytes));
	if (types_live(v)->has_retained)
		ot_buf_addf(out, "\n  retained     %s",
			    ot_fmt_count(text, sizeof(text), r->retained));
	if (live_count(r) > 0)
		ot_buf_addf(out, "\n  bytes each   %.1f",
			    (double)r->bytes / (double)live_count(r));
	ot_buf_addf(out, "\n  growth       %+.1f a second", r->rate);
	if (r->mark == LIVE_STEADY)
		ot_buf_adds(out, ", and it never shrank while we looked");
	ot_buf_addf(out, "\n  last %u     ", r->n);
	ui_spark(r->count, r->n, out);
	ot_buf_addf(out, "  %s", ot_fmt_count(text, sizeof(text),
					      r->n > 0 ? r->count[0] : 0));
	ot_buf_addf(out, " to %s\n",
		    ot_fmt_count(text, sizeof(text), live_count(r)));
}

static void
types_crumb(struct ui_view *v, struct ot_buf *out)
{
	(void)v;
	ot_buf_adds(out, "types");
}

const struct ui_view_ops view_types = {
	.where = UI_WHERE_TABLE | UI_WHERE_HEAP,
	.open = types_open, .rebind = types_rebind, .act = types_act,
	.subject = types_subject, .details = types_details,
	.crumb = types_crumb,
};
