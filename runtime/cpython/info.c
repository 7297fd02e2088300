/* SPDX-License-Identifier: MIT */
/*
 * info.c - how the edges of a type's instances are to be found.
 *
 * Worked out once per type: the nearest base whose layout we know (its
 * family), the object fields that tp_members names, and whether tp_traverse
 * has more to say than both.  It has not when the function that does the work,
 * found as subtype_traverse() finds it, is that of a known type.  A type that
 * does not look like one is remembered as such.
 */
#include "runtime/cpython/walk.h"

#define FIRST_CAP	1024u
#define MOST_BASES	1000
#define MOST_MEMBERS	4096
#define MEMBER_SIZE	40		/* sizeof(PyMemberDef) */
#define MEMBER_TYPE	8
#define MEMBER_OFFSET	16
#define T_OBJECT	6
#define T_OBJECT_EX	16
#define NDARRAY_SIZE	72		/* the fields that are read */

struct py_infos {
	struct py_info *slots;
	size_t cap, used;
};

struct known {
	py_obj type;
	enum py_family family;
};

/* The families whose fields are all read by hand. */
static size_t
known_types(const struct py_walk *w, struct known *k)
{
	const struct py_types *T = &w->T;
	const struct known all[] = {
		{ T->object, PY_FAM_OBJECT }, { T->list, PY_FAM_LIST },
		{ T->tuple, PY_FAM_TUPLE }, { T->dict, PY_FAM_DICT },
		{ T->frozendict, PY_FAM_DICT },
		{ T->set, PY_FAM_SET }, { T->frozenset, PY_FAM_SET },
		{ T->function, PY_FAM_FUNCTION },
		{ T->method, PY_FAM_METHOD },
		{ T->cfunction, PY_FAM_CFUNCTION },
		{ T->cell, PY_FAM_CELL }, { T->code, PY_FAM_CODE },
		{ T->frame, PY_FAM_FRAME },
		{ T->generator, PY_FAM_GENERATOR },
		{ T->coroutine, PY_FAM_COROUTINE },
		{ T->asyncgen, PY_FAM_ASYNCGEN }, { T->type, PY_FAM_TYPE },
		{ T->weakref, PY_FAM_WEAKREF },
		{ T->weakproxy, PY_FAM_WEAKREF },
		{ T->weakcallable, PY_FAM_WEAKREF },
		{ T->exception, PY_FAM_EXCEPTION },
		{ T->traceback, PY_FAM_TRACEBACK },
		{ T->range, PY_FAM_RANGE }, { T->str, PY_FAM_LEAF },
		{ T->bytes, PY_FAM_LEAF }, { T->integer, PY_FAM_LEAF },
		{ T->boolean, PY_FAM_LEAF }, { T->real, PY_FAM_LEAF },
		{ T->complex, PY_FAM_LEAF }, { T->bytearray, PY_FAM_LEAF },
		{ T->none, PY_FAM_LEAF },
		{ T->ellipsis, PY_FAM_LEAF },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		k[i] = all[i];
	return i;
}

#define MOST_KNOWN	40

static bool
name_is(uintptr_t name, const char *s)
{
	char have[32];
	size_t i;

	if (!py_peek_str(name, have, sizeof(have)))
		return false;
	for (i = 0; s[i] && s[i] == have[i]; i++)
		;
	return s[i] == have[i];
}

/* Types of extension modules have no symbol: they go by name. */
static enum py_family
family_by_name(struct py_walk *w, py_obj type)
{
	uintptr_t name = PY_AT(type, w->L->tp_name, uintptr_t);

	if (PY_AT(type, w->L->tp_flags, unsigned long) & PY_FLAG_HEAPTYPE)
		return name_is(name, "collections.deque") ? PY_FAM_DEQUE :
			PY_FAM_OTHER;
	if (name_is(name, "collections.deque"))
		return PY_FAM_DEQUE;
	if (name_is(name, "datetime.datetime"))
		return PY_FAM_DATETIME;
	if (name_is(name, "greenlet.greenlet")) {
		w->greenlet = type;
		return PY_FAM_GREENLET;
	}
	if (name_is(name, "numpy.ndarray") &&
	    PY_AT(type, w->L->tp_basicsize, int64_t) >= NDARRAY_SIZE)
		return PY_FAM_NDARRAY;
	if (name_is(name, "datetime.time"))
		return PY_FAM_TIME;
	return PY_FAM_OTHER;
}

/* What keeps no field of its own behind what its base has. */
static bool
is_whole(const struct py_walk *w, const struct py_info *info)
{
	const struct py_layout *L = w->L;
	uintptr_t f = PY_AT(info->type, L->tp_traverse, uintptr_t);
	struct known k[MOST_KNOWN];
	size_t i, n = known_types(w, k);
	py_obj t = info->type;
	int depth;

	for (depth = 0; depth < MOST_BASES && w->subtype_traverse; depth++) {
		if (f != w->subtype_traverse)
			break;
		t = PY_AT(t, L->tp_base, py_obj);
		if (!py_ok(t))
			break;
		f = PY_AT(t, L->tp_traverse, uintptr_t);
	}
	if (!f)
		return true;
	for (i = 0; i < n; i++) {
		if (k[i].type && PY_AT(k[i].type, L->tp_traverse,
				       uintptr_t) == f)
			return true;
	}
	return false;
}

static bool
is_type(const struct py_walk *w, py_obj t)
{
	uintptr_t meta, basic;
	unsigned long flags;

	/* Peeked at: from a wrong pointer anything may come. */
	return py_ok(t) && py_peek_ptr(t + w->L->ob_type, &meta) &&
		py_ok(meta) &&
		py_peek(meta + w->L->tp_flags, &flags, sizeof(flags)) &&
		(flags & PY_FLAG_TYPE) &&
		py_peek_ptr(t + w->L->tp_basicsize, &basic) &&
		basic < (uintptr_t)1 << 32;
}

static bool
has_member(const struct py_member *m, size_t n, uint32_t offset)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (m[i].offset == offset)
			return true;
	}
	return false;
}

