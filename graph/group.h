/* SPDX-License-Identifier: MIT */
/*
 * group.h - objects in groups: `types --by`; private to the graph room.
 */
#ifndef HG_GROUP_H
#define HG_GROUP_H

#include "graph/analysis.h"

/* Tells who holds an object, in words and as a number to compare. */
struct hg_owners {
	const struct hg_graph *g;
	int64_t dict_name; /* id of the name "__dict__", -1: there is none */
};

void hg_owners_init(struct hg_owners *o, const struct hg_graph *g);

/*
 * The owner: what holds n as its namespace, else as an attribute, else as a
 * global, else in any other way.  Objects with the same number are owned the
 * same way.  The number of the type is part of it.
 */
uint64_t hg_owner_key(const struct hg_owners *o, hg_node n);
/* "dict of Session", "list of Session.items", "str of dict (key)". */
void hg_owner_text(const struct hg_owners *o, hg_node n, struct ot_buf *out);

/* All kinds of referrers with their relations, in no order of theirs. */
uint64_t hg_referrers_key(const struct hg_owners *o, hg_node n);
/* "dict of module (value), list (item)"; raw, as names are. */
void hg_referrers_text(const struct hg_owners *o, hg_node n,
		       struct ot_buf *out);

/* A row a group: count, bytes, share, and what makes the group. */
enum ot_status hg_group_table(const struct hg_graph *g,
			      const struct hg_args *args,
			      struct ot_table **out, struct ot_err *err);

#endif
