/* SPDX-License-Identifier: MIT */
/*
 * pages.h - the structures of the allocator of free-threaded CPython 3.13.
 *
 * Include/internal/mimalloc/mimalloc/types.h and pycore_mimalloc.h; compared
 * with these headers by tests/pythons/layouts.c.
 */
#ifndef PY_PAGES_H
#define PY_PAGES_H

#include <stdint.h>

#define PG_SEGMENT		((uintptr_t)32 << 20)	/* size and alignment */
#define PG_SLICE		65536u
#define PG_MOST_SLICES	512u
#define PG_HUGE_BLOCK	0x80000000u	/* size is that of the slices then */

/* struct _mimalloc_thread_state, where it begins in _PyThreadStateImpl. */
#define PG_STATE_GUESS	344u
#define PG_STATE_FIRST	200u
#define PG_STATE_LAST	1024u
#define PG_STATE_HEAPS	8u
#define PG_STATE_TLD	(PG_STATE_HEAPS + PG_HEAPS * PG_HEAP_SIZE)
#define PG_STATE_READY	(PG_STATE_TLD + PG_TLD_SIZE)	/* int */
#define PG_TLD_SIZE	1608u
#define PG_TLD_POOL	944u		/* segments.abandoned */

/* mi_heap_t; the four heaps of a thread, by tag. */
enum { PG_HEAP_MEM, PG_HEAP_OBJECT, PG_HEAP_GC, PG_HEAP_GC_PRE, PG_HEAPS };
#define PG_HEAP_SIZE	3064u
#define PG_HEAP_TLD	0u
#define PG_HEAP_QUEUES	1040u		/* { first, last, block size } */
#define PG_QUEUES		75u
#define PG_QUEUE_SIZE	24u
#define PG_HEAP_PAGES	3024u		/* how many, size_t */
#define PG_HEAP_TAG	3057u		/* uint8_t */

/* mi_segment_t: its slices, of which the first of each page describes it. */
#define PG_SEG_NEXT	176u		/* abandoned_next */
#define PG_SEG_ENTRIES	248u		/* slice_entries */
#define PG_SEG_SLICES	264u

/* mi_abandoned_pool_t: two lists; the low bits are a tag. */
#define PG_POOL_VISITED	0u
#define PG_POOL_ABANDONED	64u

/* mi_page_t, which is also a slice. */
struct py_page {
	uint32_t slice_count, slice_offset;
	uint8_t bits, debug_offset;	/* tag: bits 3 to 6 */
	uint16_t capacity, reserved;	/* blocks */
	uint8_t flags, retire;
	uintptr_t free;
	uint32_t used, block_size;
	uintptr_t local_free, thread_free, heap, next, prev;
	uint64_t qsbr[3];
};

_Static_assert(sizeof(struct py_page) == 96, "mi_page_t");

#endif
