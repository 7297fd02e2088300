/* SPDX-License-Identifier: MIT */
/*
 * main.c - the program objtop: locale, signals, one command, one error line.
 *
 * The exit code is the status of the command (base/err.h).  SIGINT and SIGTERM
 * only set a flag that all long work looks at, so that every way out goes
 * through the code that leaves the target as it was.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "inspector/cmd/cmd.h"
#include "inspector/cmd/options.h"

static void
main_interrupt(int sig)
{
	(void)sig;
	cmd_interrupted++;
}

/* No SA_RESTART: a call that waits is to return. */
static void
main_signals(void)
{
	struct sigaction sa = { .sa_handler = main_interrupt };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

/*
 * Standard descriptors that are closed must not become our sockets: a table
 * written to descriptor 1 would go into the target.  Output stays an error.
 */
static void
main_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void
main_complain(const char *msg)
{
	struct ot_buf safe = OT_BUF_INIT;

	ot_escape_tty(&safe, msg, strlen(msg));
	fprintf(stderr, "objtop: %s\n", ot_buf_str(&safe));
	ot_buf_release(&safe);
}

/* What is still in stdout's buffer may not fit on the disk either. */
static enum ot_status
main_flush(enum ot_status st, struct ot_err *err)
{
	if (st != OT_OK || (fflush(stdout) == 0 && !ferror(stdout)))
		return st;
	if (errno == EPIPE)
		return st;
	return ot_fail_errno(err, OT_FAILED, "cannot write the output");
}

int
main(int argc, char **argv)
{
	struct ot_err err = OT_ERR_INIT;
	enum ot_status st;
	struct cmd c;

	main_descriptors();
	/* Characters only: numbers keep their decimal point everywhere. */
	setlocale(LC_CTYPE, "");
	main_signals();
	st = cmd_parse(argc, argv, &c, &err);
	if (st == OT_OK)
		st = cmd_dispatch(&c, &err);
	st = main_flush(st, &err);
	/* A call that Ctrl-C cut short is no failure of its own. */
	if (st == OT_FAILED && cmd_interrupted)
		st = ot_fail(&err, OT_INTERRUPTED, "interrupted");
	if (st == OT_INTERRUPTED && err.msg[0] == '\0')
		ot_fail(&err, st, "interrupted");
	if (st != OT_OK && err.msg[0] != '\0')
		main_complain(err.msg);
	cmd_release(&c);
	return (int)st;
}
