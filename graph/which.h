/* SPDX-License-Identifier: MIT */
/*
 * which.h - `-f EXPR` and `--highlight EXPR` asked of one object at a time;
 * private to the graph room.
 */
#ifndef HG_WHICH_H
#define HG_WHICH_H

#include "graph/graph.h"

struct hg_which;

/*
 * The expression of base/filter.h over the columns type, text, bytes,
 * refcount, generation, address and retained (where it is known).  *out is
 * NULL where expr is: hg_which() takes that, and says yes.
 */
enum ot_status hg_which_new(const struct hg_graph *g, const char *expr,
			    struct hg_which **out, struct ot_err *err);
bool hg_which(struct hg_which *w, hg_node n);
void hg_which_free(struct hg_which *w); /* NULL ok */

#endif
