/* SPDX-License-Identifier: MIT */
/*
 * ui_sample.h - one snapshot or census for the terminal UI, on a thread of its
 * own: asked for, decoded and built there, so that keys stay live meanwhile.
 */
#ifndef CMD_UI_SAMPLE_H
#define CMD_UI_SAMPLE_H

#include "graph/graph.h"
#include "inspector/cmd/cmd.h"
#include "inspector/cmd/ui_census.h"
#include "inspector/ui/job.h"

enum ui_sample_kind {
	UI_SAMPLE_CENSUS,	/* the live table, from outside */
	UI_SAMPLE_LEARN,	/* the census learns from a snapshot */
	UI_SAMPLE_COUNTS,	/* types only, by the agent */
	UI_SAMPLE_MARK,		/* the objects of a baseline */
	UI_SAMPLE_GRAPH,	/* everything */
	UI_SAMPLE_WRITE,	/* everything, into a file too */
};

/* Nobody waits for it, nobody cancels it. */
#define UI_SAMPLE_LIGHT(kind) ((kind) < UI_SAMPLE_MARK)

struct ui_sample {
	enum ui_sample_kind kind;
	char path[1024];	/* WRITE */
	bool collect;		/* COUNTS, after a collection, as this says: */
	struct otw_acted acted;
	uint64_t budget_us;	/* CENSUS; 0: everything */
	struct ui_census *census;
	struct hg_graph *graph;	/* the result; whoever takes it clears it */
	bool cut;		/* a file (or stream) that ended early */
	uint64_t start_us, took_us;
	struct ui_job *running;	/* NULL: none is under way */
	/* of the thread */
	struct ui_job *job;
	const struct cmd *c;
	struct target *t;
	struct hg_builder *builder;
};

/*
 * Starts one; the target and the census are the thread's until
 * ui_sample_end().
 */
enum ot_status ui_sample_start(struct ui_sample *s, enum ui_sample_kind kind,
			       const char *path, const struct cmd *c,
			       struct target *t, struct ui_census *census,
			       int wake_fd, struct ot_err *err);

/* Waits for its end. */
enum ot_status ui_sample_end(struct ui_sample *s, struct ot_err *err);

#endif
