/* SPDX-License-Identifier: MIT */
/*
 * addrs.c - from an address to an object and back.
 *
 * Invariants: leaves ascend by `key` and by `first`; a leaf's objects are
 * [first, next leaf's first), and a leaf behind the last closes the row.
 *
 * While a stream comes in, each address costs a look into a hash table that
 * stays in the nearest caches; the order of all objects then falls out of
 * setting a bit for each.  A find with the leaf at hand is two reads, one to
 * two bytes an object in all, so they are mostly cached.  Memory is in
 * proportion to the objects however far apart they lie: a leaf has bits only
 * where it has that many objects.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/store.h"

#define LOW_MASK ((1u << HG_LEAF_SHIFT) - 1u)
#define DENSE_16 32u /* objects from which a leaf has bits, */
#define DENSE_8	 64u /* and where it needs twice as many */

/* ---- while the stream comes in ---- */

static bool
place_array(void *p, uint32_t cap, size_t size)
{
	void *array;

	memcpy(&array, p, sizeof(array));
	array = ot_realloc_array(array, cap, size);
	if (array)
		memcpy(p, &array, sizeof(array));
	return array != NULL;
}

static struct hg_place_slot *
place_slot(const struct hg_places *p, uint64_t key)
{
	uint32_t i = hg_place_hash(key);

	for (;; i++) {
		struct hg_place_slot *s = &p->slots[i & (p->nslots - 1)];

		if (s->leaf == 0 || s->key == key)
			return s;
	}
}

static bool
places_grow(struct hg_places *p)
{
	struct hg_places old = *p;
	uint32_t cap = p->cap ? p->cap * 2 : 1024, i;

	if (p->cap > UINT32_MAX / 8 || !place_array(&p->key, cap,
						    sizeof(*p->key)) ||
	    !place_array(&p->count, cap, sizeof(*p->count)) ||
	    !place_array(&p->low, cap, sizeof(*p->low)))
		return false;
	p->slots = calloc((size_t)cap * 2, sizeof(*p->slots));
	if (!p->slots) {
		p->slots = old.slots;
		return false;
	}
	p->cap = cap;
	p->nslots = cap * 2;
	for (i = 0; i < old.nslots; i++)
		if (old.slots[i].leaf)
			*place_slot(p, old.slots[i].key) = old.slots[i];
	free(old.slots);
	return true;
}

/* The leaf of an address, made where there is none. */
static bool
place_leaf(struct hg_places *p, uint64_t addr, uint32_t *leaf)
{
	uint64_t key = addr >> HG_LEAF_SHIFT;
	struct hg_place_slot *s;

	if (p->last_key == key + 1) {
		*leaf = p->last;
		return true;
	}
	if (p->n == p->cap && !places_grow(p))
		return false;
	s = place_slot(p, key);
	if (s->leaf == 0) {
		s->key = key;
		p->key[p->n] = key;
		p->count[p->n] = 0;
		p->low[p->n] = 0;
		s->leaf = ++p->n;
	}
	p->last_key = key + 1;
	p->last = *leaf = s->leaf - 1;
	return true;
}

bool
hg_places_object(struct hg_places *p, uint64_t addr)
{
	uint32_t leaf;

	if (!place_leaf(p, addr, &leaf))
		return false;
	p->count[leaf]++;
	p->low[leaf] |= addr & 15;
	return true;
}

bool
hg_places_new(struct hg_places *p, uint64_t addr, uint32_t *place)
{
	uint32_t leaf;

	if (!place_leaf(p, addr, &leaf))
		return false;
	*place = hg_place_in(leaf, addr);
	return true;
}

void
hg_places_release(struct hg_places *p)
{
	free(p->key);
	free(p->count);
	free(p->low);
	free(p->slots);
	*p = (struct hg_places){ 0 };
}

/* ---- when all have come ---- */

struct keyed {
	uint64_t key;
	uint32_t leaf;
};

