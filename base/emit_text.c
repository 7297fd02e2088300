/* SPDX-License-Identifier: MIT */
/*
 * emit_text.c - tables for people.
 *
 * Two passes over the rows: one measures the columns, one prints, so nothing
 * is kept but the widths.  Numbers stand right, the rest left; one column
 * (FLEX, else the last) takes what is left of the line and is cut with "...";
 * other strings give way only where the line would not fit otherwise.  A
 * table of one row that has tables nested in it is printed as a record, one
 * line a column.
 */
#include "config.h"

#include "base/emit_priv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "base/utf8.h"

#define GAP 2	      /* blanks between columns */
#define SHRINK_TO 12  /* strings give way down to this */
#define INDENT_MAX 40 /* a tree deeper than this stays at the margin */

struct text {
	FILE *out;
	const struct ot_table *t;
	size_t indent; /* of a nested table */
	size_t width;  /* of the line without the indent; 0: none */
	bool color;
	size_t *widths; /* per column; 0: not shown */
	size_t flex;	/* column, or ncols: none */
	struct ot_buf cell; /* scratch */
	bool failed;
};

static bool text_table(const struct ot_emit *e, const struct ot_table *t,
		       size_t indent, FILE *out);

void
ot_cell_text(const struct ot_cell *c, struct ot_buf *out)
{
	char num[64];

	switch (c->type) {
	case OT_CELL_NONE:
		break;
	case OT_CELL_INT:
		if (c->v.i < 0)
			ot_fmt_delta(num, sizeof(num), c->v.i);
		else
			ot_fmt_count(num, sizeof(num), (uint64_t)c->v.i);
		ot_buf_adds(out, num);
		break;
	case OT_CELL_BYTES:
		ot_buf_adds(out, ot_fmt_bytes(num, sizeof(num), c->v.u));
		break;
	case OT_CELL_DELTA:
		ot_buf_adds(out, ot_fmt_delta(num, sizeof(num), c->v.i));
		break;
	case OT_CELL_REAL:
		if (isfinite(c->v.d))
			ot_buf_addf(out, "%.1f", c->v.d);
		break;
	case OT_CELL_SHARE:
		if (isfinite(c->v.d))
			ot_buf_addf(out, "%.1f%%", c->v.d * 100);
		break;
	case OT_CELL_ADDR:
		ot_buf_addf(out, "0x%" PRIx64, c->v.u);
		break;
	case OT_CELL_STR:
		ot_escape(out, c->v.str, c->len, OT_ESC_TERM, 0);
		break;
	case OT_CELL_BOOL:
		ot_buf_adds(out, c->v.u != 0 ? "yes" : "no");
		break;
	case OT_CELL_TABLE:
		ot_buf_addf(out, "%zu rows", c->v.table->nrows);
		break;
	}
}

/* Fills x->cell with what is shown of a cell, the tree's indent included. */
static void
text_cell(struct text *x, size_t row, size_t col)
{
	const struct ot_cell *c = ot_table_at(x->t, row, col);
	size_t depth;

	ot_buf_clear(&x->cell);
	if ((x->t->cols[col].flags & OT_COL_TREE) && x->t->depth != NULL) {
		depth = x->t->depth[row];
		if (depth > INDENT_MAX)
			depth = INDENT_MAX;
		for (; depth > 0; depth--)
			ot_buf_adds(&x->cell, "  ");
	}
	if (c->type == OT_CELL_STR)
		ot_escape_tty(&x->cell, c->v.str, c->len);
	else if (c->type == OT_CELL_INT &&
		 (x->t->cols[col].flags & OT_COL_ID))
		ot_buf_addf(&x->cell, "%" PRId64, c->v.i);
	else
		ot_cell_text(c, &x->cell);
	if (x->cell.failed)
		x->failed = true;
}

/* A line of our own or of a target: title, note. */
static void
text_line(struct text *x, const char *s)
{
	ot_buf_clear(&x->cell);
	ot_escape_tty(&x->cell, s, strlen(s));
	fprintf(x->out, "%*s%s\n", (int)x->indent, "", ot_buf_str(&x->cell));
}

