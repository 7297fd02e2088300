/* SPDX-License-Identifier: MIT */
/*
 * t_base_table.c - sorting, limits and filters.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/filter.h"
#include "base/table.h"
#include "tests/unit/t_base.h"

static const struct ot_col cols[] = {
	{ "type", OT_CELL_STR, OT_COL_FLEX },
	{ "module", OT_CELL_STR, 0 },
	{ "count", OT_CELL_INT, 0 },
	{ "bytes", OT_CELL_BYTES, 0 },
	{ "share", OT_CELL_SHARE, 0 },
	{ "frozen", OT_CELL_BOOL, 0 },
	{ "types", OT_CELL_TABLE, 0 },
};

static void
add(struct ot_table *t, const char *type, const char *module, int64_t count,
    uint64_t bytes, double share, bool frozen)
{
	struct ot_cell *c = ot_table_row(t);

	ot_cell_str(t, &c[0], type, strlen(type));
	if (module != NULL)
		ot_cell_str(t, &c[1], module, strlen(module));
	ot_cell_int(&c[2], count);
	ot_cell_bytes(&c[3], bytes);
	ot_cell_share(&c[4], share);
	ot_cell_bool(&c[5], frozen);
	ot_cell_table(&c[6], ot_table_new(cols, OT_ARRAY_LEN(cols)));
}

static struct ot_table *
sample(void)
{
	struct ot_table *t = ot_table_new(cols, OT_ARRAY_LEN(cols));

	add(t, "dict", NULL, 30, 3 << 20, 0.5, false);
	add(t, "shop.models.Session", "shop.models", 10, 1 << 20, 0.2, true);
	add(t, "f.<locals>.Session", "shop", 10, 5000, 0.1, false);
	add(t, "list", NULL, 20, 100, 0.05, true);
	return t;
}

static const char *
types_of(const struct ot_table *t)
{
	static char text[512];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < t->nrows; i++) {
		if (i > 0)
			strcat(text, " ");
		strcat(text, ot_table_at(t, i, 0)->v.str);
	}
	return text;
}

#define ALL "dict shop.models.Session f.<locals>.Session list"

START_TEST(rows_grow_and_stay)
{
	struct ot_table *t = ot_table_new(cols, OT_ARRAY_LEN(cols));
	int64_t i;

	for (i = 0; i < 1000; i++) {
		add(t, "x", NULL, i, 0, 0, false);
		if (i == 40)
			ot_table_set_depth(t, 40, 3);
	}
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(ot_table_at(t, (size_t)i, 2)->v.i, i);
	ck_assert_uint_eq(t->depth[40], 3);
	ck_assert_uint_eq(t->depth[999], 0);
	ck_assert_int_eq(ot_table_at(t, 0, 1)->type, OT_CELL_NONE);
	ot_table_free(t);
	ot_table_free(NULL);
}
END_TEST

START_TEST(strings_may_hold_nul)
{
	struct ot_table *t = ot_table_new(cols, OT_ARRAY_LEN(cols));
	struct ot_cell *c = ot_table_row(t);

	ck_assert(ot_cell_str(t, &c[0], "a\0b", 3));
	ck_assert_uint_eq(c[0].len, 3);
	ck_assert_int_eq(memcmp(c[0].v.str, "a\0b", 4), 0);
	ck_assert(ot_cell_strf(t, &c[1], "%d-%s", 5, "x"));
	ck_assert_str_eq(c[1].v.str, "5-x");
	ot_table_free(t);
}
END_TEST

START_TEST(sorting_is_stable)
{
	struct ot_table *t = sample();
	struct ot_err err = OT_ERR_INIT;

	ck_assert_int_eq(ot_table_sort(t, "count", &err), OT_OK);
	ck_assert_str_eq(types_of(t), "dict list shop.models.Session "
				      "f.<locals>.Session");
	ck_assert_int_eq(ot_table_sort(t, "-count", &err), OT_OK);
	ck_assert_str_eq(types_of(t), "shop.models.Session "
				      "f.<locals>.Session list dict");
	ck_assert_int_eq(ot_table_sort(t, "type", &err), OT_OK);
	ck_assert_str_eq(types_of(t), "dict f.<locals>.Session list "
				      "shop.models.Session");
	/* the absent stay last whichever way */
	ck_assert_int_eq(ot_table_sort(t, "module", &err), OT_OK);
	ck_assert_str_eq(types_of(t), "f.<locals>.Session shop.models.Session "
				      "dict list");
	ck_assert_int_eq(ot_table_sort(t, "-module", &err), OT_OK);
	ck_assert_str_eq(types_of(t), "shop.models.Session f.<locals>.Session "
				      "dict list");
	ot_table_free(t);
}
END_TEST

