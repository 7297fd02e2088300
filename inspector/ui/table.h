/* SPDX-License-Identifier: MIT */
/*
 * table.h - the table widget: every list of the UI is one.
 *
 * It asks a source for the cells it is about to show, so a table of a million
 * rows costs four bytes a row (the order) and what is on the screen.  Sorts,
 * filters and searches over many rows are done in slices (ui_table_step), keys
 * stay live meanwhile.  The selection belongs
 * to a row's key: when numbers move and rows change places it stays on the
 * same thing, at the same height of the screen where that is possible.
 */
#ifndef UI_TABLE_H
#define UI_TABLE_H

#include "base/table.h"
#include "inspector/ui/actions.h"
#include "inspector/ui/cells.h"

#define UI_ROOMY 100	/* columns of a screen with room to spare */

enum ui_col_flags {
	UI_COL_NAME = 1,	/* N sorts, a word filters by it */
	UI_COL_NOSORT = 2,
	UI_COL_ASCENDING = 4,	/* sorted smallest first */
	UI_COL_HIDDEN = 8,	/* for filters only */
	UI_COL_ROOMY = 16,	/* shown from UI_ROOMY columns on */
	UI_COL_ID = 32,		/* a number that counts nothing: 4242 */
};

struct ui_col {
	const char *name;	/* in filters and sort orders: "delta" */
	const char *head;	/* as shown: "Δ/s" */
	enum ot_cell_type type;
	unsigned flags;
	int width;		/* columns it gets at least */
	int grow;		/* its share of what the screen has left */
	enum ui_style style;
};

struct ui_source {
	const struct ui_col *cols;
	size_t ncols;
	const char *sort;	/* column, at first; NULL: as it comes */
	const char *empty;	/* shown where there is no row */

	uint32_t (*count)(void *ctx);
	/* Fills a cell; strings are allocated from t, raw as they are. */
	void (*cell)(void *ctx, uint32_t row, size_t col, struct ot_table *t,
		     struct ot_cell *out);
	/* What makes the row the same row after a reload. */
	uint64_t (*key)(void *ctx, uint32_t row);

	/* May be NULL: */
	/* True: the row is a heading; its text (escaped) is appended. */
	bool (*heading)(void *ctx, uint32_t row, struct ot_buf *out);
	/* Sorting keeps to sections; headings first in theirs. */
	uint32_t (*section)(void *ctx, uint32_t row);
	enum ui_style (*style)(void *ctx, uint32_t row, size_t col,
			       enum ui_style plain);
	/* True: an estimate, drawn with a ~ before it. */
	bool (*about)(void *ctx, uint32_t row, size_t col);
};

struct ui_table;

/* The source and what it works on outlive the table.  NULL: no memory. */
struct ui_table *ui_table_new(const struct ui_source *src, void *ctx);
void ui_table_free(struct ui_table *t);

/* The rows changed: order, filter and selection are made anew. */
void ui_table_reload(struct ui_table *t);

void ui_table_draw(struct ui_table *t, struct ui_cells *c, struct ui_rect r);

/* What is at a place of the screen as drawn last. */
enum ui_table_at { UI_TABLE_NOTHING, UI_TABLE_HEAD, UI_TABLE_ROW,
		   UI_TABLE_SELECTED };
/*
 * A click: on a row selects it (SELECTED: it was that already), on a head
 * sorts by the column, once more turns the order round.
 */
enum ui_table_at ui_table_click(struct ui_table *t, int row, int col);
void ui_table_wheel(struct ui_table *t, int rows);

/* Moves, sorts; false: not an action of tables. */
bool ui_table_act(struct ui_table *t, enum ui_action a);

/* Rows shown (headings included), and the selection's place from 1. */
uint32_t ui_table_shown(const struct ui_table *t);
uint32_t ui_table_position(const struct ui_table *t);

/* The source's number of the selected row; UINT32_MAX: none. */
uint32_t ui_table_selected(const struct ui_table *t);
void ui_table_select(struct ui_table *t, uint64_t key);

/*
 * NULL or "": everything.  A lone word looks for it anywhere in the column that
 * is the name; anything else is as in base/filter.h.
 */
enum ot_status ui_table_filter(struct ui_table *t, const char *expr,
			       struct ot_err *err);
const char *ui_table_filter_text(const struct ui_table *t);	/* "": none */

/* Looks for `text` from the selected row on; "" ends searching. */
void ui_table_search(struct ui_table *t, const char *text);
bool ui_table_searching(const struct ui_table *t);	/* n and N work */

/* One slice (some ms) of a filter or search under way; false: none is. */
bool ui_table_step(struct ui_table *t);
void ui_table_stop(struct ui_table *t);		/* Esc */
bool ui_table_busy(const struct ui_table *t);

/* Takes the last thing worth telling ("not found: x"), or NULL. */
const char *ui_table_message(struct ui_table *t);

/* " sorted by bytes" and so on for the status line. */
void ui_table_describe(const struct ui_table *t, struct ot_buf *out);

/* Names and types of its columns; ui_table_columns() of them. */
size_t ui_table_columns(const struct ui_table *t, const struct ot_col **cols);

/*
 * Appends up to n rows as shown, from position `from` on, to a table of its
 * columns; returns where it stopped.  False in *ok: no memory.
 */
uint32_t ui_table_copy(struct ui_table *t, uint32_t from, uint32_t n,
		       struct ot_table *out, bool *ok);
/* Another number whenever the order or the number of the rows changed. */
uint64_t ui_table_version(const struct ui_table *t);

/* Sorts by a column by name; false: there is none of that name. */
bool ui_table_sort(struct ui_table *t, const char *column, bool reverse);

/* A source over a struct ot_table: `cols` as in the table; ctx is the table. */
void ui_rows_cell(void *ctx, uint32_t row, size_t col, struct ot_table *t,
		  struct ot_cell *out);
uint32_t ui_rows_count(void *ctx);

#endif
