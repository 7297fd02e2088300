/* SPDX-License-Identifier: MIT */
/*
 * Calls in a stopped thread, so that the thread comes to no harm at whatever
 * instant we die.
 *
 * Invariants while `entered`:
 *  1. A frame as for a signal handler lies in memory, complete, before the
 *     thread's registers change, and stays until they are its own again.
 *  2. Whatever the registers are, running on from them ends in the restorer
 *     with the stack pointer at that frame.  So a thread that nobody watches
 *     any more finishes the call it is in and is put back by the kernel.
 *  3. The signal mask is changed after the registers and put back before
 *     them: a thread let go in between has the frame to restore it.
 *
 * A living tracer does not let it come to that.  It resumes the thread by
 * PTRACE_SYSCALL and meets it at the entry of rt_sigreturn, where it makes
 * the kernel leave that call out (see leave_out) and either starts the next call or puts the
 * saved registers back.  The latter is done from a stop on the kernel's
 * signal path, since only from there are interrupted system calls restarted.
 *
 * Cost: some 5 us a stop, four stops a call and two for each system call that
 * the called function makes.
 */
#include "config.h"
#include "inspector/target/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/units.h"
#include "inspector/target/breaks.h"
#include "inspector/target/proc.h"

#define STOP_US		1000000u	/* for a thread to stop */
#define CALL_US		8000000u	/* for a call to come back */
#define SLICE_NS	1000000		/* between looks without a signal */

/* Signals that come from what an instruction does; never blocked. */
#define SYNC_SIGNALS	(1ull << (SIGTRAP - 1) | 1ull << (SIGSEGV - 1) | \
			 1ull << (SIGBUS - 1) | 1ull << (SIGILL - 1) | \
			 1ull << (SIGFPE - 1))

enum stop { STOP_EVENT, STOP_SYSCALL, STOP_SIGNAL, STOP_GONE, STOP_TIMEOUT };

/*
 * Waits for the thread to stop.  SIGCHLD, which is blocked, ends the sleep;
 * should it be missed, a look every millisecond finds the stop too.
 */
static enum stop
wait_stop(struct tracee *t, uint64_t timeout_us, int *sig)
{
	uint64_t end = ot_now_us() + timeout_us;
	struct timespec slice = { 0, SLICE_NS };
	sigset_t chld;
	int status;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		pid_t got = waitpid(t->tid, &status, __WALL | WNOHANG);

		if (got == t->tid)
			break;
		if (got < 0 && errno != EINTR)
			return STOP_GONE;
		if (ot_now_us() >= end)
			return STOP_TIMEOUT;
		sigtimedwait(&chld, NULL, &slice);
	}
	if (!WIFSTOPPED(status)) {
		t->seized = t->stopped = false;
		return STOP_GONE;
	}
	t->stopped = true;
	*sig = WSTOPSIG(status);
	if (status >> 16 == PTRACE_EVENT_STOP)
		return STOP_EVENT;
	if (*sig == (SIGTRAP | 0x80))
		return STOP_SYSCALL;
	return STOP_SIGNAL;
}

static bool
resume(struct tracee *t, int how, int sig)
{
	if (ptrace(how, t->tid, 0, (void *)(uintptr_t)sig) != 0)
		return false;
	t->stopped = false;
	return true;
}

