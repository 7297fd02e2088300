/* SPDX-License-Identifier: MIT */
/*
 * pool_scan.h - counting the objects in one pool, from a copy of its bytes.
 *
 * A pool is what CPython's obmalloc.c makes: a header of 48 bytes, then blocks
 * of one size, a multiple of 16 up to 512.  Blocks behind `next` were never
 * used; free ones below it form a list through their first words.  What is
 * left is in use: by an object, or by something else (a table of keys, the
 * items of a list).  An object's first words say: a reference count, and the
 * address of its kind, behind as many bytes of head as that kind has.
 *
 * The copy was made while its owner went on: everything in it may be torn, and
 * all of it is hostile.  Nothing outside the given bytes is looked at.
 */
#ifndef TARGET_POOL_SCAN_H
#define TARGET_POOL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

#define POOL_HEADER	48u
#define POOL_ALIGN	16u	/* of blocks; a block's size is a multiple */
#define POOL_BLOCK_MAX	512u
#define POOL_PRES	(1u << OTW_POOL_HEADS)
#define POOL_SUSPECTS	256u	/* powers of two */
#define POOL_REJECTS	4096u

struct pool_slot {
	uint64_t addr;		/* 0: free */
	uint32_t id, pre;	/* pre: bytes of head in front of its objects */
};

/* Known kinds by address: open addressing, at most half full. */
struct pool_kinds {
	struct pool_slot *slots;
	uint32_t nslots, used;	/* nslots: a power of two; 0: none yet */
};

struct pool_rules {
	struct otw_pools w;	/* as the agent said; `why` is not used */
	uint32_t pre[POOL_PRES], npre;	/* possible heads, ascending */
	/* Memory in use below 4 GiB: a number in here is a pointer, and no
	 * reference count.  From == to: none. */
	uint64_t low_from, low_to;
	struct pool_kinds kinds;
	/* What was suspected and is no kind; a table that forgets. */
	uint64_t rejects[POOL_REJECTS];
};

struct pool_tally {
	uint32_t *count;	/* by kind's id; cap entries */
	uint32_t *touched;	/* ids with a count, ntouched; cap entries */
	uint32_t ntouched, cap;
	uint32_t blocks;	/* in use */
	uint32_t objects;	/* of known kinds */
	uint32_t moved;		/* by how many the headers were wrong */
	/* What may be kinds we do not know; 0: nothing. */
	uint64_t suspect[POOL_SUSPECTS];
};

enum pool_state {
	POOL_NONE,		/* no pool */
	POOL_FREE,		/* a pool without a block in use */
	POOL_COUNTED,
	POOL_TORN,		/* a pool that makes no sense: counted is nothing */
};

/* Makes ready the rules for what the agent said; no kinds yet. */
void pool_rules_init(struct pool_rules *r, const struct otw_pools *w);
void pool_rules_release(struct pool_rules *r);

/* Bytes of head in front of objects of a kind with these flags. */
uint32_t pool_pre(const struct otw_pools *w, uint64_t flags);

/* False: no memory.  An address that is known is replaced. */
bool pool_kinds_put(struct pool_kinds *k, uint64_t addr, uint32_t id,
		    uint32_t pre);
void pool_kinds_release(struct pool_kinds *k);
/* NULL: not known. */
const struct pool_slot *pool_kinds_get(const struct pool_kinds *k,
				       uint64_t addr);

/* Where a rejected address stands, or would. */
uint64_t *pool_reject(struct pool_rules *r, uint64_t addr);

/* Could this be a reference count of something alive? */
bool pool_count_ok(const struct pool_rules *r, uint64_t v);

/* Is this a pool's header?  *used: bytes of the pool up to `next`. */
bool pool_header_ok(const struct pool_rules *r, const uint8_t *head,
		    uint32_t *used);

/*
 * One pool: rules->w.pool_bytes bytes copied from `addr`.  Counts are added.
 * The tally must have room for all ids of rules->kinds.
 */
enum pool_state pool_scan(const struct pool_rules *r, const uint8_t *pool,
			  uint64_t addr, struct pool_tally *t);

#endif
