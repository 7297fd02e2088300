/* SPDX-License-Identifier: MIT */
/*
 * addrs.c - from an address to an object and back.
 *
 * Invariants: segments ascend by `hi` and by `first`; a segment's objects are
 * [first, next segment's first); bucket b of a segment starts at object
 * buckets[b] and ends where the next one (or the next segment) starts, since
 * the buckets of all segments lie one behind the other, closed by n.
 *
 * A find is one look into a handful of segments, one into the buckets, and a
 * search in a bucket: two cache misses where the heap is even, O(log n) where
 * somebody made it as uneven as can be.
 */
#include "config.h"

#include <stdlib.h>

#include "graph/store.h"

#define SCAN_BELOW 8u /* a bucket this short is searched in a straight line */

static uint32_t
seg_end(const struct hg_addrs *a, const struct hg_seg *s)
{
	return s + 1 < a->segs + a->nsegs ? s[1].first : a->n;
}

static const struct hg_seg *
seg_of_hi(const struct hg_addrs *a, uint32_t hi)
{
	uint32_t lo = 0, end = a->nsegs, mid;

	while (lo < end) {
		mid = lo + (end - lo) / 2;
		if (a->segs[mid].hi < hi)
			lo = mid + 1;
		else
			end = mid;
	}
	return lo < a->nsegs && a->segs[lo].hi == hi ? &a->segs[lo] : NULL;
}

/* The bucket an address falls into, counted from the first of all. */
static bool
bucket_of(const struct hg_addrs *a, uint64_t addr, size_t *bucket)
{
	const struct hg_seg *s = seg_of_hi(a, (uint32_t)(addr >> 32));
	uint32_t low = (uint32_t)addr, b;

	if (!s || low < s->base)
		return false;
	b = (low - s->base) >> s->shift;
	if (b >= s->nbuckets)
		return false;
	*bucket = (size_t)s->bucket + b;
	return true;
}

static bool
segs_make(struct hg_addrs *a, const uint64_t *sorted)
{
	uint32_t i, n = 0;

	for (i = 0; i < a->n; i++)
		if (i == 0 || sorted[i] >> 32 != sorted[i - 1] >> 32)
			n++;
	a->segs = ot_realloc_array(NULL, n, sizeof(*a->segs));
	if (!a->segs)
		return false;
	for (i = 0; i < a->n; i++) {
		if (i != 0 && sorted[i] >> 32 == sorted[i - 1] >> 32)
			continue;
		a->segs[a->nsegs++] = (struct hg_seg){
			.hi = (uint32_t)(sorted[i] >> 32),
			.first = i,
			.base = (uint32_t)sorted[i],
		};
	}
	return true;
}

/* As many buckets as half the objects: the width is a power of two. */
static void
segs_size(struct hg_addrs *a)
{
	uint32_t i, end, most, span;
	struct hg_seg *s;

	for (i = 0; i < a->nsegs; i++) {
		s = &a->segs[i];
		end = seg_end(a, s);
		most = (end - s->first) / 2 + 1;
		span = a->lo[end - 1] - s->base;
		while (span >> s->shift >= most)
			s->shift++;
		s->nbuckets = (span >> s->shift) + 1;
		s->bucket = (uint32_t)a->nbuckets;
		a->nbuckets += s->nbuckets;
	}
}

static void
buckets_fill(struct hg_addrs *a)
{
	const struct hg_seg *s;
	uint32_t i, end, b, id;

	for (i = 0; i < a->nsegs; i++) {
		s = &a->segs[i];
		end = seg_end(a, s);
		id = s->first;
		for (b = 0; b < s->nbuckets; b++) {
			while (id < end &&
			       (a->lo[id] - s->base) >> s->shift < b)
				id++;
			a->buckets[s->bucket + b] = id;
		}
	}
	a->buckets[a->nbuckets] = a->n;
}

bool
hg_addrs_build(struct hg_addrs *a, const uint64_t *sorted, uint32_t n)
{
	uint32_t i;

	a->n = n;
	a->lo = ot_realloc_array(NULL, n, sizeof(*a->lo));
	if (!a->lo || !segs_make(a, sorted))
		return false;
	for (i = 0; i < n; i++)
		a->lo[i] = (uint32_t)sorted[i];
	segs_size(a);
	a->buckets =
		ot_realloc_array(NULL, a->nbuckets + 1, sizeof(*a->buckets));
	if (!a->buckets)
		return false;
	buckets_fill(a);
	return true;
}

void
hg_addrs_release(struct hg_addrs *a)
{
	free(a->lo);
	free(a->segs);
	free(a->buckets);
	*a = (struct hg_addrs){ 0 };
}

uint64_t
hg_addrs_get(const struct hg_addrs *a, uint32_t id)
{
	uint32_t lo = 0, hi = a->nsegs, mid;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (a->segs[mid].first <= id)
			lo = mid;
		else
			hi = mid;
	}
	return (uint64_t)a->segs[lo].hi << 32 | a->lo[id];
}

uint32_t
hg_addrs_find(const struct hg_addrs *a, uint64_t addr)
{
	uint32_t low = (uint32_t)addr, i, end, mid;
	size_t b;

	if (!bucket_of(a, addr, &b))
		return HG_NONE;
	i = a->buckets[b];
	end = a->buckets[b + 1];
	while (end - i > SCAN_BELOW) {
		mid = i + (end - i) / 2;
		if (a->lo[mid] <= low)
			i = mid;
		else
			end = mid;
	}
	for (; i < end; i++)
		if (a->lo[i] == low)
			return i;
	return HG_NONE;
}

void
hg_addrs_prefetch_bucket(const struct hg_addrs *a, uint64_t addr)
{
	size_t b;

	if (bucket_of(a, addr, &b))
		OT_PREFETCH(&a->buckets[b]);
}

void
hg_addrs_prefetch_column(const struct hg_addrs *a, uint64_t addr)
{
	size_t b;

	if (bucket_of(a, addr, &b) && a->buckets[b] < a->n)
		OT_PREFETCH(&a->lo[a->buckets[b]]);
}

size_t
hg_addrs_memory(const struct hg_addrs *a)
{
	return (size_t)a->n * sizeof(*a->lo) +
	       (size_t)a->nsegs * sizeof(*a->segs) +
	       (a->nbuckets + 1) * sizeof(*a->buckets);
}