bool
tracee_stop(struct tracee *t, pid_t tid, const char **why)
{
	uint64_t end;
	int sig;

	t->tid = tid;
	t->entered = t->lost = false;
	t->sig = 0;
	if (ptrace(PTRACE_SEIZE, tid, 0, (void *)PTRACE_O_TRACESYSGOOD) != 0) {
		*why = errno == ESRCH ? "the thread has ended" :
			"the kernel refuses tracing it";
		return false;
	}
	t->seized = true;
	t->stopped = false;
	t->stop_began = ot_now_us();
	end = t->stop_began + STOP_US;
	if (ptrace(PTRACE_INTERRUPT, tid, 0, 0) != 0) {
		*why = "it cannot be interrupted";
		return false;
	}
	for (;;) {
		uint64_t now = ot_now_us();

		switch (wait_stop(t, now < end ? end - now : 0, &sig)) {
		case STOP_EVENT:
			if (sig == SIGTRAP)
				return true;
			*why = "the process is stopped by a signal";
			return false;
		case STOP_SIGNAL:	/* its own; the interrupt follows */
			resume(t, PTRACE_CONT, sig);
			break;
		case STOP_SYSCALL:
			resume(t, PTRACE_CONT, 0);
			break;
		case STOP_GONE:
			*why = "the thread has ended";
			return false;
		case STOP_TIMEOUT:
			*why = "it waits in the kernel and does not stop";
			return false;
		}
	}
}

void
tracee_release(struct tracee *t)
{
	int sig = 0, tries;

	if (!t->seized)
		return;
	/* Stopped on a signal of its own: it gets it. */
	if (!t->stopped && ptrace(PTRACE_INTERRUPT, t->tid, 0, 0) == 0)
		for (tries = 0; tries < 16; tries++) {
			enum stop s = wait_stop(t, STOP_US / 4, &sig);

			if (s == STOP_SIGNAL)
				break;
			sig = 0;
			if (s != STOP_SYSCALL)
				break;
			resume(t, PTRACE_CONT, 0);
		}
	if (t->stopped)
		ptrace(PTRACE_DETACH, t->tid, 0, (void *)(uintptr_t)sig);
	if (t->stop_began != 0)
		t->stopped_us += ot_now_us() - t->stop_began;
	t->stop_began = 0;
	t->seized = t->stopped = false;
}

/* Writes the frame of the saved state below `top`. */
static bool
place_frame(struct tracee *t, uint64_t top)
{
	cpu_frame(&t->saved, &t->ext, t->mask, top, &t->lm->way, &t->frame);
	return proc_mem_write(t->mem, t->frame.at, t->frame.data,
			      t->frame.len);
}

bool
tracee_enter(struct tracee *t)
{
	if (!cpu_get(t->tid, &t->saved) || !cpu_ext_get(t->tid, &t->ext) ||
	    ptrace(PTRACE_GETSIGMASK, t->tid, (void *)sizeof(t->mask),
		   &t->mask) != 0)
		return false;
	return tracee_own_stack(t);
}

bool
tracee_use_stack(struct tracee *t, uint64_t top)
{
	return place_frame(t, top);
}

bool
tracee_own_stack(struct tracee *t)
{
	return place_frame(t, cpu_sp(&t->saved));
}

/*
 * To make the kernel leave a system call out is to make it number -1 of it,
 * which a filter that ends the program for all it does not know does not
 * know.  There the call left out becomes getpid.  The registers are such that
 * a thread nobody watches begins leaving anew.
 */
static bool
leave_out(struct tracee *t)
{
	const uint64_t none[3] = { 0, 0, 0 };
	struct cpu c;

	if (!cpu_get(t->tid, &c))
		return false;
	cpu_again(&c, &t->frame, &t->lm->way);
	if (t->filtered)
		return cpu_swap_syscall(t->tid, &c, SYS_getpid, none);
	return cpu_set(t->tid, &c) && cpu_skip_syscall(t->tid);
}

/* ... and behind it, where registers are no arguments of it any more. */
static bool
pass_left_out(struct tracee *t)
{
	int sig, tries;

	if (!leave_out(t))
		return false;
	for (tries = 0; tries < 16; tries++) {
		if (!resume(t, PTRACE_SYSCALL, 0))
			return false;
		switch (wait_stop(t, STOP_US, &sig)) {
		case STOP_SYSCALL:
			return true;
		case STOP_EVENT:
			break;
		default:
			return false;
		}
	}
	return false;
}

/*
 * From the stop at which a call came back (or the first stop) into the next
 * call.
 */
