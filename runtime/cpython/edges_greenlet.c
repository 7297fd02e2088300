/* SPDX-License-Identifier: MIT */
/*
 * edges_greenlet.c - what a greenlet that is switched away has on its stack.
 *
 * It keeps its innermost frame in a structure of C++ that its tp_traverse
 * leaves out as long as its thread lives, since who runs is not garbage.  That
 * structure (from greenlet 2.0 on; before, the object itself) changes with
 * each version, so its words are looked at until one points at a frame; a
 * word like the first, where the virtual functions are, begins another's.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/walk.h"

#define BODY		32u	/* behind weak references and dict */
#define BODY_WORDS	40u
#define SAME_TABLES	65536u	/* tables of one module lie this close */

static bool
is_frame(const struct py_walk *w, uintptr_t o)
{
	uintptr_t type;

	return py_ok(o) && py_peek_ptr(o + w->L->ob_type, &type) &&
		type == w->T.frame;
}

static bool
frame_among(struct py_walk *w, uintptr_t at, size_t n, uintptr_t table)
{
	uintptr_t v;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!py_peek_ptr(at + i * sizeof(v), &v))
			return false;
		if (i && table && v - table + SAME_TABLES < 2 * SAME_TABLES)
			return false;
		if (is_frame(w, v)) {
			py_ref_cstr(w, v, OBJTOP_REL_SLOT, "gr_frame");
			return true;
		}
	}
	return false;
}

void
py_edges_greenlet(struct py_walk *w, py_obj o)
{
	int64_t size = PY_AT(w->greenlet, w->L->tp_basicsize, int64_t);
	unsigned begin = (unsigned)(py_body(w, o) - o) + BODY;
	uintptr_t body, table;

	if (size > (int64_t)begin + 8 && size < 1024) {
		frame_among(w, o + begin, ((size_t)size - begin) / 8, 0);
		return;
	}
	body = PY_AT(o, begin, uintptr_t);
	if (py_ok(body) && py_peek_ptr(body, &table) && py_ok(table))
		frame_among(w, body, BODY_WORDS, table);
}
