/* SPDX-License-Identifier: MIT */
/*
 * cmd_common.c - what most commands do: open the target, load its graph.
 *
 * Loading takes as long as the heap is big; from a third of a second on a
 * line on stderr says how far it is.  Ctrl-C is looked at ten times a second:
 * the agent is told to stop and the target runs on as it was.
 */
#include "config.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/units.h"
#include "graph/builder.h"
#include "inspector/cmd/cmd.h"
#include "wire/file.h"
#include "wire/wire.h"

#define PROGRESS_AFTER_US 300000

struct target_opts
cmd_target_opts(const struct cmd *c)
{
	struct target_opts o = { .timeout_ms = c->opts.timeout_ms,
				 .verbose = c->opts.verbose };

	return o;
}

static bool
common_cancelled(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
	return cmd_interrupted != 0;
}

struct hg_args
cmd_hg_args(const struct cmd *c)
{
	struct hg_args a = {
		.objects = c->args,
		.nobjects = c->nargs,
		.scope = c->opts.scope,
		.depth = c->opts.depth,
		.max_width = c->opts.max_width,
		.k = c->opts.k,
		.exclude_weak = c->opts.exclude_weak,
		.ignore = c->opts.ignore,
		.nignore = c->opts.nignore,
		.timeout_ms = c->opts.timeout_ms,
		.cancelled = common_cancelled,
	};

	return a;
}

uint32_t
cmd_want(enum hg_needs needs, bool redact)
{
	if (needs == HG_NEEDS_COLLECTOR)
		return OTW_WANT_COLLECTOR;
	if (needs == HG_NEEDS_COUNTS)
		return OTW_WANT_COUNTS | OTW_WANT_COLLECTOR;
	if (needs == HG_NEEDS_GRAPH || redact)
		return OTW_WANT_GRAPH | OTW_WANT_COLLECTOR;
	return OTW_WANT_GRAPH | OTW_WANT_TEXT | OTW_WANT_COLLECTOR;
}

/* Several processes match: each on a line of stderr, and a refusal. */
static enum ot_status
common_several(const char *pattern, const struct target_proc *procs,
	       const size_t *hits, size_t n, struct ot_err *err)
{
	struct ot_buf line = OT_BUF_INIT;
	size_t i;

	for (i = 0; i < n; i++) {
		ot_buf_clear(&line);
		ot_escape(&line, procs[hits[i]].command,
			  strlen(procs[hits[i]].command), OT_ESC_TERM, 70);
		fprintf(stderr, "%7ld  %s\n", (long)procs[hits[i]].pid,
			ot_buf_str(&line));
	}
	ot_buf_release(&line);
	return ot_fail(err, OT_USAGE,
		       "%zu processes match '%.80s'; give the PID of one", n,
		       pattern);
}

static bool
common_matches(const char *pattern, const char *command)
{
	if (strstr(command, pattern) != NULL)
		return true;
	return fnmatch(pattern, command, 0) == 0;
}

static enum ot_status
common_by_name(const char *pattern, pid_t *pid, struct ot_err *err)
{
	struct target_proc *procs = NULL;
	size_t n = 0, i, nhits = 0, *hits;
	enum ot_status st = target_list(&procs, &n, err);

	if (st != OT_OK)
		return st;
	hits = ot_realloc_array(NULL, n, sizeof(*hits));
	if (hits == NULL) {
		free(procs);
		return ot_fail_nomem(err, "the list of processes");
	}
	for (i = 0; i < n; i++)
		if (procs[i].pid != getpid() &&
		    common_matches(pattern, procs[i].command))
			hits[nhits++] = i;
	if (nhits == 1)
		*pid = procs[hits[0]].pid;
	else if (nhits == 0)
		st = ot_fail(err, OT_REFUSED,
			     "no process with a known runtime has '%.80s' in "
			     "its command line; see objtop ps",
			     pattern);
	else
		st = common_several(pattern, procs, hits, nhits, err);
	free(hits);
	free(procs);
	return st;
}

