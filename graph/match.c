/* SPDX-License-Identifier: MIT */
/*
 * match.c - two lists of objects in address order, walked side by side.
 *
 * Kinds are the same kind where the type object stands at the same address
 * and has the same name; they are numbered anew in every snapshot, so they
 * are paired first.
 */
#include "config.h"

#include "graph/match.h"

#include <stdlib.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/store.h"

#define LOOK (1u << 20) /* objects between two looks at args.cancelled */

struct kind_key {
	uint64_t addr;
	const char *full;
	hg_kind kind;
};

static int
kind_compare(const void *a, const void *b)
{
	const struct kind_key *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return strcmp(x->full, y->full);
}

/* For each kind of before the same one of now, or HG_NONE; free() it. */
static hg_kind *
pair_kinds(const struct hg_graph *before, const struct hg_graph *now)
{
	uint32_t nb = hg_kinds(before), nn = hg_kinds(now), k;
	struct kind_key *keys = calloc((size_t)nn + 1, sizeof(*keys)), one;
	hg_kind *pair = calloc((size_t)nb + 1, sizeof(*pair));
	const struct kind_key *hit;

	if (!keys || !pair) {
		free(keys);
		free(pair);
		return NULL;
	}
	for (k = 0; k < nn; k++)
		keys[k] = (struct kind_key){ hg_kind_addr(now, k),
					     hg_kind_full(now, k), k };
	qsort(keys, nn, sizeof(*keys), kind_compare);
	for (k = 0; k < nb; k++) {
		one = (struct kind_key){ hg_kind_addr(before, k),
					 hg_kind_full(before, k), 0 };
		hit = nn == 0 ? NULL
			      : bsearch(&one, keys, nn, sizeof(*keys),
					kind_compare);
		pair[k] = hit ? hit->kind : HG_NONE;
	}
	free(keys);
	return pair;
}

/* Does it hold anything but its class?  A value of its own does not. */
static bool
is_leaf(const struct hg_graph *g, hg_node n)
{
	hg_edge e;

	for (e = hg_out(g, n); e < hg_out(g, n + 1); e++)
		if (hg_edge_relation(g, e) != OTW_REL_TYPE)
			return false;
	return true;
}

/* Values that read differently, where both snapshots have them. */
static bool
told_apart(const struct hg_match *m, hg_node b, hg_node n)
{
	size_t len_b, len_n;
	const char *text_b = hg_text(m->before, b, &len_b);
	const char *text_n = hg_text(m->now, n, &len_n);

	if (len_b == 0 || len_n == 0)
		return false;
	if (len_b == len_n && memcmp(text_b, text_n, len_b) == 0)
		return false;
	return is_leaf(m->now, n);
}

static void
set(unsigned char *bits, uint32_t i)
{
	bits[i / 8] |= (unsigned char)(1u << i % 8);
}

static bool
get(const unsigned char *bits, uint32_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

static enum ot_status
walk(struct hg_match *m, const hg_kind *pair, const struct hg_args *args,
     struct ot_err *err)
{
	hg_node b = 0, n = 0, nb = hg_objects(m->before);
	hg_node nn = hg_objects(m->now);
	struct hg_addr_row row_b, row_n;
	uint64_t at_b, at_n, look = LOOK;

	hg_addr_row_init(&row_b, &m->before->addrs);
	hg_addr_row_init(&row_n, &m->now->addrs);
	at_b = hg_addr_row_next(&row_b);
	at_n = hg_addr_row_next(&row_n);
	while (b < nb || n < nn) {
		if ((uint64_t)b + n >= look) {
			look += LOOK;
			if (an_check(args, n, nn, err) != OT_OK)
				return OT_INTERRUPTED;
		}
		if (b < nb && (n == nn || at_b < at_n)) {
			set(m->gone, b++);
			at_b = hg_addr_row_next(&row_b);
		} else if (n < nn && (b == nb || at_n < at_b)) {
			set(m->born, n++);
			at_n = hg_addr_row_next(&row_n);
		} else {
			if (pair[hg_kind_of(m->before, b)] !=
				    hg_kind_of(m->now, n) ||
			    told_apart(m, b, n)) {
				set(m->gone, b);
				set(m->born, n);
			}
			b++;
			n++;
			at_b = hg_addr_row_next(&row_b);
			at_n = hg_addr_row_next(&row_n);
		}
	}
	return OT_OK;
}

enum ot_status
hg_match_new(const struct hg_graph *before, const struct hg_graph *now,
	     const struct hg_args *args, struct hg_match *out,
	     struct ot_err *err)
{
	hg_kind *pair = pair_kinds(before, now);
	enum ot_status st;

	*out = (struct hg_match){ .before = before, .now = now };
	out->gone = calloc(hg_objects(before) / 8 + 1, 1);
	out->born = calloc(hg_objects(now) / 8 + 1, 1);
	if (!pair || !out->gone || !out->born)
		st = ot_fail_nomem(err, "a comparison");
	else
		st = walk(out, pair, args, err);
	free(pair);
	if (st != OT_OK)
		hg_match_release(out);
	return st;
}

void
hg_match_release(struct hg_match *m)
{
	free(m->gone);
	free(m->born);
	*m = (struct hg_match){ 0 };
}

bool
hg_match_born(const struct hg_match *m, hg_node n)
{
	return get(m->born, n);
}

bool
hg_match_gone(const struct hg_match *m, hg_node n)
{
	return get(m->gone, n);
}

enum ot_status
hg_match_born_of(const struct hg_match *m, hg_kind k, hg_node **nodes,
		 uint32_t *n, struct ot_err *err)
{
	const hg_node *all;
	uint32_t count, i;

	all = hg_kind_nodes(m->now, k, &count);
	*n = 0;
	*nodes = ot_realloc_array(NULL, (size_t)count + 1, sizeof(**nodes));
	if (!*nodes)
		return ot_fail_nomem(err, "the new objects");
	for (i = 0; i < count; i++)
		if (get(m->born, all[i]))
			(*nodes)[(*n)++] = all[i];
	return OT_OK;
}

/* Those that stayed stand in the same order in both. */
enum ot_status
hg_match_births(const struct hg_match *m, const uint16_t *was,
		uint16_t sample, uint16_t **births, struct ot_err *err)
{
	hg_node b = 0, n, nb = hg_objects(m->before), nn = hg_objects(m->now);
	uint16_t *out = ot_realloc_array(NULL, (size_t)nn + 1, sizeof(*out));

	*births = out;
	if (!out)
		return ot_fail_nomem(err, "ages of objects");
	for (n = 0; n < nn; n++) {
		out[n] = sample;
		if (get(m->born, n))
			continue;
		while (b < nb && get(m->gone, b))
			b++;
		out[n] = b < nb && was ? was[b] : 0;
		b++;
	}
	return OT_OK;
}
