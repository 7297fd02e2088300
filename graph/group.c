/* SPDX-License-Identifier: MIT */
/*
 * group.c - objects by module, size, owner or pattern of referrers.
 *
 * Each object has a number by which it belongs to a group; a hash adds up
 * counts and bytes, and the group's words are made once, of its first object.
 * Groups of one text are one row.  Linear in objects and references.
 */
#include "config.h"

#include "graph/group.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/store.h"

#define LOOK (1u << 16) /* objects between two looks at args.cancelled */

enum { COUNT, BYTES, SHARE, TYPE, GROUP, NCOLS };

#define COLS(type_flags, name, cell_type, flags)                               \
	{                                                                      \
		[COUNT] = { "count", OT_CELL_INT, 0 },                         \
		[BYTES] = { "bytes", OT_CELL_BYTES, 0 },                       \
		[SHARE] = { "share", OT_CELL_SHARE, 0 },                       \
		[TYPE] = { "type", OT_CELL_STR, (type_flags) },                \
		[GROUP] = { (name), (cell_type), (flags) },                    \
	}

static const struct ot_col group_cols[][NCOLS] = {
	[HG_BY_TYPE] = COLS(OT_COL_FLEX, "module", OT_CELL_STR, OT_COL_HIDDEN),
	[HG_BY_MODULE] = COLS(OT_COL_HIDDEN, "module", OT_CELL_STR, OT_COL_FLEX),
	[HG_BY_SIZE] = COLS(OT_COL_HIDDEN, "size", OT_CELL_INT, OT_COL_FLEX),
	[HG_BY_OWNER] = COLS(OT_COL_HIDDEN, "owner", OT_CELL_STR, OT_COL_FLEX),
	[HG_BY_REFERRERS] = COLS(OT_COL_HIDDEN, "referrers", OT_CELL_STR, OT_COL_FLEX),
};

struct group {
	uint64_t key; /* 0: free */
	uint64_t count, bytes;
	hg_node first;
	char *text;
};

struct groups {
	const struct hg_graph *g;
	const struct hg_args *args;
	enum hg_by by; /* not DEFAULT */
	struct hg_owners owners;
	struct group *v;
	size_t n, nslots;
};

static uint64_t
key_of(const struct groups *x, hg_node n)
{
	hg_kind k = hg_kind_of(x->g, n);
	uint64_t key = k;

	switch (x->by) {
	case HG_BY_SIZE:
		key = hg_bytes(x->g, n);
		break;
	case HG_BY_OWNER:
		key = hg_owner_key(&x->owners, n);
		break;
	case HG_BY_REFERRERS:
		key = hg_referrers_key(&x->owners, n);
		break;
	default: /* the kind itself; a module's kinds are added up later */
		break;
	}
	key *= 0x9e3779b97f4a7c15u;
	return (key ^ key >> 32) | 1u << 31; /* never 0 */
}

static struct group *
group_slot(const struct groups *x, uint64_t key)
{
	size_t at = (size_t)key & (x->nslots - 1);

	while (x->v[at].key != 0 && x->v[at].key != key)
		at = (at + 1) & (x->nslots - 1);
	return &x->v[at];
}

static bool
groups_grow(struct groups *x)
{
	size_t was = x->nslots, i;
	struct group *old = x->v;

	x->nslots = was ? was * 2 : 4096;
	x->v = calloc(x->nslots, sizeof(*x->v));
	if (!x->v) {
		x->v = old;
		x->nslots = was;
		return false;
	}
	for (i = 0; i < was; i++)
		if (old[i].key != 0)
			*group_slot(x, old[i].key) = old[i];
	free(old);
	return true;
}

static bool
group_add(struct groups *x, hg_node n)
{
	struct group *gr;
	uint64_t key;

	if (x->args->scope == HG_SCOPE_TRACKED &&
	    !(hg_flags(x->g, n) & OTW_TRACKED))
		return true;
	if (x->n >= x->nslots / 2 && !groups_grow(x))
		return false;
	key = key_of(x, n);
	gr = group_slot(x, key);
	if (gr->key == 0) {
		gr->key = key;
		gr->first = n;
		x->n++;
	}
	gr->count++;
	gr->bytes += hg_bytes(x->g, n);
	return true;
}

/* All objects, or those that are named. */
static enum ot_status
groups_fill(struct groups *x, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	hg_node *nodes = NULL;
	uint32_t n = hg_objects(x->g), i;

	if (x->args->nobjects > 0)
		st = an_objects(x->g, x->args, "types", &nodes, &n, err);
	for (i = 0; st == OT_OK && i < n; i++) {
		if (i % LOOK == 0)
			st = an_check(x->args, i, n, err);
		if (st == OT_OK && !group_add(x, nodes ? nodes[i] : i))
			st = ot_fail_nomem(err, "groups of objects");
	}
	free(nodes);
	return st;
}

