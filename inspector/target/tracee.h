/* SPDX-License-Identifier: MIT */
/*
 * tracee.h - one thread of another process, held by ptrace and made to call
 * functions.
 *
 * States: free -> stopped -> (entered, calls, left) -> free.  All of it
 * happens in a process without other threads and with SIGCHLD blocked.
 */
#ifndef TARGET_TRACEE_H
#define TARGET_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inspector/target/landmarks.h"
#include "inspector/target/regs.h"

struct tracee {
	pid_t pid, tid;
	int mem;		/* /proc/PID/mem for writing */
	const struct landmarks *lm;
	bool seized, stopped;
	bool entered;		/* the registers are not its own */
	bool lost;		/* a call does not come back: let go */
	uint64_t stop_began;	/* us */
	uint64_t stopped_us;	/* sum over all stops */
	struct cpu saved;
	struct cpu_ext ext;
	uint64_t mask;		/* blocked signals, as found */
	struct cpu_frame frame;	/* under which calls are made */
	int sig;		/* of the stop in which a call went wrong */
	bool filtered;		/* a seccomp filter sees every call */
	const char *swap_path;	/* open() of this path becomes a copy of */
	int swap_fd;		/* ... this descriptor; NULL: none does */
	/* Called in a call, at each stop for a system call; may be NULL. */
	void (*on_syscall)(void *ctx);
	void *on_syscall_ctx;
};

/* Takes hold of a thread and stops it; false with a reason for people. */
bool tracee_stop(struct tracee *t, pid_t tid, const char **why);

/* Lets go, in whatever state it is. */
void tracee_release(struct tracee *t);

/* Saves everything and makes ready for calls, on the thread's own stack. */
bool tracee_enter(struct tracee *t);

/* Moves the frame below `top`, memory that was made by a call. */
bool tracee_use_stack(struct tracee *t, uint64_t top);
/* ... and back to the thread's own stack. */
bool tracee_own_stack(struct tracee *t);

/* Calls a function; false: it did not come back (t->lost, or t->sig). */
bool tracee_call(struct tracee *t, uint64_t fn, const uint64_t *arg,
		 size_t nargs, uint64_t *result);

/* Puts everything back; false: the thread is gone or lost. */
bool tracee_leave(struct tracee *t);

/*
 * Lets the stopped thread run for so long, or until `at` (called where it
 * enters a system call) likes where it is: true, and it is in that call.  It
 * is stopped again unless t->stopped says otherwise.  Nothing is left to go
 * wrong should we be killed meanwhile.
 */
bool tracee_run_on(struct tracee *t, uint64_t timeout_us,
		   bool (*at)(struct tracee *t, void *ctx), void *ctx);

/*
 * Lets the stopped thread run until it comes to one of these addresses, at
 * most so long.  False: it did not; it is stopped again all the same unless
 * t->stopped says otherwise.
 */
bool tracee_run_to(struct tracee *t, const uint64_t *addr, size_t n,
		   uint64_t timeout_us);

#endif
