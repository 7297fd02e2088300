/* SPDX-License-Identifier: MIT */
/*
 * One object: what is known of it, who refers to it, what it refers to, the
 * last two as sections of one list under the object itself.  Enter follows
 * the reference; every other key is about the selected row.
 *
 * Rows are the graph's edges in place, roots and modules first: an object with
 * a million referrers opens as fast as any other.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "graph/near.h"
#include "inspector/views/facts.h"
#include "inspector/views/views.h"

enum { OBJ_EDGE, OBJ_TYPE, OBJ_TEXT, OBJ_BYTES, OBJ_ADDRESS, OBJ_COLS };

static const struct ui_col obj_cols[OBJ_COLS] = {
	{ "edge", "edge", OT_CELL_STR, 0, 16, 2, UI_EDGE },
	{ "type", "type", OT_CELL_STR, UI_COL_NAME, 20, 2, UI_TYPE },
	{ "text", "text", OT_CELL_STR, 0, 15, 3, UI_TEXT },
	{ "bytes", "bytes", OT_CELL_BYTES, 0, 6, 0, UI_PLAIN },
	{ "address", "address", OT_CELL_ADDR, UI_COL_ASCENDING, 14, 0,
	  UI_ADDR },
};

struct obj {
	const struct hg_graph *g;
	hg_node node;
	struct hg_front front;
	uint32_t n_in, n_out;
	hg_edge out;
	struct view_facts facts;
};

/* Rows: itself, heading, n_in referrers, heading, n_out referents. */
#define OBJ_SELF	0u
#define OBJ_IN		1u		/* the first heading */
#define OBJ_OUT(o)	((o)->n_in + 2)	/* the second */

static uint32_t
obj_count(void *ctx)
{
	const struct obj *o = ctx;

	return o->g == NULL ? 0 : OBJ_OUT(o) + 1 + o->n_out;
}

/* The edge of a row and the node at its other end; false: a heading. */
static bool
obj_row(const struct obj *o, uint32_t row, hg_edge *e, hg_node *far)
{
	if (row == OBJ_IN || row == OBJ_OUT(o))
		return false;
	if (row == OBJ_SELF) {
		*e = HG_NONE;
		*far = o->node;
	} else if (row < OBJ_OUT(o)) {
		*e = hg_front_edge(o->g, o->node, &o->front,
				   row - OBJ_IN - 1);
		*far = hg_edge_from(o->g, *e);
	} else {
		*e = o->out + (row - OBJ_OUT(o) - 1);
		*far = hg_edge_to(o->g, *e);
	}
	return true;
}

static void
obj_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
	 struct ot_cell *out)
{
	const struct obj *o = ctx;
	const char *type;
	hg_edge e;
	hg_node far;

	if (!obj_row(o, row, &e, &far))
		return;
	switch (col) {
	case OBJ_EDGE:
		if (e == HG_NONE)
			ot_cell_str(t, out, "this object", 11);
		else
			view_edge_cell(o->g, e, t, out);
		break;
	case OBJ_TYPE:
		type = view_type_of(o->g, far);
		ot_cell_str(t, out, type, strlen(type));
		break;
	case OBJ_TEXT:
		view_text_cell(o->g, far, t, out);
		break;
	case OBJ_BYTES:
		if (!hg_is_root(o->g, far))
			ot_cell_bytes(out, hg_bytes(o->g, far));
		break;
	case OBJ_ADDRESS:
		if (!hg_is_root(o->g, far))
			ot_cell_addr(out, hg_addr(o->g, far));
		break;
	}
}

static uint64_t
obj_key(void *ctx, uint32_t row)
{
	const struct obj *o = ctx;
	bool back = row < OBJ_OUT(o);
	hg_edge e;
	hg_node far;

	if (!obj_row(o, row, &e, &far) || e == HG_NONE)
		return row == OBJ_SELF ? 0 : row == OBJ_IN ? 1 : 2;
	/* addresses, not ids: they mean the same in the next sample */
	return (hg_addr(o->g, far) << 1 | (back ? 1 : 0)) ^
	       (uint64_t)hg_edge_relation(o->g, e) << 56 ^
	       (hg_is_root(o->g, far) ? (uint64_t)far << 24 : 0);
}

static bool
obj_heading(void *ctx, uint32_t row, struct ot_buf *out)
{
	const struct obj *o = ctx;
	char num[32];

	if (row != OBJ_IN && row != OBJ_OUT(o))
		return false;
	if (out == NULL)
		return true;
	if (row == OBJ_IN && o->n_in == 0)
		ot_buf_adds(out, hg_is_root(o->g, o->node) ?
			    "a root is held by the runtime itself" :
			    "no referrers were seen");
	else if (row == OBJ_IN)
		ot_buf_addf(out, "referrers: %s",
			    ot_fmt_count(num, sizeof(num), o->n_in));
	else if (o->n_out == 0)
		ot_buf_adds(out, "it refers to nothing");
	else
		ot_buf_addf(out, "refers to: %s",
			    ot_fmt_count(num, sizeof(num), o->n_out));
	return true;
}

