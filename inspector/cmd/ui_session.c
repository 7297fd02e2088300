/* SPDX-License-Identifier: MIT */
/*
 * The clock of the UI: what is due, started on a thread; what is done, handed
 * to the views.
 *
 * One request at a time goes to the target.  A graph or a file that somebody
 * waits for comes before the live table.  That comes from a census, which holds
 * nothing; where there can be none, from snapshots of counts alone.  Those are
 * paced so that the target is held for at most SESSION_HELD_SHARE of the time
 * and a clone of it walks for at most SESSION_WALK_SHARE, whatever interval was
 * asked for.  The census learns from every snapshot.  It asks for one by itself
 * where that is too short to be felt: when it met types that it has no full
 * name for, and now and then for what it cannot see.
 */
#include "config.h"

#include "inspector/cmd/ui_session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/escape.h"
#include "base/units.h"
#include "inspector/cmd/ui_proc.h"

#define SESSION_HELD_SHARE 50	/* one part in: 2 % */
#define SESSION_WALK_SHARE 5	/* one part in: 20 % */
#define SESSION_SECOND_US  1000000u
#define SESSION_LIST_US	   (3 * SESSION_SECOND_US)
#define SESSION_RETRY_US   (3 * SESSION_SECOND_US)
#define SESSION_FELT_US	   5000	/* held that long, the user is to ask for it */
#define SESSION_NAMES_US   (3 * SESSION_SECOND_US)
#define SESSION_LEARN_US   (30 * SESSION_SECOND_US)
#define SESSION_BUDGET	   0.02	/* of a core, for the census */
#define SESSION_BUSY_MS	   100	/* how often progress is drawn */

static void
session_copy(char *dst, size_t cap, const char *s)
{
	ot_escape_to(dst, cap, s, strlen(s), OT_ESC_TERM);
}

static void
session_time(struct view_status *v, uint64_t unix_ns)
{
	time_t when = (time_t)(unix_ns / 1000000000u);
	struct tm tm;

	if (localtime_r(&when, &tm) != NULL)
		strftime(v->time, sizeof(v->time), "%H:%M:%S", &tm);
}

/* What the sample says of itself, into the header. */
static void
session_status(struct ui_session *s, const struct hg_info *info)
{
	struct view_status *v = &s->ctx.status;
	uint64_t apart = s->sample.start_us - s->snap_us;
	char text[64];

	session_time(v, info->time_ns);
	v->census = false;
	session_copy(v->mode, sizeof(v->mode), info->mode);
	v->held_us = info->held_us;
	v->cost = s->snap_us == 0 || apart == 0 ? 0 :
		  (double)info->held_us / (double)apart;
	v->samples++;
	v->pid = s->t != NULL && target_pid(s->t) != 0 ?
		 (uint64_t)target_pid(s->t) : info->pid;
	snprintf(text, sizeof(text), "%.30s %.30s", info->runtime,
		 info->version);
	session_copy(v->runtime, sizeof(v->runtime), text);
	session_copy(v->command, sizeof(v->command),
		     view_program(info->command));
	s->last_us = s->snap_us = s->sample.start_us;
}

static void
session_census_status(struct ui_session *s)
{
	const struct census_info *info = census_info(s->census.c);
	struct view_status *v = &s->ctx.status;
	uint64_t start = s->sample.start_us, now = ot_now_us();

	session_time(v, info->time_ns);
	v->census = true;
	v->part = info->chunks > 0 ? (double)info->counted / info->chunks : 1;
	v->own = start > s->last_us ? (double)info->cpu_us /
		 (double)(start - s->last_us) : 0;
	v->cost = now > s->snap_us ? (double)v->held_us /
		  (double)(now - s->snap_us) : 0;
	v->samples++;
	s->last_us = start;
}

static void
session_lose(struct ui_session *s, enum view_state state, const char *why)
{
	struct view_status *v = &s->ctx.status;

	if (s->lost)
		return;
	s->lost = true;
	v->state = state;
	session_copy(v->lost, sizeof(v->lost), why);
	s->want_graph = s->want_now = s->want_mark = false;
	s->want_file[0] = '\0';
	if (state == VIEW_LOST)
		ui_graph_failed(s->ui, v->lost);
	else
		ui_say(s->ui, UI_WARN, "%s", v->lost);
}

static void
session_state(struct ui_session *s)
{
	struct view_status *v = &s->ctx.status;

	if (s->lost)
		return;
	v->state = s->t != NULL && target_is_file(s->t) ? VIEW_FILE :
		   s->paused ? VIEW_PAUSED : VIEW_LIVE;
}

