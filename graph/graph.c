/* SPDX-License-Identifier: MIT */
/*
 * graph.c - reading a graph.
 *
 * Each function is a look into a column, or two; hg_edge_from() alone has to
 * search, between two samples (store.h), which saves a column as wide as the
 * targets'.
 */
#include "config.h"

#include "graph/graph.h"

#include <stdlib.h>

#include "graph/dom.h"
#include "graph/store.h"

static void
narrow_release(struct hg_narrow *c)
{
	free(c->v);
	hg_aside_release(&c->wide);
}

void
hg_graph_free(struct hg_graph *g)
{
	if (!g)
		return;
	hg_addrs_release(&g->addrs);
	free(g->kind);
	narrow_release(&g->bytes);
	narrow_release(&g->extra);
	narrow_release(&g->refcount);
	free(g->text);
	free(g->texts);
	free(g->out);
	free(g->to);
	free(g->label);
	hg_aside_release(&g->label_aside);
	free(g->sample);
	free(g->in);
	free(g->in_edges);
	free(g->kinds);
	free(g->kind_nodes);
	free(g->roots);
	free(g->names);
	free(g->name_off);
	hg_dom_free(g->dom);
	ot_arena_release(&g->arena);
	free(g);
}

void
hg_redact(struct hg_graph *g)
{
	free(g->text);
	free(g->texts);
	g->text = NULL;
	g->texts = NULL;
	g->texts_len = 0;
	g->info.want &= ~OTW_WANT_TEXT;
}

static size_t
narrow_memory(const struct hg_graph *g, const struct hg_narrow *c)
{
	return (c->v ? g->nobjects * sizeof(*c->v) : 0) +
	       hg_aside_memory(&c->wide);
}

size_t
hg_memory(const struct hg_graph *g)
{
	size_t n = g->nobjects, nodes = n + g->nroots, e = g->nedges;
	const struct hg_dom *dom = hg_dom_peek(g);

	return sizeof(*g) + (dom ? hg_dom_memory(dom) : 0) + g->arena.total + hg_addrs_memory(&g->addrs) +
	       n * sizeof(*g->kind) + narrow_memory(g, &g->bytes) +
	       narrow_memory(g, &g->extra) + narrow_memory(g, &g->refcount) +
	       (g->text ? n * sizeof(*g->text) : 0) + g->texts_len +
	       2 * (nodes + 1) * sizeof(*g->out) +
	       e * (sizeof(*g->to) + sizeof(*g->label) + sizeof(*g->in_edges)) +
	       (e >> HG_SAMPLE_SHIFT) * sizeof(*g->sample) +
	       hg_aside_memory(&g->label_aside) +
	       g->nkinds * sizeof(*g->kinds) + n * sizeof(*g->kind_nodes) +
	       g->nroots * sizeof(*g->roots) +
	       (g->nnames ? g->name_off[g->nnames] : 0) +
	       g->nnames * sizeof(*g->name_off);
}

const struct hg_info *
hg_info(const struct hg_graph *g)
{
	return &g->info;
}

uint32_t
hg_nodes(const struct hg_graph *g)
{
	return g->nobjects + g->nroots;
}

uint32_t
hg_objects(const struct hg_graph *g)
{
	return g->nobjects;
}

uint32_t
hg_edges(const struct hg_graph *g)
{
	return g->nedges;
}

uint32_t
hg_kinds(const struct hg_graph *g)
{
	return g->nkinds;
}

bool
hg_is_root(const struct hg_graph *g, hg_node n)
{
	return n >= g->nobjects;
}

uint64_t
hg_addr(const struct hg_graph *g, hg_node n)
{
	return n < g->nobjects ? hg_addrs_get(&g->addrs, n) : 0;
}

hg_kind
hg_kind_of(const struct hg_graph *g, hg_node n)
{
	return n < g->nobjects ? g->kind[n] & HG_KIND_MASK : HG_NONE;
}

uint64_t
hg_bytes(const struct hg_graph *g, hg_node n)
{
	return n < g->nobjects ? hg_narrow_get(&g->bytes, n) : 0;
}

uint64_t
hg_extra(const struct hg_graph *g, hg_node n)
{
	return n < g->nobjects ? hg_narrow_get(&g->extra, n) : 0;
}

int64_t
hg_refcount(const struct hg_graph *g, hg_node n)
{
	/* an immortal one's is a mark, not a count */
	if (n >= g->nobjects || (hg_flags(g, n) & OTW_IMMORTAL))
		return -1;
	return (int64_t)hg_narrow_get(&g->refcount, n) - 1;
}

unsigned
hg_flags(const struct hg_graph *g, hg_node n)
{
	return n < g->nobjects ? g->kind[n] >> HG_KIND_BITS : 0;
}

int
hg_generation(const struct hg_graph *g, hg_node n)
{
	unsigned flags = hg_flags(g, n);

	return (flags & OTW_TRACKED) ? (int)OTW_GEN(flags) : -1;
}

hg_node
hg_at(const struct hg_graph *g, uint64_t addr)
{
	return hg_addrs_find(&g->addrs, addr);
}

