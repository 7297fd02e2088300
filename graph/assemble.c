/* SPDX-License-Identifier: MIT */
/*
 * assemble.c - columns in stream order to a graph in address order.
 *
 * Steps: index the addresses, which gives every object its id; turn places of
 * edges into ids where they lie; bring objects and edges into the order of
 * ids; mirror the edges; count by kind.  What is long is done in two halves,
 * side by side (both.c): edges by their place in the stream, objects by id.
 *
 * Time is linear, and is that of cache misses: what the edges lead to is
 * fetched some edges ahead.  Memory at the peak is some 40 bytes an object and
 * 8 an edge, a third of it gone again at the end.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/raw.h"

#define AHEAD 24u /* edges that are fetched before they are looked at */

struct assembly {
	struct hg_graph *g;
	struct hg_raw *r;
	uint32_t *leaf_of; /* of the places' leaves */
	uint32_t *order;   /* stream position by id */
	uint32_t *start;   /* first out-edge by id, and one more */
	uint32_t *in[2];   /* edges into each node, from either half */
	uint32_t *in_start;
	uint32_t mid; /* first id of the second half */
	uint32_t unseen[2];
};

static void *
array(size_t n, size_t size)
{
	return ot_realloc_array(NULL, n ? n : 1, size);
}

/* ---- ids ---- */

static uint32_t
resolve(const struct assembly *m, const struct hg_raw_edges *e, uint32_t i)
{
	const struct hg_addrs *a = &m->g->addrs;
	uint32_t place = e->to[i], leaf;

	if (OT_UNLIKELY(place == HG_FAR))
		return hg_addrs_find(a, hg_aside_get(&e->far, i));
	leaf = m->leaf_of[place >> HG_PLACE_BITS];
	if (leaf == HG_NONE)
		return HG_NONE;
	return hg_leaf_find(a, &a->leaves[leaf],
			    (place & ((1u << HG_PLACE_BITS) - 1)) << 3);
}

static void
resolve_ahead(const struct assembly *m, uint32_t place)
{
	const struct hg_addrs *a = &m->g->addrs;
	const struct hg_leaf *l;
	uint32_t leaf, word;

	if (place == HG_FAR)
		return;
	leaf = m->leaf_of[place >> HG_PLACE_BITS];
	if (leaf == HG_NONE || a->leaves[leaf].shift == 0)
		return;
	l = &a->leaves[leaf];
	word = l->at + (((place & ((1u << HG_PLACE_BITS) - 1)) << 3) >>
			(l->shift + 6));
	OT_PREFETCH(&a->bits[word]);
	OT_PREFETCH(&a->ranks[word]);
}

static uint32_t
resolve_run(const struct assembly *m, struct hg_raw_edges *e, uint32_t from,
	    uint32_t end)
{
	uint32_t i, unseen = 0;

	for (i = from; i < end; i++) {
		if (end - i > AHEAD)
			resolve_ahead(m, e->to[i + AHEAD]);
		e->to[i] = resolve(m, e, i);
		unseen += e->to[i] == HG_NONE;
	}
	return unseen;
}

static bool
resolve_part(void *ctx, unsigned which)
{
	struct assembly *m = ctx;
	struct hg_raw_edges *e = &m->r->edges, *roots = &m->r->root_edges;
	uint32_t half = e->n / 2;

	if (which == 0) {
		m->unseen[0] = resolve_run(m, e, 0, half);
	} else {
		m->unseen[1] = resolve_run(m, e, half, e->n);
		m->unseen[1] += resolve_run(m, roots, 0, roots->n);
	}
	return true;
}

