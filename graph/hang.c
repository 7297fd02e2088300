/* SPDX-License-Identifier: MIT */
/*
 * hang.c - from many objects to the one place they hang from.
 *
 * Of the most common way in which they are held (merged.c) the deepest object
 * through which nine tenths of all of them are held; where there is none,
 * the deepest through which at least half are.
 */
#include "config.h"

#include "graph/hang.h"

#include <string.h>

#include "graph/merged.h"
#include "graph/store.h"

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

/* The deepest step of the chain with at least this many behind it. */
static uint32_t
deepest(const struct hg_merged_chain *c, uint64_t least)
{
	uint32_t i, deep = 0;

	for (i = 0; i < c->len; i++)
		if (c->shared[i] && c->through[i] >= least)
			deep = i + 1;
	return deep;
}

enum ot_status
hg_hang_find(const struct hg_graph *g, const hg_node *nodes, uint32_t n,
	     const struct hg_args *args, struct hg_hang *out,
	     struct ot_err *err)
{
	struct hg_args one = *args;
	struct hg_merged m;
	enum ot_status st;
	uint32_t len;

	*out = (struct hg_hang){ .holder = HG_NONE };
	one.k = 1;
	st = hg_merged_find(g, nodes, n, &one, &m, err);
	if (st != OT_OK)
		return st;
	out->held = m.reached;
	if (m.n > 0 && m.chains[0].len > 0) {
		len = deepest(&m.chains[0], m.reached - m.reached / 10);
		if (len == 0)
			len = deepest(&m.chains[0], (m.reached + 1) / 2);
		/* An object of the set itself is not what they hang from. */
		if (len == m.chains[0].len && n > 1)
			len--;
		if (len > 0) {
			out->holder = hg_edge_to(g, m.chains[0].edges[len - 1]);
			out->count = m.chains[0].through[len - 1];
			hg_way_text(g, m.chains[0].edges, len, &out->name);
		}
	}
	hg_merged_free(&m);
	if (out->name.failed) {
		hg_hang_release(out);
		return ot_fail_nomem(err, "a chain");
	}
	return OT_OK;
}
