/* SPDX-License-Identifier: MIT */
/*
 * assemble.c - columns in stream order to a graph in address order.
 *
 * Steps: sort the addresses, bring the columns of objects into that order,
 * index the addresses, turn the edges' addresses into ids where they lie,
 * bring the edges into the order of their sources, mirror them, group objects
 * by kind.  Where the stream came in address order already nothing is moved.
 *
 * Time is linear but for the sort, and is that of cache misses: the edges'
 * addresses are looked up with the next ones already on their way to the
 * cache.  Memory at the peak is about what the stream took plus 8 bytes an
 * edge; each column in stream order goes as soon as its successor is there.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/raw.h"

/* How far ahead an edge's bucket and column entry are fetched. */
#define AHEAD_BUCKET 32u
#define AHEAD_COLUMN 16u

/* p[0..n) of the given size, which may be smaller than before. */
static void *
shrink(void *p, size_t n, size_t size)
{
	void *smaller = p ? ot_realloc_array(p, n, size) : NULL;

	return smaller ? smaller : p;
}

static bool
order_u32(uint32_t **column, const uint32_t *order, uint32_t n)
{
	uint32_t *v, i;

	if (!*column)
		return true;
	if (!order) {
		*column = shrink(*column, n, sizeof(*v));
		return true;
	}
	v = ot_realloc_array(NULL, n, sizeof(*v));
	if (!v)
		return false;
	for (i = 0; i < n; i++)
		v[i] = (*column)[order[i]];
	free(*column);
	*column = v;
	return true;
}

static bool
order_narrow(struct hg_narrow *c, const uint32_t *order, uint32_t n)
{
	struct hg_aside wide = { 0 };
	uint16_t *v;
	uint32_t i;

	if (!c->v)
		return true;
	if (!order) {
		c->v = shrink(c->v, n, sizeof(*v));
		return true;
	}
	v = ot_realloc_array(NULL, n, sizeof(*v));
	if (!v)
		return false;
	for (i = 0; i < n; i++) {
		v[i] = c->v[order[i]];
		if (v[i] == HG_WIDE &&
		    !hg_aside_add(&wide, i, hg_aside_get(&c->wide, order[i]))) {
			free(v);
			hg_aside_release(&wide);
			return false;
		}
	}
	free(c->v);
	hg_aside_release(&c->wide);
	c->v = v;
	c->wide = wide;
	return true;
}

/* Moves what objects have one each of. */
static bool
move_objects(struct hg_graph *g, struct hg_raw *r, const uint32_t *order)
{
	uint32_t n = g->nobjects;

	if (!order_u32(&r->kind, order, n) || !order_u32(&r->text, order, n) ||
	    !order_narrow(&r->bytes, order, n) ||
	    !order_narrow(&r->extra, order, n) ||
	    !order_narrow(&r->refcount, order, n))
		return false;
	g->kind = r->kind;
	g->text = r->text;
	g->bytes = r->bytes;
	g->extra = r->extra;
	g->refcount = r->refcount;
	g->texts = (unsigned char *)r->texts.data;
	g->texts_len = r->texts.len;
	r->kind = r->text = NULL;
	r->bytes = r->extra = r->refcount = (struct hg_narrow){ 0 };
	r->texts = (struct ot_buf)OT_BUF_INIT;
	g->texts = shrink(g->texts, g->texts_len, 1);
	return true;
}

/*
 * Addresses to ids in the same memory: entry i of ids is never written
 * before entry i of addresses was read, since it lies in front of it.
 */
static uint32_t *
resolve_edges(const struct hg_addrs *a, struct hg_raw_edges *e)
{
	unsigned char *ids = (unsigned char *)e->to;
	uint32_t i, id, *done;

	for (i = 0; i < e->n; i++) {
		if (e->n - i > AHEAD_BUCKET)
			hg_addrs_prefetch_bucket(a, e->to[i + AHEAD_BUCKET]);
		if (e->n - i > AHEAD_COLUMN)
			hg_addrs_prefetch_column(a, e->to[i + AHEAD_COLUMN]);
		id = hg_addrs_find(a, e->to[i]);
		memcpy(ids + (size_t)i * sizeof(id), &id, sizeof(id));
	}
	done = shrink(e->to, e->n, sizeof(*done));
	e->to = NULL;
	return done;
}

/* Edges on their way from stream order to the order of their sources. */
struct edge_move {
	struct hg_graph *g;
	uint32_t *to, *label; /* from here, both of `src` */
	const struct hg_raw_edges *src;
};

