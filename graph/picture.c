/* SPDX-License-Identifier: MIT */
/*
 * picture.c - collecting a bounded subgraph.
 *
 * Breadth-first, and the list of nodes is the queue: edges found while node i
 * is looked at stand together, behind those of node i - 1.  an_refs.c relies
 * on that order.  Never more than NODES_MAX nodes come together, whatever
 * depth and width ask for: layout takes more than linear time, and nobody can
 * read what is larger.
 */
#include "config.h"

#include "graph/picture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "graph/an_util.h"
#include "graph/ignore.h"
#include "graph/store.h"
#include "graph/which.h"

#define DEPTH_DEFAULT 3u
#define WIDTH_DEFAULT 10u
#define NODES_MAX 5000u
#define CHAIN_ENDS 20u	/* edges drawn at either end of a long chain */
#define PARALLEL_MAX 3u /* edges drawn between the same two nodes */
#define TALLY_KINDS 16u
#define TALLY_LOOK 4096u /* of those not drawn are looked at */

/* A picture under way: where each node of the graph stands in it. */
struct collect {
	struct hg_picture *p;
	const struct hg_args *args;
	struct hg_ignore *ignore;
	struct hg_which *only;
	size_t cap_nodes, cap_edges;
	uint32_t *slots; /* 1 + index into p->nodes, 0: free */
	uint32_t nslots;
	/* of the node being looked at, per node of the picture */
	uint32_t *seen_by, *seen_times;
};

void
hg_picture_free(struct hg_picture *p)
{
	if (!p)
		return;
	free(p->nodes);
	free(p->edges);
	free(p->members);
	free((void *)p->caption);
	free(p);
}

static bool
collect_init(struct collect *c, const struct hg_graph *g, bool back)
{
	*c = (struct collect){ 0 };
	c->nslots = 8192;
	c->p = calloc(1, sizeof(*c->p));
	c->slots = calloc(c->nslots, sizeof(*c->slots));
	if (!c->p || !c->slots)
		return false;
	c->p->graph = g;
	c->p->back = back;
	return true;
}

static void
collect_release(struct collect *c)
{
	hg_ignore_free(c->ignore);
	hg_which_free(c->only);
	hg_picture_free(c->p);
	free(c->slots);
	free(c->seen_by);
	free(c->seen_times);
}

static uint32_t *
slot_of(const struct collect *c, hg_node n)
{
	uint32_t at = n * 0x9e3779b1u & (c->nslots - 1);

	while (c->slots[at] != 0 && c->p->nodes[c->slots[at] - 1].node != n)
		at = (at + 1) & (c->nslots - 1);
	return &c->slots[at];
}

static bool
slots_grow(struct collect *c)
{
	uint32_t *old = c->slots, i;

	c->slots = calloc((size_t)c->nslots * 2, sizeof(*c->slots));
	if (!c->slots) {
		c->slots = old;
		return false;
	}
	c->nslots *= 2;
	free(old);
	for (i = 0; i < c->p->nnodes; i++)
		if (c->p->nodes[i].node != HG_NONE)
			*slot_of(c, c->p->nodes[i].node) = i + 1;
	return true;
}

static bool
nodes_room(struct collect *c)
{
	size_t cap = c->cap_nodes ? c->cap_nodes * 2 : 64;
	void *p;

	if (c->p->nnodes < c->cap_nodes)
		return true;
	p = ot_realloc_array(c->p->nodes, cap, sizeof(*c->p->nodes));
	if (!p)
		return false;
	c->p->nodes = p;
	p = ot_realloc_array(c->seen_by, cap, sizeof(*c->seen_by));
	if (!p)
		return false;
	c->seen_by = p;
	p = ot_realloc_array(c->seen_times, cap, sizeof(*c->seen_times));
	if (!p)
		return false;
	c->seen_times = p;
	c->cap_nodes = cap;
	return true;
}

/* The node's place in the picture, added where it was not in; -1: no memory. */
static int64_t
node_add(struct collect *c, hg_node n, uint32_t depth, unsigned flags,
	 uint32_t count)
{
	struct hg_picture *p = c->p;
	uint32_t *slot = NULL;

	if (n != HG_NONE) {
		slot = slot_of(c, n);
		if (*slot != 0)
			return *slot - 1;
		if (hg_is_root(p->graph, n) ||
		    hg_module_of(p->graph, n) != HG_NONE)
			flags |= HG_PIC_ROOT;
	}
	if (p->nnodes >= UINT32_MAX / 4 || !nodes_room(c))
		return -1;
	c->seen_by[p->nnodes] = HG_NONE;
	p->nodes[p->nnodes++] = (struct hg_pic_node){
		.node = n,
		.depth = depth,
		.flags = flags,
		.count = count,
	};
	if (slot)
		*slot = (uint32_t)p->nnodes;
	if (p->nnodes > c->nslots / 2 && !slots_grow(c))
		return -1;
	return (int64_t)p->nnodes - 1;
}

