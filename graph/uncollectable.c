/* SPDX-License-Identifier: MIT */
/*
 * uncollectable.c - what is in gc.garbage: objects with finalizers of the old
 * kind in a cycle, and everything where the program asked for it
 * (gc.DEBUG_SAVEALL).  They are reachable, through that list alone.
 */
#include "config.h"

#include "graph/uncollectable.h"

#include <string.h>

#include "graph/store.h"

/* What n refers to by the name; HG_NONE: nothing. */
static hg_node
named(const struct hg_graph *g, hg_node n, const char *name)
{
	hg_edge e, end = hg_out(g, n + 1);
	const char *s;
	size_t len;

	for (e = hg_out(g, n); e < end; e++) {
		s = hg_edge_relation(g, e) == OTW_REL_KEY
			    ? NULL
			    : hg_edge_name(g, e, &len);
		if (s && len == strlen(name) && memcmp(s, name, len) == 0)
			return hg_edge_to(g, e);
	}
	return HG_NONE;
}

hg_node
hg_uncollectable_list(const struct hg_graph *g)
{
	hg_node r, module, list = HG_NONE;
	hg_edge e;

	for (r = hg_objects(g); r < hg_nodes(g) && list == HG_NONE; r++) {
		if (hg_root_kind(g, r) != OTW_ROOT_MODULE ||
		    strcmp(hg_root_name(g, r), "gc") != 0 ||
		    hg_out(g, r) == hg_out(g, r + 1))
			continue;
		module = hg_edge_to(g, hg_out(g, r));
		list = named(g, module, "garbage");
		/* a module keeps its names in a dict */
		for (e = hg_out(g, module);
		     list == HG_NONE && e < hg_out(g, module + 1); e++)
			list = named(g, hg_edge_to(g, e), "garbage");
	}
	return list;
}

enum ot_status
hg_uncollectable(const struct hg_dom *d, unsigned char **bits,
		 struct ot_err *err)
{
	const struct hg_graph *g = hg_dom_graph(d);
	hg_node list = hg_uncollectable_list(g);

	*bits = NULL;
	if (list == HG_NONE || hg_dom_leaf(d, list))
		return OT_OK;
	return hg_dom_below(d, &list, 1, bits, err);
}
