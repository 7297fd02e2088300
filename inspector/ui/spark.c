/* SPDX-License-Identifier: MIT */
/*
 * Sparklines of eight block characters (cells.c has ASCII for each).
 */
#include "config.h"

#include "inspector/ui/spark.h"

#define SPARK_STEPS 8
#define SPARK_NOISE 1000	/* less than one part in: flat */

void
ui_spark(const uint64_t *v, size_t n, struct ot_buf *out)
{
	static const char *const blocks[SPARK_STEPS] = {
		"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"
	};
	uint64_t lo = UINT64_MAX, hi = 0, span;
	size_t i;

	for (i = 0; i < n; i++) {
		lo = v[i] < lo ? v[i] : lo;
		hi = v[i] > hi ? v[i] : hi;
	}
	if (n == 0)
		return;
	span = hi - lo;
	if (span < hi / SPARK_NOISE)
		span = 0;
	for (i = 0; i < n; i++) {
		double part = span == 0 ? 0 :
			      (double)(v[i] - lo) / (double)span;

		ot_buf_adds(out, blocks[(int)(part * (SPARK_STEPS - 1) + 0.5)]);
	}
}
