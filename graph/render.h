/* SPDX-License-Identifier: MIT */
/*
 * render.h - a picture into a file, by libgvc (never by running dot).
 *
 * p->look says how.  The picture gets its sizes, cycles and garbage here
 * (hg_picture_look); what is folded for the drawing stays as it was in it.
 */
#ifndef HG_RENDER_H
#define HG_RENDER_H

#include "graph/picture.h"

struct hg_export {
	const char *ext;	/* "svg" */
	const char *format;	/* libgvc's name */
	const char *help;
};

extern const struct hg_export hg_exports[];	/* ends with ext NULL */

/* By the file name's ending; OT_USAGE names the endings there are. */
enum ot_status hg_export_for(const char *path, const struct hg_export **out,
			     struct ot_err *err);

/* Writes "path.part", then renames; an unwritable place is OT_FAILED. */
enum ot_status hg_render_file(struct hg_picture *p, const char *path,
			      struct ot_err *err);

/* The picture of hg_picture_retained() as areas, of its whole tree. */
enum ot_status hg_treemap_svg(struct hg_picture *p, struct ot_buf *out,
			      struct ot_err *err);
enum ot_status hg_treemap_file(struct hg_picture *p, const char *path,
			       struct ot_err *err);

/* The same into memory (ot_buf_release it); ext as in exports.def. */
enum ot_status hg_render_buf(struct hg_picture *p, const char *ext,
			     struct ot_buf *out, struct ot_err *err);

#endif
