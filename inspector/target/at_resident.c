/* SPDX-License-Identifier: MIT */
/*
 * An agent is there already, asleep since an earlier inspector left: it gets
 * a new socket and is started by one call.  Half the time of loading it, and
 * no second copy in the target.  It must be of our own build.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <errno.h>
#include <stdio.h>
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
 * An agent that is with a snapshot of another inspector is waited for: most
 * ask once and leave.  So is one on its way out: without a socket, it waits
 * for the interpreter once more.  One that is only there for somebody who
 * stays is not.
 */
enum ot_status
resident_wait(const struct entry *e, struct ot_err *err)
{
	const struct timespec slice = { 0, 2000000 };
	uint64_t end = ot_now_us() + LEAVING_US;
	struct otw_boot b;
	bool told = false;

	while (suspect_boot(e->s, e->s->agent_boot, &b) &&
	       suspect_serves(e->s, &b)) {
		uint64_t now = ot_now_us();

		if (b.busy || b.fd < 0)
			end = now + LEAVING_US;
		if (now >= end || now >= e->deadline_us)
			return resident_busy(e->s, err);
		if (entry_cancelled(e))
			return ot_fail(err, OT_INTERRUPTED, "interrupted");
		if (b.busy && e->verbose && !told)
			fprintf(stderr, "objtop: waiting for another objtop's "
				"snapshot\n");
		told |= b.busy;
		nanosleep(&slice, NULL);
	}
	return OT_OK;		/* if it is gone: entering will tell */
}

enum ot_status
at_resident_enter(struct entry *e, struct ot_err *err)
{
	enum ot_status st, ended;
	uint64_t arg, r;
	struct visit v;

	st = resident_wait(e, err);
	if (st != OT_OK)
		return st;
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
