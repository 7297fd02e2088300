/* SPDX-License-Identifier: MIT */
/*
 * t_ui_views.c - walks through the views, screen by screen.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "runtime/synth/synth.h"
#include "tests/unit/t_ui.h"

/* The live table after three samples of a heap that grows. */
static void
open_types(void)
{
	ui_open(fake.ui, "types", NULL);
	fake_live(300, 10);
	fake_live(400, 11);
	fake_live(500, 12);
}

START_TEST(types_show_counts_and_growth)
{
	open_types();
	fake_expect("types");
	fake_keys("D");
	fake_contains("sorted by delta");
	fake_keys("D I");
	fake_contains("turned round");
}
END_TEST

/* Estimates have a ~, the header says what was looked at and what it cost. */
START_TEST(a_census_says_how_far_it_is_off)
{
	static const struct live_count v[] = {
		{ 0x7f0000001000, "shop.Cart", "shop", 1204233, 64000000, 0, 3100,
		  true },
		{ 0x7f0000002000, "shop.Store", "shop", 12, 1200, 0, 0, false },
	};
	struct view_status *s = &fake.ctx.status;
	struct ot_err err = OT_ERR_INIT;

	ui_open(fake.ui, "types", NULL);
	ck_assert_int_eq(live_update_rows(&fake.live, v, 2, 3100, 1000000,
					  &err), OT_OK);
	ui_numbers_came(fake.ui);
	s->census = true;
	s->cost = 0.00003;
	s->own = 0.019;
	s->part = 0.11;
	fake_expect("census");
	fake_keys("i");
	fake_contains("may be off by 3,100");
	s->part = 1;
	fake_contains("census, target held 0.003 %, own CPU 1.9 %");
	s->census = false;
	snprintf(s->no_census, sizeof(s->no_census), "no right");
	fake_contains("[live 1s, no right]");
}
END_TEST

START_TEST(the_way_down_and_back)
{
	open_types();
	fake_keys("/ 'Session");
	fake_keys("Enter Enter");
	ck_assert_int_eq(fake.wanted, 1);
	fake_expect("instances");
	fake_keys("Enter");
	fake_expect("object");
	fake_keys("Enter");
	fake_contains("this is the object itself");
	fake_keys("Down Down Enter");
	fake_contains("› list 0x7f5500000480");
	fake_keys("h");
	fake_contains("referrers:");
	fake_keys("Backspace");
	fake_contains("› shop.models.Session");
	fake_lacks("referrers:");
	fake_keys("Esc");
	fake_contains("search Session");
	ck_assert_int_eq(fake.wanted, 1);	/* the graph is kept */
	fake_keys("Esc");
	fake_lacks("search Session");
	fake_keys("Backspace");
	fake_contains("this is the first view");
}
END_TEST

static void
open_session(void)
{
	struct ui_subject s = { UI_SUBJECT_OBJECT, synth_session(3, 0),
				"shop.models.Session" };

	open_types();
	ui_open(fake.ui, "object", &s);
}

START_TEST(backrefs_unfold)
{
	open_session();
	fake_keys("b");
	fake_expect("backrefs");
	fake_keys("Down Space");
	fake_contains("▸");
	fake_keys("Space Left Left");
	ck_assert_uint_eq(ui_table_position(ui_top(fake.ui)->table), 1);
	fake_keys("Down Enter");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "object");
}
END_TEST

START_TEST(refs_show_more)
{
	fake.objects = 900;
	open_types();
	fake_keys(": 'refs 0x7f5500000480");
	fake_keys("Enter");	/* the list of sessions */
	fake_expect("refs");
	fake_keys("End");
	fake_contains("61 more");
	fake_keys("Home");
	fake_keys("/ 'more");
	fake_keys("Enter Enter Down");
	fake_contains("[10]");
}
END_TEST