static bool
text_is_number(enum ot_cell_type type)
{
	return type == OT_CELL_INT || type == OT_CELL_BYTES ||
	       type == OT_CELL_DELTA || type == OT_CELL_REAL ||
	       type == OT_CELL_SHARE;
}

static bool
text_shown(const struct ot_col *col)
{
	return !(col->flags & OT_COL_HIDDEN) && col->type != OT_CELL_TABLE;
}

static void
text_measure(struct text *x)
{
	const struct ot_table *t = x->t;
	size_t row, col, w;

	x->flex = t->ncols;
	for (col = 0; col < t->ncols; col++) {
		if (!text_shown(&t->cols[col]))
			continue;
		x->widths[col] = strlen(t->cols[col].name);
		if ((t->cols[col].flags & OT_COL_FLEX) || x->flex == t->ncols ||
		    !(t->cols[x->flex].flags & OT_COL_FLEX))
			x->flex = col;
		for (row = 0; row < t->nrows; row++) {
			text_cell(x, row, col);
			w = ot_utf8_width(ot_buf_str(&x->cell), x->cell.len);
			if (w > x->widths[col])
				x->widths[col] = w;
		}
	}
}

static size_t
text_total(const struct text *x)
{
	size_t col, sum = 0;

	for (col = 0; col < x->t->ncols; col++)
		if (x->widths[col] > 0)
			sum += x->widths[col] + GAP;
	return sum > GAP ? sum - GAP : 0;
}

/* Takes `over` columns off one column, down to `floor`; what is left over. */
static size_t
text_shrink(size_t *width, size_t over, size_t floor)
{
	size_t give;

	if (*width <= floor)
		return over;
	give = *width - floor < over ? *width - floor : over;
	*width -= give;
	return over - give;
}

static void
text_fit(struct text *x)
{
	size_t total = text_total(x), over, col, widest;

	if (x->width == 0 || total <= x->width)
		return;
	over = total - x->width;
	/* Numbers are never cut: a wrong figure is worse than a long line. */
	if (x->flex < x->t->ncols && !text_is_number(x->t->cols[x->flex].type))
		over = text_shrink(&x->widths[x->flex], over, SHRINK_TO);
	while (over > 0) {
		widest = x->t->ncols;
		for (col = 0; col < x->t->ncols; col++)
			if (x->t->cols[col].type == OT_CELL_STR &&
			    x->widths[col] > SHRINK_TO &&
			    (widest == x->t->ncols ||
			     x->widths[col] > x->widths[widest]))
				widest = col;
		if (widest == x->t->ncols)
			break;
		x->widths[widest]--;
		over--;
	}
}

/* Prints s into `cols` columns; `pad` owes blanks from columns before. */
static void
text_put(struct text *x, const char *s, size_t len, size_t cols, bool right,
	 size_t *pad)
{
	size_t w, n;

	n = ot_utf8_fit(s, len, cols, &w);
	if (n < len && cols >= 3) {
		n = ot_utf8_fit(s, len, cols - 3, &w);
		w += 3;
	}
	if (right)
		*pad += cols - w;
	if (n > 0 || n < len) {
		fprintf(x->out, "%*s", (int)*pad, "");
		*pad = 0;
		fwrite(s, 1, n, x->out);
		if (n < len && cols >= 3)
			fputs("...", x->out);
	}
	if (!right)
		*pad += cols - w;
}

static void
text_head(struct text *x)
{
	size_t col, pad = x->indent;
	const char *name;

	if (x->color)
		fputs("\033[1m", x->out);
	for (col = 0; col < x->t->ncols; col++) {
		if (x->widths[col] == 0)
			continue;
		name = x->t->cols[col].name;
		text_put(x, name, strlen(name), x->widths[col],
			 text_is_number(x->t->cols[col].type), &pad);
		pad += GAP;
	}
	fputs(x->color ? "\033[0m\n" : "\n", x->out);
}

