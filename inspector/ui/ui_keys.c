/* SPDX-License-Identifier: MIT */
/*
 * From keys to actions, and the actions that all views share.
 *
 * A key goes to the first that wants it: a box, a question, a prompt, the
 * action table.  The help box is made from that same table.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "inspector/ui/keys.h"
#include "inspector/ui/ui_priv.h"

static void
keys_help(struct ui *ui)
{
	const struct ui_view *v = ui_top(ui);
	unsigned where = ui_where_now(ui) | UI_WHERE_FOUND;
	struct ot_buf text = OT_BUF_INIT;
	int g, i;

	if (v != NULL)
		ot_buf_addf(&text, "# %s\n  %s\n", v->def->title,
			    v->def->help);
	for (g = 0; g < UI_GROUP_COUNT; g++) {
		bool any = false;

		for (i = UI_ACT_NONE + 1; i < UI_ACT_COUNT; i++) {
			const struct ui_action_def *a = &ui_actions[i];

			if (a->group != (enum ui_group)g ||
			    (a->where & where) == 0)
				continue;
			if (!any)
				ot_buf_addf(&text, "\n# %s\n",
					    ui_group_text((enum ui_group)g));
			any = true;
			ot_buf_addf(&text, "  %-12s %s\n", a->keys, a->help);
		}
	}
	ui_popup_open(&ui->popup, "objtop help", &text);
}

/* Of a type all instances are meant, where that is a question at all. */
static void
keys_open_type(struct ui *ui, const char *view, const struct ui_subject *type)
{
	struct ui_subject s = { .kind = UI_SUBJECT_NONE };
	const char *analysis = strcmp(view, "paths") == 0 ? "path" :
			       strcmp(view, "dominators") == 0 ? "retained" :
			       NULL;

	if (analysis == NULL) {
		ui_say(ui, UI_WARN, "that is a type: Enter lists its "
		       "instances, select one of them");
		return;
	}
	snprintf(s.name, sizeof(s.name), "%s %.200s", analysis, type->name);
	ui_open(ui, "analysis", &s);
}

static void
keys_open(struct ui *ui, const char *view)
{
	struct ui_subject s;

	if (!ui_selected(ui, &s)) {
		ui_say(ui, UI_WARN, "nothing is selected");
		return;
	}
	if (s.kind == UI_SUBJECT_TYPE) {
		keys_open_type(ui, view, &s);
		return;
	}
	ui_open(ui, view, &s);
}

static void
keys_tab_to(struct ui *ui, const struct ui_view_def *def)
{
	struct ui_subject s;

	if (!def->ops->graph || def->ops->heap) {
		ui_open(ui, def->name, NULL);
		return;
	}
	if (ui_selected(ui, &s) && s.kind == UI_SUBJECT_OBJECT)
		ui->last = s;
	if (ui->last.kind == UI_SUBJECT_NONE) {
		ui_say(ui, UI_WARN, "%s: select an object first", def->title);
		return;
	}
	s = ui->last;
	ui_open(ui, def->name, &s);
}

static void
keys_tab(struct ui *ui, unsigned tab)
{
	size_t i;

	for (i = 0; ui->views[i].name != NULL; i++)
		if (ui->views[i].tab == tab)
			keys_tab_to(ui, &ui->views[i]);
}

/* Tab: the view with the next number, round about. */
static void
keys_next_tab(struct ui *ui, bool back)
{
	const struct ui_view *v = ui_top(ui);
	unsigned now = v != NULL && v->def->tab != 0 ? v->def->tab : 1, best;
	size_t i;
	unsigned step;

	for (step = 1; step < 10; step++) {
		best = (now - 1 + (back ? 9 - step : step)) % 9 + 1;
		for (i = 0; ui->views[i].name != NULL; i++) {
			if (ui->views[i].tab != best)
				continue;
			keys_tab_to(ui, &ui->views[i]);
			return;
		}
	}
}

static void
keys_details(struct ui *ui)
{
	struct ui_view *v = ui_top(ui);
	struct ot_buf text = OT_BUF_INIT;

	if (v != NULL && v->def->ops->details != NULL && v->problem[0] == '\0')
		v->def->ops->details(v, &text);
	if (text.len == 0)
		ui_say(ui, UI_WARN, "nothing is selected");
	else
		ui_popup_open(&ui->popup, "details", &text);
	ot_buf_release(&text);
}

static void
keys_copy(struct ui *ui)
{
	struct ui_view *v = ui_top(ui);
	struct ui_effect fx = { .kind = UI_FX_HOST, .action = UI_ACT_COPY };
	struct ot_buf text = OT_BUF_INIT;

	if (v != NULL && v->def->ops->copy != NULL && v->problem[0] == '\0')
		v->def->ops->copy(v, &text);
	if (text.len > 0)
		snprintf(fx.text, sizeof(fx.text), "%s", ot_buf_str(&text));
	else if (!ui_selected(ui, &fx.subject))
		ui_say(ui, UI_WARN, "nothing is selected");
	else if (fx.subject.kind == UI_SUBJECT_OBJECT)
		snprintf(fx.text, sizeof(fx.text), "0x%llx",
			 (unsigned long long)fx.subject.addr);
	else
		snprintf(fx.text, sizeof(fx.text), "%s", fx.subject.name);
	ot_buf_release(&text);
	if (fx.text[0] != '\0')
		ui_apply(ui, &fx);
}

