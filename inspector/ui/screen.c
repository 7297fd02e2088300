/* SPDX-License-Identifier: MIT */
/*
 * The terminal, by ncurses: cells onto it, keys from it.
 *
 * Runs of cells of one style are put in one call; what did not change since
 * the last time curses does not send.  Without colours (NO_COLOR set to
 * anything, or a TERM that has none) every style has an attribute instead.
 */
#include "config.h"

#include "inspector/ui/screen.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "inspector/ui/keys.h"

#define SCREEN_RUN 512		/* cells put in one call */
#define SCREEN_WHEEL_UP BUTTON4_PRESSED
#define SCREEN_WHEEL_DOWN BUTTON5_PRESSED

struct ui_screen {
	SCREEN *term;
	bool utf8, redraw;
	attr_t attr[UI_STYLE_COUNT];
	short pair[UI_STYLE_COUNT];
	int mouse_row, mouse_col;
};

#define COLOR_DEFAULT		(-1)
#define ATTR_NORMAL		A_NORMAL
#define ATTR_BOLD		A_BOLD
#define ATTR_DIM		A_DIM
#define ATTR_REVERSE		A_REVERSE
#define ATTR_REVERSE_BOLD	(A_REVERSE | A_BOLD)

static const struct {
	short fg, bg;
	attr_t attr, mono;
} screen_styles[UI_STYLE_COUNT] = {
#define STYLE(name, fg, bg, attr, mono) \
	{ COLOR_##fg, COLOR_##bg, ATTR_##attr, ATTR_##mono },
#include "inspector/ui/style.def"
};

bool
ui_screen_possible(void)
{
	const char *term = getenv("TERM");
	bool can;
	int rc;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	if (term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0)
		return false;
	if (setupterm(NULL, STDOUT_FILENO, &rc) != OK || rc != 1)
		return false;
	can = cursor_address != NULL;
	del_curterm(cur_term);
	return can;
}

static void
screen_styles_init(struct ui_screen *s)
{
	const char *no_color = getenv("NO_COLOR");
	bool color = (no_color == NULL || no_color[0] == '\0') && has_colors();
	short i;

	if (color) {
		start_color();
		color = use_default_colors() == OK;
	}
	for (i = 0; i < UI_STYLE_COUNT; i++) {
		if (!color) {
			s->attr[i] = screen_styles[i].mono;
			continue;
		}
		s->attr[i] = screen_styles[i].attr;
		if (init_pair((short)(i + 1), screen_styles[i].fg,
			      screen_styles[i].bg) == OK)
			s->pair[i] = (short)(i + 1);
		else
			s->attr[i] = screen_styles[i].mono;
	}
}

static void
screen_modes(void)
{
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	scrollok(stdscr, FALSE);
	mousemask(BUTTON1_PRESSED | SCREEN_WHEEL_UP | SCREEN_WHEEL_DOWN, NULL);
	mouseinterval(0);	/* a press is told at once */
	leaveok(stdscr, FALSE);
}

enum ot_status
ui_screen_open(struct ui_screen **out, struct ot_err *err)
{
	struct ui_screen *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ot_fail_nomem(err, "the terminal");
	s->term = newterm(NULL, stdout, stdin);
	if (s->term == NULL) {
		free(s);
		return ot_fail(err, OT_FAILED,
			       "the terminal %s cannot be used; "
			       "`objtop types TARGET` prints the same as text",
			       getenv("TERM"));
	}
	set_term(s->term);
	set_escdelay(25);
	s->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen_modes();
	screen_styles_init(s);
	curs_set(0);
	*out = s;
	return OT_OK;
}

void
ui_screen_close(struct ui_screen *s)
{
	if (s == NULL)
		return;
	curs_set(1);
	if (exit_ca_mode == NULL) {	/* no screen of our own to leave */
		erase();
		refresh();
	}
	endwin();
	delscreen(s->term);
	free(s);
}

bool
ui_screen_utf8(const struct ui_screen *s)
{
	return s->utf8;
}

void
ui_screen_size(struct ui_screen *s, int *rows, int *cols)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 &&
	    ws.ws_col > 0 && (ws.ws_row != LINES || ws.ws_col != COLS)) {
		resizeterm(ws.ws_row, ws.ws_col);
		s->redraw = true;
	}
	*rows = LINES;
	*cols = COLS;
}

/* Columns [col, end) of a row, all of one style. */
static void
screen_run(const struct ui_screen *s, const struct ui_cells *c, int row,
	   int col, int end)
{
	const struct ui_cell *at = &c->at[(size_t)row * (size_t)c->cols];
	wchar_t text[2 * SCREEN_RUN];
	int i, n = 0;

	for (i = col; i < end; i++) {
		if (at[i].ch == 0)
			continue;
		text[n++] = (wchar_t)at[i].ch;
		if (at[i].mark != 0)
			text[n++] = (wchar_t)at[i].mark;
	}
	attr_set(s->attr[at[col].style], s->pair[at[col].style], NULL);
	mvaddnwstr(row, col, text, n);
}

