/* SPDX-License-Identifier: MIT */
/*
 * words.c - commands and options as tables of words, made from the .def
 * files.  Free of the code behind the commands, so that parser, help and
 * completion can be linked and tested alone.
 */
#include "config.h"

#include <string.h>

#include "inspector/cmd/options.h"

const struct cmd_word cmd_words[] = {
#define COMMAND(name, args, help) { #name, args, help },
#include "inspector/cmd/commands.def"
	{ NULL, NULL, NULL },
};

/* "|heapsnapshot|...": a choice like any other behind its first letter. */
static const char words_formats[] =
#define FORMAT(name, ending, help) "|" #name
#include "graph/formats.def"
	;
#define CMD_FORMATS (words_formats + 1)

const struct cmd_option cmd_options[CMD_OPT_COUNT] = {
#define OPTION(ident, name, letter, arg, commands, help)                       \
	{ name, letter, arg, commands, help },
#include "inspector/cmd/options.def"
};

const struct cmd_word *
cmd_word_find(const char *name)
{
	const struct cmd_word *w;

	for (w = cmd_words; w->name != NULL; w++)
		if (strcmp(w->name, name) == 0)
			return w;
	return NULL;
}

bool
cmd_takes(const char *command, enum cmd_option_id id)
{
	const char *list = cmd_options[id].commands, *at;
	size_t len = strlen(command);

	if (strcmp(list, "*") == 0)
		return true;
	for (at = list; (at = strstr(at, command)) != NULL; at += len)
		if ((at == list || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

bool
cmd_option_is_choice(const struct cmd_option *o)
{
	return o->arg != NULL && strchr(o->arg, '|') != NULL;
}

bool
cmd_option_needs_word(const struct cmd_option *o)
{
	return o->arg != NULL && o->arg[0] != '[';
}

#define WORD_MAX 15 /* longer words are no mistyped command */

/* Edits from a to b, swapped neighbours being one (optimal alignment). */
static unsigned
word_distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1], best;
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (i = 0; i <= la; i++)
		d[i][0] = (unsigned)i;
	for (j = 0; j <= lb; j++)
		d[0][j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		for (j = 1; j <= lb; j++) {
			best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[la][lb];
}

const char *
cmd_nearest(const char *word)
{
	const struct cmd_word *w;
	const char *nearest = NULL;
	unsigned best = 3, d; /* further away is another word */

	for (w = cmd_words; w->name != NULL; w++) {
		d = word_distance(word, w->name);
		if (strlen(word) >= 2 &&
		    strncmp(word, w->name, strlen(word)) == 0)
			d = 1;
		if (d < best && d < strlen(w->name)) {
			best = d;
			nearest = w->name;
		}
	}
	return nearest;
}
