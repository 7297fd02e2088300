/* SPDX-License-Identifier: MIT */
/*
 * t_graph_growth.c - trends, series, matches, and the tables made of them.
 */
#include "config.h"

#include "tests/unit/t_graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/hang.h"
#include "graph/match.h"
#include "graph/series.h"
#include "graph/trend.h"

static const char *
trend_of(const uint64_t *count, size_t n, uint64_t replaced)
{
	struct hg_fit f;
	double t[64];
	size_t i;

	for (i = 0; i < n; i++)
		t[i] = 5.0 * (double)i;
	hg_trend_fit(t, count, n, replaced, &f);
	return hg_trend_text(f.trend);
}

#define TREND(expected, replaced, ...)                                         \
	do {                                                                   \
		const uint64_t v[] = { __VA_ARGS__ };                          \
		ck_assert_str_eq(trend_of(v, sizeof(v) / sizeof(*v),           \
					  replaced),                           \
				 expected);                                    \
	} while (0)

START_TEST(trend_words)
{
	TREND("steady", 0, 100);
	TREND("steady", 0, 100, 100, 100);
	TREND("steady", 0, 100000, 100007, 99998, 100003);
	TREND("growing", 0, 100, 150);
	TREND("growing", 0, 0, 1000);
	TREND("growing", 0, 100, 200, 300, 400);
	/* a leak under churn: it goes down at times, the line does not */
	TREND("growing", 900, 1000, 1100, 1080, 1200, 1310, 1290, 1400, 1505);
	/* few events: their number varies by its square root */
	TREND("growing", 0, 100, 103, 104);
	/* late is not levelling: it had not begun before */
	TREND("growing", 0, 100, 100, 100, 400);
	/* a cache that fills: 1000 * (1 - exp(-t)) */
	TREND("levelling off", 0, 0, 632, 865, 950, 982, 993);
	TREND("levelling off", 0, 100, 500, 500, 500, 500);
	TREND("shrinking", 0, 400, 300, 200);
	TREND("shrinking", 0, 5, 4);
	TREND("churning", 0, 500, 800, 450, 790, 510);
	/* as many as before, but others */
	TREND("churning", 400, 500, 500, 500);
	TREND("steady", 1, 500, 500, 500);
}
END_TEST

START_TEST(trend_numbers)
{
	const double t[] = { 0, 10, 20, 40 };
	const uint64_t line[] = { 5, 25, 45, 85 };
	const uint64_t noisy[] = { 0, 30, 10, 60 };
	const uint64_t large[] = { 1ull << 52, (1ull << 52) + 20,
				   (1ull << 52) + 40, (1ull << 52) + 80 };
	struct hg_fit f;

	hg_trend_fit(t, line, 4, 0, &f);
	ck_assert_double_eq_tol(f.slope, 2, 1e-9);
	ck_assert_double_eq_tol(f.rate, 2, 1e-9);
	ck_assert_double_eq_tol(f.error, 0, 1e-6);
	ck_assert_double_eq_tol(f.r2, 1, 1e-9);
	/* by hand: sxx 875, sxy 1150, syy 2100 */
	hg_trend_fit(t, noisy, 4, 0, &f);
	ck_assert_double_eq_tol(f.slope, 1150.0 / 875, 1e-9);
	ck_assert_double_eq_tol(f.rate, 1.5, 1e-9);
	ck_assert_double_eq_tol(f.error,
				sqrt((2100 - 1150.0 * 1150 / 875) / 2 / 875),
				1e-9);
	ck_assert_double_eq_tol(f.r2, 1150.0 * 1150 / 875 / 2100, 1e-9);
	hg_trend_fit(t, large, 4, 0, &f);
	ck_assert_double_eq_tol(f.slope, 2, 1e-6);
	/* two samples have no error; one has nothing */
	hg_trend_fit(t, line, 2, 0, &f);
	ck_assert(f.error < 0 && fabs(f.slope - 2) < 1e-9);
	hg_trend_fit(t, line, 1, 0, &f);
	ck_assert(fabs(f.slope) < 1e-9 && fabs(f.rate) < 1e-9);
}
END_TEST

