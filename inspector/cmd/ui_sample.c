/* SPDX-License-Identifier: MIT */
/*
 * A snapshot or a census on a thread.
 *
 * Decoding ten million objects takes a second of processor time, building
 * their graph another: neither may stand between a key and the screen.  The
 * thread has the target for itself meanwhile; the loop leaves it alone.
 */
#include "config.h"

#include "inspector/cmd/ui_sample.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "graph/builder.h"
#include "wire/file.h"

static enum ot_status
sample_tee(void *ctx, const void *data, size_t len, struct ot_err *err)
{
	return otw_writer_add(ctx, data, len, err);
}

static bool
sample_tick(void *ctx)
{
	struct ui_sample *s = ctx;
	uint64_t done = 0, estimate = 0;

	hg_builder_progress(s->builder, &done, &estimate);
	return ui_job_tick(s->job, done, estimate);
}

/* The file is given its name only when the whole stream is in it. */
static enum ot_status
sample_finish(struct ui_sample *s, struct otw_writer **w, struct ot_err *err)
{
	enum ot_status st;

	s->cut = !hg_builder_done(s->builder) || target_truncated(s->t);
	if (*w != NULL) {
		if (s->cut)
			return ot_fail(err, OT_FAILED,
				       "the snapshot ended early; %s was not "
				       "written", s->path);
		st = otw_writer_commit(*w, err);
		*w = NULL;
		if (st != OT_OK)
			return st;
	}
	return hg_builder_finish(s->builder, !s->cut, &s->graph, err);
}

static bool
sample_stopped(void *ctx)
{
	struct ui_sample *s = ctx;

	return ui_job_tick(s->job, 0, 0);
}

static enum ot_status
sample_collect(struct ui_sample *s, struct ot_err *err)
{
	const struct otw_act a = { .what = OTW_ACT_COLLECT, .arg = { 2 },
				   .timeout_ms = s->c->opts.timeout_ms };

	return target_act(s->t, &a, &s->acted, sample_stopped, s, err);
}

static enum ot_status
sample_census(struct ui_sample *s, struct ot_err *err)
{
	enum ot_status st = s->kind == UI_SAMPLE_LEARN ?
		ui_census_learn(s->census, s->t, sample_stopped, s, err) :
		ui_census_count(s->census, s->budget_us, sample_stopped, s,
				err);

	s->took_us = ot_now_us() - s->start_us;
	return st;
}

static enum ot_status
sample_snapshot(struct ui_sample *s, struct ot_err *err)
{
	struct otw_request r = {
		.want = cmd_want(s->kind == UI_SAMPLE_COUNTS ? HG_NEEDS_COUNTS :
				 s->kind == UI_SAMPLE_MARK ? HG_NEEDS_OBJECTS :
				 HG_NEEDS_TEXT, s->c->opts.redact),
		.mode = s->c->opts.mode,
		.timeout_ms = s->c->opts.timeout_ms,
	};
	struct otw_writer *w = NULL;
	enum ot_status st = OT_OK;

	if (s->kind == UI_SAMPLE_COUNTS)
		st = ui_census_before(s->census, s->t, sample_stopped, s, err);
	if (st == OT_INTERRUPTED)
		return st;
	st = OT_OK;	/* without a census it goes on */
	s->builder = hg_builder_new();
	if (s->builder == NULL)
		return ot_fail_nomem(err, "the graph");
	if (s->collect)
		st = sample_collect(s, err);
	if (s->kind == UI_SAMPLE_WRITE)
		st = otw_writer_open(s->path, &w, err);
	if (st == OT_OK)
		st = target_snapshot(s->t, &r, hg_builder_events(), s->builder,
				     w != NULL ? sample_tee : NULL, w,
				     sample_tick, s, err);
	if (st == OT_OK)
		st = sample_finish(s, &w, err);
	if (w != NULL)
		otw_writer_abort(w);
	hg_builder_free(s->builder);
	s->builder = NULL;
	s->took_us = ot_now_us() - s->start_us;
	return st;
}

static enum ot_status
sample_run(void *ctx, struct ui_job *j, struct ot_err *err)
{
	struct ui_sample *s = ctx;

	s->job = j;
	return s->kind == UI_SAMPLE_CENSUS || s->kind == UI_SAMPLE_LEARN ?
		sample_census(s, err) : sample_snapshot(s, err);
}

enum ot_status
ui_sample_start(struct ui_sample *s, enum ui_sample_kind kind,
		const char *path, const struct cmd *c, struct target *t,
		struct ui_census *census, int wake_fd, struct ot_err *err)
{
	uint64_t budget_us = s->budget_us;
	bool collect = s->collect;
	struct ui_job *job = NULL;
	enum ot_status st;

	memset(s, 0, sizeof(*s));
	s->budget_us = budget_us;
	s->collect = collect;
	s->census = census;
	s->kind = kind;
	s->c = c;
	s->t = t;
	s->start_us = ot_now_us();
	if (path != NULL)
		snprintf(s->path, sizeof(s->path), "%s", path);
	st = ui_job_start(sample_run, s, wake_fd, &job, err);
	if (st == OT_OK)
		s->running = job;
	return st;
}

enum ot_status
ui_sample_end(struct ui_sample *s, struct ot_err *err)
{
	struct ui_job *job = s->running;

	s->running = NULL;
	return ui_job_finish(job, err);
}
