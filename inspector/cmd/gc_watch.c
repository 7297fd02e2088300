/* SPDX-License-Identifier: MIT */
/*
 * gc_watch.c - collections as they happen, and what they add up to.
 *
 * The target's memory is looked at a hundred times a second, more often where
 * that was too slow to see all.  Every length is kept (8 bytes each), so that
 * percentiles are those of the pauses, not of buckets.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "inspector/cmd/gc.h"

enum {
	GENERATION, COLLECTIONS, COLLECTED, UNCOLLECTABLE, PAUSE_US, P50_US,
	P99_US, MAX_US, SHARE, HISTOGRAM, NCOLS
};

static const struct ot_col cols[NCOLS] = {
	[GENERATION] = { "generation", OT_CELL_INT, OT_COL_ID },
	[COLLECTIONS] = { "collections", OT_CELL_INT, 0 },
	[COLLECTED] = { "collected", OT_CELL_INT, 0 },
	[UNCOLLECTABLE] = { "uncollectable", OT_CELL_INT, 0 },
	[PAUSE_US] = { "pause_us", OT_CELL_INT, 0 },
	[P50_US] = { "p50_us", OT_CELL_INT, 0 },
	[P99_US] = { "p99_us", OT_CELL_INT, 0 },
	[MAX_US] = { "max_us", OT_CELL_INT, 0 },
	[SHARE] = { "share", OT_CELL_SHARE, 0 },
	[HISTOGRAM] = { "histogram", OT_CELL_TABLE, 0 },
};

enum { H_FROM, H_BELOW, H_COUNT, H_BAR, H_NCOLS };

static const struct ot_col histogram_cols[H_NCOLS] = {
	[H_FROM] = { "from_us", OT_CELL_INT, 0 },
	[H_BELOW] = { "below_us", OT_CELL_INT, 0 },
	[H_COUNT] = { "count", OT_CELL_INT, 0 },
	[H_BAR] = { "bar", OT_CELL_STR, OT_COL_FLEX },
};

#define FIRST_US	64u
#define BAR		40u
#define BATCH		512u
#define KEPT		(8u << 20)	/* lengths of a generation */
#define LOOK_MS		10u

/* ---- adding up ---- */

void
gc_tally_release(struct gc_tally *t)
{
	unsigned g;

	for (g = 0; g < GC_GENERATIONS; g++)
		free(t->pause_ns[g]);
	memset(t, 0, sizeof(*t));
}

static bool
tally_room(struct gc_tally *t, unsigned g)
{
	size_t cap = t->cap[g] > 0 ? t->cap[g] * 2 : 256;
	uint64_t *grown;

	if (t->n[g] < t->cap[g])
		return true;
	if (t->n[g] >= KEPT)
		return false;
	grown = ot_realloc_array(t->pause_ns[g], cap, sizeof(*grown));
	if (grown == NULL)
		return false;
	t->pause_ns[g] = grown;
	t->cap[g] = cap;
	return true;
}

void
gc_tally_add(struct gc_tally *t, const struct otw_pause *p)
{
	unsigned g = p->generation < GC_GENERATIONS ? (unsigned)p->generation :
						      GC_GENERATIONS - 1;
	uint64_t ns = p->stop_ns > p->start_ns ? p->stop_ns - p->start_ns : 0;

	t->total_ns[g] += ns;
	if (p->collected != OTW_UNKNOWN)
		t->collected[g] += p->collected;
	if (p->uncollectable != OTW_UNKNOWN)
		t->uncollectable[g] += p->uncollectable;
	if (tally_room(t, g))
		t->pause_ns[g][t->n[g]++] = ns;
	else
		t->failed = true;
}

