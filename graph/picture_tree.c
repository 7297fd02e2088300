/* SPDX-License-Identifier: MIT */
/*
 * picture_tree.c - the tree of dominators as a picture.
 *
 * The node that retains most of those not looked below yet is looked below
 * next, so that a bounded picture tells where the bytes are, however deep.
 * What is small or too many becomes one "N more" node with what it retains.
 * Each look costs a pass over the heap's nodes (hg_dom_children).
 */
#include "config.h"

#include <stdlib.h>

#include "graph/an_util.h"
#include "graph/dom.h"
#include "graph/picture.h"
#include "graph/store.h"

#define WIDTH_DEFAULT 10u
#define WIDTH_MANY    150u /* where there is room for MANY */
#define MANY	      200u
#define SMALL	      8u /* no child of less than whole / most / SMALL */
#define REFERRERS     4096u

struct grow {
	struct hg_picture *p;
	const struct hg_dom *dom;
	const struct hg_args *args;
	uint32_t width, most;
	uint64_t small;
	size_t cap;
	unsigned char *done; /* per node of the picture */
};

static bool
room(struct grow *t)
{
	size_t cap = t->cap * 2 + 64;
	void *p;

	if (t->p->nnodes < t->cap)
		return true;
	p = ot_realloc_array(t->p->nodes, cap, sizeof(*t->p->nodes));
	if (!p)
		return false;
	t->p->nodes = p;
	p = ot_realloc_array(t->p->edges, cap, sizeof(*t->p->edges));
	if (!p)
		return false;
	t->p->edges = p;
	p = ot_realloc_array(t->done, cap, sizeof(*t->done));
	if (!p)
		return false;
	t->done = p;
	t->cap = cap;
	return true;
}

/*
 * The reference that tells best what n is: from its dominator, else from a
 * module or by a name; HG_NONE: none does.  Of many referrers the first.
 */
static hg_edge
naming_edge(const struct hg_graph *g, hg_node n, hg_node up)
{
	hg_edge best = HG_NONE;
	uint32_t len, i;
	const hg_edge *in = hg_in(g, n, &len);
	unsigned relation;

	for (i = 0; i < len && i < REFERRERS; i++) {
		if (hg_edge_weak(g, in[i]))
			continue;
		if (hg_edge_from(g, in[i]) == up)
			return in[i];
		relation = hg_edge_relation(g, in[i]);
		if (hg_module_of(g, hg_edge_from(g, in[i])) != HG_NONE ||
		    (best == HG_NONE && (relation == OTW_REL_ATTRIBUTE ||
					 relation == OTW_REL_SLOT ||
					 relation == OTW_REL_VALUE)))
			best = in[i];
	}
	return best;
}

/* Below node `up` of the picture; HG_NONE: a start. */
static bool
add(struct grow *t, uint32_t up, struct hg_pic_node n)
{
	struct hg_picture *p = t->p;
	const struct hg_graph *g = p->graph;
	hg_edge edge = HG_NONE;

	if (!room(t))
		return false;
	if (n.node != HG_NONE) {
		n.retained = hg_dom_retained(t->dom, n.node);
		if (hg_dom_is_virtual(t->dom, n.node))
			n.flags |= HG_PIC_VIRTUAL;
		else if (hg_is_root(g, n.node) ||
			 hg_module_of(g, n.node) != HG_NONE)
			n.flags |= HG_PIC_ROOT;
	}
	if (n.node < hg_objects(g)) {
		edge = naming_edge(g, n.node,
				   up == HG_NONE ? HG_NONE : p->nodes[up].node);
		if (edge != HG_NONE &&
		    (up == HG_NONE ||
		     hg_edge_from(g, edge) != p->nodes[up].node)) {
			n.via = (n.flags & HG_PIC_ROOT) == 0 ? edge + 1 : 0;
			edge = HG_NONE;
		}
	}
	if (up != HG_NONE) {
		n.depth = p->nodes[up].depth + 1;
		p->edges[p->nedges++] = (struct hg_pic_edge){
			.from = up,
			.to = (uint32_t)p->nnodes,
			.edge = edge,
			.flags = HG_PIC_KEEPS,
			.bytes = n.retained,
		};
	}
	t->done[p->nnodes] = (n.flags & HG_PIC_MORE) != 0;
	p->nodes[p->nnodes++] = n;
	return true;
}

static bool
add_more(struct grow *t, uint32_t up, uint64_t count, uint64_t retained,
	 unsigned flags)
{
	return count == 0 ||
	       add(t, up, (struct hg_pic_node){
				  .node = HG_NONE,
				  .flags = HG_PIC_MORE | flags,
				  .count = count < UINT32_MAX
						   ? (uint32_t)count
						   : UINT32_MAX,
				  .retained = retained,
			  });
}

