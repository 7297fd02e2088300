/* SPDX-License-Identifier: MIT */
/*
 * gc_freed.c - what a collection freed: the counts of each type before it,
 * less those after it.  The program runs on between the three, so a type that
 * it makes and drops all the time may move for another reason.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "inspector/cmd/gc.h"

enum { FREED, BEFORE, AFTER, BYTES, TYPE, NCOLS };

static const struct ot_col cols[NCOLS] = {
	[FREED] = { "freed", OT_CELL_INT, 0 },
	[BEFORE] = { "before", OT_CELL_INT, 0 },
	[AFTER] = { "after", OT_CELL_INT, 0 },
	[BYTES] = { "bytes", OT_CELL_BYTES, 0 },
	[TYPE] = { "type", OT_CELL_STR, OT_COL_FLEX },
};

struct count {
	const char *full, *module;
	uint64_t n, bytes;
};

static int
by_name(const void *a, const void *b)
{
	const struct count *x = a, *y = b;
	int c = strcmp(x->full, y->full);

	return c != 0 ? c : strcmp(x->module, y->module);
}

/* By name, each once; NULL: no memory. */
static struct count *
counts(const struct hg_graph *g, size_t *n)
{
	size_t nkinds = hg_kinds(g), i, out = 0;
	struct count *c = calloc(nkinds + 1, sizeof(*c));

	if (c == NULL)
		return NULL;
	for (i = 0; i < nkinds; i++)
		c[i] = (struct count){ hg_kind_full(g, (hg_kind)i),
				       hg_kind_module(g, (hg_kind)i),
				       hg_kind_count(g, (hg_kind)i),
				       hg_kind_bytes(g, (hg_kind)i) };
	qsort(c, nkinds, sizeof(*c), by_name);
	for (i = 0; i < nkinds; i++) {
		if (out > 0 && by_name(&c[out - 1], &c[i]) == 0) {
			c[out - 1].n += c[i].n;
			c[out - 1].bytes += c[i].bytes;
		} else {
			c[out++] = c[i];
		}
	}
	*n = out;
	return c;
}

static bool
add_row(struct ot_table *t, const struct count *was, const struct count *is)
{
	uint64_t n = is == NULL ? 0 : is->n;
	uint64_t bytes = is == NULL ? 0 : is->bytes;
	struct ot_cell *row = ot_table_row(t);

	if (row == NULL)
		return false;
	ot_cell_int(&row[FREED], (int64_t)(was->n - n));
	ot_cell_int(&row[BEFORE], (int64_t)was->n);
	ot_cell_int(&row[AFTER], (int64_t)n);
	if (was->bytes >= bytes)
		ot_cell_bytes(&row[BYTES], was->bytes - bytes);
	return ot_cell_str(t, &row[TYPE], was->full, strlen(was->full));
}

enum ot_status
gc_freed(const struct hg_graph *before, const struct hg_graph *after,
	 struct ot_table **out, struct ot_err *err)
{
	struct ot_table *t = ot_table_new(cols, NCOLS);
	size_t nwas = 0, nis = 0, i;
	struct count *was = counts(before, &nwas), *is = counts(after, &nis);
	bool ok = t != NULL && was != NULL && is != NULL;

	for (i = 0; ok && i < nwas; i++) {
		const struct count *now = bsearch(&was[i], is, nis,
						  sizeof(*is), by_name);

		if (was[i].n > (now == NULL ? 0 : now->n))
			ok = add_row(t, &was[i], now);
	}
	free(was);
	free(is);
	if (!ok) {
		ot_table_free(t);
		return ot_fail_nomem(err, "a table");
	}
	ot_table_sort_by(t, FREED, false);
	*out = t;
	return OT_OK;
}