START_TEST(paths_end_at_a_root)
{
	open_session();
	fake_keys("p");
	fake_expect("paths");
	fake_keys("End Y");
	ck_assert_int_eq(fake.last.action, UI_ACT_COPY);
	fake_keys("Home Y");
	ck_assert_ptr_nonnull(strstr(fake.last.text, "module shop.cache"));
	fake_keys("g Enter");
	ck_assert_int_eq(fake.last.action, UI_ACT_GRAPH);
	ck_assert_str_eq(fake.last.view, "paths");
}
END_TEST

START_TEST(dominators_unfold)
{
	open_types();
	fake_keys("5");
	fake_expect("dominators");
	fake_keys("End");
	fake_contains("more");
	open_session();
	fake_keys("d");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "dominators");
	fake_contains("shop.models.Cart");
	fake_keys("Down Enter");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "object");
}
END_TEST

START_TEST(cycles_lead_to_the_way_round)
{
	open_types();
	fake_keys("6");
	fake_expect("cycles");
	fake_keys("Enter");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "cycle");
	open_session();
	fake_keys("y");
	fake_expect("cycle");
	fake_keys("g Enter");
	ck_assert_int_eq(fake.last.action, UI_ACT_GRAPH);
	ck_assert_str_eq(fake.last.view, "cycle");
	fake_keys("End Enter");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "object");
}
END_TEST

START_TEST(garbage_has_no_path)
{
	struct ui_subject s = { UI_SUBJECT_OBJECT, synth_session(4, 0),
				"shop.models.Session" };

	open_types();
	ui_open(fake.ui, "paths", &s);
	fake_contains("waits for the cycle collector");
}
END_TEST

START_TEST(help_is_made_of_the_actions)
{
	open_types();
	fake_keys("?");
	fake_expect("help");
	fake_keys("End");
	fake_contains("leave; the target keeps running");
	fake_keys("q");
	fake_lacks("leave; the target");
	ck_assert(!ui_wants_quit(fake.ui));
	fake_keys("q");
	ck_assert(ui_wants_quit(fake.ui));
}
END_TEST

START_TEST(details_and_copy)
{
	open_session();
	fake_keys("i");
	fake_expect("details");
	fake_keys("Esc Y");
	ck_assert_str_eq(fake.last.text, "0x7f5500000d80");
}
END_TEST

START_TEST(an_object_that_went_away_says_so)
{
	struct ui_subject s = { UI_SUBJECT_OBJECT, synth_session(30, 0),
				"shop.models.Session" };

	open_types();
	ui_open(fake.ui, "object", &s);
	fake_contains("referrers");
	fake_graph_comes(100);
	fake_contains("is gone: it is not in this sample");
	fake_keys("b r p g i Enter Down s");
	fake_contains("is gone");
	fake_keys("h");
	fake_contains("by count");
	fake_graph_comes(500);
}
END_TEST

START_TEST(views_by_number_and_tab)
{
	open_types();
	fake_keys("3");
	fake_contains("Object: select an object first");
	open_session();
	fake_keys("1");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "types");
	fake_keys("Tab");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "growth");
	fake_keys("Tab");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "object");
	fake_keys("4");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "paths");
	fake_keys("Tab");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "dominators");
	fake_keys("Tab Tab");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "types");
	fake_keys("BackTab");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "cycles");
	fake_keys("BackTab BackTab");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "paths");
}
END_TEST

START_TEST(growth_since_a_mark)
{
	struct ui_subject diff = { UI_SUBJECT_NONE, 0, "diff" };
	unsigned i;

	fake_live(300, 10);
	ui_restart(fake.ui, "types");
	fake_keys("2");
	fake_contains("nothing has moved yet");
	for (i = 1; i < 6; i++)
		fake_live(300 + 40 * i, 10 + i);
	fake_contains("growing");
	fake_expect("growth");
	fake_keys("i");
	fake_contains("6 in 5 s");
	fake_keys("Esc m");
	ck_assert_int_eq(fake.last.action, UI_ACT_MARK);
	fake_keys("=");
	ck_assert_int_eq(fake.last.action, UI_ACT_COMPARE);
	/* with a mark the comparison is a view, without it a word on that */
	fake_graph_comes(500);
	ui_open(fake.ui, "analysis", &diff);
	ui_settle(fake.ui);
	fake_contains("there is no mark to compare with");
	fake.ctx.mark = fake.graph;
	fake_keys("h");
	ui_open(fake.ui, "analysis", &diff);
	ui_settle(fake.ui);
	fake_contains("nothing was found");
	fake_keys("h");
	fake.ctx.mark = NULL;
}
END_TEST