/* An edge between the node looked at and its neighbour `far`. */
static bool
edge_add(struct collect *c, uint32_t near, uint32_t far, bool back, hg_edge e)
{
	struct hg_picture *p = c->p;
	size_t cap = c->cap_edges ? c->cap_edges * 2 : 64;
	void *bigger;

	if (p->nedges == c->cap_edges) {
		bigger = ot_realloc_array(p->edges, cap, sizeof(*p->edges));
		if (!bigger)
			return false;
		p->edges = bigger;
		c->cap_edges = cap;
	}
	p->edges[p->nedges++] = (struct hg_pic_edge){
		.from = back ? far : near,
		.to = back ? near : far,
		.edge = e,
	};
	return true;
}

/* Does the search end here? */
static bool
is_end(const struct collect *c, const struct hg_pic_node *n, uint32_t depth)
{
	if (n->flags & HG_PIC_MORE || n->depth >= depth)
		return true;
	if (n->flags & HG_PIC_START)
		return false;
	/*
	 * Everybody imports modules: what refers to one explains nothing.
	 * Nor does what a class is made of explain its instances.
	 */
	return c->p->back ? (n->flags & HG_PIC_ROOT) != 0
			  : hg_kind_at_node(c->p->graph, n->node) != HG_NONE;
}

/*
 * Is it told already?  A node's label names its class, and the label of a
 * value its key; the start shows them all the same.
 */
static bool
is_told(const struct collect *c, const struct hg_pic_node *near, hg_edge e,
	hg_node far)
{
	unsigned relation = hg_edge_relation(c->p->graph, e);
	size_t len;

	if (c->p->back || near->flags & HG_PIC_START)
		return false;
	if (relation != OTW_REL_KEY)
		return relation == OTW_REL_TYPE;
	hg_text(c->p->graph, far, &len);
	return len > 0;
}

/* Of which types those are that are not drawn. */
struct tally {
	uint32_t used, looked, of[TALLY_KINDS];
	hg_kind kind[TALLY_KINDS];
};

static void
tally_add(struct tally *t, const struct hg_graph *g, hg_node n)
{
	hg_kind k = hg_kind_of(g, n);
	uint32_t i;

	if (t->looked == TALLY_LOOK)
		return;
	t->looked++;
	for (i = 0; i < t->used && t->kind[i] != k; i++)
		;
	if (k == HG_NONE || (i == t->used && i == TALLY_KINDS))
		return;
	if (i == t->used) {
		t->kind[t->used++] = k;
		t->of[i] = 0;
	}
	t->of[i]++;
}

/* The types met most often, into the node that stands for all of them. */
static void
tally_tell(struct tally *t, struct hg_pic_node *n)
{
	uint32_t i, j, best;

	for (j = 0; j < HG_PIC_KINDS && j < t->used; j++) {
		for (best = 0, i = 1; i < t->used; i++)
			if (t->of[i] > t->of[best])
				best = i;
		n->kinds[j] = t->kind[best];
		n->of_kind[j] = t->of[best];
		t->of[best] = 0;
	}
}

static bool
add_more(struct collect *c, uint32_t i, uint32_t more, struct tally *t)
{
	int64_t far;

	if (more == 0)
		return true;
	far = node_add(c, HG_NONE, c->p->nodes[i].depth + 1, HG_PIC_MORE, more);
	if (far < 0)
		return false;
	tally_tell(t, &c->p->nodes[far]);
	return edge_add(c, i, (uint32_t)far, c->p->back, HG_NONE);
}

/* One of several edges between the same two nodes: too many by now? */
static bool
is_parallel(struct collect *c, uint32_t i, hg_node far)
{
	uint32_t at = *slot_of(c, far);

	if (at-- == 0)
		return false;
	if (c->seen_by[at] != i) {
		c->seen_by[at] = i;
		c->seen_times[at] = 0;
	}
	return c->seen_times[at]++ >= PARALLEL_MAX;
}

static uint32_t
degree(const struct hg_graph *g, hg_node n, bool back)
{
	uint32_t n_in;

	(void)hg_in(g, n, &n_in);
	return back ? n_in : hg_out(g, n + 1) - hg_out(g, n);
}

/*
 * How many of the `left` neighbours from (e, far) on would have been drawn.
 * Nothing is told already among referrers: few of them are looked at.
 */
