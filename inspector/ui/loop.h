/* SPDX-License-Identifier: MIT */
/*
 * loop.h - the event loop: keys, signals, the ends of work, a clock.
 */
#ifndef UI_LOOP_H
#define UI_LOOP_H

#include "inspector/ui/screen.h"
#include "inspector/ui/ui.h"

struct ui_loop;

/*
 * Opened before the ui, so that its wake_fd can be told to whoever starts
 * work.  Signals are ours until it is closed: SIGWINCH, SIGTSTP and SIGCONT
 * are followed; SIGTERM, SIGHUP and SIGINT end the loop.
 */
enum ot_status ui_loop_open(struct ui_loop **out, struct ot_err *err);
void ui_loop_close(struct ui_loop *l);		/* NULL ok */
/* Gives the terminal back before the rest ends; safe to call twice. */
void ui_loop_screen_close(struct ui_loop *l);
int ui_loop_wake_fd(const struct ui_loop *l);
struct ui_screen *ui_loop_screen(const struct ui_loop *l);

struct ui_clock {
	void *ctx;
	/* Called whenever the loop woke up; returns the milliseconds after
	 * which it wants to be called again at the latest. */
	int (*tick)(void *ctx, struct ui *ui);
	/* A descriptor whose bytes or hang-up wake the loop; -1: none. */
	int (*watch_fd)(void *ctx);
};

/* Until the user leaves (OT_OK) or a signal says so (OT_INTERRUPTED). */
enum ot_status ui_loop_run(struct ui_loop *l, struct ui *ui,
			   const struct ui_clock *clock);

#endif
