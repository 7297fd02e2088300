/* SPDX-License-Identifier: MIT */
/*
 * near.c - a node's edges in the order in which people want them.
 *
 * One pass over the edges a rank: nothing to allocate or sort, and whoever
 * wants the first ten of a million stops early.
 */
#include "config.h"

#include "graph/near.h"

#include "graph/ignore.h"
#include "graph/store.h"

#define FRONT_LOOK 100000u

/*
 * A module tells more of its namespace than the functions whose globals it is,
 * of which there can be thousands.
 */
enum {
	RANK_ROOT, RANK_MODULE, RANK_PLAIN, RANK_KEY, RANK_GLOBAL, RANK_CLASS,
	RANK_WEAK, RANK_END
};

static unsigned
rank_of(const struct hg_graph *g, hg_edge e)
{
	if (e >= g->root_edges)
		return RANK_ROOT;
	if (hg_module_of(g, hg_edge_from(g, e)) != HG_NONE)
		return RANK_MODULE;
	switch (hg_edge_relation(g, e)) {
	case OTW_REL_WEAK:
		return RANK_WEAK;
	case OTW_REL_TYPE:
	case OTW_REL_BASE:
	case OTW_REL_SUBCLASS:
		return RANK_CLASS;
	case OTW_REL_KEY:
		return RANK_KEY;
	case OTW_REL_GLOBAL:
		return RANK_GLOBAL;
	default:
		return RANK_PLAIN;
	}
}

void
hg_near_init(struct hg_near *it, const struct hg_graph *g, hg_node n, bool back)
{
	*it = (struct hg_near){ .g = g, .node = n, .back = back };
}

bool
hg_near_next(struct hg_near *it, hg_edge *e, hg_node *far)
{
	const struct hg_graph *g = it->g;
	const hg_edge *in;
	uint32_t n_in, n;

	in = hg_in(g, it->node, &n_in);
	n = it->back ? n_in : hg_out(g, it->node + 1) - hg_out(g, it->node);
	for (; it->rank < RANK_END; it->rank++, it->at = 0) {
		while (it->at < n) {
			*e = it->back ? in[it->at] : hg_out(g, it->node) + it->at;
			it->at++;
			if (rank_of(g, *e) != it->rank)
				continue;
			*far = it->back ? hg_edge_from(g, *e)
					: hg_edge_to(g, *e);
			return true;
		}
	}
	return false;
}


/*
 * Positions among the referrers of n that are roots or modules.  Roots have
 * the highest numbers, so both ends are looked at: the last ones from behind,
 * then the others in order, as far as there is room.
 */
void
hg_front_find(const struct hg_graph *g, hg_node n, struct hg_front *f)
{
	uint32_t n_in, i, k;
	const hg_edge *in = hg_in(g, n, &n_in);

	f->n = 0;
	for (i = n_in; i > 0 && f->n < HG_FRONT / 2; i--) {
		if (rank_of(g, in[i - 1]) != RANK_ROOT)
			break;
		f->at[f->n++] = i - 1;
	}
	for (k = 0; k < i && k < FRONT_LOOK && f->n < HG_FRONT; k++)
		if (rank_of(g, in[k]) == RANK_MODULE)
			f->at[f->n++] = k;
}

hg_edge
hg_front_edge(const struct hg_graph *g, hg_node n, const struct hg_front *f,
	      uint32_t row)
{
	uint32_t n_in, i, at, below;
	const hg_edge *in = hg_in(g, n, &n_in);

	if (row < f->n)
		return in[f->at[row]];
	/* the others in their order: step over those in front */
	at = row - f->n;
	do {
		below = 0;
		for (i = 0; i < f->n; i++)
			below += f->at[i] <= at;
		i = row - f->n + below;
		if (i == at)
			break;
		at = i;
	} while (true);
	return in[at];
}

bool
hg_edge_quiet(const struct hg_graph *g, hg_edge e)
{
	return hg_edge_weak(g, e) || hg_edge_relation(g, e) == OTW_REL_TYPE;
}
