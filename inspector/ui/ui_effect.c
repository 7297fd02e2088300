/* SPDX-License-Identifier: MIT */
/*
 * Effects carried out: what handlers said should happen, and lines of the
 * ":" prompt.  What is the host's goes to the host.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "inspector/ui/ui_priv.h"

bool
ui_selected(struct ui *ui, struct ui_subject *out)
{
	struct ui_view *v = ui_top(ui);

	memset(out, 0, sizeof(*out));
	return v != NULL && v->problem[0] == '\0' && !v->loading &&
	       v->def->ops->subject != NULL && v->def->ops->subject(v, out);
}

bool
ui_drawn(struct ui *ui, struct ui_subject *out)
{
	const struct ui_view *v = ui_top(ui);

	if (v != NULL && v->def->ops->whole && v->problem[0] == '\0') {
		*out = v->subject;
		return true;
	}
	return ui_selected(ui, out);
}

/* What is made of a whole graph waits until there is one. */
static void
ui_apply_on_graph(struct ui *ui, struct ui_effect *fx)
{
	if (ui->host.have_graph(ui->host.ctx))
		ui->host.effect(ui->host.ctx, ui, fx);
	else
		ui_wait_graph(ui, fx, false);
}

/* A picture of what is selected; which, depends on the view it is in. */
static void
ui_apply_graph(struct ui *ui, struct ui_effect *fx)
{
	if (fx->subject.kind == UI_SUBJECT_NONE &&
	    !ui_drawn(ui, &fx->subject)) {
		ui_say(ui, UI_WARN, "nothing is selected to draw");
		return;
	}
	if (fx->view == NULL)
		fx->view = ui_top(ui)->def->name;
	ui_apply_on_graph(ui, fx);
}

void
ui_apply(struct ui *ui, struct ui_effect *fx)
{
	struct ui_view *v = ui_top(ui);
	struct ot_err err = OT_ERR_INIT;

	switch (fx->kind) {
	case UI_FX_NONE:
	case UI_FX_AGAIN:
		break;
	case UI_FX_SAY:
		ui_say(ui, UI_PLAIN, "%s", fx->text);
		break;
	case UI_FX_REFUSE:
		ui_refuse(ui, fx->text);
		break;
	case UI_FX_OPEN:
		ui_open(ui, fx->view, &fx->subject);
		break;
	case UI_FX_QUIT:
		ui->quit = true;
		break;
	case UI_FX_HELP:
		ui_act(ui, UI_ACT_HELP);
		break;
	case UI_FX_FILTER:
		if (v == NULL || v->table == NULL)
			break;
		if (ui_table_filter(v->table, fx->text, &err) != OT_OK)
			ui_say(ui, UI_BAD, "%s", err.msg);
		else
			ui_take_message(ui, v);
		break;
	case UI_FX_SORT:
		if (v != NULL && v->table != NULL &&
		    !ui_table_sort(v->table, fx->text + (fx->text[0] == '-'),
				   fx->text[0] == '-'))
			ui_say(ui, UI_BAD, "no column %s to sort by here",
			       fx->text);
		break;
	case UI_FX_HOST:
		if (fx->action == UI_ACT_GRAPH)
			ui_apply_graph(ui, fx);
		else if (fx->action == UI_ACT_BYRETAINED)
			ui_apply_on_graph(ui, fx);
		else
			ui->host.effect(ui->host.ctx, ui, fx);
		break;
	}
}

void
ui_command(struct ui *ui, const char *line)
{
	struct ui_effect fx = { .kind = UI_FX_NONE };
	struct ot_err err = OT_ERR_INIT;

	if (ui->host.command(ui->host.ctx, ui_top(ui), line, &fx, &err) !=
	    OT_OK) {
		ui_refuse(ui, err.msg);
		return;
	}
	if (fx.kind == UI_FX_AGAIN) {
		snprintf(fx.text, sizeof(fx.text), "%s", line);
		ui_wait_graph(ui, &fx, true);
		return;
	}
	ui_apply(ui, &fx);
}
