/* SPDX-License-Identifier: MIT */
/*
 * outfile.c - "PATH.part", then rename().
 *
 * The part is opened without following a link and without waiting for a
 * reader, and must turn out to be a regular file: whoever may write to the
 * directory could have put something else there.
 */
#include "config.h"

#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
outfile_release(struct ot_outfile *o)
{
	if (o->stream)
		fclose(o->stream);
	if (o->fd >= 0)
		close(o->fd);
	free(o->path);
	free(o->part);
	*o = (struct ot_outfile)OT_OUTFILE_INIT;
}

/* What messages name: where the trouble is. */
static const char *
outfile_name(const struct ot_outfile *o)
{
	return o->part ? o->part : o->path;
}

static enum ot_status
outfile_special(struct ot_outfile *o, mode_t mode, struct ot_err *err)
{
	if (S_ISDIR(mode))
		return ot_fail(err, OT_FAILED,
			       "cannot write %.300s: it is a directory",
			       o->path);
	if (o->flags & OT_OUT_REGULAR)
		return ot_fail(err, OT_FAILED,
			       "%.300s is not a regular file: choose another "
			       "name",
			       o->path);
	free(o->part);
	o->part = NULL;
	o->fd = open(o->path, O_WRONLY | O_CLOEXEC);
	if (o->fd < 0)
		return ot_fail_errno(err, OT_FAILED, "cannot write %.300s",
				     o->path);
	return OT_OK;
}

static enum ot_status
outfile_part(struct ot_outfile *o, struct ot_err *err)
{
	struct stat sb;

	o->fd = open(o->part,
		     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC |
			     O_NONBLOCK,
		     o->flags & OT_OUT_PRIVATE ? 0600 : 0666);
	if (o->fd < 0)
		return ot_fail_errno(err, OT_FAILED, "cannot create %.300s",
				     o->part);
	if (fstat(o->fd, &sb) != 0 || !S_ISREG(sb.st_mode))
		return ot_fail(err, OT_FAILED,
			       "%.300s is not a regular file: remove it",
			       o->part);
	return OT_OK;
}

enum ot_status
ot_outfile_open(struct ot_outfile *o, const char *path, unsigned flags,
		struct ot_err *err)
{
	size_t len = strlen(path);
	enum ot_status st;
	struct stat sb;

	*o = (struct ot_outfile)OT_OUTFILE_INIT;
	o->flags = flags;
	o->path = strdup(path);
	o->part = malloc(len + sizeof(".part"));
	if (!o->path || !o->part) {
		outfile_release(o);
		return ot_fail_nomem(err, "a file");
	}
	memcpy(o->part, path, len);
	memcpy(o->part + len, ".part", sizeof(".part"));
	if (stat(path, &sb) == 0 && !S_ISREG(sb.st_mode))
		st = outfile_special(o, sb.st_mode, err);
	else
		st = outfile_part(o, err);
	if (st != OT_OK)
		outfile_release(o);
	return st;
}

enum ot_status
ot_outfile_write(struct ot_outfile *o, const void *data, size_t len,
		 struct ot_err *err)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = write(o->fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ot_fail_errno(err, OT_FAILED,
					     "cannot write %.300s",
					     outfile_name(o));
		p += n;
		len -= (size_t)n;
	}
	return OT_OK;
}

FILE *
ot_outfile_stream(struct ot_outfile *o)
{
	if (!o->stream) {
		o->stream = fdopen(o->fd, "w");
		if (o->stream)
			o->fd = -1;
	}
	return o->stream;
}

/* Everything is out, and the disk had room for it. */
static bool
outfile_close(struct ot_outfile *o)
{
	bool sync = (o->flags & OT_OUT_SYNC) && o->part, ok = true;
	int saved = 0, rc;

	if (o->stream) {
		ok = !ferror(o->stream) && fflush(o->stream) == 0 &&
		     (!sync || fsync(fileno(o->stream)) == 0 ||
		      errno == EINVAL);
		saved = errno;
		rc = fclose(o->stream);
		o->stream = NULL;
	} else {
		ok = !sync || fsync(o->fd) == 0 || errno == EINVAL;
		saved = errno;
		rc = close(o->fd);
		o->fd = -1;
	}
	if (!ok)
		errno = saved;
	return ok && rc == 0;
}

enum ot_status
ot_outfile_commit(struct ot_outfile *o, struct ot_err *err)
{
	enum ot_status st = OT_OK;

	if (!outfile_close(o))
		st = ot_fail_errno(err, OT_FAILED, "cannot write %.300s",
				   outfile_name(o));
	if (st == OT_OK && o->part && rename(o->part, o->path) != 0)
		st = ot_fail_errno(err, OT_FAILED,
				   "cannot rename %.300s to %.300s", o->part,
				   o->path);
	if (st != OT_OK && o->part)
		unlink(o->part);
	outfile_release(o);
	return st;
}

void
ot_outfile_abort(struct ot_outfile *o)
{
	if (o->part && (o->fd >= 0 || o->stream))
		unlink(o->part);
	outfile_release(o);
}
