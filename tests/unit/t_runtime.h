/* SPDX-License-Identifier: MIT */
/*
 * t_runtime.h - what a stream held, in figures.
 */
#ifndef T_RUNTIME_H
#define T_RUNTIME_H

#include <check.h>

#include "wire/dec.h"

struct t_seen {
	uint32_t hellos, begins, kinds, names, objects, roots, root_refs;
	uint32_t progresses, unseens, ends, byes, exitings, errors;
	uint64_t refs, tracked, bytes, texts, named_refs, weak_refs;
	uint64_t counted, counted_bytes, counted_tracked;
	uint64_t addr_sum;		/* of objects and of targets */
	struct otw_begin begin;
	struct otw_end end;
	uint32_t code;			/* of the last ERROR */
	char message[512];
	char runtime[32], command[512];
};

extern const struct otw_events t_seen_events;

TCase *t_runtime_agent(void);
TCase *t_runtime_headroom(void);
TCase *t_runtime_preload(void);

#endif
