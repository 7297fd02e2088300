/* SPDX-License-Identifier: MIT */
/*
 * pages.c - what the collector of a free-threaded build knows.
 *
 * It has no lists.  It goes through the pages of its allocator, a copy of
 * mimalloc: every thread has a heap for objects that it tracks and another for
 * those with a dict in front, each with queues of pages by block size; what
 * threads leave behind when they end is in a pool of segments.  A block that
 * is on none of its page's three lists of free blocks is in use, and tracked
 * when the object in it is marked so (Python/gc_free_threading.c, Objects/
 * mimalloc/heap.c and segment.c, Include/internal/mimalloc/mimalloc/types.h).
 *
 * Nothing of this is exported, so all of it is checked: heaps, pages and
 * segments must point back at each other, free blocks must be blocks, and the
 * counts of pages and of blocks in use must come out.  One thing wrong and the
 * heap is refused.  Straight through memory.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/pages.h"
#include "runtime/cpython/walk.h"

#define MOST_SEGMENTS	(1u << 20)
#define MOST_THREADS	100000
#define MOST_BLOCKS	65536u		/* capacity is 16 bits */

struct pages {
	struct py_walk *w;
	uintptr_t pool;
	unsigned debug;		/* bytes that debugging puts before a block */
	const char *wrong;
	uint64_t taken[MOST_BLOCKS / 64];	/* free blocks of one page */
};

static bool
fails(struct pages *p, const char *what)
{
	if (!p->wrong)
		p->wrong = what;
	return false;
}

/* ---- blocks ---- */

/* A page and where its blocks are. */
struct area {
	struct py_page page;
	uintptr_t start;
	size_t block;		/* bytes */
	unsigned tag;
};

static bool
read_area(struct pages *p, uintptr_t at, struct area *a)
{
	uintptr_t segment = at & ~(PG_SEGMENT - 1);
	uintptr_t slice = (at - segment - PG_SEG_SLICES) / sizeof(struct py_page);
	size_t offset = 0, size;

	if (!py_ok(at) || at < segment + PG_SEG_SLICES ||
	    (at - segment - PG_SEG_SLICES) % sizeof(struct py_page) ||
	    slice >= PG_MOST_SLICES || !py_peek(at, &a->page, sizeof(a->page)) ||
	    a->page.slice_offset || !a->page.block_size)
		return fails(p, "a page is not where one can be");
	size = (size_t)a->page.slice_count * PG_SLICE;
	a->block = a->page.block_size;
	if (a->block >= PG_HUGE_BLOCK)
		a->block = size;
	else if (a->block <= 64)
		offset = 3 * a->block;
	else if (a->block <= 512)
		offset = a->block;
	a->start = segment + slice * PG_SLICE + offset;
	a->tag = a->page.bits >> 3 & 15;
	if (a->page.capacity > a->page.reserved || a->block % 8 || !size ||
	    offset + a->page.capacity * a->block > size)
		return fails(p, "a page is not of the size of its blocks");
	return true;
}

/* Marks the blocks of a list of free ones; their number, or -1. */
static long
read_free(struct pages *p, const struct area *a, uintptr_t at)
{
	long n = 0;
	size_t i;

	for (; at; at = PY_AT(at, 0, uintptr_t), n++) {
		i = (at - a->start) / a->block;
		if (at < a->start || i >= a->page.capacity ||
		    (at - a->start) % a->block ||
		    p->taken[i / 64] >> i % 64 & 1) {
			fails(p, "a list of free blocks is broken");
			return -1;
		}
		p->taken[i / 64] |= (uint64_t)1 << i % 64;
	}
	return n;
}

static bool
listed(struct pages *p, py_obj o)
{
	struct py_walk *w = p->w;

	if (!py_tracked(w, o) || o == w->own_probe)
		return true;
	if (!py_ok(py_type(w, o)))
		return fails(p, "a block has no object in it");
	return py_listed(w, o, PY_AT(o, PY_HEAD_MARKS, uint8_t) &
			 PY_MARK_FROZEN ? PY_GEN_PERMANENT : PY_GEN_OLD) ||
		fails(p, "an object is met twice");
}

