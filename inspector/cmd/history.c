/* SPDX-License-Identifier: MIT */
/*
 * history.c - commands that look at more than one snapshot: growth, diff.
 *
 * growth takes the first sample with the objects' addresses, those between
 * as counts alone, and the last one whole, since its references say what new
 * objects hang from.  What that costs a program is the same for each: one
 * clone; what differs is what the clone writes and we keep.  Nothing is
 * collected.  Ctrl-C ends the waiting: the last sample is taken then, and
 * what is known is shown; a second Ctrl-C gives up that sample too.
 */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "graph/match.h"
#include "graph/series.h"
#include "inspector/cmd/cmd.h"

#define ROUNDS 3u
#define INTERVAL_MS 5000u
#define LOOK_MS 100u

/* ---- growth ---- */

struct growth {
	const struct cmd *c;
	struct target *t;
	struct hg_graph *first, *last;
	struct hg_series *s;
	uint16_t *births; /* per object of last, where ages are wanted */
	bool ages;
	uint32_t rounds;
	bool stopped; /* by Ctrl-C, with something to show */
};

static void
growth_release(struct growth *w)
{
	target_close(w->t);
	if (w->last != w->first)
		hg_graph_free(w->last);
	hg_graph_free(w->first);
	hg_series_free(w->s);
	free(w->births);
}

/* Every object of g is as old as in the sample before, or new. */
static enum ot_status
growth_births(struct growth *w, const struct hg_graph *g, struct ot_err *err)
{
	struct hg_args args = cmd_hg_args(w->c);
	size_t sample = hg_series_samples(w->s);
	uint16_t *births = NULL;
	struct hg_match m;
	enum ot_status st;

	st = hg_match_new(w->last, g, &args, &m, err);
	if (st != OT_OK)
		return st;
	st = hg_match_births(&m, w->births,
			     sample < UINT16_MAX ? (uint16_t)sample
						 : UINT16_MAX,
			     &births, err);
	hg_match_release(&m);
	free(w->births);
	w->births = births;
	return st;
}

/* A sample becomes the last one; the first one stays too. */
static enum ot_status
growth_add(struct growth *w, struct hg_graph *g, struct ot_err *err)
{
	enum ot_status st;

	if (w->ages && w->last != NULL) {
		st = growth_births(w, g, err);
		if (st != OT_OK) {
			hg_graph_free(g);
			return st;
		}
	}
	if (w->last != w->first)
		hg_graph_free(w->last);
	w->last = g;
	if (w->first == NULL)
		w->first = g;
	return hg_series_add(w->s, g, err);
}

static enum ot_status
growth_sample(struct growth *w, enum hg_needs needs, struct ot_err *err)
{
	struct hg_graph *g = NULL;
	enum ot_status st = cmd_load(w->c, w->t, needs, &g, err);

	return st == OT_OK ? growth_add(w, g, err) : st;
}

/* Until `until_us`; false: Ctrl-C came. */
static bool
growth_wait(const struct growth *w, uint32_t round, uint64_t until_us)
{
	bool tell = !w->c->opts.quiet && isatty(STDERR_FILENO);
	uint64_t now, left;

	while (!cmd_interrupted && (now = ot_now_us()) < until_us) {
		left = (until_us - now) / 1000 + 1;
		if (tell)
			fprintf(stderr,
				"\r\033[Ksample %u of %u in %llu s; Ctrl-C "
				"shows what is known",
				round + 1, w->rounds + 1,
				(unsigned long long)(left + 999) / 1000);
		poll(NULL, 0, left < LOOK_MS ? (int)left : (int)LOOK_MS);
	}
	if (tell)
		fputs("\r\033[K", stderr);
	return !cmd_interrupted;
}

/*
 * Rounds over n processes; one that cannot be sampled any more ends it for
 * all, as its column would stand still.
 */
