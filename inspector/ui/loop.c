/* SPDX-License-Identifier: MIT */
/*
 * One loop for everything: poll on the terminal, on a pipe that signal
 * handlers and worker threads write to, and on the target's socket.
 *
 * A handler only writes the signal's number into the pipe.  A key is drawn at
 * once, before anything else is looked at; keys that come in a burst (a held
 * arrow key over a slow line) are taken together and drawn once.
 */
#include "config.h"

#include "inspector/ui/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/ui/keys.h"
#include "inspector/ui/times.h"

#define LOOP_BURST 64

static const int loop_signals[] = {
	SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE
};

struct ui_loop {
	struct ui_screen *screen;
	struct ui_times *times;	/* NULL: not measured */
	int wake[2];
	struct sigaction old[OT_ARRAY_LEN(loop_signals)];
	bool stop;		/* a signal ended the loop */
};

static volatile sig_atomic_t loop_pipe = -1;	/* for the handlers */

static void
loop_on_signal(int sig)
{
	int saved = errno;
	char byte = (char)sig;

	if (loop_pipe >= 0 && write(loop_pipe, &byte, 1) < 0) {
		/* full: the loop is awake */
	}
	errno = saved;
}

static void
loop_handle(int sig)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sigfillset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	sa.sa_handler = sig == SIGPIPE ? SIG_IGN : loop_on_signal;
	sigaction(sig, &sa, NULL);
}

enum ot_status
ui_loop_open(struct ui_loop **out, struct ot_err *err)
{
	struct ui_loop *l = calloc(1, sizeof(*l));
	enum ot_status st;
	size_t i;

	if (l == NULL)
		return ot_fail_nomem(err, "the event loop");
	if (pipe2(l->wake, O_NONBLOCK | O_CLOEXEC) != 0) {
		free(l);
		return ot_fail_errno(err, OT_FAILED, "cannot make a pipe");
	}
	st = ui_screen_open(&l->screen, err);
	if (st != OT_OK) {
		close(l->wake[0]);
		close(l->wake[1]);
		free(l);
		return st;
	}
	l->times = ui_times_new();
	loop_pipe = l->wake[1];
	for (i = 0; i < OT_ARRAY_LEN(loop_signals); i++) {
		sigaction(loop_signals[i], NULL, &l->old[i]);
		loop_handle(loop_signals[i]);
	}
	*out = l;
	return OT_OK;
}

void
ui_loop_close(struct ui_loop *l)
{
	size_t i;

	if (l == NULL)
		return;
	ui_screen_close(l->screen);
	ui_times_end(l->times);
	for (i = 0; i < OT_ARRAY_LEN(loop_signals); i++)
		sigaction(loop_signals[i], &l->old[i], NULL);
	loop_pipe = -1;
	close(l->wake[0]);
	close(l->wake[1]);
	free(l);
}

void
ui_loop_screen_close(struct ui_loop *l)
{
	ui_screen_close(l->screen);
	l->screen = NULL;
}

int
ui_loop_wake_fd(const struct ui_loop *l)
{
	return l->wake[1];
}

struct ui_screen *
ui_loop_screen(const struct ui_loop *l)
{
	return l->screen;
}

/* Ctrl-Z: the terminal is given back, then we stop; SIGCONT goes on here. */
static void
loop_suspend(struct ui_loop *l)
{
	struct sigaction sa;

	ui_screen_suspend(l->screen);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	sigaction(SIGTSTP, &sa, NULL);
	raise(SIGTSTP);
	loop_handle(SIGTSTP);
	ui_screen_resume(l->screen);
}

static void
loop_drain(struct ui_loop *l)
{
	char bytes[64];
	ssize_t n, i;

	while ((n = read(l->wake[0], bytes, sizeof(bytes))) > 0) {
		for (i = 0; i < n; i++) {
			switch (bytes[i]) {
			case SIGTSTP:
				loop_suspend(l);
				break;
			case SIGCONT:
				ui_screen_resume(l->screen);
				break;
			case SIGTERM:
			case SIGHUP:
			case SIGINT:
			case SIGQUIT:
				l->stop = true;
				break;
			default:	/* a worker, or SIGWINCH: just awake */
				break;
			}
		}
	}
}

static void
loop_draw(struct ui_loop *l, struct ui *ui)
{
	const struct ui_cells *c;
	int rows, cols;

	ui_screen_size(l->screen, &rows, &cols);
	if (ui_wants_redraw(ui))
		ui_screen_redraw(l->screen);
	c = ui_draw(ui, rows, cols, ui_screen_utf8(l->screen));
	if (c != NULL)
		ui_screen_show(l->screen, c);
	ui_times_drawn(l->times);
}

static void
loop_keys(struct ui_loop *l, struct ui *ui)
{
	uint64_t came = ot_now_us();
	uint32_t key;
	int i, row, col;

	for (i = 0; i < LOOP_BURST && !ui_wants_quit(ui); i++) {
		key = ui_screen_key(l->screen);
		if (key == UI_KEY_NONE)
			break;
		if (key >= UI_KEY_CLICK) {
			ui_screen_mouse(l->screen, &row, &col);
			ui_mouse(ui, key, row, col);
		} else {
			ui_key(ui, key);
		}
		ui_times_key(l->times, ui_did(ui), came);
	}
}

enum ot_status
ui_loop_run(struct ui_loop *l, struct ui *ui, const struct ui_clock *clock)
{
	struct pollfd fds[3];
	int wait = 0;

	while (!ui_wants_quit(ui) && !l->stop) {
		bool more = ui_step(ui);

		wait = clock->tick(clock->ctx, ui);
		if (ui_wants_quit(ui))
			break;
		loop_draw(l, ui);
		fds[0] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
		fds[1] = (struct pollfd){ l->wake[0], POLLIN, 0 };
		fds[2] = (struct pollfd){ clock->watch_fd(clock->ctx),
					  POLLIN, 0 };
		if (poll(fds, 3, more ? 0 : wait) < 0 && errno != EINTR)
			break;
		loop_drain(l);
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			l->stop = true;		/* the terminal is gone */
		else
			loop_keys(l, ui);
	}
	return l->stop ? OT_INTERRUPTED : OT_OK;
}