static bool
read_page(struct pages *p, const struct area *a)
{
	uintptr_t o = a->start + p->debug + (a->tag == PG_HEAP_GC_PRE ? 16 : 0);
	long local, free, thread;
	size_t i;

	if (!a->page.used)
		return true;
	for (i = 0; i * 64 < a->page.capacity; i++)
		p->taken[i] = 0;
	free = read_free(p, a, a->page.free);
	local = read_free(p, a, a->page.local_free);
	thread = read_free(p, a, a->page.thread_free & ~(uintptr_t)3);
	if (free < 0 || local < 0 || thread < 0)
		return false;
	if (a->page.used + (unsigned long)(free + local) != a->page.capacity)
		return fails(p, "a page's blocks in use do not add up");
	for (i = 0; i < a->page.capacity; i++, o += a->block) {
		if (!(p->taken[i / 64] >> i % 64 & 1) && !listed(p, o))
			return false;
	}
	return true;
}

/* ---- heaps of threads ---- */

static bool
read_queue(struct pages *p, uintptr_t heap, unsigned tag, uintptr_t queue,
	   size_t *pages)
{
	uintptr_t at, prev = 0;
	struct area a;

	for (at = PY_AT(queue, 0, uintptr_t); at; at = a.page.next) {
		if (!read_area(p, at, &a))
			return false;
		if (a.page.heap != heap || a.page.prev != prev ||
		    a.tag != tag || ++*pages > PY_AT(heap, PG_HEAP_PAGES, size_t))
			return fails(p, "a heap's pages are not linked to it");
		if (!read_page(p, &a))
			return false;
		prev = at;
	}
	return PY_AT(queue, 8, uintptr_t) == prev ||
		fails(p, "a heap's pages do not end where they should");
}

static bool
read_heap(struct pages *p, uintptr_t state, unsigned tag)
{
	uintptr_t heap = state + PG_STATE_HEAPS + tag * PG_HEAP_SIZE;
	size_t pages = 0;
	unsigned i;

	if (PY_AT(heap, PG_HEAP_TLD, uintptr_t) != state + PG_STATE_TLD ||
	    PY_AT(heap, PG_HEAP_TAG, uint8_t) != tag)
		return fails(p, "a thread's heaps are not its own");
	for (i = 0; i < PG_QUEUES; i++) {
		if (!read_queue(p, heap, tag, heap + PG_HEAP_QUEUES +
				i * PG_QUEUE_SIZE, &pages))
			return false;
	}
	return pages == PY_AT(heap, PG_HEAP_PAGES, size_t) ||
		fails(p, "a heap has not as many pages as it says");
}

/* Its first word points at one of the heaps behind it. */
static bool
is_state(uintptr_t state)
{
	uintptr_t heap, tld;

	return py_peek_ptr(state, &heap) && heap >= state + PG_STATE_HEAPS &&
		heap < state + PG_STATE_TLD &&
		(heap - state - PG_STATE_HEAPS) % PG_HEAP_SIZE == 0 &&
		py_peek_ptr(heap + PG_HEAP_TLD, &tld) && tld == state + PG_STATE_TLD;
}

static uintptr_t
find_state(uintptr_t ts)
{
	unsigned at;

	if (is_state(ts + PG_STATE_GUESS))
		return ts + PG_STATE_GUESS;
	for (at = PG_STATE_FIRST; at < PG_STATE_LAST; at += 8) {
		if (is_state(ts + at))
			return ts + at;
	}
	return 0;
}

/* A thread that has not come to its first step has no heaps yet. */
static bool
is_new(uintptr_t ts)
{
	uintptr_t first;
	int ready;

	return py_peek_ptr(ts + PG_STATE_GUESS, &first) && !first &&
		py_peek(ts + PG_STATE_GUESS + PG_STATE_READY, &ready,
			sizeof(ready)) && !ready;
}

static bool
read_thread(struct pages *p, uintptr_t ts)
{
	uintptr_t state = find_state(ts), pool;

	if (!state)
		return is_new(ts) || fails(p, "a thread has no heaps");
	pool = PY_AT(state, PG_STATE_TLD + PG_TLD_POOL, uintptr_t);
	if (p->pool && pool != p->pool)
		return fails(p, "threads do not share a pool");
	if (pool < p->w->interp || pool >= p->w->interp + p->w->L->in_size)
		return fails(p, "the pool is not the interpreter's");
	p->pool = pool;
	return read_heap(p, state, PG_HEAP_GC) &&
		read_heap(p, state, PG_HEAP_GC_PRE);
}

