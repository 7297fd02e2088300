/* SPDX-License-Identifier: MIT */
/*
 * cmd_ui.c - the terminal UI: objtop, objtop TARGET.
 *
 * Composes target, graph, views and screen.  A target that is named is gone
 * into before the screen is taken over, so that a refusal is an ordinary
 * error line; without one a picker of processes comes first.  However it ends,
 * the terminal is as it was and the target runs on.
 */
#include "config.h"

#include <string.h>

#include "inspector/cmd/ui_session.h"

#define UI_INTERVAL_MS 1000

/* `own`: the session closes it, when it ends or is left for a file. */
static enum ot_status
ui_run(const struct cmd *c, struct target *t, bool own, struct ot_err *err)
{
	struct ui_session s = { .c = c, .t = t, .owns = own && t != NULL };
	struct ui_clock clock = { &s, ui_session_tick, ui_session_watch };
	struct ui_host host;
	enum ot_status st;

	s.ctx.status.asked_ms = c->opts.interval_ms > 0 ? c->opts.interval_ms :
							  UI_INTERVAL_MS;
	s.ctx.status.interval_ms = s.ctx.status.asked_ms;
	st = ui_loop_open(&s.loop, err);
	if (st != OT_OK) {
		target_close(s.owns ? t : NULL);
		return st;
	}
	ui_session_host(&s, &host);
	s.ui = ui_new(view_defs, &s.ctx, &host);
	if (s.ui == NULL) {
		ui_loop_close(s.loop);
		target_close(s.owns ? t : NULL);
		return ot_fail_nomem(err, "the terminal UI");
	}
	if (t != NULL)
		ui_session_begin(&s);
	else
		ui_open(s.ui, "picker", NULL);
	st = ui_loop_run(s.loop, s.ui, &clock);
	/* the terminal first: letting go of a target may take a second */
	ui_loop_screen_close(s.loop);
	ui_session_release(&s);
	ui_loop_close(s.loop);
	return st;
}

/* Where there is no terminal to draw on: the same as text. */
static enum ot_status
ui_as_text(const struct cmd *c, struct ot_err *err)
{
	struct cmd text = *c;

	if (c->target == NULL && !cmd_names_targets(c)) {
		text.name = "ps";
		return cmd_ps(&text, err);
	}
	text.name = "types";
	return cmd_types(&text, err);
}

enum ot_status
cmd_ui(const struct cmd *c, struct ot_err *err)
{
	struct target *t = NULL;
	enum ot_status st = OT_OK;

	if (!ui_screen_possible())
		return ui_as_text(c, err);
	if (c->target != NULL || cmd_names_targets(c))
		st = cmd_open(c, &t, err);
	return st == OT_OK ? ui_run(c, t, true, err) : st;
}

enum ot_status
cmd_ui_on(const struct cmd *c, struct target *t, struct ot_err *err)
{
	struct hg_graph *g = NULL;
	enum ot_status st;

	if (ui_screen_possible())
		return ui_run(c, t, false, err);
	st = cmd_load(c, t, HG_NEEDS_COUNTS, &g, err);
	if (st == OT_OK)
		st = cmd_print_types(c, g, err);
	hg_graph_free(g);
	return st;
}
