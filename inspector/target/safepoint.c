/* SPDX-License-Identifier: MIT */
/*
 * Where a thread may be made to call dlopen.
 *
 * dlopen takes the loader's lock and calls malloc, so it must not be called
 * in a thread that holds a lock of either.  One thread is stopped, all others
 * run on: a lock that they hold is given back sooner or later.  A thread is
 * at a safe point where
 *
 *  - it waits in a system call that neither malloc nor the loader makes, or
 *  - it runs in text that is not the C library's, the loader's or an
 *    allocator's,
 *  - and it is not in a signal handler that interrupted it elsewhere.
 *
 * Which system call a thread is in can be read without stopping it, so the
 * best candidate is picked first.  A program that is never caught outside
 * (a loop around memcpy, say) is let run to one of the return addresses on
 * its stack, by breakpoints in the debug registers, which are the thread's
 * own: no text is changed.  Nothing here depends on what the interpreter is
 * doing, since nothing of it is called.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/units.h"

#define SCAN_WORDS	8192u		/* of the stack: 64 KiB */
#define STACK_ROOM	16384u		/* needed below the stack pointer */
#define RUN_TO_US	500000u
#define PATIENT_TRIES	3		/* before a thread is made to run on */
#define SETTLE_US	10000u
#define SETTLE_SLICE_US	1200u
#define SETTLE_NS	1000000u	/* more than it takes to count threads */
#define SETTLE_TRIES	40		/* then a warning is the lesser evil */

static void
doze(uint64_t us)
{
	struct timespec ts = { (time_t)(us / 1000000),
			       (long)(us % 1000000) * 1000 };

	nanosleep(&ts, NULL);
}

/* Sockets, pipes, terminals, eventfds: what one can wait for. */
static bool
is_waitable(pid_t pid, uint64_t fd)
{
	char path[64];
	struct stat st;

	if (fd > INT32_MAX)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, (int)fd);
	if (stat(path, &st) != 0)
		return false;
	return S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode) ||
		S_ISCHR(st.st_mode) || (st.st_mode & S_IFMT) == 0;
}

/* A pipe takes so much at once or nothing. */
static bool
is_atomic_write(pid_t pid, uint64_t fd, uint64_t len)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, (int)fd);
	return len <= PIPE_BUF && stat(path, &st) == 0 &&
		S_ISFIFO(st.st_mode);
}

/*
 * How good a place to stop a system call is: 3 best, 0 none.  Those that end
 * with EINTR when stopped (the program must cope with that, but may be slow
 * at it) are the last choice.  What may be half done (a long write, a read
 * with MSG_WAITALL) ends with the part that is done when it is stopped: a
 * short count, which the program may not expect.  It is left alone, unless it
 * is `late`: such a call has then lasted for seconds, and nothing else is
 * there to be stopped.
 */
