/* SPDX-License-Identifier: MIT */
/*
 * Drawing a table: only the rows on the screen are asked for.
 *
 * A column gets its own width, or what its widest cell on the screen needs
 * where it holds numbers (a figure is never cut), and what is left over is
 * shared out by `grow`.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "inspector/ui/table_priv.h"

struct draw {
	struct ui_table *t;
	struct ui_cells *c;
	struct ui_rect r;
	struct ot_buf text;	/* all cell texts on screen, NUL-terminated */
	size_t *at;		/* rows * ncols offsets into text */
	int width[TABLE_MAX_COLS], gap;
};

static void
draw_scroll(struct ui_table *t, uint32_t rows)
{
	if (t->sel < t->top)
		t->top = t->sel;
	if (t->sel >= t->top + rows)
		t->top = t->sel - rows + 1;
	if (t->nshown < rows)
		t->top = 0;
	else if (t->top > t->nshown - rows)
		t->top = t->nshown - rows;
	/* a heading right above the first row is worth its line */
	if (t->top > 0 && t->top == t->sel && rows > 1 &&
	    table_is_heading(t, t->top - 1))
		t->top--;
}

/* The texts of the cells on screen; false: no memory. */
static bool
draw_collect(struct draw *d, uint32_t rows)
{
	struct ui_table *t = d->t;
	size_t ncols = t->src->ncols, col;
	struct ot_table *scratch;
	uint32_t i;

	d->at = calloc((size_t)rows * ncols + 1, sizeof(*d->at));
	scratch = ot_table_new(t->filter_cols, ncols);
	if (d->at == NULL || scratch == NULL) {
		ot_table_free(scratch);
		return false;
	}
	for (i = 0; i < rows && t->top + i < t->nshown; i++) {
		bool heading = table_is_heading(t, t->top + i);

		for (col = 0; col < ncols; col++) {
			struct ot_cell c = { OT_CELL_NONE, 0, { 0 } };

			d->at[i * ncols + col] = d->text.len;
			if (!heading)
				t->src->cell(t->ctx, t->order[t->top + i], col,
					     scratch, &c);
			if (c.type != OT_CELL_NONE && t->src->about != NULL &&
			    t->src->about(t->ctx, t->order[t->top + i], col))
				ot_buf_addc(&d->text, '~');
			if (c.type == OT_CELL_INT &&
			    (t->src->cols[col].flags & UI_COL_ID) != 0)
				ot_buf_addf(&d->text, "%lld",
					    (long long)c.v.i);
			else if (c.type != OT_CELL_NONE)
				ot_cell_text(&c, &d->text);
			ot_buf_addc(&d->text, '\0');
		}
	}
	ot_table_free(scratch);
	return !d->text.failed;
}

static const char *
draw_text(const struct draw *d, uint32_t i, size_t col)
{
	return d->text.data + d->at[i * d->t->src->ncols + col];
}

static bool
draw_hidden(const struct draw *d, size_t col)
{
	unsigned flags = d->t->src->cols[col].flags;

	return (flags & UI_COL_HIDDEN) != 0 ||
	       ((flags & UI_COL_ROOMY) != 0 && d->r.cols < UI_ROOMY);
}

static void
draw_widths(struct draw *d, uint32_t rows)
{
	struct ui_table *t = d->t;
	int left = d->r.cols - 1, grow = 0, shown = 0, need = 0, w;
	size_t col;
	uint32_t i;

	for (col = 0; col < t->src->ncols; col++) {
		const struct ui_col *def = &t->src->cols[col];

		d->width[col] = draw_hidden(d, col) ? 0 : def->width;
		if (d->width[col] == 0)
			continue;
		w = ui_width(d->c, def->head);	/* and the arrow */
		w += (def->flags & UI_COL_NOSORT) == 0 ? 1 : 0;
		d->width[col] = w > d->width[col] ? w : d->width[col];
		for (i = 0; i < rows && t->top + i < t->nshown; i++) {
			if (!table_right(def->type))
				break;
			w = ui_width(d->c, draw_text(d, i, col));
			d->width[col] = w > d->width[col] ? w : d->width[col];
		}
		shown++;
		grow += def->grow;
		need += d->width[col];
	}
	d->gap = need + 2 * (shown - 1) <= left ? 2 : 1;
	left -= need + d->gap * (shown - 1);
	for (col = 0; col < t->src->ncols && grow > 0; col++) {
		int share = left > 0 && !draw_hidden(d, col) ?
			    left * t->src->cols[col].grow / grow : 0;

		d->width[col] += share;
		left -= share;
		grow -= draw_hidden(d, col) ? 0 : t->src->cols[col].grow;
	}
}

