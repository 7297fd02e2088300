/* SPDX-License-Identifier: MIT */
/*
 * dom.h - dominators: what keeps what alive, and what each object retains.
 *
 * An object is dominated by what every chain of strong references from the
 * roots to it goes through; `idom` is the nearest such.  What it retains are
 * the bytes (with what getsizeof leaves out) of all it dominates, itself
 * included: what would be freed if it went away.
 *
 * The tree hangs from one virtual node, HG_DOM_ALL, which retains the whole
 * heap.  Other virtual nodes stand below it, numbered from hg_nodes(g) on:
 *
 *	held from C	unreached objects with more references than edges
 *			explain, and what they alone hold
 *	weakly held	only weak references lead there
 *	garbage		nothing leads there; one child a source component
 *	threads		one each: the frames and states of a thread are its
 *			children, so it retains what all of them together hold
 *
 * The named roots are nodes as they are in the graph.  Objects reached from
 * garbage or from what is weakly held as well as from the living belong to
 * the living alone.
 *
 * Made once a graph, when first asked for, and freed with it.  At rest 8 to 9
 * bytes an object as a rule (16 where most retain more than 64 KiB).
 */
#ifndef HG_DOM_H
#define HG_DOM_H

#include "graph/analysis.h"

struct hg_dom;

enum hg_dom_virtual {
	HG_DOM_ALL,
	HG_DOM_HELD,
	HG_DOM_WEAK,
	HG_DOM_GARBAGE,
	HG_DOM_THREADS, /* the first of them */
};

enum hg_state { HG_REACHABLE, HG_HELD, HG_WEAKLY, HG_UNREACHABLE };

/*
 * The dominators of g; computed where nobody did so before, which may fail
 * (memory) or be cancelled by args->cancelled; args may be NULL.  May be
 * called from several threads; the result belongs to the graph.
 */
enum ot_status hg_dom_of(const struct hg_graph *g, const struct hg_args *args,
			 const struct hg_dom **out, struct ot_err *err);

/* The same where it has been computed; else NULL. */
const struct hg_dom *hg_dom_peek(const struct hg_graph *g);

const struct hg_graph *hg_dom_graph(const struct hg_dom *d);

/* Nodes of the tree: those of the graph, then the virtual ones. */
uint32_t hg_dom_nodes(const struct hg_dom *d);
hg_node hg_dom_node(const struct hg_dom *d, enum hg_dom_virtual which);
bool hg_dom_is_virtual(const struct hg_dom *d, hg_node n);
uint32_t hg_dom_threads(const struct hg_dom *d);
/* "held from C", "garbage", "thread 140123" of a virtual node. */
void hg_dom_virtual_text(const struct hg_dom *d, hg_node n,
			 struct ot_buf *out);

/* HG_NONE for the topmost. */
hg_node hg_dom_idom(const struct hg_dom *d, hg_node n);
uint64_t hg_dom_retained(const struct hg_dom *d, hg_node n); /* bytes */
uint64_t hg_dom_count(const struct hg_dom *d, hg_node n);    /* objects */
bool hg_dom_leaf(const struct hg_dom *d, hg_node n);
enum hg_state hg_dom_state(const struct hg_dom *d, hg_node n);
const char *hg_state_text(enum hg_state s);

/* Bytes and what getsizeof leaves out: what retained sizes add up. */
uint64_t hg_weight(const struct hg_graph *g, hg_node n);

/*
 * The first `max` children of n (0: all), those that retain most first, equal
 * ones by id.  *total is how many there are.  free() the list.  One pass over
 * all nodes: 4 bytes each in a straight line.
 */
enum ot_status hg_dom_children(const struct hg_dom *d, hg_node n, uint32_t max,
			       hg_node **list, uint32_t *nlist,
			       uint32_t *total, struct ot_err *err);

/*
 * A bit a node of the tree: set where it or a node above it is one of
 * nodes[].  Linear in the tree however deep it is; free() it.
 */
enum ot_status hg_dom_below(const struct hg_dom *d, const hg_node *nodes,
			    uint32_t n, unsigned char **bits,
			    struct ot_err *err);

size_t hg_dom_memory(const struct hg_dom *d);
void hg_dom_free(struct hg_dom *d); /* hg_graph_free() does */

#endif
