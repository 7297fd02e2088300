/* SPDX-License-Identifier: MIT */
/*
 * t_ui.c - the harness: a host that answers at once, scripted keys, saved
 * screens.
 */
#include "config.h"

#include "tests/unit/t_ui.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/builder.h"
#include "inspector/ui/keys.h"
#include "runtime/synth/synth.h"
#include "wire/wire.h"

struct fake fake;
static struct ot_buf screen_text;

struct hg_graph *
fake_graph(uint32_t n, uint32_t want)
{
	struct ot_buf stream = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;
	struct hg_builder *b = hg_builder_new();
	struct otw_dec *d = otw_dec_new(hg_builder_events(), b);
	struct hg_graph *g = NULL;

	ck_assert_int_eq(synth_stream(n, want, &stream, &err), OT_OK);
	ck_assert_msg(otw_dec_feed(d, stream.data, stream.len, &err) == OT_OK,
		      "%s", err.msg);
	ck_assert(hg_builder_done(b));
	ck_assert_msg(hg_builder_finish(b, true, &g, &err) == OT_OK, "%s",
		      err.msg);
	otw_dec_free(d);
	hg_builder_free(b);
	ot_buf_release(&stream);
	return g;
}

static void
fake_effect(void *ctx, struct ui *ui, const struct ui_effect *fx)
{
	(void)ctx;
	(void)ui;
	fake.last = *fx;
	fake.effects++;
}

static bool
fake_have_graph(void *ctx)
{
	(void)ctx;
	return fake.graph != NULL;
}

static void
fake_want_graph(void *ctx, struct ui *ui)
{
	(void)ctx;
	(void)ui;
	fake.wanted++;
	if (!fake.hold)
		fake_graph_comes(fake.objects);
}

static bool
fake_cancel(void *ctx)
{
	(void)ctx;
	return false;
}

static int
fake_header(void *ctx, struct ui_cells *c)
{
	(void)ctx;
	return view_header_draw(&fake.ctx, c);
}

static void
fake_note(void *ctx, struct ot_buf *out)
{
	(void)ctx;
	if (fake.graph != NULL)
		ot_buf_adds(out, "graph 12s old");
}

static enum ot_status
fake_command(void *ctx, const struct ui_view *top, const char *line,
	     struct ui_effect *fx, struct ot_err *err)
{
	(void)ctx;
	return view_command(&fake.ctx, top, line, fx, err);
}

static void
fake_complete(void *ctx, const struct ui_view *top, const char *line,
	      struct ot_buf *out)
{
	(void)ctx;
	view_command_complete(&fake.ctx, top, line, out);
}

static void
fake_file_name(void *ctx, enum ui_action a, const struct ui_subject *s,
	       struct ot_buf *out)
{
	(void)ctx;
	ot_buf_addf(out, "%s-%llx.%s", a == UI_ACT_WRITE ? "heap" : "picture",
		    (unsigned long long)s->addr,
		    a == UI_ACT_WRITE ? "objtop" : "svg");
}

void
fake_setup(void)
{
	static const struct ui_host host = {
		.effect = fake_effect, .have_graph = fake_have_graph,
		.want_graph = fake_want_graph, .cancel = fake_cancel,
		.header = fake_header, .note = fake_note,
		.command = fake_command, .complete = fake_complete,
		.file_name = fake_file_name, .wake_fd = -1,
	};
	struct view_status *v = &fake.ctx.status;

	memset(&fake, 0, sizeof(fake));
	fake.rows = 24;
	fake.cols = 80;
	fake.utf8 = true;
	fake.objects = 500;
	fake.ctx.live = &fake.live;
	fake.ui = ui_new(view_defs, &fake.ctx, &host);
	v->state = VIEW_LIVE;
	v->pid = 4242;
	snprintf(v->runtime, sizeof(v->runtime), "cpython 3.11.7");
	snprintf(v->command, sizeof(v->command), "shop/server.py --port 80");
	snprintf(v->time, sizeof(v->time), "11:02:13");
	snprintf(v->mode, sizeof(v->mode), "fork");
	v->uptime_s = 11520;
	v->held_us = 27000;
	v->cost = 0.004;
	v->interval_ms = 1000;
	v->samples = 1;
	v->nrss = 3;
	v->rss[0] = 1000 << 20;
	v->rss[1] = 1500 << 20;
	v->rss[2] = 1900 << 20;
}

