/* SPDX-License-Identifier: MIT */
/*
 * Neighbours as rows.
 *
 * One pass over a node's edges counts types and relations in a hash table, a
 * second makes the rows; at most KIDS_LOOK edges are looked at, so that a key
 * is answered at once on an object with ten million neighbours too, and the
 * others stand in one row.  Members of a group are not kept: they are looked
 * for when a page of them is shown.
 */
#include "config.h"

#include "inspector/views/edge_kids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define KIDS_LOOK	(1u << 20)	/* edges looked at */
#define KIDS_LOOK_BACK	(1u << 18)	/* where they cost a search each */

/* Edges of a node by position, those to show first in front. */
struct kids_walk {
	const struct hg_graph *g;
	const hg_edge *in;
	hg_edge out;
	uint32_t n, at;		/* at: position in what comes behind `front` */
	uint32_t given;
	struct hg_front front;
	bool back;
};

struct kids_slot {
	uint64_t tag;		/* 0: free */
	uint32_t n;		/* of them */
	uint32_t group;		/* 1 + its number; 0: none yet */
};

struct kids_count {
	struct kids_slot *slots;
	uint32_t nslots, used;
};

static void
walk_begin(struct kids_walk *w, const struct edge_kids *k, hg_node n)
{
	*w = (struct kids_walk){ .g = k->g, .back = k->back };
	if (!k->back) {
		w->out = hg_out(k->g, n);
		w->n = hg_out(k->g, n + 1) - w->out;
		return;
	}
	w->in = hg_in(k->g, n, &w->n);
	hg_front_find(k->g, n, &w->front);
}

static bool
walk_in_front(const struct kids_walk *w, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < w->front.n; i++)
		if (w->front.at[i] == at)
			return true;
	return false;
}

static bool
walk_next(struct kids_walk *w, hg_edge *e, hg_node *far)
{
	if (w->given == w->n)
		return false;
	if (!w->back) {
		*e = w->out + w->given++;
		*far = hg_edge_to(w->g, *e);
		return true;
	}
	if (w->given < w->front.n) {
		*e = w->in[w->front.at[w->given]];
	} else {
		while (walk_in_front(w, w->at))
			w->at++;
		*e = w->in[w->at++];
	}
	w->given++;
	*far = hg_edge_from(w->g, *e);
	return true;
}

/* The same for what is of one type and refers in the same way; never 0. */
static uint64_t
kids_tag(const struct hg_graph *g, hg_edge e, hg_node far)
{
	uint64_t kind = hg_is_root(g, far) ?
		1ull << 32 | hg_root_kind(g, far) : hg_kind_of(g, far);

	return kind << 16 | (uint64_t)hg_edge_relation(g, e) << 2 |
	       (hg_edge_weak(g, e) ? 2 : 0) | 1;
}

static bool
kids_is_hidden(const struct edge_kids *k, hg_node n)
{
	uint32_t i;

	for (i = 0; i < k->nhidden; i++)
		if (k->hidden[i].node == n ||
		    (k->hidden[i].kind != HG_NONE && !hg_is_root(k->g, n) &&
		     k->hidden[i].kind == hg_kind_of(k->g, n)))
			return true;
	return false;
}

static struct kids_slot *
count_slot(const struct kids_count *c, uint64_t tag)
{
	uint32_t at = (uint32_t)(tag * 0x9e3779b97f4a7c15u >> 40) &
		      (c->nslots - 1);

	while (c->slots[at].tag != 0 && c->slots[at].tag != tag)
		at = (at + 1) & (c->nslots - 1);
	return &c->slots[at];
}

static bool
count_grow(struct kids_count *c)
{
	struct kids_count old = *c;
	uint32_t i;

	c->nslots = old.nslots == 0 ? 64 : old.nslots * 2;
	c->slots = calloc(c->nslots, sizeof(*c->slots));
	if (c->slots == NULL) {
		*c = old;
		return false;
	}
	for (i = 0; i < old.nslots; i++)
		if (old.slots[i].tag != 0)
			*count_slot(c, old.slots[i].tag) = old.slots[i];
	free(old.slots);
	return true;
}

static struct kids_slot *
count_of(struct kids_count *c, uint64_t tag)
{
	struct kids_slot *s;

	if (c->used >= c->nslots / 2 && !count_grow(c))
		return NULL;
	s = count_slot(c, tag);
	if (s->tag == 0) {
		s->tag = tag;
		c->used++;
	}
	return s;
}

static hg_kind
kids_kind_at(const struct hg_graph *g, const struct edge_hidden *h)
{
	hg_kind k;

	for (k = 0; k < hg_kinds(g); k++)
		if (hg_kind_addr(g, k) == h->addr &&
		    strncmp(hg_kind_full(g, k), h->type,
			    sizeof(h->type) - 1) == 0)
			return k;
	return HG_NONE;
}

