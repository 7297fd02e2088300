/* SPDX-License-Identifier: MIT */
/*
 * What `g` draws: what the view shows.  From a tree of references what is open
 * in it, from the paths the chains, from a cycle that, from anywhere else what
 * refers to the selected object; from a type what refers to its first
 * instances.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/scc.h"
#include "inspector/views/edge_tree.h"
#include "inspector/views/views.h"

#define PICTURE_INSTANCES 10	/* of a type */

static enum ot_status
picture_chains(const struct hg_graph *g, hg_node n, const struct hg_args *args,
	       struct hg_picture **out, struct ot_err *err)
{
	struct hg_chains chains = { NULL, NULL, 0 };
	enum ot_status st = hg_chains_find(g, n, args, &chains, err);

	if (st == OT_OK && chains.n == 0)
		st = ot_fail(err, OT_FAILED,
			     "no root leads to it: there is no path to draw");
	if (st == OT_OK)
		st = hg_picture_chains(g, (const hg_edge *const *)chains.edges,
				       chains.lens, chains.n, out, err);
	hg_chains_free(&chains);
	return st;
}

static int
picture_compare(const void *a, const void *b)
{
	hg_node x = *(const hg_node *)a, y = *(const hg_node *)b;

	return (x > y) - (x < y);
}

/* The objects of the shortest cycle, and all edges between them. */
static enum ot_status
picture_cycle(const struct hg_graph *g, hg_node n, const struct hg_args *args,
	      struct hg_picture **out, struct ot_err *err)
{
	enum ot_status st;
	hg_edge *edges;
	hg_node *nodes;
	uint32_t len, i;

	st = hg_cycle_through(g, n, args, &edges, &len, err);
	if (st == OT_OK && len == 0)
		st = ot_fail(err, OT_FAILED, "it is in no cycle to draw");
	nodes = ot_realloc_array(NULL, len + 1u, sizeof(*nodes));
	if (st == OT_OK && nodes == NULL)
		st = ot_fail_nomem(err, "a picture");
	if (st == OT_OK) {
		for (i = 0; i < len; i++)
			nodes[i] = hg_edge_to(g, edges[i]);
		qsort(nodes, len, sizeof(*nodes), picture_compare);
		st = hg_picture_component(g, nodes, len, n, args, out, err);
	}
	free(edges);
	free(nodes);
	return st;
}

enum ot_status
view_picture(const struct hg_graph *g, const char *view,
	     const struct ui_subject *s, const struct hg_args *args,
	     struct hg_picture **out, struct ot_err *err)
{
	const hg_node *nodes;
	uint32_t n = 1;
	hg_kind k;
	hg_node one;

	if (s->kind == UI_SUBJECT_TYPE) {
		k = view_kind(g, s);
		nodes = k == HG_NONE ? NULL : hg_kind_nodes(g, k, &n);
		if (nodes == NULL || n == 0)
			return ot_fail(err, OT_FAILED,
				       "%s has no instance in this sample",
				       s->name);
		if (n > PICTURE_INSTANCES)
			n = PICTURE_INSTANCES;
		return hg_picture_refs(g, nodes, n, true, args, out, err);
	}
	one = view_node(g, s);
	if (one == HG_NONE)
		return ot_fail(err, OT_FAILED,
			       "it is not in this sample any more");
	if (strcmp(view, "paths") == 0)
		return picture_chains(g, one, args, out, err);
	if (strcmp(view, "cycle") == 0)
		return picture_cycle(g, one, args, out, err);
	return hg_picture_refs(g, &one, 1,
			       strcmp(view, "refs") != 0 && !hg_is_root(g, one),
			       args, out, err);
}

enum ot_status
view_picture_open(const struct ui_view *v, struct hg_picture **out,
		  struct ot_err *err)
{
	*out = NULL;
	if (v == NULL || (v->def->ops->where & UI_WHERE_REFS) == 0 ||
	    v->problem[0] != '\0')
		return OT_OK;
	return edge_tree_picture(v->state, out, err);
}
