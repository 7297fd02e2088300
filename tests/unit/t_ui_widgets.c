/* SPDX-License-Identifier: MIT */
/*
 * t_ui_widgets.c - cells, keys, the line editor, tables and trees by
 * themselves.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspector/ui/keys.h"
#include "inspector/ui/prompt.h"
#include "inspector/ui/spark.h"
#include "inspector/ui/tree.h"
#include "tests/unit/t_ui.h"

static struct ui_cells cells;
static struct ot_buf text;

static void
setup(void)
{
	memset(&cells, 0, sizeof(cells));
	ck_assert(ui_cells_resize(&cells, 4, 20));
	cells.utf8 = true;
}

static void
teardown(void)
{
	ui_cells_release(&cells);
	ot_buf_release(&text);
}

static void
cells_are(const char *want)
{
	ot_buf_clear(&text);
	ui_cells_dump(&cells, &text);
	ck_assert_str_eq(ot_buf_str(&text), want);
}

START_TEST(cells_cut_and_keep_their_room)
{
	ck_assert_int_eq(ui_put(&cells, 0, 0, 20, UI_PLAIN, "abc"), 3);
	ck_assert_int_eq(ui_put(&cells, 1, 0, 5, UI_PLAIN, "abcdefgh"), 5);
	ck_assert_int_eq(ui_put(&cells, 2, 18, 20, UI_PLAIN, "xyz"), 2);
	ck_assert_int_eq(ui_put(&cells, 7, 0, 20, UI_PLAIN, "out"), 0);
	ck_assert_int_eq(ui_put(&cells, 0, 30, 20, UI_PLAIN, "out"), 0);
	ui_put_right(&cells, 3, 0, 20, UI_PLAIN, "12,345");
	cells_are("abc\nabcd…\n                  x…\n"
		  "              12,345\n");
}
END_TEST

START_TEST(wide_characters_take_two_cells_or_none)
{
	ui_put(&cells, 0, 0, 20, UI_PLAIN, "猫と犬");
	ck_assert_int_eq(ui_width(&cells, "猫と犬"), 6);
	ck_assert_int_eq(ui_put(&cells, 1, 0, 4, UI_PLAIN, "猫と犬"), 3);
	/* writing over one half blanks the other */
	ui_put(&cells, 2, 0, 20, UI_PLAIN, "猫");
	ui_put(&cells, 2, 1, 20, UI_PLAIN, "x");
	ui_put(&cells, 3, 0, 20, UI_PLAIN, "e\xcc\x81!");
	cells_are("猫と犬\n猫…\n x\ne\xcc\x81!\n");
}
END_TEST

START_TEST(hostile_bytes_do_not_reach_the_screen)
{
	ui_put(&cells, 0, 0, 20, UI_PLAIN, "a\033[2Jb\xff\xc3\x9b\x7f");
	ui_put(&cells, 1, 0, 20, UI_PLAIN, "\xf0\x9f");
	cells_are("a?[2Jb?Û?\n??\n\n\n");
}
END_TEST

