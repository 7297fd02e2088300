/* SPDX-License-Identifier: MIT */
/*
 * A program started with the agent in it.  The agent is preloaded from a
 * memfd of ours, by its name below /proc, and connects to an abstract socket
 * with a random name; who connects is checked by its credentials to be the
 * process that was started.  The program has the terminal, since whoever
 * starts a program this way wants to use it.
 */
#include "config.h"
#include "inspector/target/target_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/units.h"
#include "inspector/target/agent_image.h"
#include "inspector/target/proc.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

#define WAIT_MS 200	/* a look at the clock */
#define BACKLOG 128
#define HELLO_US 2000000u	/* for a process that has connected */
#define EXITING_MS 2000

extern char **environ;

/* Everything the child needs, made before fork. */
struct launch {
	char *const *argv;
	char **env;		/* owned; the two first entries are ours: */
	char run[64];		/* OTW_ENV_RUN=PID:NAME, PID put in by the child */
	char name[24];
	struct ot_buf preload;
	int listener;
	int tell[2];		/* the child's errno, if exec fails */
	bool children;
};

static enum ot_status
make_image(struct target *t, struct ot_err *err)
{
	struct otw_boot boot;
	size_t off;
	int fd = (int)syscall(SYS_memfd_create, OTW_MEMFD_NAME, MFD_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		fd = (int)syscall(SYS_memfd_create, OTW_MEMFD_NAME,
				  MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (fd < 0)
		return ot_fail_errno(err, OT_FAILED, "memfd_create");
	t->agent_fd = fd;
	if (!agent_image_boot(&boot, &off))
		return ot_fail(err, OT_FAILED, "the agent inside this objtop "
			       "is damaged: build it again");
	if (agent_image_write(fd, &boot) != 0)
		return ot_fail_errno(err, OT_FAILED, "writing the agent");
	return OT_OK;
}

static enum ot_status
make_listener(struct launch *l, struct ot_err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	uint64_t r;
	size_t n;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return ot_fail_errno(err, OT_FAILED, "getrandom");
	snprintf(l->name, sizeof(l->name), "objtop-%016llx",
		 (unsigned long long)r);
	n = strlen(l->name);
	memcpy(sa.sun_path + 1, l->name, n);
	l->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->listener < 0 ||
	    bind(l->listener, (struct sockaddr *)&sa,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)) ||
	    listen(l->listener, BACKLOG) != 0)
		return ot_fail_errno(err, OT_FAILED, "a socket for the agent");
	return OT_OK;
}

static bool
is_var(const char *entry, const char *name)
{
	size_t n = strlen(name);

	return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static enum ot_status
make_env(struct launch *l, int agent_fd, struct ot_err *err)
{
	const char *before = getenv("LD_PRELOAD");
	size_t n = 0, i, k = 2;

	while (environ[n] != NULL)
		n++;
	l->env = ot_realloc_array(NULL, n + 3, sizeof(*l->env));
	if (l->env == NULL)
		return ot_fail_nomem(err, "an environment");
	ot_buf_addf(&l->preload, "LD_PRELOAD=/proc/%d/fd/%d", (int)getpid(),
		    agent_fd);
	if (before != NULL && *before != '\0')
		ot_buf_addf(&l->preload, ":%s", before);
	if (l->preload.failed)
		return ot_fail_nomem(err, "an environment");
	l->env[0] = l->run;
	l->env[1] = l->preload.data;
	for (i = 0; i < n; i++)
		if (!is_var(environ[i], "LD_PRELOAD") &&
		    !is_var(environ[i], OTW_ENV_RUN))
			l->env[k++] = environ[i];
	l->env[k] = NULL;
	return OT_OK;
}

/* In the child, between fork and exec: no allocation. */
static void
become(struct launch *l)
{
	sigset_t none;
	int e;

	sigemptyset(&none);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(l->run, sizeof(l->run), OTW_ENV_RUN "=%d%s:%s", (int)getpid(),
		 l->children ? "+" : "", l->name);
	environ = l->env;
	execvp(l->argv[0], l->argv);
	e = errno;
	if (write(l->tell[1], &e, sizeof(e)) != sizeof(e))
		_exit(126);
	_exit(127);
}

static enum ot_status
start(struct target *t, struct launch *l, struct ot_err *err)
{
	ssize_t n;
	int e;

	if (pipe2(l->tell, O_CLOEXEC) != 0)
		return ot_fail_errno(err, OT_FAILED, "a pipe");
	fflush(NULL);
	t->pid = fork();
	if (t->pid < 0) {
		t->pid = 0;
		return ot_fail_errno(err, OT_FAILED, "fork");
	}
	if (t->pid == 0)
		become(l);
	t->child = true;
	t->ns_pid = t->pid;
	t->pidfd = (int)syscall(SYS_pidfd_open, t->pid, 0);
	close(l->tell[1]);
	l->tell[1] = -1;
	do
		n = read(l->tell[0], &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(e)) {
		run_collect(t, true);
		return ot_fail(err, OT_FAILED, "%s cannot be started: %s",
			       l->argv[0], strerror(e));
	}
	return OT_OK;
}

/* The next connection, if it is the child's; -1: it was not. */
static int
accept_child(const struct target *t, int listener)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	    who.pid == t->pid)
		return fd;
	close(fd);
	return -1;
}

