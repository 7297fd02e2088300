/* SPDX-License-Identifier: MIT */
/*
 * cmd_completion.c - completion scripts for bash, zsh and fish, made from the
 * same tables as the parser.
 *
 * Words, options, choices and files are known to the script; for a TARGET it
 * asks `objtop ps --csv` at the moment of completion.
 */
#include "config.h"

#include <string.h>

#include "inspector/cmd/cmd.h"
#include "inspector/cmd/options.h"

#define PIDS "objtop ps -q --csv 2>/dev/null | tail -n +2 | cut -d, -f1"

static bool
comp_is_file(enum cmd_option_id id)
{
	return id == CMD_OPT_output;
}

static bool
comp_has_target(const char *args)
{
	return strstr(args, "TARGET") != NULL;
}

/* "a|b|c" with blanks. */
static void
comp_choices(struct ot_buf *out, const char *arg)
{
	for (; *arg != '\0'; arg++)
		ot_buf_addc(out, *arg == '|' ? ' ' : *arg);
}

/* Text in single quotes for a shell; fish and sh agree on this one. */
static void
comp_quote(struct ot_buf *out, const char *s)
{
	ot_buf_addc(out, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			ot_buf_adds(out, "'\\''");
		else
			ot_buf_addc(out, *s);
	}
	ot_buf_addc(out, '\'');
}

static void
comp_command_names(struct ot_buf *out)
{
	const struct cmd_word *w;

	for (w = cmd_words; w->name != NULL; w++)
		ot_buf_addf(out, "%s%s", w == cmd_words ? "" : " ", w->name);
}

static void
bash_option_names(struct ot_buf *out, const char *command)
{
	size_t i;

	for (i = 0; i < CMD_OPT_COUNT; i++) {
		if (!cmd_takes(command, (enum cmd_option_id)i))
			continue;
		ot_buf_addf(out, "--%s ", cmd_options[i].name);
		if (cmd_options[i].letter != 0)
			ot_buf_addf(out, "-%c ", cmd_options[i].letter);
	}
}

/* What stands behind an option that takes a value. */
static void
bash_values(struct ot_buf *out)
{
	const struct cmd_option *o;
	size_t i;

	for (i = 0; i < CMD_OPT_COUNT; i++) {
		o = &cmd_options[i];
		if (!cmd_option_needs_word(o))
			continue;
		ot_buf_addf(out, "\t--%s", o->name);
		if (o->letter != 0)
			ot_buf_addf(out, "|-%c", o->letter);
		ot_buf_adds(out, ")\n");
		if (cmd_option_is_choice(o)) {
			ot_buf_adds(out, "\t\tCOMPREPLY=($(compgen -W '");
			comp_choices(out, o->arg);
			ot_buf_adds(out, "' -- \"$cur\"))\n");
		} else if (comp_is_file((enum cmd_option_id)i)) {
			ot_buf_adds(out,
				    "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n");
		}
		ot_buf_adds(out, "\t\treturn ;;\n");
	}
}

static void
bash_commands(struct ot_buf *out)
{
	const struct cmd_word *w;

	for (w = cmd_words; w->name != NULL; w++) {
		ot_buf_addf(out, "\t%s)\n\t\topts='", w->name);
		bash_option_names(out, w->name);
		ot_buf_adds(out, "'\n\t\twords=");
		if (comp_has_target(w->args))
			ot_buf_adds(out, "$(" PIDS ")");
		else if (strcmp(w->name, "help") == 0)
			ot_buf_adds(out, "$commands");
		else if (strchr(w->args, '|') != NULL) {
			ot_buf_addc(out, '\'');
			comp_choices(out, w->args);
			ot_buf_addc(out, '\'');
		} else
			ot_buf_adds(out, "''");
		ot_buf_adds(out, " ;;\n");
	}
}

