/* SPDX-License-Identifier: MIT */
/*
 * sql_vtab.c - queries over the graph by sqlite, whose only user this is.
 *
 * The tables of sql_tables.def are virtual ones over the columns as they lie:
 * nothing is copied, and what a lookup can answer (an object by its address,
 * the objects of a type, the edges at either end of an object) never scans.
 * The database is an empty one in memory; an authorizer lets reading pass and
 * nothing else, and a handler that sqlite calls every some thousand steps ends
 * a query that takes too long or that nobody waits for any more.
 */
#include "config.h"

#include "graph/sql.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "graph/sql_tables.h"

#define STEPS_A_LOOK 20000	      /* a millisecond or so */
#define MEMORY_MAX   (INT64_C(4) << 30) /* sorting ten million rows fits */
#define LENGTH_MAX   (16 << 20)	      /* of one value */

/* idxNum: a lookup's number plus one, or how to list all. */
enum { PLAN_ALL = 0, PLAN_ORDERED = -1 };

struct vtab {
	sqlite3_vtab base; /* first: sqlite sees this alone */
	struct sql_ctx *x;
	const struct sql_table *table;
};

struct cursor {
	sqlite3_vtab_cursor base; /* likewise */
	struct sql_rows rows;
};

/* What a module is registered with. */
struct module {
	struct sql_ctx *x;
	const struct sql_table *table;
};

static int
vtab_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
	     sqlite3_vtab **out, char **message)
{
	const struct module *m = aux;
	struct ot_buf decl = OT_BUF_INIT;
	struct vtab *v = NULL;
	int i, rc = SQLITE_NOMEM;

	(void)argc;
	(void)argv;
	(void)message;
	ot_buf_adds(&decl, "CREATE TABLE x(");
	for (i = 0; i < m->table->ncols; i++)
		ot_buf_addf(&decl, "%s\"%s\" %s", i ? ", " : "",
			    m->table->cols[i].name, m->table->cols[i].decl);
	ot_buf_adds(&decl, ")");
	if (!decl.failed)
		rc = sqlite3_declare_vtab(db, ot_buf_str(&decl));
	ot_buf_release(&decl);
	if (rc != SQLITE_OK)
		return rc;
	v = sqlite3_malloc(sizeof(*v));
	if (v == NULL)
		return SQLITE_NOMEM;
	memset(v, 0, sizeof(*v));
	v->x = m->x;
	v->table = m->table;
	*out = &v->base;
	return SQLITE_OK;
}

static int
vtab_disconnect(sqlite3_vtab *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

/* The constraint that a lookup can answer and finds fewest rows by, or -1. */
static int
best_constraint(const struct sql_table *t, sqlite3_index_info *info,
		int *lookup)
{
	const struct sqlite3_index_constraint *c;
	int i, j, best = -1;

	for (i = 0; i < info->nConstraint; i++) {
		c = &info->aConstraint[i];
		if (!c->usable || c->op != SQLITE_INDEX_CONSTRAINT_EQ ||
		    strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0)
			continue;
		for (j = 0; j < t->nlookups; j++)
			if (t->lookups[j].col == c->iColumn &&
			    (best < 0 ||
			     t->lookups[j].rows < t->lookups[*lookup].rows)) {
				best = i;
				*lookup = j;
			}
	}
	return best;
}

static int
vtab_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
	const struct vtab *v = (const struct vtab *)base;
	double count = (double)v->table->count(v->x) + 1;
	int lookup = 0, c = best_constraint(v->table, info, &lookup);

	if (c >= 0) {
		info->idxNum = lookup + 1;
		info->aConstraintUsage[c].argvIndex = 1;
		info->aConstraintUsage[c].omit = 1;
		info->estimatedRows = (int64_t)v->table->lookups[lookup].rows;
		info->estimatedCost = (double)info->estimatedRows * 2;
		return SQLITE_OK;
	}
	info->idxNum = PLAN_ALL;
	info->estimatedRows = (int64_t)count;
	info->estimatedCost = count;
	/* For GROUP BY and DISTINCT equal rows need but lie together. */
	if (info->nOrderBy == 1 &&
	    (!info->aOrderBy[0].desc || sqlite3_vtab_distinct(info) > 0) &&
	    info->aOrderBy[0].iColumn == v->table->ordered) {
		info->idxNum = PLAN_ORDERED;
		info->orderByConsumed = 1;
	}
	return SQLITE_OK;
}

