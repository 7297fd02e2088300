/* SPDX-License-Identifier: MIT */
/*
 * dec.h - decoding a stream from a peer that may lie.
 *
 * Bytes go in as they come (otw_dec_feed), events come out, in order, each
 * value range-checked against the frame it came in: lengths, counts, known
 * enums.  Ids of kinds and names are checked to have been announced.  What
 * cannot be checked here (do edges lead to objects?) is the builder's work.
 * A callback may be NULL; a non-OK status from one stops decoding and is
 * returned by feed.  After an error the decoder refuses all further input.
 */
#ifndef OTW_DEC_H
#define OTW_DEC_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/wire.h"

struct otw_events {
	enum ot_status (*hello)(void *, const struct otw_hello *, struct ot_err *);
	enum ot_status (*begin)(void *, const struct otw_begin *, struct ot_err *);
	enum ot_status (*kind)(void *, const struct otw_kind *, struct ot_err *);
	enum ot_status (*name)(void *, const struct otw_name *, struct ot_err *);
	/* `refs` are the object's nrefs edges, valid during the call */
	enum ot_status (*object)(void *, const struct otw_object *,
				 const struct otw_ref *refs, struct ot_err *);
	enum ot_status (*root)(void *, const struct otw_root *, struct ot_err *);
	enum ot_status (*root_ref)(void *, const struct otw_ref *, struct ot_err *);
	enum ot_status (*count)(void *, const struct otw_count *, struct ot_err *);
	enum ot_status (*pools)(void *, const struct otw_pools *, struct ot_err *);
	enum ot_status (*unseen)(void *, const struct otw_unseen *, struct ot_err *);
	enum ot_status (*progress)(void *, const struct otw_progress *,
				   struct ot_err *);
	enum ot_status (*end)(void *, const struct otw_end *, struct ot_err *);
	enum ot_status (*collector)(void *, const struct otw_collector *,
				    struct ot_err *);
	enum ot_status (*acted)(void *, const struct otw_acted *,
				struct ot_err *);
	enum ot_status (*error)(void *, const struct otw_error *, struct ot_err *);
	enum ot_status (*bye)(void *, struct ot_err *);
	enum ot_status (*exiting)(void *, struct ot_err *);
	enum ot_status (*request)(void *, const struct otw_request *,
				  struct ot_err *);
	enum ot_status (*act)(void *, const struct otw_act *, struct ot_err *);
	/* CANCEL, DETACH, CONTINUE */
	enum ot_status (*control)(void *, enum otw_frame, struct ot_err *);
};

struct otw_dec;

struct otw_dec *otw_dec_new(const struct otw_events *ev, void *ctx);
void otw_dec_free(struct otw_dec *d);

enum ot_status otw_dec_feed(struct otw_dec *d, const void *data, size_t len,
			    struct ot_err *err);

/* True when all bytes fed formed whole frames: false at EOF = truncated. */
bool otw_dec_whole(const struct otw_dec *d);

#endif
