/* SPDX-License-Identifier: MIT */
/*
 * Acting on the collector of a live target: a request of its own, answered by
 * one frame.  What is owed there (a callback, settings to be put back) is
 * undone before the agent is told to leave, so that it has happened when
 * target_close() returns; an agent that loses us does it by itself.
 */
#include "config.h"
#include "inspector/target/target_priv.h"

#include <string.h>

#include "base/units.h"

#define TICK_MS		50
#define GRACE_MS	1000u	/* for the agent's own time limit to come first */
#define UNDO_MS		2000u

/* Loops until the request is answered. */
static enum ot_status
act_wait(struct target *t, uint64_t end, bool (*tick)(void *), void *ctx,
	 struct ot_err *err)
{
	enum ot_status st = OT_OK;
	bool done = false;

	while (st == OT_OK && !done) {
		st = target_step(t, TICK_MS, &done, err);
		if (st != OT_OK || done)
			break;
		if (tick != NULL && tick(ctx)) {
			request_end(t);
			target_cancel(t);
			st = ot_fail(err, OT_INTERRUPTED, "interrupted");
		} else if (ot_now_us() >= end) {
			request_end(t);
			target_cancel(t);
			st = ot_fail(err, OT_FAILED, "PID %d did not come to "
				     "a point where its collector can be "
				     "acted on: try a longer --timeout",
				     (int)t->pid);
		}
	}
	return st;
}

static enum ot_status
act_done(void *ctx, const struct otw_acted *a, struct ot_err *err)
{
	(void)err;
	*(struct otw_acted *)ctx = *a;
	return OT_OK;
}

enum ot_status
target_act(struct target *t, const struct otw_act *a, struct otw_acted *out,
	   bool (*tick)(void *), void *tick_ctx, struct ot_err *err)
{
	const struct otw_events ev = { .acted = act_done };
	uint64_t ms = a->timeout_ms > 0 ? a->timeout_ms : t->timeout_ms;
	struct otw_act limited = *a;
	enum ot_status st = OT_OK;

	memset(out, 0, sizeof(*out));
	if (t->is_file)
		return ot_fail(err, OT_USAGE, "%s is a file: only a process "
			       "can be acted on", t->path);
	limited.timeout_ms = ms;
	if (t->busy) {
		request_end(t);
		target_cancel(t);
		st = target_drain(t, err);
	}
	if (st == OT_OK)
		st = request_begin(t, &ev, out, err);
	if (st != OT_OK)
		return st;
	st = session_act(t, &limited, err);
	if (st == OT_OK)
		st = act_wait(t, ot_now_us() + (ms + GRACE_MS) * 1000, tick,
			      tick_ctx, err);
	else
		request_end(t);
	/* What has begun, or may have, is undone at the end. */
	if (a->what == OTW_ACT_WATCH || (a->flags & OTW_ACT_RESTORE) != 0)
		t->owes = true;
	if (a->what == OTW_ACT_LEAVE && st == OT_OK)
		t->owes = false;
	return st;
}

void
act_undo(struct target *t)
{
	const struct otw_act a = { .what = OTW_ACT_LEAVE,
				   .timeout_ms = UNDO_MS };
	struct otw_acted out;

	if (t->owes && session_alive(t))
		target_act(t, &a, &out, NULL, NULL, NULL);
	t->owes = false;
}
