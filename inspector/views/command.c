/* SPDX-License-Identifier: MIT */
/*
 * The ":" line: every view and action by name.
 *
 * One table gives names, arguments, help and completion.  A name that is not
 * in it may be that of an analysis.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "inspector/views/views.h"

enum command_arg {
	ARG_NONE, ARG_TYPE, ARG_OBJECT, ARG_FILE, ARG_COLUMN, ARG_FILTER,
	ARG_TIME
};

static const struct command {
	const char *name;
	enum command_arg arg;
	enum ui_effect_kind kind;
	const char *view;	/* OPEN */
	enum ui_action action;	/* HOST */
} commands[] = {
	{ "types", ARG_NONE, UI_FX_OPEN, "types", UI_ACT_NONE },
	{ "instances", ARG_TYPE, UI_FX_OPEN, "instances", UI_ACT_NONE },
	{ "show", ARG_OBJECT, UI_FX_OPEN, "object", UI_ACT_NONE },
	{ "refs", ARG_OBJECT, UI_FX_OPEN, "refs", UI_ACT_NONE },
	{ "backrefs", ARG_OBJECT, UI_FX_OPEN, "backrefs", UI_ACT_NONE },
	{ "path", ARG_OBJECT, UI_FX_OPEN, "paths", UI_ACT_NONE },
	{ "dominators", ARG_OBJECT, UI_FX_OPEN, "dominators", UI_ACT_NONE },
	{ "cycle", ARG_OBJECT, UI_FX_OPEN, "cycle", UI_ACT_NONE },
	{ "graph", ARG_FILE, UI_FX_HOST, NULL, UI_ACT_GRAPH },
	{ "write", ARG_FILE, UI_FX_HOST, NULL, UI_ACT_WRITE },
	{ "snapshot", ARG_FILE, UI_FX_HOST, NULL, UI_ACT_WRITE },
	{ "load", ARG_FILE, UI_FX_HOST, NULL, UI_ACT_LOAD },
	{ "export", ARG_FILE, UI_FX_HOST, NULL, UI_ACT_EXPORT },
	{ "filter", ARG_FILTER, UI_FX_FILTER, NULL, UI_ACT_NONE },
	{ "sort", ARG_COLUMN, UI_FX_SORT, NULL, UI_ACT_NONE },
	{ "sample", ARG_NONE, UI_FX_HOST, NULL, UI_ACT_SAMPLE },
	{ "growth", ARG_NONE, UI_FX_OPEN, "growth", UI_ACT_NONE },
	{ "mark", ARG_NONE, UI_FX_HOST, NULL, UI_ACT_MARK },
	{ "compare", ARG_NONE, UI_FX_HOST, NULL, UI_ACT_COMPARE },
	{ "pause", ARG_NONE, UI_FX_HOST, NULL, UI_ACT_PAUSE },
	{ "interval", ARG_TIME, UI_FX_HOST, NULL, UI_ACT_SLOWER },
	{ "help", ARG_NONE, UI_FX_HELP, NULL, UI_ACT_NONE },
	{ "quit", ARG_NONE, UI_FX_QUIT, NULL, UI_ACT_NONE },
	{ "q", ARG_NONE, UI_FX_QUIT, NULL, UI_ACT_NONE },
};

static const struct command *
command_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(commands); i++)
		if (strlen(commands[i].name) == len &&
		    memcmp(commands[i].name, name, len) == 0)
			return &commands[i];
	return NULL;
}

/* OBJECT of a line, or what is selected where none is given. */
static enum ot_status
command_object(const struct view_ctx *ctx, const struct ui_view *top,
	       const char *word, struct ui_effect *fx, struct ot_err *err)
{
	enum ot_status st;
	hg_node *nodes;
	uint32_t n;

	if (word[0] == '\0') {
		if (top == NULL || top->def->ops->subject == NULL ||
		    top->problem[0] != '\0' || top->loading ||
		    !top->def->ops->subject((struct ui_view *)top,
					    &fx->subject) ||
		    fx->subject.kind == UI_SUBJECT_TYPE)
			return ot_fail(err, OT_USAGE, "which object?  An "
				       "address, or TYPE#N");
		return OT_OK;
	}
	st = hg_resolve(ctx->graph, word, &nodes, &n, err);
	if (st != OT_OK)
		return st;
	if (n == 1)
		view_subject_node(ctx->graph, nodes[0], &fx->subject);
	else
		st = ot_fail(err, OT_USAGE,
			     "%s has %u instances: %s#0 is the first, "
			     ":instances %s lists them", word, n, word, word);
	free(nodes);
	return st;
}

static enum ot_status
command_type(const struct view_ctx *ctx, const char *word,
	     struct ui_effect *fx, struct ot_err *err)
{
	enum ot_status st;
	hg_kind k;

	if (word[0] == '\0')
		return ot_fail(err, OT_USAGE, "which type?");
	st = hg_resolve_kind(ctx->graph, word, &k, err);
	if (st == OT_OK)
		view_subject_kind(ctx->graph, k, &fx->subject);
	return st;
}

/* A name that is no command: an analysis with its words. */
static enum ot_status
command_analysis(const char *line, size_t len, struct ui_effect *fx,
		 struct ot_err *err)
{
	struct ot_buf names = OT_BUF_INIT;
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%.*s", (int)len, line);
	if (strlen(line) >= sizeof(fx->subject.name))
		return ot_fail(err, OT_USAGE, "the line is too long; the "
			       "command line of a shell takes any length");
	if (hg_analysis_find(name) != NULL) {
		fx->kind = UI_FX_OPEN;
		fx->view = "analysis";
		snprintf(fx->subject.name, sizeof(fx->subject.name), "%s",
			 line);
		return OT_OK;
	}
	for (i = 0; i < OT_ARRAY_LEN(commands); i++)
		ot_buf_addf(&names, " %s", commands[i].name);
	ot_fail(err, OT_USAGE, "no command %s; there are%s", name,
		ot_buf_str(&names));
	ot_buf_release(&names);
	return OT_USAGE;
}

