/* SPDX-License-Identifier: MIT */
/*
 * store.h - how a graph lies in memory; private to the graph room.
 *
 * What exists once per object or per edge is a bare column.  Per object: 2
 * bytes of class (kind, flags and the labels of its edges, which most objects
 * share with others), 2 of size, 1 of reference count, 2 of extra size (only
 * where a runtime has it), 4 of text offset (only with texts), 1.25 each of
 * where its out- and in-edges start, 1 to 2 of address.  Per edge: 4 each of
 * target and place in the in-list.
 *
 * What rarely does not fit its column lies aside, sorted by id, so that
 * nothing is ever cut off: the price is a binary search for those few.
 */
#ifndef HG_STORE_H
#define HG_STORE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "graph/graph.h"
#include "wire/wire.h"

/* Values beside a column: for ids[i], ascending, vals[i]. */
struct hg_aside {
	uint32_t *ids;
	uint64_t *vals;
	uint32_t n, cap;
};

bool hg_aside_add(struct hg_aside *a, uint32_t id, uint64_t val);
uint64_t hg_aside_get(const struct hg_aside *a, uint32_t id);
void hg_aside_release(struct hg_aside *a);
size_t hg_aside_memory(const struct hg_aside *a);

/* A column of 16 bits; HG_WIDE means: look aside. */
#define HG_WIDE UINT16_MAX

struct hg_narrow {
	uint16_t *v; /* NULL: all zero */
	struct hg_aside wide;
};

/*
 * An edge's label in 32 bits: relation, name type, value (index or name id);
 * the largest value means: look aside.
 */
#define HG_LABEL_VALUE_BITS 25u
#define HG_LABEL_TYPE_BITS 2u
#define HG_LABEL_ASIDE ((1u << HG_LABEL_VALUE_BITS) - 1u)

_Static_assert(OTW_REL_COUNT <= 32, "five bits of relation in a label");
_Static_assert(OTW_NAME_ID < 4, "two bits of name type in a label");

static inline uint32_t
hg_label_pack(unsigned relation, unsigned type, uint32_t value)
{
	return (uint32_t)relation
		       << (HG_LABEL_VALUE_BITS + HG_LABEL_TYPE_BITS) |
	       (uint32_t)type << HG_LABEL_VALUE_BITS | value;
}

static inline unsigned
hg_label_relation(uint32_t label)
{
	return label >> (HG_LABEL_VALUE_BITS + HG_LABEL_TYPE_BITS);
}

static inline unsigned
hg_label_type(uint32_t label)
{
	return label >> HG_LABEL_VALUE_BITS & ((1u << HG_LABEL_TYPE_BITS) - 1u);
}

static inline uint32_t
hg_label_value(uint32_t label)
{
	return label & HG_LABEL_ASIDE;
}

/* kind and flags of an object in one word. */
#define HG_KIND_BITS 24u
#define HG_KIND_MASK ((1u << HG_KIND_BITS) - 1u)
#define HG_KINDS_MAX HG_KIND_MASK

/*
 * Addresses: a leaf for every 64 KiB that has objects, ascending.  A leaf with
 * many has a bit for each place where one could start (every 16 bytes, or 8),
 * and how many come before each word of bits; a leaf with few has a list of
 * their lower 16 bits.  An id is a rank, an address a select.
 */
#define HG_LEAF_SHIFT 16u

struct hg_leaf {
	uint64_t key;	/* address >> HG_LEAF_SHIFT */
	uint32_t first; /* id of its first object */
	uint32_t at;	/* into bits and ranks, or into list */
	uint8_t shift;	/* 3 or 4; 0: a list */
};

struct hg_addrs {
	struct hg_leaf *leaves; /* and one behind the last */
	uint32_t nleaves;
	uint64_t *bits;
	uint16_t *ranks; /* of this leaf's objects before each word */
	uint32_t nwords;
	uint16_t *list;
	uint32_t nlist;
	uint32_t n;
};

/*
 * Where addresses fall while they come in: leaves in the order in which they
 * are met.  A place is 32 bits: the leaf and the address in it, by 8; what
 * does not fit is HG_FAR, to be looked up by its address.
 */
#define HG_PLACE_BITS (HG_LEAF_SHIFT - 3u)
#define HG_FAR UINT32_MAX

struct hg_place_slot {
	uint64_t key;
	uint32_t leaf; /* plus one; 0: free */
};

struct hg_places {
	uint64_t *key;	 /* per leaf */
	uint32_t *count; /* objects, those reported twice counted twice */
	uint8_t *low;	 /* all low bits of their addresses */
	uint32_t n, cap;
	struct hg_place_slot *slots;
	uint32_t nslots;
	uint64_t last_key; /* plus one */
	uint32_t last;
};

/* False: no memory. */
bool hg_places_object(struct hg_places *p, uint64_t addr);
bool hg_places_new(struct hg_places *p, uint64_t addr, uint32_t *place);
void hg_places_release(struct hg_places *p);

static inline uint32_t
hg_place_hash(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32);
}