START_TEST(without_utf8_there_is_ascii)
{
	uint64_t v[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ot_buf spark = OT_BUF_INIT;

	cells.utf8 = false;
	ui_spark(v, 8, &spark);
	ui_put(&cells, 0, 0, 20, UI_PLAIN, ot_buf_str(&spark));
	ui_put(&cells, 1, 0, 20, UI_PLAIN, "Δ/s ▲ › é 猫");
	ui_put(&cells, 2, 0, 4, UI_PLAIN, "abcdef");
	ui_box(&cells, (struct ui_rect){ 3, 0, 1, 3 }, UI_BOX, NULL);
	cells_are("_.:-=+*#\nd/s ^ > ? ?\nabc~\n`-+\n");
	ot_buf_release(&spark);
}
END_TEST

START_TEST(sparklines_scale_and_ignore_noise)
{
	uint64_t up[] = { 100, 150, 200 }, noise[] = { 1000000, 1000500 };
	struct ot_buf spark = OT_BUF_INIT;

	ui_spark(up, 3, &spark);
	ck_assert_str_eq(ot_buf_str(&spark), "▁▅█");
	ot_buf_clear(&spark);
	ui_spark(noise, 2, &spark);
	ck_assert_str_eq(ot_buf_str(&spark), "▁▁");
	ot_buf_release(&spark);
}
END_TEST

START_TEST(every_action_has_keys_that_exist)
{
	int i;

	for (i = UI_ACT_NONE + 1; i < UI_ACT_COUNT; i++) {
		const struct ui_action_def *a = &ui_actions[i];
		const char *s = a->keys;

		ck_assert_msg(*s != '\0', "%s has no key", a->name);
		ck_assert_msg(a->help[0] != '\0', "%s has no help", a->name);
		ck_assert_int_eq(a->bar[0] == '\0', a->word[0] == '\0');
		while (*s != '\0') {
			size_t len = strcspn(s, " ");
			uint32_t key = ui_key_by_name(s, len);

			ck_assert_msg(key != UI_KEY_NONE, "%s: no key %.*s",
				      a->name, (int)len, s);
			ck_assert_msg(ui_action_of(key, a->where) ==
				      (enum ui_action)i,
				      "%s: %.*s does something else", a->name,
				      (int)len, s);
			s += len;
			s += strspn(s, " ");
		}
	}
}
END_TEST

static struct ui_prompt prompt;
static struct ui_history history;

static enum ui_prompt_end
type(const char *s)
{
	enum ui_prompt_end end = UI_PROMPT_ON;

	for (; *s != '\0'; s++)
		end = ui_prompt_key(&prompt, (unsigned char)*s);
	return end;
}

START_TEST(the_line_editor_edits)
{
	ui_prompt_start(&prompt, ":", "", NULL);
	type("helo");
	ui_prompt_key(&prompt, UI_KEY_LEFT);
	type("l");
	ui_prompt_key(&prompt, UI_KEY_END);
	ui_prompt_key(&prompt, 0xe9);
	ck_assert_str_eq(prompt.text, "hello\xc3\xa9");
	ui_prompt_key(&prompt, UI_KEY_BACKSPACE);
	ck_assert_str_eq(prompt.text, "hello");
	type(" world");
	ui_prompt_key(&prompt, 'W' - '@');
	ck_assert_str_eq(prompt.text, "hello ");
	ui_prompt_key(&prompt, UI_KEY_HOME);
	ui_prompt_key(&prompt, UI_KEY_DELETE);
	ck_assert_str_eq(prompt.text, "ello ");
	ck_assert_int_eq(ui_prompt_key(&prompt, UI_KEY_ENTER), UI_PROMPT_DONE);
	ck_assert_int_eq(ui_prompt_key(&prompt, UI_KEY_ESC),
			 UI_PROMPT_CANCELLED);
}
END_TEST

START_TEST(a_long_line_is_not_overrun)
{
	int i;

	ui_prompt_start(&prompt, ":", "", NULL);
	for (i = 0; i < 2 * UI_PROMPT_MAX; i++)
		ui_prompt_key(&prompt, i % 3 == 0 ? 0x1f600 : 'x');
	ck_assert_uint_eq(strlen(prompt.text), prompt.len);
	ck_assert_uint_lt(prompt.len, UI_PROMPT_MAX);
	ui_prompt_draw(&prompt, &cells, (struct ui_rect){ 0, 0, 1, 20 });
	ck_assert_int_lt(cells.cursor_col, 20);
}
END_TEST

START_TEST(history_goes_back_and_on)
{
	ui_prompt_start(&prompt, "/", "", &history);
	type("one");
	ui_prompt_key(&prompt, UI_KEY_ENTER);
	ui_prompt_start(&prompt, "/", "", &history);
	type("two");
	ui_prompt_key(&prompt, UI_KEY_ENTER);
	ui_prompt_start(&prompt, "/", "", &history);
	ui_prompt_key(&prompt, UI_KEY_UP);
	ck_assert_str_eq(prompt.text, "two");
	ui_prompt_key(&prompt, UI_KEY_UP);
	ui_prompt_key(&prompt, UI_KEY_UP);
	ck_assert_str_eq(prompt.text, "one");
	ui_prompt_key(&prompt, UI_KEY_DOWN);
	ui_prompt_key(&prompt, UI_KEY_DOWN);
	ck_assert_str_eq(prompt.text, "");
	ui_history_release(&history);
}
END_TEST

/* A table of numbers n, n-1, ... and names; keys are the numbers. */
static struct { uint32_t n; uint64_t add; } rows;

static uint32_t
rows_count(void *ctx)
{
	(void)ctx;
	return rows.n;
}

static void
rows_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	  struct ot_cell *out)
{
	uint64_t v = (row * 7919u) % rows.n;

	(void)ctx;
	if (col == 0)
		ot_cell_int(out, (int64_t)(v + (v % 2) * rows.add));
	else
		ot_cell_strf(t, out, "name-%llu", (unsigned long long)v);
}