static enum ot_status
ended_early(const struct target *t, const char *what, struct ot_err *err)
{
	if (WIFSIGNALED(t->child_status))
		return ot_fail(err, OT_FAILED, "%s was ended by signal %d (%s) "
			       "before the agent was in it", what,
			       WTERMSIG(t->child_status),
			       strsignal(WTERMSIG(t->child_status)));
	return ot_fail(err, OT_FAILED, "%s ended with status %d before the "
		       "agent was in it (does it run CPython?)", what,
		       WEXITSTATUS(t->child_status));
}

static enum ot_status
await_agent(struct target *t, const struct launch *l, uint64_t end,
	    struct ot_err *err)
{
	while (t->sock < 0) {
		struct pollfd p[2] = { { l->listener, POLLIN, 0 },
				       { t->pidfd, POLLIN, 0 } };
		uint64_t now = ot_now_us();

		if (now >= end)
			return ot_fail(err, OT_REFUSED, "%s did not let the "
				       "agent in within %.1f s (it runs no "
				       "CPython, is static or set-user-id); it "
				       "goes on without", l->argv[0],
				       (double)t->timeout_ms / 1000);
		if (poll(p, 2, WAIT_MS) < 0)
			return errno == EINTR ?
			       ot_fail(err, OT_INTERRUPTED, "interrupted; %s "
				       "goes on without the agent",
				       l->argv[0]) :
			       ot_fail_errno(err, OT_FAILED, "poll");
		if (p[0].revents != 0)
			t->sock = accept_child(t, l->listener);
		else if (p[1].revents != 0) {
			run_collect(t, true);
			return ended_early(t, l->argv[0], err);
		}
	}
	return session_hello(t, ot_now_us() + t->timeout_ms * 1000, err);
}

static void
launch_release(struct launch *l)
{
	if (l->listener >= 0)
		close(l->listener);
	if (l->tell[0] >= 0)
		close(l->tell[0]);
	if (l->tell[1] >= 0)
		close(l->tell[1]);
	free(l->env);
	ot_buf_release(&l->preload);
}

enum ot_status
target_run(char *const argv[], const struct target_opts *o,
	   struct target **out, struct ot_err *err)
{
	struct launch l = { .argv = argv, .listener = -1, .tell = { -1, -1 },
			    .children = o != NULL && o->children };
	struct target *t = target_new(o, err);
	enum ot_status st;

	if (t == NULL)
		return OT_FAILED;
	t->rung = "run";
	st = make_image(t, err);
	if (st == OT_OK)
		st = make_listener(&l, err);
	if (st == OT_OK)
		st = make_env(&l, t->agent_fd, err);
	if (st == OT_OK)
		st = start(t, &l, err);
	/* A script may work long before it becomes the interpreter. */
	if (st == OT_OK)
		st = await_agent(t, &l, o == NULL || o->timeout_ms == 0 ?
				 UINT64_MAX :
				 ot_now_us() + t->timeout_ms * 1000, err);
	if (st == OT_OK) {
		fcntl(l.listener, F_SETFL, O_NONBLOCK);
		t->listener = l.listener;
		t->children = l.children;
		l.listener = -1;
	}
	launch_release(&l);
	if (st != OT_OK) {
		target_close(t);
		return st;
	}
	*out = t;
	return OT_OK;
}

