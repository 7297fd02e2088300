/* SPDX-License-Identifier: MIT */
/*
 * The scan: a bitmap of free blocks from the list, then one straight pass.
 *
 * What keeps dead objects from being counted: a block that was freed has a
 * pointer (or zero) where the reference count was, and a dead object in one of
 * the interpreter's own lists a zero or a pointer too; a live one has a small
 * number there.  What keeps arrays of pointers from being counted as objects:
 * the same.  About 4 ns a block once the bytes are here.
 */
#include "config.h"
#include "inspector/target/pool_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* The header, by offset. */
enum {
	AT_COUNT = 0,		/* blocks in use */
	AT_FREE = 8,		/* first of the free list, or 0 */
	AT_ARENA = 32,
	AT_CLASS = 36,		/* block size / 16 - 1 */
	AT_NEXT = 40,		/* offset of the first block never used */
	AT_LAST = 44,		/* the largest that may be */
};

#define FREE_WORDS(bytes) ((bytes) / POOL_ALIGN / 64)
#define POOL_BYTES_MAX	(64u << 10)	/* what the bitmap has room for */
#define ARENAS_MAX	(1u << 26)
#define SUSPECT_TRIES	8u
#define KINDS_FIRST	1024u

static uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* ---- kinds ---- */

static uint32_t
kind_home(uint64_t addr, uint32_t nslots)
{
	return (uint32_t)(addr * 0x9e3779b97f4a7c15u >> 32) & (nslots - 1);
}

static struct pool_slot *
kind_slot(const struct pool_kinds *k, uint64_t addr)
{
	uint32_t i = kind_home(addr, k->nslots);

	while (k->slots[i].addr != 0 && k->slots[i].addr != addr)
		i = (i + 1) & (k->nslots - 1);
	return &k->slots[i];
}

const struct pool_slot *
pool_kinds_get(const struct pool_kinds *k, uint64_t addr)
{
	const struct pool_slot *s;

	if (k->nslots == 0 || addr == 0)
		return NULL;
	s = kind_slot(k, addr);
	return s->addr != 0 ? s : NULL;
}

static bool
kinds_grow(struct pool_kinds *k)
{
	uint32_t n = k->nslots == 0 ? KINDS_FIRST : k->nslots * 2, i;
	struct pool_kinds old = *k;

	if (n < old.nslots)
		return false;
	k->slots = calloc(n, sizeof(*k->slots));
	if (k->slots == NULL) {
		*k = old;
		return false;
	}
	k->nslots = n;
	for (i = 0; i < old.nslots; i++)
		if (old.slots[i].addr != 0)
			*kind_slot(k, old.slots[i].addr) = old.slots[i];
	free(old.slots);
	return true;
}

bool
pool_kinds_put(struct pool_kinds *k, uint64_t addr, uint32_t id, uint32_t pre)
{
	struct pool_slot *s;

	/* a quarter full at most: most look-ups are for what is not there */
	if (k->used * 4 >= k->nslots && !kinds_grow(k))
		return false;
	s = kind_slot(k, addr);
	k->used += s->addr == 0;
	*s = (struct pool_slot){ addr, id, pre };
	return true;
}

void
pool_kinds_release(struct pool_kinds *k)
{
	free(k->slots);
	memset(k, 0, sizeof(*k));
}

/* ---- rules ---- */

uint32_t
pool_pre(const struct otw_pools *w, uint64_t flags)
{
	uint32_t pre = 0;
	size_t i;

	for (i = 0; i < OTW_POOL_HEADS; i++)
		if (flags & w->head[i].mask)
			pre += w->head[i].bytes;
	return pre;
}

static void
add_pre(struct pool_rules *r, uint32_t pre)
{
	uint32_t i = r->npre;

	while (i > 0 && r->pre[i - 1] >= pre) {
		if (r->pre[i - 1] == pre)
			return;
		i--;
	}
	memmove(r->pre + i + 1, r->pre + i, (r->npre - i) * sizeof(r->pre[0]));
	r->pre[i] = pre;
	r->npre++;
}

