/* SPDX-License-Identifier: MIT */
/*
 * t_ui_views.c - walks through the views, screen by screen.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "inspector/ui/keys.h"
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

START_TEST(many_of_a_type_are_one_row)
{
	fake.objects = 900;
	open_types();
	fake_keys(": 'refs 0x7f5500000480");
	fake_keys("Enter");	/* the list of sessions */
	fake_contains("70 × item");
	fake_expect("refs");
	fake_keys("End i");
	fake_contains("70 × item shop.models.Session");
	fake_keys("Esc Enter");
	fake_contains("▾ 70 × item");
	fake_keys("End");
	fake_contains("60 more");
	fake_keys("Enter Down Y");
	ck_assert_str_eq(fake.last.text, "shop.models.Session 0x7f5500002400 "
			 "<- [11] <- list 0x7f5500000480");
	/* what is open stays so when the next sample comes */
	fake_graph_comes(920);
	fake_contains("[10]");
	fake_lacks("is gone");
	fake_keys("Left Left Space");
	fake_lacks("[10]");
}
END_TEST

START_TEST(what_is_hidden_stays_away)
{
	open_session();
	fake_keys("b Down Down x");
	fake_contains("hidden: dict 0x7f5500000440; X brings it back");
	fake_contains("(hidden: 1)");
	fake_lacks("shop.cache");
	fake_graph_comes(510);
	fake_lacks("shop.cache");
	fake_keys("X");
	fake_contains("everything is shown again");
	fake_contains("▸ [3]");
	fake_keys("Home x");
	fake_contains("this row cannot be hidden");
	fake.objects = 900;
	fake_graph_comes(900);
	fake_keys(": 'refs 0x7f5500000480");
	fake_keys("Enter End x");	/* of a group the whole type */
	fake_contains("hidden: shop.models.Session; X");
	fake_lacks("× item");
	fake_keys("X");
	fake_contains("× item");
}
END_TEST

START_TEST(cycles_link_back)
{
	open_session();
	fake_keys("b / '.cart");
	fake_keys("Enter");
	fake_contains("↺ .cart");
	fake_keys("n Esc Space");
	ck_assert_uint_eq(ui_table_position(ui_top(fake.ui)->table), 1);
}
END_TEST

/* What g draws of a tree has a node for each row open, and no other. */
START_TEST(a_picture_of_what_is_open)
{
	struct hg_picture *p = NULL;
	const struct hg_pic_node *group;
	size_t i, n;

	fake.objects = 900;
	open_types();
	ck_assert_int_eq(view_picture_open(ui_top(fake.ui), &p, NULL), OT_OK);
	ck_assert_ptr_null(p);
	fake_keys(": 'refs 0x7f5500000480");
	fake_keys("Enter Home Space Space");	/* the list: its class, a group */
	ck_assert_int_eq(view_picture_open(ui_top(fake.ui), &p, NULL), OT_OK);
	ck_assert_uint_eq(p->nnodes, 3);
	ck_assert_uint_eq(p->nedges, 2);
	group = &p->nodes[2];
	ck_assert_uint_eq(group->flags, HG_PIC_MORE | HG_PIC_KIND);
	ck_assert_uint_eq(group->count, 70);
	ck_assert_str_eq(hg_kind_full(p->graph, group->kind),
			 "shop.models.Session");
	hg_picture_free(p);
	fake_keys("End Space");		/* the group's members, and "60 more" */
	ck_assert_int_eq(view_picture_open(ui_top(fake.ui), &p, NULL), OT_OK);
	ck_assert_uint_eq(p->nnodes, 2 + 10 + 1);
	for (n = i = 0; i < p->nnodes; i++)
		n += (p->nodes[i].flags & HG_PIC_MORE) != 0 ?
		     p->nodes[i].count : 1;
	ck_assert_uint_eq(n, 2 + 70);
	hg_picture_free(p);
	fake_keys("g Enter");
	ck_assert_str_eq(fake.last.view, "refs");
	ck_assert_uint_eq(fake.last.subject.addr, 0x7f5500000480u);
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
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "gc");
	fake_keys("Tab");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "types");
	fake_keys("BackTab BackTab");
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

START_TEST(of_a_type_all_instances_are_meant)
{
	open_types();
	fake.cols = 100;
	fake_keys("/ 'models.Session");
	fake_keys("Enter p");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "analysis");
	fake_contains(".sessions");
	fake_contains("why 42 objects of shop.models.Session are alive");
	fake_keys("h d");
	fake_contains("retained shop.models.Session");
	fake_keys("h b");
	fake_contains("that is a type: Enter lists its instances");
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
	fake_keys("h : 'sql SELECT  'a  b' AS two, count(*) AS n FROM objects");
	fake_keys("Enter");
	fake_contains("a  b");
	fake_contains("500");
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

