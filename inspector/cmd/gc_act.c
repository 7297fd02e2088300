/* SPDX-License-Identifier: MIT */
/*
 * gc_act.c - `gc` with something to do: changes first, each shown as it was
 * before and is after, then watching.
 *
 * A change stays when objtop leaves; with --restore it lasts as long as objtop
 * does.  CPython 3.15 is watched from outside, without an agent in it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "inspector/cmd/gc.h"

enum { WHAT, BEFORE, AFTER, PAUSE_US, COLLECTED, FREED, NCOLS };

static const struct ot_col cols[NCOLS] = {
	[WHAT] = { "what", OT_CELL_STR, 0 },
	[BEFORE] = { "before", OT_CELL_STR, 0 },
	[AFTER] = { "after", OT_CELL_STR, 0 },
	[PAUSE_US] = { "pause_us", OT_CELL_INT, 0 },
	[COLLECTED] = { "collected", OT_CELL_INT, 0 },
	[FREED] = { "freed", OT_CELL_TABLE, 0 },
};

static bool
changes(const struct cmd_opts *o)
{
	return o->collect || o->threshold_set || o->freeze || o->unfreeze ||
	       o->disable || o->enable;
}

bool
cmd_gc_acts(const struct cmd *c)
{
	return strcmp(c->name, "gc") == 0 &&
	       (c->opts.watch || changes(&c->opts) || c->opts.restore ||
		c->opts.here || c->opts.lasting_ms > 0);
}

static enum ot_status
check(const struct cmd_opts *o, struct ot_err *err)
{
	if (o->disable && o->enable)
		return ot_fail(err, OT_USAGE, "--enable and --disable at once");
	if (o->freeze && o->unfreeze)
		return ot_fail(err, OT_USAGE, "--freeze and --unfreeze at "
			       "once");
	if (o->here && !o->collect)
		return ot_fail(err, OT_USAGE, "--here is for --collect");
	if (o->restore && !changes(o))
		return ot_fail(err, OT_USAGE, "--restore needs a change to "
			       "undo: --threshold, --freeze, --disable, "
			       "--enable");
	if (o->lasting_ms > 0 && !o->watch && !o->restore)
		return ot_fail(err, OT_USAGE, "--for is for --watch and "
			       "--restore");
	return OT_OK;
}

static bool
stop_now(void *ctx)
{
	(void)ctx;
	return cmd_interrupted != 0;
}

/* ---- one change ---- */

static bool
set_text(struct ot_table *t, struct ot_cell *cell, enum otw_act_what what,
	 const struct otw_gc_set *s)
{
	switch (what) {
	case OTW_ACT_THRESHOLD:
		return ot_cell_strf(t, cell, "%llu,%llu,%llu",
				    (unsigned long long)s->threshold[0],
				    (unsigned long long)s->threshold[1],
				    (unsigned long long)s->threshold[2]);
	case OTW_ACT_FREEZE:
	case OTW_ACT_UNFREEZE:
		return ot_cell_strf(t, cell, "%llu frozen",
				    (unsigned long long)s->frozen);
	case OTW_ACT_COLLECT:
		return ot_cell_strf(t, cell, "count %llu,%llu,%llu",
				    (unsigned long long)s->count[0],
				    (unsigned long long)s->count[1],
				    (unsigned long long)s->count[2]);
	default:
		return ot_cell_strf(t, cell, "%s",
				    s->enabled ? "enabled" : "disabled");
	}
}

static enum ot_status
change(const struct cmd *c, struct target *t, struct ot_table *table,
       const char *what, const struct otw_act *act, struct ot_cell **row,
       struct ot_err *err)
{
	struct otw_act a = *act;
	struct otw_acted done;
	enum ot_status st;

