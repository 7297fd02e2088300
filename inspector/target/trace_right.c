/* SPDX-License-Identifier: MIT */
/*
 * May this process be traced by us?  The kernel answers only yes or EPERM;
 * what it looked at is read from /proc to name the one thing that is missing.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"

#define CAP_SYS_PTRACE_BIT 19

/* 0 where the kernel has no yama. */
static int
yama_scope(void)
{
	char c = '0';
	int fd = open("/proc/sys/kernel/yama/ptrace_scope",
		      O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, &c, 1) != 1)
			c = '0';
		close(fd);
	}
	return c >= '0' && c <= '9' ? c - '0' : 0;
}

static bool
may_ptrace_all(void)
{
	struct proc_status self;

	return proc_status_read(getpid(), &self) &&
		(self.cap_eff >> CAP_SYS_PTRACE_BIT & 1);
}

static enum ot_status
refuse_yama(const struct suspect *s, int scope, struct ot_err *err)
{
	int pid = (int)s->pid;

	if (scope >= 3)
		return ot_fail(err, OT_REFUSED, "tracing is switched off until "
			       "the next boot (kernel.yama.ptrace_scope is 3): "
			       "start the program with `objtop run`");
	return ot_fail(err, OT_REFUSED, "PID %d may be traced by root only "
		       "(kernel.yama.ptrace_scope is %d): sudo objtop %d",
		       pid, scope, pid);
}

bool
trace_probe(const struct suspect *s, struct ot_err *err)
{
	int pid = (int)s->pid, scope = yama_scope();
	struct proc_stat tracer;
	char comm[64];

	if (s->status.tracer != 0) {
		if (!proc_stat_read(s->status.tracer, 0, &tracer))
			memset(&tracer, 0, sizeof(tracer));
		ot_escape_to(comm, sizeof(comm), tracer.comm,
			     strlen(tracer.comm), OT_ESC_TERM);
		ot_fail(err, OT_REFUSED, "PID %d is being traced by PID %d "
			"(%s): end that first", pid, (int)s->status.tracer,
			comm);
		return false;
	}
	if (s->status.state == 'T' || s->status.state == 't') {
		ot_fail(err, OT_REFUSED, "PID %d is stopped by a signal: "
			"kill -CONT %d", pid, pid);
		return false;
	}
	if (s->status.seccomp == 1) {
		ot_fail(err, OT_REFUSED, "PID %d is in strict seccomp mode: it "
			"may neither load nor connect anything", pid);
		return false;
	}
	if (s->status.shadow_stack) {
		ot_fail(err, OT_REFUSED, "PID %d has a shadow stack, in which "
			"calls cannot be made up: start it with `objtop run`",
			pid);
		return false;
	}
	if (scope >= 3 || (scope >= 1 && !may_ptrace_all())) {
		refuse_yama(s, scope, err);
		return false;
	}
	return true;
}

/* After the kernel has said EPERM. */
enum ot_status
trace_refused(const struct suspect *s, struct ot_err *err)
{
	int pid = (int)s->pid;
	struct suspect now = *s;

	if (proc_status_read(s->pid, &now.status) && !trace_probe(&now, err))
		return OT_REFUSED;
	if (geteuid() == 0 && !may_ptrace_all())
		return ot_fail(err, OT_REFUSED, "PID %d may not be traced by "
			       "this root: CAP_SYS_PTRACE is missing (docker "
			       "run --cap-add SYS_PTRACE)", pid);
	if (geteuid() != 0)
		return ot_fail(err, OT_REFUSED, "PID %d may not be traced by "
			       "its user: sudo objtop %d", pid, pid);
	return ot_fail(err, OT_REFUSED, "the kernel refuses tracing PID %d, "
		       "although we are root: a security module (SELinux "
		       "deny_ptrace, AppArmor) or another user namespace "
		       "forbids it", pid);
}