const char *
hg_text(const struct hg_graph *g, hg_node n, size_t *len)
{
	const unsigned char *p;

	*len = 0;
	if (n >= g->nobjects || !g->text || g->text[n] == 0)
		return "";
	p = g->texts + g->text[n] - 1;
	*len = *p;
	return (const char *)p + 1;
}

const char *
hg_root_name(const struct hg_graph *g, hg_node n)
{
	return n >= g->nobjects ? g->roots[n - g->nobjects].name : "";
}

unsigned
hg_root_kind(const struct hg_graph *g, hg_node n)
{
	return n >= g->nobjects ? g->roots[n - g->nobjects].kind
				: OTW_ROOT_OTHER;
}

const char *
hg_root_kind_text(unsigned root_kind)
{
	static const char *const texts[] = {
#define ROOTKIND(name, text) [OTW_ROOT_##name] = text,
#include "wire/roots.def"
	};

	return root_kind < OTW_ROOT_COUNT ? texts[root_kind] : texts[0];
}

const char *
hg_kind_name(const struct hg_graph *g, hg_kind k)
{
	return g->kinds[k].name;
}

const char *
hg_kind_module(const struct hg_graph *g, hg_kind k)
{
	return g->kinds[k].module;
}

const char *
hg_kind_full(const struct hg_graph *g, hg_kind k)
{
	return g->kinds[k].full;
}

uint64_t
hg_kind_addr(const struct hg_graph *g, hg_kind k)
{
	return g->kinds[k].addr;
}

uint64_t
hg_kind_count(const struct hg_graph *g, hg_kind k)
{
	return g->kinds[k].count;
}

uint64_t
hg_kind_bytes(const struct hg_graph *g, hg_kind k)
{
	return g->kinds[k].bytes;
}

uint64_t
hg_kind_tracked(const struct hg_graph *g, hg_kind k)
{
	return g->kinds[k].tracked;
}

const hg_node *
hg_kind_nodes(const struct hg_graph *g, hg_kind k, uint32_t *n)
{
	/* Counts without objects name no instances. */
	*n = g->nobjects > 0 ? (uint32_t)g->kinds[k].count : 0;
	return g->kind_nodes + g->kinds[k].first;
}

hg_kind
hg_kind_at_node(const struct hg_graph *g, hg_node n)
{
	uint32_t lo = 0, hi = g->nkind_by_node, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (g->kinds[g->kind_by_node[mid]].node < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < g->nkind_by_node && g->kinds[g->kind_by_node[lo]].node == n)
		return g->kind_by_node[lo];
	return HG_NONE;
}

hg_edge
hg_out(const struct hg_graph *g, hg_node n)
{
	return g->out[n];
}

const hg_edge *
hg_in(const struct hg_graph *g, hg_node n, uint32_t *n_in)
{
	*n_in = g->in[n + 1] - g->in[n];
	return g->in_edges + g->in[n];
}

hg_node
hg_edge_from(const struct hg_graph *g, hg_edge e)
{
	uint32_t lo = g->sample[e >> HG_SAMPLE_SHIFT], mid;
	uint32_t hi = g->sample[(e >> HG_SAMPLE_SHIFT) + 1];

	/* The source is the first node in [lo, hi] that ends behind e. */
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (g->out[mid + 1] <= e)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

hg_node
hg_edge_to(const struct hg_graph *g, hg_edge e)
{
	return g->to[e];
}

unsigned
hg_edge_relation(const struct hg_graph *g, hg_edge e)
{
	return hg_label_relation(g->label[e]);
}

bool
hg_edge_weak(const struct hg_graph *g, hg_edge e)
{
	return hg_label_relation(g->label[e]) == OTW_REL_WEAK;
}

const char *
hg_relation_text(unsigned relation)
{
	static const char *const texts[] = {
#define RELATION(name, text) [OTW_REL_##name] = text,
#include "wire/relations.def"
	};

	return relation < OTW_REL_COUNT ? texts[relation] : texts[0];
}

int64_t
hg_edge_index(const struct hg_graph *g, hg_edge e)
{
	uint32_t v = hg_label_value(g->label[e]);

	if (v == HG_LABEL_ASIDE)
		return (int64_t)hg_aside_get(&g->label_aside, e);
	return v;
}

const char *
hg_edge_name(const struct hg_graph *g, hg_edge e, size_t *len)
{
	uint64_t id = (uint64_t)hg_edge_index(g, e);

	*len = 0;
	if (hg_label_type(g->label[e]) != OTW_NAME_ID || id >= g->nnames)
		return NULL;
	*len = g->name_off[id + 1] - g->name_off[id];
	return *len > 0 ? g->names + g->name_off[id] : "";
}

hg_node
hg_module_of(const struct hg_graph *g, hg_node n)
{
	uint32_t n_in;
	const hg_edge *in;
	hg_node from;

	if (n >= g->nobjects)
		return HG_NONE;
	/* Edges from roots have the highest numbers: they come last. */
	in = hg_in(g, n, &n_in);
	while (n_in > 0 && in[n_in - 1] >= g->out[g->nobjects]) {
		n_in--;
		if (hg_edge_relation(g, in[n_in]) != OTW_REL_MODULE)
			continue;
		from = hg_edge_from(g, in[n_in]);
		if (hg_root_kind(g, from) == OTW_ROOT_MODULE)
			return from;
	}
	return HG_NONE;
}
