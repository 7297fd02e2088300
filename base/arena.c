/* SPDX-License-Identifier: MIT */
/*
 * arena.c - bump allocation from a list of chunks.
 *
 * Chunks grow with what the arena already holds (from 4 KiB up to 1 MiB), so
 * that a small table stays small and a big one makes few calls.  A request
 * larger than a chunk gets one of its own.  calloc() zeroes: fresh pages of
 * large chunks cost nothing until they are touched.
 */
#include "config.h"

#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN	((size_t)4096)
#define CHUNK_MAX	((size_t)1 << 20)
#define ALIGN		(alignof(max_align_t))

struct ot_arena_chunk {
	struct ot_arena_chunk *next;
	size_t used, size;	/* of data */
	alignas(max_align_t) unsigned char data[];
};

void
ot_arena_release(struct ot_arena *a)
{
	struct ot_arena_chunk *c = a->head, *next;

	for (; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	*a = (struct ot_arena)OT_ARENA_INIT;
}

static struct ot_arena_chunk *
arena_chunk(struct ot_arena *a, size_t size)
{
	struct ot_arena_chunk *c;
	size_t want = a->total;

	if (want < CHUNK_MIN)
		want = CHUNK_MIN;
	if (want > CHUNK_MAX)
		want = CHUNK_MAX;
	want -= sizeof(*c);
	if (size > want)
		want = size;
	if (want > SIZE_MAX - sizeof(*c))
		return NULL;
	c = calloc(1, sizeof(*c) + want);
	if (c == NULL)
		return NULL;
	c->size = want;
	c->next = a->head;
	a->head = c;
	a->total += sizeof(*c) + want;
	return c;
}

void *
ot_arena_alloc(struct ot_arena *a, size_t size)
{
	struct ot_arena_chunk *c = a->head;
	void *p;

	if (size > SIZE_MAX - ALIGN)
		return NULL;
	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (c == NULL || c->size - c->used < size) {
		c = arena_chunk(a, size);
		if (c == NULL)
			return NULL;
	}
	p = c->data + c->used;
	c->used += size;
	return p;
}

void *
ot_arena_array(struct ot_arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		return NULL;
	return ot_arena_alloc(a, n * size);
}

char *
ot_arena_strndup(struct ot_arena *a, const char *s, size_t len)
{
	char *p;

	if (len == SIZE_MAX)
		return NULL;
	p = ot_arena_alloc(a, len + 1);
	if (p != NULL && len > 0)
		memcpy(p, s, len);
	return p;
}

char *
ot_arena_strdup(struct ot_arena *a, const char *s)
{
	return ot_arena_strndup(a, s, strlen(s));
}

void *
ot_realloc_array(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		return NULL;
	return realloc(p, n * size == 0 ? 1 : n * size);
}
