/* SPDX-License-Identifier: MIT */
/*
 * emit.h - one emitter for text, JSON and CSV.
 *
 * JSON is the envelope of the contract: {"schema": "objtop/1", "command": ...,
 * "target": {...}, "snapshot": {...}, "rows": [...]}.  `target` and `snapshot`
 * are one-row tables here too (NULL: the key is left out), so the emitter
 * needs to know nothing about either.
 */
#ifndef OT_EMIT_H
#define OT_EMIT_H

#include <stdio.h>

#include "base/buf.h"
#include "base/table.h"

enum ot_format { OT_FMT_TEXT, OT_FMT_JSON, OT_FMT_CSV };

struct ot_emit {
	enum ot_format format;
	const char *command;
	const struct ot_table *target;		/* one row, or NULL */
	const struct ot_table *snapshot;	/* one row, or NULL */
	bool color;		/* text: heads in bold */
	size_t width;		/* text: columns of the terminal; 0: no limit */
};

/* Fails (OT_FAILED) when the stream does, e.g. disk full; flushes. */
enum ot_status ot_emit_table(const struct ot_emit *e, const struct ot_table *t,
			     FILE *out, struct ot_err *err);

/* The text of one cell as the text table shows it, unescaped strings escaped. */
void ot_cell_text(const struct ot_cell *c, struct ot_buf *out);

#endif