static void
comp_bash(struct ot_buf *out)
{
	ot_buf_adds(out, "# bash completion for objtop\n"
			 "_objtop()\n{\n"
			 "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev command= opts words i\n"
			 "\tlocal commands='");
	comp_command_names(out);
	ot_buf_adds(out, "'\n"
			 "\tprev=${COMP_WORDS[COMP_CWORD-1]}\n"
			 "\tcase $prev in\n");
	bash_values(out);
	ot_buf_adds(out, "\tesac\n"
			 "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			 "\t\tcase \" $commands \" in\n"
			 "\t\t*\" ${COMP_WORDS[i]} \"*) command=${COMP_WORDS[i]}; break ;;\n"
			 "\t\tesac\n"
			 "\tdone\n"
			 "\tcase $command in\n");
	bash_commands(out);
	ot_buf_adds(out, "\t*)\n\t\topts='");
	bash_option_names(out, "ui");
	ot_buf_adds(out, "'\n\t\twords=\"$commands $(" PIDS ")\" ;;\n"
			 "\tesac\n"
			 "\tif [[ $cur == -* ]]; then\n"
			 "\t\tCOMPREPLY=($(compgen -W \"$opts\" -- \"$cur\"))\n"
			 "\telse\n"
			 "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
			 "\tfi\n"
			 "}\n"
			 "complete -o default -F _objtop objtop\n");
}

/* One _arguments line; ':' and brackets have a meaning there. */
static void
zsh_option(struct ot_buf *out, enum cmd_option_id id)
{
	const struct cmd_option *o = &cmd_options[id];
	struct ot_buf spec = OT_BUF_INIT;
	const char *s;

	ot_buf_adds(&spec, "[");
	for (s = o->help; *s != '\0'; s++) {
		if (strchr("[]:\\", *s) != NULL)
			ot_buf_addc(&spec, '\\');
		ot_buf_addc(&spec, *s);
	}
	ot_buf_adds(&spec, "]");
	if (cmd_option_needs_word(o)) {
		ot_buf_addf(&spec, ":%s:", o->name);
		if (cmd_option_is_choice(o)) {
			ot_buf_addc(&spec, '(');
			comp_choices(&spec, o->arg);
			ot_buf_addc(&spec, ')');
		} else if (comp_is_file(id)) {
			ot_buf_adds(&spec, "_files");
		}
	}
	ot_buf_addf(out, "\t\t\t'*--%s'", o->name);
	comp_quote(out, ot_buf_str(&spec));
	if (o->letter != 0) {
		ot_buf_addf(out, " '*-%c'", o->letter);
		comp_quote(out, ot_buf_str(&spec));
	}
	ot_buf_adds(out, " \\\n");
	ot_buf_release(&spec);
}

static void
zsh_commands(struct ot_buf *out)
{
	const struct cmd_word *w;
	size_t i;

	for (w = cmd_words; w->name != NULL; w++) {
		ot_buf_addf(out, "\t%s)\n\t\t_arguments \\\n", w->name);
		for (i = 0; i < CMD_OPT_COUNT; i++)
			if (cmd_takes(w->name, (enum cmd_option_id)i))
				zsh_option(out, (enum cmd_option_id)i);
		if (comp_has_target(w->args)) {
			ot_buf_adds(out, "\t\t\t'1:target:_objtop_targets' '*:object:'");
		} else if (strcmp(w->name, "help") == 0) {
			ot_buf_adds(out, "\t\t\t'1:command:(");
			comp_command_names(out);
			ot_buf_adds(out, ")'");
		} else if (strchr(w->args, '|') != NULL) {
			ot_buf_adds(out, "\t\t\t'1:shell:(");
			comp_choices(out, w->args);
			ot_buf_adds(out, ")'");
		} else {
			ot_buf_adds(out, "\t\t\t'*:word:_files'");
		}
		ot_buf_adds(out, " ;;\n");
	}
}

