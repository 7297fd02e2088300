/* SPDX-License-Identifier: MIT */
/*
 * pools.c - what a census from outside needs to know of this interpreter.
 *
 * Objects of up to 512 bytes lie in pymalloc's pools: 4 KiB each up to 3.9,
 * 16 KiB from 3.10 on (POOL_BITS of Objects/obmalloc.c; Include/internal/
 * pycore_obmalloc.h from 3.12 on), with one and the same header.  What stands
 * before an object is what _PyType_PreHeaderSize says: the collector's head,
 * and from 3.11 on two words for a managed dict (3.12: or weak references).
 * Whether the heap is in pools at all (PYTHONMALLOC may say otherwise) is seen
 * by who counts there, so nothing of the allocator is asked here.
 */
#include "runtime/cpython/walk.h"

#define SMALL_POOL	(4u << 10)
#define LARGE_POOL	(16u << 10)
#define LARGE_POOLS	10	/* from this minor version on */
#define GC_HEAD		16
#define PRE_MANAGED	16
#define TYPE_AT		8	/* of objects; it is elsewhere without a GIL */

void
py_pools_tell(const struct py_walk *w)
{
	const struct py_layout *L = w->L;
	struct objtop_pools p = {
		.meta = w->T.type, .meta_mask = PY_FLAG_TYPE,
		.count_at = 0, .kind_at = L->ob_type,
		.name_at = L->tp_name, .size_at = L->tp_basicsize,
		.items_at = L->tp_itemsize, .flags_at = L->tp_flags,
		.varies_mask = PY_FLAG_UNICODE,
		.head = { { PY_FLAG_GC, GC_HEAD }, { 0, 0 } },
	};

	if (L->ob_type != TYPE_AT)
		p.why = "free-threaded";
	else
		p.pool_bytes = w->minor < LARGE_POOLS ? SMALL_POOL : LARGE_POOL;
	if (w->minor >= 11) {
		p.head[1].mask = PY_FLAG_MANAGED_DICT;
		p.head[1].bytes = PRE_MANAGED;
	}
	if (w->minor >= 12)
		p.head[1].mask |= PY_FLAG_MANAGED_WEAKREF;
	if (w->sink->pools)
		w->sink->pools(w->sink, &p);
}
