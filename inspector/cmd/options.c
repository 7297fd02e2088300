/* SPDX-License-Identifier: MIT */
/*
 * options.c - the command line to a struct cmd.
 *
 * getopt_long() hands out words in order ("-" first in its string), so that
 * options may stand before or behind the command and TARGET, and what follows
 * "--" stays apart: it is the program of `run`, or words that begin with a
 * dash.  Its tables are made from options.def.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/units.h"
#include "inspector/cmd/options.h"

#define OPT_BASE 256 /* long options' values, beyond all letters */

struct parse {
	struct cmd *c;
	bool seen[CMD_OPT_COUNT];
	size_t nwords;
};

/* The command of a line that is not parsed yet, as far as can be told. */
static const char *
parse_guess(char **argv)
{
	for (argv++; *argv != NULL && strcmp(*argv, "--") != 0; argv++)
		if (cmd_word_find(*argv) != NULL)
			return *argv;
	return "ui";
}

/* Is option i another one of the same name, which the command takes? */
static bool
parse_shadowed(size_t i, const char *command)
{
	size_t j;

	for (j = 0; j < CMD_OPT_COUNT; j++)
		if (j != i && strcmp(cmd_options[i].name,
				     cmd_options[j].name) == 0)
			return cmd_takes(command, (enum cmd_option_id)j) ||
			       (j < i && !cmd_takes(command,
						    (enum cmd_option_id)i));
	return false;
}

static void
parse_tables(struct option *longs, char *shorts, const char *command)
{
	const struct cmd_option *o;
	size_t i, n = 0, at = 0;

	shorts[at++] = '-';
	shorts[at++] = ':';
	for (i = 0; i < CMD_OPT_COUNT; i++) {
		o = &cmd_options[i];
		if (parse_shadowed(i, command))
			continue;
		longs[n].name = o->name;
		longs[n].has_arg = o->arg == NULL     ? no_argument :
				   o->arg[0] == '[' ? optional_argument :
						      required_argument;
		longs[n].flag = NULL;
		longs[n++].val = OPT_BASE + (int)i;
		if (o->letter != 0) {
			shorts[at++] = o->letter;
			if (o->arg != NULL)
				shorts[at++] = ':';
		}
	}
	memset(&longs[n], 0, sizeof(longs[n]));
	shorts[at] = '\0';
}

/* CMD_OPT_COUNT: not one of ours. */
static enum cmd_option_id
parse_id(int val)
{
	int i;

	if (val >= OPT_BASE && val < OPT_BASE + CMD_OPT_COUNT)
		return (enum cmd_option_id)(val - OPT_BASE);
	for (i = 0; i < CMD_OPT_COUNT; i++)
		if (val != 0 && cmd_options[i].letter == val)
			return (enum cmd_option_id)i;
	return CMD_OPT_COUNT;
}

static enum ot_status
parse_number(const char *text, enum cmd_option_id id, uint64_t min,
	     uint64_t max, uint64_t *out, struct ot_err *err)
{
	if (ot_parse_u64(text, out) && *out >= min && *out <= max)
		return OT_OK;
	return ot_fail(
		err, OT_USAGE,
		"--%s takes a whole number from %llu to %llu, not '%.80s'",
		cmd_options[id].name, (unsigned long long)min,
		(unsigned long long)max, text);
}

static enum ot_status
parse_u32(const char *text, enum cmd_option_id id, uint32_t max, uint32_t *out,
	  struct ot_err *err)
{
	uint64_t v;
	enum ot_status st = parse_number(text, id, 1, max, &v, err);

	if (st == OT_OK)
		*out = (uint32_t)v;
	return st;
}

static enum ot_status
parse_time(const char *text, enum cmd_option_id id, uint64_t *ms,
	   struct ot_err *err)
{
	if (ot_parse_duration(text, ms) && *ms > 0)
		return OT_OK;
	return ot_fail(err, OT_USAGE,
		       "--%s takes a time like 500ms, 10s or 2m, not '%.80s'",
		       cmd_options[id].name, text);
}

