/* SPDX-License-Identifier: MIT */
/*
 * What seccomp filters would do to us, known before the first call is made.
 *
 * A filter answers a system call with an error, and then entering fails in
 * good order; or it ends the program, and then entering would be the end of
 * it.  Who has CAP_SYS_ADMIN, and no filter himself, can read a traced
 * thread's filters: they are run here for each call of filter_calls.def.
 * Everybody else can try those calls on himself, where he has the same
 * filters: inside a container that is so for all its processes, since a
 * filter is inherited and never comes off.  Where neither is possible nothing
 * is called.
 *
 * Two calls are worse than they look.  glibc from 2.35 on ends the program
 * when a thread cannot register rseq and the first one could; and it falls
 * back from clone3 to clone for ENOSYS only.
 */
#include "config.h"
#include "inspector/target/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "inspector/target/filter_bpf.h"
#include "inspector/target/trace_right.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_rseq
#if defined(__x86_64__)
#define SYS_rseq 334
#else
#define SYS_rseq 293
#endif
#endif

#define MAX_FILTERS	64u
#define MAX_PARENTS	64

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#define MUST FILTER_MUST
#define MAY FILTER_MAY
#define ALT FILTER_ALT

const struct filter_trial filter_trials[FILTER_CALLS] = {
#define FILTER_CALL(word, name, nr, need, a, b, c, d, e, f) \
	{ name, nr, need, { a, b, c, d, e, f } },
#include "inspector/target/filter_calls.def"
};

bool
filter_allows(const struct filter_view *v, enum filter_call c)
{
	uint32_t action = v->verdict[c] & SECCOMP_RET_ACTION_FULL;

	return !v->any || action == SECCOMP_RET_ALLOW ||
		action == SECCOMP_RET_LOG;
}

bool
filter_is_deadly(const struct filter_view *v, enum filter_call c)
{
	if (!v->any)
		return false;
	switch (v->verdict[c] & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return true;
	}
	return false;
}

/* As the kernel orders actions: the lowest, signed, is the strictest. */
static bool
is_stricter(uint32_t a, uint32_t b)
{
	return (int32_t)(a & SECCOMP_RET_ACTION_FULL) <
		(int32_t)(b & SECCOMP_RET_ACTION_FULL);
}

void
filter_add(struct filter_view *v, const struct sock_filter *f, size_t n)
{
	size_t i, k;

	for (i = 0; i < FILTER_CALLS; i++) {
		struct seccomp_data data = { .nr = (int)filter_trials[i].nr,
					     .arch = OUR_ARCH };
		uint32_t verdict;

		for (k = 0; k < OT_ARRAY_LEN(data.args); k++)
			data.args[k] = (uint64_t)filter_trials[i].arg[k];
		verdict = filter_bpf_run(f, n, &data);
		if (!v->any || is_stricter(verdict, v->verdict[i]))
			v->verdict[i] = verdict;
	}
	v->any = v->known = true;
}

/* Of a stopped tracee.  False: they may not be read. */
static bool
read_filters(pid_t tid, struct filter_view *v)
{
	uintptr_t index;

	memset(v, 0, sizeof(*v));
	for (index = 0; index < MAX_FILTERS; index++) {
		struct sock_filter *f;
		long n, got;

		n = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, (void *)index,
			   NULL);
		if (n < 0 && errno == ENOENT && index > 0)
			return v->known;
		if (n <= 0)
			break;
		f = calloc((size_t)n, sizeof(*f));
		if (f == NULL)
			break;
		got = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, (void *)index, f);
		if (got == n)
			filter_add(v, f, (size_t)n);
		free(f);
		if (got != n)
			break;
	}
	v->known = false;
	return false;
}

static bool
has_filters(pid_t pid, int count)
{
	struct proc_status st;

	return proc_status_read(pid, &st) && st.seccomp == 2 &&
		st.seccomp_filters == count;
}

/* The nearest ancestor, or itself, that is one of `of`; 0: none. */
static pid_t
meets(pid_t pid, const pid_t *of, size_t n)
{
	struct proc_stat st;
	size_t i, k;

	for (k = 0; k < MAX_PARENTS && pid > 0; k++) {
		for (i = 0; i < n; i++)
			if (of[i] == pid)
				return pid;
		pid = proc_stat_read(pid, 0, &st) ? st.ppid : 0;
	}
	return 0;
}

/*
 * As many as we; and so many has where both come from, or, for what was put into a container
 * from outside, the container's first process.
 */