enum ot_status
view_command(const struct view_ctx *ctx, const struct ui_view *top,
	     const char *line, struct ui_effect *fx, struct ot_err *err)
{
	const struct command *c;
	const char *word;
	uint64_t ms;
	size_t len;

	line += strspn(line, " ");
	len = strcspn(line, " ");
	word = line + len + strspn(line + len, " ");
	memset(fx, 0, sizeof(*fx));
	c = command_find(line, len);
	if (c == NULL)
		return command_analysis(line, len, fx, err);
	fx->kind = c->kind;
	fx->view = c->view;
	fx->action = c->action;
	switch (c->arg) {
	case ARG_NONE:
		return OT_OK;
	case ARG_TYPE:
	case ARG_OBJECT:
		if (ctx->graph == NULL && word[0] != '\0') {
			fx->kind = UI_FX_AGAIN;
			return OT_OK;
		}
		return c->arg == ARG_TYPE ? command_type(ctx, word, fx, err) :
			command_object(ctx, top, word, fx, err);
	case ARG_FILE:
		if (word[0] == '\0')
			return ot_fail(err, OT_USAGE, "%s: which file?",
				       c->name);
		break;
	case ARG_COLUMN:
	case ARG_FILTER:
		break;
	case ARG_TIME:
		if (!ot_parse_duration(word, &ms) || ms == 0)
			return ot_fail(err, OT_USAGE,
				       "interval: a time, 500ms or 2s");
		break;
	}
	snprintf(fx->text, sizeof(fx->text), "%s", word);
	return OT_OK;
}

static void
complete_types(const struct view_ctx *ctx, const char *line, size_t len,
	       struct ot_buf *out)
{
	const char *word = line + len;
	hg_kind k, n = ctx->graph == NULL ? 0 : hg_kinds(ctx->graph);
	size_t want;
	int pass;

	word += strspn(word, " ");
	want = strlen(word);
	for (pass = 0; pass < 2 && want > 0; pass++) {
		for (k = 0; k < n; k++) {
			const char *full = hg_kind_full(ctx->graph, k);
			const char *name = pass == 0 ? full :
					   hg_kind_name(ctx->graph, k);

			if (strncmp(name, word, want) != 0 ||
			    (pass == 1 && strcmp(name, full) == 0))
				continue;
			ot_buf_addf(out, "%.*s", (int)(word - line), line);
			ot_escape(out, name, strlen(name), OT_ESC_TERM, 0);
			ot_buf_addc(out, '\n');
		}
	}
}

/* Columns of the view: "sort by", "-sort". */
static void
complete_columns(const struct ui_view *top, const char *line, size_t skip,
		 const char *behind, struct ot_buf *out)
{
	const char *word = line + skip;
	const struct ot_col *cols;
	size_t n, i;

	if (top == NULL || top->table == NULL)
		return;
	word += word[0] == '-' ? 1 : 0;
	n = ui_table_columns(top->table, &cols);
	for (i = 0; i < n; i++)
		if (strncmp(cols[i].name, word, strlen(word)) == 0)
			ot_buf_addf(out, "%.*s%s%s\n", (int)(word - line),
				    line, cols[i].name, behind);
}

/* Times that are offered for the interval. */
static void
complete_times(const char *line, size_t skip, struct ot_buf *out)
{
	static const char *const times[] = {
		"100ms", "500ms", "1s", "2s", "5s", "10s", "30s", "60s"
	};
	const char *word = line + skip;
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(times); i++)
		if (strncmp(times[i], word, strlen(word)) == 0)
			ot_buf_addf(out, "%.*s%s\n", (int)skip, line,
				    times[i]);
}

static void
complete_names(const char *line, size_t len, struct ot_buf *out)
{
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(commands); i++)
		if (strncmp(commands[i].name, line, len) == 0)
			ot_buf_addf(out, "%s\n", commands[i].name);
	for (i = 0; hg_analyses[i].name != NULL; i++)
		if (strncmp(hg_analyses[i].name, line, len) == 0 &&
		    command_find(hg_analyses[i].name,
				 strlen(hg_analyses[i].name)) == NULL)
			ot_buf_addf(out, "%s\n", hg_analyses[i].name);
}

size_t
view_command_file(const char *line)
{
	size_t len = strcspn(line, " ");
	const struct command *c = command_find(line, len);

	return line[len] == ' ' && c != NULL && c->arg == ARG_FILE ? len + 1 :
								     0;
}

void
view_command_complete(const struct view_ctx *ctx, const struct ui_view *top,
		      const char *line, struct ot_buf *out)
{
	size_t len = strcspn(line, " "), last;
	const struct command *c;

	if (line[len] != ' ') {
		complete_names(line, len, out);
		return;
	}
	c = command_find(line, len);
	for (last = strlen(line); line[last - 1] != ' '; last--)
		;
	switch (c == NULL ? ARG_OBJECT : c->arg) {
	case ARG_TYPE:
	case ARG_OBJECT:
		complete_types(ctx, line, last - 1, out);
		break;
	case ARG_COLUMN:
		complete_columns(top, line, last, "", out);
		break;
	case ARG_FILTER:	/* "bytes" of "count>3 and bytes>1M", or a type */
		complete_columns(top, line, last, "", out);
		complete_types(ctx, line, last - 1, out);
		break;
	case ARG_TIME:
		complete_times(line, last, out);
		break;
	case ARG_NONE:
	case ARG_FILE:
		break;
	}
}
