/* SPDX-License-Identifier: MIT */
/*
 * walk.c - every object once.
 *
 * 1. The collector's lists (or pages) are read and what it tracks is marked; 2. so is
 * what the roots hold; 3. what is marked is reported with its references, in
 * address order, which marks what they refer to, until nothing marked is left;
 * 4. the roots are told.  So all that is tracked or reachable is found:
 * strings, numbers, containers that the collector let go of, static types.
 *
 * One chase through the lists, one pass over memory: some 50 to 100 ns for
 * each object on a heap larger than the caches.
 */
#include "base/compiler.h"
#include "runtime/cpython/exit.h"
#include "runtime/cpython/head.h"
#include "runtime/cpython/pauses.h"
#include "runtime/cpython/walk.h"

#define LINK_BITS	((uintptr_t)3)
#define TEXT_MAX	120
#define AHEAD		32u	/* objects */
#define CACHE_LINE	64u
#define EXPECT_EVERY	16384	/* objects between two estimates */

static uintptr_t
link_at(uintptr_t node, unsigned offset)
{
	return PY_AT(node, offset, uintptr_t) & ~LINK_BITS;
}

/* atexit's list has tuples from 3.14 on: (function, args, kwargs). */
static bool
is_own_entry(const struct py_walk *w, py_obj o)
{
	return w->minor >= 14 && py_type(w, o) == w->T.tuple &&
		PY_AT(o, w->L->ob_size, int64_t) > 0 &&
		py_is_own(PY_AT(o, w->L->tuple_item, uintptr_t));
}

bool
py_listed(struct py_walk *w, py_obj o, enum py_generation g)
{
	if (!py_bitmap_list(w, o, g))
		return false;
	if (py_is_own(o) || py_pauses_is_own(o)) {
		w->own[w->own[0] ? 1 : 0] = o;
		return true;
	}
	if (is_own_entry(w, o))
		w->own_entry = o;
	else
		w->per_list[g]++;
	if (w->want_names && py_type(w, o) == w->T.function)
		py_hints_function(w, o);
	return true;
}

/*
 * From both ends at once: two chains of reads that do not wait for each other.
 * An object met twice means that the list does not come back to its head.
 */
static bool
read_list(struct py_walk *w, uintptr_t head, enum py_generation g)
{
	uintptr_t a = link_at(head, 0), b = link_at(head, 8);

	while (a != head) {
		if (!py_listed(w, a + PY_GC_HEAD, g))
			return false;
		if (a == b)
			break;
		if (!py_listed(w, b + PY_GC_HEAD, g))
			return false;
		a = link_at(a, 0);
		if (a == b)
			break;
		b = link_at(b, 8);
	}
	return true;
}

static bool
read_heads(struct py_walk *w, const struct py_heads *h)
{
	unsigned i;

	if (py_collecting(w, h))
		w->collecting = true;
	for (i = 0; i < 3; i++) {
		if (!read_list(w, h->gen[i], (enum py_generation)i))
			return false;
	}
	return read_list(w, h->permanent, PY_GEN_PERMANENT);
}

static bool
read_lists(struct py_walk *w, char *why, size_t cap)
{
	struct py_heads h, other;
	uint64_t odd = 0;
	size_t i;

	if (!py_heads_find(w, &h)) {
		py_why(why, cap, "the garbage collector's lists were not "
		       "found in this build");
		return false;
	}
	if (!read_heads(w, &h))
		goto broken;
	if (w->sink->want & OBJTOP_WANT_COLLECTOR)
		py_collector_tell(w, &h);
	/* Where the runtime has the lists (3.8), all share them. */
	for (i = 1; i < w->n_interps && w->L->rt_gc == PY_NO; i++) {
		if (!py_heads_of(w, w->interps[i].at, &h, &other))
			odd++;
		else if (!read_heads(w, &other))
			goto broken;
	}
	if (w->collecting)
		w->sink->unseen(w->sink, "garbage being collected at that "
				"moment", 0);
	if (odd)
		w->sink->unseen(w->sink, "collector's lists of other "
				"interpreters", odd);
	return true;
broken:
	py_why(why, cap, w->stop ? "no memory for the walk" :
	       "a list of the garbage collector does not close");
	return false;
}

