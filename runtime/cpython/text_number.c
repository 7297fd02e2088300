/* SPDX-License-Identifier: MIT */
/*
 * text_number.c - int and float in decimal, without libc.
 *
 * An int is brought from base 2^30 to base 10^9, which is quadratic, so only
 * as many digits as fit are tried; longer ones are told by their bits.  A
 * float gets the shortest digits that read back as itself, by the free-format
 * algorithm of Steele and White as given by Burger and Dybvig ("Printing
 * Floating-Point Numbers Quickly and Accurately", 1996) with exact integers of
 * at most 1136 bits: some 17 steps, each linear in those.
 */
#include "runtime/cpython/value.h"

#define INT_LIMBS	64	/* base 10^9: up to 576 digits */
#define BIG_LIMBS	40
#define SHIFT		30	/* bits of an int's digit */
#define DIGITS_MAX	((uint64_t)1 << 36)

struct big {
	uint32_t limb[BIG_LIMBS];	/* the lowest first */
	size_t n;			/* in use; the highest is not 0 */
};

static void
big_trim(struct big *a)
{
	while (a->n && !a->limb[a->n - 1])
		a->n--;
}

static void
big_set(struct big *a, uint64_t v)
{
	a->limb[0] = (uint32_t)v;
	a->limb[1] = (uint32_t)(v >> 32);
	a->n = 2;
	big_trim(a);
}

static void
big_mul(struct big *a, uint32_t f)
{
	uint64_t carry = 0;
	size_t i;

	for (i = 0; i < a->n; i++) {
		carry += (uint64_t)a->limb[i] * f;
		a->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry && a->n < BIG_LIMBS)
		a->limb[a->n++] = (uint32_t)carry;
}

static void
big_mul_pow10(struct big *a, unsigned e)
{
	for (; e >= 9; e -= 9)
		big_mul(a, 1000000000);
	for (; e; e--)
		big_mul(a, 10);
}

static void
big_shl(struct big *a, unsigned bits)
{
	size_t i, words = bits / 32;

	big_mul(a, (uint32_t)1 << bits % 32);
	if (!a->n || a->n + words > BIG_LIMBS)
		return;
	for (i = a->n; i-- > 0;)
		a->limb[i + words] = a->limb[i];
	for (i = 0; i < words; i++)
		a->limb[i] = 0;
	a->n += words;
}

/* -1, 0, 1 for a <, ==, > b */
static int
big_cmp(const struct big *a, const struct big *b)
{
	size_t i;

	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (i = a->n; i-- > 0;) {
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	}
	return 0;
}

