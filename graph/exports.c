/* SPDX-License-Identifier: MIT */
/*
 * exports.c - picture formats by file name, and pictures into files.
 *
 * A picture is rendered in memory, written to "FILE.part" and renamed, so that
 * nothing half-made ever has the name asked for.  What is no regular file (a
 * pipe, /dev/stdout) is written to as it stands.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/render.h"

const struct hg_export hg_exports[] = {
#define EXPORT(ext, format, help) { #ext, format, help },
#include "graph/exports.def"
	{ NULL, NULL, NULL },
};

enum ot_status
hg_export_for(const char *path, const struct hg_export **out,
	      struct ot_err *err)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	struct ot_buf names = OT_BUF_INIT;
	const struct hg_export *x;
	enum ot_status st;

	for (x = hg_exports; x->ext; x++) {
		if (dot && (!slash || dot > slash) &&
		    strcasecmp(dot + 1, x->ext) == 0) {
			*out = x;
			return OT_OK;
		}
	}
	for (x = hg_exports; x->ext; x++)
		ot_buf_addf(&names, "%s.%s", x == hg_exports ? "" : ", ",
			    x->ext);
	st = ot_fail(err, OT_USAGE,
		     "cannot tell a picture format from '%.300s'"
		     ": the name may end in %s",
		     path, ot_buf_str(&names));
	ot_buf_release(&names);
	return st;
}

static enum ot_status
write_all(const char *path, int fd, const struct ot_buf *b, struct ot_err *err)
{
	size_t at = 0;
	ssize_t n;

	while (at < b->len) {
		n = write(fd, b->data + at, b->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ot_fail_errno(err, OT_FAILED,
					     "cannot write the picture to "
					     "%.300s",
					     path);
		at += (size_t)n;
	}
	return OT_OK;
}

/* Into `name`, which is `path` or stands for it until it is whole. */
static enum ot_status
write_file(const char *path, const char *name, const struct ot_buf *b,
	   struct ot_err *err)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	enum ot_status st;

	if (fd < 0)
		return ot_fail_errno(err, OT_FAILED,
				     "cannot write the picture to %.300s",
				     path);
	st = write_all(path, fd, b, err);
	if (close(fd) != 0 && st == OT_OK)
		st = ot_fail_errno(err, OT_FAILED,
				   "cannot write the picture to %.300s", path);
	return st;
}

static enum ot_status
replace_file(const char *path, const struct ot_buf *b, struct ot_err *err)
{
	struct ot_buf part = OT_BUF_INIT;
	enum ot_status st;

	ot_buf_adds(&part, path);
	ot_buf_adds(&part, ".part");
	if (part.failed) {
		ot_buf_release(&part);
		return ot_fail_nomem(err, "a file name");
	}
	st = write_file(path, part.data, b, err);
	if (st == OT_OK && rename(part.data, path) != 0)
		st = ot_fail_errno(err, OT_FAILED,
				   "cannot write the picture to %.300s", path);
	if (st != OT_OK)
		unlink(part.data);
	ot_buf_release(&part);
	return st;
}

static enum ot_status
put_file(const char *path, const struct ot_buf *b, struct ot_err *err)
{
	struct stat sb;

	if (stat(path, &sb) != 0 || S_ISREG(sb.st_mode))
		return replace_file(path, b, err);
	if (S_ISDIR(sb.st_mode))
		return ot_fail(err, OT_FAILED,
			       "cannot write the picture to "
			       "%.300s: it is a directory",
			       path);
	return write_file(path, path, b, err);
}

enum ot_status
hg_render_file(struct hg_picture *p, const char *path, struct ot_err *err)
{
	struct ot_buf b = OT_BUF_INIT;
	const struct hg_export *x;
	enum ot_status st;

	st = hg_export_for(path, &x, err);
	if (st == OT_OK)
		st = hg_render_buf(p, x->ext, &b, err);
	if (st == OT_OK)
		st = put_file(path, &b, err);
	ot_buf_release(&b);
	return st;
}

enum ot_status
hg_treemap_file(struct hg_picture *p, const char *path, struct ot_err *err)
{
	struct ot_buf b = OT_BUF_INIT;
	enum ot_status st = hg_treemap_svg(p, &b, err);

	if (st == OT_OK)
		st = put_file(path, &b, err);
	ot_buf_release(&b);
	return st;
}