static enum ot_status
growth_live(struct growth *w, size_t n, struct ot_err *err)
{
	uint64_t ms = w->c->opts.interval_ms, start = ot_now_us(), next;
	enum ot_status st = OT_OK;
	enum hg_needs needs;
	uint32_t i;
	size_t p;

	if (ms == 0)
		ms = INTERVAL_MS;
	for (p = 0; st == OT_OK && p < n; p++)
		st = growth_sample(&w[p], HG_NEEDS_OBJECTS, err);
	for (i = 1; st == OT_OK && i <= w->rounds && !w->stopped; i++) {
		next = ms > UINT64_MAX / 1000 / i ? UINT64_MAX
						  : start + ms * 1000 * i;
		w->stopped = !growth_wait(w, i, next);
		if (w->stopped)
			cmd_interrupted = 0; /* once more ends it all */
		needs = w->stopped || i == w->rounds ? HG_NEEDS_TEXT
			: w->ages		     ? HG_NEEDS_OBJECTS
						     : HG_NEEDS_COUNTS;
		for (p = 0; st == OT_OK && p < n; p++)
			st = growth_sample(&w[p], needs, err);
	}
	return st;
}

/* Each file is a sample; a file without addresses will do in the middle. */
static enum ot_status
growth_files(struct growth *w, struct ot_err *err)
{
	struct cmd one = *w->c;
	enum ot_status st;
	size_t i;

	if (!target_is_file(w->t))
		return ot_fail(err, OT_USAGE,
			       "growth takes one live process, and last: "
			       "%.200s is followed by more",
			       w->c->target != NULL ? w->c->target
						    : w->c->opts.name);
	w->ages = true; /* they cost nobody anything */
	st = growth_sample(w, HG_NEEDS_TEXT, err);
	for (i = 0; st == OT_OK && i < w->c->nargs; i++) {
		target_close(w->t);
		w->t = NULL;
		one.target = w->c->args[i];
		st = cmd_open(&one, &w->t, err);
		if (st == OT_OK && !target_is_file(w->t) &&
		    i + 1 < w->c->nargs)
			st = ot_fail(err, OT_USAGE,
				     "growth takes one live process, and last: "
				     "%.200s is followed by more",
				     one.target);
		if (st == OT_OK)
			st = growth_sample(w, HG_NEEDS_TEXT, err);
		if (st == OT_OK && hg_info(w->last)->time_ns <
				       hg_info(w->first)->time_ns)
			st = ot_fail(err, OT_USAGE,
				     "%.200s was taken before %.200s: give the "
				     "oldest snapshot first",
				     one.target, w->c->target);
	}
	return st;
}

static struct hg_args
growth_args(const struct growth *w)
{
	struct hg_args args = cmd_hg_args(w->c);

	/* Of growth the words are targets. */
	args.objects = NULL;
	args.nobjects = 0;
	args.before = w->first == w->last ? NULL : w->first;
	args.series = w->s;
	args.births = w->births;
	return args;
}

/* The table of one process, or of several side by side. */
static enum ot_status
growth_print(struct growth *w, const pid_t *pids, size_t n,
	     struct ot_err *err)
{
	struct hg_args args = growth_args(w);
	enum ot_status st = OT_OK;
	struct ot_table **tables;
	size_t i;

	if (n == 1)
		return cmd_analysis_print(w->c, w->last, &args, err);
	tables = calloc(n, sizeof(struct ot_table *));
	if (tables == NULL)
		return ot_fail_nomem(err, "the tables");
	for (i = 0; st == OT_OK && i < n; i++) {
		args = growth_args(&w[i]);
		st = cmd_analysis_table(w->c, w[i].last, &args, &tables[i],
					err);
	}
	if (st == OT_OK)
		st = cmd_side(w->c, pids, tables, n, err);
	for (i = 0; i < n; i++)
		ot_table_free(tables[i]);
	free(tables);
	return st;
}

/* What was seen is worth showing whatever ended it: Ctrl-C, an exit. */
static enum ot_status
growth_end(struct growth *w, const pid_t *pids, size_t n, enum ot_status st,
	   struct ot_err *err)
{
	struct ot_err told = OT_ERR_INIT;
	enum ot_status shown;
	size_t i;

	for (i = 0; i < n; i++)
		if (w[i].s == NULL || hg_series_samples(w[i].s) < 2)
			return st;
	if (st == OT_INTERRUPTED)
		cmd_interrupted = 0;
	shown = growth_print(w, pids, n, st == OT_OK ? err : &told);
	if (st == OT_OK)
		st = shown;
	if (st == OT_OK && w->stopped)
		st = ot_fail(err, OT_INTERRUPTED,
			     "interrupted; %zu of %u samples were taken",
			     hg_series_samples(w->s), w->rounds + 1);
	return st;
}

