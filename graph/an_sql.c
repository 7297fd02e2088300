/* SPDX-License-Identifier: MIT */
/*
 * an_sql.c - a question nobody thought of before: SELECT over the heap.
 *
 * The words are the query, so that it works on the UI's command line too; the
 * query ".schema" lists the tables and their columns.
 */
#include "config.h"

#include <string.h>

#include "graph/analysis.h"
#include "graph/sql.h"
#include "graph/sql_tables.h"

enum { TABLE, COLUMN, TYPE, NCOLS };

static const struct ot_col cols[NCOLS] = {
	[TABLE] = { "table", OT_CELL_STR, 0 },
	[COLUMN] = { "column", OT_CELL_STR, 0 },
	[TYPE] = { "type", OT_CELL_STR, OT_COL_FLEX },
};

static bool
add_table(struct ot_table *t, const char *name, const struct sql_table *table)
{
	bool ok = true;
	int i;

	for (i = 0; ok && i < table->ncols; i++) {
		const struct sql_col *c = &table->cols[i];
		struct ot_cell *row = ot_table_row(t);

		ok = row && ot_cell_str(t, &row[TABLE], name, strlen(name)) &&
		     ot_cell_str(t, &row[COLUMN], c->name, strlen(c->name)) &&
		     ot_cell_str(t, &row[TYPE], c->decl, strlen(c->decl));
	}
	return ok;
}

static enum ot_status
schema(struct ot_table **out, struct ot_err *err)
{
	struct ot_table *t = ot_table_new(cols, NCOLS);
	bool ok = t != NULL;

#define SQL_TABLE(name, help) ok = ok && add_table(t, #name, &sql_##name);
#include "graph/sql_tables.def"
	if (!ok) {
		ot_table_free(t);
		return ot_fail_nomem(err, "the schema");
	}
	t->note = "an ADDRESS is an integer: 0x7f... is one in SQL; addr(x) "
		  "writes one as text";
	*out = t;
	return OT_OK;
}

enum ot_status
an_sql(const struct hg_graph *g, const struct hg_args *args,
       struct ot_table **out, struct ot_err *err)
{
	struct ot_buf sql = OT_BUF_INIT;
	enum ot_status st;
	size_t i;

	for (i = 0; i < args->nobjects; i++)
		ot_buf_addf(&sql, "%s%s", i ? " " : "", args->objects[i]);
	if (sql.failed)
		st = ot_fail_nomem(err, "the query");
	else if (sql.len == 0)
		st = ot_fail(err, OT_USAGE,
			     "sql needs a query; .schema lists the tables");
	else if (strcmp(ot_buf_str(&sql), ".schema") == 0)
		st = schema(out, err);
	else
		st = hg_sql_run(g, ot_buf_str(&sql), args, out, err);
	ot_buf_release(&sql);
	return st;
}
