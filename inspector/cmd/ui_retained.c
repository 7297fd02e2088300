/* SPDX-License-Identifier: MIT */
/*
 * What the instances of each type retain, for the live table: computed on the
 * worker from the whole graph, a figure of that sample until the next one.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "inspector/cmd/ui_session.h"

static enum ot_status
retained_run(void *ctx, struct ui_job *j, struct ot_err *err)
{
	struct ui_retained *r = &((struct ui_session *)ctx)->retained;
	struct hg_args args = { .retained = true, .cancelled = ui_job_tick,
				.cancel_ctx = j };

	return an_types(r->g, &args, &r->rows, err);
}

static void
retained_done(void *ctx, struct ui *ui, enum ot_status st,
	      const struct ot_err *err)
{
	struct ui_session *s = ctx;
	struct ot_err bad = OT_ERR_INIT;
	struct ui_view *v = ui_top(ui);

	if (st != OT_OK) {
		ui_refuse(ui, st == OT_INTERRUPTED ? "cancelled" : err->msg);
		return;
	}
	if (live_retained(&s->live, s->retained.rows, &bad) != OT_OK)
		ui_say(ui, UI_BAD, "%s", bad.msg);
	ot_table_free(s->retained.rows);
	s->retained.rows = NULL;
	ui_numbers_came(ui);
	if (v != NULL && v->table != NULL)
		ui_table_sort(v->table, "retained", false);
}

void
ui_retained_start(struct ui_session *s)
{
	s->retained.g = s->graph;
	ui_work(s->ui, "retained sizes", retained_run, retained_done, s);
}
