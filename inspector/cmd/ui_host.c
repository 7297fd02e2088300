/* SPDX-License-Identifier: MIT */
/*
 * What keys ask for and views may not do: samples, files, pictures, going
 * into a process, the clipboard.
 */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "graph/render.h"
#include "inspector/cmd/ui_proc.h"
#include "inspector/cmd/ui_session.h"

static const uint32_t host_intervals[] = {
	100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000
};

static bool
host_have_graph(void *ctx)
{
	return ((struct ui_session *)ctx)->graph != NULL;
}

static void
host_want_graph(void *ctx, struct ui *ui)
{
	struct ui_session *s = ctx;

	if (s->lost || s->t == NULL)
		ui_graph_failed(ui, s->t == NULL ? "there is no target yet" :
				"the target is gone, and no whole snapshot was "
				"taken while it was there");
	else if (s->sample.running == NULL ||
		 UI_SAMPLE_LIGHT(s->sample.kind) ||
		 s->sample.kind == UI_SAMPLE_MARK)
		s->want_graph = true;	/* else it is on its way */
}

static bool
host_cancel(void *ctx)
{
	struct ui_session *s = ctx;

	if (s->export.table != NULL) {
		ui_export_end(&s->export);
		ui_say(s->ui, UI_WARN, "cancelled");
		return true;
	}
	if (s->sample.running == NULL ||
	    (UI_SAMPLE_LIGHT(s->sample.kind) && !s->sample.collect)) {
		s->want_graph = false;
		return false;
	}
	ui_job_cancel(s->sample.running);
	return true;
}

static int
host_header(void *ctx, struct ui_cells *c)
{
	return view_header_draw(&((struct ui_session *)ctx)->ctx, c);
}

/* Of what age the graph is, where a view shows it. */
static void
host_note(void *ctx, struct ot_buf *out)
{
	struct ui_session *s = ctx;
	const struct ui_view *v = ui_top(s->ui);
	uint64_t age;

	if (v == NULL || !v->def->ops->graph || s->graph == NULL)
		return;
	if (!hg_info(s->graph)->whole)
		ot_buf_adds(out, "cut short  ");
	if (s->t == NULL || target_is_file(s->t))
		return;
	age = (ot_now_us() - s->graph_us) / 1000000;
	if (age < 120)
		ot_buf_addf(out, "graph %us old", (unsigned)age);
	else
		ot_buf_addf(out, "graph %um old", (unsigned)(age / 60));
}

static void
host_sample(struct ui_session *s)
{
	const struct ui_view *v = ui_top(s->ui);

	if (s->t == NULL)
		s->list.next_us = 0;
	else if (s->lost)
		ui_say(s->ui, UI_WARN, "the target is gone: nothing to sample");
	else if (target_is_file(s->t))
		ui_say(s->ui, UI_WARN, "a file does not change");
	else if (s->graph != NULL || (v != NULL && v->def->ops->graph))
		s->want_graph = true;
	else
		s->want_now = true;
}

static void
host_pause(struct ui_session *s)
{
	if (s->t == NULL || s->lost || target_is_file(s->t)) {
		ui_say(s->ui, UI_WARN, "nothing is being sampled");
		return;
	}
	s->paused = !s->paused;
	s->next_us = 0;
	ui_say(s->ui, UI_PLAIN, s->paused ? "paused; z goes on, ^R samples once"
					  : "live again");
}

static void
host_mark(struct ui_session *s)
{
	if (s->t == NULL || s->lost || target_is_file(s->t))
		ui_say(s->ui, UI_WARN, "only of a live program a mark can be "
		       "made");
	else
		s->want_mark = true;
}

/* A graph from after the mark, and the view that compares. */
static void
host_compare(struct ui_session *s)
{
	struct ui_subject diff = { .kind = UI_SUBJECT_NONE };

	if (s->mark == NULL && s->next_mark == NULL) {
		ui_say(s->ui, UI_WARN, "there is no mark to compare with; m "
		       "makes one");
		return;
	}
	if (!s->lost)
		s->want_graph = true;
	snprintf(diff.name, sizeof(diff.name), "diff");
	ui_open(s->ui, "analysis", &diff);
}

static void
host_interval(struct ui_session *s, bool longer, const char *text)
{
	uint64_t ms = s->ctx.status.asked_ms;
	size_t n = OT_ARRAY_LEN(host_intervals), i;

	if (text[0] != '\0') {
		ot_parse_duration(text, &ms);
	} else if (longer) {
		for (i = 0; i < n && host_intervals[i] <= ms; i++)
			;
		ms = host_intervals[i < n ? i : n - 1];
	} else {
		for (i = n; i > 0 && host_intervals[i - 1] >= ms; i--)
			;
		ms = host_intervals[i > 0 ? i - 1 : 0];
	}
	if (ms > 24 * 3600 * 1000)
		ms = 24 * 3600 * 1000;
	s->ctx.status.asked_ms = s->ctx.status.interval_ms = ms < 50 ? 50 : ms;
	s->next_us = s->last_us + s->ctx.status.asked_ms * 1000;
	ui_say(s->ui, UI_PLAIN, "sampling every %.3g s",
	       (double)s->ctx.status.asked_ms / 1000);
}

