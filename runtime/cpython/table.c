/* SPDX-License-Identifier: MIT */
/*
 * table.c - dict tables, read from memory.
 *
 * A dict has a keys object with hash indices and entries behind them.  A split
 * dict shares its keys object and has values of its own, by entry number.
 * Objects/dictobject.c and Include/internal/pycore_dict.h of each version.
 */
#include "runtime/cpython/value.h"
#include "runtime/cpython/walk.h"

/* Keys object to 3.10 and from 3.11 on. */
#define OLD_SIZE	8
#define OLD_NENTRIES	32
#define OLD_INDICES	40
#define NEW_LOG2_SIZE	8
#define NEW_LOG2_BYTES	9
#define NEW_KIND	10
#define NEW_NENTRIES	24
#define NEW_INDICES	32
#define KIND_GENERAL	0
#define MOST_LOG2	48

static uint64_t
old_index_width(uint64_t size)
{
	if (size <= 0xff)
		return 1;
	if (size <= 0xffff)
		return 2;
	return size <= 0xffffffff ? 4 : 8;
}

static bool
old_keys(uintptr_t keys, struct py_table *t)
{
	uint64_t size = PY_AT(keys, OLD_SIZE, uint64_t);

	t->n = PY_AT(keys, OLD_NENTRIES, uint64_t);
	if (size > (uint64_t)1 << MOST_LOG2 || t->n > size)
		return false;
	t->entry = keys + OLD_INDICES + size * old_index_width(size);
	t->stride = 24;
	t->key = 8;
	t->value = 16;
	return true;
}

static bool
new_keys(uintptr_t keys, struct py_table *t)
{
	unsigned log2_size = PY_AT(keys, NEW_LOG2_SIZE, uint8_t);
	unsigned log2_bytes = PY_AT(keys, NEW_LOG2_BYTES, uint8_t);

	t->n = PY_AT(keys, NEW_NENTRIES, uint64_t);
	if (log2_size > MOST_LOG2 || log2_bytes > MOST_LOG2 + 3 ||
	    t->n > (uint64_t)1 << log2_size)
		return false;
	t->entry = keys + NEW_INDICES + ((uintptr_t)1 << log2_bytes);
	if (PY_AT(keys, NEW_KIND, uint8_t) == KIND_GENERAL) {
		t->stride = 24;
		t->key = 8;
		t->value = 16;
	} else {
		t->stride = 16;
		t->key = 0;
		t->value = 8;
	}
	return true;
}

bool
py_table_keys(const struct py_walk *w, uintptr_t keys, struct py_table *t)
{
	*t = (struct py_table){ .keys = keys };
	if (!py_ok(keys))
		return false;
	return w->minor < 11 ? old_keys(keys, t) : new_keys(keys, t);
}

bool
py_table(const struct py_walk *w, py_obj dict, struct py_table *t)
{
	const struct py_layout *L = w->L;
	uintptr_t values = PY_AT(dict, L->dict_values, uintptr_t);

	if (!py_table_keys(w, PY_AT(dict, L->dict_keys, uintptr_t), t))
		return false;
	if (!values)
		return true;
	if (!py_ok(values))
		return false;
	t->shared = true;
	t->values = values + L->values_first;
	if (w->minor >= 13) {
		/* { u8 capacity, size, embedded, valid; } */
		uint8_t capacity = PY_AT(values, 0, uint8_t);

		if (t->n > capacity)
			t->n = capacity;
		t->embedded = PY_AT(values, 2, uint8_t) == 1;
	}
	return true;
}

py_obj
py_table_at(const struct py_table *t, uint64_t i, py_obj *key)
{
	uintptr_t entry = t->entry + i * t->stride;

	*key = PY_AT(entry, t->key, py_obj);
	if (t->values)
		return PY_AT(t->values, i * 8, py_obj);
	return PY_AT(entry, t->value, py_obj);
}

py_obj
py_table_find(const struct py_walk *w, py_obj dict, const char *name,
	      size_t len)
{
	struct py_table t;
	py_obj key, value;
	uint64_t i;

	if (!dict || !py_table(w, dict, &t))
		return 0;
	for (i = 0; i < t.n; i++) {
		value = py_table_at(&t, i, &key);
		if (key && value && py_str_is(w, key, name, len))
			return value;
	}
	return 0;
}

bool
py_int(const struct py_walk *w, py_obj o, int64_t *v)
{
	uint64_t digits, sign_bit;
	uint64_t value = 0;

	if (w->minor >= 12) {
		uint64_t tag = PY_AT(o, w->L->ob_size, uint64_t);

		digits = tag >> 3;
		sign_bit = (tag & 3) == 2;
	} else {
		int64_t size = PY_AT(o, w->L->ob_size, int64_t);

		sign_bit = size < 0;
		digits = sign_bit ? 0 - (uint64_t)size : (uint64_t)size;
	}
	if (digits > 2)
		return false;
	if (digits > 1)
		value = (uint64_t)PY_AT(o, w->L->ob_size + 12u, uint32_t)
			<< 30;
	if (digits > 0)
		value |= PY_AT(o, w->L->ob_size + 8u, uint32_t);
	*v = sign_bit ? -(int64_t)value : (int64_t)value;
	return true;
}
