/* SPDX-License-Identifier: MIT */
/*
 * t_ui_live.c - the model behind the live table.
 */
#include "config.h"

#include <string.h>

#include "runtime/include/objtop.h"
#include "runtime/synth/synth.h"
#include "tests/unit/t_ui.h"

static const struct live_row *
row_of(const char *type)
{
	uint32_t i;

	for (i = 0; i < fake.live.nrows; i++)
		if (strcmp(fake.live.rows[i].type, type) == 0)
			return &fake.live.rows[i];
	return NULL;
}

START_TEST(growth_is_per_second)
{
	const struct live_row *r;

	fake_live(300, 10);
	r = row_of("shop.models.Session");
	ck_assert_ptr_nonnull(r);
	ck_assert_double_eq(r->rate, 0);
	ck_assert_uint_eq(fake.live.objects, 300);
	fake_live(500, 15);
	r = row_of("shop.models.Session");
	ck_assert_double_eq_tol(fake.live.rate, 40, 0.001);
	ck_assert_double_eq_tol(r->rate,
				(double)(live_count(r) - r->count[0]) / 5,
				0.001);
	ck_assert_int_eq(r->mark, LIVE_GREW);
}
END_TEST

START_TEST(steady_growth_is_marked)
{
	unsigned i;

	for (i = 0; i < 6; i++)
		fake_live(300 + 50 * i, 10 + i);
	ck_assert_int_eq(row_of("shop.models.Session")->mark, LIVE_STEADY);
	ck_assert_int_eq(row_of("module")->mark, LIVE_STILL);
	fake_live(300, 20);
	ck_assert_int_eq(row_of("shop.models.Session")->mark, LIVE_SHRANK);
	fake_live(350, 21);
	ck_assert_int_eq(row_of("shop.models.Session")->mark, LIVE_GREW);
}
END_TEST

START_TEST(types_that_are_gone_are_dropped)
{
	unsigned i;

	fake_live(300, 1);
	ck_assert_ptr_nonnull(row_of("shop.models.Session"));
	fake_live(SYNTH_FIXED, 2);
	ck_assert_uint_eq(live_count(row_of("shop.models.Session")), 0);
	for (i = 0; i < LIVE_KEPT; i++)
		fake_live(SYNTH_FIXED, 3 + i);
	ck_assert_ptr_null(row_of("shop.models.Session"));
	fake_live(300, 30);
	ck_assert_uint_gt(live_count(row_of("shop.models.Session")), 0);
}
END_TEST

START_TEST(a_clock_that_stands_still_does_no_harm)
{
	fake_live(300, 5);
	fake_live(400, 5);
	ck_assert_double_eq(fake.live.rate, 0);
	fake_live(500, 4);
	ck_assert_double_eq(fake.live.rate, 0);
}
END_TEST

static void
census(uint64_t count, uint64_t error, const char *type, unsigned second)
{
	const struct live_count v = {
		.addr = 0x7f0000001000, .type = type,
		.module = strchr(type, '.') != NULL ? "shop" : NULL, .count = count,
		.bytes = count * 100, .error = error, .estimated = error > 0,
	};
	struct ot_err err = OT_ERR_INIT;

	ck_assert_int_eq(live_update_rows(&fake.live, &v, 1, error,
					  second * 1000000ull, &err), OT_OK);
}

START_TEST(a_census_goes_on_with_the_history)
{
	const struct live_row *r;

	census(1000, 0, "shop.Cart", 1);
	r = row_of("shop.Cart");
	ck_assert(!r->estimated && fake.live.counted);
	census(1500, 20, "shop.Cart", 2);
	r = row_of("shop.Cart");
	ck_assert(r->estimated);
	ck_assert_uint_eq(r->error, 20);
	ck_assert_uint_eq(r->n, 2);
	ck_assert_double_eq_tol(r->rate, 500, 0.001);
	ck_assert_uint_eq(fake.live.error, 20);
	ck_assert_double_eq_tol(fake.live.rate, 500, 0.001);
	ck_assert_uint_eq(fake.live.since.nrows, 1);
	ck_assert_int_eq(fake.live.since.rows[0].delta, 500);
	fake_live(300, 3);	/* a snapshot: exact again */
	ck_assert(!fake.live.counted);
	ck_assert_uint_eq(fake.live.error, 0);
	ck_assert_uint_eq(live_count(row_of("shop.Cart")), 0);
	ck_assert_uint_eq(fake.live.n, 3);
	ck_assert_uint_eq(fake.live.totals[2], fake.live.objects);
}
END_TEST

START_TEST(totals_go_on_when_the_history_is_full)
{
	unsigned i;

	for (i = 1; i <= LIVE_KEPT + 5; i++)
		census(100 * i, 0, "shop.Cart", i);
	ck_assert_uint_eq(fake.live.n, LIVE_KEPT);
	ck_assert_uint_eq(fake.live.totals[0], 600);
	ck_assert_uint_eq(fake.live.totals[LIVE_KEPT - 1],
			  100 * (LIVE_KEPT + 5));
	ck_assert_double_eq_tol(fake.live.rate, 100, 0.001);
}
END_TEST

/* A census knows a new type by its last name until a snapshot says more. */
START_TEST(a_type_is_given_its_full_name)
{
	census(1000, 0, "Cart", 1);
	census(1100, 0, "shop.Cart", 2);
	ck_assert_ptr_null(row_of("Cart"));
	ck_assert_uint_eq(row_of("shop.Cart")->count[0], 1000);
	census(50, 0, "shop.OtherCart", 3);	/* another at its address */
	ck_assert_ptr_null(row_of("shop.Cart"));
	ck_assert_uint_eq(row_of("shop.OtherCart")->count[0], 0);
	ck_assert_uint_eq(live_count(row_of("shop.OtherCart")), 50);
}
END_TEST

START_TEST(the_collector)
{
	const struct hg_args args = { .limit = 0 };
	struct ot_table *t = NULL;
	struct hg_graph *g = fake_graph(5000, OBJTOP_WANT_COLLECTOR);

	ui_open(fake.ui, "types", NULL);
	fake_live(300, 10);
	fake_keys("7");
	fake_contains("tells nothing of a cycle collector");
	ck_assert_int_eq(an_gc(g, &args, &t, NULL), OT_OK);
	fake.ctx.gc = t;
	ui_numbers_came(fake.ui);
	fake_contains("GC: automatic collection is enabled");
	fake_contains("700");
	fake_contains("uncollect.");
	ck_assert_int_eq(fake.effects, 0);
	fake_keys("c");
	ck_assert_int_eq(fake.effects, 1);
	ck_assert_int_eq(fake.last.action, UI_ACT_COLLECT);
	ck_assert(!fake.last.confirmed);
	fake_keys("1");
	fake.ctx.gc = NULL;
	ot_table_free(t);
	hg_graph_free(g);
}
END_TEST

TCase *
t_ui_live(void)
{
	TCase *tc = tcase_create("live");

	tcase_add_checked_fixture(tc, fake_setup, fake_teardown);
	tcase_add_test(tc, growth_is_per_second);
	tcase_add_test(tc, steady_growth_is_marked);
	tcase_add_test(tc, types_that_are_gone_are_dropped);
	tcase_add_test(tc, a_census_goes_on_with_the_history);
	tcase_add_test(tc, totals_go_on_when_the_history_is_full);
	tcase_add_test(tc, a_type_is_given_its_full_name);
	tcase_add_test(tc, a_clock_that_stands_still_does_no_harm);
	tcase_add_test(tc, the_collector);
	return tc;
}