static int
vtab_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct cursor *c = sqlite3_malloc(sizeof(*c));

	(void)base;
	if (c == NULL)
		return SQLITE_NOMEM;
	memset(c, 0, sizeof(*c));
	*out = &c->base;
	return SQLITE_OK;
}

static int
vtab_close(sqlite3_vtab_cursor *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

/* An address as a number or as the text "0x7f...". */
static bool
key_of(sqlite3_value *value, bool address, struct sql_key *key)
{
	if (address && sqlite3_value_type(value) == SQLITE_INTEGER) {
		key->addr = (uint64_t)sqlite3_value_int64(value);
		return true;
	}
	if (sqlite3_value_type(value) != SQLITE_TEXT)
		return false;
	key->text = (const char *)sqlite3_value_text(value);
	return key->text != NULL &&
	       (!address || ot_parse_addr(key->text, &key->addr));
}

static int
vtab_filter(sqlite3_vtab_cursor *base, int plan, const char *unused, int argc,
	    sqlite3_value **argv)
{
	const struct vtab *v = (const struct vtab *)base->pVtab;
	struct cursor *c = (struct cursor *)base;
	const struct sql_lookup *l;
	struct sql_key key = { 0, NULL };
	bool address;

	(void)unused;
	memset(&c->rows, 0, sizeof(c->rows));
	if (plan <= 0 || argc < 1) {
		v->table->all(v->x, plan == PLAN_ORDERED, &c->rows);
		return SQLITE_OK;
	}
	l = &v->table->lookups[plan - 1];
	address = strcmp(v->table->cols[l->col].decl, "ADDRESS") == 0;
	if (key_of(argv[0], address, &key))
		v->table->find(v->x, plan - 1, &key, &c->rows);
	return SQLITE_OK;
}

static int
vtab_next(sqlite3_vtab_cursor *base)
{
	((struct cursor *)base)->rows.at++;
	return SQLITE_OK;
}

static int
vtab_eof(sqlite3_vtab_cursor *base)
{
	const struct vtab *v = (const struct vtab *)base->pVtab;

	return sql_rows_end(v->x, &((struct cursor *)base)->rows);
}

static int
vtab_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int col)
{
	const struct vtab *v = (const struct vtab *)base->pVtab;
	const struct cursor *c = (const struct cursor *)base;
	struct sql_value value = { .type = SQL_NULL };

	v->table->value(v->x, sql_rows_row(&c->rows), col, &value);
	if (v->x->st != OT_OK)
		return SQLITE_ERROR;
	if (value.type == SQL_INT)
		sqlite3_result_int64(out, value.i);
	else if (value.type != SQL_NULL)
		sqlite3_result_text64(out, value.str, value.len,
				      value.type == SQL_COPY ? SQLITE_TRANSIENT
							     : SQLITE_STATIC,
				      SQLITE_UTF8);
	return SQLITE_OK;
}

static int
vtab_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *row)
{
	*row = (sqlite3_int64)sql_rows_row(&((struct cursor *)base)->rows);
	return SQLITE_OK;
}

/* No xCreate: the tables are there without being created. */
static const sqlite3_module vtab_module = {
	.iVersion = 0,
	.xConnect = vtab_connect,
	.xDisconnect = vtab_disconnect,
	.xBestIndex = vtab_best_index,
	.xOpen = vtab_open,
	.xClose = vtab_close,
	.xFilter = vtab_filter,
	.xNext = vtab_next,
	.xEof = vtab_eof,
	.xColumn = vtab_column,
	.xRowid = vtab_rowid,
};

/* addr(x): an address worked out by a query, as people write it. */
static void
sql_addr(sqlite3_context *out, int argc, sqlite3_value **argv)
{
	char text[32];

	if (argc != 1 || sqlite3_value_type(argv[0]) != SQLITE_INTEGER)
		return;
	snprintf(text, sizeof(text), "0x%" PRIx64,
		 (uint64_t)sqlite3_value_int64(argv[0]));
	sqlite3_result_text(out, text, -1, SQLITE_TRANSIENT);
}

