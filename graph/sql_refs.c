/* SPDX-License-Identifier: MIT */
/*
 * sql_refs.c - the tables `refs` and `roots`: a row is an edge.
 *
 * Edges lie in the order of their sources, objects before roots, so both
 * tables are a range and "what does this object refer to" is one within it.
 */
#include "config.h"

#include "graph/sql_tables.h"

enum { SOURCE, TARGET, RELATION, EDGE, WEAK, NCOLS };

static const struct sql_col cols[NCOLS] = {
	[SOURCE] = { "source", "ADDRESS" },
	[TARGET] = { "target", "ADDRESS" },
	[RELATION] = { "relation", "TEXT" },
	[EDGE] = { "edge", "TEXT" },
	[WEAK] = { "weak", "INTEGER" },
};

enum { ROOT, KIND, ROOT_TARGET, ROOT_EDGE, NROOTCOLS };

static const struct sql_col root_cols[NROOTCOLS] = {
	[ROOT] = { "root", "TEXT" },
	[KIND] = { "kind", "TEXT" },
	[ROOT_TARGET] = { "target", "ADDRESS" },
	[ROOT_EDGE] = { "edge", "TEXT" },
};

enum { BY_SOURCE, BY_TARGET };

static const struct sql_lookup lookups[] = { { SOURCE, 3 }, { TARGET, 4 } };
static const struct sql_lookup root_lookups[] = { { ROOT_TARGET, 1 } };

/* Edges of objects are those before this. */
static hg_edge
first_root_edge(const struct sql_ctx *x)
{
	return hg_out(x->g, hg_objects(x->g));
}

static uint64_t
refs_count(const struct sql_ctx *x)
{
	return first_root_edge(x);
}

static void
refs_all(const struct sql_ctx *x, bool ordered, struct sql_rows *r)
{
	(void)ordered; /* always by source */
	r->end = first_root_edge(x);
}

/* The in-edges of an object: those from objects come first. */
static void
find_in(const struct sql_ctx *x, uint64_t addr, bool of_roots,
	struct sql_rows *r)
{
	hg_edge roots = first_root_edge(x);
	hg_node n = hg_at(x->g, addr);
	uint32_t all, cut;

	if (n == HG_NONE)
		return;
	r->list = hg_in(x->g, n, &all);
	for (cut = all; cut > 0 && r->list[cut - 1] >= roots; cut--)
		;
	r->at = of_roots ? cut : 0;
	r->end = of_roots ? all : cut;
}

static void
refs_find(const struct sql_ctx *x, int lookup, const struct sql_key *key,
	  struct sql_rows *r)
{
	hg_node n;

	if (lookup == BY_TARGET) {
		find_in(x, key->addr, false, r);
		return;
	}
	n = hg_at(x->g, key->addr);
	if (n != HG_NONE) {
		r->at = hg_out(x->g, n);
		r->end = hg_out(x->g, n + 1);
	}
}

static void
edge_label(struct sql_ctx *x, hg_edge e, struct sql_value *v)
{
	ot_buf_clear(&x->scratch);
	hg_edge_label(x->g, e, &x->scratch);
	sql_scratch(x, v);
}

static void
refs_value(struct sql_ctx *x, uint64_t row, int col, struct sql_value *v)
{
	hg_edge e = (hg_edge)row;

	switch (col) {
	case SOURCE:
		sql_object_addr(x, hg_edge_from(x->g, e), v);
		break;
	case TARGET:
		sql_object_addr(x, hg_edge_to(x->g, e), v);
		break;
	case RELATION:
		sql_str(v, hg_relation_text(hg_edge_relation(x->g, e)));
		break;
	case EDGE:
		edge_label(x, e, v);
		break;
	default:
		sql_int(v, hg_edge_weak(x->g, e));
		break;
	}
}

const struct sql_table sql_refs = {
	.cols = cols,
	.ncols = NCOLS,
	.lookups = lookups,
	.nlookups = 2,
	.ordered = SOURCE,
	.count = refs_count,
	.all = refs_all,
	.find = refs_find,
	.value = refs_value,
};

static uint64_t
roots_count(const struct sql_ctx *x)
{
	return hg_edges(x->g) - first_root_edge(x);
}

static void
roots_all(const struct sql_ctx *x, bool ordered, struct sql_rows *r)
{
	(void)ordered;
	r->at = first_root_edge(x);
	r->end = hg_edges(x->g);
}

static void
roots_find(const struct sql_ctx *x, int lookup, const struct sql_key *key,
	   struct sql_rows *r)
{
	(void)lookup;
	find_in(x, key->addr, true, r);
}

static void
roots_value(struct sql_ctx *x, uint64_t row, int col, struct sql_value *v)
{
	hg_edge e = (hg_edge)row;
	hg_node root;

	switch (col) {
	case ROOT:
		sql_str(v, hg_root_name(x->g, hg_edge_from(x->g, e)));
		break;
	case KIND:
		root = hg_edge_from(x->g, e);
		sql_str(v, hg_root_kind_text(hg_root_kind(x->g, root)));
		break;
	case ROOT_TARGET:
		sql_object_addr(x, hg_edge_to(x->g, e), v);
		break;
	default:
		edge_label(x, e, v);
		break;
	}
}

const struct sql_table sql_roots = {
	.cols = root_cols,
	.ncols = NROOTCOLS,
	.lookups = root_lookups,
	.nlookups = 1,
	.ordered = -1,
	.count = roots_count,
	.all = roots_all,
	.find = roots_find,
	.value = roots_value,
};
