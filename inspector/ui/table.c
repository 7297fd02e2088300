/* SPDX-License-Identifier: MIT */
/*
 * The table widget: what is selected, what keys do to it.
 *
 * Positions count rows as shown; `order` turns a position into a row of the
 * source.  Headings are rows that the selection jumps over.
 */
#include "config.h"

#include "inspector/ui/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspector/ui/table_priv.h"

struct ui_table *
ui_table_new(const struct ui_source *src, void *ctx)
{
	struct ui_table *t = calloc(1, sizeof(*t));
	size_t i;

	if (t == NULL || src->ncols > TABLE_MAX_COLS) {
		free(t);
		return NULL;
	}
	t->src = src;
	t->ctx = ctx;
	t->page = 1;
	for (i = 0; i < src->ncols; i++)
		t->filter_cols[i] = (struct ot_col){ src->cols[i].name,
						     src->cols[i].type, 0 };
	t->filter_cols[src->ncols] = (struct ot_col){ "#", OT_CELL_INT, 0 };
	t->sort_col = src->ncols;
	if (src->sort != NULL)
		ui_table_sort(t, src->sort, false);
	return t;
}

void
ui_table_free(struct ui_table *t)
{
	if (t == NULL)
		return;
	ot_filter_free(t->filter);
	table_sort_drop(t);
	free(t->order);
	free(t);
}

void
table_say(struct ui_table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->message, sizeof(t->message), fmt, ap);
	va_end(ap);
	t->has_message = true;
}

const char *
ui_table_message(struct ui_table *t)
{
	if (!t->has_message)
		return NULL;
	t->has_message = false;
	return t->message;
}

bool
table_right(enum ot_cell_type type)
{
	return type == OT_CELL_INT || type == OT_CELL_BYTES ||
	       type == OT_CELL_DELTA || type == OT_CELL_REAL ||
	       type == OT_CELL_SHARE;
}

bool
table_is_heading(const struct ui_table *t, uint32_t pos)
{
	return t->src->heading != NULL && pos < t->nshown &&
	       t->src->heading(t->ctx, t->order[pos], NULL);
}

static void
table_remember(struct ui_table *t)
{
	t->has_key = t->sel < t->nshown && !table_is_heading(t, t->sel);
	if (!t->has_key)
		return;
	t->sel_row = t->order[t->sel];
	t->sel_key = t->src->key(t->ctx, t->sel_row);
}

/* Selects pos, or the next row beyond it that is no heading. */
void
table_go(struct ui_table *t, uint32_t pos, bool down)
{
	uint32_t p;

	if (t->nshown == 0) {
		t->sel = t->top = 0;
		return;
	}
	if (pos >= t->nshown)
		pos = t->nshown - 1;
	for (p = pos; table_is_heading(t, p); p = down ? p + 1 : p - 1)
		if (down ? p + 1 >= t->nshown : p == 0)
			break;
	if (table_is_heading(t, p)) {	/* nothing that way */
		for (p = pos; table_is_heading(t, p); p = down ? p - 1 : p + 1)
			if (down ? p == 0 : p + 1 >= t->nshown)
				break;
	}
	t->sel = p;
	table_remember(t);
}

void
table_follow(struct ui_table *t)
{
	uint32_t i = t->sel_row;

	if (t->has_key) {
		/* all rows, as they come: nothing to look for among millions */
		if (i < t->nshown && t->order[i] == i &&
		    !table_is_heading(t, i) &&
		    t->src->key(t->ctx, i) == t->sel_key) {
			t->sel = i;
			return;
		}
		for (i = 0; i < t->nshown; i++) {
			if (t->src->key(t->ctx, t->order[i]) != t->sel_key ||
			    table_is_heading(t, i))
				continue;
			t->sel = i;
			return;
		}
	}
	table_go(t, t->sel, true);
}

void
ui_table_reload(struct ui_table *t)
{
	table_order_start(t);
}