/* "2%", "0.5 %" or 0.02: more than nothing, at most a core. */
static enum ot_status
parse_share(const char *text, enum cmd_option_id id, double *share,
	    struct ot_err *err)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (end != text && errno == 0) {
		while (*end == ' ')
			end++;
		if (*end == '%') {
			v /= 100;
			end++;
		}
		if (*end == '\0' && v > 0 && v <= 1) {
			*share = v;
			return OT_OK;
		}
	}
	return ot_fail(err, OT_USAGE,
		       "--%s takes a share of a core like 2%% or 0.02, not "
		       "'%.80s'", cmd_options[id].name, text);
}

/* The place of a word in "a|b|c". */
static enum ot_status
parse_choice(const char *text, enum cmd_option_id id, int *out,
	     struct ot_err *err)
{
	const char *at = cmd_options[id].arg, *end;
	int i;

	for (i = 0; at != NULL; i++) {
		end = strchr(at, '|');
		if (end == NULL
			    ? strcmp(at, text) == 0
			    : strlen(text) == (size_t)(end - at) &&
				      strncmp(at, text, strlen(text)) == 0) {
			*out = i;
			return OT_OK;
		}
		at = end == NULL ? NULL : end + 1;
	}
	return ot_fail(err, OT_USAGE, "--%s takes %s, not '%.80s'",
		       cmd_options[id].name, cmd_options[id].arg, text);
}

static enum ot_status
parse_ignore(struct cmd_opts *o, const char *edge, struct ot_err *err)
{
	const char **grown;

	grown = ot_realloc_array(o->ignore, o->nignore + 1, sizeof(*grown));
	if (grown == NULL)
		return ot_fail_nomem(err, "the options");
	o->ignore = grown;
	o->ignore[o->nignore++] = edge;
	return OT_OK;
}

/* "A", "A,B" or "A,B,C". */
static enum ot_status
parse_threshold(struct cmd_opts *o, const char *arg, struct ot_err *err)
{
	const char *at = arg;
	char word[16];
	uint64_t v;
	size_t len;
	int i;

	for (i = 0; i < 3; i++)
		o->threshold[i] = -1;
	for (i = 0; i < 3; i++) {
		len = strcspn(at, ",");
		if (len >= sizeof(word))
			break;
		memcpy(word, at, len);
		word[len] = '\0';
		if (!ot_parse_u64(word, &v) || v > INT32_MAX)
			break;
		o->threshold[i] = (int64_t)v;
		at += len;
		if (*at == '\0') {
			o->threshold_set = true;
			return OT_OK;
		}
		at++;
	}
	return ot_fail(err, OT_USAGE, "--threshold takes one to three numbers "
		       "like 700,10,10, not '%.80s'", arg);
}

static enum ot_status
parse_generation(struct cmd_opts *o, const char *arg, struct ot_err *err)
{
	uint64_t v = 2;
	enum ot_status st = OT_OK;

	if (arg != NULL)
		st = parse_number(arg, CMD_OPT_collect, 0, 2, &v, err);
	o->collect = true;
	o->generation = (uint32_t)v;
	return st;
}

/* "address,refcount" */
static enum ot_status
parse_info(struct cmd_opts *o, const char *words, struct ot_err *err)
{
	const struct {
		const char *word;
		bool *set;
	} known[] = {
		{ "address", &o->info_address },
		{ "refcount", &o->info_refcount },
		{ "generation", &o->info_generation },
	};
	size_t len, i;

	for (; *words != '\0'; words += words[len] == ',' ? len + 1 : len) {
		len = strcspn(words, ",");
		for (i = 0; i < OT_ARRAY_LEN(known); i++)
			if (strlen(known[i].word) == len &&
			    strncmp(known[i].word, words, len) == 0)
				break;
		if (i == OT_ARRAY_LEN(known))
			return ot_fail(err, OT_USAGE,
				       "--info takes address, refcount and "
				       "generation, not '%.80s'",
				       words);
		*known[i].set = true;
	}
	return OT_OK;
}

static enum ot_status
parse_apply(struct cmd_opts *o, enum cmd_option_id id, const char *arg,
	    struct ot_err *err)
{
	static const enum otw_mode modes[] = { OTW_MODE_AUTO, OTW_MODE_FORK,
					       OTW_MODE_PAUSE };
	enum ot_status st = OT_OK;
	struct ot_filter *f;
	uint64_t n;
	int i = 0;

