/* SPDX-License-Identifier: MIT */
/*
 * merged.c - how the instances of a type are held, all of them.
 *
 * One search from the roots gives every instance its shortest chain (chains
 * through other instances are not followed: that a session holds the next one
 * says nothing of why sessions live; but see merge_ways).  The chains form a tree.  Backwards in
 * the order of the search each node's instances are added up; forwards each
 * node gets a signature from its parent's and its own step, and instances of
 * equal signature are held the same way.
 *
 * A step is the type of the node and the label of the edge, in which indices
 * do not count, and names only where they lead to a good part of all
 * instances: keys of a cache differ from entry to entry, attributes do not.  A
 * node through which a good part of them is held stands for itself.  Steps
 * that repeat, alone or in pairs, as in a linked list, count once.
 *
 * Up to three searches; linear in what is reached; 20 bytes a node while it lasts.
 */
#include "config.h"

#include "graph/merged.h"

#include <stdlib.h>
#include <string.h>

#include "graph/search.h"
#include "graph/store.h"

#define CHAINS_DEFAULT 3u
#define PART 50u /* "a good part" is more than a fiftieth */

struct way {
	uint64_t sig; /* 0: free */
	uint64_t count;
	hg_node first; /* nearest instance held this way */
};

struct merger {
	struct hg_search s;
	const hg_node *targets;
	uint32_t ntargets;
	uint32_t *weight; /* per node: instances held through it */
	uint64_t *sig;	  /* per node */
	uint32_t *names;  /* per name: instances behind edges so named */
	unsigned char *is_target; /* bits */
	uint32_t part;
	struct way *ways;
	size_t nways, nslots;
	uint64_t reached;
};

void
hg_merged_free(struct hg_merged *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->chains[i].edges);
		free(m->chains[i].shared);
	}
	free(m->chains);
	*m = (struct hg_merged){ 0 };
}

static bool
merger_init(struct merger *m)
{
	const struct hg_graph *g = m->s.g;
	uint32_t nodes = hg_nodes(g), i;

	m->weight = calloc((size_t)nodes + 1, sizeof(*m->weight));
	m->sig = calloc((size_t)nodes + 1, sizeof(*m->sig));
	m->names = calloc((size_t)g->nnames + 1, sizeof(*m->names));
	m->is_target = calloc(nodes / 8 + 1, 1);
	if (!m->weight || !m->sig || !m->names || !m->is_target)
		return false;
	for (i = 0; i < m->ntargets; i++)
		m->is_target[m->targets[i] / 8] |=
			(unsigned char)(1u << m->targets[i] % 8);
	return true;
}

static void
merger_release(struct merger *m)
{
	m->s.leaf = NULL;
	hg_search_release(&m->s);
	free(m->is_target);
	free(m->weight);
	free(m->sig);
	free(m->names);
	free(m->ways);
}

/* Edge by which n was reached, or HG_NONE for a root. */
static hg_edge
reached_by(const struct merger *m, hg_node n)
{
	uint32_t p = m->s.parent[n];

	return p == HG_P_ROOT ? HG_NONE : p - 1;
}

static hg_node
parent_of(const struct merger *m, hg_node n)
{
	hg_edge e = reached_by(m, n);

	return e == HG_NONE ? HG_NONE : hg_edge_from(m->s.g, e);
}

/* Whoever was reached later is added to its parent first. */
static void
weigh(struct merger *m)
{
	const struct hg_graph *g = m->s.g;
	uint32_t i;
	hg_node n;
	hg_edge e;

	for (i = 0; i < m->ntargets; i++)
		if (m->s.parent[m->targets[i]] != HG_P_NONE)
			m->weight[m->targets[i]]++;
	for (i = m->s.n; i-- > 0;) {
		n = m->s.queue[i];
		e = reached_by(m, n);
		if (m->weight[n] == 0 || e == HG_NONE)
			continue;
		m->weight[hg_edge_from(g, e)] += m->weight[n];
		if (hg_edge_name_type(g, e) == OTW_NAME_ID &&
		    hg_edge_index(g, e) < g->nnames)
			m->names[hg_edge_index(g, e)] += m->weight[n];
	}
	m->part = (uint32_t)(m->reached / PART);
	if (m->part < 2)
		m->part = 2;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;

	return h ^ h >> 29;
}

/* Type and label, without what differs from instance to instance. */
static uint64_t
step_of(const struct merger *m, hg_node n)
{
	const struct hg_graph *g = m->s.g;
	hg_edge e = reached_by(m, n);
	int64_t name = -1;

	if (e == HG_NONE)
		return mix(n, 0x726f6f74) | 1;
	if (hg_edge_name_type(g, e) == OTW_NAME_ID) {
		name = hg_edge_index(g, e);
		if (name >= g->nnames || m->names[name] < m->part)
			name = -1;
	}
	return mix(mix(hg_kind_of(g, n), hg_edge_relation(g, e)),
		   (uint64_t)name + 2);
}

/* The signature of a node whose parent has one. */
static uint64_t
signature(const struct merger *m, hg_node n)
{
	hg_node up = parent_of(m, n), up2, up3;
	uint64_t step = step_of(m, n);

	if (up == HG_NONE)
		return step;
	up2 = parent_of(m, up);
	if (up2 != HG_NONE && step == step_of(m, up))
		return m->sig[up];
	up3 = up2 == HG_NONE ? HG_NONE : parent_of(m, up2);
	if (up3 != HG_NONE && step == step_of(m, up2) &&
	    step_of(m, up) == step_of(m, up3))
		return m->sig[up2];
	if (m->weight[n] >= m->part)
		step = mix(step, n);
	return mix(m->sig[up], step) | 1;
}

