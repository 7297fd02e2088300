/* SPDX-License-Identifier: MIT */
/*
 * The cell grid: UTF-8 into cells, with widths from wcwidth().
 *
 * A wide character takes two cells, the second with ch 0; writing over either
 * half blanks the other, so a row never holds half a character.  The grid of
 * a 200x60 terminal is 144 KB and is drawn whole each time: 12,000 cells cost
 * well under a millisecond, and curses sends only what changed.
 */
#include "config.h"

#include "inspector/ui/cells.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static const struct {
	uint32_t ch;
	char ascii;
} cells_ascii[] = {
	{ 0x2581, '_' }, { 0x2582, '.' }, { 0x2583, ':' }, { 0x2584, '-' },
	{ 0x2585, '=' }, { 0x2586, '+' }, { 0x2587, '*' }, { 0x2588, '#' },
	{ 0x2500, '-' }, { 0x2502, '|' }, { 0x250c, '+' }, { 0x2510, '+' },
	{ 0x2514, '`' }, { 0x2518, '+' }, { 0x251c, '|' }, { 0x2524, '|' },
	{ 0x2190, '<' }, { 0x2191, '^' }, { 0x2192, '>' }, { 0x2193, 'v' },
	{ 0x21b5, '<' }, { 0x21ba, '@' }, { 0x2026, '~' }, { 0x203a, '>' },
	{ 0x25b2, '^' }, { 0x25b4, '^' }, { 0x25b6, '>' }, { 0x25b8, '+' },
	{ 0x25bc, 'v' }, { 0x25be, '-' }, { 0x25c0, '<' }, { 0x0394, 'd' },
	{ 0x00b7, '.' }, { 0x2022, '*' }, { 0x2550, '=' },
};

bool
ui_cells_resize(struct ui_cells *c, int rows, int cols)
{
	struct ui_cell *at;

	if (rows < 1 || cols < 1 || rows > 4096 || cols > 4096)
		return false;
	if (rows == c->rows && cols == c->cols)
		return true;
	at = calloc((size_t)rows * (size_t)cols, sizeof(*at));
	if (at == NULL)
		return false;
	free(c->at);
	c->at = at;
	c->rows = rows;
	c->cols = cols;
	ui_cells_clear(c);
	return true;
}

void
ui_cells_release(struct ui_cells *c)
{
	free(c->at);
	memset(c, 0, sizeof(*c));
}

void
ui_cells_clear(struct ui_cells *c)
{
	c->cursor_row = c->cursor_col = -1;
	ui_fill(c, (struct ui_rect){ 0, 0, c->rows, c->cols }, UI_PLAIN);
}

uint32_t
ui_decode(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	uint32_t ch = p[0];
	int more = ch >= 0xf0 ? 3 : ch >= 0xe0 ? 2 : ch >= 0xc0 ? 1 : 0;
	int i;

	*s += 1;
	if (ch < 0x80)
		return ch;
	if (ch < 0xc2 || ch > 0xf4)
		return '?';
	ch &= 0x3fu >> more;
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return '?';
		ch = ch << 6 | (p[i] & 0x3f);
	}
	*s += more;
	return ch;
}

/* What this terminal draws for ch, and its width: 0 a mark, 1 or 2. */
static uint32_t
cells_drawn(bool utf8, uint32_t ch, int *width)
{
	size_t i;

	*width = 1;
	if (ch >= 0x20 && ch < 0x7f)
		return ch;
	if (ch < 0xa0)
		return '?';
	if (utf8) {
		int w = wcwidth((wchar_t)ch);

		if (w < 0)
			return '?';
		*width = w > 2 ? 2 : w;
		return ch;
	}
	for (i = 0; i < OT_ARRAY_LEN(cells_ascii); i++)
		if (cells_ascii[i].ch == ch)
			return (uint32_t)cells_ascii[i].ascii;
	return '?';
}

static struct ui_cell *
cells_at(const struct ui_cells *c, int row, int col)
{
	return &c->at[(size_t)row * (size_t)c->cols + (size_t)col];
}

static void
cells_set(struct ui_cells *c, int row, int col, uint32_t ch, int width,
	  enum ui_style style)
{
	struct ui_cell *cell = cells_at(c, row, col);

	if (cell->ch == 0 && col > 0)
		cell[-1].ch = ' ';
	if (col + width < c->cols && cell[width].ch == 0)
		cell[width].ch = ' ';
	*cell = (struct ui_cell){ ch, 0, (uint8_t)style };
	if (width == 2)
		cell[1] = (struct ui_cell){ 0, 0, (uint8_t)style };
}

int
ui_width(const struct ui_cells *c, const char *s)
{
	int all = 0, w;

	while (*s != '\0') {
		cells_drawn(c->utf8, ui_decode(&s), &w);
		all += w;
	}
	return all;
}