void
ui_session_begin(struct ui_session *s)
{
	struct view_status *v = &s->ctx.status;

	live_release(&s->live);
	hg_graph_free(s->mark);
	s->ctx.mark = s->mark = NULL;
	ui_census_release(&s->census);
	v->no_census[0] = '\0';
	s->snap_us = s->again_us = 0;
	s->ctx.live = &s->live;
	v->file[0] = '\0';
	memset(v->rss, 0, sizeof(v->rss));
	v->nrss = 0;
	v->samples = 0;
	v->pid = (uint64_t)target_pid(s->t);
	if (target_is_file(s->t)) {
		session_copy(v->file, sizeof(v->file), target_path(s->t));
		s->want_graph = true;
	}
	s->next_us = s->proc_us = 0;
	session_state(s);
	ui_restart(s->ui, "types");
}

/* When the live table is due again, and the interval that makes. */
static void
session_pace(struct ui_session *s)
{
	uint64_t asked = s->ctx.status.asked_ms * 1000, us = asked, held, walk;

	held = s->ctx.status.held_us * SESSION_HELD_SHARE;
	walk = s->sample.kind == UI_SAMPLE_COUNTS ?
	       s->sample.took_us * SESSION_WALK_SHARE : 0;
	us = held > us ? held : us;
	us = walk > us ? walk : us;
	s->again_us = s->ctx.status.held_us > SESSION_FELT_US ? 0 :
		      s->sample.start_us + us;
	/* the census of what follows is not bound by that */
	if (s->census.c != NULL || s->census.want_learn)
		us = asked;
	s->ctx.status.interval_ms = us / 1000;
	s->next_us = s->sample.start_us + us;
}

/* Is the census to be told more, at a time when that is not felt? */
static bool
session_wants_truth(const struct ui_session *s)
{
	const struct census_info *info;
	uint64_t now = ot_now_us(), wait;

	if (s->census.c == NULL || s->again_us == 0 || now < s->again_us)
		return false;
	info = census_info(s->census.c);
	wait = info->unnamed > 0 || info->rough ? SESSION_NAMES_US :
						  SESSION_LEARN_US;
	return now >= s->snap_us + wait;
}

/* A graph replaces the one views see; only while no work runs on that. */
static void
session_hand_over(struct ui_session *s)
{
	if (!ui_idle(s->ui))
		return;
	if (s->next_mark != NULL) {
		hg_graph_free(s->mark);
		s->ctx.mark = s->mark = s->next_mark;
		s->next_mark = NULL;
	}
	if (s->next == NULL)
		return;
	hg_graph_free(s->graph);
	s->graph = s->next;
	s->next = NULL;
	s->ctx.graph = s->graph;
	ui_graph_came(s->ui);
}

/* The table of the view GC; the old one stays where there is no new one. */
static void
session_gc(struct ui_session *s, const struct hg_graph *g)
{
	const struct hg_args args = { .limit = 0 };
	const struct otw_acted *a = &s->sample.acted;
	struct ot_table *t;

	if (hg_info(g)->collector != NULL &&
	    an_gc(g, &args, &t, NULL) == OT_OK) {
		ot_table_free(s->gc);
		s->ctx.gc = s->gc = t;
	}
	if (s->sample.collect)
		ui_say(s->ui, UI_GOOD, "collected %llu unreachable objects in "
		       "%.1f ms", (unsigned long long)a->result,
		       (double)a->took_ns / 1e6);
}

/* Without a census the live table comes from snapshots, and says why. */
static void
session_no_census(struct ui_session *s)
{
	snprintf(s->ctx.status.no_census, sizeof(s->ctx.status.no_census),
		 "%s", s->census.why);
}

static void
session_take(struct ui_session *s)
{
	struct ui_sample *sm = &s->sample;
	struct ot_err err = OT_ERR_INIT;
	uint64_t when = hg_info(sm->graph)->time_ns / 1000;

	session_status(s, hg_info(sm->graph));
	session_no_census(s);
	if (!sm->cut && !target_is_file(s->t))
		ui_census_heard(&s->census, sm->graph);
	if (sm->kind == UI_SAMPLE_MARK)
		since_release(&s->live.since);
	if (live_update(&s->live, sm->graph, when, &err) != OT_OK)
		ui_say(s->ui, UI_BAD, "%s", err.msg);
	session_gc(s, sm->graph);
	if (sm->kind == UI_SAMPLE_COUNTS) {
		hg_graph_free(sm->graph);
	} else if (sm->kind == UI_SAMPLE_MARK) {
		hg_graph_free(s->next_mark);
		s->next_mark = sm->graph;
		ui_say(s->ui, UI_GOOD, "marked; 2 shows what grew since, = "
		       "what came and went");
	} else {
		hg_graph_free(s->next);
		s->next = sm->graph;
		s->graph_us = sm->start_us;
	}
	sm->graph = NULL;
	ui_numbers_came(s->ui);
	if (sm->kind == UI_SAMPLE_WRITE)
		ui_say(s->ui, UI_GOOD, "wrote %s", sm->path);
	else if (sm->cut)
		ui_say(s->ui, UI_WARN, "the snapshot ends early; what it "
		       "holds is shown");
}

