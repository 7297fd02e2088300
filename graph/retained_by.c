/* SPDX-License-Identifier: MIT */
/*
 * retained_by.c - what groups of objects retain together: all instances of a
 * type, all of a module's types, what hangs from a root, from a thread.
 *
 * A group of kinds: one walk over the dominator tree that counts how many of
 * each group are open above; an object adds what it retains where none is.
 *
 * Roots share: what several of them hold is below none of them in the tree,
 * so a last row tells what is shared, and the rows sum to the heap.  A module
 * is held by sys.modules as well as by its root; its row tells what the module
 * object retains.  Threads are nodes of the tree themselves (dom.h).
 */
#include "config.h"

#include "graph/retained_by.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/dom_priv.h"

#define CHECK_EVERY 65536u

enum { GROUP, KIND, RETAINED, SHARE, COUNT, INSTANCES, BYTES, DEPTH, NCOLS };

static const struct ot_col cols[NCOLS] = {
	[GROUP] = { "group", OT_CELL_STR, OT_COL_TREE | OT_COL_FLEX },
	[KIND] = { "kind", OT_CELL_STR, OT_COL_HIDDEN },
	[RETAINED] = { "retained", OT_CELL_BYTES, 0 },
	[SHARE] = { "share", OT_CELL_SHARE, 0 },
	[COUNT] = { "count", OT_CELL_INT, 0 },
	[INSTANCES] = { "instances", OT_CELL_INT, 0 },
	[BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[DEPTH] = { "depth", OT_CELL_INT, OT_COL_HIDDEN },
};

/* ---- groups of kinds ---- */

struct walk {
	const struct hg_dom *d;
	const uint32_t *group_of;
	uint32_t *child, *next; /* HG_NONE: none */
	uint32_t *open;		/* per group: how many stand above */
	uint64_t *bytes, *count;
};

static uint32_t
group_of(const struct walk *w, hg_node n)
{
	return n < hg_objects(w->d->g)
		       ? w->group_of[hg_kind_of(w->d->g, n)]
		       : HG_NONE;
}

static void
enter(struct walk *w, hg_node n)
{
	uint32_t k = group_of(w, n);

	if (k == HG_NONE || w->open[k]++ > 0)
		return;
	if (w->bytes)
		w->bytes[k] += hg_dom_retained(w->d, n);
	if (w->count)
		w->count[k] += hg_dom_count(w->d, n);
}

static void
leave(struct walk *w, hg_node n)
{
	uint32_t k = group_of(w, n);

	if (k != HG_NONE)
		w->open[k]--;
}

static enum ot_status
walk_run(struct walk *w, const struct hg_args *args, struct ot_err *err)
{
	hg_node top = hg_dom_node(w->d, HG_DOM_ALL), n;
	uint64_t done = 0;
	enum ot_status st;

	/* from behind, so that children ascend */
	for (n = w->d->nnodes; n-- > 0;) {
		hg_node up = w->d->idom[n];

		if (up == HG_NONE)
			continue;
		w->next[n] = w->child[up];
		w->child[up] = n;
	}
	for (n = top;;) {
		if (++done % CHECK_EVERY == 0 &&
		    (st = an_check(args, done, w->d->nnodes, err)) != OT_OK)
			return st;
		enter(w, n);
		if (w->child[n] != HG_NONE) {
			n = w->child[n];
			continue;
		}
		for (leave(w, n); n != top && w->next[n] == HG_NONE;
		     leave(w, n))
			n = w->d->idom[n];
		if (n == top)
			return OT_OK;
		n = w->next[n];
	}
}

enum ot_status
hg_retained_of_kinds(const struct hg_dom *d, const uint32_t *group_of,
		     uint32_t ngroups, uint64_t *bytes, uint64_t *count,
		     const struct hg_args *args, struct ot_err *err)
{
	struct walk w = { .d = d, .group_of = group_of, .bytes = bytes,
			  .count = count };
	size_t n = d->nnodes;
	enum ot_status st;

	w.child = ot_realloc_array(NULL, n, sizeof(*w.child));
	w.next = ot_realloc_array(NULL, n, sizeof(*w.next));
	w.open = calloc((size_t)ngroups + 1, sizeof(*w.open));
	if (w.child && w.next && w.open) {
		memset(w.child, 0xff, n * sizeof(*w.child));
		st = walk_run(&w, args, err);
	} else {
		st = ot_fail_nomem(err, "what types retain");
	}
	free(w.child);
	free(w.next);
	free(w.open);
	return st;
}

/* ---- rows ---- */

struct group {
	const char *name, *kind;
	char text[40]; /* where name is NULL */
	uint64_t retained, count, instances, bytes;
	uint32_t depth;
};

static bool
add_row(struct ot_table *t, const struct hg_dom *d, const struct group *s)
{
	uint64_t all = hg_dom_retained(d, hg_dom_node(d, HG_DOM_ALL));
	const char *name = s->name ? s->name : s->text;
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	ot_table_set_depth(t, t->nrows - 1, s->depth);
	ot_cell_bytes(&row[RETAINED], s->retained);
	ot_cell_share(&row[SHARE], all ? (double)s->retained / (double)all : 0);
	ot_cell_int(&row[COUNT], (int64_t)s->count);
	if (s->instances > 0) {
		ot_cell_int(&row[INSTANCES], (int64_t)s->instances);
		ot_cell_bytes(&row[BYTES], s->bytes);
	}
	ot_cell_int(&row[DEPTH], s->depth);
	return ot_cell_str(t, &row[GROUP], name, strlen(name)) &&
	       ot_cell_str(t, &row[KIND], s->kind, strlen(s->kind));
}

static int
by_retained(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->retained != y->retained)
		return x->retained < y->retained ? 1 : -1;
	if (x->name && y->name)
		return strcmp(x->name, y->name);
	return strcmp(x->text, y->text);
}

