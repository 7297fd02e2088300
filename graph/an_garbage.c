/* SPDX-License-Identifier: MIT */
/*
 * an_garbage.c - tracked objects that nothing reachable refers to, and why
 * they are still there.
 *
 *	garbage		waits for the collector
 *	weakly held	the same, but a weak reference still finds it
 *	uncollectable	the collector found it and put it into gc.garbage
 *	held from C	it has references that no edge explains: `unexplained`
 *			of them, or is kept by an object that has
 *
 * What is held from C comes last, since it is no garbage.  Else those that
 * retain most come first, so what keeps other garbage together comes before it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/dom_priv.h"
#include "graph/pick.h"
#include "graph/uncollectable.h"
#include "graph/unreached.h"

#define NO_GARBAGE_BELOW ((uint64_t)1 << 63) /* of a row's rank */

enum { ADDRESS, TYPE, BYTES, RETAINED, COUNT, STATE, UNEXPLAINED, TEXT, NCOLS };

static const struct ot_col cols[NCOLS] = {
	[ADDRESS] = { "address", OT_CELL_ADDR, 0 },
	[TYPE] = { "type", OT_CELL_STR, 0 },
	[BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[RETAINED] = { "retained", OT_CELL_BYTES, 0 },
	[COUNT] = { "count", OT_CELL_INT, OT_COL_HIDDEN },
	[STATE] = { "state", OT_CELL_STR, 0 },
	[UNEXPLAINED] = { "unexplained", OT_CELL_INT, 0 },
	[TEXT] = { "text", OT_CELL_STR, OT_COL_FLEX },
};

struct garbage {
	const struct hg_graph *g;
	const struct hg_dom *d;
	unsigned char *saved; /* in gc.garbage; may be NULL */
	hg_node list;	      /* that itself */
};

static bool
is_saved(const struct garbage *s, hg_node n)
{
	return s->saved && n != s->list && hg_bit(s->saved, n);
}

static bool
add_row(struct ot_table *t, const struct garbage *s, hg_node n)
{
	const char *state = is_saved(s, n)
				    ? "uncollectable"
				    : hg_state_text(hg_dom_state(s->d, n));
	struct ot_cell *row = ot_table_row(t);
	int64_t unexplained = hg_unexplained(s->g, n);

	if (!row)
		return false;
	an_addr_cell(&row[ADDRESS], s->g, n);
	ot_cell_bytes(&row[BYTES], hg_bytes(s->g, n));
	ot_cell_bytes(&row[RETAINED], hg_dom_retained(s->d, n));
	ot_cell_int(&row[COUNT], (int64_t)hg_dom_count(s->d, n));
	if (unexplained > 0)
		ot_cell_int(&row[UNEXPLAINED], unexplained);
	return an_type_cell(t, &row[TYPE], s->g, n) &&
	       ot_cell_str(t, &row[STATE], state, strlen(state)) &&
	       an_text_cell(t, &row[TEXT], s->g, n);
}

/* Order of the rows. */
static uint64_t
rank(const struct garbage *s, hg_node n)
{
	uint64_t retained = hg_dom_retained(s->d, n);

	return hg_dom_state(s->d, n) == HG_HELD ? retained
						: retained | NO_GARBAGE_BELOW;
}

static bool
fill(struct ot_table *t, const struct garbage *s, const struct hg_args *args)
{
	struct hg_picks p;
	bool ok = true;
	hg_node n;
	size_t i;

	hg_picks_init(&p, args->limit);
	for (n = 0; ok && n < hg_objects(s->g); n++)
		if (hg_flags(s->g, n) & OTW_TRACKED &&
		    (hg_dom_state(s->d, n) != HG_REACHABLE || is_saved(s, n)))
			ok = hg_picks_offer(&p, rank(s, n), n);
	hg_picks_sort(&p);
	for (i = 0; ok && i < p.n; i++)
		ok = add_row(t, s, p.v[i].node);
	t->total_rows = p.seen;
	hg_picks_release(&p);
	return ok;
}

enum ot_status
an_garbage(const struct hg_graph *g, const struct hg_args *args,
	   struct ot_table **out, struct ot_err *err)
{
	struct garbage s = { .g = g, .list = hg_uncollectable_list(g) };
	struct ot_table *t;
	enum ot_status st;

	st = hg_dom_of(g, args, &s.d, err);
	if (st == OT_OK)
		st = hg_uncollectable(s.d, &s.saved, err);
	if (st != OT_OK)
		return st;
	t = ot_table_new(cols, NCOLS);
	if (t && fill(t, &s, args)) {
		*out = t;
	} else {
		ot_table_free(t);
		st = ot_fail_nomem(err, "a table of garbage");
	}
	free(s.saved);
	return st;
}
