/* SPDX-License-Identifier: MIT */
/*
 * render_text.c - nodes and edges of a picture in words.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "graph/dom.h"
#include "graph/render_text.h"
#include "graph/store.h"

#define TYPE_COLS 42u
#define TEXT_COLS 42u
#define EDGE_COLS 32u
#define TIP_COLS  300u
#define TEXTS	  3u /* of a folded node */
#define ADDRS	  10u
#define PATH_MAX_EDGES 12u

void
hg_pic_node_id(const struct hg_picture *p, size_t i, struct ot_buf *out)
{
	const struct hg_pic_node *n = &p->nodes[i];
	const struct hg_graph *g = p->graph;

	if (n->flags & HG_PIC_MORE)
		ot_buf_addf(out, "more%zu", i);
	else if (n->flags & HG_PIC_TYPE)
		ot_buf_addf(out, "type%" PRIu32, n->kind);
	else if (n->flags & HG_PIC_VIRTUAL)
		ot_buf_addf(out, "all%" PRIu32, n->node - hg_nodes(g));
	else if (hg_is_root(g, n->node))
		ot_buf_addf(out, "root%" PRIu32, n->node - hg_objects(g));
	else
		ot_buf_addf(out, "0x%" PRIx64, hg_addr(g, n->node));
}

/*
 * "shop.models.Session", or its last part; behind the types of the graph stand
 * the kinds of roots and the threads (picture_types.c).
 */
static const char *
type_of(const struct hg_picture *p, hg_kind k)
{
	const char *full, *dot;

	if (k >= hg_kinds(p->graph) + OTW_ROOT_COUNT)
		return "thread";
	if (k >= hg_kinds(p->graph))
		return hg_root_kind_text(k - hg_kinds(p->graph));
	full = hg_kind_full(p->graph, k);
	dot = p->look.short_names ? strrchr(full, '.') : NULL;
	return dot && dot[1] != '\0' ? dot + 1 : full;
}

static void
add_escaped(struct ot_buf *out, const char *s, size_t cols)
{
	ot_escape(out, s, strlen(s), OT_ESC_TERM, cols);
}

static void
add_type(const struct hg_picture *p, hg_kind k, struct ot_buf *out)
{
	add_escaped(out, type_of(p, k), TYPE_COLS);
}

static void
add_count(struct ot_buf *out, uint64_t n)
{
	char text[32];

	ot_buf_adds(out, ot_fmt_count(text, sizeof(text), n));
}

static void
add_bytes(struct ot_buf *out, uint64_t n)
{
	char text[32];

	ot_buf_adds(out, ot_fmt_bytes(text, sizeof(text), n));
}

/* "12 more" and what they are. */
static void
label_more(const struct hg_picture *p, const struct hg_pic_node *n,
	   const char *between, struct ot_buf *out)
{
	uint32_t told = 0;
	unsigned i;

	add_count(out, n->count);
	if (n->flags & HG_PIC_KIND) {
		ot_buf_adds(out, " \xc3\x97 ");
		add_type(p, n->kind, out);
		return;
	}
	ot_buf_adds(out, n->flags & HG_PIC_TYPE ? " more types" : " more");
	if (n->of_kind[0] == n->count) {
		ot_buf_addc(out, ' ');
		add_type(p, n->kinds[0], out);
	} else {
		for (i = 0; i < HG_PIC_KINDS && n->of_kind[i] > 0; i++) {
			ot_buf_adds(out, i == 0 ? between : ", ");
			add_count(out, n->of_kind[i]);
			ot_buf_addc(out, ' ');
			add_type(p, n->kinds[i], out);
			told += n->of_kind[i];
		}
		if (told > 0 && told < n->count)
			ot_buf_adds(out, " ...");
	}
	if (n->retained > 0) {
		ot_buf_adds(out, "\nkeep ");
		add_bytes(out, n->retained);
	}
}

/*
 * Second line of an object: its text, without the type where that comes first
 * ("module shop.cache"); where it says no more than the type, its address.
 */