static int
sql_authorize(void *ctx, int what, const char *a, const char *b, const char *c,
	      const char *d)
{
	(void)ctx;
	(void)a;
	(void)c;
	(void)d;
	switch (what) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return b != NULL && strcmp(b, "load_extension") == 0
			       ? SQLITE_DENY
			       : SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

struct query {
	const struct hg_args *args;
	uint64_t deadline; /* us; 0: none */
	uint64_t rows;
	bool late, cancelled;
};

static int
query_look(void *ctx)
{
	struct query *q = ctx;

	if (q->deadline != 0 && ot_now_us() > q->deadline)
		q->late = true;
	if (q->args->cancelled != NULL &&
	    q->args->cancelled(q->args->cancel_ctx, q->rows, 0))
		q->cancelled = true;
	return q->late || q->cancelled;
}

static enum ot_status
query_failed(const struct query *q, sqlite3 *db, struct ot_err *err)
{
	int rc = sqlite3_errcode(db);

	if (q->cancelled)
		return ot_fail(err, OT_INTERRUPTED, "interrupted");
	if (q->late)
		return ot_fail(err, OT_FAILED,
			       "the query took longer than %" PRIu64
			       " ms; --timeout gives it more",
			       q->args->timeout_ms);
	if (rc == SQLITE_NOMEM)
		return ot_fail_nomem(err, "the query");
	if (rc == SQLITE_AUTH)
		return ot_fail(err, OT_USAGE,
			       "the heap can only be read: SELECT is all there "
			       "is");
	return ot_fail(err, OT_USAGE,
		       "%s; the query .schema lists the tables",
		       sqlite3_errmsg(db));
}

static int
kind_compare(const void *a, const void *b, void *g)
{
	hg_kind x = *(const hg_kind *)a, y = *(const hg_kind *)b;
	int c = strcmp(hg_kind_full(g, x), hg_kind_full(g, y));

	return c ? c : x < y ? -1 : x > y;
}

static bool
ctx_init(struct sql_ctx *x, const struct hg_graph *g,
	 const struct hg_args *args)
{
	uint32_t n = hg_kinds(g), i;

	memset(x, 0, sizeof(*x));
	x->g = g;
	x->args = args;
	x->by_name = malloc(((size_t)n + 1) * sizeof(*x->by_name));
	if (x->by_name == NULL)
		return false;
	for (i = 0; i < n; i++)
		x->by_name[i] = i;
	qsort_r(x->by_name, n, sizeof(*x->by_name), kind_compare, (void *)g);
	return true;
}

/* The names of the result's columns, made distinct: they are JSON keys. */
static const struct ot_col *
query_columns(sqlite3_stmt *stmt, struct ot_table *t, size_t n)
{
	struct ot_col *cols = ot_arena_alloc(&t->arena, n * sizeof(*cols));
	struct ot_buf unique = OT_BUF_INIT;
	const char *decl;
	size_t i, j, same;

	for (i = 0; cols != NULL && i < n; i++) {
		const char *name = sqlite3_column_name(stmt, (int)i);

		for (j = 0, same = 1; j < i; j++)
			same += strcmp(sqlite3_column_name(stmt, (int)j),
				       name) == 0;
		ot_buf_clear(&unique);
		ot_buf_adds(&unique, name);
		if (same > 1)
			ot_buf_addf(&unique, "_%zu", same);
		cols[i].name = ot_arena_strdup(&t->arena, ot_buf_str(&unique));
		if (cols[i].name == NULL || unique.failed) {
			cols = NULL;
			break;
		}
		decl = sqlite3_column_decltype(stmt, (int)i);
		cols[i].flags = 0;
		cols[i].type = OT_CELL_NONE; /* until a value says */
		if (decl != NULL && strcmp(decl, "ADDRESS") == 0)
			cols[i].type = OT_CELL_ADDR;
		if (decl != NULL && strcmp(decl, "BYTES") == 0)
			cols[i].type = OT_CELL_BYTES;
	}
	ot_buf_release(&unique);
	return cols;
}

static bool
query_cell(sqlite3_stmt *stmt, int i, struct ot_table *t, struct ot_cell *cell)
{
	struct ot_col *col = (struct ot_col *)&t->cols[i];

	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_NULL:
		return true;
	case SQLITE_INTEGER:
		if (col->type == OT_CELL_ADDR)
			ot_cell_addr(cell,
				     (uint64_t)sqlite3_column_int64(stmt, i));
		else if (col->type == OT_CELL_BYTES)
			ot_cell_bytes(cell,
				      (uint64_t)sqlite3_column_int64(stmt, i));
		else
			ot_cell_int(cell, sqlite3_column_int64(stmt, i));
		break;
	case SQLITE_FLOAT:
		ot_cell_real(cell, sqlite3_column_double(stmt, i));
		break;
	default:
		if (!ot_cell_str(t, cell, sqlite3_column_blob(stmt, i),
				 (size_t)sqlite3_column_bytes(stmt, i)))
			return false;
		break;
	}
	if (col->type == OT_CELL_NONE)
		col->type = cell->type;
	return true;
}

