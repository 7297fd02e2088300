/* SPDX-License-Identifier: MIT */
/*
 * classes.c - what objects have in common, stored once.
 *
 * Nearly all instances of a type have the same attributes in the same order,
 * and most tuples the same few lengths: a row of labels is looked up by its
 * hash and stored where it is new, and so is the pair of kind and row.  A heap
 * of ten million objects has some thousands of either.  In the worst case
 * (every object its own row) this costs 24 bytes an object more than a column
 * of labels would, and no time worth speaking of.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/raw.h"

#define SLOTS_FIRST 1024u
#define ROW_SHARED_MAX 65536u /* longer ones are not looked for */

struct hg_label_row {
	uint32_t at, n, hash;
};

static uint32_t
mix(uint32_t h, uint32_t v)
{
	uint64_t x = ((uint64_t)h << 32 | v) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(x >> 32) ^ (uint32_t)x;
}

/*
 * The class first, then items 0, 1, 2 ...  No labels at all count as such too:
 * in the pool they would stand where others start.
 */
static bool
is_run(const struct hg_raw_label *labels, uint32_t n)
{
	uint32_t i;

	if (n > 0 && labels[0].label !=
			     hg_label_pack(OTW_REL_TYPE, OTW_NAME_NONE, 0))
		return false;
	for (i = 1; i < n; i++)
		if (hg_label_relation(labels[i].label) != OTW_REL_ITEM ||
		    hg_label_type(labels[i].label) != OTW_NAME_INDEX ||
		    labels[i].value != i - 1)
			return false;
	return true;
}

static uint32_t
row_hash(const struct hg_raw_label *labels, uint32_t n)
{
	uint32_t h = n, i;

	for (i = 0; i < n; i++)
		h = mix(h, labels[i].label);
	return h;
}

static bool
row_equal(const struct hg_classes *c, const struct hg_label_row *r,
	  const struct hg_raw_label *labels)
{
	uint32_t i;

	for (i = 0; i < r->n; i++)
		if (c->labels[r->at + i] != labels[i].label)
			return false;
	return true;
}

static bool
rows_grow(struct hg_class_finder *f)
{
	uint32_t n = f->nrow_slots ? f->nrow_slots * 2 : SLOTS_FIRST, i, at;
	struct hg_label_row *row;
	uint32_t *slots;

	if (n == 0)
		return false;
	row = ot_realloc_array(f->row, n / 2, sizeof(*row));
	if (!row)
		return false;
	f->row = row;
	f->cap_row = n / 2;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	for (i = 0; i < f->nrow; i++) {
		at = f->row[i].hash & (n - 1);
		while (slots[at])
			at = (at + 1) & (n - 1);
		slots[at] = i + 1;
	}
	free(f->rows);
	f->rows = slots;
	f->nrow_slots = n;
	return true;
}

static bool
pool_room(struct hg_classes *c, uint32_t n)
{
	uint64_t want = (uint64_t)c->nlabels + n, cap = c->cap_labels;
	uint32_t *labels;

	if (want <= cap)
		return true;
	if (want >= HG_LABELS_RUN)
		return false;
	if (cap == 0)
		cap = 4096;
	while (cap < want)
		cap *= 2;
	if (cap >= HG_LABELS_RUN)
		cap = HG_LABELS_RUN - 1;
	labels = ot_realloc_array(c->labels, cap, sizeof(*labels));
	if (!labels)
		return false;
	c->labels = labels;
	c->cap_labels = (uint32_t)cap;
	return true;
}

/* Puts labels at the end of the pool; *alone: others must not share them. */
static bool
pool_add(struct hg_classes *c, const struct hg_raw_label *labels, uint32_t n,
	 bool *alone)
{
	uint32_t i;

	if (!pool_room(c, n))
		return false;
	for (i = 0; i < n; i++) {
		if (hg_label_value(labels[i].label) == HG_LABEL_ASIDE) {
			*alone = true;
			if (!hg_aside_add(&c->aside, c->nlabels,
					  labels[i].value))
				return false;
		}
		c->labels[c->nlabels++] = labels[i].label;
	}
	return true;
}

