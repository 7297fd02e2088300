/* SPDX-License-Identifier: MIT */
/*
 * The memory of the process in chunks of 1 MiB, and how one is read.
 *
 * Which memory can hold pools comes from maps: private, anonymous, writable.
 * Which of its pages are in memory comes from pagemap, and only those are
 * read: a page that was never touched or is swapped out would come into being
 * by our looking at it.  A chunk that is not known to hold pools is asked at
 * the 256 (or 64) places where one could begin; only if one does is it read,
 * in one call.  About 100 us a chunk with pools (85 of them the kernel's
 * copy), 10 to 40 without.
 */
#include "config.h"
#include "inspector/target/census_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/target/proc.h"

#define MAPPING_MAX	(256ull << 30)	/* more: reserved, not used */
#define CHUNKS_MAX	(16u << 20)
#define LOW_END		(4ull << 30)
#define TRIES		4		/* of a torn pool, of a chunk */
#define PRESENT		(1ull << 63)
#define SHARED		(1ull << 61)	/* a file's, or shared memory */
#define SWAPPED		(1ull << 62)

/* ---- which ---- */

static bool
may_hold_pools(const struct proc_map *m)
{
	return m->perm[0] == 'r' && m->perm[1] == 'w' && m->perm[3] == 'p' &&
		m->ino == 0 && m->end - m->start <= MAPPING_MAX &&
		(m->path[0] == '\0' || strncmp(m->path, "[anon:", 6) == 0);
}

/* Pointers below 4 GiB look like counts: where could they point? */
static void
low_memory(struct census *c, const struct proc_maps *maps)
{
	size_t i;

	c->rules.low_from = c->rules.low_to = 0;
	for (i = 0; i < maps->n && maps->v[i].start < LOW_END; i++) {
		if (c->rules.low_to == 0)
			c->rules.low_from = maps->v[i].start;
		c->rules.low_to = maps->v[i].end < LOW_END ? maps->v[i].end :
							      LOW_END;
	}
}

static size_t
count_chunks(const struct proc_maps *maps)
{
	size_t i, n = 0;

	for (i = 0; i < maps->n; i++)
		if (may_hold_pools(&maps->v[i]))
			n += ((maps->v[i].end - 1) >> CHUNK_SHIFT) -
			     (maps->v[i].start >> CHUNK_SHIFT) + 1;
	return n;
}

/* The chunk is empty from now on. */
static void
forget(struct census *c, struct chunk *k)
{
	uint32_t i;

	for (i = 0; i < k->ncounts; i++)
		c->kinds.v[k->counts[i].id].sum -= k->counts[i].n;
	free(k->counts);
	k->counts = NULL;
	k->ncounts = k->objects = 0;
}

void
census_chunks_release(struct census *c)
{
	size_t i;

	for (i = 0; i < c->nchunks; i++)
		forget(c, &c->chunks[i]);
	free(c->chunks);
	c->chunks = NULL;
	c->nchunks = 0;
}

/* Both are in the order of addresses. */
static size_t
merge(struct census *c, const struct proc_maps *maps, struct chunk *out)
{
	size_t i, n = 0, old = 0;
	uint64_t key, end;

	for (i = 0; i < maps->n; i++) {
		if (!may_hold_pools(&maps->v[i]))
			continue;
		key = maps->v[i].start >> CHUNK_SHIFT;
		end = (maps->v[i].end - 1) >> CHUNK_SHIFT;
		if (n > 0 && out[n - 1].key == key)
			key++;
		for (; key <= end; key++) {
			while (old < c->nchunks && c->chunks[old].key < key)
				forget(c, &c->chunks[old++]);
			if (old < c->nchunks && c->chunks[old].key == key)
				out[n] = c->chunks[old++];
			else
				out[n] = (struct chunk){ .key = key };
			out[n++].now = false;
		}
	}
	while (old < c->nchunks)
		forget(c, &c->chunks[old++]);
	return n;
}

static enum ot_status
gone(const struct census *c, struct ot_err *err)
{
	if (errno == EPERM || errno == EACCES)
		return ot_fail(err, OT_REFUSED, "the memory of PID %d may not "
			       "be read any more (no right)", (int)c->pid);
	return ot_fail(err, OT_FAILED, "PID %d has ended", (int)c->pid);
}

enum ot_status
census_chunks_update(struct census *c, struct ot_err *err)
{
	struct proc_maps maps;
	struct chunk *v;
	size_t n;

	if (!proc_maps_read(c->pid, &maps))
		return gone(c, err);
	if (maps.n == 0) {	/* a zombie */
		proc_maps_release(&maps);
		errno = ESRCH;
		return gone(c, err);
	}
	low_memory(c, &maps);
	n = count_chunks(&maps);
	if (n > CHUNKS_MAX) {
		proc_maps_release(&maps);
		return ot_fail(err, OT_REFUSED, "PID %d maps too much memory "
			       "for a census (too large)", (int)c->pid);
	}
	v = malloc((n + 1) * sizeof(*v));
	if (v != NULL)
		n = merge(c, &maps, v);
	proc_maps_release(&maps);
	if (v == NULL)
		return ot_fail_nomem(err, "the map of the heap");
	free(c->chunks);
	c->chunks = v;
	c->nchunks = n;
	return OT_OK;
}