static bool
add_rows(struct ot_table *t, const struct hg_dom *d, struct group *list,
	 size_t n)
{
	size_t i;

	qsort(list, n, sizeof(*list), by_retained);
	for (i = 0; i < n; i++)
		if (!add_row(t, d, &list[i]))
			return false;
	return true;
}

/* ---- by type, by module ---- */

struct named_kind {
	const char *name;
	hg_kind kind;
};

static int
named_compare(const void *a, const void *b)
{
	return strcmp(((const struct named_kind *)a)->name,
		      ((const struct named_kind *)b)->name);
}

static const char *
kind_group(const struct hg_graph *g, hg_kind k, bool module)
{
	const char *name = module ? hg_kind_module(g, k) : hg_kind_full(g, k);

	return *name || !module ? name : "builtins";
}

/* Kinds of one name are one group; groups[] has room for all kinds. */
static bool
group_kinds(const struct hg_graph *g, bool module, uint32_t *group_of,
	    struct group *groups, uint32_t *ngroups)
{
	struct named_kind *list = ot_realloc_array(NULL, hg_kinds(g) + 1u,
						   sizeof(*list));
	uint32_t i, n = 0;
	hg_kind k;

	if (!list)
		return false;
	for (k = 0; k < hg_kinds(g); k++)
		list[k] = (struct named_kind){ kind_group(g, k, module), k };
	qsort(list, hg_kinds(g), sizeof(*list), named_compare);
	for (i = 0; i < hg_kinds(g); i++) {
		if (n == 0 || strcmp(groups[n - 1].name, list[i].name) != 0)
			groups[n++] = (struct group){
				.name = list[i].name,
				.kind = module ? "module" : "type",
			};
		k = list[i].kind;
		group_of[k] = n - 1;
		groups[n - 1].instances += hg_kind_count(g, k);
		groups[n - 1].bytes += hg_kind_bytes(g, k);
	}
	*ngroups = n;
	free(list);
	return true;
}

static enum ot_status
of_kinds(const struct hg_dom *d, const struct hg_args *args, bool module,
	 struct ot_table *t, struct ot_err *err)
{
	uint32_t kinds = hg_kinds(d->g), n = 0, i, kept = 0;
	uint32_t *group = ot_realloc_array(NULL, kinds + 1u, sizeof(*group));
	struct group *list = calloc(kinds + 1u, sizeof(*list));
	uint64_t *sums = calloc(kinds + 1u, 2 * sizeof(*sums));
	enum ot_status st = ot_fail_nomem(err, "what types retain");

	if (!group || !list || !sums ||
	    !group_kinds(d->g, module, group, list, &n))
		goto out;
	st = hg_retained_of_kinds(d, group, n, sums, sums + n, args, err);
	for (i = 0; st == OT_OK && i < n; i++) {
		list[i].retained = sums[i];
		list[i].count = sums[n + i];
		if (list[i].instances > 0)
			list[kept++] = list[i];
	}
	if (st == OT_OK && !add_rows(t, d, list, kept))
		st = ot_fail_nomem(err, "what types retain");
out:
	free(group);
	free(list);
	free(sums);
	return st;
}

