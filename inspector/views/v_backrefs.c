/* SPDX-License-Identifier: MIT */
/*
 * What refers to an object, as a tree; edge_tree.c does it.
 */
#include "config.h"

#include "inspector/views/edge_tree.h"

static enum ot_status
backrefs_open(struct ui_view *v, struct ot_err *err)
{
	return edge_tree_open(v, true, err);
}

const struct ui_view_ops view_backrefs = {
	.where = UI_WHERE_TREE | UI_WHERE_REFS | UI_WHERE_HEAP,
	.graph = true, .whole = true, .state = sizeof(struct edge_tree),
	.open = backrefs_open, .close = edge_tree_close,
	.rebind = edge_tree_rebind, .act = edge_tree_act,
	.subject = edge_tree_subject, .details = edge_tree_details,
	.copy = edge_tree_copy, .crumb = edge_tree_crumb,
};
