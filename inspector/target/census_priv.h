/* SPDX-License-Identifier: MIT */
/*
 * census_priv.h - inside the census: census.c (counting, rows),
 * census_chunks.c (which memory, read how), census_kinds.c (which addresses
 * are kinds), census_estimate.c (what was not counted).
 */
#ifndef TARGET_CENSUS_PRIV_H
#define TARGET_CENSUS_PRIV_H

#include "inspector/target/census.h"
#include "inspector/target/pool_scan.h"

#define CHUNK_SHIFT	20
#define CHUNK_BYTES	((size_t)1 << CHUNK_SHIFT)
#define CHUNK_PAGES	256u		/* at most, of 4 KiB */
#define CENSUS_NAME	256

/* ---- kinds ---- */

struct census_kind {
	uint64_t addr;
	char *name;
	char *module;		/* NULL: not named by a snapshot */
	uint64_t each;		/* bytes of an instance, at least */
	bool small;		/* every instance lies in a pool */
	/* as a snapshot had them; zero where none did */
	uint64_t truth, bytes, tracked;
	double offset;		/* snapshot minus census, then */
	double offset_error;
	double then;		/* what the census said then */
	/* of the census */
	int64_t sum;		/* over all chunks, as each was last counted */
	double drift, square;	/* census_estimate.c */
	double before;		/* the last whole count, for its speed */
	double now, error;	/* the estimate, without the offset */
};

struct census_kinds {
	struct census_kind *v;
	uint32_t n, cap;
};

/* ---- chunks: memory in units of 1 MiB ---- */

enum chunk_state { CHUNK_NEW, CHUNK_POOLS, CHUNK_NONE };

struct chunk_count {
	uint32_t id, n;
};

struct chunk {
	uint64_t key;		/* address >> CHUNK_SHIFT */
	uint64_t at_us;		/* when it was counted last */
	struct chunk_count *counts;
	uint32_t ncounts;
	uint32_t objects;
	uint32_t changed;	/* sum of differences, the last time */
	uint8_t state;
	bool now;		/* counted this time */
};

struct census {
	pid_t pid;
	int pagemap;
	size_t page;		/* bytes */
	struct pool_rules rules;
	struct census_kinds kinds;
	struct chunk *chunks;	/* by key */
	size_t nchunks;
	struct pool_tally tally;
	uint8_t *buf;		/* CHUNK_BYTES */

	/* of the extrapolation: age of what was looked at again, and how many
	 * chunks that were; both fade */
	double ages, samples;

	uint64_t begun_us, cpu_begun_us;
	uint64_t ticks;
	uint64_t last_whole_ns;	/* info.time_ns of the last whole count */
	bool had_pools;		/* the last time */
	bool rough;		/* see info.rough */
	struct census_info info;
	struct census_row *rows;
	size_t nrows;
	bool (*stop)(void *);
	void *stop_ctx;
};

/* ---- census_kinds.c ---- */

void census_kinds_release(struct census_kinds *k);
/* Copies memory of the process; false where not all of it is there. */
bool census_peek(const struct census *c, uint64_t addr, void *dst, size_t n);
/*
 * The kind at an address, which is looked at unless it is known.  False only
 * without memory; *id is UINT32_MAX where there is no kind.  `name` may be
 * NULL: then it is what the kind calls itself.
 */
bool census_kind_at(struct census *c, uint64_t addr, const char *name,
		    uint32_t *id);
/* A kind that a snapshot knows of and that has no instances in pools. */
bool census_kind_add(struct census *c, uint64_t addr, const char *name,
		     uint32_t *id);
/* Looks at what pool_scan suspects; *found: there were new kinds. */
bool census_suspects(struct census *c, bool *found);

/* ---- census_chunks.c ---- */

/* The chunks there are now; those that are gone are taken from the sums. */
enum ot_status census_chunks_update(struct census *c, struct ot_err *err);
void census_chunks_release(struct census *c);
/* Looks at one, counts what is in it. */
enum ot_status census_chunk(struct census *c, struct chunk *k,
			    struct ot_err *err);

/* ---- census_estimate.c ---- */

void census_fade(struct census *c);
/* A chunk was counted anew: the difference for one kind. */
void census_sample(struct census *c, uint32_t id, double difference,
		   double age);
void census_sampled(struct census *c, double age);
void census_estimate(struct census *c);
/* now and error of all kinds become rows. */
bool census_make_rows(struct census *c);

uint64_t census_now_ns(void);

#endif
