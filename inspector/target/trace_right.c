/* SPDX-License-Identifier: MIT */
/*
 * May this process be traced by us?  Opening its memory asks the kernel just
 * that, security modules and yama included, and disturbs nobody.  The answer
 * is only yes or no; what it depends on is read from /proc, to name the one
 * thing that is missing and the command that grants it.
 */
#include "config.h"
#include "inspector/target/trace_right.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/escape.h"
#include "inspector/target/entry.h"
#include "inspector/target/filter.h"

#define CAP_DAC_OVERRIDE_BIT 1
#define CAP_SYS_PTRACE_BIT 19

static bool
read_text(const char *dir, const char *name, char *dst, size_t cap)
{
	char path[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, dst, cap - 1);
	close(fd);
	if (n < 0)
		return false;
	dst[n] = '\0';
	return true;
}

static bool
read_status(const char *proc, const char *who, struct proc_status *out)
{
	char name[64], text[8192];

	snprintf(name, sizeof(name), "%s/status", who);
	return read_text(proc, name, text, sizeof(text)) &&
		proc_status_parse(text, strlen(text), out);
}

/* The machine's user namespace maps every id to itself. */
static bool
is_first_userns(const char *proc)
{
	unsigned from, to, n;
	char text[256];

	return !read_text(proc, "self/uid_map", text, sizeof(text)) ||
		(sscanf(text, "%u %u %u", &from, &to, &n) == 3 && from == 0 &&
		 to == 0 && n == UINT32_MAX);
}

static bool
there_is(const char *root, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return access(path, F_OK) == 0;
}

static enum trace_box
which_box(const char *root)
{
	if (there_is(root, "var/run/secrets/kubernetes.io") ||
	    (root[0] == '\0' && getenv("KUBERNETES_SERVICE_HOST") != NULL))
		return TRACE_KUBERNETES;
	if (there_is(root, "run/.containerenv"))
		return TRACE_PODMAN;
	if (there_is(root, ".dockerenv"))
		return TRACE_DOCKER;
	return TRACE_NO_BOX;
}

/* Text of a link; "" where it cannot be read. */
static void
ns_name(const char *proc, const char *who, const char *kind, char *dst,
	size_t cap)
{
	char path[512];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s/ns/%s", proc, who, kind);
	n = readlink(path, dst, cap - 1);
	dst[n > 0 ? n : 0] = '\0';
}

static bool
is_undumpable(const char *proc, const char *who, uid_t euid)
{
	char path[512];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s/mem", proc, who);
	return stat(path, &sb) == 0 && sb.st_uid != euid;
}

void
trace_facts_read(const char *proc, const char *root, pid_t pid,
		 struct trace_facts *f)
{
	char who[16], scope[16], ours[64], theirs[64];
	struct proc_status st;

	memset(f, 0, sizeof(*f));
	f->pid = pid;
	f->euid = geteuid();
	f->box = which_box(root);
	f->first_userns = is_first_userns(proc);
	if (read_text(proc, "sys/kernel/yama/ptrace_scope", scope,
		      sizeof(scope)))
		f->yama = atoi(scope);
	if (read_status(proc, "self", &st)) {
		f->euid = st.euid;
		f->cap_ptrace = st.cap_eff >> CAP_SYS_PTRACE_BIT & 1;
		f->cap_dac = st.cap_eff >> CAP_DAC_OVERRIDE_BIT & 1;
		f->cap_prm = st.cap_prm;
		f->filtered = st.seccomp != 0;
	}
	snprintf(who, sizeof(who), "%d", (int)pid);
	f->uid = f->euid;
	if (read_status(proc, who, &st)) {
		f->uid = st.uid;
		f->its_cap_prm = st.cap_prm;
		f->undumpable = is_undumpable(proc, who, st.euid);
	}
	suspect_user(f->uid, f->user, sizeof(f->user));
	ns_name(proc, "self", "user", ours, sizeof(ours));
	ns_name(proc, who, "user", theirs, sizeof(theirs));
	f->other_userns = ours[0] != '\0' && theirs[0] != '\0' &&
		strcmp(ours, theirs) != 0;
}

