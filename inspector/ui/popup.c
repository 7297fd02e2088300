/* SPDX-License-Identifier: MIT */
/*
 * The text box: as large as its text, at most as large as the body.
 */
#include "config.h"

#include "inspector/ui/popup.h"

#include <stdio.h>
#include <string.h>

#include "inspector/ui/keys.h"

void
ui_popup_open(struct ui_popup *p, const char *title, struct ot_buf *text)
{
	ui_popup_close(p);
	snprintf(p->title, sizeof(p->title), "%s", title);
	p->text = *text;
	*text = (struct ot_buf)OT_BUF_INIT;
	p->on = true;
}

void
ui_popup_close(struct ui_popup *p)
{
	ot_buf_release(&p->text);
	memset(p, 0, sizeof(*p));
}

static int
popup_lines(const struct ui_popup *p)
{
	const char *s = ot_buf_str(&p->text);
	int n = 0;

	for (; *s != '\0'; s += strcspn(s, "\n"), s += *s == '\n')
		n++;
	return n;
}

void
ui_popup_key(struct ui_popup *p, uint32_t key)
{
	int last = popup_lines(p) - p->rows;

	switch (key) {
	case UI_KEY_UP: case 'k': p->top--; break;
	case UI_KEY_DOWN: case 'j': p->top++; break;
	case UI_KEY_PGUP: p->top -= p->rows; break;
	case UI_KEY_PGDN: case ' ': p->top += p->rows; break;
	case UI_KEY_HOME: p->top = 0; break;
	case UI_KEY_END: p->top = last; break;
	default:
		ui_popup_close(p);
		return;
	}
	if (p->top > last)
		p->top = last;
	if (p->top < 0)
		p->top = 0;
}

static int
popup_width(const struct ui_popup *p, const struct ui_cells *c)
{
	const char *s = ot_buf_str(&p->text);
	int widest = ui_width(c, p->title) + 4, w;
	char line[512];

	while (*s != '\0') {
		size_t len = strcspn(s, "\n");
		size_t n = len < sizeof(line) ? len : sizeof(line) - 1;

		memcpy(line, s, n);
		line[n] = '\0';
		w = ui_width(c, line);
		widest = w > widest ? w : widest;
		s += len + (s[len] == '\n');
	}
	return widest;
}

static void
popup_line(struct ui_cells *c, int row, int col, int width, const char *s,
	   size_t len)
{
	enum ui_style style = UI_BOX;
	char line[512];

	if (len >= 2 && s[0] == '#' && s[1] == ' ') {
		s += 2;
		len -= 2;
		style = UI_SECTION;
	}
	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	memcpy(line, s, len);
	line[len] = '\0';
	ui_put(c, row, col, width, style, line);
}

void
ui_popup_draw(struct ui_popup *p, struct ui_cells *c, struct ui_rect r)
{
	int lines = popup_lines(p), width = popup_width(p, c) + 4, i;
	const char *s = ot_buf_str(&p->text);
	struct ui_rect box;

	width = width > r.cols - 2 ? r.cols - 2 : width;
	box.rows = lines + 2 > r.rows ? r.rows : lines + 2;
	box.cols = width;
	box.row = r.row + (r.rows - box.rows) / 2;
	box.col = r.col + (r.cols - width) / 2;
	p->rows = box.rows - 2;
	ui_box(c, box, UI_BOX, p->title);
	for (i = 0; *s != '\0' && i < p->top + p->rows; i++) {
		size_t len = strcspn(s, "\n");

		if (i >= p->top)
			popup_line(c, box.row + 1 + i - p->top, box.col + 2,
				   width - 4, s, len);
		s += len + (s[len] == '\n');
	}
	if (lines > p->rows)
		ui_putf(c, box.row + box.rows - 1, box.col + 2, width - 4,
			UI_DIM, " %d-%d of %d ", p->top + 1, p->top + p->rows,
			lines);
}
