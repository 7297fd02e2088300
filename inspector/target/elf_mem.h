/* SPDX-License-Identifier: MIT */
/*
 * elf_mem.h - symbols of a loaded ELF object, read from memory.
 *
 * What the loader mapped is always there, whatever became of the file:
 * deleted, replaced, stripped of its sections, in another mount namespace.
 */
#ifndef TARGET_ELF_MEM_H
#define TARGET_ELF_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads exactly len bytes at addr, or returns false. */
typedef bool (*elf_read_fn)(void *ctx, uint64_t addr, void *dst, size_t len);

struct elf_view {
	elf_read_fn read;
	void *ctx;
	uint64_t base;		/* where the ELF header is */
	uint64_t bias;		/* address - p_vaddr */
	uint64_t lo, hi;	/* span of the segments, addresses */
	uint64_t data_lo, data_hi;	/* span of the last writable segment */
	uint64_t symtab, strtab, strsz, gnu_hash, hash;
};

struct elf_sym {
	uint64_t addr, size;
};

/* False where there is no 64-bit ELF object of this machine with symbols. */
bool elf_open(struct elf_view *v, elf_read_fn read, void *ctx, uint64_t base);

/* A defined symbol of the dynamic symbol table. */
bool elf_symbol(const struct elf_view *v, const char *name,
		struct elf_sym *out);

/*
 * An image in memory as it stands in its file, seen as if it was loaded at 0:
 * ctx of elf_image_read.
 */
struct elf_image {
	const unsigned char *data;
	size_t len;
};
bool elf_image_read(void *image, uint64_t addr, void *dst, size_t len);

/* Offset in the file of `len` bytes at address addr; SIZE_MAX: none. */
size_t elf_image_offset(const struct elf_image *image, uint64_t addr,
			size_t len);

#endif