START_TEST(the_mouse_does_what_its_key_would)
{
	open_types();
	fake_screen();
	ui_mouse(fake.ui, UI_KEY_CLICK, 7, 30);
	ck_assert_uint_eq(ui_table_position(ui_top(fake.ui)->table), 3);
	ui_mouse(fake.ui, UI_KEY_CLICK, 4, 18);		/* the head: Δ/s */
	fake_contains("sorted by delta");
	ui_mouse(fake.ui, UI_KEY_CLICK, 4, 18);
	fake_contains("turned round");
	ui_mouse(fake.ui, UI_KEY_CLICK, 4, 45);
	fake_contains("cannot be sorted by trend");
	ui_mouse(fake.ui, UI_KEY_WHEEL_DOWN, 10, 10);
	ui_mouse(fake.ui, UI_KEY_WHEEL_UP, 10, 10);
	ui_mouse(fake.ui, UI_KEY_CLICK, 6, 30);
	ui_mouse(fake.ui, UI_KEY_CLICK, 6, 30);		/* opens it */
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "instances");
	fake_screen();
	ui_mouse(fake.ui, UI_KEY_CLICK, 3, 2);		/* the crumb "types" */
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "types");
	fake_screen();
	ui_mouse(fake.ui, UI_KEY_CLICK, 23, 68);	/* "? help" */
	fake_contains("objtop help");
	ui_mouse(fake.ui, UI_KEY_WHEEL_DOWN, 10, 10);
	ui_mouse(fake.ui, UI_KEY_CLICK, 10, 10);
	fake_lacks("objtop help");
	ui_mouse(fake.ui, UI_KEY_CLICK, 400, -3);	/* nowhere */
	fake.rows = 10;
	fake_screen();
	ui_mouse(fake.ui, UI_KEY_CLICK, 5, 5);
}
END_TEST

START_TEST(tables_files_and_retained_sizes_are_asked_for)
{
	const struct ot_col *cols;
	struct ot_table *t, *rows;
	struct hg_args args = { .retained = true };
	size_t ncols;
	bool ok;

	open_types();
	fake_keys("e");
	fake_contains("export the table to file: picture-0.svg");
	fake_keys("^U 'types.csv");
	fake_keys("Enter");
	ck_assert_int_eq(fake.last.action, UI_ACT_EXPORT);
	ck_assert_str_eq(fake.last.text, "types.csv");
	/* what is exported are the rows as shown */
	fake_keys("f 'shop");
	fake_keys("Enter");
	ncols = ui_table_columns(ui_top(fake.ui)->table, &cols);
	rows = ot_table_new(cols, ncols);
	ck_assert_uint_eq(ui_table_copy(ui_top(fake.ui)->table, 0, 1, rows,
					&ok), 1);
	ck_assert_uint_eq(ui_table_copy(ui_top(fake.ui)->table, 1, 100, rows,
					&ok), 2);
	ck_assert(ok);
	ck_assert_uint_eq(rows->nrows, 2);
	ck_assert_ptr_nonnull(strstr(ot_table_at(rows, 0, (size_t)
		ot_table_col(rows, "type"))->v.str, "shop.models"));
	ot_table_free(rows);
	fake_keys("f ^U Enter L 'heap.objtop");
	fake_keys("Enter");
	ck_assert_int_eq(fake.last.action, UI_ACT_LOAD);
	fake_keys("T");		/* waits for a graph, then is the host's */
	ck_assert_int_eq(fake.last.action, UI_ACT_BYRETAINED);
	ck_assert_int_eq(an_types(fake.graph, &args, &t, NULL), OT_OK);
	ck_assert_int_eq(live_retained(&fake.live, t, NULL), OT_OK);
	ot_table_free(t);
	fake_keys("T");
	fake_contains("by retained");
	fake_expect("types-retained");
	fake_keys("/ 'models.Session");
	fake_keys("Enter Enter T");	/* computed by now: a column */
	fake_contains("by retained");
}
END_TEST

START_TEST(tab_completes_every_command)
{
	open_types();
	fake_graph_comes(500);
	fake_keys(": 'so");
	fake_keys("Tab");
	fake_contains(":sort");
	fake_keys("'ret");
	fake_keys("Tab");
	fake_contains(":sort retained");
	fake_keys("^U 'sort -by");
	fake_keys("Tab");
	fake_contains(":sort -bytes");
	fake_keys("^U 'interval 5");
	fake_keys("Tab");
	fake_contains("500ms  5s");
	fake_keys("^U 'filter count>1 and by");
	fake_keys("Tab");
	fake_contains(":filter count>1 and bytes");
	fake_keys("^U 'retained shop.models.Se");
	fake_keys("Tab");
	fake_contains(":retained shop.models.Session");
	fake_keys("Esc f 'ret");
	fake_keys("Tab");
	fake_contains("filter: retained");
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
	tcase_add_test(tc, many_of_a_type_are_one_row);
	tcase_add_test(tc, what_is_hidden_stays_away);
	tcase_add_test(tc, cycles_link_back);
	tcase_add_test(tc, a_picture_of_what_is_open);
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
	tcase_add_test(tc, of_a_type_all_instances_are_meant);
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
	tcase_add_test(tc, the_mouse_does_what_its_key_would);
	tcase_add_test(tc, tables_files_and_retained_sizes_are_asked_for);
	tcase_add_test(tc, tab_completes_every_command);
	return tc;
}
