/* SPDX-License-Identifier: MIT */
/*
 * match.h - which objects of one snapshot are still there in a later one.
 *
 * An object stayed if both have an object of the same type at its address,
 * and no value tells them apart: a number or string that reads differently is
 * another one.  What cannot be told: an object that was freed, and another of
 * its type without a value of its own made at the same address, counts as one
 * that stayed.
 */
#ifndef HG_MATCH_H
#define HG_MATCH_H

#include "graph/analysis.h"

struct hg_match {
	const struct hg_graph *before, *now;
	unsigned char *gone; /* bits over objects of before */
	unsigned char *born; /* bits over objects of now */
};

/* Linear in both; a bit an object. */
enum ot_status hg_match_new(const struct hg_graph *before,
			    const struct hg_graph *now,
			    const struct hg_args *args, struct hg_match *out,
			    struct ot_err *err);
void hg_match_release(struct hg_match *m);

bool hg_match_born(const struct hg_match *m, hg_node n);
bool hg_match_gone(const struct hg_match *m, hg_node n);

/*
 * For each object of now the number of the sample it was first seen in: that
 * of before, which `was` has (NULL: all 0), where it stayed, else `sample`.
 * 2 bytes an object; free() them.
 */
enum ot_status hg_match_births(const struct hg_match *m, const uint16_t *was,
			       uint16_t sample, uint16_t **births,
			       struct ot_err *err);

/* The objects of kind k of now that were born; free() them. */
enum ot_status hg_match_born_of(const struct hg_match *m, hg_kind k,
				hg_node **nodes, uint32_t *n,
				struct ot_err *err);

#endif
