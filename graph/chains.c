/* SPDX-License-Identifier: MIT */
/*
 * chains.c - the k shortest chains from roots to one object that are worth
 * telling apart.
 *
 * First the shortest chain through each of the nearest referrers: one search
 * from the roots that does not go through the object, each edge it meets into
 * the object being the end of one.  Where there are not enough referrers, the
 * chains found are followed up from the object, and each node on the way is
 * asked the same question, the rest of the chain being given: so alternatives
 * part as near to the object as they can (after Yen, "Finding the K Shortest
 * Loopless Paths in a Network", 1971).  At most SEARCHES searches, each linear.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/picture.h"
#include "graph/search.h"
#include "wire/wire.h"

#define CHAINS_DEFAULT 3u
#define CHAINS_MAX 1000u
#define SEARCHES 12u

struct finder {
	struct hg_search s;
	struct hg_chains *out;
	uint32_t cap;	  /* chains wanted */
	uint32_t *own;	  /* per chain: edges it does not share with the
			   * one it parted from, counted from the root */
	uint32_t *shared; /* per chain: last edges in common with the
			   * chain being followed up */
	hg_edge *found;
	unsigned searches;
};

void
hg_chains_free(struct hg_chains *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->edges[i]);
	free(c->edges);
	free(c->lens);
	*c = (struct hg_chains){ 0 };
}

/* root ... source of `last`, `last`, rest[0..nrest). */
static bool
chain_add(struct finder *f, hg_edge last, const hg_edge *rest, uint32_t nrest)
{
	hg_node from = hg_edge_from(f->s.g, last);
	uint32_t len = hg_search_len(&f->s, from);
	struct hg_chains *c = f->out;
	hg_edge *edges;

	edges = ot_realloc_array(NULL, (size_t)len + 1 + nrest, sizeof(*edges));
	if (!edges)
		return false;
	hg_search_edges(&f->s, from, edges, len);
	edges[len] = last;
	if (nrest > 0)
		memcpy(edges + len + 1, rest, nrest * sizeof(*rest));
	c->edges[c->n] = edges;
	c->lens[c->n] = len + 1 + nrest;
	f->own[c->n] = len + 1;
	f->shared[c->n++] = nrest;
	return true;
}

/*
 * Is there a chain already that goes from the source of `last` into the rest
 * (the last nrest edges of the chain being followed up)?
 */
static bool
is_known(const struct finder *f, hg_edge last, uint32_t nrest)
{
	hg_node from = hg_edge_from(f->s.g, last);
	size_t i;

	for (i = 0; i < f->out->n; i++)
		if (f->shared[i] >= nrest && f->out->lens[i] > nrest &&
		    hg_edge_from(
			    f->s.g,
			    f->out->edges[i][f->out->lens[i] - nrest - 1]) ==
			    from)
			return true;
	return false;
}

/* How many edges chain i has in common with the others, from the end on. */
static void
find_shared(struct finder *f, size_t i)
{
	const struct hg_chains *c = f->out;
	const hg_edge *a, *b;
	uint32_t n, max;
	size_t j;

	for (j = 0; j < c->n; j++) {
		a = c->edges[i] + c->lens[i];
		b = c->edges[j] + c->lens[j];
		max = c->lens[i] < c->lens[j] ? c->lens[i] : c->lens[j];
		for (n = 0;
		     n < max && a[-1 - (ptrdiff_t)n] == b[-1 - (ptrdiff_t)n];
		     n++)
			;
		f->shared[j] = n;
	}
}

/*
 * How many nodes hold the target strongly, at most twice the chains wanted (as
 * many again may be known already); 0 where all of them are known.  With that
 * a search can end before it has seen the whole heap.
 */
static uint32_t
count_referrers(const struct finder *f, hg_node target, uint32_t nrest)
{
	hg_node from, before = target;
	uint32_t n_in, i, n = 0;
	const hg_edge *in = hg_in(f->s.g, target, &n_in);
	bool news = false;

	/* Edges from one node stand together. */
	for (i = 0; i < n_in && n < 2 * f->cap; i++) {
		if (hg_edge_weak(f->s.g, in[i]))
			continue;
		from = hg_edge_from(f->s.g, in[i]);
		if (from == before || from == target)
			continue;
		before = from;
		n++;
		news = news || !is_known(f, in[i], nrest);
	}
	return news ? n : 0;
}

