/* SPDX-License-Identifier: MIT */
/*
 * t_ui_screens.c - every view at every size it is used in: 80x24 and 160x50,
 * with and without UTF-8; and what makes screens readable without colours.
 *
 * A view that is added to views.def without a walk here fails the test.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "runtime/synth/synth.h"
#include "tests/unit/t_ui.h"

/* Keys from the Types view to each other; NULL: tested elsewhere. */
static const struct {
	const char *view, *keys;
} ways[] = {
	{ "types", "1" },
	{ "growth", "2" },
	{ "instances", "/ 'models.Session" },
	{ "object", "3" },
	{ "backrefs", "b" },
	{ "refs", "r" },
	{ "paths", "4" },
	{ "dominators", "5" },
	{ "cycles", "6" },
	{ "gc", "7" },
	{ "cycle", "y" },
	{ "analysis", ": 'retained shop.models.Cart" },
	{ "picker", NULL },	/* t_ui_views.c: it has no heap */
};

static const char *
way_to(const char *view)
{
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(ways); i++)
		if (strcmp(ways[i].view, view) == 0)
			return ways[i].keys;
	ck_abort_msg("t_ui_screens.c knows no keys to the view %s", view);
	return NULL;
}

/* On the same object whatever was looked at before. */
static void
open_view(const char *view, const char *keys)
{
	struct ui_subject s = { UI_SUBJECT_OBJECT, synth_session(3, 0),
				"shop.models.Session" };

	ui_restart(fake.ui, "types");
	if (strcmp(view, "object") == 0 || strlen(keys) == 1)
		ui_open(fake.ui, "object", &s);
	fake_keys(keys);
	if (strchr(keys, '\'') != NULL)
		fake_keys("Enter");
	if (strcmp(view, "instances") == 0)
		fake_keys("Enter");
	ck_assert_str_eq(ui_top(fake.ui)->def->name, view);
}

/* Nothing that is not ASCII, no line wider than the screen. */
static void
screen_fits(bool ascii)
{
	const char *s = fake_screen();
	int cols = 0, rows = 0;

	for (; *s != '\0'; rows++) {
		for (cols = 0; *s != '\n'; cols++) {
			uint32_t ch = ui_decode(&s);

			ck_assert_msg(ch >= ' ' && (!ascii || ch < 0x7f),
				      "U+%04x on the screen", ch);
		}
		ck_assert_int_le(cols, fake.cols);
		s++;
	}
	ck_assert_int_eq(rows, fake.rows);
}

START_TEST(every_view_at_every_size)
{
	char name[64];
	size_t i;

	for (i = 1; i < 7; i++)
		fake_live(200 + 50 * (uint32_t)i, 10 + (unsigned)i);
	for (i = 0; view_defs[i].name != NULL; i++) {
		const char *view = view_defs[i].name, *keys = way_to(view);

		if (keys == NULL)
			continue;
		fake.rows = 50;
		fake.cols = 160;
		fake.utf8 = true;
		open_view(view, keys);
		snprintf(name, sizeof(name), "%s-160x50", view);
		fake_expect(name);
		screen_fits(false);
		fake.utf8 = false;
		screen_fits(true);
		fake.rows = 24;
		fake.cols = 80;
		screen_fits(true);
		fake.utf8 = true;
		screen_fits(false);
		fake.rows = 200;
		fake.cols = 500;
		screen_fits(false);
	}
}
END_TEST

/*
 * Without colours a terminal has bold and reverse left: the selected row, the
 * heads, alarms and keys have to differ from plain text by these.
 */
START_TEST(nothing_is_told_by_colour_alone)
{
	static const char *const styles[] = {
#define STYLE(name, fg, bg, attr, mono) #mono,
#include "inspector/ui/style.def"
	};

	ck_assert_str_ne(styles[UI_SELECT], "NORMAL");
	ck_assert_str_ne(styles[UI_HEAD], "NORMAL");
	ck_assert_str_ne(styles[UI_HEADSORT], styles[UI_HEAD]);
	ck_assert_str_ne(styles[UI_ALARM], "NORMAL");
	ck_assert_str_ne(styles[UI_BAD], "NORMAL");
	ck_assert_str_ne(styles[UI_KEYNAME], styles[UI_KEY]);
	/* growth has its sign, its mark and its column */
	ui_open(fake.ui, "types", NULL);
	fake_live(300, 10);
	fake_live(500, 11);
	fake_contains("▴ int");
	fake_contains("+");
	fake.ctx.status.state = VIEW_LOST;
	fake_contains("lost: last data shown");
	fake.ctx.status.state = VIEW_PAUSED;
	fake_contains("[paused]");
}
END_TEST

TCase *
t_ui_screens(void)
{
	TCase *tc = tcase_create("screens");

	tcase_add_checked_fixture(tc, fake_setup, fake_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_view_at_every_size);
	tcase_add_test(tc, nothing_is_told_by_colour_alone);
	return tc;
}