static enum ot_status
attach_run(void *ctx, struct ui_job *j, struct ot_err *err)
{
	struct ui_attach *a = ctx;

	(void)j;
	return target_attach(a->pid, &a->opts, &a->t, err);
}

static void
host_attach(struct ui_session *s, const struct ui_subject *subject)
{
	struct ot_err err = OT_ERR_INIT;

	if (s->t != NULL || s->attach.running != NULL)
		return;
	s->attach.pid = (pid_t)subject->addr;
	s->attach.opts = cmd_target_opts(s->c);
	s->attach.opts.verbose = false;		/* the screen is ours */
	if (ui_job_start(attach_run, &s->attach, ui_loop_wake_fd(s->loop),
			 &s->attach.running, &err) != OT_OK)
		ui_say(s->ui, UI_BAD, "%s", err.msg);
}

/* Asks where a file of that name is there already; true: go on. */
static bool
host_may_write(struct ui_session *s, const struct ui_effect *fx)
{
	if (fx->confirmed || access(fx->text, F_OK) != 0)
		return true;
	ui_confirm(s->ui, fx, "%s is there already; write over it?", fx->text);
	return false;
}

static void
host_write(struct ui_session *s, const struct ui_effect *fx)
{
	if (s->t == NULL || s->lost)
		ui_say(s->ui, UI_WARN, "the target is gone: nothing to "
		       "write; e exports the table");
	else if (target_is_file(s->t))
		ui_say(s->ui, UI_WARN, "this is a snapshot file already: %s",
		       target_path(s->t));
	else if (host_may_write(s, fx))
		snprintf(s->want_file, sizeof(s->want_file), "%s", fx->text);
}

static void
host_collect(struct ui_session *s, const struct ui_effect *fx)
{
	if (s->t == NULL || s->lost || target_is_file(s->t))
		ui_say(s->ui, UI_WARN, "there is no process to collect in");
	else if (!fx->confirmed)
		ui_confirm(s->ui, fx, "have PID %d collect its garbage, on its "
			   "main thread?", (int)target_pid(s->t));
	else
		s->want_collect = true;
}

static enum ot_status
draw_run(void *ctx, struct ui_job *j, struct ot_err *err)
{
	struct ui_drawing *d = ctx;
	struct hg_picture *p = d->made;
	const bool open = p != NULL;
	enum ot_status st = OT_OK;

	d->made = NULL;
	d->args.cancelled = ui_job_tick;
	d->args.cancel_ctx = j;
	if (p == NULL)
		st = view_picture(d->g, d->view, &d->subject, &d->args, &p,
				  err);
	if (st == OT_OK) {
		p->look = d->look;
		/* What is open on the screen is drawn as it stands there. */
		p->look.no_fold |= open;
		p->look.cancelled = ui_job_tick;
		p->look.cancel_ctx = j;
		st = hg_render_file(p, d->path, err);
	}
	if (st == OT_OK)
		d->nodes = p->nnodes;
	hg_picture_free(p);
	return st;
}

static void
draw_done(void *ctx, struct ui *ui, enum ot_status st,
	  const struct ot_err *err)
{
	struct ui_session *s = ctx;
	const struct ui_drawing *d = &s->drawing;

	if (st != OT_OK)
		ui_refuse(ui, st == OT_INTERRUPTED ? "cancelled" : err->msg);
	else
		ui_say(ui, UI_GOOD, "drew %zu nodes to %s%s", d->nodes, d->path,
		       ui_proc_show(d->path, &s->shower) ?
		       "; opening it" : "");
}

/* ui_work hands one context to both; the drawing is found in the session. */
static enum ot_status
draw_job(void *ctx, struct ui_job *j, struct ot_err *err)
{
	return draw_run(&((struct ui_session *)ctx)->drawing, j, err);
}

/* Is it the tree on the screen that is to be drawn? */
static bool
host_draws_tree(const struct ui_session *s, const struct ui_effect *fx)
{
	const struct ui_view *v = ui_top(s->ui);

	return v != NULL && strcmp(v->def->name, fx->view) == 0 &&
	       v->subject.addr == fx->subject.addr;
}

static void
host_draw(struct ui_session *s, const struct ui_effect *fx)
{
	struct ui_drawing *d = &s->drawing;
	const struct hg_export *ex;
	struct ot_err err = OT_ERR_INIT;

	if (hg_export_for(fx->text, &ex, &err) != OT_OK) {
		ui_refuse(s->ui, err.msg);
		return;
	}
	if (!host_may_write(s, fx))
		return;
	if (!ui_idle(s->ui)) {
		ui_say(s->ui, UI_WARN, "something is still at work; Esc "
		       "cancels it");
		return;
	}
	memset(d, 0, sizeof(*d));
	d->g = s->graph;
	d->view = fx->view;
	d->subject = fx->subject;
	d->args.depth = s->c->opts.depth;
	d->args.max_width = s->c->opts.max_width;
	d->args.k = s->c->opts.k;
	d->args.exclude_weak = s->c->opts.exclude_weak;
	d->args.ignore = s->c->opts.ignore;
	d->args.nignore = s->c->opts.nignore;
	d->look = cmd_look(s->c);
	snprintf(d->path, sizeof(d->path), "%s", fx->text);
	if (host_draws_tree(s, fx) &&
	    view_picture_open(ui_top(s->ui), &d->made, &err) != OT_OK) {
		ui_refuse(s->ui, err.msg);
		return;
	}
	if (!ui_work(s->ui, "drawing", draw_job, draw_done, s)) {
		hg_picture_free(d->made);
		d->made = NULL;
	}
}