static int
rank_syscall(pid_t pid, long nr, const uint64_t *arg, bool late)
{
	switch (nr) {
	case SYS_futex:
		/*
		 * Condition variables, semaphores and joins wait with a
		 * bitset; mutexes, those of malloc too, do not.
		 */
		return (arg[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET ? 3 : 0;
#ifdef SYS_select
	case SYS_select:
	case SYS_poll:
	case SYS_pause:
#endif
	case SYS_pselect6:
	case SYS_ppoll:
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
	case SYS_wait4:
	case SYS_waitid:
	case SYS_rt_sigsuspend:
	case SYS_flock:
	case SYS_connect:
		return 2;
	case SYS_write:
		if (is_atomic_write(pid, arg[0], arg[2]))
			return 2;
		return late && is_waitable(pid, arg[0]);
	case SYS_writev:
	case SYS_sendto:
	case SYS_sendmsg:
		return late && is_waitable(pid, arg[0]);
	case SYS_recvfrom:
		if (arg[3] & MSG_WAITALL)
			return late;
		return is_waitable(pid, arg[0]) ? 2 : 0;
	case SYS_recvmsg:
		if (arg[2] & MSG_WAITALL)
			return late;
		return is_waitable(pid, arg[0]) ? 2 : 0;
	case SYS_read:
	case SYS_readv:
	case SYS_accept:
	case SYS_accept4:
		return is_waitable(pid, arg[0]) ? 2 : 0;
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
	case SYS_epoll_pwait:
#ifdef SYS_epoll_pwait2
	case SYS_epoll_pwait2:
#endif
	case SYS_rt_sigtimedwait:
	case SYS_semtimedop:
	case SYS_msgrcv:
	case SYS_io_getevents:
		return 1;
	}
	return 0;
}

bool
safepoint_is_agent(pid_t pid, pid_t tid)
{
	struct proc_stat st;

	/* comm is cut at 15 characters; the name has fewer */
	return proc_stat_read(pid, tid, &st) &&
		strcmp(st.comm, OTW_THREAD_NAME) == 0;
}

/* The thread to try next; 0: none at the moment. */
static pid_t
pick_thread(pid_t pid, unsigned *seed, bool late)
{
	pid_t *tids, best = 0, running = 0;
	int best_rank = 0;
	size_t n, i, nrunning = 0;

	if (!proc_ids(pid, &tids, &n))
		return 0;
	for (i = 0; i < n; i++) {
		struct proc_syscall sc;
		int rank;

		if (!proc_syscall_read(pid, tids[i], &sc) ||
		    safepoint_is_agent(pid, tids[i]))
			continue;
		if (sc.running) {
			/* Each of them with the same chance. */
			nrunning++;
			if ((size_t)rand_r(seed) % nrunning == 0)
				running = tids[i];
			continue;
		}
		if (sc.nr < 0)
			continue;
		rank = rank_syscall(pid, sc.nr, sc.arg, late) * 2;
		if (rank > 0 && tids[i] == pid)
			rank++;
		if (rank > best_rank) {
			best_rank = rank;
			best = tids[i];
		}
	}
	free(tids);
	return best != 0 ? best : running;
}

static bool
is_safe_text(const struct proc_maps *maps, uint64_t addr)
{
	const struct proc_map *m = proc_maps_at(maps, addr);

	return m != NULL && m->perm[2] == 'x' && !m->unsafe;
}

static bool
is_loader(const struct proc_map *m)
{
	return strncmp(proc_base_name(m->path), "ld-", 3) == 0;
}

/* The stack from its pointer up; the number of words read. */
static size_t
read_stack(const struct tracee *t, const struct proc_maps *maps, uint64_t sp,
	   uint64_t *words)
{
	const struct proc_map *m = proc_maps_at(maps, sp);
	size_t n = SCAN_WORDS;
	int mem = t->mem;

	if (m == NULL)
		return 0;
	sp &= ~7ull;
	if ((m->end - sp) / 8 < n)
		n = (size_t)((m->end - sp) / 8);
	return proc_mem_read(&mem, sp, words, n * 8) ? n : 0;
}

static bool
in_handler(const struct tracee *t, const struct proc_maps *maps,
	   const uint64_t *words, size_t n)
{
	uint64_t mask = 0, pc;
	size_t i;

	if (ptrace(PTRACE_GETSIGMASK, t->tid, (void *)sizeof(mask), &mask))
		return true;
	for (i = 0; cpu_find_frame(words, n, t->lm->way.restorer, mask, &i, &pc);
	     i++)
		if (!is_safe_text(maps, pc))
			return true;
	return false;
}

/*
 * Why the stopped thread is not at a safe point; NULL: it is.  *movable says
 * whether letting it run on would help.
 */
static const char *
unsafe_reason(const struct tracee *t, const struct suspect *s, uint64_t *words,
	      size_t *nwords, bool *movable)
{
	const struct proc_map *m, *stack;
	uint64_t arg[6], at = 0;
	struct cpu c;
	long nr;

	*movable = false;
	*nwords = 0;
	if (!cpu_get(t->tid, &c) || !cpu_usable(t->tid, &c, t->mem))
		return "it has no thread state of the C library";
	stack = proc_maps_at(&s->maps, cpu_sp(&c));
	if (stack == NULL || stack->perm[1] != 'w' ||
	    cpu_sp(&c) - stack->start < STACK_ROOM)
		return "its stack is almost used up";
	*nwords = read_stack(t, &s->maps, cpu_sp(&c), words);
	nr = cpu_syscall(&c, t->mem, arg, &at);
	if (nr >= 0) {
		m = proc_maps_at(&s->maps, cpu_pc(&c));
		*movable = true;
		if (at == 0 || m == NULL || is_loader(m) ||
		    rank_syscall(t->pid, nr, arg, true) == 0)
			return "it is in a system call of the allocator or "
				"the loader";
	} else if (!is_safe_text(&s->maps, cpu_pc(&c))) {
		*movable = true;
		return "it runs in the C library or an allocator";
	}
	if (in_handler(t, &s->maps, words, *nwords))
		return "it is in a signal handler";
	return NULL;
}

/* Return addresses in safe text, innermost first. */
static size_t
return_addresses(const struct tracee *t, const struct proc_maps *maps,
		 const uint64_t *words, size_t n, uint64_t *out)
{
	size_t found = 0, i, k;
	int mem = t->mem;

	for (i = 0; i < n && found < CPU_BREAKS; i++) {
		uint64_t addr = cpu_code(words[i]);
		unsigned char before[8];

		if (!is_safe_text(maps, addr) ||
		    !proc_mem_read(&mem, addr - sizeof(before), before,
				   sizeof(before)) ||
		    !cpu_is_call(before, sizeof(before)))
			continue;
		for (k = 0; k < found && out[k] != addr; k++)
			;
		if (k == found)
			out[found++] = addr;
	}
	return found;
}

static bool
is_fork(long nr, const uint64_t *arg)
{
	switch (nr) {
#ifdef SYS_fork
	case SYS_fork:
	case SYS_vfork:
#endif
#ifdef SYS_clone3
	case SYS_clone3:
#endif
		return true;
	case SYS_clone:
		return (arg[0] & CLONE_THREAD) == 0;
	}
	return false;
}

/* Nanoseconds that a thread has run; 0: not known. */
static uint64_t
time_run(const struct tracee *t)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)t->pid,
		 (int)t->tid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

/* No threads but this one and the agent's. */
static bool
is_alone(const struct tracee *t)
{
	size_t n, i, others = 0;
	pid_t *tids;

	if (!proc_ids(t->pid, &tids, &n))
		return false;
	for (i = 0; i < n; i++)
		others += tids[i] != t->tid &&
			!safepoint_is_agent(t->pid, tids[i]);
	free(tids);
	return others == 0;
}

struct settling {
	uint64_t since;		/* time_run() when it last may have forked */
	bool forked;
};

/* At the entry of a system call: true, it is a good place to stop. */
static bool
at_syscall(struct tracee *t, void *settling)
{
	struct settling *s = settling;
	uint64_t arg[6], at = 0;
	struct cpu c;
	long nr;

	if (!cpu_get(t->tid, &c))
		return true;
	nr = cpu_syscall(&c, t->mem, arg, &at);
	if (is_fork(nr, arg)) {
		s->forked = true;
		s->since = time_run(t);
	}
	return rank_syscall(t->pid, nr, arg, false) > 0;
}

/*
 * The only thread, running, may be where os.fork() has forked and is about to
 * warn of other threads.  It is let run for longer than that takes, or until
 * it waits, which it does not do there.
 */
static const char *
unsettled(struct tracee *t)
{
	struct settling s = { .forked = false };
	uint64_t arg[6], at = 0, end;
	struct cpu c;
	long nr;

	if (!t->lm->counts_threads || !cpu_get(t->tid, &c))
		return NULL;
	nr = cpu_syscall(&c, t->mem, arg, &at);
	if (rank_syscall(t->pid, nr, arg, true) > 0 || !is_alone(t))
		return NULL;
	s.since = time_run(t);
	end = ot_now_us() + SETTLE_US;
	do {
		if (tracee_run_on(t, SETTLE_SLICE_US, at_syscall, &s))
			return NULL;
		if (!t->stopped)
			return "it has ended";
		if (time_run(t) - s.since >= SETTLE_NS)
			return NULL;
	} while (ot_now_us() < end);
	return "it may have forked just now";
}

static bool
refresh_maps(struct suspect *s)
{
	struct proc_maps fresh;

	if (!proc_maps_read(s->pid, &fresh))
		return false;
	proc_maps_release(&s->maps);
	s->maps = fresh;
	landmarks_mark(s);
	return true;
}

/* One try at one thread; true: it is held at a safe point. */
static bool
try_thread(struct entry *e, struct tracee *t, pid_t tid, uint64_t *words,
	   int tries, const char **why)
{
	uint64_t to[CPU_BREAKS];
	size_t n, nto;
	bool movable;

	if (!tracee_stop(t, tid, why))
		return false;
	if (tries < SETTLE_TRIES) {
		*why = unsettled(t);
		if (*why != NULL)
			return false;
	}
	*why = unsafe_reason(t, e->s, words, &n, &movable);
	if (*why == NULL)
		return true;
	if (tries < PATIENT_TRIES || !movable)
		return false;
	nto = return_addresses(t, &e->s->maps, words, n, to);
	if (nto == 0 || !tracee_run_to(t, to, nto, RUN_TO_US))
		return false;
	*why = unsafe_reason(t, e->s, words, &n, &movable);
	return *why == NULL;
}

static enum ot_status
give_up(const struct entry *e, pid_t tid, const char *why, struct ot_err *err)
{
	int pid = (int)e->s->pid;
	struct proc_stat st;

	if (entry_cancelled(e))
		return ot_fail(err, OT_INTERRUPTED, "interrupted");
	if (!proc_stat_read(e->s->pid, 0, &st) || st.state == 'Z')
		return ot_fail(err, OT_REFUSED, "PID %d has just ended", pid);
	if (st.state == 'T')
		return ot_fail(err, OT_REFUSED, "PID %d is stopped by a "
			       "signal: kill -CONT %d", pid, pid);
	if (tid == 0)
		return ot_fail(err, OT_REFUSED, "no thread of PID %d can be "
			       "stopped safely: all wait in the kernel; try "
			       "again with a longer --timeout", pid);
	return ot_fail(err, OT_REFUSED, "no thread of PID %d came to a point "
		       "where it can be entered safely (last, thread %d: %s); "
		       "try again with a longer --timeout", pid, (int)tid, why);
}

enum ot_status
safepoint_reach(struct entry *e, struct tracee *t, const struct landmarks *lm,
		struct ot_err *err)
{
	enum ot_status st = OT_OK;
	uint64_t *words = malloc(SCAN_WORDS * sizeof(*words));
	unsigned seed = (unsigned)ot_now_us();
	const char *why = "";
	uint64_t began = ot_now_us(), now;
	pid_t last = 0;
	int tries;

	if (words == NULL)
		return ot_fail_nomem(err, "a stack");
	t->pid = e->s->pid;
	t->lm = lm;
	landmarks_mark(e->s);
	for (tries = 0;; tries++) {
		pid_t tid;

		now = ot_now_us();
		if (entry_cancelled(e) || now >= e->deadline_us) {
			st = give_up(e, last, why, err);
			break;
		}
		if (tries % 20 == 19 && !refresh_maps(e->s)) {
			st = give_up(e, last, why, err);
			break;
		}
		tid = pick_thread(t->pid, &seed,
				  now - began > e->deadline_us - now);
		if (tid == 0) {
			doze(500);
			continue;
		}
		last = tid;
		if (try_thread(e, t, tid, words, tries, &why))
			break;
		if (!t->seized && errno == EPERM) {
			st = trace_refused(e->s, err);
			break;
		}
		tracee_release(t);
		doze(200 + (unsigned)rand_r(&seed) % 1800);
	}
	free(words);
	return st;
}
