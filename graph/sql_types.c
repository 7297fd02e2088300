/* SPDX-License-Identifier: MIT */
/*
 * sql_types.c - the table `types`: a row is a kind's place by name.
 */
#include "config.h"

#include "graph/sql_tables.h"

enum { TYPE, MODULE, ADDRESS, COUNT, BYTES, TRACKED, NCOLS };

static const struct sql_col cols[NCOLS] = {
	[TYPE] = { "type", "TEXT" },
	[MODULE] = { "module", "TEXT" },
	[ADDRESS] = { "address", "ADDRESS" },
	[COUNT] = { "count", "INTEGER" },
	[BYTES] = { "bytes", "BYTES" },
	[TRACKED] = { "tracked", "INTEGER" },
};

static const struct sql_lookup lookups[] = { { TYPE, 1 } };

static uint64_t
types_count(const struct sql_ctx *x)
{
	return hg_kinds(x->g);
}

static void
types_all(const struct sql_ctx *x, bool ordered, struct sql_rows *r)
{
	(void)ordered; /* always */
	r->end = hg_kinds(x->g);
}

static void
types_find(const struct sql_ctx *x, int lookup, const struct sql_key *key,
	   struct sql_rows *r)
{
	uint32_t first, end;

	(void)lookup;
	sql_kinds_named(x, key->text, &first, &end);
	r->at = first;
	r->end = end;
}

static void
types_value(struct sql_ctx *x, uint64_t row, int col, struct sql_value *v)
{
	hg_kind k = x->by_name[row];

	switch (col) {
	case TYPE:
		sql_str(v, hg_kind_full(x->g, k));
		break;
	case MODULE:
		sql_str(v, hg_kind_module(x->g, k));
		break;
	case ADDRESS:
		sql_int(v, (int64_t)hg_kind_addr(x->g, k));
		break;
	case COUNT:
		sql_int(v, (int64_t)hg_kind_count(x->g, k));
		break;
	case BYTES:
		sql_int(v, (int64_t)hg_kind_bytes(x->g, k));
		break;
	default:
		sql_int(v, (int64_t)hg_kind_tracked(x->g, k));
		break;
	}
}

const struct sql_table sql_types = {
	.cols = cols,
	.ncols = NCOLS,
	.lookups = lookups,
	.nlookups = 1,
	.ordered = TYPE,
	.count = types_count,
	.all = types_all,
	.find = types_find,
	.value = types_value,
};