static bool
group_text(const struct groups *x, struct group *gr)
{
	hg_kind k = hg_kind_of(x->g, gr->first);
	struct ot_buf b = OT_BUF_INIT;

	switch (x->by) {
	case HG_BY_MODULE:
		ot_buf_adds(&b, hg_kind_module(x->g, k));
		break;
	case HG_BY_SIZE:
		ot_buf_addf(&b, "%" PRIu64, hg_bytes(x->g, gr->first));
		break;
	case HG_BY_OWNER:
		hg_owner_text(&x->owners, gr->first, &b);
		break;
	case HG_BY_REFERRERS:
		hg_referrers_text(&x->owners, gr->first, &b);
		break;
	default:
		ot_buf_adds(&b, hg_kind_full(x->g, k));
		break;
	}
	gr->text = b.failed ? NULL : strdup(ot_buf_str(&b));
	ot_buf_release(&b);
	return gr->text != NULL;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(((const struct group *)a)->text,
		      ((const struct group *)b)->text);
}

static int
by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return by_text(a, b);
}

/* From the hash to a list: words made, same words added up, in order. */
static bool
groups_list(struct groups *x)
{
	size_t i, n = 0, out = 0;
	bool ok = true;

	for (i = 0; i < x->nslots; i++)
		if (x->v[i].key != 0)
			x->v[n++] = x->v[i];
	x->n = n;
	for (i = 0; i < n; i++)
		ok = group_text(x, &x->v[i]) && ok;
	if (!ok)
		return false;
	if (n > 1)
		qsort(x->v, n, sizeof(*x->v), by_text);
	for (i = 0; i < n; i++) {
		if (out > 0 && by_text(&x->v[out - 1], &x->v[i]) == 0) {
			x->v[out - 1].count += x->v[i].count;
			x->v[out - 1].bytes += x->v[i].bytes;
			free(x->v[i].text);
		} else {
			x->v[out++] = x->v[i];
		}
	}
	x->n = out;
	if (out > 1)
		qsort(x->v, out, sizeof(*x->v), by_count);
	return true;
}

static bool
group_row(const struct groups *x, const struct group *gr, uint64_t all,
	  struct ot_table *t)
{
	struct ot_cell *row = ot_table_row(t);
	hg_kind k = hg_kind_of(x->g, gr->first);
	const char *type = hg_kind_full(x->g, k), *text = gr->text;
	bool of_type = x->by == HG_BY_TYPE || x->by == HG_BY_OWNER;

	if (!row)
		return false;
	ot_cell_int(&row[COUNT], (int64_t)gr->count);
	ot_cell_bytes(&row[BYTES], gr->bytes);
	ot_cell_share(&row[SHARE],
		      all > 0 ? (double)gr->bytes / (double)all : 0);
	if (of_type && !ot_cell_str(t, &row[TYPE], type, strlen(type)))
		return false;
	if (x->by == HG_BY_SIZE) {
		ot_cell_int(&row[GROUP], (int64_t)hg_bytes(x->g, gr->first));
		return true;
	}
	if (x->by == HG_BY_TYPE)
		text = hg_kind_module(x->g, k);
	return ot_cell_str(t, &row[GROUP], text, strlen(text));
}

enum ot_status
hg_group_table(const struct hg_graph *g, const struct hg_args *args,
	       struct ot_table **out, struct ot_err *err)
{
	struct groups x = { .g = g, .args = args, .by = args->by };
	struct ot_table *t = NULL;
	uint64_t all = 0;
	enum ot_status st;
	bool ok;
	size_t i;

	if (x.by == HG_BY_DEFAULT)
		x.by = HG_BY_TYPE;
	hg_owners_init(&x.owners, g);
	st = groups_fill(&x, err);
	if (st == OT_OK) {
		t = ot_table_new(group_cols[x.by], NCOLS);
		ok = t && groups_list(&x);
		for (i = 0; ok && i < x.n; i++)
			all += x.v[i].bytes;
		for (i = 0; ok && i < x.n; i++)
			if (args->limit == 0 || i < args->limit)
				ok = group_row(&x, &x.v[i], all, t);
		if (!ok)
			st = ot_fail_nomem(err, "groups of objects");
		else
			t->total_rows = x.n;
	}
	for (i = 0; i < x.n && x.v; i++)
		free(x.v[i].text);
	free(x.v);
	if (st != OT_OK) {
		ot_table_free(t);
		return st;
	}
	*out = t;
	return OT_OK;
}
