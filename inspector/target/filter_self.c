/* SPDX-License-Identifier: MIT */
/*
 * This process's own seccomp filters, found out by trying: a child makes one
 * call after the other and notes in shared memory how far it came.  A call
 * that ends it is a deadly one; the next child goes on behind it.  Cost: a
 * fork, and one more for each deadly call.
 */
#include "config.h"
#include "inspector/target/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"

#define NOT_TRIED	SECCOMP_RET_ALLOW

struct notes {
	volatile uint32_t next;	/* the call under way */
	volatile uint32_t verdict[FILTER_CALLS];
};

/* What a call of filter_calls.def says when it was let through. */
static bool
was_let_through(long r)
{
	switch (r < 0 ? errno : 0) {
	case 0:
	case EBADF:
	case ECHILD:
	case EFAULT:
	case EINVAL:
	case ENOENT:
	case ENOMEM:
	case ESRCH:
	case EAGAIN:
	case EBUSY:
		return true;
	}
	return false;
}

static void
try_from(struct notes *n)
{
	uint32_t i;

	for (i = n->next; i < FILTER_SIGRETURN; i++) {
		const struct filter_trial *t = &filter_trials[i];
		long r;

		n->next = i;
		r = syscall(t->nr, t->arg[0], t->arg[1], t->arg[2], t->arg[3],
			    t->arg[4], t->arg[5]);
		if (i == FILTER_CLONE && r == 0)
			_exit(0);	/* the clone itself */
		n->verdict[i] = was_let_through(r) ? SECCOMP_RET_ALLOW
			: SECCOMP_RET_ERRNO | (uint32_t)errno;
	}
	n->next = i;
	_exit(0);
}

bool
filter_try_self(struct filter_view *v)
{
	struct notes *n = mmap(NULL, sizeof(*n), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct rlimit no_core = { 0, 0 };	/* of a trial */
	bool ok = n != MAP_FAILED;
	size_t i;

	setrlimit(RLIMIT_CORE, &no_core);
	for (i = 0; ok && i < FILTER_CALLS; i++)
		n->verdict[i] = NOT_TRIED;
	while (ok && n->next < FILTER_SIGRETURN) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			try_from(n);
		while (pid > 0 && waitpid(pid, &status, 0) < 0 &&
		       errno == EINTR)
			;
		ok = pid > 0 && (WIFSIGNALED(status) ||
				 n->next >= FILTER_SIGRETURN);
		if (ok && n->next < FILTER_SIGRETURN)
			n->verdict[n->next++] = SECCOMP_RET_KILL_PROCESS;
	}
	memset(v, 0, sizeof(*v));
	for (i = 0; ok && i < FILTER_CALLS; i++)
		v->verdict[i] = n->verdict[i];
	v->any = ok;
	if (n != MAP_FAILED)
		munmap(n, sizeof(*n));
	return ok;
}
