/* SPDX-License-Identifier: MIT */
/*
 * gc.h - the parts of `gc` that watches and acts, and of `record`.
 */
#ifndef CMD_GC_H
#define CMD_GC_H

#include "inspector/cmd/cmd.h"
#include "inspector/target/pauses.h"

/* ---- gc_watch.c ---- */

#define GC_GENERATIONS	3
#define GC_BUCKETS	16	/* powers of two from 64 us up, and the rest */

/* What is kept of pauses: all of their lengths, up to some million. */
struct gc_tally {
	uint64_t *pause_ns[GC_GENERATIONS];
	size_t n[GC_GENERATIONS], cap[GC_GENERATIONS];
	uint64_t total_ns[GC_GENERATIONS];
	uint64_t collected[GC_GENERATIONS], uncollectable[GC_GENERATIONS];
	uint64_t missed;
	uint64_t since_us, until_us;
	bool failed;		/* memory ran out */
};

void gc_tally_release(struct gc_tally *t);
void gc_tally_add(struct gc_tally *t, const struct otw_pause *p);

/* A row for each generation with percentiles, share and histogram. */
struct ot_table *gc_tally_table(struct gc_tally *t);

/* p of sorted lengths, 0 to 100: the smallest that p % are not above. */
uint64_t gc_percentile(const uint64_t *sorted, size_t n, unsigned p);

/*
 * Watches until Ctrl-C or --for; prints each pause where the output is text.
 * `t` NULL: from outside, p is given.
 */
enum ot_status gc_watch(const struct cmd *c, struct target_pauses *p,
			struct gc_tally *tally, struct ot_err *err);

/* Waits, a step of it; false: it is over (Ctrl-C, --for). */
bool gc_go_on(const struct cmd *c, uint64_t since_us, unsigned ms);

/* ---- gc_freed.c ---- */

/* Types that have fewer objects, most first: type, before, after, freed. */
enum ot_status gc_freed(const struct hg_graph *before,
			const struct hg_graph *after, struct ot_table **out,
			struct ot_err *err);

#endif