static void
text_row(struct text *x, size_t row)
{
	size_t col, pad = x->indent;

	for (col = 0; col < x->t->ncols; col++) {
		if (x->widths[col] == 0)
			continue;
		text_cell(x, row, col);
		text_put(x, ot_buf_str(&x->cell), x->cell.len, x->widths[col],
			 text_is_number(x->t->cols[col].type), &pad);
		pad += GAP;
	}
	putc('\n', x->out);
}

/* A nested table that is to be printed: not in a column for programs only. */
static bool
text_has_nested(const struct ot_table *t, size_t row, size_t col)
{
	return ot_table_at(t, row, col)->type == OT_CELL_TABLE &&
	       !(t->cols[col].flags & OT_COL_HIDDEN);
}

/* The tables nested in a row, each under its title. */
static bool
text_nested(const struct ot_emit *e, struct text *x, size_t row)
{
	const struct ot_table *sub;
	size_t col;

	for (col = 0; col < x->t->ncols; col++) {
		if (!text_has_nested(x->t, row, col))
			continue;
		sub = ot_table_at(x->t, row, col)->v.table;
		if (sub->title == NULL) {
			fprintf(x->out, "%*s%s%s\n", (int)x->indent, "",
				x->t->cols[col].name,
				sub->nrows == 0 ? ": none" : "");
			if (sub->nrows == 0 && sub->note == NULL)
				continue;
		}
		if (!text_table(e, sub, x->indent + 2, x->out))
			return false;
	}
	return true;
}

static bool
text_is_record(const struct ot_table *t)
{
	size_t col;

	if (t->nrows != 1)
		return false;
	for (col = 0; col < t->ncols; col++)
		if (text_has_nested(t, 0, col))
			return true;
	return false;
}

static void
text_record(struct text *x)
{
	const struct ot_table *t = x->t;
	size_t col, head = 0, pad, cols;

	for (col = 0; col < t->ncols; col++)
		if (text_shown(&t->cols[col]) &&
		    strlen(t->cols[col].name) > head)
			head = strlen(t->cols[col].name);
	for (col = 0; col < t->ncols; col++) {
		if (!text_shown(&t->cols[col]) ||
		    ot_table_at(t, 0, col)->type == OT_CELL_NONE)
			continue;
		fprintf(x->out, "%*s%s%-*s%s", (int)x->indent, "",
			x->color ? "\033[1m" : "", (int)(head + GAP),
			t->cols[col].name, x->color ? "\033[0m" : "");
		text_cell(x, 0, col);
		cols = SIZE_MAX / 2;
		if (x->width > 0)
			cols = x->width > head + GAP + SHRINK_TO
				       ? x->width - head - GAP
				       : SHRINK_TO;
		pad = 0;
		text_put(x, ot_buf_str(&x->cell), x->cell.len, cols, false,
			 &pad);
		putc('\n', x->out);
	}
}

static bool
text_rows(const struct ot_emit *e, struct text *x)
{
	bool ok = true;
	size_t row;

	if (text_is_record(x->t)) {
		text_record(x);
		return text_nested(e, x, 0);
	}
	text_measure(x);
	text_fit(x);
	text_head(x);
	for (row = 0; row < x->t->nrows && ok && !ferror(x->out); row++) {
		text_row(x, row);
		ok = text_nested(e, x, row);
	}
	return ok;
}

static bool
text_table(const struct ot_emit *e, const struct ot_table *t, size_t indent,
	   FILE *out)
{
	struct text x = { .out = out, .t = t, .indent = indent };
	bool ok;

	x.color = e->color;
	if (e->width > 0)
		x.width = e->width > indent + SHRINK_TO ? e->width - indent
							: SHRINK_TO;
	x.widths = calloc(t->ncols + 1, sizeof(*x.widths));
	if (x.widths == NULL)
		return false;
	if (t->title != NULL)
		text_line(&x, t->title);
	ok = text_rows(e, &x) && !x.failed;
	if (t->note != NULL)
		text_line(&x, t->note);
	ot_buf_release(&x.cell);
	free(x.widths);
	return ok;
}

bool
emit_text(const struct ot_emit *e, const struct ot_table *t, FILE *out)
{
	return text_table(e, t, 0, out);
}
