/* SPDX-License-Identifier: MIT */
/*
 * column.c - what does not fit a column, kept aside.
 *
 * Few values of a heap need more than their column has: one object in some
 * thousands is larger than 64 KiB.  They lie sorted by id (whoever adds comes
 * in that order), 12 bytes each, found by binary search.
 */
#include "config.h"

#include <stdlib.h>

#include "graph/store.h"

bool
hg_aside_add(struct hg_aside *a, uint32_t id, uint64_t val)
{
	uint32_t cap;
	void *p;

	if (a->n == a->cap) {
		if (a->cap > UINT32_MAX / 2)
			return false;
		cap = a->cap == 0 ? 64 : a->cap * 2;
		p = ot_realloc_array(a->ids, cap, sizeof(*a->ids));
		if (!p)
			return false;
		a->ids = p;
		p = ot_realloc_array(a->vals, cap, sizeof(*a->vals));
		if (!p)
			return false;
		a->vals = p;
		a->cap = cap;
	}
	a->ids[a->n] = id;
	a->vals[a->n++] = val;
	return true;
}

uint64_t
hg_aside_get(const struct hg_aside *a, uint32_t id)
{
	uint32_t lo = 0, hi = a->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (a->ids[mid] < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < a->n && a->ids[lo] == id ? a->vals[lo] : 0;
}

void
hg_aside_release(struct hg_aside *a)
{
	free(a->ids);
	free(a->vals);
	*a = (struct hg_aside){ 0 };
}

size_t
hg_aside_memory(const struct hg_aside *a)
{
	return (size_t)a->cap * (sizeof(*a->ids) + sizeof(*a->vals));
}