	switch (id) {
	case CMD_OPT_json:
		o->format = OT_FMT_JSON;
		break;
	case CMD_OPT_csv:
		o->format = OT_FMT_CSV;
		break;
	case CMD_OPT_limit:
		st = parse_number(arg, id, 0, SIZE_MAX, &n, err);
		if (st == OT_OK)
			o->limit = (size_t)n;
		o->limit_set = true;
		break;
	case CMD_OPT_sort:
		o->sort = arg;
		break;
	case CMD_OPT_filter:
		/* Wrong syntax is told before a target is touched. */
		st = ot_filter_parse(arg, &f, err);
		if (st == OT_OK)
			ot_filter_free(f);
		o->filter = arg;
		break;
	case CMD_OPT_scope:
		st = parse_choice(arg, id, &i, err);
		o->scope = i == 0 ? HG_SCOPE_ALL : HG_SCOPE_TRACKED;
		break;
	case CMD_OPT_by:
		st = parse_choice(arg, id, &i, err);
		o->by = (enum hg_by)(HG_BY_TYPE + i); /* in their order */
		break;
	case CMD_OPT_mode:
		st = parse_choice(arg, id, &i, err);
		o->mode = modes[i];
		break;
	case CMD_OPT_timeout:
		st = parse_time(arg, id, &o->timeout_ms, err);
		break;
	case CMD_OPT_color:
		st = parse_choice(arg, id, &i, err);
		o->color = i - 1;
		break;
	case CMD_OPT_quiet:
		o->quiet = true;
		break;
	case CMD_OPT_verbose:
		o->verbose = true;
		break;
	case CMD_OPT_children:
		st = parse_number(arg, id, 1, INT_MAX, &n, err);
		if (st == OT_OK)
			o->children = (pid_t)n;
		break;
	case CMD_OPT_all:
		o->all = true;
		break;
	case CMD_OPT_name:
		o->name = arg;
		break;
	case CMD_OPT_depth:
		st = parse_u32(arg, id, 1000, &o->depth, err);
		break;
	case CMD_OPT_max_width:
		st = parse_u32(arg, id, 100000, &o->max_width, err);
		break;
	case CMD_OPT_k:
		st = parse_u32(arg, id, 1000, &o->k, err);
		break;
	case CMD_OPT_exclude_weak:
		o->exclude_weak = true;
		break;
	case CMD_OPT_ignore:
		st = parse_ignore(o, arg, err);
		break;
	case CMD_OPT_retained:
		o->retained = true;
		break;
	case CMD_OPT_highlight:
		st = ot_filter_parse(arg, &f, err);
		if (st == OT_OK)
			ot_filter_free(f);
		o->highlight = arg;
		break;
	case CMD_OPT_info:
		st = parse_info(o, arg, err);
		break;
	case CMD_OPT_short_names:
		o->short_names = true;
		break;
	case CMD_OPT_no_fold:
		o->no_fold = true;
		break;
	case CMD_OPT_theme:
		st = parse_choice(arg, id, &i, err);
		o->theme = i;
		break;
	case CMD_OPT_treemap:
		o->treemap = true;
		break;
	case CMD_OPT_output:
		o->output = arg;
		break;
	case CMD_OPT_listen:
	case CMD_OPT_serve_metrics:
		o->listen = arg;
		break;
	case CMD_OPT_format:
		st = parse_choice(arg, id, &o->export_as, err);
		o->export_as++;
		break;
	case CMD_OPT_run_children:
		o->run_children = true;
		break;
	case CMD_OPT_redact:
		o->redact = true;
		break;
	case CMD_OPT_budget:
		st = parse_share(arg, id, &o->budget, err);
		break;
	case CMD_OPT_interval:
		st = parse_time(arg, id, &o->interval_ms, err);
		break;
	case CMD_OPT_exec:
		o->exec_child = true;
		break;
	case CMD_OPT_include_children:
		o->include_children = true;
		break;
	case CMD_OPT_until_rss:
		if (!ot_parse_size(arg, &o->until_rss) || o->until_rss == 0)
			st = ot_fail(err, OT_USAGE, "--until-rss takes a size "
				     "like 512M or 2G, not '%.80s'", arg);
		break;
	case CMD_OPT_until_pressure:
		st = parse_u32(arg, id, 100, &o->until_pressure, err);
		break;
	case CMD_OPT_snapshot_to:
		o->snapshot_to = arg;
		break;
	case CMD_OPT_plot:
		o->plot = arg;
		break;
	case CMD_OPT_watch:
		o->watch = true;
		break;
	case CMD_OPT_collect:
		st = parse_generation(o, arg, err);
		break;
	case CMD_OPT_threshold:
		st = parse_threshold(o, arg, err);
		break;
	case CMD_OPT_freeze:
		o->freeze = true;
		break;
	case CMD_OPT_unfreeze:
		o->unfreeze = true;
		break;
	case CMD_OPT_disable:
		o->disable = true;
		break;
	case CMD_OPT_enable:
		o->enable = true;
		break;
	case CMD_OPT_restore:
		o->restore = true;
		break;
	case CMD_OPT_here:
		o->here = true;
		break;
	case CMD_OPT_lasting:
		st = parse_time(arg, id, &o->lasting_ms, err);
		break;
	case CMD_OPT_ages:
		o->ages = true;
		break;
	case CMD_OPT_rounds:
		st = parse_u32(arg, id, 1000000, &o->rounds, err);
		break;
	case CMD_OPT_help:
	case CMD_OPT_version:
	case CMD_OPT_COUNT:
		break;
	}
	return st;
}