#define BEFORE                                                                 \
	"m:module='shop' d:dict:232 old:shop.Session:56 gone:shop.Session:56 " \
	"n:int:28='1' same:int:28='7' @module(shop)>m m.__dict__>d d[a]>old d[b]>gone " \
	"d[n]>n d[s]>same"

/* Addresses go by order: `gone` is followed by another type in its place. */
#define AFTER                                                                  \
	"m:module='shop' d:dict:232 old:shop.Session:56 other:list:56 "        \
	"n:int:28='2' same:int:28='7' c:dict:64 s1:shop.Session:56 "           \
	"s2:shop.Session:56 s3:shop.Session:56 @module(shop)>m m.__dict__>d d[a]>old "  \
	"d[o]>other d[n]>n d[s]>same d[c]>c c[x]>s1 c[y]>s2 c[z]>s3"

static struct ot_table *
run_on(const char *analysis, struct t_heap *before, struct t_heap *after,
       const char *object)
{
	struct hg_args args = { .before = before->g };

	return t_run(after->g, analysis, object, &args);
}

static size_t
row_of(const struct ot_table *t, const char *type)
{
	size_t i;

	for (i = 0; i < t->nrows; i++)
		if (strcmp(t_cell(t, i, "type"), type) == 0)
			return i;
	ck_abort_msg("no row of %s", type);
	return 0;
}

START_TEST(diff_by_type)
{
	struct t_heap b = t_draw(BEFORE), a = t_draw(AFTER);
	struct ot_table *t = run_on("diff", &b, &a, NULL);
	size_t row = row_of(t, "shop.Session");

	ck_assert_uint_eq(row, 0);
	ck_assert_str_eq(t_cell(t, row, "before"), "2");
	ck_assert_str_eq(t_cell(t, row, "after"), "4");
	ck_assert_str_eq(t_cell(t, row, "born"), "3");
	ck_assert_str_eq(t_cell(t, row, "died"), "1");
	ck_assert_str_eq(t_cell(t, row, "stayed"), "1");
	/* one address, one type, another value: another object */
	row = row_of(t, "int");
	ck_assert_str_eq(t_cell(t, row, "born"), "1");
	ck_assert_str_eq(t_cell(t, row, "died"), "1");
	row = row_of(t, "list");
	ck_assert_str_eq(t_cell(t, row, "before"), "0");
	ck_assert_str_eq(t_cell(t, row, "born"), "1");
	ck_assert(strstr(t->title, "6 objects came, 2 went") != NULL);
	ot_table_free(t);
	/* nothing against itself */
	t = run_on("diff", &a, &a, NULL);
	ck_assert_uint_eq(t->nrows, 0);
	ot_table_free(t);
	t_heap_free(&a);
	t_heap_free(&b);
}
END_TEST

START_TEST(diff_by_object)
{
	struct t_heap b = t_draw(BEFORE), a = t_draw(AFTER);
	struct ot_table *t = run_on("diff", &b, &a, "Session");

	ck_assert_uint_eq(t->nrows, 3);
	ck_assert_str_eq(t->title,
			 "3 of 4 are new; they all hang from shop.c");
	ot_table_free(t);
	t = run_on("diff", &b, &a, "module");
	ck_assert_uint_eq(t->nrows, 0);
	ot_table_free(t);
	t_heap_free(&a);
	t_heap_free(&b);
}
END_TEST

