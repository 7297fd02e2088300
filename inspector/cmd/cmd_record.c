/* SPDX-License-Identifier: MIT */
/*
 * cmd_record.c - a process over time into a file, until something happens.
 *
 * Each interval: RSS (one read), pauses of the collector (read from outside,
 * as `gc --watch` does), and the counts of all types when the budget allows:
 * the target is held for at most one part in 200 of the time, and a clone of it,
 * during which the target copies what it writes to, lives for one in 50.  PSS makes the kernel walk page tables, so it is
 * read no more often than it takes a thousandth of the time.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "inspector/cmd/gc.h"
#include "inspector/cmd/record.h"
#include "inspector/cmd/ui_proc.h"
#include "inspector/target/proc.h"

#define INTERVAL_MS	1000u
#define HELD_SHARE	200u
#define WALK_SHARE	50u
#define PSS_SHARE	1000u
#define PSS_MIN_US	10000000u
#define SLICE_MS	20u
#define BATCH		512u

struct recorder {
	const struct cmd *c;
	struct target *t;
	pid_t pid;
	struct record_file *f;
	struct target_pauses *pauses;	/* NULL: not to be had */
	struct record_gc gc;		/* since the last sample */
	unsigned slice_ms;
	uint64_t since_us, next_us, counts_us, pss_us;
	bool over;			/* the process is gone */
	bool reached;			/* what --until-* waited for */
};

/* ---- what a sample is made of ---- */

static void
take_pauses(struct recorder *r)
{
	struct otw_pause batch[BATCH];
	uint64_t missed = 0;
	size_t n = 0, i;

	if (r->pauses == NULL)
		return;
	if (target_pauses_read(r->pauses, batch, BATCH, &n, &missed, NULL) !=
	    OT_OK) {
		target_pauses_close(r->pauses);
		r->pauses = NULL;
		return;
	}
	for (i = 0; i < n; i++) {
		uint64_t us = (batch[i].stop_ns - batch[i].start_ns) / 1000;

		r->gc.us += us;
		if (us > r->gc.longest_us)
			r->gc.longest_us = us;
	}
	r->gc.pauses += n + missed;
	if (missed > 0 && r->slice_ms > 1)
		r->slice_ms /= 2;
}

static uint64_t
read_pss(pid_t pid)
{
	struct ot_buf text = OT_BUF_INIT;
	unsigned long long kb = 0;
	const char *at;

	if (proc_file(pid, "smaps_rollup", 8192, &text)) {
		at = strstr(ot_buf_str(&text), "\nPss:");
		if (at == NULL || sscanf(at, "\nPss: %llu kB", &kb) != 1)
			kb = 0;
	}
	ot_buf_release(&text);
	return (uint64_t)kb * 1024;
}

static void
take_pss(struct recorder *r, struct record_now *now)
{
	uint64_t begin = ot_now_us(), took;

	if (begin < r->pss_us)
		return;
	now->pss = read_pss(r->pid);
	took = (ot_now_us() - begin) * PSS_SHARE;
	r->pss_us = begin + (took > PSS_MIN_US ? took : PSS_MIN_US);
}

static void
take_children(const struct recorder *r, struct record_now *now)
{
	pid_t *pids = NULL;
	uint64_t rss, up;
	size_t n = 0, i;

	if (!r->c->opts.include_children)
		return;
	now->with_children = true;
	if (!proc_ids(0, &pids, &n))
		return;
	for (i = 0; i < n; i++) {
		if (pids[i] == r->pid || !target_descends(pids[i], r->pid) ||
		    !ui_proc_read(pids[i], &rss, &up))
			continue;
		now->children++;
		now->children_rss += rss;
	}
	free(pids);
}

/* Counts of types, if it is time for them; NULL: not this time. */
static struct hg_graph *
take_counts(struct recorder *r, bool last, struct ot_err *err)
{
	uint64_t begin = ot_now_us(), held, walked, wait;
	struct hg_graph *g = NULL;
	struct cmd quiet = *r->c;

	if (begin < r->counts_us && !last)
		return NULL;
	quiet.opts.quiet = true;
	if (cmd_load(&quiet, r->t, HG_NEEDS_COUNTS, &g, err) != OT_OK) {
		r->counts_us = begin + 10 * INTERVAL_MS * 1000;
		return NULL;
	}
	held = hg_info(g)->held_us * HELD_SHARE;
	walked = (ot_now_us() - begin) * WALK_SHARE;
	wait = held > walked ? held : walked;
	r->counts_us = begin + wait;
	return g;
}