static struct way *
way_slot(const struct merger *m, uint64_t sig)
{
	size_t at = (size_t)(sig >> 7) & (m->nslots - 1);

	while (m->ways[at].sig != 0 && m->ways[at].sig != sig)
		at = (at + 1) & (m->nslots - 1);
	return &m->ways[at];
}

static bool
ways_grow(struct merger *m)
{
	struct way *old = m->ways;
	size_t n = m->nslots, i;

	m->nslots = n ? n * 2 : 1024;
	m->ways = calloc(m->nslots, sizeof(*m->ways));
	if (!m->ways) {
		m->ways = old;
		m->nslots = n;
		return false;
	}
	for (i = 0; i < n; i++)
		if (old[i].sig != 0)
			*way_slot(m, old[i].sig) = old[i];
	free(old);
	return true;
}

/* Signs the tree from the roots on and counts instances by signature. */
static bool
sign(struct merger *m)
{
	struct way *way;
	uint32_t i;
	hg_node n;

	for (i = 0; i < m->s.n; i++) {
		n = m->s.queue[i];
		if (m->weight[n] == 0)
			continue;
		m->sig[n] = signature(m, n);
		if (!(m->is_target[n / 8] >> (n % 8) & 1))
			continue;
		if (m->nways >= m->nslots / 2 && !ways_grow(m))
			return false;
		way = way_slot(m, m->sig[n]);
		if (way->sig == 0) {
			*way = (struct way){ m->sig[n], 0, n };
			m->nways++;
		}
		way->count++;
	}
	return true;
}

static int
way_compare(const void *a, const void *b)
{
	const struct way *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->first > y->first) - (x->first < y->first);
}

static bool
tell_way(const struct merger *m, const struct way *way,
	 struct hg_merged_chain *c)
{
	uint32_t i;
	hg_node to;

	c->count = way->count;
	c->len = hg_search_len(&m->s, way->first);
	c->edges = ot_realloc_array(NULL, c->len, sizeof(*c->edges));
	c->shared = calloc((size_t)c->len + 1, sizeof(*c->shared));
	if (!c->edges || !c->shared)
		return false;
	hg_search_edges(&m->s, way->first, c->edges, c->len);
	for (i = 0; i < c->len; i++) {
		to = hg_edge_to(m->s.g, c->edges[i]);
		c->shared[i] = way->count == 1 || m->weight[to] >= m->part;
	}
	return true;
}

/* The most common ways, as chains. */
static bool
tell(struct merger *m, uint32_t k, struct hg_merged *out)
{
	size_t i, n = 0;

	for (i = 0; i < m->nslots; i++)
		if (m->ways[i].sig != 0)
			m->ways[n++] = m->ways[i];
	if (n > 1)
		qsort(m->ways, n, sizeof(*m->ways), way_compare);
	out->ways = n;
	out->reached = m->reached;
	out->targets = m->ntargets;
	if (n > k)
		n = k;
	out->chains = calloc(n + 1, sizeof(*out->chains));
	if (!out->chains)
		return false;
	for (i = 0; i < n; i++) {
		out->n++;
		if (!tell_way(m, &m->ways[i], &out->chains[i]))
			return false;
	}
	return true;
}

/* Searches anew, through instances or not; counts those that are reached. */
static enum ot_status
search(struct merger *m, bool through, uint64_t *reached, struct ot_err *err)
{
	enum ot_status st;
	uint32_t i;

	hg_search_reset(&m->s);
	m->s.leaf = through ? NULL : m->is_target;
	st = hg_search_run(&m->s, HG_NONE, NULL, 0, NULL, err);
	for (*reached = 0, i = 0; i < m->ntargets; i++)
		*reached += m->s.parent[m->targets[i]] != HG_P_NONE;
	return st;
}

/*
 * Of containers most are held by others of their type: where chains around
 * them tell of less than half, those through them are taken.
 */
static enum ot_status
merge_ways(struct merger *m, uint32_t k, struct hg_merged *out,
	   struct ot_err *err)
{
	enum ot_status st = search(m, false, &m->reached, err);
	bool through = st == OT_OK && m->reached < m->ntargets / 2;
	uint64_t alive;

	if (through)
		st = search(m, true, &m->reached, err);
	if (st != OT_OK)
		return st;
	weigh(m);
	if (!sign(m) || !tell(m, k, out))
		return ot_fail_nomem(err, "chains");
	alive = m->reached;
	if (!through && m->reached < m->ntargets)
		st = search(m, true, &alive, err);
	out->rootless = m->ntargets - alive;
	return st;
}

enum ot_status
hg_merged_find(const struct hg_graph *g, const hg_node *targets,
	       uint32_t ntargets, const struct hg_args *args,
	       struct hg_merged *out, struct ot_err *err)
{
	struct merger m = { .targets = targets, .ntargets = ntargets };
	enum ot_status st;

	*out = (struct hg_merged){ 0 };
	st = hg_search_init(&m.s, g, args, err);
	if (st == OT_OK && !merger_init(&m))
		st = ot_fail_nomem(err, "chains");
	if (st == OT_OK)
		st = merge_ways(&m, args->k ? args->k : CHAINS_DEFAULT, out,
				err);
	if (st != OT_OK)
		hg_merged_free(out);
	merger_release(&m);
	return st;
}
