/* SPDX-License-Identifier: MIT */
/*
 * serve.c - snapshots on their pace, scrapes at any time.
 *
 * Counts alone are asked for: what is kept of a process is a row a type.  A
 * snapshot is due `--interval` after the one before began, later where that
 * one held the process or kept its clone busy for long: as with the live
 * table, a process is held for one part in HELD_SHARE of the time at most.
 * Where nobody has asked for IDLE_INTERVALS, none is taken: the next scrape
 * gets what there is, with its age, and fresh figures come after it.
 *
 * All runs in one thread; while a snapshot is on its way, scrapes are served
 * from the tick that target_snapshot() calls.
 */
#include "config.h"

#include "inspector/cmd/serve.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "graph/builder.h"
#include "graph/metrics.h"
#include "inspector/cmd/scrape.h"
#include "inspector/cmd/ui_proc.h"

#define INTERVAL_MS 15000u
#define IDLE_INTERVALS 4u
#define IDLE_MIN_US (120 * 1000000ull)
#define HELD_SHARE 50u /* one part in: 2 % */
#define WALK_SHARE 5u  /* one part in: 20 % */
#define GONE_US (300 * 1000000ull) /* for so long `up 0` is told */
#define PROCESSES_MAX 256u
#define STEP_MS 200

struct serve_process {
	pid_t pid;
	struct target *t; /* NULL: gone */
	bool own, up;
	char *command; /* NULL: left out */
	struct hg_graph *g;
	uint64_t taken_us, due_us, gone_us;
	uint64_t samples, failures, held_us;
};

struct serve {
	const struct cmd *c;
	struct scrape *http;
	struct serve_process *p;
	size_t n;
	uint64_t asked_us; /* the last scrape */
	uint64_t interval_us;
};

/* ---- the page ---- */

static bool
serve_page(void *ctx, bool openmetrics, struct ot_buf *out)
{
	struct serve *s = ctx;
	size_t limit = s->c->opts.limit_set ? s->c->opts.limit : 0, i;
	struct hg_metrics *m;
	uint64_t uptime, now = ot_now_us();
	enum ot_status st;

	s->asked_us = now;
	if (s->c->opts.limit_set && limit == 0)
		limit = SIZE_MAX;
	m = calloc(s->n + 1, sizeof(*m));
	if (m == NULL)
		return false;
	for (i = 0; i < s->n; i++) {
		m[i].pid = (uint64_t)s->p[i].pid;
		m[i].command = s->p[i].command;
		m[i].live = true;
		m[i].samples = s->p[i].samples;
		m[i].failures = s->p[i].failures;
		m[i].held_s = (double)s->p[i].held_us / 1e6;
		if (s->p[i].t == NULL || !target_alive(s->p[i].t))
			continue;
		m[i].up = s->p[i].up;
		m[i].g = s->p[i].g;
		m[i].age_s = (double)(now - s->p[i].taken_us) / 1e6;
		ui_proc_read(s->p[i].pid, &m[i].rss, &uptime);
	}
	st = hg_metrics_write(m, s->n, limit, openmetrics, out, NULL);
	free(m);
	return st == OT_OK;
}

/* ---- processes ---- */

static void
serve_release(struct serve_process *p)
{
	if (p->own)
		target_close(p->t);
	hg_graph_free(p->g);
	free(p->command);
}

enum ot_status
serve_open(const struct cmd *c, const char *where, struct serve **out,
	   struct ot_err *err)
{
	struct serve *s = calloc(1, sizeof(*s));
	enum ot_status st;

	*out = NULL;
	if (s == NULL)
		return ot_fail_nomem(err, "the server");
	s->c = c;
	s->interval_us = (c->opts.interval_ms ? c->opts.interval_ms
					      : INTERVAL_MS) *
			 1000;
	s->asked_us = ot_now_us();
	st = scrape_open(where, &s->http, err);
	if (st != OT_OK) {
		free(s);
		return st;
	}
	cmd_say(c, "metrics at %s", scrape_where(s->http));
	if (scrape_is_public(s->http))
		cmd_say(c, "whoever reaches that address can read them");
	*out = s;
	return OT_OK;
}

void
serve_close(struct serve *s)
{
	if (s == NULL)
		return;
	while (s->n > 0)
		serve_release(&s->p[--s->n]);
	free(s->p);
	scrape_close(s->http);
	free(s);
}

