/* SPDX-License-Identifier: MIT */
/*
 * edges_numpy.c - what an ndarray holds.
 *
 * Arrays have no tp_traverse, so Python itself does not see that a view keeps
 * its base alive, or what an array of objects holds.  The fields are those of
 * size_numpy.c.  Objects in arrays of records are not looked for.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/value.h"
#include "runtime/cpython/walk.h"

/* PyArrayObject_fields */
#define DATA		16
#define BASE		48
#define DESCR		56

#define DESCR_KIND	24	/* of PyArray_Descr: a letter */

void
py_edges_ndarray(struct py_walk *w, py_obj o)
{
	uintptr_t at = py_body(w, o), data = PY_AT(at, DATA, uintptr_t);
	py_obj descr = PY_AT(at, DESCR, py_obj), item;
	uint64_t n, i;

	py_ref_field(w, at, BASE, OBJTOP_REL_ATTRIBUTE, "base");
	py_ref_field(w, at, DESCR, OBJTOP_REL_ATTRIBUTE, "dtype");
	/* what a view shows is held by the owner */
	if (!py_ok(descr) || !py_ok(data) ||
	    PY_AT(py_body(w, descr), DESCR_KIND, char) != 'O')
		return;
	n = py_ndarray_owned(w, o) / sizeof(item);
	for (i = 0; i < n && !w->stop; i++) {
		item = PY_AT(data, i * sizeof(item), py_obj);
		py_ref_index(w, item, OBJTOP_REL_ITEM, (int64_t)i);
	}
}