	a.timeout_ms = c->opts.timeout_ms;
	if (c->opts.restore)
		a.flags |= OTW_ACT_RESTORE;
	st = target_act(t, &a, &done, stop_now, NULL, err);
	if (st != OT_OK)
		return st;
	*row = ot_table_row(table);
	if (*row == NULL ||
	    !ot_cell_str(table, &(*row)[WHAT], what, strlen(what)) ||
	    !set_text(table, &(*row)[BEFORE], a.what, &done.before) ||
	    !set_text(table, &(*row)[AFTER], a.what, &done.after))
		return ot_fail_nomem(err, "a table");
	if (a.what == OTW_ACT_COLLECT) {
		ot_cell_int(&(*row)[COLLECTED], (int64_t)done.result);
		ot_cell_int(&(*row)[PAUSE_US],
			    (int64_t)(done.took_ns / 1000));
	}
	return OT_OK;
}

static enum ot_status
collect(const struct cmd *c, struct target *t, struct ot_table *table,
	struct ot_err *err)
{
	const struct otw_act a = {
		.what = OTW_ACT_COLLECT,
		.flags = c->opts.here ? OTW_ACT_HERE : 0,
		.arg = { c->opts.generation },
	};
	struct hg_graph *before = NULL, *after = NULL;
	struct ot_table *freed = NULL;
	struct ot_cell *row = NULL;
	enum ot_status st;

	st = cmd_load(c, t, HG_NEEDS_COUNTS, &before, err);
	if (st == OT_OK)
		st = change(c, t, table, "collect", &a, &row, err);
	if (st == OT_OK)
		st = cmd_load(c, t, HG_NEEDS_COUNTS, &after, err);
	if (st == OT_OK)
		st = gc_freed(before, after, &freed, err);
	if (st == OT_OK) {
		freed->title = "freed, by type";
		ot_table_limit(freed, cmd_limit(c, 20));
		ot_cell_table(&row[FREED], freed);
	}
	hg_graph_free(before);
	hg_graph_free(after);
	return st;
}

static enum ot_status
change_all(const struct cmd *c, struct target *t, struct ot_table *table,
	   struct ot_err *err)
{
	const struct cmd_opts *o = &c->opts;
	const struct {
		bool wanted;
		const char *what;
		struct otw_act act;
	} all[] = {
		{ o->threshold_set, "threshold",
		  { .what = OTW_ACT_THRESHOLD,
		    .arg = { o->threshold[0], o->threshold[1],
			     o->threshold[2] } } },
		{ o->disable, "disable", { .what = OTW_ACT_DISABLE } },
		{ o->enable, "enable", { .what = OTW_ACT_ENABLE } },
		{ o->unfreeze, "unfreeze", { .what = OTW_ACT_UNFREEZE } },
	};
	const struct otw_act freeze = { .what = OTW_ACT_FREEZE };
	enum ot_status st = OT_OK;
	struct ot_cell *row;
	size_t i;

	for (i = 0; st == OT_OK && i < OT_ARRAY_LEN(all); i++)
		if (all[i].wanted)
			st = change(c, t, table, all[i].what, &all[i].act,
				    &row, err);
	if (st == OT_OK && o->collect)
		st = collect(c, t, table, err);
	/* Last: what is garbage is better collected than frozen. */
	if (st == OT_OK && o->freeze)
		st = change(c, t, table, "freeze", &freeze, &row, err);
	return st;
}

/* ---- the whole ---- */

static enum ot_status
watch(const struct cmd *c, struct target_pauses *p,
      const struct hg_info *info, struct ot_err *err)
{
	struct ot_table *t = NULL, *target = NULL;
	struct gc_tally tally = { .failed = false };
	struct ot_err lost = OT_ERR_INIT;
	enum ot_status st, last;

	cmd_say(c, "watching %s; Ctrl-C ends it",
		target_pauses_is_outside(p) ?
		"the runtime's own record, from outside" :
		"by a callback in gc.callbacks");
	last = gc_watch(c, p, &tally, &lost);
	t = gc_tally_table(&tally);
	if (info != NULL)
		target = cmd_target_head(info);
	st = t == NULL ? ot_fail_nomem(err, "a table") :
	     cmd_emit(c, t, c->opts.format, target, NULL, stdout, err);
	ot_table_free(t);
	ot_table_free(target);
	gc_tally_release(&tally);
	/* A program that ended while it was watched: its pauses are shown. */
	if (st == OT_OK && last != OT_OK)
		cmd_say(c, "%s", lost.msg);
	return st;
}