static enum ot_status
look_below(struct grow *t, uint32_t at, struct ot_err *err)
{
	const struct hg_pic_node n = t->p->nodes[at];
	uint64_t left = n.retained;
	uint32_t count, total, i;
	enum ot_status st;
	hg_node *list;
	bool ok = true;

	t->done[at] = 1;
	st = hg_dom_children(t->dom, n.node, t->width, &list, &count, &total,
			     err);
	if (st != OT_OK)
		return st;
	if (!hg_dom_is_virtual(t->dom, n.node))
		left -= hg_weight(t->p->graph, n.node) < left
				? hg_weight(t->p->graph, n.node)
				: left;
	for (i = 0; ok && i < count &&
		    hg_dom_retained(t->dom, list[i]) >= t->small; i++) {
		left -= hg_dom_retained(t->dom, list[i]);
		ok = add(t, at, (struct hg_pic_node){ .node = list[i] });
	}
	/* Children of a few bytes explain nothing. */
	if (ok && left >= t->small)
		ok = add_more(t, at, total - i, left, 0);
	free(list);
	return ok ? OT_OK : ot_fail_nomem(err, "a picture");
}

/* The one to look below; HG_NONE: there is none. */
static uint32_t
next(const struct grow *t)
{
	uint32_t best = HG_NONE, i;
	const struct hg_pic_node *n;

	for (i = 0; i < t->p->nnodes; i++) {
		n = &t->p->nodes[i];
		if (t->done[i] || hg_dom_leaf(t->dom, n->node) ||
		    (t->args->depth > 0 && n->depth >= t->args->depth))
			continue;
		if (best == HG_NONE ||
		    n->retained > t->p->nodes[best].retained)
			best = i;
	}
	return best;
}

static int
by_retained(const void *a, const void *b, void *dom)
{
	uint64_t x = hg_dom_retained(dom, *(const hg_node *)a);
	uint64_t y = hg_dom_retained(dom, *(const hg_node *)b);

	return (x < y) - (x > y);
}

static enum ot_status
starts(struct grow *t, const hg_node *start, size_t n, struct ot_err *err)
{
	hg_node *sorted = ot_realloc_array(NULL, n + 1, sizeof(*sorted));
	bool ok = sorted != NULL;
	const unsigned flags = n > 0 ? HG_PIC_START : 0;
	uint64_t whole = 0, left = 0;
	size_t i;

	for (i = 0; ok && i < n; i++)
		sorted[i] = start[i];
	if (ok && n == 0)
		sorted[n++] = hg_dom_node(t->dom, HG_DOM_ALL);
	if (ok)
		qsort_r(sorted, n, sizeof(*sorted), by_retained,
			(void *)(uintptr_t)t->dom);
	for (i = 0; ok && i < n; i++) {
		whole += hg_dom_retained(t->dom, sorted[i]);
		if (i >= t->width)
			left += hg_dom_retained(t->dom, sorted[i]);
		else
			ok = add(t, HG_NONE,
				 (struct hg_pic_node){ .node = sorted[i],
						       .flags = flags });
	}
	if (ok && n > t->width)
		ok = add_more(t, HG_NONE, n - t->width, left, flags);
	t->small = whole / t->most / SMALL + 1;
	free(sorted);
	return ok ? OT_OK : ot_fail_nomem(err, "a picture");
}

static char *
caption(const struct hg_picture *p)
{
	if (p->nodes[0].flags & HG_PIC_VIRTUAL)
		return hg_picture_caption(p, "what keeps most alive");
	return hg_picture_caption(p, "what is kept alive by");
}

enum ot_status
hg_picture_retained(const struct hg_graph *g, const hg_node *start,
		    size_t nstart, uint32_t most, const struct hg_args *args,
		    struct hg_picture **out, struct ot_err *err)
{
	struct grow t = { .args = args, .most = most };
	enum ot_status st;
	uint32_t at;

	*out = NULL;
	t.width = args->max_width ? args->max_width
		  : most > MANY	  ? WIDTH_MANY
				  : WIDTH_DEFAULT;
	t.p = calloc(1, sizeof(*t.p));
	if (!t.p)
		return ot_fail_nomem(err, "a picture");
	t.p->graph = g;
	t.p->across = true;
	st = hg_dom_of(g, args, &t.dom, err);
	if (st == OT_OK)
		st = starts(&t, start, nstart, err);
	while (st == OT_OK && t.p->nnodes < t.most &&
	       (at = next(&t)) != HG_NONE) {
		st = an_check(args, t.p->nnodes, t.most, err);
		if (st == OT_OK)
			st = look_below(&t, at, err);
	}
	if (st == OT_OK) {
		t.p->caption = caption(t.p);
		if (!t.p->caption)
			st = ot_fail_nomem(err, "a picture");
	}
	free(t.done);
	if (st == OT_OK)
		*out = t.p;
	else
		hg_picture_free(t.p);
	return st;
}
