/* SPDX-License-Identifier: MIT */
/*
 * since.h - the model behind the Growth view: how types moved since a mark,
 * or since the target was first looked at.
 */
#ifndef VIEWS_SINCE_H
#define VIEWS_SINCE_H

#include "graph/series.h"
#include "graph/trend.h"

#define SINCE_KEPT 256		/* samples; then every other one is dropped */

struct since_row {
	const char *type;	/* of the series */
	uint64_t key;
	uint64_t count;
	int64_t delta;
	struct hg_fit fit;
};

struct since {
	struct hg_series *series;
	struct since_row *rows;	/* types that moved */
	uint32_t nrows;
};

/* All zero is the empty value, and what follows a mark. */
void since_release(struct since *s);

/* `time_us` on any clock that only goes on. */
enum ot_status since_update(struct since *s, const struct hg_graph *g,
			    uint64_t time_us, struct ot_err *err);

/* The same with what a census says. */
enum ot_status since_update_rows(struct since *s, const struct hg_sample *v,
				 size_t n, uint64_t time_us,
				 struct ot_err *err);

#endif
