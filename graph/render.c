/* SPDX-License-Identifier: MIT */
/*
 * render.c - a picture into memory, within a time that people wait.
 *
 * libgvc works in a child: what it takes minutes for can be ended, its memory
 * goes with it, and what it or its plug-ins say on stderr does not reach a
 * terminal that has a screen on it.  The child gets PATIENCE_MS; then the next
 * one folds the same picture further, and in the end lays it out by the
 * faster of the two engines (which gets FORCE_PATIENCE_MS, being the better
 * choice where all is to be seen).  The caption says which.
 *
 * The child is a fork, so it sees the graph without a copy being made.  None
 * of libgvc's libraries is ever used in the parent, so none of their locks
 * can be held by another thread at that moment; those of libc are libc's to
 * care for.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/units.h"
#include "graph/render.h"
#include "graph/render_gvc.h"

#define PATIENCE_MS	  2000u
#define FORCE_PATIENCE_MS 8000u
#define LAST_PATIENCE_MS  30000u
#define TICK_MS		  50
#define DOT_MOST	 6000u /* nodes and edges: dot takes longer anyway */

enum { CHILD_OK, CHILD_FAILED, CHILD_TOO_LARGE };

/* What is tried, in this order. */
static const struct attempt {
	bool fold;
	enum hg_fold how;
	bool force;
	const char *note;
} attempts[] = {
	{ true, HG_FOLD_EXACT, false, NULL },
	{ true, HG_FOLD_LOOSE, false,
	  "much alike was folded further: the whole is too large to lay out" },
	{ true, HG_FOLD_EXACT, true,
	  "too large for layers: laid out by forces (sfdp)" },
	{ true, HG_FOLD_TYPES, false,
	  "folded to one node a type: the whole is too large to lay out" },
	{ true, HG_FOLD_TYPES, true,
	  "folded to one node a type and laid out by forces (sfdp): "
	  "the whole is too large" },
}, unfolded[] = {
	{ false, HG_FOLD_EXACT, false, NULL },
	{ false, HG_FOLD_EXACT, true,
	  "too large for layers: laid out by forces (sfdp)" },
	{ true, HG_FOLD_LOOSE, false,
	  "folded all the same: unfolded it is too large to lay out" },
	{ true, HG_FOLD_TYPES, true,
	  "folded to one node a type: the whole is too large to lay out" },
};

struct child {
	struct hg_picture *p;
	const struct hg_export *x;
	const struct attempt *try;
	pid_t pid;
	int data, said; /* to read from */
	bool late;
};

