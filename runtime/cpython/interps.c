/* SPDX-License-Identifier: MIT */
/*
 * interps.c - the interpreters of a process besides the main one.
 *
 * Up to 3.11 all share one lock, later those do that were not made isolated:
 * whoever holds the main interpreter's lock holds their heaps still too.  They
 * have the main interpreter's layout, so their lists stand where its do; each
 * is believed only when it passes the main one's tests (one may be half made).
 * What has a lock of its own is counted and said to be unseen; so are all
 * others of a free-threaded build, where each is stopped by itself.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/walk.h"

#define MOST_THREADS	100000
#define MOST_INTERPS	10000u
#define FIRST_CAP	16u
/* In _PyRuntime's debug offsets, 3.13+: offsets in an interpreter's state. */
#define DEBUG_ID	56u
#define DEBUG_GIL_13	112u
#define DEBUG_GIL	120u

static bool
debug_offset(const struct py_walk *w, unsigned at, uintptr_t *offset)
{
	return py_peek_ptr(w->runtime + at, offset) && *offset &&
		*offset < w->L->in_size;
}

static uint64_t
id_of(const struct py_walk *w, uintptr_t interp, uint64_t otherwise)
{
	uintptr_t offset = w->L->in_id, id;

	if (offset == PY_NO && !debug_offset(w, DEBUG_ID, &offset))
		return otherwise;
	/* The main one's is 0: else that is not where it stands. */
	if (!py_peek_ptr(w->interp + offset, &id) || id ||
	    !py_peek_ptr(interp + offset, &id) || !id)
		return otherwise;
	return id;
}

static bool
shares_lock(const struct py_walk *w, uintptr_t interp)
{
	uintptr_t offset = w->L->in_gil, ours, theirs;

	if (py_free_threaded(w))
		return false;	/* each is stopped apart */
	if (w->minor < 12)
		return true;
	if (offset == PY_NO &&
	    !debug_offset(w, w->minor == 13 ? DEBUG_GIL_13 : DEBUG_GIL,
			  &offset))
		return false;
	return py_peek_ptr(w->interp + offset, &ours) &&
		py_peek_ptr(interp + offset, &theirs) && ours &&
		ours == theirs;
}

static bool
is_dict(const struct py_walk *w, uintptr_t o)
{
	uintptr_t type;

	return py_ok(o) && py_peek_ptr(o + w->L->ob_type, &type) &&
		type == w->T.dict;
}

static bool
threads_belong(const struct py_walk *w, uintptr_t interp)
{
	uintptr_t ts, of;
	int n;

	if (!py_peek_ptr(interp + w->L->in_threads_head, &ts))
		return false;
	for (n = 0; ts && n < MOST_THREADS; n++) {
		if (!py_peek_ptr(ts + w->L->ts_interp, &of) || of != interp ||
		    !py_peek_ptr(ts + w->L->ts_next, &ts))
			return false;
	}
	return !ts;
}

static bool
stands(const struct py_walk *w, struct py_interp *in)
{
	const struct py_layout *L = w->L;
	uintptr_t sysdict;

	return py_peek_ptr(in->at + L->in_modules, &in->modules) &&
		is_dict(w, in->modules) &&
		py_peek_ptr(in->at + L->in_sysdict, &sysdict) &&
		is_dict(w, sysdict) &&
		py_table_find(w, sysdict, "modules", 7) == in->modules &&
		threads_belong(w, in->at);
}

static bool
add(struct py_walk *w, const struct py_interp *in)
{
	struct py_interp *grown;
	size_t i, cap;

	/* A power of two from FIRST_CAP on is full. */
	if (w->n_interps >= FIRST_CAP &&
	    (w->n_interps & (w->n_interps - 1)) == 0) {
		cap = w->n_interps * 2;
		grown = w->sink->alloc(w->sink, cap * sizeof(*grown));
		if (!grown)
			return false;
		for (i = 0; i < w->n_interps; i++)
			grown[i] = w->interps[i];
		w->interps = grown;
	}
	w->interps[w->n_interps++] = *in;
	return true;
}

static bool
begin(struct py_walk *w)
{
	const struct py_interp main = { w->interp, w->modules, 0 };

	w->interps = w->sink->alloc(w->sink, FIRST_CAP * sizeof(main));
	return w->interps && add(w, &main);
}

bool
py_interps_find(struct py_walk *w)
{
	uint64_t isolated = 0, odd = 0, n;
	struct py_interp in;

	if (!begin(w))
		return false;
	if (!py_peek_ptr(w->runtime + w->L->rt_interp_head, &in.at))
		return true;
	for (n = 0; in.at && n < MOST_INTERPS; n++) {
		in.id = id_of(w, in.at, n);
		if (in.at == w->interp)
			;
		else if (!shares_lock(w, in.at))
			isolated++;
		else if (!stands(w, &in))
			odd++;
		else if (!add(w, &in))
			return false;
		if (!py_peek_ptr(in.at + w->L->in_next, &in.at))
			break;
	}
	if (isolated)
		w->sink->unseen(w->sink, py_free_threaded(w) ?
				"other interpreters, which were not stopped" :
				"other interpreters with a lock of their own",
				isolated);
	if (odd)
		w->sink->unseen(w->sink, "other interpreters that are being "
				"made or ended", odd);
	return true;
}
