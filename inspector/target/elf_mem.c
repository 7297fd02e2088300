/* SPDX-License-Identifier: MIT */
/*
 * Symbol lookup by PT_DYNAMIC, as the loader does it: DT_GNU_HASH with its
 * Bloom filter, else DT_HASH.  A symbol that is not there costs three reads
 * of the target's memory, so all libraries of a process can be asked.  The
 * image is not believed: tables must lie inside the segments and chains have
 * an end whatever their links say.
 */
#include "config.h"
#include "inspector/target/elf_mem.h"

#include <elf.h>
#include <string.h>

#define MAX_PHDRS	64
#define MAX_DYN		256
#define MAX_CHAIN	4096	/* entries of one bucket looked at */
#define MAX_NAME	128

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#endif

static bool
header_ok(const Elf64_Ehdr *eh)
{
	return memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 &&
		eh->e_ident[EI_CLASS] == ELFCLASS64 &&
		eh->e_ident[EI_DATA] == ELFDATA2LSB &&
		eh->e_machine == OUR_MACHINE &&
		eh->e_phentsize == sizeof(Elf64_Phdr) && eh->e_phnum > 0 &&
		eh->e_phnum <= MAX_PHDRS && eh->e_phoff < 1u << 20;
}

static bool
inside(const struct elf_view *v, uint64_t addr, uint64_t len)
{
	return addr >= v->lo && addr < v->hi && len <= v->hi - addr;
}

/* Segments: bias, spans, and where PT_DYNAMIC is. */
static bool
read_segments(struct elf_view *v, uint64_t *dyn, uint64_t *dyn_size)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph[MAX_PHDRS];
	unsigned i;

	if (!v->read(v->ctx, v->base, &eh, sizeof(eh)) || !header_ok(&eh) ||
	    !v->read(v->ctx, v->base + eh.e_phoff, ph,
		     eh.e_phnum * sizeof(ph[0])))
		return false;
	*dyn = *dyn_size = 0;
	v->bias = v->base;
	v->lo = UINT64_MAX;
	for (i = 0; i < eh.e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_offset == 0) {
			v->bias = v->base - ph[i].p_vaddr;
			break;
		}
	for (i = 0; i < eh.e_phnum; i++) {
		uint64_t start = v->bias + ph[i].p_vaddr;

		if (ph[i].p_memsz > UINT64_MAX - start)
			return false;
		if (ph[i].p_type == PT_DYNAMIC) {
			*dyn = start;
			*dyn_size = ph[i].p_memsz;
		}
		if (ph[i].p_type != PT_LOAD)
			continue;
		if (start < v->lo)
			v->lo = start;
		if (start + ph[i].p_memsz > v->hi)
			v->hi = start + ph[i].p_memsz;
		if (ph[i].p_flags & PF_W) {
			v->data_lo = start;
			v->data_hi = start + ph[i].p_memsz;
		}
	}
	return *dyn != 0 && inside(v, *dyn, *dyn_size);
}

/*
 * glibc relocates the pointers of .dynamic in place, but not those of the
 * vdso or of an image in a file; musl never does.
 */
static uint64_t
dyn_addr(const struct elf_view *v, uint64_t value)
{
	return value >= v->lo && value < v->hi ? value : value + v->bias;
}

bool
elf_open(struct elf_view *v, elf_read_fn read, void *ctx, uint64_t base)
{
	Elf64_Dyn d[MAX_DYN];
	uint64_t dyn, size;
	size_t n, i;

	memset(v, 0, sizeof(*v));
	v->read = read;
	v->ctx = ctx;
	v->base = base;
	if (!read_segments(v, &dyn, &size))
		return false;
	n = size / sizeof(d[0]);
	if (n > MAX_DYN)
		n = MAX_DYN;
	if (!read(ctx, dyn, d, n * sizeof(d[0])))
		return false;
	for (i = 0; i < n && d[i].d_tag != DT_NULL; i++) {
		uint64_t value = d[i].d_un.d_val;

		switch (d[i].d_tag) {
		case DT_SYMTAB:
			v->symtab = dyn_addr(v, value);
			break;
		case DT_STRTAB:
			v->strtab = dyn_addr(v, value);
			break;
		case DT_STRSZ:
			v->strsz = value;
			break;
		case DT_GNU_HASH:
			v->gnu_hash = dyn_addr(v, value);
			break;
		case DT_HASH:
			v->hash = dyn_addr(v, value);
			break;
		}
	}
	return inside(v, v->symtab, sizeof(Elf64_Sym)) &&
		inside(v, v->strtab, v->strsz) &&
		(inside(v, v->gnu_hash, 16) || inside(v, v->hash, 8));
}