/* Stream positions by id; of an object reported twice the first counts. */
static bool
make_order(struct assembly *m)
{
	const struct hg_addrs *a = &m->g->addrs;
	const struct hg_leaf *l = NULL;
	uint32_t i, id, n = m->r->n;

	m->order = array(a->n, sizeof(*m->order));
	if (!m->order)
		return false;
	if (a->n != n)
		memset(m->order, 0xff, a->n * sizeof(*m->order));
	for (i = 0; i < n; i++) {
		uint64_t addr = m->r->addr[i];

		if (!l || l->key != addr >> HG_LEAF_SHIFT) {
			id = hg_addrs_find(a, addr);
			l = a->leaves;
			if (a->nleaves > 1)
				l = hg_leaf_of_id(a, id);
		} else {
			id = hg_leaf_find(a, l, (uint32_t)addr &
					  ((1u << HG_LEAF_SHIFT) - 1));
		}
		if (a->n == n || m->order[id] == HG_NONE)
			m->order[id] = i;
	}
	free(m->r->addr);
	m->r->addr = NULL;
	return true;
}

/* ---- out-edges ---- */

static uint32_t
raw_end(const struct hg_raw *r, uint32_t at)
{
	return at + 1 < r->n ? r->first[at + 1] : r->edges.n;
}

/* The object that the kind of this class is, where that is an edge's target. */
static hg_node
implied(const struct hg_graph *g, uint32_t class)
{
	uint32_t kind = g->classes.v[class].kind;

	return kind >> HG_KIND_BITS & OTW_CLASS
		       ? g->kinds[kind & HG_KIND_MASK].node : HG_NONE;
}

/*
 * An object that has edges to what was never reported gets the class of one
 * without them.
 */
static bool
drop_unseen(struct assembly *m, uint32_t at, uint32_t *left)
{
	struct hg_classes *c = &m->g->classes;
	const struct hg_raw *r = m->r;
	struct hg_class class = c->v[r->class[at]];
	uint32_t from = r->first[at], n = raw_end(r, at) - from, i, seen;
	/* 1: the first label is that of the edge to the class */
	uint32_t first = class.kind >> HG_KIND_BITS & OTW_CLASS ? 1 : 0;
	bool known = implied(m->g, r->class[at]) != HG_NONE;
	struct hg_raw_label *labels;
	bool ok;

	seen = known;
	for (i = 0; i < n; i++)
		seen += r->edges.to[from + i] != HG_NONE;
	*left = seen;
	if (seen == n + first)
		return true;
	labels = array(seen, sizeof(*labels));
	if (!labels)
		return false;
	if (first && !known) {
		class.kind &= ~(OTW_CLASS << HG_KIND_BITS);
		m->g->info.unseen_refs++;
	}
	seen = 0;
	for (i = 0; i < n + first; i++) {
		if (i < first ? !known
			      : r->edges.to[from + i - first] == HG_NONE)
			continue;
		labels[seen].label = hg_class_label(c, class.labels, i,
						    &labels[seen].value);
		seen++;
	}
	ok = hg_class_find(c, &m->r->finder, class.kind, labels, seen,
			   &m->r->class[at]);
	free(labels);
	return ok;
}

/* Is the class of every object that refers to it an object of the graph? */
static bool
classes_seen(const struct hg_graph *g)
{
	uint32_t i;

	for (i = 0; i < g->classes.n; i++)
		if (g->classes.v[i].kind >> HG_KIND_BITS & OTW_CLASS &&
		    implied(g, i) == HG_NONE)
			return false;
	return true;
}

/* Where the out-edges of each object start. */
static bool
make_start(struct assembly *m)
{
	const struct hg_raw *r = m->r;
	bool whole = m->unseen[0] + m->unseen[1] == 0 && classes_seen(m->g);
	uint32_t id, at, n, sum = 0, nodes = hg_nodes(m->g);

	m->start = array((size_t)nodes + 1, sizeof(*m->start));
	if (!m->start)
		return false;
	for (id = 0; id < m->g->nobjects; id++) {
		at = m->order[id];
		m->start[id] = sum;
		n = raw_end(r, at) - r->first[at];
		n += implied(m->g, r->class[at]) != HG_NONE;
		if (!whole && !drop_unseen(m, at, &n))
			return false;
		sum += n;
	}
	m->g->root_edges = sum;
	for (; id < nodes; id++) {
		at = id - m->g->nobjects;
		m->start[id] = sum;
		n = at + 1 < r->nroots ? r->root_first[at + 1]
				       : r->root_edges.n;
		for (at = r->root_first[at]; at < n; at++)
			sum += r->root_edges.to[at] != HG_NONE;
	}
	m->start[nodes] = m->g->nedges = sum;
	for (m->mid = 0; m->mid < m->g->nobjects; m->mid++)
		if (m->start[m->mid] >= sum / 2)
			break;
	return true;
}