static void
session_take_census(struct ui_session *s)
{
	struct ot_err err = OT_ERR_INIT;

	if (s->sample.kind == UI_SAMPLE_LEARN)
		return;		/* the snapshot's own figures are on screen */
	session_census_status(s);
	s->ctx.status.interval_ms = s->ctx.status.asked_ms;
	s->next_us = s->sample.start_us + s->ctx.status.asked_ms * 1000;
	if (s->sample.budget_us == 0 || session_wants_truth(s))
		s->want_counts = true;
	if (ui_census_show(&s->census, &s->live, &err) != OT_OK)
		ui_say(s->ui, UI_BAD, "%s", err.msg);
	ui_numbers_came(s->ui);
}

static void
session_failed(struct ui_session *s, enum ot_status st, const char *msg)
{
	struct ui_sample *sm = &s->sample;

	if (sm->kind == UI_SAMPLE_CENSUS || sm->kind == UI_SAMPLE_LEARN) {
		session_no_census(s);
		if (st == OT_REFUSED || st == OT_INTERRUPTED)
			return;
	}
	if (st == OT_INTERRUPTED) {
		ui_graph_failed(s->ui, "cancelled");
	} else if (!target_alive(s->t)) {
		session_lose(s, VIEW_LOST, msg);
	} else if (sm->collect) {
		ui_refuse(s->ui, msg);
	} else if (UI_SAMPLE_LIGHT(sm->kind) ||
		   sm->kind == UI_SAMPLE_MARK) {
		ui_say(s->ui, UI_BAD, "%s", msg);
	} else {
		ui_graph_failed(s->ui, msg);
	}
	s->next_us = ot_now_us() + SESSION_RETRY_US;
	if (sm->kind == UI_SAMPLE_COUNTS)	/* the census may go on */
		s->again_us = s->next_us;
}

static void
session_sample_done(struct ui_session *s)
{
	struct ot_err err = OT_ERR_INIT;
	enum ot_status st;

	if (s->sample.running == NULL || !ui_job_done(s->sample.running))
		return;
	st = ui_sample_end(&s->sample, &err);
	ui_busy(s->ui, "%s", "");
	if (st != OT_OK) {
		session_failed(s, st, err.msg);
	} else if (s->sample.kind == UI_SAMPLE_CENSUS ||
		   s->sample.kind == UI_SAMPLE_LEARN) {
		session_take_census(s);
	} else {
		session_take(s);
		session_pace(s);
	}
	if (s->exiting && !UI_SAMPLE_LIGHT(s->sample.kind) &&
	    s->sample.kind != UI_SAMPLE_MARK) {
		target_continue(s->t);
		session_lose(s, VIEW_ENDED,
			     "the program has ended; this was its last heap");
	}
}

/* The collector's figures come from the agent: a census does not see them. */
static bool
session_shows_gc(const struct ui_session *s)
{
	const struct ui_view *v = ui_top(s->ui);

	return v != NULL && strcmp(v->def->name, "gc") == 0;
}

/* What is to be asked of the target now; false: nothing. */
static bool
session_due(const struct ui_session *s, enum ui_sample_kind *kind)
{
	bool due = s->want_now || (!s->paused && ot_now_us() >= s->next_us);

	if (s->want_mark)
		*kind = UI_SAMPLE_MARK;
	else if (s->want_file[0] != '\0')
		*kind = UI_SAMPLE_WRITE;
	else if (s->want_graph)
		*kind = UI_SAMPLE_GRAPH;
	else if (target_is_file(s->t))
		return false;
	else if (s->census.want_learn)
		*kind = UI_SAMPLE_LEARN;
	else if (s->want_counts || s->want_collect ||
		 (due && (s->census.c == NULL || session_shows_gc(s))))
		*kind = UI_SAMPLE_COUNTS;
	else if (due)
		*kind = UI_SAMPLE_CENSUS;
	else
		return false;
	return true;
}

