/* SPDX-License-Identifier: MIT */
/*
 * pick.c - the largest few of many nodes.
 *
 * Once full a heap with the least at its top, so that twenty of ten million
 * cost one comparison each.
 */
#include "config.h"

#include "graph/pick.h"

#include <stdlib.h>

/* Does a come after b? */
static bool
less(const struct hg_pick *a, const struct hg_pick *b)
{
	return a->key != b->key ? a->key < b->key : a->node > b->node;
}

static int
pick_compare(const void *a, const void *b)
{
	return less(b, a) ? -1 : less(a, b);
}

static void
sift_down(struct hg_picks *p, size_t at)
{
	struct hg_pick x = p->v[at];
	size_t child;

	while ((child = 2 * at + 1) < p->n) {
		if (child + 1 < p->n && less(&p->v[child + 1], &p->v[child]))
			child++;
		if (!less(&p->v[child], &x))
			break;
		p->v[at] = p->v[child];
		at = child;
	}
	p->v[at] = x;
}

void
hg_picks_init(struct hg_picks *p, size_t cap)
{
	*p = (struct hg_picks){ .cap = cap ? cap : SIZE_MAX };
}

static bool
pick_add(struct hg_picks *p, struct hg_pick x)
{
	struct hg_pick *more;
	size_t room;

	if (p->n == p->room) {
		room = p->room * 2 + 64;
		if (room > p->cap)
			room = p->cap;
		more = ot_realloc_array(p->v, room, sizeof(*more));
		if (!more)
			return false;
		p->v = more;
		p->room = room;
	}
	p->v[p->n++] = x;
	return true;
}

bool
hg_picks_offer(struct hg_picks *p, uint64_t key, hg_node node)
{
	struct hg_pick x = { key, node };
	size_t i;

	p->seen++;
	if (p->n < p->cap) {
		if (!pick_add(p, x))
			return false;
		if (p->n == p->cap)
			for (i = p->n / 2; i-- > 0;)
				sift_down(p, i);
	} else if (less(&p->v[0], &x)) {
		p->v[0] = x;
		sift_down(p, 0);
	}
	return true;
}

void
hg_picks_sort(struct hg_picks *p)
{
	if (p->n > 1)
		qsort(p->v, p->n, sizeof(*p->v), pick_compare);
}

void
hg_picks_release(struct hg_picks *p)
{
	free(p->v);
	*p = (struct hg_picks){ 0 };
}