/*
 * Object fields of one type's tp_members; counts only when out is NULL.  The
 * dict at tp_dictoffset is no slot, even where it is a member too (modules).
 */
static uint32_t
members_of(const struct py_walk *w, py_obj type, int64_t dictoffset,
	   struct py_member *out, uint32_t n)
{
	uintptr_t def = PY_AT(type, w->L->tp_members, uintptr_t);
	int64_t basic = PY_AT(type, w->L->tp_basicsize, int64_t);
	int64_t offset;
	int kind, i;

	if (!py_ok(def))
		return n;
	for (i = 0; i < MOST_MEMBERS; i++, def += MEMBER_SIZE) {
		if (!PY_AT(def, 0, uintptr_t))
			break;
		kind = PY_AT(def, MEMBER_TYPE, int);
		offset = PY_AT(def, MEMBER_OFFSET, int64_t);
		if ((kind != T_OBJECT && kind != T_OBJECT_EX) ||
		    offset < w->L->ob_size || offset > basic - 8 || (offset & 7) ||
		    offset == dictoffset)
			continue;
		if (out && has_member(out, n, (uint32_t)offset))
			continue;
		if (out) {
			out[n].name = PY_AT(def, 0, uintptr_t);
			out[n].offset = (uint32_t)offset;
		}
		n++;
	}
	return n;
}

/* Members of the type and its bases, as far as no family covers them. */
static void
members_find(struct py_walk *w, struct py_info *info, py_obj stop)
{
	struct py_member *out = NULL;
	uint32_t n;
	py_obj t;
	int depth;

	for (;;) {
		n = 0;
		t = info->type;
		for (depth = 0; depth < MOST_BASES; depth++) {
			if (!py_ok(t) || t == stop)
				break;
			n = members_of(w, t, info->dictoffset, out, n);
			t = PY_AT(t, w->L->tp_base, py_obj);
		}
		if (out || !n)
			break;
		out = w->sink->alloc(w->sink, n * sizeof(*out));
		if (!out) {
			w->stop = 1;
			return;
		}
	}
	info->members = out;
	info->n_members = n;
}

