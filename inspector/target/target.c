/* SPDX-License-Identifier: MIT */
/*
 * The public face of a target: attaching, and one way to ask for a snapshot
 * whether it is a process or a file.
 */
#include "config.h"
#include "inspector/target/target_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/target/entry.h"

#define DEFAULT_MS	10000u
#define TICK_MS		50
#define DRAIN_US	2000000u
#define AGAIN_MAX	20u
#define COLLECT_US	1000000u
#define GRACE_MS	1000u	/* for the agent's own time limit to come first */

struct target *
target_new(const struct target_opts *o, struct ot_err *err)
{
	struct target *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		ot_fail_nomem(err, "a target");
		return NULL;
	}
	t->sock = t->pidfd = t->agent_fd = t->listener = -1;
	t->rung = "";
	t->timeout_ms = o != NULL && o->timeout_ms > 0 ? o->timeout_ms
						       : DEFAULT_MS;
	/* A century is enough, and its microseconds fit. */
	if (t->timeout_ms > 3155760000000u)
		t->timeout_ms = 3155760000000u;
	return t;
}

/*
 * `again`: what was asked is there when it begins: if the program forks all
 * the time its thread is not there for long.
 */
static enum ot_status
enter(struct target *t, struct suspect *s, bool verbose, bool again,
      struct ot_err *err)
{
	struct entry e = { .s = s, .sock = -1, .control = -1,
			   .verbose = verbose,
			   .deadline_us = ot_now_us() + t->timeout_ms * 1000 };
	enum ot_status st;

	if (t->pidfd < 0)
		t->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	if (again)
		e.first_len = session_encode(t, e.first, sizeof(e.first));
	st = ladder_climb(&e, err);
	t->stopped_us = e.stopped_us;
	if (st != OT_OK)
		return st;
	t->sock = e.sock;
	t->rung = e.rung;
	t->parked = false;
	return session_hello(t, e.deadline_us, err);
}

/*
 * A process that ends while it is looked at seems to lack this and that: what
 * is told then is that it has ended.
 */
static void
blame_end(pid_t pid, bool was_there, struct ot_err *err)
{
	struct proc_stat st;

	if (was_there && (!proc_stat_read(pid, 0, &st) || st.state == 'Z' ||
			  st.state == 'X'))
		ot_fail(err, err->status, "PID %d has just ended", (int)pid);
}

enum ot_status
target_attach(pid_t pid, const struct target_opts *o, struct target **out,
	      struct ot_err *err)
{
	struct ot_err local = OT_ERR_INIT;
	struct target *t = NULL;
	enum ot_status st;
	struct suspect s;
	int lock;

	if (err == NULL)
		err = &local;
	lock = ladder_lock(pid);
	st = suspect_look(&s, pid, NULL, err);
	if (st == OT_OK)
		st = suspect_check(&s, err);
	if (st == OT_OK) {
		t = target_new(o, err);
		st = t != NULL ? OT_OK : OT_FAILED;
	}
	if (st == OT_OK) {
		t->pid = pid;
		t->ns_pid = s.status.ns_pid;
		t->verbose = o != NULL && o->verbose;
		st = enter(t, &s, o != NULL && o->verbose, false, err);
	}
	if (lock >= 0)
		close(lock);
	if (st != OT_OK) {
		blame_end(pid, s.maps.n > 0, err);
		suspect_release(&s);
		target_close(t);
		return st;
	}
	suspect_release(&s);
	*out = t;
	return OT_OK;
}

static void collect_clone(struct target *t);

void
target_close(struct target *t)
{
	if (t == NULL)
		return;
	act_undo(t);
	session_leave(t);
	if (t->asked_any && !session_over(t))
		collect_clone(t);
	request_end(t);
	run_collect(t, false);
	run_release(t);
	if (t->pidfd >= 0)
		close(t->pidfd);
	if (t->agent_fd >= 0)
		close(t->agent_fd);
	ot_buf_release(&t->hello);
	free(t->path);
	free(t);
}

bool
target_is_file(const struct target *t)
{
	return t->is_file;
}

pid_t
target_pid(const struct target *t)
{
	return t->pid;
}

const char *
target_path(const struct target *t)
{
	return t->path;
}

bool
target_alive(const struct target *t)
{
	return t->is_file || session_alive(t);
}

uint64_t
target_stopped_us(const struct target *t)
{
	return t->stopped_us;
}

const char *
target_rung(const struct target *t)
{
	return t->rung;
}

int
target_fd(const struct target *t)
{
	return t->sock;
}

bool
target_truncated(const struct target *t)
{
	return t->truncated;
}

/* Into a target whose agent is parked; `ask`: the request goes to it again. */
static enum ot_status
enter_again(struct target *t, bool ask, struct ot_err *err)
{
	int lock = ladder_lock(t->pid);
	enum ot_status st;
	struct suspect s;

	st = suspect_look(&s, t->pid, NULL, err);
	if (st == OT_OK && session_over(t))	/* another with its number */
		st = ot_fail(err, OT_FAILED, "PID %d has ended", (int)t->pid);
	if (st == OT_OK)
		st = suspect_check(&s, err);
	if (st == OT_OK) {
		ot_buf_clear(&t->hello);
		st = enter(t, &s, t->verbose, ask, err);
	}
	suspect_release(&s);
	if (lock >= 0)
		close(lock);
	return st;
}