/* Room for a PID: its old place, else a new one. */
static struct serve_process *
serve_place(struct serve *s, pid_t pid)
{
	struct serve_process *grown;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->p[i].pid != pid)
			continue;
		serve_release(&s->p[i]);
		return &s->p[i];
	}
	if (s->n == PROCESSES_MAX)
		return NULL;
	grown = ot_realloc_array(s->p, s->n + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	s->p = grown;
	return &s->p[s->n++];
}

enum ot_status
serve_add(struct serve *s, struct target *t, bool own, struct ot_err *err)
{
	struct serve_process *p = serve_place(s, target_pid(t));
	struct target_proc look;

	if (p == NULL)
		return ot_fail(err, OT_FAILED,
			       "metrics are served of %u processes at most",
			       PROCESSES_MAX);
	*p = (struct serve_process){ .pid = target_pid(t),
				     .t = t,
				     .own = own,
				     .up = true };
	if (!s->c->opts.redact && target_look(p->pid, &look, NULL) == OT_OK)
		p->command = strdup(look.command);
	return OT_OK;
}

bool
serve_has(const struct serve *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->p[i].pid == pid && s->p[i].t != NULL)
			return true;
	return false;
}

size_t
serve_alive(const struct serve *s)
{
	size_t i, alive = 0;

	for (i = 0; i < s->n; i++)
		alive += s->p[i].t != NULL && target_alive(s->p[i].t);
	return alive;
}

/* Those that ended are told of as down for a while, then forgotten. */
static void
serve_bury(struct serve *s, uint64_t now)
{
	struct serve_process *p;
	size_t i;

	for (i = s->n; i-- > 0;) {
		p = &s->p[i];
		if (p->t != NULL && !target_alive(p->t)) {
			cmd_say(s->c, "process %ld is gone", (long)p->pid);
			if (p->own)
				target_close(p->t);
			p->t = NULL;
			p->gone_us = now;
			hg_graph_free(p->g);
			p->g = NULL;
		}
		if (p->t == NULL && now - p->gone_us > GONE_US) {
			serve_release(p);
			*p = s->p[--s->n];
		}
	}
}

/* ---- snapshots ---- */

static bool
serve_tick(void *ctx)
{
	struct serve *s = ctx;

	scrape_step(s->http, 0, serve_page, s);
	return cmd_interrupted != 0;
}

static uint64_t
max_us(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void
serve_sample(struct serve *s, struct serve_process *p)
{
	struct otw_request r = { .want = cmd_want(HG_NEEDS_COUNTS, false),
				 .mode = s->c->opts.mode,
				 .timeout_ms = s->c->opts.timeout_ms };
	struct hg_builder *b = hg_builder_new();
	uint64_t start = ot_now_us(), took, held = 0;
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g = NULL;
	enum ot_status st;

	if (b == NULL)
		st = ot_fail_nomem(&err, "a snapshot");
	else
		st = target_snapshot(p->t, &r, hg_builder_events(), b, NULL,
				     NULL, serve_tick, s, &err);
	took = ot_now_us() - start;
	if (st == OT_OK)
		st = hg_builder_finish(b, hg_builder_done(b), &g, &err);
	hg_builder_free(b);
	if (st == OT_OK) {
		hg_graph_free(p->g);
		p->g = g;
		p->taken_us = start;
		p->samples++;
		held = hg_info(g)->held_us;
		p->held_us += held;
	} else if (st != OT_INTERRUPTED) {
		p->failures++;
		if (p->up && target_alive(p->t))
			cmd_say(s->c, "process %ld: %s", (long)p->pid,
				err.msg);
	}
	p->up = st == OT_OK || (st == OT_INTERRUPTED && p->up);
	p->due_us = start + max_us(s->interval_us,
				   max_us(held * HELD_SHARE,
					  took * WALK_SHARE));
}

void
serve_step(struct serve *s, int timeout_ms)
{
	uint64_t now = ot_now_us(), idle;
	struct serve_process *due = NULL;
	size_t i;

	serve_bury(s, now);
	idle = max_us(s->interval_us * IDLE_INTERVALS, IDLE_MIN_US);
	for (i = 0; i < s->n && now - s->asked_us < idle; i++)
		if (s->p[i].t != NULL && s->p[i].due_us <= now &&
		    (due == NULL || s->p[i].due_us < due->due_us))
			due = &s->p[i];
	if (due != NULL)
		serve_sample(s, due);
	if (timeout_ms > STEP_MS)
		timeout_ms = STEP_MS;
	scrape_step(s->http, due != NULL ? 0 : timeout_ms, serve_page, s);
}
