/* SPDX-License-Identifier: MIT */
/*
 * file.h - a snapshot file: the agent's stream behind zstd.
 *
 * Written to "FILE.part" beside FILE and renamed when whole, so that a full
 * disk or a kill never leaves half a file under the name asked for.  The
 * reader opens a truncated file as far as it is whole and says so.
 */
#ifndef OTW_FILE_H
#define OTW_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct otw_writer;

enum ot_status otw_writer_open(const char *path, struct otw_writer **out,
			       struct ot_err *err);
enum ot_status otw_writer_add(struct otw_writer *w, const void *data,
			      size_t len, struct ot_err *err);
/* Flushes, renames; the writer is gone whatever the status. */
enum ot_status otw_writer_commit(struct otw_writer *w, struct ot_err *err);
void otw_writer_abort(struct otw_writer *w);	/* removes what was written */

/* Does the file begin as ours do?  False for anything unreadable too. */
bool otw_file_is_snapshot(const char *path);

/*
 * Feeds the whole stream to `feed` piece by piece.  *truncated is set when
 * the file ends early; that alone is not an error.  Something that is no
 * snapshot, or is damaged in the middle, is OT_FAILED and says which.
 */
enum ot_status otw_file_read(const char *path,
			     enum ot_status (*feed)(void *, const void *,
						    size_t, struct ot_err *),
			     void *ctx, bool *truncated, struct ot_err *err);

#endif