int
ui_put_from(struct ui_cells *c, int row, int col, int width, int skip,
	    enum ui_style style, const char *s)
{
	bool cut;
	int used = 0, w;

	if (row < 0 || row >= c->rows || col < 0 || col >= c->cols)
		return 0;
	if (width > c->cols - col)
		width = c->cols - col;
	if (width <= 0)
		return 0;
	while (skip > 0 && *s != '\0') {
		cells_drawn(c->utf8, ui_decode(&s), &w);
		skip -= w;
	}
	cut = ui_width(c, s) > width;
	while (*s != '\0') {
		uint32_t ch = cells_drawn(c->utf8, ui_decode(&s), &w);

		if (w == 0) {
			if (used > 0)
				cells_at(c, row, col + used - 1)->mark = ch;
			continue;
		}
		if (used + w > width - (cut ? 1 : 0))
			break;
		cells_set(c, row, col + used, ch, w, style);
		used += w;
	}
	if (cut) {
		uint32_t dots = cells_drawn(c->utf8, 0x2026, &w);

		cells_set(c, row, col + used, dots, 1, style);
		used++;
	}
	return used;
}

int
ui_put(struct ui_cells *c, int row, int col, int width, enum ui_style style,
       const char *s)
{
	return ui_put_from(c, row, col, width, 0, style, s);
}

int
ui_putf(struct ui_cells *c, int row, int col, int width, enum ui_style style,
	const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return ui_put(c, row, col, width, style, text);
}

int
ui_put_right(struct ui_cells *c, int row, int col, int width,
	     enum ui_style style, const char *s)
{
	int w = ui_width(c, s);

	if (w >= width)
		return ui_put(c, row, col, width, style, s);
	return ui_put(c, row, col + width - w, w, style, s);
}

void
ui_fill(struct ui_cells *c, struct ui_rect r, enum ui_style style)
{
	int row, col;

	for (row = r.row; row < r.row + r.rows && row < c->rows; row++)
		for (col = r.col; col < r.col + r.cols && col < c->cols; col++)
			if (row >= 0 && col >= 0)
				cells_set(c, row, col, ' ', 1, style);
}

void
ui_restyle(struct ui_cells *c, struct ui_rect r, enum ui_style style)
{
	int row, col;

	for (row = r.row; row < r.row + r.rows && row < c->rows; row++)
		for (col = r.col; col < r.col + r.cols && col < c->cols; col++)
			if (row >= 0 && col >= 0)
				cells_at(c, row, col)->style = (uint8_t)style;
}

void
ui_box(struct ui_cells *c, struct ui_rect r, enum ui_style style,
       const char *title)
{
	int last = r.row + r.rows - 1, right = r.col + r.cols - 1, i;

	ui_fill(c, r, style);
	for (i = r.col + 1; i < right; i++) {
		ui_put(c, r.row, i, 1, style, "─");
		ui_put(c, last, i, 1, style, "─");
	}
	for (i = r.row + 1; i < last; i++) {
		ui_put(c, i, r.col, 1, style, "│");
		ui_put(c, i, right, 1, style, "│");
	}
	ui_put(c, r.row, r.col, 1, style, "┌");
	ui_put(c, r.row, right, 1, style, "┐");
	ui_put(c, last, r.col, 1, style, "└");
	ui_put(c, last, right, 1, style, "┘");
	if (title != NULL && r.cols > 6)
		ui_putf(c, r.row, r.col + 2, r.cols - 4, UI_CRUMB, " %s ",
			title);
}

static void
cells_encode(struct ot_buf *out, uint32_t ch)
{
	if (ch < 0x80) {
		ot_buf_addc(out, (char)ch);
		return;
	}
	if (ch < 0x800) {
		ot_buf_addc(out, (char)(0xc0 | ch >> 6));
	} else {
		if (ch < 0x10000) {
			ot_buf_addc(out, (char)(0xe0 | ch >> 12));
		} else {
			ot_buf_addc(out, (char)(0xf0 | ch >> 18));
			ot_buf_addc(out, (char)(0x80 | (ch >> 12 & 0x3f)));
		}
		ot_buf_addc(out, (char)(0x80 | (ch >> 6 & 0x3f)));
	}
	ot_buf_addc(out, (char)(0x80 | (ch & 0x3f)));
}

void
ui_cells_dump(const struct ui_cells *c, struct ot_buf *out)
{
	int row, col, end;

	for (row = 0; row < c->rows; row++) {
		for (end = c->cols; end > 0; end--)
			if (cells_at(c, row, end - 1)->ch != ' ')
				break;
		for (col = 0; col < end; col++) {
			const struct ui_cell *cell = cells_at(c, row, col);

			if (cell->ch == 0)
				continue;
			cells_encode(out, cell->ch);
			if (cell->mark != 0)
				cells_encode(out, cell->mark);
		}
		ot_buf_addc(out, '\n');
	}
}
