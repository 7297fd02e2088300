/* SPDX-License-Identifier: MIT */
/*
 * t_target_tracee.c - calls in a child of ours, watched to their end, and
 * left alone half-way.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/target/tracee.h"
#include "tests/unit/t_target.h"

/* What the child counts and what it finds wrong, seen by both. */
struct shared {
	volatile uint64_t turns;
	volatile int wrong;
};

static struct shared *shared;
static struct suspect suspect;
static struct landmarks lm;
static struct tracee tracee;
static pid_t child;

static double
poly(double x)
{
	return ((x * 0.5 + 1.25) * x - 3) * x;
}

/* Computes without a call, waits without coming back early. */
static void
child_main(bool waits)
{
	volatile double x = 1.5;
	double want = poly(x);

	while (shared->wrong == 0) {
		uint64_t t0 = ot_now_us();
		sigset_t now;

		if (waits && (poll(NULL, 0, 20) != 0 ||
			      ot_now_us() - t0 < 20000))
			shared->wrong = 1;
		if (poly(x) < want || poly(x) > want)
			shared->wrong = 2;
		sigprocmask(SIG_SETMASK, NULL, &now);
		if (sigismember(&now, SIGUSR1))
			shared->wrong = 3;
		shared->turns++;
	}
	_exit(0);
}

static void
setup(void)
{
	struct ot_err err = OT_ERR_INIT;
	sigset_t set;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert_int_eq(suspect_look(&suspect, getpid(), NULL, &err), OT_OK);
	ck_assert_msg(landmarks_find(&suspect, &lm, &err) == OT_OK, "%s",
		      err.msg);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
start(bool waits)
{
	sigset_t none;

	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		child_main(waits);
	}
	while (shared->turns < 2)
		poll(NULL, 0, 1);
	memset(&tracee, 0, sizeof(tracee));
	tracee.pid = child;
	tracee.lm = &lm;
	tracee.mem = proc_mem_open(child, true);
	ck_assert_int_ge(tracee.mem, 0);
}

static void
teardown(void)
{
	tracee_release(&tracee);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, __WALL);
		close(tracee.mem);
	}
	suspect_release(&suspect);
	munmap(shared, sizeof(*shared));
}

/* The child goes on, and nothing is wrong with it. */
static void
goes_on(void)
{
	uint64_t end = ot_now_us() + 5000000, was = shared->turns;

	while (shared->turns < was + 3 && shared->wrong == 0 &&
	       ot_now_us() < end)
		poll(NULL, 0, 1);
	ck_assert_int_eq(shared->wrong, 0);
	ck_assert_uint_ge(shared->turns, was + 3);
}

static uint64_t
call_syscall(long nr, uint64_t a)
{
	const uint64_t arg[6] = { (uint64_t)nr, a };
	uint64_t r = 0;

	ck_assert(tracee_call(&tracee, lm.syscall, arg, 6, &r));
	return r;
}

static void
visit_child(void)
{
	const uint64_t arg[6] = { 0, 65536, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0 };
	uint64_t at = 0, r;
	const char *why = "";

	ck_assert_msg(tracee_stop(&tracee, child, &why), "%s", why);
	ck_assert(tracee_enter(&tracee));
	ck_assert_int_eq((pid_t)call_syscall(SYS_getpid, 0), child);
	ck_assert(tracee_call(&tracee, lm.mmap, arg, 6, &at));
	ck_assert(tracee_use_stack(&tracee, at + 65536));
	ck_assert_int_eq((pid_t)call_syscall(SYS_getppid, 0), getpid());
	/* failure comes back as -1, as the function says it */
	ck_assert_int_eq((int64_t)call_syscall(SYS_close, 99999), -1);
	ck_assert(tracee_own_stack(&tracee));
	ck_assert(tracee_call(&tracee, lm.syscall,
			      (const uint64_t[]){ SYS_munmap, at, 65536, 0, 0,
						  0 }, 6, &r));
	ck_assert_int_eq((int64_t)r, 0);
	ck_assert(tracee_leave(&tracee));
	tracee_release(&tracee);
}

START_TEST(calls_leave_no_trace)
{
	int i;

	start(_i == 1);
	for (i = 0; i < 20; i++) {
		visit_child();
		goes_on();
	}
	ck_assert_uint_gt(tracee.stopped_us, 0);
}
END_TEST

/*
 * Let go at each of its stops, with its registers as they are: the frame has
 * to bring the child back.
 */
START_TEST(nobody_needs_to_watch)
{
	const char *why = "";
	int k, stops;

	start(_i == 1);
	for (stops = 0; stops < 6; stops++) {
		struct cpu c;
		uint64_t arg[6] = { SYS_getpid };
		int status = 0;

		ck_assert_msg(tracee_stop(&tracee, child, &why), "%s", why);
		ck_assert(tracee_enter(&tracee));
		c = tracee.saved;
		cpu_call(&c, &tracee.frame, &lm.way, lm.syscall, arg, 6);
		ck_assert(cpu_set(child, &c));
		for (k = 0; k < stops; k++) {
			ck_assert_int_eq(ptrace(PTRACE_SYSCALL, child, 0, 0),
					 0);
			ck_assert_int_eq(waitpid(child, &status, __WALL),
					 child);
			ck_assert(WIFSTOPPED(status));
		}
		ck_assert_int_eq(ptrace(PTRACE_DETACH, child, 0, 0), 0);
		tracee.seized = tracee.stopped = false;
		goes_on();
	}
}
END_TEST

START_TEST(a_crash_in_a_call_is_undone)
{
	const char *why = "";
	uint64_t r;

	start(false);
	ck_assert_msg(tracee_stop(&tracee, child, &why), "%s", why);
	ck_assert(tracee_enter(&tracee));
	ck_assert(!tracee_call(&tracee, 16, NULL, 0, &r));
	ck_assert_int_eq(tracee.sig, SIGSEGV);
	ck_assert(tracee_leave(&tracee));
	tracee_release(&tracee);
	goes_on();
}
END_TEST

START_TEST(a_stopped_process_is_not_moved)
{
	const char *why = "";
	struct proc_stat st;
	int tries;

	start(false);
	kill(child, SIGSTOP);
	for (tries = 0; tries < 1000; tries++) {
		ck_assert(proc_stat_read(child, 0, &st));
		if (st.state == 'T')
			break;
		poll(NULL, 0, 1);
	}
	ck_assert(!tracee_stop(&tracee, child, &why));
	ck_assert_ptr_nonnull(strstr(why, "stopped"));
	tracee_release(&tracee);
	poll(NULL, 0, 20);
	ck_assert(proc_stat_read(child, 0, &st));
	ck_assert_int_eq(st.state, 'T');
	kill(child, SIGCONT);
	goes_on();
}
END_TEST

TCase *
t_target_tracee(void)
{
	TCase *t = tcase_create("tracee");
	bool may;

	/* A sandbox without ptrace has nothing to test here. */
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	may = ptrace(PTRACE_SEIZE, child, 0, 0) == 0;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	child = 0;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	if (!may)
		return t;
	tcase_add_loop_test(t, calls_leave_no_trace, 0, 2);
	tcase_add_loop_test(t, nobody_needs_to_watch, 0, 2);
	tcase_add_test(t, a_crash_in_a_call_is_undone);
	tcase_add_test(t, a_stopped_process_is_not_moved);
	return t;
}
