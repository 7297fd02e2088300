/* SPDX-License-Identifier: MIT */
/*
 * pick.h - the largest few of many nodes; private to the graph room.
 */
#ifndef HG_PICK_H
#define HG_PICK_H

#include "graph/graph.h"

struct hg_pick {
	uint64_t key;
	hg_node node;
};

/* The `cap` largest so far, equal ones by id; `seen` of them were offered. */
struct hg_picks {
	struct hg_pick *v;
	size_t n, cap, room, seen;
};

/* cap 0: keeps all. */
void hg_picks_init(struct hg_picks *p, size_t cap);
bool hg_picks_offer(struct hg_picks *p, uint64_t key, hg_node node);
void hg_picks_sort(struct hg_picks *p); /* largest first; offer no more */
void hg_picks_release(struct hg_picks *p);

#endif
