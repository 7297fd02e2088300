/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - from a command's name to its code.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspector/cmd/cmd.h"

volatile sig_atomic_t cmd_interrupted;

const struct cmd_def cmd_defs[] = {
#define COMMAND(name, args, help) { #name, args, help, cmd_##name },
#include "inspector/cmd/commands.def"
	{ NULL, NULL, NULL, NULL },
};

bool
cmd_has_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL &&
	       *term != '\0' && strcmp(term, "dumb") != 0;
}

/* The bare form: the UI, or what comes nearest where it cannot run. */
static enum ot_status
dispatch_ui(const struct cmd *c, struct ot_err *err)
{
	struct cmd text = *c;

	if (c->opts.format == OT_FMT_TEXT && cmd_has_terminal())
		return cmd_ui(c, err);
	if (c->target == NULL && !cmd_names_targets(c)) {
		text.name = "ps";
		return cmd_ps(&text, err);
	}
	text.name = "types";
	return cmd_types(&text, err);
}

enum ot_status
cmd_dispatch(const struct cmd *c, struct ot_err *err)
{
	const struct cmd_def *d;

	if (strcmp(c->name, "ui") == 0)
		return dispatch_ui(c, err);
	if (strcmp(c->name, "version") == 0)
		return cmd_version(c, err);
	for (d = cmd_defs; d->name != NULL; d++)
		if (strcmp(d->name, c->name) == 0)
			return d->run(c, err);
	return ot_fail(err, OT_USAGE, "unknown command '%.80s'", c->name);
}