void
edge_kids_begin(struct edge_kids *k, const struct hg_graph *g, bool back)
{
	uint32_t i;

	for (i = 0; i < k->nlists; i++)
		free(k->lists[i].rows);
	k->nlists = k->ngroups = k->left_out = 0;
	k->g = g;
	k->back = back;
	for (i = 0; i < k->nhidden; i++) {
		struct edge_hidden *h = &k->hidden[i];

		h->node = HG_NONE;
		h->kind = HG_NONE;
		if (h->type[0] == '\0')
			h->node = hg_at(g, h->addr);
		else
			h->kind = kids_kind_at(g, h);
	}
}

void
edge_kids_release(struct edge_kids *k)
{
	uint32_t i;

	for (i = 0; i < k->nlists; i++)
		free(k->lists[i].rows);
	free(k->lists);
	free(k->groups);
	memset(k, 0, sizeof(*k));
}

const struct edge_group *
edge_kids_group(const struct edge_kids *k, uint32_t node)
{
	uint32_t base = hg_nodes(k->g);

	return node >= base && node - base < k->ngroups ?
	       &k->groups[node - base] : NULL;
}

static uint32_t
kids_degree(const struct edge_kids *k, hg_node n)
{
	uint32_t n_in;

	if (!k->back)
		return hg_out(k->g, n + 1) - hg_out(k->g, n);
	hg_in(k->g, n, &n_in);
	return n_in;
}

static bool
kids_add_row(struct edge_list *l, uint32_t *cap, struct edge_row row)
{
	struct edge_row *rows;
	uint32_t more = *cap == 0 ? 16 : *cap * 2;

	if (l->n == *cap) {
		rows = ot_realloc_array(l->rows, more, sizeof(*rows));
		if (rows == NULL)
			return false;
		l->rows = rows;
		*cap = more;
	}
	l->rows[l->n++] = row;
	return true;
}

/* A new group; its number in *node.  False: no memory, or no number. */
static bool
kids_add_group(struct edge_kids *k, const struct edge_group *group,
	       uint32_t *node)
{
	struct edge_group *groups;
	uint32_t cap = k->cap_groups == 0 ? 32 : k->cap_groups * 2;

	if (k->ngroups == k->cap_groups) {
		groups = ot_realloc_array(k->groups, cap, sizeof(*groups));
		if (groups == NULL)
			return false;
		k->groups = groups;
		k->cap_groups = cap;
	}
	if (k->ngroups >= UINT32_MAX - 1 - hg_nodes(k->g))
		return false;
	*node = hg_nodes(k->g) + k->ngroups;
	k->groups[k->ngroups++] = *group;
	return true;
}