/* How a container is given the capability. */
static const char *
grant(const struct trace_facts *f)
{
	switch (f->box) {
	case TRACE_DOCKER:
		return "docker run --cap-add=SYS_PTRACE";
	case TRACE_PODMAN:
		return "podman run --cap-add=SYS_PTRACE";
	case TRACE_KUBERNETES:
		return "kubectl debug --profile=sysadmin --target=CONTAINER "
			"POD";
	default:
		return "in docker: --cap-add=SYS_PTRACE; in a service: "
			"AmbientCapabilities=CAP_SYS_PTRACE";
	}
}

static enum ot_status
explain_capable(const struct trace_facts *f, struct ot_err *err)
{
	int pid = (int)f->pid;

	/* By setcap, most likely: files in /proc are their owner's. */
	if (!f->cap_dac && (f->uid != f->euid || f->undumpable))
		return ot_fail(err, OT_REFUSED, "PID %d (of %s) needs more "
			       "than CAP_SYS_PTRACE: sudo objtop %d, or sudo "
			       "setcap cap_sys_ptrace,cap_dac_override=ep "
			       "OBJTOP", pid, f->user, pid);
	if (!f->first_userns)
		return ot_fail(err, OT_REFUSED, "PID %d is in another user "
			       "namespace, where this one's CAP_SYS_PTRACE "
			       "does not count: run objtop on the host: sudo "
			       "objtop PID", pid);
	return ot_fail(err, OT_REFUSED, "the kernel refuses tracing PID %d, "
		       "although CAP_SYS_PTRACE is there: a security module "
		       "forbids it (SELinux: setsebool deny_ptrace off; "
		       "AppArmor: a rule `ptrace`)", pid);
}

static enum ot_status
explain_root(const struct trace_facts *f, struct ot_err *err)
{
	return ot_fail(err, OT_REFUSED, "PID %d (of %s) may not be traced by "
		       "this root: CAP_SYS_PTRACE is missing (%s)",
		       (int)f->pid, f->user, grant(f));
}

static enum ot_status
explain_other_user(const struct trace_facts *f, struct ot_err *err)
{
	int pid = (int)f->pid;

	if (f->box == TRACE_DOCKER || f->box == TRACE_PODMAN)
		return ot_fail(err, OT_REFUSED, "PID %d belongs to %s: sudo "
			       "objtop %d, or %s exec -u %s CONTAINER objtop "
			       "%d", pid, f->user, pid,
			       f->box == TRACE_DOCKER ? "docker" : "podman",
			       f->user, pid);
	if (f->uid == 0)
		return ot_fail(err, OT_REFUSED, "PID %d belongs to %s: sudo "
			       "objtop %d", pid, f->user, pid);
	return ot_fail(err, OT_REFUSED, "PID %d belongs to %s: run as root or "
		       "as %s: sudo objtop %d", pid, f->user, f->user, pid);
}

static enum ot_status
explain_own(const struct trace_facts *f, struct ot_err *err)
{
	int pid = (int)f->pid;

	if (f->undumpable)
		return ot_fail(err, OT_REFUSED, "PID %d is closed to its own "
			       "user (it changed its credentials, or prctl "
			       "PR_SET_DUMPABLE): sudo objtop %d", pid, pid);
	if (f->yama >= 2)
		return ot_fail(err, OT_REFUSED, "PID %d may be traced by root "
			       "only (kernel.yama.ptrace_scope is %d): sudo "
			       "objtop %d, or sudo setcap cap_sys_ptrace=ep "
			       "OBJTOP", pid, f->yama, pid);
	if (f->its_cap_prm & ~f->cap_prm)
		return ot_fail(err, OT_REFUSED, "PID %d has capabilities that "
			       "its user lacks: sudo objtop %d", pid, pid);
	if (f->yama == 1)
		return ot_fail(err, OT_REFUSED, "PID %d may be traced by root "
			       "or its parent only (kernel.yama.ptrace_scope "
			       "is 1): sudo objtop %d, sudo setcap "
			       "cap_sys_ptrace=ep OBJTOP, or sudo sysctl "
			       "kernel.yama.ptrace_scope=0", pid, pid);
	if (f->other_userns)
		return ot_fail(err, OT_REFUSED, "PID %d is in another user "
			       "namespace: sudo objtop %d, on the host", pid,
			       pid);
	return ot_fail(err, OT_REFUSED, "PID %d may not be traced by its user "
		       "(a security module forbids it): sudo objtop %d", pid,
		       pid);
}