/* Candidates for a ":" line; `before` is what the prompt leaves out of it. */
static void
keys_candidates(struct ui *ui, const char *before, const char *text,
		struct ot_buf *out)
{
	struct ot_buf line = OT_BUF_INIT, list = OT_BUF_INIT;
	size_t skip = strlen(before);
	const char *s;

	ot_buf_addf(&line, "%s%s", before, text);
	ui->host.complete(ui->host.ctx, ui_top(ui), ot_buf_str(&line), &list);
	for (s = ot_buf_str(&list); *s != '\0'; s += s[0] == '\n') {
		size_t len = strcspn(s, "\n");

		if (len >= skip)
			ot_buf_add(out, s + skip, len - skip);
		ot_buf_addc(out, '\n');
		s += len;
	}
	ot_buf_release(&line);
	ot_buf_release(&list);
}

static void
keys_complete(void *ctx, const char *text, struct ot_buf *out)
{
	keys_candidates(ctx, "", text, out);
}

static void
keys_complete_filter(void *ctx, const char *text, struct ot_buf *out)
{
	keys_candidates(ctx, "filter ", text, out);
}

static void
keys_complete_file(void *ctx, const char *text, struct ot_buf *out)
{
	keys_candidates(ctx, "load ", text, out);
}

static void
keys_ask(struct ui *ui, enum ui_asking what, const char *label,
	 const char *text)
{
	ui->asking = what;
	ui->message[0] = '\0';
	ui_prompt_start(&ui->prompt, label, text, &ui->history[what]);
	if (what == UI_ASK_COMMAND || what == UI_ASK_FILTER) {
		ui->prompt.complete = what == UI_ASK_COMMAND ?
				      keys_complete : keys_complete_filter;
		ui->prompt.ctx = ui;
		ui->prompt.words = what == UI_ASK_COMMAND;
	}
}

static void
keys_ask_file(struct ui *ui, enum ui_action a)
{
	const struct ui_view *v = ui_top(ui);
	struct ot_buf name = OT_BUF_INIT;

	memset(&ui->asked, 0, sizeof(ui->asked));
	ui->asked.kind = UI_FX_HOST;
	ui->asked.action = a;
	if (a == UI_ACT_EXPORT && (v == NULL || v->table == NULL ||
				   v->problem[0] != '\0' || v->loading)) {
		ui_say(ui, UI_WARN, "there is no table to export");
		return;
	}
	if (a == UI_ACT_GRAPH && !ui_drawn(ui, &ui->asked.subject)) {
		ui_say(ui, UI_WARN, "nothing is selected to draw");
		return;
	}
	ui->host.file_name(ui->host.ctx, a, &ui->asked.subject, &name);
	keys_ask(ui, UI_ASK_FILE,
		 a == UI_ACT_GRAPH ? "draw to file: " :
		 a == UI_ACT_EXPORT ? "export the table to file: " :
		 a == UI_ACT_LOAD ? "load snapshot: " :
		 "write snapshot to file: ", ot_buf_str(&name));
	ui->prompt.complete = keys_complete_file;
	ui->prompt.ctx = ui;
	ot_buf_release(&name);
}

static void
keys_host(struct ui *ui, enum ui_action a)
{
	struct ui_effect fx = { .kind = UI_FX_HOST, .action = a };

	ui_apply(ui, &fx);
}

/* An action of the view itself, or of its table. */
static void
keys_view(struct ui *ui, enum ui_action a)
{
	struct ui_view *v = ui_top(ui);
	struct ui_effect fx = { .kind = UI_FX_NONE };
	const char *msg;

	if (v == NULL)
		return;
	if (v->problem[0] != '\0' || v->loading)
		return;		/* there are no rows to act on */
	if (v->def->ops->act != NULL && v->def->ops->act(v, a, &fx)) {
		ui_apply(ui, &fx);
		return;
	}
	if (v->table == NULL || !ui_table_act(v->table, a))
		return;
	msg = ui_table_message(v->table);
	if (msg != NULL)
		ui_say(ui, UI_WARN, "%s", msg);
}