static void
session_sample_start(struct ui_session *s)
{
	const struct cmd_opts *o = &s->c->opts;
	struct ot_err err = OT_ERR_INIT;
	enum ui_sample_kind kind;

	if (s->t == NULL || s->lost || s->sample.running != NULL ||
	    !session_due(s, &kind))
		return;
	/* asked for now, everything is counted, and then compared */
	s->sample.budget_us = s->want_now ? 0 :
		(uint64_t)((double)s->ctx.status.asked_ms * 1000 *
			   (o->budget > 0 ? o->budget : SESSION_BUDGET)) + 1;
	if (kind != UI_SAMPLE_LEARN)
		s->want_now = false;
	if (kind == UI_SAMPLE_MARK)
		s->want_mark = false;
	else if (!UI_SAMPLE_LIGHT(kind))
		s->want_graph = false;
	s->sample.collect = s->want_collect && kind == UI_SAMPLE_COUNTS;
	if (s->sample.collect)
		s->want_collect = false;
	if (kind >= UI_SAMPLE_COUNTS)
		s->want_counts = false;
	if (ui_sample_start(&s->sample, kind,
			    kind == UI_SAMPLE_WRITE ? s->want_file : NULL,
			    s->c, s->t, &s->census,
			    ui_loop_wake_fd(s->loop), &err) != OT_OK) {
		ui_say(s->ui, UI_BAD, "%s", err.msg);
		s->next_us = ot_now_us() + SESSION_RETRY_US;
	}
	if (kind == UI_SAMPLE_WRITE)
		s->want_file[0] = '\0';
}

/* "reading the heap: 1,204,000 of 10,600,000 objects 11 %  (Esc cancels)" */
static void
session_progress(struct ui_session *s)
{
	uint64_t done = 0, all = 0;
	char a[32], b[32];

	if (s->attach.running != NULL) {
		ui_busy(s->ui, "going into PID %d ...", (int)s->attach.pid);
		return;
	}
	if (s->sample.running != NULL && s->sample.collect) {
		ui_busy(s->ui, "collecting ...  (Esc cancels)");
		return;
	}
	if (s->sample.running == NULL || UI_SAMPLE_LIGHT(s->sample.kind)) {
		if (s->ctx.procs == NULL && s->list.running != NULL)
			ui_busy(s->ui, "looking at processes ...");
		else
			ui_busy(s->ui, "%s", "");
		return;
	}
	ui_job_progress(s->sample.running, &done, &all);
	ot_fmt_count(a, sizeof(a), done);
	ot_fmt_count(b, sizeof(b), all);
	if (all > done)
		ui_busy(s->ui, "reading the heap: %s of about %s objects, "
			"%u %%  (Esc cancels)", a, b,
			(unsigned)((double)done * 100 / (double)all));
	else if (done > 0)
		ui_busy(s->ui, "reading the heap: %s objects  (Esc cancels)",
			a);
	else
		ui_busy(s->ui, "reading the heap ...  (Esc cancels)");
}

/* Between requests: has the target ended, or is it about to? */
static void
session_look_alive(struct ui_session *s)
{
	struct ot_err err = OT_ERR_INIT;
	struct pollfd p;
	bool done;

	if (s->t == NULL || s->lost || s->sample.running != NULL ||
	    target_is_file(s->t))
		return;
	p = (struct pollfd){ target_fd(s->t), POLLIN, 0 };
	if (p.fd >= 0 && poll(&p, 1, 0) == 1 &&
	    target_step(s->t, 0, &done, &err) != OT_OK) {
		session_lose(s, VIEW_LOST, err.msg);
		return;
	}
	if (!target_alive(s->t)) {
		target_step(s->t, 0, &done, &err);
		session_lose(s, VIEW_LOST, err.msg[0] != '\0' ? err.msg :
			     "the target has ended");
	} else if (target_exiting(s->t) && !s->exiting) {
		s->exiting = s->want_graph = true;
	}
}

static void
session_proc(struct ui_session *s)
{
	struct view_status *v = &s->ctx.status;
	uint64_t rss, now = ot_now_us();

	ui_proc_reap(&s->shower);
	if (s->t == NULL || s->lost || target_is_file(s->t) ||
	    now < s->proc_us ||
	    !ui_proc_read(target_pid(s->t), &rss, &v->uptime_s))
		return;
	s->proc_us = now + SESSION_SECOND_US;
	if (v->nrss == VIEW_RSS_KEPT) {
		memmove(v->rss, v->rss + 1,
			(VIEW_RSS_KEPT - 1) * sizeof(v->rss[0]));
		v->nrss--;
	}
	v->rss[v->nrss++] = rss;
}

