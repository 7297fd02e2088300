/* SPDX-License-Identifier: MIT */
/*
 * an_refs.c - refs and backrefs: the same bounded graph that is drawn
 * (picture.c), as a table.
 *
 * A row is an edge; the rows stand in the order of a tree that starts at the
 * objects asked for, so that people read the tree in the first column and
 * programs read edges in `from` and `to`.  `from` always holds `to`.  The
 * other columns tell of the end that is farther from the start.  A root has no
 * address: its name stands in its place.  `nodes` describes both ends of the
 * row, and in the first row all nodes there are.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/picture.h"
#include "graph/store.h"

enum {
	START,
	EDGE,
	TYPE,
	OBJECT,
	MORE,
	TEXT,
	FROM,
	TO,
	RELATION,
	DEPTH,
	BYTES,
	NODES,
	NCOLS
};

#define COLS(start)                                                            \
	{                                                                      \
		[START] = { "start", OT_CELL_ADDR, (start) },                  \
		[EDGE] = { "edge", OT_CELL_STR, OT_COL_TREE },                 \
		[TYPE] = { "type", OT_CELL_STR, 0 },                           \
		[OBJECT] = { "object", OT_CELL_ADDR, 0 },                      \
		[MORE] = { "more", OT_CELL_DELTA, 0 },                         \
		[TEXT] = { "text", OT_CELL_STR, OT_COL_FLEX },                 \
		[FROM] = { "from", OT_CELL_ADDR, OT_COL_HIDDEN },              \
		[TO] = { "to", OT_CELL_ADDR, OT_COL_HIDDEN },                  \
		[RELATION] = { "relation", OT_CELL_STR, OT_COL_HIDDEN },       \
		[DEPTH] = { "depth", OT_CELL_INT, OT_COL_HIDDEN },             \
		[BYTES] = { "bytes", OT_CELL_BYTES, OT_COL_HIDDEN },           \
		[NODES] = { "nodes", OT_CELL_TABLE, OT_COL_HIDDEN },           \
	}

/* With one start the title names it; with several each row does. */
static const struct ot_col one_cols[NCOLS] = COLS(OT_COL_HIDDEN);
static const struct ot_col many_cols[NCOLS] = COLS(0);

enum { N_ADDRESS, N_TYPE, N_TEXT, N_BYTES, N_NCOLS };

static const struct ot_col node_cols[N_NCOLS] = {
	[N_ADDRESS] = { "address", OT_CELL_ADDR, 0 },
	[N_TYPE] = { "type", OT_CELL_STR, 0 },
	[N_TEXT] = { "text", OT_CELL_STR, OT_COL_FLEX },
	[N_BYTES] = { "bytes", OT_CELL_BYTES, 0 },
};

/* A walk over the picture's edges in the order of the tree. */
struct tree {
	const struct hg_picture *p;
	struct ot_table *t;
	size_t *first;	/* first edge of each node; one more */
	size_t *cursor; /* next edge of a node on the stack */
	size_t *by;	/* the edge a node was found by */
	uint32_t *more; /* neighbours not drawn */
	uint32_t *stack;
};

static uint32_t
near_end(const struct hg_picture *p, const struct hg_pic_edge *e)
{
	return p->back ? e->to : e->from;
}

static uint32_t
far_end(const struct hg_picture *p, const struct hg_pic_edge *e)
{
	return p->back ? e->from : e->to;
}

static void
tree_release(struct tree *x)
{
	free(x->first);
	free(x->cursor);
	free(x->by);
	free(x->more);
	free(x->stack);
}

/* Edges stand in the order of their near ends (picture.c). */
static bool
tree_init(struct tree *x, const struct hg_picture *p, struct ot_table *t)
{
	size_t n = p->nnodes, i, e = 0;
	uint32_t far;

	*x = (struct tree){ .p = p, .t = t };
	x->first = calloc(n + 1, sizeof(*x->first));
	x->cursor = calloc(n + 1, sizeof(*x->cursor));
	x->by = ot_realloc_array(NULL, n + 1, sizeof(*x->by));
	x->more = calloc(n + 1, sizeof(*x->more));
	x->stack = calloc(n + 1, sizeof(*x->stack));
	if (!x->first || !x->cursor || !x->by || !x->more || !x->stack)
		return false;
	for (i = 0; i < n; i++) {
		x->by[i] = SIZE_MAX;
		while (e < p->nedges && near_end(p, &p->edges[e]) < i)
			e++;
		x->first[i] = e;
	}
	x->first[n] = p->nedges;
	for (e = 0; e < p->nedges; e++) {
		far = far_end(p, &p->edges[e]);
		if (p->nodes[far].flags & HG_PIC_MORE)
			x->more[near_end(p, &p->edges[e])] +=
				p->nodes[far].count;
		else if (!(p->nodes[far].flags & HG_PIC_START) &&
			 x->by[far] == SIZE_MAX)
			x->by[far] = e;
	}
	return true;
}

