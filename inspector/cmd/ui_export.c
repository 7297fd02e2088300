/* SPDX-License-Identifier: MIT */
/*
 * The table on the screen into a file, as it stands: its filter, its order.
 *
 * Rows are read in slices from the loop, since they belong to a view; the file
 * is written by the worker, under another name until it is whole.  A table
 * that changes meanwhile (a sort, a new sample) is not half one, half the
 * other: nothing is written then, and said.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/cmd/ui_session.h"

#define EXPORT_FIRST 20000u	/* rows at once; a live table is done then */
#define EXPORT_SLICE 5000u
#define EXPORT_MAX   2000000u

static enum ot_format
export_format(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && strcmp(dot, ".json") == 0 ? OT_FMT_JSON :
	       dot != NULL && strcmp(dot, ".csv") == 0 ? OT_FMT_CSV :
	       OT_FMT_TEXT;
}

void
ui_export_end(struct ui_export *e)
{
	ot_table_free(e->rows);
	ot_table_free(e->target);
	ot_table_free(e->snapshot);
	memset(e, 0, sizeof(*e));
}

static enum ot_status
export_file(struct ui_export *e, const char *path, struct ot_err *err)
{
	struct ot_emit emit = { .format = e->format, .command = e->view,
				.target = e->target, .snapshot = e->snapshot };
	FILE *f = fopen(path, "we");
	enum ot_status st;

	if (f == NULL)
		return ot_fail_errno(err, OT_FAILED, "cannot write %s", path);
	st = ot_emit_table(&emit, e->rows, f, err);
	if (fclose(f) != 0 && st == OT_OK)
		st = ot_fail_errno(err, OT_FAILED, "cannot write %s", path);
	return st;
}

static enum ot_status
export_run(void *ctx, struct ui_job *j, struct ot_err *err)
{
	struct ui_export *e = &((struct ui_session *)ctx)->export;
	char part[sizeof(e->path) + 16];
	enum ot_status st;

	snprintf(part, sizeof(part), "%s.part%d", e->path, (int)getpid());
	st = export_file(e, part, err);
	if (st == OT_OK && ui_job_tick(j, 1, 1))
		st = OT_INTERRUPTED;
	if (st == OT_OK && rename(part, e->path) != 0)
		st = ot_fail_errno(err, OT_FAILED, "cannot write %s", e->path);
	if (st != OT_OK)
		unlink(part);
	return st;
}

static void
export_done(void *ctx, struct ui *ui, enum ot_status st,
	    const struct ot_err *err)
{
	struct ui_export *e = &((struct ui_session *)ctx)->export;
	char num[32];

	if (st != OT_OK)
		ui_refuse(ui, st == OT_INTERRUPTED ? "cancelled" : err->msg);
	else
		ui_say(ui, UI_GOOD, "exported %s rows to %s",
		       ot_fmt_count(num, sizeof(num), e->rows->nrows),
		       e->path);
	ui_export_end(e);
}

void
ui_export_start(struct ui_session *s, const char *path)
{
	struct ui_view *v = ui_top(s->ui);
	struct ui_export *e = &s->export;
	const struct ot_col *cols;

	if (e->rows != NULL || !ui_idle(s->ui)) {
		ui_say(s->ui, UI_WARN, "something is still at work; Esc "
		       "cancels it");
		return;
	}
	if (v == NULL || v->table == NULL)
		return;
	if (export_format(path) == OT_FMT_TEXT) {
		ui_refuse(s->ui, "a table can be exported to a .csv or a "
			  ".json file");
		return;
	}
	if (ui_table_shown(v->table) > EXPORT_MAX) {
		ui_refuse(s->ui, "more than 2,000,000 rows; f filters first, "
			  "and W writes the whole heap");
		return;
	}
	e->ncols = ui_table_columns(v->table, &cols);
	memcpy(e->cols, cols, e->ncols * sizeof(*cols));
	e->rows = ot_table_new(e->cols, e->ncols);
	if (e->rows == NULL) {
		ui_say(s->ui, UI_BAD, "out of memory for the table");
		return;
	}
	e->format = export_format(path);
	e->view = v->def->name;
	e->table = v->table;
	e->version = ui_table_version(v->table);
	e->target = s->graph != NULL ? cmd_target_row(s->graph) : NULL;
	e->snapshot = s->graph != NULL ? cmd_snapshot_row(s->graph) : NULL;
	snprintf(e->path, sizeof(e->path), "%s", path);
}

/* Is what is being read still there, and as it was? */
static bool
export_same(const struct ui_session *s)
{
	const struct ui_view *v = ui_top(s->ui);

	return v != NULL && v->table == s->export.table &&
	       v->problem[0] == '\0' && !v->loading &&
	       ui_table_version(v->table) == s->export.version;
}

bool
ui_export_step(struct ui_session *s)
{
	struct ui_export *e = &s->export;
	bool ok = true;

	if (e->rows == NULL || e->table == NULL)
		return false;
	if (!export_same(s)) {
		ui_say(s->ui, UI_WARN, "the table changed meanwhile: nothing "
		       "was exported; z pauses");
		ui_export_end(e);
		return false;
	}
	e->at = ui_table_copy(e->table, e->at,
			      e->at == 0 ? EXPORT_FIRST : EXPORT_SLICE,
			      e->rows, &ok);
	if (!ok) {
		ui_say(s->ui, UI_BAD, "out of memory for the table");
		ui_export_end(e);
		return false;
	}
	if (e->at < ui_table_shown(e->table))
		return true;
	e->table = NULL;
	if (!ui_work(s->ui, "exporting", export_run, export_done, s))
		ui_export_end(e);
	return false;
}
