/* SPDX-License-Identifier: MIT */
/*
 * kind.c - types: their flags, bases and names, and the map of those seen.
 *
 * The map is open addressing over type addresses with the entry used last
 * tried first, since objects come in runs of one type; it doubles at three
 * quarters full and what it leaves is the walk's to free.  Names follow
 * type.__qualname__ and type.__module__: a heap type keeps a str and an entry
 * of its dict, a static one has both in tp_name, split at the last dot.
 */
#include "runtime/cpython/value.h"
#include "runtime/cpython/walk.h"

#define MAP_FIRST	2048
#define MRO_MAX		4096
#define NAME_MAX_LEN	4096
#define KIND_BYTES	512	/* of a name that is not ASCII */

bool
py_sane(uintptr_t p)
{
	return p >= 0x1000 && p < ((uintptr_t)1 << 56) && !(p & 3);
}

bool
py_mro_each(const struct py_walk *w, py_obj type, py_mro_fn *fn, void *arg)
{
	py_obj mro = PY_AT(type, w->L->tp_mro, py_obj);
	int64_t i, n;

	if (mro && (py_flags(w, py_type(w, mro)) & PY_FLAG_TUPLE)) {
		n = PY_AT(mro, w->L->ob_size, int64_t);
		for (i = 0; i < n && i < MRO_MAX; i++) {
			py_obj cls = PY_AT(mro, w->L->tuple_item +
					   8 * (size_t)i, py_obj);

			if (cls && fn(w, cls, arg))
				return true;
		}
		return false;
	}
	for (i = 0; type && i < MRO_MAX; i++) {
		if (fn(w, type, arg))
			return true;
		type = PY_AT(type, w->L->tp_base, py_obj);
	}
	return false;
}

static bool
kind_same(const struct py_walk *w, py_obj cls, void *arg)
{
	(void)w;
	return cls == *(py_obj *)arg;
}

bool
py_is_subtype(const struct py_walk *w, py_obj type, py_obj base)
{
	py_obj t = type;
	int i;

	if (!base)
		return false;
	for (i = 0; t && i < MRO_MAX; i++) {
		if (t == base)
			return true;
		t = PY_AT(t, w->L->tp_base, py_obj);
	}
	return type && py_mro_each(w, type, kind_same, &base);
}

/*
 * tp_is_gc is code and not run.  CPython has it in one type alone, `type`,
 * whose instances are collected when they are heap types.
 */
bool
py_is_gc(const struct py_walk *w, py_obj o, py_obj type)
{
	unsigned long flags = py_flags(w, type);

	if (!(flags & PY_FLAG_GC))
		return false;
	if ((flags & PY_FLAG_TYPE) && PY_AT(type, w->L->tp_is_gc, uintptr_t))
		return (py_flags(w, o) & PY_FLAG_HEAPTYPE) != 0;
	return true;
}

static void
kind_fill(const struct py_walk *w, struct py_entry *e, py_obj type)
{
	e->type = type;
	e->id = PY_UNSAID;
	py_size_classify(w, e);
	e->text = py_text_classify(w, type);
}

static size_t
kind_hash(py_obj type, size_t cap)
{
	uint64_t h = (uint64_t)type * 0x9e3779b97f4a7c15u;

	return (size_t)(h >> 32) & (cap - 1);
}