static uint32_t
not_told(const struct collect *c, const struct hg_pic_node *n,
	 struct hg_near *it, hg_edge e, hg_node far, uint32_t left,
	 struct tally *tally)
{
	uint32_t more = 0;

	do {
		if (is_told(c, n, e, far))
			continue;
		more++;
		tally_add(tally, c->p->graph, far);
	} while ((!c->p->back || tally->looked < TALLY_LOOK) &&
		 hg_near_next(it, &e, &far));
	return c->p->back ? left : more;
}

/* Adds the neighbours of node i of the picture. */
static bool
expand(struct collect *c, uint32_t i, uint32_t width)
{
	const struct hg_graph *g = c->p->graph;
	struct hg_pic_node n = c->p->nodes[i];
	uint32_t shown = 0, more = 0, left = degree(g, n.node, c->p->back);
	struct tally tally = { 0 };
	struct hg_near it;
	hg_node far_node;
	int64_t far;
	hg_edge e;

	hg_near_init(&it, g, n.node, c->p->back);
	for (; hg_near_next(&it, &e, &far_node); left--) {
		if (shown == width && !c->ignore && !c->only) {
			more = not_told(c, &n, &it, e, far_node, left, &tally);
			break;
		}
		if (is_told(c, &n, e, far_node) ||
		    hg_ignored(c->ignore, e, c->p->back ? far_node : n.node,
			       far_node) ||
		    !hg_which(c->only, far_node))
			continue;
		if (shown == width ||
		    (c->p->nnodes >= NODES_MAX && *slot_of(c, far_node) == 0)) {
			more++;
			tally_add(&tally, g, far_node);
			continue;
		}
		if (is_parallel(c, i, far_node))
			continue;
		far = node_add(c, far_node, n.depth + 1, 0, 0);
		if (far < 0 || !edge_add(c, i, (uint32_t)far, c->p->back, e))
			return false;
		if (c->seen_by[far] != i) {
			c->seen_by[far] = i;
			c->seen_times[far] = 1;
		}
		shown++;
	}
	return add_more(c, i, more, &tally);
}

/* "references to ...", then a line with pid, runtime, command and time. */
char *
hg_picture_caption(const struct hg_picture *p, const char *verb)
{
	const struct hg_info *info = hg_info(p->graph);
	struct ot_buf b = OT_BUF_INIT;
	char when[64];
	size_t i, starts = 0;
	hg_node first = HG_NONE;

	for (i = 0; i < p->nnodes; i++) {
		if (!(p->nodes[i].flags & HG_PIC_START))
			continue;
		if (p->nodes[i].flags & HG_PIC_MORE)
			starts += p->nodes[i].count - 1;
		else if (first == HG_NONE)
			first = p->nodes[i].node;
		starts++;
	}
	ot_buf_adds(&b, verb);
	ot_buf_addc(&b, ' ');
	if (first != HG_NONE)
		an_describe(p->graph, first, &b);
	if (starts > 1)
		ot_buf_addf(&b, " and %zu more", starts - 1);
	ot_buf_addc(&b, '\n');
	if (info->pid != 0)
		ot_buf_addf(&b, "pid %" PRIu64 ", ", info->pid);
	if (*info->runtime != '\0') {
		ot_escape(&b, info->runtime, strlen(info->runtime),
			  OT_ESC_TERM, 20);
		ot_buf_addc(&b, ' ');
		ot_escape(&b, info->version, strlen(info->version),
			  OT_ESC_TERM, 20);
		ot_buf_adds(&b, ", ");
	}
	if (*info->command != '\0') {
		ot_escape(&b, info->command, strlen(info->command), OT_ESC_TERM,
			  60);
		ot_buf_adds(&b, ", ");
	}
	if (info->time_ns != 0)
		ot_buf_adds(&b,
			    ot_fmt_rfc3339(when, sizeof(when), info->time_ns));
	if (b.failed) {
		ot_buf_release(&b);
		return NULL;
	}
	return b.data;
}

static enum ot_status
collect_refs(struct collect *c, const hg_node *start, size_t nstart,
	     struct ot_err *err)
{
	uint32_t width =
		c->args->max_width ? c->args->max_width : WIDTH_DEFAULT;
	uint32_t depth = c->args->depth ? c->args->depth : DEPTH_DEFAULT;
	size_t starts = nstart < width ? nstart : width, i;
	enum ot_status st = OT_OK;

