/* SPDX-License-Identifier: MIT */
/*
 * items.c - the entries of a dictionary, read in insertion order.
 *
 * Three table formats: to 3.10 entries of hash, key and value behind an index
 * whose width depends on the table's size; from 3.11 the same with the widths
 * as logarithms, and a shorter entry of key and value where all keys are str.
 * The values of a split table stand in an array of their own.  One pass over
 * the entries, deleted ones skipped; a look-up is a pass that compares text,
 * which is enough for the few that naming types needs.
 */
#include "runtime/cpython/value.h"

#define ITEMS_MAX	((int64_t)1 << 40)

/* PyDictKeysObject to 3.10 */
#define OLD_SIZE	8
#define OLD_NENTRIES	32
#define OLD_INDICES	40
/* from 3.11 */
#define NEW_LOG2_BYTES	9
#define NEW_KIND	10
#define NEW_NENTRIES	24
#define NEW_INDICES	32

static unsigned
items_index_width(int64_t size)
{
	if (size <= 0xff)
		return 1;
	if (size <= 0xffff)
		return 2;
	return size <= 0xffffffff ? 4 : 8;
}

bool
py_items_begin(const struct py_walk *w, py_obj dict, struct py_items *it)
{
	uintptr_t keys = PY_AT(dict, w->L->dict_keys, uintptr_t);
	uintptr_t values = PY_AT(dict, w->L->dict_values, uintptr_t);
	int64_t n, size;

	it->left = 0;
	if (!py_sane(keys))
		return false;
	if (w->minor <= 10) {
		n = PY_AT(keys, OLD_NENTRIES, int64_t);
		size = PY_AT(keys, OLD_SIZE, int64_t);
		if (size < 0 || size > ITEMS_MAX)
			return false;
		it->entry = keys + OLD_INDICES +
			(uintptr_t)size * items_index_width(size);
		it->stride = 24;
		it->key_at = 8;
	} else {
		unsigned log2 = PY_AT(keys, NEW_LOG2_BYTES, uint8_t);

		n = PY_AT(keys, NEW_NENTRIES, int64_t);
		if (log2 > 40)
			return false;
		it->entry = keys + NEW_INDICES + ((uintptr_t)1 << log2);
		it->stride = 24;
		it->key_at = 8;
		if (PY_AT(keys, NEW_KIND, uint8_t)) {
			it->stride = 16;
			it->key_at = 0;
		}
	}
	if (n < 0 || n > ITEMS_MAX)
		return false;
	it->value = values ? values + w->L->values_first : 0;
	it->left = (size_t)n;
	return true;
}

bool
py_items_next(struct py_items *it, py_obj *key, py_obj *value)
{
	while (it->left) {
		*key = PY_AT(it->entry, it->key_at, py_obj);
		if (it->value) {
			*value = PY_AT(it->value, 0, py_obj);
			it->value += sizeof(py_obj);
		} else {
			*value = PY_AT(it->entry, it->key_at + 8u, py_obj);
		}
		it->entry += it->stride;
		it->left--;
		if (*key && *value)
			return true;
	}
	return false;
}

py_obj
py_items_find(const struct py_walk *w, py_obj dict, const char *name,
	      size_t len)
{
	struct py_items it;
	py_obj key, value;

	if (!dict || !py_items_begin(w, dict, &it))
		return 0;
	while (py_items_next(&it, &key, &value)) {
		if (py_str_is(w, key, name, len))
			return value;
	}
	return 0;
}
