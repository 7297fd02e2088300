/* SPDX-License-Identifier: MIT */
/*
 * edges_frames.c - frames and generators: locals by name, the stack by depth.
 *
 * To 3.10 a frame is an object.  From 3.11 on it is a record on the thread's
 * own stack, inside a generator, or inside a frame object that outlived its
 * call; who owns it tells its references, so that each is told once.
 *
 * While a frame runs, how far its evaluation stack reaches is known to the
 * machine's registers alone (3.14 writes it down before calls): only its
 * locals are read then, since slots behind the end hold what was there before.
 */
#include "runtime/cpython/walk.h"

#define OWNED_BY_THREAD		0
#define OWNED_BY_GENERATOR	1
#define OWNED_BY_FRAME_OBJECT	2
#define MOST_SLOTS		(1 << 20)
#define MOST_FRAMES		100000

/* The name in a tuple of names, or 0. */
static py_obj
name_at(const struct py_walk *w, py_obj names, int64_t i)
{
	if (!py_ok(names) || py_type(w, names) != w->T.tuple ||
	    i >= PY_AT(names, w->L->ob_size, int64_t))
		return 0;
	return PY_AT(names, w->L->tuple_item + (uintptr_t)i * 8, py_obj);
}

static int64_t
length(const struct py_walk *w, py_obj tuple)
{
	if (!py_ok(tuple) || py_type(w, tuple) != w->T.tuple)
		return 0;
	return PY_AT(tuple, w->L->ob_size, int64_t);
}

static void
local(struct py_walk *w, uintptr_t slot, py_obj name)
{
	py_obj v = py_slot(w, slot);

	if (!v)
		return;
	w->borrowed = py_slot_borrowed(w, slot);
	if (name)
		py_ref_str(w, v, OBJTOP_REL_LOCAL, name);
	else
		py_ref(w, v, OBJTOP_REL_LOCAL);
	w->borrowed = false;
}

static void
stack(struct py_walk *w, uintptr_t at, int64_t n)
{
	uintptr_t slot;
	int64_t i;
	py_obj v;

	for (i = 0; i < n && !w->stop; i++) {
		slot = PY_AT(at, (uintptr_t)i * 8, uintptr_t);
		v = py_slot(w, slot);
		w->borrowed = py_slot_borrowed(w, slot);
		if (v)
			py_ref_index(w, v, OBJTOP_REL_STACK, i);
	}
	w->borrowed = false;
}

/* ---- 3.11 and later ---- */

/* How many of localsplus are in use; n of them are locals. */
static int64_t
used_slots(const struct py_walk *w, uintptr_t frame, int64_t n, int64_t most)
{
	const struct py_layout *L = w->L;
	int64_t used;

	if (w->minor < 14) {
		used = PY_AT(frame, L->fr_stacktop, int);
	} else {
		uintptr_t sp = PY_AT(frame, L->fr_stacktop, uintptr_t);

		used = sp ? (int64_t)(sp - frame - L->fr_localsplus) / 8 : -1;
	}
	if (used < 0)
		return n;
	return used < most ? used : most;
}

uintptr_t
py_frame_slots(const struct py_walk *w, uintptr_t frame, int64_t *n)
{
	const struct py_layout *L = w->L;
	bool old = L->frobj_frame == PY_NO;
	py_obj code = py_slot(w, PY_AT(frame, L->fr_code, uintptr_t));
	int64_t locals;

	*n = PY_AT(code, L->co_stacksize, int);
	if (*n < 0 || *n > MOST_SLOTS)
		return 0;
	if (w->minor < 10 || w->minor >= 14) {
		if (PY_AT(frame, L->fr_stacktop, uintptr_t))
			return 0;
	} else if (PY_AT(frame, L->fr_stacktop, int) >= 0) {
		return 0;
	}
	if (old)
		return PY_AT(frame, L->fr_valuestack, uintptr_t);
	locals = PY_AT(code, L->co_nlocalsplus, int);
	if (locals < 0 || locals > MOST_SLOTS)
		return 0;
	return frame + L->fr_localsplus + (uintptr_t)locals * 8;
}

