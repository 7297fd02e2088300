/* SPDX-License-Identifier: MIT */
/*
 * The ladder: attachers.def in its order.  The first rung that is possible is
 * climbed; a rung that fails half-way is not followed by the next one, since
 * by then the program was stopped once and the reason is known.
 *
 * Climbing happens in a process of its own, in its own session and with every
 * signal blocked: Ctrl-C and `kill -9` of objtop do not reach it, it brings
 * the few milliseconds to a good end by itself, and its end makes the kernel
 * let go of whatever it may still trace.  It hands the socket over and is
 * gone.  Cost: one fork, 0.3 ms.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/units.h"

#define BOOST_NICE (-10)
#define LOOK_MS 50
#define LOCK_US 2000000u

struct rung {
	const char *name, *needs;
	bool (*probe)(const struct suspect *, struct ot_err *);
	enum ot_status (*enter)(struct entry *, struct ot_err *);
};

enum {
#define ATTACHER(name, needs) RUNG_##name,
#include "inspector/target/attachers.def"
};

static const struct rung rungs[] = {
#define ATTACHER(name, needs) \
	{ #name, needs, at_##name##_probe, at_##name##_enter },
#include "inspector/target/attachers.def"
};

/*
 * What stands in the way is told of the main way in, and of the one behind it
 * where it has something to add.  That no agent is there yet stands in
 * nobody's way.
 */
static void
add_reason(struct ot_err *why, size_t rung, const struct ot_err *its)
{
	size_t n = strlen(why->msg);

	if (rung == RUNG_resident || its->msg[0] == '\0')
		return;
	why->status = its->status;
	snprintf(why->msg + n, sizeof(why->msg) - n, "%s%s%s%s",
		 n > 0 ? "; nor by " : "", n > 0 ? rungs[rung].name : "",
		 n > 0 ? ": " : "", its->msg);
}

const char *
ladder_probe(const struct suspect *s, struct ot_err *err)
{
	struct ot_err why = OT_ERR_INIT;
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(rungs); i++) {
		struct ot_err local = OT_ERR_INIT;

		if (rungs[i].probe(s, &local)) {
			if (err != NULL)
				*err = why;
			return rungs[i].name;
		}
		add_reason(&why, i, &local);
	}
	if (err != NULL)
		*err = why;
	return NULL;
}

/* What the climber reports; the socket travels beside it. */
struct report {
	enum ot_status st;
	struct ot_err err;
	uint64_t stopped_us;
};

static bool
send_report(int to, const struct report *r, int sock)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iv = { (void *)(uintptr_t)r, sizeof(*r) };
	struct msghdr m = { .msg_iov = &iv, .msg_iovlen = 1 };
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	if (sock >= 0) {
		m.msg_control = control.room;
		m.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &sock, sizeof(sock));
	}
	return sendmsg(to, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(*r);
}

static bool
receive_report(int from, struct report *r, int *sock)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iv = { r, sizeof(*r) };
	struct msghdr m = { .msg_iov = &iv, .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c;

	*sock = -1;
	if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*r))
		return false;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS)
		memcpy(sock, CMSG_DATA(c), sizeof(*sock));
	return true;
}

/* The process that climbs; every signal is blocked already. */
static void
climber(struct entry *e, const struct rung *rung)
{
	struct report r;

	memset(&r, 0, sizeof(r));
	setsid();
	/* The stop is short if we are not kept waiting; needs the right. */
	setpriority(PRIO_PROCESS, 0, BOOST_NICE);
	r.st = rung->enter(e, &r.err);
	r.stopped_us = e->stopped_us;
	/* Nobody there to take the socket: its end tells the agent. */
	_exit(send_report(e->control, &r, r.st == OT_OK ? e->sock : -1) ? 0
									: 1);
}

bool
entry_cancelled(const struct entry *e)
{
	struct pollfd p = { e->control, POLLIN, 0 };

	return e->control >= 0 && poll(&p, 1, 0) == 1;
}

static bool
interrupt_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) ||
					     sigismember(&pending, SIGTERM) ||
					     sigismember(&pending, SIGHUP));
}

static enum ot_status
await_report(int from, pid_t climber_pid, struct entry *e, struct ot_err *err)
{
	struct pollfd p = { from, POLLIN, 0 };
	struct report r;
	int status;

	while (poll(&p, 1, LOOK_MS) == 0)
		if (interrupt_pending())
			shutdown(from, SHUT_WR);	/* cancels */
	if (!receive_report(from, &r, &e->sock)) {
		memset(&r, 0, sizeof(r));
		r.st = ot_fail(&r.err, OT_FAILED, "the process that attaches "
			       "to PID %d was killed", (int)e->s->pid);
		pep768_forget(e->s, climber_pid);
	}
	while (waitpid(climber_pid, &status, 0) < 0 && errno == EINTR)
		;
	e->stopped_us = r.stopped_us;
	if (r.st != OT_OK && err != NULL)
		*err = r.err;
	return r.st;
}

static enum ot_status
climb_rung(struct entry *e, const struct rung *rung, struct ot_err *err)
{
	enum ot_status st = OT_FAILED;
	sigset_t all, old;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return ot_fail_errno(err, OT_FAILED, "a socket pair");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		e->control = ends[1];
		climber(e, rung);
	}
	close(ends[1]);
	if (pid > 0)
		st = await_report(ends[0], pid, e, err);
	else
		ot_fail_errno(err, OT_FAILED, "fork");
	close(ends[0]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return st;
}

/*
 * The name of an abstract socket is the lock: the kernel lets go of it when
 * its holders are gone, however they ended.  Somebody who only squats on the
 * name delays us, no more.
 */
int
ladder_lock(pid_t pid)
{
	const struct timespec slice = { 0, 2000000 };
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	uint64_t end = ot_now_us() + LOCK_US;
	int fd, n;

	n = snprintf(sa.sun_path + 1, sizeof(sa.sun_path) - 1,
		     "objtop-enters-%d", (int)pid);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	while (fd >= 0 &&
	       bind(fd, (struct sockaddr *)&sa,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				(size_t)n)) != 0) {
		if (errno == EADDRINUSE && ot_now_us() < end) {
			nanosleep(&slice, NULL);
			continue;
		}
		close(fd);
		fd = -1;
	}
	return fd;
}

enum ot_status
ladder_climb(struct entry *e, struct ot_err *err)
{
	struct ot_err reasons = OT_ERR_INIT;
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(rungs); i++) {
		struct ot_err why = OT_ERR_INIT;

		if (!rungs[i].probe(e->s, &why)) {
			if (e->verbose && why.msg[0] != '\0')
				fprintf(stderr, "objtop: %s: %s\n",
					rungs[i].name, why.msg);
			add_reason(&reasons, i, &why);
			continue;
		}
		if (e->verbose)
			fprintf(stderr, "objtop: %s: %s\n", rungs[i].name,
				rungs[i].needs);
		e->rung = rungs[i].name;
		return climb_rung(e, &rungs[i], err);
	}
	if (err != NULL)
		*err = reasons;
	return OT_REFUSED;
}
