/* SPDX-License-Identifier: MIT */
/*
 * sql_tables.h - the graph as relations; private to the graph room.
 *
 * A table says which columns a row has, how to list its rows, and which
 * columns find rows without looking at all of them.  A row is a number (an
 * object, an edge, a kind), its columns are made when asked for.  Nothing here
 * knows sqlite: an_sql.c alone does.
 */
#ifndef HG_SQL_TABLES_H
#define HG_SQL_TABLES_H

#include "graph/analysis.h"
#include "graph/dom.h"

enum sql_type {
	SQL_NULL,
	SQL_INT,
	SQL_STATIC, /* str lives as long as the graph */
	SQL_COPY,   /* str is gone at the next value */
};

struct sql_value {
	enum sql_type type;
	int64_t i;
	const char *str;
	size_t len;
};

/* The declared type ADDRESS is an integer that is shown as 0x7f... */
struct sql_col {
	const char *name, *decl;
};

/* An equality that finds rows; `rows` is how many to expect. */
struct sql_lookup {
	int col;
	unsigned rows;
};

/* What a lookup is given: an address or a text. */
struct sql_key {
	uint64_t addr;
	const char *text;
};

struct sql_ctx {
	const struct hg_graph *g;
	const struct hg_args *args;
	const struct hg_dom *dom; /* when first asked for; sql_dom */
	enum ot_status st;	  /* of the value that could not be made */
	struct ot_err err;
	hg_kind *by_name; /* all kinds, by full name */
	struct ot_buf scratch;
};

/*
 * Rows yet to come: the range [at, end), or list[at..end) where there is a
 * list; then, while kind < kind_end, the instances of ctx->by_name[kind].
 */
struct sql_rows {
	uint64_t at, end;
	const uint32_t *list;
	uint32_t kind, kind_end;
};

struct sql_table {
	const struct sql_col *cols;
	int ncols;
	const struct sql_lookup *lookups;
	int nlookups;
	int ordered; /* the column that all() can sort by, or -1 */
	uint64_t (*count)(const struct sql_ctx *x);
	void (*all)(const struct sql_ctx *x, bool ordered, struct sql_rows *r);
	void (*find)(const struct sql_ctx *x, int lookup,
		     const struct sql_key *key, struct sql_rows *r);
	void (*value)(struct sql_ctx *x, uint64_t row, int col,
		      struct sql_value *v);
};

#define SQL_TABLE(name, help) extern const struct sql_table sql_##name;
#include "graph/sql_tables.def"

/* Is there a row at all; which; on to the next. */
bool sql_rows_end(const struct sql_ctx *x, struct sql_rows *r);
uint64_t sql_rows_row(const struct sql_rows *r);

/* The dominator tree, NULL and x->st where it could not be made. */
const struct hg_dom *sql_dom(struct sql_ctx *x);

/* The places in ctx->by_name whose full name is `name`. */
void sql_kinds_named(const struct sql_ctx *x, const char *name,
		     uint32_t *first, uint32_t *end);

/* Values. */
void sql_int(struct sql_value *v, int64_t i);
void sql_str(struct sql_value *v, const char *s); /* lives with the graph */
void sql_scratch(struct sql_ctx *x, struct sql_value *v);
void sql_object_addr(const struct sql_ctx *x, hg_node n, struct sql_value *v);

#endif
