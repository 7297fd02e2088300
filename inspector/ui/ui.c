/* SPDX-License-Identifier: MIT */
/*
 * The frame: views on a history, effects carried out, work on a thread.
 *
 * One thread slot: the load of a view (paths of an object) or work of the
 * host (drawing a picture), never two, because both read the graph and the
 * graph may be replaced only while nobody does.  What needs a graph that is
 * not there yet waits in `pending` and goes on in ui_graph_came().
 */
#include "config.h"

#include "inspector/ui/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspector/ui/ui_priv.h"

struct ui *
ui_new(const struct ui_view_def *views, void *ctx,
       const struct ui_host *host)
{
	struct ui *ui = calloc(1, sizeof(*ui));

	if (ui == NULL)
		return NULL;
	ui->views = views;
	ui->ctx = ctx;
	ui->host = *host;
	return ui;
}

static void
view_free(struct ui_view *v)
{
	if (v == NULL)
		return;
	if (v->def->ops->close != NULL)
		v->def->ops->close(v);
	ui_table_free(v->table);
	free(v->state);
	free(v);
}

/* Takes the end of the work in the slot; its view may be going away. */
static void
ui_work_end(struct ui *ui)
{
	struct ot_err err = OT_ERR_INIT;
	enum ot_status st = ui_job_finish(ui->job, &err);
	struct ui_view *v = ui->job_view;

	ui->job = NULL;
	ui->job_view = NULL;
	if (v == NULL) {
		ui->job_done(ui->job_ctx, ui, st, &err);
		return;
	}
	v->loading = false;
	if (st == OT_INTERRUPTED)
		snprintf(v->problem, sizeof(v->problem),
			 "cancelled");
	else if (st != OT_OK)
		snprintf(v->problem, sizeof(v->problem), "%.*s",
			 (int)sizeof(v->problem) - 1, err.msg);
	if (v->def->ops->loaded != NULL)
		v->def->ops->loaded(v);
	if (v->table != NULL)
		ui_table_reload(v->table);
}

void
ui_free(struct ui *ui)
{
	size_t i;

	if (ui == NULL)
		return;
	if (ui->job != NULL) {
		ui_job_cancel(ui->job);
		ui_work_end(ui);
	}
	while (ui->depth > 0)
		view_free(ui->stack[--ui->depth]);
	for (i = 0; i < UI_ASK_COUNT; i++)
		ui_history_release(&ui->history[i]);
	ui_popup_close(&ui->popup);
	ui_cells_release(&ui->cells);
	free(ui);
}

struct ui_view *
ui_top(const struct ui *ui)
{
	return ui->depth == 0 ? NULL : ui->stack[ui->depth - 1];
}

const struct ui_view_def *
ui_view_find(const struct ui *ui, const char *name)
{
	size_t i;

	for (i = 0; ui->views[i].name != NULL; i++)
		if (strcmp(ui->views[i].name, name) == 0)
			return &ui->views[i];
	return NULL;
}

unsigned
ui_where_now(const struct ui *ui)
{
	const struct ui_view *v = ui_top(ui);
	unsigned where = UI_WHERE_ALL;

	if (v == NULL)
		return where;
	where |= v->def->ops->where;
	if (v->table != NULL && ui_table_searching(v->table))
		where |= UI_WHERE_FOUND;
	return where;
}

void
ui_take_message(struct ui *ui, struct ui_view *v)
{
	const char *msg = v->table != NULL ? ui_table_message(v->table) : NULL;

	if (msg != NULL)
		ui_say(ui, UI_WARN, "%s", msg);
}

static enum ot_status
view_load_run(void *ctx, struct ui_job *j, struct ot_err *err)
{
	struct ui_view *v = ctx;

	return v->def->ops->load(v, j, err);
}

