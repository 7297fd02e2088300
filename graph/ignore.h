/* SPDX-License-Identifier: MIT */
/*
 * ignore.h - `--ignore EDGE` and `--exclude-weak`; private to the graph room.
 *
 * A word is a label ("['cache']", ".parent", or the bare name), a type, whose
 * objects are not gone through, the address of such an object, or a label of a type's objects only:
 * "Session.parent".
 */
#ifndef HG_IGNORE_H
#define HG_IGNORE_H

#include "graph/analysis.h"

struct hg_ignore;

/* *out is NULL where nothing is to be ignored: hg_ignored() takes that. */
enum ot_status hg_ignore_new(const struct hg_graph *g,
			     const struct hg_args *args, struct hg_ignore **out,
			     struct ot_err *err);
void hg_ignore_free(struct hg_ignore *ig); /* NULL ok */

/* Is e, out of `from`, not to be followed to (or back to) `far`? */
bool hg_ignored(struct hg_ignore *ig, hg_edge e, hg_node from, hg_node far);

/*
 * The edges out of (or, if back, into) a node, most telling first: from
 * roots, then what the program wrote, then keys, classes, weak ones.
 */
struct hg_near {
	const struct hg_graph *g;
	hg_node node;
	bool back;
	unsigned rank;
	uint32_t at;
};

void hg_near_init(struct hg_near *it, const struct hg_graph *g, hg_node n,
		  bool back);
/* The next edge and the node at its other end; false: no more. */
bool hg_near_next(struct hg_near *it, hg_edge *e, hg_node *far);

#endif
