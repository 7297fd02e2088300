/* SPDX-License-Identifier: MIT */
/*
 * an_growth.c - what grew between snapshots, and how steadily.
 *
 * A row a type that moved.  Counts come from the series; `survivors` are the
 * objects of the last snapshot that the first did not have, `died` those of
 * the first that are gone, both by address and type (match.h), so that growth
 * is told from churn.  The types that grow most are told with the one object
 * that most of their new instances hang from (hang.h).
 *
 * Without a series the two snapshots are one.  Linear in both.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/analysis.h"
#include "graph/hang.h"
#include "graph/match.h"
#include "graph/series.h"
#include "graph/store.h"
#include "graph/trend.h"

/* Types that are told with what they hang from; fewer on a big heap. */
#define HANG_ROWS_MIN 10u
#define HANG_ROWS_MAX 50u
#define HANG_WORK 300000000u /* nodes and edges to look at for it */

enum {
	COUNT,
	DELTA,
	RATE,
	SLOPE,
	ERROR,
	R2,
	TREND,
	SURVIVORS,
	AGE,
	AGES,
	STAYED,
	DIED,
	BYTES,
	GROWN,
	MODULE,
	TYPE,
	HOLDER,
	HANGING,
	HANGS_FROM,
	NCOLS
};

enum { A_SAMPLES, A_OBJECTS, A_NCOLS };

static const struct ot_col age_cols[A_NCOLS] = {
	[A_SAMPLES] = { "samples", OT_CELL_INT, 0 },
	[A_OBJECTS] = { "objects", OT_CELL_INT, 0 },
};

#define COLS(age)                                                              \
	{                                                                      \
		[COUNT] = { "count", OT_CELL_INT, 0 },                         \
		[DELTA] = { "delta", OT_CELL_DELTA, 0 },                       \
		[RATE] = { "rate", OT_CELL_REAL, OT_COL_HIDDEN },              \
		[SLOPE] = { "slope", OT_CELL_REAL, 0 },                        \
		[ERROR] = { "error", OT_CELL_REAL, OT_COL_HIDDEN },            \
		[R2] = { "r2", OT_CELL_REAL, OT_COL_HIDDEN },                  \
		[TREND] = { "trend", OT_CELL_STR, 0 },                         \
		[SURVIVORS] = { "survivors", OT_CELL_INT, 0 },                 \
		[AGE] = { "age", OT_CELL_REAL, (age) },                        \
		[AGES] = { "ages", OT_CELL_TABLE, OT_COL_HIDDEN },             \
		[STAYED] = { "stayed", OT_CELL_INT, OT_COL_HIDDEN },           \
		[DIED] = { "died", OT_CELL_INT, 0 },                           \
		[BYTES] = { "bytes", OT_CELL_BYTES, OT_COL_HIDDEN },           \
		[GROWN] = { "grown", OT_CELL_DELTA, OT_COL_HIDDEN },           \
		[MODULE] = { "module", OT_CELL_STR, OT_COL_HIDDEN },           \
		[TYPE] = { "type", OT_CELL_STR, 0 },                           \
		[HOLDER] = { "holder", OT_CELL_ADDR, OT_COL_HIDDEN },          \
		[HANGING] = { "hanging", OT_CELL_INT, OT_COL_HIDDEN },         \
		[HANGS_FROM] = { "hangs_from", OT_CELL_STR, OT_COL_FLEX },     \
	}

/* Ages are known where every sample had the objects. */
static const struct ot_col cols[NCOLS] = COLS(0);
static const struct ot_col ageless_cols[NCOLS] = COLS(OT_COL_HIDDEN);

struct growth {
	const struct hg_graph *g;
	const struct hg_args *args;
	const struct hg_series *s;
	struct hg_match match;
	bool matched;
	uint64_t *born, *died; /* per type of the series */
	uint32_t *ages; /* per type and sample of birth; NULL: not known */
	uint32_t *order;       /* types that moved, steepest first */
	struct hg_fit *fits;   /* per type */
	uint32_t n;
};

static void
growth_release(struct growth *x)
{
	if (x->matched)
		hg_match_release(&x->match);
	free(x->born);
	free(x->died);
	free(x->ages);
	free(x->order);
	free(x->fits);
}

static uint32_t *
types_of_kinds(const struct hg_series *s, const struct hg_graph *g)
{
	uint32_t *of = calloc((size_t)hg_kinds(g) + 1, sizeof(*of));
	hg_kind k;

	for (k = 0; of && k < hg_kinds(g); k++)
		of[k] = hg_series_find(s, hg_kind_full(g, k),
				       hg_kind_module(g, k));
	return of;
}