/* An address, or a root's name in its place. */
static bool
end_cell(struct ot_table *t, struct ot_cell *c, const struct hg_graph *g,
	 hg_node n)
{
	if (hg_is_root(g, n))
		return an_text_cell(t, c, g, n);
	ot_cell_addr(c, hg_addr(g, n));
	return true;
}

static bool
node_row(struct ot_table *t, const struct hg_graph *g, hg_node n)
{
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	if (!hg_is_root(g, n))
		ot_cell_bytes(&row[N_BYTES], hg_bytes(g, n));
	return end_cell(t, &row[N_ADDRESS], g, n) &&
	       an_type_cell(t, &row[N_TYPE], g, n) &&
	       an_text_cell(t, &row[N_TEXT], g, n);
}

/* The ends of an edge, or, for the first row, every node of the picture. */
static struct ot_table *
node_table(const struct hg_picture *p, const struct hg_pic_edge *e, bool all)
{
	struct ot_table *t = ot_table_new(node_cols, N_NCOLS);
	bool ok = t != NULL;
	size_t i;

	for (i = 0; ok && i < p->nnodes; i++)
		if (p->nodes[i].node != HG_NONE &&
		    (all || i == e->from || i == e->to))
			ok = node_row(t, p->graph, p->nodes[i].node);
	if (ok)
		return t;
	ot_table_free(t);
	return NULL;
}

/* The text of the far end; of a node whose own rows are elsewhere it says so.
 */
static bool
text_cell(struct tree *x, struct ot_cell *c, hg_node n, bool again)
{
	struct ot_buf b = OT_BUF_INIT;
	bool ok;

	hg_node_text(x->p->graph, n, AN_TEXT_COLS, &b);
	if (again)
		ot_buf_adds(&b, " (again)");
	ok = !b.failed && ot_cell_str(x->t, c, ot_buf_str(&b), b.len);
	ot_buf_release(&b);
	return ok;
}

static bool
edge_row(struct tree *x, size_t e, uint32_t start, uint32_t depth)
{
	const struct hg_pic_edge *edge = &x->p->edges[e];
	const struct hg_graph *g = x->p->graph;
	uint32_t far = far_end(x->p, edge);
	hg_node n = x->p->nodes[far].node;
	struct ot_cell *row = ot_table_row(x->t);
	size_t at = x->t->nrows - 1;

	if (!row)
		return false;
	ot_table_set_depth(x->t, at, depth - 1);
	ot_cell_addr(&row[START], hg_addr(g, x->p->nodes[start].node));
	an_addr_cell(&row[OBJECT], g, n);
	ot_cell_int(&row[DEPTH], depth);
	if (!hg_is_root(g, n))
		ot_cell_bytes(&row[BYTES], hg_bytes(g, n));
	if (x->by[far] == e && x->more[far] > 0)
		ot_cell_delta(&row[MORE], x->more[far]);
	ot_cell_table(&row[NODES], node_table(x->p, edge, at == 0));
	return row[NODES].type == OT_CELL_TABLE &&
	       an_edge_cell(x->t, &row[EDGE], g, edge->edge) &&
	       an_relation_cell(x->t, &row[RELATION], g, edge->edge) &&
	       an_type_cell(x->t, &row[TYPE], g, n) &&
	       text_cell(x, &row[TEXT], n, x->by[far] != e) &&
	       end_cell(x->t, &row[FROM], g, x->p->nodes[edge->from].node) &&
	       end_cell(x->t, &row[TO], g, x->p->nodes[edge->to].node);
}