/* ---- reading one ---- */

enum page_state {
	PAGE_EMPTY,		/* never touched: zeros */
	PAGE_HERE,
	PAGE_AWAY,		/* swapped out, or a file's */
};

struct pages {
	uint8_t at[CHUNK_PAGES];	/* enum page_state */
	uint32_t n, shift;	/* pages in a chunk; page size as a power */
};

static bool
read_pagemap(const struct census *c, uint64_t key, struct pages *p)
{
	uint64_t v[CHUNK_PAGES];
	uint32_t i;
	ssize_t got;

	p->n = (uint32_t)(CHUNK_BYTES / c->page);
	for (p->shift = 12; (size_t)1 << p->shift < c->page; p->shift++)
		;
	got = pread(c->pagemap, v, p->n * sizeof(v[0]),
		    (off_t)(key * p->n * sizeof(v[0])));
	if (got < 0)
		return false;
	for (i = 0; i < p->n; i++) {
		bool known = (i + 1) * sizeof(v[0]) <= (size_t)got;

		p->at[i] = !known || v[i] & (SWAPPED | SHARED) ? PAGE_AWAY :
			   v[i] & PRESENT ? PAGE_HERE : PAGE_EMPTY;
	}
	return true;
}

/*
 * Pages that hold bytes from..to of the chunk: is none of them away?  Where a
 * program has not touched a block that it has, zeros are put.
 */
static bool
pages_here(const struct census *c, const struct pages *p, uint32_t from,
	   uint32_t to)
{
	uint32_t i;

	for (i = from >> p->shift; i <= (to - 1) >> p->shift; i++) {
		if (p->at[i] == PAGE_AWAY)
			return false;
		if (p->at[i] == PAGE_EMPTY)
			memset(c->buf + ((size_t)i << p->shift), 0, c->page);
	}
	return true;
}

/* Asks where pools could begin: does one? */
static bool
probe(const struct census *c, uint64_t base, const struct pages *p)
{
	const uint32_t step = c->rules.w.pool_bytes;
	uint8_t heads[CHUNK_BYTES / 4096][POOL_HEADER];
	struct iovec from[CHUNK_BYTES / 4096], to;
	uint32_t off, n = 0, i, used;
	ssize_t got;

	for (off = 0; off < CHUNK_BYTES; off += step) {
		if (p->at[off >> p->shift] != PAGE_HERE || n == CHUNK_BYTES / 4096)
			continue;
		from[n].iov_base = (void *)(uintptr_t)(base + off);
		from[n++].iov_len = POOL_HEADER;
	}
	if (n == 0)
		return false;
	to.iov_base = heads;
	to.iov_len = n * POOL_HEADER;
	got = process_vm_readv(c->pid, &to, 1, from, n, 0);
	for (i = 0; got > 0 && i < (size_t)got / POOL_HEADER; i++)
		if (pool_header_ok(&c->rules, heads[i], &used))
			return true;
	return false;
}

/* Copies the pages that are here; what was not copied is away. */
static bool
read_pages(struct census *c, uint64_t base, struct pages *p)
{
	struct iovec from[CHUNK_PAGES], to[CHUNK_PAGES];
	uint32_t i, n = 0;
	ssize_t got;
	size_t left;

	for (i = 0; i < p->n; i++) {
		if (p->at[i] != PAGE_HERE)
			continue;
		if (i > 0 && p->at[i - 1] == PAGE_HERE) {
			from[n - 1].iov_len += c->page;
			to[n - 1].iov_len += c->page;
			continue;
		}
		from[n].iov_base = (void *)(uintptr_t)(base +
						       ((uint64_t)i << p->shift));
		to[n].iov_base = c->buf + ((size_t)i << p->shift);
		from[n].iov_len = to[n].iov_len = c->page;
		n++;
	}
	if (n == 0)
		return true;
	got = process_vm_readv(c->pid, to, n, from, n, 0);
	if (got < 0 && errno != EFAULT)
		return false;
	left = got > 0 ? (size_t)got : 0;
	c->info.read_bytes += left;
	for (i = 0; i < p->n; i++) {
		if (p->at[i] != PAGE_HERE)
			continue;
		if (left < c->page) {
			p->at[i] = PAGE_AWAY;
			left = 0;
		} else {
			left -= c->page;
		}
	}
	return true;
}

