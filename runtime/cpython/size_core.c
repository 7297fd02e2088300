/* SPDX-License-Identifier: MIT */
/*
 * size_core.c - the formulas of the built-in types' __sizeof__.
 *
 * Each is the arithmetic of the method in Objects/<type>object.c on the fields
 * it looks at.  Constant time.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/value.h"

#define SET_ENTRY	16
#define ODICT_NODE	32
#define KEYS_MAX	((int64_t)1 << 40)

/* struct _odictobject, behind PyDictObject */
#define OD_FIRST	48
#define OD_FAST_SIZE	72

/* PyCodeObject to 3.10 */
#define CO_CELL2ARG	96
#define CO_EXTRA	144
#define CO_OPCACHE_MAP	152
#define CO_OPCACHE	160
#define CO_OPCACHE_SIZE	172	/* uint8_t */
#define OPCACHE_ENTRY	32

uint64_t
py_size_object(const struct py_walk *w, py_obj o, const struct py_entry *e,
	       uint64_t *extra)
{
	(void)extra;
	if (!e->item)
		return e->basic;
	return e->basic + py_units(PY_AT(o, w->L->ob_size, int64_t), e->item);
}

uint64_t
py_size_list(const struct py_walk *w, py_obj o, const struct py_entry *e,
	     uint64_t *extra)
{
	(void)extra;
	return e->basic +
		py_units(PY_AT(o, w->L->list_allocated, int64_t), 8);
}

/* PyDictKeysObject: to 3.10 {refcnt, size, lookup, usable, nentries} */
static uint64_t
keys_size_old(uintptr_t keys)
{
	int64_t n = PY_AT(keys, 8, int64_t);
	uint64_t width = 8;

	if (n < 0 || n > KEYS_MAX)
		return 0;
	if (n <= 0xff)
		width = 1;
	else if (n <= 0xffff)
		width = 2;
	else if (n <= 0xffffffff)
		width = 4;
	return 40 + (uint64_t)n * width + ((uint64_t)n << 1) / 3 * 24;
}

/* from 3.11 {refcnt, log2_size, log2_index_bytes, kind, version, ...} */
uint64_t
py_keys_size(const struct py_walk *w, uintptr_t keys)
{
	unsigned log2, log2_bytes, entry;

	if (w->minor <= 10)
		return keys_size_old(keys);
	log2 = PY_AT(keys, 8, uint8_t);
	log2_bytes = PY_AT(keys, 9, uint8_t);
	entry = PY_AT(keys, 10, uint8_t) ? 16 : 24;
	if (log2 > 40 || log2_bytes > 44)
		return 0;
	return 32 + ((uint64_t)1 << log2_bytes) +
		((uint64_t)2 << log2) / 3 * entry;
}

uint64_t
py_keys_slots(const struct py_walk *w, uintptr_t keys)
{
	int64_t n;

	if (w->minor <= 10) {
		n = PY_AT(keys, 8, int64_t);
		return n > 0 && n < KEYS_MAX ? ((uint64_t)n << 1) / 3 : 0;
	}
	return py_units(PY_AT(keys, 16, int64_t), 1) +
		py_units(PY_AT(keys, 24, int64_t), 1);
}

uint64_t
py_size_dict(const struct py_walk *w, py_obj o, const struct py_entry *e,
	     uint64_t *extra)
{
	uintptr_t keys = PY_AT(o, w->L->dict_keys, uintptr_t);
	uintptr_t values = PY_AT(o, w->L->dict_values, uintptr_t);
	uint64_t bytes = e->basic;

	(void)extra;
	if (!py_sane(keys))
		return bytes;
	if (values)
		bytes += py_keys_slots(w, keys) * 8;
	/* a shared table is part of its type's size */
	if (PY_AT(keys, 0, int64_t) == 1)
		bytes += py_keys_size(w, keys);
	return bytes;
}