static void
comp_zsh(struct ot_buf *out)
{
	const struct cmd_word *w;
	struct ot_buf text = OT_BUF_INIT;

	ot_buf_adds(out, "#compdef objtop\n"
			 "_objtop_targets()\n{\n"
			 "\tlocal -a pids=(${(f)\"$(" PIDS ")\"})\n"
			 "\tcompadd -a pids\n"
			 "\t_files -g '*.objtop'\n"
			 "}\n"
			 "_objtop()\n{\n"
			 "\tlocal -a commands=(\n");
	for (w = cmd_words; w->name != NULL; w++) {
		ot_buf_clear(&text);
		ot_buf_addf(&text, "%s:%s", w->name, w->help);
		ot_buf_adds(out, "\t\t");
		comp_quote(out, ot_buf_str(&text));
		ot_buf_addc(out, '\n');
	}
	ot_buf_release(&text);
	ot_buf_adds(out, "\t)\n"
			 "\tif ((CURRENT == 2)); then\n"
			 "\t\t_describe command commands\n"
			 "\t\t_objtop_targets\n"
			 "\t\treturn\n"
			 "\tfi\n"
			 "\tlocal command=$words[2]\n"
			 "\tshift words\n"
			 "\t((CURRENT--))\n"
			 "\tcase $command in\n");
	zsh_commands(out);
	ot_buf_adds(out, "\tesac\n}\n_objtop \"$@\"\n");
}

static void
fish_option(struct ot_buf *out, enum cmd_option_id id)
{
	const struct cmd_option *o = &cmd_options[id];

	ot_buf_adds(out, "complete -c objtop");
	if (strcmp(o->commands, "*") != 0)
		ot_buf_addf(out, " -n '__fish_seen_subcommand_from %s'",
			    o->commands);
	ot_buf_addf(out, " -l %s", o->name);
	if (o->letter != 0)
		ot_buf_addf(out, " -s %c", o->letter);
	if (cmd_option_needs_word(o))
		ot_buf_adds(out, comp_is_file(id) ? " -r -F" : " -x");
	if (cmd_option_is_choice(o)) {
		ot_buf_adds(out, " -a '");
		comp_choices(out, o->arg);
		ot_buf_addc(out, '\'');
	}
	ot_buf_adds(out, " -d ");
	comp_quote(out, o->help);
	ot_buf_addc(out, '\n');
}

static void
comp_fish(struct ot_buf *out)
{
	const struct cmd_word *w;
	size_t i;

	ot_buf_adds(out, "# fish completion for objtop\n");
	for (w = cmd_words; w->name != NULL; w++) {
		ot_buf_addf(out, "complete -c objtop -f -n __fish_use_subcommand -a %s -d ",
			    w->name);
		comp_quote(out, w->help);
		ot_buf_addc(out, '\n');
		if (comp_has_target(w->args))
			ot_buf_addf(out, "complete -c objtop -n '__fish_seen_subcommand_from %s' -a '(" PIDS ")'\n",
				    w->name);
		if (strchr(w->args, '|') != NULL) {
			ot_buf_addf(out, "complete -c objtop -f -n '__fish_seen_subcommand_from %s' -a '",
				    w->name);
			comp_choices(out, w->args);
			ot_buf_adds(out, "'\n");
		}
	}
	ot_buf_adds(out, "complete -c objtop -f -n '__fish_seen_subcommand_from help' -a '");
	comp_command_names(out);
	ot_buf_adds(out, "'\n"
			 "complete -c objtop -n __fish_use_subcommand -a '(" PIDS ")'\n");
	for (i = 0; i < CMD_OPT_COUNT; i++)
		fish_option(out, (enum cmd_option_id)i);
}

enum ot_status
cmd_completion(const struct cmd *c, struct ot_err *err)
{
	static const struct {
		const char *name;
		void (*make)(struct ot_buf *out);
	} shells[] = { { "bash", comp_bash },
		       { "zsh", comp_zsh },
		       { "fish", comp_fish } };
	struct ot_buf out = OT_BUF_INIT;
	enum ot_status st;
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(shells); i++) {
		if (strcmp(shells[i].name, c->args[0]) != 0)
			continue;
		shells[i].make(&out);
		st = cmd_puts(&out, err);
		ot_buf_release(&out);
		return st;
	}
	return ot_fail(err, OT_USAGE,
		       "completion is made for bash, zsh and fish, not '%.80s'",
		       c->args[0]);
}
