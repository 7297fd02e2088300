/* SPDX-License-Identifier: MIT */
/*
 * metrics.c - one family of metrics after the other, each with a sample for
 * every process.
 *
 * Types are told apart by what is written of their names: two that read the
 * same (cut at some length, or two classes of one name) are added up, as a
 * series must not come twice.
 */
#include "config.h"

#include "graph/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "graph/store.h"

#define LABEL_COLS 200u
#define OTHER "(other)"

struct type_row {
	char *label; /* escaped and quoted; arena */
	uint64_t count, bytes;
};

/* The rows of one process. */
struct types {
	struct type_row *rows;
	size_t n;
};

struct writer {
	const struct hg_metrics *m;
	size_t n;
	struct types *types; /* per process */
	bool openmetrics;
	struct ot_buf *out, scratch;
	struct ot_arena arena;
};

/* ---- text ---- */

/* A label's value with its quotes, as both formats want it. */
static void
add_label(struct writer *w, struct ot_buf *out, const char *s)
{
	const char *p;
	size_t i;

	ot_buf_clear(&w->scratch);
	ot_escape(&w->scratch, s, strlen(s), OT_ESC_TERM, LABEL_COLS);
	ot_buf_addc(out, '"');
	p = ot_buf_str(&w->scratch);
	for (i = 0; i < w->scratch.len; i++) {
		if (p[i] == '"' || p[i] == '\\')
			ot_buf_addc(out, '\\');
		ot_buf_addc(out, p[i]);
	}
	ot_buf_addc(out, '"');
}

/* Prometheus knows a counter by the name of its samples. */
static void
add_family(struct writer *w, const char *name, const char *type,
	   const char *help)
{
	bool counter = strcmp(type, "counter") == 0;
	const char *total = counter && !w->openmetrics ? "_total" : "";

	ot_buf_addf(w->out, "# HELP objtop_%s%s %s\n# TYPE objtop_%s%s %s\n",
		    name, total, help, name, total, type);
}

static void
add_count(struct writer *w, const char *name, const struct hg_metrics *m,
	  uint64_t value)
{
	ot_buf_addf(w->out, "objtop_%s{pid=\"%" PRIu64 "\"} %" PRIu64 "\n",
		    name, m->pid, value);
}

static void
add_seconds(struct writer *w, const char *name, const struct hg_metrics *m,
	    double value)
{
	ot_buf_addf(w->out, "objtop_%s{pid=\"%" PRIu64 "\"} %.6f\n", name,
		    m->pid, value);
}

/* ---- types ---- */

static int
row_by_label(const void *a, const void *b)
{
	return strcmp(((const struct type_row *)a)->label,
		      ((const struct type_row *)b)->label);
}

static int
row_by_bytes(const void *a, const void *b)
{
	const struct type_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->label, y->label);
}

/* Equal labels become one row. */
static size_t
merge_rows(struct type_row *rows, size_t n)
{
	size_t i, kept = 0;

	if (n == 0)
		return 0;
	qsort(rows, n, sizeof(*rows), row_by_label);
	for (i = 1; i < n; i++) {
		if (strcmp(rows[i].label, rows[kept].label) == 0) {
			rows[kept].count += rows[i].count;
			rows[kept].bytes += rows[i].bytes;
		} else {
			rows[++kept] = rows[i];
		}
	}
	return kept + 1;
}

/* What is beyond `max` becomes the last row. */
static void
cut_rows(struct types *t, size_t max, char *other)
{
	struct type_row rest = { other, 0, 0 };
	size_t i, room = t->n > max ? max : t->n;

	for (i = room; i < t->n; i++) {
		rest.count += t->rows[i].count;
		rest.bytes += t->rows[i].bytes;
	}
	if (t->n > max) {
		t->rows[room] = rest;
		t->n = room + 1;
		t->n = merge_rows(t->rows, t->n);
	}
}

static bool
types_of(struct writer *w, const struct hg_graph *g, size_t max,
	 struct types *t)
{
	struct ot_buf label = OT_BUF_INIT;
	char *other = NULL;
	hg_kind k;