bool
filter_is_ours(const struct suspect *s)
{
	struct proc_status self;
	pid_t ours[MAX_PARENTS], from;
	struct proc_stat st;
	size_t n = 0;
	int count;

	if (!proc_status_read(getpid(), &self) || self.seccomp != 2 ||
	    s->status.seccomp != 2)
		return false;
	count = self.seccomp_filters;
	if (count <= 0 || s->status.seccomp_filters != count)
		return false;
	for (from = getpid(); n < MAX_PARENTS && from > 0; n++) {
		ours[n] = from;
		from = proc_stat_read(from, 0, &st) ? st.ppid : 0;
	}
	from = meets(s->pid, ours, n);
	if (from > 0 && has_filters(from, count))
		return true;
	return has_filters(1, count) && trace_same_ns(s->pid, "pid") &&
		trace_same_ns(s->pid, "mnt");
}

static bool
may_read(void)
{
	struct proc_status self;

	return proc_status_read(getpid(), &self) && self.seccomp == 0 &&
		(self.cap_eff >> 21 & 1) && trace_in_first_userns();
}

static enum ot_status
refuse_unknown(const struct suspect *s, struct ot_err *err)
{
	int pid = (int)s->pid;

	if (geteuid() != 0)
		return ot_fail(err, OT_REFUSED, "PID %d has a seccomp filter "
			       "that only root can read, and what it forbids "
			       "could end the program: sudo objtop %d", pid,
			       pid);
	return ot_fail(err, OT_REFUSED, "PID %d has a seccomp filter that "
		       "cannot be read from in here, and what it forbids "
		       "could end the program: run objtop as root outside of "
		       "the container", pid);
}

bool
filter_probe(const struct suspect *s, struct ot_err *err)
{
	if (s->status.seccomp == 0 || may_read() || filter_is_ours(s))
		return true;
	refuse_unknown(s, err);
	return false;
}

void
filter_prepare(const struct suspect *s, struct filter_view *v)
{
	memset(v, 0, sizeof(*v));
	if (s->status.seccomp != 0 && !may_read() && filter_is_ours(s))
		v->known = filter_try_self(v);
}

enum ot_status
filter_blame(const struct filter_view *v, enum filter_call c, pid_t pid,
	     struct ot_err *err)
{
	const char *name = filter_trials[c].name;

	if (filter_is_deadly(v, c))
		return ot_fail(err, OT_REFUSED, "the seccomp filter of PID %d "
			       "would end it for calling %s: permit it there, "
			       "or start it without the filter", (int)pid,
			       name);
	return ot_fail(err, OT_REFUSED, "the seccomp filter of PID %d refuses "
		       "%s: permit it in the container's profile", (int)pid,
		       name);
}

enum ot_status
filter_judge(const struct filter_view *v, bool clone3, bool rseq, pid_t pid,
	     struct ot_err *err)
{
	uint32_t of_clone3 = v->verdict[FILTER_CLONE3];
	size_t i;

	if (!v->any)
		return OT_OK;
	for (i = 0; i < FILTER_CALLS; i++) {
		enum filter_call c = (enum filter_call)i;

		if ((filter_trials[i].need != ALT && filter_is_deadly(v, c)) ||
		    (filter_trials[i].need == MUST && !filter_allows(v, c)))
			return filter_blame(v, c, pid, err);
	}
	if (clone3 && !filter_allows(v, FILTER_CLONE3) &&
	    of_clone3 != (SECCOMP_RET_ERRNO | ENOSYS))
		return filter_blame(v, FILTER_CLONE3, pid, err);
	if (rseq && !filter_allows(v, FILTER_RSEQ))
		return ot_fail(err, OT_REFUSED, "the seccomp filter of PID %d "
			       "forbids rseq, for which its C library ends the "
			       "program when a thread starts: permit it there",
			       (int)pid);
	if (!filter_allows(v, FILTER_SOCKETPAIR) &&
	    !(filter_allows(v, FILTER_SOCKET) &&
	      filter_allows(v, FILTER_CONNECT)))
		return filter_blame(v, FILTER_SOCKETPAIR, pid, err);
	if (!filter_allows(v, FILTER_MEMFD) &&
	    !filter_allows(v, FILTER_RECVMSG))
		return filter_blame(v, FILTER_MEMFD, pid, err);
	return OT_OK;
}

enum ot_status
filter_thread(const struct suspect *s, pid_t tid, const struct landmarks *lm,
	      struct filter_view *v, struct ot_err *err)
{
	struct filter_view fresh;
	struct proc_status st;

	/* A thread may have other filters than the first one. */
	if (!proc_status_read(tid, &st))
		return ot_fail(err, OT_REFUSED, "PID %d has just ended",
			       (int)s->pid);
	if (st.seccomp == 0) {
		memset(v, 0, sizeof(*v));
		v->known = true;
		return OT_OK;
	}
	if (read_filters(tid, &fresh))
		*v = fresh;
	else if (!v->known ||
		 st.seccomp_filters != s->status.seccomp_filters)
		return refuse_unknown(s, err);
	return filter_judge(v, lm->clone3, lm->rseq, s->pid, err);
}
