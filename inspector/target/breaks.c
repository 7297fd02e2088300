/* SPDX-License-Identifier: MIT */
/*
 * Breakpoints that do not outlive us.  Set in the debug registers by ptrace
 * they would: the kernel leaves them armed when the tracer dies, and the
 * first one reached then kills the program with SIGTRAP.  As perf events that
 * are files of ours, they go when we go, before the thread is let run.  What
 * remains is the instant between a stop at one and our taking note of it.
 * Where perf events are forbidden or too old (sigtrap came with Linux 5.13)
 * the registers are set after all.
 */
#include "config.h"
#include "inspector/target/breaks.h"

#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRAP_OF_PERF	6	/* TRAP_PERF of asm-generic/siginfo.h */
#define FLAG_SIGTRAP	(1ull << 37)	/* in the flags of perf_event_attr */
#define FLAG_ON_EXEC	(1ull << 36)	/* remove_on_exec */
#define FLAG_NO_KERNEL	(1ull << 5 | 1ull << 6)
#define SIGINFOS	16

/* The flags are bit fields whose names old headers lack. */
static void
set_flags(struct perf_event_attr *a, uint64_t flags)
{
	const size_t at = offsetof(struct perf_event_attr, read_format) +
			  sizeof(a->read_format);

	memcpy((char *)a + at, &flags, sizeof(flags));
}

static int
open_event(pid_t tid, uint64_t addr)
{
	struct perf_event_attr a;

	memset(&a, 0, sizeof(a));
	a.type = PERF_TYPE_BREAKPOINT;
	/* Of Linux 5.13, by then without sig_data at the end. */
	a.size = sizeof(a) < 120 ? sizeof(a) : 120;
	a.sample_period = 1;
	a.bp_type = HW_BREAKPOINT_X;
	a.bp_addr = addr;
#if defined(__aarch64__)
	a.bp_len = HW_BREAKPOINT_LEN_4;
#else
	a.bp_len = sizeof(long);
#endif
	set_flags(&a, FLAG_SIGTRAP | FLAG_ON_EXEC | FLAG_NO_KERNEL);
	return (int)syscall(SYS_perf_event_open, &a, tid, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

static void
close_events(struct breaks *b)
{
	size_t i;

	for (i = 0; i < CPU_BREAKS; i++) {
		if (b->fd[i] >= 0)
			close(b->fd[i]);
		b->fd[i] = -1;
	}
}

bool
breaks_set(struct breaks *b, pid_t tid, const uint64_t *addr, size_t n)
{
	uint64_t mask = 0;
	size_t i;

	b->regs = false;
	for (i = 0; i < CPU_BREAKS; i++)
		b->fd[i] = -1;
	/* Blocked, it would wait for the program, or unblock itself. */
	if (ptrace(PTRACE_GETSIGMASK, tid, (void *)sizeof(mask), &mask) != 0 ||
	    mask >> (SIGTRAP - 1) & 1)
		return false;
	for (i = 0; i < n && i < CPU_BREAKS; i++) {
		b->fd[i] = open_event(tid, addr[i]);
		if (b->fd[i] < 0)
			break;
	}
	if (i == n || i == CPU_BREAKS)
		return true;
	close_events(b);
	b->regs = cpu_break_set(tid, addr, n);
	if (!b->regs)
		cpu_break_clear(tid);
	return b->regs;
}

void
breaks_clear(struct breaks *b, pid_t tid)
{
	close_events(b);
	if (b->regs)
		cpu_break_clear(tid);
	b->regs = false;
}

bool
breaks_hit(pid_t tid)
{
	siginfo_t info;

	return ptrace(PTRACE_GETSIGINFO, tid, 0, &info) == 0 &&
		info.si_code == TRAP_OF_PERF;
}

bool
breaks_pending(pid_t tid)
{
	struct __ptrace_peeksiginfo_args args = { .off = 0, .flags = 0,
						  .nr = SIGINFOS };
	siginfo_t infos[SIGINFOS];
	long n = ptrace(PTRACE_PEEKSIGINFO, tid, &args, infos), i;

	for (i = 0; i < n; i++)
		if (infos[i].si_signo == SIGTRAP &&
		    infos[i].si_code == TRAP_OF_PERF)
			return true;
	return false;
}
