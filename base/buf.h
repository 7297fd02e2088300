/* SPDX-License-Identifier: MIT */
/*
 * buf.h - a growable byte buffer.
 *
 * Always NUL-terminated past `len` once anything was added, so `data` can be
 * read as a string.  Allocation failure sets `failed` and makes further adds
 * do nothing; check once at the end.  OT_BUF_INIT (all zero) is the empty
 * value and needs no release.
 */
#ifndef OT_BUF_H
#define OT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct ot_buf {
	char *data;		/* owned; NULL while nothing was added */
	size_t len;		/* bytes used, without the NUL */
	size_t cap;		/* bytes allocated */
	bool failed;		/* out of memory happened */
};

#define OT_BUF_INIT { NULL, 0, 0, false }

void ot_buf_release(struct ot_buf *b);
void ot_buf_clear(struct ot_buf *b);		/* len = 0, memory is kept */
bool ot_buf_reserve(struct ot_buf *b, size_t more);
void ot_buf_add(struct ot_buf *b, const void *data, size_t len);
void ot_buf_addc(struct ot_buf *b, char c);
void ot_buf_adds(struct ot_buf *b, const char *s);
void ot_buf_addf(struct ot_buf *b, const char *fmt, ...) OT_PRINTF(2, 3);
void ot_buf_consume(struct ot_buf *b, size_t n);	/* drops n first bytes */

/* The string, "" when empty; valid until the next change. */
const char *ot_buf_str(const struct ot_buf *b);

#endif