/* The slot a type is in, or the free one where it belongs. */
static struct py_entry *
kind_slot(struct py_entry *slots, size_t cap, py_obj type)
{
	size_t i = kind_hash(type, cap);

	while (slots[i].type && slots[i].type != type)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static bool
kind_grow(const struct py_walk *w, struct py_kindmap *m)
{
	size_t i, cap = m->cap ? m->cap * 2 : MAP_FIRST;
	struct py_entry *slots;

	if (cap > SIZE_MAX / sizeof(*slots))
		return false;
	slots = w->sink->alloc(w->sink, cap * sizeof(*slots));
	if (!slots)
		return false;
	for (i = 0; i < m->cap; i++) {
		if (m->slots[i].type)
			*kind_slot(slots, cap, m->slots[i].type) = m->slots[i];
	}
	m->slots = slots;
	m->cap = cap;
	m->last = NULL;
	return true;
}

struct py_entry *
py_entry(const struct py_walk *w, py_obj type, struct py_entry *spare)
{
	struct py_kindmap *m = w->kinds;
	struct py_entry *e;

	if (m && m->last && m->last->type == type)
		return m->last;
	if (m && m->cap) {
		e = kind_slot(m->slots, m->cap, type);
		if (e->type) {
			m->last = e;
			return e;
		}
	}
	if (!m || (m->used >= m->cap / 4 * 3 && !kind_grow(w, m))) {
		kind_fill(w, spare, type);
		return spare;
	}
	e = kind_slot(m->slots, m->cap, type);
	kind_fill(w, e, type);
	m->used++;
	m->last = e;
	return e;
}

py_obj
py_type_qualname(const struct py_walk *w, py_obj type)
{
	py_obj s;

	if (!(py_flags(w, type) & PY_FLAG_HEAPTYPE))
		return 0;
	s = PY_AT(type, w->L->ht_qualname, py_obj);
	return py_is_str(w, s) ? s : 0;
}

py_obj
py_type_module(const struct py_walk *w, py_obj type)
{
	py_obj s;

	if (!(py_flags(w, type) & PY_FLAG_HEAPTYPE))
		return 0;
	s = py_table_find(w, PY_AT(type, w->L->tp_dict, py_obj),
			  "__module__", 10);
	return py_is_str(w, s) ? s : 0;
}

const char *
py_type_cname(const struct py_walk *w, py_obj type)
{
	py_obj s = py_type_qualname(w, type);
	const char *name = NULL;
	size_t len;

	if (s)
		name = py_str_ascii(w, s, &len);
	if (!name)
		name = PY_AT(type, w->L->tp_name, py_cstr);
	return name ? name : "?";
}

/* A name as UTF-8: in place when it is ASCII, else copied to buf. */
static void
kind_name(const struct py_walk *w, py_obj str, char *buf, const char **name,
	  size_t *len)
{
	*name = py_str_ascii(w, str, len);
	if (!*name) {
		*name = buf;
		*len = py_str_utf8(w, str, buf, KIND_BYTES);
	}
}

static void
kind_heap_name(const struct py_walk *w, py_obj type, struct objtop_kind *k,
	       char *buf)
{
	py_obj module = py_type_module(w, type);

	kind_name(w, py_type_qualname(w, type), buf, &k->name, &k->name_len);
	if (module)
		kind_name(w, module, buf + KIND_BYTES, &k->module,
			  &k->module_len);
	if (!module || py_module_is_user(w, w->kinds, module))
		k->flags |= OBJTOP_KIND_USER;
}

static void
kind_static_name(const struct py_walk *w, py_obj type, struct objtop_kind *k)
{
	const char *s = PY_AT(type, w->L->tp_name, py_cstr);
	size_t i, len, dot = SIZE_MAX;

	if (!s)
		s = "?";
	len = py_strlen(s, NAME_MAX_LEN);
	for (i = 0; i < len; i++) {
		if (s[i] == '.')
			dot = i;
	}
	if (dot == SIZE_MAX) {
		k->name = s;
		k->name_len = len;
		k->module = "builtins";
		k->module_len = 8;
		return;
	}
	k->name = s + dot + 1;
	k->name_len = len - dot - 1;
	k->module = s;
	k->module_len = dot;
	if (py_cmodule_is_user(w, w->kinds, s, dot))
		k->flags |= OBJTOP_KIND_USER;
}

uint32_t
py_kind(struct py_walk *w, py_obj type)
{
	struct objtop_kind k = { .addr = type };
	char buf[2 * KIND_BYTES];
	struct py_entry spare, *e;

	if (!w->kinds)
		w->kinds = w->sink->alloc(w->sink, sizeof(*w->kinds));
	if (!w->kinds) {
		w->stop = 1;
		return 0;
	}
	e = py_entry(w, type, &spare);
	if (e == &spare) {
		w->stop = 1;
		return 0;
	}
	if (e->id != PY_UNSAID)
		return e->id;
	if (py_type_qualname(w, type))
		kind_heap_name(w, type, &k, buf);
	else
		kind_static_name(w, type, &k);
	if (py_flags(w, type) & PY_FLAG_TYPE)
		k.flags |= OBJTOP_KIND_IS_META;
	e->id = w->sink->kind(w->sink, &k);
	return e->id;
}