static void
move_edges(struct assembly *m, const uint32_t *from, uint32_t n, uint32_t to,
	   uint32_t *in)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (from[i] == HG_NONE)
			continue;
		m->g->to[to++] = from[i];
		in[from[i]]++;
	}
}

/* Objects from..end and their edges into the order of ids. */
static void
move_objects(struct assembly *m, uint32_t from, uint32_t end, uint32_t *in)
{
	struct hg_graph *g = m->g;
	const struct hg_raw *r = m->r;
	uint32_t id, at, to;
	hg_node class;

	for (id = from; id < end; id++) {
		at = m->order[id];
		to = m->start[id];
		class = implied(g, r->class[at]);
		if (class != HG_NONE) {
			g->to[to++] = class;
			in[class]++;
		}
		if (g->code)
			g->code[id] = (uint16_t)r->class[at];
		else
			g->code_wide[id] = r->class[at];
		g->bytes.v[id] = r->bytes.v[at];
		g->refcount[id] = r->refcount[at];
		if (r->extra.v)
			g->extra.v[id] = r->extra.v[at];
		if (r->text)
			g->text[id] = r->text[at];
		move_edges(m, r->edges.to + r->first[at],
			   raw_end(r, at) - r->first[at], to, in);
	}
}

static bool
move_part(void *ctx, unsigned which)
{
	struct assembly *m = ctx;
	const struct hg_raw *r = m->r;
	uint32_t i, end;

	if (which == 0) {
		move_objects(m, 0, m->mid, m->in[0]);
		return true;
	}
	move_objects(m, m->mid, m->g->nobjects, m->in[1]);
	for (i = 0; i < r->nroots; i++) {
		end = i + 1 < r->nroots ? r->root_first[i + 1]
					: r->root_edges.n;
		move_edges(m, r->root_edges.to + r->root_first[i],
			   end - r->root_first[i],
			   m->start[m->g->nobjects + i], m->in[1]);
	}
	return true;
}

/* Values beside a column, brought into the order of ids. */
static bool
move_aside(const struct assembly *m, struct hg_aside *to,
	   const struct hg_aside *from)
{
	uint32_t i, n = 0, *ids;
	bool ok = true;

	if (from->n == 0)
		return true;
	/* A bit for each position that has one, then ids in order. */
	ids = calloc((size_t)m->r->n / 32 + 1, sizeof(*ids));
	if (!ids)
		return false;
	for (i = 0; i < from->n; i++)
		ids[from->ids[i] / 32] |= 1u << from->ids[i] % 32;
	for (i = 0; ok && i < m->g->nobjects && n < from->n; i++) {
		uint32_t at = m->order[i];

		if (ids[at / 32] >> at % 32 & 1) {
			ok = hg_aside_add(to, i, hg_aside_get(from, at));
			n++;
		}
	}
	free(ids);
	return ok;
}

static bool
move_root_labels(struct hg_graph *g, const struct hg_raw *r)
{
	uint32_t i, n = 0;

	g->root_label = array(r->root_edges.n, sizeof(*g->root_label));
	if (!g->root_label)
		return false;
	for (i = 0; i < r->root_edges.n; i++) {
		if (r->root_edges.to[i] == HG_NONE)
			continue;
		g->root_label[n] = r->root_label[i];
		if (hg_label_value(r->root_label[i]) == HG_LABEL_ASIDE &&
		    !hg_aside_add(&g->root_aside, n,
				  hg_aside_get(&r->root_aside, i)))
			return false;
		n++;
	}
	return true;
}

