/* SPDX-License-Identifier: MIT */
/*
 * formats.h - a heap for other people's tools, written as it is read: nothing
 * is kept that grows with the heap but what a format's file says.
 */
#ifndef HG_FORMATS_H
#define HG_FORMATS_H

#include <stdio.h>

#include "graph/analysis.h"

/*
 * Writes g to out and flushes; args->cancelled is looked at.  A text that the
 * target wrote is escaped as the format has it and cut at HG_EXPORT_COLS.
 */
typedef enum ot_status (*hg_format_fn)(const struct hg_graph *g,
				       const struct hg_args *args, FILE *out,
				       struct ot_err *err);

#define HG_EXPORT_COLS 240u

struct hg_format {
	const char *name, *ending, *help;
	hg_format_fn run;
};

extern const struct hg_format hg_formats[];	/* ends with name NULL */

/* By name; else by the ending of a file name.  OT_USAGE lists them. */
enum ot_status hg_format_find(const char *name, const char *path,
			      const struct hg_format **out,
			      struct ot_err *err);

#define FORMAT(name, ending, help) \
enum ot_status ex_##name(const struct hg_graph *g, \
			 const struct hg_args *args, FILE *out, \
			 struct ot_err *err);
#include "graph/formats.def"

#endif
