/* SPDX-License-Identifier: MIT */
/*
 * render_text.h - what stands in and behind nodes and edges of a picture.
 *
 * All is appended, escaped for people (OT_ESC_TERM); lines end in '\n' but for
 * the last.  Whatever writes a file escapes for its format on top.
 */
#ifndef HG_RENDER_TEXT_H
#define HG_RENDER_TEXT_H

#include "graph/picture.h"

/* "0x7f..", "root3", "more5": unlike any other in the picture. */
void hg_pic_node_id(const struct hg_picture *p, size_t i, struct ot_buf *out);

/* Type, text, sizes. */
void hg_pic_node_label(const struct hg_picture *p, size_t i,
		       struct ot_buf *out);
/* All that is known of it; path[] as hg_pic_paths() made it, or NULL. */
void hg_pic_node_tip(const struct hg_picture *p, size_t i,
		     const uint32_t *path, struct ot_buf *out);

void hg_pic_edge_label(const struct hg_picture *p, size_t e,
		       struct ot_buf *out);
void hg_pic_edge_tip(const struct hg_picture *p, size_t e,
		     struct ot_buf *out);

/* Per node the edge towards the start, HG_NONE: none; free() it.  NULL: no
 * memory. */
uint32_t *hg_pic_paths(const struct hg_picture *p);

#endif
