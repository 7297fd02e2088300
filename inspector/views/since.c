/* SPDX-License-Identifier: MIT */
/*
 * A series of counts, fitted anew with each sample.
 *
 * Memory stays bounded however long one looks: at SINCE_KEPT samples every
 * other one is dropped, so that the whole time stays in view, at half the
 * resolution.  A sample costs some thousand types times at most 256 samples.
 */
#include "config.h"

#include "inspector/views/since.h"

#include <stdlib.h>

void
since_release(struct since *s)
{
	hg_series_free(s->series);
	free(s->rows);
	*s = (struct since){ 0 };
}

static uint64_t
since_key(const char *type, const char *module)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *type != '\0'; type++)
		h = (h ^ (unsigned char)*type) * 0x100000001b3u;
	for (; *module != '\0'; module++)
		h = (h ^ (unsigned char)*module) * 0x100000001b3u;
	return h;
}

static bool
since_moved(const uint64_t *count, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (count[i] != count[0])
			return true;
	return false;
}

static enum ot_status
since_fit(struct since *s, struct ot_err *err)
{
	uint32_t types = hg_series_types(s->series), i;
	size_t n = hg_series_samples(s->series);
	struct since_row *rows;

	rows = ot_realloc_array(s->rows, (size_t)types + 1, sizeof(*rows));
	if (rows == NULL)
		return ot_fail_nomem(err, "the table of growth");
	s->rows = rows;
	s->nrows = 0;
	for (i = 0; i < types; i++) {
		const uint64_t *count = hg_series_counts(s->series, i);
		struct since_row *r = &rows[s->nrows];

		if (!since_moved(count, n))
			continue;
		s->nrows++;
		r->type = hg_series_type(s->series, i);
		r->key = since_key(r->type, hg_series_module(s->series, i));
		r->count = count[n - 1];
		r->delta = (int64_t)(count[n - 1] - count[0]);
		hg_trend_fit(hg_series_times(s->series), count, n, 0, &r->fit);
	}
	return OT_OK;
}

static enum ot_status
since_begin(struct since *s, struct ot_err *err)
{
	if (s->series == NULL)
		s->series = hg_series_new(HG_SCOPE_ALL);
	if (s->series == NULL)
		return ot_fail_nomem(err, "the table of growth");
	if (hg_series_samples(s->series) >= SINCE_KEPT)
		hg_series_thin(s->series);
	return OT_OK;
}

enum ot_status
since_update(struct since *s, const struct hg_graph *g, uint64_t time_us,
	     struct ot_err *err)
{
	enum ot_status st = since_begin(s, err);

	if (st == OT_OK)
		st = hg_series_add_at(s->series, g, time_us * 1000, err);
	return st == OT_OK ? since_fit(s, err) : st;
}

enum ot_status
since_update_rows(struct since *s, const struct hg_sample *v, size_t n,
		  uint64_t time_us, struct ot_err *err)
{
	enum ot_status st = since_begin(s, err);

	if (st == OT_OK)
		st = hg_series_add_rows(s->series, v, n, time_us * 1000, err);
	return st == OT_OK ? since_fit(s, err) : st;
}