static uint64_t
kids_hash(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static void
kids_new_group(const struct edge_kids *k, hg_node of, hg_edge e, hg_node far,
	       struct edge_group *out)
{
	bool root = hg_is_root(k->g, far);

	*out = (struct edge_group){
		.of = of, .tag = kids_tag(k->g, e, far),
		.kind = root ? HG_NONE : hg_kind_of(k->g, far),
		.relation = hg_edge_relation(k->g, e),
	};
	out->id = kids_hash(root ? hg_root_kind(k->g, far) :
				   hg_kind_addr(k->g, out->kind),
			    out->tag & 0xffff);
}

/* One neighbour to its group, or into a row of its own. */
static bool
kids_place(struct edge_kids *k, struct edge_list *l, uint32_t *cap,
	   struct kids_count *counts, hg_edge e, hg_node far)
{
	struct edge_row row = { far, e, hg_edge_quiet(k->g, e) };
	struct edge_group fresh, *group;
	struct kids_slot *s = NULL;

	if (counts->nslots > 0)
		s = count_slot(counts, kids_tag(k->g, e, far));
	if (s == NULL || s->n < EDGE_KIDS_GROUP)
		return kids_add_row(l, cap, row);
	if (s->group == 0) {
		kids_new_group(k, l->of, e, far, &fresh);
		row.quiet = true;
		if (!kids_add_group(k, &fresh, &row.node) ||
		    !kids_add_row(l, cap, row))
			return false;
		s->group = k->ngroups;
	}
	group = &k->groups[s->group - 1];
	group->n++;
	if (!hg_is_root(k->g, far))
		group->bytes += hg_bytes(k->g, far);
	return true;
}

/* Counts types among many neighbours; few are not counted: no groups. */
static bool
kids_count_types(struct edge_kids *k, hg_node of, uint32_t look,
		 struct kids_count *counts)
{
	struct kids_walk w;
	struct kids_slot *s;
	hg_node far;
	hg_edge e;

	walk_begin(&w, k, of);
	if (w.n <= EDGE_KIDS_PLAIN)
		return true;
	while (w.given < look && walk_next(&w, &e, &far)) {
		if (kids_is_hidden(k, far))
			continue;
		s = count_of(counts, kids_tag(k->g, e, far));
		if (s == NULL)
			return false;
		s->n++;
	}
	return true;
}

static bool
kids_rest(struct edge_kids *k, struct edge_list *l, uint32_t *cap,
	  struct kids_walk *w)
{
	struct edge_group rest = { .of = l->of, .kind = HG_NONE, .rest = true,
				   .n = w->n - w->given, .id = 1 };
	struct edge_row row = { 0, HG_NONE, true };

	if (rest.n == 0)
		return true;
	return kids_add_group(k, &rest, &row.node) &&
	       kids_add_row(l, cap, row);
}

static bool
kids_fill(struct edge_kids *k, struct edge_list *l)
{
	uint32_t look = k->back ? KIDS_LOOK_BACK : KIDS_LOOK, cap = 0;
	struct kids_count counts = { NULL, 0, 0 };
	struct kids_walk w;
	hg_node far;
	hg_edge e;
	bool ok = kids_count_types(k, l->of, look, &counts);

	walk_begin(&w, k, l->of);
	while (ok && w.given < look && walk_next(&w, &e, &far)) {
		if (kids_is_hidden(k, far))
			k->left_out++;
		else
			ok = kids_place(k, l, &cap, &counts, e, far);
	}
	ok = ok && kids_rest(k, l, &cap, &w);
	free(counts.slots);
	return ok;
}

/* The rows below a node of the graph, made when first asked for. */
static const struct edge_list *
kids_list(struct edge_kids *k, hg_node of)
{
	struct edge_list *lists, fresh = { of, NULL, 0 };
	uint32_t i, cap = k->cap_lists == 0 ? 32 : k->cap_lists * 2;

	for (i = k->nlists; i > 0; i--)
		if (k->lists[i - 1].of == of)
			return &k->lists[i - 1];
	if (k->nlists == k->cap_lists) {
		lists = ot_realloc_array(k->lists, cap, sizeof(*lists));
		if (lists == NULL)
			return NULL;
		k->lists = lists;
		k->cap_lists = cap;
	}
	if (!kids_fill(k, &fresh)) {
		free(fresh.rows);
		return NULL;
	}
	k->lists[k->nlists] = fresh;
	return &k->lists[k->nlists++];
}

uint32_t
edge_kids_count(struct edge_kids *k, uint32_t node)
{
	const struct edge_group *group = edge_kids_group(k, node);
	const struct edge_list *l;

	if (group != NULL)
		return group->n;
	l = kids_list(k, node);
	return l == NULL ? 0 : l->n;
}

/* Members of a group from `skip` on. */
static void
kids_members(struct edge_kids *k, const struct edge_group *group,
	     uint32_t skip, uint32_t n, struct edge_row *out)
{
	uint32_t look = k->back ? KIDS_LOOK_BACK : KIDS_LOOK, got = 0;
	struct kids_walk w;
	hg_node far;
	hg_edge e;

	walk_begin(&w, k, group->of);
	while (got < n && (group->rest || w.given < look) &&
	       walk_next(&w, &e, &far)) {
		if (group->rest ? w.given <= look :
		    kids_tag(k->g, e, far) != group->tag ||
		    kids_is_hidden(k, far))
			continue;
		if (skip > 0)
			skip--;
		else
			out[got++] = (struct edge_row){
				far, e, hg_edge_quiet(k->g, e) };
	}
}

void
edge_kids_rows(struct edge_kids *k, uint32_t node, uint32_t skip, uint32_t n,
	       struct edge_row *out)
{
	const struct edge_group *group = edge_kids_group(k, node);
	const struct edge_list *l;
	uint32_t i;

	memset(out, 0, n * sizeof(*out));
	if (group != NULL) {
		kids_members(k, group, skip, n, out);
		return;
	}
	l = kids_list(k, node);
	for (i = 0; l != NULL && i < n && skip + i < l->n; i++)
		out[i] = l->rows[skip + i];
}

bool
edge_kids_leaf(const struct edge_kids *k, uint32_t node)
{
	return edge_kids_group(k, node) == NULL && kids_degree(k, node) == 0;
}

uint64_t
edge_kids_id(const struct edge_kids *k, uint32_t node, hg_edge e)
{
	const struct edge_group *group = edge_kids_group(k, node);
	uint64_t h;

	if (group != NULL)
		return kids_hash(group->id, 2);
	h = hg_is_root(k->g, node) ? 1 : hg_addr(k->g, node);
	if (e == HG_NONE)
		return h;
	/* parallel references differ by their place in the source */
	h = kids_hash(h, e - hg_out(k->g, hg_edge_from(k->g, e)));
	return kids_hash(h, hg_edge_relation(k->g, e));
}

bool
edge_kids_hide(struct edge_kids *k, uint32_t node)
{
	const struct edge_group *group = edge_kids_group(k, node);
	struct edge_hidden *h = &k->hidden[k->nhidden];

	if (k->nhidden == EDGE_KIDS_HIDDEN)
		return false;
	*h = (struct edge_hidden){ .node = HG_NONE, .kind = HG_NONE };
	if (group != NULL) {
		if (group->kind == HG_NONE)
			return false;
		h->kind = group->kind;
		h->addr = hg_kind_addr(k->g, h->kind);
		snprintf(h->type, sizeof(h->type), "%s",
			 hg_kind_full(k->g, h->kind));
	} else {
		if (hg_is_root(k->g, node))
			return false;
		h->node = node;
		h->addr = hg_addr(k->g, node);
	}
	k->nhidden++;
	return true;
}