static bool
write_out(int fd, const struct ot_buf *b)
{
	size_t at = 0;
	ssize_t n;

	while (at < b->len) {
		n = write(fd, b->data + at, b->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* In the child: a status for its end. */
static int
child_draw(const struct child *c, int out)
{
	struct ot_buf drawn = OT_BUF_INIT, svg = OT_BUF_INIT;
	const struct hg_layout how = {
		.format = c->x->format,
		.force = c->try->force,
		.note = c->try->note,
	};

	if (c->try->fold && !hg_picture_fold(c->p, c->try->how))
		return CHILD_FAILED;
	if (!how.force && c->p->nnodes + c->p->nedges > DOT_MOST)
		return CHILD_TOO_LARGE;
	if (!hg_gvc_draw(c->p, &how, &drawn))
		return CHILD_FAILED;
	if (strcmp(c->x->ext, "svg") != 0)
		return write_out(out, &drawn) ? CHILD_OK : CHILD_FAILED;
	if (!hg_svg_finish(c->p, &drawn, &svg))
		return CHILD_FAILED;
	return write_out(out, &svg) ? CHILD_OK : CHILD_FAILED;
}

static enum ot_status
child_start(struct child *c, struct ot_err *err)
{
	int ends[2];

	c->said = memfd_create("objtop-gvc", MFD_CLOEXEC);
	if (c->said < 0 || pipe2(ends, O_CLOEXEC) != 0) {
		if (c->said >= 0)
			close(c->said);
		return ot_fail_errno(err, OT_FAILED, "cannot draw");
	}
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		dup2(c->said, STDERR_FILENO);
		_exit(child_draw(c, ends[1]));
	}
	close(ends[1]);
	c->data = ends[0];
	if (c->pid > 0)
		return OT_OK;
	close(c->data);
	close(c->said);
	return ot_fail_errno(err, OT_FAILED, "cannot start a process to draw");
}

/* All the child writes, for as long as one waits; OT_INTERRUPTED. */
static enum ot_status
child_read(struct child *c, uint64_t patience, struct ot_buf *out,
	   struct ot_err *err)
{
	const struct hg_look *look = &c->p->look;
	uint64_t start = ot_now_us(), ms;
	struct pollfd fd = { .fd = c->data, .events = POLLIN };
	char piece[65536];
	ssize_t n;

	for (;;) {
		ms = (ot_now_us() - start) / 1000;
		c->late = ms > patience;
		if (c->late)
			return OT_OK;
		if (look->cancelled &&
		    look->cancelled(look->cancel_ctx, ms, patience))
			return ot_fail(err, OT_INTERRUPTED, "interrupted");
		n = poll(&fd, 1, TICK_MS);
		if (n == 0 || (n < 0 && errno == EINTR))
			continue;
		n = read(c->data, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return OT_OK;
		ot_buf_add(out, piece, (size_t)n);
		if (out->failed)
			return ot_fail_nomem(err, "a picture");
	}
}

/* Its end: what it exited with. */
static int
child_end(struct child *c, bool kill_it)
{
	int status = 0;

	if (kill_it)
		kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(c->data);
	return WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_FAILED;
}

/* The first line of what was said on its stderr. */
static void
child_said(const struct child *c, char *said, size_t cap)
{
	char line[400] = "";
	ssize_t n = pread(c->said, line, sizeof(line) - 1, 0);

	line[n > 0 ? n : 0] = '\0';
	ot_escape_to(said, cap, line, strcspn(line, "\n"), OT_ESC_TERM);
}

/* One attempt; *again where the next one may do better. */
static enum ot_status
draw_once(struct child *c, bool last, bool *again, struct ot_buf *out,
	  struct ot_err *err)
{
	uint64_t patience = last	  ? LAST_PATIENCE_MS
			    : c->try->force ? FORCE_PATIENCE_MS
					    : PATIENCE_MS;
	enum ot_status st = child_start(c, err);
	char said[400];
	int code;

	*again = false;
	if (st != OT_OK)
		return st;
	st = child_read(c, patience, out, err);
	code = child_end(c, c->late || st != OT_OK);
	child_said(c, said, sizeof(said));
	close(c->said);
	if (st != OT_OK || (code == CHILD_OK && !c->late && out->len > 0))
		return st;
	ot_buf_clear(out);
	*again = !last && (c->late || code == CHILD_TOO_LARGE);
	if (*again)
		return OT_OK;
	if (c->late || code == CHILD_TOO_LARGE)
		return ot_fail(err, OT_FAILED,
			       "the picture is too large to lay out: a "
			       "smaller --depth or --max-width draws less");
	return ot_fail(err, OT_FAILED,
		       "libgvc could not draw the %s picture%s%s", c->x->ext,
		       *said ? ": " : "", said);
}

static const struct hg_export *
export_named(const char *ext)
{
	const struct hg_export *x;

	for (x = hg_exports; x->ext; x++)
		if (strcmp(x->ext, ext) == 0)
			return x;
	return NULL;
}

enum ot_status
hg_render_buf(struct hg_picture *p, const char *ext, struct ot_buf *out,
	      struct ot_err *err)
{
	struct child c = { .p = p, .x = export_named(ext) };
	const struct attempt *list = attempts;
	size_t n = OT_ARRAY_LEN(attempts), i;
	enum ot_status st = OT_OK;
	bool again = true;

	if (!c.x)
		return ot_fail(err, OT_USAGE, "no picture format '%.40s'", ext);
	if (p->look.no_fold) {
		list = unfolded;
		n = OT_ARRAY_LEN(unfolded);
	}
	st = hg_picture_look(p, err);
	for (i = 0; st == OT_OK && again && i < n; i++) {
		c.try = &list[i];
		st = draw_once(&c, i + 1 == n, &again, out, err);
	}
	return st;
}
