/* SPDX-License-Identifier: MIT */
/*
 * size_numpy.c - arrays and scalars of numpy.
 *
 * The front of PyArrayObject is part of numpy's binary interface and the same
 * in 1.x and 2.x; where a dtype keeps its item size is not, but the two can be
 * told apart: a 1.x dtype has its alignment, never 0, where 2.x has the upper
 * half of flags, always 0.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/value.h"

/* PyArrayObject_fields */
#define ND		24
#define DIMENSIONS	32
#define DESCR		56
#define FLAGS		64
#define OWNDATA		0x4
#define ND_MAX		64

/* PyVoidScalarObject */
#define VOID_DESCR	32

static const struct {
	const char *name;
	uint8_t item;
} scalars[] = {
	{ "bool_", 1 }, { "bool", 1 }, { "int8", 1 }, { "uint8", 1 },
	{ "int16", 2 }, { "uint16", 2 }, { "int32", 4 }, { "uint32", 4 },
	{ "int64", 8 }, { "uint64", 8 }, { "longlong", 8 },
	{ "ulonglong", 8 }, { "intc", 4 }, { "uintc", 4 }, { "float16", 2 },
	{ "float32", 4 }, { "float64", 8 }, { "longdouble", 16 },
	{ "float128", 16 }, { "complex64", 8 }, { "complex128", 16 },
	{ "clongdouble", 32 }, { "complex256", 32 }, { "object_", 8 },
	{ "datetime64", 8 }, { "timedelta64", 8 },
};

static int64_t
numpy_item(const struct py_walk *w, py_obj o)
{
	uintptr_t descr = py_body(w, o);

	if (!py_sane(o))
		return 0;
	if (PY_AT(descr, 36, int32_t))
		return PY_AT(descr, 32, int32_t);
	return PY_AT(descr, 40, int64_t);
}

uint64_t
py_ndarray_owned(const struct py_walk *w, py_obj o)
{
	uintptr_t at = py_body(w, o), dims = PY_AT(at, DIMENSIONS, uintptr_t);
	int i, nd = PY_AT(at, ND, int32_t);
	int64_t n, dim;

	if (nd < 0 || nd > ND_MAX || (nd && !py_sane(dims)) ||
	    !(PY_AT(at, FLAGS, int32_t) & OWNDATA))
		return 0;
	n = numpy_item(w, PY_AT(at, DESCR, py_obj));
	for (i = 0; i < nd; i++) {
		dim = PY_AT(dims, 8 * (size_t)i, int64_t);
		if (dim <= 0 || n > INT64_MAX / dim)
			return 0;
		n *= dim;
	}
	return py_units(n, 1);
}

uint64_t
py_size_ndarray(const struct py_walk *w, py_obj o, const struct py_entry *e,
		uint64_t *extra)
{
	int nd = PY_AT(py_body(w, o), ND, int32_t);

	(void)extra;
	if (nd < 0 || nd > ND_MAX)
		return e->basic;
	return e->basic + (uint64_t)nd * 16 + py_ndarray_owned(w, o);
}

/* py_mro_fn: the item size of a scalar type numpy defines itself */
static bool
numpy_scalar(const struct py_walk *w, py_obj cls, void *arg)
{
	const char *name = PY_AT(cls, w->L->tp_name, py_cstr);
	size_t i;

	for (i = 0; i < 6; i++) {
		if (!name || name[i] != "numpy."[i])
			return false;
	}
	for (i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
		if (py_streq(scalars[i].name, name + 6)) {
			*(uint64_t *)arg = scalars[i].item;
			return true;
		}
	}
	return false;
}

/* py_mro_fn */
static bool
numpy_is_void(const struct py_walk *w, py_obj cls, void *arg)
{
	const char *name = PY_AT(cls, w->L->tp_name, py_cstr);

	(void)arg;
	return name && py_streq("numpy.void", name);
}

uint64_t
py_size_numpy_scalar(const struct py_walk *w, py_obj o,
		     const struct py_entry *e, uint64_t *extra)
{
	unsigned long flags = py_flags(w, e->type);
	struct py_chars c;
	uint64_t item = 0;

	if (flags & PY_FLAG_UNICODE)
		item = py_str_chars(w, o, &c) ? c.len * 4 : 0;
	else if (flags & PY_FLAG_BYTES)
		item = py_units(PY_AT(o, w->L->ob_size, int64_t), 1);
	else if (py_mro_each(w, e->type, numpy_is_void, NULL))
		item = py_units(numpy_item(w, PY_AT(py_body(w, o), VOID_DESCR,
							py_obj)),
				1);
	else
		py_mro_each(w, e->type, numpy_scalar, &item);
	return py_size_object(w, o, e, extra) + item;
}
