/* SPDX-License-Identifier: MIT */
/*
 * Histories of types.
 *
 * Some thousands of types, once a second: a hash from key to row, histories
 * shifted by one place.  A type that had no instances through its whole
 * history is dropped, so a program that makes types and forgets them does not
 * make this grow.
 */
#include "config.h"

#include "inspector/views/live.h"

#include <stdlib.h>
#include <string.h>

void
live_release(struct live *l)
{
	uint32_t i;

	for (i = 0; i < l->nrows; i++)
		free(l->rows[i].type);
	free(l->rows);
	free(l->slots);
	since_release(&l->since);
	memset(l, 0, sizeof(*l));
}

static uint64_t
live_key(uint64_t addr, const char *type)
{
	uint64_t h = 0xcbf29ce484222325u ^ addr;

	for (; *type != '\0'; type++)
		h = (h ^ (unsigned char)*type) * 0x100000001b3u;
	h ^= h >> 32;
	return h;
}

static uint32_t *
live_slot(const struct live *l, uint64_t key)
{
	uint32_t i = (uint32_t)key & (l->nslots - 1);

	while (l->slots[i] != 0 && l->rows[l->slots[i] - 1].key != key)
		i = (i + 1) & (l->nslots - 1);
	return &l->slots[i];
}

static enum ot_status
live_rehash(struct live *l, uint32_t want, struct ot_err *err)
{
	uint32_t n = 64, i, *slots;

	while (n < want * 2)
		n *= 2;
	slots = calloc(n, sizeof(*slots));
	if (slots == NULL)
		return ot_fail_nomem(err, "the table of types");
	free(l->slots);
	l->slots = slots;
	l->nslots = n;
	for (i = 0; i < l->nrows; i++)
		*live_slot(l, l->rows[i].key) = i + 1;
	return OT_OK;
}

static enum ot_status
live_row_for(struct live *l, const struct hg_graph *g, hg_kind k,
	     struct live_row **out, struct ot_err *err)
{
	const char *type = hg_kind_full(g, k);
	uint64_t addr = hg_kind_addr(g, k), key = live_key(addr, type);
	uint32_t *slot = live_slot(l, key);
	struct live_row *r;

	if (*slot != 0) {
		*out = &l->rows[*slot - 1];
		return OT_OK;
	}
	if (l->nrows == l->cap) {
		uint32_t cap = l->cap == 0 ? 256 : l->cap * 2;
		struct live_row *rows = ot_realloc_array(l->rows, cap,
							 sizeof(*rows));

		if (rows == NULL)
			return ot_fail_nomem(err, "the table of types");
		l->rows = rows;
		l->cap = cap;
	}
	r = &l->rows[l->nrows];
	memset(r, 0, sizeof(*r));
	r->key = key;
	r->addr = addr;
	r->type = strdup(type);
	if (r->type == NULL)
		return ot_fail_nomem(err, "the table of types");
	l->nrows++;
	*slot = l->nrows;
	*out = r;
	return OT_OK;
}

uint64_t
live_count(const struct live_row *r)
{
	return r->n == 0 ? 0 : r->count[r->n - 1];
}

static void
live_push(uint64_t *v, uint32_t *n, uint64_t value)
{
	if (*n == LIVE_KEPT)
		memmove(v, v + 1, (LIVE_KEPT - 1) * sizeof(*v));
	else
		(*n)++;
	v[*n - 1] = value;
}

static double
live_slope(const struct live *l, const uint64_t *v, uint32_t n)
{
	uint32_t back = n - 1 < LIVE_SLOPE ? n - 1 : LIVE_SLOPE;
	double dt;

	if (n < 2)
		return 0;
	dt = (double)(int64_t)(l->time_us[l->n - 1] -
			       l->time_us[l->n - 1 - back]) / 1e6;
	if (dt <= 0)
		return 0;
	return ((double)v[n - 1] - (double)v[n - 1 - back]) / dt;
}

static enum live_mark
live_mark_of(const struct live_row *r)
{
	uint32_t i, up = 0;
	bool fell = false;

	if (r->n < 2)
		return LIVE_STILL;
	for (i = 1; i < r->n; i++) {
		up += r->count[i] > r->count[i - 1];
		fell = fell || r->count[i] < r->count[i - 1];
	}
	if (!fell && up >= LIVE_KEPT / 2)
		return LIVE_STEADY;
	if (r->count[r->n - 1] > r->count[r->n - 2])
		return LIVE_GREW;
	if (r->count[r->n - 1] < r->count[r->n - 2])
		return LIVE_SHRANK;
	return LIVE_STILL;
}

/* Drops rows without an instance in their history. */
static enum ot_status
live_sweep(struct live *l, struct ot_err *err)
{
	uint32_t i, j, kept = 0;

	for (i = 0; i < l->nrows; i++) {
		struct live_row *r = &l->rows[i];
		bool used = false;

		for (j = 0; j < r->n; j++)
			used = used || r->count[j] != 0;
		if (used)
			l->rows[kept++] = *r;
		else
			free(r->type);
	}
	if (kept == l->nrows)
		return OT_OK;
	l->nrows = kept;
	return live_rehash(l, kept, err);
}

enum ot_status
live_update(struct live *l, const struct hg_graph *g, uint64_t time_us,
	    struct ot_err *err)
{
	hg_kind k, nkinds = hg_kinds(g);
	enum ot_status st;
	uint32_t i, n = l->n;
	struct live_row *r = NULL;

	st = live_rehash(l, l->nrows + nkinds, err);
	if (st != OT_OK)
		return st;
	live_push(l->time_us, &l->n, time_us);
	for (i = 0; i < l->nrows; i++) {
		live_push(l->rows[i].count, &l->rows[i].n, 0);
		l->rows[i].bytes = l->rows[i].tracked = 0;
	}
	l->objects = l->bytes = l->tracked = 0;
	for (k = 0; k < nkinds; k++) {
		uint64_t count = hg_kind_count(g, k);

		if (count == 0)
			continue;
		st = live_row_for(l, g, k, &r, err);
		if (st != OT_OK)
			return st;
		while (r->n < l->n)	/* new: nothing before */
			live_push(r->count, &r->n, 0);
		r->count[r->n - 1] += count;
		r->bytes += hg_kind_bytes(g, k);
		r->tracked += hg_kind_tracked(g, k);
		l->objects += count;
		l->bytes += hg_kind_bytes(g, k);
		l->tracked += hg_kind_tracked(g, k);
	}
	if (hg_edges(g) > 0)
		l->refs = hg_info(g)->edges;
	live_push(l->totals, &n, l->objects);
	l->rate = live_slope(l, l->totals, l->n);
	for (i = 0; i < l->nrows; i++) {
		l->rows[i].rate = live_slope(l, l->rows[i].count, l->rows[i].n);
		l->rows[i].mark = live_mark_of(&l->rows[i]);
	}
	st = since_update(&l->since, g, time_us, err);
	return st == OT_OK ? live_sweep(l, err) : st;
}
