/* SPDX-License-Identifier: MIT */
/*
 * Telling the agent of another inspector to leave.  Its socket is taken over
 * for a moment and shut down: the agent sees what it would see had its
 * inspector died, and leaves in good order.  Nothing is stopped, and the
 * other inspector is told by its end of the socket.
 */
#include "config.h"
#include "inspector/target/entry.h"
#include "inspector/target/target.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

#define DEFAULT_MS 10000u

static enum ot_status
shut_socket(const struct suspect *s, int there, struct ot_err *err)
{
	int domain = 0, fd, pidfd, pid = (int)s->pid;
	socklen_t len = sizeof(domain);
	enum ot_status st = OT_OK;

	pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	if (pidfd < 0)
		return ot_fail_errno(err, OT_REFUSED, "opening PID %d", pid);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, there, 0);
	close(pidfd);
	if (fd < 0 && errno == EBADF)	/* it has just left */
		return OT_OK;
	if (fd < 0 && errno == EPERM)
		return trace_refused(s, err);
	if (fd < 0)
		return ot_fail_errno(err, OT_REFUSED, "taking the agent's "
				     "socket from PID %d (pidfd_getfd)", pid);
	/* The program may have closed it and opened something else. */
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 ||
	    domain != AF_UNIX)
		st = ot_fail(err, OT_FAILED, "the agent in PID %d has lost its "
			     "socket", pid);
	else
		shutdown(fd, SHUT_RDWR);
	close(fd);
	return st;
}

enum ot_status
target_evict(pid_t pid, const struct target_opts *o, struct ot_err *err)
{
	const struct timespec slice = { 0, 5000000 };
	uint64_t ms = o != NULL && o->timeout_ms > 0 ? o->timeout_ms
						     : DEFAULT_MS;
	uint64_t end = ot_now_us() + ms * 1000;
	enum ot_status st;
	struct suspect s;
	struct otw_boot b;

	st = suspect_look(&s, pid, NULL, err);
	if (st != OT_OK || s.serving == 0 ||
	    !suspect_boot(&s, s.serving, &b))
		goto out;
	st = shut_socket(&s, b.fd, err);
	while (st == OT_OK && suspect_boot(&s, s.serving, &b) &&
	       suspect_serves(&s, &b)) {
		if (ot_now_us() >= end)
			st = ot_fail(err, OT_FAILED, "the agent in PID %d was "
				     "told to leave, but is still there after "
				     "%.1f s: it waits for the interpreter",
				     (int)pid, (double)ms / 1000);
		nanosleep(&slice, NULL);
	}
out:
	suspect_release(&s);
	return st;
}
