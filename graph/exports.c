/* SPDX-License-Identifier: MIT */
/*
 * exports.c - picture formats by file name, and pictures into files.
 *
 * A picture is rendered in memory before its file is opened (base/outfile.h).
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/outfile.h"
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
put_file(const char *path, const struct ot_buf *b, struct ot_err *err)
{
	struct ot_outfile file = OT_OUTFILE_INIT;
	enum ot_status st = ot_outfile_open(&file, path, 0, err);

	if (st == OT_OK)
		st = ot_outfile_write(&file, b->data, b->len, err);
	if (st == OT_OK)
		st = ot_outfile_commit(&file, err);
	ot_outfile_abort(&file);
	return st;
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