/* Chains to `target` that go on with the rest, through further referrers. */
static enum ot_status
find_to(struct finder *f, hg_node target, const hg_edge *rest, uint32_t nrest,
	struct ot_err *err)
{
	uint32_t max = count_referrers(f, target, nrest), n, i;
	enum ot_status st;

	if (max == 0)
		return OT_OK;
	f->searches++;
	for (i = 0; i < nrest; i++)
		hg_search_block(&f->s, hg_edge_to(f->s.g, rest[i]));
	hg_search_block(&f->s, target);
	st = hg_search_run(&f->s, target, f->found, max, &n, err);
	for (i = 0; st == OT_OK && i < n && f->out->n < f->cap; i++)
		if (!is_known(f, f->found[i], nrest) &&
		    !chain_add(f, f->found[i], rest, nrest))
			st = ot_fail_nomem(err, "chains");
	hg_search_unblock(&f->s, target);
	for (i = 0; i < nrest; i++)
		hg_search_unblock(&f->s, hg_edge_to(f->s.g, rest[i]));
	hg_search_reset(&f->s);
	return st;
}

/* Follows chain i up from where it parted from others. */
static enum ot_status
part_from(struct finder *f, size_t i, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	uint32_t len = f->out->lens[i], at = f->own[i];
	hg_edge *edges = f->out->edges[i];

	find_shared(f, i);
	/* Edge at - 1 leads to the node at which chains part. */
	while (--at > 0 && st == OT_OK && f->out->n < f->cap &&
	       f->searches < SEARCHES)
		st = find_to(f, hg_edge_to(f->s.g, edges[at - 1]), edges + at,
			     len - at, err);
	return st;
}

/* Steps of a chain as the search counts them. */
static uint32_t
steps(const struct hg_graph *g, const struct hg_chains *c, size_t i)
{
	hg_node root = hg_edge_from(g, c->edges[i][0]);

	return c->lens[i] - (hg_is_root(g, root) &&
			     hg_root_kind(g, root) == OTW_ROOT_MODULE);
}

/* Shortest first; what was found first stays first among equals. */
static void
sort_chains(const struct hg_graph *g, struct hg_chains *c)
{
	hg_edge *edges;
	uint32_t len, n;
	size_t i, j;

	for (i = 1; i < c->n; i++) {
		edges = c->edges[i];
		len = c->lens[i];
		n = steps(g, c, i);
		for (j = i; j > 0 && steps(g, c, j - 1) > n; j--) {
			c->edges[j] = c->edges[j - 1];
			c->lens[j] = c->lens[j - 1];
		}
		c->edges[j] = edges;
		c->lens[j] = len;
	}
}

enum ot_status
hg_chains_find(const struct hg_graph *g, hg_node n, const struct hg_args *args,
	       struct hg_chains *out, struct ot_err *err)
{
	struct finder f = { .out = out };
	enum ot_status st;
	size_t i;

	*out = (struct hg_chains){ 0 };
	f.cap = args->k ? args->k : CHAINS_DEFAULT;
	if (f.cap > CHAINS_MAX)
		f.cap = CHAINS_MAX;
	st = hg_search_init(&f.s, g, args, err);
	out->edges = calloc(f.cap, sizeof(*out->edges));
	out->lens = calloc(f.cap, sizeof(*out->lens));
	f.own = calloc(f.cap, sizeof(*f.own));
	f.shared = calloc(f.cap, sizeof(*f.shared));
	f.found = calloc((size_t)f.cap * 2, sizeof(*f.found));
	if (st == OT_OK &&
	    (!out->edges || !out->lens || !f.own || !f.shared || !f.found))
		st = ot_fail_nomem(err, "chains");
	if (st == OT_OK)
		st = find_to(&f, n, NULL, 0, err);
	for (i = 0; st == OT_OK && i < out->n; i++)
		st = part_from(&f, i, err);
	if (st == OT_OK)
		sort_chains(g, out);
	else
		hg_chains_free(out);
	hg_search_release(&f.s);
	free(f.own);
	free(f.shared);
	free(f.found);
	return st;
}