/*
 * The clone of a request during which the program forked was left alone by
 * the agent's thread: an agent that is started for a moment collects it.
 */
static void
collect_clone(struct target *t)
{
	uint64_t end = ot_now_us() + COLLECT_US;
	const struct timespec slice = { 0, 1000000 };
	enum proc_clone c;

	while ((c = proc_clone_state(t->pid)) == PROC_CLONE_LIVES &&
	       ot_now_us() < end)
		nanosleep(&slice, NULL);
	t->timeout_ms = COLLECT_US / 1000;
	if (c == PROC_CLONE_ENDED && enter_again(t, false, NULL) == OT_OK)
		session_leave(t);
}

/* A request was under way, or about to be, when the agent was parked. */
static enum ot_status
ask_again(struct target *t, bool *done, struct ot_err *err)
{
	enum ot_status st;

	if (t->cancelled) {
		t->busy = false;
		*done = true;
		request_end(t);
		return ot_fail(err, OT_INTERRUPTED, "cancelled");
	}
	if (t->again++ < AGAIN_MAX)
		st = enter_again(t, true, err);	/* which is busy still */
	else
		st = ot_fail(err, OT_FAILED, "PID %d forks all the time: no "
			     "request comes through in between", (int)t->pid);
	if (st != OT_OK) {
		t->busy = false;
		request_end(t);
	}
	return st;
}

/* Frames of a request that was given up: dropped until the last is here. */
enum ot_status
target_drain(struct target *t, struct ot_err *err)
{
	uint64_t end = ot_now_us() + DRAIN_US;
	enum ot_status st = OT_OK;
	bool done = false;

	while (t->busy && st == OT_OK && ot_now_us() < end)
		st = target_step(t, TICK_MS, &done, err);
	if (st == OT_INTERRUPTED)	/* the ERROR that says it was stopped */
		st = OT_OK;
	if (st == OT_OK && t->busy)
		return ot_fail(err, OT_FAILED, "the agent in PID %d is still "
			       "busy with the last request: try again in a "
			       "moment", (int)t->pid);
	return st;
}

enum ot_status
target_request(struct target *t, const struct otw_request *r,
	       const struct otw_events *ev, void *ctx, target_tee_fn tee,
	       void *tee_ctx, struct ot_err *err)
{
	enum ot_status st;

	if (t->busy) {
		request_end(t);
		target_cancel(t);
		st = t->is_file ? OT_OK : target_drain(t, err);
		if (st != OT_OK)
			return st;
	}
	st = request_begin(t, ev, ctx, err);
	if (st != OT_OK)
		return st;
	t->tee = tee;
	t->tee_ctx = tee_ctx;
	if (t->is_file)
		t->busy = true;
	else
		st = session_request(t, r, err);
	if (st != OT_OK)
		request_end(t);
	return st;
}

enum ot_status
target_step(struct target *t, int timeout_ms, bool *done, struct ot_err *err)
{
	enum ot_status st;

	*done = false;
	if (!t->is_file) {
		st = session_step(t, timeout_ms, done, err);
		if (st == OT_OK && t->parked && t->busy)
			st = ask_again(t, done, err);
		return st;
	}
	if (!t->busy) {
		*done = true;
		return OT_OK;
	}
	return filesrc_step(t, done, err);
}

void
target_cancel(struct target *t)
{
	if (t->cancelled || !t->busy)
		return;
	t->cancelled = true;
	if (!t->is_file)
		session_send(t, OTW_F_CANCEL);
}

static enum ot_status
too_slow(struct target *t, uint64_t ms, struct ot_err *err)
{
	char doing[256];

	request_end(t);
	target_cancel(t);
	doing_describe(t->pid, doing, sizeof(doing));
	if (!t->begun)
		return ot_fail(err, OT_FAILED, "PID %d did not come to a point "
			       "where its heap can be held still in %.1f s "
			       "(%s): try a longer --timeout", (int)t->pid,
			       (double)ms / 1000, doing);
	return ot_fail(err, OT_FAILED, "the snapshot of PID %d was not whole "
		       "after %.1f s: try a longer --timeout", (int)t->pid,
		       (double)ms / 1000);
}

enum ot_status
target_snapshot(struct target *t, const struct otw_request *r,
		const struct otw_events *ev, void *ctx, target_tee_fn tee,
		void *tee_ctx, bool (*tick)(void *), void *tick_ctx,
		struct ot_err *err)
{
	uint64_t ms = r->timeout_ms > 0 ? r->timeout_ms : t->timeout_ms;
	uint64_t end = ot_now_us() + (ms + GRACE_MS) * 1000;
	struct otw_request limited = *r;
	bool done = false;
	enum ot_status st;

	limited.timeout_ms = ms;
	t->stop = tick;
	t->stop_ctx = tick_ctx;
	st = target_request(t, &limited, ev, ctx, tee, tee_ctx, err);
	while (st == OT_OK && !done) {
		st = target_step(t, TICK_MS, &done, err);
		if (st != OT_OK || done)
			break;
		if (tick != NULL && tick(tick_ctx)) {
			request_end(t);
			target_cancel(t);
			st = ot_fail(err, OT_INTERRUPTED, "interrupted");
		} else if (ot_now_us() >= end) {
			st = too_slow(t, ms, err);
		}
	}
	t->stop = NULL;
	return st;
}