uint32_t
ui_table_shown(const struct ui_table *t)
{
	return t->nshown;
}

uint32_t
ui_table_position(const struct ui_table *t)
{
	return t->nshown == 0 ? 0 : t->sel + 1;
}

uint32_t
ui_table_selected(const struct ui_table *t)
{
	if (t->sel >= t->nshown || table_is_heading(t, t->sel))
		return UINT32_MAX;
	return t->order[t->sel];
}

void
ui_table_select(struct ui_table *t, uint64_t key)
{
	t->sel_key = key;
	t->has_key = true;
	table_follow(t);
}

bool
ui_table_sort(struct ui_table *t, const char *column, bool reverse)
{
	size_t i;

	for (i = 0; i < t->src->ncols; i++) {
		const struct ui_col *col = &t->src->cols[i];
		size_t before = t->sort_col;
		bool turned = t->reverse;

		if (strcmp(col->name, column) != 0 ||
		    (col->flags & (UI_COL_NOSORT | UI_COL_HIDDEN)) != 0)
			continue;
		t->sort_col = i;
		t->reverse = reverse;
		if (!table_order_sort(t)) {
			t->sort_col = before;
			t->reverse = turned;
		}
		return true;
	}
	return false;
}

/* The next column that can be sorted by, in direction step. */
static void
table_sort_next(struct ui_table *t, int step)
{
	size_t n = t->src->ncols, i, col = t->sort_col;

	if (col >= n)
		col = step > 0 ? n - 1 : 0;
	for (i = 0; i < n; i++) {
		col = step > 0 ? (col + 1) % n : (col + n - 1) % n;
		if (ui_table_sort(t, t->src->cols[col].name, false) &&
		    t->sort_col == col)
			return;
	}
	if (!t->has_message)
		table_say(t, "these rows keep their order");
}

static void
table_sort_named(struct ui_table *t, const char *column)
{
	if (!ui_table_sort(t, column, false))
		table_say(t, "there is no column %s to sort by here", column);
}

static void
table_sort_by_name(struct ui_table *t)
{
	size_t i;

	for (i = 0; i < t->src->ncols; i++)
		if ((t->src->cols[i].flags & UI_COL_NAME) != 0 &&
		    ui_table_sort(t, t->src->cols[i].name, false))
			return;
	table_say(t, "there is no name to sort by here");
}

static void
table_invert(struct ui_table *t)
{
	if (t->sort_col >= t->src->ncols) {
		table_say(t, "these rows keep their order");
		return;
	}
	t->reverse = !t->reverse;
	table_order_sort(t);
}

static void
table_move(struct ui_table *t, int64_t by)
{
	int64_t to = (int64_t)t->sel + by;

	if (to < 0)
		to = 0;
	if (to >= (int64_t)t->nshown)
		to = t->nshown == 0 ? 0 : (int64_t)t->nshown - 1;
	table_go(t, (uint32_t)to, by > 0);
}

/* n and N: on from the selected row, once round. */
static void
table_find(struct ui_table *t, bool back)
{
	if (t->find[0] == '\0' || t->nshown == 0) {
		table_say(t, "nothing to search for; / starts a search");
		return;
	}
	t->scan = TABLE_SEARCHING;
	t->scan_back = back;
	t->scan_next = t->sel;
	t->scan_left = t->nshown;
	table_find_step(t, 1u << 14);
}

static enum ui_table_at
table_click_head(struct ui_table *t, int col)
{
	size_t i;

	for (i = 0; i < t->src->ncols; i++) {
		if (col < t->col_at[i] || col >= t->col_end[i])
			continue;
		if (t->sort_col == i)
			table_invert(t);
		else if (!ui_table_sort(t, t->src->cols[i].name, false))
			table_say(t, "these rows cannot be sorted by %s",
				  t->src->cols[i].name);
		return UI_TABLE_HEAD;
	}
	return UI_TABLE_NOTHING;
}

