/* SPDX-License-Identifier: MIT */
/*
 * What a process is busy with, for the message that says why it keeps us
 * waiting.  Two looks 30 ms apart: the thread that used most time in between
 * is the one that does not let go of the interpreter; where none did, the
 * main thread is described.
 */
#include "config.h"
#include "inspector/target/entry.h"
#include "inspector/target/target_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/escape.h"

static const char *
state_words(char state)
{
	switch (state) {
	case 'R':
		return "is running";
	case 'D':
		return "waits for a disk or a device (state D)";
	case 'T':
		return "is stopped by a signal (state T)";
	case 't':
		return "is stopped by a debugger (state t)";
	case 'Z':
	case 'X':
		return "has ended";
	default:
		return "waits in the kernel";
	}
}

static uint64_t
ticks_of(pid_t pid, pid_t tid)
{
	struct proc_stat st;

	return proc_stat_read(pid, tid, &st) ? st.cpu_ticks : 0;
}

/* The busiest thread that is not the agent's; pid itself where none is. */
static pid_t
busiest(pid_t pid)
{
	const struct timespec pause = { 0, 30000000 };
	uint64_t *before, best = 0;
	pid_t *tids, found = pid;
	size_t n, i;

	if (!proc_ids(pid, &tids, &n))
		return pid;
	before = calloc(n + 1, sizeof(*before));
	for (i = 0; before != NULL && i < n; i++)
		before[i] = ticks_of(pid, tids[i]);
	nanosleep(&pause, NULL);
	for (i = 0; before != NULL && i < n; i++) {
		uint64_t now = ticks_of(pid, tids[i]);

		if (now <= before[i] || now - before[i] <= best ||
		    safepoint_is_agent(pid, tids[i]))
			continue;
		best = now - before[i];
		found = tids[i];
	}
	free(before);
	free(tids);
	return found;
}

void
doing_describe(pid_t pid, char *dst, size_t cap)
{
	pid_t tid = busiest(pid);
	struct proc_syscall sc;
	struct proc_stat st;
	char comm[64];

	if (!proc_stat_read(pid, tid, &st)) {
		snprintf(dst, cap, "it has ended");
		return;
	}
	ot_escape_to(comm, sizeof(comm), st.comm, strlen(st.comm),
		     OT_ESC_TERM);
	if (st.state == 'S' && proc_syscall_read(pid, tid, &sc) &&
	    !sc.running && sc.nr >= 0)
		snprintf(dst, cap, "%s %d (%s) waits in system call %ld",
			 tid == pid ? "main thread" : "thread", (int)tid, comm,
			 sc.nr);
	else
		snprintf(dst, cap, "%s %d (%s) %s", tid == pid ? "main thread"
			 : "thread", (int)tid, comm, state_words(st.state));
}
