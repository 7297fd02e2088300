/* SPDX-License-Identifier: MIT */
/*
 * What the frame tells: the status line, boxes, questions.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inspector/ui/ui_priv.h"

void
ui_say(struct ui *ui, enum ui_style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ui->message, sizeof(ui->message), fmt, ap);
	va_end(ap);
	ui->message_style = style;
}

/* Words of text on lines of at most UI_WRAP bytes. */
static void
ui_wrap(const char *text, struct ot_buf *out)
{
	size_t col = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (col > 0 && col + 1 + len > UI_WRAP) {
			ot_buf_addc(out, '\n');
			col = 0;
		} else if (col > 0) {
			ot_buf_addc(out, ' ');
			col++;
		}
		ot_buf_add(out, text, len);
		col += len;
		text += len;
		text += strspn(text, " ");
	}
}

void
ui_refuse(struct ui *ui, const char *text)
{
	struct ot_buf lines = OT_BUF_INIT;
	size_t room = ui->cells.cols > UI_WRAP ? (size_t)ui->cells.cols - 2 :
						 UI_WRAP;

	if (strlen(text) <= room) {
		ui_say(ui, UI_BAD, "%s", text);
		return;
	}
	ui_wrap(text, &lines);
	ui_box_text(ui, "objtop", &lines);
}

void
ui_busy(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ui->busy, sizeof(ui->busy), fmt, ap);
	va_end(ap);
}

void
ui_confirm(struct ui *ui, const struct ui_effect *fx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ui->message, sizeof(ui->message), fmt, ap);
	va_end(ap);
	ui->message_style = UI_WARN;
	ui->asked = *fx;
	ui->asked.confirmed = true;
	ui->asking = UI_ASK_YES_NO;
}

void
ui_box_text(struct ui *ui, const char *title, struct ot_buf *text)
{
	ui_popup_open(&ui->popup, title, text);
}
