/* SPDX-License-Identifier: MIT */
/*
 * an_cycles.c - strongly connected components: what they are made of, whether
 * anything still reaches them, and an edge that closes each.
 *
 * That edge leads back to the object by which the component is entered: one
 * whose dominator is outside.  `id` is the place in the list of all of them,
 * largest first, so it means the same for any option on one snapshot.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/dom_priv.h"
#include "graph/ignore.h"
#include "graph/scc.h"
#include "graph/uncollectable.h"

#define TYPES_NAMED 4u /* in the text table */

enum {
	ID, OBJECTS, BYTES, STATE, MEMBERS, EDGE, FROM, TO, TYPES, NCOLS
};

static const struct ot_col cols[NCOLS] = {
	[ID] = { "id", OT_CELL_INT, OT_COL_ID },
	[OBJECTS] = { "objects", OT_CELL_INT, 0 },
	[BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[STATE] = { "state", OT_CELL_STR, 0 },
	[EDGE] = { "edge", OT_CELL_STR, 0 },
	[FROM] = { "from", OT_CELL_ADDR, OT_COL_HIDDEN },
	[TO] = { "to", OT_CELL_ADDR, 0 },
	[MEMBERS] = { "members", OT_CELL_STR, OT_COL_FLEX },
	[TYPES] = { "types", OT_CELL_TABLE, OT_COL_HIDDEN },
};

enum { T_TYPE, T_COUNT, T_NCOLS };

static const struct ot_col type_cols[T_NCOLS] = {
	[T_TYPE] = { "type", OT_CELL_STR, 0 },
	[T_COUNT] = { "count", OT_CELL_INT, 0 },
};

struct tally {
	hg_kind kind;
	uint32_t count;
};

struct cycles {
	const struct hg_graph *g;
	const struct hg_dom *d;
	struct hg_components c;
	struct hg_ignore *ignore;
	unsigned char *uncollectable; /* bits; may be NULL */
	unsigned char *inside;	      /* bits of the component at hand */
	uint32_t *count;	      /* per kind, of the component at hand */
	struct tally *tally;	      /* its kinds */
	uint32_t ntally;
};

static int
tally_compare(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static void
tally_members(struct cycles *s, const struct hg_component *c)
{
	const hg_node *m = s->c.members + c->first;
	uint32_t i;
	hg_kind k;

	s->ntally = 0;
	for (i = 0; i < c->n; i++) {
		k = hg_kind_of(s->g, m[i]);
		if (s->count[k]++ == 0)
			s->tally[s->ntally++].kind = k;
	}
	for (i = 0; i < s->ntally; i++) {
		s->tally[i].count = s->count[s->tally[i].kind];
		s->count[s->tally[i].kind] = 0;
	}
	qsort(s->tally, s->ntally, sizeof(*s->tally), tally_compare);
}

static struct ot_table *
types_table(const struct cycles *s)
{
	struct ot_table *t = ot_table_new(type_cols, T_NCOLS);
	struct ot_cell *row;
	const char *name;
	uint32_t i;

	for (i = 0; t && i < s->ntally; i++) {
		name = hg_kind_full(s->g, s->tally[i].kind);
		row = ot_table_row(t);
		if (!row || !ot_cell_str(t, &row[T_TYPE], name, strlen(name))) {
			ot_table_free(t);
			return NULL;
		}
		ot_cell_int(&row[T_COUNT], s->tally[i].count);
	}
	return t;
}

/* "Session, Cart, 2 dict and 3 types more" */
static bool
members_cell(struct ot_table *t, struct ot_cell *c, const struct cycles *s)
{
	struct ot_buf b = OT_BUF_INIT;
	uint32_t i;
	bool ok;

	for (i = 0; i < s->ntally && i < TYPES_NAMED; i++) {
		ot_buf_adds(&b, i > 0 ? ", " : "");
		if (s->tally[i].count > 1)
			ot_buf_addf(&b, "%" PRIu32 " ", s->tally[i].count);
		ot_buf_adds(&b, hg_kind_full(s->g, s->tally[i].kind));
	}
	if (i < s->ntally)
		ot_buf_addf(&b, " and %" PRIu32 " more type%s", s->ntally - i,
			    s->ntally - i == 1 ? "" : "s");
	ok = !b.failed && ot_cell_str(t, c, ot_buf_str(&b), b.len);
	ot_buf_release(&b);
	return ok;
}

static void
mark(struct cycles *s, const struct hg_component *c, bool in)
{
	const hg_node *m = s->c.members + c->first;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		if (in)
			hg_bit_set(s->inside, m[i]);
		else
			s->inside[m[i] / 8] = 0;
	}
}

/* An edge from inside to the object by which the component is entered. */
static hg_edge
closing_edge(const struct cycles *s, const struct hg_component *c)
{
	const hg_node *m = s->c.members + c->first;
	uint32_t i, n_in, j;
	const hg_edge *in;
	hg_node up, from;

	for (i = 0; i < c->n; i++) {
		up = hg_dom_idom(s->d, m[i]);
		if (hg_dom_is_virtual(s->d, up) || !hg_bit(s->inside, up))
			break;
	}
	if (i == c->n)
		return HG_NONE;
	in = hg_in(s->g, m[i], &n_in);
	for (j = 0; j < n_in; j++) {
		from = hg_edge_from(s->g, in[j]);
		if (!hg_edge_weak(s->g, in[j]) && hg_bit(s->inside, from) &&
		    !hg_ignored(s->ignore, in[j], from, from))
			return in[j];
	}
	return HG_NONE;
}

static const char *
state_text(const struct cycles *s, hg_node n)
{
	switch (hg_dom_state(s->d, n)) {
	case HG_WEAKLY:
	case HG_UNREACHABLE:
		return "garbage";
	default:
		return s->uncollectable && hg_bit(s->uncollectable, n)
			       ? "uncollectable"
			       : "reachable";
	}
}

static bool
add_row(struct ot_table *t, struct cycles *s, uint32_t id)
{
	const struct hg_component *c = &s->c.list[id];
	const char *state = state_text(s, s->c.members[c->first]);
	struct ot_cell *row = ot_table_row(t);
	hg_edge e;

	if (!row)
		return false;
	tally_members(s, c);
	mark(s, c, true);
	e = closing_edge(s, c);
	mark(s, c, false);
	ot_cell_int(&row[ID], id);
	ot_cell_int(&row[OBJECTS], c->n);
	ot_cell_bytes(&row[BYTES], c->bytes);
	ot_cell_table(&row[TYPES], types_table(s));
	if (e != HG_NONE) {
		an_addr_cell(&row[FROM], s->g, hg_edge_from(s->g, e));
		an_addr_cell(&row[TO], s->g, hg_edge_to(s->g, e));
		if (!an_edge_cell(t, &row[EDGE], s->g, e))
			return false;
	}
	return row[TYPES].type == OT_CELL_TABLE &&
	       members_cell(t, &row[MEMBERS], s) &&
	       ot_cell_str(t, &row[STATE], state, strlen(state));
}

static enum ot_status
fill(struct cycles *s, const struct hg_args *args, struct ot_table **out,
     struct ot_err *err)
{
	unsigned char *want = NULL;
	enum ot_status st = OT_OK;
	struct ot_table *t;
	uint32_t i;

	s->inside = calloc(hg_nodes(s->g) / 8 + 1u, 1);
	s->count = calloc(hg_kinds(s->g) + 1u, sizeof(*s->count));
	s->tally = calloc(hg_kinds(s->g) + 1u, sizeof(*s->tally));
	want = calloc(s->c.n / 8 + 1u, 1);
	t = ot_table_new(cols, NCOLS);
	if (!s->inside || !s->count || !s->tally || !want || !t)
		st = ot_fail_nomem(err, "a table of cycles");
	if (st == OT_OK)
		st = hg_components_wanted(s->g, &s->c, args, want, err);
	for (i = 0; st == OT_OK && i < s->c.n; i++) {
		if (args->nobjects > 0 && !hg_bit(want, i))
			continue;
		t->total_rows++;
		if (args->limit && t->nrows >= args->limit)
			continue;
		if (!add_row(t, s, i))
			st = ot_fail_nomem(err, "a table of cycles");
	}
	free(want);
	if (st == OT_OK)
		*out = t;
	else
		ot_table_free(t);
	return st;
}

enum ot_status
an_cycles(const struct hg_graph *g, const struct hg_args *args,
	  struct ot_table **out, struct ot_err *err)
{
	struct cycles s = { .g = g };
	enum ot_status st;

	st = hg_dom_of(g, args, &s.d, err);
	if (st == OT_OK)
		st = hg_uncollectable(s.d, &s.uncollectable, err);
	if (st == OT_OK)
		st = hg_ignore_new(g, args, &s.ignore, err);
	if (st == OT_OK)
		st = hg_components_find(g, args, &s.c, err);
	if (st == OT_OK)
		st = fill(&s, args, out, err);
	hg_components_release(&s.c);
	hg_ignore_free(s.ignore);
	free(s.uncollectable);
	free(s.inside);
	free(s.count);
	free(s.tally);
	return st;
}