/* All rows below one start; the stack is as deep as the tree. */
static bool
tree_rows(struct tree *x, uint32_t start)
{
	uint32_t depth = 0, node, far;
	size_t e;

	x->stack[0] = start;
	x->cursor[start] = x->first[start];
	for (;;) {
		node = x->stack[depth];
		e = x->cursor[node]++;
		if (e >= x->first[node + 1]) {
			if (depth-- == 0)
				return true;
			continue;
		}
		far = far_end(x->p, &x->p->edges[e]);
		if (x->p->nodes[far].flags & HG_PIC_MORE)
			continue;
		if (!edge_row(x, e, start, depth + 1))
			return false;
		if (x->by[far] != e)
			continue;
		x->stack[++depth] = far;
		x->cursor[far] = x->first[far];
	}
}

/* What the text table says above and below the rows. */
static bool
say_starts(struct tree *x)
{
	const struct hg_picture *p = x->p;
	struct ot_buf title = OT_BUF_INIT, note = OT_BUF_INIT;
	uint64_t starts = 0, more = 0;
	bool ok;
	size_t i;

	ot_buf_adds(&title, p->back ? "references to " : "references from ");
	for (i = 0; i < p->nnodes; i++) {
		if (!(p->nodes[i].flags & HG_PIC_START))
			continue;
		starts +=
			p->nodes[i].flags & HG_PIC_MORE ? p->nodes[i].count : 1;
		more += x->more[i];
	}
	an_describe(p->graph, p->nodes[0].node, &title);
	if (starts == 1) {
		ot_buf_adds(&title, ": ");
		hg_node_text(p->graph, p->nodes[0].node, AN_TEXT_COLS, &title);
	} else {
		ot_buf_addf(&title, " and %zu more", (size_t)starts - 1);
	}
	if (more > 0)
		ot_buf_addf(&note,
			    "%zu more %s; --max-width shows more of "
			    "them",
			    (size_t)more, p->back ? "referrers" : "referents");
	x->t->title = ot_arena_strdup(&x->t->arena, ot_buf_str(&title));
	ok = x->t->title && !title.failed && !note.failed;
	if (ok && note.len > 0) {
		x->t->note = ot_arena_strdup(&x->t->arena, ot_buf_str(&note));
		ok = x->t->note != NULL;
	}
	ot_buf_release(&title);
	ot_buf_release(&note);
	return ok;
}

static enum ot_status
picture_table(const struct hg_picture *p, struct ot_table **out,
	      struct ot_err *err)
{
	bool many = p->nnodes > 1 && p->nodes[1].flags & HG_PIC_START;
	struct ot_table *t = ot_table_new(many ? many_cols : one_cols, NCOLS);
	struct tree x;
	bool ok;
	size_t i;

	if (!t)
		return ot_fail_nomem(err, "a table of references");
	ok = tree_init(&x, p, t) && say_starts(&x);
	for (i = 0; ok && i < p->nnodes; i++)
		if ((p->nodes[i].flags & (HG_PIC_START | HG_PIC_MORE)) ==
		    HG_PIC_START)
			ok = tree_rows(&x, (uint32_t)i);
	tree_release(&x);
	if (!ok) {
		ot_table_free(t);
		return ot_fail_nomem(err, "a table of references");
	}
	*out = t;
	return OT_OK;
}

static enum ot_status
refs_table(const struct hg_graph *g, const struct hg_args *args, bool back,
	   struct ot_table **out, struct ot_err *err)
{
	struct hg_picture *p = NULL;
	enum ot_status st;
	hg_node *nodes;
	uint32_t n;

	st = an_objects(g, args, back ? "backrefs" : "refs", &nodes, &n, err);
	if (st == OT_OK)
		st = hg_picture_refs(g, nodes, n, back, args, &p, err);
	if (st == OT_OK)
		st = picture_table(p, out, err);
	hg_picture_free(p);
	free(nodes);
	return st;
}

enum ot_status
an_refs(const struct hg_graph *g, const struct hg_args *args,
	struct ot_table **out, struct ot_err *err)
{
	return refs_table(g, args, false, out, err);
}

enum ot_status
an_backrefs(const struct hg_graph *g, const struct hg_args *args,
	    struct ot_table **out, struct ot_err *err)
{
	return refs_table(g, args, true, out, err);
}