static uint64_t
rows_key(void *ctx, uint32_t row)
{
	(void)ctx;
	return (row * 7919u) % rows.n;
}

static const struct ui_col rows_cols[] = {
	{ "count", "count", OT_CELL_INT, 0, 5, 0, UI_PLAIN },
	{ "type", "type", OT_CELL_STR, UI_COL_NAME, 8, 1, UI_PLAIN },
};

static const struct ui_source rows_source = {
	.cols = rows_cols, .ncols = 2, .sort = "count", .count = rows_count,
	.cell = rows_cell, .key = rows_key,
};

static void
draw_rows(struct ui_table *t, const char *want)
{
	ui_cells_clear(&cells);
	ui_table_draw(t, &cells, (struct ui_rect){ 0, 0, 4, 20 });
	cells_are(want);
}

START_TEST(tables_sort_and_keep_the_selection)
{
	struct ui_table *t = ui_table_new(&rows_source, NULL);

	rows.n = 5;
	rows.add = 0;
	ui_table_reload(t);
	draw_rows(t, " count▼  type\n      4  name-4\n      3  name-3\n"
		     "      2  name-2\n");
	ui_table_act(t, UI_ACT_DOWN);
	ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)), 3);
	/* odd ones jump to the top: the selection goes with its row */
	rows.add = 100;
	ui_table_reload(t);
	ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)), 3);
	ck_assert_uint_eq(ui_table_position(t), 1);
	ui_table_act(t, UI_ACT_INVERT);
	ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)), 3);
	ck_assert_uint_eq(ui_table_position(t), 5);
	ui_table_act(t, UI_ACT_BYNAME);
	ui_table_act(t, UI_ACT_HOME);
	ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)), 0);
	ui_table_act(t, UI_ACT_BYDELTA);
	ck_assert_str_eq(ui_table_message(t),
			 "there is no column delta to sort by here");
	ui_table_free(t);
}
END_TEST

START_TEST(large_tables_filter_and_search_in_slices)
{
	struct ui_table *t = ui_table_new(&rows_source, NULL);
	struct ot_err err = OT_ERR_INIT;
	int slices = 0;

	rows.n = 60013;
	rows.add = 0;
	ui_table_reload(t);
	ck_assert_uint_eq(ui_table_shown(t), 60013);
	ck_assert_int_eq(ui_table_filter(t, "count>=60000", &err), OT_OK);
	ck_assert(ui_table_busy(t));
	while (ui_table_step(t))
		slices++;
	ck_assert_int_gt(slices, 5);
	ck_assert_uint_eq(ui_table_shown(t), 13);
	ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)), 60012);
	ck_assert_int_eq(ui_table_filter(t, "", &err), OT_OK);
	ui_table_search(t, "NAME-17");	/* a capital: as it is written */
	while (ui_table_step(t))
		;
	ck_assert_str_eq(ui_table_message(t), "not found: NAME-17");
	ui_table_search(t, "name-17");
	while (ui_table_step(t))
		;
	ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)) / 1000, 17);
	ui_table_free(t);
}
END_TEST

