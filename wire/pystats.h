/* SPDX-License-Identifier: MIT */
/*
 * pystats.h - CPython 3.15's own record of its collections.
 *
 * struct gc_stats (pycore_interp_structs.h): for each generation a ring of
 * the last collections with the index of the last one, then a number that
 * changes with each.  The agent reads it in the clone, the inspector from
 * outside; both compare its size with what the runtime says it is.
 */
#ifndef OTW_PYSTATS_H
#define OTW_PYSTATS_H

#include <stdint.h>

struct otw_pystats_item {
	int64_t start_ns, stop_ns;	/* CLOCK_MONOTONIC */
	uint64_t collections;		/* these three: totals so far */
	uint64_t collected, uncollectable;
	uint64_t candidates;
	double seconds;			/* total so far */
	uint64_t heap_size;
};

#define OTW_PYSTATS_YOUNG	11u	/* items of the youngest generation, */
#define OTW_PYSTATS_OLD		3u	/* of each of the others */

struct otw_pystats {
	struct otw_pystats_item young[OTW_PYSTATS_YOUNG];
	int64_t young_index;		/* its lowest byte */
	struct {
		struct otw_pystats_item item[OTW_PYSTATS_OLD];
		int64_t index;		/* its lowest byte */
	} old[2];
	uint64_t update;
};
_Static_assert(sizeof(struct otw_pystats) == 1120, "sizeof(struct gc_stats)");

static inline unsigned
otw_pystats_slots(unsigned generation)
{
	return generation == 0 ? OTW_PYSTATS_YOUNG : OTW_PYSTATS_OLD;
}

static inline const struct otw_pystats_item *
otw_pystats_items(const struct otw_pystats *s, unsigned generation)
{
	return generation == 0 ? s->young : s->old[generation - 1].item;
}

/* The slot written last; or -1 for nonsense. */
static inline int
otw_pystats_last(const struct otw_pystats *s, unsigned generation)
{
	int64_t v = generation == 0 ? s->young_index :
		s->old[generation - 1].index;
	int8_t i = (int8_t)(v & 0xff);

	return i >= 0 && (unsigned)i < otw_pystats_slots(generation) ? i : -1;
}

#endif