static bool
has_weakrefs(const struct py_walk *w, py_obj o, const struct py_info *info)
{
	struct py_type_state st;

	if (!info->weakoffset)
		return false;
	if (info->family == PY_FAM_TYPE) {
		py_type_state(w, o, &st);
		return st.weaklist != 0;
	}
	return PY_AT(o, (uintptr_t)info->weakoffset, uintptr_t) != 0;
}

static void
count_refs(const struct py_walk *w, py_obj o, struct objtop_object *out)
{
	out->refcount = py_refcount(w, o);
	if (py_immortal(w, o))
		out->flags |= OBJTOP_IMMORTAL;
}

static uint32_t
collector_flags(const struct py_walk *w, py_obj o, enum py_generation g,
		const struct py_info *info)
{
	if (!(info->flags & PY_FLAG_GC) || !py_is_gc(w, o, info->type) ||
	    !py_tracked(w, o))
		return 0;
	if (g == PY_GEN_PERMANENT)
		return OBJTOP_TRACKED | OBJTOP_FROZEN |
			((uint32_t)PY_GEN_OLD << OBJTOP_GEN_SHIFT);
	return OBJTOP_TRACKED | ((uint32_t)g << OBJTOP_GEN_SHIFT);
}

/*
 * What is on the collector's lists is known from the start, what is not comes
 * to light as they are gone through: about as much with each as with those
 * before.  So the estimate gets better all the time, and is exact at the end.
 */
static void
expect(struct py_walk *w)
{
	uint64_t found = w->marked - w->listed;

	if (!w->listed_done || w->marked < w->listed)
		return;
	if (w->listed > w->listed_done)
		found = (uint64_t)((double)found * (double)w->listed /
				   (double)w->listed_done);
	w->sink->expect(w->sink, w->listed + found);
}

static void
report(struct py_walk *w, py_obj o, enum py_generation g)
{
	const struct py_info *info = py_info(w, py_type(w, o));
	struct objtop_object out = { .addr = o };
	char text[TEXT_MAX];

	if (o == w->own[0] || o == w->own[1] || o == w->own_entry)
		return;
	if (!info) {
		w->odd_objects += !w->stop;
		return;
	}
	out.kind = py_kind(w, info->type);
	out.bytes = py_sizeof(w, o, info->type, &out.extra);
	out.flags = collector_flags(w, o, g, info);
	count_refs(w, o, &out);
	if (has_weakrefs(w, o, info))
		out.flags |= OBJTOP_WEAKREFS;
	if (w->want_refs)
		out.flags |= OBJTOP_CLASS;
	if (w->want_text) {
		out.text_len = py_text(w, o, info->type, text, sizeof(text));
		out.text = out.text_len ? text : NULL;
	}
	w->listed_done += out.flags & OBJTOP_TRACKED;
	if (++w->objects % EXPECT_EVERY == 0 && w->sink->expect)
		expect(w);
	if (w->sink->object(w->sink, &out))
		w->stop = 1;
	py_edges_of(w, o, info);
}

/* An object on its way to be reported. */
struct coming {
	py_obj o;		/* 0: none */
	enum py_generation g;
};

/* Of a dict of few entries, all of them. */
static void
fetch_keys(uintptr_t keys)
{
	OT_PREFETCH((void *)keys);
	OT_PREFETCH((void *)(keys + CACHE_LINE));
	OT_PREFETCH((void *)(keys + 2 * CACHE_LINE));
}

