/* SPDX-License-Identifier: MIT */
/*
 * escape.h - hostile bytes made safe, by one function.
 *
 * Names and values from a target may hold anything: control characters,
 * escape sequences, invalid UTF-8, right-to-left overrides, megabytes.  Every
 * string from a target passes ot_escape() before it reaches a terminal, a
 * picture or a file.
 */
#ifndef OT_ESCAPE_H
#define OT_ESCAPE_H

#include <stddef.h>

#include "base/buf.h"

enum ot_escape_style {
	OT_ESC_TERM,	/* plain text on one line: C0, C1, DEL, bidi controls and
			 * invalid UTF-8 become \xNN or \uNNNN, newline \n */
	OT_ESC_DOT,	/* as TERM, then " and \ escaped for a quoted DOT id */
	OT_ESC_XML,	/* as TERM, then & < > " ' as entities */
	OT_ESC_JSON,	/* valid UTF-8 only (U+FFFD for the rest); the JSON
			 * writer does its own quoting */
};

/*
 * Appends at most `max_cols` characters (0: no limit) of s[0..len) to `out`,
 * ending in "..." (ASCII) where it was cut.
 */
void ot_escape(struct ot_buf *out, const char *s, size_t len,
	       enum ot_escape_style style, size_t max_cols);

/* The same into a fixed buffer, NUL-terminated, never splitting a character. */
void ot_escape_to(char *dst, size_t cap, const char *s, size_t len,
		  enum ot_escape_style style);

/*
 * OT_ESC_TERM for a terminal of this locale: where it is not UTF-8, characters
 * beyond ASCII become \uNNNN too (their bytes may be controls there).
 */
void ot_escape_tty(struct ot_buf *out, const char *s, size_t len);

#endif
