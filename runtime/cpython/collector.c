/* SPDX-License-Identifier: MIT */
/*
 * collector.c - how the cycle collector stands, read from its state.
 *
 * Behind the three list heads, each with its threshold and count, comes the
 * head of what is frozen, then the figures of each generation, then whether it
 * is collecting, gc.garbage and gc.callbacks (struct _gc_runtime_state:
 * pycore_pymem.h in 3.8, pycore_gc.h to 3.13, pycore_interp_structs.h from
 * 3.14 on).  The heads are found by their shape (heads.c), and with them the
 * rest, so a structure that moved is no matter.
 *
 * 3.15 keeps the figures elsewhere, as a ring of the last collections of each
 * generation with the times when they began and ended.  3.14.0 to 3.14.4
 * collect in steps; their two old lists take turns.  Free-threaded builds have
 * no lists, so nobody can tell how many objects are in a generation.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/pauses.h"
#include "runtime/cpython/walk.h"
#include "wire/pystats.h"

#define HEAD		24u	/* size of a head, and where the figures are */
#define THRESHOLD	16u	/* in a head */
#define COUNT		20u
#define STATS		24u	/* to 3.14: bytes of a generation's figures */
#define STEPS_MINOR	14u	/* incremental collection: 3.14.0 */
#define STEPS_PATCH	5u	/* to before 3.14.5 */
#define MOST_CALLBACKS	10000
#define FT_FIRST	24u	/* free-threaded 3.13: the heads, not used, */
#define FT_PERMANENT	104u	/* from the beginning of the state */

static uint64_t
field(uintptr_t at)
{
	uintptr_t v;

	return py_peek_ptr(at, &v) ? v : OBJTOP_UNKNOWN;
}

/* An int that is never negative. */
static uint64_t
small_field(uintptr_t at)
{
	int v;

	return py_peek(at, &v, sizeof(v)) && v >= 0 ? (uint64_t)v :
		OBJTOP_UNKNOWN;
}

static bool
in_steps(const struct py_walk *w)
{
	return w->minor == STEPS_MINOR && w->patch < STEPS_PATCH;
}

/* To 3.14: collections, collected, uncollectable. */
static void
read_stats(uintptr_t at, struct objtop_generation *g)
{
	g->collections = field(at);
	g->collected = field(at + 8);
	g->uncollectable = field(at + 16);
	g->pause_ns = OBJTOP_UNKNOWN;
}

static void
read_ring(const struct otw_pystats *s, unsigned i, struct objtop_generation *g)
{
	int last = otw_pystats_last(s, i);
	const struct otw_pystats_item *item;

	g->collections = g->collected = g->uncollectable = OBJTOP_UNKNOWN;
	g->pause_ns = OBJTOP_UNKNOWN;
	if (last < 0)
		return;
	item = &otw_pystats_items(s, i)[last];
	g->collections = item->collections;
	g->collected = item->collected;
	g->uncollectable = item->uncollectable;
	if (item->collections && item->stop_ns >= item->start_ns)
		g->pause_ns = (uint64_t)(item->stop_ns - item->start_ns);
}

/* Length of a list object, without what is the agent's. */
static uint64_t
length(const struct py_walk *w, uintptr_t list)
{
	uintptr_t type, item, items;
	uint64_t n, own = 0, i;

	if (!list)		/* made when the module gc is imported */
		return 0;
	if (!py_ok(list) || !py_peek_ptr(list + w->L->ob_type, &type) ||
	    type != w->T.list)
		return OBJTOP_UNKNOWN;
	n = field(list + w->L->ob_size);
	if (!py_peek_ptr(list + w->L->list_item, &items))
		return OBJTOP_UNKNOWN;
	for (i = 0; i < n && i < MOST_CALLBACKS; i++)
		own += py_peek_ptr(items + i * sizeof(item), &item) &&
			py_pauses_is_own(item);
	return n - own;
}

/*
 * Where the state's first fields are, two ints before the heads, depends on
 * how the heads are aligned.
 */
static int
enabled(const struct py_walk *w, uintptr_t first)
{
	unsigned before = w->minor >= 15 || first % 8 ? 8 : 12;

	return small_field(first - before) == 1;
}

/* In steps: the list that is not visited is the younger one. */
static void
read_steps(const struct py_heads *h, uintptr_t behind,
	   struct objtop_collector *c)
{
	uint64_t space = small_field(behind + 24);	/* visited_space */
	struct objtop_generation *g = c->generation;

	if (space > 1)
		return;
	g[1].count = small_field(h->gen[1 + space] + COUNT);
	g[2].count = small_field(h->gen[2 - space] + COUNT);
	g[2].threshold = 0;
}

void
py_collector_tell(struct py_walk *w, const struct py_heads *h)
{
	uintptr_t figures = (h->permanent + HEAD + 7) & ~(uintptr_t)7;
	uintptr_t garbage, at;
	struct otw_pystats stats;
	struct objtop_collector c = {
		.enabled = enabled(w, h->gen[0]), .collecting = w->collecting,
		.frozen = w->per_list[PY_GEN_PERMANENT],
		.ngenerations = OBJTOP_GENERATIONS,
	};
	unsigned i;

	if (w->sink->size < offsetof(struct objtop_sink, collector) +
	    sizeof(w->sink->collector))
		return;
	if (w->minor >= 15 && (!py_peek_ptr(figures, &at) ||
			       !py_peek(at, &stats, sizeof(stats))))
		return;
	for (i = 0; i < OBJTOP_GENERATIONS; i++) {
		struct objtop_generation *g = &c.generation[i];

		g->objects = py_free_threaded(w) ? OBJTOP_UNKNOWN :
			w->per_list[i];
		g->threshold = small_field(h->gen[i] + THRESHOLD);
		g->count = small_field(h->gen[i] + COUNT);
		if (w->minor >= 15)
			read_ring(&stats, i, g);
		else
			read_stats(figures + i * STATS, g);
	}
	/* collecting; from 3.15 on also a frame; garbage, callbacks */
	garbage = figures + (w->minor >= 15 ? 24 : OBJTOP_GENERATIONS *
			     STATS + 8);
	c.garbage = length(w, field(garbage));
	c.callbacks = length(w, field(garbage + 8));
	if (in_steps(w))
		read_steps(h, garbage + 8, &c);
	w->sink->collector(w->sink, &c);
}

void
py_collector_tell_unlisted(struct py_walk *w)
{
	uintptr_t gc = w->interp + w->L->in_gc;
	struct py_heads h = { { 0 }, gc + FT_PERMANENT };
	unsigned i;

	for (i = 0; i < OBJTOP_GENERATIONS; i++)
		h.gen[i] = gc + FT_FIRST + i * HEAD;
	py_collector_tell(w, &h);
}
