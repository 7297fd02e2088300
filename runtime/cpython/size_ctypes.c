/* SPDX-License-Identifier: MIT */
/*
 * size_ctypes.c - ctypes' types and data.
 *
 * What a ctypes type knows of its C type is, to 3.12, a dict with more fields
 * (StgDict) in place of the type's own dict; from 3.13 a structure behind the
 * type object.  Data has no __sizeof__: the buffer it owns is extra.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/value.h"

#define FORMAT_MAX	(1 << 20)

/* Offsets in what describes a C type, by where `length` is. */
struct info {
	uint16_t length, elements, format, ndim, shape;
};

static const struct info stgdict = { 64, 88, 168, 176, 184 };
/* behind the type object: {initialized, size, align, length, ...} */
static const struct info stginfo = { 24, 48, 136, 144, 152 };
static const struct info stginfo_314 = { 24, 48, 144, 152, 160 };

static uint64_t
info_size(uintptr_t p, const struct info *at, bool shape_counts)
{
	const char *format = PY_AT(p, at->format, py_cstr);
	uint64_t bytes = 0;

	if (format)
		bytes += py_strlen(format, FORMAT_MAX) + 1;
	if (shape_counts)
		bytes += py_units(PY_AT(p, at->ndim, int32_t), 8);
	if (PY_AT(p, at->elements, uintptr_t))
		bytes += py_units(PY_AT(p, at->length, int64_t) + 1, 8);
	return bytes;
}

uint64_t
py_size_stgdict(const struct py_walk *w, py_obj o, const struct py_entry *e,
		uint64_t *extra)
{
	/* the fields behind the dict are counted twice by __sizeof__ */
	return py_size_dict(w, o, e, extra) + (192 - 48) +
		info_size(o, &stgdict, true);
}

uint64_t
py_size_ctype(const struct py_walk *w, py_obj o, const struct py_entry *e,
	      uint64_t *extra)
{
	uint64_t bytes = py_size_object(w, o, e, extra);
	uintptr_t info = o + ((w->L->heap_type_size + 15u) & ~15u);

	if (!PY_AT(info, 0, int32_t))	/* initialized */
		return bytes;
	return bytes + info_size(info, w->minor >= 14 ? &stginfo_314 :
				 &stginfo, true);
}

/* {b_ptr, b_needsfree, b_base, b_size, ...}: owned when it needs freeing */
uint64_t
py_size_cdata(const struct py_walk *w, py_obj o, const struct py_entry *e,
	      uint64_t *extra)
{
	uintptr_t at = py_body(w, o), p = PY_AT(at, 16, uintptr_t);

	if (p && PY_AT(at, 24, int32_t) == 1 && (p < o || p >= o + e->basic))
		*extra += py_units(PY_AT(at, 40, int64_t), 1);
	return py_size_object(w, o, e, extra);
}
