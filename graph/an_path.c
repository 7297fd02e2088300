/* SPDX-License-Identifier: MIT */
/*
 * an_path.c - why an object is alive.
 *
 * For one object the shortest chains from roots (chains.c), for many the ways
 * in which they are held (merged.c), both as rows that read from the root
 * down: step 0 is the root, in whose row `edge` says its name, each further
 * row an object and the edge by which the one above holds it.  In a merged
 * chain, what differs from object to object has no address, and `[*]` stands
 * for its key or index.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/merged.h"
#include "graph/picture.h"
#include "graph/store.h"
#include "graph/unreached.h"

#define CHAIN_ENDS 500u /* rows at either end of a long chain */

enum { CHAIN, COUNT, EDGE, TYPE, ADDRESS, TEXT, STEP, RELATION, ROOT, NCOLS };

#define COLS(count)                                                            \
	{                                                                      \
		[CHAIN] = { "chain", OT_CELL_INT, 0 },                         \
		[COUNT] = { "count", OT_CELL_INT, (count) },                   \
		[EDGE] = { "edge", OT_CELL_STR, OT_COL_TREE },                 \
		[TYPE] = { "type", OT_CELL_STR, 0 },                           \
		[ADDRESS] = { "address", OT_CELL_ADDR, 0 },                    \
		[TEXT] = { "text", OT_CELL_STR, OT_COL_FLEX },                 \
		[STEP] = { "step", OT_CELL_INT, OT_COL_HIDDEN },               \
		[RELATION] = { "relation", OT_CELL_STR, OT_COL_HIDDEN },       \
		[ROOT] = { "root", OT_CELL_STR, OT_COL_HIDDEN },               \
	}

/* `count` is of interest only where chains are merged. */
static const struct ot_col one_cols[NCOLS] = COLS(OT_COL_HIDDEN);
static const struct ot_col many_cols[NCOLS] = COLS(0);

/* A chain on its way into the table. */
struct chain {
	const struct hg_graph *g;
	struct ot_table *t;
	uint32_t number; /* from 1 */
	uint64_t count;
	const hg_edge *edges;
	uint32_t len;
	const bool *shared; /* NULL: all */
};

static struct ot_cell *
step_row(const struct chain *c, uint32_t step)
{
	struct ot_cell *row = ot_table_row(c->t);
	hg_node root = hg_edge_from(c->g, c->edges[0]);

	if (!row)
		return NULL;
	ot_table_set_depth(c->t, c->t->nrows - 1, step);
	ot_cell_int(&row[CHAIN], c->number);
	ot_cell_int(&row[STEP], step);
	ot_cell_int(&row[COUNT], (int64_t)c->count);
	return an_text_cell(c->t, &row[ROOT], c->g, root) ? row : NULL;
}

static bool
root_row(const struct chain *c)
{
	hg_node root = hg_edge_from(c->g, c->edges[0]);
	struct ot_cell *row = step_row(c, 0);

	return row && an_text_cell(c->t, &row[EDGE], c->g, root) &&
	       an_type_cell(c->t, &row[TYPE], c->g, root) &&
	       ot_cell_str(c->t, &row[RELATION], "root", 4);
}

/* The label of an edge that is another one for each object. */
static bool
any_edge_cell(const struct chain *c, struct ot_cell *cell, hg_edge e)
{
	switch (hg_edge_relation(c->g, e)) {
	case OTW_REL_ITEM:
	case OTW_REL_VALUE:
		return ot_cell_str(c->t, cell, "[*]", 3);
	default:
		return an_edge_cell(c->t, cell, c->g, e);
	}
}

/* Edge i leads to step i + 1. */
static bool
object_row(const struct chain *c, uint32_t i)
{
	hg_node to = hg_edge_to(c->g, c->edges[i]);
	struct ot_cell *row = step_row(c, i + 1);

	if (!row || !an_type_cell(c->t, &row[TYPE], c->g, to) ||
	    !an_relation_cell(c->t, &row[RELATION], c->g, c->edges[i]))
		return false;
	if (c->shared && !c->shared[i])
		return any_edge_cell(c, &row[EDGE], c->edges[i]);
	an_addr_cell(&row[ADDRESS], c->g, to);
	return an_edge_cell(c->t, &row[EDGE], c->g, c->edges[i]) &&
	       an_text_cell(c->t, &row[TEXT], c->g, to);
}

/* Of a very long chain (a linked list, say) the ends tell the story. */
static bool
chain_rows(const struct chain *c)
{
	uint32_t i;

	if (!root_row(c))
		return false;
	for (i = 0; i < c->len; i++) {
		if (c->len > 2 * CHAIN_ENDS && i == CHAIN_ENDS)
			i = c->len - CHAIN_ENDS;
		if (!object_row(c, i))
			return false;
	}
	return true;
}