static enum ot_status
growth_init(struct growth *w, const struct cmd *c, struct ot_err *err)
{
	*w = (struct growth){ .c = c,
			      .rounds = c->opts.rounds ? c->opts.rounds
						       : ROUNDS,
			      .ages = c->opts.ages,
			      .s = hg_series_new(c->opts.scope) };
	return w->s == NULL ? ot_fail_nomem(err, "the samples") : OT_OK;
}

static enum ot_status
growth_several(const struct cmd *c, struct ot_err *err)
{
	struct target **targets = NULL;
	struct growth *w = NULL;
	pid_t *pids = NULL;
	enum ot_status st;
	size_t n = 0, i;

	if (c->nargs > 0)
		return ot_fail(err, OT_USAGE,
			       "'%.80s' is one word too many: the processes "
			       "are given by options",
			       c->args[0]);
	st = cmd_pids(c, &pids, &n, err);
	if (st != OT_OK)
		return st;
	w = calloc(n, sizeof(*w));
	targets = calloc(n, sizeof(struct target *));
	if (w == NULL || targets == NULL) {
		n = 0;
		st = ot_fail_nomem(err, "the samples");
	} else {
		st = cmd_attach_all(c, pids, targets, &n, err);
	}
	for (i = 0; i < n; i++) {
		if (st == OT_OK)
			st = growth_init(&w[i], c, err);
		w[i].t = targets[i];
	}
	if (st == OT_OK)
		st = growth_end(w, pids, n, growth_live(w, n, err), err);
	for (i = 0; i < n; i++)
		growth_release(&w[i]);
	free(targets);
	free(w);
	free(pids);
	return st;
}

static enum ot_status
history_growth(const struct cmd *c, struct ot_err *err)
{
	struct growth w;
	enum ot_status st;

	if (cmd_names_several(c))
		return growth_several(c, err);
	st = growth_init(&w, c, err);
	if (st == OT_OK)
		st = cmd_open(c, &w.t, err);
	if (st == OT_OK && c->nargs > 0) {
		st = growth_files(&w, err);
		if (st == OT_OK)
			st = growth_end(&w, NULL, 1, st, err);
	} else if (st == OT_OK && target_is_file(w.t)) {
		st = ot_fail(err, OT_USAGE,
			     "%.200s is one snapshot: growth needs a process, "
			     "or several snapshots, the oldest first",
			     c->target);
	} else if (st == OT_OK) {
		st = growth_end(&w, NULL, 1, growth_live(&w, 1, err), err);
	}
	growth_release(&w);
	return st;
}

/* ---- diff ---- */

static enum ot_status
diff_load(const struct cmd *c, const char *word, enum hg_needs needs,
	  struct hg_graph **out, struct ot_err *err)
{
	struct cmd one = *c;
	struct target *t = NULL;
	enum ot_status st;

	one.target = word;
	st = cmd_open(&one, &t, err);
	if (st == OT_OK)
		st = cmd_load(&one, t, needs, out, err);
	target_close(t);
	if (st == OT_OK && hg_objects(*out) == 0)
		st = ot_fail(err, OT_FAILED,
			     "%.200s has no objects to compare", word);
	return st;
}

static enum ot_status
history_diff(const struct cmd *c, struct ot_err *err)
{
	struct hg_graph *before = NULL, *after = NULL;
	struct hg_args args = cmd_hg_args(c);
	enum ot_status st;

	args.objects = c->args + 2;
	args.nobjects = c->nargs - 2;
	st = diff_load(c, c->args[0], HG_NEEDS_OBJECTS, &before, err);
	if (st == OT_OK)
		st = diff_load(c, c->args[1], HG_NEEDS_TEXT, &after, err);
	if (st == OT_OK && hg_info(before)->pid != hg_info(after)->pid)
		cmd_say(c, "these are different processes (%llu and %llu): "
			   "only the counts mean something",
			(unsigned long long)hg_info(before)->pid,
			(unsigned long long)hg_info(after)->pid);
	if (st == OT_OK && hg_info(before)->time_ns > hg_info(after)->time_ns)
		cmd_say(c, "%s was taken after %s", c->args[0], c->args[1]);
	args.before = before;
	if (st == OT_OK)
		st = cmd_analysis_print(c, after, &args, err);
	hg_graph_free(before);
	hg_graph_free(after);
	return st;
}

enum ot_status
cmd_history(const struct cmd *c, struct ot_err *err)
{
	return strcmp(c->name, "diff") == 0 ? history_diff(c, err)
					    : history_growth(c, err);
}