/* Keys stay live while many rows are sorted; the order changes at the end. */
START_TEST(large_tables_sort_in_slices)
{
	struct ui_table *t = ui_table_new(&rows_source, NULL);
	int slices = 0;
	uint32_t i;

	rows.n = 90001;
	rows.add = 0;
	ui_table_reload(t);
	while (ui_table_step(t))
		slices++;
	ck_assert_int_gt(slices, 3);
	draw_rows(t, " count▼  type\n 90,000  name-90000\n 89,999  name-89999\n"
		     " 89,998  name-89998\n");
	ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)), 90000);
	ui_table_act(t, UI_ACT_INVERT);
	ck_assert(ui_table_busy(t));
	ui_table_act(t, UI_ACT_DOWN);
	ui_table_act(t, UI_ACT_DOWN);	/* while it goes on */
	while (ui_table_step(t))
		;
	ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)), 89998);
	ck_assert_uint_eq(ui_table_position(t), 89999);
	ui_table_act(t, UI_ACT_HOME);
	for (i = 0; i < 3; i++, ui_table_act(t, UI_ACT_DOWN))
		ck_assert_uint_eq(rows_key(NULL, ui_table_selected(t)), i);
	ui_table_act(t, UI_ACT_INVERT);
	ui_table_stop(t);
	ck_assert_str_eq(ui_table_message(t), "sorting was stopped");
	ck_assert(!ui_table_busy(t));
	ck_assert_uint_eq(ui_table_shown(t), 90001);
	ui_table_act(t, UI_ACT_BYCOUNT);
	rows.n = 4;			/* other rows meanwhile */
	ui_table_reload(t);
	ck_assert(!ui_table_step(t));
	ck_assert_uint_eq(ui_table_shown(t), 4);
	ui_table_free(t);
}
END_TEST

START_TEST(a_filter_that_cannot_be_is_dropped)
{
	struct ui_table *t = ui_table_new(&rows_source, NULL);
	struct ot_err err = OT_ERR_INIT;

	rows.n = 50;
	ui_table_reload(t);
	ck_assert_int_eq(ui_table_filter(t, "nosuch>3", &err), OT_OK);
	ck_assert_ptr_nonnull(strstr(ui_table_message(t), "nosuch"));
	ck_assert_uint_eq(ui_table_shown(t), 50);
	ck_assert_str_eq(ui_table_filter_text(t), "");
	ck_assert_int_eq(ui_table_filter(t, "count>", &err), OT_USAGE);
	ck_assert_int_eq(ui_table_filter(t, "name-1", &err), OT_OK);
	ck_assert_uint_eq(ui_table_shown(t), 1);	/* a type, not a word */
	ck_assert_int_eq(ui_table_filter(t, "name", &err), OT_OK);
	ck_assert_uint_eq(ui_table_shown(t), 50);
	ui_table_free(t);
}
END_TEST

START_TEST(an_empty_table_is_no_trap)
{
	struct ui_table *t = ui_table_new(&rows_source, NULL);
	int a;

	rows.n = 0;
	ui_table_reload(t);
	for (a = UI_ACT_NONE; a < UI_ACT_COUNT; a++)
		ui_table_act(t, (enum ui_action)a);
	ck_assert_uint_eq(ui_table_selected(t), UINT32_MAX);
	draw_rows(t, "  count  type▲\n\n  nothing here\n\n");
	ui_table_free(t);
}
END_TEST

/* Nodes 0 -> 1..30, each of them -> 0 (a cycle) and a leaf 100+n. */
static uint32_t
kids_count(void *ctx, uint32_t node)
{
	(void)ctx;
	return node == 0 ? 30 : node < 100 ? 2 : 0;
}

static void
kids(void *ctx, uint32_t node, uint32_t skip, uint32_t n,
     struct ui_tree_kid *out)
{
	uint32_t i;

