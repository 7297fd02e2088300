/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - figures of processes as a scraper reads them: text in the
 * format of OpenMetrics, or of Prometheus before it, which differ in how
 * counters are announced.
 *
 * The number of series is bounded: of each process the types that take most
 * bytes, and one row for the rest.
 */
#ifndef HG_METRICS_H
#define HG_METRICS_H

#include "graph/graph.h"

#define HG_METRICS_TYPES 30u	   /* where nobody says how many */
#define HG_METRICS_TYPES_MAX 1000u

/* One process. */
struct hg_metrics {
	uint64_t pid;
	const char *command;	/* NULL: left out */
	bool up;
	const struct hg_graph *g; /* its last snapshot; counts will do; NULL:
				   * none yet */
	uint64_t rss;		/* 0: not known */
	double age_s;		/* of the snapshot; below 0: not known */
	/* Only where samples are taken one after the other: */
	bool live;
	uint64_t samples, failures;
	double held_s;		/* the process was held for, in all */
};

/* types 0: HG_METRICS_TYPES. */
enum ot_status hg_metrics_write(const struct hg_metrics *m, size_t n,
				size_t types, bool openmetrics,
				struct ot_buf *out, struct ot_err *err);

#endif
