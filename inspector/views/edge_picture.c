/* SPDX-License-Identifier: MIT */
/*
 * A tree of references as a picture: exactly what is open.
 *
 * An object that stands in several places becomes one node, a folded group and
 * "N more" one node with a count, a group that is open is left out in favour
 * of its members.  Quadratic in the rows, of which no more are drawn than
 * anybody can read.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "inspector/views/edge_tree.h"

#define PICTURE_ROWS 1500u

struct drawing {
	const struct edge_tree *s;
	struct hg_picture *p;
	uint32_t *at;		/* per row: its node of the picture */
};

static bool
drawing_new(struct drawing *d, const struct edge_tree *s, uint32_t rows)
{
	d->s = s;
	d->at = calloc(rows, sizeof(*d->at));
	d->p = calloc(1, sizeof(*d->p));
	if (d->p == NULL || d->at == NULL)
		return false;
	d->p->graph = s->g;
	d->p->back = s->back;
	d->p->nodes = calloc(rows, sizeof(*d->p->nodes));
	d->p->edges = calloc(rows, sizeof(*d->p->edges));
	return d->p->nodes != NULL && d->p->edges != NULL;
}

/* Place of an object in the picture; nnodes: not in it yet. */
static uint32_t
drawing_find(const struct hg_picture *p, hg_node n)
{
	uint32_t i;

	for (i = 0; i < p->nnodes; i++)
		if (p->nodes[i].node == n)
			break;
	return i;
}

/* The node for a row, new or there already. */
static uint32_t
drawing_node(struct drawing *d, const struct ui_tree_item *it)
{
	const struct edge_group *group = (it->flags & UI_TREE_MORE) != 0 ?
		NULL : edge_kids_group(&d->s->kids, it->node);
	struct hg_pic_node n = {
		.node = HG_NONE,
		.depth = it->depth,
		.flags = HG_PIC_MORE,
		.count = it->more,
		.kind = HG_NONE,
	};
	uint32_t at;

	if (group != NULL) {
		n.count = group->n;
		n.kind = group->kind;
		n.flags |= n.kind != HG_NONE ? HG_PIC_KIND : 0;
	} else if ((it->flags & UI_TREE_MORE) == 0) {
		at = drawing_find(d->p, it->node);
		if (at < d->p->nnodes)
			return at;
		n.node = it->node;
		n.flags = it->depth == 0 ? HG_PIC_START : 0;
		if (hg_is_root(d->s->g, it->node))
			n.flags |= HG_PIC_ROOT;
	}
	d->p->nodes[d->p->nnodes] = n;
	return (uint32_t)d->p->nnodes++;
}

static void
drawing_edge(struct drawing *d, uint32_t above, uint32_t below, hg_edge e)
{
	struct hg_picture *p = d->p;
	struct hg_pic_edge edge = {
		.from = d->s->back ? below : above,
		.to = d->s->back ? above : below,
		.edge = e,
	};
	size_t i;

	for (i = 0; e != HG_NONE && i < p->nedges; i++)
		if (p->edges[i].edge == e)
			return;
	p->edges[p->nedges++] = edge;
}

static void
drawing_row(struct drawing *d, uint32_t row)
{
	const struct ui_tree_item *it = &d->s->tree.items[row];
	uint32_t up = ui_tree_parent(&d->s->tree, row);
	bool group = edge_kids_group(&d->s->kids, it->node) != NULL &&
		     (it->flags & UI_TREE_MORE) == 0;

	if (group && (it->flags & UI_TREE_OPEN) != 0) {
		d->at[row] = d->at[up];
		return;
	}
	d->at[row] = drawing_node(d, it);
	if (row > 0)
		drawing_edge(d, d->at[up], d->at[row],
			     group ? HG_NONE : it->edge);
}

enum ot_status
edge_tree_picture(const struct edge_tree *s, struct hg_picture **out,
		  struct ot_err *err)
{
	uint32_t rows = s->tree.n, row;
	struct drawing d = { NULL, NULL, NULL };
	bool ok;

	*out = NULL;
	if (rows == 0)
		return ot_fail(err, OT_FAILED, "the tree is empty");
	if (rows > PICTURE_ROWS)
		return ot_fail(err, OT_FAILED, "%u rows are open: more than "
			       "a picture can show; fold or hide (x) some",
			       rows);
	ok = drawing_new(&d, s, rows);
	for (row = 0; ok && row < rows; row++)
		drawing_row(&d, row);
	if (ok) {
		d.p->caption = hg_picture_caption(d.p, s->back ?
				"references to" : "references from");
		ok = d.p->caption != NULL;
	}
	free(d.at);
	if (!ok) {
		hg_picture_free(d.p);
		return ot_fail_nomem(err, "a picture");
	}
	*out = d.p;
	return OT_OK;
}