/* ---- triggers ---- */

static bool
read_number(const char *path, uint64_t *v)
{
	char text[64] = "";
	FILE *f = fopen(path, "re");
	bool ok;

	if (f == NULL)
		return false;
	ok = fgets(text, sizeof(text), f) != NULL;
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	return ok && ot_parse_u64(text, v);	/* "max" is none */
}

/* Its own group or the nearest one above with a limit: used / limit. */
static bool
cgroup_share(pid_t pid, double *share)
{
	struct ot_buf text = OT_BUF_INIT, path = OT_BUF_INIT;
	uint64_t used, limit;
	bool found = false;
	char *at, *end;

	if (!proc_file(pid, "cgroup", 65536, &text)) {
		ot_buf_release(&text);
		return false;
	}
	at = strstr(ot_buf_str(&text), "0::/");
	if (at != NULL) {
		at += 3;
		at[strcspn(at, "\n")] = '\0';
	}
	while (at != NULL && !found) {
		ot_buf_clear(&path);
		ot_buf_addf(&path, "/sys/fs/cgroup%s/memory.max", at);
		found = read_number(ot_buf_str(&path), &limit) && limit > 0;
		ot_buf_clear(&path);
		ot_buf_addf(&path, "/sys/fs/cgroup%s/memory.current", at);
		found = found && read_number(ot_buf_str(&path), &used);
		end = strrchr(at, '/');
		if (end == NULL)
			break;
		*end = '\0';
	}
	if (found)
		*share = (double)used / (double)limit;
	ot_buf_release(&text);
	ot_buf_release(&path);
	return found;
}

static enum ot_status
reached(struct recorder *r, const char *why, struct ot_err *err)
{
	enum ot_status st = record_event(r->f, why, err);
	struct cmd save = *r->c;

	r->reached = true;
	cmd_say(r->c, "%s", why);
	if (st != OT_OK || r->c->opts.snapshot_to == NULL)
		return st;
	save.opts.format = OT_FMT_TEXT;
	st = cmd_save(&save, r->t, r->c->opts.snapshot_to, err);
	if (st == OT_OK)
		st = record_event(r->f, "snapshot saved", err);
	return st;
}

static enum ot_status
look_for_triggers(struct recorder *r, const struct record_now *now,
		  struct ot_err *err)
{
	const struct cmd_opts *o = &r->c->opts;
	char why[128], bytes[32];
	double share;

	if (o->until_rss > 0 && now->rss + now->children_rss >= o->until_rss) {
		snprintf(why, sizeof(why), "RSS has reached %s",
			 ot_fmt_bytes(bytes, sizeof(bytes),
				      now->rss + now->children_rss));
		return reached(r, why, err);
	}
	if (o->until_pressure > 0 && cgroup_share(r->pid, &share) &&
	    share * 100 >= o->until_pressure) {
		snprintf(why, sizeof(why), "its cgroup has used %.0f %% of "
			 "its memory limit", share * 100);
		return reached(r, why, err);
	}
	return OT_OK;
}

/* ---- the loop ---- */

static enum ot_status
sample(struct recorder *r, bool last, struct ot_err *err)
{
	struct record_now now = { .rss = 0 };
	struct hg_graph *g = NULL;
	uint64_t uptime;
	enum ot_status st;

	if (!ui_proc_read(r->pid, &now.rss, &uptime) || now.rss == 0) {
		r->over = true;		/* a zombie has none */
		return OT_OK;
	}
	take_pss(r, &now);
	take_children(r, &now);
	g = take_counts(r, last, NULL);
	take_pauses(r);
	now.with_gc = r->pauses != NULL;
	now.gc = r->gc;
	now.counts = g;
	memset(&r->gc, 0, sizeof(r->gc));
	st = record_sample(r->f, &now, err);
	hg_graph_free(g);
	if (st == OT_OK && !last)
		st = look_for_triggers(r, &now, err);
	return st;
}

/* With --exec, Ctrl-C is the program's too, and what it makes of it. */
static bool
wants_to_stop(const struct recorder *r)
{
	const struct cmd_opts *o = &r->c->opts;

	if (cmd_interrupted > (o->exec_child ? 1 : 0))
		return true;
	return o->lasting_ms > 0 &&
	       ot_now_us() >= r->since_us + o->lasting_ms * 1000;
}

static void
rest(struct recorder *r)
{
	struct timespec ts = { 0, (long)r->slice_ms * 1000000 };
	bool done;

	take_pauses(r);
	/* An EXITING, a BYE, or the end of it. */
	target_step(r->t, 0, &done, NULL);
	if (!target_alive(r->t))
		r->over = true;
	else
		nanosleep(&ts, NULL);
}

