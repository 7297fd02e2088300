/* SPDX-License-Identifier: MIT */
/*
 * series.c - a row a type, a column a sample.
 *
 * A hash from names to rows; rows grow together, by doubling, so that a
 * sample costs one look-up a kind.
 */
#include "config.h"

#include "graph/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

struct row {
	char *full, *module;
	uint64_t hash;
	uint64_t *count, *bytes; /* `cap` of the series */
};

struct hg_series {
	enum hg_scope scope;
	struct row *rows;
	uint32_t nrows, cap_rows;
	uint32_t *slots, nslots; /* row + 1 */
	double *times;
	uint64_t start_ns;
	size_t n, cap; /* samples */
};

struct hg_series *
hg_series_new(enum hg_scope scope)
{
	struct hg_series *s = calloc(1, sizeof(*s));

	if (s)
		s->scope = scope;
	return s;
}

void
hg_series_free(struct hg_series *s)
{
	uint32_t i;

	if (!s)
		return;
	for (i = 0; i < s->nrows; i++) {
		free(s->rows[i].full);
		free(s->rows[i].module);
		free(s->rows[i].count);
		free(s->rows[i].bytes);
	}
	free(s->rows);
	free(s->slots);
	free(s->times);
	free(s);
}

static uint64_t
hash_of(const char *full, const char *module)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *full; full++)
		h = (h ^ (unsigned char)*full) * 0x100000001b3u;
	for (h = (h ^ 0xff) * 0x100000001b3u; *module; module++)
		h = (h ^ (unsigned char)*module) * 0x100000001b3u;
	return h ^ h >> 32;
}

static uint32_t *
slot_of(const struct hg_series *s, uint64_t hash, const char *full,
	const char *module)
{
	uint32_t at = (uint32_t)hash & (s->nslots - 1);
	const struct row *r;

	for (; s->slots[at] != 0; at = (at + 1) & (s->nslots - 1)) {
		r = &s->rows[s->slots[at] - 1];
		if (r->hash == hash && strcmp(r->full, full) == 0 &&
		    strcmp(r->module, module) == 0)
			break;
	}
	return &s->slots[at];
}

static bool
slots_grow(struct hg_series *s)
{
	uint32_t n = s->nslots ? s->nslots * 2 : 1024, i;
	uint32_t *old = s->slots;

	s->slots = calloc(n, sizeof(*s->slots));
	if (!s->slots) {
		s->slots = old;
		return false;
	}
	free(old);
	s->nslots = n;
	for (i = 0; i < s->nrows; i++)
		*slot_of(s, s->rows[i].hash, s->rows[i].full,
			 s->rows[i].module) = i + 1;
	return true;
}

static bool
row_room(struct row *r, size_t from, size_t cap)
{
	uint64_t *v = ot_realloc_array(r->count, cap, sizeof(*v));

	if (!v)
		return false;
	memset(v + from, 0, (cap - from) * sizeof(*v));
	r->count = v;
	v = ot_realloc_array(r->bytes, cap, sizeof(*v));
	if (!v)
		return false;
	memset(v + from, 0, (cap - from) * sizeof(*v));
	r->bytes = v;
	return true;
}

static bool
samples_grow(struct hg_series *s)
{
	size_t cap = s->cap ? s->cap * 2 : 8;
	double *t = ot_realloc_array(s->times, cap, sizeof(*t));
	uint32_t i;

	if (!t)
		return false;
	s->times = t;
	for (i = 0; i < s->nrows; i++)
		if (!row_room(&s->rows[i], s->cap, cap))
			return false;
	s->cap = cap;
	return true;
}

static bool
row_new(struct hg_series *s, uint64_t hash, const char *full,
	const char *module)
{
	struct row *rows, *r;
	uint32_t cap;

	if (s->nrows == s->cap_rows) {
		cap = s->cap_rows ? s->cap_rows * 2 : 512;
		rows = ot_realloc_array(s->rows, cap, sizeof(*rows));
		if (!rows)
			return false;
		s->rows = rows;
		s->cap_rows = cap;
	}
	r = &s->rows[s->nrows];
	*r = (struct row){ .hash = hash,
			   .full = strdup(full),
			   .module = strdup(module) };
	if (r->full && r->module && row_room(r, 0, s->cap)) {
		s->nrows++;
		return true;
	}
	free(r->full);
	free(r->module);
	free(r->count);
	return false;
}

