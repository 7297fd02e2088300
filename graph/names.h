/* SPDX-License-Identifier: MIT */
/*
 * names.h - types as the user means them; private to the graph room.
 */
#ifndef HG_NAMES_H
#define HG_NAMES_H

#include "graph/graph.h"

/* Kinds of one full name are one type. */
bool hg_same_type(const struct hg_graph *g, hg_kind a, hg_kind b);

/* All instances of that type in address order; free() the list. */
enum ot_status hg_instances(const struct hg_graph *g, hg_kind kind,
			    hg_node **nodes, uint32_t *n, struct ot_err *err);

#endif