	t->rows = ot_realloc_array(NULL, (size_t)hg_kinds(g) + 1,
				   sizeof(*t->rows));
	if (!t->rows)
		return false;
	for (k = 0; k < hg_kinds(g); k++) {
		if (hg_kind_count(g, k) == 0)
			continue;
		ot_buf_clear(&label);
		add_label(w, &label, hg_kind_full(g, k));
		t->rows[t->n].label = ot_arena_strdup(&w->arena,
						      ot_buf_str(&label));
		if (!t->rows[t->n].label || label.failed)
			break;
		t->rows[t->n].count = hg_kind_count(g, k);
		t->rows[t->n].bytes = hg_kind_bytes(g, k);
		t->n++;
	}
	if (k == hg_kinds(g))
		other = ot_arena_strdup(&w->arena, "\"" OTHER "\"");
	ot_buf_release(&label);
	if (!other)
		return false;
	t->n = merge_rows(t->rows, t->n);
	if (t->n > 0)
		qsort(t->rows, t->n, sizeof(*t->rows), row_by_bytes);
	cut_rows(t, max, other);
	return true;
}

static void
add_types(struct writer *w)
{
	const struct type_row *row;
	size_t i, j;
	int bytes;

	for (bytes = 0; bytes <= 1; bytes++) {
		add_family(w, bytes ? "type_bytes" : "type_objects", "gauge",
			   bytes ? "Bytes of the objects of a type, what they "
				   "refer to left out."
				 : "Objects of a type.");
		for (i = 0; i < w->n; i++) {
			for (j = 0; j < w->types[i].n; j++) {
				row = &w->types[i].rows[j];
				ot_buf_addf(w->out,
					    "objtop_type_%s{pid=\"%" PRIu64
					    "\",type=%s} %" PRIu64 "\n",
					    bytes ? "bytes" : "objects",
					    w->m[i].pid, row->label,
					    bytes ? row->bytes : row->count);
			}
		}
	}
}

/* ---- the rest ---- */

static void
add_processes(struct writer *w)
{
	const struct hg_metrics *m;
	const struct hg_info *info;
	size_t i;

	add_family(w, "up", "gauge",
		   "Whether the process is there and can be inspected.");
	for (i = 0; i < w->n; i++)
		add_count(w, "up", &w->m[i], w->m[i].up);
	add_family(w, "process_info", "gauge", "What the process runs.");
	for (m = w->m; m < w->m + w->n; m++) {
		if (!m->g)
			continue;
		info = hg_info(m->g);
		ot_buf_addf(w->out,
			    "objtop_process_info{pid=\"%" PRIu64
			    "\",runtime=",
			    m->pid);
		add_label(w, w->out, info->runtime);
		ot_buf_adds(w->out, ",version=");
		add_label(w, w->out, info->version);
		if (m->command) {
			ot_buf_adds(w->out, ",command=");
			add_label(w, w->out, m->command);
		}
		ot_buf_adds(w->out, "} 1\n");
	}
	add_family(w, "resident_bytes", "gauge",
		   "Memory of the process that is resident (RSS).");
	for (i = 0; i < w->n; i++)
		if (w->m[i].rss > 0)
			add_count(w, "resident_bytes", &w->m[i], w->m[i].rss);
}

static uint64_t
heap_objects(const struct hg_graph *g)
{
	return hg_info(g)->objects;
}

static uint64_t
heap_bytes(const struct hg_graph *g)
{
	return hg_info(g)->bytes;
}

static uint64_t
heap_tracked(const struct hg_graph *g)
{
	return hg_info(g)->tracked;
}

static uint64_t
heap_types(const struct hg_graph *g)
{
	uint64_t n = 0;
	hg_kind k;

	for (k = 0; k < hg_kinds(g); k++)
		n += hg_kind_count(g, k) > 0;
	return n;
}

static void
add_heaps(struct writer *w)
{
	static const struct {
		const char *name, *help;
		uint64_t (*get)(const struct hg_graph *g);
	} figures[] = {
		{ "heap_objects", "Objects on the heap.", heap_objects },
		{ "heap_bytes", "Bytes of all objects on the heap.",
		  heap_bytes },
		{ "heap_types", "Types that have an object.", heap_types },
		{ "gc_tracked_objects",
		  "Objects that the cycle collector tracks.", heap_tracked },
	};
	size_t i, f;

	for (f = 0; f < OT_ARRAY_LEN(figures); f++) {
		add_family(w, figures[f].name, "gauge", figures[f].help);
		for (i = 0; i < w->n; i++)
			if (w->m[i].g)
				add_count(w, figures[f].name, &w->m[i],
					  figures[f].get(w->m[i].g));
	}
}

