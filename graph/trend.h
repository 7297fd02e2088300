/* SPDX-License-Identifier: MIT */
/*
 * trend.h - what a row of counts over time says: how steep it is, how sure
 * that is, and one word for its shape.
 */
#ifndef HG_TREND_H
#define HG_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hg_trend {
	HG_TREND_STEADY,	/* does not move, or by next to nothing */
	HG_TREND_GROWING,	/* up, and as fast at the end as before */
	HG_TREND_LEVELLING,	/* went up, but ever less: a cache that fills */
	HG_TREND_SHRINKING,
	HG_TREND_CHURNING,	/* up and down without a direction */
};

struct hg_fit {
	double rate;	/* per second, from the first to the last sample */
	double slope;	/* per second, a line through all samples */
	double error;	/* standard error of slope; < 0: under 3 samples */
	double r2;	/* how much of the movement the line explains, 0..1 */
	enum hg_trend trend;
};

/*
 * n >= 1 samples; t in seconds, ascending.  `replaced`: how many objects came
 * in the place of others, where that is known, so that a pool which stays as
 * large as it is by constant exchange is told from one at rest; else 0.
 */
void hg_trend_fit(const double *t, const uint64_t *count, size_t n,
		  uint64_t replaced, struct hg_fit *out);

const char *hg_trend_text(enum hg_trend trend);

#endif
