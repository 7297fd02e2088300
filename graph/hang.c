/* SPDX-License-Identifier: MIT */
/*
 * hang.c - from many objects to the one place they hang from.
 *
 * The deepest node of the dominator tree (dom.h) that has nine tenths of them
 * below it; where that is the whole heap, the deepest with more than half.
 * Only what stands above the objects is visited, each node once; columns of
 * 13 bytes a node while it lasts.
 */
#include "config.h"

#include "graph/hang.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/dom.h"
#include "graph/picture.h"
#include "graph/store.h"

#define MOST 10u /* all but a tenth */

void
hg_hang_release(struct hg_hang *h)
{
	ot_buf_release(&h->name);
	h->holder = HG_NONE;
}

/* "['x']" behind ".__dict__" is ".x": its length without quotes, or 0. */
static size_t
attribute_in(const char *label)
{
	size_t len = strlen(label), i;

	if (len < 5 || strncmp(label, "['", 2) != 0 ||
	    strcmp(label + len - 2, "']") != 0)
		return 0;
	for (i = 2; i < len - 2; i++)
		if (label[i] != '_' &&
		    !(label[i] >= 'a' && label[i] <= 'z') &&
		    !(label[i] >= 'A' && label[i] <= 'Z') &&
		    !(label[i] >= '0' && label[i] <= '9') &&
		    !(label[i] & 0x80))
			return 0;
	return len - 4;
}

void
hg_way_text(const struct hg_graph *g, const hg_edge *edges, uint32_t len,
	    struct ot_buf *out)
{
	hg_node root = len > 0 ? hg_edge_from(g, edges[0]) : HG_NONE;
	struct ot_buf label = OT_BUF_INIT;
	bool in_dict = false;
	const char *text;
	size_t attr;
	uint32_t i;

	if (root == HG_NONE)
		return;
	ot_buf_clear(&label);
	hg_node_text(g, root, 0, &label);
	text = ot_buf_str(&label);
	if (hg_root_kind(g, root) == OTW_ROOT_MODULE &&
	    strncmp(text, "module ", 7) == 0)
		text += 7;
	ot_buf_adds(out, text);
	for (i = 0; i < len; i++) {
		if (hg_edge_relation(g, edges[i]) == OTW_REL_MODULE)
			continue;
		ot_buf_clear(&label);
		hg_edge_label(g, edges[i], &label);
		text = ot_buf_str(&label);
		attr = in_dict ? attribute_in(text) : 0;
		if (in_dict && attr == 0)
			ot_buf_adds(out, ".__dict__");
		in_dict = strcmp(text, ".__dict__") == 0;
		if (in_dict)
			continue;
		if (attr > 0) {
			ot_buf_addc(out, '.');
			ot_buf_add(out, text + 2, attr);
			continue;
		}
		if (*text != '.' && *text != '[')
			ot_buf_addc(out, ' ');
		ot_buf_adds(out, text);
	}
	/* "shop.cache" says it for the namespace of the module too. */
	if (in_dict && len > 2)
		ot_buf_adds(out, ".__dict__");
	ot_buf_release(&label);
}

/* What is counted on the way from the objects up to the roots. */
struct climb {
	const struct hg_dom *d;
	uint32_t *count;   /* per node of the tree: of the objects, below it */
	uint32_t *pending; /* children whose count is still to come */
	unsigned char *seen;
	hg_node *queue;
	uint32_t n;
};

static bool
climb_seen(struct climb *c, hg_node n)
{
	bool was = c->seen[n / 8] >> (n % 8) & 1;

	c->seen[n / 8] |= (unsigned char)(1u << n % 8);
	return was;
}

/* Each node above one of the objects is entered once. */
static void
climb_all(struct climb *c, const hg_node *nodes, uint32_t n)
{
	hg_node at, up;
	uint32_t i;

	for (i = 0; i < n; i++) {
		c->count[nodes[i]] = 1;
		for (at = nodes[i]; !climb_seen(c, at); at = up) {
			up = hg_dom_idom(c->d, at);
			if (up == HG_NONE)
				break;
			c->pending[up]++;
		}
	}
	for (i = 0; i < n; i++)
		if (c->pending[nodes[i]] == 0)
			c->queue[c->n++] = nodes[i];
}