/* ---- by root, by thread ---- */

static struct group
node_group(const struct hg_dom *d, hg_node n, const char *kind)
{
	return (struct group){
		.name = hg_is_root(d->g, n) ? hg_root_name(d->g, n) : NULL,
		.kind = kind,
		.retained = hg_dom_retained(d, n),
		.count = hg_dom_count(d, n),
	};
}

/* What a root alone leads to; of a module, what the module object retains. */
static struct group
root_group(const struct hg_dom *d, hg_node r)
{
	struct group s = node_group(d, r, hg_root_kind_text(
						  hg_root_kind(d->g, r)));
	hg_edge e = hg_out(d->g, r);
	hg_node to;

	if (hg_root_kind(d->g, r) != OTW_ROOT_MODULE ||
	    hg_out(d->g, r + 1) != e + 1)
		return s;
	to = hg_edge_to(d->g, e);
	if (hg_dom_idom(d, to) == hg_dom_node(d, HG_DOM_ALL)) {
		s.retained = hg_dom_retained(d, to);
		s.count = hg_dom_count(d, to);
	}
	return s;
}

static void
virtual_group(const struct hg_dom *d, hg_node n, const char *kind,
	      struct group *out)
{
	struct ot_buf b = OT_BUF_INIT;

	*out = node_group(d, n, kind);
	out->name = NULL;
	hg_dom_virtual_text(d, n, &b);
	strncpy(out->text, ot_buf_str(&b), sizeof(out->text) - 1);
	ot_buf_release(&b);
}

static enum ot_status
of_roots(const struct hg_dom *d, struct ot_table *t, struct ot_err *err)
{
	uint32_t objects = hg_objects(d->g), n = 0, i, roots = d->g->nroots;
	struct group *list = calloc((size_t)roots + d->nthreads + 8,
				    sizeof(*list));
	struct group all = node_group(d, hg_dom_node(d, HG_DOM_ALL), "");
	bool ok = list != NULL;

	for (i = 0; ok && i < roots; i++)
		list[n++] = root_group(d, objects + i);
	for (i = HG_DOM_HELD; ok && i < HG_DOM_THREADS; i++)
		virtual_group(d, hg_dom_node(d, i), "unreached", &list[n++]);
	for (i = 0; ok && i < n; i++) {
		all.retained -= list[i].retained;
		all.count -= list[i].count;
	}
	if (ok) {
		list[n] = all;
		list[n].kind = "shared";
		list[n++].name = "shared by several roots";
		ok = add_rows(t, d, list, n);
	}
	free(list);
	return ok ? OT_OK : ot_fail_nomem(err, "what roots retain");
}

/* A thread, then its frames. */
static enum ot_status
of_threads(const struct hg_dom *d, struct ot_table *t, struct ot_err *err)
{
	uint32_t i, r, n, objects = hg_objects(d->g);
	struct group *list = calloc((size_t)d->g->nroots + 1, sizeof(*list));
	struct group thread;
	bool ok = list != NULL;

	for (i = 0; ok && i < d->nthreads; i++) {
		hg_node top = hg_dom_node(d, HG_DOM_THREADS) + i;

		virtual_group(d, top, "thread", &thread);
		ok = add_row(t, d, &thread);
		for (r = n = 0; r < d->g->nroots; r++) {
			if (d->g->roots[r].thread != d->threads[i])
				continue;
			list[n] = root_group(d, objects + r);
			list[n++].depth = 1;
		}
		ok = ok && add_rows(t, d, list, n);
	}
	free(list);
	return ok ? OT_OK : ot_fail_nomem(err, "what threads retain");
}

enum ot_status
hg_retained_by(const struct hg_dom *d, const struct hg_args *args,
	       struct ot_table **out, struct ot_err *err)
{
	struct ot_table *t = ot_table_new(cols, NCOLS);
	enum ot_status st;

	if (!t)
		return ot_fail_nomem(err, "what groups retain");
	switch (args->by) {
	case HG_BY_MODULE:
		st = of_kinds(d, args, true, t, err);
		break;
	case HG_BY_ROOT:
		st = of_roots(d, t, err);
		break;
	case HG_BY_THREAD:
		st = of_threads(d, t, err);
		break;
	default:
		st = of_kinds(d, args, false, t, err);
	}
	if (st == OT_OK)
		*out = t;
	else
		ot_table_free(t);
	return st;
}
