/* SPDX-License-Identifier: MIT */
/*
 * outfile.h - a file that has its name only when it is whole.
 *
 * What is written goes to "PATH.part", which is renamed at the end; after a
 * failure there is neither, and what had the name before has it still.  What
 * is no regular file (a pipe, /dev/stdout) is written to as it stands.
 */
#ifndef OT_OUTFILE_H
#define OT_OUTFILE_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

enum ot_outfile_flags {
	OT_OUT_PRIVATE = 1, /* mode 0600: it may hold what a program knew */
	OT_OUT_REGULAR = 2, /* nothing but a regular file will do */
	OT_OUT_SYNC = 4,    /* on the disk before it has its name */
};

struct ot_outfile {
	int fd;		/* -1: closed, or in the stream's hands */
	unsigned flags;
	char *path, *part; /* part NULL: path itself is written to */
	FILE *stream;
};

#define OT_OUTFILE_INIT { -1, 0, NULL, NULL, NULL }

/* After a failure there is nothing to release. */
enum ot_status ot_outfile_open(struct ot_outfile *o, const char *path,
			       unsigned flags, struct ot_err *err);

enum ot_status ot_outfile_write(struct ot_outfile *o, const void *data,
				size_t len, struct ot_err *err);

/* For what prints; the file's from now on, and instead of the above.  NULL:
 * there is no memory for it. */
FILE *ot_outfile_stream(struct ot_outfile *o);

/* Closes and renames; whatever the status, there is nothing left to release. */
enum ot_status ot_outfile_commit(struct ot_outfile *o, struct ot_err *err);

/* Removes what was written, and only that; nothing happens when not open. */
void ot_outfile_abort(struct ot_outfile *o);

#endif