/* Where the pool has these labels; *alone: for this object only. */
static bool
row_find(struct hg_classes *c, struct hg_class_finder *f,
	 const struct hg_raw_label *labels, uint32_t n, uint32_t *row,
	 bool *alone)
{
	uint32_t hash, at;

	if (is_run(labels, n)) {
		*row = HG_LABELS_RUN;
		return true;
	}
	*row = c->nlabels;
	*alone = n > ROW_SHARED_MAX;
	if (*alone)
		return pool_add(c, labels, n, alone);
	hash = row_hash(labels, n);
	if (f->nrow == f->cap_row && !rows_grow(f))
		return false;
	at = hash & (f->nrow_slots - 1);
	for (; f->rows[at]; at = (at + 1) & (f->nrow_slots - 1)) {
		const struct hg_label_row *r = &f->row[f->rows[at] - 1];

		if (r->hash == hash && r->n == n && row_equal(c, r, labels)) {
			*row = r->at;
			return true;
		}
	}
	if (!pool_add(c, labels, n, alone))
		return false;
	if (!*alone) {
		f->row[f->nrow] = (struct hg_label_row){ *row, n, hash };
		f->rows[at] = ++f->nrow;
	}
	return true;
}

static uint32_t
class_hash(const struct hg_class *c)
{
	return mix(mix(0, c->kind), c->labels);
}

static bool
classes_grow(struct hg_classes *c, struct hg_class_finder *f)
{
	uint32_t n = f->nslots ? f->nslots * 2 : SLOTS_FIRST, i, at;
	struct hg_class *v;
	uint32_t *slots;

	if (n == 0)
		return false;
	v = ot_realloc_array(c->v, n / 2, sizeof(*v));
	if (!v)
		return false;
	c->v = v;
	c->cap = n / 2;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	for (i = 0; i < c->n; i++) {
		at = class_hash(&c->v[i]) & (n - 1);
		while (slots[at])
			at = (at + 1) & (n - 1);
		slots[at] = i + 1;
	}
	free(f->slots);
	f->slots = slots;
	f->nslots = n;
	return true;
}

static bool
is_recent(const struct hg_classes *c, const struct hg_class_recent *r,
	  uint32_t kind, const struct hg_raw_label *labels, uint32_t n)
{
	const struct hg_label_row row = { .at = r->labels, .n = n };

	if (!r->class || r->kind != kind || r->n != n)
		return false;
	return r->labels == HG_LABELS_RUN ? is_run(labels, n)
					  : row_equal(c, &row, labels);
}

static bool
class_find(struct hg_classes *c, struct hg_class_finder *f, uint32_t kind,
	   uint32_t labels, uint32_t *class)
{
	struct hg_class one = { kind, labels };
	uint32_t at;

	if (c->n == c->cap && !classes_grow(c, f))
		return false;
	at = class_hash(&one) & (f->nslots - 1);
	for (; f->slots[at]; at = (at + 1) & (f->nslots - 1)) {
		*class = f->slots[at] - 1;
		if (c->v[*class].kind == kind &&
		    c->v[*class].labels == one.labels)
			return true;
	}
	*class = c->n;
	c->v[c->n++] = one;
	f->slots[at] = c->n;
	return true;
}

/*
 * Objects come in runs of one type, with the same labels more often than not:
 * comparing with the last row of a kind and a length is cheaper than a hash.
 */
bool
hg_class_find(struct hg_classes *c, struct hg_class_finder *f, uint32_t kind,
	      const struct hg_raw_label *labels, uint32_t n, uint32_t *class)
{
	struct hg_class_recent *r =
		&f->recent[mix(kind, n) & (HG_RECENT - 1)];
	bool alone = false;
	uint32_t row;

	if (is_recent(c, r, kind, labels, n)) {
		*class = r->class - 1;
		return true;
	}
	if (!row_find(c, f, labels, n, &row, &alone) ||
	    !class_find(c, f, kind, row, class))
		return false;
	if (!alone)
		*r = (struct hg_class_recent){ kind, n, row, *class + 1 };
	return true;
}

void
hg_class_finder_release(struct hg_class_finder *f)
{
	free(f->slots);
	free(f->rows);
	free(f->row);
	*f = (struct hg_class_finder){ 0 };
}
