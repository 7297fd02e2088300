/* SPDX-License-Identifier: MIT */
/*
 * table.c - rows of typed cells.
 *
 * Cells lie in one array that grows by doubling (in an arena each growth
 * would leave the old copy behind); strings lie in the table's arena.  Sorting
 * moves an index first and each row once: O(n log n) compares, 16 bytes a row
 * and a second copy of the cells while it lasts.
 */
#include "config.h"

#include "base/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct ot_table *
ot_table_new(const struct ot_col *cols, size_t ncols)
{
	struct ot_table *t = calloc(1, sizeof(*t));

	if (t != NULL) {
		t->cols = cols;
		t->ncols = ncols;
	}
	return t;
}

/* Frees the tables nested in rows [from, to). */
static void
table_drop_nested(struct ot_table *t, size_t from, size_t to)
{
	struct ot_cell *c;
	size_t row, col;

	for (col = 0; col < t->ncols; col++) {
		if (t->cols[col].type != OT_CELL_TABLE)
			continue;
		for (row = from; row < to; row++) {
			c = &t->cells[row * t->ncols + col];
			if (c->type == OT_CELL_TABLE)
				ot_table_free(c->v.table);
		}
	}
}

void
ot_table_free(struct ot_table *t)
{
	if (t == NULL)
		return;
	table_drop_nested(t, 0, t->nrows);
	free(t->cells);
	free(t->depth);
	ot_arena_release(&t->arena);
	free(t);
}

static bool
table_grow(struct ot_table *t)
{
	size_t cap = t->cap_rows == 0 ? 16 : t->cap_rows * 2;
	struct ot_cell *cells;
	uint32_t *depth;

	if (cap < t->cap_rows || (t->ncols != 0 && cap > SIZE_MAX / t->ncols))
		return false;
	cells = ot_realloc_array(t->cells, cap * t->ncols, sizeof(*cells));
	if (cells == NULL)
		return false;
	t->cells = cells;
	if (t->depth != NULL) {
		depth = ot_realloc_array(t->depth, cap, sizeof(*depth));
		if (depth == NULL)
			return false;
		memset(depth + t->cap_rows, 0,
		       (cap - t->cap_rows) * sizeof(*depth));
		t->depth = depth;
	}
	t->cap_rows = cap;
	return true;
}

struct ot_cell *
ot_table_row(struct ot_table *t)
{
	struct ot_cell *row;

	if (t->nrows == t->cap_rows && !table_grow(t))
		return NULL;
	row = t->cells + t->nrows * t->ncols;
	memset(row, 0, t->ncols * sizeof(*row));
	if (t->depth != NULL)
		t->depth[t->nrows] = 0;
	t->nrows++;
	return row;
}

void
ot_table_set_depth(struct ot_table *t, size_t row, uint32_t depth)
{
	if (row >= t->nrows)
		return;
	if (t->depth == NULL) {
		/* Without memory the tree is shown flat: still readable. */
		t->depth = calloc(t->cap_rows, sizeof(*t->depth));
		if (t->depth == NULL)
			return;
	}
	t->depth[row] = depth;
}

void
ot_cell_int(struct ot_cell *c, int64_t v)
{
	c->type = OT_CELL_INT;
	c->v.i = v;
}

void
ot_cell_bytes(struct ot_cell *c, uint64_t v)
{
	c->type = OT_CELL_BYTES;
	c->v.u = v;
}

void
ot_cell_delta(struct ot_cell *c, int64_t v)
{
	c->type = OT_CELL_DELTA;
	c->v.i = v;
}

void
ot_cell_real(struct ot_cell *c, double v)
{
	c->type = OT_CELL_REAL;
	c->v.d = v;
}

void
ot_cell_share(struct ot_cell *c, double v)
{
	c->type = OT_CELL_SHARE;
	c->v.d = v;
}

void
ot_cell_addr(struct ot_cell *c, uint64_t v)
{
	c->type = OT_CELL_ADDR;
	c->v.u = v;
}

