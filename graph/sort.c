/* SPDX-License-Identifier: MIT */
/*
 * sort.c - stream order to address order.
 *
 * A walk that reports in address order costs one look at each address.  Else
 * a radix sort, least significant digit first, over those bits only in which
 * the addresses differ: four or five passes over 12 bytes an object for a real
 * heap.  It is stable, so of objects reported twice the first stands first.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/raw.h"

#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)

struct sorter {
	uint64_t *key, *key2; /* ping and pong */
	uint32_t *at, *at2;
	uint32_t n;
};

static bool
ascending(const uint64_t *addr, uint32_t n)
{
	uint32_t i;

	for (i = 1; i < n; i++)
		if (addr[i] <= addr[i - 1])
			return false;
	return true;
}

static void
sort_pass(struct sorter *s, unsigned shift)
{
	uint32_t start[DIGITS], i, d, n, sum = 0, to;
	uint64_t *key;
	uint32_t *at;

	memset(start, 0, sizeof(start));
	for (i = 0; i < s->n; i++)
		start[s->key[i] >> shift & (DIGITS - 1)]++;
	for (d = 0; d < DIGITS; d++) {
		n = start[d];
		start[d] = sum;
		sum += n;
	}
	for (i = 0; i < s->n; i++) {
		to = start[s->key[i] >> shift & (DIGITS - 1)]++;
		s->key2[to] = s->key[i];
		s->at2[to] = s->at[i];
	}
	key = s->key;
	s->key = s->key2;
	s->key2 = key;
	at = s->at;
	s->at = s->at2;
	s->at2 = at;
}

static void
sort_all(struct sorter *s)
{
	uint64_t differ = 0;
	unsigned shift;
	uint32_t i;

	for (i = 1; i < s->n; i++)
		differ |= s->key[i] ^ s->key[0];
	for (shift = 0; shift < 64; shift++) {
		if (!(differ >> shift & 1))
			continue;
		sort_pass(s, shift);
		shift += DIGIT_BITS - 1;
	}
}

static uint32_t
drop_equal(struct sorter *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (n > 0 && s->key[i] == s->key[n - 1])
			continue;
		s->key[n] = s->key[i];
		s->at[n++] = s->at[i];
	}
	return n;
}

bool
hg_sort_addrs(uint64_t *addr, uint32_t n, uint32_t **order, uint32_t *unique)
{
	struct sorter s = { .key = addr, .n = n };
	uint32_t i;

	*order = NULL;
	*unique = n;
	if (ascending(addr, n))
		return true;
	s.key2 = ot_realloc_array(NULL, n, sizeof(*s.key2));
	s.at = ot_realloc_array(NULL, n, sizeof(*s.at));
	s.at2 = ot_realloc_array(NULL, n, sizeof(*s.at2));
	if (!s.key2 || !s.at || !s.at2) {
		free(s.key2);
		free(s.at);
		free(s.at2);
		return false;
	}
	for (i = 0; i < n; i++)
		s.at[i] = i;
	sort_all(&s);
	*unique = drop_equal(&s);
	if (s.key != addr) {
		memcpy(addr, s.key, (size_t)*unique * sizeof(*addr));
		s.key2 = s.key;
	}
	free(s.key2);
	free(s.at2);
	*order = s.at;
	return true;
}
