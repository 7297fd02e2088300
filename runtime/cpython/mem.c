/* SPDX-License-Identifier: MIT */
/*
 * mem.c - reads that cannot fault, and the set of objects seen and done.
 *
 * The set has one leaf per MiB of address space in use, with one bit per 16
 * bytes; the few objects that lie 8 bytes off that grid (in the program's
 * data) have leaves of their own.  What is seen but not done is the worklist:
 * leaves with such bits queue up, and a leaf is worked off in address order,
 * again until it has none.
 * So the walk goes through memory in nearly straight lines, however the
 * objects point at each other, and needs no stack.  1/64 of the heap's
 * address range in memory; a mark is three dependent reads, mostly cached.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "runtime/cpython/walk.h"
#include "runtime/sys.h"

#define LEAF_SHIFT	20
#define LEAF_WORDS	1024u		/* of 64 bits of 16 bytes */
#define MID_SHIFT	33
#define MID_SLOTS	8192u
#define TOP_SLOTS	32768u		/* 2^48 bytes */
#define PAGE		4096u
#define LARGEST_PAGE	((uintptr_t)65535)

struct leaf {
	uint64_t seen[LEAF_WORDS];
	uint64_t done[LEAF_WORDS];
	uint64_t *gen[PY_GEN_COUNT];	/* all but PY_GEN_OLD, on demand */
	uintptr_t base;			/* of the first bit */
	struct leaf *next;		/* in the queue */
	unsigned lo, hi;		/* words that may have work, */
	unsigned at;			/* and of the pass under way */
	bool queued;
};

struct py_bitmap {
	struct leaf **top[2][TOP_SLOTS];
	struct leaf *current, *head, *tail;
};

/*
 * Where process_vm_readv is refused, mincore() tells whether a page is mapped.
 * A page mapped without the right to read would fault then.
 */
static bool
mapped(uintptr_t addr, size_t n)
{
	unsigned char in_core;
	uintptr_t page = addr & ~(uintptr_t)(PAGE - 1);

	for (; page < addr + n; page += PAGE) {
		long rc = ota_syscall(SYS_mincore, (long)page, PAGE,
				      (long)&in_core, 0, 0, 0);

		if (rc == -EINVAL)	/* larger pages, of aarch64 */
			rc = ota_syscall(SYS_mincore,
					 (long)(page & ~LARGEST_PAGE), 1,
					 (long)&in_core, 0, 0, 0);
		if (rc < 0)
			return false;
	}
	return true;
}

bool
py_peek(uintptr_t addr, void *dst, size_t n)
{
	const char *src = (const char *)addr;
	struct iovec to, from;
	size_t i;
	long got;

	if (addr < PAGE || addr >= (uintptr_t)1 << 48 || addr + n < addr)
		return false;
	to.iov_base = dst;
	to.iov_len = from.iov_len = n;
	from.iov_base = (void *)addr;
	got = ota_syscall(SYS_process_vm_readv, ota_pid(), (long)&to, 1,
			  (long)&from, 1, 0);
	if (got >= 0)
		return (size_t)got == n;
	if (got == -EFAULT || !mapped(addr, n))
		return false;
	for (i = 0; i < n; i++)
		((char *)dst)[i] = src[i];
	return true;
}

bool
py_peek_ptr(uintptr_t addr, uintptr_t *v)
{
	return py_peek(addr, v, sizeof(*v));
}

bool
py_peek_str(uintptr_t addr, char *dst, size_t cap)
{
	size_t i;

	for (i = 0; i < cap; i++) {
		if (!py_peek(addr + i, &dst[i], 1))
			return false;
		if (dst[i] == '\0')
			return true;
	}
	return false;
}

struct py_bitmap *
py_bitmap_new(struct objtop_sink *s)
{
	return s->alloc(s, sizeof(struct py_bitmap));
}

static struct leaf *
leaf_find(const struct py_bitmap *b, uintptr_t a)
{
	struct leaf **mid = b->top[(a >> 3) & 1][a >> MID_SHIFT];

	return mid ? mid[(a >> LEAF_SHIFT) % MID_SLOTS] : NULL;
}

static struct leaf *
leaf_make(struct py_walk *w, uintptr_t a)
{
	struct leaf ***mid = &w->seen->top[(a >> 3) & 1][a >> MID_SHIFT];
	struct leaf *l;

	if (!*mid) {
		*mid = w->sink->alloc(w->sink, MID_SLOTS * sizeof(**mid));
		if (!*mid)
			goto fail;
	}
	l = w->sink->alloc(w->sink, sizeof(*l));
	if (!l)
		goto fail;
	l->base = (a & ~(((uintptr_t)1 << LEAF_SHIFT) - 1)) | (a & 8);
	l->lo = l->at = LEAF_WORDS;
	(*mid)[(a >> LEAF_SHIFT) % MID_SLOTS] = l;
	return l;
fail:
	w->stop = 1;
	return NULL;
}