void
ui_screen_show(struct ui_screen *s, const struct ui_cells *c)
{
	int row, col, end;

	if (s->redraw)
		clearok(curscr, TRUE);
	s->redraw = false;
	erase();
	for (row = 0; row < c->rows && row < LINES; row++) {
		const struct ui_cell *at = &c->at[(size_t)row *
						  (size_t)c->cols];

		for (col = 0; col < c->cols && col < COLS; col = end) {
			for (end = col + 1; end < c->cols && end < COLS &&
			     end - col < SCREEN_RUN &&
			     at[end].style == at[col].style; end++)
				;
			screen_run(s, c, row, col, end);
		}
	}
	if (c->cursor_row >= 0) {
		curs_set(1);
		move(c->cursor_row, c->cursor_col);
	} else {
		curs_set(0);
		move(LINES - 1, 0);
	}
	refresh();
}

void
ui_screen_redraw(struct ui_screen *s)
{
	s->redraw = true;
}

static uint32_t
screen_special(wint_t key)
{
	switch (key) {
	case KEY_UP:		return UI_KEY_UP;
	case KEY_DOWN:		return UI_KEY_DOWN;
	case KEY_LEFT:		return UI_KEY_LEFT;
	case KEY_RIGHT:		return UI_KEY_RIGHT;
	case KEY_PPAGE:		return UI_KEY_PGUP;
	case KEY_NPAGE:		return UI_KEY_PGDN;
	case KEY_HOME:		return UI_KEY_HOME;
	case KEY_END:		return UI_KEY_END;
	case KEY_ENTER:		return UI_KEY_ENTER;
	case KEY_BACKSPACE:	return UI_KEY_BACKSPACE;
	case KEY_DC:		return UI_KEY_DELETE;
	case KEY_BTAB:		return UI_KEY_BACKTAB;
	case KEY_F(1):		return UI_KEY_F1;
	case KEY_F(10):		return UI_KEY_F10;
	default:		return UI_KEY_NONE;
	}
}

static uint32_t
screen_mouse_key(struct ui_screen *s)
{
	MEVENT ev;

	if (getmouse(&ev) != OK)
		return UI_KEY_NONE;
	s->mouse_row = ev.y;
	s->mouse_col = ev.x;
	if ((ev.bstate & SCREEN_WHEEL_UP) != 0)
		return UI_KEY_WHEEL_UP;
	if ((ev.bstate & SCREEN_WHEEL_DOWN) != 0)
		return UI_KEY_WHEEL_DOWN;
	return (ev.bstate & BUTTON1_PRESSED) != 0 ? UI_KEY_CLICK :
						    UI_KEY_NONE;
}

void
ui_screen_mouse(const struct ui_screen *s, int *row, int *col)
{
	*row = s->mouse_row;
	*col = s->mouse_col;
}

/*
 * Behind an Esc that curses knows no key for: the rest of a sequence (a key of
 * this terminal only, an answer nobody asked for) is not what a user typed.
 * True: it was one.  Else what came behind is put back.
 */
static bool
screen_skip_sequence(void)
{
	wint_t ch;
	int rc = get_wch(&ch);

	if (rc == KEY_CODE_YES)
		ungetch((int)ch);
	if (rc != OK)
		return false;		/* the key Esc itself */
	if (ch != '[' && ch != 'O') {
		unget_wch((wchar_t)ch);
		return false;
	}
	while (get_wch(&ch) == OK && (ch < '@' || ch > '~'))
		;
	return true;
}

uint32_t
ui_screen_key(struct ui_screen *s)
{
	uint32_t key = UI_KEY_NONE;
	wint_t ch;
	int rc;

	while (key == UI_KEY_NONE) {
		rc = get_wch(&ch);
		if (rc == ERR)
			break;
		if (rc == KEY_CODE_YES && ch == KEY_MOUSE)
			key = screen_mouse_key(s);
		else if (rc == KEY_CODE_YES)
			key = screen_special(ch);
		else if (ch == UI_KEY_ESC && screen_skip_sequence())
			continue;
		else if (ch == '\n')
			key = UI_KEY_ENTER;
		else if (ch == '\b')
			key = UI_KEY_BACKSPACE;
		else
			key = (uint32_t)ch;
	}
	return key;
}

void
ui_screen_suspend(struct ui_screen *s)
{
	(void)s;
	curs_set(1);
	def_prog_mode();
	endwin();
}

void
ui_screen_resume(struct ui_screen *s)
{
	reset_prog_mode();
	screen_modes();
	s->redraw = true;
	refresh();
}

void
ui_screen_copy(struct ui_screen *s, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	struct ot_buf out = OT_BUF_INIT;
	size_t n = strlen(text), i;

	(void)s;
	ot_buf_adds(&out, "\033]52;c;");
	for (i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)text[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)(unsigned char)text[i + 1] << 8;
		if (i + 2 < n)
			v |= (unsigned char)text[i + 2];
		ot_buf_addc(&out, digits[v >> 18]);
		ot_buf_addc(&out, digits[v >> 12 & 63]);
		ot_buf_addc(&out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		ot_buf_addc(&out, i + 2 < n ? digits[v & 63] : '=');
	}
	ot_buf_addc(&out, '\a');
	if (!out.failed) {
		fwrite(out.data, 1, out.len, stdout);
		fflush(stdout);
	}
	ot_buf_release(&out);
}