static void
draw_head(struct draw *d)
{
	struct ui_table *t = d->t;
	int x = d->r.col + 1;
	size_t col;

	ui_fill(d->c, (struct ui_rect){ d->r.row, d->r.col, 1, d->r.cols },
		UI_HEAD);
	for (col = 0; col < t->src->ncols; col++) {
		const struct ui_col *def = &t->src->cols[col];
		bool sorted = col == t->sort_col, up;
		char head[64];
		int w = d->width[col];

		t->col_at[col] = t->col_end[col] = 0;
		if (w == 0 || x + w > d->r.col + d->r.cols)
			continue;
		t->col_at[col] = x;
		t->col_end[col] = x + w;
		up = (def->type == OT_CELL_STR ||
		      (def->flags & UI_COL_ASCENDING) != 0) != t->reverse;
		snprintf(head, sizeof(head), "%s%s", def->head,
			 !sorted ? "" : up ? "▲" : "▼");
		(table_right(def->type) ? ui_put_right : ui_put)(
			d->c, d->r.row, x, w, sorted ? UI_HEADSORT : UI_HEAD,
			head);
		x += w + d->gap;
	}
}

static void
draw_row(struct draw *d, uint32_t i)
{
	struct ui_table *t = d->t;
	uint32_t pos = t->top + i, row = t->order[pos];
	int y = d->r.row + 1 + (int)i, x = d->r.col + 1;
	size_t col;

	for (col = 0; col < t->src->ncols; col++) {
		const struct ui_col *def = &t->src->cols[col];
		enum ui_style style = def->style;
		int w = d->width[col];

		if (w == 0)
			continue;
		if (x + w > d->r.col + d->r.cols)
			w = d->r.col + d->r.cols - x;
		if (t->src->style != NULL)
			style = t->src->style(t->ctx, row, col, style);
		if (table_right(def->type))
			ui_put_right(d->c, y, x, w, style,
				     draw_text(d, i, col));
		else
			ui_put_from(d->c, y, x, w, def->grow > 0 ? t->shift : 0,
				    style, draw_text(d, i, col));
		x += w + d->gap;
	}
	if (pos == t->sel)
		ui_restyle(d->c, (struct ui_rect){ y, d->r.col, 1, d->r.cols },
			   UI_SELECT);
}

static void
draw_heading(struct draw *d, uint32_t i)
{
	struct ot_buf text = OT_BUF_INIT;
	struct ui_table *t = d->t;

	t->src->heading(t->ctx, t->order[t->top + i], &text);
	ui_put(d->c, d->r.row + 1 + (int)i, d->r.col + 1, d->r.cols - 1,
	       UI_SECTION, ot_buf_str(&text));
	ot_buf_release(&text);
}

static void
draw_empty(struct draw *d)
{
	const struct ui_table *t = d->t;
	int y = d->r.row + 2;

	if (t->scan == TABLE_FILTERING)
		ui_put(d->c, y, d->r.col + 2, d->r.cols - 4, UI_DIM,
		       "filtering ...");
	else if (t->filter_text[0] != '\0')
		ui_putf(d->c, y, d->r.col + 2, d->r.cols - 4, UI_DIM,
			"nothing matches %s; f and an empty line shows all",
			t->filter_text);
	else
		ui_put(d->c, y, d->r.col + 2, d->r.cols - 4, UI_DIM,
		       t->src->empty != NULL ? t->src->empty : "nothing here");
}

void
ui_table_draw(struct ui_table *t, struct ui_cells *c, struct ui_rect r)
{
	struct draw d = { .t = t, .c = c, .r = r };
	uint32_t rows, i;

	if (r.rows < 2 || r.cols < 4)
		return;
	rows = (uint32_t)r.rows - 1;
	t->page = (int)rows;
	t->drawn = r;
	draw_scroll(t, rows);
	if (draw_collect(&d, rows)) {
		draw_widths(&d, rows);
		draw_head(&d);
		for (i = 0; i < rows && t->top + i < t->nshown; i++) {
			if (table_is_heading(t, t->top + i))
				draw_heading(&d, i);
			else
				draw_row(&d, i);
		}
		if (t->nshown == 0)
			draw_empty(&d);
	}
	free(d.at);
	ot_buf_release(&d.text);
}
