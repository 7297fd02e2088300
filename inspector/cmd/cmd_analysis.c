/* SPDX-License-Identifier: MIT */
/*
 * cmd_analysis.c - every command that is an analysis of the graph: one line
 * in graph/analyses.def and one here for its order and its first rows.
 *
 * -o FILE.svg draws (picture.c); -o FILE.json writes what --json would print.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/outfile.h"
#include "graph/render.h"
#include "inspector/cmd/cmd.h"

struct analysis_show {
	const char *name;
	const char *sort; /* NULL: as the analysis has them */
	size_t limit;	  /* on a terminal; 0: all */
	size_t most;	  /* anywhere, unless -n says more; 0: all */
};

static const struct analysis_show shows[] = {
	{ "types", "count", 20, 0 },
	{ "instances", "bytes", 50, 0 },
	{ "show", NULL, 20, 0 },
	{ "growth", NULL, 20, 0 },
	{ "diff", NULL, 20, 0 },
	/* every object is a row of this tree */
	{ "retained", NULL, 40, 100000 },
	{ "cycles", NULL, 20, 100000 },
	{ "garbage", NULL, 50, 0 },
};

static const struct analysis_show *
analysis_show(const char *name)
{
	static const struct analysis_show plain = { "", NULL, 0, 0 };
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(shows); i++)
		if (strcmp(shows[i].name, name) == 0)
			return &shows[i];
	return &plain;
}

static enum ot_status
analysis_table(const struct cmd *c, const struct hg_graph *g,
	       struct hg_args args, struct ot_table **out, struct ot_err *err)
{
	const struct hg_analysis *a = hg_analysis_find(c->name);

	if (a == NULL)
		return ot_fail(err, OT_FAILED, "no analysis is called %s",
			       c->name);
	/* Rows that a filter or another order might want must be made. */
	if (c->opts.filter == NULL && c->opts.sort == NULL)
		args.limit = cmd_limit(c, analysis_show(c->name)->limit);
	if (args.limit == 0 && !(c->opts.limit_set && c->opts.limit == 0))
		args.limit = analysis_show(c->name)->most;
	return a->run(g, &args, out, err);
}

enum ot_status
cmd_analysis_table(const struct cmd *c, const struct hg_graph *g,
		   const struct hg_args *args, struct ot_table **out,
		   struct ot_err *err)
{
	return hg_analysis_find(c->name)->run(g, args, out, err);
}

static enum ot_status
analysis_print_with(const struct cmd *c, const struct hg_graph *g,
		    const struct hg_args *args, FILE *out, struct ot_err *err)
{
	const struct analysis_show *show = analysis_show(c->name);
	struct ot_table *t = NULL;
	enum ot_status st = analysis_table(c, g, *args, &t, err);

	if (st == OT_OK)
		st = cmd_print_to(c, t, g, show->sort, show->limit, out, err);
	ot_table_free(t);
	return st;
}

static enum ot_status
analysis_print(const struct cmd *c, const struct hg_graph *g, FILE *out,
	       struct ot_err *err)
{
	struct hg_args args = cmd_hg_args(c);

	return analysis_print_with(c, g, &args, out, err);
}

enum ot_status
cmd_analysis_print(const struct cmd *c, const struct hg_graph *g,
		   const struct hg_args *args, struct ot_err *err)
{
	return analysis_print_with(c, g, args, stdout, err);
}

enum ot_status
cmd_print_types(const struct cmd *c, const struct hg_graph *g,
		struct ot_err *err)
{
	const struct analysis_show *show = analysis_show("types");
	struct hg_args args = cmd_hg_args(c);
	struct ot_table *t = NULL;
	enum ot_status st;

	args.nobjects = 0;
	st = an_types(g, &args, &t, err);
	if (st == OT_OK)
		st = cmd_print(c, t, g, show->sort, show->limit, err);
	ot_table_free(t);
	return st;
}

static bool
analysis_is_json(const char *path)
{
	size_t len = strlen(path);

	return len > 5 && strcmp(path + len - 5, ".json") == 0;
}

static enum ot_status
analysis_json_file(const struct cmd *c, const struct hg_graph *g,
		   struct ot_err *err)
{
	struct ot_outfile file;
	struct cmd json = *c;
	enum ot_status st;
	FILE *out;