static enum ot_status
record_loop(struct recorder *r, struct ot_err *err)
{
	uint64_t us = (r->c->opts.interval_ms > 0 ? r->c->opts.interval_ms :
						    INTERVAL_MS) * 1000;
	enum ot_status st = OT_OK;

	r->since_us = r->next_us = ot_now_us();
	while (st == OT_OK && !r->over && !r->reached && !wants_to_stop(r) &&
	       !target_exiting(r->t)) {
		uint64_t now = ot_now_us();

		if (now < r->next_us) {
			rest(r);
			continue;
		}
		r->next_us += us;
		if (r->next_us < now)	/* a slow sample: none is made up for */
			r->next_us = now + us;
		st = sample(r, false, err);
	}
	/* A last one, with types, where nobody is in a hurry. */
	if (st == OT_OK && !r->over && !r->reached && !cmd_interrupted)
		st = sample(r, true, err);
	if (st == OT_OK)
		st = record_event(r->f, r->over || target_exiting(r->t) ?
				  "the program has ended" :
				  "the recording ends", err);
	return st;
}

static void
open_pauses(struct recorder *r)
{
	struct ot_err why = OT_ERR_INIT;

	if (target_pauses_outside(r->pid, &r->pauses, NULL) != OT_OK &&
	    target_pauses_inside(r->t, &r->pauses, &why) != OT_OK)
		cmd_say(r->c, "no pauses of the collector: %s", why.msg);
}

static enum ot_status
record_run(struct recorder *r, const char *path, struct ot_err *err)
{
	struct hg_graph *g = NULL;
	enum ot_status st;

	r->slice_ms = SLICE_MS;
	r->pid = target_pid(r->t);
	st = cmd_load(r->c, r->t, HG_NEEDS_COLLECTOR, &g, err);
	if (st == OT_OK)
		st = record_open(path, &r->f, err);
	if (st == OT_OK)
		st = record_head(r->f, hg_info(g), (uint64_t)r->pid,
				 r->c->opts.interval_ms > 0 ?
				 r->c->opts.interval_ms : INTERVAL_MS, err);
	hg_graph_free(g);
	if (st == OT_OK) {
		open_pauses(r);
		cmd_say(r->c, "recording into %s; Ctrl-C ends it", path);
		st = record_loop(r, err);
	}
	target_pauses_close(r->pauses);
	record_close(r->f);
	return st;
}

static enum ot_status
record_child(const struct cmd *c, struct recorder *r, const char *path,
	     struct ot_err *err)
{
	struct target_opts opts = cmd_target_opts(c);
	enum ot_status st;
	int status = 0;
	bool ended;

	st = target_run(c->exec, &opts, &r->t, err);
	if (st == OT_OK)
		st = record_run(r, path, err);
	if (r->t == NULL)
		return st;
	ended = r->over || target_exiting(r->t);
	target_continue(r->t);
	if (st == OT_OK && ended)
		st = target_wait(r->t, &status, err);
	return st == OT_OK ? (enum ot_status)status : st;
}

/* ---- reading ---- */

static const struct ot_col shown_cols[] = {
	{ "start", OT_CELL_STR, 0 },
	{ "seconds", OT_CELL_REAL, 0 },
	{ "samples", OT_CELL_INT, 0 },
	{ "peak_rss", OT_CELL_BYTES, 0 },
	{ "rss", OT_CELL_BYTES, 0 },
	{ "objects", OT_CELL_INT, 0 },
	{ "pauses", OT_CELL_INT, 0 },
	{ "pause_us", OT_CELL_INT, 0 },
	{ "longest_us", OT_CELL_INT, 0 },
	{ "torn", OT_CELL_INT, OT_COL_HIDDEN },
	{ "pid", OT_CELL_INT, OT_COL_ID },
	{ "file", OT_CELL_STR, 0 },
	{ "command", OT_CELL_STR, OT_COL_FLEX },
};

