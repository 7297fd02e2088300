/* SPDX-License-Identifier: MIT */
/*
 * ui_priv.h - the insides of the frame, for ui.c (history, work),
 * ui_effect.c, ui_say.c, ui_keys.c and ui_draw.c.
 */
#ifndef UI_UI_PRIV_H
#define UI_UI_PRIV_H

#include "inspector/ui/popup.h"
#include "inspector/ui/prompt.h"
#include "inspector/ui/ui.h"

#define UI_WRAP	   72	/* columns of text in a box */
#define UI_HISTORY 256	/* views one can go back through */

enum ui_asking {
	UI_ASK_NOTHING, UI_ASK_SEARCH, UI_ASK_FILTER, UI_ASK_COMMAND,
	UI_ASK_FILE, UI_ASK_YES_NO, UI_ASK_COUNT
};

/* What a place of the key bar or the crumb line does when it is clicked. */
struct ui_spot {
	int row, col, end;
	enum ui_action action;	/* NONE: goes back to the view at `depth` */
	size_t depth;
};

#define UI_SPOTS 64

struct ui {
	const struct ui_view_def *views;
	void *ctx;
	struct ui_host host;
	struct ui_cells cells;
	bool too_small;

	struct ui_view *stack[UI_HISTORY];
	size_t depth;
	struct ui_subject last;	/* object looked at last, for tabs */

	enum ui_asking asking;
	struct ui_prompt prompt;
	struct ui_history history[UI_ASK_COUNT];
	struct ui_effect asked;	/* what the prompt or question is for */
	struct ui_popup popup;

	struct ui_effect pending;	/* waits for a graph; kind NONE: not */
	bool pending_command;		/* pending.text is a ":" line */

	struct ui_job *job;
	struct ui_view *job_view;	/* whose load it is, or NULL */
	const char *job_what;
	void (*job_done)(void *, struct ui *, enum ot_status,
			 const struct ot_err *);
	void *job_ctx;

	char message[1024];
	enum ui_style message_style;
	char busy[256];
	bool quit, redraw;
	enum ui_action did;	/* by the last key */
	struct ui_spot spots[UI_SPOTS];	/* of the last draw */
	size_t nspots;
};

/* ui.c */
/* Puts an effect (or ":" line) aside until there is a graph. */
void ui_wait_graph(struct ui *ui, const struct ui_effect *fx, bool command);
/* What the view's table has to say goes to the status line. */
void ui_take_message(struct ui *ui, struct ui_view *v);
void ui_back(struct ui *ui);
unsigned ui_where_now(const struct ui *ui);
const struct ui_view_def *ui_view_find(const struct ui *ui, const char *name);
void ui_cancel(struct ui *ui);	/* Esc: stops what runs, else back */

/* ui_effect.c */
void ui_apply(struct ui *ui, struct ui_effect *fx);
void ui_command(struct ui *ui, const char *line);
bool ui_selected(struct ui *ui, struct ui_subject *out);
bool ui_drawn(struct ui *ui, struct ui_subject *out);	/* what g draws */

/* ui_keys.c */
void ui_act(struct ui *ui, enum ui_action a);

#endif