/* The head of an object is on its way here: fetch what it leads to. */
static void
fetch_behind(const struct py_walk *w, py_obj o)
{
	py_obj type = py_type(w, o);

	if (type == w->T.list)
		OT_PREFETCH((void *)PY_AT(o, w->L->list_item, uintptr_t));
	else if (type == w->T.dict)
		fetch_keys(PY_AT(o, w->L->dict_keys, uintptr_t));
}

/*
 * Every read of an object in its turn would wait for memory, so AHEAD of them
 * are taken from the bitmap and fetched meanwhile; half way, so is what lists
 * and dicts keep elsewhere.
 */
static void
report_all(struct py_walk *w)
{
	struct coming c[AHEAD] = { { 0, PY_GEN_YOUNG } };
	unsigned at = 0, empty = 0;

	while (!w->stop && empty < AHEAD) {
		struct coming *now = &c[at], *half;

		if (now->o) {
			report(w, now->o, now->g);
			empty = 0;
		}
		now->o = py_bitmap_next(w, &now->g);
		if (now->o) {
			OT_PREFETCH((void *)(now->o - CACHE_LINE / 2));
			OT_PREFETCH((void *)(now->o + CACHE_LINE / 2));
			empty = 0;
		} else {
			empty++;
		}
		at = (at + 1) % AHEAD;
		half = &c[(at + AHEAD / 2) % AHEAD];
		if (half->o)
			fetch_behind(w, half->o);
	}
}

static void
tell_roots(struct py_walk *w)
{
	w->sink->phase(w->sink, "telling the roots");
	w->pass = PY_PASS_COUNT;
	py_roots(w);
	w->pass = PY_PASS_TELL;
	py_roots(w);
	py_root_statics(w);
}

int
py_walk_run(struct py_walk *w, char *why, size_t cap)
{
	struct objtop_sink *s = w->sink;
	struct py_layout *L = s->alloc(s, sizeof(*L));
	uint64_t own_sizes = 0;

	w->want_refs = s->want & OBJTOP_WANT_REFS;
	w->want_names = s->want & OBJTOP_WANT_NAMES;
	w->want_text = s->want & OBJTOP_WANT_TEXT;
	w->want_roots = s->want & OBJTOP_WANT_ROOTS;
	w->seen = py_bitmap_new(s);
	if (!w->seen || !L) {
		py_why(why, cap, "no memory for the walk");
		return -1;
	}
	s->phase(s, "verifying the interpreter's layout");
	*L = *w->L;
	w->L = L;
	if (!py_verify(w, L, why, cap))
		return -1;
	py_pools_tell(w);
	if (!s->want)
		return 0;
	py_static_state_find(w);
	if (!py_interps_find(w)) {
		py_why(why, cap, "no memory for the walk");
		return -1;
	}
	py_interned_find(w);
	s->phase(s, "reading what the garbage collector tracks");
	if (py_free_threaded(w) ? !py_pages_read(w, why, cap) :
	    !read_lists(w, why, cap))
		return -1;
	if (py_free_threaded(w) && (s->want & OBJTOP_WANT_COLLECTOR))
		py_collector_tell_unlisted(w);
	if (s->want == OBJTOP_WANT_COLLECTOR)
		return 0;
	w->listed = w->marked;
	s->phase(s, "reading the roots");
	w->pass = PY_PASS_MARK;
	py_roots(w);
	s->phase(s, "reading the objects");
	py_bitmap_order(w);
	w->own_sizes = &own_sizes;
	report_all(w);
	w->own_sizes = NULL;
	if (w->want_roots)
		tell_roots(w);
	if (own_sizes)
		s->unseen(s, "sizes that only a __sizeof__ of the program's "
			  "tells", own_sizes);
	if (w->odd_refs)
		s->unseen(s, "references that are no addresses", w->odd_refs);
	if (w->odd_objects)
		s->unseen(s, "objects that do not look like objects",
			  w->odd_objects);
	if (w->stop) {
		py_why(why, cap, "the walk was stopped, or is out of memory");
		return -1;
	}
	return 0;
}
