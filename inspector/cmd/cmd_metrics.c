/* SPDX-License-Identifier: MIT */
/*
 * cmd_metrics.c - figures of one process, or of all that --name and
 * --children mean, for Prometheus to scrape until Ctrl-C.
 *
 * With a PID it ends with the process.  Where several are meant it looks for
 * new ones every LOOK_US, so that workers which come and go are followed, and
 * ends with Ctrl-C alone.
 */
#include "config.h"

#include <stdlib.h>

#include "base/units.h"
#include "inspector/cmd/cmd.h"
#include "inspector/cmd/serve.h"

#define LOOK_US (15 * 1000000ull)
#define REFUSED_MAX 64 /* PIDs that are not tried again */
#define STEP_MS 200

struct metrics {
	const struct cmd *c;
	struct serve *s;
	pid_t refused[REFUSED_MAX];
	size_t nrefused;
};

static bool
metrics_was_refused(const struct metrics *m, pid_t pid)
{
	size_t i;

	for (i = 0; i < m->nrefused; i++)
		if (m->refused[i] == pid)
			return true;
	return false;
}

/* One more process; refusals are told once. */
static void
metrics_enter(struct metrics *m, pid_t pid)
{
	struct target_opts o = cmd_target_opts(m->c);
	struct ot_err err = OT_ERR_INIT;
	struct target *t = NULL;
	enum ot_status st;

	if (serve_has(m->s, pid) || metrics_was_refused(m, pid))
		return;
	st = target_attach(pid, &o, &t, &err);
	if (st == OT_OK)
		st = serve_add(m->s, t, true, &err);
	if (st == OT_OK || st == OT_INTERRUPTED)
		return;
	target_close(t);
	cmd_say(m->c, "left out: %s", err.msg);
	m->refused[m->nrefused++ % REFUSED_MAX] = pid;
	if (m->nrefused > REFUSED_MAX)
		m->nrefused = REFUSED_MAX;
}

static void
metrics_look(struct metrics *m)
{
	pid_t *pids = NULL;
	size_t n = 0, i;

	if (cmd_pids(m->c, &pids, &n, NULL) != OT_OK)
		return;
	for (i = 0; i < n && !cmd_interrupted; i++)
		metrics_enter(m, pids[i]);
	free(pids);
}

/* The first processes: here a refusal is an error like any other's. */
static enum ot_status
metrics_begin(struct metrics *m, bool several, struct ot_err *err)
{
	struct target **targets;
	struct target *t = NULL;
	pid_t *pids = NULL;
	enum ot_status st;
	size_t n = 0, i;

	if (!several) {
		st = cmd_open(m->c, &t, err);
		if (st == OT_OK && target_is_file(t))
			st = ot_fail(err, OT_USAGE,
				     "metrics needs a process; export --format "
				     "openmetrics writes those of a snapshot");
		if (st == OT_OK)
			st = serve_add(m->s, t, true, err);
		if (st != OT_OK)
			target_close(t);
		return st;
	}
	st = cmd_pids(m->c, &pids, &n, err);
	if (st != OT_OK)
		return st;
	targets = calloc(n, sizeof(struct target *));
	if (targets == NULL) {
		n = 0;
		st = ot_fail_nomem(err, "the targets");
	} else {
		st = cmd_attach_all(m->c, pids, targets, &n, err);
	}
	for (i = 0; i < n; i++) {
		if (st == OT_OK)
			st = serve_add(m->s, targets[i], true, err);
		if (st != OT_OK)
			target_close(targets[i]);
	}
	free(targets);
	free(pids);
	return st;
}

enum ot_status
cmd_metrics(const struct cmd *c, struct ot_err *err)
{
	const char *where = c->opts.listen ? c->opts.listen : SERVE_WHERE;
	bool several = cmd_names_several(c);
	struct metrics m = { .c = c };
	uint64_t look;
	enum ot_status st;

	st = serve_open(c, where, &m.s, err);
	if (st != OT_OK)
		return st;
	st = metrics_begin(&m, several, err);
	look = ot_now_us() + LOOK_US;
	while (st == OT_OK && !cmd_interrupted) {
		serve_step(m.s, STEP_MS);
		if (!several && serve_alive(m.s) == 0) {
			cmd_say(c, "the process is gone");
			break;
		}
		if (several && ot_now_us() > look) {
			metrics_look(&m);
			look = ot_now_us() + LOOK_US;
		}
	}
	serve_close(m.s);
	if (st == OT_OK && cmd_interrupted)
		st = OT_INTERRUPTED;
	return st;
}
