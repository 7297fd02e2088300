/* SPDX-License-Identifier: MIT */
/*
 * emit_json.c - the envelope of the contract, the only user of jansson.
 *
 * Written as it goes: no tree of the rows is ever built, so memory does not
 * grow with them.  Whole numbers and our own keys are written as they are;
 * strings and reals go through jansson (quoting, the locale's decimal point).
 * Output is ASCII: what a terminal could take for a control sequence, or turn
 * round, leaves as \uNNNN.
 */
#include "config.h"

#include "base/emit_priv.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>

#include "base/escape.h"

#define DUMP_FLAGS (JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9))

struct json {
	FILE *out;
	struct ot_buf text;	/* scratch */
	bool ok;
};

static void json_rows(struct json *j, const struct ot_table *t,
		      const char *sep);

/* Takes over `value`. */
static void
json_dump(struct json *j, json_t *value)
{
	if (value == NULL || json_dumpf(value, j->out, DUMP_FLAGS) != 0)
		j->ok = false;
	json_decref(value);
}

static void
json_text(struct json *j, const char *s, size_t len)
{
	ot_buf_clear(&j->text);
	ot_escape(&j->text, s, len, OT_ESC_JSON, 0);
	if (j->text.failed) {
		j->ok = false;
		return;
	}
	json_dump(j, json_stringn_nocheck(ot_buf_str(&j->text), j->text.len));
}

/* True where the cell has a value JSON can express. */
static bool
json_has(const struct ot_cell *c)
{
	if (c->type == OT_CELL_REAL || c->type == OT_CELL_SHARE)
		return isfinite(c->v.d);
	return c->type != OT_CELL_NONE;
}

static void
json_cell(struct json *j, const struct ot_cell *c)
{
	switch (c->type) {
	case OT_CELL_INT:
	case OT_CELL_DELTA:
		fprintf(j->out, "%" PRId64, c->v.i);
		break;
	case OT_CELL_BYTES:
		fprintf(j->out, "%" PRIu64, c->v.u);
		break;
	case OT_CELL_REAL:
	case OT_CELL_SHARE:
		json_dump(j, json_real(c->v.d));
		break;
	case OT_CELL_ADDR:
		fprintf(j->out, "\"0x%" PRIx64 "\"", c->v.u);
		break;
	case OT_CELL_STR:
		json_text(j, c->v.str, c->len);
		break;
	case OT_CELL_BOOL:
		fputs(c->v.u != 0 ? "true" : "false", j->out);
		break;
	case OT_CELL_TABLE:
		json_rows(j, c->v.table, " ");
		break;
	case OT_CELL_NONE:
		break;
	}
}

static void
json_row(struct json *j, const struct ot_table *t, size_t row)
{
	const struct ot_cell *c;
	bool first = true;
	size_t col;

	putc('{', j->out);
	for (col = 0; col < t->ncols; col++) {
		c = ot_table_at(t, row, col);
		if (!json_has(c))
			continue;
		fprintf(j->out, "%s\"%s\": ", first ? "" : ", ",
			t->cols[col].name);
		json_cell(j, c);
		first = false;
	}
	putc('}', j->out);
}

/* `sep` stands before each row.  Tables nest as deep as commands make them,
 * which the input has no say in. */
static void
json_rows(struct json *j, const struct ot_table *t, const char *sep)
{
	size_t row;

	putc('[', j->out);
	for (row = 0; row < t->nrows && j->ok && !ferror(j->out); row++) {
		fprintf(j->out, "%s%s", row > 0 ? "," : "",
			row > 0 || *sep == '\n' ? sep : "");
		json_row(j, t, row);
	}
	putc(']', j->out);
}

static void
json_head(struct json *j, const char *key, const struct ot_table *t)
{
	if (t == NULL || t->nrows == 0)
		return;
	fprintf(j->out, ",\n\"%s\": ", key);
	json_row(j, t, 0);
}

bool
emit_json(const struct ot_emit *e, const struct ot_table *t, FILE *out)
{
	struct json j = { out, OT_BUF_INIT, true };

	fprintf(out, "{\"schema\": \"objtop/1\",\n\"command\": \"%s\"",
		e->command);
	json_head(&j, "target", e->target);
	json_head(&j, "snapshot", e->snapshot);
	if (t->total_rows > t->nrows)
		fprintf(out, ",\n\"total_rows\": %zu", t->total_rows);
	fputs(",\n\"rows\": ", out);
	json_rows(&j, t, "\n");
	fputs("}\n", out);
	ot_buf_release(&j.text);
	return j.ok;
}
