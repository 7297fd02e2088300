/* SPDX-License-Identifier: MIT */
/*
 * store.h - how a graph lies in memory; private to the graph room.
 *
 * Everything that exists once per object or per edge is a bare column.  Per
 * object: 4 bytes of address, 2 of index, 4 of kind and flags, 2 each of size,
 * reference count and (only where a runtime has it) extra size, 4 each of out
 * and in offset, place in its kind's list and (only with texts) text offset.
 * Per edge: 4 each of target, label and place in the in-list.
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
 * Addresses: sorted, split into segments of equal upper half, so that 4 bytes
 * an object are enough.  Each segment has buckets of equal width, about two
 * objects in each where the heap is even: finding an address is one look into
 * the buckets and one into the column.
 */
struct hg_seg {
	uint32_t hi;	 /* upper half of its addresses */
	uint32_t first;	 /* first object */
	uint32_t base;	 /* lower half of the first object's address */
	uint32_t bucket; /* its first bucket */
	uint32_t nbuckets;
	unsigned shift; /* bucket width is 1 << shift */
};

struct hg_addrs {
	uint32_t *lo; /* per object */
	uint32_t n;
	struct hg_seg *segs; /* ascending */
	uint32_t nsegs;
	uint32_t *buckets; /* first object of each, and one more */
	size_t nbuckets;
};

/* From ascending distinct addresses, which are only read. */
bool hg_addrs_build(struct hg_addrs *a, const uint64_t *sorted, uint32_t n);
void hg_addrs_release(struct hg_addrs *a);
uint64_t hg_addrs_get(const struct hg_addrs *a, uint32_t id);
uint32_t hg_addrs_find(const struct hg_addrs *a, uint64_t addr);
/* The two stages of a find, for callers that can look ahead. */
void hg_addrs_prefetch_bucket(const struct hg_addrs *a, uint64_t addr);
void hg_addrs_prefetch_column(const struct hg_addrs *a, uint64_t addr);
size_t hg_addrs_memory(const struct hg_addrs *a);

struct hg_kind_row {
	uint64_t addr;
	const char *name, *module, *full;
	uint32_t flags;
	uint64_t count, bytes, tracked;
	uint32_t first; /* into kind_nodes */
	bool container; /* some instance has items, keys or values */
	hg_node node;	/* of the type object itself, or HG_NONE */
};

struct hg_root_row {
	const char *name;
	unsigned kind;
	uint64_t thread;
};

/* Every EDGES_PER_SAMPLE-th edge's source is known; see hg_edge_from. */
#define HG_SAMPLE_SHIFT 4u

struct hg_graph {
	struct hg_info info;
	struct ot_arena arena; /* strings of info, kinds, roots */

	uint32_t nobjects, nroots, nedges, nkinds;

	struct hg_addrs addrs;
	uint32_t *kind; /* kind | flags << HG_KIND_BITS */
	struct hg_narrow bytes, extra;
	struct hg_narrow refcount; /* plus one: 0 is "none" */
	uint32_t *text;	      /* 1 + offset into texts, 0: none; may be NULL */
	unsigned char *texts; /* a length byte, then that many bytes */
	size_t texts_len;

	uint32_t *out;	 /* nodes + 1 */
	uint32_t *to;	 /* per edge */
	uint32_t *label; /* per edge */
	struct hg_aside label_aside;
	uint32_t *sample;   /* source of edge i << HG_SAMPLE_SHIFT */
	uint32_t *in;	    /* nodes + 1 */
	uint32_t *in_edges; /* per edge; edges from roots come last */

	struct hg_kind_row *kinds;
	uint32_t *kind_nodes;
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

/* Index or name id of an edge's label; its type says which. */
int64_t hg_edge_index(const struct hg_graph *g, hg_edge e);
const char *hg_edge_name(const struct hg_graph *g, hg_edge e, size_t *len);

/* The root of kind MODULE whose module n is, or HG_NONE. */
hg_node hg_module_of(const struct hg_graph *g, hg_node n);

/* The kind whose type object n is, or HG_NONE. */
hg_kind hg_kind_at_node(const struct hg_graph *g, hg_node n);

#endif