static inline uint32_t
hg_place_in(uint32_t leaf, uint64_t addr)
{
	/* The last leaf of all is left out, so that no place is HG_FAR. */
	if ((addr & 7) || leaf >= (1u << (32u - HG_PLACE_BITS)) - 1u)
		return HG_FAR;
	return leaf << HG_PLACE_BITS |
	       (uint32_t)(addr & ((1u << HG_LEAF_SHIFT) - 1u)) >> 3;
}

static inline bool
hg_places_of(struct hg_places *p, uint64_t addr, uint32_t *place)
{
	uint64_t key = addr >> HG_LEAF_SHIFT;
	const struct hg_place_slot *s;

	if (OT_LIKELY(p->nslots != 0)) {
		s = &p->slots[hg_place_hash(key) & (p->nslots - 1)];
		if (OT_LIKELY(s->key == key && s->leaf != 0)) {
			*place = hg_place_in(s->leaf - 1, addr);
			return true;
		}
	}
	return hg_places_new(p, addr, place);
}

/*
 * The index of all objects of addr[0..n) in the order of the stream, which are
 * only read.  *leaf_of tells of each leaf of p which it became, or HG_NONE;
 * free() it.
 */
bool hg_addrs_build(struct hg_addrs *a, const struct hg_places *p,
		    const uint64_t *addr, uint32_t n, uint32_t **leaf_of);
void hg_addrs_release(struct hg_addrs *a);
uint64_t hg_addrs_get(const struct hg_addrs *a, uint32_t id);
const struct hg_leaf *hg_leaf_of_id(const struct hg_addrs *a, uint32_t id);
uint32_t hg_addrs_find(const struct hg_addrs *a, uint64_t addr);
size_t hg_addrs_memory(const struct hg_addrs *a);

/* All addresses in order: faster than hg_addrs_get of each. */
struct hg_addr_row {
	const struct hg_addrs *a;
	uint32_t leaf, at;	/* word of the leaf, or entry of its list */
	uint64_t left;		/* bits of the word before `at` */
};

void hg_addr_row_init(struct hg_addr_row *r, const struct hg_addrs *a);
/* UINT64_MAX behind the last one. */
uint64_t hg_addr_row_next(struct hg_addr_row *r);

static inline uint32_t
hg_popcount(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555u;
	x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (uint32_t)(x * 0x0101010101010101u >> 56);
}

uint32_t hg_leaf_search(const struct hg_addrs *a, const struct hg_leaf *l,
			uint32_t low);

/* The object at the low 16 bits of an address in a leaf, or HG_NONE. */
static inline uint32_t
hg_leaf_find(const struct hg_addrs *a, const struct hg_leaf *l, uint32_t low)
{
	uint32_t bit = low >> l->shift, word = l->at + bit / 64;

	if (OT_UNLIKELY(l->shift == 0))
		return hg_leaf_search(a, l, low);
	if ((low & ((1u << l->shift) - 1)) || !(a->bits[word] >> bit % 64 & 1))
		return HG_NONE;
	return l->first + a->ranks[word] +
	       hg_popcount(a->bits[word] & (((uint64_t)1 << bit % 64) - 1));
}

/*
 * Where lists of edges start: n + 1 ascending numbers.  A block of 16 has its
 * first in full and the others as distances of a byte.  Where they are too far
 * apart, the block has all 16 in `wide`: then its first distance, else 0, is
 * 1 and its base says which 16.
 */
#define HG_BLOCK_SHIFT 4u
#define HG_BLOCK (1u << HG_BLOCK_SHIFT)

struct hg_steps {
	uint32_t *base; /* per block */
	uint8_t *step;	/* per entry, whole blocks */
	uint32_t *wide;
	uint32_t n, nblocks, nwide, cap_wide;
};

/* From v[0..n]; false: no memory. */
bool hg_steps_make(struct hg_steps *s, const uint32_t *v, uint32_t n);
void hg_steps_release(struct hg_steps *s);
size_t hg_steps_memory(const struct hg_steps *s);

static inline uint32_t
hg_step(const struct hg_steps *s, uint32_t i)
{
	uint32_t base = s->base[i >> HG_BLOCK_SHIFT];

	if (OT_UNLIKELY(s->step[i & ~(HG_BLOCK - 1)]))
		return s->wide[base * HG_BLOCK + i % HG_BLOCK];
	return base + s->step[i];
}

/*
 * What objects have in common: kind, flags, and the labels of their edges in
 * order, which lie in a pool from `labels` on.  Labels that are the class and
 * then items from 0 up need no room: HG_LABELS_RUN.
 */
struct hg_class {
	uint32_t kind; /* kind | flags << HG_KIND_BITS */
	uint32_t labels;
};

#define HG_LABELS_RUN UINT32_MAX

struct hg_classes {
	struct hg_class *v;
	uint32_t n, cap;
	uint32_t *labels; /* the pool */
	uint32_t nlabels, cap_labels;
	struct hg_aside aside; /* values of labels, by place in the pool */
};

