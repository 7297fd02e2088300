/* SPDX-License-Identifier: MIT */
/*
 * cycle.c - the shortest way from an object back to itself.
 *
 * Breadth-first along strong edges until the object is met again; at worst
 * all that it reaches is looked at, 8 bytes a node.
 */
#include "config.h"

#include <stdlib.h>

#include "graph/an_util.h"
#include "graph/scc.h"

#define CHECK_EVERY 65536u

struct around {
	const struct hg_graph *g;
	uint32_t *by; /* per object: 1 + the edge it was reached by */
	hg_node *queue;
	uint32_t n;
};

/* Adds what `at` refers to; the edge to `goal`, if there is one. */
static hg_edge
go_through(struct around *a, hg_node at, hg_node goal)
{
	hg_edge e, end = hg_out(a->g, at + 1);
	hg_node to;

	for (e = hg_out(a->g, at); e < end; e++) {
		if (hg_edge_weak(a->g, e))
			continue;
		to = hg_edge_to(a->g, e);
		if (to == goal)
			return e;
		if (a->by[to] != 0)
			continue;
		a->by[to] = e + 1;
		a->queue[a->n++] = to;
	}
	return HG_NONE;
}

/* The edges behind the last one, backwards into a list. */
static enum ot_status
collect(const struct around *a, hg_node goal, hg_edge last, hg_edge **edges,
	uint32_t *len, struct ot_err *err)
{
	uint32_t i = 1;
	hg_node n;

	for (n = hg_edge_from(a->g, last); n != goal; i++)
		n = hg_edge_from(a->g, a->by[n] - 1);
	*edges = ot_realloc_array(NULL, i, sizeof(**edges));
	if (!*edges)
		return ot_fail_nomem(err, "a cycle");
	*len = i;
	(*edges)[--i] = last;
	for (n = hg_edge_from(a->g, last); i > 0;) {
		(*edges)[--i] = a->by[n] - 1;
		n = hg_edge_from(a->g, (*edges)[i]);
	}
	return OT_OK;
}

enum ot_status
hg_cycle_through(const struct hg_graph *g, hg_node n,
		 const struct hg_args *args, hg_edge **edges, uint32_t *len,
		 struct ot_err *err)
{
	struct around a = { .g = g };
	enum ot_status st = OT_OK;
	hg_edge last = HG_NONE;
	uint32_t at;

	*edges = NULL;
	*len = 0;
	if (hg_is_root(g, n))
		return OT_OK;
	a.by = calloc((size_t)hg_objects(g) + 1, sizeof(*a.by));
	a.queue = ot_realloc_array(NULL, (size_t)hg_objects(g) + 1,
				   sizeof(*a.queue));
	if (!a.by || !a.queue) {
		st = ot_fail_nomem(err, "a search for cycles");
		goto out;
	}
	a.queue[a.n++] = n;
	for (at = 0; at < a.n && last == HG_NONE; at++) {
		if (at % CHECK_EVERY == 0 &&
		    (st = an_check(args, at, hg_objects(g), err)) != OT_OK)
			goto out;
		last = go_through(&a, a.queue[at], n);
	}
	if (last != HG_NONE)
		st = collect(&a, n, last, edges, len, err);
out:
	free(a.by);
	free(a.queue);
	return st;
}