/* ---- what ended threads left ---- */

static bool
read_segment(struct pages *p, uintptr_t segment)
{
	uintptr_t entries, at, slices = segment + PG_SEG_SLICES, i;
	struct py_page s;
	struct area a;

	if (!segment || segment % PG_SEGMENT ||
	    !py_peek_ptr(segment + PG_SEG_ENTRIES, &entries) || !entries ||
	    entries > PG_MOST_SLICES)
		return fails(p, "a segment is not where one can be");
	/* The first slices are what describes the segment. */
	for (i = 0; i < entries; i += s.slice_count) {
		at = slices + i * sizeof(s);
		if (!py_peek(at, &s, sizeof(s)) || !s.slice_count)
			return fails(p, "a segment's slices do not add up");
		if (!i || !s.block_size)
			continue;
		if (!read_area(p, at, &a))
			return false;
		if (a.page.heap)
			return fails(p, "a page left behind has a heap");
		if ((a.tag == PG_HEAP_GC || a.tag == PG_HEAP_GC_PRE) &&
		    !read_page(p, &a))
			return false;
	}
	return true;
}

static bool
read_abandoned(struct pages *p, unsigned list)
{
	uintptr_t at = PY_AT(p->pool, list, uintptr_t) & ~(PG_SEGMENT - 1);
	unsigned n;

	for (n = 0; at; n++) {
		if (n == MOST_SEGMENTS || !read_segment(p, at) ||
		    !py_peek_ptr(at + PG_SEG_NEXT, &at))
			return fails(p, "the pool of segments is broken");
	}
	return true;
}

/* ---- all ---- */

/*
 * The dict of modules is a block for certain: debugging puts words before it
 * (PYTHONMALLOC=debug), an allocator of another kind would have it elsewhere.
 */
static bool
find_block(struct pages *p)
{
	py_obj o = p->w->modules;
	uintptr_t segment = o & ~(PG_SEGMENT - 1), slice, at, past;
	struct py_page s;
	struct area a;

	slice = (o - segment) / PG_SLICE;
	at = segment + PG_SEG_SLICES + slice * sizeof(s);
	if (!slice || !py_peek(at, &s, sizeof(s)) || s.slice_offset %
	    sizeof(s) || s.slice_offset > at - segment - PG_SEG_SLICES)
		return fails(p, "the dict of modules is in no segment");
	if (!read_area(p, at - s.slice_offset, &a))
		return false;
	past = (o - a.start) % a.block;
	if (o < a.start || a.tag != PG_HEAP_GC || (past != 0 && past != 16))
		return fails(p, "the dict of modules is in no block");
	p->debug = (unsigned)past;
	return true;
}

bool
py_pages_read(struct py_walk *w, char *why, size_t cap)
{
	struct pages *p = w->sink->alloc(w->sink, sizeof(*p));
	uintptr_t ts;
	bool ok;
	int n;

	if (!p) {
		py_why(why, cap, "no memory for the walk");
		return false;
	}
	p->w = w;
	ok = find_block(p);
	ts = PY_AT(w->interp, w->L->in_threads_head, uintptr_t);
	for (n = 0; ok && ts && n < MOST_THREADS; n++) {
		ok = read_thread(p, ts);
		ts = PY_AT(ts, w->L->ts_next, uintptr_t);
	}
	ok = ok && (p->pool || fails(p, "there is no pool")) &&
		read_abandoned(p, PG_POOL_ABANDONED) &&
		read_abandoned(p, PG_POOL_VISITED);
	if (ok && !py_bitmap_has(w, w->modules))
		ok = fails(p, "the dict of modules was not found");
	if (ok)
		return true;
	py_why(why, cap, w->stop ? "no memory for the walk" :
	       "this build's allocator is not the one known for its version: ");
	if (!w->stop && p->wrong)
		py_why(why, cap, p->wrong);
	return false;
}
