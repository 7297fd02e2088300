/* SPDX-License-Identifier: MIT */
/*
 * Any analysis of graph/analyses.def as a view of its table: a new analysis
 * is seen here without another line.  Opened by name on the ":" line, with
 * the words behind the name as its objects.
 *
 * It runs on the worker thread; Enter opens the row's object or type.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "inspector/views/views.h"

#define ANALYSIS_WORDS 128	/* as many as a name can hold */
#define ANALYSIS_ROWS  100000
#define ANALYSIS_COLS  16

struct analysis {
	const struct hg_graph *g;
	struct ot_table *rows;
	struct ui_col cols[ANALYSIS_COLS];
	struct ui_source source;
};

static uint64_t
analysis_key(void *ctx, uint32_t row)
{
	const struct ot_table *t = ctx;
	int col = ot_table_col(t, "address");

	if (col < 0)
		return row;
	return ot_table_at(t, row, (size_t)col)->v.u;
}

/* Rows of a tree are indented as in the text table. */
static void
analysis_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	      struct ot_cell *out)
{
	const struct ot_table *rows = ctx;
	uint32_t depth;

	ui_rows_cell(ctx, row, col, t, out);
	if (rows->depth == NULL || out->type != OT_CELL_STR ||
	    (rows->cols[col].flags & OT_COL_TREE) == 0)
		return;
	depth = rows->depth[row] < 20 ? rows->depth[row] : 20;
	ot_cell_strf(t, out, "%*s%s", (int)depth * 2, "", out->v.str);
}

static enum ot_status
analysis_open(struct ui_view *v, struct ot_err *err)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s",
		 (int)strcspn(v->subject.name, " "), v->subject.name);
	if (hg_analysis_find(name) == NULL)
		return ot_fail(err, OT_USAGE, "there is no analysis %s", name);
	return OT_OK;
}

static void
analysis_close(struct ui_view *v)
{
	ot_table_free(((struct analysis *)v->state)->rows);
}

static void
analysis_rebind(struct ui_view *v)
{
	struct analysis *a = v->state;

	ui_table_free(v->table);	/* it shows what is freed next */
	v->table = NULL;
	ot_table_free(a->rows);
	a->rows = NULL;
	a->g = ((const struct view_ctx *)v->ctx)->graph;
}

static enum ot_status
analysis_load(struct ui_view *v, struct ui_job *job, struct ot_err *err)
{
	struct analysis *a = v->state;
	const char *words[ANALYSIS_WORDS];
	struct hg_args args = { .objects = words, .limit = ANALYSIS_ROWS,
				.cancelled = ui_job_tick, .cancel_ctx = job };
	char line[sizeof(v->subject.name)], *save = NULL, *word;
	const struct hg_analysis *an;

	snprintf(line, sizeof(line), "%s", v->subject.name);
	word = strtok_r(line, " ", &save);
	an = word == NULL ? NULL : hg_analysis_find(word);
	if (an == NULL)
		return ot_fail(err, OT_USAGE, "there is no such analysis");
	/* a query is one word: its blanks may be part of a string */
	while (args.nobjects < ANALYSIS_WORDS &&
	       (word = strtok_r(NULL, strcmp(an->name, "sql") == 0 ? "" : " ",
				&save)) != NULL)
		words[args.nobjects++] = word;
	if (an->needs == HG_NEEDS_HISTORY) {
		const struct hg_graph *mark =
			((const struct view_ctx *)v->ctx)->mark;

		if (mark == NULL)
			return ot_fail(err, OT_USAGE,
				       "there is no mark to compare with; m "
				       "makes one");
		if (hg_info(a->g)->time_ns < hg_info(mark)->time_ns)
			return ot_fail(err, OT_FAILED,
				       "the graph is older than the mark; ^R "
				       "takes a new one");
		args.before = mark;
	}
	return an->run(a->g, &args, &a->rows, err);
}

static enum ui_style
analysis_col_style(const char *name)
{
	if (strcmp(name, "type") == 0)
		return UI_TYPE;
	if (strcmp(name, "edge") == 0)
		return UI_EDGE;
	return strcmp(name, "address") == 0 ? UI_ADDR : UI_PLAIN;
}

/* What a column of strings needs, and its share of what is left. */
static void
analysis_room(struct ui_col *col, const char *name)
{
	bool edge = strcmp(name, "edge") == 0;

	col->width = edge ? 18 : strcmp(name, "text") == 0 ? 8 : 13;
	col->grow = edge ? 3 : 2;
}

