/* SPDX-License-Identifier: MIT */
/*
 * unreached.h - what to say of an object that no root reaches.
 */
#ifndef HG_UNREACHED_H
#define HG_UNREACHED_H

#include "graph/graph.h"

/*
 * Appends one line: "garbage ..." where everything that holds it, however
 * indirectly, is explained by edges among garbage; "held from C ..." where
 * one of the holders has more references than edges explain.  Escaped.
 */
void hg_unreached_say(const struct hg_graph *g, hg_node n, struct ot_buf *out);

/* References to n that no strong edge explains; 0: none, or not known. */
int64_t hg_unexplained(const struct hg_graph *g, hg_node n);

#endif
