/* SPDX-License-Identifier: MIT */
/*
 * owner.c - who holds an object, so that objects held alike form a group.
 *
 * An edge becomes a place: what kind of object it comes from and as what it
 * holds.  A dict that is the namespace of an object is looked through: what
 * stands in it is an attribute of that object, a global of that module, a
 * member of that class, on every version of the runtime.  Names count for
 * attributes only: keys of a cache would make each entry a group of its own.
 *
 * Weak references own nothing, and of an object's class the edges from its
 * instances say nothing.
 */
#include "config.h"

#include <string.h>

#include "graph/group.h"
#include "graph/store.h"

#define PATTERN_MAX 12u /* different places in a pattern; more are "..." */

enum what {
	DICT_OF,	/* the namespace of something */
	FIELD,		/* an attribute or slot */
	GLOBAL,		/* in a module's namespace */
	MEMBER,		/* in a class' namespace */
	INSIDE,		/* anything else: item, key, value, cell, local ... */
	ROOT,
	NOWHERE,
	SEVERAL,
};

struct place {
	enum what what;
	uint32_t id;	/* kind; of GLOBAL and MEMBER the node; kind of root */
	unsigned relation;
	int64_t name;	/* of FIELD, or -1 */
};

void
hg_owners_init(struct hg_owners *o, const struct hg_graph *g)
{
	const char *s;
	uint32_t i, len;

	*o = (struct hg_owners){ .g = g, .dict_name = -1 };
	for (i = 0; i < g->nnames && o->dict_name < 0; i++) {
		s = g->names + g->name_off[i];
		len = g->name_off[i + 1] - g->name_off[i];
		if (len == 8 && memcmp(s, "__dict__", 8) == 0)
			o->dict_name = i;
	}
}

/* Whoever's namespace n is, or HG_NONE. */
static hg_node
namespace_of(const struct hg_owners *o, hg_node n)
{
	const struct hg_graph *g = o->g;
	const hg_edge *in;
	uint32_t n_in, i;

	if (o->dict_name < 0 || hg_is_root(g, n))
		return HG_NONE;
	in = hg_in(g, n, &n_in);
	for (i = 0; i < n_in; i++)
		if (hg_edge_name_type(g, in[i]) == OTW_NAME_ID &&
		    hg_edge_relation(g, in[i]) == OTW_REL_ATTRIBUTE &&
		    hg_edge_index(g, in[i]) == o->dict_name)
			return hg_edge_from(g, in[i]);
	return HG_NONE;
}

static int64_t
name_of(const struct hg_graph *g, hg_edge e)
{
	return hg_edge_name_type(g, e) == OTW_NAME_ID ? hg_edge_index(g, e)
						      : -1;
}

static bool
is_holding(const struct hg_graph *g, hg_edge e)
{
	return !hg_edge_weak(g, e) && hg_edge_relation(g, e) != OTW_REL_TYPE;
}

static struct place
place_inside(const struct hg_owners *o, hg_edge e, hg_node owner)
{
	const struct hg_graph *g = o->g;
	struct place p = { .name = -1,
			   .relation = hg_edge_relation(g, e) };

	if (hg_module_of(g, owner) != HG_NONE) {
		p.what = GLOBAL;
		p.id = owner;
	} else if (hg_kind_at_node(g, owner) != HG_NONE) {
		p.what = MEMBER;
		p.id = owner;
	} else {
		p.what = FIELD;
		p.id = hg_kind_of(g, owner);
		p.relation = OTW_REL_ATTRIBUTE;
		p.name = name_of(g, e);
	}
	return p;
}

static struct place
place_of(const struct hg_owners *o, hg_edge e)
{
	const struct hg_graph *g = o->g;
	hg_node from = hg_edge_from(g, e), owner;
	unsigned rel = hg_edge_relation(g, e);
	struct place p = { .what = INSIDE, .relation = rel, .name = -1 };

	if (hg_is_root(g, from)) {
		p.what = ROOT;
		p.id = hg_root_kind(g, from);
		p.relation = 0;
		return p;
	}
	p.id = hg_kind_of(g, from);
	if (rel == OTW_REL_ATTRIBUTE || rel == OTW_REL_SLOT) {
		p.name = name_of(g, e);
		p.what = p.name >= 0 && p.name == o->dict_name ? DICT_OF
							       : FIELD;
		p.relation = OTW_REL_ATTRIBUTE;
	}
	if (p.what == DICT_OF)
		return p;
	/* Keys are held by the dict, and often by its like as well. */
	owner = rel == OTW_REL_KEY || !g->kinds[p.id].container
			? HG_NONE
			: namespace_of(o, from);
	return owner == HG_NONE ? p : place_inside(o, e, owner);
}

static bool
same_place(const struct place *a, const struct place *b)
{
	return a->what == b->what && a->id == b->id &&
	       a->relation == b->relation && a->name == b->name;
}

/* The best place; several of one rank that differ are SEVERAL. */
static struct place
owner_of(const struct hg_owners *o, hg_node n)
{
	struct place best = { .what = NOWHERE, .name = -1 }, p;
	bool several = false;
	const hg_edge *in;
	uint32_t n_in, i;

	in = hg_in(o->g, n, &n_in);
	for (i = 0; i < n_in; i++) {
		if (!is_holding(o->g, in[i]))
			continue;
		p = place_of(o, in[i]);
		if (p.what < best.what) {
			best = p;
			several = false;
		} else if (p.what == best.what && !same_place(&p, &best)) {
			several = true;
		}
	}
	if (several)
		best = (struct place){ .what = SEVERAL, .name = -1 };
	return best;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;

	return h ^ h >> 29;
}

