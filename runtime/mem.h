/* SPDX-License-Identifier: MIT */
/*
 * mem.h - memory of one walk: mapped, zeroed, given back at once.
 */
#ifndef OTA_MEM_H
#define OTA_MEM_H

#include <stddef.h>

struct ota_chunk;

/* All zero is the empty value. */
struct ota_mem {
	struct ota_chunk *head;
	size_t total;		/* bytes mapped */
};

/* Zeroed and 16-aligned, or NULL. */
void *ota_alloc(struct ota_mem *m, size_t bytes);
void ota_mem_release(struct ota_mem *m);

#endif