	(void)ctx;
	for (i = 0; i < n; i++) {
		out[i].node = node == 0 ? skip + i + 1 :
			      skip + i == 0 ? 0 : 100 + node;
		out[i].edge = node * 100 + skip + i;
		out[i].quiet = false;
	}
}

static const struct ui_tree_ops tree_ops = { kids_count, kids, NULL, NULL };

static void
tree_is(const struct ui_tree *t, const char *want)
{
	uint32_t i;

	ot_buf_clear(&text);
	for (i = 0; i < t->n; i++) {
		ui_tree_prefix(t, i, &text);
		if ((t->items[i].flags & UI_TREE_MORE) != 0)
			ot_buf_addf(&text, "%u more\n", t->items[i].more);
		else
			ot_buf_addf(&text, "%u\n", t->items[i].node);
	}
	ck_assert_str_eq(ot_buf_str(&text), want);
}

START_TEST(trees_unfold_in_place)
{
	struct ui_tree_kept kept;
	struct ui_tree t = { 0 };
	uint64_t key;

	ck_assert(ui_tree_start(&t, &tree_ops, NULL, 0, 2, 1));
	tree_is(&t, "▸ 0\n");
	ck_assert(ui_tree_open(&t, 0));
	tree_is(&t, "▾ 0\n├─▸ 1\n├─▸ 2\n└── 28 more\n");
	ck_assert(ui_tree_open(&t, 1));
	tree_is(&t, "▾ 0\n├─▾ 1\n│  ├─↺ 0\n│  └── 101\n├─▸ 2\n"
		    "└── 28 more\n");
	ck_assert(!ui_tree_open(&t, 2));	/* it is above itself */
	key = ui_tree_key(&t, 4);
	ck_assert(ui_tree_more(&t, 5));
	ck_assert(ui_tree_fold(&t, 1));
	ck_assert_uint_eq(ui_tree_key(&t, 2), key);
	tree_is(&t, "▾ 0\n├─▸ 1\n├─▸ 2\n├─▸ 3\n├─▸ 4\n└── 26 more\n");
	ck_assert_uint_eq(ui_tree_parent(&t, 5), 0);
	/* what is open survives a reload, ↺ leads back */
	ck_assert(ui_tree_open(&t, 3));
	ck_assert_uint_eq(ui_tree_back(&t, 4), 0);
	ck_assert_uint_eq(ui_tree_back(&t, 3), 3);
	ck_assert(ui_tree_keep(&t, &kept));
	ck_assert_uint_eq(kept.n, 2);
	ck_assert(ui_tree_restart(&t, &tree_ops, NULL, 0, 2, &kept));
	tree_is(&t, "▾ 0\n├─▸ 1\n├─▸ 2\n├─▾ 3\n│  ├─↺ 0\n│  └── 103\n"
		    "├─▸ 4\n└── 26 more\n");
	ck_assert(ui_tree_fold(&t, 0));
	tree_is(&t, "▸ 0\n");
	ui_tree_release(&t);
}
END_TEST

TCase *
t_ui_widgets(void)
{
	TCase *tc = tcase_create("widgets");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, cells_cut_and_keep_their_room);
	tcase_add_test(tc, wide_characters_take_two_cells_or_none);
	tcase_add_test(tc, hostile_bytes_do_not_reach_the_screen);
	tcase_add_test(tc, without_utf8_there_is_ascii);
	tcase_add_test(tc, sparklines_scale_and_ignore_noise);
	tcase_add_test(tc, every_action_has_keys_that_exist);
	tcase_add_test(tc, the_line_editor_edits);
	tcase_add_test(tc, a_long_line_is_not_overrun);
	tcase_add_test(tc, history_goes_back_and_on);
	tcase_add_test(tc, tables_sort_and_keep_the_selection);
	tcase_add_test(tc, large_tables_filter_and_search_in_slices);
	tcase_add_test(tc, large_tables_sort_in_slices);
	tcase_add_test(tc, a_filter_that_cannot_be_is_dropped);
	tcase_add_test(tc, an_empty_table_is_no_trap);
	tcase_add_test(tc, trees_unfold_in_place);
	return tc;
}
