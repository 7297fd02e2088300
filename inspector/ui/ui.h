/* SPDX-License-Identifier: MIT */
/*
 * ui.h - the frame: history of views, header, crumb line, status, key bar,
 * prompts and boxes.  Keys go in, a grid of cells comes out; no terminal.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include "inspector/ui/view.h"

#define UI_MIN_ROWS 24
#define UI_MIN_COLS 80

struct ui;

/* Who carries out what neither views nor the frame may. */
struct ui_host {
	void *ctx;
	/* UI_FX_HOST effects. */
	void (*effect)(void *ctx, struct ui *ui, const struct ui_effect *fx);
	bool (*have_graph)(void *ctx);
	/* Gets one; ui_graph_came() or ui_graph_failed() follows. */
	void (*want_graph)(void *ctx, struct ui *ui);
	/* Esc: true where something of the host's was cancelled. */
	bool (*cancel)(void *ctx);
	/* Draws the header into rows 0.., returns how many rows (at most 4). */
	int (*header)(void *ctx, struct ui_cells *c);
	/* A few words for the right of the status line. */
	void (*note)(void *ctx, struct ot_buf *out);
	/* A ":" line to an effect. */
	enum ot_status (*command)(void *ctx, const struct ui_view *top,
				  const char *line, struct ui_effect *fx,
				  struct ot_err *err);
	/* Lines that may come of `line`, newline after each. */
	void (*complete)(void *ctx, const struct ui_view *top,
			 const char *line, struct ot_buf *out);
	/* A name for the file that WRITE, GRAPH or EXPORT is going to make. */
	void (*file_name)(void *ctx, enum ui_action a,
			  const struct ui_subject *s, struct ot_buf *out);
	/* The last moment to look away: work on the graph begins or ends. */
	int wake_fd;		/* told when work ends; -1 */
};

/* `views` ends with a name NULL; all of it outlives the ui. */
struct ui *ui_new(const struct ui_view_def *views, void *ctx,
		  const struct ui_host *host);
void ui_free(struct ui *ui);		/* waits for work under way */

void ui_key(struct ui *ui, uint32_t key);
/* A key of the mouse at a place of the screen as drawn last. */
void ui_mouse(struct ui *ui, uint32_t key, int row, int col);

/* What the last key did; NONE: nothing, or it was typed into a prompt. */
enum ui_action ui_did(const struct ui *ui);

/* Draws everything; valid until the next call.  NULL: no memory. */
const struct ui_cells *ui_draw(struct ui *ui, int rows, int cols, bool utf8);

/* A slice of what goes on: true while there is more to do at once. */
bool ui_step(struct ui *ui);

/* Waits until nothing goes on (for tests). */
void ui_settle(struct ui *ui);

/* True when the work on a thread is over or there was none: the graph that
 * views see may be replaced now. */
bool ui_idle(const struct ui *ui);

/* Live numbers came: views that show them look again. */
void ui_numbers_came(struct ui *ui);
/* There is a new graph: all views look again, what waited for it goes on. */
void ui_graph_came(struct ui *ui);
void ui_graph_failed(struct ui *ui, const char *why);

void ui_open(struct ui *ui, const char *view, const struct ui_subject *s);
/* Forgets the history. */
void ui_restart(struct ui *ui, const char *view);
struct ui_view *ui_top(const struct ui *ui);

void ui_say(struct ui *ui, enum ui_style style, const char *fmt, ...)
	OT_PRINTF(3, 4);
/* An error: on the status line, or in a box where it is too long for that. */
void ui_refuse(struct ui *ui, const char *text);
/* Shown while it lasts, under any message; "" ends it. */
void ui_busy(struct ui *ui, const char *fmt, ...) OT_PRINTF(2, 3);
/* Asks y or n; y brings fx to the host again, confirmed. */
void ui_confirm(struct ui *ui, const struct ui_effect *fx, const char *fmt,
		...) OT_PRINTF(3, 4);
void ui_box_text(struct ui *ui, const char *title, struct ot_buf *text);

/*
 * Work of the host on the graph, on the frame's thread slot: `run` there,
 * then `done` in the loop.  Refused (false, said) while other work runs.
 */
bool ui_work(struct ui *ui, const char *what, ui_job_fn run,
	     void (*done)(void *ctx, struct ui *ui, enum ot_status st,
			  const struct ot_err *err),
	     void *ctx);

bool ui_wants_quit(const struct ui *ui);
/* ^L was pressed: the terminal is to be drawn from scratch; asks once. */
bool ui_wants_redraw(struct ui *ui);

#endif