static bool
begin_call(struct tracee *t, uint64_t fn, const uint64_t *arg, size_t nargs)
{
	uint64_t all = ~SYNC_SIGNALS;
	struct cpu c = t->saved;

	cpu_call(&c, &t->frame, &t->lm->way, fn, arg, nargs);
	if (t->entered && t->filtered)
		return pass_left_out(t) && cpu_set(t->tid, &c);
	if (!cpu_set(t->tid, &c))
		return false;
	if (t->entered)
		return cpu_skip_syscall(t->tid);
	t->entered = true;
	return ptrace(PTRACE_SETSIGMASK, t->tid, (void *)sizeof(all), &all)
		== 0;
}

/*
 * At a system call stop: if it is the entry of open() for the path that leads
 * nowhere, it becomes fcntl(fd, F_DUPFD_CLOEXEC, 0).  Should we be gone before
 * it is reached, there is no such file, and that is all.
 */
static void
swap_open(struct tracee *t, struct cpu *c)
{
	uint64_t arg[3], at;
	char path[128];
	size_t len;
	int mem = t->mem;

	if (t->swap_path == NULL || !cpu_opens(t->tid, c, &at))
		return;
	len = strlen(t->swap_path) + 1;
	if (len > sizeof(path) || !proc_mem_read(&mem, at, path, len) ||
	    memcmp(path, t->swap_path, len) != 0)
		return;
	arg[0] = (uint64_t)t->swap_fd;
	arg[1] = F_DUPFD_CLOEXEC;
	arg[2] = 0;
	cpu_swap_syscall(t->tid, c, SYS_fcntl, arg);
}

bool
tracee_call(struct tracee *t, uint64_t fn, const uint64_t *arg, size_t nargs,
	    uint64_t *result)
{
	uint64_t end = ot_now_us() + CALL_US;
	struct cpu c;
	int sig;

	if (t->lost || t->sig != 0 || !t->stopped ||
	    !begin_call(t, fn, arg, nargs))
		return false;
	for (;;) {
		uint64_t now;

		if (!resume(t, PTRACE_SYSCALL, 0)) {
			t->lost = true;
			return false;
		}
		now = ot_now_us();
		switch (wait_stop(t, now < end ? end - now : 0, &sig)) {
		case STOP_SYSCALL:
			if (!cpu_get(t->tid, &c)) {
				t->lost = true;
				return false;
			}
			if (!cpu_at_return(&c, &t->frame, &t->lm->way)) {
				swap_open(t, &c);
				if (t->on_syscall != NULL)
					t->on_syscall(t->on_syscall_ctx);
				break;
			}
			return cpu_result(&c, &t->frame, t->mem, result);
		case STOP_EVENT:	/* group stops wait until we leave */
			break;
		case STOP_SIGNAL:
			t->sig = sig;
			return false;
		case STOP_GONE:
		case STOP_TIMEOUT:
			t->lost = true;
			return false;
		}
	}
}

/*
 * To a stop on the signal path: leaves rt_sigreturn out, to begin it anew, and
 * is interrupted before it can.
 */
static bool
to_signal_path(struct tracee *t)
{
	int sig, tries;

	if (!leave_out(t) || ptrace(PTRACE_INTERRUPT, t->tid, 0, 0) != 0)
		return false;
	for (tries = 0; tries < 16; tries++) {
		if (!resume(t, PTRACE_CONT, 0))
			return false;
		switch (wait_stop(t, STOP_US, &sig)) {
		case STOP_EVENT:
			return true;
		case STOP_SYSCALL:
		case STOP_SIGNAL:
			break;
		default:
			return false;
		}
	}
	return false;
}

