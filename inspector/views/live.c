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

/* By the address where there is one, else by the name. */
static uint64_t
live_key(uint64_t addr, const char *type)
{
	uint64_t h = 0xcbf29ce484222325u;

	if (addr != 0)
		return (addr ^ addr >> 32) * 0x9e3779b97f4a7c15u | 1;
	for (; *type != '\0'; type++)
		h = (h ^ (unsigned char)*type) * 0x100000001b3u;
	return (h ^ h >> 32) & ~(uint64_t)1;
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

/* Is one the other without its module? */
static bool
live_same_name(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	const char *tail = na > nb ? a + (na - nb) : b + (nb - na);

	if (na == nb)
		return strcmp(a, b) == 0;
	return tail[-1] == '.' && strcmp(tail, na > nb ? b : a) == 0;
}

/* A row is given the name that its type has now. */
static enum ot_status
live_rename(struct live_row *r, const char *type, struct ot_err *err)
{
	char *name;

	if (strcmp(r->type, type) == 0)
		return OT_OK;
	name = strdup(type);
	if (name == NULL)
		return ot_fail_nomem(err, "the table of types");
	if (!live_same_name(r->type, type))
		memset(r->count, 0, sizeof(r->count));
	free(r->type);
	r->type = name;
	return OT_OK;
}

static enum ot_status
live_row_for(struct live *l, const struct live_count *v,
	     struct live_row **out, struct ot_err *err)
{
	uint64_t key = live_key(v->addr, v->type);
	uint32_t *slot = live_slot(l, key);
	struct live_row *r;

	if (*slot != 0) {
		*out = &l->rows[*slot - 1];
		return live_rename(*out, v->type, err);
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
	r->addr = v->addr;
	r->type = strdup(v->type);
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

/* The histories go on by one place, empty at first. */
static enum ot_status
live_begin(struct live *l, size_t types, uint64_t time_us, struct ot_err *err)
{
	enum ot_status st = types > UINT32_MAX / 4 ?
		ot_fail_nomem(err, "the table of types") :
		live_rehash(l, l->nrows + (uint32_t)types, err);
	uint32_t i, n = l->n;

	if (st != OT_OK)
		return st;
	live_push(l->totals, &n, 0);
	live_push(l->time_us, &l->n, time_us);
	for (i = 0; i < l->nrows; i++) {
		struct live_row *r = &l->rows[i];

		live_push(r->count, &r->n, 0);
		r->bytes = r->tracked = r->error = 0;
		r->estimated = false;
	}
	l->objects = l->bytes = l->tracked = l->error = 0;
	l->counted = false;
	return OT_OK;
}

static enum ot_status
live_add(struct live *l, const struct live_count *v, struct ot_err *err)
{
	struct live_row *r = NULL;
	enum ot_status st;

	if (v->count == 0)
		return OT_OK;
	st = live_row_for(l, v, &r, err);
	if (st != OT_OK)
		return st;
	while (r->n < l->n)	/* new: nothing before */
		live_push(r->count, &r->n, 0);
	r->count[r->n - 1] += v->count;
	r->bytes += v->bytes;
	r->tracked += v->tracked;
	r->error += v->error;
	r->estimated = r->estimated || v->estimated;
	l->objects += v->count;
	l->bytes += v->bytes;
	l->tracked += v->tracked;
	return OT_OK;
}

static enum ot_status
live_end(struct live *l, struct ot_err *err)
{
	uint32_t i;

	l->totals[l->n - 1] = l->objects;
	l->rate = live_slope(l, l->totals, l->n);
	for (i = 0; i < l->nrows; i++) {
		l->rows[i].rate = live_slope(l, l->rows[i].count, l->rows[i].n);
		l->rows[i].mark = live_mark_of(&l->rows[i]);
	}
	return live_sweep(l, err);
}

enum ot_status
live_update(struct live *l, const struct hg_graph *g, uint64_t time_us,
	    struct ot_err *err)
{
	hg_kind k, nkinds = hg_kinds(g);
	enum ot_status st = live_begin(l, nkinds, time_us, err);

	for (k = 0; k < nkinds && st == OT_OK; k++) {
		const struct live_count v = {
			.addr = hg_kind_addr(g, k), .type = hg_kind_full(g, k),
			.count = hg_kind_count(g, k),
			.bytes = hg_kind_bytes(g, k),
			.tracked = hg_kind_tracked(g, k),
		};

		st = live_add(l, &v, err);
	}
	if (st == OT_OK && hg_edges(g) > 0)
		l->refs = hg_info(g)->edges;
	if (st == OT_OK)
		st = since_update(&l->since, g, time_us, err);
	return st == OT_OK ? live_end(l, err) : st;
}

/* A type whose module is not known yet would be another one later. */
static enum ot_status
live_since(struct live *l, const struct live_count *v, size_t n,
	   uint64_t time_us, struct ot_err *err)
{
	struct hg_sample *rows = calloc(n + 1, sizeof(*rows));
	enum ot_status st;
	size_t i, kept = 0;

	if (rows == NULL)
		return ot_fail_nomem(err, "the table of growth");
	for (i = 0; i < n; i++)
		if (v[i].module != NULL)
			rows[kept++] = (struct hg_sample){
				v[i].type, v[i].module, v[i].count, v[i].bytes,
			};
	st = since_update_rows(&l->since, rows, kept, time_us, err);
	free(rows);
	return st;
}

enum ot_status
live_update_rows(struct live *l, const struct live_count *v, size_t n,
		 uint64_t error, uint64_t time_us, struct ot_err *err)
{
	enum ot_status st = live_begin(l, n, time_us, err);
	size_t i;

	for (i = 0; i < n && st == OT_OK; i++)
		st = live_add(l, &v[i], err);
	l->error = error;
	l->counted = true;
	if (st == OT_OK)
		st = live_since(l, v, n, time_us, err);
	return st == OT_OK ? live_end(l, err) : st;
}

struct live_name {
	const char *type;
	uint64_t bytes;
};

static int
live_name_order(const void *a, const void *b)
{
	return strcmp(((const struct live_name *)a)->type,
		      ((const struct live_name *)b)->type);
}

enum ot_status
live_retained(struct live *l, const struct ot_table *types, struct ot_err *err)
{
	int type = ot_table_col(types, "type");
	int bytes = ot_table_col(types, "retained");
	struct live_name *names, want, *found;
	size_t i, n = types->nrows;

	if (type < 0 || bytes < 0)
		return ot_fail(err, OT_FAILED, "there are no retained sizes");
	names = ot_realloc_array(NULL, n + 1, sizeof(*names));
	if (names == NULL)
		return ot_fail_nomem(err, "retained sizes");
	for (i = 0; i < n; i++)
		names[i] = (struct live_name){
			ot_table_at(types, i, (size_t)type)->v.str,
			ot_table_at(types, i, (size_t)bytes)->v.u };
	qsort(names, n, sizeof(*names), live_name_order);
	for (i = 0; i < l->nrows; i++) {
		want.type = l->rows[i].type;
		found = bsearch(&want, names, n, sizeof(want),
				live_name_order);
		l->rows[i].retained = found != NULL ? found->bytes : 0;
	}
	free(names);
	l->has_retained = true;
	return OT_OK;
}