	st = ot_outfile_open(&file, c->opts.output, 0, err);
	if (st != OT_OK)
		return st;
	json.opts.format = OT_FMT_JSON;
	out = ot_outfile_stream(&file);
	st = out == NULL ? ot_fail_nomem(err, "the output")
			 : analysis_print(&json, g, out, err);
	if (st == OT_OK)
		st = ot_outfile_commit(&file, err);
	ot_outfile_abort(&file);
	return st;
}

static enum ot_status
analysis_answer(const struct cmd *c, const struct hg_graph *g,
		struct ot_err *err)
{
	enum ot_status st;

	if (c->opts.output == NULL)
		return analysis_print(c, g, stdout, err);
	if (analysis_is_json(c->opts.output)) {
		st = analysis_json_file(c, g, err);
		if (st == OT_OK)
			cmd_say(c, "wrote %s", c->opts.output);
	} else {
		st = cmd_draw(c, g, err);
	}
	/* With -o the table is printed only where it was asked for. */
	if (st == OT_OK && c->opts.format != OT_FMT_TEXT)
		st = analysis_print(c, g, stdout, err);
	return st;
}

/* Counts by type are all a snapshot has without its objects. */
static enum hg_needs
analysis_needs(const struct cmd *c, enum hg_needs needs)
{
	if (needs == HG_NEEDS_COUNTS &&
	    (c->opts.by > HG_BY_TYPE || c->nargs > 0 || c->opts.retained ||
	     c->opts.output))
		return HG_NEEDS_GRAPH;
	return needs;
}

/* Each process as a graph and a table, then one table of all of them. */
static enum ot_status
analysis_several(const struct cmd *c, enum hg_needs needs, struct ot_err *err)
{
	struct hg_args args = cmd_hg_args(c);
	struct ot_table **tables = NULL;
	struct target **targets = NULL;
	struct hg_graph *g;
	pid_t *pids = NULL;
	enum ot_status st;
	size_t n = 0, i;

	st = cmd_pids(c, &pids, &n, err);
	if (st != OT_OK)
		return st;
	tables = calloc(n, sizeof(struct ot_table *));
	targets = calloc(n, sizeof(struct target *));
	if (tables == NULL || targets == NULL) {
		n = 0;
		st = ot_fail_nomem(err, "the tables");
	} else {
		st = cmd_attach_all(c, pids, targets, &n, err);
	}
	for (i = 0; st == OT_OK && i < n; i++) {
		g = NULL;
		st = cmd_load(c, targets[i], needs, &g, err);
		if (st == OT_OK)
			st = cmd_analysis_table(c, g, &args, &tables[i], err);
		hg_graph_free(g);
	}
	for (i = 0; i < n; i++)
		target_close(targets[i]);
	if (st == OT_OK)
		st = cmd_side(c, pids, tables, n, err);
	for (i = 0; i < n; i++)
		ot_table_free(tables[i]);
	free(targets);
	free(tables);
	free(pids);
	return st;
}

static enum ot_status
analysis_run(const struct cmd *c, enum hg_needs needs, struct ot_err *err)
{
	const struct hg_export *export;
	struct hg_graph *g = NULL;
	struct target *t = NULL;
	enum ot_status st;

	if (cmd_gc_acts(c))
		return cmd_gc_act(c, err);
	if (needs == HG_NEEDS_HISTORY)
		return cmd_history(c, err);
	/* A wrong ending is told before a target is touched. */
	if (c->opts.output != NULL && !analysis_is_json(c->opts.output)) {
		st = hg_export_for(c->opts.output, &export, err);
		if (st == OT_OK && c->opts.treemap &&
		    strcmp(export->ext, "svg") != 0)
			st = ot_fail(err, OT_USAGE,
				     "--treemap draws SVG: -o FILE.svg");
		if (st != OT_OK)
			return st;
	} else if (c->opts.treemap) {
		return ot_fail(err, OT_USAGE,
			       "--treemap needs -o FILE.svg to draw to");
	}
	needs = analysis_needs(c, needs);
	if (cmd_names_several(c))
		return analysis_several(c, needs, err);
	st = cmd_open(c, &t, err);
	if (st != OT_OK)
		return st;
	st = cmd_load(c, t, needs, &g, err);
	/* The target need not wait for our analysis and our reader. */
	target_close(t);
	if (st == OT_OK)
		st = analysis_answer(c, g, err);
	hg_graph_free(g);
	return st;
}

#define ANALYSIS(name, needs, help)                                            \
	enum ot_status cmd_##name(const struct cmd *c, struct ot_err *err)     \
	{                                                                      \
		return analysis_run(c, HG_NEEDS_##needs, err);                 \
	}
#include "graph/analyses.def"