static bool
is_whole_family(enum py_family f)
{
	return f != PY_FAM_OTHER && f != PY_FAM_DEQUE &&
		f != PY_FAM_GREENLET && f != PY_FAM_NDARRAY &&
		f != PY_FAM_DATETIME && f != PY_FAM_TIME;
}

static void
fill(struct py_walk *w, struct py_info *info)
{
	const struct py_layout *L = w->L;
	struct known k[MOST_KNOWN];
	size_t i, n = known_types(w, k);
	py_obj t = info->type, stop = 0;
	int depth;

	info->flags = PY_AT(t, L->tp_flags, unsigned long);
	info->basicsize = PY_AT(t, L->tp_basicsize, int64_t);
	info->itemsize = PY_AT(t, L->tp_itemsize, int64_t);
	info->dictoffset = PY_AT(t, L->tp_dictoffset, int64_t);
	info->weakoffset = PY_AT(t, L->tp_weaklistoffset, int64_t);
	if (info->flags & PY_FLAG_HEAPTYPE)
		info->keys = PY_AT(t, L->ht_cached_keys, py_obj);
	for (depth = 0; depth < MOST_BASES && py_ok(t) && !stop; depth++) {
		for (i = 0; i < n; i++) {
			if (t == k[i].type)
				break;	/* no t is 0 */
		}
		if (i < n) {
			info->family = (uint8_t)k[i].family;
			stop = t;
			info->plain = !depth && !info->dictoffset;
		} else if (info->family == PY_FAM_OTHER) {
			info->family = (uint8_t)family_by_name(w, t);
			if (info->family != PY_FAM_OTHER)
				break;
		}
		t = PY_AT(t, L->tp_base, py_obj);
	}
	if (info->family == PY_FAM_OBJECT && info->type != w->T.object)
		info->family = PY_FAM_OTHER;
	if (!is_whole_family(info->family))
		stop = w->T.object;
	if (info->family != PY_FAM_TYPE && !info->plain)
		members_find(w, info, stop);
	if ((info->flags & PY_FLAG_GC) && !is_whole(w, info))
		info->traverse = PY_AT(info->type, L->tp_traverse, uintptr_t);
}

static struct py_info *
find(const struct py_infos *m, py_obj type)
{
	size_t i = (size_t)((uint64_t)type * 0x9e3779b97f4a7c15u >> 20);

	for (;; i++) {
		struct py_info *s = &m->slots[i & (m->cap - 1)];

		if (!s->type || s->type == type)
			return s;
	}
}

static bool
grow(struct py_walk *w, struct py_infos *m)
{
	struct py_infos old = *m;
	size_t i;

	m->cap = old.cap ? old.cap * 2 : FIRST_CAP;
	m->slots = w->sink->alloc(w->sink, m->cap * sizeof(*m->slots));
	if (!m->slots) {
		*m = old;
		w->stop = 1;
		return false;
	}
	for (i = 0; i < old.cap; i++) {
		if (old.slots[i].type)
			*find(m, old.slots[i].type) = old.slots[i];
	}
	return true;
}

const struct py_info *
py_info(struct py_walk *w, py_obj type)
{
	struct py_infos *m = w->infos;
	struct py_info *s;

	if (!m) {
		m = w->infos = w->sink->alloc(w->sink, sizeof(*m));
		if (!m || !grow(w, m)) {
			w->infos = NULL;
			w->stop = 1;
			return NULL;
		}
	}
	if (!type)
		return NULL;
	s = find(m, type);
	if (!s->type) {
		if (!is_type(w, type))
			return NULL;
		if (m->used * 2 >= m->cap) {
			if (!grow(w, m))
				return NULL;
			s = find(m, type);
		}
		m->used++;
		s->type = type;
		fill(w, s);
	}
	return s;
}