static bool
common_is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

enum ot_status
cmd_pid(const struct cmd *c, pid_t *pid, struct ot_err *err)
{
	uint64_t n;

	if (c->opts.name != NULL)
		return common_by_name(c->opts.name, pid, err);
	if (!common_is_number(c->target))
		return ot_fail(err, OT_USAGE,
			       "'%.80s' is not the id of a process", c->target);
	if (!ot_parse_u64(c->target, &n) || n == 0 || n > INT_MAX)
		return ot_fail(err, OT_REFUSED, "no process has the id %.40s",
			       c->target);
	*pid = (pid_t)n;
	return OT_OK;
}

static bool
common_is_file(const char *word)
{
	size_t len = strlen(word);

	return (len > 7 && strcmp(word + len - 7, ".objtop") == 0) ||
	       otw_file_is_snapshot(word);
}

enum ot_status
cmd_open(const struct cmd *c, struct target **out, struct ot_err *err)
{
	struct target_opts o = cmd_target_opts(c);
	enum ot_status st;
	pid_t pid = 0;

	if (c->opts.name == NULL && !common_is_number(c->target)) {
		if (common_is_file(c->target))
			return target_open_file(c->target, out, err);
		return ot_fail(err, OT_USAGE,
			       "'%.200s' is neither the id of a process nor a "
			       "snapshot file",
			       c->target);
	}
	st = cmd_pid(c, &pid, err);
	if (st == OT_OK)
		st = target_attach(pid, &o, out, err);
	if (st == OT_OK && c->opts.verbose)
		fprintf(stderr, "objtop: in by %s, first frame is here; one "
			"thread was stopped for %llu us\n", target_rung(*out),
			(unsigned long long)target_stopped_us(*out));
	return st;
}

struct load {
	const struct hg_builder *builder;
	uint64_t start;
	bool tell, told;
};

static bool
load_tick(void *ctx)
{
	struct load *l = ctx;
	char done_text[32], all_text[32];
	uint64_t done = 0, estimate = 0;

	if (l->tell && ot_now_us() - l->start > PROGRESS_AFTER_US) {
		hg_builder_progress(l->builder, &done, &estimate);
		ot_fmt_count(done_text, sizeof(done_text), done);
		ot_fmt_count(all_text, sizeof(all_text), estimate);
		if (estimate > done)
			fprintf(stderr,
				"\r\033[Kreading objects: %s of about %s",
				done_text, all_text);
		else
			fprintf(stderr, "\r\033[Kreading objects: %s",
				done_text);
		l->told = true;
	}
	return cmd_interrupted != 0;
}

enum ot_status
cmd_load(const struct cmd *c, struct target *t, enum hg_needs needs,
	 struct hg_graph **out, struct ot_err *err)
{
	struct otw_request r = { .want = cmd_want(needs, c->opts.redact),
				 .mode = c->opts.mode,
				 .timeout_ms = c->opts.timeout_ms };
	struct hg_builder *b = hg_builder_new();
	struct load l = { .builder = b, .start = ot_now_us() };
	enum ot_status st;
	bool whole;

	if (b == NULL)
		return ot_fail_nomem(err, "the graph");
	l.tell = !c->opts.quiet && isatty(STDERR_FILENO);
	st = target_snapshot(t, &r, hg_builder_events(), b, NULL, NULL,
			     load_tick, &l, err);
	if (l.told)
		fputs("\r\033[K", stderr);
	if (st == OT_OK) {
		whole = hg_builder_done(b) && !target_truncated(t);
		st = hg_builder_finish(b, whole, out, err);
		if (st == OT_OK && !whole)
			cmd_say(c, "%s ends early; what it holds is shown",
				target_is_file(t) ? target_path(t)
						  : "the stream");
	}
	hg_builder_free(b);
	return st;
}
