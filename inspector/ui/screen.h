/* SPDX-License-Identifier: MIT */
/*
 * screen.h - the terminal.  The only room that knows curses is screen.c.
 */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include "base/err.h"
#include "inspector/ui/cells.h"

struct ui_screen;

/*
 * Can this terminal show a full-screen UI?  False: stdin or stdout is no
 * terminal, or TERM says it cannot move its cursor.
 */
bool ui_screen_possible(void);

/* Takes the terminal over; setlocale(LC_CTYPE, "") was called before. */
enum ot_status ui_screen_open(struct ui_screen **out, struct ot_err *err);
void ui_screen_close(struct ui_screen *s);	/* gives it back; NULL ok */

bool ui_screen_utf8(const struct ui_screen *s);
/* As it is now. */
void ui_screen_size(struct ui_screen *s, int *rows, int *cols);
void ui_screen_show(struct ui_screen *s, const struct ui_cells *c);
void ui_screen_redraw(struct ui_screen *s);	/* everything, next time */

/* The next key there is, without waiting; UI_KEY_NONE: none. */
uint32_t ui_screen_key(struct ui_screen *s);
/* Where it was, of a key of the mouse. */
void ui_screen_mouse(const struct ui_screen *s, int *row, int *col);

/* Around a stop (Ctrl-Z): the terminal as it was found, and back. */
void ui_screen_suspend(struct ui_screen *s);
void ui_screen_resume(struct ui_screen *s);

/* Puts text into the clipboard of whoever sits at the terminal (OSC 52). */
void ui_screen_copy(struct ui_screen *s, const char *text);

#endif
