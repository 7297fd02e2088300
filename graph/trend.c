/* SPDX-License-Identifier: MIT */
/*
 * trend.c - is it a leak, a cache that fills up, or noise?
 *
 * The slope is that of least squares, with its standard error.  It has a
 * direction where the count never went the other way, or where the slope is
 * beyond its error at the 1 % level of Student's t (thousands of types are
 * looked at in one table: at 5 % noise alone would fill it).
 *
 * What went up levels off where the later half of the time brought less than
 * a third of what the earlier half did, and the difference is beyond what
 * counting alone makes (a count of n events varies by its square root).  An
 * exponential approach to a limit shows after 2.2 of its time constants; a
 * shorter look cannot tell it from a leak, and says "growing".
 */
#include "config.h"

#include "graph/trend.h"

#include <math.h>

#include "base/compiler.h"

#define LESS 3.0	/* the later half brought that much less: levelling */
#define SIGMAS 3.0
#define REST 100.0	/* moves below a part of this of the mean are rest */

const char *
hg_trend_text(enum hg_trend trend)
{
	static const char *const words[] = {
		[HG_TREND_STEADY] = "steady",
		[HG_TREND_GROWING] = "growing",
		[HG_TREND_LEVELLING] = "levelling off",
		[HG_TREND_SHRINKING] = "shrinking",
		[HG_TREND_CHURNING] = "churning",
	};

	return words[trend];
}

/* Two-sided 1 % point of Student's t, by degrees of freedom from 1 on. */
static double
student(size_t df)
{
	static const double points[] = { 63.66, 9.93, 5.84, 4.60, 4.03,
					 3.71,	3.50, 3.36, 3.25, 3.17 };

	if (df == 0)
		return INFINITY;
	if (df <= OT_ARRAY_LEN(points))
		return points[df - 1];
	return df <= 20 ? 2.98 : 2.70;
}

/* Least squares; centred, so that large counts lose no digits. */
static void
line(const double *t, const uint64_t *count, size_t n, struct hg_fit *f)
{
	double mt = 0, mc = 0, tt = 0, tc = 0, cc = 0, rest;
	size_t i;

	for (i = 0; i < n; i++) {
		mt += (t[i] - t[0]) / (double)n;
		mc += (double)count[i] / (double)n;
	}
	for (i = 0; i < n; i++) {
		double dt = t[i] - t[0] - mt, dc = (double)count[i] - mc;

		tt += dt * dt;
		tc += dt * dc;
		cc += dc * dc;
	}
	if (tt <= 0)
		return;
	f->slope = tc / tt;
	rest = cc - f->slope * tc;
	if (rest < 0)
		rest = 0;
	f->r2 = cc > 0 ? 1 - rest / cc : 0;
	if (n > 2)
		f->error = sqrt(rest / (double)(n - 2) / tt);
}

/* The count in the middle of the time, between two samples if need be. */
static double
middle(const double *t, const uint64_t *count, size_t n)
{
	double at = t[0] + (t[n - 1] - t[0]) / 2, part;
	size_t i = 1;

	while (i < n - 1 && t[i] < at)
		i++;
	part = (at - t[i - 1]) / (t[i] - t[i - 1]);
	return (double)count[i - 1] +
	       part * ((double)count[i] - (double)count[i - 1]);
}

static bool
levels_off(const double *t, const uint64_t *count, size_t n)
{
	double half, early, late;

	if (n < 3 || !(t[n - 1] > t[0]))
		return false;
	half = middle(t, count, n);
	early = half - (double)count[0];
	late = (double)count[n - 1] - half;
	return late * LESS < early &&
	       early - late > SIGMAS * sqrt(fabs(early) + fabs(late));
}

static enum hg_trend
shape(const double *t, const uint64_t *count, size_t n, uint64_t replaced,
      const struct hg_fit *f)
{
	uint64_t min = count[0], max = count[0];
	bool rose = false, fell = false, sure;
	double moved, limit;
	size_t i;

	for (i = 1; i < n; i++) {
		rose = rose || count[i] > count[i - 1];
		fell = fell || count[i] < count[i - 1];
		min = count[i] < min ? count[i] : min;
		max = count[i] > max ? count[i] : max;
	}
	sure = f->error >= 0 && fabs(f->slope) > student(n - 2) * f->error;
	if ((rose && !fell) || (sure && f->slope > 0))
		return levels_off(t, count, n) ? HG_TREND_LEVELLING
					       : HG_TREND_GROWING;
	if ((fell && !rose) || (sure && f->slope < 0))
		return HG_TREND_SHRINKING;
	moved = (double)(max - min);
	if (moved < (double)replaced)
		moved = (double)replaced;
	limit = (double)max / REST;
	return moved > (limit > 2 ? limit : 2) ? HG_TREND_CHURNING
					       : HG_TREND_STEADY;
}

void
hg_trend_fit(const double *t, const uint64_t *count, size_t n,
	     uint64_t replaced, struct hg_fit *out)
{
	*out = (struct hg_fit){ .error = -1 };
	line(t, count, n, out);
	if (n > 1 && t[n - 1] > t[0])
		out->rate = ((double)count[n - 1] - (double)count[0]) /
			    (t[n - 1] - t[0]);
	out->trend = shape(t, count, n, replaced, out);
}