void
ot_cell_bool(struct ot_cell *c, bool v)
{
	c->type = OT_CELL_BOOL;
	c->v.u = v ? 1 : 0;
}

bool
ot_cell_str(struct ot_table *t, struct ot_cell *c, const char *s, size_t len)
{
	char *copy;

	if (len > UINT32_MAX)
		len = UINT32_MAX;
	copy = ot_arena_strndup(&t->arena, s, len);
	if (copy == NULL)
		return false;
	c->type = OT_CELL_STR;
	c->len = (uint32_t)len;
	c->v.str = copy;
	return true;
}

bool
ot_cell_strf(struct ot_table *t, struct ot_cell *c, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return false;
	text = ot_arena_alloc(&t->arena, (size_t)len + 1);
	if (text == NULL)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	c->type = OT_CELL_STR;
	c->len = (uint32_t)len;
	c->v.str = text;
	return true;
}

void
ot_cell_table(struct ot_cell *c, struct ot_table *sub)
{
	c->type = sub == NULL ? OT_CELL_NONE : OT_CELL_TABLE;
	c->v.table = sub;
}

int
ot_table_col(const struct ot_table *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->ncols; i++)
		if (strcmp(t->cols[i].name, name) == 0)
			return (int)i;
	return -1;
}

const struct ot_cell *
ot_table_at(const struct ot_table *t, size_t row, size_t col)
{
	return &t->cells[row * t->ncols + col];
}

struct sort_key {
	const struct ot_cell *cell;
	size_t row;
};

static int
sort_real(double a, double b)
{
	/* NaN goes behind every number. */
	if (a != a || b != b)
		return (a != a) - (b != b);
	return (a < b) - (a > b);
}

/* Largest first, A to Z.  Cells of different types: by type. */
static int
sort_cells(const struct ot_cell *a, const struct ot_cell *b)
{
	size_t len;
	int order;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	switch (a->type) {
	case OT_CELL_INT:
	case OT_CELL_DELTA:
		return (a->v.i < b->v.i) - (a->v.i > b->v.i);
	case OT_CELL_BYTES:
	case OT_CELL_BOOL:
		return (a->v.u < b->v.u) - (a->v.u > b->v.u);
	case OT_CELL_ADDR: /* a name made of digits: in address order */
		return (a->v.u > b->v.u) - (a->v.u < b->v.u);
	case OT_CELL_REAL:
	case OT_CELL_SHARE:
		return sort_real(a->v.d, b->v.d);
	case OT_CELL_STR:
		len = a->len < b->len ? a->len : b->len;
		order = memcmp(a->v.str, b->v.str, len);
		return order != 0 ? order
				  : (a->len > b->len) - (a->len < b->len);
	case OT_CELL_TABLE:
		return (a->v.table->nrows < b->v.table->nrows) -
		       (a->v.table->nrows > b->v.table->nrows);
	case OT_CELL_NONE:
		break;
	}
	return 0;
}

