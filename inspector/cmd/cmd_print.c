/* SPDX-License-Identifier: MIT */
/*
 * cmd_print.c - from an analysis' table to stdout: filter, sort, limit, the
 * heads of the JSON envelope, and the note that says what was left out and
 * how long the target was held.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/units.h"
#include "inspector/cmd/cmd.h"
#include "wire/wire.h"

static const struct ot_col target_cols[] = {
	{ "pid", OT_CELL_INT, 0 },
	{ "runtime", OT_CELL_STR, 0 },
	{ "version", OT_CELL_STR, 0 },
	{ "command", OT_CELL_STR, 0 },
};

static const struct ot_col snapshot_cols[] = {
	{ "time", OT_CELL_STR, 0 },
	{ "mode", OT_CELL_STR, 0 },
	{ "pause_us", OT_CELL_INT, 0 },
	{ "objects", OT_CELL_INT, 0 },
	{ "tracked", OT_CELL_INT, 0 },
	{ "edges", OT_CELL_INT, 0 },
	{ "bytes", OT_CELL_BYTES, 0 },
	{ "seen", OT_CELL_REAL, 0 },
	{ "unseen", OT_CELL_STR, 0 },
};

static bool
head_str(struct ot_table *t, struct ot_cell *c, const char *s)
{
	return s == NULL || ot_cell_str(t, c, s, strlen(s));
}

struct ot_table *
cmd_target_head(const struct hg_info *i)
{
	struct ot_table *t;
	struct ot_cell *c;

	if (i == NULL)
		return NULL;
	t = ot_table_new(target_cols, OT_ARRAY_LEN(target_cols));
	if (t == NULL)
		return NULL;
	c = ot_table_row(t);
	if (c == NULL || !head_str(t, &c[1], i->runtime) ||
	    !head_str(t, &c[2], i->version) ||
	    !head_str(t, &c[3], i->command)) {
		ot_table_free(t);
		return NULL;
	}
	ot_cell_int(&c[0], (int64_t)i->pid);
	return t;
}

/* Appends what could not be read, in words; nothing where all was read. */
static void
head_unseen(const struct hg_info *i, struct ot_buf *out)
{
	char n[32];

	if (i->unseen != NULL)
		ot_buf_adds(out, i->unseen);
	if (i->unseen_refs > 0)
		ot_buf_addf(out, "%sreferences to objects not reported: %s",
			    i->unseen != NULL ? "; " : "",
			    ot_fmt_count(n, sizeof(n), i->unseen_refs));
	if (!i->whole)
		ot_buf_addf(out, "%sthe stream ended early",
			    i->unseen != NULL || i->unseen_refs > 0 ? "; "
								    : "");
}

/* The share of references that lead to an object that was read. */
static double
head_seen(const struct hg_info *i)
{
	double all = (double)i->edges + (double)i->unseen_refs;

	return all > 0 ? (double)i->edges / all : 1;
}

/* Were the objects gone through, or only the collector looked at? */
static bool
head_counted(const struct hg_info *i)
{
	return (i->want & ~OTW_WANT_COLLECTOR) != 0;
}

struct ot_table *
cmd_snapshot_head(const struct hg_info *i)
{
	struct ot_buf unseen = OT_BUF_INIT;
	struct ot_table *t;
	struct ot_cell *c;
	char time[40];
	bool ok;

	if (i == NULL)
		return NULL;
	t = ot_table_new(snapshot_cols, OT_ARRAY_LEN(snapshot_cols));
	if (t == NULL)
		return NULL;
	c = ot_table_row(t);
	head_unseen(i, &unseen);
	ot_fmt_rfc3339(time, sizeof(time), i->time_ns);
	ok = c != NULL && !unseen.failed && head_str(t, &c[0], time) &&
	     head_str(t, &c[1], i->mode) &&
	     (unseen.len == 0 || head_str(t, &c[8], ot_buf_str(&unseen)));
	ot_buf_release(&unseen);
	if (!ok) {
		ot_table_free(t);
		return NULL;
	}
	ot_cell_int(&c[2], (int64_t)i->held_us);
	if (!head_counted(i))
		return t;
	ot_cell_int(&c[3], (int64_t)i->objects);
	ot_cell_int(&c[4], (int64_t)i->tracked);
	ot_cell_int(&c[5], (int64_t)i->edges);
	ot_cell_bytes(&c[6], i->bytes);
	ot_cell_real(&c[7], head_seen(i));
	return t;
}