static bool
make_columns(struct assembly *m)
{
	struct hg_graph *g = m->g;
	struct hg_raw *r = m->r;
	size_t n = g->nobjects, nodes = hg_nodes(g);

	if (g->classes.n <= (uint32_t)UINT16_MAX + 1)
		g->code = array(n, sizeof(*g->code));
	else
		g->code_wide = array(n, sizeof(*g->code_wide));
	g->bytes.v = array(n, sizeof(*g->bytes.v));
	g->refcount = array(n, sizeof(*g->refcount));
	g->extra.v = r->extra.v ? array(n, sizeof(*g->extra.v)) : NULL;
	g->text = r->text ? array(n, sizeof(*g->text)) : NULL;
	g->to = array(g->nedges, sizeof(*g->to));
	m->in[0] = calloc(nodes + 1, sizeof(**m->in));
	m->in_start = calloc(nodes + 1, sizeof(**m->in));
	if (!m->in_start)
		return false;
	m->in[1] = m->in_start + 1;
	return (g->code || g->code_wide) && g->bytes.v && g->refcount &&
	       (!r->extra.v || g->extra.v) && (!r->text || g->text) && g->to &&
	       m->in[0];
}

static bool
move_all(struct assembly *m)
{
	struct hg_graph *g = m->g;
	struct hg_raw *r = m->r;
	char *texts;

	if (!make_columns(m) || !hg_both(move_part, m, g->nedges) ||
	    !move_aside(m, &g->bytes.wide, &r->bytes.wide) ||
	    !move_aside(m, &g->extra.wide, &r->extra.wide) ||
	    !move_aside(m, &g->refcount_wide, &r->refcount_wide) ||
	    !move_root_labels(g, r) ||
	    !hg_steps_make(&g->out, m->start, hg_nodes(g)))
		return false;
	texts = r->texts.data;
	g->texts_len = r->texts.len;
	r->texts = (struct ot_buf)OT_BUF_INIT;
	if (texts) {
		g->texts = ot_realloc_array(texts, g->texts_len, 1);
		if (!g->texts)
			g->texts = (unsigned char *)texts;
	}
	return true;
}

/* ---- in-edges ---- */

static bool
deal_part(void *ctx, unsigned which)
{
	struct assembly *m = ctx;
	const struct hg_graph *g = m->g;
	uint32_t mid = m->start[m->mid], e = which == 0 ? 0 : mid;
	uint32_t end = which == 0 ? mid : g->nedges;
	uint32_t *in = m->in[which];

	for (; e < end; e++) {
		if (end - e > AHEAD)
			OT_PREFETCH(&in[g->to[e + AHEAD]]);
		g->in_edges[in[g->to[e]]++] = e;
	}
	return true;
}

/*
 * In-edges by counting.  Counts become places: the first half's edges come
 * first.  When all are dealt, the second half's places are where the next
 * node's edges start.
 */
static bool
make_in(struct assembly *m)
{
	struct hg_graph *g = m->g;
	uint32_t nodes = hg_nodes(g), n, first, both, sum = 0;

	for (n = 0; n < nodes; n++) {
		first = m->in[0][n];
		both = first + m->in[1][n];
		m->in[0][n] = sum;
		m->in[1][n] = sum + first;
		sum += both;
	}
	hg_both(deal_part, m, g->nedges);
	free(m->in[0]);
	m->in[0] = NULL;
	return hg_steps_make(&g->in, m->in_start, nodes);
}

/* Every 2^SAMPLE_SHIFT-th edge's block: the last that starts before it. */
static bool
make_sample(struct hg_graph *g)
{
	uint32_t n = (g->nedges >> HG_SAMPLE_SHIFT) + 2, i, block = 0;

	g->sample = array(n, sizeof(*g->sample));
	if (!g->sample)
		return false;
	for (i = 0; i < n; i++) {
		while (block + 1 < g->out.nblocks &&
		       hg_step(&g->out, (block + 1) * HG_BLOCK) <=
			       (uint64_t)i << HG_SAMPLE_SHIFT)
			block++;
		g->sample[i] = block;
	}
	return true;
}

/* ---- kinds ---- */

