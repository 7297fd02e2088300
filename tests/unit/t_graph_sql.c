/* SPDX-License-Identifier: MIT */
/*
 * t_graph_sql.c - the heap as relations, and what a query may not do.
 */
#include "config.h"

#include "tests/unit/t_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAP                                                                   \
	"m:module d:dict:232 s:shop.Session:56 t:shop.Session:57 "             \
	"k:str:53='key' n:int:28='42' @module(shop)>m m>d d[a]>s d[b]>t "      \
	"s.name>k t.name>k s.n>n t~>s"

static void
expect(const struct t_heap *h, const char *sql, size_t rows, const char *col,
       const char *cell)
{
	struct ot_table *t = t_run(h->g, "sql", sql, NULL);

	ck_assert_msg(t->nrows == rows, "%s: %zu rows", sql, t->nrows);
	ck_assert_str_eq(t_cell(t, 0, col), cell);
	ot_table_free(t);
}

START_TEST(tables)
{
	struct t_heap h = t_draw(HEAP);

	expect(&h, "SELECT count(*) c, sum(bytes) b FROM objects", 1, "c", "6");
	expect(&h, "SELECT type, count(*) c FROM objects GROUP BY type "
		   "ORDER BY c DESC, type", 5, "type", "shop.Session");
	expect(&h, "SELECT DISTINCT type FROM objects ORDER BY type DESC", 5,
	       "type", "str");
	expect(&h, "SELECT text FROM objects WHERE type = 'str'", 1, "text",
	       "'key'");
	expect(&h, "SELECT count(*) c FROM objects WHERE type = 'nothing'", 1,
	       "c", "0");
	expect(&h, "SELECT count FROM types WHERE type = 'shop.Session'", 1,
	       "count", "2");
	expect(&h, "SELECT root, kind FROM roots", 1, "root", "shop");
	expect(&h, "SELECT count(*) c FROM refs WHERE weak", 1, "c", "1");
	expect(&h, "SELECT count(*) c FROM refs", 1, "c", "7");
	expect(&h, "SELECT r.edge, o.type FROM objects o JOIN refs r ON "
		   "r.target = o.address WHERE o.type = 'int'", 1, "edge",
	       ".n");
	expect(&h, "SELECT retained FROM objects WHERE type = 'dict'", 1,
	       "retained", "426");
	expect(&h, "SELECT d.type FROM objects o JOIN objects d ON "
		   "d.address = o.dominator WHERE o.type = 'int'", 1, "type",
	       "shop.Session");
	t_heap_free(&h);
}
END_TEST

/* Each lookup must find what looking at every row finds. */
START_TEST(lookups)
{
	struct t_heap h = t_draw(HEAP);
	static const char *const columns[][2] = {
		{ "objects", "address" }, { "objects", "type" },
		{ "refs", "source" },	  { "refs", "target" },
		{ "types", "type" },	  { "roots", "target" },
	};
	char sql[400], want[32];
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(columns); i++) {
		const char *table = columns[i][0], *col = columns[i][1];
		struct ot_table *t;

		/* The unary plus keeps a lookup from being used. */
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) c FROM %s a, %s b WHERE +a.%s = "
			 "+b.%s", table, table, col, col);
		t = t_run(h.g, "sql", sql, NULL);
		snprintf(want, sizeof(want), "%s", t_cell(t, 0, "c"));
		ck_assert_str_ne(want, "0");
		ot_table_free(t);
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) c FROM %s a, %s b WHERE a.%s = b.%s",
			 table, table, col, col);
		expect(&h, sql, 1, "c", want);
	}
	snprintf(sql, sizeof(sql),
		 "SELECT type, address FROM objects WHERE address = 0x%llx",
		 (unsigned long long)T_ADDR(2));
	expect(&h, sql, 1, "type", "shop.Session");
	snprintf(sql, sizeof(sql),
		 "SELECT type, addr(address) a FROM objects WHERE "
		 "address = '0x%llx'", (unsigned long long)T_ADDR(2));
	expect(&h, sql, 1, "type", "shop.Session");
	t_heap_free(&h);
}
END_TEST

START_TEST(refusals)
{
	struct t_heap h = t_draw(HEAP);
	static const char *const bad[] = {
		"", "selec", "DELETE FROM objects", "DROP TABLE objects",
		"CREATE TABLE x(y)", "ATTACH 'x' AS y", "PRAGMA schema_version",
		"SELECT 1; SELECT 2", "SELECT load_extension('x')",
		"SELECT nothing FROM objects",
	};
	struct hg_args args = { .timeout_ms = 50 };
	struct ot_err err = OT_ERR_INIT;
	struct ot_table *t = NULL;
	const char *sql;
	size_t i;

	args.objects = &sql;
	args.nobjects = 1;
	for (i = 0; i < OT_ARRAY_LEN(bad); i++) {
		sql = bad[i];
		ck_assert_msg(hg_analysis_find("sql")->run(h.g, &args, &t,
							   &err) == OT_USAGE,
			      "%s", sql);
		ck_assert(strchr(err.msg, '\n') == NULL);
	}
	sql = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) "
	      "SELECT count(*) FROM t";
	ck_assert_int_eq(hg_analysis_find("sql")->run(h.g, &args, &t, &err),
			 OT_FAILED);
	ck_assert(strstr(err.msg, "50 ms") != NULL);
	t_heap_free(&h);
}
END_TEST

static bool
at_once(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	return true;
}

START_TEST(interrupted)
{
	struct t_heap h = t_draw(HEAP);
	struct hg_args args = { .cancelled = at_once };
	const char *sql = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL "
			  "SELECT n + 1 FROM t) SELECT count(*) FROM t";
	struct ot_table *t = NULL;

	args.objects = &sql;
	args.nobjects = 1;
	ck_assert_int_eq(hg_analysis_find("sql")->run(h.g, &args, &t, NULL),
			 OT_INTERRUPTED);
	t_heap_free(&h);
}
END_TEST

START_TEST(columns)
{
	struct t_heap h = t_draw(HEAP);
	struct ot_table *t = t_run(h.g, "sql",
				   "SELECT address, address, 1.5 r, NULL z "
				   "FROM objects", NULL);

	ck_assert_int_ge(ot_table_col(t, "address_2"), 0);
	ck_assert_int_eq(t->cols[0].type, OT_CELL_ADDR);
	ck_assert_int_eq(t->cols[2].type, OT_CELL_REAL);
	ot_table_free(t);
	t = t_run(h.g, "sql", ".schema", NULL);
	ck_assert_uint_gt(t->nrows, 15);
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

TCase *
t_graph_sql(void)
{
	TCase *t = tcase_create("sql");

	tcase_add_test(t, tables);
	tcase_add_test(t, lookups);
	tcase_add_test(t, refusals);
	tcase_add_test(t, interrupted);
	tcase_add_test(t, columns);
	return t;
}