/* Adds up the objects of g whose bit is set, by type. */
static bool
add_up(const struct growth *x, const struct hg_graph *g,
       bool (*is)(const struct hg_match *, hg_node), uint64_t *sums)
{
	uint32_t *of = types_of_kinds(x->s, g), type;
	hg_node n;

	if (!of)
		return false;
	for (n = 0; n < hg_objects(g); n++) {
		if (!is(&x->match, n) ||
		    (x->args->scope == HG_SCOPE_TRACKED &&
		     !(hg_flags(g, n) & OTW_TRACKED)))
			continue;
		type = of[hg_kind_of(g, n)];
		if (type != HG_NONE)
			sums[type]++;
	}
	free(of);
	return true;
}

/* Steepest first: qsort has no context, so the fits come along. */
struct ranked {
	double slope;
	uint64_t count;
	uint32_t type;
};

static int
ranked_compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->slope < y->slope || x->slope > y->slope)
		return x->slope < y->slope ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->type > y->type) - (x->type < y->type);
}

static bool
moved(const struct growth *x, uint32_t type)
{
	const uint64_t *count = hg_series_counts(x->s, type);
	size_t i, n = hg_series_samples(x->s);

	for (i = 1; i < n; i++)
		if (count[i] != count[0])
			return true;
	return x->born[type] > 0 || x->died[type] > 0;
}

static bool
rank(struct growth *x)
{
	uint32_t types = hg_series_types(x->s), i;
	size_t samples = hg_series_samples(x->s);
	struct ranked *r = calloc((size_t)types + 1, sizeof(*r));
	uint64_t replaced;

	x->fits = calloc((size_t)types + 1, sizeof(*x->fits));
	x->order = calloc((size_t)types + 1, sizeof(*x->order));
	if (!r || !x->fits || !x->order) {
		free(r);
		return false;
	}
	for (i = 0; i < types; i++) {
		if (!moved(x, i))
			continue;
		replaced = x->born[i] < x->died[i] ? x->born[i] : x->died[i];
		hg_trend_fit(hg_series_times(x->s), hg_series_counts(x->s, i),
			     samples, replaced, &x->fits[i]);
		r[x->n++] = (struct ranked){
			x->fits[i].slope,
			hg_series_counts(x->s, i)[samples - 1], i
		};
	}
	if (x->n > 1)
		qsort(r, x->n, sizeof(*r), ranked_compare);
	for (i = 0; i < x->n; i++)
		x->order[i] = r[i].type;
	free(r);
	return true;
}

/* All instances of a type that are new; there may be several kinds of it. */
static enum ot_status
new_of(const struct growth *x, uint32_t type, hg_node **nodes, uint32_t *n,
       struct ot_err *err)
{
	const char *full = hg_series_type(x->s, type);
	const char *module = hg_series_module(x->s, type);
	enum ot_status st = OT_OK;
	hg_node *one, *grown;
	uint32_t count;
	hg_kind k;

	*nodes = NULL;
	*n = 0;
	for (k = 0; st == OT_OK && k < hg_kinds(x->g); k++) {
		if (strcmp(hg_kind_full(x->g, k), full) != 0 ||
		    strcmp(hg_kind_module(x->g, k), module) != 0)
			continue;
		st = hg_match_born_of(&x->match, k, &one, &count, err);
		if (st != OT_OK)
			break;
		grown = ot_realloc_array(*nodes, (size_t)*n + count + 1,
					 sizeof(*grown));
		if (grown) {
			memcpy(grown + *n, one, count * sizeof(*one));
			*nodes = grown;
			*n += count;
		} else {
			st = ot_fail_nomem(err, "the new objects");
		}
		free(one);
	}
	if (st != OT_OK) {
		free(*nodes);
		*nodes = NULL;
	}
	return st;
}

static enum ot_status
hang_cells(struct growth *x, struct ot_table *t, struct ot_cell *row,
	   uint32_t type, struct ot_err *err)
{
	struct hg_hang h = { .name = OT_BUF_INIT };
	hg_node *nodes;
	enum ot_status st;
	uint32_t n;
	bool ok = true;

	st = new_of(x, type, &nodes, &n, err);
	if (st == OT_OK && n > 0)
		st = hg_hang_find(x->g, nodes, n, x->args, &h, err);
	free(nodes);
	if (st != OT_OK || n == 0)
		return st;
	if (h.holder != HG_NONE) {
		if (!h.is_virtual && !hg_is_root(x->g, h.holder))
			ot_cell_addr(&row[HOLDER], hg_addr(x->g, h.holder));
		ot_cell_int(&row[HANGING], (int64_t)h.count);
		if (h.count < n)
			ot_buf_addf(&h.name, " (%" PRIu64 " of %" PRIu32 ")",
				    h.count, n);
		ok = !h.name.failed && ot_cell_str(t, &row[HANGS_FROM],
						   ot_buf_str(&h.name),
						   h.name.len);
	}
	hg_hang_release(&h);
	return ok ? OT_OK : ot_fail_nomem(err, "a table of growth");
}

