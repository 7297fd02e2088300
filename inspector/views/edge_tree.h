/* SPDX-License-Identifier: MIT */
/*
 * edge_tree.h - what v_refs.c and v_backrefs.c have in common: everything but
 * the direction.
 */
#ifndef VIEWS_EDGE_TREE_H
#define VIEWS_EDGE_TREE_H

#include "inspector/ui/tree.h"
#include "inspector/views/edge_kids.h"
#include "inspector/views/views.h"

struct edge_tree {
	const struct hg_graph *g;
	bool back;		/* referrers */
	struct edge_kids kids;
	struct ui_tree tree;
};

enum ot_status edge_tree_open(struct ui_view *v, bool back,
			      struct ot_err *err);
void edge_tree_close(struct ui_view *v);
void edge_tree_rebind(struct ui_view *v);
bool edge_tree_act(struct ui_view *v, enum ui_action a, struct ui_effect *fx);
bool edge_tree_subject(struct ui_view *v, struct ui_subject *out);
void edge_tree_details(struct ui_view *v, struct ot_buf *out);
void edge_tree_copy(struct ui_view *v, struct ot_buf *out);
void edge_tree_crumb(struct ui_view *v, struct ot_buf *out);

/* edge_picture.c: what is open in it, as a picture; the caller frees it. */
enum ot_status edge_tree_picture(const struct edge_tree *s,
				 struct hg_picture **out, struct ot_err *err);

#endif
