/* SPDX-License-Identifier: MIT */
/*
 * tally.c - the references emitted for one object, as a multiset of targets.
 *
 * tp_traverse says again what was read from the layout, and sometimes more.
 * The refs made by hand are counted here; each visit takes one out, and what
 * is not found is what only tp_traverse knows.  Open addressing; starting
 * anew is a new stamp, so the table is never cleared.
 */
#include "runtime/cpython/walk.h"

#define FIRST_CAP	1024u

struct slot {
	py_obj to;
	uint32_t count;
	uint32_t stamp;
};

struct py_tally {
	struct slot *slots;
	size_t cap, used;	/* used: of this stamp */
	uint32_t stamp;
};

static struct slot *
find(const struct py_tally *t, py_obj to)
{
	size_t i = (size_t)((uint64_t)to * 0x9e3779b97f4a7c15u >> 20);

	for (;; i++) {
		struct slot *s = &t->slots[i & (t->cap - 1)];

		if (s->stamp != t->stamp || s->to == to)
			return s;
	}
}

static bool
grow(struct py_walk *w, struct py_tally *t)
{
	struct py_tally old = *t;
	struct slot *s;
	size_t i;

	t->cap = old.cap ? old.cap * 2 : FIRST_CAP;
	t->slots = w->sink->alloc(w->sink, t->cap * sizeof(*t->slots));
	if (!t->slots) {
		*t = old;
		w->stop = 1;
		return false;
	}
	for (i = 0; i < old.cap; i++) {
		if (old.slots[i].stamp != old.stamp)
			continue;
		s = find(t, old.slots[i].to);
		*s = old.slots[i];
	}
	return true;
}

bool
py_tally_begin(struct py_walk *w)
{
	struct py_tally *t = w->tally;

	if (!t) {
		t = w->tally = w->sink->alloc(w->sink, sizeof(*t));
		if (!t) {
			w->stop = 1;
			return false;
		}
	}
	/* Memory from the sink is zero, so 0 is no stamp. */
	t->stamp++;
	if (!t->stamp)
		t->cap = 0;
	t->used = 0;
	if (!t->cap) {
		t->stamp = 1;
		if (!grow(w, t))
			return false;
	}
	w->tally_on = true;
	return true;
}

void
py_tally_add(struct py_walk *w, py_obj to)
{
	struct py_tally *t = w->tally;
	struct slot *s;

	if (t->used * 2 >= t->cap && !grow(w, t))
		return;
	s = find(t, to);
	if (s->stamp != t->stamp) {
		s->to = to;
		s->stamp = t->stamp;
		s->count = 0;
		t->used++;
	}
	s->count++;
}

bool
py_tally_take(struct py_walk *w, py_obj to)
{
	struct slot *s = find(w->tally, to);

	if (s->stamp != w->tally->stamp || !s->count)
		return false;
	s->count--;
	return true;
}