/* How many samples ago the objects were first seen, on average and all. */
static bool
age_cells(const struct growth *x, struct ot_cell *row, uint32_t type)
{
	size_t n = hg_series_samples(x->s), i;
	const uint32_t *by = x->ages + type * n;
	struct ot_table *t = ot_table_new(age_cols, A_NCOLS);
	uint64_t sum = 0, count = 0;
	struct ot_cell *r;

	if (!t)
		return false;
	for (i = n; i-- > 0;) {
		if (by[i] == 0)
			continue;
		r = ot_table_row(t);
		if (!r) {
			ot_table_free(t);
			return false;
		}
		ot_cell_int(&r[A_SAMPLES], (int64_t)(n - 1 - i));
		ot_cell_int(&r[A_OBJECTS], by[i]);
		if (i > 0) {
			sum += (n - 1 - i) * (uint64_t)by[i];
			count += by[i];
		}
	}
	ot_cell_table(&row[AGES], t);
	if (count > 0)
		ot_cell_real(&row[AGE], (double)sum / (double)count);
	return true;
}

static bool
fill_row(const struct growth *x, struct ot_table *t, struct ot_cell *row,
	 uint32_t type)
{
	const struct hg_fit *f = &x->fits[type];
	const uint64_t *count = hg_series_counts(x->s, type);
	const uint64_t *bytes = hg_series_bytes(x->s, type);
	const char *full = hg_series_type(x->s, type);
	const char *module = hg_series_module(x->s, type);
	const char *trend = hg_trend_text(f->trend);
	size_t last = hg_series_samples(x->s) - 1;

	ot_cell_int(&row[COUNT], (int64_t)count[last]);
	ot_cell_delta(&row[DELTA], (int64_t)(count[last] - count[0]));
	ot_cell_real(&row[RATE], f->rate);
	ot_cell_real(&row[SLOPE], f->slope);
	if (f->error >= 0) {
		ot_cell_real(&row[ERROR], f->error);
		ot_cell_real(&row[R2], f->r2);
	}
	if (bytes) {
		ot_cell_bytes(&row[BYTES], bytes[last]);
		ot_cell_delta(&row[GROWN], (int64_t)(bytes[last] - bytes[0]));
	}
	if (x->matched) {
		ot_cell_int(&row[SURVIVORS], (int64_t)x->born[type]);
		ot_cell_int(&row[STAYED],
			    (int64_t)(count[last] - x->born[type]));
		ot_cell_int(&row[DIED], (int64_t)x->died[type]);
	}
	if (x->ages && !age_cells(x, row, type))
		return false;
	return ot_cell_str(t, &row[TREND], trend, strlen(trend)) &&
	       ot_cell_str(t, &row[MODULE], module, strlen(module)) &&
	       ot_cell_str(t, &row[TYPE], full, strlen(full));
}

static uint32_t
hang_rows(const struct hg_graph *g)
{
	uint64_t rows = HANG_WORK / ((uint64_t)hg_nodes(g) + hg_edges(g) + 1);

	return rows < HANG_ROWS_MIN   ? HANG_ROWS_MIN
	       : rows > HANG_ROWS_MAX ? HANG_ROWS_MAX
				      : (uint32_t)rows;
}

static enum ot_status
growth_rows(struct growth *x, struct ot_table *t, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	struct ot_cell *row;
	uint32_t i, told = 0, most = hang_rows(x->g);
	const struct hg_fit *f;

	for (i = 0; st == OT_OK && i < x->n; i++) {
		if (x->args->limit > 0 && i >= x->args->limit)
			break;
		row = ot_table_row(t);
		if (!row || !fill_row(x, t, row, x->order[i]))
			return ot_fail_nomem(err, "a table of growth");
		f = &x->fits[x->order[i]];
		if (x->matched && told < most && f->slope > 0) {
			told++;
			st = hang_cells(x, t, row, x->order[i], err);
		}
	}
	t->total_rows = x->n;
	return st;
}

