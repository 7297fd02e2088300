/* SPDX-License-Identifier: MIT */
/*
 * mini.c - the four functions that a compiler calls by itself, for the agent,
 * which is linked against nothing.  Hidden, so that the target's own are not
 * replaced.  The barriers keep the loops from becoming calls to themselves.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

#if defined(__x86_64__)
/* Two dozen cycles to start, then as fast as memory. */
static void
copy_long(unsigned char *d, const unsigned char *s, size_t n)
{
	__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
}

static void
fill_long(unsigned char *d, int c, size_t n)
{
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
}
#else
struct word {
	uint64_t v;
} OT_RAW;

static void
copy_long(unsigned char *d, const unsigned char *s, size_t n)
{
	for (; n >= 8; n -= 8, d += 8, s += 8) {
		((struct word *)d)->v = ((const struct word *)s)->v;
		OT_BARRIER();
	}
	for (; n; n--) {
		*d++ = *s++;
		OT_BARRIER();
	}
}

static void
fill_long(unsigned char *d, int c, size_t n)
{
	uint64_t v = 0x0101010101010101u * (unsigned char)c;

	for (; n >= 8; n -= 8, d += 8) {
		((struct word *)d)->v = v;
		OT_BARRIER();
	}
	for (; n; n--) {
		*d++ = (unsigned char)c;
		OT_BARRIER();
	}
}
#endif

/* From the front on: right also where dst lies before src in the same piece. */
static void
copy_up(unsigned char *d, const unsigned char *s, size_t n)
{
	if (n >= 64) {
		copy_long(d, s, n);
		return;
	}
	for (; n; n--) {
		*d++ = *s++;
		OT_BARRIER();
	}
}

void *
memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *
memmove(void *dst, const void *src, size_t n)
{
	unsigned char *d = dst;
	const unsigned char *s = src;

	if (d <= s || d >= s + n) {
		copy_up(d, s, n);
		return dst;
	}
	for (; n; n--) {
		d[n - 1] = s[n - 1];
		OT_BARRIER();
	}
	return dst;
}

void *
memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;

	if (n >= 64) {
		fill_long(d, c, n);
		return dst;
	}
	for (; n; n--) {
		*d++ = (unsigned char)c;
		OT_BARRIER();
	}
	return dst;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p < *q ? -1 : 1;
	return 0;
}

size_t
strlen(const char *s)
{
	const char *p = s;

	for (; *p; p++)
		OT_BARRIER();
	return (size_t)(p - s);
}
