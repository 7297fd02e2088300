/* SPDX-License-Identifier: MIT */
/*
 * buf.c - a growable byte buffer; doubling, so adding is O(1) on average.
 */
#include "config.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
ot_buf_release(struct ot_buf *b)
{
	free(b->data);
	*b = (struct ot_buf)OT_BUF_INIT;
}

void
ot_buf_clear(struct ot_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

bool
ot_buf_reserve(struct ot_buf *b, size_t more)
{
	size_t need, cap;
	char *data;

	if (b->failed)
		return false;
	if (more >= SIZE_MAX - b->len) {
		b->failed = true;
		return false;
	}
	need = b->len + more + 1;	/* the NUL */
	if (need <= b->cap)
		return true;
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	data = realloc(b->data, cap);
	if (data == NULL) {
		b->failed = true;
		return false;
	}
	data[b->len] = '\0';
	b->data = data;
	b->cap = cap;
	return true;
}

void
ot_buf_add(struct ot_buf *b, const void *data, size_t len)
{
	if (!ot_buf_reserve(b, len))
		return;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
ot_buf_addc(struct ot_buf *b, char c)
{
	ot_buf_add(b, &c, 1);
}

void
ot_buf_adds(struct ot_buf *b, const char *s)
{
	ot_buf_add(b, s, strlen(s));
}

void
ot_buf_addf(struct ot_buf *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0) {
		b->failed = true;
		return;
	}
	if (!ot_buf_reserve(b, (size_t)len))
		return;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

void
ot_buf_consume(struct ot_buf *b, size_t n)
{
	if (b->data == NULL)
		return;
	if (n > b->len)
		n = b->len;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

const char *
ot_buf_str(const struct ot_buf *b)
{
	return b->data == NULL ? "" : b->data;
}