static enum pool_state
scan_again(struct census *c, uint64_t base, uint32_t off, uint8_t *pool)
{
	const uint32_t bytes = c->rules.w.pool_bytes;
	enum pool_state st = POOL_TORN;
	int i;

	for (i = 1; i < TRIES && st == POOL_TORN; i++) {
		if (!census_peek(c, base + off, pool, bytes))
			break;
		st = pool_scan(&c->rules, pool, base + off, &c->tally);
	}
	return st;
}

struct scanned {
	uint32_t pools, torn, absent;
};

static void
scan_chunk(struct census *c, uint64_t base, const struct pages *p,
	   struct scanned *s)
{
	const uint32_t bytes = c->rules.w.pool_bytes;
	uint32_t off, used;

	memset(s, 0, sizeof(*s));
	for (off = 0; off < CHUNK_BYTES; off += bytes) {
		uint8_t *pool = c->buf + off;
		enum pool_state st;

		if (p->at[off >> p->shift] != PAGE_HERE ||
		    !pool_header_ok(&c->rules, pool, &used))
			continue;
		if (!pages_here(c, p, off, off + used)) {
			s->absent++;
			continue;
		}
		st = pool_scan(&c->rules, pool, base + off, &c->tally);
		if (st == POOL_TORN)
			st = scan_again(c, base, off, pool);
		s->pools += st == POOL_COUNTED || st == POOL_FREE;
		s->torn += st == POOL_TORN;
	}
}

static void
tally_clear(struct pool_tally *t)
{
	uint32_t i;

	for (i = 0; i < t->ntouched; i++)
		t->count[t->touched[i]] = 0;
	t->ntouched = t->blocks = t->objects = t->moved = 0;
}

/* Differences to the last time, into the sums and the extrapolation. */
static enum ot_status
settle(struct census *c, struct chunk *k, struct ot_err *err)
{
	struct pool_tally *t = &c->tally;
	uint64_t now = ot_now_us();
	double age = (double)(now - k->at_us) / 1e6;
	bool sample = k->state != CHUNK_NEW &&
		      (uint64_t)k->changed * 64 <= k->objects;
	struct chunk_count *v = NULL;
	uint32_t i, changed = 0;

	if (t->ntouched > 0) {
		v = malloc(t->ntouched * sizeof(*v));
		if (v == NULL)
			return ot_fail_nomem(err, "the counts of a chunk");
	}
	for (i = 0; i < t->ntouched; i++)
		v[i] = (struct chunk_count){ t->touched[i],
					     t->count[t->touched[i]] };
	/* what there was before, then what is new; both ways through count */
	for (i = 0; i < k->ncounts + t->ntouched; i++) {
		bool old = i < k->ncounts;
		uint32_t id = old ? k->counts[i].id : v[i - k->ncounts].id;
		int64_t d = (int64_t)t->count[id] -
			    (old ? (int64_t)k->counts[i].n : 0);

		t->count[id] = 0;
		c->kinds.v[id].sum += d;
		changed += (uint32_t)(d < 0 ? -d : d);
		if (sample && d != 0)
			census_sample(c, id, (double)d, age);
	}
	if (sample)
		census_sampled(c, age);
	k->changed = k->state == CHUNK_NEW ? 0 : changed;
	k->objects = t->objects;
	free(k->counts);
	k->counts = v;
	k->ncounts = t->ntouched;
	k->at_us = now;
	k->now = true;
	return OT_OK;
}

static enum ot_status
count_pools(struct census *c, struct chunk *k, uint64_t base,
	    struct pages *p, struct ot_err *err)
{
	enum ot_status st;
	struct scanned s;
	bool found;
	int i;

	if (!read_pages(c, base, p))
		return gone(c, err);
	/* with the kinds known that it finds, once more from the same copy */
	for (i = 0, found = true; i < TRIES && found; i++) {
		tally_clear(&c->tally);
		scan_chunk(c, base, p, &s);
		if (!census_suspects(c, &found))
			return ot_fail_nomem(err, "the table of types");
	}
	c->info.pools += s.pools;
	c->info.torn += s.torn;
	c->info.absent += s.absent;
	c->info.moved += c->tally.moved;
	st = settle(c, k, err);
	k->state = s.pools + s.torn + s.absent > 0 ? CHUNK_POOLS : CHUNK_NONE;
	tally_clear(&c->tally);
	return st;
}

enum ot_status
census_chunk(struct census *c, struct chunk *k, struct ot_err *err)
{
	uint64_t base = k->key << CHUNK_SHIFT;
	struct pages p;

	if (!read_pagemap(c, k->key, &p))
		return gone(c, err);
	if (k->state == CHUNK_POOLS || probe(c, base, &p))
		return count_pools(c, k, base, &p, err);
	forget(c, k);
	k->state = CHUNK_NONE;
	k->at_us = ot_now_us();
	k->now = true;
	return OT_OK;
}
