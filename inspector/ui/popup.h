/* SPDX-License-Identifier: MIT */
/*
 * popup.h - a box of text over the view: help, details, questions.
 *
 * Lines that start with "# " are headings.
 */
#ifndef UI_POPUP_H
#define UI_POPUP_H

#include "inspector/ui/cells.h"

struct ui_popup {
	char title[80];
	struct ot_buf text;
	int top, rows;		/* rows: there was room for at the last draw */
	bool on;
};

/* Takes over the text. */
void ui_popup_open(struct ui_popup *p, const char *title, struct ot_buf *text);
void ui_popup_close(struct ui_popup *p);
void ui_popup_key(struct ui_popup *p, uint32_t key);	/* may close it */
void ui_popup_draw(struct ui_popup *p, struct ui_cells *c, struct ui_rect r);

#endif
