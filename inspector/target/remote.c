/* SPDX-License-Identifier: MIT */
/*
 * A visit to a target: what every attacher needs there and nobody may forget
 * to clear away.  Calls are made on scratch memory, so that the thread's own
 * stack sees no more than a signal would put there; only making and dropping
 * that memory happens on its stack.  System calls go through the C library's
 * syscall(), which is no cancellation point.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

bool
visit_call(struct visit *v, uint64_t fn, const uint64_t *arg, size_t nargs,
	   uint64_t *result)
{
	return tracee_call(&v->t, fn, arg, nargs, result);
}

bool
visit_syscall(struct visit *v, long nr, const uint64_t *arg, size_t n,
	      int64_t *result)
{
	uint64_t a[6] = { (uint64_t)nr }, r;
	int32_t e;
	int mem = v->t.mem;

	memcpy(a + 1, arg, (n < 5 ? n : 5) * sizeof(a[0]));
	if (!visit_call(v, v->lm.syscall, a, 6, &r))
		return false;
	*result = (int64_t)r;
	if (*result == -1) {
		if (!proc_mem_read(&mem, v->errno_at, &e, sizeof(e)) || e <= 0)
			e = EIO;
		*result = -(int64_t)e;
	}
	return true;
}

enum ot_status
visit_astray(const struct visit *v, const char *what, struct ot_err *err)
{
	int pid = (int)v->e->s->pid;

	if (v->t.sig != 0)
		return ot_fail(err, OT_FAILED, "%s in PID %d ended with "
			       "signal %d (%s); the program was put back as it "
			       "was", what, pid, v->t.sig,
			       strsignal(v->t.sig));
	if (kill(v->e->s->pid, 0) != 0 && errno == ESRCH)
		return ot_fail(err, OT_FAILED, "PID %d ended while it was "
			       "entered", pid);
	return ot_fail(err, OT_FAILED, "%s in PID %d does not come back; it "
		       "was let go and carries on by itself", what, pid);
}

enum ot_status
visit_denied(const struct visit *v, const char *what, int64_t result,
	     struct ot_err *err)
{
	const struct suspect *s = v->e->s;
	int e = result < 0 && result > -4096 ? (int)-result : EIO;

	if (s->status.seccomp != 0 && (e == EPERM || e == ENOSYS ||
				       e == EACCES))
		return ot_fail(err, OT_REFUSED, "the seccomp filter of PID %d "
			       "refuses %s: permit it in the container's "
			       "profile", (int)s->pid, what);
	return ot_fail(err, OT_REFUSED, "%s fails in PID %d: %s", what,
		       (int)s->pid, strerror(e));
}

int
visit_take_fd(const struct visit *v, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, v->pidfd, fd, 0);
}

/* Where errno is, and what it says. */
static enum ot_status
save_errno(struct visit *v, struct ot_err *err)
{
	int mem = v->t.mem;

	if (!visit_call(v, v->lm.errno_location, NULL, 0, &v->errno_at))
		return visit_astray(v, "the first call", err);
	if (!proc_mem_read(&mem, v->errno_at, &v->errno_was,
			   sizeof(v->errno_was))) {
		v->errno_at = 0;
		return ot_fail(err, OT_FAILED, "errno of PID %d is not where "
			       "the C library says", (int)v->e->s->pid);
	}
	return OT_OK;
}

static enum ot_status
make_scratch(struct visit *v, struct ot_err *err)
{
	const uint64_t arg[6] = { leftover_hint(), VISIT_STACK, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS,
				  (uint64_t)-1, 0 };
	uint64_t at;

	if (!visit_call(v, v->lm.mmap, arg, 6, &at))
		return visit_astray(v, "mmap", err);
	if (at == (uint64_t)-1 || at == 0)
		return visit_denied(v, "mmap", -ENOMEM, err);
	v->scratch = at;
	leftover_note(v, NULL);
	if (!tracee_use_stack(&v->t, at + VISIT_STACK))
		return ot_fail(err, OT_FAILED, "memory made in PID %d cannot "
			       "be written", (int)v->e->s->pid);
	return leftover_clear(v) ? OT_OK :
		visit_astray(v, "clearing away what an earlier visit left",
			     err);
}

