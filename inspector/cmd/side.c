/* SPDX-License-Identifier: MIT */
/*
 * side.c - the tables of several processes as one: what they have in common
 * added up, and a column for each, named by its PID, of the figure that
 * matters (the count; of growth the change).
 *
 * Rows belong together where the column that names them reads the same; it is
 * the one that takes the rest of the line, or `type`.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspector/cmd/cmd.h"

#define ADDED_MAX 16

/* Columns that add up to something. */
static const char *const added[] = {
	"count", "delta",   "rate",	 "slope",  "survivors", "stayed",
	"died",	 "bytes",   "grown",	 "tracked", "retained",
};

struct side_row {
	const struct ot_cell *cells; /* of a row of one table */
	size_t table;
	const struct ot_cell *name;
};

struct side {
	const pid_t *pids;
	struct ot_table **tables;
	size_t n;
	size_t name;   /* column that names a row */
	int value;     /* column that is shown for each process */
	int module;    /* or -1 */
	size_t sums[ADDED_MAX], nsums; /* columns that are added up */
	struct ot_col *cols;
	char (*heads)[24];
	size_t ncols;
	struct side_row *rows;
	size_t nrows;
};

static void
side_release(struct side *s)
{
	free(s->cols);
	free(s->heads);
	free(s->rows);
}

static void
side_find(struct side *s, const char *command)
{
	const struct ot_table *t = s->tables[0];
	size_t i;
	int col = ot_table_col(t, "type");

	s->value = ot_table_col(t, strcmp(command, "growth") == 0 ? "delta"
								  : "count");
	s->module = ot_table_col(t, "module");
	for (i = 0; i < OT_ARRAY_LEN(added); i++) {
		int at = ot_table_col(t, added[i]);

		if (at >= 0 && s->nsums < ADDED_MAX)
			s->sums[s->nsums++] = (size_t)at;
	}
	/* Of groups the last column says which, of types the type. */
	s->name = col >= 0 && !(t->cols[col].flags & OT_COL_HIDDEN)
			  ? (size_t)col
			  : t->ncols - 1;
	if (s->module == (int)s->name)
		s->module = -1;
}

/* Sums, one a process, the module where there is one, the name. */
static bool
side_columns(struct side *s)
{
	const struct ot_col *from = s->tables[0]->cols;
	size_t i, at = 0;

	s->ncols = s->nsums + s->n + (s->module >= 0) + 1;
	s->cols = calloc(s->ncols, sizeof(*s->cols));
	s->heads = calloc(s->n, sizeof(*s->heads));
	if (s->cols == NULL || s->heads == NULL)
		return false;
	for (i = 0; i < s->nsums; i++)
		s->cols[at++] = from[s->sums[i]];
	for (i = 0; i < s->n; i++) {
		snprintf(s->heads[i], sizeof(s->heads[i]), "%ld",
			 (long)s->pids[i]);
		s->cols[at] = from[s->value];
		s->cols[at++].name = s->heads[i];
	}
	if (s->module >= 0) {
		s->cols[at] = from[s->module];
		s->cols[at++].flags = OT_COL_HIDDEN;
	}
	s->cols[at] = from[s->name];
	s->cols[at].flags = OT_COL_FLEX;
	return true;
}

static int
side_cell_compare(const struct ot_cell *a, const struct ot_cell *b)
{
	size_t len;
	int c;

	if (a->type != OT_CELL_STR || b->type != OT_CELL_STR)
		return (a->v.i > b->v.i) - (a->v.i < b->v.i);
	len = a->len < b->len ? a->len : b->len;
	c = memcmp(a->v.str, b->v.str, len);
	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static int
side_row_compare(const void *a, const void *b)
{
	const struct side_row *x = a, *y = b;
	int c = side_cell_compare(x->name, y->name);

	return c != 0 ? c : (x->table > y->table) - (x->table < y->table);
}

static bool
side_collect(struct side *s)
{
	size_t i, row, total = 0;

	for (i = 0; i < s->n; i++)
		total += s->tables[i]->nrows;
	s->rows = ot_realloc_array(NULL, total + 1, sizeof(*s->rows));
	if (s->rows == NULL)
		return false;
	for (i = 0; i < s->n; i++)
		for (row = 0; row < s->tables[i]->nrows; row++)
			s->rows[s->nrows++] = (struct side_row){
				ot_table_at(s->tables[i], row, 0), i,
				ot_table_at(s->tables[i], row, s->name)
			};
	if (s->nrows > 1)
		qsort(s->rows, s->nrows, sizeof(*s->rows), side_row_compare);
	return true;
}

static void
side_add(struct ot_cell *sum, const struct ot_cell *more)
{
	if (more->type == OT_CELL_NONE)
		return;
	if (sum->type == OT_CELL_NONE) {
		*sum = *more;
		return;
	}
	if (more->type == OT_CELL_REAL)
		sum->v.d += more->v.d;
	else if (more->type == OT_CELL_BYTES)
		sum->v.u += more->v.u;
	else
		sum->v.i += more->v.i;
}

/* Rows from..to have one name; the strings live as long as the tables. */
static bool
side_make_row(const struct side *s, size_t from, size_t to, struct ot_table *t)
{
	struct ot_cell *out = ot_table_row(t);
	const struct side_row *r;
	size_t i, at = s->nsums + s->n;

	if (out == NULL)
		return false;
	for (r = &s->rows[from]; r < &s->rows[to]; r++) {
		for (i = 0; i < s->nsums; i++)
			side_add(&out[i], &r->cells[s->sums[i]]);
		side_add(&out[s->nsums + r->table], &r->cells[s->value]);
	}
	r = &s->rows[from];
	if (s->module >= 0)
		out[at++] = r->cells[s->module];
	out[at] = *r->name;
	return true;
}

enum ot_status
cmd_side(const struct cmd *c, const pid_t *pids, struct ot_table **tables,
	 size_t n, struct ot_err *err)
{
	struct side s = { .pids = pids, .tables = tables, .n = n };
	struct ot_table *t = NULL;
	enum ot_status st = OT_OK;
	size_t from, to;

	side_find(&s, c->name);
	if (side_columns(&s) && side_collect(&s))
		t = ot_table_new(s.cols, s.ncols);
	if (t == NULL)
		st = ot_fail_nomem(err, "the table");
	for (from = 0; st == OT_OK && from < s.nrows; from = to) {
		for (to = from + 1; to < s.nrows; to++)
			if (side_cell_compare(s.rows[from].name,
					      s.rows[to].name) != 0)
				break;
		if (!side_make_row(&s, from, to, t))
			st = ot_fail_nomem(err, "the table");
	}
	if (st == OT_OK)
		st = cmd_print(c, t, NULL,
			       strcmp(c->name, "growth") == 0 ? "slope"
							      : "count",
			       20, err);
	ot_table_free(t);
	side_release(&s);
	return st;
}
