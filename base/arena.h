/* SPDX-License-Identifier: MIT */
/*
 * arena.h - memory of what dies together.
 *
 * Bump allocation from chunks; everything is freed at once.  Returned memory
 * is zeroed and aligned for any type.  All functions return NULL when memory
 * runs out or a size overflows.  OT_ARENA_INIT (all zero) is the empty value.
 */
#ifndef OT_ARENA_H
#define OT_ARENA_H

#include <stddef.h>

struct ot_arena_chunk;

struct ot_arena {
	struct ot_arena_chunk *head;
	size_t total;		/* bytes taken from the system */
};

#define OT_ARENA_INIT { NULL, 0 }

void ot_arena_release(struct ot_arena *a);
void *ot_arena_alloc(struct ot_arena *a, size_t size);
void *ot_arena_array(struct ot_arena *a, size_t n, size_t size);
char *ot_arena_strdup(struct ot_arena *a, const char *s);
char *ot_arena_strndup(struct ot_arena *a, const char *s, size_t len);

/* n * size for realloc-like growth; NULL on overflow, `p` stays valid. */
void *ot_realloc_array(void *p, size_t n, size_t size);

#endif