static bool
edge_move_run(struct edge_move *m, uint32_t from, uint32_t end)
{
	struct hg_graph *g = m->g;
	uint32_t i;

	for (i = from; i < end; i++) {
		if (m->to[i] == HG_NONE) {
			g->info.unseen_refs++;
			continue;
		}
		g->to[g->nedges] = m->to[i];
		g->label[g->nedges] = m->label[i];
		if (hg_label_value(m->label[i]) == HG_LABEL_ASIDE &&
		    !hg_aside_add(&g->label_aside, g->nedges,
				  hg_aside_get(&m->src->aside, i)))
			return false;
		g->nedges++;
	}
	return true;
}

static bool
move_object_edges(struct hg_graph *g, struct hg_raw *r, const uint32_t *order,
		  uint32_t *to)
{
	struct edge_move m = { g, to, r->edges.label, &r->edges };
	uint32_t id, at;

	for (id = 0; id < g->nobjects; id++) {
		at = order ? order[id] : id;
		g->out[id] = g->nedges;
		if (!edge_move_run(&m, r->first[at],
				   at + 1 < r->n ? r->first[at + 1]
						 : r->edges.n))
			return false;
	}
	return true;
}

static bool
move_root_edges(struct hg_graph *g, struct hg_raw *r, uint32_t *to)
{
	struct edge_move m = { g, to, r->root_edges.label, &r->root_edges };
	uint32_t i;

	for (i = 0; i < g->nroots; i++) {
		g->out[g->nobjects + i] = g->nedges;
		if (!edge_move_run(&m, r->root_first[i],
				   i + 1 < g->nroots ? r->root_first[i + 1]
						     : r->root_edges.n))
			return false;
	}
	g->out[g->nobjects + g->nroots] = g->nedges;
	return true;
}

/*
 * The out-edges: ids from addresses, then in order of their sources.  Room is
 * made for all of them; unseen ones shrink it again.
 */
static bool
make_out(struct hg_graph *g, struct hg_raw *r, const uint32_t *order)
{
	size_t all = (size_t)r->edges.n + r->root_edges.n;
	uint32_t *to, *root_to;
	bool ok;

	to = resolve_edges(&g->addrs, &r->edges);
	root_to = resolve_edges(&g->addrs, &r->root_edges);
	g->out = ot_realloc_array(NULL, (size_t)g->nobjects + g->nroots + 1,
				  sizeof(*g->out));
	g->to = ot_realloc_array(NULL, all, sizeof(*g->to));
	g->label = ot_realloc_array(NULL, all, sizeof(*g->label));
	ok = g->out && g->to && g->label &&
	     move_object_edges(g, r, order, to) &&
	     move_root_edges(g, r, root_to);
	free(to);
	free(root_to);
	if (!ok)
		return false;
	g->to = shrink(g->to, g->nedges, sizeof(*g->to));
	g->label = shrink(g->label, g->nedges, sizeof(*g->label));
	return true;
}

/* Every 2^SAMPLE_SHIFT-th edge's source: the first node that ends behind it. */
static bool
make_sample(struct hg_graph *g)
{
	uint32_t n = (g->nedges >> HG_SAMPLE_SHIFT) + 1, i, node = 0;
	uint32_t nodes = g->nobjects + g->nroots;

	g->sample = ot_realloc_array(NULL, (size_t)n + 1, sizeof(*g->sample));
	if (!g->sample)
		return false;
	for (i = 0; i < n; i++) {
		while (node < nodes && g->out[node + 1] <= i << HG_SAMPLE_SHIFT)
			node++;
		g->sample[i] = node;
	}
	g->sample[n] = nodes;
	return true;
}

/*
 * In-edges by counting.  Counts stand two entries ahead, so that after adding
 * up in[i + 1] is where node i starts, and after dealing where it ends.
 */
static bool
make_in(struct hg_graph *g)
{
	uint32_t nodes = g->nobjects + g->nroots, i;

	g->in = calloc((size_t)nodes + 2, sizeof(*g->in));
	g->in_edges = ot_realloc_array(NULL, g->nedges, sizeof(*g->in_edges));
	if (!g->in || !g->in_edges)
		return false;
	for (i = 0; i < g->nedges; i++)
		g->in[g->to[i] + 2]++;
	for (i = 2; i < nodes + 2; i++)
		g->in[i] += g->in[i - 1];
	for (i = 0; i < g->nedges; i++) {
		if (g->nedges - i > AHEAD_BUCKET)
			OT_PREFETCH(&g->in[g->to[i + AHEAD_BUCKET] + 1]);
		g->in_edges[g->in[g->to[i] + 1]++] = i;
	}
	return true;
}

