/* SPDX-License-Identifier: MIT */
/*
 * builder.h - from the events of a stream to a graph.  The only part of the
 * graph room that sees the wire.
 *
 * Tolerates what a hostile or broken stream may send: edges to nowhere (counted
 * as unseen), objects reported twice (the first wins), an early end.
 */
#ifndef HG_BUILDER_H
#define HG_BUILDER_H

#include "graph/graph.h"
#include "wire/dec.h"

struct hg_builder;

struct hg_builder *hg_builder_new(void);	/* NULL: no memory */
void hg_builder_free(struct hg_builder *b);	/* NULL ok */

/* The callbacks to give to otw_dec_new, with the builder as context. */
const struct otw_events *hg_builder_events(void);

/* True after END came in; further snapshots on the stream start over. */
bool hg_builder_done(const struct hg_builder *b);

/* The last progress seen; both 0 before the first. */
void hg_builder_progress(const struct hg_builder *b, uint64_t *done,
			 uint64_t *estimate);

/*
 * Makes the graph; `whole` false marks it as cut short.  The builder is empty
 * again afterwards (HELLO is kept, so the next snapshot can follow).
 */
enum ot_status hg_builder_finish(struct hg_builder *b, bool whole,
				 struct hg_graph **out, struct ot_err *err);

#endif