enum ui_table_at
ui_table_click(struct ui_table *t, int row, int col)
{
	uint32_t pos, before = t->sel;

	if (row < t->drawn.row || row >= t->drawn.row + t->drawn.rows)
		return UI_TABLE_NOTHING;
	if (row == t->drawn.row)
		return table_click_head(t, col);
	pos = t->top + (uint32_t)(row - t->drawn.row - 1);
	if (pos >= t->nshown || table_is_heading(t, pos))
		return UI_TABLE_NOTHING;
	table_go(t, pos, true);
	return pos == before ? UI_TABLE_SELECTED : UI_TABLE_ROW;
}

void
ui_table_wheel(struct ui_table *t, int rows)
{
	table_move(t, rows);
}

bool
ui_table_act(struct ui_table *t, enum ui_action a)
{
	int page = t->page > 1 ? t->page - 1 : 1;

	switch (a) {
	case UI_ACT_UP:		table_move(t, -1); break;
	case UI_ACT_DOWN:	table_move(t, 1); break;
	case UI_ACT_PGUP:	table_move(t, -page); break;
	case UI_ACT_PGDN:	table_move(t, page); break;
	case UI_ACT_HOME:	table_go(t, 0, true); t->top = 0; break;
	case UI_ACT_END:	table_go(t, UINT32_MAX, false); break;
	case UI_ACT_LEFT:	t->shift -= t->shift < 8 ? t->shift : 8; break;
	case UI_ACT_RIGHT:	t->shift += t->shift < 1000 ? 8 : 0; break;
	case UI_ACT_SORTNEXT:	table_sort_next(t, 1); break;
	case UI_ACT_SORTPREV:	table_sort_next(t, -1); break;
	case UI_ACT_INVERT:	table_invert(t); break;
	case UI_ACT_BYCOUNT:	table_sort_named(t, "count"); break;
	case UI_ACT_BYBYTES:	table_sort_named(t, "bytes"); break;
	case UI_ACT_BYRETAINED:	table_sort_named(t, "retained"); break;
	case UI_ACT_BYDELTA:	table_sort_named(t, "delta"); break;
	case UI_ACT_BYNAME:	table_sort_by_name(t); break;
	case UI_ACT_NEXT:	table_find(t, false); break;
	case UI_ACT_PREVIOUS:	table_find(t, true); break;
	default:
		return false;
	}
	return true;
}

void
ui_table_search(struct ui_table *t, const char *text)
{
	const char *p;

	snprintf(t->find, sizeof(t->find), "%s", text);
	t->find_exact = false;
	for (p = t->find; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			t->find_exact = true;
	if (t->find[0] != '\0')
		table_find(t, false);
}

bool
ui_table_searching(const struct ui_table *t)
{
	return t->find[0] != '\0';
}

bool
ui_table_busy(const struct ui_table *t)
{
	return t->scan != TABLE_IDLE || t->sort != NULL;
}

void
ui_table_stop(struct ui_table *t)
{
	if (t->sort != NULL) {
		table_sort_drop(t);
		t->sort_col = t->src->ncols;	/* what it is now, is by none */
		table_say(t, "sorting was stopped");
	}
	if (t->scan == TABLE_FILTERING) {
		table_follow(t);
		table_order_sort(t);
		table_say(t, "stopped; %u of %u rows were looked at",
			  t->scan_next, t->total);
	}
	t->scan = TABLE_IDLE;
}

bool
ui_table_step(struct ui_table *t)
{
	if (table_sort_step(t))
		return true;
	switch (t->scan) {
	case TABLE_FILTERING:
		return table_order_step(t, 1u << 12);
	case TABLE_SEARCHING:
		return table_find_step(t, 1u << 12);
	case TABLE_IDLE:
		break;
	}
	return false;
}

/* "Session" is looked for anywhere in a name; anything else is an EXPR. */
static void
table_filter_expr(const struct ui_table *t, const char *text, char *dst,
		  size_t cap)
{
	const char *name = "type";
	size_t i;

	for (i = 0; i < t->src->ncols; i++)
		if ((t->src->cols[i].flags & UI_COL_NAME) != 0)
			name = t->src->cols[i].name;
	if (text[0] != '\0' && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "abcdefghijklmnopqrstuvwxyz"
					    "0123456789_.") == strlen(text))
		snprintf(dst, cap, "%s:*%s*", name, text);
	else
		snprintf(dst, cap, "%s", text);
}