static bool
kind_is_container(const struct hg_graph *g, hg_node n)
{
	uint32_t e;
	unsigned rel;

	for (e = g->out[n]; e < g->out[n + 1]; e++) {
		rel = hg_label_relation(g->label[e]);
		if (rel == OTW_REL_ITEM || rel == OTW_REL_KEY ||
		    rel == OTW_REL_VALUE)
			return true;
	}
	return false;
}

static void
count_kinds(struct hg_graph *g)
{
	struct hg_kind_row *k;
	uint64_t bytes;
	uint32_t i;

	for (i = 0; i < g->nobjects; i++) {
		k = &g->kinds[g->kind[i] & HG_KIND_MASK];
		bytes = hg_narrow_get(&g->bytes, i);
		k->count++;
		k->bytes += bytes;
		if (g->kind[i] >> HG_KIND_BITS & OTW_TRACKED)
			k->tracked++;
		if (!k->container)
			k->container = kind_is_container(g, i);
	}
}

/* Instances by kind: a counting sort, so each kind's ascend. */
static bool
make_kinds(struct hg_graph *g)
{
	uint32_t i, sum = 0;
	struct hg_kind_row *k;

	g->kind_nodes =
		ot_realloc_array(NULL, g->nobjects, sizeof(*g->kind_nodes));
	if (!g->kind_nodes)
		return false;
	if (g->nobjects == 0)
		return true; /* counts alone: they are there already */
	count_kinds(g);
	for (i = 0; i < g->nkinds; i++) {
		g->kinds[i].first = sum;
		sum += (uint32_t)g->kinds[i].count;
	}
	for (i = 0; i < g->nobjects; i++) {
		k = &g->kinds[g->kind[i] & HG_KIND_MASK];
		g->kind_nodes[k->first++] = i;
	}
	for (i = 0; i < g->nkinds; i++)
		g->kinds[i].first -= (uint32_t)g->kinds[i].count;
	return true;
}

struct node_kind {
	hg_node node;
	hg_kind kind;
};

static int
node_kind_compare(const void *a, const void *b)
{
	const struct node_kind *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

/* Which objects are types themselves. */
static bool
make_kind_nodes(struct hg_graph *g)
{
	struct node_kind *list;
	uint32_t i, n = 0;

	list = ot_realloc_array(NULL, g->nkinds, sizeof(*list));
	if (!list)
		return false;
	for (i = 0; i < g->nkinds; i++) {
		if (g->kinds[i].addr != 0)
			g->kinds[i].node =
				hg_addrs_find(&g->addrs, g->kinds[i].addr);
		if (g->kinds[i].node != HG_NONE)
			list[n++] = (struct node_kind){ g->kinds[i].node, i };
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), node_kind_compare);
	g->kind_by_node = ot_arena_array(&g->arena, (size_t)n + 1,
					 sizeof(*g->kind_by_node));
	if (g->kind_by_node) {
		for (i = 0; i < n; i++)
			g->kind_by_node[i] = list[i].kind;
		g->nkind_by_node = n;
	}
	free(list);
	return g->kind_by_node != NULL;
}

static void
sum_info(struct hg_graph *g)
{
	struct hg_info *info = &g->info;
	uint32_t i;

	for (i = 0; i < g->nkinds; i++) {
		info->objects += g->kinds[i].count;
		info->tracked += g->kinds[i].tracked;
		info->bytes += g->kinds[i].bytes;
	}
	info->edges = g->nedges;
}

enum ot_status
hg_assemble(struct hg_graph *g, struct hg_raw *r, struct ot_err *err)
{
	uint32_t *order = NULL, unique;
	bool ok;

	ok = hg_sort_addrs(r->addr, r->n, &order, &unique);
	if (!ok)
		goto out;
	g->nobjects = unique;
	g->nroots = r->nroots;
	g->roots = r->roots;
	r->roots = NULL;
	ok = move_objects(g, r, order) &&
	     hg_addrs_build(&g->addrs, r->addr, unique);
	if (!ok)
		goto out;
	free(r->addr);
	r->addr = NULL;
	ok = make_out(g, r, order);
	free(order);
	order = NULL;
	hg_raw_release(r);
	ok = ok && make_sample(g) && make_in(g) && make_kinds(g) &&
	     make_kind_nodes(g);
	if (ok)
		sum_info(g);
out:
	free(order);
	hg_raw_release(r);
	return ok ? OT_OK : ot_fail_nomem(err, "the graph of the heap");
}
