/* SPDX-License-Identifier: MIT */
/*
 * An agent is there already, asleep since an earlier inspector left: it gets
 * a new socket and is started by one call.  Half the time of loading it, and
 * no second copy in the target.  It must be of our own build.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

#define LEAVING_US 300000u	/* an agent just told to leave may need */

bool
at_resident_probe(const struct suspect *s, struct ot_err *err)
{
	if (!s->agent) {
		ot_fail(err, OT_REFUSED, "%s", s->agent_why[0] != '\0' ?
			s->agent_why : "no agent is in it yet");
		return false;
	}
	return trace_probe(s, err);
}

enum ot_status
resident_busy(const struct suspect *s, struct ot_err *err)
{
	return ot_fail(err, OT_REFUSED, "PID %d is being inspected by another "
		       "objtop: end that, or `objtop detach %d`", (int)s->pid,
		       (int)s->pid);
}

/*
 * The agent of an inspector that has just left may still be on its way out:
 * without a socket, it waits for the interpreter once more.
 */
bool
resident_wait(const struct entry *e)
{
	const struct timespec slice = { 0, 2000000 };
	uint64_t end = ot_now_us() + LEAVING_US;
	struct otw_boot b;

	while (suspect_boot(e->s, e->s->agent_boot, &b)) {
		if (!suspect_serves(e->s, &b))
			return true;
		if (ot_now_us() >= (b.fd < 0 ? e->deadline_us : end))
			return false;
		nanosleep(&slice, NULL);
	}
	return true;		/* gone: entering will tell */
}

enum ot_status
at_resident_enter(struct entry *e, struct ot_err *err)
{
	enum ot_status st, ended;
	uint64_t arg, r;
	struct visit v;

	if (!resident_wait(e))
		return resident_busy(e->s, err);
	st = visit_begin(&v, e, err);
	if (st == OT_OK) {
		arg = (uint64_t)v.theirs;
		if (!visit_call(&v, e->s->agent_start, &arg, 1, &r))
			st = visit_astray(&v, "starting the agent", err);
		else if ((int32_t)r == -EBUSY)
			st = resident_busy(e->s, err);
		else if ((int32_t)r != 0)
			st = visit_denied(&v, "starting the agent",
					  (int32_t)r, err);
	}
	ended = visit_end(&v, st == OT_OK, st == OT_OK ? err : NULL);
	if (st == OT_OK && ended == OT_OK)
		e->sock = v.ours;
	else if (v.ours >= 0)
		close(v.ours);
	return st != OT_OK ? st : ended;
}