/* Is symbol number `index` the one, and defined? */
static bool
symbol_matches(const struct elf_view *v, uint64_t index, const char *name,
	       size_t len, struct elf_sym *out)
{
	uint64_t at = v->symtab + index * sizeof(Elf64_Sym);
	char text[MAX_NAME];
	Elf64_Sym s;

	if (index > UINT32_MAX || !inside(v, at, sizeof(s)) ||
	    !v->read(v->ctx, at, &s, sizeof(s)) ||
	    s.st_shndx == SHN_UNDEF || s.st_value == 0 ||
	    s.st_name >= v->strsz || len + 1 > v->strsz - s.st_name ||
	    !v->read(v->ctx, v->strtab + s.st_name, text, len + 1) ||
	    memcmp(text, name, len + 1) != 0)
		return false;
	out->addr = v->bias + s.st_value;
	out->size = s.st_size;
	return true;
}

static bool
lookup_gnu(const struct elf_view *v, const char *name, size_t len,
	   struct elf_sym *out)
{
	uint32_t head[4], h = 5381, i, n;	/* nbuckets symoffset bloom shift */
	uint64_t word, at;
	const char *c;

	for (c = name; *c != '\0'; c++)
		h = h * 33 + (unsigned char)*c;
	if (!v->read(v->ctx, v->gnu_hash, head, sizeof(head)) ||
	    head[0] == 0 || head[2] == 0 || head[3] > 31)
		return false;
	at = v->gnu_hash + 16;
	if (!v->read(v->ctx, at + 8ull * ((h / 64) % head[2]), &word,
		     sizeof(word)))
		return false;
	if (!(word >> (h % 64) & 1) || !(word >> ((h >> head[3]) % 64) & 1))
		return false;
	at += 8ull * head[2];
	if (!v->read(v->ctx, at + 4ull * (h % head[0]), &i, sizeof(i)) ||
	    i < head[1])
		return false;
	at += 4ull * head[0];
	for (n = 0; n < MAX_CHAIN; n++, i++) {
		uint32_t other;

		if (!v->read(v->ctx, at + 4ull * (i - head[1]), &other,
			     sizeof(other)))
			return false;
		if ((other | 1) == (h | 1) &&
		    symbol_matches(v, i, name, len, out))
			return true;
		if (other & 1)
			return false;
	}
	return false;
}

static bool
lookup_sysv(const struct elf_view *v, const char *name, size_t len,
	    struct elf_sym *out)
{
	uint32_t head[2], h = 0, i, n;		/* nbucket nchain */
	const char *c;

	for (c = name; *c != '\0'; c++) {
		uint32_t g;

		h = (h << 4) + (unsigned char)*c;
		g = h & 0xf0000000;
		h = (h ^ (g >> 24)) & ~g;
	}
	if (!v->read(v->ctx, v->hash, head, sizeof(head)) || head[0] == 0 ||
	    !v->read(v->ctx, v->hash + 8 + 4ull * (h % head[0]), &i,
		     sizeof(i)))
		return false;
	for (n = 0; n < MAX_CHAIN && i != 0 && i < head[1]; n++) {
		if (symbol_matches(v, i, name, len, out))
			return true;
		if (!v->read(v->ctx, v->hash + 8 + 4ull * head[0] + 4ull * i,
			     &i, sizeof(i)))
			return false;
	}
	return false;
}

bool
elf_symbol(const struct elf_view *v, const char *name, struct elf_sym *out)
{
	size_t len = strlen(name);

	if (len + 1 > MAX_NAME)
		return false;
	if (v->gnu_hash != 0)
		return lookup_gnu(v, name, len, out);
	return lookup_sysv(v, name, len, out);
}

size_t
elf_image_offset(const struct elf_image *image, uint64_t addr, size_t len)
{
	Elf64_Ehdr eh;
	unsigned i;

	if (image->len < sizeof(eh))
		return SIZE_MAX;
	memcpy(&eh, image->data, sizeof(eh));
	if (!header_ok(&eh) ||
	    eh.e_phoff + eh.e_phnum * sizeof(Elf64_Phdr) > image->len)
		return SIZE_MAX;
	for (i = 0; i < eh.e_phnum; i++) {
		Elf64_Phdr ph;
		uint64_t in;

		memcpy(&ph, image->data + eh.e_phoff + i * sizeof(ph),
		       sizeof(ph));
		if (ph.p_type != PT_LOAD || addr < ph.p_vaddr)
			continue;
		in = addr - ph.p_vaddr;
		if (in >= ph.p_filesz || len > ph.p_filesz - in ||
		    ph.p_offset > image->len ||
		    in + len > image->len - ph.p_offset)
			continue;
		return (size_t)(ph.p_offset + in);
	}
	return SIZE_MAX;
}

bool
elf_image_read(void *ctx, uint64_t addr, void *dst, size_t len)
{
	const struct elf_image *image = ctx;
	size_t off = elf_image_offset(image, addr, len);

	if (off == SIZE_MAX)
		return false;
	memcpy(dst, image->data + off, len);
	return true;
}
