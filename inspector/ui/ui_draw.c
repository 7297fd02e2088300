/* SPDX-License-Identifier: MIT */
/*
 * Where everything goes: header, crumb line, body, status line, key bar.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "inspector/ui/ui_priv.h"

static void
draw_spot(struct ui *ui, struct ui_spot spot)
{
	if (ui->nspots < UI_SPOTS)
		ui->spots[ui->nspots++] = spot;
}

static void
draw_crumb(struct ui_view *v, struct ot_buf *out)
{
	if (v->def->ops->crumb != NULL)
		v->def->ops->crumb(v, out);
	else
		ot_buf_adds(out, v->def->name);
}

/* "1 Types 2 Growth ..." at the right of the crumbs, where there is room. */
static void
draw_tabs(struct ui *ui, int row, int from)
{
	const struct ui_view *top = ui_top(ui);
	struct ui_cells *c = &ui->cells;
	int width = 0, x, begin;
	unsigned tab;
	size_t i;

	if ((ui_where_now(ui) & UI_WHERE_HEAP) == 0)
		return;
	for (i = 0; ui->views[i].name != NULL; i++)
		if (ui->views[i].tab != 0)
			width += ui_width(c, ui->views[i].title) + 3;
	x = c->cols - width;
	if (x < from + 2)
		return;
	for (tab = 1; tab < 10; tab++) {
		for (i = 0; ui->views[i].name != NULL; i++) {
			if (ui->views[i].tab != tab)
				continue;
			begin = x;
			x += ui_putf(c, row, x, 2, UI_KEY, "%u ", tab);
			x += ui_put(c, row, x, c->cols - x,
				    top->def == &ui->views[i] ? UI_CRUMB :
				    UI_DIM, ui->views[i].title) + 1;
			draw_spot(ui, (struct ui_spot){
				row, begin, x - 1, (enum ui_action)
				(UI_ACT_VIEW1 + (int)tab - 1), 0 });
		}
	}
}

/* The way here: steps that do not fit are left out at the beginning. */
static void
draw_crumbs(struct ui *ui, int row)
{
	struct ui_cells *c = &ui->cells;
	struct ot_buf one = OT_BUF_INIT;
	size_t first = ui->depth, i;
	int room = c->cols - 4, x = 1;

	while (first > 0) {
		ot_buf_clear(&one);
		draw_crumb(ui->stack[first - 1], &one);
		room -= ui_width(c, ot_buf_str(&one)) + 3;
		if (room < 0 && first < ui->depth)
			break;
		first--;
	}
	if (first > 0)
		x += ui_put(c, row, x, 4, UI_DIM, "… › ");
	for (i = first; i < ui->depth; i++) {
		int from = x;

		if (i > first)
			x += ui_put(c, row, x, c->cols - x, UI_DIM, " › ");
		ot_buf_clear(&one);
		draw_crumb(ui->stack[i], &one);
		x += ui_put(c, row, x, c->cols - 1 - x,
			    i + 1 == ui->depth ? UI_CRUMB : UI_PLAIN,
			    ot_buf_str(&one));
		draw_spot(ui, (struct ui_spot){ row, from, x, UI_ACT_NONE,
						i + 1 });
	}
	draw_tabs(ui, row, x);
	ot_buf_release(&one);
}

static void
draw_body(struct ui *ui, struct ui_rect r)
{
	struct ui_view *v = ui_top(ui);

	if (v == NULL)
		return;
	if (v->problem[0] != '\0')
		ui_put(&ui->cells, r.row + 1, r.col + 2, r.cols - 4, UI_WARN,
		       v->problem);
	else if (v->loading)
		ui_put(&ui->cells, r.row + 1, r.col + 2, r.cols - 4, UI_DIM,
		       "working ...");
	else if (v->def->ops->draw != NULL)
		v->def->ops->draw(v, &ui->cells, r);
	else if (v->table != NULL)
		ui_table_draw(v->table, &ui->cells, r);
}

static void
draw_progress(const struct ui *ui, struct ot_buf *out)
{
	uint64_t done = 0, total = 0;

	ui_job_progress(ui->job, &done, &total);
	ot_buf_adds(out, ui->job_what);
	if (total > 0 && done <= total)
		ot_buf_addf(out, " %u %%",
			    (unsigned)((double)done * 100 / (double)total));
	else
		ot_buf_adds(out, " ...");
	ot_buf_adds(out, "  (Esc cancels)");
}

/* Right: "12/4,512" and the host's note.  Returns the columns left of it. */
static int
draw_position(struct ui *ui, int row)
{
	struct ui_cells *c = &ui->cells;
	const struct ui_view *v = ui_top(ui);
	struct ot_buf right = OT_BUF_INIT;
	char a[32], b[32];
	int width;

	ui->host.note(ui->host.ctx, &right);
	if (v != NULL && v->table != NULL && !v->loading &&
	    v->problem[0] == '\0')
		ot_buf_addf(&right, "%s%s/%s", right.len > 0 ? "  " : "",
			    ot_fmt_count(a, sizeof(a),
					 ui_table_position(v->table)),
			    ot_fmt_count(b, sizeof(b),
					 ui_table_shown(v->table)));
	width = ui_width(c, ot_buf_str(&right));
	ui_put_right(c, row, 1, c->cols - 2, UI_DIM, ot_buf_str(&right));
	ot_buf_release(&right);
	return c->cols - 4 - width;
}