bool
tracee_leave(struct tracee *t)
{
	static const unsigned char none[CPU_STALE_MAX];
	struct cpu c = t->saved;
	bool ok;

	if (!t->entered)
		return true;
	if (t->lost || !t->stopped)
		return false;
	/* A signal stop is on the signal path already. */
	if (t->sig == 0 && !to_signal_path(t)) {
		t->lost = true;
		return false;
	}
	cpu_restartable(&c, t->mem);
	ok = cpu_ext_set(t->tid, &t->ext) &&
		ptrace(PTRACE_SETSIGMASK, t->tid, (void *)sizeof(t->mask),
		       &t->mask) == 0 &&
		cpu_set(t->tid, &c);
	if (!ok) {
		t->lost = true;
		return false;
	}
	t->entered = false;
	/* So that a later look does not take it for a handler's frame. */
	proc_mem_write(t->mem, t->frame.stale, none, t->frame.stale_len);
	return true;
}

bool
tracee_run_on(struct tracee *t, uint64_t timeout_us,
	      bool (*at)(struct tracee *t, void *ctx), void *ctx)
{
	uint64_t now, end = ot_now_us() + timeout_us;
	bool entry = true, liked = false, asked = false;
	int sig, pass = 0;
	enum stop s;

	t->stopped_us += ot_now_us() - t->stop_began;
	for (;;) {
		now = ot_now_us();
		asked = asked || now >= end;
		/* Any other stop makes the kernel forget that it was asked. */
		if (asked && ptrace(PTRACE_INTERRUPT, t->tid, 0, 0) != 0)
			break;
		if (t->stopped && !resume(t, asked ? PTRACE_CONT :
					  PTRACE_SYSCALL, pass))
			break;
		s = wait_stop(t, asked ? STOP_US : end - now, &sig);
		pass = s == STOP_SIGNAL ? sig : 0;
		if (s == STOP_GONE || (asked && (s == STOP_TIMEOUT ||
						 s == STOP_EVENT)))
			break;
		if (s != STOP_SYSCALL)
			continue;
		if (entry && !asked && at(t, ctx)) {
			liked = true;
			end = 0;
		}
		entry = !entry;
	}
	t->stop_began = ot_now_us();
	return liked && t->stopped;
}

static bool
at_one_of(struct tracee *t, const uint64_t *addr, size_t n)
{
	struct cpu c;
	size_t i;

	if (!cpu_get(t->tid, &c))
		return false;
	for (i = 0; i < n; i++)
		if (cpu_pc(&c) == addr[i])
			return true;
	return false;
}

bool
tracee_run_to(struct tracee *t, const uint64_t *addr, size_t n,
	      uint64_t timeout_us)
{
	uint64_t end = ot_now_us() + timeout_us;
	bool hit = false, asked = false;
	int sig, pass = 0;
	struct breaks b;

	if (!breaks_set(&b, t->tid, addr, n))
		return false;
	/* It runs: what passes until it stops again is no stop of ours. */
	t->stopped_us += ot_now_us() - t->stop_began;
	while (resume(t, PTRACE_CONT, pass)) {
		uint64_t now = ot_now_us();
		enum stop s = wait_stop(t, now < end ? end - now :
					asked ? STOP_US : 0, &sig);

		pass = 0;
		if (s == STOP_GONE)
			break;
		if (s == STOP_TIMEOUT) {
			if (asked || ptrace(PTRACE_INTERRUPT, t->tid, 0, 0))
				break;
			asked = true;
			s = wait_stop(t, STOP_US, &sig);
		}
		if (s == STOP_SIGNAL && sig == SIGTRAP &&
		    at_one_of(t, addr, n)) {
			hit = true;
			break;
		}
		if (s == STOP_EVENT && asked)
			break;
		if (s == STOP_SIGNAL && !(sig == SIGTRAP && breaks_hit(t->tid)))
			pass = sig;
	}
	t->stop_began = ot_now_us();
	breaks_clear(&b, t->tid);
	/* One that came while the stop was asked for is not the program's. */
	while (t->stopped && breaks_pending(t->tid))
		if (!resume(t, PTRACE_CONT, 0) ||
		    wait_stop(t, STOP_US, &sig) == STOP_GONE)
			break;
	return hit;
}