uint64_t
py_size_odict(const struct py_walk *w, py_obj o, const struct py_entry *e,
	      uint64_t *extra)
{
	uint64_t bytes = py_size_dict(w, o, e, extra);

	bytes += py_units(PY_AT(py_body(w, o), OD_FAST_SIZE, int64_t), 8);
	if (PY_AT(py_body(w, o), OD_FIRST, uintptr_t))
		bytes += py_units(PY_AT(o, w->L->dict_used, int64_t),
				  ODICT_NODE);
	return bytes;
}

uint64_t
py_size_set(const struct py_walk *w, py_obj o, const struct py_entry *e,
	    uint64_t *extra)
{
	(void)extra;
	if (PY_AT(o, w->L->set_table, uintptr_t) == o + w->L->set_small)
		return e->basic;
	return e->basic + SET_ENTRY +
		py_units(PY_AT(o, w->L->set_mask, int64_t), SET_ENTRY);
}

/* wchar_t form and UTF-8 form, where they are not the characters themselves */
static uint64_t
str_forms(const struct py_walk *w, py_obj o, const struct py_chars *c,
	  bool compact)
{
	const struct py_layout *L = w->L;
	uintptr_t p;
	uint64_t bytes = 0;

	if (L->str_wstr != PY_NO) {
		p = PY_AT(o, L->str_wstr, uintptr_t);
		if (p && (p != c->data || !(PY_AT(o, L->str_state, uint32_t)
					    >> 2 & 7)))
			bytes += 4 + py_units(c->ascii && compact ?
				(int64_t)c->len :
				PY_AT(o, L->str_wstr_len, int64_t), 4);
	}
	if (c->ascii && compact)
		return bytes;
	p = PY_AT(o, L->str_utf8, uintptr_t);
	if (p && p != c->data)
		bytes += 1 + py_units(PY_AT(o, L->str_utf8_len, int64_t), 1);
	return bytes;
}

uint64_t
py_size_str(const struct py_walk *w, py_obj o, const struct py_entry *e,
	    uint64_t *extra)
{
	const struct py_layout *L = w->L;
	uint32_t state = PY_AT(o, L->str_state, uint32_t);
	bool compact = (state & 1u << 5) != 0;
	struct py_chars c;
	uint64_t bytes;

	(void)e;
	(void)extra;
	if (!py_str_chars(w, o, &c))
		return L->str_full;
	bytes = py_units((int64_t)c.len + 1, c.kind);
	if (compact)
		bytes += c.ascii ? L->str_ascii : L->str_compact;
	else if (PY_AT(o, L->str_data, uintptr_t))
		bytes += L->str_full;
	else
		bytes = L->str_full;
	return bytes + str_forms(w, o, &c, compact);
}

/* 3.11.0 and 3.11.1 gave 0 four bytes less than those after them. */
uint64_t
py_size_int(const struct py_walk *w, py_obj o, const struct py_entry *e,
	    uint64_t *extra)
{
	int64_t n = PY_AT(o, w->L->ob_size, int64_t);

	(void)extra;
	if (w->minor >= 12)
		n = (int64_t)(PY_AT(o, w->L->ob_size, uint64_t) >> 3);
	else if (n < 0)
		n = -n;
	if (w->minor >= 11 && n == 0)
		n = 1;
	return (w->minor >= 12 ? e->basic : 24) + py_units(n, 4);
}

uint64_t
py_size_bytearray(const struct py_walk *w, py_obj o, const struct py_entry *e,
		  uint64_t *extra)
{
	int64_t n = PY_AT(o, w->L->bytearray_alloc, int64_t);

	(void)extra;
	/* from 3.15 on the bytes are those of a bytes object */
	return e->basic + py_units(n, 1) + (w->minor >= 15 && n > 0 ? 33 : 0);
}

uint64_t
py_size_type(const struct py_walk *w, py_obj o, const struct py_entry *e,
	     uint64_t *extra)
{
	uintptr_t keys;

	(void)e;
	(void)extra;
	if (!(py_flags(w, o) & PY_FLAG_HEAPTYPE))
		return w->L->type_size;
	keys = PY_AT(o, w->L->ht_cached_keys, uintptr_t);
	return w->L->heap_type_size + (keys ? py_keys_size(w, keys) : 0);
}

