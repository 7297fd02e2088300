/* SPDX-License-Identifier: MIT */
/*
 * file.c - the stream in a file, behind zstd.
 *
 * A file is one zstd skippable frame that holds our mark (so that a look at
 * 16 bytes tells what it is, and zstd -d still takes it) and one zstd frame
 * with a checksum that holds the stream.  Level 3, on a thread of its own
 * where libzstd can: about 300 MB/s.  A file may hold everything the target
 * knew, so nobody else may read it (mode 0600).
 */
#include "config.h"

#include "wire/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/outfile.h"
#include "wire/wire.h"

enum { MARK_LEN = 16, LEVEL = 3 };

/* magic of a skippable frame, length of its content, content */
static const unsigned char mark[MARK_LEN] = {
	0x5e, 0x2a, 0x4d, 0x18, 8, 0, 0, 0,
	'o', 'b', 'j', 't', 'o', 'p', '\r', '\n',
};

struct otw_writer {
	struct ot_outfile file;
	ZSTD_CStream *z;
	void *out;
	size_t cap;
};

static void
writer_free(struct otw_writer *w)
{
	ot_outfile_abort(&w->file);
	ZSTD_freeCStream(w->z);
	free(w->out);
	free(w);
}

enum ot_status
otw_writer_open(const char *path, struct otw_writer **out, struct ot_err *err)
{
	struct otw_writer *w = calloc(1, sizeof(*w));
	enum ot_status st;

	*out = NULL;
	if (!w)
		return ot_fail_nomem(err, "a snapshot file");
	w->file = (struct ot_outfile)OT_OUTFILE_INIT;
	w->cap = ZSTD_CStreamOutSize();
	w->z = ZSTD_createCStream();
	w->out = malloc(w->cap);
	if (!w->z || !w->out) {
		writer_free(w);
		return ot_fail_nomem(err, "a snapshot file");
	}
	ZSTD_CCtx_setParameter(w->z, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(w->z, ZSTD_c_checksumFlag, 1);
	/* refused where libzstd was built without threads: slower, no more */
	ZSTD_CCtx_setParameter(w->z, ZSTD_c_nbWorkers, 1);
	st = ot_outfile_open(&w->file, path,
			     OT_OUT_PRIVATE | OT_OUT_REGULAR | OT_OUT_SYNC,
			     err);
	if (st == OT_OK)
		st = ot_outfile_write(&w->file, mark, MARK_LEN, err);
	if (st != OT_OK) {
		writer_free(w);
		return st;
	}
	*out = w;
	return OT_OK;
}

static enum ot_status
compress(struct otw_writer *w, const void *data, size_t len,
	 ZSTD_EndDirective end, struct ot_err *err)
{
	ZSTD_inBuffer in = { data, len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { w->out, w->cap, 0 };
		enum ot_status st;

		left = ZSTD_compressStream2(w->z, &out, &in, end);
		if (ZSTD_isError(left))
			return ot_fail(err, OT_FAILED,
				       "cannot compress %s: %s",
				       w->file.path,
				       ZSTD_getErrorName(left));
		st = ot_outfile_write(&w->file, w->out, out.pos, err);
		if (st != OT_OK)
			return st;
	} while (end == ZSTD_e_end ? left != 0 : in.pos < in.size);
	return OT_OK;
}

enum ot_status
otw_writer_add(struct otw_writer *w, const void *data, size_t len,
	       struct ot_err *err)
{
	return compress(w, data, len, ZSTD_e_continue, err);
}

enum ot_status
otw_writer_commit(struct otw_writer *w, struct ot_err *err)
{
	enum ot_status st = compress(w, NULL, 0, ZSTD_e_end, err);

	if (st == OT_OK)
		st = ot_outfile_commit(&w->file, err);
	writer_free(w);
	return st;
}

void
otw_writer_abort(struct otw_writer *w)
{
	if (w)
		writer_free(w);
}

/* ---- reading ---- */

static bool
has_mark(FILE *f)
{
	unsigned char b[MARK_LEN];

	return fread(b, 1, sizeof(b), f) == sizeof(b) &&
	       memcmp(b, mark, sizeof(b)) == 0;
}

/* NONBLOCK: a FIFO must not make us wait for a writer. */
static FILE *
open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *f = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	else
		f = fdopen(fd, "rb");
	if (!f) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return f;
}

bool
otw_file_is_snapshot(const char *path)
{
	FILE *f = open_regular(path);
	bool yes = f && has_mark(f);

	if (f)
		fclose(f);
	return yes;
}

typedef enum ot_status (*feed_fn)(void *, const void *, size_t,
				  struct ot_err *);

struct reader {
	const char *path;
	FILE *f;
	ZSTD_DStream *z;
	void *in, *out;
	size_t in_cap, out_cap;
	size_t left;	/* as zstd says: 0 at the end of the frame */
};

static enum ot_status
inflate_piece(struct reader *r, size_t n, feed_fn feed, void *ctx,
	      struct ot_err *err)
{
	ZSTD_inBuffer in = { r->in, n, 0 };
	bool full = false;

	while (in.pos < in.size || full) {
		ZSTD_outBuffer out = { r->out, r->out_cap, 0 };
		enum ot_status st;

		if (r->left == 0)
			return ot_fail(err, OT_FAILED, "%s is damaged: there "
				       "is something behind its end", r->path);
		r->left = ZSTD_decompressStream(r->z, &out, &in);
		if (ZSTD_isError(r->left))
			return ot_fail(err, OT_FAILED, "%s is damaged: %s",
				       r->path, ZSTD_getErrorName(r->left));
		if (out.pos) {
			st = feed(ctx, r->out, out.pos, err);
			if (st != OT_OK)
				return st;
		}
		/* more may wait inside when the output was filled */
		full = r->left != 0 && out.pos == out.size;
	}
	return OT_OK;
}

static enum ot_status
read_pieces(struct reader *r, feed_fn feed, void *ctx, bool *truncated,
	    struct ot_err *err)
{
	enum ot_status st = OT_OK;

	while (st == OT_OK) {
		size_t n = fread(r->in, 1, r->in_cap, r->f);

		if (n == 0)
			break;
		st = inflate_piece(r, n, feed, ctx, err);
	}
	if (st == OT_OK && ferror(r->f))
		st = ot_fail_errno(err, OT_FAILED, "cannot read %s", r->path);
	*truncated = r->left != 0;
	return st;
}

enum ot_status
otw_file_read(const char *path, feed_fn feed, void *ctx, bool *truncated,
	      struct ot_err *err)
{
	struct reader r = { .path = path, .left = 1 };
	enum ot_status st;

	*truncated = false;
	r.f = open_regular(path);
	if (!r.f)
		return ot_fail_errno(err, OT_FAILED, "cannot open %s", path);
	r.in_cap = ZSTD_DStreamInSize();
	r.out_cap = ZSTD_DStreamOutSize();
	r.in = malloc(r.in_cap);
	r.out = malloc(r.out_cap);
	r.z = ZSTD_createDStream();
	if (!r.in || !r.out || !r.z)
		st = ot_fail_nomem(err, "reading a snapshot");
	else if (!has_mark(r.f))
		st = ot_fail(err, OT_FAILED,
			     "%s is not a snapshot of objtop", path);
	else
		st = read_pieces(&r, feed, ctx, truncated, err);
	ZSTD_freeDStream(r.z);
	free(r.in);
	free(r.out);
	fclose(r.f);
	return st;
}
