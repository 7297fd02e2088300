/* SPDX-License-Identifier: MIT */
/*
 * hints.c - what a closure's cells are called.
 *
 * A cell does not know its variable; the code of a function that closes over
 * it does.  Functions come by while the collector's lists are read, before any
 * cell is reported.  One probe per cell; 16 bytes per closed-over variable.
 */
#include "runtime/cpython/walk.h"

#define FIRST_CAP	1024u
#define MOST_FREE	4096u		/* free variables looked at */

struct hint {
	py_obj cell, name;
};

struct py_hints {
	struct hint *slots;
	size_t cap, used;
};

static struct hint *
find(const struct py_hints *h, py_obj cell)
{
	size_t i = (size_t)((uint64_t)cell * 0x9e3779b97f4a7c15u >> 20);

	for (;; i++) {
		struct hint *s = &h->slots[i & (h->cap - 1)];

		if (!s->cell || s->cell == cell)
			return s;
	}
}

static bool
grow(struct py_walk *w, struct py_hints *h)
{
	struct py_hints old = *h;
	size_t i;

	h->cap = old.cap ? old.cap * 2 : FIRST_CAP;
	h->slots = w->sink->alloc(w->sink, h->cap * sizeof(*h->slots));
	if (!h->slots) {
		*h = old;
		w->stop = 1;
		return false;
	}
	for (i = 0; i < old.cap; i++) {
		if (old.slots[i].cell)
			*find(h, old.slots[i].cell) = old.slots[i];
	}
	return true;
}

static void
add(struct py_walk *w, py_obj cell, py_obj name)
{
	struct py_hints *h = w->hints;
	struct hint *s;

	if (!h) {
		h = w->hints = w->sink->alloc(w->sink, sizeof(*h));
		if (!h) {
			w->stop = 1;
			return;
		}
	}
	if (h->used * 2 >= h->cap && !grow(w, h))
		return;
	s = find(h, cell);
	if (!s->cell) {
		s->cell = cell;
		s->name = name;
		h->used++;
	}
}

/* The tuple that ends with the names of a code's free variables. */
static py_obj
names_of(const struct py_walk *w, py_obj code)
{
	const struct py_layout *L = w->L;

	return PY_AT(code, L->co_freevars != PY_NO ? L->co_freevars :
		     L->co_localsplusnames, py_obj);
}

void
py_hints_function(struct py_walk *w, py_obj function)
{
	const struct py_layout *L = w->L;
	py_obj closure = PY_AT(function, L->func_closure, py_obj);
	py_obj code = PY_AT(function, L->func_code, py_obj);
	py_obj names;
	int64_t n, n_names, i;

	if (!py_ok(closure) || py_type(w, closure) != w->T.tuple ||
	    !py_ok(code) || py_type(w, code) != w->T.code)
		return;
	names = names_of(w, code);
	if (!py_ok(names) || py_type(w, names) != w->T.tuple)
		return;
	n = PY_AT(closure, L->ob_size, int64_t);
	n_names = PY_AT(names, L->ob_size, int64_t);
	if (n > n_names || n > MOST_FREE)
		return;
	for (i = 0; i < n; i++) {
		py_obj cell = PY_AT(closure, L->tuple_item + (uintptr_t)i * 8, py_obj);
		py_obj name = PY_AT(names, L->tuple_item +
				    (uintptr_t)(n_names - n + i) * 8, py_obj);

		if (py_ok(cell) && py_ok(name))
			add(w, cell, name);
	}
}

py_obj
py_hint(const struct py_walk *w, py_obj cell)
{
	return w->hints ? find(w->hints, cell)->name : 0;
}
