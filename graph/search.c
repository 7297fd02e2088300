/* SPDX-License-Identifier: MIT */
/*
 * search.c - breadth-first from the roots along strong edges.
 *
 * Forward rather than from the object back: back from an object soon comes to
 * a class or a module, and with it to half the heap, while this gives the
 * shortest chain to everything at once: linear in what is reached, 8 bytes a
 * node.  Roots with telling names are put first, so that of chains equally
 * long the more telling is found; and the step from a module's root to its
 * module object says nothing new, so it counts for nothing.
 */
#include "config.h"

#include "graph/search.h"

#include <stdlib.h>

#include "graph/an_util.h"
#include "graph/store.h"

#define CHECK_EVERY 65536u
#define AHEAD 8u

static const unsigned char root_rank[OTW_ROOT_COUNT] = {
	[OTW_ROOT_MODULE] = 0,	    [OTW_ROOT_GLOBAL] = 1,
	[OTW_ROOT_FRAME] = 2,	    [OTW_ROOT_THREAD] = 3,
	[OTW_ROOT_INTERPRETER] = 4, [OTW_ROOT_STATIC] = 5,
	[OTW_ROOT_OTHER] = 6,
};
#define RANKS 7u

enum ot_status
hg_search_init(struct hg_search *s, const struct hg_graph *g,
	       const struct hg_args *args, struct ot_err *err)
{
	uint32_t nodes = hg_nodes(g);

	*s = (struct hg_search){ .g = g, .args = args };
	s->parent = calloc((size_t)nodes + 1, sizeof(*s->parent));
	s->queue = ot_realloc_array(NULL, nodes, sizeof(*s->queue));
	if (!s->parent || !s->queue) {
		hg_search_release(s);
		return ot_fail_nomem(err, "a search through the heap");
	}
	return hg_ignore_new(g, args, &s->ignore, err);
}

void
hg_search_release(struct hg_search *s)
{
	hg_ignore_free(s->ignore);
	free(s->parent);
	free(s->queue);
	free(s->leaf);
	*s = (struct hg_search){ 0 };
}

static void
add_roots(struct hg_search *s, unsigned rank)
{
	uint32_t nodes = hg_nodes(s->g);
	hg_node n;

	for (n = hg_objects(s->g); n < nodes; n++) {
		if (root_rank[hg_root_kind(s->g, n)] != rank)
			continue;
		s->parent[n] = HG_P_ROOT;
		s->queue[s->n++] = n;
	}
}

static bool
is_leaf(const struct hg_search *s, hg_node n)
{
	return s->leaf && s->leaf[n / 8] >> (n % 8) & 1;
}

/* Goes through one node; returns its edge into the target, or HG_NONE. */
static hg_edge
go_through(struct hg_search *s, hg_node n, hg_node target)
{
	const struct hg_graph *g = s->g;
	hg_edge found = HG_NONE, e, end = hg_out(g, n + 1);
	hg_node to;

	for (e = hg_out(g, n); e < end; e++) {
		to = g->to[e];
		if (to != target && s->parent[to] != HG_P_NONE)
			continue;
		if (hg_edge_weak(g, e) || hg_ignored(s->ignore, e, n, n))
			continue;
		if (to != target) {
			s->parent[to] = e + 1;
			s->queue[s->n++] = to;
		} else if (found == HG_NONE ||
			   hg_edge_relation(g, found) == OTW_REL_KEY) {
			found = e; /* a value tells more than a key */
		}
	}
	return found;
}

enum ot_status
hg_search_run(struct hg_search *s, hg_node target, hg_edge *found, uint32_t max,
	      uint32_t *nfound, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	uint32_t at, count = 0, modules;
	unsigned rank;
	hg_edge e;

	add_roots(s, 0);
	modules = s->n;
	for (rank = 1; modules == 0 && rank < RANKS; rank++)
		add_roots(s, rank);
	for (at = 0; at < s->n && (max == 0 || count < max); at++) {
		if (at % CHECK_EVERY == 0) {
			st = an_check(s->args, at, hg_nodes(s->g), err);
			if (st != OT_OK)
				break;
		}
		if (s->n - at > AHEAD)
			OT_PREFETCH(&s->g->out.step[s->queue[at + AHEAD]]);
		if (is_leaf(s, s->queue[at]))
			continue;
		e = go_through(s, s->queue[at], target);
		if (e != HG_NONE && count < max)
			found[count++] = e;
		/* module objects stand beside the other roots */
		for (rank = 1; at + 1 == modules && rank < RANKS; rank++)
			add_roots(s, rank);
	}
	if (nfound)
		*nfound = count;
	return st;
}

void
hg_search_reset(struct hg_search *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		s->parent[s->queue[i]] = HG_P_NONE;
	s->n = 0;
}

void
hg_search_block(struct hg_search *s, hg_node n)
{
	s->parent[n] = HG_P_BLOCKED;
}

void
hg_search_unblock(struct hg_search *s, hg_node n)
{
	s->parent[n] = HG_P_NONE;
}

uint32_t
hg_search_len(const struct hg_search *s, hg_node n)
{
	uint32_t len = 0;

	while (s->parent[n] != HG_P_ROOT) {
		n = hg_edge_from(s->g, s->parent[n] - 1);
		len++;
	}
	return len;
}

void
hg_search_edges(const struct hg_search *s, hg_node n, hg_edge *edges,
		uint32_t len)
{
	while (len-- > 0) {
		edges[len] = s->parent[n] - 1;
		n = hg_edge_from(s->g, edges[len]);
	}
}
