/* SPDX-License-Identifier: MIT */
/*
 * cmd_run.c - a program with the agent in from its first instruction.
 *
 * On a terminal the UI is on top: the program's output goes to a nameless
 * file meanwhile and is handed on when the UI ends; the program then has the
 * terminal.  Else objtop waits until the program is about to end, when the
 * heap is still whole, and writes it to -o FILE or prints its types.  With
 * --serve-metrics its figures can be scraped meanwhile, which is what is
 * wanted then: no UI, and no table at the end.
 *
 * With --children each process that comes from the program is looked at in the
 * same way and written to a file of its own; objtop ends with the last of
 * them.
 *
 * The exit code is the program's, 128 and the signal where one ended it, but
 * where objtop itself failed.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspector/cmd/cmd.h"
#include "inspector/cmd/serve.h"

#define STEP_MS 100
#define CHILD_MS 200

/* The program's output while the UI has the terminal. */
struct run_output {
	FILE *file;  /* NULL: the program has the terminal */
	off_t shown; /* bytes handed on */
};

struct run_fds {
	int saved[3];
};

/* Our own 0 to 2 for the moment in which the program inherits them. */
static enum ot_status
run_redirect(struct run_output *o, struct run_fds *fds, struct ot_err *err)
{
	int i, null = -1;

	o->shown = 0;
	o->file = tmpfile();
	if (o->file != NULL)
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0)
		return ot_fail_errno(err, OT_FAILED,
				     "no place for the program's output");
	fflush(NULL);
	for (i = 0; i < 3; i++) {
		fds->saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
		dup2(i == 0 ? null : fileno(o->file), i);
	}
	close(null);
	return OT_OK;
}

static void
run_restore(const struct run_fds *fds)
{
	int i;

	fflush(NULL);
	for (i = 0; i < 3; i++) {
		if (fds->saved[i] < 0)
			continue;
		dup2(fds->saved[i], i);
		close(fds->saved[i]);
	}
}

/* Hands on what the program has written since the last time. */
static void
run_hand_on(struct run_output *o)
{
	char data[8192];
	ssize_t n;

	if (o->file == NULL)
		return;
	/* pread: the offset is the program's. */
	while ((n = pread(fileno(o->file), data, sizeof(data), o->shown)) > 0) {
		o->shown += n;
		fwrite(data, 1, (size_t)n, stdout);
	}
	fflush(stdout);
}

/* "end.objtop" and 4242: "end.4242.objtop". */
static bool
run_child_path(struct ot_buf *out, const char *path, pid_t pid)
{
	const char *base = strrchr(path, '/');
	const char *dot = strrchr(base != NULL ? base : path, '.');
	size_t n = dot != NULL && dot > path && dot[-1] != '/'
			   ? (size_t)(dot - path)
			   : strlen(path);

	ot_buf_add(out, path, n);
	ot_buf_addf(out, ".%d%s", (int)pid, path + n);
	return !out->failed;
}

/* What fails here is told and does not end the run. */
static void
run_save_child(const struct cmd *c, struct target *t)
{
	struct ot_buf path = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;
	struct cmd quiet = *c;
	enum ot_status st = OT_OK;

	/* The one answer on stdout is about the program. */
	quiet.opts.format = OT_FMT_TEXT;
	if (!run_child_path(&path, c->opts.output, target_pid(t)))
		st = ot_fail_nomem(&err, "the name of a file");
	if (st == OT_OK)
		st = cmd_save(&quiet, t, ot_buf_str(&path), &err);
	if (st != OT_OK)
		cmd_say(c, "PID %d: %s", (int)target_pid(t), err.msg);
	ot_buf_release(&path);
}

static void
run_children(const struct cmd *c, struct target *t)
{
	struct target *child;

	while ((child = target_child(t)) != NULL) {
		run_save_child(c, child);
		target_continue(child);
		target_close(child);
	}
}

/* Until the last of them has ended. */
static void
run_await_children(const struct cmd *c, struct target *t)
{
	bool told = false;
	size_t n;

	while (cmd_interrupted == 0 && (n = target_children(t)) > 0) {
		if (!told)
			cmd_say(c, "the program has ended; %zu of what it "
				   "started: waiting, Ctrl-C leaves that alone",
				n);
		told = true;
		target_await_child(t, CHILD_MS);
		run_children(c, t);
	}
	run_children(c, t);
	cmd_interrupted = 0;
}

/*
 * Until the program is about to end, or is gone.  Ctrl-C goes to the program
 * too, and what it makes of it is its business; a second one leaves it alone.
 */
static enum ot_status
run_until_exit(const struct cmd *c, struct target *t, struct run_output *o,
	       struct serve *serve, struct ot_err *err)
{
	bool told = false, done;

