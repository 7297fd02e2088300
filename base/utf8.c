/* SPDX-License-Identifier: MIT */
/*
 * utf8.c - decoding by the table of well-formed sequences (Unicode, 3-7), one
 * replacement for each "maximal subpart" of an ill-formed one; and how wide
 * the result is on a terminal.
 */
#include "config.h"

#include "base/utf8.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>

static bool
utf8_cont(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

uint32_t
ot_utf8_next(const char *s, size_t len, size_t *used)
{
	unsigned char c = (unsigned char)s[0], lo = 0x80, hi = 0xbf;
	uint32_t cp;
	size_t need, i;

	*used = 1;
	if (c < 0x80)
		return c;
	if (c < 0xc2 || c > 0xf4)
		return OT_UTF8_INVALID;
	need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	cp = c & (0x3fu >> need);
	/* The second byte's range shuts out overlong forms, surrogates and
	 * what lies beyond U+10FFFF. */
	if (c == 0xe0)
		lo = 0xa0;
	else if (c == 0xed)
		hi = 0x9f;
	else if (c == 0xf0)
		lo = 0x90;
	else if (c == 0xf4)
		hi = 0x8f;
	for (i = 1; i <= need; i++) {
		if (i >= len)
			return OT_UTF8_INVALID;
		c = (unsigned char)s[i];
		if (i == 1 ? c < lo || c > hi : !utf8_cont(c))
			return OT_UTF8_INVALID;
		cp = cp << 6 | (c & 0x3fu);
		*used = i + 1;
	}
	return cp;
}

bool
ot_utf8_locale(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static size_t
utf8_cols(uint32_t cp)
{
	int w;

	if (cp < 0x80 || cp == OT_UTF8_INVALID)
		return 1;
	w = wcwidth((wchar_t)cp);
	return w < 0 ? 1 : (size_t)w;
}

size_t
ot_utf8_fit(const char *s, size_t len, size_t cols, size_t *width)
{
	size_t at = 0, used, w;

	*width = 0;
	while (at < len) {
		w = utf8_cols(ot_utf8_next(s + at, len - at, &used));
		if (w > cols - *width)
			break;
		*width += w;
		at += used;
	}
	return at;
}

size_t
ot_utf8_width(const char *s, size_t len)
{
	size_t width;

	ot_utf8_fit(s, len, SIZE_MAX, &width);
	return width;
}
