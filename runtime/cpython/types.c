/* SPDX-License-Identifier: MIT */
/*
 * types.c - types that live in the program's data.
 *
 * From 3.12 on their dict, subclasses and weak references are kept in each
 * interpreter's state, in an array whose index stands in tp_subclasses.  The
 * array moves with every version and patch, so it is found by what it says:
 * the entries of `type` and `object`, at their indices, point back at them.
 */
#include "runtime/cpython/walk.h"

#define BLOCK		4096u
#define MOST_INDEX	4096u
#define MOST_BUILTIN	200u
#define FIRST_CAP	512u

struct py_statics {
	py_obj *types;
	size_t n, cap;
};

bool
py_is_heap_type(const struct py_walk *w, py_obj type)
{
	return py_flags(w, type) & PY_FLAG_HEAPTYPE;
}

static uintptr_t
index_of(const struct py_walk *w, py_obj type)
{
	return PY_AT(type, w->L->tp_subclasses, uintptr_t) - 1;
}

static bool
is_entry_of(const struct py_walk *w, uintptr_t entry, py_obj type)
{
	uintptr_t v, dict;

	return py_peek_ptr(entry, &v) && v == type &&
		py_peek_ptr(entry + w->L->static_dict, &dict) && py_ok(dict) &&
		py_peek_ptr(dict + w->L->ob_type, &v) && v == w->T.dict;
}

/* The next address from `from` in the interpreter's state that holds v. */
static uintptr_t
scan(const struct py_walk *w, uintptr_t from, uintptr_t v)
{
	uintptr_t end = w->interp + w->L->in_size;
	uintptr_t block[BLOCK / sizeof(uintptr_t)];
	uintptr_t at;
	size_t n, i;

	for (at = from; at < end; at += n) {
		n = end - at < BLOCK ? end - at : BLOCK;
		if (!py_peek(at, block, n))
			return 0;
		for (i = 0; i < n / sizeof(uintptr_t); i++) {
			if (block[i] == v)
				return at + i * sizeof(uintptr_t);
		}
	}
	return 0;
}

void
py_static_state_find(struct py_walk *w)
{
	uintptr_t size = w->L->static_size;
	uintptr_t type, object, at, base;

	if (w->L->static_size == PY_NO)
		return;
	type = index_of(w, w->T.type);
	object = index_of(w, w->T.object);
	at = w->interp - 8;
	while (type < MOST_INDEX && object < MOST_INDEX) {
		at = scan(w, at + 8, w->T.type);
		if (!at)
			break;
		base = at - type * size;
		if (is_entry_of(w, at, w->T.type) &&
		    is_entry_of(w, base + object * size, w->T.object)) {
			w->static_state = base;
			return;
		}
	}
	w->sink->unseen(w->sink, "contents of built-in types", 0);
}

/* Entries of extension modules' types stand behind those of the builtins. */
static uintptr_t
entry_of(const struct py_walk *w, py_obj type)
{
	uintptr_t index = index_of(w, type), at;

	if (!w->static_state || index >= MOST_INDEX)
		return 0;
	at = w->static_state + index * w->L->static_size;
	if (is_entry_of(w, at, type))
		return at;
	at = w->static_state - 8;
	do {
		at = scan(w, at + 8, type);
	} while (at && !is_entry_of(w, at, type));
	return at;
}

void
py_type_state(const struct py_walk *w, py_obj type, struct py_type_state *st)
{
	const struct py_layout *L = w->L;
	unsigned long flags = py_flags(w, type);
	uintptr_t at;

	*st = (struct py_type_state){ 0 };
	if (L->static_size != PY_NO && !(flags & PY_FLAG_HEAPTYPE) &&
	    (flags & PY_FLAG_STATIC_BUILTIN)) {
		at = entry_of(w, type);
		if (!at)
			return;
		st->dict = PY_AT(at, L->static_dict, py_obj);
		st->subclasses = PY_AT(at, L->static_subclasses, py_obj);
		st->weaklist = PY_AT(at, L->static_weaklist, py_obj);
		return;
	}
	st->dict = PY_AT(type, L->tp_dict, py_obj);
	st->subclasses = PY_AT(type, L->tp_subclasses, py_obj);
	st->weaklist = PY_AT(type, L->tp_subclasses + 8u, py_obj);
}

void
py_static_state_of(struct py_walk *w, uintptr_t interp)
{
	const struct py_layout *L = w->L;
	uintptr_t at, type;
	unsigned i;

	if (!w->static_state)
		return;
	at = w->static_state + (interp - w->interp);
	for (i = 0; i < MOST_BUILTIN && !w->stop; i++, at += L->static_size) {
		if (!py_peek_ptr(at, &type) || !py_ok(type) ||
		    !is_entry_of(w, at, type))
			continue;
		py_ref_field(w, at, L->static_dict, OBJTOP_REL_INTERNAL,
			     "built-in type's __dict__");
		py_ref_field(w, at, L->static_subclasses,
			     OBJTOP_REL_INTERNAL,
			     "built-in type's __subclasses__");
		py_ref_field(w, at, L->static_weaklist, OBJTOP_REL_INTERNAL,
			     "built-in type's weak references");
	}
}

void
py_statics_add(struct py_walk *w, py_obj type)
{
	struct py_statics *s = w->statics;
	py_obj *grown;
	size_t i;

	if (!s) {
		s = w->statics = w->sink->alloc(w->sink, sizeof(*s));
		if (!s)
			goto fail;
	}
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : FIRST_CAP;
		grown = w->sink->alloc(w->sink, s->cap * sizeof(*grown));
		if (!grown)
			goto fail;
		for (i = 0; i < s->n; i++)
			grown[i] = s->types[i];
		s->types = grown;
	}
	s->types[s->n++] = type;
	return;
fail:
	w->statics = NULL;
	w->stop = 1;
}

/* Nothing holds a type that is linked into the program: it is a root. */
void
py_root_statics(struct py_walk *w)
{
	static const char name[] = "types in the program's data";
	struct objtop_root r = {
		.kind = OBJTOP_ROOT_STATIC,
		.name = name,
		.name_len = sizeof(name) - 1,
	};
	size_t i;

	if (!w->statics)
		return;
	w->pass = PY_PASS_TELL;
	if (w->sink->root(w->sink, &r)) {
		w->stop = 1;
		return;
	}
	w->in_root = true;
	for (i = 0; i < w->statics->n && !w->stop; i++)
		py_ref(w, w->statics->types[i], OBJTOP_REL_INTERNAL);
	w->in_root = false;
}
