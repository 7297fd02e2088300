/* SPDX-License-Identifier: MIT */
/*
 * escape.c - hostile bytes made safe.
 *
 * The input is cut into units: a character that is harmless, or the escape
 * that stands for one that is not.  Units are appended whole, so neither a
 * character nor an escape is ever split, and input behind the limit is not
 * looked at: a string of megabytes costs what is shown of it.
 */
#include "config.h"

#include "base/escape.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* One unit: at most "\\U0010ffff" or four times "\\xNN" in a DOT string. */
struct unit {
	char text[32];
	size_t len;		/* bytes of text */
	size_t chars;		/* as a reader counts them, before quoting */
};

/*
 * What a terminal or a reader of SVG must not get: C0, DEL, C1; marks,
 * overrides and isolates of bidirectional text; line and paragraph
 * separators; the byte-order mark, interlinear annotations, noncharacters and
 * the invisible tag characters.
 */
static bool
escape_unsafe(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c ||
	       cp == 0x200e || cp == 0x200f ||
	       (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff ||
	       (cp >= 0xfff9 && cp <= 0xfffb) || (cp & 0xfffe) == 0xfffe ||
	       (cp >= 0xfdd0 && cp <= 0xfdef) ||
	       (cp >= 0xe0000 && cp <= 0xe007f);
}

static void
unit_puts(struct unit *u, const char *s)
{
	size_t len = strlen(s);

	memcpy(u->text + u->len, s, len);
	u->len += len;
}

/* `text` is an escape; its backslash is doubled where DOT would eat it. */
static void
unit_escape(struct unit *u, const char *text, enum ot_escape_style style)
{
	if (style == OT_ESC_DOT)
		unit_puts(u, "\\");
	unit_puts(u, text);
	u->chars += strlen(text);
}

static const char *
escape_quoted(uint32_t cp, enum ot_escape_style style)
{
	if (style == OT_ESC_DOT)
		return cp == '"' ? "\\\"" : cp == '\\' ? "\\\\" : NULL;
	if (style != OT_ESC_XML)
		return NULL;
	switch (cp) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void
unit_unsafe(struct unit *u, uint32_t cp, enum ot_escape_style style)
{
	char esc[16];

	if (cp == '\n')
		snprintf(esc, sizeof(esc), "\\n");
	else if (cp < 0x80)
		snprintf(esc, sizeof(esc), "\\x%02x", (unsigned)cp);
	else if (cp < 0x10000)
		snprintf(esc, sizeof(esc), "\\u%04x", (unsigned)cp);
	else
		snprintf(esc, sizeof(esc), "\\U%08x", (unsigned)cp);
	unit_escape(u, esc, style);
}

/* Takes one unit off s[0..len); returns how many bytes it was made from. */
static size_t
unit_next(struct unit *u, const char *s, size_t len,
	  enum ot_escape_style style)
{
	const char *quoted;
	uint32_t cp;
	size_t used, i;
	char esc[8];

	u->len = u->chars = 0;
	cp = ot_utf8_next(s, len, &used);
	if (cp == OT_UTF8_INVALID && style == OT_ESC_JSON) {
		unit_puts(u, "\xef\xbf\xbd");
		u->chars = 1;
		return used;
	}
	if (cp == OT_UTF8_INVALID) {
		for (i = 0; i < used; i++) {
			snprintf(esc, sizeof(esc), "\\x%02x",
				 (unsigned)(unsigned char)s[i]);
			unit_escape(u, esc, style);
		}
		return used;
	}
	if (style != OT_ESC_JSON && escape_unsafe(cp)) {
		unit_unsafe(u, cp, style);
		return used;
	}
	quoted = escape_quoted(cp, style);
	if (quoted != NULL) {
		unit_puts(u, quoted);
	} else {
		memcpy(u->text, s, used);
		u->len = used;
	}
	u->chars = 1;
	return used;
}

static void
escape_dots(struct ot_buf *out, size_t n)
{
	ot_buf_add(out, "...", n < 3 ? n : 3);
}

void
ot_escape(struct ot_buf *out, const char *s, size_t len,
	  enum ot_escape_style style, size_t max_cols)
{
	size_t at, chars = 0, keep = out->len;
	struct unit u;

	for (at = 0; at < len;) {
		at += unit_next(&u, s + at, len - at, style);
		chars += u.chars;
		if (max_cols != 0 && chars > max_cols) {
			if (out->failed)
				return;
			out->len = keep;
			escape_dots(out, max_cols);
			return;
		}
		ot_buf_add(out, u.text, u.len);
		if (chars + 3 <= max_cols)
			keep = out->len;	/* "..." fits behind this */
	}
}

void
ot_escape_to(char *dst, size_t cap, const char *s, size_t len,
	     enum ot_escape_style style)
{
	size_t at, n = 0, keep = 0, dots;
	struct unit u;

	if (cap == 0)
		return;
	for (at = 0; at < len;) {
		at += unit_next(&u, s + at, len - at, style);
		if (u.len > cap - 1 - n) {
			dots = cap - 1 - keep < 3 ? cap - 1 - keep : 3;
			memset(dst + keep, '.', dots);
			dst[keep + dots] = '\0';
			return;
		}
		memcpy(dst + n, u.text, u.len);
		n += u.len;
		if (n + 3 <= cap - 1)
			keep = n;
	}
	dst[n] = '\0';
}
