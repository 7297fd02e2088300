/* SPDX-License-Identifier: MIT */
/*
 * cells.h - the screen as a grid of cells, without a terminal.
 *
 * Everything is drawn here; inspector/ui/screen.c copies the grid to the
 * terminal and tests read it as text.  Strings are UTF-8; on a terminal
 * without it (`utf8` false) the few signs the UI draws with are put as ASCII
 * and every other non-ASCII character as '?', here and nowhere else.
 * Strings from a target are escaped before they come here; control characters
 * that come all the same are drawn as '?'.
 */
#ifndef UI_CELLS_H
#define UI_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum ui_style {
#define STYLE(name, fg, bg, attr, mono) UI_##name,
#include "inspector/ui/style.def"
	UI_STYLE_COUNT
};

struct ui_cell {
	uint32_t ch;		/* code point; 0: right half of a wide one */
	uint32_t mark;		/* one combining mark over it, or 0 */
	uint8_t style;
};

struct ui_cells {
	int rows, cols;
	struct ui_cell *at;	/* rows * cols */
	bool utf8;
	int cursor_row, cursor_col;	/* -1: no cursor */
};

struct ui_rect {
	int row, col, rows, cols;
};

/* All zero is the empty value.  False: no memory (the old size is kept). */
bool ui_cells_resize(struct ui_cells *c, int rows, int cols);
void ui_cells_release(struct ui_cells *c);
void ui_cells_clear(struct ui_cells *c);

/*
 * Writes at most `width` columns of `s`; what does not fit is cut and ends in
 * an ellipsis.  Returns the columns used.  Out of range is not drawn.
 */
int ui_put(struct ui_cells *c, int row, int col, int width,
	   enum ui_style style, const char *s);
int ui_putf(struct ui_cells *c, int row, int col, int width,
	    enum ui_style style, const char *fmt, ...) OT_PRINTF(6, 7);

/* The same, flush right within the width. */
int ui_put_right(struct ui_cells *c, int row, int col, int width,
		 enum ui_style style, const char *s);

/* As ui_put, but leaves out the first `skip` columns of `s`. */
int ui_put_from(struct ui_cells *c, int row, int col, int width, int skip,
		enum ui_style style, const char *s);

void ui_fill(struct ui_cells *c, struct ui_rect r, enum ui_style style);
void ui_restyle(struct ui_cells *c, struct ui_rect r, enum ui_style style);
void ui_box(struct ui_cells *c, struct ui_rect r, enum ui_style style,
	    const char *title);

/* Columns `s` takes. */
int ui_width(const struct ui_cells *c, const char *s);

/* The next code point at *s, which moves on; '?' for an invalid byte. */
uint32_t ui_decode(const char **s);

/* The grid as lines of text, blanks at line ends left out. */
void ui_cells_dump(const struct ui_cells *c, struct ot_buf *out);

#endif