static void
big_add(struct big *sum, const struct big *a, const struct big *b)
{
	uint64_t carry = 0;
	size_t i;

	for (i = 0; i < BIG_LIMBS && (i < a->n || i < b->n || carry); i++) {
		carry += (uint64_t)(i < a->n ? a->limb[i] : 0) +
			(i < b->n ? b->limb[i] : 0);
		sum->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	sum->n = i;
}

/* a -= b, where a >= b */
static void
big_sub(struct big *a, const struct big *b)
{
	uint64_t borrow = 0, t;
	size_t i;

	for (i = 0; i < a->n; i++) {
		t = (uint64_t)a->limb[i] - (i < b->n ? b->limb[i] : 0) - borrow;
		a->limb[i] = (uint32_t)t;
		borrow = t >> 63;
	}
	big_trim(a);
}

/* v = r / s; m_low and m_high: half the way to the neighbours, times s */
struct shortest {
	struct big r, s, m_low, m_high;
	bool even;		/* the ends of the interval read back as v */
};

static void
shortest_init(struct shortest *t, uint64_t frac, int exp, bool narrow)
{
	unsigned twice = narrow ? 2 : 1;

	t->even = !(frac & 1);
	big_set(&t->r, frac);
	big_set(&t->s, 1);
	big_set(&t->m_low, 1);
	big_shl(&t->r, twice);
	big_shl(&t->s, twice);
	if (exp >= 0) {
		big_shl(&t->r, (unsigned)exp);
		big_shl(&t->m_low, (unsigned)exp);
	} else {
		big_shl(&t->s, (unsigned)-exp);
	}
	/* below a power of two the lower neighbour is half as far */
	t->m_high = t->m_low;
	if (narrow)
		big_shl(&t->m_high, 1);
}

static void
shortest_times_10(struct shortest *t)
{
	big_mul(&t->r, 10);
	big_mul(&t->m_low, 10);
	big_mul(&t->m_high, 10);
}

/* Is v + its upper margin at least 1 (times s)? */
static bool
shortest_high(const struct shortest *t)
{
	struct big sum;
	int c;

	big_add(&sum, &t->r, &t->m_high);
	c = big_cmp(&sum, &t->s);
	return t->even ? c >= 0 : c > 0;
}

/* Scales to 0.1 <= v < 1 and returns the power of ten taken out. */
static int
shortest_scale(struct shortest *t, int bits)
{
	/* log10 of v, at most one too small: 1233 / 4096 is log10(2) */
	int k = (bits - 1) * 1233 / 4096 - (bits < 1);

	if (k >= 0) {
		big_mul_pow10(&t->s, (unsigned)k);
	} else {
		big_mul_pow10(&t->r, (unsigned)-k);
		big_mul_pow10(&t->m_low, (unsigned)-k);
		big_mul_pow10(&t->m_high, (unsigned)-k);
	}
	while (shortest_high(t)) {
		big_mul(&t->s, 10);
		k++;
	}
	return k;
}

static size_t
shortest_digits(struct shortest *t, char digits[20])
{
	bool low, high;
	size_t n = 0;
	int c;
	char d;

	do {
		shortest_times_10(t);
		for (d = '0'; big_cmp(&t->r, &t->s) >= 0 && d < '9'; d++)
			big_sub(&t->r, &t->s);
		c = big_cmp(&t->r, &t->m_low);
		low = t->even ? c <= 0 : c < 0;
		high = shortest_high(t);
		digits[n++] = d;
	} while (!low && !high && n < 18);
	if (low && high) {
		big_shl(&t->r, 1);
		c = big_cmp(&t->r, &t->s);
		high = c > 0 || (c == 0 && (d & 1));
	}
	if (high)
		digits[n - 1]++;
	return n;
}

/* Digits of 0.d1d2d3... times 10^point for a finite v above 0. */
static size_t
number_shortest(uint64_t bits, char digits[20], int *point)
{
	uint64_t frac = bits & (((uint64_t)1 << 52) - 1);
	int exp = (int)(bits >> 52 & 0x7ff), len;
	struct shortest t;
	bool narrow = exp > 1 && !frac;

	if (exp)
		frac |= (uint64_t)1 << 52;
	else
		exp = 1;
	exp -= 1075;
	shortest_init(&t, frac, exp, narrow);
	for (len = 53; !(frac >> (len - 1)); len--)
		;
	*point = shortest_scale(&t, exp + len);
	return shortest_digits(&t, digits);
}

static void
number_zeros(struct py_out *o, int n)
{
	for (; n > 0; n--)
		py_puts(o, "0");
}

/* repr()'s choice: with an exponent from 1e16 on and below 1e-4. */
static void
number_layout(struct py_out *o, const char *digits, size_t n, int point,
	      bool dot_zero)
{
	if (point > 16 || point <= -4) {
		py_put(o, digits, 1);
		if (n > 1) {
			py_puts(o, ".");
			py_put(o, digits + 1, n - 1);
		}
		point--;
		py_puts(o, point < 0 ? "e-" : "e+");
		if (point < 0)
			point = -point;
		if (point < 10)
			py_puts(o, "0");
		py_put_uint(o, (uint64_t)point);
	} else if (point <= 0) {
		py_puts(o, "0.");
		number_zeros(o, -point);
		py_put(o, digits, n);
	} else if ((size_t)point >= n) {
		py_put(o, digits, n);
		number_zeros(o, point - (int)n);
		if (dot_zero)
			py_puts(o, ".0");
	} else {
		py_put(o, digits, (size_t)point);
		py_puts(o, ".");
		py_put(o, digits + point, n - (size_t)point);
	}
}

void
py_put_float(struct py_out *o, double v, bool dot_zero)
{
	union {
		double d;
		uint64_t bits;
	} u = { .d = v };
	uint64_t magnitude = u.bits & (UINT64_MAX >> 1);
	char digits[20];
	int point;
	size_t n;

	if (magnitude > (uint64_t)0x7ff << 52) {
		py_puts(o, "nan");
		return;
	}
	if (u.bits >> 63)
		py_puts(o, "-");
	if (magnitude == (uint64_t)0x7ff << 52) {
		py_puts(o, "inf");
	} else if (!magnitude) {
		py_puts(o, dot_zero ? "0.0" : "0");
	} else {
		n = number_shortest(magnitude, digits, &point);
		number_layout(o, digits, n, point, dot_zero);
	}
}

void
py_put_uint(struct py_out *o, uint64_t v)
{
	char buf[20];
	size_t n = sizeof(buf);

	do {
		buf[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	py_put(o, buf + n, sizeof(buf) - n);
}

/* Digits of an int and its sign: -1, 0, 1. */
static int
int_digits(const struct py_walk *w, py_obj v, uintptr_t *digits, uint64_t *n)
{
	int64_t size = PY_AT(v, w->L->ob_size, int64_t);

	/* {size, digits}; from 3.12 {tag: count << 3 | sign, digits} */
	*digits = v + w->L->ob_size + 8u;
	if (w->minor >= 12) {
		*n = (uint64_t)size >> 3;
		return (size & 3) == 2 ? -1 : (size & 3) == 0;
	}
	*n = size < 0 ? 0 - (uint64_t)size : (uint64_t)size;
	return size < 0 ? -1 : size > 0;
}

/* limbs = limbs * 2^30 + digit, base 10^9; how many limbs then */
static size_t
int_shift_in(uint32_t *limbs, size_t n, uint32_t digit)
{
	uint64_t carry = digit;
	size_t i;

	for (i = 0; i < n; i++) {
		carry += (uint64_t)limbs[i] << SHIFT;
		limbs[i] = (uint32_t)(carry % 1000000000);
		carry /= 1000000000;
	}
	for (; carry && n < INT_LIMBS; n++) {
		limbs[n] = (uint32_t)(carry % 1000000000);
		carry /= 1000000000;
	}
	return n;
}

static void
int_put_limbs(struct py_out *o, const uint32_t *limbs, size_t n)
{
	uint32_t v, unit;

	py_put_uint(o, n ? limbs[n - 1] : 0);
	while (n-- > 1) {
		v = limbs[n - 1];
		for (unit = 100000000; unit; unit /= 10) {
			char d = (char)('0' + v / unit % 10);

			py_put(o, &d, 1);
		}
	}
}

/* In place of the digits, which o may have some of. */
static void
int_put_bits(struct py_out *o, uintptr_t digits, uint64_t n)
{
	uint64_t bits;
	uint32_t top;

	if (!n || n > DIGITS_MAX)
		return;
	top = PY_AT(digits, 4 * (n - 1), uint32_t);
	bits = (n - 1) * SHIFT;
	for (; top; top >>= 1)
		bits++;
	o->len = 0;
	o->cut = false;
	py_puts(o, "int of ");
	py_put_uint(o, bits);
	py_puts(o, " bits");
}

void
py_put_int(struct py_out *o, const struct py_walk *w, py_obj v)
{
	uint32_t limbs[INT_LIMBS];
	uintptr_t digits;
	uint64_t n, i;
	size_t used = 0;
	int sign = int_digits(w, v, &digits, &n);

	/* a digit is worth 9.03 decimal ones */
	if (n > o->cap / 9 + 1 || n > (INT_LIMBS - 2) * 99 / 100) {
		int_put_bits(o, digits, n);
		return;
	}
	for (i = n; i-- > 0;)
		used = int_shift_in(limbs, used,
				    PY_AT(digits, 4 * i, uint32_t));
	if (sign < 0)
		py_puts(o, "-");
	int_put_limbs(o, limbs, used);
	if (o->cut)
		int_put_bits(o, digits, n);
}
