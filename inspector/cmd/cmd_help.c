/* SPDX-License-Identifier: MIT */
/*
 * cmd_help.c - the help, made from commands.def, options.def, examples.def
 * and exports.def, so that it cannot leave out what the parser takes.
 */
#include "config.h"

#include <string.h>

#include "inspector/cmd/cmd.h"
#include "inspector/cmd/options.h"

#define HELP_COLUMN	26
#define HELP_WIDTH	79

static const struct {
	const char *command, *line, *what;
} help_examples[] = {
#define EXAMPLE(command, line, what) { command, line, what },
#include "inspector/cmd/examples.def"
};

static const char help_words[] =
	"TARGET  the id of a process, or a snapshot file; or --name PATTERN\n"
	"OBJECT  an address (0x7f21c40a1d90), a type (Session, shop.Session: all its\n"
	"        instances), or one of its instances in address order (Session#0)\n"
	"\n"
	"The module may be left out of a type's name where that is unambiguous.\n"
	"Options may stand anywhere.  Times take ms, s, m; sizes take K, M, G.\n"
	"\n"
	"Exit codes: 0 done, 1 it failed, 2 wrong usage, 3 the target cannot be\n"
	"inspected, 130 interrupted.  Ctrl-C leaves the target running as it was.\n";

/* "  head      text", the text wrapped behind HELP_COLUMN. */
static void
help_line(struct ot_buf *out, const char *head, const char *text)
{
	size_t at = strlen(head) + 2, len;

	ot_buf_addf(out, "  %s", head);
	if (at > HELP_COLUMN - 2) {
		ot_buf_addc(out, '\n');
		at = 0;
	}
	ot_buf_addf(out, "%*s", (int)(HELP_COLUMN - at), "");
	for (at = HELP_COLUMN; *text != '\0'; text += strspn(text, " ")) {
		len = strcspn(text, " ");
		if (at + 1 + len > HELP_WIDTH && at > HELP_COLUMN) {
			ot_buf_addf(out, "\n%*s", HELP_COLUMN, "");
			at = HELP_COLUMN;
		}
		if (at > HELP_COLUMN) {
			ot_buf_addc(out, ' ');
			at++;
		}
		ot_buf_add(out, text, len);
		at += len;
		text += len;
	}
	ot_buf_addc(out, '\n');
}

static void
help_option(struct ot_buf *out, const struct cmd_option *o)
{
	struct ot_buf head = OT_BUF_INIT;

	if (o->letter != 0)
		ot_buf_addf(&head, "-%c, ", o->letter);
	else
		ot_buf_adds(&head, "    ");
	ot_buf_addf(&head, "--%s%s%s", o->name, o->arg != NULL ? " " : "",
		    o->arg != NULL ? o->arg : "");
	help_line(out, ot_buf_str(&head), o->help);
	ot_buf_release(&head);
}

/* The options of one command (or all); `own`: not those everyone takes. */
static void
help_options(struct ot_buf *out, const char *command, bool own)
{
	bool everyone;
	size_t i;

	for (i = 0; i < CMD_OPT_COUNT; i++) {
		everyone = strcmp(cmd_options[i].commands, "*") == 0;
		if (everyone == own)
			continue;
		if (command == NULL ||
		    cmd_takes(command, (enum cmd_option_id)i))
			help_option(out, &cmd_options[i]);
	}
}

static void
help_all(struct ot_buf *out)
{
	const struct cmd_word *w;
	struct ot_buf head = OT_BUF_INIT;

	ot_buf_adds(out,
		    "objtop looks into the heap of a running program: what is there, how much\n"
		    "of it, and who holds it.\n"
		    "\n"
		    "usage: objtop [TARGET]                        the terminal UI\n"
		    "       objtop COMMAND [OPTIONS] TARGET [OBJECT...]\n"
		    "\n"
		    "commands\n");
	for (w = cmd_words; w->name != NULL; w++) {
		ot_buf_clear(&head);
		ot_buf_addf(&head, "%s %s", w->name, w->args);
		help_line(out, ot_buf_str(&head), w->help);
	}
	ot_buf_adds(out, "\noptions that mean the same everywhere\n");
	help_options(out, NULL, false);
	ot_buf_adds(out, "\noptions of some commands\n");
	help_options(out, NULL, true);
	ot_buf_addf(out, "\n%s\nobjtop help COMMAND says more on one.\n",
		    help_words);
	ot_buf_release(&head);
}

static void
help_pictures(struct ot_buf *out)
{
	ot_buf_adds(out, "\nendings of -o FILE\n");
#define EXPORT(ext, format, help) help_line(out, "." #ext, help);
#include "graph/exports.def"
	help_line(out, ".json", "what --json prints");
}

static void
help_one(struct ot_buf *out, const char *name, const char *args,
	 const char *what)
{
	bool any = false;
	size_t i;

	ot_buf_addf(out, "usage: objtop %s%s[OPTIONS] %s\n\n%s\n", name,
		    *name != '\0' ? " " : "", args, what);
	name = *name != '\0' ? name : "ui";
	ot_buf_adds(out, "\noptions\n");
	help_options(out, name, true);
	help_options(out, name, false);
	if (strstr(args, "OBJECT") != NULL &&
	    cmd_takes(name, CMD_OPT_output))
		help_pictures(out);
	for (i = 0; i < OT_ARRAY_LEN(help_examples); i++) {
		if (strcmp(help_examples[i].command, name) != 0)
			continue;
		if (!any)
			ot_buf_adds(out, "\nexamples\n");
		any = true;
		ot_buf_addf(out, "  %s\n      %s\n", help_examples[i].line,
			    help_examples[i].what);
	}
	if (strstr(args, "TARGET") != NULL)
		ot_buf_addf(out, "\n%s", help_words);
}

enum ot_status
cmd_help(const struct cmd *c, struct ot_err *err)
{
	struct ot_buf out = OT_BUF_INIT;
	const struct cmd_word *w;
	enum ot_status st = OT_OK;
	const char *near;

	if (c->nargs == 0) {
		help_all(&out);
	} else if ((w = cmd_word_find(c->args[0])) != NULL) {
		help_one(&out, w->name, w->args, w->help);
	} else if (strcmp(c->args[0], "ui") == 0) {
		help_one(&out, "", "[TARGET]",
			 "the terminal UI; without TARGET a picker of the processes that can be inspected");
	} else {
		near = cmd_nearest(c->args[0]);
		st = ot_fail(err, OT_USAGE, "there is no command '%.80s'%s%s%s",
			     c->args[0], near != NULL ? "; did you mean '" : "",
			     near != NULL ? near : "",
			     near != NULL ? "'?" : "; see objtop help");
	}
	if (st == OT_OK)
		st = cmd_puts(&out, err);
	ot_buf_release(&out);
	return st;
}

enum ot_status
cmd_version(const struct cmd *c, struct ot_err *err)
{
	struct ot_buf out = OT_BUF_INIT;
	enum ot_status st;

	(void)c;
	ot_buf_addf(&out, "%s\n", PACKAGE_STRING);
	st = cmd_puts(&out, err);
	ot_buf_release(&out);
	return st;
}
