/* SPDX-License-Identifier: MIT */
/*
 * ui_census.h - the census of the terminal UI: opened once a snapshot has said
 * where objects lie, taught by every snapshot, shown in the live table.
 */
#ifndef CMD_UI_CENSUS_H
#define CMD_UI_CENSUS_H

#include "graph/graph.h"
#include "inspector/target/census.h"
#include "inspector/views/live.h"

struct ui_census {
	struct census *c;	/* NULL: not opened, or refused */
	char why[32];		/* a word; not empty: refused */
	bool want_learn;	/* a snapshot is to be learnt from */
	struct census_truth *truth;	/* what it said; names are owned */
	size_t n;
	uint64_t time_ns;
};

/* All zero is the empty value. */
void ui_census_release(struct ui_census *u);

/* What a snapshot says is kept for ui_census_learn(). */
void ui_census_heard(struct ui_census *u, const struct hg_graph *g);

/*
 * On a thread: all may take long.  OT_REFUSED sets `why`.  The first one opens
 * the census where there is none.
 */
enum ot_status ui_census_before(struct ui_census *u, struct target *t,
				bool (*stop)(void *), void *ctx,
				struct ot_err *err);
enum ot_status ui_census_learn(struct ui_census *u, struct target *t,
			       bool (*stop)(void *), void *ctx,
			       struct ot_err *err);
enum ot_status ui_census_count(struct ui_census *u, uint64_t budget_us,
			       bool (*stop)(void *), void *ctx,
			       struct ot_err *err);

/* What was counted, into the live table. */
enum ot_status ui_census_show(const struct ui_census *u, struct live *l,
			      struct ot_err *err);

#endif