/* Children are done before what is above them. */
static void
climb_sum(struct climb *c)
{
	hg_node up;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		up = hg_dom_idom(c->d, c->queue[i]);
		if (up == HG_NONE)
			continue;
		c->count[up] += c->count[c->queue[i]];
		if (--c->pending[up] == 0)
			c->queue[c->n++] = up;
	}
}

static bool
is_own(const hg_node *nodes, uint32_t n, hg_node at)
{
	uint32_t low = 0, high = n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (nodes[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && nodes[low] == at;
}

/*
 * The first in this order with `least` of the objects below it is the deepest;
 * of a list of new objects not its first link, but what holds that.
 */
static hg_node
climb_deepest(const struct climb *c, const hg_node *nodes, uint32_t n,
	      uint32_t least)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		if (c->count[c->queue[i]] >= least &&
		    !is_own(nodes, n, c->queue[i]))
			return c->queue[i];
	return HG_NONE;
}

static enum ot_status
hang_name(const struct hg_graph *g, const struct hg_dom *d, hg_node holder,
	  const struct hg_args *args, struct hg_hang *out, struct ot_err *err)
{
	struct hg_chains chains;
	struct hg_args one = { .k = 1,
			       .cancelled = args->cancelled,
			       .cancel_ctx = args->cancel_ctx };
	enum ot_status st;

	if (hg_dom_is_virtual(d, holder)) {
		out->is_virtual = true;
		hg_dom_virtual_text(d, holder, &out->name);
		return OT_OK;
	}
	if (hg_is_root(g, holder)) {
		hg_node_text(g, holder, 0, &out->name);
		return OT_OK;
	}
	st = hg_chains_find(g, holder, &one, &chains, err);
	if (st != OT_OK)
		return st;
	/* Without a chain it is garbage itself, or held from C. */
	if (chains.n > 0)
		hg_way_text(g, chains.edges[0], chains.lens[0], &out->name);
	else
		an_describe(g, holder, &out->name);
	hg_chains_free(&chains);
	return OT_OK;
}

static enum ot_status
hang_climb(struct climb *c, const struct hg_graph *g, const hg_node *nodes,
	   uint32_t n, const struct hg_args *args, struct hg_hang *out,
	   struct ot_err *err)
{
	hg_node all = hg_dom_node(c->d, HG_DOM_ALL), at;

	climb_all(c, nodes, n);
	climb_sum(c);
	at = climb_deepest(c, nodes, n, n - n / MOST);
	if (at == HG_NONE || at == all)
		at = climb_deepest(c, nodes, n, n / 2 + 1);
	if (at == HG_NONE || at == all)
		return OT_OK;
	out->holder = at;
	out->count = c->count[at];
	return hang_name(g, c->d, at, args, out, err);
}

enum ot_status
hg_hang_find(const struct hg_graph *g, const hg_node *nodes, uint32_t n,
	     const struct hg_args *args, struct hg_hang *out,
	     struct ot_err *err)
{
	struct climb c = { 0 };
	enum ot_status st;
	size_t all;

	*out = (struct hg_hang){ .holder = HG_NONE };
	if (n == 0)
		return OT_OK;
	st = hg_dom_of(g, args, &c.d, err);
	if (st != OT_OK)
		return st;
	all = (size_t)hg_dom_nodes(c.d) + 1;
	c.count = calloc(all, sizeof(*c.count));
	c.pending = calloc(all, sizeof(*c.pending));
	c.queue = ot_realloc_array(NULL, all, sizeof(*c.queue));
	c.seen = calloc(all / 8 + 1, 1);
	if (!c.count || !c.pending || !c.queue || !c.seen)
		st = ot_fail_nomem(err, "what new objects hang from");
	else
		st = hang_climb(&c, g, nodes, n, args, out, err);
	free(c.count);
	free(c.pending);
	free(c.queue);
	free(c.seen);
	if (st == OT_OK && out->name.failed)
		st = ot_fail_nomem(err, "what new objects hang from");
	if (st != OT_OK)
		hg_hang_release(out);
	return st;
}
