/* SPDX-License-Identifier: MIT */
/*
 * head.h - an object's head: its references, the collector's mark, its dict.
 *
 *	by default	  [weak, dict] [next, prev] count type ...
 *	free-threaded	  [dict, weak] thread, lock, marks, count, shared type
 *
 * What is in brackets stands before the object: where its type asks for it,
 * and where the collector knows the type.  Free-threaded builds (PEP 703)
 * count the references of the thread that made an object apart from those of
 * others, and have the collector's marks in the object itself.  This is the
 * one place that knows the difference; Include/object.h and
 * Include/internal/pycore_gc.h of 3.13.
 */
#ifndef PY_HEAD_H
#define PY_HEAD_H

#include "runtime/cpython/py.h"

#define PY_GC_HEAD	16u		/* bytes before an object */

/* Free-threaded: fields of the head and the bits of the marks. */
#define PY_HEAD_MARKS	11u		/* uint8_t */
#define PY_HEAD_LOCAL	12u		/* uint32_t */
#define PY_HEAD_SHARED	16u		/* int64_t, above two bits of state */
#define PY_MARK_TRACKED	1u
#define PY_MARK_FROZEN	8u
#define PY_MARK_DEFERRED 64u		/* counted once too often */

static inline bool
py_free_threaded(const struct py_walk *w)
{
	return w->L->ob_type != 8;
}

/* Where fields would begin that begin 16 bytes behind an ordinary object. */
static inline uintptr_t
py_body(const struct py_walk *w, py_obj o)
{
	return o + w->L->ob_type - 8u;
}

static inline bool
py_immortal(const struct py_walk *w, py_obj o)
{
	if (py_free_threaded(w))
		return PY_AT(o, PY_HEAD_LOCAL, uint32_t) == UINT32_MAX;
	/* 3.11 starts its frozen objects with 999999999. */
	if (w->minor < 12)
		return w->minor == 11 && PY_AT(o, 0, int64_t) >= 900000000;
	return PY_AT(o, 0, int32_t) < 0;
}

static inline int64_t
py_refcount(const struct py_walk *w, py_obj o)
{
	int64_t n;

	if (!py_free_threaded(w))
		return w->minor < 12 ? PY_AT(o, 0, int64_t) :
			PY_AT(o, 0, uint32_t);
	n = PY_AT(o, PY_HEAD_LOCAL, uint32_t);
	if (n == UINT32_MAX)
		return n;
	n += PY_AT(o, PY_HEAD_SHARED, int64_t) >> 2;
	return PY_AT(o, PY_HEAD_MARKS, uint8_t) & PY_MARK_DEFERRED ? n - 1 : n;
}

/* Does the collector know this object?  Its type must be of those it knows. */
static inline bool
py_tracked(const struct py_walk *w, py_obj o)
{
	if (py_free_threaded(w))
		return PY_AT(o, PY_HEAD_MARKS, uint8_t) & PY_MARK_TRACKED;
	return PY_AT(o - PY_GC_HEAD, 0, uintptr_t) != 0;
}

/* Bytes from a managed dict to its object, 3.11 and later. */
static inline uintptr_t
py_pre_dict(const struct py_walk *w)
{
	return py_free_threaded(w) ? 8 : 24;
}

#endif