static struct row *
row_for(struct hg_series *s, const char *full, const char *module)
{
	uint64_t hash = hash_of(full, module);
	uint32_t *slot;

	if (s->nrows >= s->nslots / 2 && !slots_grow(s))
		return NULL;
	slot = slot_of(s, hash, full, module);
	if (*slot != 0)
		return &s->rows[*slot - 1];
	if (!row_new(s, hash, full, module))
		return NULL;
	*slot = s->nrows;
	return &s->rows[*slot - 1];
}

void
hg_series_thin(struct hg_series *s)
{
	uint32_t i;
	size_t n;

	for (n = 0; 2 * n < s->n; n++) {
		s->times[n] = s->times[2 * n];
		for (i = 0; i < s->nrows; i++) {
			s->rows[i].count[n] = s->rows[i].count[2 * n];
			s->rows[i].bytes[n] = s->rows[i].bytes[2 * n];
		}
	}
	/* What is added next adds to zero. */
	for (i = 0; i < s->nrows; i++) {
		memset(s->rows[i].count + n, 0,
		       (s->n - n) * sizeof(*s->rows[i].count));
		memset(s->rows[i].bytes + n, 0,
		       (s->n - n) * sizeof(*s->rows[i].bytes));
	}
	s->n = n;
}

enum ot_status
hg_series_add(struct hg_series *s, const struct hg_graph *g,
	      struct ot_err *err)
{
	return hg_series_add_at(s, g, hg_info(g)->time_ns, err);
}

/* Makes room for one more sample and gives its time. */
static enum ot_status
sample_begin(struct hg_series *s, uint64_t now, double *t, struct ot_err *err)
{
	if (s->n == s->cap && !samples_grow(s))
		return ot_fail_nomem(err, "the samples");
	if (s->n == 0)
		s->start_ns = now;
	/* A clock that was put back makes no time run backwards. */
	*t = now > s->start_ns ? (double)(now - s->start_ns) / 1e9 : 0;
	if (s->n > 0 && *t < s->times[s->n - 1])
		*t = s->times[s->n - 1];
	return OT_OK;
}

static enum ot_status
sample_add(struct hg_series *s, const struct hg_sample *v, struct ot_err *err)
{
	struct row *r;

	if (v->count == 0)
		return OT_OK;
	r = row_for(s, v->full, v->module);
	if (!r)
		return ot_fail_nomem(err, "the samples");
	r->count[s->n] += v->count;
	r->bytes[s->n] += v->bytes;
	return OT_OK;
}

enum ot_status
hg_series_add_at(struct hg_series *s, const struct hg_graph *g, uint64_t now,
		 struct ot_err *err)
{
	double t = 0;
	enum ot_status st = sample_begin(s, now, &t, err);
	hg_kind k;

	for (k = 0; k < hg_kinds(g) && st == OT_OK; k++) {
		const struct hg_sample v = {
			hg_kind_full(g, k), hg_kind_module(g, k),
			s->scope == HG_SCOPE_ALL ? hg_kind_count(g, k)
						 : hg_kind_tracked(g, k),
			hg_kind_bytes(g, k),
		};

		st = sample_add(s, &v, err);
	}
	if (st == OT_OK)
		s->times[s->n++] = t;
	return st;
}

enum ot_status
hg_series_add_rows(struct hg_series *s, const struct hg_sample *v, size_t n,
		   uint64_t now, struct ot_err *err)
{
	double t = 0;
	enum ot_status st = sample_begin(s, now, &t, err);
	size_t i;

	for (i = 0; i < n && st == OT_OK; i++)
		st = sample_add(s, &v[i], err);
	if (st == OT_OK)
		s->times[s->n++] = t;
	return st;
}

size_t
hg_series_samples(const struct hg_series *s)
{
	return s->n;
}

uint32_t
hg_series_types(const struct hg_series *s)
{
	return s->nrows;
}

const double *
hg_series_times(const struct hg_series *s)
{
	return s->times;
}

const char *
hg_series_type(const struct hg_series *s, uint32_t i)
{
	return s->rows[i].full;
}

const char *
hg_series_module(const struct hg_series *s, uint32_t i)
{
	return s->rows[i].module;
}

const uint64_t *
hg_series_counts(const struct hg_series *s, uint32_t i)
{
	return s->rows[i].count;
}

const uint64_t *
hg_series_bytes(const struct hg_series *s, uint32_t i)
{
	return s->scope == HG_SCOPE_ALL ? s->rows[i].bytes : NULL;
}

uint32_t
hg_series_find(const struct hg_series *s, const char *full, const char *module)
{
	uint32_t *slot;

	if (s->nslots == 0)
		return HG_NONE;
	slot = slot_of(s, hash_of(full, module), full, module);
	return *slot == 0 ? HG_NONE : *slot - 1;
}