static enum ot_status
query_rows(struct query *q, sqlite3 *db, sqlite3_stmt *stmt,
	   struct ot_table **out, struct ot_err *err)
{
	int rc, i, n = sqlite3_column_count(stmt);
	struct ot_table *t = ot_table_new(NULL, (size_t)n);
	struct ot_cell *row;
	bool ok = t != NULL;

	if (ok)
		t->cols = query_columns(stmt, t, (size_t)n);
	ok = ok && t->cols != NULL;
	while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row = ot_table_row(t);
		ok = row != NULL;
		for (i = 0; ok && i < n; i++)
			ok = query_cell(stmt, i, t, &row[i]);
		q->rows++;
	}
	if (!ok || rc != SQLITE_DONE) {
		ot_table_free(t);
		return ok ? query_failed(q, db, err)
			  : ot_fail_nomem(err, "the rows of the query");
	}
	*out = t;
	return OT_OK;
}

static enum ot_status
query_run(struct query *q, sqlite3 *db, const char *sql, struct ot_table **out,
	  struct ot_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum ot_status st;
	const char *tail;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, &tail) != SQLITE_OK)
		st = query_failed(q, db, err);
	else if (stmt == NULL)
		st = ot_fail(err, OT_USAGE, "the query is empty");
	else if (tail[strspn(tail, " \t\n;")] != '\0')
		st = ot_fail(err, OT_USAGE, "one query at a time, please");
	else
		st = query_rows(q, db, stmt, out, err);
	sqlite3_finalize(stmt);
	return st;
}

static bool
query_open(struct query *q, struct module *modules, sqlite3 **db)
{
	size_t n = 0;
	bool ok = sqlite3_open_v2(":memory:", db,
				  SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY |
					  SQLITE_OPEN_NOMUTEX,
				  NULL) == SQLITE_OK;

	/*
	 * What is sorted stays in memory: values do not go to files.  Tables
	 * are looked at once, as connecting them would not be authorized.
	 */
	ok = ok && sqlite3_exec(*db, "PRAGMA temp_store=MEMORY", NULL, NULL,
				NULL) == SQLITE_OK;
#define SQL_TABLE(name, help)                                                  \
	ok = ok &&                                                             \
	     sqlite3_create_module(*db, #name, &vtab_module, &modules[n++]) == \
		     SQLITE_OK &&                                              \
	     sqlite3_exec(*db, "SELECT 1 FROM " #name " LIMIT 0", NULL, NULL,  \
			  NULL) == SQLITE_OK;
#include "graph/sql_tables.def"
	ok = ok && sqlite3_create_function(*db, "addr", 1,
					   SQLITE_UTF8 | SQLITE_DETERMINISTIC,
					   NULL, sql_addr, NULL,
					   NULL) == SQLITE_OK;
	if (!ok)
		return false;
	sqlite3_hard_heap_limit64(MEMORY_MAX);
	sqlite3_limit(*db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_progress_handler(*db, STEPS_A_LOOK, query_look, q);
	sqlite3_set_authorizer(*db, sql_authorize, NULL);
	return true;
}

enum ot_status
hg_sql_run(const struct hg_graph *g, const char *sql,
	   const struct hg_args *args, struct ot_table **out,
	   struct ot_err *err)
{
	struct sql_ctx x;
	struct module modules[] = {
#define SQL_TABLE(name, help) { &x, &sql_##name },
#include "graph/sql_tables.def"
	};
	struct query q = { .args = args };
	sqlite3 *db = NULL;
	enum ot_status st;

	if (!ctx_init(&x, g, args))
		return ot_fail_nomem(err, "the query");
	if (args->timeout_ms != 0)
		q.deadline = ot_now_us() + args->timeout_ms * 1000;
	if (query_open(&q, modules, &db))
		st = query_run(&q, db, sql, out, err);
	else
		st = ot_fail(err, OT_FAILED, "sqlite does not start: %s",
			     db ? sqlite3_errmsg(db) : "no memory");
	if (x.st != OT_OK) {
		st = x.st;
		if (err != NULL)
			*err = x.err;
	}
	sqlite3_close(db);
	ot_buf_release(&x.scratch);
	free(x.by_name);
	return st;
}