START_TEST(a_long_look_at_growth_stays_bounded)
{
	const struct since_row *r = NULL;
	unsigned i;

	for (i = 0; i < 3 * SINCE_KEPT; i++)
		fake_live(300 + i, 10 + i);
	ck_assert_uint_le(hg_series_samples(fake.live.since.series),
			  SINCE_KEPT);
	for (i = 0; i < fake.live.since.nrows; i++)
		if (strcmp(fake.live.since.rows[i].type,
			   "shop.models.Session") == 0)
			r = &fake.live.since.rows[i];
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(r->delta, (int64_t)r->count -
			 (int64_t)hg_series_counts(fake.live.since.series,
				hg_series_find(fake.live.since.series, r->type,
					       "shop.models"))[0]);
	ck_assert_int_eq(r->fit.trend, HG_TREND_GROWING);
	ck_assert_double_eq_tol(
		hg_series_times(fake.live.since.series)
			[hg_series_samples(fake.live.since.series) - 1],
		3 * SINCE_KEPT - 1, 0.01);
}
END_TEST

START_TEST(filter_and_sort)
{
	open_types();
	fake_keys("f 'shop");
	fake_keys("Enter");
	fake_expect("filter");
	fake_keys("f ^U 'nosuch");
	fake_keys("Enter");
	fake_contains("nothing matches nosuch");
	fake_keys("f ^U 'count>10 and bytes>1K");
	fake_keys("Enter");
	fake_contains("filter count>10 and bytes>1K");
	fake_keys("f ^U Enter");
	fake_lacks("filter count");
	fake_keys("N");
	fake_contains("by type");
	fake_keys("S");
	fake_contains("by share");
}
END_TEST

START_TEST(search_goes_round)
{
	open_types();
	fake_keys("/ 's");
	fake_keys("Enter n n N Esc");
	fake_keys("/ 'nosuch");
	fake_keys("Enter");
	fake_contains("not found: nosuch");
	fake_keys("Esc N");
	fake_contains("by type");	/* nothing is searched for any more */
}
END_TEST

START_TEST(command_line)
{
	open_types();
	fake_keys(": 'sho");
	fake_keys("Tab 'Sess");
	fake_keys("Tab");
	fake_contains(":show Sess");	/* no graph yet: nothing to offer */
	fake_keys("Esc : 'show Session#2");
	fake_keys("Enter");
	ck_assert_int_eq(fake.wanted, 1);
	fake_contains("shop.models.Session 0x7f5500000b00");
	fake_keys(": 'path Sess");
	fake_keys("Tab");
	fake_contains(":path Session");
	fake_keys("'#0");
	fake_keys("Enter");
	fake_contains("chain 1 of");
	fake_keys(": 'show Session");
	fake_keys("Enter");
	fake_contains("has 42 instances");
	fake_keys("Esc : 'nonsense");
	fake_keys("Enter");
	fake_contains("no command nonsense");
	fake_keys("Esc : 'interval 2s");
	fake_keys("Enter");
	ck_assert_int_eq(fake.last.action, UI_ACT_SLOWER);
	ck_assert_str_eq(fake.last.text, "2s");
	fake_keys(": 'write heap.objtop");
	fake_keys("Enter");
	ck_assert_int_eq(fake.last.action, UI_ACT_WRITE);
	fake_keys(": 'q");
	fake_keys("Enter");
	ck_assert(ui_wants_quit(fake.ui));
}
END_TEST

