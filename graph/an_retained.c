/* SPDX-License-Identifier: MIT */
/*
 * an_retained.c - the biggest dominators, as a tree; or what given objects
 * retain; or, with --by, what whole groups do (retained_by.c).
 *
 * Nobody retains more than what dominates it, so the objects that retain most
 * are a tree by themselves: one look at every object finds its rows, however
 * deep it is.  Rows stand in the order of that tree, larger siblings first.
 * The edge is how a row's dominator refers to it, where it does so itself.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/dom_priv.h"
#include "graph/pick.h"
#include "graph/retained_by.h"

#define EDGES_LOOKED_AT 1000u /* into an object, for one from its dominator */
#define NONE SIZE_MAX

enum { TYPE, EDGE, RETAINED, SHARE, COUNT, BYTES, ADDRESS, DEPTH, TEXT, NCOLS };

static const struct ot_col cols[NCOLS] = {
	[TYPE] = { "type", OT_CELL_STR, OT_COL_TREE },
	[EDGE] = { "edge", OT_CELL_STR, 0 },
	[RETAINED] = { "retained", OT_CELL_BYTES, 0 },
	[SHARE] = { "share", OT_CELL_SHARE, 0 },
	[COUNT] = { "count", OT_CELL_INT, 0 },
	[BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[ADDRESS] = { "address", OT_CELL_ADDR, 0 },
	[DEPTH] = { "depth", OT_CELL_INT, OT_COL_HIDDEN },
	[TEXT] = { "text", OT_CELL_STR, OT_COL_FLEX },
};

struct outline {
	const struct hg_graph *g;
	const struct hg_dom *d;
	const struct hg_args *args;
	unsigned char *below; /* only nodes with a bit here; NULL: all */
	struct hg_picks picks;

	/* per pick, by its place in picks.v; one more: above the topmost */
	size_t *child, *next;
};

/* Is n the topmost of what is shown? */
static bool
is_top(const struct outline *o, hg_node n)
{
	hg_node up = hg_dom_idom(o->d, n);

	return o->below ? !hg_bit(o->below, up)
			: up == hg_dom_node(o->d, HG_DOM_ALL);
}

/* Deeper than asked for?  Costs no more steps than that. */
static bool
too_deep(const struct outline *o, hg_node n)
{
	uint32_t depth;

	if (o->args->depth == 0)
		return false;
	for (depth = 1; !is_top(o, n); depth++) {
		if (depth >= o->args->depth)
			return true;
		n = hg_dom_idom(o->d, n);
	}
	return false;
}

/*
 * By what is retained; of equals those first that have no bytes of their own,
 * since they stand above.
 */
static uint64_t
rank(const struct outline *o, hg_node n)
{
	return hg_dom_retained(o->d, n) << 2 |
	       (hg_dom_is_virtual(o->d, n) ? 2u : n >= hg_objects(o->g));
}

static bool
pick_largest(struct outline *o)
{
	hg_node n, all = hg_dom_node(o->d, HG_DOM_ALL);
	bool ok = true;

	hg_picks_init(&o->picks, o->args->limit);
	for (n = 0; ok && n < hg_dom_nodes(o->d); n++) {
		if (n == all || (o->below && !hg_bit(o->below, n)))
			continue;
		/* roots and virtual nodes that hold nothing alone say nothing */
		if (n >= hg_objects(o->g) && hg_dom_count(o->d, n) == 0)
			continue;
		if (!too_deep(o, n))
			ok = hg_picks_offer(&o->picks, rank(o, n), n);
	}
	hg_picks_sort(&o->picks);
	return ok;
}

static int
pick_by_node(const void *a, const void *b)
{
	const struct hg_pick *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

/* The place of n among the picks, or NONE. */
static size_t
find(const struct hg_pick *by_node, size_t n, hg_node node)
{
	const struct hg_pick key = { 0, node };
	const struct hg_pick *at = bsearch(&key, by_node, n, sizeof(key),
					   pick_by_node);

	return at ? (size_t)at->key : NONE;
}

/* Hangs the picks below each other; larger siblings come first. */
static bool
link_picks(struct outline *o)
{
	size_t n = o->picks.n, i, up;
	struct hg_pick *by_node = ot_realloc_array(NULL, n, sizeof(*by_node));

	o->child = ot_realloc_array(NULL, n + 1, sizeof(*o->child));
	o->next = ot_realloc_array(NULL, n + 1, sizeof(*o->next));
	if (!by_node || !o->child || !o->next) {
		free(by_node);
		return false;
	}
	for (i = 0; i < n; i++)
		by_node[i] = (struct hg_pick){ i, o->picks.v[i].node };
	qsort(by_node, n, sizeof(*by_node), pick_by_node);
	for (i = 0; i <= n; i++)
		o->child[i] = NONE;
	for (i = n; i-- > 0;) {
		hg_node node = o->picks.v[i].node;

		/* of equals the upper one may have fallen behind the limit */
		up = is_top(o, node) ? n
				     : find(by_node, n,
					    hg_dom_idom(o->d, node));
		if (up == NONE)
			continue;
		o->next[i] = o->child[up];
		o->child[up] = i;
	}
	free(by_node);
	return true;
}

/* How the dominator refers to n. */
static bool
edge_cell(struct ot_table *t, struct ot_cell *c, const struct outline *o,
	  hg_node n)
{
	hg_node up = hg_dom_idom(o->d, n);
	uint32_t n_in, i;
	const hg_edge *in;

	if (hg_dom_is_virtual(o->d, up) || hg_dom_is_virtual(o->d, n))
		return true;
	in = hg_in(o->g, n, &n_in);
	for (i = 0; i < n_in && i < EDGES_LOOKED_AT; i++)
		if (!hg_edge_weak(o->g, in[i]) &&
		    hg_edge_from(o->g, in[i]) == up)
			return an_edge_cell(t, c, o->g, in[i]);
	return true;
}

static bool
virtual_cells(struct ot_table *t, struct ot_cell *c, const struct hg_dom *d,
	      hg_node n)
{
	struct ot_buf b = OT_BUF_INIT;
	bool ok;

	hg_dom_virtual_text(d, n, &b);
	ok = !b.failed && ot_cell_str(t, c, ot_buf_str(&b), b.len);
	ot_buf_release(&b);
	return ok;
}

static bool
add_row(struct ot_table *t, const struct outline *o, hg_node n, uint32_t depth)
{
	uint64_t all = hg_dom_retained(o->d, hg_dom_node(o->d, HG_DOM_ALL));
	uint64_t retained = hg_dom_retained(o->d, n);
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	ot_table_set_depth(t, t->nrows - 1, depth);
	ot_cell_bytes(&row[RETAINED], retained);
	ot_cell_share(&row[SHARE], all ? (double)retained / (double)all : 0);
	ot_cell_int(&row[COUNT], (int64_t)hg_dom_count(o->d, n));
	ot_cell_int(&row[DEPTH], depth);
	if (hg_dom_is_virtual(o->d, n))
		return virtual_cells(t, &row[TYPE], o->d, n);
	if (!hg_is_root(o->g, n))
		ot_cell_bytes(&row[BYTES], hg_bytes(o->g, n));
	an_addr_cell(&row[ADDRESS], o->g, n);
	return an_type_cell(t, &row[TYPE], o->g, n) &&
	       edge_cell(t, &row[EDGE], o, n) &&
	       an_text_cell(t, &row[TEXT], o->g, n);
}

/* Down first, then sideways; `up` is the way back. */
static bool
add_rows(struct ot_table *t, struct outline *o)
{
	size_t n = o->picks.n, at = o->child[n], depth = 0;
	size_t *up = ot_realloc_array(NULL, n + 1, sizeof(*up));
	bool ok = up != NULL;

	while (ok && at != NONE) {
		ok = add_row(t, o, o->picks.v[at].node, (uint32_t)depth);
		if (o->child[at] != NONE) {
			up[depth++] = at;
			at = o->child[at];
			continue;
		}
		while (o->next[at] == NONE && depth > 0)
			at = up[--depth];
		at = o->next[at];
	}
	free(up);
	return ok;
}

static void
outline_release(struct outline *o)
{
	free(o->below);
	free(o->child);
	free(o->next);
	hg_picks_release(&o->picks);
}

static enum ot_status
outline_table(struct outline *o, struct ot_table **out, struct ot_err *err)
{
	struct ot_table *t = ot_table_new(cols, NCOLS);

	if (!t || !pick_largest(o) || !link_picks(o) || !add_rows(t, o)) {
		ot_table_free(t);
		return ot_fail_nomem(err, "a table of dominators");
	}
	t->total_rows = o->picks.seen;
	*out = t;
	return OT_OK;
}

enum ot_status
an_retained(const struct hg_graph *g, const struct hg_args *args,
	    struct ot_table **out, struct ot_err *err)
{
	struct outline o = { .g = g, .args = args };
	enum ot_status st;
	hg_node *nodes = NULL;
	uint32_t n;

	if (args->by >= HG_BY_SIZE && args->by <= HG_BY_REFERRERS)
		return ot_fail(err, OT_USAGE, "retained goes --by type, "
			       "module, root or thread");
	if (args->by != HG_BY_DEFAULT && args->nobjects > 0)
		return ot_fail(err, OT_USAGE, "--by tells of the whole heap: "
			       "leave out the OBJECT or the option");
	st = hg_dom_of(g, args, &o.d, err);
	if (st == OT_OK && args->by != HG_BY_DEFAULT)
		return hg_retained_by(o.d, args, out, err);
	if (st == OT_OK && args->nobjects > 0) {
		st = an_objects(g, args, "retained", &nodes, &n, err);
		if (st == OT_OK)
			st = hg_dom_below(o.d, nodes, n, &o.below, err);
	}
	if (st == OT_OK)
		st = outline_table(&o, out, err);
	outline_release(&o);
	free(nodes);
	return st;
}