static enum ot_status
list_run(void *ctx, struct ui_job *j, struct ot_err *err)
{
	struct ui_list *l = ctx;

	(void)j;
	return ui_list_rows(&l->rows, err);
}

static bool
session_picking(const struct ui_session *s)
{
	return s->t == NULL && s->attach.running == NULL;
}

/* The picker's list: taken when made, made again every few seconds. */
static void
session_list(struct ui_session *s)
{
	struct ui_list *l = &s->list;
	struct ot_err err = OT_ERR_INIT;
	struct ot_table *old;

	if (l->running != NULL && ui_job_done(l->running)) {
		if (ui_job_finish(l->running, &err) != OT_OK) {
			ui_say(s->ui, UI_BAD, "%s", err.msg);
		} else {
			old = (struct ot_table *)s->ctx.procs;
			s->ctx.procs = l->rows;
			ui_numbers_came(s->ui);
			ot_table_free(old);
		}
		l->running = NULL;
		l->rows = NULL;
		l->next_us = ot_now_us() + SESSION_LIST_US;
	}
	if (!session_picking(s) || l->running != NULL ||
	    ot_now_us() < l->next_us)
		return;
	l->rows = NULL;
	if (ui_job_start(list_run, l, ui_loop_wake_fd(s->loop), &l->running,
			 &err) != OT_OK) {
		ui_say(s->ui, UI_BAD, "%s", err.msg);
		l->next_us = ot_now_us() + SESSION_LIST_US;
	}
}

static void
session_attached(struct ui_session *s)
{
	struct ui_attach *a = &s->attach;
	struct ot_err err = OT_ERR_INIT;

	if (a->running == NULL || !ui_job_done(a->running))
		return;
	if (ui_job_finish(a->running, &err) != OT_OK) {
		ui_refuse(s->ui, err.msg);
	} else {
		s->t = a->t;
		s->owns = true;
		ui_session_begin(s);
	}
	a->running = NULL;
	a->t = NULL;
}

int
ui_session_tick(void *ctx, struct ui *ui)
{
	struct ui_session *s = ctx;
	uint64_t now, due;

	session_attached(s);
	ui_load_step(s);
	session_list(s);
	session_sample_done(s);
	session_hand_over(s);
	session_look_alive(s);
	session_state(s);
	session_sample_start(s);
	session_proc(s);
	session_progress(s);
	if (ui_export_step(s)) {
		ui_busy(ui, "exporting: %u of %u rows  (Esc cancels)",
			s->export.at, ui_table_shown(s->export.table));
		return 0;
	}
	if (s->sample.running != NULL || s->attach.running != NULL ||
	    s->list.running != NULL || !ui_idle(s->ui))
		return SESSION_BUSY_MS;
	now = ot_now_us();
	due = now + SESSION_SECOND_US;
	if (s->t != NULL && !s->lost && !s->paused && s->next_us < due)
		due = s->next_us;
	return due <= now ? 0 : (int)((due - now) / 1000) + 1;
}

int
ui_session_watch(void *ctx)
{
	struct ui_session *s = ctx;

	if (s->t == NULL || s->lost || s->sample.running != NULL)
		return -1;
	return target_fd(s->t);
}

void
ui_session_release(struct ui_session *s)
{
	if (s->sample.running != NULL) {
		ui_job_cancel(s->sample.running);
		ui_sample_end(&s->sample, NULL);
	}
	if (s->list.running != NULL)
		ui_job_finish(s->list.running, NULL);
	if (s->attach.running != NULL &&
	    ui_job_finish(s->attach.running, NULL) == OT_OK)
		target_close(s->attach.t);
	hg_graph_free(s->sample.graph);
	ot_table_free(s->list.rows);
	ui_free(s->ui);		/* its work and views use the graph */
	hg_graph_free(s->graph);
	hg_graph_free(s->next);
	ot_table_free(s->gc);
	hg_graph_free(s->mark);
	hg_graph_free(s->next_mark);
	ot_table_free((struct ot_table *)s->ctx.procs);
	live_release(&s->live);
	ui_export_end(&s->export);
	hg_picture_free(s->drawing.made);
	target_close(s->load);
	ui_census_release(&s->census);
	ui_proc_reap(&s->shower);
	if (s->owns)
		target_close(s->t);
}