static void
draw_status(struct ui *ui, int row)
{
	struct ui_cells *c = &ui->cells;
	const struct ui_view *v = ui_top(ui);
	struct ot_buf left = OT_BUF_INIT;
	enum ui_style style = UI_DIM;
	int room;

	if (ui->asking == UI_ASK_YES_NO) {
		ui_putf(c, row, 1, c->cols - 2, UI_WARN, "%s (y/n)",
			ui->message);
		return;
	}
	if (ui->asking != UI_ASK_NOTHING) {
		ui_prompt_draw(&ui->prompt, c,
			       (struct ui_rect){ row, 1, 1, c->cols - 2 });
		return;
	}
	if (ui->message[0] != '\0') {
		ui_put(c, row, 1, c->cols - 2, ui->message_style, ui->message);
		return;
	}
	room = draw_position(ui, row);
	if (ui->busy[0] != '\0') {
		ot_buf_adds(&left, ui->busy);
		style = UI_WARN;
	} else if (ui->job != NULL) {
		draw_progress(ui, &left);
		style = UI_WARN;
	} else if (v != NULL && v->table != NULL) {
		ui_table_describe(v->table, &left);
	}
	ui_put(c, row, 1, room, style, ot_buf_str(&left));
	ot_buf_release(&left);
}

static int
draw_key(struct ui *ui, int row, int x, enum ui_action act)
{
	const struct ui_action_def *a = &ui_actions[act];
	struct ui_cells *c = &ui->cells;
	int from = x;

	x += ui_putf(c, row, x, c->cols - x, UI_KEY, " %s ", a->bar);
	x += ui_put(c, row, x, c->cols - x, UI_KEYNAME, a->word);
	draw_spot(ui, (struct ui_spot){ row, from, x, act, 0 });
	return x;
}

/*
 * Every action with a word for the bar, as long as there is room; help and
 * leaving always, at the right.
 */
static void
draw_key_bar(struct ui *ui, int row)
{
	static const enum ui_action always[] = { UI_ACT_QUIT, UI_ACT_HELP };
	struct ui_cells *c = &ui->cells;
	unsigned where = ui_where_now(ui);
	int x = 0, end = c->cols, i;
	size_t k;

	for (k = 0; k < OT_ARRAY_LEN(always); k++) {
		const struct ui_action_def *a = &ui_actions[always[k]];

		end -= ui_width(c, a->bar) + ui_width(c, a->word) + 2;
		draw_key(ui, row, end, always[k]);
	}
	for (i = UI_ACT_NONE + 1; i < UI_ACT_COUNT; i++) {
		const struct ui_action_def *a = &ui_actions[i];

		if (a->bar[0] == '\0' || (a->where & where) == 0 ||
		    i == UI_ACT_QUIT || i == UI_ACT_HELP ||
		    x + ui_width(c, a->bar) + ui_width(c, a->word) + 2 > end)
			continue;
		x = draw_key(ui, row, x, (enum ui_action)i);
	}
}

static void
draw_too_small(struct ui *ui)
{
	struct ui_cells *c = &ui->cells;
	char text[80];
	int w;

	snprintf(text, sizeof(text), "objtop needs %dx%d, this is %dx%d",
		 UI_MIN_COLS, UI_MIN_ROWS, c->cols, c->rows);
	w = ui_width(c, text);
	ui_put(c, c->rows / 2, w < c->cols ? (c->cols - w) / 2 : 0, c->cols,
	       UI_BOLD, text);
}

const struct ui_cells *
ui_draw(struct ui *ui, int rows, int cols, bool utf8)
{
	struct ui_cells *c = &ui->cells;
	int head;

	if (!ui_cells_resize(c, rows, cols))
		return NULL;
	c->utf8 = utf8;
	ui_cells_clear(c);
	ui->nspots = 0;
	ui->too_small = rows < UI_MIN_ROWS || cols < UI_MIN_COLS;
	if (ui->too_small) {
		draw_too_small(ui);
		return c;
	}
	head = ui->host.header(ui->host.ctx, c);
	draw_crumbs(ui, head);
	draw_body(ui, (struct ui_rect){ head + 1, 0, rows - head - 3, cols });
	draw_status(ui, rows - 2);
	draw_key_bar(ui, rows - 1);
	if (ui->popup.on)
		ui_popup_draw(&ui->popup, c, (struct ui_rect){ head, 1,
			      rows - head - 2, cols - 2 });
	return c;
}