#define KCMP_MEMORY 1

/*
 * Between vfork and exec a child runs in its parent's memory: whatever is
 * loaded for it would be the parent's.
 */
static enum ot_status
check_memory(const struct suspect *s, struct ot_err *err)
{
	struct proc_stat st;

	if (!proc_stat_read(s->pid, 0, &st) || st.ppid <= 0 ||
	    syscall(SYS_kcmp, s->pid, st.ppid, KCMP_MEMORY, 0, 0) != 0)
		return OT_OK;
	return ot_fail(err, OT_REFUSED, "PID %d still shares the memory of "
		       "its parent, PID %d (it is between vfork and exec): "
		       "try again in a moment", (int)s->pid, (int)st.ppid);
}

enum ot_status
visit_begin(struct visit *v, struct entry *e, struct ot_err *err)
{
	enum ot_status st;

	memset(v, 0, sizeof(*v));
	v->e = e;
	v->ours = v->theirs = -1;
	v->t.mem = -1;
	v->pidfd = (int)syscall(SYS_pidfd_open, e->s->pid, 0);
	st = landmarks_find(e->s, &v->lm, err);
	if (st != OT_OK)
		return st;
	v->t.mem = proc_mem_open(e->s->pid, true);
	if (v->t.mem < 0)
		return trace_refused(e->s, err);
	leftover_find(v);
	filter_prepare(e->s, &v->filter);
	st = safepoint_reach(e, &v->t, &v->lm, err);
	if (st == OT_OK)
		st = check_memory(e->s, err);
	if (st == OT_OK)
		st = filter_thread(e->s, v->t.tid, &v->lm, &v->filter, err);
	if (st != OT_OK)
		return st;
	v->t.filtered = v->filter.any;
	if (!tracee_enter(&v->t))
		return ot_fail(err, OT_FAILED, "the registers of PID %d cannot "
			       "be saved; nothing was changed",
			       (int)e->s->pid);
	st = save_errno(v, err);
	if (st == OT_OK)
		st = make_scratch(v, err);
	if (st == OT_OK)
		st = visit_connect(v, err);
	/* Should it fail, the agent's end is gone: HELLO will tell. */
	if (st == OT_OK && e->first_len > 0 &&
	    send(v->ours, e->first, e->first_len, MSG_NOSIGNAL) < 0)
		e->first_len = 0;
	return st;
}

/* Takes back what was made there, as far as calls still work. */
static void
clear_away(struct visit *v, bool keep)
{
	uint64_t arg[2];
	int64_t r;

	if (!keep && v->theirs >= 0) {
		arg[0] = (uint64_t)v->theirs;
		visit_syscall(v, SYS_close, arg, 1, &r);
	}
	if (v->scratch != 0 && tracee_own_stack(&v->t)) {
		arg[0] = v->scratch;
		arg[1] = VISIT_STACK;
		if (visit_syscall(v, SYS_munmap, arg, 2, &r))
			v->scratch = 0;
	}
	if (v->errno_at != 0)
		proc_mem_write(v->t.mem, v->errno_at, &v->errno_was,
			       sizeof(v->errno_was));
}

enum ot_status
visit_end(struct visit *v, bool keep, struct ot_err *err)
{
	enum ot_status st = OT_OK;

	if (v->t.entered) {
		if (!v->t.lost && v->t.sig == 0)
			clear_away(v, keep);
		if (!tracee_leave(&v->t))
			st = visit_astray(v, "leaving", err);
	}
	tracee_release(&v->t);
	v->e->stopped_us += v->t.stopped_us;
	if (v->t.mem >= 0)
		close(v->t.mem);
	if (v->pidfd >= 0)
		close(v->pidfd);
	if (!keep && v->ours >= 0) {
		close(v->ours);
		v->ours = -1;
	}
	return st;
}