void
fake_teardown(void)
{
	ui_free(fake.ui);
	hg_graph_free(fake.graph);
	live_release(&fake.live);
	ot_table_free((struct ot_table *)fake.ctx.procs);
	ot_buf_release(&screen_text);
}

void
fake_live(uint32_t n, unsigned second)
{
	struct hg_graph *g = fake_graph(n, OTW_WANT_COUNTS);

	ck_assert_int_eq(live_update(&fake.live, g, second * 1000000ull, NULL),
			 OT_OK);
	hg_graph_free(g);
	ui_numbers_came(fake.ui);
}

void
fake_graph_comes(uint32_t n)
{
	struct hg_graph *old = fake.graph;

	ui_settle(fake.ui);
	fake.graph = fake_graph(n, OTW_WANT_GRAPH | OTW_WANT_TEXT);
	fake.ctx.graph = fake.graph;
	ui_graph_came(fake.ui);
	ui_settle(fake.ui);
	hg_graph_free(old);
}

void
fake_keys(const char *keys)
{
	while (*keys != '\0') {
		size_t len = strcspn(keys, " ");

		if (keys[0] == '\'') {
			while (*++keys != '\0')
				ui_key(fake.ui, (unsigned char)*keys);
			break;
		}
		ck_assert_msg(ui_key_by_name(keys, len) != UI_KEY_NONE,
			      "no key %.*s", (int)len, keys);
		ui_key(fake.ui, ui_key_by_name(keys, len));
		ui_settle(fake.ui);
		keys += len;
		keys += strspn(keys, " ");
	}
}

const char *
fake_screen(void)
{
	const struct ui_cells *c;

	ui_settle(fake.ui);
	c = ui_draw(fake.ui, fake.rows, fake.cols, fake.utf8);
	ck_assert_ptr_nonnull(c);
	ot_buf_clear(&screen_text);
	ui_cells_dump(c, &screen_text);
	return ot_buf_str(&screen_text);
}

static void
screen_path(const char *name, char *path, size_t cap)
{
	const char *top = getenv("srcdir");

	snprintf(path, cap, "%s/tests/screens/%s.txt", top != NULL ? top : ".",
		 name);
}

void
fake_expect(const char *name)
{
	const char *screen = fake_screen();
	char path[1024], want[65536];
	size_t n;
	FILE *f;

	screen_path(name, path, sizeof(path));
	if (getenv("UI_UPDATE_SCREENS") != NULL) {
		f = fopen(path, "w");
		ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
		fputs(screen, f);
		fclose(f);
		return;
	}
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: %s; UI_UPDATE_SCREENS=1 makes it", path,
		      strerror(errno));
	n = fread(want, 1, sizeof(want) - 1, f);
	fclose(f);
	want[n] = '\0';
	ck_assert_msg(strcmp(want, screen) == 0,
		      "%s differs\n--- is\n%s--- should be\n%s", name, screen,
		      want);
}

void
fake_contains(const char *text)
{
	ck_assert_msg(strstr(fake_screen(), text) != NULL, "no '%s' in\n%s",
		      text, fake_screen());
}

void
fake_lacks(const char *text)
{
	ck_assert_msg(strstr(fake_screen(), text) == NULL, "'%s' in\n%s", text,
		      fake_screen());
}

int
main(void)
{
	Suite *s = suite_create("ui");
	SRunner *sr;
	int failed;

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL &&
	    setlocale(LC_CTYPE, "C.utf8") == NULL)
		return 77;
	suite_add_tcase(s, t_ui_widgets());
	suite_add_tcase(s, t_ui_views());
	suite_add_tcase(s, t_ui_live());
	suite_add_tcase(s, t_ui_screens());
	suite_add_tcase(s, t_ui_typing());
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
