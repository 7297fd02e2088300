/* SPDX-License-Identifier: MIT */
/*
 * err.c - the one way a message gets into a struct ot_err.
 *
 * The text is formatted beside the struct and copied afterwards, so that a
 * caller may put the old message into the new one.  Control characters are
 * taken out here: a message is one line wherever its parts came from.
 */
#include "config.h"

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
err_store(struct ot_err *err, enum ot_status status, const char *text)
{
	size_t i;

	err->status = status;
	for (i = 0; text[i] != '\0' && i < sizeof(err->msg) - 1; i++) {
		unsigned char c = (unsigned char)text[i];

		err->msg[i] = c < 0x20 || c == 0x7f ? ' ' : text[i];
	}
	err->msg[i] = '\0';
}

enum ot_status
ot_fail(struct ot_err *err, enum ot_status status, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	int saved = errno;
	va_list ap;

	if (err != NULL) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		err_store(err, status, text);
	}
	errno = saved;
	return status;
}

enum ot_status
ot_fail_errno(struct ot_err *err, enum ot_status status, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	int saved = errno, len;
	va_list ap;

	if (err != NULL) {
		va_start(ap, fmt);
		len = vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		if (len >= 0 && (size_t)len < sizeof(text))
			snprintf(text + len, sizeof(text) - (size_t)len,
				 ": %s", strerror(saved));
		err_store(err, status, text);
	}
	errno = saved;
	return status;
}

enum ot_status
ot_fail_nomem(struct ot_err *err, const char *what)
{
	return ot_fail(err, OT_FAILED, "out of memory for %s", what);
}
