/* SPDX-License-Identifier: MIT */
/*
 * Why an object is alive: the shortest chains from a named root down to it.
 *
 * The search is breadth-first over the whole graph at worst, so it runs on
 * the worker thread; the rows are made when it is done.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "graph/unreached.h"
#include "inspector/views/views.h"

#define PATHS_CHAINS 3

enum { PATH_EDGE, PATH_TYPE, PATH_TEXT, PATH_BYTES, PATH_ADDRESS, PATH_COLS };

static const struct ui_col paths_cols[PATH_COLS] = {
	{ "edge", "edge", OT_CELL_STR, UI_COL_NOSORT, 20, 2, UI_EDGE },
	{ "type", "type", OT_CELL_STR, UI_COL_NOSORT, 20, 2, UI_TYPE },
	{ "text", "text", OT_CELL_STR, UI_COL_NOSORT, 12, 3, UI_TEXT },
	{ "bytes", "bytes", OT_CELL_BYTES, UI_COL_NOSORT, 6, 0, UI_PLAIN },
	{ "address", "address", OT_CELL_ADDR, UI_COL_NOSORT, 14, 0, UI_ADDR },
};

/* chain, step 0: the heading; step 1: the root; then one per edge. */
struct paths_row {
	uint32_t chain, step;
};

struct paths {
	const struct hg_graph *g;
	hg_node node;
	struct hg_chains chains;
	struct paths_row *rows;
	uint32_t n;
	struct ui_source source;	/* paths_source with `why` as its empty */
	char why[256];			/* no chain: what that means */
};

static uint32_t
paths_count(void *ctx)
{
	return ((const struct paths *)ctx)->n;
}

static hg_node
paths_node(const struct paths *p, uint32_t row)
{
	const struct paths_row *r = &p->rows[row];
	const hg_edge *chain = p->chains.edges[r->chain];

	return r->step == 1 ? hg_edge_from(p->g, chain[0]) :
			      hg_edge_to(p->g, chain[r->step - 2]);
}

static void
paths_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	   struct ot_cell *out)
{
	const struct paths *p = ctx;
	const struct paths_row *r = &p->rows[row];
	hg_node n;
	const char *type;

	if (r->step == 0)
		return;
	n = paths_node(p, row);
	switch (col) {
	case PATH_EDGE:
		if (r->step > 1)
			view_edge_cell(p->g,
				       p->chains.edges[r->chain][r->step - 2],
				       t, out);
		break;
	case PATH_TYPE:
		type = view_type_of(p->g, n);
		ot_cell_str(t, out, type, strlen(type));
		break;
	case PATH_TEXT:
		view_text_cell(p->g, n, t, out);
		break;
	case PATH_BYTES:
		if (!hg_is_root(p->g, n))
			ot_cell_bytes(out, hg_bytes(p->g, n));
		break;
	case PATH_ADDRESS:
		if (!hg_is_root(p->g, n))
			ot_cell_addr(out, hg_addr(p->g, n));
		break;
	}
}

static uint64_t
paths_key(void *ctx, uint32_t row)
{
	const struct paths_row *r = &((const struct paths *)ctx)->rows[row];

	return (uint64_t)r->chain << 32 | r->step;
}

static bool
paths_heading(void *ctx, uint32_t row, struct ot_buf *out)
{
	const struct paths *p = ctx;
	const struct paths_row *r = &p->rows[row];

	if (r->step != 0)
		return false;
	if (out != NULL)
		ot_buf_addf(out, "chain %u of %zu: %u step%s", r->chain + 1,
			    p->chains.n, p->chains.lens[r->chain],
			    p->chains.lens[r->chain] == 1 ? "" : "s");
	return true;
}

static enum ui_style
paths_style(void *ctx, uint32_t row, size_t col, enum ui_style plain)
{
	const struct paths *p = ctx;

	if (p->rows[row].step == 0 || col == PATH_EDGE)
		return plain;
	return hg_is_root(p->g, paths_node(p, row)) ? UI_ROOT : plain;
}

static const struct ui_source paths_source = {
	.cols = paths_cols, .ncols = PATH_COLS,
	.count = paths_count, .cell = paths_cell, .key = paths_key,
	.heading = paths_heading, .style = paths_style,
};

