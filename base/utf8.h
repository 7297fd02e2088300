/* SPDX-License-Identifier: MIT */
/*
 * utf8.h - reading UTF-8 that may be anything.
 */
#ifndef OT_UTF8_H
#define OT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OT_UTF8_INVALID UINT32_MAX

/*
 * The first character of s[0..len), len > 0; *used is how many bytes it took.
 * OT_UTF8_INVALID for what is no character (overlong forms, surrogates, cut
 * sequences); *used is then the longest piece that could have begun one, and
 * never 0.
 */
uint32_t ot_utf8_next(const char *s, size_t len, size_t *used);

/* True where the locale's terminal takes UTF-8. */
bool ot_utf8_locale(void);

/*
 * Columns that escaped text (valid UTF-8, no controls) takes on a terminal:
 * wcwidth() of each character, or 1 where the locale cannot tell.
 */
size_t ot_utf8_width(const char *s, size_t len);

/* Bytes of s[0..len) that fit into `cols` columns; *width is what they take. */
size_t ot_utf8_fit(const char *s, size_t len, size_t cols, size_t *width);

#endif
