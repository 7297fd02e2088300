/* SPDX-License-Identifier: MIT */
/*
 * live.h - the model behind the live table: counts per type over time.
 *
 * Fed with one graph per sample (a graph of counts alone will do) or with the
 * rows of a census; keeps a short history of each type and what follows from
 * it: growth per second and whether it grows steadily.  Types are matched by
 * address; one whose name becomes another is another type, unless it is only
 * its module that was not known before.
 */
#ifndef VIEWS_LIVE_H
#define VIEWS_LIVE_H

#include "graph/graph.h"
#include "inspector/views/since.h"

#define LIVE_KEPT 10		/* samples of history */
#define LIVE_SLOPE 4		/* samples the growth is taken over */

enum live_mark {
	LIVE_STILL,
	LIVE_GREW,		/* in the last sample */
	LIVE_STEADY,		/* grew, and never shrank, for LIVE_KEPT / 2 */
	LIVE_SHRANK,
};

/* One type of one sample. */
struct live_count {
	uint64_t addr;
	const char *type;	/* full name; copied */
	const char *module;	/* NULL: not known yet */
	uint64_t count, bytes, tracked;
	uint64_t error;		/* of count, either way */
	bool estimated;
};

struct live_row {
	uint64_t key;		/* of the table's row */
	uint64_t addr;		/* of the type */
	char *type;		/* full name, owned */
	uint64_t count[LIVE_KEPT];	/* the last `n` are set, oldest first */
	uint64_t bytes, tracked;
	uint64_t retained;	/* of the graph it was computed from */
	uint64_t error;		/* of the last count */
	bool estimated;
	uint32_t n;
	double rate;		/* instances per second */
	enum live_mark mark;
};

struct live {
	struct live_row *rows;
	uint32_t nrows, cap;
	uint32_t *slots, nslots;	/* hash of keys to rows + 1 */
	uint64_t time_us[LIVE_KEPT];
	uint32_t n;		/* samples, at most LIVE_KEPT */
	uint64_t objects, bytes, tracked;	/* of the last sample */
	bool has_retained;
	uint64_t error;		/* of objects */
	bool counted;		/* by a census: bytes are averages */
	uint64_t refs;		/* of the last whole graph; 0: none yet */
	double rate;		/* objects per second, all types */
	uint64_t totals[LIVE_KEPT];
	struct since since;	/* since the mark, else the first sample */
};

/* All zero is the empty value. */
void live_release(struct live *l);

/* `time_us` is when the sample was taken, on any clock that only goes on. */
enum ot_status live_update(struct live *l, const struct hg_graph *g,
			   uint64_t time_us, struct ot_err *err);

/* Retained bytes from the table of `types --retained`. */
enum ot_status live_retained(struct live *l, const struct ot_table *types,
			     struct ot_err *err);

/* The same with what a census says; `error` is of all objects together. */
enum ot_status live_update_rows(struct live *l, const struct live_count *v,
				size_t n, uint64_t error, uint64_t time_us,
				struct ot_err *err);

uint64_t live_count(const struct live_row *r);	/* of the last sample */

#endif