static void
add_text(const struct hg_picture *p, hg_node n, size_t cols,
	 struct ot_buf *out)
{
	const char *type = hg_is_root(p->graph, n)
				   ? hg_root_kind_text(
					     hg_root_kind(p->graph, n))
				   : hg_kind_full(p->graph,
						  hg_kind_of(p->graph, n));
	const char *tail = strrchr(type, '.'), *text;
	struct ot_buf raw = OT_BUF_INIT;
	size_t len = strlen(type);

	hg_node_text(p->graph, n, cols, &raw);
	text = ot_buf_str(&raw);
	if (strcmp(text, type) == 0 || (tail && strcmp(text, tail + 1) == 0))
		ot_buf_addf(out, "0x%" PRIx64, hg_addr(p->graph, n));
	else if (strncmp(text, type, len) == 0 && text[len] == ' ')
		ot_buf_adds(out, text + len + 1);
	else
		ot_buf_adds(out, text);
	if (raw.failed)
		out->failed = true;
	ot_buf_release(&raw);
}

/* The first few of what a folded node stands for, where they have texts. */
static void
add_texts(const struct hg_picture *p, const struct hg_pic_node *n,
	  struct ot_buf *out)
{
	uint32_t i, told = 0;
	size_t len;

	for (i = 0; i < n->count && told < TEXTS; i++) {
		hg_text(p->graph, p->members[n->first + i], &len);
		if (len == 0)
			continue;
		ot_buf_adds(out, told++ > 0 ? ", " : "");
		add_text(p, p->members[n->first + i], TEXT_COLS / TEXTS, out);
	}
	if (told == 0)
		add_text(p, n->node, TEXT_COLS, out);
	if (n->count > told)
		ot_buf_adds(out, ", ...");
}

static void
label_sizes(const struct hg_picture *p, const struct hg_pic_node *n,
	    struct ot_buf *out)
{
	const struct hg_graph *g = p->graph;
	char addr[32];
	int generation;

	if (n->bytes > 0)
		add_bytes(out, n->bytes);
	if (n->retained > n->bytes) {
		ot_buf_adds(out, n->bytes > 0 ? ", keeps " : "keeps ");
		add_bytes(out, n->retained);
	}
	if (n->flags & (HG_PIC_FOLD | HG_PIC_TYPE | HG_PIC_VIRTUAL) ||
	    n->node == HG_NONE || hg_is_root(g, n->node))
		return;
	if (p->look.refcounts && hg_refcount(g, n->node) >= 0)
		ot_buf_addf(out, ", refcount %" PRId64,
			    hg_refcount(g, n->node));
	generation = hg_generation(g, n->node);
	if (p->look.generations && generation >= 0)
		ot_buf_addf(out, ", generation %d", generation);
	snprintf(addr, sizeof(addr), "\n0x%" PRIx64, hg_addr(g, n->node));
	if (p->look.addresses && !strstr(ot_buf_str(out), addr))
		ot_buf_adds(out, addr);
}

static void
add_virtual(const struct hg_picture *p, hg_node n, struct ot_buf *out)
{
	const struct hg_dom *dom = hg_dom_peek(p->graph);

	if (dom)
		hg_dom_virtual_text(dom, n, out);
}

/* "module shop.cache .__dict__": who holds it, and as what. */
static void
add_via(const struct hg_picture *p, hg_edge e, struct ot_buf *out)
{
	hg_node from = hg_edge_from(p->graph, e);
	struct ot_buf raw = OT_BUF_INIT;

	if (hg_is_root(p->graph, from) ||
	    hg_module_of(p->graph, from) != HG_NONE)
		hg_node_text(p->graph, from, TEXT_COLS / 2, &raw);
	else
		add_type(p, hg_kind_of(p->graph, from), &raw);
	ot_buf_addc(&raw, ' ');
	hg_edge_label(p->graph, e, &raw);
	ot_buf_adds(out, "of ");
	ot_escape(out, ot_buf_str(&raw), raw.len, OT_ESC_TERM, TEXT_COLS);
	if (raw.failed)
		out->failed = true;
	ot_buf_release(&raw);
}

/* A line more, unless nothing came behind its start. */
static void
line(struct ot_buf *out, size_t *start)
{
	if (out->len > *start)
		ot_buf_addc(out, '\n');
	*start = out->len;
}