void
py_edges_iframe(struct py_walk *w, uintptr_t frame)
{
	const struct py_layout *L = w->L;
	py_obj code = py_slot(w, PY_AT(frame, L->fr_code, uintptr_t));
	uintptr_t at = frame + L->fr_localsplus;
	int64_t i, n, used;
	py_obj names;

	if (!py_ok(code) || py_type(w, code) != w->T.code)
		return;
	py_ref_cstr(w, code, OBJTOP_REL_SLOT, "f_code");
	py_ref_cstr(w, py_slot(w, PY_AT(frame, L->fr_func, uintptr_t)),
		    OBJTOP_REL_INTERNAL, "function");
	py_ref_field(w, frame, L->fr_locals, OBJTOP_REL_SLOT, "f_locals");
	py_ref_field(w, frame, L->fr_frame_obj, OBJTOP_REL_INTERNAL, "frame");
	n = PY_AT(code, L->co_nlocalsplus, int);
	if (n < 0 || n > MOST_SLOTS)
		return;
	used = used_slots(w, frame, n, n + PY_AT(code, L->co_stacksize, int));
	names = PY_AT(code, L->co_localsplusnames, py_obj);
	for (i = 0; i < n && i < used && !w->stop; i++)
		local(w, PY_AT(at, (uintptr_t)i * 8, uintptr_t),
		      name_at(w, names, i));
	if (used > n)
		stack(w, at + (uintptr_t)n * 8, used - n);
}

/* Believed only so far as it looks like one: its memory may be another's. */
static bool
is_frame(const struct py_walk *w, uintptr_t frame, int *owner)
{
	const struct py_layout *L = w->L;
	uintptr_t code, type, previous;
	char c;

	if (!py_ok(frame) || !py_peek(frame + L->fr_owner, &c, 1) ||
	    !py_peek_ptr(frame + L->fr_previous, &previous) ||
	    !py_peek_ptr(frame + L->fr_code, &code))
		return false;
	*owner = c;
	code = py_slot(w, code);
	return py_ok(code) && py_peek_ptr(code + L->ob_type, &type) &&
		type == w->T.code;
}

/*
 * The frames of calls under way that no thread runs: a greenlet's, switched
 * away, of which it holds the innermost as a frame object.  What lies below
 * has no object of its own, and is told as that one's.
 */
static void
suspended(struct py_walk *w, py_obj o, uintptr_t frame)
{
	/* Module greenlet keeps their links whole: f_back follows them too. */
	const struct py_layout *L = w->L;
	int n, owner;
	py_obj other;

	for (n = 0; n < MOST_FRAMES && !w->stop; n++) {
		if (!is_frame(w, frame, &owner) || !py_bitmap_claim(w, frame))
			return;
		other = PY_AT(frame, L->fr_frame_obj, py_obj);
		if (other && other != o) {
			py_ref_cstr(w, other, OBJTOP_REL_INTERNAL,
				    "frame of the caller");
			return;
		}
		if (owner == OWNED_BY_THREAD)
			py_edges_iframe(w, frame);
		else if (owner == OWNED_BY_GENERATOR)
			py_ref_cstr(w, frame - L->gen_frame,
				    OBJTOP_REL_INTERNAL, "generator");
		frame = PY_AT(frame, L->fr_previous, uintptr_t);
	}
}

static void
frame_object(struct py_walk *w, py_obj o)
{
	int owner;
	const struct py_layout *L = w->L;
	uintptr_t frame = PY_AT(o, L->frobj_frame, uintptr_t);

	py_ref_field(w, o, L->ob_type + 8u, OBJTOP_REL_SLOT, "f_back");
	py_ref_field(w, o, L->fr_trace, OBJTOP_REL_SLOT, "f_trace");
	py_ref_field(w, o, L->frobj_extra, OBJTOP_REL_INTERNAL,
		     "f_extra_locals");
	if (w->minor >= 14) {
		py_ref_field(w, o, L->frobj_extra + 8u, OBJTOP_REL_INTERNAL,
			     "f_locals_cache");
		py_ref_field(w, o, L->frobj_extra + 16u, OBJTOP_REL_INTERNAL,
			     "f_overwritten_fast_locals");
	}
	if (frame == o + L->frobj_data &&
	    PY_AT(frame, L->fr_owner, char) == OWNED_BY_FRAME_OBJECT)
		py_edges_iframe(w, frame);
	/* A call under way is told by its thread, where that runs it. */
	else if (is_frame(w, frame, &owner) && owner == OWNED_BY_THREAD)
		suspended(w, o, frame);
}

/* ---- to 3.10 ---- */

