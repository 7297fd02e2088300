/* SPDX-License-Identifier: MIT */
/*
 * cmd_demo.c - the bundled service that leaks, and a first look at it.
 *
 * Starts the script, waits for its word "ready", attaches.  On a terminal the
 * UI opens; else: types, what grew within two seconds, and a picture of who
 * holds one Session.  The service ends with objtop, whichever way that goes
 * (PR_SET_PDEATHSIG).
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "graph/picture.h"
#include "graph/render.h"
#include "inspector/cmd/cmd.h"

#define DEMO_SCRIPT "shop.py"
#define DEMO_DRAWN "Session"
#define DEMO_PICTURE "objtop-demo.svg"
#define READY_US 15000000
#define GROWTH_US 2000000
#define END_US 2000000
#define ROWS 15

struct service {
	pid_t pid; /* 0: none */
	int out;   /* its stdout; -1 */
};

static void
demo_pause(uint64_t us)
{
	poll(NULL, 0, (int)(us / 1000));
}

/* A script of ours: a plain file that no other user could have put there. */
static bool
demo_usable(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 && S_ISREG(sb.st_mode) &&
	       (sb.st_uid == getuid() || sb.st_uid == 0) &&
	       access(path, R_OK) == 0;
}

/*
 * Where objtop runs from the tree it was built in: beside it, or up to three
 * directories above (a build directory).
 */
static bool
demo_in_tree(char *path, size_t cap)
{
	char exe[PATH_MAX], *dir;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int up;

	if (n <= 0)
		return false;
	exe[n] = '\0';
	dir = dirname(exe);
	if ((size_t)snprintf(path, cap, "%s/config.status", dir) >= cap ||
	    access(path, F_OK) != 0)
		return false;
	for (up = 0; up <= 3; up++, dir = dirname(dir))
		if ((size_t)snprintf(path, cap, "%s/inspector/demo/%s", dir,
				     DEMO_SCRIPT) < cap &&
		    demo_usable(path))
			return true;
	return false;
}

static enum ot_status
demo_find(char *path, size_t cap, struct ot_err *err)
{
	const char *env = getenv("OBJTOP_DEMO");

	if (env != NULL && *env != '\0') {
		if ((size_t)snprintf(path, cap, "%s", env) >= cap ||
		    access(path, R_OK) != 0)
			return ot_fail(
				err, OT_FAILED,
				"cannot read %.400s, which OBJTOP_DEMO names",
				env);
		return OT_OK;
	}
	if (demo_in_tree(path, cap))
		return OT_OK;
	snprintf(path, cap, "%s/%s", PKGDATADIR, DEMO_SCRIPT);
	if (demo_usable(path))
		return OT_OK;
	return ot_fail(err, OT_FAILED,
		       "the demo's script %s is missing; make install puts it "
		       "there, or set OBJTOP_DEMO",
		       path);
}

/* In the child: only what is safe between fork and exec. */
static void
demo_exec(const char *script, int out, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	/* Ctrl-C is for objtop, which then ends the service. */
	setpgid(0, 0);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	signal(SIGPIPE, SIG_DFL);
	execlp("python3", "python3", "-u", script, (char *)NULL);
	_exit(127);
}

/* Waits for the line "ready". */
static enum ot_status
demo_ready(const struct service *s, struct ot_err *err)
{
	uint64_t deadline = ot_now_us() + READY_US;
	struct pollfd p = { .fd = s->out, .events = POLLIN };
	struct ot_buf text = OT_BUF_INIT;
	enum ot_status st = OT_FAILED;
	char data[512];
	ssize_t n;

	while (st == OT_FAILED) {
		if (cmd_interrupted)
			st = ot_fail(err, OT_INTERRUPTED, "interrupted");
		else if (ot_now_us() > deadline)
			break;
		else if (poll(&p, 1, 100) <= 0)
			continue;
		else if ((n = read(s->out, data, sizeof(data))) <= 0)
			break;
		else
			ot_buf_add(&text, data, (size_t)n);
		if (strstr(ot_buf_str(&text), "ready") != NULL)
			st = OT_OK;
	}
	if (st == OT_FAILED)
		ot_fail(err, st,
			"the demo's service did not start; is python3 in "
			"PATH?");
	ot_buf_release(&text);
	return st;
}

