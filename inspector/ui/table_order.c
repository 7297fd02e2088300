/* SPDX-License-Identifier: MIT */
/*
 * Which rows of a table are shown, and in what order.
 *
 * Numbers are sorted by a stable radix sort over 64-bit ranks, one byte at a
 * time, skipping bytes in which all rows agree: a million rows by size take
 * three passes.  Strings are sorted by comparison, up to TABLE_MAX_STRINGS of
 * them.  A filter is applied to batches of rows made into a small ot_table,
 * so that base/filter.c needs to know nothing of widgets; above TABLE_AT_ONCE
 * rows that goes on in slices from the event loop.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "inspector/ui/table_priv.h"

#define TABLE_AT_ONCE	 (1u << 14)
#define TABLE_BATCH	 1024u
#define TABLE_MAX_STRINGS 200000u

/* A cell as a number that sorts like it, smallest first. */
static uint64_t
order_rank(const struct ot_cell *c)
{
	uint64_t bits;

	switch (c->type) {
	case OT_CELL_INT:
	case OT_CELL_DELTA:
		return (uint64_t)c->v.i ^ (uint64_t)1 << 63;
	case OT_CELL_BYTES:
	case OT_CELL_ADDR:
	case OT_CELL_BOOL:
		return c->v.u;
	case OT_CELL_REAL:
	case OT_CELL_SHARE:
		memcpy(&bits, &c->v.d, sizeof(bits));
		return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
	default:
		return 0;
	}
}

/* Sorts order by rank, both moved together; tmp_* have room for n. */
static void
order_radix(uint32_t *order, uint64_t *rank, uint32_t *tmp_order,
	    uint64_t *tmp_rank, uint32_t n)
{
	uint64_t all_and = UINT64_MAX, all_or = 0;
	unsigned shift;
	uint32_t i;

	for (i = 0; i < n; i++) {
		all_and &= rank[i];
		all_or |= rank[i];
	}
	for (shift = 0; shift < 64; shift += 8) {
		uint32_t at[256] = { 0 }, sum = 0, count;

		if (((all_and ^ all_or) >> shift & 0xff) == 0)
			continue;
		for (i = 0; i < n; i++)
			at[rank[i] >> shift & 0xff]++;
		for (i = 0; i < 256; i++) {
			count = at[i];
			at[i] = sum;
			sum += count;
		}
		for (i = 0; i < n; i++) {
			uint32_t to = at[rank[i] >> shift & 0xff]++;

			tmp_order[to] = order[i];
			tmp_rank[to] = rank[i];
		}
		memcpy(order, tmp_order, n * sizeof(*order));
		memcpy(rank, tmp_rank, n * sizeof(*rank));
	}
}

struct order_string {
	const char *s;
	uint32_t row, pos;
};

static int
order_compare(const void *va, const void *vb)
{
	const struct order_string *a = va, *b = vb;
	int cmp = strcmp(a->s, b->s);

	return cmp != 0 ? cmp : a->pos < b->pos ? -1 : 1;
}

/* Ranks of a string column: places after a sort by comparison. */
static bool
order_rank_strings(struct ui_table *t, struct ot_table *scratch,
		   uint64_t *rank)
{
	struct order_string *v;
	uint32_t i, place = 0;

	if (t->nshown > TABLE_MAX_STRINGS) {
		table_say(t, "too many rows to sort by %s; f filters first",
			  t->src->cols[t->sort_col].name);
		return false;
	}
	v = malloc(((size_t)t->nshown + 1) * sizeof(*v));
	if (v == NULL)
		return false;
	for (i = 0; i < t->nshown; i++) {
		struct ot_cell c = { OT_CELL_NONE, 0, { 0 } };

		t->src->cell(t->ctx, t->order[i], t->sort_col, scratch, &c);
		v[i] = (struct order_string){
			c.type == OT_CELL_STR ? c.v.str : "", t->order[i], i
		};
	}
	qsort(v, t->nshown, sizeof(*v), order_compare);
	for (i = 0; i < t->nshown; i++) {
		if (i > 0 && strcmp(v[i].s, v[i - 1].s) != 0)
			place++;
		rank[v[i].pos] = place;
	}
	free(v);
	return true;
}

static bool
order_rank_column(struct ui_table *t, uint64_t *rank)
{
	const struct ui_col *col = &t->src->cols[t->sort_col];
	bool string = col->type == OT_CELL_STR, down = !string, ok = true;
	struct ot_table *scratch = ot_table_new(t->filter_cols, t->src->ncols);
	uint32_t i;

	if (scratch == NULL)
		return false;
	if (string)
		ok = order_rank_strings(t, scratch, rank);
	for (i = 0; !string && i < t->nshown; i++) {
		struct ot_cell c = { OT_CELL_NONE, 0, { 0 } };

		t->src->cell(t->ctx, t->order[i], t->sort_col, scratch, &c);
		rank[i] = order_rank(&c);
	}
	if ((col->flags & UI_COL_ASCENDING) != 0)
		down = false;
	for (i = 0; ok && down != t->reverse && i < t->nshown; i++)
		rank[i] = ~rank[i];
	ot_table_free(scratch);
	return ok;
}

static uint32_t
order_section(const struct ui_table *t, uint32_t row)
{
	uint32_t s = t->src->section(t->ctx, row) * 2;

	return s + (t->src->heading != NULL &&
		    t->src->heading(t->ctx, row, NULL) ? 0 : 1);
}

bool
table_order_sort(struct ui_table *t)
{
	uint32_t n = t->nshown, i;
	uint64_t *rank, *tmp_rank;
	uint32_t *tmp_order;
	bool ok = false;

	t->version++;
	if (t->sort_col >= t->src->ncols || n < 2)
		return true;
	rank = malloc(n * sizeof(*rank));
	tmp_rank = malloc(n * sizeof(*tmp_rank));
	tmp_order = malloc(n * sizeof(*tmp_order));
	if (rank == NULL || tmp_rank == NULL || tmp_order == NULL) {
		table_say(t, "out of memory for sorting");
	} else if (order_rank_column(t, rank)) {
		ok = true;
		order_radix(t->order, rank, tmp_order, tmp_rank, n);
		for (i = 0; t->src->section != NULL && i < n; i++)
			rank[i] = order_section(t, t->order[i]);
		if (t->src->section != NULL)
			order_radix(t->order, rank, tmp_order, tmp_rank, n);
	}
	free(rank);
	free(tmp_rank);
	free(tmp_order);
	return ok;
}

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
	table_order_sort(t);
	table_follow(t);
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
