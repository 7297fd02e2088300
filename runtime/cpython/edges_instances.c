/* SPDX-License-Identifier: MIT */
/*
 * edges_instances.c - attributes and slots.
 *
 * Where an instance keeps its attributes changed with nearly every version:
 * in a dict at tp_dictoffset (to 3.10, and always for classes written in C);
 * from 3.11 on in an array of values or a dict in front of the object; from
 * 3.13 on in an array behind its fields.  The names are in the key table that
 * the class shares with its instances.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/walk.h"

#define PRE_VALUES	32	/* bytes before the object: 3.11 */
#define INLINE_HEADER	8

static void
attribute_dict(struct py_walk *w, py_obj dict)
{
	if (dict)
		py_ref_cstr(w, dict, OBJTOP_REL_ATTRIBUTE, "__dict__");
}

static void
values(struct py_walk *w, const struct py_info *info, uintptr_t at,
       uint64_t capacity)
{
	struct py_table t;
	uint64_t i;
	py_obj v, key;

	if (!py_ok(at) || !py_table_keys(w, info->keys, &t)) {
		w->odd_objects++;
		return;
	}
	py_ref_shared_keys(w, info->keys);
	if (t.n > capacity)
		t.n = capacity;
	for (i = 0; i < t.n && !w->stop; i++) {
		v = PY_AT(at, i * 8, py_obj);
		if (!v)
			continue;
		key = PY_AT(t.entry + i * t.stride, t.key, py_obj);
		py_ref_str(w, v, OBJTOP_REL_ATTRIBUTE, key);
	}
}

static void
managed_dict(struct py_walk *w, py_obj o, const struct py_info *info)
{
	/* 3.12: or values, with bit 0 set */
	uintptr_t word = PY_AT(o - py_pre_dict(w), 0, uintptr_t);
	uintptr_t at;

	if (w->minor == 11) {
		at = PY_AT(o - PRE_VALUES, 0, uintptr_t);
		if (at)
			values(w, info, at, UINT64_MAX);
		attribute_dict(w, word);
	} else if (w->minor == 12) {
		if (word & 1)
			values(w, info, word + 1, UINT64_MAX);
		else
			attribute_dict(w, word);
	} else {
		at = o + (uintptr_t)info->basicsize;
		/* { u8 capacity, size, embedded, valid; } */
		if ((info->flags & PY_FLAG_INLINE_VALUES) &&
		    PY_AT(at, 3, uint8_t) == 1)
			values(w, info, at + INLINE_HEADER,
			       PY_AT(at, 0, uint8_t));
		attribute_dict(w, word);
	}
}

/* Items of a variable-sized instance, as its size is computed by C code. */
static int64_t
items_of(const struct py_walk *w, py_obj o, const struct py_info *info)
{
	int64_t n;

	if ((info->flags & PY_FLAG_LONG) && w->minor >= 12)
		return (int64_t)(PY_AT(o, w->L->ob_size, uint64_t) >> 3);
	n = PY_AT(o, w->L->ob_size, int64_t);
	return n < 0 ? -n : n;
}

/* tp_dictoffset counts from the end where it is negative. */
static void
offset_dict(struct py_walk *w, py_obj o, const struct py_info *info)
{
	int64_t offset = info->dictoffset;
	int64_t size;

	if (offset < 0) {
		size = info->basicsize + items_of(w, o, info) * info->itemsize;
		offset += (size + 7) & ~(int64_t)7;
		if (offset < w->L->ob_size)
			return;
	}
	attribute_dict(w, PY_AT(o, (uintptr_t)offset, py_obj));
}

void
py_edges_instance(struct py_walk *w, py_obj o, const struct py_info *info)
{
	uint32_t i;
	py_obj v;

	if (info->family == PY_FAM_TYPE)
		return;		/* a class's __dict__ is told as such */
	if (w->minor >= 11 && (info->flags & PY_FLAG_MANAGED_DICT))
		managed_dict(w, o, info);
	else if (info->dictoffset)
		offset_dict(w, o, info);
	for (i = 0; i < info->n_members; i++) {
		v = PY_AT(o, info->members[i].offset, py_obj);
		if (v)
			py_ref_peek(w, v, OBJTOP_REL_SLOT,
				    info->members[i].name);
	}
}
