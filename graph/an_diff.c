/* SPDX-License-Identifier: MIT */
/*
 * an_diff.c - what came, went and stayed between two snapshots.
 *
 * A row a type of which something came or went.  With objects named: the new
 * ones among them, and the one object that most of them hang from.  Objects
 * are matched by address, type and value (match.h).
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/hang.h"
#include "graph/match.h"
#include "graph/store.h"

enum {
	BEFORE,
	AFTER,
	DELTA,
	BORN,
	DIED,
	STAYED,
	BYTES_BEFORE,
	BYTES_AFTER,
	MODULE,
	TYPE,
	NCOLS
};

static const struct ot_col cols[NCOLS] = {
	[BEFORE] = { "before", OT_CELL_INT, 0 },
	[AFTER] = { "after", OT_CELL_INT, 0 },
	[DELTA] = { "delta", OT_CELL_DELTA, OT_COL_HIDDEN },
	[BORN] = { "born", OT_CELL_INT, 0 },
	[DIED] = { "died", OT_CELL_INT, 0 },
	[STAYED] = { "stayed", OT_CELL_INT, OT_COL_HIDDEN },
	[BYTES_BEFORE] = { "bytes_before", OT_CELL_BYTES, 0 },
	[BYTES_AFTER] = { "bytes_after", OT_CELL_BYTES, 0 },
	[MODULE] = { "module", OT_CELL_STR, OT_COL_HIDDEN },
	[TYPE] = { "type", OT_CELL_STR, OT_COL_FLEX },
};

enum { N_ADDRESS, N_TYPE, N_BYTES, N_REFCOUNT, N_TEXT, N_NCOLS };

static const struct ot_col new_cols[N_NCOLS] = {
	[N_ADDRESS] = { "address", OT_CELL_ADDR, 0 },
	[N_TYPE] = { "type", OT_CELL_STR, 0 },
	[N_BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[N_REFCOUNT] = { "refcount", OT_CELL_INT, 0 },
	[N_TEXT] = { "text", OT_CELL_STR, OT_COL_FLEX },
};

/* One kind of one snapshot, later one type of both. */
struct change {
	const char *full, *module;
	uint64_t count[2], bytes[2]; /* before, after */
	uint64_t born, died;
};

static int
by_name(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int c = strcmp(x->full, y->full);

	return c ? c : strcmp(x->module, y->module);
}

/* What grew most first, what shrank most last. */
static int
by_delta(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int64_t dx = (int64_t)(x->count[1] - x->count[0]);
	int64_t dy = (int64_t)(y->count[1] - y->count[0]);

	if (dx != dy)
		return dx < dy ? 1 : -1;
	if (x->born != y->born)
		return x->born < y->born ? 1 : -1;
	return by_name(a, b);
}

static void
count_objects(const struct hg_match *m, enum hg_scope scope, bool after,
	      struct change *of_kinds)
{
	const struct hg_graph *g = after ? m->now : m->before;
	struct change *c;
	hg_node n;

	for (n = 0; n < hg_objects(g); n++) {
		if (scope == HG_SCOPE_TRACKED &&
		    !(hg_flags(g, n) & OTW_TRACKED))
			continue;
		c = &of_kinds[hg_kind_of(g, n)];
		c->count[after]++;
		c->bytes[after] += hg_bytes(g, n);
		if (after)
			c->born += hg_match_born(m, n);
		else
			c->died += hg_match_gone(m, n);
	}
}

static void
name_kinds(const struct hg_graph *g, struct change *of_kinds)
{
	hg_kind k;

	for (k = 0; k < hg_kinds(g); k++) {
		of_kinds[k].full = hg_kind_full(g, k);
		of_kinds[k].module = hg_kind_module(g, k);
	}
}

/* Adds up what has one name; gives how many are left, those that changed. */
static size_t
merge(struct change *c, size_t n)
{
	size_t i, out = 0, kept = 0;

	if (n > 1)
		qsort(c, n, sizeof(*c), by_name);
	for (i = 0; i < n; i++) {
		if (out == 0 || by_name(&c[out - 1], &c[i]) != 0) {
			c[out++] = c[i];
			continue;
		}
		c[out - 1].count[0] += c[i].count[0];
		c[out - 1].count[1] += c[i].count[1];
		c[out - 1].bytes[0] += c[i].bytes[0];
		c[out - 1].bytes[1] += c[i].bytes[1];
		c[out - 1].born += c[i].born;
		c[out - 1].died += c[i].died;
	}
	for (i = 0; i < out; i++)
		if (c[i].born > 0 || c[i].died > 0 ||
		    c[i].bytes[0] != c[i].bytes[1])
			c[kept++] = c[i];
	if (kept > 1)
		qsort(c, kept, sizeof(*c), by_delta);
	return kept;
}

static bool
change_row(struct ot_table *t, const struct change *c)
{
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	ot_cell_int(&row[BEFORE], (int64_t)c->count[0]);
	ot_cell_int(&row[AFTER], (int64_t)c->count[1]);
	ot_cell_delta(&row[DELTA], (int64_t)(c->count[1] - c->count[0]));
	ot_cell_int(&row[BORN], (int64_t)c->born);
	ot_cell_int(&row[DIED], (int64_t)c->died);
	ot_cell_int(&row[STAYED], (int64_t)(c->count[1] - c->born));
	ot_cell_bytes(&row[BYTES_BEFORE], c->bytes[0]);
	ot_cell_bytes(&row[BYTES_AFTER], c->bytes[1]);
	return ot_cell_str(t, &row[MODULE], c->module, strlen(c->module)) &&
	       ot_cell_str(t, &row[TYPE], c->full, strlen(c->full));
}