static bool
say(struct growth *x, struct ot_table *t)
{
	struct ot_buf b = OT_BUF_INIT;
	size_t n = hg_series_samples(x->s);
	bool ok;

	ot_buf_addf(&b, "%zu snapshots in %.1f s; slope is instances a second",
		    n, hg_series_times(x->s)[n - 1]);
	t->title = ot_arena_strdup(&t->arena, ot_buf_str(&b));
	ok = !b.failed && t->title != NULL;
	ot_buf_release(&b);
	return ok;
}

/*
 * With a sample of birth for every object those since the first are born, even
 * where they stand at the address of one that was seen then and went.
 */
static bool
count_births(struct growth *x)
{
	size_t n = hg_series_samples(x->s), types = hg_series_types(x->s);
	uint32_t *of = types_of_kinds(x->s, x->g), type;
	hg_node node;
	size_t i;

	x->ages = n > SIZE_MAX / sizeof(*x->ages) / (types + 1)
			  ? NULL
			  : calloc(n * (types + 1), sizeof(*x->ages));
	if (!of || !x->ages) {
		free(of);
		return false;
	}
	memset(x->born, 0, types * sizeof(*x->born));
	for (node = 0; node < hg_objects(x->g); node++) {
		type = of[hg_kind_of(x->g, node)];
		if (type == HG_NONE ||
		    (x->args->scope == HG_SCOPE_TRACKED &&
		     !(hg_flags(x->g, node) & OTW_TRACKED)))
			continue;
		i = x->args->births[node] < n ? x->args->births[node] : n - 1;
		x->ages[type * n + i]++;
		x->born[type] += i > 0;
	}
	for (i = 0; i < types; i++) {
		uint64_t first = hg_series_counts(x->s, (uint32_t)i)[0];

		/* Some may not have been tracked then that are now. */
		x->died[i] = first > x->ages[i * n] ? first - x->ages[i * n]
						    : 0;
	}
	free(of);
	return true;
}

static enum ot_status
growth_match(struct growth *x, struct ot_err *err)
{
	uint32_t types = hg_series_types(x->s);
	enum ot_status st;

	x->born = calloc((size_t)types + 1, sizeof(*x->born));
	x->died = calloc((size_t)types + 1, sizeof(*x->died));
	if (!x->born || !x->died)
		return ot_fail_nomem(err, "a table of growth");
	/* A look that was cut short may end with counts alone. */
	if (!x->args->before || hg_objects(x->g) == 0)
		return OT_OK;
	st = hg_match_new(x->args->before, x->g, x->args, &x->match, err);
	if (st != OT_OK)
		return st;
	x->matched = true;
	if (!add_up(x, x->g, hg_match_born, x->born) ||
	    !add_up(x, x->args->before, hg_match_gone, x->died))
		return ot_fail_nomem(err, "a table of growth");
	if (x->args->births && !count_births(x))
		return ot_fail_nomem(err, "a table of growth");
	return OT_OK;
}

/* Two snapshots, or one, as a series. */
static enum ot_status
series_of(const struct hg_graph *g, const struct hg_args *args,
	  struct hg_series **out, struct ot_err *err)
{
	enum ot_status st = OT_OK;

	*out = hg_series_new(args->scope);
	if (!*out)
		return ot_fail_nomem(err, "the samples");
	if (args->before)
		st = hg_series_add(*out, args->before, err);
	return st == OT_OK ? hg_series_add(*out, g, err) : st;
}

enum ot_status
an_growth(const struct hg_graph *g, const struct hg_args *args,
	  struct ot_table **out, struct ot_err *err)
{
	struct growth x = { .g = g, .args = args, .s = args->series };
	struct hg_series *own = NULL;
	struct ot_table *t = NULL;
	enum ot_status st = OT_OK;

	if (!args->before && !args->series)
		return ot_fail(err, OT_USAGE,
			       "growth needs a snapshot from before");
	if (!x.s) {
		st = series_of(g, args, &own, err);
		x.s = own;
	}
	if (st == OT_OK)
		st = growth_match(&x, err);
	if (st == OT_OK) {
		t = ot_table_new(args->births ? cols : ageless_cols, NCOLS);
		if (!t || !rank(&x) || !say(&x, t))
			st = ot_fail_nomem(err, "a table of growth");
	}
	if (st == OT_OK)
		st = growth_rows(&x, t, err);
	growth_release(&x);
	hg_series_free(own);
	if (st != OT_OK) {
		ot_table_free(t);
		return st;
	}
	*out = t;
	return OT_OK;
}