void
ui_act(struct ui *ui, enum ui_action a)
{
	const struct ui_view *v = ui_top(ui);

	ui->did = a;
	switch (a) {
	case UI_ACT_BACK:	ui_back(ui); break;
	case UI_ACT_ESC:	ui_cancel(ui); break;
	case UI_ACT_NEXTVIEW:	keys_next_tab(ui, false); break;
	case UI_ACT_PREVVIEW:	keys_next_tab(ui, true); break;
	case UI_ACT_VIEW1:	keys_tab(ui, 1); break;
	case UI_ACT_VIEW2:	keys_tab(ui, 2); break;
	case UI_ACT_VIEW3:	keys_tab(ui, 3); break;
	case UI_ACT_VIEW4:	keys_tab(ui, 4); break;
	case UI_ACT_VIEW7:	keys_tab(ui, 7); break;
	case UI_ACT_VIEW5:	keys_tab(ui, 5); break;
	case UI_ACT_VIEW6:	keys_tab(ui, 6); break;
	case UI_ACT_BACKREFS:	keys_open(ui, "backrefs"); break;
	case UI_ACT_REFS:	keys_open(ui, "refs"); break;
	case UI_ACT_PATH:	keys_open(ui, "paths"); break;
	case UI_ACT_DOMINATORS:	keys_open(ui, "dominators"); break;
	case UI_ACT_CYCLE:	keys_open(ui, "cycle"); break;
	case UI_ACT_GRAPH:
	case UI_ACT_EXPORT:
	case UI_ACT_LOAD:
	case UI_ACT_WRITE:	keys_ask_file(ui, a); break;
	case UI_ACT_DETAILS:	keys_details(ui); break;
	case UI_ACT_COPY:	keys_copy(ui); break;
	case UI_ACT_SEARCH:	keys_ask(ui, UI_ASK_SEARCH, "/", ""); break;
	case UI_ACT_FILTER:
		keys_ask(ui, UI_ASK_FILTER, "filter: ",
			 v != NULL && v->table != NULL ?
			 ui_table_filter_text(v->table) : "");
		break;
	case UI_ACT_COMMAND:	keys_ask(ui, UI_ASK_COMMAND, ":", ""); break;
	case UI_ACT_PAUSE:
	case UI_ACT_FASTER:
	case UI_ACT_SLOWER:
	case UI_ACT_COLLECT:
	case UI_ACT_MARK:
	case UI_ACT_COMPARE:
	case UI_ACT_SAMPLE:	keys_host(ui, a); break;
	case UI_ACT_REDRAW:	ui->redraw = true; break;
	case UI_ACT_HELP:	keys_help(ui); break;
	case UI_ACT_QUIT:	ui->quit = true; break;
	default:		keys_view(ui, a); break;
	}
}

static void
keys_prompt_done(struct ui *ui)
{
	struct ui_view *v = ui_top(ui);
	struct ui_effect fx = ui->asked;
	const char *msg;

	switch (ui->asking) {
	case UI_ASK_SEARCH:
		ui->did = UI_ACT_SEARCH;
		if (v == NULL || v->table == NULL)
			break;
		ui_table_search(v->table, ui->prompt.text);
		msg = ui_table_message(v->table);
		if (msg != NULL)
			ui_say(ui, UI_WARN, "%s", msg);
		break;
	case UI_ASK_FILTER:
		ui->did = UI_ACT_FILTER;
		memset(&fx, 0, sizeof(fx));
		fx.kind = UI_FX_FILTER;
		snprintf(fx.text, sizeof(fx.text), "%s", ui->prompt.text);
		ui_apply(ui, &fx);
		break;
	case UI_ASK_COMMAND:
		if (ui->prompt.text[0] != '\0')
			ui_command(ui, ui->prompt.text);
		break;
	case UI_ASK_FILE:
		if (ui->prompt.text[0] == '\0')
			break;
		snprintf(fx.text, sizeof(fx.text), "%s", ui->prompt.text);
		ui_apply(ui, &fx);
		break;
	case UI_ASK_NOTHING:
	case UI_ASK_YES_NO:
	case UI_ASK_COUNT:
		break;
	}
}

static void
keys_answer(struct ui *ui, uint32_t key)
{
	ui->asking = UI_ASK_NOTHING;
	if (key == 'y' || key == 'Y')
		ui->host.effect(ui->host.ctx, ui, &ui->asked);
	else
		ui_say(ui, UI_PLAIN, "nothing was done");
}

void
ui_key(struct ui *ui, uint32_t key)
{
	enum ui_prompt_end end;

	ui->did = UI_ACT_NONE;
	if (ui->too_small) {
		if (key == 'q')
			ui->quit = true;
		return;
	}
	if (ui->popup.on) {
		ui_popup_key(&ui->popup, key);
		return;
	}
	ui->message[0] = '\0';
	if (ui->asking == UI_ASK_YES_NO) {
		keys_answer(ui, key);
	} else if (ui->asking != UI_ASK_NOTHING) {
		end = ui_prompt_key(&ui->prompt, key);
		if (end == UI_PROMPT_DONE)
			keys_prompt_done(ui);
		/* an action may have asked something else meanwhile */
		if (end == UI_PROMPT_CANCELLED ||
		    (end == UI_PROMPT_DONE && ui->asking != UI_ASK_YES_NO))
			ui->asking = UI_ASK_NOTHING;
	} else {
		ui_act(ui, ui_action_of(key, ui_where_now(ui)));
	}
}

enum ui_action
ui_did(const struct ui *ui)
{
	return ui->did;
}