static bool
say(struct ot_table *t, const char **where, struct ot_buf *text)
{
	*where = ot_arena_strdup(&t->arena, ot_buf_str(text));
	return *where != NULL && !text->failed;
}

static enum ot_status
diff_types(const struct hg_match *m, const struct hg_args *args,
	   struct ot_table **out, struct ot_err *err)
{
	size_t nb = hg_kinds(m->before), nn = hg_kinds(m->now), n = 0, i;
	struct change *c = calloc(nb + nn + 1, sizeof(*c));
	struct ot_table *t = ot_table_new(cols, NCOLS);
	struct ot_buf title = OT_BUF_INIT;
	uint64_t born = 0, died = 0;
	bool ok = c && t;

	if (ok) {
		name_kinds(m->before, c);
		name_kinds(m->now, c + nb);
		count_objects(m, args->scope, false, c);
		count_objects(m, args->scope, true, c + nb);
		n = merge(c, nb + nn);
		for (i = 0; i < n; i++) {
			born += c[i].born;
			died += c[i].died;
		}
		ot_buf_addf(&title, "%" PRIu64 " objects came, %" PRIu64 " went",
			    born, died);
		ok = say(t, &t->title, &title);
	}
	for (i = 0; ok && i < n && (args->limit == 0 || i < args->limit); i++)
		ok = change_row(t, &c[i]);
	ot_buf_release(&title);
	free(c);
	if (!ok) {
		ot_table_free(t);
		return ot_fail_nomem(err, "a table of changes");
	}
	t->total_rows = n;
	*out = t;
	return OT_OK;
}

static bool
new_row(struct ot_table *t, const struct hg_graph *g, hg_node n)
{
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	ot_cell_addr(&row[N_ADDRESS], hg_addr(g, n));
	ot_cell_bytes(&row[N_BYTES], hg_bytes(g, n));
	if (hg_refcount(g, n) >= 0)
		ot_cell_int(&row[N_REFCOUNT], hg_refcount(g, n));
	return an_type_cell(t, &row[N_TYPE], g, n) &&
	       an_text_cell(t, &row[N_TEXT], g, n);
}

/* "400 of 2400 are new; all of them hang from shop.cache._by_token" */
static bool
say_hang(struct ot_table *t, const struct hg_hang *h, uint64_t new,
	 uint64_t all)
{
	struct ot_buf b = OT_BUF_INIT;
	bool ok;

	ot_buf_addf(&b, "%" PRIu64 " of %" PRIu64 " are new", new, all);
	if (h->holder != HG_NONE && h->is_virtual &&
	    strncmp(ot_buf_str(&h->name), "thread", 6) != 0)
		ot_buf_addf(&b, "; %" PRIu64 " of them %s %s", h->count,
			    h->count == 1 ? "is" : "are",
			    ot_buf_str(&h->name));
	else if (new > 1 && h->holder != HG_NONE && h->count == new)
		ot_buf_addf(&b, "; they all hang from %s", ot_buf_str(&h->name));
	else if (h->holder != HG_NONE)
		ot_buf_addf(&b, "; %" PRIu64 " of them hang%s from %s",
			    h->count, h->count == 1 ? "s" : "",
			    ot_buf_str(&h->name));
	ok = say(t, &t->title, &b);
	ot_buf_release(&b);
	return ok;
}

static enum ot_status
diff_objects(const struct hg_match *m, const struct hg_args *args,
	     struct ot_table **out, struct ot_err *err)
{
	struct hg_hang h = { .holder = HG_NONE };
	struct ot_table *t = NULL;
	uint32_t all, n = 0, i;
	enum ot_status st;
	hg_node *nodes;
	bool ok;

	st = an_objects(m->now, args, "diff", &nodes, &all, err);
	if (st != OT_OK)
		return st;
	for (i = 0; i < all; i++)
		if (hg_match_born(m, nodes[i]))
			nodes[n++] = nodes[i];
	if (n > 0)
		st = hg_hang_find(m->now, nodes, n, args, &h, err);
	if (st == OT_OK) {
		t = ot_table_new(new_cols, N_NCOLS);
		ok = t && say_hang(t, &h, n, all);
		for (i = 0; ok && i < n; i++) {
			if (args->limit > 0 && i >= args->limit)
				break;
			ok = new_row(t, m->now, nodes[i]);
		}
		if (!ok)
			st = ot_fail_nomem(err, "a table of new objects");
	}
	hg_hang_release(&h);
	free(nodes);
	if (st != OT_OK) {
		ot_table_free(t);
		return st;
	}
	t->total_rows = n;
	*out = t;
	return OT_OK;
}

enum ot_status
an_diff(const struct hg_graph *g, const struct hg_args *args,
	struct ot_table **out, struct ot_err *err)
{
	struct hg_match m;
	enum ot_status st;

	if (!args->before)
		return ot_fail(err, OT_USAGE,
			       "diff needs a snapshot from before");
	st = hg_match_new(args->before, g, args, &m, err);
	if (st != OT_OK)
		return st;
	st = args->nobjects > 0 ? diff_objects(&m, args, out, err)
				: diff_types(&m, args, out, err);
	hg_match_release(&m);
	return st;
}
