/* SPDX-License-Identifier: MIT */
/*
 * an_types.c - the most common types.
 *
 * One row a type: kinds of one full name are added up, as their names cannot
 * tell them apart.  Reads counts only, so it needs no objects; with objects
 * and the scope "tracked" it looks at the instances of those kinds that are
 * tracked in part.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/analysis.h"
#include "graph/group.h"
#include "graph/retained_by.h"
#include "graph/store.h"

enum { COUNT, BYTES, SHARE, RETAINED, TRACKED, MODULE, TYPE, NCOLS };

#define COLS(retained)                                                         \
	{                                                                      \
		[COUNT] = { "count", OT_CELL_INT, 0 },                         \
		[BYTES] = { "bytes", OT_CELL_BYTES, 0 },                       \
		[SHARE] = { "share", OT_CELL_SHARE, 0 },                       \
		[RETAINED] = { "retained", OT_CELL_BYTES, (retained) },        \
		[TRACKED] = { "tracked", OT_CELL_INT, 0 },                     \
		[MODULE] = { "module", OT_CELL_STR, OT_COL_HIDDEN },           \
		[TYPE] = { "type", OT_CELL_STR, OT_COL_FLEX },                 \
	}

static const struct ot_col plain_cols[NCOLS] = COLS(OT_COL_HIDDEN);
static const struct ot_col retained_cols[NCOLS] = COLS(0);

/* What a kind, then a type, adds up to. */
struct sum {
	const struct hg_kind_row *kind;
	hg_kind id;
	uint64_t count, bytes, tracked, retained;
	uint32_t type;	/* before they are sorted by count */
	bool no_bytes; /* they cannot be known */
};

/* Bytes of the tracked instances only. */
static void
sum_tracked(const struct hg_graph *g, struct sum *s)
{
	const hg_node *nodes;
	uint32_t n, i;

	s->count = s->tracked;
	if (s->tracked == s->kind->count)
		return;
	s->bytes = 0;
	if (s->tracked == 0)
		return;
	nodes = hg_kind_nodes(g, s->id, &n);
	s->no_bytes = n == 0;
	for (i = 0; i < n; i++)
		if (hg_flags(g, nodes[i]) & OTW_TRACKED)
			s->bytes += hg_bytes(g, nodes[i]);
}

static int
by_name(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	int c = strcmp(x->kind->full, y->kind->full);

	return c ? c : strcmp(x->kind->module, y->kind->module);
}

static int
by_count(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return by_name(a, b);
}

/* Kinds to types; type_of[kind] says which.  Returns how many. */
static size_t
merge(struct sum *sums, size_t n, uint32_t *type_of)
{
	size_t i, out = 0;

	qsort(sums, n, sizeof(*sums), by_name);
	for (i = 0; i < n; i++) {
		if (out > 0 && by_name(&sums[out - 1], &sums[i]) == 0) {
			sums[out - 1].count += sums[i].count;
			sums[out - 1].bytes += sums[i].bytes;
			sums[out - 1].tracked += sums[i].tracked;
			sums[out - 1].no_bytes |= sums[i].no_bytes;
		} else {
			sums[out] = sums[i];
			sums[out].type = (uint32_t)out;
			out++;
		}
		type_of[sums[i].id] = (uint32_t)out - 1;
	}
	return out;
}

/* What all instances of each type retain together. */
static enum ot_status
add_retained(const struct hg_graph *g, const struct hg_args *args,
	     struct sum *sums, size_t n, const uint32_t *type_of,
	     struct ot_err *err)
{
	uint64_t *bytes = calloc(n + 1, sizeof(*bytes));
	const struct hg_dom *d;
	enum ot_status st;
	size_t i;

	st = bytes ? hg_dom_of(g, args, &d, err)
		   : ot_fail_nomem(err, "what types retain");
	if (st == OT_OK)
		st = hg_retained_of_kinds(d, type_of, (uint32_t)n, bytes, NULL,
					  args, err);
	for (i = 0; st == OT_OK && i < n; i++)
		sums[i].retained = bytes[sums[i].type];
	free(bytes);
	return st;
}

static bool
add_row(struct ot_table *t, const struct sum *s, uint64_t all, bool retained)
{
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	ot_cell_int(&row[COUNT], (int64_t)s->count);
	ot_cell_int(&row[TRACKED], (int64_t)s->tracked);
	if (retained)
		ot_cell_bytes(&row[RETAINED], s->retained);
	if (!s->no_bytes) {
		ot_cell_bytes(&row[BYTES], s->bytes);
		ot_cell_share(&row[SHARE],
			      all ? (double)s->bytes / (double)all : 0);
	}
	return ot_cell_str(t, &row[MODULE], s->kind->module,
			   strlen(s->kind->module)) &&
	       ot_cell_str(t, &row[TYPE], s->kind->full, strlen(s->kind->full));
}

static uint64_t
collect(const struct hg_graph *g, const struct hg_args *args, struct sum *sums,
	size_t *n)
{
	uint64_t all = 0;
	hg_kind k;

	*n = 0;
	for (k = 0; k < g->nkinds; k++) {
		sums[*n] = (struct sum){
			.kind = &g->kinds[k],
			.id = k,
			.count = g->kinds[k].count,
			.bytes = g->kinds[k].bytes,
			.tracked = g->kinds[k].tracked,
		};
		if (args->scope == HG_SCOPE_TRACKED)
			sum_tracked(g, &sums[*n]);
		all += sums[*n].bytes;
		if (sums[*n].count > 0)
			++*n;
	}
	return all;
}

enum ot_status
an_types(const struct hg_graph *g, const struct hg_args *args,
	 struct ot_table **out, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	struct ot_table *t;
	struct sum *sums;
	uint32_t *type_of;
	uint64_t all = 0;
	size_t n = 0, i;
	bool ok;

	if (args->by > HG_BY_REFERRERS)
		return ot_fail(err, OT_USAGE, "types goes --by type, module, "
			       "size, owner or referrers");
	if (args->by > HG_BY_TYPE || args->nobjects > 0) {
		if (args->retained)
			return ot_fail(err, OT_USAGE, "--retained tells of all "
				       "types: leave out OBJECT and --by; or "
				       "see objtop retained --by");
		return hg_group_table(g, args, out, err);
	}
	t = ot_table_new(args->retained ? retained_cols : plain_cols, NCOLS);
	sums = calloc((size_t)g->nkinds + 1, sizeof(*sums));
	type_of = ot_realloc_array(NULL, (size_t)g->nkinds + 1,
				   sizeof(*type_of));
	ok = t && sums && type_of;
	if (ok) {
		memset(type_of, 0xff, g->nkinds * sizeof(*type_of));
		all = collect(g, args, sums, &n);
		n = merge(sums, n, type_of);
		if (args->retained)
			st = add_retained(g, args, sums, n, type_of, err);
		qsort(sums, n, sizeof(*sums), by_count);
	}
	ok = ok && st == OT_OK;
	for (i = 0; ok && i < n && (args->limit == 0 || i < args->limit); i++)
		ok = add_row(t, &sums[i], all, args->retained);
	free(sums);
	free(type_of);
	if (!ok) {
		ot_table_free(t);
		return st != OT_OK ? st : ot_fail_nomem(err, "a table of types");
	}
	t->total_rows = n;
	*out = t;
	return OT_OK;
}
