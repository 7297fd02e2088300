/* SPDX-License-Identifier: MIT */
/*
 * cmd_out.c - everything that leaves a command: results on stdout, chatter on
 * stderr.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/escape.h"
#include "inspector/cmd/cmd.h"

void
cmd_say(const struct cmd *c, const char *fmt, ...)
{
	struct ot_buf safe = OT_BUF_INIT;
	va_list ap;
	char text[2048];

	if (c->opts.quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ot_escape_tty(&safe, text, strlen(text));
	fprintf(stderr, "objtop: %s\n", ot_buf_str(&safe));
	ot_buf_release(&safe);
}

static bool
out_color(const struct cmd *c, FILE *out)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (c->opts.color >= 0)
		return c->opts.color > 0;
	return isatty(fileno(out)) && (none == NULL || *none == '\0') &&
	       term != NULL && strcmp(term, "dumb") != 0;
}

/* Columns of the terminal; 0, no limit, for files and pipes. */
static size_t
out_width(FILE *out)
{
	struct winsize ws;
	int fd = fileno(out);

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &ws) != 0 || ws.ws_col == 0)
		return 80;
	return ws.ws_col;
}

enum ot_status
cmd_emit(const struct cmd *c, const struct ot_table *t, enum ot_format format,
	 const struct ot_table *target, const struct ot_table *snapshot,
	 FILE *out, struct ot_err *err)
{
	struct ot_emit e = { .format = format,
			     .command = c->name,
			     .target = target,
			     .snapshot = snapshot };
	enum ot_status st;

	if (format == OT_FMT_TEXT) {
		e.color = out_color(c, out);
		/* -v: whole lines, however long. */
		e.width = c->opts.verbose ? 0 : out_width(out);
	}
	st = ot_emit_table(&e, t, out, err);
	/* `objtop types | head` has seen enough: that is no failure. */
	if (st != OT_OK && errno == EPIPE) {
		clearerr(out);
		return OT_OK;
	}
	return st;
}

enum ot_status
cmd_puts(const struct ot_buf *text, struct ot_err *err)
{
	if (text->failed)
		return ot_fail_nomem(err, "the output");
	if (fwrite(ot_buf_str(text), 1, text->len, stdout) == text->len &&
	    fflush(stdout) == 0)
		return OT_OK;
	if (errno != EPIPE)
		return ot_fail_errno(err, OT_FAILED, "cannot write the output");
	clearerr(stdout);
	return OT_OK;
}