START_TEST(growth_table)
{
	struct t_heap b = t_draw(BEFORE), a = t_draw(AFTER);
	struct hg_series *s = hg_series_new(HG_SCOPE_ALL);
	struct hg_args args = { .before = b.g, .series = s };
	struct ot_table *t;
	size_t row;

	ck_assert(hg_series_add(s, b.g, NULL) == OT_OK);
	ck_assert(hg_series_add(s, a.g, NULL) == OT_OK);
	ck_assert(hg_series_add(s, a.g, NULL) == OT_OK);
	ck_assert_uint_eq(hg_series_samples(s), 3);
	row = hg_series_find(s, "list", "builtins");
	ck_assert(row != HG_NONE);
	ck_assert_uint_eq(hg_series_counts(s, (uint32_t)row)[0], 0);
	ck_assert_uint_eq(hg_series_counts(s, (uint32_t)row)[2], 1);
	t = t_run(a.g, "growth", NULL, &args);
	row = row_of(t, "shop.Session");
	ck_assert_str_eq(t_cell(t, row, "count"), "4");
	ck_assert_str_eq(t_cell(t, row, "delta"), "+2");
	ck_assert_str_eq(t_cell(t, row, "survivors"), "3");
	ck_assert_str_eq(t_cell(t, row, "stayed"), "1");
	ck_assert_str_eq(t_cell(t, row, "died"), "1");
	ot_table_free(t);
	hg_series_free(s);
	t_heap_free(&a);
	t_heap_free(&b);
}
END_TEST

/* Drawings have one time: a line through one instant has no slope. */
START_TEST(growth_without_time)
{
	struct t_heap b = t_draw(BEFORE), a = t_draw(AFTER);
	struct ot_table *t = run_on("growth", &b, &a, NULL);

	ck_assert_str_eq(t_cell(t, row_of(t, "list"), "slope"), "0.0");
	ot_table_free(t);
	ck_assert(hg_analysis_find("growth")->run(
			  a.g, &(struct hg_args){ 0 }, &t, NULL) == OT_USAGE);
	ck_assert(hg_analysis_find("diff")->run(a.g, &(struct hg_args){ 0 }, &t,
						NULL) == OT_USAGE);
	t_heap_free(&a);
	t_heap_free(&b);
}
END_TEST

static const char *
hangs(const struct t_heap *h, const char *type)
{
	static char text[200];
	struct hg_args args = { 0 };
	struct hg_hang hang;
	hg_node *nodes;
	uint32_t n;

	ck_assert(hg_resolve(h->g, type, &nodes, &n, NULL) == OT_OK);
	ck_assert(hg_hang_find(h->g, nodes, n, &args, &hang, NULL) == OT_OK);
	snprintf(text, sizeof(text), "%u %s", (unsigned)hang.count,
		 ot_buf_str(&hang.name));
	hg_hang_release(&hang);
	free(nodes);
	return text;
}

START_TEST(hanging)
{
	struct t_heap h = t_draw(
		"m:module d:dict k:Cache l:list a:S b:S c:S e:S x:T y:T z:U "
		"@module(shop.cache)>m m.__dict__>d d['_by']>k k.items>l "
		"l[0]>a l[1]>b l[2]>c l[3]>e @frame(main).x>x d[y]>y z>z");

	ck_assert_str_eq(hangs(&h, "S"), "4 shop.cache._by.items");
	ck_assert_str_eq(hangs(&h, "U"), "1 garbage");
	/* one in a frame, one in a module: nothing in common */
	ck_assert_str_eq(hangs(&h, "T"), "0 ");
	t_heap_free(&h);
	/* of a list what holds its first link; of two ways in what both share */
	h = t_draw("m:module d:dict a:N b:N c:N o:O p:list q:list r:R s:R "
		   "@module(x)>m m.__dict__>d d['first']>a a.next>b b.next>c "
		   "d['o']>o o.p>p o.q>q p[0]>r q[0]>r p[1]>s q[1]>s");
	ck_assert_str_eq(hangs(&h, "N"), "3 x");
	ck_assert_str_eq(hangs(&h, "R"), "2 x.o");
	t_heap_free(&h);
}
END_TEST

TCase *
t_graph_growth(void)
{
	TCase *tc = tcase_create("growth");

	tcase_add_test(tc, trend_words);
	tcase_add_test(tc, trend_numbers);
	tcase_add_test(tc, diff_by_type);
	tcase_add_test(tc, diff_by_object);
	tcase_add_test(tc, growth_table);
	tcase_add_test(tc, growth_without_time);
	tcase_add_test(tc, hanging);
	return tc;
}
