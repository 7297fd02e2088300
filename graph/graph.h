/* SPDX-License-Identifier: MIT */
/*
 * graph.h - one immutable heap graph in memory.
 *
 * Nodes are 32-bit ids: objects first, in address order (neighbours in memory
 * stay neighbours), then one node per root (hg_is_root), whose out-edges are
 * what the root holds.  Edges are kept in both directions in CSR form; an
 * edge is a 32-bit index into the out-edge columns, and both directions name
 * the same edge.  Built once by graph/builder.h, then read by any number of
 * readers.  No function here fails or allocates unless it says so.
 */
#ifndef HG_GRAPH_H
#define HG_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/table.h"

#define HG_NONE UINT32_MAX

typedef uint32_t hg_node;
typedef uint32_t hg_edge;
typedef uint32_t hg_kind;

struct hg_graph;
struct otw_collector;	/* wire/wire.h */

void hg_graph_free(struct hg_graph *g);		/* NULL ok */

/* Forgets every value's text, before anybody else reads the graph. */
void hg_redact(struct hg_graph *g);

/* What the snapshot said of itself.  Strings live as long as the graph. */
struct hg_info {
	uint64_t pid;
	const char *runtime, *version, *command;
	uint64_t time_ns;	/* Unix time of the snapshot */
	const char *mode;	/* "fork", "pause", "synthetic" */
	uint64_t held_us;	/* how long the target was held */
	uint64_t objects, tracked, edges, bytes;
	uint32_t want;		/* wire's OTW_WANT_* bits: what was asked for */
	bool whole;		/* false: the stream ended early */
	uint64_t unseen_refs;	/* edges to addresses never reported (dropped) */
	const char *unseen;	/* reasons joined by "; ", or NULL */
	const struct otw_collector *collector;	/* NULL: not told */
};
const struct hg_info *hg_info(const struct hg_graph *g);

uint32_t hg_nodes(const struct hg_graph *g);	/* objects and roots */
uint32_t hg_objects(const struct hg_graph *g);	/* objects: ids below this */
uint32_t hg_edges(const struct hg_graph *g);
uint32_t hg_kinds(const struct hg_graph *g);

bool hg_is_root(const struct hg_graph *g, hg_node n);

/* Of an object.  For roots: 0, and HG_NONE as kind. */
uint64_t hg_addr(const struct hg_graph *g, hg_node n);
hg_kind hg_kind_of(const struct hg_graph *g, hg_node n);
uint64_t hg_bytes(const struct hg_graph *g, hg_node n);
uint64_t hg_extra(const struct hg_graph *g, hg_node n);
int64_t hg_refcount(const struct hg_graph *g, hg_node n);	/* -1: none, or
						 * immortal */
unsigned hg_flags(const struct hg_graph *g, hg_node n);	/* OTW_TRACKED... */
int hg_generation(const struct hg_graph *g, hg_node n);	/* -1: not tracked */
hg_node hg_at(const struct hg_graph *g, uint64_t addr);	/* or HG_NONE */

/* Short raw text of a leaf value as the target gave it; len 0: none. */
const char *hg_text(const struct hg_graph *g, hg_node n, size_t *len);

/* Root nodes. */
const char *hg_root_name(const struct hg_graph *g, hg_node n);
unsigned hg_root_kind(const struct hg_graph *g, hg_node n);  /* OTW_ROOT_* */
const char *hg_root_kind_text(unsigned root_kind);

/* Kinds (types).  `full` is "shop.models.Session", "dict", "Session" of
 * __main__: module.qualname without "builtins." and "__main__.". */
const char *hg_kind_name(const struct hg_graph *g, hg_kind k);
const char *hg_kind_module(const struct hg_graph *g, hg_kind k);  /* "" */
const char *hg_kind_full(const struct hg_graph *g, hg_kind k);
uint64_t hg_kind_addr(const struct hg_graph *g, hg_kind k);
uint64_t hg_kind_count(const struct hg_graph *g, hg_kind k);
uint64_t hg_kind_bytes(const struct hg_graph *g, hg_kind k);
uint64_t hg_kind_tracked(const struct hg_graph *g, hg_kind k);

/*
 * The kind's instances in address order; *n of them.  Listed when first asked
 * for, in a pass over the objects (after a few kinds, for all kinds at once);
 * NULL and 0 where there was no memory for it.
 */
const hg_node *hg_kind_nodes(const struct hg_graph *g, hg_kind k, uint32_t *n);

/* Out-edges of n are the indices [hg_out(n), hg_out(n + 1)). */
hg_edge hg_out(const struct hg_graph *g, hg_node n);
/* In-edges: n_in edge indices. */
const hg_edge *hg_in(const struct hg_graph *g, hg_node n, uint32_t *n_in);

hg_node hg_edge_from(const struct hg_graph *g, hg_edge e);
hg_node hg_edge_to(const struct hg_graph *g, hg_edge e);
unsigned hg_edge_relation(const struct hg_graph *g, hg_edge e); /* OTW_REL_* */
bool hg_edge_weak(const struct hg_graph *g, hg_edge e);
const char *hg_relation_text(unsigned relation);

/*
 * The edge's label as people read it: ".cars", "[3]", "['token']",
 * "local 'x'", "cell", "key", "class", "__closure__" ...; escaped for a
 * terminal, appended to out.
 */
void hg_edge_label(const struct hg_graph *g, hg_edge e, struct ot_buf *out);

/*
 * One line on a node: its text where it has one ('"abc"', '42'), else what can
 * be said from the graph ("3 items", "Session", "module shop.cache"); escaped,
 * at most max_cols characters.
 */
void hg_node_text(const struct hg_graph *g, hg_node n, size_t max_cols,
		  struct ot_buf *out);

/*
 * OBJECT of the contract to nodes: "0x7f..." , "Session", "shop.Session",
 * "Session#3".  Fills nodes[] (owned by the caller, free()) with one or, for a
 * bare type, all instances.  OT_FAILED when nothing matches (says what is
 * near), OT_USAGE when a short type name is ambiguous (lists them).
 */
enum ot_status hg_resolve(const struct hg_graph *g, const char *object,
			  hg_node **nodes, uint32_t *n, struct ot_err *err);

/* A type name to its kind, the module may be left out where unambiguous. */
enum ot_status hg_resolve_kind(const struct hg_graph *g, const char *type,
			       hg_kind *kind, struct ot_err *err);

/* Memory the graph takes, in bytes. */
size_t hg_memory(const struct hg_graph *g);

#endif
