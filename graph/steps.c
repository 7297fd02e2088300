/* SPDX-License-Identifier: MIT */
/*
 * steps.c - ascending numbers in little more than a byte each.
 *
 * Most objects have a handful of edges, so in a block of 16 the last list
 * starts less than 256 behind the first.  A block with a long list in it, one
 * in thousands, takes 64 bytes more.  Reading one is a look at three places
 * that lie together.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/store.h"

static bool
block_wide(struct hg_steps *s, uint32_t block, const uint32_t *v)
{
	uint32_t cap = s->cap_wide ? s->cap_wide * 2 : 64;
	uint32_t *wide;

	if (s->nwide == s->cap_wide) {
		wide = ot_realloc_array(s->wide, (size_t)cap * HG_BLOCK,
					sizeof(*wide));
		if (!wide)
			return false;
		s->wide = wide;
		s->cap_wide = cap;
	}
	memcpy(s->wide + (size_t)s->nwide * HG_BLOCK, v,
	       HG_BLOCK * sizeof(*v));
	s->base[block] = s->nwide++;
	s->step[(size_t)block * HG_BLOCK] = 1;
	return true;
}

bool
hg_steps_make(struct hg_steps *s, const uint32_t *v, uint32_t n)
{
	uint32_t block, i, at, last[HG_BLOCK];
	uint8_t *step;

	s->n = n;
	s->nblocks = n / HG_BLOCK + 1;
	s->base = ot_realloc_array(NULL, s->nblocks, sizeof(*s->base));
	s->step = calloc(s->nblocks, HG_BLOCK);
	if (!s->base || !s->step)
		return false;
	for (block = 0; block < s->nblocks; block++) {
		const uint32_t *from = v + (size_t)block * HG_BLOCK;

		at = block * HG_BLOCK;
		if (n - at < HG_BLOCK - 1) { /* the last: filled up */
			for (i = 0; i < HG_BLOCK; i++)
				last[i] = v[at + i < n ? at + i : n];
			from = last;
		}
		if (from[HG_BLOCK - 1] - from[0] > UINT8_MAX) {
			if (!block_wide(s, block, from))
				return false;
			continue;
		}
		s->base[block] = from[0];
		step = s->step + at;
		for (i = 0; i < HG_BLOCK; i++)
			step[i] = (uint8_t)(from[i] - from[0]);
	}
	return true;
}

void
hg_steps_release(struct hg_steps *s)
{
	free(s->base);
	free(s->step);
	free(s->wide);
	*s = (struct hg_steps){ 0 };
}

size_t
hg_steps_memory(const struct hg_steps *s)
{
	return (size_t)s->nblocks * (sizeof(*s->base) + HG_BLOCK) +
	       (size_t)s->cap_wide * HG_BLOCK * sizeof(*s->wide);
}
