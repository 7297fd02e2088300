/* SPDX-License-Identifier: MIT */
/*
 * From graphs to what the census learns, and from its rows to the live table:
 * neither the views nor the target's room know the other.  Costs a copy of
 * some thousand rows.
 */
#include "config.h"

#include "inspector/cmd/ui_census.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/escape.h"

#define FRESH_NS 2000000000ull
#define NICE	 5

static void
forget_truth(struct ui_census *u)
{
	size_t i;

	for (i = 0; i < u->n; i++) {
		free((char *)u->truth[i].name);
		free((char *)u->truth[i].module);
	}
	free(u->truth);
	u->truth = NULL;
	u->n = 0;
	u->want_learn = false;
}

void
ui_census_release(struct ui_census *u)
{
	forget_truth(u);
	census_close(u->c);
	memset(u, 0, sizeof(*u));
}

/* Without memory for it the census stays as it was. */
void
ui_census_heard(struct ui_census *u, const struct hg_graph *g)
{
	hg_kind k, n = hg_kinds(g);

	if (u->why[0] != '\0')
		return;
	forget_truth(u);
	u->truth = calloc((size_t)n + 1, sizeof(*u->truth));
	if (u->truth == NULL)
		return;
	for (k = 0; k < n; k++) {
		struct census_truth *t = &u->truth[u->n++];

		t->addr = hg_kind_addr(g, k);
		t->name = strdup(hg_kind_full(g, k));
		t->module = strdup(hg_kind_module(g, k));
		t->count = hg_kind_count(g, k);
		t->bytes = hg_kind_bytes(g, k);
		t->tracked = hg_kind_tracked(g, k);
		if (t->name == NULL || t->module == NULL) {
			forget_truth(u);
			return;
		}
	}
	u->time_ns = hg_info(g)->time_ns;
	u->want_learn = true;
}

static enum ot_status
refused(struct ui_census *u, enum ot_status st, struct ot_err *err)
{
	char word[sizeof(u->why)];

	if (st != OT_REFUSED)
		return st;
	census_close(u->c);
	u->c = NULL;
	census_word(err, word, sizeof(word));
	ot_escape_to(u->why, sizeof(u->why), word[0] != '\0' ? word :
		     "no census", strlen(word[0] != '\0' ? word :
					 "no census"), OT_ESC_TERM);
	return st;
}

/* Where processors are short the program goes first; threads have their own. */
static void
stand_back(void)
{
	if (getpriority(PRIO_PROCESS, 0) < NICE)
		setpriority(PRIO_PROCESS, 0, NICE);
}

enum ot_status
ui_census_learn(struct ui_census *u, struct target *t,
		bool (*stop)(void *), void *ctx, struct ot_err *err)
{
	enum ot_status st = OT_OK;

	stand_back();
	u->want_learn = false;
	if (u->c == NULL)
		st = census_open(t, &u->c, err);
	if (st == OT_OK) {
		census_stop_when(u->c, stop, ctx);
		st = census_learn(u->c, u->truth, u->n, u->time_ns, err);
	}
	forget_truth(u);
	if (st != OT_OK && st != OT_REFUSED) {	/* nothing it knows is whole */
		census_close(u->c);
		u->c = NULL;
	}
	return refused(u, st, err);
}

enum ot_status
ui_census_count(struct ui_census *u, uint64_t budget_us, bool (*stop)(void *),
		void *ctx, struct ot_err *err)
{
	stand_back();
	census_stop_when(u->c, stop, ctx);
	return refused(u, census_count(u->c, budget_us, err), err);
}

/* Was everything counted a moment ago? */
static bool
fresh(const struct ui_census *u)
{
	const struct census_info *info = census_info(u->c);
	struct timespec t;
	uint64_t now;

	clock_gettime(CLOCK_REALTIME, &t);
	now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	return info->whole && now > info->time_ns &&
	       now - info->time_ns < FRESH_NS;
}

/* What is learnt from a snapshot is the better for a count just before it. */
enum ot_status
ui_census_before(struct ui_census *u, struct target *t, bool (*stop)(void *),
		 void *ctx, struct ot_err *err)
{
	if (u->why[0] != '\0')
		return OT_OK;
	if (u->c == NULL) {
		enum ot_status st = census_open(t, &u->c, err);

		if (st != OT_OK)
			return refused(u, st, err);
	}
	return fresh(u) ? OT_OK : ui_census_count(u, 0, stop, ctx, err);
}

enum ot_status
ui_census_show(const struct ui_census *u, struct live *l, struct ot_err *err)
{
	const struct census_info *info = census_info(u->c);
	const struct census_row *r;
	struct live_count *v;
	enum ot_status st;
	size_t n, i;

	r = census_rows(u->c, &n);
	v = calloc(n + 1, sizeof(*v));
	if (v == NULL)
		return ot_fail_nomem(err, "the table of types");
	for (i = 0; i < n; i++)
		v[i] = (struct live_count){
			r[i].addr, r[i].name, r[i].module, r[i].count,
			r[i].bytes, r[i].tracked, r[i].error, r[i].estimated,
		};
	st = live_update_rows(l, v, n, info->error, info->time_ns / 1000, err);
	free(v);
	return st;
}
