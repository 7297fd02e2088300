/* SPDX-License-Identifier: MIT */
/*
 * an_instances.c - the instances of a type, largest first.
 *
 * The words name types; an address or TYPE#N stands for its type.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "graph/an_util.h"
#include "graph/dom.h"
#include "graph/names.h"
#include "graph/pick.h"
#include "graph/store.h"

enum { ADDRESS, TYPE, BYTES, RETAINED, REFCOUNT, GENERATION, TEXT, NCOLS };

static const struct ot_col cols[NCOLS] = {
	[ADDRESS] = { "address", OT_CELL_ADDR, 0 },
	[TYPE] = { "type", OT_CELL_STR, 0 },
	[BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[REFCOUNT] = { "refcount", OT_CELL_INT, 0 },
	[GENERATION] = { "generation", OT_CELL_INT, OT_COL_HIDDEN },
	[RETAINED] = { "retained", OT_CELL_BYTES, 0 },
	[TEXT] = { "text", OT_CELL_STR, OT_COL_FLEX },
};

static bool
add_row(struct ot_table *t, const struct hg_graph *g, const struct hg_dom *d,
	hg_node n)
{
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	ot_cell_addr(&row[ADDRESS], hg_addr(g, n));
	ot_cell_bytes(&row[BYTES], hg_bytes(g, n));
	ot_cell_bytes(&row[RETAINED], hg_dom_retained(d, n));
	if (hg_refcount(g, n) >= 0)
		ot_cell_int(&row[REFCOUNT], hg_refcount(g, n));
	if (hg_flags(g, n) & OTW_TRACKED)
		ot_cell_int(&row[GENERATION], OTW_GEN(hg_flags(g, n)));
	return an_type_cell(t, &row[TYPE], g, n) &&
	       an_text_cell(t, &row[TEXT], g, n);
}

/* All instances of the types of the objects in `nodes`. */
static enum ot_status
all_of_types(const struct hg_graph *g, const struct hg_args *args,
	     hg_node **nodes, uint32_t *n, struct ot_err *err)
{
	const char *word = args->objects[0];
	uint64_t addr;

	/* The word is a type already, whose instances these are. */
	if (args->nobjects != 1 ||
	    (!ot_parse_addr(word, &addr) && !strchr(word, '#')))
		return OT_OK;
	addr = hg_kind_of(g, (*nodes)[0]);
	free(*nodes);
	*nodes = NULL;
	return hg_instances(g, (hg_kind)addr, nodes, n, err);
}

static bool
fill(struct ot_table *t, const struct hg_graph *g, const struct hg_dom *d,
     const struct hg_args *args, const hg_node *nodes, uint32_t n)
{
	struct hg_picks p;
	bool ok = true;
	size_t i;

	hg_picks_init(&p, args->limit);
	for (i = 0; ok && i < n; i++)
		if (args->scope != HG_SCOPE_TRACKED ||
		    hg_flags(g, nodes[i]) & OTW_TRACKED)
			ok = hg_picks_offer(&p, hg_bytes(g, nodes[i]),
					    nodes[i]);
	hg_picks_sort(&p);
	for (i = 0; ok && i < p.n; i++)
		ok = add_row(t, g, d, p.v[i].node);
	t->total_rows = p.seen;
	hg_picks_release(&p);
	return ok;
}

enum ot_status
an_instances(const struct hg_graph *g, const struct hg_args *args,
	     struct ot_table **out, struct ot_err *err)
{
	enum ot_status st;
	const struct hg_dom *d;
	struct ot_table *t;
	hg_node *nodes;
	uint32_t n;

	st = an_objects(g, args, "instances", &nodes, &n, err);
	if (st == OT_OK)
		st = all_of_types(g, args, &nodes, &n, err);
	if (st == OT_OK)
		st = hg_dom_of(g, args, &d, err);
	if (st != OT_OK) {
		free(nodes);
		return st;
	}
	t = ot_table_new(cols, NCOLS);
	if (!t || !fill(t, g, d, args, nodes, n)) {
		ot_table_free(t);
		free(nodes);
		return ot_fail_nomem(err, "a table of instances");
	}
	free(nodes);
	*out = t;
	return OT_OK;
}
