/* SPDX-License-Identifier: MIT */
/*
 * an_show.c - one object: what is known of it, what it refers to, and what
 * refers to it.
 *
 * `explained` is how many strong references to the object the graph knows,
 * those from roots included: what is missing to the reference count is held
 * from C, or by something that could not be read.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/dom.h"
#include "graph/ignore.h"
#include "graph/store.h"

enum {
	ADDRESS,
	TYPE,
	MODULE,
	TEXT,
	BYTES,
	EXTRA,
	RETAINED,
	REFCOUNT,
	EXPLAINED,
	GENERATION,
	TRACKED,
	FROZEN,
	IMMORTAL,
	WEAKREFS,
	SITE,
	REFERENTS,
	REFERRERS,
	NCOLS
};

static const struct ot_col cols[NCOLS] = {
	[ADDRESS] = { "address", OT_CELL_ADDR, 0 },
	[TYPE] = { "type", OT_CELL_STR, 0 },
	[MODULE] = { "module", OT_CELL_STR, 0 },
	[TEXT] = { "text", OT_CELL_STR, 0 },
	[BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[EXTRA] = { "extra", OT_CELL_BYTES, 0 },
	[RETAINED] = { "retained", OT_CELL_BYTES, 0 },
	[REFCOUNT] = { "refcount", OT_CELL_INT, 0 },
	[EXPLAINED] = { "explained", OT_CELL_INT, 0 },
	[GENERATION] = { "generation", OT_CELL_INT, 0 },
	[TRACKED] = { "tracked", OT_CELL_BOOL, 0 },
	[FROZEN] = { "frozen", OT_CELL_BOOL, 0 },
	[IMMORTAL] = { "immortal", OT_CELL_BOOL, 0 },
	[WEAKREFS] = { "weakrefs", OT_CELL_BOOL, 0 },
	[SITE] = { "site", OT_CELL_STR, 0 },
	[REFERENTS] = { "referents", OT_CELL_TABLE, 0 },
	[REFERRERS] = { "referrers", OT_CELL_TABLE, 0 },
};

enum { N_EDGE, N_RELATION, N_ADDRESS, N_TYPE, N_TEXT, N_NCOLS };

static const struct ot_col near_cols[N_NCOLS] = {
	[N_EDGE] = { "edge", OT_CELL_STR, 0 },
	[N_RELATION] = { "relation", OT_CELL_STR, 0 },
	[N_ADDRESS] = { "address", OT_CELL_ADDR, 0 },
	[N_TYPE] = { "type", OT_CELL_STR, 0 },
	[N_TEXT] = { "text", OT_CELL_STR, OT_COL_FLEX },
};

static uint32_t
strong_in(const struct hg_graph *g, hg_node n)
{
	uint32_t n_in, i, strong = 0;
	const hg_edge *in = hg_in(g, n, &n_in);

	for (i = 0; i < n_in; i++)
		strong += !hg_edge_weak(g, in[i]);
	return strong;
}

static bool
near_row(struct ot_table *t, const struct hg_graph *g, hg_edge e, hg_node far)
{
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	an_addr_cell(&row[N_ADDRESS], g, far);
	return an_edge_cell(t, &row[N_EDGE], g, e) &&
	       an_relation_cell(t, &row[N_RELATION], g, e) &&
	       an_type_cell(t, &row[N_TYPE], g, far) &&
	       an_text_cell(t, &row[N_TEXT], g, far);
}

static bool
note_more(struct ot_table *t, size_t more)
{
	struct ot_buf b = OT_BUF_INIT;

	ot_buf_addf(&b, "%zu more; --limit 0 shows them all", more);
	t->note = ot_arena_strdup(&t->arena, ot_buf_str(&b));
	ot_buf_release(&b);
	return t->note != NULL;
}

/* Referents or referrers, at most args->limit of them. */
static struct ot_table *
near_table(const struct hg_graph *g, hg_node n, bool back,
	   const struct hg_args *args, struct hg_ignore *ignore)
{
	struct ot_table *t = ot_table_new(near_cols, N_NCOLS);
	struct hg_near it;
	bool ok = t != NULL;
	size_t seen = 0;
	hg_edge e;
	hg_node far;

	hg_near_init(&it, g, n, back);
	while (ok && hg_near_next(&it, &e, &far)) {
		if (hg_ignored(ignore, e, back ? far : n, far))
			continue;
		if (args->limit == 0 || seen < args->limit)
			ok = near_row(t, g, e, far);
		seen++;
	}
	if (ok && seen > t->nrows)
		ok = note_more(t, seen - t->nrows);
	if (!ok) {
		ot_table_free(t);
		return NULL;
	}
	t->total_rows = seen;
	return t;
}