static void
queue(struct py_bitmap *b, struct leaf *l)
{
	l->queued = true;
	l->next = NULL;
	if (b->tail)
		b->tail->next = l;
	else
		b->head = l;
	b->tail = l;
}

static unsigned
word_of(uintptr_t a)
{
	return (unsigned)(a >> 10) % LEAF_WORDS;
}

static uint64_t
bit_of(uintptr_t a)
{
	return (uint64_t)1 << ((a >> 4) & 63);
}

/* The leaf of an address not seen before, now marked; NULL otherwise. */
static inline struct leaf *
mark(struct py_walk *w, uintptr_t a)
{
	struct leaf *l;
	unsigned word;

	if (!py_ok(a))
		return NULL;
	l = leaf_find(w->seen, a);
	if (!l) {
		l = leaf_make(w, a);
		if (!l)
			return NULL;
	}
	word = word_of(a);
	if (l->seen[word] & bit_of(a))
		return NULL;
	l->seen[word] |= bit_of(a);
	w->marked++;
	/* What is ahead of a pass under way will be met by it. */
	if (word < l->lo && word < l->at)
		l->lo = word;
	if (word >= l->hi)
		l->hi = word + 1;
	if (!l->queued)
		queue(w->seen, l);
	return l;
}

bool
py_bitmap_mark(struct py_walk *w, py_obj o)
{
	return mark(w, o) == NULL;
}

void
py_push(struct py_walk *w, py_obj o)
{
	mark(w, o);
}

bool
py_bitmap_has(const struct py_walk *w, py_obj o)
{
	const struct leaf *l = py_ok(o) ? leaf_find(w->seen, o) : NULL;

	return l && (l->seen[word_of(o)] & bit_of(o));
}

bool
py_bitmap_claim(struct py_walk *w, uintptr_t a)
{
	struct leaf *l = mark(w, a);

	if (!l)
		return false;
	l->done[word_of(a)] |= bit_of(a);
	w->marked--;		/* no object */
	return true;
}

bool
py_bitmap_list(struct py_walk *w, py_obj o, enum py_generation g)
{
	struct leaf *l = mark(w, o);

	if (!l)
		return false;
	if (g == PY_GEN_OLD)
		return true;
	if (!l->gen[g]) {
		l->gen[g] = w->sink->alloc(w->sink, sizeof(l->seen));
		if (!l->gen[g]) {
			w->stop = 1;
			return false;
		}
	}
	l->gen[g][word_of(o)] |= bit_of(o);
	return true;
}

void
py_bitmap_order(struct py_walk *w)
{
	struct py_bitmap *b = w->seen;
	struct leaf *l;
	unsigned plane, top, mid;

	b->head = b->tail = NULL;
	for (top = 0; top < TOP_SLOTS; top++) {
		for (plane = 0; plane < 2; plane++) {
			if (!b->top[plane][top])
				continue;
			for (mid = 0; mid < MID_SLOTS; mid++) {
				l = b->top[plane][top][mid];
				if (l && l->queued)
					queue(b, l);
			}
		}
	}
}

static enum py_generation
generation(const struct leaf *l, unsigned word, uint64_t bit)
{
	if (l->gen[PY_GEN_YOUNG] && (l->gen[PY_GEN_YOUNG][word] & bit))
		return PY_GEN_YOUNG;
	if (l->gen[PY_GEN_MIDDLE] && (l->gen[PY_GEN_MIDDLE][word] & bit))
		return PY_GEN_MIDDLE;
	if (l->gen[PY_GEN_PERMANENT] && (l->gen[PY_GEN_PERMANENT][word] & bit))
		return PY_GEN_PERMANENT;
	return PY_GEN_OLD;
}

py_obj
py_bitmap_next(struct py_walk *w, enum py_generation *g)
{
	struct py_bitmap *b = w->seen;
	struct leaf *l;
	uint64_t work, bit;

	for (;;) {
		l = b->current;
		if (!l) {
			l = b->current = b->head;
			if (!l)
				return 0;
			b->head = l->next;
			if (!b->head)
				b->tail = NULL;
		}
		for (; l->at < l->hi; l->at++) {
			work = l->seen[l->at] & ~l->done[l->at];
			if (!work)
				continue;
			bit = work & (~work + 1);
			l->done[l->at] |= bit;
			*g = generation(l, l->at, bit);
			return l->base + (uintptr_t)l->at * 1024 +
				(uintptr_t)OT_CTZ64(bit) * 16;
		}
		l->at = l->lo;
		l->lo = LEAF_WORDS;
		if (l->at < LEAF_WORDS)
			continue;	/* once more, for what was behind */
		l->queued = false;
		l->hi = 0;
		b->current = NULL;
	}
}
