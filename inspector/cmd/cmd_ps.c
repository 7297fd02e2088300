/* SPDX-License-Identifier: MIT */
/*
 * cmd_ps.c - which processes can be inspected: how each can be entered, or
 * the one thing that stands in the way.
 *
 * On a terminal the reason takes the place of the way in; as JSON and CSV it
 * has a column of its own, and so it has with -v.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "inspector/cmd/cmd.h"

enum ps_col {
	PS_PID,
	PS_USER,
	PS_RUNTIME,
	PS_VERSION,
	PS_RSS,
	PS_ATTACH,
	PS_REASON,
	PS_COMMAND,
	PS_COLS
};

static const struct ot_col ps_cols[PS_COLS] = {
	{ "pid", OT_CELL_INT, OT_COL_ID },
	{ "user", OT_CELL_STR, 0 },
	{ "runtime", OT_CELL_STR, 0 },
	{ "version", OT_CELL_STR, 0 },
	{ "rss", OT_CELL_BYTES, 0 },
	{ "attach", OT_CELL_STR, 0 },
	{ "reason", OT_CELL_STR, OT_COL_HIDDEN },
	{ "command", OT_CELL_STR, OT_COL_FLEX },
};

static const struct ot_col ps_cols_verbose[PS_COLS] = {
	{ "pid", OT_CELL_INT, OT_COL_ID },
	{ "user", OT_CELL_STR, 0 },
	{ "runtime", OT_CELL_STR, 0 },
	{ "version", OT_CELL_STR, 0 },
	{ "rss", OT_CELL_BYTES, 0 },
	{ "attach", OT_CELL_STR, 0 },
	{ "reason", OT_CELL_STR, 0 },
	{ "command", OT_CELL_STR, OT_COL_FLEX },
};

static bool
ps_str(struct ot_table *t, struct ot_cell *c, const char *s)
{
	return *s == '\0' || ot_cell_str(t, c, s, strlen(s));
}

static bool
ps_row(struct ot_table *t, const struct target_proc *p)
{
	struct ot_cell *c = ot_table_row(t);

	if (c == NULL)
		return false;
	ot_cell_int(&c[PS_PID], p->pid);
	ot_cell_bytes(&c[PS_RSS], p->rss);
	return ps_str(t, &c[PS_USER], p->user) &&
	       ps_str(t, &c[PS_RUNTIME], p->runtime) &&
	       ps_str(t, &c[PS_VERSION], p->version) &&
	       ps_str(t, &c[PS_ATTACH], *p->rung != '\0' ? p->rung : "no") &&
	       ps_str(t, &c[PS_REASON], p->why_not) &&
	       ps_str(t, &c[PS_COMMAND], p->command);
}

enum ot_status
cmd_ps(const struct cmd *c, struct ot_err *err)
{
	struct target_proc *procs = NULL;
	struct ot_table *t;
	enum ot_status st;
	size_t n = 0, i, refused = 0;

	st = target_list(&procs, &n, err);
	if (st != OT_OK)
		return st;
	t = ot_table_new(c->opts.verbose ? ps_cols_verbose : ps_cols, PS_COLS);
	for (i = 0; i < n && t != NULL; i++) {
		refused += *procs[i].rung == '\0';
		if (!ps_row(t, &procs[i])) {
			ot_table_free(t);
			t = NULL;
		}
	}
	free(procs);
	if (t == NULL)
		return ot_fail_nomem(err, "the list of processes");
	if (n == 0)
		t->note = "no process with a runtime that objtop knows";
	else if (refused > 0 && !c->opts.verbose)
		t->note = "\"no\": objtop ps -v says what stands in the way";
	st = cmd_print(c, t, NULL, NULL, 0, err);
	ot_table_free(t);
	return st;
}
