/* SPDX-License-Identifier: MIT */
/*
 * t_ui_typing.c - somebody types anything, anywhere, at any moment.
 *
 * Keys of all actions, text into prompts, clicks, other sizes, samples and
 * graphs that come in between, work that is not waited for, a target that is
 * lost: nothing may crash, and afterwards every key has to work as ever.
 * UI_KEYS=100000 types that many (`make type` under any build); a short turn is
 * part of the tests.  UI_SEED repeats one.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspector/ui/keys.h"
#include "tests/unit/t_ui.h"

#define TYPING_KEYS 4000

static uint32_t typing_seed;

static uint32_t
typing_random(uint32_t below)
{
	typing_seed = typing_seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(typing_seed >> 8) * below >> 24);
}

static uint32_t
typing_number(const char *name, uint32_t plain)
{
	const char *text = getenv(name);

	return text == NULL ? plain : (uint32_t)strtoul(text, NULL, 10);
}

/* One of the keys of a random action. */
static void
typing_action(void)
{
	const char *keys = ui_actions[1 + typing_random(UI_ACT_COUNT - 1)].keys;
	size_t len = strcspn(keys, " ");

	if (keys[len] != '\0' && typing_random(2) == 0) {
		keys += len + 1;
		len = strcspn(keys, " ");
	}
	ui_key(fake.ui, ui_key_by_name(keys, len));
}

/* What people and cats put into a prompt. */
static void
typing_text(void)
{
	static const char *const words[] = {
		"Session", "shop.models.Session#2", "0x7f5500000480", "bytes>1",
		"!dict", "count>3 and !str", "sort ", "show ", "refs ", "path ",
		"filter ", "interval 0", "cycles", "garbage", "retained ",
		"sql SELECT * FROM objects LIMIT 3", "growth", "diff", "x\xff",
		"猫", "load ", "and and", "\"", "%s%n", "module:shop.*", "-",
	};
	const char *s = words[typing_random(sizeof(words) / sizeof(*words))];

	while (*s != '\0')
		ui_key(fake.ui, ui_decode(&s));
	if (typing_random(3) == 0)
		ui_key(fake.ui, UI_KEY_TAB);
	if (typing_random(4) != 0)
		ui_key(fake.ui, UI_KEY_ENTER);
}

static void
typing_size(void)
{
	static const int sizes[][2] = {
		{ 24, 80 }, { 50, 160 }, { 200, 400 }, { 30, 100 },
		{ 1, 1 }, { 23, 80 }, { 24, 79 }, { 3, 300 },
	};
	/* too small for anything: now and then */
	uint32_t i = typing_random(typing_random(8) == 0 ? 8 : 4);

	fake.rows = sizes[i][0];
	fake.cols = sizes[i][1];
	fake.utf8 = typing_random(8) != 0;
}

/* As the session does it: only while nothing works on the graph. */
static void
typing_sample(void)
{
	if (typing_random(3) == 0 && ui_idle(fake.ui))
		fake_graph_comes(20 + typing_random(1200));
	else
		fake_live(100 + typing_random(900),
			  10 + fake.ctx.status.samples++ / 2);
	fake.ctx.status.state = typing_random(20) == 0 ? VIEW_LOST : VIEW_LIVE;
}

static void
typing_one(void)
{
	uint32_t what = typing_random(100);

	if (what < 70)
		typing_action();
	else if (what < 78)
		typing_text();
	else if (what < 84)
		ui_key(fake.ui, typing_random(0x500));
	else if (what < 90)
		ui_mouse(fake.ui, UI_KEY_CLICK + typing_random(3),
			 (int)typing_random(60), (int)typing_random(170));
	else if (what < 93)
		typing_size();
	else if (what < 96)
		typing_sample();
	else
		ui_key(fake.ui, UI_KEY_ESC);
	if (fake.rows < UI_MIN_ROWS && typing_random(5) == 0)
		typing_size();
	if (typing_random(3) == 0)
		ui_settle(fake.ui);
	else
		ui_step(fake.ui);
	if (typing_random(5) == 0)
		ck_assert_ptr_nonnull(ui_draw(fake.ui, fake.rows, fake.cols,
					      fake.utf8));
}

/* Whatever was typed: boxes close, prompts end, the first view is there. */
static void
typing_is_not_stuck(void)
{
	int i;

	fake.rows = 24;
	fake.cols = 80;
	fake.utf8 = true;
	fake.ctx.status.state = VIEW_LIVE;
	fake.hold = false;
	for (i = 0; i < 4; i++) {	/* a box, a prompt with text, a search */
		fake_screen();
		ui_key(fake.ui, UI_KEY_ESC);
		ui_settle(fake.ui);
	}
	fake_keys("1 f ^U Enter");
	fake_live(500, 100000);
	ck_assert_str_eq(ui_top(fake.ui)->def->name, "types");
	fake_contains("type");
	fake_keys("Home N C");
	fake_contains("sorted by count");
	fake_keys("?");
	fake_contains("objtop help");
	fake_keys("Esc");
}

START_TEST(anybody_may_type_anything)
{
	uint32_t n = typing_number("UI_KEYS", TYPING_KEYS), i;
	uint32_t seed = typing_number("UI_SEED", 20) + (uint32_t)_i;

	typing_seed = seed;
	ui_open(fake.ui, "types", NULL);
	fake_live(300, 9);
	for (i = 0; i < n; i++) {
		typing_one();
		if (i % 1000 == 999)
			typing_is_not_stuck();
	}
	typing_is_not_stuck();
}
END_TEST

TCase *
t_ui_typing(void)
{
	TCase *tc = tcase_create("typing");

	tcase_add_checked_fixture(tc, fake_setup, fake_teardown);
	tcase_set_timeout(tc, 3600);
	tcase_add_loop_test(tc, anybody_may_type_anything, 0, 2);
	return tc;
}
