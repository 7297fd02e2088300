/* SPDX-License-Identifier: MIT */
/*
 * emit_csv.c - comma-separated values as RFC 4180 has them.
 *
 * All columns, plain numbers, CRLF ends.  Strings are escaped as for a
 * terminal first (a field may be looked at with cat).  A nested table becomes
 * one field: rows joined by "; ", their cells by blanks.
 */
#include "config.h"

#include "base/emit_priv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/escape.h"

static void csv_cell(const struct ot_cell *c, struct ot_buf *out);

static void
csv_nested(const struct ot_table *t, struct ot_buf *out)
{
	size_t row, col;
	bool first;

	for (row = 0; row < t->nrows; row++) {
		if (row > 0)
			ot_buf_adds(out, "; ");
		for (col = 0, first = true; col < t->ncols; col++) {
			if (ot_table_at(t, row, col)->type == OT_CELL_NONE)
				continue;
			if (!first)
				ot_buf_addc(out, ' ');
			first = false;
			csv_cell(ot_table_at(t, row, col), out);
		}
	}
}

static void
csv_cell(const struct ot_cell *c, struct ot_buf *out)
{
	switch (c->type) {
	case OT_CELL_NONE:
		break;
	case OT_CELL_INT:
	case OT_CELL_DELTA:
		ot_buf_addf(out, "%" PRId64, c->v.i);
		break;
	case OT_CELL_BYTES:
		ot_buf_addf(out, "%" PRIu64, c->v.u);
		break;
	case OT_CELL_REAL:
	case OT_CELL_SHARE:
		if (isfinite(c->v.d))
			ot_buf_addf(out, "%.9g", c->v.d);
		break;
	case OT_CELL_ADDR:
		ot_buf_addf(out, "0x%" PRIx64, c->v.u);
		break;
	case OT_CELL_STR:
		ot_escape(out, c->v.str, c->len, OT_ESC_TERM, 0);
		break;
	case OT_CELL_BOOL:
		ot_buf_adds(out, c->v.u != 0 ? "true" : "false");
		break;
	case OT_CELL_TABLE:
		csv_nested(c->v.table, out);
		break;
	}
}

static void
csv_field(const struct ot_buf *text, FILE *out)
{
	const char *s = ot_buf_str(text);

	if (s[strcspn(s, ",\"\r\n")] == '\0' && s[0] != ' ') {
		fputs(s, out);
		return;
	}
	putc('"', out);
	for (; *s != '\0'; s++) {
		if (*s == '"')
			putc('"', out);
		putc(*s, out);
	}
	putc('"', out);
}

bool
emit_csv(const struct ot_table *t, FILE *out)
{
	struct ot_buf text = OT_BUF_INIT;
	size_t row, col;
	bool ok;

	for (col = 0; col < t->ncols; col++)
		fprintf(out, "%s%s", col > 0 ? "," : "", t->cols[col].name);
	fputs("\r\n", out);
	for (row = 0; row < t->nrows && !text.failed && !ferror(out); row++) {
		for (col = 0; col < t->ncols; col++) {
			ot_buf_clear(&text);
			csv_cell(ot_table_at(t, row, col), &text);
			if (col > 0)
				putc(',', out);
			csv_field(&text, out);
		}
		fputs("\r\n", out);
	}
	ok = !text.failed;
	ot_buf_release(&text);
	return ok;
}