START_TEST(sorting_moves_depth_with_its_row)
{
	struct ot_table *t = sample();

	ot_table_set_depth(t, 0, 9);
	ot_table_sort_by(t, 2, true);
	ck_assert_uint_eq(t->depth[3], 9);
	ck_assert_uint_eq(t->depth[0], 0);
	ot_table_free(t);
}
END_TEST

START_TEST(sorting_keeps_trees)
{
	static const struct { const char *name; int64_t count; uint32_t depth; }
	rows[] = { { "a", 1, 0 },   { "a.b", 5, 1 }, { "a.b.c", 9, 2 },
		   { "a.d", 7, 1 }, { "e", 3, 0 },   { "e.f", 2, 1 },
		   { "e.g", 4, 1 } };
	struct ot_table *t = ot_table_new(cols, OT_ARRAY_LEN(cols));
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(rows); i++) {
		add(t, rows[i].name, NULL, rows[i].count, 0, 0, false);
		ot_table_set_depth(t, i, rows[i].depth);
	}
	ot_table_sort_by(t, 2, false);
	ck_assert_str_eq(types_of(t), "e e.g e.f a a.d a.b a.b.c");
	ot_table_sort_by(t, 2, true);
	ck_assert_str_eq(types_of(t), "a a.b a.b.c a.d e e.f e.g");
	ck_assert_uint_eq(t->depth[2], 2);
	ot_table_free(t);
}
END_TEST

START_TEST(unknown_sort_names_the_columns)
{
	struct ot_table *t = sample();
	struct ot_err err = OT_ERR_INIT;

	ck_assert_int_eq(ot_table_sort(t, "-size", &err), OT_USAGE);
	ck_assert_str_eq(err.msg, "cannot sort by 'size': the columns are type,"
				  " module, count, bytes, share, frozen, types");
	ot_table_free(t);
}
END_TEST

START_TEST(limit_remembers_the_total)
{
	struct ot_table *t = sample();

	ot_table_limit(t, 0);
	ck_assert_uint_eq(t->nrows, 4);
	ck_assert_uint_eq(t->total_rows, 0);
	ot_table_limit(t, 3);
	ot_table_limit(t, 2);
	ck_assert_uint_eq(t->nrows, 2);
	ck_assert_uint_eq(t->total_rows, 4);
	ot_table_free(t);
}
END_TEST

START_TEST(filters_pick_rows)
{
	static const struct {
		const char *expr, *want;
	} cases[] = {
		{ "Session", "shop.models.Session f.<locals>.Session" },
		{ "shop.*", "shop.models.Session" },
		{ "shop.models.Session", "shop.models.Session" },
		{ "f.<locals>.Session", "f.<locals>.Session" },
		{ "Sess*n", "shop.models.Session f.<locals>.Session" },
		{ "?ist", "list" },
		{ "!dict", "shop.models.Session f.<locals>.Session list" },
		{ "!!dict", "dict" },
		{ "module:shop.*", "shop.models.Session" },
		{ "module:shop", "f.<locals>.Session" },
		{ "!module:shop*", "dict list" },
		{ "bytes>1M", "dict" },
		{ "bytes>=1M", "dict shop.models.Session" },
		{ "bytes < 5K", "f.<locals>.Session list" },
		{ "bytes=100", "list" },
		{ "count!=10", "dict list" },
		{ "count>-5", ALL },
		{ "share>10%", "dict shop.models.Session" },
		{ "share<=0.1", "f.<locals>.Session list" },
		{ "frozen=yes", "shop.models.Session list" },
		{ "frozen!=yes", "dict f.<locals>.Session" },
		{ "count=10 and !frozen:yes", "f.<locals>.Session" },
		{ "bytes>1K and Session and count<11",
		  "shop.models.Session f.<locals>.Session" },
		{ "type<f", "dict" },
		{ "nothing", "" },
	};
	struct ot_err err = OT_ERR_INIT;
	struct ot_filter *f;
	struct ot_table *t;
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(cases); i++) {
		t = sample();
		ck_assert_msg(ot_filter_parse(cases[i].expr, &f, &err) == OT_OK,
			      "%s: %s", cases[i].expr, err.msg);
		ck_assert_msg(ot_filter_apply(f, t, &err) == OT_OK, "%s: %s",
			      cases[i].expr, err.msg);
		ck_assert_msg(strcmp(types_of(t), cases[i].want) == 0,
			      "%s gave %s", cases[i].expr, types_of(t));
		ot_filter_free(f);
		ot_table_free(t);
	}
}
END_TEST