enum ot_status
ui_table_filter(struct ui_table *t, const char *expr, struct ot_err *err)
{
	struct ot_filter *f = NULL;
	char full[320];
	enum ot_status st = OT_OK;

	if (expr == NULL)
		expr = "";
	if (strlen(expr) >= sizeof(t->filter_text))
		return ot_fail(err, OT_USAGE, "the filter is too long");
	table_filter_expr(t, expr, full, sizeof(full));
	if (full[0] != '\0')
		st = ot_filter_parse(full, &f, err);
	if (st != OT_OK)
		return st;
	ot_filter_free(t->filter);
	t->filter = f;
	snprintf(t->filter_text, sizeof(t->filter_text), "%s", expr);
	table_order_start(t);
	return OT_OK;
}

const char *
ui_table_filter_text(const struct ui_table *t)
{
	return t->filter_text;
}

void
ui_table_describe(const struct ui_table *t, struct ot_buf *out)
{
	if (t->sort_col < t->src->ncols)
		ot_buf_addf(out, "sorted by %s%s",
			    t->src->cols[t->sort_col].name,
			    t->reverse ? ", turned round" : "");
	if (t->filter_text[0] != '\0')
		ot_buf_addf(out, "%sfilter %s", out->len > 0 ? "  " : "",
			    t->filter_text);
	if (t->find[0] != '\0')
		ot_buf_addf(out, "%ssearch %s", out->len > 0 ? "  " : "",
			    t->find);
	if (t->sort != NULL)
		ot_buf_adds(out, " ...  (Esc stops)");
	if (t->scan != TABLE_IDLE)
		ot_buf_addf(out, "  %s ...", t->scan == TABLE_FILTERING ?
			    "filtering" : "searching");
}

size_t
ui_table_columns(const struct ui_table *t, const struct ot_col **cols)
{
	*cols = t->filter_cols;
	return t->src->ncols;
}

uint64_t
ui_table_version(const struct ui_table *t)
{
	return t->version;
}

uint32_t
ui_table_copy(struct ui_table *t, uint32_t from, uint32_t n,
	      struct ot_table *out, bool *ok)
{
	uint32_t pos, end = n < t->nshown - from ? from + n : t->nshown;
	struct ot_cell *row;
	size_t col;

	*ok = true;
	for (pos = from; pos < end; pos++) {
		if (table_is_heading(t, pos))
			continue;
		row = ot_table_row(out);
		if (row == NULL) {
			*ok = false;
			return pos;
		}
		for (col = 0; col < t->src->ncols; col++)
			t->src->cell(t->ctx, t->order[pos], col, out,
				     &row[col]);
	}
	return end;
}

void
ui_rows_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	     struct ot_cell *out)
{
	const struct ot_table *rows = ctx;
	const struct ot_cell *c = ot_table_at(rows, row, col);

	if (c == NULL || c->type == OT_CELL_TABLE)
		return;
	*out = *c;
	if (c->type == OT_CELL_STR)
		ot_cell_str(t, out, c->v.str, c->len);
}

uint32_t
ui_rows_count(void *ctx)
{
	const struct ot_table *rows = ctx;

	return rows == NULL ? 0 : rows->nrows > UINT32_MAX - 1 ?
	       UINT32_MAX - 1 : (uint32_t)rows->nrows;
}