static int
keyed_compare(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Leaves with objects, in order; their places in bits and list. */
static bool
leaves_make(struct hg_addrs *a, const struct hg_places *p, uint32_t *leaf_of)
{
	struct keyed *order = ot_realloc_array(NULL, p->n, sizeof(*order));
	uint64_t words = 0, listed = 0;
	uint32_t i, count;

	a->leaves = calloc((size_t)p->n + 1, sizeof(*a->leaves));
	if (!order || !a->leaves) {
		free(order);
		return false;
	}
	for (i = 0; i < p->n; i++) {
		leaf_of[i] = HG_NONE;
		if (p->count[i] > 0)
			order[a->nleaves++] = (struct keyed){ p->key[i], i };
	}
	if (a->nleaves > 1)
		qsort(order, a->nleaves, sizeof(*order), keyed_compare);
	for (i = 0; i < a->nleaves; i++) {
		struct hg_leaf *l = &a->leaves[i];

		leaf_of[order[i].leaf] = i;
		count = p->count[order[i].leaf];
		l->key = order[i].key;
		if (p->low[order[i].leaf] == 0 && count >= DENSE_16)
			l->shift = 4;
		else if (!(p->low[order[i].leaf] & 7) && count >= DENSE_8)
			l->shift = 3;
		l->at = (uint32_t)(l->shift ? words : listed);
		if (l->shift)
			words += 1u << (HG_LEAF_SHIFT - 6 - l->shift);
		else
			listed += count;
	}
	free(order);
	a->nwords = (uint32_t)words;
	a->bits = calloc(words ? words : 1, sizeof(*a->bits));
	a->ranks = calloc(words ? words : 1, sizeof(*a->ranks));
	a->list = calloc(listed ? listed : 1, sizeof(*a->list));
	return words <= UINT32_MAX && a->bits && a->ranks && a->list;
}

static const struct hg_leaf *
leaf_of_key(const struct hg_addrs *a, uint64_t key)
{
	uint32_t lo = 0, hi = a->nleaves, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (a->leaves[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < a->nleaves && a->leaves[lo].key == key ? &a->leaves[lo]
							   : NULL;
}

/* `fill` counts what each list has got so far. */
static void
leaves_fill(struct hg_addrs *a, const uint64_t *addr, uint32_t n,
	    uint32_t *fill)
{
	const struct hg_leaf *l = NULL;
	uint32_t i, low;

	for (i = 0; i < n; i++) {
		if (!l || l->key != addr[i] >> HG_LEAF_SHIFT)
			l = leaf_of_key(a, addr[i] >> HG_LEAF_SHIFT);
		low = (uint32_t)addr[i] & LOW_MASK;
		if (l->shift)
			a->bits[l->at + (low >> l->shift) / 64] |=
				(uint64_t)1 << (low >> l->shift) % 64;
		else
			a->list[l->at + fill[l - a->leaves]++] = (uint16_t)low;
	}
}

static int
u16_compare(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Orders a list of n and drops what is in it twice; how many are left. */
static uint32_t
list_order(uint16_t *v, uint32_t n)
{
	uint32_t i, left = 0;

	qsort(v, n, sizeof(*v), u16_compare);
	for (i = 0; i < n; i++)
		if (left == 0 || v[i] != v[left - 1])
			v[left++] = v[i];
	return left;
}

static uint32_t
bits_rank(struct hg_addrs *a, const struct hg_leaf *l)
{
	uint32_t words = 1u << (HG_LEAF_SHIFT - 6 - l->shift), w, sum = 0;

	for (w = l->at; w < l->at + words; w++) {
		a->ranks[w] = (uint16_t)sum;
		sum += hg_popcount(a->bits[w]);
	}
	return sum;
}

/* Numbers the objects; lists move together where some were there twice. */
static void
leaves_number(struct hg_addrs *a, const uint32_t *fill)
{
	uint32_t i, n, id = 0, listed = 0;

	for (i = 0; i < a->nleaves; i++) {
		struct hg_leaf *l = &a->leaves[i];

		l->first = id;
		if (l->shift) {
			id += bits_rank(a, l);
			continue;
		}
		n = list_order(a->list + l->at, fill[i]);
		memmove(a->list + listed, a->list + l->at,
			n * sizeof(*a->list));
		l->at = listed;
		listed += n;
		id += n;
	}
	a->leaves[a->nleaves].first = id;
	a->leaves[a->nleaves].key = UINT64_MAX;
	a->nlist = listed;
	a->n = id;
}

bool
hg_addrs_build(struct hg_addrs *a, const struct hg_places *p,
	       const uint64_t *addr, uint32_t n, uint32_t **leaf_of)
{
	uint32_t *fill;
	bool ok;

	*leaf_of = ot_realloc_array(NULL, p->n, sizeof(**leaf_of));
	ok = *leaf_of && leaves_make(a, p, *leaf_of);
	fill = ok ? calloc((size_t)a->nleaves + 1, sizeof(*fill)) : NULL;
	if (!fill)
		return false;
	leaves_fill(a, addr, n, fill);
	leaves_number(a, fill);
	free(fill);
	return true;
}

void
hg_addrs_release(struct hg_addrs *a)
{
	free(a->leaves);
	free(a->bits);
	free(a->ranks);
	free(a->list);
	*a = (struct hg_addrs){ 0 };
}

/* ---- reading ---- */

uint32_t
hg_leaf_search(const struct hg_addrs *a, const struct hg_leaf *l, uint32_t low)
{
	const uint16_t *v = a->list + l->at;
	uint32_t lo = 0, n = l[1].first - l->first, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (v[mid] < low)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && v[lo] == low ? l->first + lo : HG_NONE;
}

uint32_t
hg_addrs_find(const struct hg_addrs *a, uint64_t addr)
{
	const struct hg_leaf *l = leaf_of_key(a, addr >> HG_LEAF_SHIFT);

	return l ? hg_leaf_find(a, l, (uint32_t)addr & LOW_MASK) : HG_NONE;
}

/* The place of the bit number n of a word. */
static uint32_t
select_bit(uint64_t word, uint32_t n)
{
	while (n-- > 0)
		word &= word - 1;
	return (uint32_t)OT_CTZ64(word);
}

static uint32_t
leaf_select(const struct hg_addrs *a, const struct hg_leaf *l, uint32_t n)
{
	uint32_t lo = l->at, hi, mid;

	if (l->shift == 0)
		return a->list[l->at + n];
	hi = lo + (1u << (HG_LEAF_SHIFT - 6 - l->shift));
	/* the last word before which there are no more than n */
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (a->ranks[mid] <= n)
			lo = mid;
		else
			hi = mid;
	}
	return ((lo - l->at) * 64 +
		select_bit(a->bits[lo], n - a->ranks[lo])) << l->shift;
}

const struct hg_leaf *
hg_leaf_of_id(const struct hg_addrs *a, uint32_t id)
{
	uint32_t lo = 0, hi = a->nleaves, mid;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (a->leaves[mid].first <= id)
			lo = mid;
		else
			hi = mid;
	}
	return &a->leaves[lo];
}

uint64_t
hg_addrs_get(const struct hg_addrs *a, uint32_t id)
{
	const struct hg_leaf *l = hg_leaf_of_id(a, id);

	return l->key << HG_LEAF_SHIFT | leaf_select(a, l, id - l->first);
}

void
hg_addr_row_init(struct hg_addr_row *r, const struct hg_addrs *a)
{
	*r = (struct hg_addr_row){ .a = a };
}

uint64_t
hg_addr_row_next(struct hg_addr_row *r)
{
	const struct hg_addrs *a = r->a;

	for (; r->leaf < a->nleaves; r->leaf++, r->at = 0) {
		const struct hg_leaf *l = &a->leaves[r->leaf];
		uint32_t words = 1u << (HG_LEAF_SHIFT - 6 - l->shift);
		uint32_t bit;

		if (l->shift == 0) {
			if (r->at < l[1].first - l->first)
				return l->key << HG_LEAF_SHIFT |
				       a->list[l->at + r->at++];
			continue;
		}
		while (r->left == 0 && r->at < words)
			r->left = a->bits[l->at + r->at++];
		if (r->left == 0)
			continue;
		bit = (r->at - 1) * 64 + (uint32_t)OT_CTZ64(r->left);
		r->left &= r->left - 1;
		return l->key << HG_LEAF_SHIFT | (uint64_t)bit << l->shift;
	}
	return UINT64_MAX;
}

size_t
hg_addrs_memory(const struct hg_addrs *a)
{
	return ((size_t)a->nleaves + 1) * sizeof(*a->leaves) +
	       (size_t)a->nwords * (sizeof(*a->bits) + sizeof(*a->ranks)) +
	       (size_t)a->nlist * sizeof(*a->list);
}