/* `module` of a table that has only types. */
START_TEST(modules_are_read_off_types)
{
	static const struct ot_col only[] = { { "type", OT_CELL_STR, 0 } };
	static const char *const types[] = {
		"dict", "shop.models.Session", "shop.models.Outer.Inner",
		"shop.make.<locals>.Thing", "f.<locals>.Thing",
	};
	static const struct {
		const char *expr, *want;
	} cases[] = {
		{ "module:shop.models", "shop.models.Session "
					"shop.models.Outer.Inner" },
		{ "module:shop.*", "shop.models.Session "
				   "shop.models.Outer.Inner" },
		{ "module:shop", "shop.make.<locals>.Thing" },
		{ "!module:shop*", "dict f.<locals>.Thing" },
		{ "module:builtins", "dict f.<locals>.Thing" },
		{ "module!=builtins and !shop.*", "" },
	};
	struct ot_err err = OT_ERR_INIT;
	struct ot_filter *f;
	struct ot_table *t;
	size_t i, row;

	for (i = 0; i < OT_ARRAY_LEN(cases); i++) {
		t = ot_table_new(only, 1);
		for (row = 0; row < OT_ARRAY_LEN(types); row++)
			ot_cell_str(t, ot_table_row(t), types[row],
				    strlen(types[row]));
		ck_assert(ot_filter_parse(cases[i].expr, &f, &err) == OT_OK);
		ck_assert_msg(ot_filter_apply(f, t, &err) == OT_OK, "%s",
			      err.msg);
		ck_assert_str_eq(types_of(t), cases[i].want);
		ot_filter_free(f);
		ot_table_free(t);
	}
}
END_TEST

START_TEST(wrong_filters_are_refused)
{
	static const char *const parse[] = { "", "  ", "a and ", "a and  and b",
					     "!", "bytes>", "bytes> and x" };
	static const char *const apply[] = { "size>5", "bytes>big",
					     "bytes:x*" };
	struct ot_err err = OT_ERR_INIT;
	struct ot_filter *f = NULL;
	struct ot_table *t = sample();
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(parse); i++)
		ck_assert_msg(ot_filter_parse(parse[i], &f, &err) == OT_USAGE,
			      "'%s'", parse[i]);
	for (i = 0; i < OT_ARRAY_LEN(apply); i++) {
		ck_assert_int_eq(ot_filter_parse(apply[i], &f, &err), OT_OK);
		ck_assert_msg(ot_filter_apply(f, t, &err) == OT_USAGE, "%s",
			      apply[i]);
		ot_filter_free(f);
	}
	ck_assert_uint_eq(t->nrows, 4);
	ot_table_free(t);
}
END_TEST

START_TEST(hard_patterns_take_no_time)
{
	char type[2000];

	memset(type, 'a', sizeof(type) - 1);
	type[sizeof(type) - 1] = '\0';
	ck_assert(!ot_type_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", type));
	ck_assert(ot_type_matches("*a*a*a*", type));
}
END_TEST

TCase *
t_base_table(void)
{
	TCase *tc = tcase_create("table");

	tcase_add_test(tc, rows_grow_and_stay);
	tcase_add_test(tc, strings_may_hold_nul);
	tcase_add_test(tc, sorting_is_stable);
	tcase_add_test(tc, sorting_moves_depth_with_its_row);
	tcase_add_test(tc, sorting_keeps_trees);
	tcase_add_test(tc, unknown_sort_names_the_columns);
	tcase_add_test(tc, limit_remembers_the_total);
	tcase_add_test(tc, filters_pick_rows);
	tcase_add_test(tc, modules_are_read_off_types);
	tcase_add_test(tc, wrong_filters_are_refused);
	tcase_add_test(tc, hard_patterns_take_no_time);
	return tc;
}