/* What is absent stays last either way; equal rows keep their order. */
static int
sort_compare(const struct sort_key *a, const struct sort_key *b, bool reverse)
{
	bool no_a = a->cell->type == OT_CELL_NONE;
	bool no_b = b->cell->type == OT_CELL_NONE;
	int order;

	if (no_a || no_b)
		order = no_a - no_b;
	else
		order = reverse ? sort_cells(b->cell, a->cell)
				: sort_cells(a->cell, b->cell);
	return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

static int
sort_forward(const void *a, const void *b)
{
	return sort_compare(a, b, false);
}

static int
sort_backward(const void *a, const void *b)
{
	return sort_compare(a, b, true);
}

/* Puts the rows into the order of keys[]; false: no memory, as before. */
static bool
sort_permute(struct ot_table *t, const struct sort_key *keys)
{
	size_t row, width = t->ncols * sizeof(*t->cells);
	struct ot_cell *cells;
	uint32_t *depth = NULL;

	cells = ot_realloc_array(NULL, t->cap_rows * t->ncols, sizeof(*cells));
	if (cells == NULL)
		return false;
	if (t->depth != NULL) {
		depth = calloc(t->cap_rows, sizeof(*depth));
		if (depth == NULL) {
			free(cells);
			return false;
		}
	}
	for (row = 0; row < t->nrows; row++) {
		memcpy(cells + row * t->ncols,
		       t->cells + keys[row].row * t->ncols, width);
		if (depth != NULL)
			depth[row] = t->depth[keys[row].row];
	}
	free(t->cells);
	free(t->depth);
	t->cells = cells;
	t->depth = depth;
	return true;
}

/* Rows of a tree: siblings in the order of keys[], each above what is its. */
static bool
sort_siblings(const struct ot_table *t, struct sort_key *keys)
{
	size_t n = t->nrows, row, at, out = 0;
	size_t *parent = ot_realloc_array(NULL, n + 1, sizeof(*parent));
	size_t *first = ot_realloc_array(NULL, n + 1, sizeof(*first));
	size_t *next = ot_realloc_array(NULL, n + 1, sizeof(*next));
	bool ok = parent != NULL && first != NULL && next != NULL;

	/* Above a row is the last one before it that is less deep; n: none. */
	for (row = 0; ok && row < n; row++) {
		at = row == 0 ? n : row - 1;
		while (at != n && t->depth[at] >= t->depth[row])
			at = parent[at];
		parent[row] = at;
	}
	for (row = 0; ok && row <= n; row++)
		first[row] = n;
	for (row = n; ok && row-- > 0;) {
		at = parent[keys[row].row];
		next[keys[row].row] = first[at];
		first[at] = keys[row].row;
	}
	for (at = ok ? first[n] : n; at != n;) {
		keys[out++].row = at;
		if (first[at] != n) {
			at = first[at];
			continue;
		}
		while (at != n && next[at] == n)
			at = parent[at];
		if (at != n)
			at = next[at];
	}
	free(parent);
	free(first);
	free(next);
	return ok;
}

static bool
table_sort(struct ot_table *t, size_t col, bool reverse)
{
	struct sort_key *keys;
	size_t row;
	bool ok;

	if (t->nrows < 2)
		return true;
	keys = ot_realloc_array(NULL, t->nrows, sizeof(*keys));
	if (keys == NULL)
		return false;
	for (row = 0; row < t->nrows; row++) {
		keys[row].cell = ot_table_at(t, row, col);
		keys[row].row = row;
	}
	qsort(keys, t->nrows, sizeof(*keys),
	      reverse ? sort_backward : sort_forward);
	ok = (t->depth == NULL || sort_siblings(t, keys)) &&
	     sort_permute(t, keys);
	free(keys);
	return ok;
}

void
ot_table_sort_by(struct ot_table *t, size_t col, bool reverse)
{
	/* Without memory the rows stay in the order they are in. */
	if (col < t->ncols)
		(void)table_sort(t, col, reverse);
}

enum ot_status
ot_table_sort(struct ot_table *t, const char *column, struct ot_err *err)
{
	struct ot_buf names = OT_BUF_INIT;
	enum ot_status st;
	bool reverse = column[0] == '-';
	size_t i;
	int col;

	col = ot_table_col(t, column + reverse);
	if (col >= 0) {
		if (!table_sort(t, (size_t)col, reverse))
			return ot_fail_nomem(err, "sorting");
		return OT_OK;
	}
	for (i = 0; i < t->ncols; i++)
		ot_buf_addf(&names, "%s%s", i > 0 ? ", " : "", t->cols[i].name);
	st = ot_fail(err, OT_USAGE,
		     "cannot sort by '%.100s': the columns are %s",
		     column + reverse, ot_buf_str(&names));
	ot_buf_release(&names);
	return st;
}

void
ot_table_limit(struct ot_table *t, size_t n)
{
	if (n == 0 || n >= t->nrows)
		return;
	if (t->total_rows < t->nrows)
		t->total_rows = t->nrows;
	table_drop_nested(t, n, t->nrows);
	t->nrows = n;
}
