/* SPDX-License-Identifier: MIT */
/*
 * text_string.c - str and bytes written as repr() writes them.
 *
 * Quotes, backslashes and what cannot be printed are escaped.  What can be
 * printed follows Unicode's categories, but for code points that are not
 * assigned: repr() escapes them by the tables of its version, here they stand
 * as they are.  A value that does not fit is cut between two characters,
 * closed, and followed by "...", which no whole value is.  Never looks at more
 * of a value than fits.
 */
#include "runtime/cpython/value.h"

/* Categories Cc, Cf, Co, Cs, Zl, Zp and Zs, but for the space. */
static const struct {
	uint32_t from, to;
} unprintable[] = {
	{ 0x00, 0x1f }, { 0x7f, 0xa0 }, { 0xad, 0xad }, { 0x600, 0x605 },
	{ 0x61c, 0x61c }, { 0x6dd, 0x6dd }, { 0x70f, 0x70f },
	{ 0x890, 0x891 }, { 0x8e2, 0x8e2 }, { 0x1680, 0x1680 },
	{ 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
	{ 0x205f, 0x2064 }, { 0x2066, 0x206f }, { 0x3000, 0x3000 },
	{ 0xd800, 0xf8ff }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	{ 0xfffe, 0xffff }, { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
	{ 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f }, { 0xf0000, 0x10ffff },
};

static bool
string_printable(uint32_t c)
{
	size_t lo = 0, hi = sizeof(unprintable) / sizeof(unprintable[0]);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (c > unprintable[mid].to)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == sizeof(unprintable) / sizeof(unprintable[0]) ||
		c < unprintable[lo].from;
}

static size_t
string_hex(char *dst, char letter, uint32_t c, unsigned digits)
{
	unsigned i;

	dst[0] = '\\';
	dst[1] = letter;
	for (i = 0; i < digits; i++)
		dst[2 + i] = "0123456789abcdef"[c >> 4 * (digits - 1 - i) & 15];
	return 2 + digits;
}

/* One character as it stands between quotes: at most 10 bytes. */
static size_t
string_unit(uint32_t c, char quote, bool bytes, char dst[10])
{
	dst[0] = '\\';
	switch (c) {
	case '\t':
		dst[1] = 't';
		return 2;
	case '\n':
		dst[1] = 'n';
		return 2;
	case '\r':
		dst[1] = 'r';
		return 2;
	default:
		break;
	}
	if (c == '\\' || c == (unsigned char)quote) {
		dst[1] = (char)c;
		return 2;
	}
	if (bytes && c >= 0x7f)
		return string_hex(dst, 'x', c, 2);
	if (string_printable(c))
		return py_utf8(c, dst);
	if (c <= 0xff)
		return string_hex(dst, 'x', c, 2);
	if (c <= 0xffff)
		return string_hex(dst, 'u', c, 4);
	return string_hex(dst, 'U', c, 8);
}

/* Double quotes where there are single ones and no double ones. */
static char
string_quote(const struct py_chars *c, size_t look)
{
	bool single = false;
	size_t i;

	for (i = 0; i < c->len && i < look; i++) {
		uint32_t u = py_char(c, i);

		if (u == '"')
			return '\'';
		single |= u == '\'';
	}
	return single ? '"' : '\'';
}

/* Does the rest from i take at most `room` bytes? */
static bool
string_fits(const struct py_chars *c, size_t i, char quote, bool bytes,
	    size_t room)
{
	char unit[10];
	size_t n;

	for (; i < c->len; i++) {
		n = string_unit(py_char(c, i), quote, bytes, unit);
		if (n > room)
			return false;
		room -= n;
	}
	return true;
}

/* Writes into the room there is, `reserve` bytes of which it leaves free. */
static void
string_put(struct py_out *o, const struct py_chars *c, bool bytes,
	   size_t reserve)
{
	char quote = string_quote(c, o->cap), unit[10];
	size_t i, n, room, end;
	bool whole;

	room = o->cap - o->len;
	if (room < 5 + reserve) {
		o->cut = true;
		return;
	}
	py_put(o, &quote, 1);
	end = o->cap - reserve - 1;	/* of the characters */
	whole = string_fits(c, 0, quote, bytes, end - o->len);
	if (!whole)
		end -= 3;
	for (i = 0; i < c->len; i++) {
		n = string_unit(py_char(c, i), quote, bytes, unit);
		if (n > end - o->len)
			break;
		py_put(o, unit, n);
	}
	py_put(o, &quote, 1);
	if (!whole)
		py_puts(o, "...");
}

void
py_put_str_repr(struct py_out *o, const struct py_walk *w, py_obj v)
{
	struct py_chars c;

	if (py_str_chars(w, v, &c))
		string_put(o, &c, false, 0);
}

void
py_put_bytes_repr(struct py_out *o, uintptr_t s, size_t len, size_t reserve)
{
	struct py_chars c = { .data = s, .len = len, .kind = 1 };

	py_puts(o, "b");
	string_put(o, &c, true, reserve);
}
