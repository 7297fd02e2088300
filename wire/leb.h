/* SPDX-License-Identifier: MIT */
/*
 * leb.h - numbers on the wire: unsigned LEB128, and zigzag for signed ones.
 *
 * A number is 1 to 10 bytes of 7 bits, low bits first.  The reader refuses
 * what does not end in time or does not fit 64 bits.
 */
#ifndef OTW_LEB_H
#define OTW_LEB_H

#include <stdbool.h>
#include <stdint.h>

#define OTW_LEB_MAX 10	/* bytes of the longest number */

static inline uint8_t *
otw_put(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

/* Moves *p behind the number; false: none there, *p is unspecified. */
static inline bool
otw_get(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	uint64_t r = 0;
	unsigned shift = 0;
	const uint8_t *q = *p;

	for (; q < end && shift < 64; shift += 7) {
		uint8_t b = *q++;

		if (shift == 63 && b > 1)
			return false;
		r |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			*p = q;
			*v = r;
			return true;
		}
	}
	return false;
}

static inline uint64_t
otw_zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t
otw_unzigzag(uint64_t v)
{
	return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

#endif
