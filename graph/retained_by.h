/* SPDX-License-Identifier: MIT */
/*
 * retained_by.h - what groups of objects retain together; private to the
 * graph room.
 */
#ifndef HG_RETAINED_BY_H
#define HG_RETAINED_BY_H

#include "graph/dom.h"

/*
 * For groups of kinds (group_of[kind], HG_NONE: in no group): what all objects
 * of a group retain, as bytes[] and objects in count[]; either may be NULL.
 * Counted are those with no other of the group above them in the tree, so
 * nothing counts twice inside a group.  Scratch: 8 bytes an object.
 */
enum ot_status hg_retained_of_kinds(const struct hg_dom *d,
				    const uint32_t *group_of, uint32_t ngroups,
				    uint64_t *bytes, uint64_t *count,
				    const struct hg_args *args,
				    struct ot_err *err);

/* The table of `retained --by`. */
enum ot_status hg_retained_by(const struct hg_dom *d,
			      const struct hg_args *args,
			      struct ot_table **out, struct ot_err *err);

#endif