struct ot_table *
cmd_target_row(const struct hg_graph *g)
{
	return g == NULL ? NULL : cmd_target_head(hg_info(g));
}

struct ot_table *
cmd_snapshot_row(const struct hg_graph *g)
{
	return g == NULL ? NULL : cmd_snapshot_head(hg_info(g));
}

/* "20 of 312 rows, -n 0 shows all; 1,204,233 objects, 301.0M; held 27 ms" */
static bool
print_note(const struct cmd *c, struct ot_table *t, const struct hg_graph *g)
{
	struct ot_buf note = OT_BUF_INIT;
	const struct hg_info *i = g == NULL ? NULL : hg_info(g);
	char a[32], b[32], held[32];
	bool ok = true;

	if (t->note != NULL)
		ot_buf_adds(&note, t->note);
	if (t->total_rows > t->nrows)
		ot_buf_addf(&note, "%s%s of %s rows, -n 0 shows all",
			    note.len > 0 ? "; " : "",
			    ot_fmt_count(a, sizeof(a), t->nrows),
			    ot_fmt_count(b, sizeof(b), t->total_rows));
	if (i != NULL && !c->opts.quiet && head_counted(i))
		ot_buf_addf(&note, "%s%s objects, %s",
			    note.len > 0 ? "; " : "",
			    ot_fmt_count(a, sizeof(a), i->objects),
			    ot_fmt_bytes(b, sizeof(b), i->bytes));
	if (i != NULL && !c->opts.quiet)
		ot_buf_addf(&note, "%starget held %s (%s)",
			    note.len > 0 ? "; " : "",
			    ot_fmt_duration_us(held, sizeof(held), i->held_us),
			    i->mode);
	if (i != NULL && (i->unseen != NULL || i->unseen_refs > 0 || !i->whole)) {
		ot_buf_adds(&note, note.len > 0 ? "; not read: " : "not read: ");
		head_unseen(i, &note);
	}
	if (note.len > 0) {
		t->note = ot_arena_strdup(&t->arena, ot_buf_str(&note));
		ok = t->note != NULL && !note.failed;
	}
	ot_buf_release(&note);
	return ok;
}

static enum ot_status
print_rows(const struct cmd *c, struct ot_table *t, const char *default_sort,
	   size_t default_limit, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	struct ot_filter *f;
	const char *sort = c->opts.sort != NULL ? c->opts.sort : default_sort;

	if (c->opts.filter != NULL) {
		st = ot_filter_parse(c->opts.filter, &f, err);
		if (st != OT_OK)
			return st;
		st = ot_filter_apply(f, t, err);
		ot_filter_free(f);
	}
	if (st == OT_OK && sort != NULL)
		st = ot_table_sort(t, sort, err);
	if (st == OT_OK)
		ot_table_limit(t, cmd_limit(c, default_limit));
	return st;
}

size_t
cmd_limit(const struct cmd *c, size_t default_limit)
{
	if (c->opts.limit_set)
		return c->opts.limit;
	/* A pipe or a file gets everything: it has its own head(1). */
	if (c->opts.format != OT_FMT_TEXT || !isatty(STDOUT_FILENO))
		return 0;
	return default_limit;
}

enum ot_status
cmd_print_to(const struct cmd *c, struct ot_table *t, const struct hg_graph *g,
	     const char *default_sort, size_t default_limit, FILE *out,
	     struct ot_err *err)
{
	struct ot_table *target = NULL, *snapshot = NULL;
	enum ot_status st = print_rows(c, t, default_sort, default_limit, err);

	if (st != OT_OK)
		return st;
	if (c->opts.format == OT_FMT_TEXT && !print_note(c, t, g))
		return ot_fail_nomem(err, "the note");
	if (c->opts.format == OT_FMT_JSON && g != NULL) {
		target = cmd_target_row(g);
		snapshot = cmd_snapshot_row(g);
		if (target == NULL || snapshot == NULL)
			st = ot_fail_nomem(err, "the output");
	}
	if (st == OT_OK)
		st = cmd_emit(c, t, c->opts.format, target, snapshot, out,
			      err);
	ot_table_free(target);
	ot_table_free(snapshot);
	return st;
}

enum ot_status
cmd_print(const struct cmd *c, struct ot_table *t, const struct hg_graph *g,
	  const char *default_sort, size_t default_limit, struct ot_err *err)
{
	return cmd_print_to(c, t, g, default_sort, default_limit, stdout, err);
}
