/* SPDX-License-Identifier: MIT */
/*
 * ex_util.h - what exports share; private to the graph room.
 */
#ifndef HG_EX_UTIL_H
#define HG_EX_UTIL_H

#include <stdio.h>
#include <string.h>

#include "graph/an_util.h"
#include "graph/formats.h"

#define EX_EVERY 65536u /* nodes between two looks at Ctrl-C */

/* Did the stream take it all, and was there memory for `scratch` (or NULL)? */
enum ot_status ex_end(FILE *out, const struct ot_buf *scratch,
		      struct ot_err *err);

/* Every now and then: cancelled, or is the disk full? */
enum ot_status ex_tick(const struct hg_args *args, FILE *out, uint32_t done,
		       uint32_t total, struct ot_err *err);

/*
 * In quotes.  Controls and what turns text round are spelled out as on a
 * terminal (\x1b, \u202e), long ones end in "...".
 */
void ex_json_string(FILE *out, struct ot_buf *scratch, const char *s,
		    size_t len);
/* A field of CSV, quoted where it must be; escaped and cut alike. */
void ex_csv_string(FILE *out, struct ot_buf *scratch, const char *s,
		   size_t len);

#endif
