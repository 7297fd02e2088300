/* SPDX-License-Identifier: MIT */
/*
 * pauses.h - collections as they happen: a ring in the target's memory.
 *
 * It is written by a callback of the agent's, under the interpreter's lock,
 * and read from outside through /proc/PID/mem, so that nobody has to be woken
 * for it and no thread of ours need live there.  It is the agent's private
 * memory: a child of fork() has a copy of its own.
 *
 * `written` counts up after a slot is filled; slot i holds pause i modulo the
 * number of slots, so who reads `written` before and after the slots knows
 * which of them may have been written over meanwhile.
 *
 * `seen` is written from outside: CLOCK_MONOTONIC when somebody last looked.
 * After OTW_PAUSE_LEASE_NS without, the callback has itself taken out.
 */
#ifndef OTW_PAUSES_H
#define OTW_PAUSES_H

#include <stdint.h>

#define OTW_PAUSES_MAGIC	0x3170676e69726770u
#define OTW_PAUSE_SLOTS		512u
#define OTW_PAUSE_LEASE_NS	10000000000u

struct otw_pause {
	uint64_t start_ns, stop_ns;	/* CLOCK_MONOTONIC */
	uint64_t generation;
	uint64_t collected, uncollectable;
};

struct otw_pauses_head {
	uint64_t magic;
	uint64_t size;		/* of the whole */
	uint64_t seen;
	uint64_t written;
	uint64_t over;		/* not 0: taken out, nothing will follow */
};

struct otw_pauses {
	struct otw_pauses_head head;
	struct otw_pause slot[OTW_PAUSE_SLOTS];
};

#endif
