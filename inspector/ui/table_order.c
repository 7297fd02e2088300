/* SPDX-License-Identifier: MIT */
/*
 * Which rows of a table are shown; table_sort.c brings them into their order.
 *
 * A filter is applied to batches of rows made into a small ot_table,
 * so that base/filter.c needs to know nothing of widgets; above TABLE_AT_ONCE
 * rows that goes on in slices from the event loop.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "inspector/ui/table_priv.h"

#define TABLE_AT_ONCE	 (1u << 12)
#define TABLE_BATCH	 1024u

/* Appends the rows [from, to) that the filter lets through. */
static bool
order_filter_batch(struct ui_table *t, uint32_t from, uint32_t to)
{
	size_t n = t->src->ncols, col;
	struct ot_table *batch = ot_table_new(t->filter_cols, n + 1);
	struct ot_err err = OT_ERR_INIT;
	bool ok = batch != NULL;
	uint32_t row;

	for (row = from; ok && row < to; row++) {
		struct ot_cell *cells;

		if (t->src->heading != NULL &&
		    t->src->heading(t->ctx, row, NULL)) {
			t->order[t->nshown++] = row;
			continue;
		}
		cells = ot_table_row(batch);
		if (cells == NULL) {
			ok = false;
			break;
		}
		for (col = 0; col < n; col++)
			t->src->cell(t->ctx, row, col, batch, &cells[col]);
		ot_cell_int(&cells[n], row);
	}
	if (ok && ot_filter_apply(t->filter, batch, &err) != OT_OK) {
		table_say(t, "%s", err.msg);
		ok = false;
	}
	for (row = 0; ok && row < batch->nrows; row++)
		t->order[t->nshown++] =
			(uint32_t)ot_table_at(batch, row, n)->v.i;
	ot_table_free(batch);
	return ok;
}

/* Headings come before the rows of their batch: back to the source's order. */
static int
order_by_row(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
order_finish(struct ui_table *t)
{
	t->scan = TABLE_IDLE;
	if (t->filter != NULL && t->src->heading != NULL)
		qsort(t->order, t->nshown, sizeof(*t->order), order_by_row);
	if (t->has_key)
		table_follow(t);
	else if (t->sel >= t->nshown)
		t->sel = 0;
	table_order_sort(t);
	if (!t->has_key && t->sort == NULL)
		table_go(t, t->sel, true);
}

/* The filter cannot be used: everything is shown again. */
static void
order_drop_filter(struct ui_table *t)
{
	ot_filter_free(t->filter);
	t->filter = NULL;
	t->filter_text[0] = '\0';
	table_order_start(t);
}

bool
table_order_step(struct ui_table *t, uint32_t rows)
{
	uint32_t end = t->total - t->scan_next > rows ? t->scan_next + rows :
							t->total;

	while (t->scan_next < end) {
		uint32_t to = end - t->scan_next > TABLE_BATCH ?
			      t->scan_next + TABLE_BATCH : end;

		if (!order_filter_batch(t, t->scan_next, to)) {
			order_drop_filter(t);
			return false;
		}
		t->scan_next = to;
	}
	if (t->scan_next < t->total)
		return true;
	order_finish(t);
	return false;
}

void
table_order_start(struct ui_table *t)
{
	uint32_t i;

	t->scan = TABLE_IDLE;
	table_sort_drop(t);
	t->version++;
	t->nshown = 0;
	t->total = t->src->count(t->ctx);
	if (t->total > t->cap) {
		uint32_t *order = ot_realloc_array(t->order, t->total,
						   sizeof(*order));

		if (order == NULL) {
			table_say(t, "out of memory for %u rows", t->total);
			t->total = t->cap;
		} else {
			t->order = order;
			t->cap = t->total;
		}
	}
	if (t->filter != NULL) {
		t->scan = TABLE_FILTERING;
		t->scan_next = 0;
		table_order_step(t, TABLE_AT_ONCE);
		return;
	}
	for (i = 0; i < t->total; i++)
		t->order[i] = i;
	t->nshown = t->total;
	order_finish(t);
}

static bool
find_in(const struct ui_table *t, const char *hay)
{
	size_t n = strlen(t->find), i;

	for (; *hay != '\0'; hay++) {
		for (i = 0; i < n; i++) {
			unsigned char a = (unsigned char)hay[i];
			unsigned char b = (unsigned char)t->find[i];

			if (a != b && (t->find_exact || tolower(a) != b))
				break;
		}
		if (i == n)
			return true;
	}
	return false;
}

static bool
find_row(struct ui_table *t, uint32_t pos, struct ot_table *scratch)
{
	struct ot_buf text = OT_BUF_INIT;
	bool hit = false;
	size_t col;

	for (col = 0; col < t->src->ncols && !hit; col++) {
		struct ot_cell c = { OT_CELL_NONE, 0, { 0 } };

		if (t->src->cols[col].type != OT_CELL_STR &&
		    t->src->cols[col].type != OT_CELL_ADDR)
			continue;
		t->src->cell(t->ctx, t->order[pos], col, scratch, &c);
		ot_buf_clear(&text);
		ot_cell_text(&c, &text);
		hit = find_in(t, ot_buf_str(&text));
	}
	ot_buf_release(&text);
	return hit;
}

bool
table_find_step(struct ui_table *t, uint32_t rows)
{
	struct ot_table *scratch = ot_table_new(t->filter_cols, t->src->ncols);

	while (scratch != NULL && t->scan_left > 0 && rows-- > 0) {
		uint32_t pos = t->scan_next, n = t->nshown;

		pos = t->scan_back ? (pos + n - 1) % n : (pos + 1) % n;
		t->scan_next = pos;
		t->scan_left--;
		if (table_is_heading(t, pos) || !find_row(t, pos, scratch))
			continue;
		t->scan = TABLE_IDLE;
		table_go(t, pos, true);
		break;
	}
	ot_table_free(scratch);
	if (t->scan == TABLE_SEARCHING && t->scan_left == 0) {
		t->scan = TABLE_IDLE;
		table_say(t, "not found: %s", t->find);
	}
	return t->scan == TABLE_SEARCHING;
}