/* Columns of the widget from those of the table. */
static void
analysis_columns(struct analysis *a)
{
	size_t n = a->rows->ncols < ANALYSIS_COLS ? a->rows->ncols :
						    ANALYSIS_COLS, i;

	for (i = 0; i < n; i++) {
		const struct ot_col *from = &a->rows->cols[i];
		struct ui_col *to = &a->cols[i];

		*to = (struct ui_col){ .name = from->name, .head = from->name,
				       .type = from->type };
		to->style = analysis_col_style(from->name);
		to->width = (int)strlen(from->name) + 1;
		to->width = from->type == OT_CELL_ADDR ? 14 : to->width;
		if (from->type == OT_CELL_STR)
			analysis_room(to, from->name);
		if (strcmp(from->name, "type") == 0)
			to->flags |= UI_COL_NAME;
		if ((from->flags & OT_COL_HIDDEN) != 0 ||
		    from->type == OT_CELL_TABLE)
			to->flags |= UI_COL_HIDDEN;
	}
	a->source = (struct ui_source){
		.cols = a->cols, .ncols = n,
		.empty = a->rows->note != NULL ? a->rows->note :
			 "nothing was found",
		.count = ui_rows_count, .cell = analysis_cell,
		.key = analysis_key,
	};
}

static void
analysis_loaded(struct ui_view *v)
{
	struct analysis *a = v->state;

	if (a->rows == NULL)
		return;
	analysis_columns(a);
	v->table = ui_table_new(&a->source, a->rows);
	if (v->table == NULL)
		snprintf(v->problem, sizeof(v->problem),
			 "out of memory for the table");
}

static bool
analysis_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct analysis *a = v->state;
	uint32_t row = v->table == NULL ? UINT32_MAX :
		       ui_table_selected(v->table);
	const struct ot_cell *c;
	hg_kind k;
	hg_node n;
	int col;

	if (row == UINT32_MAX)
		return false;
	col = ot_table_col(a->rows, "address");
	c = col < 0 ? NULL : ot_table_at(a->rows, row, (size_t)col);
	n = c != NULL && c->type == OT_CELL_ADDR ? hg_at(a->g, c->v.u) :
						   HG_NONE;
	if (n != HG_NONE) {
		view_subject_node(a->g, n, out);
		return true;
	}
	col = ot_table_col(a->rows, "type");
	c = col < 0 ? NULL : ot_table_at(a->rows, row, (size_t)col);
	if (c == NULL || c->type != OT_CELL_STR ||
	    hg_resolve_kind(a->g, c->v.str, &k, NULL) != OT_OK)
		return false;
	view_subject_kind(a->g, k, out);
	return true;
}

static bool
analysis_act(struct ui_view *v, enum ui_action act, struct ui_effect *fx)
{
	if (act != UI_ACT_OPEN || !analysis_subject(v, &fx->subject))
		return false;
	fx->kind = UI_FX_OPEN;
	fx->view = fx->subject.kind == UI_SUBJECT_TYPE ? "instances" :
							 "object";
	return true;
}

static void
analysis_details(struct ui_view *v, struct ot_buf *out)
{
	const struct analysis *a = v->state;
	struct ui_subject s;
	hg_node n;

	if (!analysis_subject(v, &s))
		return;
	n = view_node(a->g, &s);
	if (n != HG_NONE)
		view_node_details(a->g, n, out);
	else
		view_subject_text(&s, out);
}

static void
analysis_crumb(struct ui_view *v, struct ot_buf *out)
{
	const struct analysis *a = v->state;
	const char *text = v->subject.name;

	/* "292 of 2858 are new; they all hang from ..." is the answer itself. */
	if (a->rows != NULL && a->rows->title != NULL &&
	    (strncmp(text, "diff ", 5) == 0 || strncmp(text, "path ", 5) == 0))
		text = a->rows->title;
	ot_escape(out, text, strlen(text), OT_ESC_TERM,
		  text == v->subject.name ? 40 : 100);
}

const struct ui_view_ops view_analysis = {
	.where = UI_WHERE_TABLE | UI_WHERE_HEAP,
	.graph = true, .state = sizeof(struct analysis),
	.open = analysis_open, .close = analysis_close,
	.rebind = analysis_rebind, .load = analysis_load,
	.loaded = analysis_loaded, .act = analysis_act,
	.subject = analysis_subject, .details = analysis_details,
	.crumb = analysis_crumb,
};
