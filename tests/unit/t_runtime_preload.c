/* SPDX-License-Identifier: MIT */
/*
 * t_runtime_preload.c - in by LD_PRELOAD, as `objtop run` does it: into the C
 * program with a heap of its own and into every Python that is found.
 *
 * Interpreters: $OBJTOP_PYTHONS (colons between them), ~/.pyenv/versions, and
 * python3 in the PATH.
 */
#include "config.h"

#include "tests/unit/t_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/boot.h"
#include "wire/leb.h"

struct run {
	pid_t pid;
	int in, out;		/* pipes to its stdin, from its stdout */
	int listener, fd;	/* socket of the agent, -1: none yet */
	struct otw_dec *dec;
	struct t_seen seen;
	bool eof;
};

static size_t
abstract(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	memcpy(a->sun_path + 1, name, strlen(name));
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

static void
exec_child(char *const argv[], const char *name, int in, int out)
{
	char agent[4096], run[256];
	char *cwd = getcwd(NULL, 0);

	snprintf(agent, sizeof(agent), "%s/runtime/objtop-agent.so", cwd);
	snprintf(run, sizeof(run), "%ld:%s", (long)getpid(), name);
	setenv("LD_PRELOAD", agent, 1);
	setenv(OTW_ENV_RUN, run, 1);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

static void
run_start(struct run *r, char *const argv[])
{
	struct sockaddr_un a;
	int in[2], out[2];
	char name[64];

	memset(r, 0, sizeof(*r));
	r->fd = -1;
	snprintf(name, sizeof(name), "objtop-test-%ld-%p", (long)getpid(),
		 (void *)r);
	r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(r->listener, 0);
	ck_assert_int_eq(bind(r->listener, (struct sockaddr *)&a,
			      (socklen_t)abstract(&a, name)), 0);
	ck_assert_int_eq(listen(r->listener, 1), 0);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	r->dec = otw_dec_new(&t_seen_events, &r->seen);
	ck_assert_ptr_nonnull(r->dec);
	r->pid = fork();
	ck_assert_int_ge(r->pid, 0);
	if (r->pid == 0)
		exec_child(argv, name, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	r->in = in[1];
	r->out = out[0];
}

/* The agent connects within 20 seconds. */
static void
run_accept(struct run *r)
{
	struct pollfd p = { r->listener, POLLIN, 0 };

	ck_assert_int_eq(poll(&p, 1, 20000), 1);
	r->fd = accept(r->listener, NULL, NULL);
	ck_assert_int_ge(r->fd, 0);
}

static void
run_await(struct run *r, const uint32_t *counter, uint32_t n)
{
	static char buf[1 << 16];
	struct ot_err err = OT_ERR_INIT;

	while (*counter < n && !r->eof) {
		struct pollfd p = { r->fd, POLLIN, 0 };
		ssize_t got;

		ck_assert_int_eq(poll(&p, 1, 20000), 1);
		got = recv(r->fd, buf, sizeof(buf), 0);
		if (got <= 0)
			r->eof = true;
		else
			ck_assert_msg(otw_dec_feed(r->dec, buf, (size_t)got,
						   &err) == OT_OK, "%s",
				      err.msg);
	}
	ck_assert_uint_eq(*counter, n);
}

/*
 * EXITING.  The program forks, and an agent whose thread went for that (from
 * 3.12 on) says BYE, and connects again at the end.
 */
static void
run_await_end(struct run *r)
{
	static char buf[1 << 16];
	struct ot_err err = OT_ERR_INIT;

	while (r->seen.exitings == 0) {
		struct pollfd p = { r->fd, POLLIN, 0 };
		ssize_t got;

		ck_assert_int_eq(poll(&p, 1, 20000), 1);
		got = recv(r->fd, buf, sizeof(buf), 0);
		if (got > 0) {
			ck_assert_int_eq(otw_dec_feed(r->dec, buf, (size_t)got,
						      &err), OT_OK);
			continue;
		}
		ck_assert_uint_eq(r->seen.byes, 1);
		close(r->fd);
		otw_dec_free(r->dec);
		r->dec = otw_dec_new(&t_seen_events, &r->seen);
		run_accept(r);
	}
}

static void
run_say(struct run *r, const uint8_t *b, size_t len)
{
	ck_assert_int_eq(send(r->fd, b, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void
run_snapshot(struct run *r)
{
	/* a graph, mode auto, no time limit */
	static const uint8_t b[] = { 3, OTW_F_SNAPSHOT, OTW_WANT_GRAPH, 0, 0 };

	run_say(r, b, sizeof(b));
}

/* Everything that it prints until it ends. */
static void
run_output(struct run *r, char *dst, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < cap &&
	       (n = read(r->out, dst + len, cap - len - 1)) > 0)
		len += (size_t)n;
	dst[len] = '\0';
}

static int
run_end(struct run *r)
{
	int status;

	close(r->in);
	ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
	close(r->out);
	close(r->listener);
	if (r->fd >= 0)
		close(r->fd);
	otw_dec_free(r->dec);
	return status;
}

/* ---- a C program with a heap of its own ---- */

START_TEST(c_program)
{
	static char path[] = "tests/e2e/cheap";
	char *argv[] = { path, NULL };
	char line[64];
	struct run r;
	uint32_t i;

	run_start(&r, argv);
	run_accept(&r);
	run_await(&r, &r.seen.hellos, 1);
	ck_assert_str_eq(r.seen.runtime, "cheap");
	/* its first line says that the store is open */
	ck_assert_int_gt(read(r.out, line, sizeof(line)), 0);
	for (i = 1; i <= 20; i++) {
		r.seen.objects = 0;
		run_snapshot(&r);
		run_await(&r, &r.seen.ends, i);
		ck_assert_uint_eq(r.seen.kinds, 5 * i);
		ck_assert_uint_eq(r.seen.objects, r.seen.end.objects);
		ck_assert_uint_ge(r.seen.objects, 7);
	}
	/* it is the store that was seen: texts are two for each document */
	ck_assert_uint_eq((r.seen.objects - 7) % 3, 0);
	ck_assert_int_eq(run_end(&r), 0);
}
END_TEST

/* ---- Pythons ---- */

static glob_t pythons;

static void
find_pythons(void)
{
	static const char *const versions[] = { "3.[89].*", "3.1[0-9].*" };
	const char *list = getenv("OBJTOP_PYTHONS"), *home = getenv("HOME");
	char pattern[4096];
	size_t i;

	if (list && *list) {
		char *copy = strdup(list), *save = NULL, *p;
		int flags = GLOB_NOCHECK;

		ck_assert_ptr_nonnull(copy);
		for (p = strtok_r(copy, ":", &save); p;
		     p = strtok_r(NULL, ":", &save)) {
			glob(p, flags, NULL, &pythons);
			flags |= GLOB_APPEND;
		}
		free(copy);
		return;
	}
	/* by its name: the one in the PATH */
	glob("python3", GLOB_NOCHECK, NULL, &pythons);
	for (i = 0; home && i < 2; i++) {
		snprintf(pattern, sizeof(pattern),
			 "%s/.pyenv/versions/%s/bin/python3", home,
			 versions[i]);
		glob(pattern, GLOB_APPEND, NULL, &pythons);
	}
}

#define SCRIPT \
	"import os, subprocess, sys\n" \
	"assert 'LD_PRELOAD' not in os.environ, 'LD_PRELOAD is left'\n" \
	"assert 'OBJTOP_RUN' not in os.environ, 'OBJTOP_RUN is left'\n" \
	"pid = os.fork()\n" \
	"if pid == 0: sys.exit(0)\n" \
	"assert os.waitpid(pid, 0)[1] == 0\n" \
	"try: os.wait(); print('a child too many')\n" \
	"except ChildProcessError: pass\n" \
	"print('to the end')\n"

static void
start_python(struct run *r, const char *path, bool through_shell)
{
	static char sh[] = "/bin/sh", c[] = "-c", script[] = SCRIPT;
	static char warn[] = "-Werror";
	static char line[] = "exec \"$0\" \"$@\"";
	char *direct[] = { (char *)(uintptr_t)path, warn, c, script, NULL };
	char *shell[] = { sh, c, line, (char *)(uintptr_t)path, warn, c,
			  script, NULL };

	run_start(r, through_shell ? shell : direct);
	run_accept(r);
}

/* The heap of a program that waits at its end, where the agent reads it. */
static void
await_snapshot(struct run *r)
{
	if (!strcmp(r->seen.runtime, "cpython")) {
		run_await(r, &r->seen.ends, 1);
		ck_assert_uint_gt(r->seen.objects, 1000);
	} else {
		run_await(r, &r->seen.errors, 1);
		ck_assert_uint_eq(r->seen.code, OT_REFUSED);
	}
}

/* It waits at its end until it is told to go on. */
START_TEST(python_waits_at_its_end)
{
	static const uint8_t go_on[] = { 0, OTW_F_CONTINUE };
	char out[256];
	size_t i;

	find_pythons();
	for (i = 0; i < pythons.gl_pathc; i++) {
		struct pollfd p;
		struct run r;

		start_python(&r, pythons.gl_pathv[i], i & 1);
		run_await(&r, &r.seen.hellos, 1);
		run_await_end(&r);
		/* nothing happens now by itself */
		p = (struct pollfd){ r.fd, POLLIN, 0 };
		ck_assert_int_eq(poll(&p, 1, 200), 0);
		run_snapshot(&r);
		if (i & 2)
			await_snapshot(&r);
		/* it also counts while a snapshot is under way */
		run_say(&r, go_on, 2);
		if (!(i & 2))
			await_snapshot(&r);
		run_output(&r, out, sizeof(out));
		ck_assert_msg(!strcmp(out, "to the end\n"), "%s: %s",
			      pythons.gl_pathv[i], out);
		ck_assert_int_eq(run_end(&r), 0);
	}
	globfree(&pythons);
}
END_TEST

/* What is asked while it is still starting is answered when it has. */
START_TEST(python_is_asked_early)
{
	char out[256];
	size_t i;

	find_pythons();
	for (i = 0; i < pythons.gl_pathc; i++) {
		struct run r;

		start_python(&r, pythons.gl_pathv[i], false);
		run_snapshot(&r);
		run_await(&r, &r.seen.hellos, 1);
		await_snapshot(&r);
		close(r.fd);
		r.fd = -1;
		run_output(&r, out, sizeof(out));
		ck_assert_str_eq(out, "to the end\n");
		ck_assert_int_eq(run_end(&r), 0);
	}
	globfree(&pythons);
}
END_TEST

/* The inspector goes away first: the program ends as if it had never been. */
START_TEST(python_ends_without_us)
{
	char out[256];
	size_t i;

	find_pythons();
	for (i = 0; i < pythons.gl_pathc; i++) {
		struct run r;

		start_python(&r, pythons.gl_pathv[i], false);
		if (i & 1)
			run_await_end(&r);
		close(r.fd);
		close(r.listener);
		r.fd = r.listener = -1;
		run_output(&r, out, sizeof(out));
		ck_assert_str_eq(out, "to the end\n");
		ck_assert_int_eq(run_end(&r), 0);
	}
	globfree(&pythons);
}
END_TEST

/* A process that is no interpreter, or not the one meant, is left alone. */
START_TEST(others_are_left_alone)
{
	static char sh[] = "/bin/sh", c[] = "-c", echo[] =
		"echo $OBJTOP_RUN | sed 's/.*:/+/'";
	char *argv[] = { sh, c, echo, NULL };
	struct pollfd p;
	struct run r;
	char out[256];

	run_start(&r, argv);
	run_output(&r, out, sizeof(out));
	ck_assert_msg(!strncmp(out, "+objtop-test-", 13), "%s", out);
	p = (struct pollfd){ r.listener, POLLIN, 0 };
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ck_assert_int_eq(run_end(&r), 0);
}
END_TEST

TCase *
t_runtime_preload(void)
{
	TCase *t = tcase_create("preload");

	tcase_set_timeout(t, 100);
	tcase_add_test(t, c_program);
	tcase_add_test(t, python_waits_at_its_end);
	tcase_add_test(t, python_is_asked_early);
	tcase_add_test(t, python_ends_without_us);
	tcase_add_test(t, others_are_left_alone);
	return t;
}
