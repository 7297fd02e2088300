/* SPDX-License-Identifier: MIT */
/*
 * redirect.c - malloc in a copy of the program, taken out of libc's hands.
 *
 * A copy has the locks of libc's heap as they were when it was made, and those
 * that another thread had are never let go of in it.  So in the copy the first
 * instructions of malloc and its like become jumps to functions of ours,
 * which take memory from one room.  What was there before is never given back:
 * its size can be told without a lock, and that is all that realloc() needs.
 *
 * Blocks of the room have sizes that are powers of two and are used again.
 * Where a symbol leads to a stub of the program's (jmp *slot), it is followed.
 */
#include "config.h"

#include "runtime/redirect.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "runtime/sys.h"

enum {
	PAGE = 65536,		/* the largest there is */
	CLASSES = 48,
	FIRST_CLASS = 5,	/* 32 bytes, head and all */
	NEVER = 0,		/* the class of what is not used again */
	STUBS = 4,		/* followed at most */
	INVALID = 22, NO_MEMORY = 12,	/* EINVAL, ENOMEM */
};

struct head {			/* before each block; 16 bytes */
	uint64_t size;		/* that the caller may use */
	uint64_t class;
};

static struct {
	uintptr_t at, end, first;
	struct idle {			/* in place of what was there */
		struct idle *next;
	} *idle[CLASSES];
	size_t (*usable)(void *);
} room;

/* ---- memory ---- */

static void *
carve(size_t bytes, size_t align, uint64_t class)
{
	uintptr_t p = (room.at + sizeof(struct head) + align - 1) & -align;
	struct head *h;

	if (bytes > room.end || p > room.end - bytes)
		return NULL;
	h = (struct head *)(p - sizeof(*h));
	h->size = bytes;
	h->class = class;
	room.at = p + bytes;
	return (void *)p;
}

static void *
take(size_t bytes)
{
	uint64_t class = FIRST_CLASS;
	struct idle *i;

	while (class < CLASSES && ((size_t)1 << class) - sizeof(struct head) < bytes)
		class++;
	if (class == CLASSES)
		return NULL;
	i = room.idle[class];
	if (!i)
		return carve(((size_t)1 << class) - sizeof(struct head), 16,
			     class);
	room.idle[class] = i->next;
	return i;
}

static bool
is_ours(const void *p)
{
	return (uintptr_t)p >= room.first && (uintptr_t)p < room.end;
}

static void
give(void *p)
{
	struct head *h = (struct head *)p - 1;
	struct idle *i = p;

	if (!p || !is_ours(p) || h->class == NEVER || h->class >= CLASSES)
		return;
	i->next = room.idle[h->class];
	room.idle[h->class] = i;
}

static void *
take_zeroed(size_t n, size_t each)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, each, &bytes))
		return NULL;
	p = take(bytes);
	if (p)
		memset(p, 0, bytes);
	return p;
}

static void *
take_more(void *old, size_t bytes)
{
	size_t had = 0;
	void *p;

	if (old)
		had = is_ours(old) ? ((struct head *)old - 1)->size :
			room.usable(old);
	if (old && is_ours(old) && bytes <= had)
		return old;
	p = take(bytes);
	if (p && old)
		memcpy(p, old, had < bytes ? had : bytes);
	if (p)
		give(old);
	return p;
}

static void *
take_aligned(size_t align, size_t bytes)
{
	if (align == 0 || align & (align - 1))
		return NULL;
	return align <= 16 ? take(bytes) : carve(bytes, align, NEVER);
}

static int
take_posix(void **out, size_t align, size_t bytes)
{
	void *p;

	if (align == 0 || align & (align - 1) || align % sizeof(void *))
		return INVALID;
	p = take_aligned(align, bytes);
	if (!p)
		return NO_MEMORY;
	*out = p;
	return 0;
}

/* ---- whom it takes the place of ---- */

/* glibc's own names beside those that may be another allocator's. */
static struct entry {
	const char *name;
	void (*by)(void);
	uintptr_t at;		/* 0: there is none */
} entries[] = {
#define ENTRY(name, by)	{ name, (void (*)(void))(by), 0 }
	ENTRY("malloc", take), ENTRY("__libc_malloc", take),
	ENTRY("free", give), ENTRY("__libc_free", give),
	ENTRY("calloc", take_zeroed), ENTRY("__libc_calloc", take_zeroed),
	ENTRY("realloc", take_more), ENTRY("__libc_realloc", take_more),
	ENTRY("memalign", take_aligned), ENTRY("__libc_memalign", take_aligned),
	ENTRY("aligned_alloc", take_aligned),
	ENTRY("posix_memalign", take_posix),
};

#if defined(__x86_64__)
enum { JUMP = 12 };