void
hg_pic_node_label(const struct hg_picture *p, size_t i, struct ot_buf *out)
{
	const struct hg_pic_node *n = &p->nodes[i];
	const struct hg_graph *g = p->graph;
	size_t start = out->len;

	if (n->flags & HG_PIC_MORE) {
		label_more(p, n, "\n", out);
		return;
	}
	if (n->flags & HG_PIC_VIRTUAL)
		add_virtual(p, n->node, out);
	else if (n->flags & HG_PIC_TYPE)
		add_type(p, n->kind, out);
	else if (hg_is_root(g, n->node))
		ot_buf_adds(out, hg_root_kind_text(hg_root_kind(g, n->node)));
	else
		add_type(p, hg_kind_of(g, n->node), out);
	if (n->flags & (HG_PIC_FOLD | HG_PIC_TYPE)) {
		ot_buf_adds(out, " \xc3\x97 ");
		add_count(out, n->count);
	}
	line(out, &start);
	if (n->flags & HG_PIC_FOLD)
		add_texts(p, n, out);
	else if (!(n->flags & (HG_PIC_TYPE | HG_PIC_VIRTUAL)))
		add_text(p, n->node, TEXT_COLS, out);
	line(out, &start);
	if (n->via > 0 && !(n->flags & HG_PIC_FOLD))
		add_via(p, n->via - 1, out);
	line(out, &start);
	label_sizes(p, n, out);
	while (out->len > 0 && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
}

uint32_t *
hg_pic_paths(const struct hg_picture *p)
{
	uint32_t *path = ot_realloc_array(NULL, p->nnodes + 1, sizeof(*path));
	uint32_t near, far;
	size_t i;

	if (!path)
		return NULL;
	for (i = 0; i < p->nnodes; i++)
		path[i] = HG_NONE;
	for (i = 0; i < p->nedges; i++) {
		near = p->back ? p->edges[i].to : p->edges[i].from;
		far = p->back ? p->edges[i].from : p->edges[i].to;
		if (path[far] == HG_NONE &&
		    p->nodes[near].depth < p->nodes[far].depth)
			path[far] = (uint32_t)i;
	}
	return path;
}

/*
 * "._sessions['a'].user": how one gets from it to the start, or from there to
 * it; each edge leads to a smaller depth, so this ends.
 */
static void
add_path(const struct hg_picture *p, uint32_t i, const uint32_t *path,
	 struct ot_buf *out)
{
	uint32_t edges[PATH_MAX_EDGES], n = 0, k;
	const struct hg_pic_edge *e;

	while (n < PATH_MAX_EDGES && path[i] != HG_NONE) {
		e = &p->edges[path[i]];
		if (e->edge == HG_NONE)
			return;
		edges[n++] = path[i];
		i = p->back ? e->to : e->from;
	}
	if (n == 0 || path[i] != HG_NONE)
		return;
	ot_buf_adds(out, p->back ? "\nto the start: " : "\nfrom the start: ");
	for (k = 0; k < n; k++) {
		e = &p->edges[edges[p->back ? k : n - 1 - k]];
		hg_edge_label(p->graph, e->edge, out);
		if (k + 1 < n && out->data[out->len - 1] != ']')
			ot_buf_addc(out, ' ');
	}
}

static void
tip_object(const struct hg_picture *p, const struct hg_pic_node *n,
	   struct ot_buf *out)
{
	const struct hg_graph *g = p->graph;
	uint32_t i;

	add_escaped(out, hg_kind_full(g, hg_kind_of(g, n->node)), TIP_COLS);
	if (n->flags & HG_PIC_FOLD) {
		ot_buf_adds(out, " \xc3\x97 ");
		add_count(out, n->count);
		for (i = 0; i < n->count && i < ADDRS; i++)
			ot_buf_addf(out, "%s0x%" PRIx64, i % 5 ? ", " : "\n",
				    hg_addr(g, p->members[n->first + i]));
		if (i < n->count)
			ot_buf_adds(out, ", ...");
	} else {
		ot_buf_addf(out, " at 0x%" PRIx64 "\n", hg_addr(g, n->node));
		hg_node_text(g, n->node, TIP_COLS, out);
	}
}

void
hg_pic_node_tip(const struct hg_picture *p, size_t i, const uint32_t *path,
		struct ot_buf *out)
{
	const struct hg_pic_node *n = &p->nodes[i];
	const struct hg_graph *g = p->graph;
	int64_t refs;

	if (n->flags & HG_PIC_MORE) {
		label_more(p, n, ": ", out);
		return;
	}
	if (n->flags & HG_PIC_VIRTUAL) {
		add_virtual(p, n->node, out);
	} else if (n->flags & HG_PIC_TYPE) {
		add_type(p, n->kind, out);
		ot_buf_adds(out, " \xc3\x97 ");
		add_count(out, n->count);
	} else if (hg_is_root(g, n->node)) {
		hg_node_text(g, n->node, TIP_COLS, out);
	} else {
		tip_object(p, n, out);
	}
	if (n->bytes > 0) {
		ot_buf_addc(out, '\n');
		add_count(out, n->bytes);
		ot_buf_adds(out, " bytes");
	}
	if (n->retained > 0) {
		ot_buf_adds(out, n->bytes > 0 ? ", retains " : "\nretains ");
		add_count(out, n->retained);
	}
	if (n->node != HG_NONE &&
	    !(n->flags & (HG_PIC_FOLD | HG_PIC_VIRTUAL)) &&
	    !hg_is_root(g, n->node)) {
		refs = hg_refcount(g, n->node);
		if (refs >= 0)
			ot_buf_addf(out, ", refcount %" PRId64, refs);
	}
	if (n->flags & HG_PIC_GARBAGE)
		ot_buf_adds(out, "\ngarbage: no root leads there");
	if (path)
		add_path(p, (uint32_t)i, path, out);
}

void
hg_pic_edge_label(const struct hg_picture *p, size_t i, struct ot_buf *out)
{
	const struct hg_pic_edge *e = &p->edges[i];
	struct ot_buf raw = OT_BUF_INIT;

	if (e->edge == HG_NONE) {
		if (e->bytes > 0 && p->nodes[e->to].flags & HG_PIC_TYPE)
			add_bytes(out, e->bytes);
		return;
	}
	hg_edge_label(p->graph, e->edge, &raw);
	ot_escape(out, ot_buf_str(&raw), raw.len, OT_ESC_TERM, EDGE_COLS);
	if (e->flags & HG_PIC_MIXED)
		ot_buf_adds(out, ", ...");
	if (e->count > 1) {
		ot_buf_adds(out, " \xc3\x97 ");
		add_count(out, e->count);
	}
	if (raw.failed)
		out->failed = true;
	ot_buf_release(&raw);
}

static void
add_end(const struct hg_picture *p, uint32_t i, struct ot_buf *out)
{
	const struct hg_pic_node *n = &p->nodes[i];

	if (n->flags & HG_PIC_MORE)
		ot_buf_addf(out, "%" PRIu32 " more", n->count);
	else if (n->flags & HG_PIC_VIRTUAL)
		add_virtual(p, n->node, out);
	else if (n->flags & HG_PIC_TYPE)
		add_type(p, n->kind, out);
	else if (hg_is_root(p->graph, n->node))
		hg_node_text(p->graph, n->node, TEXT_COLS, out);
	else
		ot_buf_addf(out, "%s0x%" PRIx64,
			    n->flags & HG_PIC_FOLD ? "those like " : "",
			    hg_addr(p->graph, n->node));
}

void
hg_pic_edge_tip(const struct hg_picture *p, size_t i, struct ot_buf *out)
{
	const struct hg_pic_edge *e = &p->edges[i];

	add_end(p, e->from, out);
	if (e->edge == HG_NONE) {
		ot_buf_adds(out, e->flags & HG_PIC_KEEPS ? " keeps alive "
							 : " and ");
	} else {
		ot_buf_adds(out, hg_edge_weak(p->graph, e->edge)
					 ? " holds weakly, as "
					 : " holds, as ");
		hg_edge_label(p->graph, e->edge, out);
		ot_buf_adds(out, ", ");
	}
	add_end(p, e->to, out);
	if (e->flags & HG_PIC_CYCLE)
		ot_buf_adds(out, "\npart of a cycle");
	if (e->bytes > 0) {
		ot_buf_adds(out, "\nretained through it: ");
		add_bytes(out, e->bytes);
	}
}