/* What getopt_long() did not like; `word` is where it stood. */
static enum ot_status
parse_wrong(int got, const char *word, struct ot_err *err)
{
	enum cmd_option_id id = parse_id(optopt);

	if (got == ':')
		return ot_fail(err, OT_USAGE, "%.80s needs %s behind it", word,
			       id < CMD_OPT_COUNT ? cmd_options[id].arg
						  : "a value");
	if (id < CMD_OPT_COUNT)
		return ot_fail(err, OT_USAGE, "--%s takes no value",
			       cmd_options[id].name);
	if (optopt != 0)
		return ot_fail(err, OT_USAGE,
			       "unknown option -%c; see objtop help", optopt);
	return ot_fail(err, OT_USAGE,
		       "unknown or ambiguous option '%.80s'; see objtop help",
		       word);
}

static enum ot_status
parse_words(struct parse *p, int argc, char **argv, struct ot_err *err)
{
	struct option longs[CMD_OPT_COUNT + 1];
	char shorts[CMD_OPT_COUNT * 2 + 3];
	enum ot_status st = OT_OK;
	enum cmd_option_id id;
	int got;

	parse_tables(longs, shorts, parse_guess(argv));
	optind = 0; /* glibc: start over, so that tests can parse twice */
	opterr = 0;
	while (st == OT_OK &&
	       (got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (got == 1) {
			p->c->words[p->nwords++] = optarg;
			continue;
		}
		if (got == '?' || got == ':')
			return parse_wrong(got, argv[optind - 1], err);
		id = parse_id(got);
		p->seen[id] = true;
		st = parse_apply(&p->c->opts, id, optarg, err);
	}
	return st;
}

/* The first word is a command, or the target of the bare form. */
static enum ot_status
parse_command(struct cmd *c, size_t *used, size_t nwords, struct ot_err *err)
{
	const struct cmd_word *w;
	const char *word, *near;

	c->name = "ui";
	*used = 0;
	if (nwords == 0)
		return OT_OK;
	word = c->words[0];
	w = cmd_word_find(word);
	if (w != NULL) {
		c->name = w->name;
		*used = 1;
		return OT_OK;
	}
	if (word[strspn(word, "0123456789")] == '\0' ||
	    strpbrk(word, "./") != NULL || access(word, F_OK) == 0)
		return OT_OK;
	near = cmd_nearest(word);
	if (near != NULL)
		return ot_fail(err, OT_USAGE,
			       "unknown command '%.80s'; did you mean '%s'?",
			       word, near);
	return ot_fail(err, OT_USAGE,
		       "unknown command '%.80s'; see objtop help", word);
}

static enum ot_status
parse_takes(const struct parse *p, struct ot_err *err)
{
	int i;

	for (i = 0; i < CMD_OPT_COUNT; i++)
		if (p->seen[i] && !cmd_takes(p->c->name, (enum cmd_option_id)i))
			return ot_fail(err, OT_USAGE,
				       "%s takes no --%s; see objtop help %s",
				       p->c->name, cmd_options[i].name,
				       p->c->name);
	return OT_OK;
}

/* "--collect 1 PID": the generation stands where a word would. */
static void
parse_collect_word(struct cmd *c)
{
	size_t others = c->opts.name != NULL || c->opts.children ? 0 : 1;

	if (!c->opts.collect || c->nargs != others + 1 ||
	    strlen(c->args[0]) != 1 || strchr("012", c->args[0][0]) == NULL)
		return;
	c->opts.generation = (uint32_t)(c->args[0][0] - '0');
	c->args++;
	c->nargs--;
}

/*
 * Checks the words behind the command against its line in commands.def
 * ("TARGET OBJECT...", "[COMMAND]") and sets target and args.
 */
static enum ot_status
parse_args(struct cmd *c, const char *spec, struct ot_err *err)
{
	bool bare = strcmp(c->name, "ui") == 0;
	bool named = c->opts.name != NULL || c->opts.children != 0;
	size_t min = 0, max = 0, len;
	const char *at;

	for (at = spec; *at != '\0'; at += len, at += strspn(at, " ")) {
		len = strcspn(at, " ");
		if (strncmp(at, "--", 2) == 0) {
			if (c->exec == NULL || c->exec[0] == NULL)
				return ot_fail(err, OT_USAGE,
					       "%s needs a program behind --: "
					       "objtop %s %s",
					       c->name, c->name, spec);
			break;
		}
		if (strncmp(at, "-o", len) == 0) {
			if (c->opts.output == NULL)
				return ot_fail(err, OT_USAGE,
					       "%s needs -o and a file name",
					       c->name);
			at += len + 1;
			len = strcspn(at, " ");
		} else if (strncmp(at, "TARGET", len) == 0 ||
			   strncmp(at, "[TARGET]", len) == 0) {
			if (!named && c->nargs > 0) {
				c->target = c->args[0];
				c->args++;
				c->nargs--;
			} else if (!named && *at != '[') {
				return ot_fail(err, OT_USAGE,
					       "%s needs a TARGET: a process "
					       "id or a snapshot file (objtop "
					       "ps lists processes)",
					       c->name);
			}
		} else {
			min += *at != '[';
			max = memmem(at, len, "...", 3) != NULL ? SIZE_MAX
								: max + 1;
		}
	}
	if (c->nargs < min)
		return ot_fail(err, OT_USAGE, "too few words: objtop %s %s",
			       c->name, spec);
	if (c->nargs > max)
		return ot_fail(err, OT_USAGE,
			       "'%.80s' is one word too many: objtop%s%s%s%s",
			       c->args[max], bare ? "" : " ",
			       bare ? "" : c->name, *spec != '\0' ? " " : "",
			       spec);
	return OT_OK;
}

enum ot_status
cmd_parse(int argc, char **argv, struct cmd *out, struct ot_err *err)
{
	struct parse p = { .c = out };
	const struct cmd_word *w;
	enum ot_status st;
	size_t used;

	memset(out, 0, sizeof(*out));
	out->opts.color = -1;
	out->argv = argv;
	out->argc = argc;
	out->words = calloc((size_t)argc + 1, sizeof(*out->words));
	if (out->words == NULL)
		return ot_fail_nomem(err, "the options");
	st = parse_words(&p, argc, argv, err);
	if (st != OT_OK)
		return st;
	if (p.seen[CMD_OPT_version]) {
		out->name = "version";
		return OT_OK;
	}
	st = parse_command(out, &used, p.nwords, err);
	if (st != OT_OK && !p.seen[CMD_OPT_help])
		return st;
	if (p.seen[CMD_OPT_help]) {
		out->args = out->words;
		out->nargs = used; /* the command, if there was one */
		out->name = "help";
		return OT_OK;
	}
	st = parse_takes(&p, err);
	if (st != OT_OK)
		return st;
	w = cmd_word_find(out->name);
	/* Behind "--": the program to run, else words like any other. */
	if (strcmp(out->name, "run") == 0 || out->opts.exec_child)
		out->exec = argv + optind;
	else
		for (; optind < argc; optind++)
			out->words[p.nwords++] = argv[optind];
	out->args = out->words + used;
	out->nargs = p.nwords - used;
	parse_collect_word(out);
	return parse_args(out, w == NULL ? "[TARGET]" : w->args, err);
}

void
cmd_release(struct cmd *c)
{
	free(c->words);
	free(c->opts.ignore);
	memset(c, 0, sizeof(*c));
}
