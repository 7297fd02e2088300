/* SPDX-License-Identifier: MIT */
/*
 * uncollectable.h - what the collector found and could not free; private to
 * the graph room.
 */
#ifndef HG_UNCOLLECTABLE_H
#define HG_UNCOLLECTABLE_H

#include "graph/dom.h"

/*
 * The list gc.garbage, or HG_NONE: what a module called gc has under the name
 * garbage.
 */
hg_node hg_uncollectable_list(const struct hg_graph *g);

/*
 * A bit a node: that list, and what it alone keeps alive.  NULL in *bits
 * where there is no list or nothing in it.
 */
enum ot_status hg_uncollectable(const struct hg_dom *d, unsigned char **bits,
				struct ot_err *err);

#endif
