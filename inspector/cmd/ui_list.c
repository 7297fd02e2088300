/* SPDX-License-Identifier: MIT */
/*
 * The picker's rows: what `objtop ps` shows, in the columns of v_picker.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspector/cmd/ui_session.h"

static const struct ot_col list_cols[] = {
	{ "pid", OT_CELL_INT, 0 },
	{ "user", OT_CELL_STR, 0 },
	{ "runtime", OT_CELL_STR, 0 },
	{ "rss", OT_CELL_BYTES, 0 },
	{ "how", OT_CELL_STR, 0 },
	{ "command", OT_CELL_STR, 0 },
	{ "why", OT_CELL_STR, 0 },
};

static bool
list_row(struct ot_table *t, const struct target_proc *p)
{
	struct ot_cell *c = ot_table_row(t);

	if (c == NULL)
		return false;
	ot_cell_int(&c[0], p->pid);
	ot_cell_bytes(&c[3], p->rss);
	return ot_cell_str(t, &c[1], p->user, strlen(p->user)) &&
	       ot_cell_strf(t, &c[2], "%s %s", p->runtime, p->version) &&
	       ot_cell_str(t, &c[4], p->rung, strlen(p->rung)) &&
	       ot_cell_str(t, &c[5], p->command, strlen(p->command)) &&
	       ot_cell_str(t, &c[6], p->why_not, strlen(p->why_not));
}

enum ot_status
ui_list_rows(struct ot_table **out, struct ot_err *err)
{
	struct target_proc *procs = NULL;
	struct ot_table *t;
	size_t n = 0, i;
	enum ot_status st = target_list(&procs, &n, err);

	if (st != OT_OK)
		return st;
	t = ot_table_new(list_cols, OT_ARRAY_LEN(list_cols));
	for (i = 0; t != NULL && i < n; i++) {
		if (!list_row(t, &procs[i])) {
			ot_table_free(t);
			t = NULL;
		}
	}
	free(procs);
	if (t == NULL)
		return ot_fail_nomem(err, "the list of processes");
	*out = t;
	return OT_OK;
}