START_TEST(any_analysis_is_a_view)
{
	struct ui_subject s = { UI_SUBJECT_NONE, 0,
				"instances shop.models.Cart" };

	open_types();
	ui_open(fake.ui, "analysis", &s);
	fake_expect("analysis");
	fake_keys("Enter");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "object");
	fake_keys("h : 'instances nosuch");
	fake_keys("Enter");
	fake_contains("nosuch");
}
END_TEST

START_TEST(a_graph_on_its_way_can_be_called_off)
{
	fake.hold = true;
	open_types();
	fake_keys("Enter");
	ck_assert_int_eq(fake.wanted, 1);
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "types");
	ui_graph_failed(fake.ui, "cancelled");
	fake_contains("cancelled");
	fake_graph_comes(300);	/* nothing waits for it any more */
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "types");
}
END_TEST

START_TEST(files_are_asked_for)
{
	struct ui_effect fx = { .kind = UI_FX_HOST, .action = UI_ACT_GRAPH };

	open_session();
	fake_keys("g");
	fake_contains("draw to file: picture-7f5500000d80.svg");
	fake_keys("^U 'x.png");
	fake_keys("Enter");
	ck_assert_str_eq(fake.last.text, "x.png");
	ck_assert_str_eq(fake.last.view, "object");
	ck_assert_uint_eq(fake.last.subject.addr, synth_session(3, 0));
	snprintf(fx.text, sizeof(fx.text), "x.png");
	ui_confirm(fake.ui, &fx, "%s is there already", fx.text);
	fake_contains("x.png is there already (y/n)");
	fake_keys("n");
	fake_contains("nothing was done");
	ck_assert(!fake.last.confirmed);
	ui_confirm(fake.ui, &fx, "again");
	fake_keys("y");
	ck_assert(fake.last.confirmed);
}
END_TEST

static void
pick_row(struct ot_table *t, int pid, const char *how, const char *why)
{
	struct ot_cell *c = ot_table_row(t);

	ot_cell_int(&c[0], pid);
	ot_cell_str(t, &c[1], "ann", 3);
	ot_cell_str(t, &c[2], "cpython 3.11.7", 14);
	ot_cell_bytes(&c[3], (uint64_t)pid << 20);
	ot_cell_str(t, &c[4], how, strlen(how));
	ot_cell_str(t, &c[5], "python3 shop/\033[31mserver.py", 25);
	ot_cell_str(t, &c[6], why, strlen(why));
}

START_TEST(the_picker_refuses_with_the_reason)
{
	static const struct ot_col cols[] = {
		{ "pid", OT_CELL_INT, 0 }, { "user", OT_CELL_STR, 0 },
		{ "runtime", OT_CELL_STR, 0 }, { "rss", OT_CELL_BYTES, 0 },
		{ "how", OT_CELL_STR, 0 }, { "command", OT_CELL_STR, 0 },
		{ "why", OT_CELL_STR, 0 },
	};
	struct ot_table *t = ot_table_new(cols, 7);

	memset(&fake.ctx.status, 0, sizeof(fake.ctx.status));
	ui_open(fake.ui, "picker", NULL);
	fake_contains("looking at the processes");
	pick_row(t, 4242, "ptrace", "");
	pick_row(t, 77, "", "it belongs to root; try: sudo objtop 77");
	fake.ctx.procs = t;
	ui_numbers_came(fake.ui);
	fake_expect("picker");
	fake_keys("Down Enter");
	fake_contains("pid 77 cannot be inspected: it belongs to root");
	ck_assert_int_eq(fake.effects, 0);
	fake_keys("Up Enter");
	ck_assert_int_eq(fake.last.action, UI_ACT_OPEN);
	ck_assert_uint_eq(fake.last.subject.addr, 4242);
	fake_keys("b p 1");	/* no heap here: these keys do nothing */
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "picker");
}
END_TEST

START_TEST(small_terminals_are_told_and_recover)
{
	open_types();
	fake.rows = 20;
	fake.cols = 60;
	fake_contains("objtop needs 80x24, this is 60x20");
	fake_keys("Enter");	/* nothing is opened unseen */
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "types");
	fake.rows = 1;
	fake.cols = 10;
	fake_contains("objtop ne");
	fake.rows = 24;
	fake.cols = 80;
	fake_lacks("needs 80x24");
	fake_contains("count▼");
}
END_TEST

