/* SPDX-License-Identifier: MIT */
/*
 * The order of the rows of a table.
 *
 * Numbers are sorted by a stable radix sort over 64-bit ranks, one byte at a
 * time, skipping bytes in which all rows agree: a million rows by size take
 * three passes.  Strings get their ranks from a sort by comparison, up to
 * SORT_MAX_STRINGS of them.  A second sort by section keeps sections together.
 *
 * Few rows are sorted at once, many in slices from the event loop: keys stay
 * live, and the order on the screen changes when the new one is complete.
 *
 *	RANK -> COUNT -> SCATTER -> COUNT ... -> (RANK by section ...) -> done
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "inspector/ui/table_priv.h"

#define SORT_AT_ONCE	 (1u << 15)
#define SORT_SLICE	 (1u << 14)	/* rows a step, while ranks are made */
#define SORT_PASS	 (1u << 18)	/* and while they are moved */
#define SORT_MAX_STRINGS 100000u

enum sort_stage { SORT_RANK, SORT_COUNT, SORT_SCATTER, SORT_DONE };

struct sort_string {
	const char *s;
	uint32_t pos;
};

struct table_sort {
	enum sort_stage stage;
	bool section;		/* ranks are sections by now */
	uint32_t n, at;
	unsigned shift;
	uint32_t count[256];
	uint64_t all_and, all_or;
	uint32_t *order, *tmp_order;
	uint64_t *rank, *tmp_rank;
	struct ot_table *scratch;
	struct sort_string *strings;	/* of a string column */
};

/* A cell as a number that sorts like it, smallest first. */
static uint64_t
sort_rank(const struct ot_cell *c)
{
	uint64_t bits;

	switch (c->type) {
	case OT_CELL_INT:
	case OT_CELL_DELTA:
		return (uint64_t)c->v.i ^ (uint64_t)1 << 63;
	case OT_CELL_BYTES:
	case OT_CELL_ADDR:
	case OT_CELL_BOOL:
		return c->v.u;
	case OT_CELL_REAL:
	case OT_CELL_SHARE:
		memcpy(&bits, &c->v.d, sizeof(bits));
		return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
	default:
		return 0;
	}
}

static uint64_t
sort_section(const struct ui_table *t, uint32_t row)
{
	uint64_t s = t->src->section(t->ctx, row) * 2u;

	return s + (t->src->heading != NULL &&
		    t->src->heading(t->ctx, row, NULL) ? 0 : 1);
}

static int
sort_compare(const void *va, const void *vb)
{
	const struct sort_string *a = va, *b = vb;
	int cmp = strcmp(a->s, b->s);

	return cmp != 0 ? cmp : a->pos < b->pos ? -1 : 1;
}

/* Strings to their places after a sort by comparison. */
static void
sort_rank_strings(struct table_sort *s, bool down)
{
	uint64_t place = 0;
	uint32_t i;

	qsort(s->strings, s->n, sizeof(*s->strings), sort_compare);
	for (i = 0; i < s->n; i++) {
		if (i > 0 && strcmp(s->strings[i].s, s->strings[i - 1].s) != 0)
			place++;
		s->rank[s->strings[i].pos] = down ? ~place : place;
	}
}

static bool
sort_down(const struct ui_table *t)
{
	const struct ui_col *col = &t->src->cols[t->sort_col];

	return (col->type != OT_CELL_STR &&
		(col->flags & UI_COL_ASCENDING) == 0) != t->reverse;
}

static void
sort_rank_row(const struct ui_table *t, struct table_sort *s, uint32_t i)
{
	struct ot_cell c = { OT_CELL_NONE, 0, { 0 } };

	if (s->section) {
		s->rank[i] = sort_section(t, s->order[i]);
		return;
	}
	t->src->cell(t->ctx, s->order[i], t->sort_col, s->scratch, &c);
	if (s->strings != NULL)
		s->strings[i] = (struct sort_string){
			c.type == OT_CELL_STR ? c.v.str : "", i };
	else
		s->rank[i] = sort_down(t) ? ~sort_rank(&c) : sort_rank(&c);
}

/* The next byte in which ranks differ; none: the next kind of rank, or done. */
static void
sort_next_pass(const struct ui_table *t, struct table_sort *s)
{
	s->at = 0;
	while (s->shift < 64 &&
	       ((s->all_and ^ s->all_or) >> s->shift & 0xff) == 0)
		s->shift += 8;
	if (s->shift < 64) {
		memset(s->count, 0, sizeof(s->count));
		s->stage = SORT_COUNT;
	} else if (!s->section && t->src->section != NULL) {
		s->section = true;
		s->stage = SORT_RANK;
	} else {
		s->stage = SORT_DONE;
	}
}

static void
sort_ranked(const struct ui_table *t, struct table_sort *s)
{
	uint32_t i;

	if (!s->section && s->strings != NULL)
		sort_rank_strings(s, sort_down(t));
	s->all_and = UINT64_MAX;
	s->all_or = 0;
	for (i = 0; i < s->n; i++) {
		s->all_and &= s->rank[i];
		s->all_or |= s->rank[i];
	}
	s->shift = 0;
	sort_next_pass(t, s);
}

