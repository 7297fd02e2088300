/* SPDX-License-Identifier: MIT */
/*
 * an_gc.c - how the cycle collector stood: a row for each generation.
 *
 * What holds for all of them (enabled, frozen, gc.garbage) is in the title,
 * and in each row of JSON and CSV.
 */
#include "config.h"

#include "graph/analysis.h"
#include "graph/store.h"
#include "wire/wire.h"

enum {
	GENERATION, OBJECTS, THRESHOLD, COUNT, COLLECTIONS, COLLECTED,
	UNCOLLECTABLE, PAUSE_US, ENABLED, COLLECTING, FROZEN, GARBAGE,
	CALLBACKS, NCOLS
};

static const struct ot_col cols[NCOLS] = {
	[GENERATION] = { "generation", OT_CELL_INT, OT_COL_ID },
	[OBJECTS] = { "objects", OT_CELL_INT, 0 },
	[THRESHOLD] = { "threshold", OT_CELL_INT, 0 },
	[COUNT] = { "count", OT_CELL_INT, 0 },
	[COLLECTIONS] = { "collections", OT_CELL_INT, 0 },
	[COLLECTED] = { "collected", OT_CELL_INT, 0 },
	[UNCOLLECTABLE] = { "uncollectable", OT_CELL_INT, 0 },
	[PAUSE_US] = { "pause_us", OT_CELL_INT, 0 },
	[ENABLED] = { "enabled", OT_CELL_BOOL, OT_COL_HIDDEN },
	[COLLECTING] = { "collecting", OT_CELL_BOOL, OT_COL_HIDDEN },
	[FROZEN] = { "frozen", OT_CELL_INT, OT_COL_HIDDEN },
	[GARBAGE] = { "garbage", OT_CELL_INT, OT_COL_HIDDEN },
	[CALLBACKS] = { "callbacks", OT_CELL_INT, OT_COL_HIDDEN },
};

static void
known(struct ot_cell *cell, uint64_t v)
{
	if (v <= INT64_MAX)
		ot_cell_int(cell, (int64_t)v);
}

static bool
add_row(struct ot_table *t, const struct otw_collector *c, uint32_t i)
{
	const struct otw_generation *g = &c->generation[i];
	struct ot_cell *row = ot_table_row(t);

	if (!row)
		return false;
	ot_cell_int(&row[GENERATION], i);
	known(&row[OBJECTS], g->objects);
	known(&row[THRESHOLD], g->threshold);
	known(&row[COUNT], g->count);
	known(&row[COLLECTIONS], g->collections);
	known(&row[COLLECTED], g->collected);
	known(&row[UNCOLLECTABLE], g->uncollectable);
	if (g->pause_ns != OTW_UNKNOWN)
		known(&row[PAUSE_US], g->pause_ns / 1000);
	ot_cell_bool(&row[ENABLED], c->enabled);
	ot_cell_bool(&row[COLLECTING], c->collecting);
	known(&row[FROZEN], c->frozen);
	known(&row[GARBAGE], c->garbage);
	known(&row[CALLBACKS], c->callbacks);
	return true;
}

static void
add_figure(struct ot_buf *b, const char *what, uint64_t v)
{
	if (v != OTW_UNKNOWN)
		ot_buf_addf(b, ", %llu %s", (unsigned long long)v, what);
}

static bool
set_title(struct ot_table *t, const struct otw_collector *c)
{
	struct ot_buf b = OT_BUF_INIT;

	ot_buf_addf(&b, "automatic collection is %s%s",
		    c->enabled ? "enabled" : "disabled",
		    c->collecting ? ", one is under way" : "");
	add_figure(&b, "objects frozen", c->frozen);
	add_figure(&b, "in gc.garbage", c->garbage);
	add_figure(&b, "callbacks", c->callbacks);
	t->title = ot_arena_strdup(&t->arena, ot_buf_str(&b));
	ot_buf_release(&b);
	return t->title != NULL;
}

enum ot_status
an_gc(const struct hg_graph *g, const struct hg_args *args,
      struct ot_table **out, struct ot_err *err)
{
	const struct otw_collector *c = hg_info(g)->collector;
	struct ot_table *t;
	bool ok;
	uint32_t i;

	(void)args;
	if (!c)
		return ot_fail(err, OT_FAILED, "the snapshot tells nothing of "
			       "a cycle collector: its runtime has none, or an "
			       "older objtop made it");
	t = ot_table_new(cols, NCOLS);
	ok = t && set_title(t, c);
	for (i = 0; ok && i < c->ngenerations; i++)
		ok = add_row(t, c, i);
	if (!ok) {
		ot_table_free(t);
		return ot_fail_nomem(err, "a table");
	}
	*out = t;
	return OT_OK;
}
