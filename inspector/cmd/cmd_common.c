/* SPDX-License-Identifier: MIT */
/*
 * cmd_common.c - what most commands do: open the target, load its graph.
 *
 * Loading takes as long as the heap is big; from a third of a second on a
 * line on stderr says how far it is.  Ctrl-C is looked at ten times a second:
 * the agent is told to stop and the target runs on as it was.
 */
#include "config.h"

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
				 .verbose = c->opts.verbose,
				 .children = c->opts.run_children };

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
		.by = c->opts.by,
		.depth = c->opts.depth,
		.max_width = c->opts.max_width,
		.k = c->opts.k,
		.exclude_weak = c->opts.exclude_weak,
		.ignore = c->opts.ignore,
		.nignore = c->opts.nignore,
		.retained = c->opts.retained,
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
	if (needs == HG_NEEDS_OBJECTS)
		return OTW_WANT_OBJECTS | (redact ? 0 : OTW_WANT_TEXT);
	if (needs == HG_NEEDS_GRAPH || redact)
		return OTW_WANT_GRAPH | OTW_WANT_COLLECTOR;
	return OTW_WANT_GRAPH | OTW_WANT_TEXT | OTW_WANT_COLLECTOR;
}

static bool
common_is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
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

	if (!cmd_names_targets(c) && !common_is_number(c->target)) {
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
