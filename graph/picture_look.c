/* SPDX-License-Identifier: MIT */
/*
 * picture_look.c - what the eye is to tell apart in a picture: how much each
 * node takes and keeps alive, what is garbage, which edges close a circle.
 *
 * Circles are looked for among what is drawn (Tarjan's strongly connected
 * components, without recursion), so the colour says what can be followed on
 * paper.  Retained sizes cost a pass over the whole heap where nobody asked
 * for them before: of a heap beyond DOM_NODES they are left out then.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/dom.h"
#include "graph/picture.h"
#include "graph/which.h"

#define DOM_NODES 3000000u

/* Strong edges of the picture, by source. */
struct links {
	uint32_t *first; /* per node, and one more */
	uint32_t *edge;
};

static bool
is_link(const struct hg_picture *p, const struct hg_pic_edge *e)
{
	return e->edge != HG_NONE && !hg_edge_weak(p->graph, e->edge);
}

static bool
links_make(struct links *l, const struct hg_picture *p)
{
	uint32_t at = 0, i;
	size_t e;

	l->first = calloc(p->nnodes + 2, sizeof(*l->first));
	l->edge = ot_realloc_array(NULL, p->nedges + 1, sizeof(*l->edge));
	if (!l->first || !l->edge)
		return false;
	for (e = 0; e < p->nedges; e++)
		l->first[p->edges[e].from + 2] += is_link(p, &p->edges[e]);
	for (i = 0; i < p->nnodes; i++)
		l->first[i + 2] += l->first[i + 1];
	for (e = 0; e < p->nedges; e++) {
		if (!is_link(p, &p->edges[e]))
			continue;
		at = l->first[p->edges[e].from + 1]++;
		l->edge[at] = (uint32_t)e;
	}
	return true;
}

/* Tarjan: when a node was met, the lowest met that it reaches, the stacks. */
struct circles {
	const struct hg_picture *p;
	struct links l;
	uint32_t *met, *low, *next, *path, *open, *group;
	uint32_t npath, nopen, time, ngroups;
};

static void
circles_enter(struct circles *c, uint32_t n)
{
	c->met[n] = c->low[n] = ++c->time;
	c->next[n] = c->l.first[n];
	c->path[c->npath++] = n;
	c->open[c->nopen++] = n;
}

static void
circles_leave(struct circles *c, uint32_t n)
{
	uint32_t up;

	if (--c->npath > 0) {
		up = c->path[c->npath - 1];
		if (c->low[n] < c->low[up])
			c->low[up] = c->low[n];
	}
	if (c->low[n] != c->met[n])
		return;
	c->ngroups++;
	do {
		up = c->open[--c->nopen];
		c->group[up] = c->ngroups;
	} while (up != n);
}

static void
circles_from(struct circles *c, uint32_t start)
{
	uint32_t n, to;

	circles_enter(c, start);
	while (c->npath > 0) {
		n = c->path[c->npath - 1];
		if (c->next[n] == c->l.first[n + 1]) {
			circles_leave(c, n);
			continue;
		}
		to = c->p->edges[c->l.edge[c->next[n]++]].to;
		if (c->met[to] == 0)
			circles_enter(c, to);
		else if (c->group[to] == 0 && c->met[to] < c->low[n])
			c->low[n] = c->met[to];
	}
}

static bool
look_circles(struct hg_picture *p)
{
	struct circles c = { .p = p };
	size_t n = p->nnodes, e;
	uint32_t *all = calloc(n * 6 + 1, sizeof(*all)), i;
	bool ok = all && links_make(&c.l, p);
	struct hg_pic_edge *edge;

	if (ok) {
		c.met = all;
		c.low = all + n;
		c.next = all + 2 * n;
		c.path = all + 3 * n;
		c.open = all + 4 * n;
		c.group = all + 5 * n;
		for (i = 0; i < n; i++)
			if (c.met[i] == 0)
				circles_from(&c, i);
		for (e = 0; e < p->nedges; e++) {
			edge = &p->edges[e];
			if (is_link(p, edge) &&
			    c.group[edge->from] == c.group[edge->to])
				edge->flags |= HG_PIC_CYCLE;
		}
	}
	free(c.l.first);
	free(c.l.edge);
	free(all);
	return ok;
}

static void
look_sizes(struct hg_picture *p, const struct hg_dom *dom)
{
	struct hg_pic_node *n;
	enum hg_state state;
	size_t i;

	for (i = 0; i < p->nnodes; i++) {
		n = &p->nodes[i];
		if (n->node == HG_NONE || n->flags & HG_PIC_VIRTUAL)
			continue;
		if (!hg_is_root(p->graph, n->node))
			n->bytes = hg_bytes(p->graph, n->node);
		if (!dom)
			continue;
		n->retained = hg_dom_retained(dom, n->node);
		state = hg_dom_state(dom, n->node);
		if (state == HG_UNREACHABLE)
			n->flags |= HG_PIC_GARBAGE;
	}
}

static enum ot_status
look_marks(struct hg_picture *p, struct ot_err *err)
{
	struct hg_which *which;
	enum ot_status st;
	size_t i;

	st = hg_which_new(p->graph, p->look.highlight, &which, err);
	if (st != OT_OK || !which)
		return st;
	for (i = 0; i < p->nnodes; i++)
		if (p->nodes[i].node != HG_NONE &&
		    !(p->nodes[i].flags & HG_PIC_VIRTUAL) &&
		    hg_which(which, p->nodes[i].node))
			p->nodes[i].flags |= HG_PIC_MARKED;
	hg_which_free(which);
	return OT_OK;
}

enum ot_status
hg_picture_look(struct hg_picture *p, struct ot_err *err)
{
	const struct hg_args args = { .cancelled = p->look.cancelled,
				      .cancel_ctx = p->look.cancel_ctx };
	const struct hg_dom *dom = hg_dom_peek(p->graph);
	size_t e;

	/* Without them the picture has less to say, and is a picture still. */
	if (!dom && hg_nodes(p->graph) <= DOM_NODES &&
	    hg_dom_of(p->graph, &args, &dom, NULL) != OT_OK)
		dom = NULL;
	look_sizes(p, dom);
	for (e = 0; e < p->nedges; e++)
		if (p->nodes[p->edges[e].from].flags & HG_PIC_GARBAGE)
			p->edges[e].flags |= HG_PIC_LOST;
	if (!look_circles(p))
		return ot_fail_nomem(err, "a picture");
	return look_marks(p, err);
}