/* Depth of the stack of a frame that does not run; 0 when it does. */
static int64_t
stack_depth(const struct py_walk *w, py_obj o, uintptr_t base, int64_t most)
{
	const struct py_layout *L = w->L;
	int64_t n;

	if (w->minor < 10) {
		uintptr_t top = PY_AT(o, L->fr_stacktop, uintptr_t);

		n = top > base ? (int64_t)(top - base) / 8 : 0;
	} else {
		n = PY_AT(o, L->fr_stacktop, int);
	}
	if (n < 0)
		return 0;
	return n < most ? n : most;
}

/* Locals, then cells, then free variables, each with a tuple of names. */
static uintptr_t
old_locals(struct py_walk *w, py_obj o, py_obj code)
{
	const struct py_layout *L = w->L;
	uintptr_t at = o + L->fr_localsplus;
	py_obj names[3];
	int64_t n, i;
	unsigned k;

	names[0] = PY_AT(code, L->co_varnames, py_obj);
	names[1] = PY_AT(code, L->co_cellvars, py_obj);
	names[2] = PY_AT(code, L->co_freevars, py_obj);
	for (k = 0; k < 3; k++) {
		n = k ? length(w, names[k]) : PY_AT(code, L->co_nlocals, int);
		for (i = 0; i < n && !w->stop; i++, at += 8)
			local(w, PY_AT(at, 0, py_obj),
			      name_at(w, names[k], i));
	}
	return at;
}

static void
old_frame(struct py_walk *w, py_obj o)
{
	const struct py_layout *L = w->L;
	py_obj code = PY_AT(o, L->fr_code, py_obj);
	uintptr_t base = PY_AT(o, L->fr_valuestack, uintptr_t);

	py_ref_field(w, o, L->fr_previous, OBJTOP_REL_SLOT, "f_back");
	py_ref_field(w, o, L->fr_code, OBJTOP_REL_SLOT, "f_code");
	py_ref_field(w, o, L->fr_builtins, OBJTOP_REL_GLOBAL, "f_builtins");
	py_ref_field(w, o, L->fr_globals, OBJTOP_REL_GLOBAL, "f_globals");
	py_ref_field(w, o, L->fr_locals, OBJTOP_REL_SLOT, "f_locals");
	py_ref_field(w, o, L->fr_trace, OBJTOP_REL_SLOT, "f_trace");
	if (!py_ok(code) || py_type(w, code) != w->T.code)
		return;
	if (old_locals(w, o, code) == base)
		stack(w, base, stack_depth(w, o, base, PY_AT(code,
				L->co_stacksize, int)));
}

void
py_edges_frame(struct py_walk *w, py_obj o)
{
	if (w->L->frobj_frame == PY_NO)
		old_frame(w, o);
	else
		frame_object(w, o);
}

/* ---- generators ---- */

/* The exception that is being handled where the generator was left. */
static void
handled(struct py_walk *w, py_obj o)
{
	const struct py_layout *L = w->L;

	if (w->minor < 11) {
		py_ref_field(w, o, L->gen_exc, OBJTOP_REL_INTERNAL,
			     "exception type");
		py_ref_field(w, o, L->gen_exc + 16u, OBJTOP_REL_TRACEBACK,
			     "traceback");
	}
	py_ref_field(w, o, w->minor < 11 ? L->gen_exc + 8u : L->gen_exc,
		     OBJTOP_REL_TRACEBACK, "exception");
}

void
py_edges_generator(struct py_walk *w, py_obj o, enum py_family family)
{
	const struct py_layout *L = w->L;

	py_ref_field(w, o, L->gen_name, OBJTOP_REL_SLOT, "__name__");
	py_ref_field(w, o, L->gen_qualname, OBJTOP_REL_SLOT, "__qualname__");
	py_ref_field(w, o, L->gen_code, OBJTOP_REL_SLOT, "gi_code");
	handled(w, o);
	if (family == PY_FAM_COROUTINE || (family == PY_FAM_ASYNCGEN &&
					   L->agen_finalizer == PY_NO))
		py_ref_field(w, o, L->gen_origin, OBJTOP_REL_INTERNAL,
			     family == PY_FAM_COROUTINE ? "cr_origin" :
			     "finalizer");
	else if (family == PY_FAM_ASYNCGEN)
		py_ref_field(w, o, L->agen_finalizer, OBJTOP_REL_INTERNAL,
			     "finalizer");
	if (L->gen_frame_state == PY_NO)
		py_ref_field(w, o, L->gen_frame, OBJTOP_REL_SLOT, "gi_frame");
	else if (PY_AT(o, L->gen_frame_state, int8_t) < L->gen_cleared)
		py_edges_iframe(w, o + L->gen_frame);
}