static void
write_jump(uint8_t *at, uintptr_t to)
{
	at[0] = 0x48;		/* movabs $to, %rax */
	at[1] = 0xb8;
	memcpy(at + 2, &to, sizeof(to));
	at[10] = 0xff;		/* jmp *%rax */
	at[11] = 0xe0;
}

static void
fetch_anew(uint8_t *at)
{
	(void)at;		/* it sees to that by itself */
}

/* Where a stub goes: [endbr64] [bnd] jmp *offset(%rip); 0: it is none. */
static uintptr_t
stub_goes(uintptr_t at)
{
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const uint8_t *p = (const uint8_t *)at;
	int32_t offset;
	uintptr_t to;

	if (memcmp(p, endbr, sizeof(endbr)) == 0)
		p += sizeof(endbr);
	if (*p == 0xf2)
		p++;
	if (p[0] != 0xff || p[1] != 0x25)
		return 0;
	memcpy(&offset, p + 2, sizeof(offset));
	memcpy(&to, p + 6 + offset, sizeof(to));
	return to;
}
#else
enum { JUMP = 16 };

static void
write_jump(uint8_t *at, uintptr_t to)
{
	const uint32_t code[2] = { 0x58000050, 0xd61f0200 };

	memcpy(at, code, sizeof(code));		/* ldr x16, . + 8; br x16 */
	memcpy(at + sizeof(code), &to, sizeof(to));
}

/* Instructions written as data are not seen before that; gcc's own function for
 * it is in a library. */
static void
fetch_anew(uint8_t *at)
{
	__asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\t"
			 "dsb ish\n\tisb" : : "r"(at) : "memory");
}

/* adrp x16; ldr x17, [x16, #n]; add x16, x16, #n; br x17 */
static uintptr_t
stub_goes(uintptr_t at)
{
	uint32_t code[4];
	uint64_t page;
	uintptr_t to;

	memcpy(code, (const void *)at, sizeof(code));
	if ((code[0] & 0x9f00001f) != 0x90000010 ||
	    (code[1] & 0xffc003ff) != 0xf9400211 || code[3] != 0xd61f0220)
		return 0;
	page = (uint64_t)(code[0] >> 29 & 3) |
		(uint64_t)(code[0] >> 5 & 0x7ffff) << 2;
	page = (uint64_t)((int64_t)(page << 43) >> 31);
	page += at & ~(uintptr_t)4095;
	memcpy(&to, (const void *)(page + (code[1] >> 10 & 4095) * 8),
	       sizeof(to));
	return to;
}
#endif

void
ota_redirect_find(void *(*find)(void *, const char *))
{
	void *p = find(NULL, "malloc_usable_size");
	size_t i;

	memcpy(&room.usable, &p, sizeof(p));
	for (i = 0; i < OT_ARRAY_LEN(entries); i++)
		entries[i].at = (uintptr_t)find(NULL, entries[i].name);
}

/*
 * Stubs that were called before lead to the function.  One that was not leads
 * back into its own neighbourhood, and may then be left as it is: what it will
 * lead to has, in glibc, a second name.
 */
static bool
follow(struct entry *e)
{
	uintptr_t to;
	int i;

	for (i = 0; i < STUBS && e->at; i++) {
		to = stub_goes(e->at);
		if (!to)
			return true;
		e->at = to - (e->at - PAGE) < 2 * PAGE ? 0 : to;
	}
	return e->at == 0 && entries[1].at != 0;
}

static bool
may_write(uintptr_t at, int prot)
{
	uintptr_t first = at & -(uintptr_t)4096;
	uintptr_t end = (at + JUMP + 4095) & -(uintptr_t)4096;

	return ota_syscall(SYS_mprotect, (long)first, (long)(end - first), prot,
			   0, 0, 0) == 0;
}

bool
ota_redirect(void *memory, size_t bytes)
{
	size_t i;

	if (!room.usable)
		return false;
	for (i = 0; i < OT_ARRAY_LEN(entries); i++)
		if (entries[i].at && !follow(&entries[i]))
			return false;
	for (i = 0; i < OT_ARRAY_LEN(entries); i++)
		if (entries[i].at && !may_write(entries[i].at, PROT_READ |
						PROT_WRITE | PROT_EXEC))
			return false;
	room.first = room.at = (uintptr_t)memory;
	room.end = room.first + bytes;
	for (i = 0; i < OT_ARRAY_LEN(entries); i++) {
		uint8_t *at = (uint8_t *)entries[i].at;

		if (!at)
			continue;
		write_jump(at, (uintptr_t)entries[i].by);
		fetch_anew(at);
		fetch_anew(at + JUMP - 1);
	}
	for (i = 0; i < OT_ARRAY_LEN(entries); i++)
		if (entries[i].at)
			may_write(entries[i].at, PROT_READ | PROT_EXEC);
	return true;
}
