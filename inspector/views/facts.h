/* SPDX-License-Identifier: MIT */
/*
 * facts.h - what is known of one node, in a few lines.
 *
 * Taken from the `show` analysis, so that the view and the command say the
 * same.
 */
#ifndef VIEWS_FACTS_H
#define VIEWS_FACTS_H

#include "graph/graph.h"

struct view_facts {
	char head[512];		/* type, address, text; escaped */
	char size[256];		/* module, bytes, generation, flags */
	char refs[256];		/* refcount and what explains it */
};

/* Of any node; what cannot be said is "". */
void view_facts_of(const struct hg_graph *g, hg_node n,
		   struct view_facts *out);

#endif