static int64_t
tuple_len(const struct py_walk *w, py_obj tuple)
{
	return tuple ? PY_AT(tuple, w->L->ob_size, int64_t) : 0;
}

/* What tools keep on a code object: {size, pointers}. */
static uint64_t
code_extra(py_obj o, size_t off)
{
	uintptr_t p = PY_AT(o, off, uintptr_t);

	return py_sane(p) ? 8 + py_units(PY_AT(p, 0, int64_t), 8) : 0;
}

static uint64_t
code_old(const struct py_walk *w, py_obj o, const struct py_entry *e)
{
	uint64_t bytes = e->basic + code_extra(o, CO_EXTRA);

	if (PY_AT(o, CO_CELL2ARG, uintptr_t))
		bytes += py_units(tuple_len(w, PY_AT(o, w->L->co_cellvars,
						     py_obj)), 8);
	if (PY_AT(o, CO_OPCACHE, uintptr_t))
		bytes += py_units(tuple_len(w, PY_AT(o, w->L->co_code, py_obj))
				  / 2, 1) +
			(uint64_t)PY_AT(o, CO_OPCACHE_SIZE, uint8_t) *
			OPCACHE_ENTRY;
	return bytes;
}

uint64_t
py_size_code(const struct py_walk *w, py_obj o, const struct py_entry *e,
	     uint64_t *extra)
{
	uint64_t bytes;

	if (w->minor <= 10)
		return code_old(w, o, e);
	/* the instructions are the object's items; co_extra precedes them */
	bytes = (py_size_object(w, o, e, extra) + 7) & ~(uint64_t)7;
	return bytes + code_extra(o, w->L->co_code - 8u);
}

/* Slots for locals, cells and evaluation stack of a code object. */
static uint64_t
code_slots(const struct py_walk *w, py_obj code)
{
	const struct py_layout *L = w->L;
	int64_t n;

	if (!code || py_type(w, code) != w->T.code)
		return 0;
	n = PY_AT(code, L->co_stacksize, int32_t);
	if (w->minor >= 11)
		return py_units(n + PY_AT(code, L->co_nlocalsplus, int32_t), 1);
	n += PY_AT(code, L->co_nlocals, int32_t);
	n += tuple_len(w, PY_AT(code, L->co_cellvars, py_obj));
	n += tuple_len(w, PY_AT(code, L->co_freevars, py_obj));
	return py_units(n, 1);
}

/* From 3.14 on the low bits of a frame's references are tags. */
static py_obj
frame_code(const struct py_walk *w, uintptr_t frame)
{
	return PY_AT(frame, w->L->fr_code, py_obj) & ~(uintptr_t)3;
}

uint64_t
py_size_frame(const struct py_walk *w, py_obj o, const struct py_entry *e,
	      uint64_t *extra)
{
	uintptr_t frame = o;

	(void)extra;
	if (w->minor <= 10)	/* the first slot is in basicsize */
		return e->basic + code_slots(w, frame_code(w, o)) * 8 - 8;
	frame = PY_AT(o, w->L->frobj_frame, uintptr_t);
	if (!py_sane(frame))
		return e->basic;
	return (uint64_t)w->L->frobj_data + w->L->fr_localsplus +
		code_slots(w, frame_code(w, frame)) * 8;
}

uint64_t
py_size_generator(const struct py_walk *w, py_obj o, const struct py_entry *e,
		  uint64_t *extra)
{
	uint64_t bytes;
	py_obj code;

	(void)extra;
	if (w->minor <= 10)
		return e->basic;
	bytes = (uint64_t)w->L->gen_frame + w->L->fr_localsplus;
	/* 3.11 has the code apart, and its frame loses it at the end */
	code = w->L->gen_code != PY_NO ? PY_AT(o, w->L->gen_code, py_obj) :
		frame_code(w, o + w->L->gen_frame);
	return bytes + code_slots(w, code) * 8;
}