static int
by_length(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t
gc_percentile(const uint64_t *sorted, size_t n, unsigned p)
{
	size_t rank = (n * p + 99) / 100;

	return n == 0 ? 0 : sorted[rank > 0 ? rank - 1 : 0];
}

static unsigned
bucket(uint64_t ns)
{
	uint64_t below = FIRST_US;
	unsigned b = 0;

	while (b < GC_BUCKETS - 1 && ns / 1000 >= below) {
		below *= 2;
		b++;
	}
	return b;
}

static bool
histogram_row(struct ot_table *t, unsigned b, uint64_t n, uint64_t most)
{
	struct ot_cell *row = ot_table_row(t);
	char bar[BAR + 1];
	size_t len = most > 0 ? (size_t)((n * BAR + most - 1) / most) : 0;

	if (row == NULL)
		return false;
	ot_cell_int(&row[H_FROM], b == 0 ? 0 : (int64_t)FIRST_US << (b - 1));
	if (b < GC_BUCKETS - 1)
		ot_cell_int(&row[H_BELOW], (int64_t)FIRST_US << b);
	ot_cell_int(&row[H_COUNT], (int64_t)n);
	memset(bar, '#', len);
	return ot_cell_str(t, &row[H_BAR], bar, len);
}

/* From the first bucket that has something to the last. */
static struct ot_table *
histogram(const struct gc_tally *tally, unsigned g)
{
	struct ot_table *t = ot_table_new(histogram_cols, H_NCOLS);
	uint64_t n[GC_BUCKETS] = { 0 }, most = 0;
	unsigned b, first = GC_BUCKETS, last = 0;
	bool ok = t != NULL;
	char title[40];
	size_t i;

	for (i = 0; i < tally->n[g]; i++)
		n[bucket(tally->pause_ns[g][i])]++;
	for (b = 0; b < GC_BUCKETS; b++) {
		if (n[b] == 0)
			continue;
		first = first < b ? first : b;
		last = b;
		most = most > n[b] ? most : n[b];
	}
	for (b = first; ok && b <= last; b++)
		ok = histogram_row(t, b, n[b], most);
	snprintf(title, sizeof(title), "pauses of generation %u", g);
	if (ok)
		t->title = ot_arena_strdup(&t->arena, title);
	if (ok && t->title != NULL)
		return t;
	ot_table_free(t);
	return NULL;
}

static bool
tally_row(struct gc_tally *tally, struct ot_table *t, unsigned g)
{
	struct ot_cell *row = ot_table_row(t);
	const uint64_t *ns = tally->pause_ns[g];
	uint64_t span = tally->until_us - tally->since_us;
	struct ot_table *sub;
	size_t n = tally->n[g];

	if (row == NULL)
		return false;
	if (n > 0)
		qsort(tally->pause_ns[g], n, sizeof(*ns), by_length);
	ot_cell_int(&row[GENERATION], g);
	ot_cell_int(&row[COLLECTIONS], (int64_t)n);
	ot_cell_int(&row[COLLECTED], (int64_t)tally->collected[g]);
	ot_cell_int(&row[UNCOLLECTABLE], (int64_t)tally->uncollectable[g]);
	ot_cell_int(&row[PAUSE_US], (int64_t)(tally->total_ns[g] / 1000));
	if (span > 0)
		ot_cell_share(&row[SHARE], (double)tally->total_ns[g] /
			      1000 / (double)span);
	if (n == 0)
		return true;
	ot_cell_int(&row[P50_US], (int64_t)(gc_percentile(ns, n, 50) / 1000));
	ot_cell_int(&row[P99_US], (int64_t)(gc_percentile(ns, n, 99) / 1000));
	ot_cell_int(&row[MAX_US], (int64_t)(ns[n - 1] / 1000));
	sub = histogram(tally, g);
	if (sub == NULL)
		return false;
	ot_cell_table(&row[HISTOGRAM], sub);
	return true;
}

struct ot_table *
gc_tally_table(struct gc_tally *tally)
{
	struct ot_table *t = ot_table_new(cols, NCOLS);
	bool ok = t != NULL;
	char span[32], note[128];
	unsigned g;

	for (g = 0; ok && g < GC_GENERATIONS; g++)
		ok = tally_row(tally, t, g);
	if (!ok) {
		ot_table_free(t);
		return NULL;
	}
	ot_fmt_duration_us(span, sizeof(span),
			   tally->until_us - tally->since_us);
	if (tally->missed == 0)
		snprintf(note, sizeof(note), "watched for %s", span);
	else
		snprintf(note, sizeof(note), "watched for %s; %llu collections "
			 "were over before they could be read", span,
			 (unsigned long long)tally->missed);
	t->note = ot_arena_strdup(&t->arena, note);
	return t;
}

/* ---- watching ---- */

bool
gc_go_on(const struct cmd *c, uint64_t since_us, unsigned ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };
	uint64_t end = since_us + c->opts.lasting_ms * 1000;

	if (cmd_interrupted || (c->opts.lasting_ms > 0 && ot_now_us() >= end))
		return false;
	nanosleep(&ts, NULL);
	return true;
}

/* The wall clock's time of a moment of the monotonic one. */
static void
time_of_day(uint64_t mono_ns, char *dst, size_t cap)
{
	struct timespec mono, wall;
	struct tm tm;
	int64_t at;
	time_t s;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	at = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000 -
	     ((int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000 -
	      (int64_t)(mono_ns / 1000000));
	s = (time_t)(at / 1000);
	localtime_r(&s, &tm);
	snprintf(dst, cap, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min,
		 tm.tm_sec, (int)(at % 1000));
}

static void
print_pause(const struct otw_pause *p)
{
	char at[40], length[32], found[64] = "";

	time_of_day(p->start_ns, at, sizeof(at));
	ot_fmt_duration_us(length, sizeof(length),
			   (p->stop_ns - p->start_ns) / 1000);
	if (p->collected != OTW_UNKNOWN)
		snprintf(found, sizeof(found), "  collected %llu",
			 (unsigned long long)p->collected);
	printf("%s  generation %llu  %8s%s", at,
	       (unsigned long long)p->generation, length, found);
	if (p->uncollectable != OTW_UNKNOWN && p->uncollectable > 0)
		printf("  uncollectable %llu",
		       (unsigned long long)p->uncollectable);
	putchar('\n');
}

static enum ot_status
take_batch(const struct cmd *c, struct target_pauses *p,
	   struct gc_tally *tally, bool *all, struct ot_err *err)
{
	struct otw_pause batch[BATCH];
	uint64_t missed = 0;
	size_t n = 0, i;
	enum ot_status st;

	st = target_pauses_read(p, batch, BATCH, &n, &missed, err);
	for (i = 0; i < n; i++) {
		gc_tally_add(tally, &batch[i]);
		if (c->opts.format == OT_FMT_TEXT)
			print_pause(&batch[i]);
	}
	if (n > 0)
		fflush(stdout);
	tally->missed += missed;
	*all = missed == 0;
	return st;
}

enum ot_status
gc_watch(const struct cmd *c, struct target_pauses *p,
	 struct gc_tally *tally, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	unsigned ms = LOOK_MS;
	bool all = true;

	tally->since_us = ot_now_us();
	do {
		st = take_batch(c, p, tally, &all, err);
		if (!all && ms > 1)
			ms /= 2;
	} while (st == OT_OK && gc_go_on(c, tally->since_us, ms));
	if (st == OT_OK)
		st = take_batch(c, p, tally, &all, err);
	tally->until_us = ot_now_us();
	return st;
}