/* ---- those that connect later ---- */

/* A process that came from the program and is about to end. */
static struct target *
take_child(const struct target *t, pid_t pid, int fd)
{
	const struct target_opts o = { .timeout_ms = t->timeout_ms };
	uint64_t end = ot_now_us() + HELLO_US;
	struct proc_status status;
	struct target *c;
	bool done;

	if (!proc_status_read(pid, &status))
		return NULL;
	c = target_new(&o, NULL);
	if (c == NULL)
		return NULL;
	c->rung = "run";
	c->pid = pid;
	c->ns_pid = status.ns_pid;
	c->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	c->sock = fd;
	if (session_hello(c, end, NULL) == OT_OK)
		while (!c->exiting && ot_now_us() < end &&
		       session_step(c, EXITING_MS, &done, NULL) == OT_OK)
			;
	if (c->exiting)
		return c;
	c->sock = -1;		/* the caller's */
	target_close(c);
	return NULL;
}

void
run_welcome(struct target *t)
{
	struct target **last = &t->born, *c;
	struct ucred who;
	socklen_t len = sizeof(who);
	int fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
	    who.uid != geteuid()) {
		close(fd);
	} else if (who.pid == t->pid) {
		session_adopt(t, fd);
		session_hello(t, ot_now_us() + HELLO_US, NULL);
	} else if (t->children &&
		   (c = take_child(t, who.pid, fd)) != NULL) {
		while (*last != NULL)
			last = &(*last)->next;
		*last = c;
	} else {
		close(fd);
	}
}

struct target *
target_child(struct target *t)
{
	struct target *c = t->born;

	if (c != NULL)
		t->born = c->next;
	return c;
}

void
target_await_child(struct target *t, int timeout_ms)
{
	struct pollfd p = { t->listener, POLLIN, 0 };

	if (t->born == NULL && poll(&p, 1, timeout_ms) > 0)
		run_welcome(t);
}

/* Has this process our agent's file mapped? */
static bool
has_agent(pid_t pid, const struct stat *agent)
{
	struct proc_maps maps;
	bool found = false;
	size_t i;

	if (!proc_maps_read(pid, &maps))
		return false;
	for (i = 0; i < maps.n && !found; i++)
		found = maps.v[i].ino == agent->st_ino &&
			agent_image_is_path(maps.v[i].path);
	proc_maps_release(&maps);
	return found;
}

size_t
target_children(const struct target *t)
{
	struct stat agent;
	size_t n, i, found = 0;
	pid_t *pids;

	if (!t->children || fstat(t->agent_fd, &agent) != 0 ||
	    !proc_ids(0, &pids, &n))
		return 0;
	for (i = 0; i < n; i++)
		if (pids[i] != t->pid && has_agent(pids[i], &agent))
			found++;
	free(pids);
	return found;
}

void
run_release(struct target *t)
{
	struct target *c;

	while ((c = target_child(t)) != NULL) {
		target_continue(c);
		target_close(c);
	}
	if (t->listener >= 0)
		close(t->listener);
	t->listener = -1;
}

/* Takes the child's status; false: it has none yet, or is none. */
bool
run_collect(struct target *t, bool wait)
{
	pid_t got;

	if (!t->child || t->child_over)
		return t->child_over;
	do
		got = waitpid(t->pid, &t->child_status, wait ? 0 : WNOHANG);
	while (got < 0 && errno == EINTR);
	t->child_over = got == t->pid;
	return t->child_over;
}

bool
target_exiting(const struct target *t)
{
	return t->exiting;
}

void
target_continue(struct target *t)
{
	if (!t->is_file && session_send(t, OTW_F_CONTINUE))
		t->exiting = false;
}

enum ot_status
target_wait(struct target *t, int *exit_status, struct ot_err *err)
{
	if (!t->child)
		return ot_fail(err, OT_FAILED, "PID %d was not started by this "
			       "objtop", (int)t->pid);
	if (!run_collect(t, true))
		return ot_fail_errno(err, OT_FAILED, "waiting for PID %d",
				     (int)t->pid);
	*exit_status = WIFSIGNALED(t->child_status) ?
		128 + WTERMSIG(t->child_status) :
		WEXITSTATUS(t->child_status);
	return OT_OK;
}