struct tally {
	struct hg_graph *g;
	uint8_t *seen; /* per class: 1 looked at, 2 has weak edges */
};

/* What the labels of a class say: a container?  weak edges? */
static void
look_at(struct tally *t, hg_node n, uint32_t class)
{
	struct hg_graph *g = t->g;
	struct hg_kind_row *k =
		&g->kinds[g->classes.v[class].kind & HG_KIND_MASK];
	uint32_t i, edges = hg_out(g, n + 1) - hg_out(g, n);
	unsigned rel;

	if (g->classes.v[class].labels == HG_LABELS_RUN) {
		k->container = k->container || edges > 1;
		return;
	}
	t->seen[class] = 1;
	for (i = 0; i < edges; i++) {
		rel = hg_relation_at(g, n, i);
		if (rel == OTW_REL_ITEM || rel == OTW_REL_KEY ||
		    rel == OTW_REL_VALUE)
			k->container = true;
		if (rel == OTW_REL_WEAK)
			t->seen[class] |= 2;
	}
}

/* Edges come in ascending order. */
static bool
weak_set(struct hg_graph *g, hg_edge e)
{
	uint32_t cap = g->cap_weak ? g->cap_weak + g->cap_weak / 2 : 256;
	uint32_t *edges;

	if (!g->weak)
		g->weak = calloc((size_t)(g->nedges >> 12) + 1,
				 sizeof(*g->weak));
	if (!g->weak)
		return false;
	if (g->nweak == g->cap_weak) {
		if (cap < g->cap_weak)
			cap = UINT32_MAX;
		edges = ot_realloc_array(g->weak_edges, cap, sizeof(*edges));
		if (!edges)
			return false;
		g->weak_edges = edges;
		g->cap_weak = cap;
	}
	g->weak[e >> 12] |= (uint64_t)1 << (e >> 6 & 63);
	g->weak_edges[g->nweak++] = e;
	return true;
}

static bool
weak_mark(struct hg_graph *g, hg_node n)
{
	uint32_t first = hg_out(g, n), e;

	for (e = first; e < hg_out(g, n + 1); e++)
		if (hg_relation_at(g, n, e - first) == OTW_REL_WEAK &&
		    !weak_set(g, e))
			return false;
	return true;
}

static bool
weak_roots(struct hg_graph *g)
{
	uint32_t e;

	for (e = g->root_edges; e < g->nedges; e++)
		if (hg_label_relation(g->root_label[e - g->root_edges]) ==
			    OTW_REL_WEAK &&
		    !weak_set(g, e))
			return false;
	return true;
}

static bool
count_kinds(struct tally *t)
{
	struct hg_graph *g = t->g;
	struct hg_kind_row *k;
	uint32_t i, class;

	for (i = 0; i < g->nobjects; i++) {
		class = g->code ? g->code[i] : g->code_wide[i];
		k = &g->kinds[g->classes.v[class].kind & HG_KIND_MASK];
		k->count++;
		k->bytes += hg_narrow_get(&g->bytes, i);
		if (g->classes.v[class].kind >> HG_KIND_BITS & OTW_TRACKED)
			k->tracked++;
		if (t->seen[class] == 0)
			look_at(t, i, class);
		if ((t->seen[class] & 2) && !weak_mark(g, i))
			return false;
	}
	return weak_roots(g);
}

static bool
make_kinds(struct hg_graph *g)
{
	struct tally t = { g, NULL };
	uint32_t first = 0;
	hg_kind k;
	bool ok;

	g->kind_nodes = calloc((size_t)g->nkinds + 1, sizeof(*g->kind_nodes));
	t.seen = calloc((size_t)g->classes.n + 1, 1);
	ok = g->kind_nodes && t.seen && count_kinds(&t);
	free(t.seen);
	for (k = 0; ok && g->nobjects > 0 && k < g->nkinds; k++) {
		g->kinds[k].first = first;
		first += (uint32_t)g->kinds[k].count;
	}
	return ok;
}

struct node_kind {
	hg_node node;
	hg_kind kind;
};

