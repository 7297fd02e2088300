/* SPDX-License-Identifier: MIT */
/*
 * One connection between us and a target, whatever walls stand between.
 *
 * A socket pair made in the target, one end of which is copied here, needs
 * neither a name nor a namespace in common.  Where that is refused (pidfd_getfd
 * came with Linux 5.6, and filters know it) the target connects to a socket of
 * ours with a random abstract name, in its own network namespace, which the
 * process that attaches enters for that; what connects is believed to be the
 * target when the kernel says so.  A file goes the other way through the
 * connection.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "inspector/target/trace_right.h"

#define KNOCKS 16		/* of others than the target, at most */
#define KNOCK_MS 1000

static void
close_there(struct visit *v, int fd)
{
	uint64_t arg = (uint64_t)(int64_t)fd;
	int64_t r;

	visit_syscall(v, SYS_close, &arg, 1, &r);
}

/*
 * Within the call already, so that as little time as can be is left in which
 * we might be killed and nobody know of them.
 */
static void
note_pair(void *visit)
{
	struct visit *v = visit;
	int mem = v->t.mem;
	int32_t fd[2];

	if (!proc_mem_read(&mem, v->scratch + VISIT_FDS, fd, sizeof(fd)) ||
	    fd[0] == fd[1])
		return;
	leftover_note(v, fd);
	v->t.on_syscall = NULL;
}

/* *why: the errno of the first thing that went wrong; 0: nothing did. */
static enum ot_status
by_pair(struct visit *v, int *why, struct ot_err *err)
{
	const uint64_t arg[4] = { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				  v->scratch + VISIT_FDS };
	int mem = v->t.mem;
	int32_t fd[2];
	int64_t r;
	bool back;

	*why = 0;
	v->t.on_syscall = note_pair;
	v->t.on_syscall_ctx = v;
	back = visit_syscall(v, SYS_socketpair, arg, 4, &r);
	v->t.on_syscall = NULL;
	if (!back)
		return visit_astray(v, "socketpair", err);
	if (r < 0) {
		*why = (int)-r;
		return OT_OK;
	}
	if (!proc_mem_read(&mem, v->scratch + VISIT_FDS, fd, sizeof(fd)))
		return ot_fail(err, OT_FAILED, "memory made in PID %d cannot "
			       "be read", (int)v->e->s->pid);
	v->ours = visit_take_fd(v, fd[0]);
	if (v->ours < 0)
		*why = errno;
	else
		v->theirs = fd[1];
	close_there(v, fd[0]);
	if (v->ours < 0)
		close_there(v, fd[1]);
	if (v->t.lost || v->t.sig != 0)
		return visit_astray(v, "close", err);
	return OT_OK;
}

