/* SPDX-License-Identifier: MIT */
/*
 * What `g` draws: what the view shows.  From the tree of references their
 * graph, from the paths the chains, from anywhere else what refers to the
 * selected object; from a type what refers to its first instances.
 */
#include "config.h"

#include <string.h>

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
	return hg_picture_refs(g, &one, 1,
			       strcmp(view, "refs") != 0 && !hg_is_root(g, one),
			       args, out, err);
}
