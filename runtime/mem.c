/* SPDX-License-Identifier: MIT */
/*
 * mem.c - bump allocation out of mappings of our own.
 *
 * The heap under inspection must not change and the clone may take no lock,
 * so malloc is out of the question.  Small pieces share chunks of 2 MiB (a
 * mapping each would run into vm.max_map_count); a piece above a quarter of
 * that has a mapping to itself.  Untouched pages cost nothing.
 */
#include "config.h"

#include "runtime/mem.h"

#include <stdint.h>

#include "runtime/sys.h"

enum { CHUNK = 2 << 20, PAGE = 4096, HEAD = 32 };

struct ota_chunk {
	struct ota_chunk *next;
	size_t size, used;
};
_Static_assert(sizeof(struct ota_chunk) <= HEAD, "the head has its place");

static struct ota_chunk *
chunk_new(struct ota_mem *m, size_t size)
{
	struct ota_chunk *c = ota_map(size);

	if (!c)
		return NULL;
	c->size = size;
	c->used = HEAD;
	m->total += size;
	return c;
}

void *
ota_alloc(struct ota_mem *m, size_t bytes)
{
	struct ota_chunk *c = m->head;
	void *p;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > CHUNK / 4) {
		c = chunk_new(m, (bytes + HEAD + PAGE - 1) &
				 ~(size_t)(PAGE - 1));
		if (!c)
			return NULL;
		/* behind the head: there is room left in that one */
		if (m->head) {
			c->next = m->head->next;
			m->head->next = c;
		} else {
			m->head = c;
		}
	} else if (!c || bytes > c->size - c->used) {
		c = chunk_new(m, CHUNK);
		if (!c)
			return NULL;
		c->next = m->head;
		m->head = c;
	}
	p = (char *)c + c->used;
	c->used += bytes;
	return p;
}

void
ota_mem_release(struct ota_mem *m)
{
	struct ota_chunk *c = m->head, *next;

	for (; c; c = next) {
		next = c->next;
		ota_unmap(c, c->size);
	}
	m->head = NULL;
	m->total = 0;
}