/* Moves a text into the table's title or note. */
static bool
say(struct ot_table *t, const char **where, struct ot_buf *text)
{
	bool ok = !text->failed;

	if (ok) {
		*where = ot_arena_strdup(&t->arena, ot_buf_str(text));
		ok = *where != NULL;
	}
	ot_buf_release(text);
	return ok;
}

static bool
say_of_one(struct ot_table *t, const struct hg_graph *g, hg_node n, size_t k)
{
	struct ot_buf b = OT_BUF_INIT;

	ot_buf_adds(&b, k > 0 ? "why " : "");
	an_describe(g, n, &b);
	ot_buf_adds(&b, k > 0 ? " is alive" : " is not reachable");
	if (!say(t, &t->title, &b))
		return false;
	if (k > 0)
		return true;
	hg_unreached_say(g, n, &b);
	return say(t, &t->note, &b);
}

static enum ot_status
path_of_one(const struct hg_graph *g, hg_node n, const struct hg_args *args,
	    struct ot_table **out, struct ot_err *err)
{
	struct chain c = { .g = g, .count = 1 };
	struct hg_chains chains;
	enum ot_status st;
	bool ok;
	size_t i;

	st = hg_chains_find(g, n, args, &chains, err);
	if (st != OT_OK)
		return st;
	c.t = ot_table_new(one_cols, NCOLS);
	ok = c.t && say_of_one(c.t, g, n, chains.n);
	for (i = 0; ok && i < chains.n; i++) {
		c.number = (uint32_t)i + 1;
		c.edges = chains.edges[i];
		c.len = chains.lens[i];
		ok = chain_rows(&c);
	}
	hg_chains_free(&chains);
	if (!ok) {
		ot_table_free(c.t);
		return ot_fail_nomem(err, "a table of chains");
	}
	*out = c.t;
	return OT_OK;
}

static bool
say_of_many(struct ot_table *t, const struct hg_merged *m,
	    const struct hg_args *args)
{
	struct ot_buf title = OT_BUF_INIT, note = OT_BUF_INIT;
	uint64_t told = 0, others;
	size_t i;

	for (i = 0; i < m->n; i++)
		told += m->chains[i].count;
	ot_buf_addf(&title, "why %" PRIu64 " objects of %s are alive",
		    m->targets, args->objects[0]);
	if (told < m->reached)
		ot_buf_addf(&note,
			    "%" PRIu64 " more are held in %" PRIu64
			    " other ways; -k shows more",
			    m->reached - told, m->ways - m->n);
	others = m->targets - m->reached - m->rootless;
	if (others > 0)
		ot_buf_addf(&note, "%s%" PRIu64 " %s held by others of them "
			    "only",
			    note.len > 0 ? "; " : "", others,
			    others == 1 ? "is" : "are");
	if (m->rootless > 0)
		ot_buf_addf(&note, "%s%" PRIu64 " %s held by no root: %s",
			    note.len > 0 ? "; " : "", m->rootless,
			    m->rootless == 1 ? "is" : "are",
			    args->nignore > 0
				    ? "garbage, held from C, or by what is "
				      "ignored"
				    : "garbage, or held from C");
	return say(t, &t->title, &title) &&
	       (note.len == 0 || say(t, &t->note, &note));
}

static enum ot_status
path_of_many(const struct hg_graph *g, const hg_node *nodes, uint32_t n,
	     const struct hg_args *args, struct ot_table **out,
	     struct ot_err *err)
{
	struct chain c = { .g = g };
	struct hg_merged m;
	enum ot_status st;
	bool ok;
	size_t i;

	st = hg_merged_find(g, nodes, n, args, &m, err);
	if (st != OT_OK)
		return st;
	c.t = ot_table_new(many_cols, NCOLS);
	ok = c.t && say_of_many(c.t, &m, args);
	for (i = 0; ok && i < m.n; i++) {
		c.number = (uint32_t)i + 1;
		c.count = m.chains[i].count;
		c.edges = m.chains[i].edges;
		c.shared = m.chains[i].shared;
		c.len = m.chains[i].len;
		ok = chain_rows(&c);
	}
	hg_merged_free(&m);
	if (!ok) {
		ot_table_free(c.t);
		return ot_fail_nomem(err, "a table of chains");
	}
	*out = c.t;
	return OT_OK;
}

enum ot_status
an_path(const struct hg_graph *g, const struct hg_args *args,
	struct ot_table **out, struct ot_err *err)
{
	enum ot_status st;
	hg_node *nodes;
	uint32_t n;

	st = an_objects(g, args, "path", &nodes, &n, err);
	if (st != OT_OK)
		return st;
	if (n == 1)
		st = path_of_one(g, nodes[0], args, out, err);
	else
		st = path_of_many(g, nodes, n, args, out, err);
	free(nodes);
	return st;
}