static void
flag_cells(struct ot_cell *row, const struct hg_graph *g, hg_node n)
{
	unsigned flags = hg_flags(g, n);

	if (flags & OTW_TRACKED)
		ot_cell_int(&row[GENERATION], OTW_GEN(flags));
	ot_cell_bool(&row[TRACKED], flags & OTW_TRACKED);
	ot_cell_bool(&row[FROZEN], flags & OTW_FROZEN);
	ot_cell_bool(&row[IMMORTAL], flags & OTW_IMMORTAL);
	ot_cell_bool(&row[WEAKREFS], flags & OTW_WEAKREFS);
}

static bool
add_neighbours(struct ot_cell *row, const struct hg_graph *g, hg_node n,
	       const struct hg_args *args, struct hg_ignore *ignore)
{
	ot_cell_table(&row[REFERENTS], near_table(g, n, false, args, ignore));
	ot_cell_table(&row[REFERRERS], near_table(g, n, true, args, ignore));
	return row[REFERENTS].type == OT_CELL_TABLE &&
	       row[REFERRERS].type == OT_CELL_TABLE;
}

static bool
add_row(struct ot_table *t, const struct hg_graph *g, const struct hg_dom *d,
	hg_node n, const struct hg_args *args, struct hg_ignore *ignore)
{
	struct ot_cell *row = ot_table_row(t);
	const char *module = hg_kind_module(g, hg_kind_of(g, n));

	if (!row)
		return false;
	ot_cell_addr(&row[ADDRESS], hg_addr(g, n));
	ot_cell_bytes(&row[BYTES], hg_bytes(g, n));
	ot_cell_bytes(&row[EXTRA], hg_extra(g, n));
	if (d != NULL)
		ot_cell_bytes(&row[RETAINED], hg_dom_retained(d, n));
	if (hg_refcount(g, n) >= 0)
		ot_cell_int(&row[REFCOUNT], hg_refcount(g, n));
	ot_cell_int(&row[EXPLAINED], strong_in(g, n));
	flag_cells(row, g, n);
	return (args->brief || add_neighbours(row, g, n, args, ignore)) &&
	       ot_cell_str(t, &row[MODULE], module, strlen(module)) &&
	       an_type_cell(t, &row[TYPE], g, n) &&
	       an_text_cell(t, &row[TEXT], g, n);
}

enum ot_status
an_show(const struct hg_graph *g, const struct hg_args *args,
	struct ot_table **out, struct ot_err *err)
{
	struct hg_ignore *ignore = NULL;
	const struct hg_dom *d = hg_dom_peek(g);
	struct ot_table *t = NULL;
	enum ot_status st;
	hg_node *nodes;
	uint32_t n, i;
	bool ok;

	st = an_single_objects(g, args, "show", &nodes, &n, err);
	if (st == OT_OK)
		st = hg_ignore_new(g, args, &ignore, err);
	if (st == OT_OK && !args->brief)
		st = hg_dom_of(g, args, &d, err);
	if (st != OT_OK)
		goto out;
	t = ot_table_new(cols, NCOLS);
	ok = t != NULL;
	for (i = 0; ok && i < n; i++)
		ok = add_row(t, g, d, nodes[i], args, ignore);
	if (ok) {
		*out = t;
	} else {
		ot_table_free(t);
		st = ot_fail_nomem(err, "a table of one object");
	}
out:
	hg_ignore_free(ignore);
	free(nodes);
	return st;
}
