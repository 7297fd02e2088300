/* SPDX-License-Identifier: MIT */
/*
 * breaks.h - places at which one thread of another process stops.
 */
#ifndef TARGET_BREAKS_H
#define TARGET_BREAKS_H

#include "inspector/target/regs.h"

struct breaks {
	int fd[CPU_BREAKS];	/* perf events; -1 */
	bool regs;		/* the debug registers were set by ptrace */
};

/*
 * The stopped thread stops with SIGTRAP before it executes one of these
 * addresses.  False: that cannot be had; nothing is set then.
 */
bool breaks_set(struct breaks *b, pid_t tid, const uint64_t *addr, size_t n);

/* Undoes it, while the thread is stopped. */
void breaks_clear(struct breaks *b, pid_t tid);

/* Is the SIGTRAP at which the thread stands a perf event's? */
bool breaks_hit(pid_t tid);

/* Does a SIGTRAP of ours wait for the stopped thread? */
bool breaks_pending(pid_t tid);

#endif
