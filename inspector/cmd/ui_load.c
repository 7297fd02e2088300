/* SPDX-License-Identifier: MIT */
/*
 * Another target under the same screen: L leaves the one there is for a
 * snapshot file, once nothing works on its heap any more.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "inspector/cmd/ui_session.h"

void
ui_load_ask(struct ui_session *s, const struct ui_effect *fx)
{
	struct ot_err err = OT_ERR_INIT;
	struct target *t = NULL;

	if (s->attach.running != NULL) {
		ui_say(s->ui, UI_WARN, "still going into a process");
		return;
	}
	if (target_open_file(fx->text, &t, &err) != OT_OK) {
		ui_refuse(s->ui, err.msg);
		return;
	}
	if (s->t != NULL && !s->lost && !target_is_file(s->t) &&
	    !fx->confirmed) {
		target_close(t);
		ui_confirm(s->ui, fx, "leave PID %d for %s?",
			   (int)target_pid(s->t), fx->text);
		return;
	}
	target_close(s->load);
	s->load = t;
	if (s->sample.running != NULL)
		ui_job_cancel(s->sample.running);
}

void
ui_load_step(struct ui_session *s)
{
	struct hg_graph *old[2] = { s->graph, s->next };
	struct target *left = s->owns ? s->t : NULL;

	if (s->load == NULL || s->sample.running != NULL || !ui_idle(s->ui))
		return;
	ui_export_end(&s->export);
	s->graph = s->next = NULL;
	s->ctx.graph = NULL;
	s->lost = s->exiting = s->paused = false;
	s->want_graph = s->want_now = s->want_mark = false;
	s->want_file[0] = '\0';
	s->last_us = 0;
	hg_graph_free(s->next_mark);
	s->next_mark = NULL;
	memset(s->ctx.status.lost, 0, sizeof(s->ctx.status.lost));
	s->t = s->load;
	s->load = NULL;
	s->owns = true;
	ui_session_begin(s);
	hg_graph_free(old[0]);
	hg_graph_free(old[1]);
	target_close(left);
}