void
pool_rules_init(struct pool_rules *r, const struct otw_pools *w)
{
	uint32_t set, i;

	memset(r, 0, sizeof(*r));
	r->w = *w;
	r->w.why = (struct otw_str){ "", 0 };
	if (r->w.pool_bytes > POOL_BYTES_MAX)
		r->w.pool_bytes = 0;
	for (set = 0; set < POOL_PRES; set++) {
		uint32_t pre = 0;

		for (i = 0; i < OTW_POOL_HEADS; i++)
			if (set >> i & 1)
				pre += w->head[i].bytes;
		add_pre(r, pre);
	}
}

void
pool_rules_release(struct pool_rules *r)
{
	pool_kinds_release(&r->kinds);
	memset(r, 0, sizeof(*r));
}

/*
 * A count has 32 bits; above them may be flags in the highest 16 (3.14), and
 * between the two a pointer would have its own bits.
 */
bool
pool_count_ok(const struct pool_rules *r, uint64_t v)
{
	return (uint32_t)v != 0 && (v & 0x0000ffff00000000u) == 0 &&
	       v - r->low_from >= r->low_to - r->low_from;
}

/* ---- one pool ---- */

struct pool {
	uint32_t size, next;	/* of a block; behind the last one used */
	uint32_t count;		/* in use, as the header says */
	uint32_t nfree;		/* as the list says */
	uint64_t free[FREE_WORDS(POOL_BYTES_MAX)];	/* by 16 bytes */
};

static bool
read_header(const struct pool_rules *r, const uint8_t *p, struct pool *o)
{
	uint32_t bytes = r->w.pool_bytes, class = load32(p + AT_CLASS);

	if (class >= POOL_BLOCK_MAX / POOL_ALIGN)
		return false;
	o->size = (class + 1) * POOL_ALIGN;
	o->count = load32(p + AT_COUNT);
	o->next = load32(p + AT_NEXT);
	return load32(p + AT_LAST) == bytes - o->size &&
	       o->next >= POOL_HEADER + o->size &&
	       o->next <= bytes &&
	       (o->next - POOL_HEADER) % o->size == 0 &&
	       o->count <= (bytes - POOL_HEADER) / o->size &&
	       load32(p + AT_ARENA) < ARENAS_MAX;
}

bool
pool_header_ok(const struct pool_rules *r, const uint8_t *head, uint32_t *used)
{
	struct pool o;

	if (!read_header(r, head, &o))
		return false;
	*used = o.next;
	return true;
}

/* Marks the free blocks; false: a list that leaves the pool, or a circle. */
static bool
read_free(const struct pool_rules *r, const uint8_t *p, uint64_t addr,
	  struct pool *o)
{
	uint64_t f = load64(p + AT_FREE);

	memset(o->free, 0, FREE_WORDS(r->w.pool_bytes) * sizeof(o->free[0]));
	o->nfree = 0;
	while (f != 0) {
		uint64_t off = f - addr;
		uint64_t bit;

		if (off < POOL_HEADER || off >= o->next || off % POOL_ALIGN)
			return false;
		bit = 1ull << (off / POOL_ALIGN % 64);
		if (o->free[off / POOL_ALIGN / 64] & bit)
			return false;
		o->free[off / POOL_ALIGN / 64] |= bit;
		o->nfree++;
		f = load64(p + off);
	}
	return true;
}

static uint32_t
reject_home(uint64_t addr)
{
	return (uint32_t)(addr * 0x9e3779b97f4a7c15u >> 40) &
	       (POOL_REJECTS - 1);
}

uint64_t *
pool_reject(struct pool_rules *r, uint64_t addr)
{
	return &r->rejects[reject_home(addr)];
}

/* What finds no place is met again when the others are known. */
static void
add_suspect(struct pool_tally *t, uint64_t k)
{
	uint32_t i, at = (uint32_t)(k * 0x9e3779b97f4a7c15u >> 32);

	for (i = 0; i < SUSPECT_TRIES; i++) {
		uint64_t *s = &t->suspect[(at + i) & (POOL_SUSPECTS - 1)];

		if (*s == 0)
			*s = k;
		if (*s == k)
			return;
	}
}

