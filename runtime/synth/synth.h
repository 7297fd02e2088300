/* SPDX-License-Identifier: MIT */
/*
 * synth.h - a heap that is not there: deterministic, of any size, with all
 * that a real one has.  For tests of everything but CPython.
 *
 * It looks like a small shop.  Root `module shop.cache` holds a dict with the
 * list `sessions`; each shop.models.Session has a token (str), a user (dict)
 * and a Cart that refers back to it (a cycle), the Cart a list of two tuples.
 * Every tenth Session is not in the list: garbage, but watched by a weak
 * reference.  Session 8k and 8k+1 are each other's peer.  A frame root holds
 * Session 0 as local `session`.  What is left of the number asked for are
 * ints in one list, `shop.numbers`.  One reference leads to no object.
 */
#ifndef SYNTH_H
#define SYNTH_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "runtime/include/objtop.h"

#define SYNTH_FIXED	24u	/* objects that are always there */
#define SYNTH_GROUP	10u	/* objects of one session */
#define SYNTH_BASE	0x7f5500000000u	/* address of object 0 */
#define SYNTH_STEP	64u	/* object i is at SYNTH_BASE + i * SYNTH_STEP */
#define SYNTH_NOWHERE	0x7f54deadbee8u	/* referred to, never reported */

/* How many of each a heap of `nobjects` has. */
struct synth_shape {
	uint32_t objects;	/* at least SYNTH_FIXED */
	uint32_t sessions, garbage_sessions, numbers;
};

struct synth_shape synth_shape(uint32_t nobjects);

/* Valid until the next call; not for several threads. */
const struct objtop_provider *objtop_synth(uint32_t nobjects);

/* Address of part 0..SYNTH_GROUP-1 of session i; part 0 is the Session. */
uint64_t synth_session(uint32_t i, uint32_t part);

/* A whole stream, HELLO to END, as an agent would send it. */
enum ot_status synth_stream(uint32_t nobjects, uint32_t want,
			    struct ot_buf *out, struct ot_err *err);

#endif
