/* SPDX-License-Identifier: MIT */
/*
 * The mouse: what is under it does what its key would.
 *
 * A click on a row selects it, a click on the selected row opens it; on a head
 * it sorts, on the key bar it is that key, on the crumb line it goes back
 * there.  The wheel moves the selection.
 */
#include "config.h"

#include "inspector/ui/keys.h"
#include "inspector/ui/ui_priv.h"

#define MOUSE_WHEEL 3		/* rows */

static void
mouse_back_to(struct ui *ui, size_t depth)
{
	while (ui->depth > depth)
		ui_back(ui);
}

static bool
mouse_spot(struct ui *ui, int row, int col)
{
	size_t i;

	for (i = 0; i < ui->nspots; i++) {
		struct ui_spot s = ui->spots[i];

		if (s.row != row || col < s.col || col >= s.end)
			continue;
		if (s.action == UI_ACT_NONE)
			mouse_back_to(ui, s.depth);
		else
			ui_act(ui, s.action);
		return true;
	}
	return false;
}

static bool
mouse_has_rows(const struct ui_view *v)
{
	return v != NULL && v->table != NULL && v->problem[0] == '\0' &&
	       !v->loading;
}

static void
mouse_click(struct ui *ui, int row, int col)
{
	struct ui_view *v = ui_top(ui);

	if (mouse_spot(ui, row, col) || !mouse_has_rows(v))
		return;
	if (ui_table_click(v->table, row, col) == UI_TABLE_SELECTED)
		ui_act(ui, UI_ACT_OPEN);
	else
		ui_take_message(ui, v);
}

void
ui_mouse(struct ui *ui, uint32_t key, int row, int col)
{
	bool up = key == UI_KEY_WHEEL_UP;

	if (ui->too_small)
		return;
	if (ui->popup.on) {
		ui_popup_key(&ui->popup, key == UI_KEY_CLICK ? UI_KEY_ESC :
			     up ? UI_KEY_UP : UI_KEY_DOWN);
		return;
	}
	if (ui->asking != UI_ASK_NOTHING)
		return;		/* a question wants its answer */
	ui->message[0] = '\0';
	if (key == UI_KEY_CLICK)
		mouse_click(ui, row, col);
	else if (mouse_has_rows(ui_top(ui)))
		ui_table_wheel(ui_top(ui)->table,
			       up ? -MOUSE_WHEEL : MOUSE_WHEEL);
}