static uint64_t
place_key(const struct place *p)
{
	uint64_t h = mix((uint64_t)p->what << 40 | p->relation, p->id);

	return mix(h, (uint64_t)p->name);
}

uint64_t
hg_owner_key(const struct hg_owners *o, hg_node n)
{
	struct place p = owner_of(o, n);

	return mix(place_key(&p), hg_kind_of(o->g, n));
}

/* Its name without the quotes that a key may bring. */
static void
field_text(const struct hg_graph *g, const struct place *p, struct ot_buf *out)
{
	const char *name;
	uint32_t len;

	if (p->name < 0 || p->name >= g->nnames)
		return;
	name = g->names + g->name_off[p->name];
	len = g->name_off[p->name + 1] - g->name_off[p->name];
	if (len > 1 && (*name == '\'' || *name == '"') &&
	    name[len - 1] == *name) {
		name++;
		len -= 2;
	}
	ot_buf_addc(out, '.');
	ot_buf_add(out, name, len);
}

static void
place_text(const struct hg_graph *g, const struct place *p, struct ot_buf *out)
{
	switch (p->what) {
	case DICT_OF:
		ot_buf_adds(out, hg_kind_full(g, p->id));
		break;
	case FIELD:
		ot_buf_adds(out, hg_kind_full(g, p->id));
		field_text(g, p, out);
		break;
	case GLOBAL:
		ot_buf_addf(out, "module %s",
			    hg_root_name(g, hg_module_of(g, p->id)));
		break;
	case MEMBER:
		ot_buf_addf(out, "class %s",
			    hg_kind_full(g, hg_kind_at_node(g, p->id)));
		break;
	case INSIDE:
		ot_buf_addf(out, "%s (%s)", hg_kind_full(g, p->id),
			    hg_relation_text(p->relation));
		break;
	case ROOT:
		ot_buf_addf(out, "root (%s)", hg_root_kind_text(p->id));
		break;
	case NOWHERE:
		ot_buf_adds(out, "nothing");
		break;
	case SEVERAL:
		ot_buf_adds(out, "several");
		break;
	}
}

void
hg_owner_text(const struct hg_owners *o, hg_node n, struct ot_buf *out)
{
	struct place p = owner_of(o, n);

	ot_buf_addf(out, "%s of ", hg_kind_full(o->g, hg_kind_of(o->g, n)));
	place_text(o->g, &p, out);
}

struct pattern {
	struct place places[PATTERN_MAX];
	uint32_t n;
	bool more;
};

static void
pattern_add(struct pattern *x, struct place p)
{
	uint32_t i;

	for (i = 0; i < x->n; i++)
		if (same_place(&x->places[i], &p))
			return;
	if (x->n == PATTERN_MAX)
		x->more = true;
	else
		x->places[x->n++] = p;
}

/* Attributes without their names: which kinds refer, and how. */
static void
pattern_of(const struct hg_owners *o, hg_node n, struct pattern *x)
{
	const hg_edge *in;
	struct place p;
	uint32_t n_in, i;

	*x = (struct pattern){ 0 };
	in = hg_in(o->g, n, &n_in);
	for (i = 0; i < n_in && !x->more; i++) {
		if (!is_holding(o->g, in[i]))
			continue;
		p = place_of(o, in[i]);
		p.name = -1;
		if (p.what == GLOBAL || p.what == MEMBER)
			p.id = 0;
		pattern_add(x, p);
	}
}

uint64_t
hg_referrers_key(const struct hg_owners *o, hg_node n)
{
	struct pattern x;
	uint64_t sum = 0;
	uint32_t i;

	/* A sum, so that the order of the edges does not count. */
	pattern_of(o, n, &x);
	if (x.more)
		return 1;
	for (i = 0; i < x.n; i++)
		sum += place_key(&x.places[i]);
	return mix(sum, x.n);
}

static void
pattern_place_text(const struct hg_graph *g, const struct place *p,
		   struct ot_buf *out)
{
	switch (p->what) {
	case GLOBAL:
		ot_buf_adds(out, "module (global)");
		break;
	case MEMBER:
		ot_buf_adds(out, "class (member)");
		break;
	case DICT_OF:
		ot_buf_addf(out, "%s (namespace)", hg_kind_full(g, p->id));
		break;
	case FIELD:
		ot_buf_addf(out, "%s (attribute)", hg_kind_full(g, p->id));
		break;
	default:
		place_text(g, p, out);
	}
}

void
hg_referrers_text(const struct hg_owners *o, hg_node n, struct ot_buf *out)
{
	struct pattern x;
	uint32_t i, j, least;
	struct place swap;

	pattern_of(o, n, &x);
	if (x.more) {
		ot_buf_addf(out, "more than %u kinds of referrers",
			    PATTERN_MAX);
		return;
	}
	if (x.n == 0)
		ot_buf_adds(out, "none");
	for (i = 0; i < x.n; i++) {
		for (least = i, j = i + 1; j < x.n; j++)
			if (x.places[j].what < x.places[least].what ||
			    (x.places[j].what == x.places[least].what &&
			     x.places[j].id < x.places[least].id))
				least = j;
		swap = x.places[i];
		x.places[i] = x.places[least];
		x.places[least] = swap;
		ot_buf_adds(out, i > 0 ? ", " : "");
		pattern_place_text(o->g, &x.places[i], out);
	}
}
