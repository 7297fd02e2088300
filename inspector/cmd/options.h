/* SPDX-License-Identifier: MIT */
/*
 * options.h - the words of the command line as tables, and the parser.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "inspector/cmd/cmd.h"

enum cmd_option_id {
#define OPTION(ident, name, letter, arg, commands, help) CMD_OPT_##ident,
#include "inspector/cmd/options.def"
	CMD_OPT_COUNT
};

struct cmd_option {
	const char *name;
	char letter;		/* 0: none */
	const char *arg;	/* NULL: takes none; "a|b": a choice */
	const char *commands;
	const char *help;
};
extern const struct cmd_option cmd_options[CMD_OPT_COUNT];

/* The commands as words: what cmd_defs says, without the code behind it. */
struct cmd_word {
	const char *name, *args, *help;
};
extern const struct cmd_word cmd_words[];	/* ends with name NULL */

const struct cmd_word *cmd_word_find(const char *name);	/* or NULL */
bool cmd_takes(const char *command, enum cmd_option_id id);
bool cmd_option_is_choice(const struct cmd_option *o);
/* Is the next word its argument?  Not where that may be left out. */
bool cmd_option_needs_word(const struct cmd_option *o);

/* The command nearest to a mistyped one, or NULL. */
const char *cmd_nearest(const char *word);

/*
 * argv to a command; cmd_release it whatever the status.  `--help` anywhere
 * becomes the command "help", `--version` the command "version".
 * OT_USAGE: the message names the word that is wrong.
 */
enum ot_status cmd_parse(int argc, char **argv, struct cmd *out,
			 struct ot_err *err);
void cmd_release(struct cmd *c);

#endif
