/* SPDX-License-Identifier: MIT */
/*
 * table.h - what every analysis produces.
 *
 * A table has named, typed columns and rows of cells.  The text table, CSV,
 * JSON, the terminal UI and the reports render the same struct ot_table, so a
 * figure cannot differ between them.  Column names are the JSON keys.
 *
 * Strings are raw bytes from the target: whoever renders escapes them.
 * All memory belongs to the table's arena.
 */
#ifndef OT_TABLE_H
#define OT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum ot_cell_type {
	OT_CELL_NONE,		/* absent: empty in text and CSV, no key in JSON */
	OT_CELL_INT,		/* signed count; grouped by thousands in text */
	OT_CELL_BYTES,		/* unsigned bytes; 64.1M in text, number in JSON */
	OT_CELL_DELTA,		/* signed, shown with its sign */
	OT_CELL_REAL,		/* double */
	OT_CELL_SHARE,		/* double 0..1; "12.3%" in text, number in JSON */
	OT_CELL_ADDR,		/* "0x7f..." everywhere */
	OT_CELL_STR,		/* text */
	OT_CELL_BOOL,		/* yes/no in text, true/false in JSON */
	OT_CELL_TABLE,		/* nested rows: JSON list of objects; in text the
				 * renderer prints it below as a titled table */
};

enum ot_col_flags {
	OT_COL_HIDDEN = 1,	/* JSON and CSV only, not in the text table */
	OT_COL_FLEX = 2,	/* takes the rest of the line; the last by default */
	OT_COL_TREE = 4,	/* indented by the row's depth in text */
	OT_COL_ID = 8,		/* a number that is a name: not grouped */
};

struct ot_col {
	const char *name;	/* JSON key and column head */
	enum ot_cell_type type;	/* of the cells that are not NONE */
	unsigned flags;
};

struct ot_table;

struct ot_cell {
	enum ot_cell_type type;
	uint32_t len;		/* of str */
	union {
		int64_t i;
		uint64_t u;	/* BYTES, ADDR, BOOL */
		double d;
		const char *str; /* arena of the table, NUL-terminated */
		struct ot_table *table;
	} v;
};

struct ot_table {
	struct ot_arena arena;
	const char *title;	/* may be NULL; one line over the text table */
	const char *note;	/* may be NULL; one line below the text table */
	const struct ot_col *cols;	/* static, not owned */
	size_t ncols;
	struct ot_cell *cells;	/* nrows * ncols, row-major */
	size_t nrows, cap_rows;
	size_t total_rows;	/* before a limit cut it; 0: nrows */
	uint32_t *depth;	/* indent per row where a column is TREE */
};

struct ot_table *ot_table_new(const struct ot_col *cols, size_t ncols);
void ot_table_free(struct ot_table *t);		/* nested ones too; NULL ok */

/* A new row of NONE cells at the end; NULL when memory ran out. */
struct ot_cell *ot_table_row(struct ot_table *t);
void ot_table_set_depth(struct ot_table *t, size_t row, uint32_t depth);

/* Setters for one cell of a row; strings are copied into the arena. */
void ot_cell_int(struct ot_cell *c, int64_t v);
void ot_cell_bytes(struct ot_cell *c, uint64_t v);
void ot_cell_delta(struct ot_cell *c, int64_t v);
void ot_cell_real(struct ot_cell *c, double v);
void ot_cell_share(struct ot_cell *c, double v);
void ot_cell_addr(struct ot_cell *c, uint64_t v);
void ot_cell_bool(struct ot_cell *c, bool v);
bool ot_cell_str(struct ot_table *t, struct ot_cell *c,
		 const char *s, size_t len);	/* false: no memory */
bool ot_cell_strf(struct ot_table *t, struct ot_cell *c,
		  const char *fmt, ...) OT_PRINTF(3, 4);
void ot_cell_table(struct ot_cell *c, struct ot_table *sub); /* takes over */

int ot_table_col(const struct ot_table *t, const char *name);	/* or -1 */
const struct ot_cell *ot_table_at(const struct ot_table *t, size_t row,
				  size_t col);

/*
 * Stable sort by a column: numbers largest first, strings A to Z; a leading
 * '-' on the name turns it round.  Rows with depths are a tree: siblings are
 * sorted, each stays above its own.  OT_USAGE names the columns there are.
 */
enum ot_status ot_table_sort(struct ot_table *t, const char *column,
			     struct ot_err *err);
void ot_table_sort_by(struct ot_table *t, size_t col, bool reverse);

/* Keeps the first n rows (0: all) and remembers total_rows. */
void ot_table_limit(struct ot_table *t, size_t n);

#endif