static enum ot_status
demo_start(struct service *s, struct ot_err *err)
{
	char script[PATH_MAX];
	pid_t parent = getpid();
	int fds[2];
	enum ot_status st = demo_find(script, sizeof(script), err);

	if (st != OT_OK)
		return st;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return ot_fail_errno(err, OT_FAILED, "no pipe to the demo");
	s->pid = fork();
	if (s->pid == 0)
		demo_exec(script, fds[1], parent);
	close(fds[1]);
	s->out = fds[0];
	if (s->pid < 0) {
		s->pid = 0;
		return ot_fail_errno(err, OT_FAILED, "cannot start the demo");
	}
	return demo_ready(s, err);
}

static void
demo_end(struct service *s)
{
	uint64_t deadline = ot_now_us() + END_US;

	if (s->out >= 0)
		close(s->out);
	if (s->pid == 0)
		return;
	kill(s->pid, SIGTERM);
	while (waitpid(s->pid, NULL, WNOHANG) == 0) {
		if (ot_now_us() > deadline)
			kill(s->pid, SIGKILL);
		demo_pause(10000);
	}
	s->pid = 0;
}

static enum ot_status
demo_growth(const struct cmd *c, const struct hg_graph *was,
	    const struct hg_graph *now, struct ot_err *err)
{
	struct hg_args args = cmd_hg_args(c);
	struct cmd growth = *c;

	growth.name = "growth";
	args.nobjects = 0;
	args.before = was;
	putchar('\n');
	return cmd_analysis_print(&growth, now, &args, err);
}

static enum ot_status
demo_draw(const struct cmd *c, const struct hg_graph *g, struct ot_err *err)
{
	struct hg_args args = cmd_hg_args(c);
	struct hg_picture *pic = NULL;
	struct ot_buf line = OT_BUF_INIT;
	hg_node *nodes = NULL;
	enum ot_status st;
	uint32_t n;

	st = hg_resolve(g, DEMO_DRAWN, &nodes, &n, err);
	if (st == OT_OK)
		st = hg_picture_refs(g, nodes, 1, true, &args, &pic, err);
	if (st == OT_OK)
		st = hg_render_file(pic, DEMO_PICTURE, err);
	if (st == OT_OK) {
		ot_buf_adds(&line, "\nwho holds one " DEMO_DRAWN
				   ": " DEMO_PICTURE "\n");
		st = cmd_puts(&line, err);
	}
	ot_buf_release(&line);
	hg_picture_free(pic);
	free(nodes);
	return st;
}

/* Without a terminal: the same story as text and a picture. */
static enum ot_status
demo_tell(const struct cmd *c, struct target *t, struct ot_err *err)
{
	struct hg_graph *was = NULL, *now = NULL;
	uint64_t start = ot_now_us();
	enum ot_status st;

	st = cmd_load(c, t, HG_NEEDS_OBJECTS, &was, err);
	if (st == OT_OK)
		st = cmd_print_types(c, was, err);
	while (st == OT_OK && ot_now_us() - start < GROWTH_US) {
		demo_pause(50000);
		if (cmd_interrupted)
			st = ot_fail(err, OT_INTERRUPTED, "interrupted");
	}
	if (st == OT_OK)
		st = cmd_load(c, t, HG_NEEDS_TEXT, &now, err);
	if (st == OT_OK)
		st = demo_growth(c, was, now, err);
	if (st == OT_OK)
		st = demo_draw(c, now, err);
	hg_graph_free(was);
	hg_graph_free(now);
	return st;
}

enum ot_status
cmd_demo(const struct cmd *c, struct ot_err *err)
{
	struct target_opts o = cmd_target_opts(c);
	struct service s = { 0, -1 };
	struct target *t = NULL;
	struct cmd shown = *c;
	enum ot_status st;

	if (!c->opts.limit_set) {
		shown.opts.limit_set = true;
		shown.opts.limit = ROWS;
	}
	shown.opts.format = OT_FMT_TEXT;
	st = demo_start(&s, err);
	if (st == OT_OK)
		st = target_attach(s.pid, &o, &t, err);
	if (st == OT_OK)
		st = cmd_has_terminal() ? cmd_ui_on(&shown, t, err)
					: demo_tell(&shown, t, err);
	target_close(t);
	demo_end(&s);
	return st;
}
