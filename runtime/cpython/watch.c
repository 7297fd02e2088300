/* SPDX-License-Identifier: MIT */
/*
 * watch.c - which slots of a running frame's evaluation stack are in use?
 *
 * To 3.13 nobody but the machine's registers knows how far the stack of a
 * running frame reaches, yet an iterator of a loop or the argument of a call
 * under way may be held by nothing else.  A slot is believed when it points at
 * an object that the collector tracks, so that it lives for certain, and when
 * that object's reference count is larger than the references found in the
 * whole walk.  So the objects in question are counted as references go by:
 * one look at a 4 KiB filter for each reference.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/walk.h"

#define FILTER_BITS	15
#define FIRST_CAP	256u
#define MOST_WATCHED	(1u << 20)

struct watched {
	py_obj o;
	int64_t held;		/* references found */
};

struct py_watch {
	uint64_t filter[(1u << FILTER_BITS) / 64];
	struct watched *slots;
	size_t cap, used;
};

static uint64_t
hash(py_obj o)
{
	return (uint64_t)o * 0x9e3779b97f4a7c15u;
}

static struct watched *
find(const struct py_watch *x, py_obj o)
{
	size_t i = (size_t)(hash(o) >> 20);

	for (;; i++) {
		struct watched *s = &x->slots[i & (x->cap - 1)];

		if (!s->o || s->o == o)
			return s;
	}
}

static bool
grow(struct py_walk *w, struct py_watch *x)
{
	struct py_watch old = *x;
	size_t i;

	x->cap = old.cap ? old.cap * 2 : FIRST_CAP;
	x->slots = w->sink->alloc(w->sink, x->cap * sizeof(*x->slots));
	if (!x->slots) {
		*x = old;
		w->stop = 1;
		return false;
	}
	for (i = 0; i < old.cap; i++) {
		if (old.slots[i].o)
			*find(x, old.slots[i].o) = old.slots[i];
	}
	return true;
}

void
py_watch_add(struct py_walk *w, py_obj o)
{
	struct py_watch *x = w->watch;
	unsigned bit = (unsigned)(hash(o) >> (64 - FILTER_BITS));
	struct watched *s;

	if (!x) {
		x = w->watch = w->sink->alloc(w->sink, sizeof(*x));
		if (!x) {
			w->stop = 1;
			return;
		}
	}
	if (x->used >= MOST_WATCHED ||
	    (x->used * 2 >= x->cap && !grow(w, x)))
		return;
	s = find(x, o);
	if (!s->o) {
		s->o = o;
		x->used++;
		x->filter[bit / 64] |= (uint64_t)1 << bit % 64;
	}
}

void
py_watch_held(struct py_watch *x, py_obj o)
{
	unsigned bit = (unsigned)(hash(o) >> (64 - FILTER_BITS));

	if (x->filter[bit / 64] >> bit % 64 & 1)
		find(x, o)->held++;
}

bool
py_watch_take(struct py_walk *w, py_obj o)
{
	struct watched *s = w->watch ? find(w->watch, o) : NULL;

	if (!s || s->o != o)
		return false;
	if (py_immortal(w, o) || py_refcount(w, o) <= s->held)
		return false;
	s->held++;
	return true;
}