/* Of the label number i of a class; the value in full in *value. */
static inline uint32_t
hg_class_label(const struct hg_classes *c, uint32_t labels, uint32_t i,
	       uint64_t *value)
{
	uint32_t label;

	if (labels == HG_LABELS_RUN) {
		*value = i - 1;
		if (i == 0)
			return hg_label_pack(OTW_REL_TYPE, OTW_NAME_NONE, 0);
		return hg_label_pack(OTW_REL_ITEM, OTW_NAME_INDEX,
				     i - 1 < HG_LABEL_ASIDE ? i - 1
							    : HG_LABEL_ASIDE);
	}
	label = c->labels[labels + i];
	*value = hg_label_value(label);
	if (OT_UNLIKELY(*value == HG_LABEL_ASIDE))
		*value = hg_aside_get(&c->aside, labels + i);
	return label;
}

struct hg_kind_row {
	uint64_t addr;
	const char *name, *module, *full;
	uint32_t flags;
	uint64_t count, bytes, tracked;
	uint32_t first; /* into all_kinds */
	bool container; /* some instance has items, keys or values */
	hg_node node;	/* of the type object itself, or HG_NONE */
};

struct hg_root_row {
	const char *name;
	unsigned kind;
	uint64_t thread;
};

/* Of every 64th edge the block of its source is known; see hg_edge_from. */
#define HG_SAMPLE_SHIFT 6u

struct hg_graph {
	struct hg_info info;
	struct ot_arena arena; /* strings of info, kinds, roots */

	uint32_t nobjects, nroots, nedges, nkinds;

	struct hg_addrs addrs;
	uint16_t *code;	  /* class of an object; NULL: code_wide has it */
	uint32_t *code_wide;
	struct hg_classes classes;
	struct hg_narrow bytes, extra;
	uint8_t *refcount; /* plus one: 0 is "none"; HG_RC_WIDE: aside */
	struct hg_aside refcount_wide;
	uint32_t *text;	      /* 1 + offset into texts, 0: none; may be NULL */
	unsigned char *texts; /* a length byte, then that many bytes */
	size_t texts_len;

	struct hg_steps out, in;
	uint32_t *to;	     /* per edge */
	uint64_t *weak;	     /* a bit for 64 edges; NULL: none is weak */
	uint32_t *weak_edges; /* ascending */
	uint32_t nweak, cap_weak;
	uint32_t *sample;    /* block of the source of edge i << SAMPLE_SHIFT */
	uint32_t *in_edges;  /* per edge; edges from roots come last */
	uint32_t root_edges; /* the first edge from a root */
	uint32_t *root_label;
	struct hg_aside root_aside;

	struct hg_kind_row *kinds;
	_Atomic(hg_node *) *kind_nodes; /* per kind, once asked for */
	_Atomic(hg_node *) all_kinds;	/* of all kinds, after a few of those */
	atomic_uint kind_lists;		/* how many of those */
	hg_kind *kind_by_node; /* kinds with a node, by node */
	uint32_t nkind_by_node;

	struct hg_root_row *roots;

	char *names;	    /* all names, one behind the other */
	uint32_t *name_off; /* nnames + 1 */
	uint32_t nnames;

	struct hg_dom *_Atomic dom; /* NULL until somebody asked (dom.h) */
};

static inline uint64_t
hg_narrow_get(const struct hg_narrow *c, uint32_t id)
{
	if (!c->v)
		return 0;
	if (OT_LIKELY(c->v[id] != HG_WIDE))
		return c->v[id];
	return hg_aside_get(&c->wide, id);
}

#define HG_RC_WIDE UINT8_MAX

static inline const struct hg_class *
hg_class_of(const struct hg_graph *g, hg_node n)
{
	return &g->classes.v[g->code ? g->code[n] : g->code_wide[n]];
}

/* The label of edge e as packed above; its value in full in *value. */
uint32_t hg_edge_code(const struct hg_graph *g, hg_edge e, uint64_t *value);

bool hg_weak_search(const struct hg_graph *g, hg_edge e);

/* Weak edges are few: mostly a look at a bit that stands for 64 will do. */
static inline bool
hg_is_weak(const struct hg_graph *g, hg_edge e)
{
	return g->weak && g->weak[e >> 12] >> (e >> 6 & 63) & 1 &&
	       hg_weak_search(g, e);
}

/* OTW_NAME_* of an edge's label. */
unsigned hg_edge_name_type(const struct hg_graph *g, hg_edge e);

/* The relation of the i-th edge out of object n. */
static inline unsigned
hg_relation_at(const struct hg_graph *g, hg_node n, uint32_t i)
{
	uint64_t value;

	return hg_label_relation(hg_class_label(
		&g->classes, hg_class_of(g, n)->labels, i, &value));
}

/* Index or name id of an edge's label; its type says which. */
int64_t hg_edge_index(const struct hg_graph *g, hg_edge e);
const char *hg_edge_name(const struct hg_graph *g, hg_edge e, size_t *len);

/* The root of kind MODULE whose module n is, or HG_NONE. */
hg_node hg_module_of(const struct hg_graph *g, hg_node n);

/* The kind whose type object n is, or HG_NONE. */
hg_kind hg_kind_at_node(const struct hg_graph *g, hg_node n);

#endif
