/* SPDX-License-Identifier: MIT */
/*
 * graph.c - reading a graph.
 *
 * Each function is a look into a column, or two; hg_edge_from() alone has to
 * search, between two samples (store.h), which saves a column as wide as the
 * targets'.  What a label says is found through its edge's source.
 */
#include "config.h"

#include "graph/graph.h"

#include <stdlib.h>

#include "graph/dom.h"
#include "graph/store.h"

#define LISTS_ALONE 8u /* kinds listed one by one before all are */

static void
narrow_release(struct hg_narrow *c)
{
	free(c->v);
	hg_aside_release(&c->wide);
}

static void
kind_nodes_release(struct hg_graph *g)
{
	uint32_t k;

	for (k = 0; g->kind_nodes && k < g->nkinds; k++)
		free(atomic_load(&g->kind_nodes[k]));
	free(g->kind_nodes);
	free(atomic_load(&g->all_kinds));
}

void
hg_graph_free(struct hg_graph *g)
{
	if (!g)
		return;
	hg_addrs_release(&g->addrs);
	free(g->code);
	free(g->code_wide);
	free(g->classes.v);
	free(g->classes.labels);
	hg_aside_release(&g->classes.aside);
	narrow_release(&g->bytes);
	narrow_release(&g->extra);
	free(g->refcount);
	hg_aside_release(&g->refcount_wide);
	free(g->text);
	free(g->texts);
	hg_steps_release(&g->out);
	hg_steps_release(&g->in);
	free(g->to);
	free(g->weak);
	free(g->weak_edges);
	free(g->sample);
	free(g->in_edges);
	free(g->root_label);
	hg_aside_release(&g->root_aside);
	free(g->kinds);
	kind_nodes_release(g);
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

/* Of the lists of instances, those that were asked for. */
static size_t
kind_nodes_memory(const struct hg_graph *g)
{
	size_t sum = g->nkinds * sizeof(*g->kind_nodes);
	uint32_t k;

	if (atomic_load(&g->all_kinds))
		sum += g->nobjects * sizeof(hg_node);

	for (k = 0; k < g->nkinds; k++)
		if (atomic_load(&g->kind_nodes[k]))
			sum += g->kinds[k].count * sizeof(hg_node);
	return sum;
}

size_t
hg_memory(const struct hg_graph *g)
{
	size_t n = g->nobjects, e = g->nedges;
	const struct hg_dom *dom = hg_dom_peek(g);

	return sizeof(*g) + (dom ? hg_dom_memory(dom) : 0) + g->arena.total +
	       hg_addrs_memory(&g->addrs) +
	       n * (g->code ? sizeof(*g->code) : sizeof(*g->code_wide)) +
	       g->classes.cap * sizeof(*g->classes.v) +
	       g->classes.cap_labels * sizeof(*g->classes.labels) +
	       hg_aside_memory(&g->classes.aside) +
	       narrow_memory(g, &g->bytes) + narrow_memory(g, &g->extra) +
	       n * sizeof(*g->refcount) + hg_aside_memory(&g->refcount_wide) +
	       (g->text ? n * sizeof(*g->text) : 0) + g->texts_len +
	       hg_steps_memory(&g->out) + hg_steps_memory(&g->in) +
	       e * (sizeof(*g->to) + sizeof(*g->in_edges)) +
	       (g->weak ? (e >> 12) * sizeof(*g->weak) : 0) +
	       g->cap_weak * sizeof(*g->weak_edges) +
	       (e >> HG_SAMPLE_SHIFT) * sizeof(*g->sample) +
	       (e - g->root_edges) * sizeof(*g->root_label) +
	       hg_aside_memory(&g->root_aside) +
	       g->nkinds * sizeof(*g->kinds) + kind_nodes_memory(g) +
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
	return n < g->nobjects ?
	       hg_class_of(g, n)->kind & HG_KIND_MASK : HG_NONE;
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
	if (OT_UNLIKELY(g->refcount[n] == HG_RC_WIDE))
		return (int64_t)hg_aside_get(&g->refcount_wide, n) - 1;
	return (int64_t)g->refcount[n] - 1;
}

unsigned
hg_flags(const struct hg_graph *g, hg_node n)
{
	return n < g->nobjects ? hg_class_of(g, n)->kind >> HG_KIND_BITS &
				  ~OTW_CLASS : 0;
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

/* The objects of a kind, ascending: a pass over all objects. */
static hg_node *
kind_list(const struct hg_graph *g, hg_kind k)
{
	hg_node *list, n, at = 0;

	list = ot_realloc_array(NULL, g->kinds[k].count, sizeof(*list));
	for (n = 0; list && n < g->nobjects; n++)
		if ((hg_class_of(g, n)->kind & HG_KIND_MASK) == k)
			list[at++] = n;
	return list;
}

/* Those of all kinds, one kind behind the other. */
static hg_node *
kind_list_all(const struct hg_graph *g)
{
	hg_node *list, n;
	uint32_t *at;
	hg_kind k;

	list = ot_realloc_array(NULL, g->nobjects, sizeof(*list));
	at = ot_realloc_array(NULL, g->nkinds, sizeof(*at));
	if (!list || !at) {
		free(list);
		free(at);
		return NULL;
	}
	for (k = 0; k < g->nkinds; k++)
		at[k] = g->kinds[k].first;
	for (n = 0; n < g->nobjects; n++)
		list[at[hg_class_of(g, n)->kind & HG_KIND_MASK]++] = n;
	free(at);
	return list;
}

/* Keeps a list unless another reader has made it meanwhile. */
static hg_node *
list_keep(_Atomic(hg_node *) *place, hg_node *list)
{
	hg_node *other = NULL;

	if (atomic_compare_exchange_strong(place, &other, list))
		return list;
	free(list);
	return other;
}

const hg_node *
hg_kind_nodes(const struct hg_graph *g, hg_kind k, uint32_t *n)
{
	/* Lists are made when asked for; they are no part of what is read. */
	struct hg_graph *keep = (struct hg_graph *)(uintptr_t)g;
	hg_node *all = atomic_load(&keep->all_kinds), *list;

	/* Counts without objects name no instances. */
	*n = g->nobjects > 0 ? (uint32_t)g->kinds[k].count : 0;
	if (*n == 0)
		return NULL;
	list = atomic_load(&g->kind_nodes[k]);
	if (all || list)
		return list ? list : all + g->kinds[k].first;
	if (atomic_fetch_add(&keep->kind_lists, 1) < LISTS_ALONE) {
		list = kind_list(g, k);
		if (list)
			return list_keep(&g->kind_nodes[k], list);
	} else {
		all = kind_list_all(g);
		if (all)
			return list_keep(&keep->all_kinds, all) +
			       g->kinds[k].first;
	}
	*n = 0;
	return NULL;
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
	return hg_step(&g->out, n);
}

const hg_edge *
hg_in(const struct hg_graph *g, hg_node n, uint32_t *n_in)
{
	uint32_t from = hg_step(&g->in, n);

	*n_in = hg_step(&g->in, n + 1) - from;
	return g->in_edges + from;
}

hg_node
hg_edge_from(const struct hg_graph *g, hg_edge e)
{
	uint32_t lo = g->sample[e >> HG_SAMPLE_SHIFT], mid, i;
	uint32_t hi = g->sample[(e >> HG_SAMPLE_SHIFT) + 1];
	const uint8_t *step;

	/* The last block in [lo, hi] that starts at e or before. */
	while (lo < hi) {
		mid = lo + (hi - lo + 1) / 2;
		if (hg_step(&g->out, mid * HG_BLOCK) <= e)
			lo = mid;
		else
			hi = mid - 1;
	}
	/* In it the last list that does: those before it end there. */
	step = g->out.step + (size_t)lo * HG_BLOCK;
	if (OT_UNLIKELY(step[0])) {
		const uint32_t *wide = g->out.wide +
				       (size_t)g->out.base[lo] * HG_BLOCK;

		for (i = HG_BLOCK - 1; wide[i] > e; i--)
			;
	} else {
		for (i = HG_BLOCK - 1; step[i] > e - g->out.base[lo]; i--)
			;
	}
	return lo * HG_BLOCK + i;
}

hg_node
hg_edge_to(const struct hg_graph *g, hg_edge e)
{
	return g->to[e];
}

uint32_t
hg_edge_code(const struct hg_graph *g, hg_edge e, uint64_t *value)
{
	uint32_t label;
	hg_node from;

	if (e < g->root_edges) {
		from = hg_edge_from(g, e);
		return hg_class_label(&g->classes,
				      hg_class_of(g, from)->labels,
				      e - hg_out(g, from), value);
	}
	label = g->root_label[e - g->root_edges];
	*value = hg_label_value(label);
	if (*value == HG_LABEL_ASIDE)
		*value = hg_aside_get(&g->root_aside, e - g->root_edges);
	return label;
}

unsigned
hg_edge_relation(const struct hg_graph *g, hg_edge e)
{
	uint64_t value;

	return hg_label_relation(hg_edge_code(g, e, &value));
}

unsigned
hg_edge_name_type(const struct hg_graph *g, hg_edge e)
{
	uint64_t value;

	return hg_label_type(hg_edge_code(g, e, &value));
}

bool
hg_weak_search(const struct hg_graph *g, hg_edge e)
{
	uint32_t lo = 0, hi = g->nweak, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (g->weak_edges[mid] < e)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < g->nweak && g->weak_edges[lo] == e;
}

bool
hg_edge_weak(const struct hg_graph *g, hg_edge e)
{
	return hg_is_weak(g, e);
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
	uint64_t value;

	hg_edge_code(g, e, &value);
	return (int64_t)value;
}

const char *
hg_edge_name(const struct hg_graph *g, hg_edge e, size_t *len)
{
	uint64_t id;
	uint32_t label = hg_edge_code(g, e, &id);

	*len = 0;
	if (hg_label_type(label) != OTW_NAME_ID || id >= g->nnames)
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
	while (n_in > 0 && in[n_in - 1] >= g->root_edges) {
		n_in--;
		if (hg_edge_relation(g, in[n_in]) != OTW_REL_MODULE)
			continue;
		from = hg_edge_from(g, in[n_in]);
		if (hg_root_kind(g, from) == OTW_ROOT_MODULE)
			return from;
	}
	return HG_NONE;
}