	if (starts > NODES_MAX)
		starts = NODES_MAX;
	for (i = 0; i < starts; i++)
		if (node_add(c, start[i], 0, HG_PIC_START, 0) < 0)
			return ot_fail_nomem(err, "a picture");
	if (nstart > starts &&
	    node_add(c, HG_NONE, 0, HG_PIC_START | HG_PIC_MORE,
		     (uint32_t)(nstart - starts)) < 0)
		return ot_fail_nomem(err, "a picture");
	for (i = 0; st == OT_OK && i < c->p->nnodes; i++) {
		if (is_end(c, &c->p->nodes[i], depth))
			continue;
		st = an_check(c->args, i, c->p->nnodes, err);
		if (st == OT_OK && !expand(c, (uint32_t)i, width))
			st = ot_fail_nomem(err, "a picture");
	}
	return st;
}

enum ot_status
hg_picture_refs(const struct hg_graph *g, const hg_node *start, size_t nstart,
		bool back, const struct hg_args *args, struct hg_picture **out,
		struct ot_err *err)
{
	struct collect c;
	enum ot_status st;

	*out = NULL;
	if (!collect_init(&c, g, back)) {
		collect_release(&c);
		return ot_fail_nomem(err, "a picture");
	}
	c.args = args;
	st = hg_ignore_new(g, args, &c.ignore, err);
	if (st == OT_OK)
		st = hg_which_new(g, args->only, &c.only, err);
	if (st == OT_OK)
		st = collect_refs(&c, start, nstart, err);
	if (st == OT_OK) {
		c.p->caption = hg_picture_caption(c.p, back ? "references to"
						      : "references from");
		if (!c.p->caption)
			st = ot_fail_nomem(err, "a picture");
	}
	if (st == OT_OK) {
		*out = c.p;
		c.p = NULL;
	}
	collect_release(&c);
	return st;
}

/* Edge i of a chain; what is drawn already is not drawn again. */
static bool
chain_edge(struct collect *c, const hg_edge *edges, uint32_t len, uint32_t i)
{
	const struct hg_graph *g = c->p->graph;
	struct hg_picture *p = c->p;
	int64_t from, to;
	size_t j;

	from = node_add(c, hg_edge_from(g, edges[i]), len - i, 0, 0);
	to = node_add(c, hg_edge_to(g, edges[i]), len - i - 1, 0, 0);
	if (from < 0 || to < 0)
		return false;
	if (i == len - 1)
		p->nodes[to].flags |= HG_PIC_START;
	for (j = 0; j < p->nedges; j++)
		if (p->edges[j].edge == edges[i])
			return true;
	return edge_add(c, (uint32_t)to, (uint32_t)from, true, edges[i]);
}

/* Of a chain too long to be read the middle is one "N more" node. */
static bool
chain_add(struct collect *c, const hg_edge *edges, uint32_t len)
{
	const struct hg_graph *g = c->p->graph;
	int64_t before, more, behind;
	uint32_t i;

	for (i = 0; i < len; i++) {
		if (len > 2 * CHAIN_ENDS + 1 && i == CHAIN_ENDS)
			i = len - CHAIN_ENDS;
		if (!chain_edge(c, edges, len, i))
			return false;
	}
	if (len <= 2 * CHAIN_ENDS + 1)
		return true;
	before = node_add(c, hg_edge_to(g, edges[CHAIN_ENDS - 1]), 0, 0, 0);
	behind = node_add(c, hg_edge_from(g, edges[len - CHAIN_ENDS]), 0, 0, 0);
	more = node_add(c, HG_NONE, len / 2, HG_PIC_MORE,
			len - 2 * CHAIN_ENDS - 1);
	return before >= 0 && behind >= 0 && more >= 0 &&
	       edge_add(c, (uint32_t)more, (uint32_t)before, true, HG_NONE) &&
	       edge_add(c, (uint32_t)behind, (uint32_t)more, true, HG_NONE);
}

enum ot_status
hg_picture_chains(const struct hg_graph *g, const hg_edge *const *chains,
		  const uint32_t *lens, size_t nchains, struct hg_picture **out,
		  struct ot_err *err)
{
	struct collect c;
	bool ok;
	size_t i;

	*out = NULL;
	ok = collect_init(&c, g, true);
	for (i = 0; ok && i < nchains && c.p->nnodes < NODES_MAX; i++)
		ok = chain_add(&c, chains[i], lens[i]);
	if (ok) {
		c.p->caption = hg_picture_caption(c.p, "why it is alive:");
		ok = c.p->caption != NULL;
	}
	if (ok) {
		*out = c.p;
		c.p = NULL;
	}
	collect_release(&c);
	return ok ? OT_OK : ot_fail_nomem(err, "a picture");
}