static enum ot_status
paths_open(struct ui_view *v, struct ot_err *err)
{
	struct paths *p = v->state;

	p->source = paths_source;
	p->source.empty = p->why;
	v->table = ui_table_new(&p->source, p);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
paths_close(struct ui_view *v)
{
	struct paths *p = v->state;

	hg_chains_free(&p->chains);
	free(p->rows);
}

static void
paths_rebind(struct ui_view *v)
{
	const struct view_ctx *ctx = v->ctx;
	struct paths *p = v->state;

	paths_close(v);
	memset(&p->chains, 0, sizeof(p->chains));
	p->rows = NULL;
	p->n = 0;
	p->why[0] = '\0';
	p->g = ctx->graph;
	p->node = view_node(p->g, &v->subject);
	if (p->node == HG_NONE)
		view_gone(v);
	else if (hg_is_root(p->g, p->node))
		snprintf(v->problem, sizeof(v->problem),
			 "it is a root itself: the runtime holds it");
}

static void
paths_say_why(struct paths *p)
{
	struct ot_buf b = OT_BUF_INIT;

	hg_unreached_say(p->g, p->node, &b);
	snprintf(p->why, sizeof(p->why), "%s", ot_buf_str(&b));
	ot_buf_release(&b);
}

static enum ot_status
paths_load(struct ui_view *v, struct ui_job *job, struct ot_err *err)
{
	struct paths *p = v->state;
	struct hg_args args = { .k = PATHS_CHAINS, .exclude_weak = true,
				.cancelled = ui_job_tick, .cancel_ctx = job };
	enum ot_status st = hg_chains_find(p->g, p->node, &args, &p->chains,
					   err);
	size_t total = 0, i;
	uint32_t step;

	if (st != OT_OK)
		return st;
	if (p->chains.n == 0)
		paths_say_why(p);
	for (i = 0; i < p->chains.n; i++)
		total += (size_t)p->chains.lens[i] + 2;
	p->rows = ot_realloc_array(NULL, total + 1, sizeof(*p->rows));
	if (p->rows == NULL)
		return ot_fail_nomem(err, "the chains");
	for (i = 0; i < p->chains.n; i++)
		for (step = 0; step < p->chains.lens[i] + 2; step++)
			p->rows[p->n++] = (struct paths_row){ (uint32_t)i,
							      step };
	return OT_OK;
}

static bool
paths_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct paths *p = v->state;
	uint32_t row = ui_table_selected(v->table);

	if (row >= p->n)
		*out = v->subject;
	else
		view_subject_node(p->g, paths_node(p, row), out);
	return true;
}

static bool
paths_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	if (a != UI_ACT_OPEN)
		return false;
	fx->kind = UI_FX_OPEN;
	fx->view = "object";
	return paths_subject(v, &fx->subject);
}

static void
paths_details(struct ui_view *v, struct ot_buf *out)
{
	const struct paths *p = v->state;
	uint32_t row = ui_table_selected(v->table);

	view_node_details(p->g, row >= p->n ? p->node : paths_node(p, row),
			  out);
}

/* The selected chain as one line: module shop.cache .sessions [3]. */
static void
paths_copy(struct ui_view *v, struct ot_buf *out)
{
	const struct paths *p = v->state;
	uint32_t row = ui_table_selected(v->table), i;
	struct ui_subject root;
	const hg_edge *chain;

	if (row >= p->n)
		return;
	chain = p->chains.edges[p->rows[row].chain];
	view_subject_node(p->g, hg_edge_from(p->g, chain[0]), &root);
	view_subject_text(&root, out);
	for (i = 0; i + 1 < p->rows[row].step; i++) {
		ot_buf_addc(out, ' ');
		hg_edge_label(p->g, chain[i], out);
	}
}

static void
paths_crumb(struct ui_view *v, struct ot_buf *out)
{
	ot_buf_adds(out, "paths to ");
	view_subject_short(&v->subject, out);
}

const struct ui_view_ops view_paths = {
	.where = UI_WHERE_HEAP,
	.graph = true, .whole = true, .state = sizeof(struct paths),
	.open = paths_open, .close = paths_close, .rebind = paths_rebind,
	.load = paths_load, .act = paths_act, .subject = paths_subject,
	.details = paths_details, .copy = paths_copy, .crumb = paths_crumb,
};