/* Begins the load of the top view where it has one to do. */
static void
view_start_load(struct ui *ui)
{
	struct ui_view *v = ui_top(ui);
	struct ot_err err = OT_ERR_INIT;

	if (v == NULL || !v->loading || ui->job != NULL)
		return;
	if (ui_job_start(view_load_run, v, ui->host.wake_fd, &ui->job,
			 &err) != OT_OK) {
		v->loading = false;
		snprintf(v->problem, sizeof(v->problem), "%.*s",
			 (int)sizeof(v->problem) - 1, err.msg);
		return;
	}
	ui->job_view = v;
	ui->job_what = v->def->title;
}

static void
view_refresh(struct ui_view *v)
{
	v->problem[0] = '\0';
	v->loading = v->def->ops->load != NULL;
	v->def->ops->rebind(v);
	if (v->problem[0] != '\0')
		v->loading = false;
	if (v->table != NULL)
		ui_table_reload(v->table);
}

static void
ui_push(struct ui *ui, struct ui_view *v)
{
	if (ui->depth == UI_HISTORY) {	/* the first view stays */
		view_free(ui->stack[1]);
		memmove(&ui->stack[1], &ui->stack[2],
			(UI_HISTORY - 2) * sizeof(ui->stack[0]));
		ui->depth--;
	}
	ui->stack[ui->depth++] = v;
}

/* Is it what the top view shows already? */
static bool
ui_same(const struct ui *ui, const struct ui_view_def *def,
	const struct ui_subject *s)
{
	const struct ui_view *v = ui_top(ui);

	return v != NULL && v->def == def && v->subject.kind == s->kind &&
	       v->subject.addr == s->addr &&
	       strcmp(v->subject.name, s->name) == 0;
}

static void
ui_open_now(struct ui *ui, const struct ui_view_def *def,
	    const struct ui_subject *s)
{
	struct ui_view *v = calloc(1, sizeof(*v));
	struct ot_err err = OT_ERR_INIT;

	if (v != NULL)
		v->state = calloc(1, def->ops->state + 1);
	if (v == NULL || v->state == NULL) {
		free(v);
		ui_say(ui, UI_BAD, "out of memory for a view");
		return;
	}
	v->def = def;
	v->ctx = ui->ctx;
	v->subject = *s;
	if (def->ops->open(v, &err) != OT_OK) {
		ui_say(ui, UI_BAD, "%s", err.msg);
		view_free(v);
		return;
	}
	if (s->kind == UI_SUBJECT_OBJECT)
		ui->last = *s;
	ui_push(ui, v);
	view_refresh(v);
	ui_take_message(ui, v);
	view_start_load(ui);
}

/* Puts an effect aside until there is a graph. */
void
ui_wait_graph(struct ui *ui, const struct ui_effect *fx, bool command)
{
	ui->pending = *fx;
	ui->pending_command = command;
	ui->host.want_graph(ui->host.ctx, ui);
}

static const struct ui_subject no_subject;

void
ui_open(struct ui *ui, const char *view, const struct ui_subject *s)
{
	const struct ui_view_def *def = ui_view_find(ui, view);

	if (s == NULL)
		s = &no_subject;
	if (def == NULL) {
		ui_say(ui, UI_BAD, "there is no view %s", view);
		return;
	}
	if (ui_same(ui, def, s))
		return;
	if (def->ops->graph && !ui->host.have_graph(ui->host.ctx)) {
		struct ui_effect fx = { .kind = UI_FX_OPEN,
					.view = def->name, .subject = *s };

		ui_wait_graph(ui, &fx, false);
		return;
	}
	ui_open_now(ui, def, s);
}

void
ui_restart(struct ui *ui, const char *view)
{
	if (ui->job != NULL) {
		ui_job_cancel(ui->job);
		ui_work_end(ui);
	}
	while (ui->depth > 0)
		view_free(ui->stack[--ui->depth]);
	ui->pending.kind = UI_FX_NONE;
	memset(&ui->last, 0, sizeof(ui->last));
	ui_open(ui, view, NULL);
}

