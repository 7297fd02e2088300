/* SPDX-License-Identifier: MIT */
/*
 * edges_containers.c - lists, tuples, dicts and sets.
 *
 * The strings in a keys object that several dicts share belong to that table,
 * not to each dict: whoever comes by first, class or dict, gives the table's
 * key edges, so that each reference is told once.
 *
 * The dict of interned strings, which the collector tracks from 3.14 on, holds
 * them without being counted (Objects/unicodeobject.c): weak references.
 */
#include "runtime/cpython/walk.h"

#define SET_ENTRY	16
#define TEXT_MAX	64

static void
items(struct py_walk *w, uintptr_t at, int64_t n)
{
	int64_t i;
	py_obj o;

	for (i = 0; i < n && !w->stop; i++) {
		o = PY_AT(at, (uintptr_t)i * 8, py_obj);
		if (o)
			py_ref_index(w, o, OBJTOP_REL_ITEM, i);
	}
}

void
py_edges_list(struct py_walk *w, py_obj o)
{
	const struct py_layout *L = w->L;
	int64_t n = PY_AT(o, L->ob_size, int64_t);
	uintptr_t at = PY_AT(o, L->list_item, uintptr_t);

	/* While it is being sorted, a list is empty and allocated is -1. */
	if (n > 0 && n <= PY_AT(o, L->list_allocated, int64_t) && py_ok(at))
		items(w, at, n);
}

void
py_edges_tuple(struct py_walk *w, py_obj o)
{
	items(w, o + w->L->tuple_item, PY_AT(o, w->L->ob_size, int64_t));
}

/* A value under a key that is no str: an index, or what the key says. */
static void
value_by(struct py_walk *w, py_obj value, py_obj key)
{
	struct objtop_sink *s = w->sink;
	py_obj type = py_type(w, key);
	char text[TEXT_MAX];
	int64_t index;
	size_t n;

	if (!w->want_names || !w->want_refs) {
		py_ref(w, value, OBJTOP_REL_VALUE);
		return;
	}
	if (type == w->T.integer && w->want_text && py_int(w, key, &index)) {
		py_ref_index(w, value, OBJTOP_REL_VALUE, index);
		return;
	}
	if (w->want_text && s->name_known(s, key) == UINT32_MAX) {
		n = py_text(w, key, type, text, sizeof(text));
		if (n)
			s->name(s, key, text, n);
	}
	/* By now it is known or has no name; no str is read here. */
	py_ref_known(w, value, OBJTOP_REL_VALUE, key);
}

static void
value(struct py_walk *w, py_obj v, py_obj key)
{
	if (!py_ok(key))
		py_ref(w, v, OBJTOP_REL_VALUE);
	else if (py_flags(w, py_type(w, key)) & PY_FLAG_UNICODE)
		py_ref_str(w, v, OBJTOP_REL_VALUE, key);
	else
		value_by(w, v, key);
}

static void
shared_keys(struct py_walk *w, const struct py_table *t)
{
	uint64_t i;
	py_obj key;

	if (!py_bitmap_claim(w, t->keys))
		return;
	for (i = 0; i < t->n && !w->stop; i++) {
		key = PY_AT(t->entry + i * t->stride, t->key, py_obj);
		if (key)
			py_ref(w, key, OBJTOP_REL_KEY);
	}
}

void
py_ref_shared_keys(struct py_walk *w, uintptr_t keys)
{
	struct py_table t;

	if (py_table_keys(w, keys, &t))
		shared_keys(w, &t);
}

#define SAMPLES		8

/* The first few entries: each a str that is its own value. */
static bool
is_interned(const struct py_walk *w, const struct py_table *t)
{
	uint64_t i;
	unsigned n = 0;
	py_obj key, v;

	for (i = 0; i < t->n && n < SAMPLES; i++) {
		v = py_table_at(t, i, &key);
		if (!v)
			continue;
		if (v != key || !py_ok(v) || py_type(w, v) != w->T.str)
			return false;
		n++;
	}
	return n > 0;
}

void
py_interned_find(struct py_walk *w)
{
	uintptr_t dict, type;
	struct py_table t;

	if (w->L->in_interned != PY_NO &&
	    py_peek_ptr(w->interp + w->L->in_interned, &dict) && py_ok(dict) &&
	    py_peek_ptr(dict + w->L->ob_type, &type) && type == w->T.dict &&
	    py_table(w, dict, &t) && !t.shared && is_interned(w, &t))
		w->interned = dict;
}

static void
interned(struct py_walk *w, py_obj o)
{
	struct py_table t;
	uint64_t i;
	py_obj key;

	if (!py_table(w, o, &t))
		return;
	for (i = 0; i < t.n && !w->stop; i++) {
		if (py_table_at(&t, i, &key))
			py_ref(w, key, OBJTOP_REL_WEAK);
	}
}

void
py_edges_dict(struct py_walk *w, py_obj o)
{
	struct py_table t;
	uint64_t i;
	py_obj key, v;

	if (o == w->interned) {
		interned(w, o);
		return;
	}
	if (!py_table(w, o, &t)) {
		w->odd_objects++;
		return;
	}
	if (t.shared)
		py_ref_shared_keys(w, t.keys);
	if (t.embedded)
		return;		/* they are the instance's */
	for (i = 0; i < t.n && !w->stop; i++) {
		v = py_table_at(&t, i, &key);
		if (!v)
			continue;
		if (!t.shared)
			py_ref(w, key, OBJTOP_REL_KEY);
		value(w, v, key);
	}
}

void
py_edges_set(struct py_walk *w, py_obj o)
{
	const struct py_layout *L = w->L;
	uint64_t mask = PY_AT(o, L->set_mask, uint64_t), i;
	uintptr_t table = PY_AT(o, L->set_table, uintptr_t);

	if (!py_ok(table) || mask >= (uint64_t)1 << 48)
		return;
	for (i = 0; i <= mask && !w->stop; i++) {
		py_obj key = PY_AT(table, i * SET_ENTRY, py_obj);

		/* A hash of -1 marks an entry that was taken out. */
		if (key && PY_AT(table, i * SET_ENTRY + 8, int64_t) != -1)
			py_ref(w, key, OBJTOP_REL_ITEM);
	}
}
