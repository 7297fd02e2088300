/* SPDX-License-Identifier: MIT */
/*
 * which.c - which processes TARGET means: a number, --name, --children.
 *
 * A pattern that fits several is refused with the list of them, so that
 * nobody enters a process by accident; --all, where a command can show
 * several side by side, says that they are meant.  --children means all that
 * descend from a process, whoever stands between (a shell, a supervisor).
 */
#include "config.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/units.h"
#include "inspector/cmd/cmd.h"

bool
cmd_names_targets(const struct cmd *c)
{
	return c->opts.name != NULL || c->opts.children != 0;
}

static bool
which_may_all(const struct cmd *c)
{
	return strcmp(c->name, "types") == 0 || strcmp(c->name, "growth") == 0 ||
	       strcmp(c->name, "metrics") == 0;
}

bool
cmd_names_several(const struct cmd *c)
{
	return (c->opts.all || c->opts.children != 0) && which_may_all(c);
}

static bool
which_matches(const struct cmd *c, const struct target_proc *p)
{
	const char *pattern = c->opts.name;

	if (p->pid == getpid())
		return false;
	if (c->opts.children != 0 &&
	    !target_descends(p->pid, c->opts.children))
		return false;
	return pattern == NULL || strstr(p->command, pattern) != NULL ||
	       fnmatch(pattern, p->command, 0) == 0;
}

static enum ot_status
which_none(const struct cmd *c, struct ot_err *err)
{
	if (c->opts.children == 0)
		return ot_fail(err, OT_REFUSED,
			       "no process with a known runtime has '%.80s' in "
			       "its command line; see objtop ps",
			       c->opts.name);
	return ot_fail(err, OT_REFUSED,
		       "no process with a known runtime descends from PID "
		       "%ld%s%.80s; see objtop ps",
		       (long)c->opts.children,
		       c->opts.name == NULL ? "" : " and has in its command "
						   "line ",
		       c->opts.name == NULL ? "" : c->opts.name);
}

/* Each on a line of stderr, and a refusal. */
static enum ot_status
which_several(const struct cmd *c, const struct target_proc *procs, size_t n,
	      struct ot_err *err)
{
	struct ot_buf line = OT_BUF_INIT;
	const char *all = which_may_all(c) ? ", or add --all" : "";
	size_t i;

	for (i = 0; i < n; i++) {
		ot_buf_clear(&line);
		ot_escape(&line, procs[i].command, strlen(procs[i].command),
			  OT_ESC_TERM, 70);
		fprintf(stderr, "%7ld  %s\n", (long)procs[i].pid,
			ot_buf_str(&line));
	}
	ot_buf_release(&line);
	if (c->opts.name == NULL)
		return ot_fail(err, OT_USAGE,
			       "%zu processes descend from PID %ld, and %s "
			       "takes one: give its PID",
			       n, (long)c->opts.children, c->name);
	return ot_fail(err, OT_USAGE,
		       "%zu processes match '%.80s'; give the PID of one%s", n,
		       c->opts.name, all);
}

/* Processes that the options mean, at least one; free() them. */
static enum ot_status
which_procs(const struct cmd *c, struct target_proc **out, size_t *n,
	    struct ot_err *err)
{
	enum ot_status st = target_list(out, n, err);
	size_t i, hits = 0;

	if (st != OT_OK)
		return st;
	for (i = 0; i < *n; i++)
		if (which_matches(c, &(*out)[i]))
			(*out)[hits++] = (*out)[i];
	*n = hits;
	if (hits > 0)
		return OT_OK;
	free(*out);
	*out = NULL;
	return which_none(c, err);
}

static enum ot_status
which_number(const char *word, pid_t *pid, struct ot_err *err)
{
	uint64_t n;

	if (*word == '\0' || word[strspn(word, "0123456789")] != '\0')
		return ot_fail(err, OT_USAGE,
			       "'%.80s' is not the id of a process", word);
	if (!ot_parse_u64(word, &n) || n == 0 || n > INT_MAX)
		return ot_fail(err, OT_REFUSED, "no process has the id %.40s",
			       word);
	*pid = (pid_t)n;
	return OT_OK;
}

enum ot_status
cmd_pids(const struct cmd *c, pid_t **pids, size_t *n, struct ot_err *err)
{
	struct target_proc *procs = NULL;
	enum ot_status st;
	size_t i;

	if (!cmd_names_targets(c))
		return ot_fail(err, OT_USAGE,
			       "--all says that all which --name matches are "
			       "meant: give --name PATTERN");
	st = which_procs(c, &procs, n, err);
	if (st != OT_OK)
		return st;
	if (*n > 1 && c->opts.children == 0 && !c->opts.all)
		st = which_several(c, procs, *n, err);
	*pids = ot_realloc_array(NULL, *n, sizeof(**pids));
	if (st == OT_OK && *pids == NULL)
		st = ot_fail_nomem(err, "the list of processes");
	for (i = 0; st == OT_OK && i < *n; i++)
		(*pids)[i] = procs[i].pid;
	free(procs);
	if (st != OT_OK) {
		free(*pids);
		*pids = NULL;
	}
	return st;
}

enum ot_status
cmd_attach_all(const struct cmd *c, pid_t *pids, struct target **targets,
	       size_t *n, struct ot_err *err)
{
	struct target_opts o = cmd_target_opts(c);
	enum ot_status st = OT_OK;
	size_t i, in = 0;

	for (i = 0; i < *n; i++) {
		targets[in] = NULL;
		st = target_attach(pids[i], &o, &targets[in], err);
		if (st == OT_OK)
			pids[in++] = pids[i];
		else if (st == OT_INTERRUPTED)
			break;
		else if (*n > 1)
			cmd_say(c, "left out: %s", err->msg);
	}
	*n = in;
	return st == OT_INTERRUPTED || in == 0 ? st : OT_OK;
}

enum ot_status
cmd_pid(const struct cmd *c, pid_t *pid, struct ot_err *err)
{
	struct target_proc *procs = NULL;
	enum ot_status st;
	size_t n;

	if (!cmd_names_targets(c))
		return which_number(c->target, pid, err);
	st = which_procs(c, &procs, &n, err);
	if (st != OT_OK)
		return st;
	if (n > 1)
		st = which_several(c, procs, n, err);
	else
		*pid = procs[0].pid;
	free(procs);
	return st;
}