/* The climber goes where the target is, and has nothing to come back for. */
bool
channel_enter(pid_t pid)
{
	char path[64];
	bool ok;
	int fd;

	if (trace_same_ns(pid, "net"))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ok = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

int
channel_listen(struct sockaddr_un *sa, socklen_t *len)
{
	uint64_t name[2];
	int fd, n;

	if (getrandom(name, sizeof(name), 0) != sizeof(name))
		return -1;
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	n = snprintf(sa->sun_path + 1, sizeof(sa->sun_path) - 1,
		     "objtop-%016llx%016llx", (unsigned long long)name[0],
		     (unsigned long long)name[1]);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (bind(fd, (struct sockaddr *)sa, *len) != 0 ||
			listen(fd, KNOCKS) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int
channel_accept(pid_t pid, int listener, int ms)
{
	struct pollfd p = { listener, POLLIN, 0 };
	int i;

	for (i = 0; i < KNOCKS && poll(&p, 1, ms) == 1; i++) {
		struct ucred who;
		socklen_t len = sizeof(who);
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who,
					  &len) == 0 &&
		    who.pid == pid)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

/* socket() and connect() there; r < 0: what was refused. */
static bool
connect_there(struct visit *v, const struct sockaddr_un *sa, socklen_t len,
	      int64_t *r)
{
	const uint64_t make[3] = { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0 };
	uint64_t arg[3] = { 0, v->scratch + VISIT_NAME, len };

	if (!proc_mem_write(v->t.mem, arg[1], sa, len)) {
		*r = -EFAULT;
		return true;
	}
	if (!visit_syscall(v, SYS_socket, make, 3, r))
		return false;
	if (*r < 0)
		return true;
	v->theirs = (int32_t)*r;
	arg[0] = (uint64_t)*r;
	return visit_syscall(v, SYS_connect, arg, 3, r);
}

static enum ot_status
refuse_both(const struct visit *v, int why, int then, struct ot_err *err)
{
	int pid = (int)v->e->s->pid;

	if (v->filter.any && !filter_allows(&v->filter, FILTER_SOCKETPAIR))
		return filter_blame(&v->filter, FILTER_SOCKETPAIR, pid, err);
	if (then == 0)
		return ot_fail(err, OT_REFUSED, "PID %d cannot be connected to "
			       "(pidfd_getfd: %s): start it with `objtop run`",
			       pid, strerror(why));
	return ot_fail(err, OT_REFUSED, "PID %d cannot be connected to "
		       "(pidfd_getfd: %s; a socket with a name: %s): start it "
		       "with `objtop run`", pid, strerror(why),
		       strerror(then));
}

static enum ot_status
by_name(struct visit *v, int why, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	struct sockaddr_un sa;
	socklen_t len;
	int64_t r;
	int fd;

	if (!filter_allows(&v->filter, FILTER_SOCKET) ||
	    !filter_allows(&v->filter, FILTER_CONNECT))
		return refuse_both(v, why, 0, err);
	if (!channel_enter(v->e->s->pid))
		return refuse_both(v, why, errno, err);
	fd = channel_listen(&sa, &len);
	if (fd < 0)
		return ot_fail_errno(err, OT_FAILED, "a socket");
	if (!connect_there(v, &sa, len, &r))
		st = visit_astray(v, "connect", err);
	else if (r < 0)
		st = refuse_both(v, why, (int)-r, err);
	else if ((v->ours = channel_accept(v->e->s->pid, fd,
					   KNOCK_MS)) < 0)
		st = ot_fail(err, OT_FAILED, "PID %d has connected to somebody "
			     "else", (int)v->e->s->pid);
	close(fd);
	return st;
}

enum ot_status
visit_connect(struct visit *v, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	int why = EPERM;

	if (filter_allows(&v->filter, FILTER_SOCKETPAIR))
		st = by_pair(v, &why, err);
	if (st != OT_OK || why == 0)
		return st;
	if (v->e->verbose)
		fprintf(stderr, "objtop: no socket pair (%s): a socket with a "
			"name\n", strerror(why));
	return by_name(v, why, err);
}

/* A message that carries one descriptor. */
struct parcel {
	struct msghdr m;
	struct iovec iov;
	char byte;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

/* ... laid out for address `at`, which is `p` itself when it stays here. */
static void
parcel_init(struct parcel *p, uint64_t at)
{
	memset(p, 0, sizeof(*p));
	p->iov.iov_base = (void *)(uintptr_t)(at + offsetof(struct parcel,
							    byte));
	p->iov.iov_len = 1;
	p->m.msg_iov = (void *)(uintptr_t)(at + offsetof(struct parcel, iov));
	p->m.msg_iovlen = 1;
	p->m.msg_control = (void *)(uintptr_t)(at + offsetof(struct parcel,
							     control));
	p->m.msg_controllen = sizeof(p->control);
}

static bool
send_fd(int sock, int fd)
{
	struct parcel p;
	struct cmsghdr *c;

	parcel_init(&p, (uint64_t)(uintptr_t)&p);
	c = CMSG_FIRSTHDR(&p.m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &p.m, MSG_NOSIGNAL) == 1;
}

enum ot_status
visit_give_fd(struct visit *v, int here, int *there, struct ot_err *err)
{
	uint64_t at = v->scratch + VISIT_MSG;
	const uint64_t arg[3] = { (uint64_t)v->theirs, at,
				  MSG_CMSG_CLOEXEC | MSG_DONTWAIT };
	int mem = v->t.mem;
	struct cmsghdr *c;
	struct parcel p;
	int64_t r;

	parcel_init(&p, at);
	if (!send_fd(v->ours, here) ||
	    !proc_mem_write(mem, at, &p, sizeof(p)))
		return ot_fail_errno(err, OT_FAILED, "handing a file to PID "
				     "%d", (int)v->e->s->pid);
	if (!visit_syscall(v, SYS_recvmsg, arg, 3, &r))
		return visit_astray(v, "recvmsg", err);
	if (r < 0)
		return visit_denied(v, "recvmsg", r, err);
	if (!proc_mem_read(&mem, at, &p, sizeof(p)))
		r = 0;
	c = (struct cmsghdr *)(void *)p.control;
	if (r != 1 || p.m.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    c->cmsg_type != SCM_RIGHTS)
		return ot_fail(err, OT_FAILED, "PID %d did not get the file "
			       "handed to it", (int)v->e->s->pid);
	memcpy(there, CMSG_DATA(c), sizeof(*there));
	return OT_OK;
}
