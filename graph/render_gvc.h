/* SPDX-License-Identifier: MIT */
/*
 * render_gvc.h - layout and rendering, in a process of their own.
 */
#ifndef HG_RENDER_GVC_H
#define HG_RENDER_GVC_H

#include "graph/picture.h"

struct hg_layout {
	const char *format;	/* libgvc's name */
	bool force;		/* sfdp instead of dot */
	const char *note;	/* last line of the caption; may be NULL */
};

/* Leaves memory of libgvc behind: for a child that ends soon. */
bool hg_gvc_draw(const struct hg_picture *p, const struct hg_layout *how,
		 struct ot_buf *out);

/* The style sheet of any SVG: what moves, and the colours of dark ground. */
void hg_svg_style(const struct hg_picture *p, struct ot_buf *out);

/*
 * An SVG of libgvc's with what browsers can do on top: tooltips, links along
 * edges, ids by address, colours for light and dark.
 */
bool hg_svg_finish(const struct hg_picture *p, const struct ot_buf *in,
		   struct ot_buf *out);

#endif