static int
node_kind_compare(const void *a, const void *b)
{
	const struct node_kind *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static void
find_kinds(struct hg_graph *g)
{
	uint32_t i;

	for (i = 0; i < g->nkinds; i++)
		if (g->kinds[i].addr != 0)
			g->kinds[i].node =
				hg_addrs_find(&g->addrs, g->kinds[i].addr);
}

/* Which objects are types themselves. */
static bool
make_kind_nodes(struct hg_graph *g)
{
	struct node_kind *list;
	uint32_t i, n = 0;

	list = ot_realloc_array(NULL, g->nkinds, sizeof(*list));
	if (!list)
		return false;
	for (i = 0; i < g->nkinds; i++) {
		if (g->kinds[i].node != HG_NONE)
			list[n++] = (struct node_kind){ g->kinds[i].node, i };
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), node_kind_compare);
	g->kind_by_node = ot_arena_array(&g->arena, (size_t)n + 1,
					 sizeof(*g->kind_by_node));
	if (g->kind_by_node) {
		for (i = 0; i < n; i++)
			g->kind_by_node[i] = list[i].kind;
		g->nkind_by_node = n;
	}
	free(list);
	return g->kind_by_node != NULL;
}

static void
sum_info(struct hg_graph *g)
{
	struct hg_info *info = &g->info;
	uint32_t i;

	for (i = 0; i < g->nkinds; i++) {
		info->objects += g->kinds[i].count;
		info->tracked += g->kinds[i].tracked;
		info->bytes += g->kinds[i].bytes;
	}
	info->edges = g->nedges;
}

/* p[0..n) of the given size, without room for more. */
static void
shrink(void *p, size_t n, size_t size)
{
	void *array, *less;

	memcpy(&array, p, sizeof(array));
	less = array && n ? ot_realloc_array(array, n, size) : NULL;
	if (less)
		memcpy(p, &less, sizeof(less));
}

static void
shrink_all(struct hg_graph *g)
{
	struct hg_classes *c = &g->classes;

	shrink(&c->v, c->n, sizeof(*c->v));
	shrink(&c->labels, c->nlabels, sizeof(*c->labels));
	c->cap = c->n;
	c->cap_labels = c->nlabels;
	shrink(&g->kinds, g->nkinds, sizeof(*g->kinds));
	if (g->nnames) {
		shrink(&g->names, g->name_off[g->nnames], 1);
		shrink(&g->name_off, (size_t)g->nnames + 1,
		       sizeof(*g->name_off));
	}
}

static bool
assemble(struct assembly *m)
{
	struct hg_graph *g = m->g;
	struct hg_raw *r = m->r;

	if (!hg_addrs_build(&g->addrs, &r->places, r->addr, r->n, &m->leaf_of))
		return false;
	g->nobjects = g->addrs.n;
	g->nroots = r->nroots;
	g->roots = r->roots;
	r->roots = NULL;
	if (!make_order(m))
		return false;
	find_kinds(g);
	hg_both(resolve_part, m, r->edges.n);
	g->info.unseen_refs = (uint64_t)m->unseen[0] + m->unseen[1];
	if (!make_start(m) || !move_all(m))
		return false;
	free(m->order);
	m->order = NULL;
	/* its pages are there already */
	g->in_edges = ot_realloc_array(r->edges.to,
				       g->nedges ? g->nedges : 1,
				       sizeof(*g->in_edges));
	if (!g->in_edges)
		return false;
	r->edges.to = NULL;
	hg_raw_release(r);
	shrink_all(g);
	return make_in(m) && make_sample(g) && make_kinds(g) &&
	       make_kind_nodes(g);
}

enum ot_status
hg_assemble(struct hg_graph *g, struct hg_raw *r, struct ot_err *err)
{
	struct assembly m = { .g = g, .r = r };
	bool ok = assemble(&m);

	if (ok)
		sum_info(g);
	free(m.leaf_of);
	free(m.order);
	free(m.start);
	free(m.in[0]);
	free(m.in_start);
	hg_raw_release(r);
	return ok ? OT_OK : ot_fail_nomem(err, "the graph of the heap");
}