/* A kind's address is a multiple of 8, and a user's. */
static void
suspect(const struct pool_rules *r, const uint8_t *b, uint32_t size,
	struct pool_tally *t)
{
	uint32_t i;

	for (i = 0; i < r->npre; i++) {
		uint32_t pre = r->pre[i];
		uint64_t k;

		if (pre + r->w.kind_at + 8 > size ||
		    pre + r->w.count_at + 8 > size)
			return;
		k = load64(b + pre + r->w.kind_at);
		if (k % 8 == 0 && k >= 0x10000 && k >> 56 == 0 &&
		    pool_count_ok(r, load64(b + pre + r->w.count_at)) &&
		    r->rejects[reject_home(k)] != k &&
		    pool_kinds_get(&r->kinds, k) == NULL)
			add_suspect(t, k);
	}
}

/*
 * Most words that are no kinds are found out by the first slot they look at.
 * Most blocks of a pool are alike: what the block before was is asked first.
 */
static inline const struct pool_slot *
kind_of(const struct pool_rules *r, const uint8_t *b, uint32_t pre)
{
	const struct pool_kinds *k = &r->kinds;
	uint64_t addr = load64(b + pre + r->w.kind_at);
	uint32_t i;

	for (i = kind_home(addr, k->nslots); k->slots[i].addr != addr;
	     i = (i + 1) & (k->nslots - 1))
		if (k->slots[i].addr == 0)
			return NULL;
	return k->slots[i].pre == pre && addr != 0 &&
	       pool_count_ok(r, load64(b + pre + r->w.count_at)) ?
	       &k->slots[i] : NULL;
}

static void
count_one(struct pool_tally *t, uint32_t id, uint32_t n)
{
	if (n == 0 || id >= t->cap)
		return;
	if (t->count[id] == 0)
		t->touched[t->ntouched++] = id;
	t->count[id] += n;
	t->objects += n;
}

static void
count_blocks(const struct pool_rules *r, const uint8_t *p,
	     const struct pool *o, struct pool_tally *t)
{
	const struct pool_slot *s, *before = NULL;
	uint32_t off, npre = 0, run = 0, i;

	/* heads that leave room for the two words we look at */
	while (npre < r->npre &&
	       r->pre[npre] + r->w.kind_at + 8 <= o->size &&
	       r->pre[npre] + r->w.count_at + 8 <= o->size)
		npre++;
	for (off = POOL_HEADER; off + o->size <= o->next; off += o->size) {
		const uint8_t *b = p + off;

		i = off / POOL_ALIGN;
		if (o->free[i / 64] >> (i % 64) & 1)
			continue;
		t->blocks++;
		if (before != NULL &&
		    load64(b + before->pre + r->w.kind_at) == before->addr &&
		    pool_count_ok(r, load64(b + before->pre +
					    r->w.count_at))) {
			run++;
			continue;
		}
		for (i = 0, s = NULL; i < npre && s == NULL; i++)
			s = kind_of(r, b, r->pre[i]);
		if (s == NULL) {
			suspect(r, b, o->size, t);
			continue;
		}
		if (before != NULL)
			count_one(t, before->id, run);
		before = s;
		run = 1;
	}
	if (before != NULL)
		count_one(t, before->id, run);
}

enum pool_state
pool_scan(const struct pool_rules *r, const uint8_t *pool, uint64_t addr,
	  struct pool_tally *t)
{
	uint32_t in_use, blocks;
	struct pool o;

	if (r->w.pool_bytes == 0 || r->kinds.nslots == 0 || !read_header(r, pool, &o))
		return POOL_NONE;
	if (o.count == 0)
		return POOL_FREE;
	if (!read_free(r, pool, addr, &o))
		return POOL_TORN;
	blocks = (o.next - POOL_HEADER) / o.size;
	if (o.nfree > blocks)
		return POOL_TORN;
	in_use = blocks - o.nfree;
	t->moved += in_use > o.count ? in_use - o.count : o.count - in_use;
	count_blocks(r, pool, &o, t);
	return POOL_COUNTED;
}
