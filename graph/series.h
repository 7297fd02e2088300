/* SPDX-License-Identifier: MIT */
/*
 * series.h - counts per type over any number of snapshots.
 *
 * Keeps 16 bytes a type and sample, none of the snapshots: graphs of counts
 * alone will do and may be freed once added.  Types are told apart by full
 * name, as in the table of types.
 */
#ifndef HG_SERIES_H
#define HG_SERIES_H

#include "graph/analysis.h"

struct hg_series *hg_series_new(enum hg_scope scope);	/* NULL: no memory */
void hg_series_free(struct hg_series *s);	/* NULL ok */

/* Snapshots in the order in which they were taken. */
enum ot_status hg_series_add(struct hg_series *s, const struct hg_graph *g,
			     struct ot_err *err);

/* The same with a time of the caller's, for any clock that only goes on. */
enum ot_status hg_series_add_at(struct hg_series *s, const struct hg_graph *g,
				uint64_t now_ns, struct ot_err *err);

/* One type of a sample that comes from no graph; strings are copied. */
struct hg_sample {
	const char *full, *module;
	uint64_t count, bytes;
};

/* The same from rows: counted in the series' scope by whoever gives them. */
enum ot_status hg_series_add_rows(struct hg_series *s,
				  const struct hg_sample *v, size_t n,
				  uint64_t now_ns, struct ot_err *err);

/* Drops every other sample; the first one stays. */
void hg_series_thin(struct hg_series *s);

size_t hg_series_samples(const struct hg_series *s);
uint32_t hg_series_types(const struct hg_series *s);

/* Seconds since the first sample, one a sample; ascending. */
const double *hg_series_times(const struct hg_series *s);

const char *hg_series_type(const struct hg_series *s, uint32_t i);
const char *hg_series_module(const struct hg_series *s, uint32_t i);
/* One a sample; 0 before the type was first seen. */
const uint64_t *hg_series_counts(const struct hg_series *s, uint32_t i);
/* NULL where only tracked objects are counted: their share is not known. */
const uint64_t *hg_series_bytes(const struct hg_series *s, uint32_t i);

/* The type's place, or HG_NONE. */
uint32_t hg_series_find(const struct hg_series *s, const char *full,
			const char *module);

#endif