static enum ot_status
watch_outside(const struct cmd *c, bool *other, struct ot_err *err)
{
	struct target_pauses *p = NULL;
	struct target_proc proc;
	struct hg_info info = { .mode = "" };
	enum ot_status st;
	pid_t pid = 0;

	*other = false;
	st = cmd_pid(c, &pid, err);
	if (st != OT_OK)
		return st;
	st = target_pauses_outside(pid, &p, err);
	if (st == OT_OK)
		st = target_look(pid, &proc, err);
	if (st == OT_OK) {
		info.pid = (uint64_t)pid;
		info.runtime = proc.runtime;
		info.version = proc.version;
		info.command = proc.command;
		st = watch(c, p, &info, err);
	} else {
		*other = st == OT_REFUSED;
	}
	target_pauses_close(p);
	return st;
}

static enum ot_status
watch_inside(const struct cmd *c, struct target *t, const struct hg_graph *g,
	     struct ot_err *err)
{
	struct target_pauses *p = NULL;
	enum ot_status st = target_pauses_outside(target_pid(t), &p, NULL);

	if (st != OT_OK)
		st = target_pauses_inside(t, &p, err);
	if (st == OT_OK)
		st = watch(c, p, g != NULL ? hg_info(g) : NULL, err);
	target_pauses_close(p);
	return st;
}

static enum ot_status
print_changes(const struct cmd *c, struct ot_table *table,
	      const struct hg_graph *g, struct ot_err *err)
{
	/* One JSON object: that of the watch, which comes last. */
	if (c->opts.watch && c->opts.format != OT_FMT_TEXT)
		return OT_OK;
	return cmd_print(c, table, g, NULL, 0, err);
}

static enum ot_status
act_and_watch(const struct cmd *c, struct target *t, struct ot_err *err)
{
	struct ot_table *table = ot_table_new(cols, NCOLS);
	uint64_t since = ot_now_us();
	struct hg_graph *g = NULL;
	enum ot_status st;

	if (table == NULL)
		return ot_fail_nomem(err, "a table");
	st = change_all(c, t, table, err);
	if (st == OT_OK)
		st = cmd_load(c, t, HG_NEEDS_COLLECTOR, &g, err);
	if (st == OT_OK && table->nrows > 0)
		st = print_changes(c, table, g, err);
	if (st == OT_OK && c->opts.watch)
		st = watch_inside(c, t, g, err);
	if (st == OT_OK && c->opts.restore && !c->opts.watch) {
		fflush(stdout);
		cmd_say(c, "this holds until Ctrl-C, then it is undone");
		while (target_alive(t) && gc_go_on(c, since, 100))
			;
	}
	hg_graph_free(g);
	ot_table_free(table);
	return st;
}

enum ot_status
cmd_gc_act(const struct cmd *c, struct ot_err *err)
{
	struct target *t = NULL;
	enum ot_status st = check(&c->opts, err);
	bool other = true;

	if (st != OT_OK)
		return st;
	if (c->opts.watch && !changes(&c->opts))
		st = watch_outside(c, &other, err);
	if (!other)
		return st;
	st = cmd_open(c, &t, err);
	if (st != OT_OK)
		return st;
	if (target_is_file(t))
		st = ot_fail(err, OT_USAGE, "%s is a file: only a process can "
			     "be watched or acted on", target_path(t));
	else
		st = act_and_watch(c, t, err);
	target_close(t);
	return st;
}