static bool
shown_row(struct ot_table *t, const struct recording *r)
{
	struct ot_cell *row = ot_table_row(t);
	uint64_t peak = 0, objects = 0, n = 0, us = 0, longest = 0;
	const struct record_point *last = NULL;
	char start[40];
	size_t i;

	if (row == NULL)
		return false;
	for (i = 0; i < r->npoints; i++) {
		last = &r->points[i];
		peak = last->rss > peak ? last->rss : peak;
		objects = last->counted ? last->objects : objects;
		n += last->gc.pauses;
		us += last->gc.us;
		if (last->gc.longest_us > longest)
			longest = last->gc.longest_us;
	}
	ot_fmt_rfc3339(start, sizeof(start), r->start * 1000000);
	if (last != NULL) {
		ot_cell_real(&row[1], (double)(last->t - r->points[0].t) /
				      1000);
		ot_cell_bytes(&row[4], last->rss);
	}
	ot_cell_int(&row[2], (int64_t)r->npoints);
	ot_cell_bytes(&row[3], peak);
	ot_cell_int(&row[5], (int64_t)objects);
	ot_cell_int(&row[6], (int64_t)n);
	ot_cell_int(&row[7], (int64_t)us);
	ot_cell_int(&row[8], (int64_t)longest);
	ot_cell_int(&row[9], (int64_t)r->torn);
	ot_cell_int(&row[10], (int64_t)r->pid);
	return ot_cell_str(t, &row[0], start, strlen(start)) &&
	       ot_cell_str(t, &row[11], r->path, strlen(r->path)) &&
	       ot_cell_str(t, &row[12], r->command, strlen(r->command));
}

static enum ot_status
show(const struct cmd *c, struct ot_err *err)
{
	struct ot_table *t = ot_table_new(shown_cols,
					  OT_ARRAY_LEN(shown_cols));
	enum ot_status st = OT_OK;
	struct recording r;
	size_t i;

	if (t == NULL)
		return ot_fail_nomem(err, "a table");
	for (i = 0; st == OT_OK && i <= c->nargs; i++) {
		st = record_read(i == 0 ? c->target : c->args[i - 1], &r, err);
		if (st != OT_OK)
			break;
		if (!shown_row(t, &r))
			st = ot_fail_nomem(err, "a table");
		record_release(&r);
	}
	if (st == OT_OK)
		st = cmd_print(c, t, NULL, NULL, 0, err);
	ot_table_free(t);
	return st;
}

static enum ot_status
plot(const struct cmd *c, struct ot_err *err)
{
	struct recording r;
	enum ot_status st = record_read(c->target, &r, err);

	if (st != OT_OK)
		return st;
	st = record_plot(&r, c->opts.plot, err);
	if (st == OT_OK)
		cmd_say(c, "wrote %s: %zu samples, %zu types", c->opts.plot,
			r.npoints, r.ntypes);
	record_release(&r);
	return st;
}

/* ---- the whole ---- */

static enum ot_status
check(const struct cmd *c, struct ot_err *err)
{
	const struct cmd_opts *o = &c->opts;

	if (o->exec_child && (c->exec == NULL || c->exec[0] == NULL))
		return ot_fail(err, OT_USAGE, "--exec needs a program behind "
			       "--: objtop record --exec -- CMD...");
	if (!o->exec_child && c->target == NULL && !cmd_names_targets(c))
		return ot_fail(err, OT_USAGE, "record needs a TARGET, --exec "
			       "-- CMD... or a recording to show");
	if (o->snapshot_to != NULL && o->until_rss == 0 &&
	    o->until_pressure == 0)
		return ot_fail(err, OT_USAGE, "--snapshot needs --until-rss or "
			       "--until-pressure to say when");
	return OT_OK;
}

enum ot_status
cmd_record(const struct cmd *c, struct ot_err *err)
{
	struct recorder r = { .c = c };
	enum ot_status st = check(c, err);
	char name[64];

	if (st != OT_OK)
		return st;
	if (c->opts.plot != NULL)
		return c->target != NULL ? plot(c, err) :
			ot_fail(err, OT_USAGE, "--plot needs a recording: "
				"objtop record --plot FILE.svg RECORDING");
	if (c->target != NULL && record_is_file(c->target))
		return show(c, err);
	if (c->nargs > 0)
		return ot_fail(err, OT_USAGE, "'%.80s' is one word too many",
			       c->args[0]);
	snprintf(name, sizeof(name), "objtop-%" PRIu64 ".rec",
		 (uint64_t)time(NULL));
	if (c->opts.exec_child) {
		st = record_child(c, &r, c->opts.output != NULL ?
				  c->opts.output : name, err);
	} else {
		st = cmd_open(c, &r.t, err);
		if (st == OT_OK && target_is_file(r.t))
			st = ot_fail(err, OT_USAGE, "%s is a snapshot: only a "
				     "process can be recorded",
				     target_path(r.t));
		else if (st == OT_OK)
			st = record_run(&r, c->opts.output != NULL ?
					c->opts.output : name, err);
	}
	target_close(r.t);
	return st;
}
