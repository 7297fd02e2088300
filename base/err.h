/* SPDX-License-Identifier: MIT */
/*
 * err.h - how a function fails.
 *
 * Fallible functions return an ot_status and take a `struct ot_err *err`
 * last.  The place that detects a failure writes the message: one lower-case
 * line that says what and which, with a next step where there is one.  `err`
 * may be NULL where the caller does not care.
 */
#ifndef OT_ERR_H
#define OT_ERR_H

#include "base/compiler.h"

/* Values are the exit codes of the command line, so main() can return them. */
enum ot_status {
	OT_OK = 0,
	OT_FAILED = 1,		/* it failed; the message says what */
	OT_USAGE = 2,		/* the user asked wrongly */
	OT_REFUSED = 3,		/* the target cannot be inspected */
	OT_FOUND = 4,		/* doctor --exit-code found something */
	OT_INTERRUPTED = 130,	/* Ctrl-C, Esc or a cancelled request */
};

struct ot_err {
	enum ot_status status;
	char msg[1024];		/* NUL-terminated, no newline */
};

#define OT_ERR_INIT { OT_OK, "" }

/* Writes the message and returns `status`, so: return ot_fail(err, ...). */
enum ot_status ot_fail(struct ot_err *err, enum ot_status status,
		       const char *fmt, ...) OT_PRINTF(3, 4);

/* As ot_fail, with ": strerror(errno)" appended. */
enum ot_status ot_fail_errno(struct ot_err *err, enum ot_status status,
			     const char *fmt, ...) OT_PRINTF(3, 4);

/* OT_FAILED, "out of memory for WHAT". */
enum ot_status ot_fail_nomem(struct ot_err *err, const char *what);

#endif
