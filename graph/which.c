/* SPDX-License-Identifier: MIT */
/*
 * which.c - one object against a filter expression.
 *
 * The object becomes the one row of a table, which is filtered like any other:
 * a microsecond or two an object, for the few thousand around a picture.
 */
#include "config.h"

#include "graph/which.h"

#include <stdlib.h>

#include "base/filter.h"
#include "graph/an_util.h"
#include "graph/dom.h"

enum { TYPE, TEXT, BYTES, REFCOUNT, GENERATION, ADDRESS, RETAINED, NCOLS };

static const struct ot_col cols[NCOLS] = {
	[TYPE] = { "type", OT_CELL_STR, 0 },
	[TEXT] = { "text", OT_CELL_STR, 0 },
	[BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[REFCOUNT] = { "refcount", OT_CELL_INT, 0 },
	[GENERATION] = { "generation", OT_CELL_INT, 0 },
	[ADDRESS] = { "address", OT_CELL_ADDR, 0 },
	[RETAINED] = { "retained", OT_CELL_BYTES, 0 },
};

struct hg_which {
	const struct hg_graph *g;
	struct ot_filter *filter;
};

/* A row of one object; NULL: no memory. */
static struct ot_table *
which_table(const struct hg_graph *g, hg_node n)
{
	const struct hg_dom *dom = hg_dom_peek(g);
	struct ot_table *t = ot_table_new(cols, NCOLS);
	struct ot_cell *row = t ? ot_table_row(t) : NULL;

	if (!row || !an_type_cell(t, &row[TYPE], g, n) ||
	    !an_text_cell(t, &row[TEXT], g, n)) {
		ot_table_free(t);
		return NULL;
	}
	if (!hg_is_root(g, n)) {
		ot_cell_bytes(&row[BYTES], hg_bytes(g, n));
		ot_cell_int(&row[REFCOUNT], hg_refcount(g, n));
		ot_cell_int(&row[GENERATION], hg_generation(g, n));
		ot_cell_addr(&row[ADDRESS], hg_addr(g, n));
	}
	if (dom)
		ot_cell_bytes(&row[RETAINED], hg_dom_retained(dom, n));
	return t;
}

enum ot_status
hg_which_new(const struct hg_graph *g, const char *expr, struct hg_which **out,
	     struct ot_err *err)
{
	struct ot_table *none;
	struct hg_which *w;
	enum ot_status st;

	*out = NULL;
	if (!expr)
		return OT_OK;
	w = calloc(1, sizeof(*w));
	none = ot_table_new(cols, NCOLS);
	if (!w || !none) {
		free(w);
		ot_table_free(none);
		return ot_fail_nomem(err, "a filter");
	}
	w->g = g;
	st = ot_filter_parse(expr, &w->filter, err);
	/* A column that is not there is told now, and once. */
	if (st == OT_OK)
		st = ot_filter_apply(w->filter, none, err);
	ot_table_free(none);
	if (st == OT_OK)
		*out = w;
	else
		hg_which_free(w);
	return st;
}

bool
hg_which(struct hg_which *w, hg_node n)
{
	struct ot_table *t;
	bool yes;

	if (!w)
		return true;
	t = which_table(w->g, n);
	yes = t && ot_filter_apply(w->filter, t, NULL) == OT_OK &&
	      t->nrows > 0;
	ot_table_free(t);
	return yes;
}

void
hg_which_free(struct hg_which *w)
{
	if (!w)
		return;
	ot_filter_free(w->filter);
	free(w);
}