static uint32_t
obj_section(void *ctx, uint32_t row)
{
	return row == OBJ_SELF ? 0 : row < OBJ_OUT((const struct obj *)ctx) ?
	       1 : 2;
}

static enum ui_style
obj_style(void *ctx, uint32_t row, size_t col, enum ui_style plain)
{
	const struct obj *o = ctx;
	hg_edge e;
	hg_node far;

	if (!obj_row(o, row, &e, &far))
		return plain;
	if (e == HG_NONE)
		return col == OBJ_EDGE ? UI_DIM : UI_BOLD;
	if (hg_edge_weak(o->g, e))
		return UI_DIM;
	if (hg_is_root(o->g, far) && col != OBJ_EDGE)
		return UI_ROOT;
	return plain;
}

static const struct ui_source obj_source = {
	.cols = obj_cols, .ncols = OBJ_COLS,
	.count = obj_count, .cell = obj_cell, .key = obj_key,
	.heading = obj_heading, .section = obj_section, .style = obj_style,
};

static enum ot_status
obj_open(struct ui_view *v, struct ot_err *err)
{
	v->table = ui_table_new(&obj_source, v->state);
	return v->table == NULL ? ot_fail_nomem(err, "the table") : OT_OK;
}

static void
obj_rebind(struct ui_view *v)
{
	const struct view_ctx *ctx = v->ctx;
	struct obj *o = v->state;

	memset(o, 0, sizeof(*o));
	o->node = view_node(ctx->graph, &v->subject);
	if (o->node == HG_NONE) {
		view_gone(v);
		return;
	}
	o->g = ctx->graph;
	hg_in(o->g, o->node, &o->n_in);
	hg_front_find(o->g, o->node, &o->front);
	o->out = hg_out(o->g, o->node);
	o->n_out = hg_out(o->g, o->node + 1) - o->out;
	view_facts_of(o->g, o->node, &o->facts);
}

static hg_node
obj_far(struct ui_view *v)
{
	const struct obj *o = v->state;
	uint32_t row = ui_table_selected(v->table);
	hg_edge e;
	hg_node far;

	if (row == UINT32_MAX || !obj_row(o, row, &e, &far))
		return o->node;
	return far;
}

static void
obj_draw(struct ui_view *v, struct ui_cells *c, struct ui_rect r)
{
	const struct obj *o = v->state;
	int lines = o->facts.refs[0] != '\0' ? 3 : 2;

	ui_put(c, r.row, r.col + 1, r.cols - 2, UI_BOLD, o->facts.head);
	ui_put(c, r.row + 1, r.col + 1, r.cols - 2, UI_PLAIN, o->facts.size);
	ui_put(c, r.row + 2, r.col + 1, r.cols - 2, UI_PLAIN, o->facts.refs);
	r.row += lines;
	r.rows -= lines;
	ui_table_draw(v->table, c, r);
}

static bool
obj_subject(struct ui_view *v, struct ui_subject *out)
{
	const struct obj *o = v->state;

	view_subject_node(o->g, obj_far(v), out);
	return true;
}

static bool
obj_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx)
{
	const struct obj *o = v->state;

	if (a != UI_ACT_OPEN)
		return false;
	if (ui_table_selected(v->table) == OBJ_SELF) {
		fx->kind = UI_FX_SAY;
		snprintf(fx->text, sizeof(fx->text), "this is the object "
			 "itself; select who refers to it, or what it refers "
			 "to");
		return true;
	}
	fx->kind = UI_FX_OPEN;
	fx->view = "object";
	view_subject_node(o->g, obj_far(v), &fx->subject);
	return true;
}

static void
obj_details(struct ui_view *v, struct ot_buf *out)
{
	const struct obj *o = v->state;

	view_node_details(o->g, obj_far(v), out);
}

static void
obj_crumb(struct ui_view *v, struct ot_buf *out)
{
	view_subject_text(&v->subject, out);
}

const struct ui_view_ops view_object = {
	.where = UI_WHERE_TABLE | UI_WHERE_HEAP,
	.graph = true, .state = sizeof(struct obj),
	.open = obj_open, .rebind = obj_rebind, .draw = obj_draw,
	.act = obj_act, .subject = obj_subject, .details = obj_details,
	.crumb = obj_crumb,
};
