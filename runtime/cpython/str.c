/* SPDX-License-Identifier: MIT */
/*
 * str.c - the characters of str objects.
 *
 * A str keeps its characters right behind its header (compact) or behind a
 * pointer (instances of subclasses, and strings made by the interface that
 * 3.12 removed), one, two or four bytes each.  To 3.11 such an old string may
 * not have been brought into that form yet: then they are wchar_t elsewhere.
 * Reading is linear in what is asked for, never in the string's length.
 */
#include "runtime/cpython/value.h"

#define STR_MAX	((int64_t)1 << 40)

/* struct state, a bit field from the low end: interned 2, kind 3, ... */
#define STATE_KIND(s)	(((s) >> 2) & 7)
#define STATE_COMPACT	(1u << 5)
#define STATE_ASCII	(1u << 6)

bool
py_is_str(const struct py_walk *w, py_obj o)
{
	return o && (py_flags(w, py_type(w, o)) & PY_FLAG_UNICODE) != 0;
}

bool
py_str_chars(const struct py_walk *w, py_obj str, struct py_chars *c)
{
	const struct py_layout *L = w->L;
	uint32_t state = PY_AT(str, L->str_state, uint32_t);
	int64_t len = PY_AT(str, L->str_length, int64_t);

	c->kind = STATE_KIND(state);
	c->ascii = (state & STATE_ASCII) != 0;
	if ((state & (STATE_COMPACT | STATE_ASCII)) ==
	    (STATE_COMPACT | STATE_ASCII))
		c->data = str + L->str_ascii;
	else if (state & STATE_COMPACT)
		c->data = str + L->str_compact;
	else
		c->data = PY_AT(str, L->str_data, uintptr_t);
	if (c->kind == 0 && L->str_wstr != PY_NO) {
		c->data = PY_AT(str, L->str_wstr, uintptr_t);
		len = PY_AT(str, L->str_wstr_len, int64_t);
		c->kind = sizeof(wchar_t);
	}
	if (len < 0 || len > STR_MAX)
		return false;
	c->len = (size_t)len;
	return (c->kind == 1 || c->kind == 2 || c->kind == 4) &&
		(c->data || !len);
}

uint32_t
py_char(const struct py_chars *c, size_t i)
{
	if (c->kind == 1)
		return PY_AT(c->data, i, uint8_t);
	if (c->kind == 2)
		return PY_AT(c->data, 2 * i, uint16_t);
	return PY_AT(c->data, 4 * i, uint32_t);
}

size_t
py_utf8(uint32_t c, char dst[4])
{
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | c >> 18);
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

size_t
py_str_utf8(const struct py_walk *w, py_obj str, char *dst, size_t cap)
{
	struct py_chars c;
	size_t i, k, n, len = 0;
	char unit[4];

	if (!py_is_str(w, str) || !py_str_chars(w, str, &c))
		return 0;
	for (i = 0; i < c.len && len < cap; i++) {
		n = py_utf8(py_char(&c, i), unit);
		if (n > cap - len)
			break;
		for (k = 0; k < n; k++)
			dst[len++] = unit[k];
	}
	return len;
}

const char *
py_str_ascii(const struct py_walk *w, py_obj str, size_t *len)
{
	struct py_chars c;

	if (!py_is_str(w, str) || !py_str_chars(w, str, &c) || !c.ascii)
		return NULL;
	*len = c.len;
	return (const char *)c.data;
}

bool
py_str_is(const struct py_walk *w, py_obj str, const char *s, size_t len)
{
	const char *p;
	size_t i, n;

	p = py_str_ascii(w, str, &n);
	if (!p || n != len)
		return false;
	for (i = 0; i < len; i++) {
		if (p[i] != s[i])
			return false;
	}
	return true;
}

size_t
py_strlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

bool
py_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}
