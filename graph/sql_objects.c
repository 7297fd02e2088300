/* SPDX-License-Identifier: MIT */
/*
 * sql_objects.c - the table `objects`: a row is an object's id.
 *
 * In the order of types it lists kind after kind, so that counting by type
 * needs no sorting.
 */
#include "config.h"

#include "graph/sql_tables.h"
#include "wire/wire.h"

#define TEXT_COLS 200u

enum { ADDRESS, TYPE, MODULE, BYTES, EXTRA, RETAINED, DOMINATOR, REFCOUNT, GENERATION, TRACKED,
       FROZEN, IMMORTAL, REFERENTS, REFERRERS, TEXT, NCOLS };

static const struct sql_col cols[NCOLS] = {
	[ADDRESS] = { "address", "ADDRESS" },
	[TYPE] = { "type", "TEXT" },
	[MODULE] = { "module", "TEXT" },
	[BYTES] = { "bytes", "BYTES" },
	[EXTRA] = { "extra", "BYTES" },
	[RETAINED] = { "retained", "BYTES" },
	[DOMINATOR] = { "dominator", "ADDRESS" },
	[REFCOUNT] = { "refcount", "INTEGER" },
	[GENERATION] = { "generation", "INTEGER" },
	[TRACKED] = { "tracked", "INTEGER" },
	[FROZEN] = { "frozen", "INTEGER" },
	[IMMORTAL] = { "immortal", "INTEGER" },
	[REFERENTS] = { "referents", "INTEGER" },
	[REFERRERS] = { "referrers", "INTEGER" },
	[TEXT] = { "text", "TEXT" },
};

enum { BY_ADDRESS, BY_TYPE, NLOOKUPS };

static const struct sql_lookup lookups[NLOOKUPS] = {
	[BY_ADDRESS] = { ADDRESS, 1 },
	[BY_TYPE] = { TYPE, 1000 },
};

static uint64_t
objects_count(const struct sql_ctx *x)
{
	return hg_objects(x->g);
}

static void
objects_all(const struct sql_ctx *x, bool ordered, struct sql_rows *r)
{
	if (ordered)
		r->kind_end = hg_kinds(x->g);
	else
		r->end = hg_objects(x->g);
}

static void
objects_find(const struct sql_ctx *x, int lookup, const struct sql_key *key,
	     struct sql_rows *r)
{
	hg_node n;

	if (lookup == BY_TYPE) {
		sql_kinds_named(x, key->text, &r->kind, &r->kind_end);
		return;
	}
	n = hg_at(x->g, key->addr);
	if (n != HG_NONE) {
		r->at = n;
		r->end = (uint64_t)n + 1;
	}
}

static void
objects_value(struct sql_ctx *x, uint64_t row, int col, struct sql_value *v)
{
	const struct hg_graph *g = x->g;
	hg_node n = (hg_node)row;
	unsigned flags = hg_flags(g, n);
	uint32_t n_in;

	switch (col) {
	case ADDRESS:
		sql_object_addr(x, n, v);
		break;
	case TYPE:
		sql_str(v, hg_kind_full(g, hg_kind_of(g, n)));
		break;
	case MODULE:
		sql_str(v, hg_kind_module(g, hg_kind_of(g, n)));
		break;
	case BYTES:
		sql_int(v, (int64_t)hg_bytes(g, n));
		break;
	case EXTRA:
		sql_int(v, (int64_t)hg_extra(g, n));
		break;
	case RETAINED:
		if (sql_dom(x))
			sql_int(v, (int64_t)hg_dom_retained(x->dom, n));
		break;
	case DOMINATOR:
		if (sql_dom(x) && hg_dom_idom(x->dom, n) < hg_objects(g))
			sql_object_addr(x, hg_dom_idom(x->dom, n), v);
		break;
	case REFCOUNT:
		if (hg_refcount(g, n) >= 0)
			sql_int(v, hg_refcount(g, n));
		break;
	case GENERATION:
		if (hg_generation(g, n) >= 0)
			sql_int(v, hg_generation(g, n));
		break;
	case TRACKED:
		sql_int(v, (flags & OTW_TRACKED) != 0);
		break;
	case FROZEN:
		sql_int(v, (flags & OTW_FROZEN) != 0);
		break;
	case IMMORTAL:
		sql_int(v, (flags & OTW_IMMORTAL) != 0);
		break;
	case REFERENTS:
		sql_int(v, (int64_t)hg_out(g, n + 1) - hg_out(g, n));
		break;
	case REFERRERS:
		hg_in(g, n, &n_in);
		sql_int(v, n_in);
		break;
	default:
		ot_buf_clear(&x->scratch);
		hg_node_text(g, n, TEXT_COLS, &x->scratch);
		sql_scratch(x, v);
		break;
	}
}

const struct sql_table sql_objects = {
	.cols = cols,
	.ncols = NCOLS,
	.lookups = lookups,
	.nlookups = NLOOKUPS,
	.ordered = TYPE,
	.count = objects_count,
	.all = objects_all,
	.find = objects_find,
	.value = objects_value,
};
