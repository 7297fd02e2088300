/* SPDX-License-Identifier: MIT */
/*
 * census.h - counts of objects by kind, read from outside while the process
 * runs: nothing is stopped, nothing is allocated in it, no page of it is
 * touched that is not in memory.
 *
 *	census_open(t, &c, err)		refuses where it cannot be done
 *	census_count(c, 0, err)
 *	target_snapshot(t, ...)
 *	census_learn(c, ...)		what the snapshot counted: names, and
 *					how far the census is off; the better
 *					for the count just before
 *	census_count(c, budget, err)	again and again
 *	census_rows(c, &n), census_info(c)
 *
 * A budget that does not reach for everything counts the memory that is new,
 * then what changed most lately, then what was looked at the longest ago, and
 * extrapolates; every figure says how far it may be off.
 *
 * What it cannot see (objects above 512 bytes, static ones) is taken from the
 * last snapshot and stays as it was then.  One thread at a time.
 */
#ifndef TARGET_CENSUS_H
#define TARGET_CENSUS_H

#include "inspector/target/target.h"

struct census;

struct census_row {
	uint64_t addr;		/* of the kind */
	const char *name;	/* full name; of a kind no snapshot has seen
				 * what it calls itself.  Until the next call */
	const char *module;	/* NULL: no snapshot has seen this kind yet */
	uint64_t count, bytes, tracked;	/* the last two: by averages */
	uint64_t error;		/* of count, either way, two standard errors */
	bool estimated;		/* not counted just now, or not wholly */
};

struct census_info {
	uint64_t time_ns;	/* Unix time of its middle */
	uint64_t took_us, cpu_us;	/* of the last count */
	uint64_t read_bytes;
	uint64_t objects, error;	/* all rows together */
	bool whole;		/* everything was counted, nothing estimated */
	uint32_t chunks, counted;	/* MiB with pools, and this time */
	uint32_t pools;		/* counted this time */
	uint32_t torn;		/* changed too fast, were left out */
	uint32_t absent;	/* swapped out, were left out */
	uint32_t moved;		/* blocks that changed while being read */
	uint32_t unnamed;	/* kinds that no snapshot has seen */
	bool rough;		/* too much moved to learn from the snapshot:
				 * another, soon after a count, would help */
};

/* What a snapshot says of one kind. */
struct census_truth {
	uint64_t addr;
	const char *name, *module;	/* copied */
	uint64_t count, bytes, tracked;
};

/*
 * Where no snapshot has told yet where objects lie (POOLS frame), the agent is
 * asked for that alone, for which the target is held some 100 us.
 * OT_REFUSED: it cannot be done here; err->msg ends with "(WORD)", a short
 * word for a header line, see census_word().  t stays the caller's.
 */
enum ot_status census_open(struct target *t, struct census **out,
			   struct ot_err *err);
void census_close(struct census *c);

/* "no right" of a message of census_open or census_learn; "" without one. */
void census_word(const struct ot_err *err, char *dst, size_t cap);

/*
 * Counts everything (twice, where no count from before the snapshot is at
 * hand) and compares; `time_ns` is when the snapshot held the heap.
 * OT_REFUSED: the two have so little in common that the census is of no use.
 */
enum ot_status census_learn(struct census *c, const struct census_truth *v,
			    size_t n, uint64_t time_ns, struct ot_err *err);

/* `budget_us` of our CPU time; 0: everything, whatever it takes. */
enum ot_status census_count(struct census *c, uint64_t budget_us,
			    struct ot_err *err);

/* Asked now and then by a count; true ends it early with OT_INTERRUPTED. */
void census_stop_when(struct census *c, bool (*stop)(void *), void *ctx);

/* In no order; kinds without an instance are left out. */
const struct census_row *census_rows(const struct census *c, size_t *n);
const struct census_info *census_info(const struct census *c);

#endif