enum ot_status
trace_explain(const struct trace_facts *f, bool looked, struct ot_err *err)
{
	if (looked && f->filtered)
		return ot_fail(err, OT_REFUSED, "objtop itself is under a "
			       "seccomp filter that forbids ptrace: %s",
			       f->box == TRACE_KUBERNETES ? grant(f) :
			       "docker run --cap-add=SYS_PTRACE, or "
			       "--security-opt seccomp=unconfined");
	if (f->yama >= 3)
		return ot_fail(err, OT_REFUSED, "tracing is switched off until "
			       "the next boot (kernel.yama.ptrace_scope is 3): "
			       "start the program with `objtop run`");
	if (f->cap_ptrace)
		return explain_capable(f, err);
	if (f->euid == 0)
		return explain_root(f, err);
	if (f->uid != f->euid)
		return explain_other_user(f, err);
	return explain_own(f, err);
}

bool
trace_same_ns(pid_t pid, const char *kind)
{
	char who[16], ours[64], theirs[64];

	snprintf(who, sizeof(who), "%d", (int)pid);
	ns_name("/proc", "self", kind, ours, sizeof(ours));
	ns_name("/proc", who, kind, theirs, sizeof(theirs));
	return ours[0] != '\0' && strcmp(ours, theirs) == 0;
}

bool
trace_in_first_userns(void)
{
	return is_first_userns("/proc");
}

static void
tracer_name(pid_t tracer, char *dst, size_t cap)
{
	struct proc_stat st;

	if (!proc_stat_read(tracer, 0, &st))
		memset(&st, 0, sizeof(st));
	ot_escape_to(dst, cap, st.comm, strlen(st.comm), OT_ESC_TERM);
}

/*
 * Is ptrace() itself forbidden to us, by a filter of ours?  Asked once, in a
 * child that may die of the question: nobody traces it, so what is let
 * through says ESRCH.
 */
static bool
ptrace_forbidden(void)
{
	static enum { UNKNOWN, NO, YES } forbidden;
	struct proc_status self;
	int status = 0;
	pid_t pid;

	if (forbidden != UNKNOWN)
		return forbidden == YES;
	forbidden = NO;
	if (!proc_status_read(getpid(), &self) || self.seccomp == 0)
		return false;
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_DETACH, getpid(), NULL, NULL);
		_exit(errno == ESRCH ? 0 : 1);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && status != 0)
		forbidden = YES;
	return forbidden == YES;
}

bool
trace_probe(const struct suspect *s, struct ot_err *err)
{
	int pid = (int)s->pid;
	char comm[64];

	if (s->status.tracer != 0) {
		tracer_name(s->status.tracer, comm, sizeof(comm));
		ot_fail(err, OT_REFUSED, "PID %d is being traced by PID %d "
			"(%s): end that first", pid, (int)s->status.tracer,
			comm);
		return false;
	}
	if (s->status.state == 'T' || s->status.state == 't') {
		ot_fail(err, OT_REFUSED, "PID %d is stopped by a signal: "
			"kill -CONT %d", pid, pid);
		return false;
	}
	if (s->status.seccomp == 1) {
		ot_fail(err, OT_REFUSED, "PID %d is in strict seccomp mode: it "
			"may neither load nor connect anything", pid);
		return false;
	}
	if (ptrace_forbidden()) {
		struct trace_facts f;

		trace_facts_read("/proc", "", s->pid, &f);
		trace_explain(&f, true, err);
		return false;
	}
	if (s->status.shadow_stack) {
		ot_fail(err, OT_REFUSED, "PID %d has a shadow stack, in which "
			"calls cannot be made up: start it with `objtop run`",
			pid);
		return false;
	}
	return filter_probe(s, err);
}

/* After the kernel has said EPERM. */
enum ot_status
trace_refused(const struct suspect *s, struct ot_err *err)
{
	struct suspect now = *s;
	struct trace_facts f;

	if (proc_status_read(s->pid, &now.status) && !trace_probe(&now, err))
		return OT_REFUSED;
	trace_facts_read("/proc", "", s->pid, &f);
	return trace_explain(&f, s->mem >= 0, err);
}