void
ui_back(struct ui *ui)
{
	struct ui_view *v = ui_top(ui);

	if (ui->depth <= 1) {
		ui_say(ui, UI_PLAIN, "this is the first view; q leaves");
		return;
	}
	if (ui->job != NULL && ui->job_view == v) {
		ui_job_cancel(ui->job);
		ui_work_end(ui);
	}
	view_free(v);
	ui->depth--;
	view_start_load(ui);
}

void
ui_cancel(struct ui *ui)
{
	struct ui_view *v = ui_top(ui);

	if (ui->host.cancel(ui->host.ctx)) {
		ui->pending.kind = UI_FX_NONE;
		return;
	}
	if (ui->job != NULL) {
		ui_job_cancel(ui->job);
		return;
	}
	if (v != NULL && v->table != NULL && ui_table_busy(v->table)) {
		ui_table_stop(v->table);
		ui_take_message(ui, v);
		return;
	}
	if (v != NULL && v->table != NULL && ui_table_searching(v->table)) {
		ui_table_search(v->table, "");
		return;
	}
	ui_back(ui);
}

bool
ui_idle(const struct ui *ui)
{
	return ui->job == NULL;
}

bool
ui_work(struct ui *ui, const char *what, ui_job_fn run,
	void (*done)(void *, struct ui *, enum ot_status,
		     const struct ot_err *), void *ctx)
{
	struct ot_err err = OT_ERR_INIT;

	if (ui->job != NULL) {
		ui_say(ui, UI_WARN, "%s is still at work; Esc cancels it",
		       ui->job_what);
		return false;
	}
	if (ui_job_start(run, ctx, ui->host.wake_fd, &ui->job, &err) != OT_OK) {
		ui_say(ui, UI_BAD, "%s", err.msg);
		return false;
	}
	ui->job_view = NULL;
	ui->job_what = what;
	ui->job_done = done;
	ui->job_ctx = ctx;
	return true;
}

bool
ui_step(struct ui *ui)
{
	struct ui_view *v = ui_top(ui);
	bool more = false;

	if (ui->job != NULL && ui_job_done(ui->job)) {
		ui_work_end(ui);
		view_start_load(ui);
	}
	if (v != NULL && v->table != NULL && !v->loading) {
		more = ui_table_step(v->table);
		ui_take_message(ui, v);
	}
	return more;
}

void
ui_settle(struct ui *ui)
{
	do {
		if (ui->job != NULL) {
			ui_work_end(ui);
			view_start_load(ui);
		}
	} while (ui_step(ui) || ui->job != NULL);
}

void
ui_numbers_came(struct ui *ui)
{
	struct ui_view *v = ui_top(ui);
	size_t i;

	for (i = 0; i < ui->depth; i++)
		if (!ui->stack[i]->def->ops->graph)
			view_refresh(ui->stack[i]);
	if (v != NULL)
		ui_take_message(ui, v);
}

void
ui_graph_came(struct ui *ui)
{
	struct ui_effect fx = ui->pending;
	struct ui_view *v;
	size_t i;

	for (i = 0; i < ui->depth; i++)
		view_refresh(ui->stack[i]);
	v = ui_top(ui);
	if (v != NULL)
		ui_take_message(ui, v);
	ui->pending.kind = UI_FX_NONE;
	if (fx.kind == UI_FX_AGAIN)
		ui_command(ui, fx.text);
	else
		ui_apply(ui, &fx);
	view_start_load(ui);
}

void
ui_graph_failed(struct ui *ui, const char *why)
{
	ui->pending.kind = UI_FX_NONE;
	ui_refuse(ui, why);
}

bool
ui_wants_quit(const struct ui *ui)
{
	return ui->quit;
}

bool
ui_wants_redraw(struct ui *ui)
{
	bool redraw = ui->redraw;

	ui->redraw = false;
	return redraw;
}