	while (target_alive(t) && !target_exiting(t)) {
		if (cmd_interrupted > 1)
			return ot_fail(err, OT_INTERRUPTED,
				       "interrupted; the program runs on");
		if (cmd_interrupted && !told) {
			cmd_say(c, "waiting for the program to end; Ctrl-C "
				   "again leaves it alone");
			told = true;
		}
		run_hand_on(o);
		run_children(c, t);
		if (serve != NULL)
			serve_step(serve, 0);
		/* A status here says that the program is gone: so be it. */
		if (target_step(t, STEP_MS, &done, NULL) != OT_OK &&
		    !cmd_interrupted)
			break;
	}
	run_hand_on(o);
	cmd_interrupted = 0;
	return OT_OK;
}

/* At exit, the heap still whole. */
static enum ot_status
run_last_look(const struct cmd *c, struct target *t, struct ot_err *err)
{
	struct hg_graph *g = NULL;
	enum ot_status st;

	if (!target_exiting(t)) {
		if (c->opts.output == NULL)
			return ot_fail(err, OT_FAILED,
				       "the program was gone before a last "
				       "look (killed, or by os._exit)");
		return ot_fail(err, OT_FAILED,
			       "the program was gone before a last look "
			       "(killed, or by os._exit); %s was not written",
			       c->opts.output);
	}
	if (c->opts.output != NULL)
		return cmd_save(c, t, c->opts.output, err);
	st = cmd_load(c, t, HG_NEEDS_COUNTS, &g, err);
	if (st == OT_OK)
		st = cmd_print_types(c, g, err);
	hg_graph_free(g);
	return st;
}

/* The program's end as an exit code, told where it is not 0. */
static enum ot_status
run_ended(const struct cmd *c, struct target *t, struct ot_err *err)
{
	enum ot_status st;
	int status = 0;

	st = target_wait(t, &status, err);
	if (st != OT_OK)
		return st;
	if (status > 128 && status <= 128 + 64)
		cmd_say(c, "the program ended with status %d (signal %d, %s)",
			status, status - 128, strsignal(status - 128));
	else if (status != 0)
		cmd_say(c, "the program ended with status %d", status);
	return (enum ot_status)status;
}

static enum ot_status
run_with_ui(const struct cmd *c, struct ot_err *err)
{
	struct target_opts opts = cmd_target_opts(c);
	struct run_output o = { NULL, 0 };
	struct target *t = NULL;
	struct run_fds fds;
	enum ot_status st;

	st = run_redirect(&o, &fds, err);
	if (st == OT_OK) {
		st = target_run(c->exec, &opts, &t, err);
		run_restore(&fds);
	}
	if (st == OT_OK)
		st = cmd_ui_on(c, t, err);
	if (st == OT_OK && !target_exiting(t) && target_alive(t))
		cmd_say(c, "%s goes on; Ctrl-C ends it", c->exec[0]);
	if (t != NULL && st == OT_OK)
		st = run_until_exit(c, t, &o, NULL, err);
	if (t != NULL && st == OT_OK) {
		target_continue(t);
		st = run_ended(c, t, err);
	}
	run_hand_on(&o);
	target_close(t);
	if (o.file != NULL)
		fclose(o.file);
	return st;
}

static enum ot_status
run_to_exit(const struct cmd *c, struct ot_err *err)
{
	struct target_opts opts = cmd_target_opts(c);
	struct run_output none = { NULL, 0 };
	enum ot_status st = OT_OK, ended;
	struct serve *serve = NULL;
	struct target *t = NULL;

	/* An address that is taken is told before the program starts. */
	if (c->opts.listen != NULL)
		st = serve_open(c, c->opts.listen, &serve, err);
	if (st == OT_OK)
		st = target_run(c->exec, &opts, &t, err);
	if (st == OT_OK && serve != NULL)
		st = serve_add(serve, t, false, err);
	if (st == OT_OK)
		st = run_until_exit(c, t, &none, serve, err);
	serve_close(serve);
	if (st == OT_OK) {
		if (c->opts.listen == NULL || c->opts.output != NULL)
			st = run_last_look(c, t, err);
		target_continue(t);
		ended = run_ended(c, t, st == OT_OK ? err : NULL);
		if (c->opts.run_children)
			run_await_children(c, t);
		if (st == OT_OK)
			st = ended;
	}
	target_close(t);
	return st;
}

enum ot_status
cmd_run(const struct cmd *c, struct ot_err *err)
{
	if (c->opts.run_children && c->opts.output == NULL)
		return ot_fail(err, OT_USAGE,
			       "run --children writes a file for each process: "
			       "give it -o FILE (in the UI, p lists them)");
	if (c->opts.output == NULL && c->opts.format == OT_FMT_TEXT &&
	    c->opts.listen == NULL && cmd_has_terminal())
		return run_with_ui(c, err);
	return run_to_exit(c, err);
}