START_TEST(larger_terminals_are_used)
{
	open_types();
	fake.rows = 40;
	fake.cols = 140;
	fake_keys("/ 'Session");
	fake_keys("Enter Enter Enter b");
	fake_contains("bytes  address");	/* room for one more column */
}
END_TEST

START_TEST(without_utf8)
{
	fake.utf8 = false;
	open_types();
	fake_expect("types-ascii");
	open_session();
	fake_keys("b");
	fake_expect("backrefs-ascii");
}
END_TEST

START_TEST(a_lost_target_leaves_its_data)
{
	open_types();
	fake.ctx.status.state = VIEW_LOST;
	snprintf(fake.ctx.status.lost, sizeof(fake.ctx.status.lost),
		 "PID 4242 has ended");
	fake_expect("lost");
	fake_keys("Down Down i");
	fake_contains("instances");
}
END_TEST

/* No sequence of keys may bring it down, with data coming in between. */
START_TEST(any_keys_at_any_time)
{
	static const char *const keys[] = {
		"Up", "Down", "PgUp", "PgDn", "Home", "End", "Left", "Right",
		"Space", "Enter", "l", "h", "Esc", "Tab", "BackTab", "1", "3",
		"4", "b", "r", "p", "i", "Y", "/", "n", "N", "f", "s", "S",
		"I", "C", "M", "D", ":", "?", "g", "W", "z", "+", "-", "^R",
		"x", ".", "Backspace", "Del", "^U",
	};
	uint32_t seed = 12345 + (uint32_t)_i, step;

	open_types();
	for (step = 0; step < 3000; step++) {
		seed = seed * 1664525 + 1013904223;
		fake_keys(keys[(seed >> 16) % (sizeof(keys) / sizeof(*keys))]);
		if (step % 50 == 0)
			fake_live(200 + (seed >> 20) % 600, 100 + step);
		if (step % 200 == 0)
			fake_graph_comes(100 + (seed >> 18) % 900);
		if (step % 7 == 0)
			fake_screen();
	}
}
END_TEST

TCase *
t_ui_views(void)
{
	TCase *tc = tcase_create("views");

	tcase_add_checked_fixture(tc, fake_setup, fake_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, types_show_counts_and_growth);
	tcase_add_test(tc, a_census_says_how_far_it_is_off);
	tcase_add_test(tc, the_way_down_and_back);
	tcase_add_test(tc, backrefs_unfold);
	tcase_add_test(tc, refs_show_more);
	tcase_add_test(tc, paths_end_at_a_root);
	tcase_add_test(tc, dominators_unfold);
	tcase_add_test(tc, cycles_lead_to_the_way_round);
	tcase_add_test(tc, garbage_has_no_path);
	tcase_add_test(tc, help_is_made_of_the_actions);
	tcase_add_test(tc, details_and_copy);
	tcase_add_test(tc, an_object_that_went_away_says_so);
	tcase_add_test(tc, views_by_number_and_tab);
	tcase_add_test(tc, growth_since_a_mark);
	tcase_add_test(tc, a_long_look_at_growth_stays_bounded);
	tcase_add_test(tc, filter_and_sort);
	tcase_add_test(tc, search_goes_round);
	tcase_add_test(tc, command_line);
	tcase_add_test(tc, any_analysis_is_a_view);
	tcase_add_test(tc, a_graph_on_its_way_can_be_called_off);
	tcase_add_test(tc, files_are_asked_for);
	tcase_add_test(tc, the_picker_refuses_with_the_reason);
	tcase_add_test(tc, small_terminals_are_told_and_recover);
	tcase_add_test(tc, larger_terminals_are_used);
	tcase_add_test(tc, without_utf8);
	tcase_add_test(tc, a_lost_target_leaves_its_data);
	tcase_add_loop_test(tc, any_keys_at_any_time, 0, 4);
	return tc;
}
