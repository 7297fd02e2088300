/* SPDX-License-Identifier: MIT */
/*
 * picture_component.c - a strongly connected component as a picture.
 *
 * Breadth-first from one object of it along edges inside it, so that of a
 * large one a connected part is drawn; what does not fit is one "N more" node.
 */
#include "config.h"

#include <stdlib.h>

#include "graph/an_util.h"
#include "graph/ignore.h"
#include "graph/picture.h"

#define NODES_DEFAULT 60u
#define NODES_MOST    2000u
#define PARALLEL_MAX  3u

struct part {
	struct hg_picture *p;
	const struct hg_graph *g;
	const hg_node *members;
	uint32_t n, most;
	struct hg_ignore *ignore;
	uint32_t *place; /* per member: 1 + place in the picture */
	size_t cap_edges;
};

static int
node_compare(const void *a, const void *b)
{
	hg_node x = *(const hg_node *)a, y = *(const hg_node *)b;

	return (x > y) - (x < y);
}

/* Where n stands among the members, or HG_NONE. */
static uint32_t
member(const struct part *s, hg_node n)
{
	const hg_node *at = bsearch(&n, s->members, s->n, sizeof(n),
				    node_compare);

	return at ? (uint32_t)(at - s->members) : HG_NONE;
}

static void
node_add(struct part *s, uint32_t m, uint32_t depth, unsigned flags)
{
	s->p->nodes[s->p->nnodes++] = (struct hg_pic_node){
		.node = s->members[m],
		.depth = depth,
		.flags = flags,
	};
	s->place[m] = (uint32_t)s->p->nnodes;
}

static bool
edge_add(struct part *s, uint32_t from, uint32_t to, hg_edge e)
{
	struct hg_picture *p = s->p;
	size_t cap = s->cap_edges * 2 + 64;
	struct hg_pic_edge *more;

	if (p->nedges == s->cap_edges) {
		more = ot_realloc_array(p->edges, cap, sizeof(*more));
		if (!more)
			return false;
		p->edges = more;
		s->cap_edges = cap;
	}
	p->edges[p->nedges++] = (struct hg_pic_edge){
		.from = from,
		.to = to,
		.edge = e,
	};
	return true;
}

/* Edges from node `at` of the picture that it has to `to` already. */
static uint32_t
parallels(const struct part *s, uint32_t at, uint32_t to)
{
	uint32_t n = 0;
	size_t i;

	for (i = s->p->nedges; i > 0 && s->p->edges[i - 1].from == at; i--)
		n += s->p->edges[i - 1].to == to;
	return n;
}

/* The edges out of one node; those to nodes not drawn count in *more. */
static bool
expand(struct part *s, uint32_t at, uint32_t *more)
{
	struct hg_pic_node *n = &s->p->nodes[at];
	hg_edge e, end = hg_out(s->g, n->node + 1);
	uint32_t m;

	for (e = hg_out(s->g, n->node); e < end; e++) {
		if (hg_edge_weak(s->g, e))
			continue;
		m = member(s, hg_edge_to(s->g, e));
		if (m == HG_NONE || hg_ignored(s->ignore, e, n->node, n->node))
			continue;
		if (s->place[m] == 0) {
			if (s->p->nnodes == s->most) {
				++*more;
				continue;
			}
			node_add(s, m, n->depth + 1, 0);
		}
		if (parallels(s, at, s->place[m] - 1) < PARALLEL_MAX &&
		    !edge_add(s, at, s->place[m] - 1, e))
			return false;
	}
	return true;
}

static bool
collect(struct part *s, hg_node start)
{
	uint32_t i, more = 0, before, *holds_more;
	bool ok;

	s->p->nodes = ot_realloc_array(NULL, s->most + 1u,
				       sizeof(*s->p->nodes));
	holds_more = calloc(s->most + 1u, sizeof(*holds_more));
	ok = s->p->nodes && holds_more;
	if (ok)
		node_add(s, member(s, start), 0, HG_PIC_START);
	for (i = 0; ok && i < s->p->nnodes; i++) {
		before = more;
		ok = expand(s, i, &more);
		holds_more[i] = more - before;
	}
	if (ok && s->p->nnodes < s->n) {
		uint32_t last = (uint32_t)s->p->nnodes;

		s->p->nodes[s->p->nnodes++] = (struct hg_pic_node){
			.node = HG_NONE,
			.flags = HG_PIC_MORE,
			.depth = s->p->nodes[last - 1].depth + 1,
			.count = s->n - last,
		};
		for (i = 0; ok && i < last; i++)
			if (holds_more[i] > 0)
				ok = edge_add(s, i, last, HG_NONE);
	}
	free(holds_more);
	return ok;
}

enum ot_status
hg_picture_component(const struct hg_graph *g, const hg_node *members,
		     uint32_t n, hg_node start, const struct hg_args *args,
		     struct hg_picture **out, struct ot_err *err)
{
	struct part s = { .g = g, .members = members, .n = n };
	enum ot_status st;
	bool ok;

	s.most = args->max_width ? args->max_width : NODES_DEFAULT;
	if (s.most > NODES_MOST)
		s.most = NODES_MOST;
	st = hg_ignore_new(g, args, &s.ignore, err);
	if (st != OT_OK)
		return st;
	s.p = calloc(1, sizeof(*s.p));
	s.place = calloc((size_t)n + 1, sizeof(*s.place));
	ok = s.p && s.place;
	if (ok) {
		s.p->graph = g;
		ok = collect(&s, start);
	}
	if (ok) {
		s.p->caption = hg_picture_caption(s.p, "the cycle of");
		ok = s.p->caption != NULL;
	}
	free(s.place);
	hg_ignore_free(s.ignore);
	if (ok) {
		*out = s.p;
		return OT_OK;
	}
	hg_picture_free(s.p);
	return ot_fail_nomem(err, "a picture");
}