/* Objects by generation, where the snapshot has objects. */
static void
add_generations(struct writer *w)
{
	uint64_t in[4], frozen;
	const struct hg_graph *g;
	unsigned gen, last;
	size_t i;
	hg_node n;

	add_family(w, "gc_generation_objects", "gauge",
		   "Objects in a generation of the cycle collector; frozen: "
		   "in none, by gc.freeze().");
	for (i = 0; i < w->n; i++) {
		g = w->m[i].g;
		if (!g || hg_objects(g) == 0)
			continue;
		memset(in, 0, sizeof(in));
		frozen = last = 0;
		for (n = 0; n < hg_objects(g); n++) {
			if (!(hg_flags(g, n) & OTW_TRACKED))
				continue;
			gen = (unsigned)hg_generation(g, n);
			if (hg_flags(g, n) & OTW_FROZEN)
				frozen++;
			else
				in[gen]++;
			last = gen > last ? gen : last;
		}
		for (gen = 0; gen <= (last > 2 ? last : 2); gen++)
			ot_buf_addf(w->out,
				    "objtop_gc_generation_objects{pid=\"%"
				    PRIu64 "\",generation=\"%u\"} %" PRIu64
				    "\n",
				    w->m[i].pid, gen, in[gen]);
		ot_buf_addf(w->out,
			    "objtop_gc_generation_objects{pid=\"%" PRIu64
			    "\",generation=\"frozen\"} %" PRIu64 "\n",
			    w->m[i].pid, frozen);
	}
}

static void
add_snapshots(struct writer *w)
{
	const struct hg_metrics *m, *end = w->m + w->n;
	bool live = false;

	add_family(w, "snapshot_timestamp_seconds", "gauge",
		   "Unix time of the snapshot that the figures are from.");
	for (m = w->m; m < end; m++)
		if (m->g)
			add_seconds(w, "snapshot_timestamp_seconds", m,
				    (double)hg_info(m->g)->time_ns / 1e9);
	add_family(w, "snapshot_held_seconds", "gauge",
		   "How long that snapshot held the process.");
	for (m = w->m; m < end; m++) {
		if (m->g)
			add_seconds(w, "snapshot_held_seconds", m,
				    (double)hg_info(m->g)->held_us / 1e6);
		live = live || m->live;
	}
	if (!live)
		return;
	add_family(w, "snapshot_age_seconds", "gauge",
		   "How old the figures are.");
	for (m = w->m; m < end; m++)
		if (m->g && m->age_s >= 0)
			add_seconds(w, "snapshot_age_seconds", m, m->age_s);
	add_family(w, "snapshots", "counter", "Snapshots taken.");
	for (m = w->m; m < end; m++)
		add_count(w, "snapshots_total", m, m->samples);
	add_family(w, "snapshot_failures", "counter",
		   "Snapshots that could not be taken.");
	for (m = w->m; m < end; m++)
		add_count(w, "snapshot_failures_total", m, m->failures);
	add_family(w, "held_seconds", "counter",
		   "How long all snapshots have held the process.");
	for (m = w->m; m < end; m++)
		add_seconds(w, "held_seconds_total", m, m->held_s);
}

enum ot_status
hg_metrics_write(const struct hg_metrics *m, size_t n, size_t types,
		 bool openmetrics, struct ot_buf *out, struct ot_err *err)
{
	struct writer w = { .m = m,
			    .n = n,
			    .openmetrics = openmetrics,
			    .out = out,
			    .arena = OT_ARENA_INIT };
	size_t i, max = types;
	bool ok;

	if (max == 0)
		max = HG_METRICS_TYPES;
	if (max > HG_METRICS_TYPES_MAX)
		max = HG_METRICS_TYPES_MAX;
	w.types = calloc(n + 1, sizeof(*w.types));
	ok = w.types != NULL;
	for (i = 0; ok && i < n; i++)
		if (m[i].g)
			ok = types_of(&w, m[i].g, max, &w.types[i]);
	if (ok) {
		add_processes(&w);
		add_heaps(&w);
		add_generations(&w);
		add_types(&w);
		add_snapshots(&w);
		if (openmetrics)
			ot_buf_adds(out, "# EOF\n");
	}
	for (i = 0; w.types && i < n; i++)
		free(w.types[i].rows);
	free(w.types);
	ot_buf_release(&w.scratch);
	ot_arena_release(&w.arena);
	if (!ok || out->failed)
		return ot_fail_nomem(err, "the metrics");
	return OT_OK;
}
