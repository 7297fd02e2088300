/* SPDX-License-Identifier: MIT */
/*
 * filter.h - `-f EXPR`: which rows of a table stay.
 *
 * EXPR is terms joined by "and".  A term is `WORD` (the table's "type" column
 * equals WORD, or its last dotted part does; * and ? are wildcards), or
 * `COLUMN:PATTERN`, or `COLUMN<op>VALUE` with op one of < <= > >= = != (sizes
 * take K, M, G), any of them turned round by a leading '!'.  `module` of a
 * table that has only types is read off the type's name.
 */
#ifndef OT_FILTER_H
#define OT_FILTER_H

#include "base/table.h"

struct ot_filter;

enum ot_status ot_filter_parse(const char *expr, struct ot_filter **out,
			       struct ot_err *err);
void ot_filter_free(struct ot_filter *f);

/* OT_USAGE where the table has no such column. */
enum ot_status ot_filter_apply(struct ot_filter *f, struct ot_table *t,
			       struct ot_err *err);

/* shop.models.Session matches "Session", "shop.models.Session", "shop.*". */
bool ot_type_matches(const char *pattern, const char *type);

#endif