static void
host_effect(void *ctx, struct ui *ui, const struct ui_effect *fx)
{
	struct ui_session *s = ctx;

	switch (fx->action) {
	case UI_ACT_SAMPLE:	host_sample(s); break;
	case UI_ACT_PAUSE:	host_pause(s); break;
	case UI_ACT_MARK:	host_mark(s); break;
	case UI_ACT_COMPARE:	host_compare(s); break;
	case UI_ACT_FASTER:	host_interval(s, false, fx->text); break;
	case UI_ACT_SLOWER:	host_interval(s, true, fx->text); break;
	case UI_ACT_OPEN:	host_attach(s, &fx->subject); break;
	case UI_ACT_WRITE:	host_write(s, fx); break;
	case UI_ACT_GRAPH:	host_draw(s, fx); break;
	case UI_ACT_LOAD:	ui_load_ask(s, fx); break;
	case UI_ACT_BYRETAINED:	ui_retained_start(s); break;
	case UI_ACT_EXPORT:
		if (host_may_write(s, fx))
			ui_export_start(s, fx->text);
		break;
	case UI_ACT_COLLECT:	host_collect(s, fx); break;
	case UI_ACT_COPY:
		ui_screen_copy(ui_loop_screen(s->loop), fx->text);
		ui_say(ui, UI_PLAIN, "copied: %s", fx->text);
		break;
	default:
		break;
	}
}

static enum ot_status
host_command(void *ctx, const struct ui_view *top, const char *line,
	     struct ui_effect *fx, struct ot_err *err)
{
	struct ui_session *s = ctx;

	if (s->t == NULL && strcmp(line, "q") != 0 &&
	    strcmp(line, "quit") != 0 && strcmp(line, "help") != 0 &&
	    strncmp(line, "load ", 5) != 0 && strncmp(line, "export ", 7) != 0)
		return ot_fail(err, OT_USAGE, "there is no target yet; Enter "
			       "goes into the selected process");
	return view_command(&s->ctx, top, line, fx, err);
}

static void
host_complete(void *ctx, const struct ui_view *top, const char *line,
	      struct ot_buf *out)
{
	size_t skip = view_command_file(line);

	if (skip > 0)
		ui_files_complete(line, skip, out);
	else
		view_command_complete(&((struct ui_session *)ctx)->ctx, top,
				      line, out);
}

/* shop.models.Session: the last part, of characters fit for a file name. */
static void
host_name_part(const char *name, struct ot_buf *out)
{
	const char *s = strrchr(name, '.');
	size_t i;

	s = s != NULL && s[1] != '\0' ? s + 1 : name;
	for (i = 0; s[i] != '\0' && i < 40; i++) {
		unsigned char c = (unsigned char)s[i];

		ot_buf_addc(out, isalnum(c) || c == '_' ? (char)c : '-');
	}
}

static void
host_file_name(void *ctx, enum ui_action a, const struct ui_subject *subject,
	       struct ot_buf *out)
{
	struct ui_session *s = ctx;
	time_t now = time(NULL);
	char text[32] = "";
	struct tm tm;

	ot_buf_adds(out, "objtop-");
	if (a == UI_ACT_WRITE) {
		if (localtime_r(&now, &tm) != NULL)
			strftime(text, sizeof(text), "%H%M%S", &tm);
		ot_buf_addf(out, "%" PRIu64 "-%s.objtop", s->ctx.status.pid,
			    text);
		return;
	}
	if (a == UI_ACT_LOAD) {		/* none is better than another */
		ot_buf_clear(out);
		return;
	}
	if (a == UI_ACT_EXPORT) {
		ot_buf_addf(out, "%s.csv", ui_top(s->ui)->def->name);
		return;
	}
	if (subject->kind == UI_SUBJECT_ROOT)
		ot_buf_adds(out, hg_root_kind_text((unsigned)subject->addr));
	else
		host_name_part(subject->name, out);
	if (subject->kind == UI_SUBJECT_OBJECT)
		ot_buf_addf(out, "-0x%" PRIx64, subject->addr);
	ot_buf_adds(out, ".svg");
}

void
ui_session_host(struct ui_session *s, struct ui_host *host)
{
	*host = (struct ui_host){
		.ctx = s, .effect = host_effect,
		.have_graph = host_have_graph, .want_graph = host_want_graph,
		.cancel = host_cancel, .header = host_header,
		.note = host_note, .command = host_command,
		.complete = host_complete, .file_name = host_file_name,
		.wake_fd = ui_loop_wake_fd(s->loop),
	};
}
