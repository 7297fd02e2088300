/* SPDX-License-Identifier: MIT */
/*
 * Finding frame ends: two LEB128 numbers, then so many bytes.  Nothing is
 * stored and nothing is believed beyond that; a number that does not fit is
 * the end of all understanding.
 */
#include "config.h"
#include "inspector/target/target_priv.h"

/* One byte of a LEB128 number; false: too long. */
static bool
number_byte(struct framer *f, uint64_t *v, unsigned char b, bool *whole)
{
	if (f->shift > 56)	/* no frame is longer than 2^24 */
		return false;
	*v |= (uint64_t)(b & 0x7f) << f->shift;
	f->shift += 7;
	*whole = !(b & 0x80);
	return true;
}

size_t
framer_take(struct framer *f, const unsigned char *p, size_t len, bool *whole)
{
	size_t i = 0;

	*whole = false;
	while (i < len && f->part < 2) {
		bool ended;

		if (f->part == 0 && f->shift == 0)
			f->len = f->number = 0;
		if (!number_byte(f, f->part == 0 ? &f->len : &f->number, p[i],
				 &ended))
			return 0;
		i++;
		if (!ended)
			continue;
		f->shift = 0;
		f->part++;
		f->need = f->len;
	}
	if (f->part < 2)
		return i;
	if (f->need > len - i) {
		f->need -= len - i;
		return len;
	}
	i += (size_t)f->need;
	f->need = 0;
	f->part = 0;
	*whole = true;
	return i;
}