static void
sort_counted(struct table_sort *s)
{
	uint32_t i, sum = 0, count;

	for (i = 0; i < 256; i++) {
		count = s->count[i];
		s->count[i] = sum;
		sum += count;
	}
	s->at = 0;
	s->stage = SORT_SCATTER;
}

static void
sort_scattered(const struct ui_table *t, struct table_sort *s)
{
	uint32_t *order = s->order;
	uint64_t *rank = s->rank;

	s->order = s->tmp_order;
	s->rank = s->tmp_rank;
	s->tmp_order = order;
	s->tmp_rank = rank;
	s->shift += 8;
	sort_next_pass(t, s);
}

/* A slice of the stage it is in. */
static void
sort_step(const struct ui_table *t, struct table_sort *s)
{
	uint32_t slice = s->stage == SORT_RANK ? SORT_SLICE : SORT_PASS;
	uint32_t end = s->n - s->at > slice ? s->at + slice : s->n, i, to;

	for (i = s->at; i < end; i++) {
		switch (s->stage) {
		case SORT_RANK:
			sort_rank_row(t, s, i);
			break;
		case SORT_COUNT:
			s->count[s->rank[i] >> s->shift & 0xff]++;
			break;
		case SORT_SCATTER:
			to = s->count[s->rank[i] >> s->shift & 0xff]++;
			s->tmp_order[to] = s->order[i];
			s->tmp_rank[to] = s->rank[i];
			break;
		case SORT_DONE:
			return;
		}
	}
	s->at = end;
	if (end < s->n)
		return;
	if (s->stage == SORT_RANK)
		sort_ranked(t, s);
	else if (s->stage == SORT_COUNT)
		sort_counted(s);
	else if (s->stage == SORT_SCATTER)
		sort_scattered(t, s);
}

static void
sort_free(struct table_sort *s)
{
	if (s == NULL)
		return;
	free(s->order);
	free(s->tmp_order);
	free(s->rank);
	free(s->tmp_rank);
	free(s->strings);
	ot_table_free(s->scratch);
	free(s);
}

static struct table_sort *
sort_new(const struct ui_table *t)
{
	struct table_sort *s = calloc(1, sizeof(*s));
	size_t n = t->nshown;
	bool string = t->src->cols[t->sort_col].type == OT_CELL_STR;

	if (s == NULL)
		return NULL;
	s->n = t->nshown;
	s->order = ot_realloc_array(NULL, n, sizeof(*s->order));
	s->tmp_order = ot_realloc_array(NULL, n, sizeof(*s->tmp_order));
	s->rank = ot_realloc_array(NULL, n, sizeof(*s->rank));
	s->tmp_rank = ot_realloc_array(NULL, n, sizeof(*s->tmp_rank));
	s->scratch = ot_table_new(t->filter_cols, t->src->ncols);
	if (string)
		s->strings = ot_realloc_array(NULL, n, sizeof(*s->strings));
	if (s->order == NULL || s->tmp_order == NULL || s->rank == NULL ||
	    s->tmp_rank == NULL || s->scratch == NULL ||
	    (string && s->strings == NULL)) {
		sort_free(s);
		return NULL;
	}
	memcpy(s->order, t->order, n * sizeof(*s->order));
	return s;
}

/* The selection stays on its row, wherever that is now. */
static void
sort_take(struct ui_table *t)
{
	uint32_t row = t->sel < t->nshown ? t->order[t->sel] : UINT32_MAX, i;

	memcpy(t->order, t->sort->order, t->nshown * sizeof(*t->order));
	table_sort_drop(t);
	t->version++;
	for (i = 0; t->has_key && i < t->nshown; i++)
		if (t->order[i] == row)
			break;
	if (t->has_key && i < t->nshown)
		t->sel = i;
	else
		table_go(t, t->sel, true);
}

void
table_sort_drop(struct ui_table *t)
{
	sort_free(t->sort);
	t->sort = NULL;
}

bool
table_sort_step(struct ui_table *t)
{
	if (t->sort == NULL)
		return false;
	sort_step(t, t->sort);
	if (t->sort->stage == SORT_DONE)
		sort_take(t);
	return t->sort != NULL;
}

bool
table_order_sort(struct ui_table *t)
{
	table_sort_drop(t);
	if (t->sort_col >= t->src->ncols || t->nshown < 2)
		return true;
	if (t->src->cols[t->sort_col].type == OT_CELL_STR &&
	    t->nshown > SORT_MAX_STRINGS) {
		table_say(t, "too many rows to sort by %s; f filters first",
			  t->src->cols[t->sort_col].name);
		return false;
	}
	t->sort = sort_new(t);
	if (t->sort == NULL) {
		table_say(t, "out of memory for sorting");
		return false;
	}
	while (t->nshown <= SORT_AT_ONCE && table_sort_step(t))
		;
	return true;
}
