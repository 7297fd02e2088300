/* SPDX-License-Identifier: MIT */
/*
 * censusdrv - census.h from a command line, for tests and measurements.
 *
 *	censusdrv PID	attach; then a line of input each:
 *	  snapshot	counts by the agent: rows "ADDR COUNT NAME"
 *	  learn		what that snapshot said, into the census; then as count
 *	  count [US]	one census of that budget (0: everything): rows
 *			"ADDR COUNT ERROR ~|= NAME"
 *
 * Rows are followed by "ok WORD=NUMBER ...", or by "no STATUS MESSAGE".
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/units.h"
#include "inspector/target/census.h"

struct driver {
	struct target *t;
	struct census *census;
	struct census_truth *v;
	size_t n, cap;
	uint64_t held_at, held_ns;
};

static enum ot_status
on_begin(void *ctx, const struct otw_begin *b, struct ot_err *err)
{
	struct driver *d = ctx;

	(void)err;
	d->held_at = b->time_ns + b->wait_ns;
	d->held_ns = b->held_ns;
	return OT_OK;
}

static enum ot_status
on_kind(void *ctx, const struct otw_kind *k, struct ot_err *err)
{
	struct driver *d = ctx;
	struct ot_buf name = OT_BUF_INIT;
	char *copy;

	if (d->n == d->cap) {
		size_t cap = d->cap == 0 ? 1024 : d->cap * 2;
		struct census_truth *v = ot_realloc_array(d->v, cap,
							  sizeof(*v));

		if (v == NULL)
			return ot_fail_nomem(err, "kinds");
		d->v = v;
		d->cap = cap;
	}
	if (k->module.len > 0 &&
	    (k->module.len != 8 || memcmp(k->module.s, "builtins", 8) != 0)) {
		ot_escape(&name, k->module.s, k->module.len, OT_ESC_TERM, 0);
		ot_buf_addc(&name, '.');
	}
	ot_escape(&name, k->name.s, k->name.len, OT_ESC_TERM, 0);
	copy = strdup(ot_buf_str(&name));
	ot_buf_release(&name);
	if (copy == NULL)
		return ot_fail_nomem(err, "kinds");
	d->v[d->n++] = (struct census_truth){ .addr = k->addr, .name = copy,
					      .module = "" };
	return OT_OK;
}

static enum ot_status
on_count(void *ctx, const struct otw_count *n, struct ot_err *err)
{
	struct driver *d = ctx;

	(void)err;
	d->v[n->kind].count = n->count;
	d->v[n->kind].bytes = n->bytes;
	d->v[n->kind].tracked = n->tracked;
	return OT_OK;
}

static void
forget(struct driver *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		free((char *)d->v[i].name);
	d->n = 0;
}

static enum ot_status
snapshot(struct driver *d, struct ot_err *err)
{
	const struct otw_request r = { .want = OTW_WANT_COUNTS };
	const struct otw_events ev = { .begin = on_begin, .kind = on_kind,
				       .count = on_count };
	uint64_t begun = ot_now_us();
	enum ot_status st;
	size_t i;

	forget(d);
	st = target_snapshot(d->t, &r, &ev, d, NULL, NULL, NULL, NULL, err);
	if (st != OT_OK)
		return st;
	for (i = 0; i < d->n; i++)
		if (d->v[i].count > 0)
			printf("0x%" PRIx64 " %" PRIu64 " %s\n", d->v[i].addr,
			       d->v[i].count, d->v[i].name);
	printf("ok held_us=%" PRIu64 " took_us=%" PRIu64 "\n",
	       d->held_ns / 1000, ot_now_us() - begun);
	return OT_OK;
}

static enum ot_status
count(struct driver *d, bool learn, uint64_t budget_us, struct ot_err *err)
{
	const struct census_info *info;
	const struct census_row *v;
	enum ot_status st = OT_OK;
	size_t i, n;

	if (d->census == NULL)
		st = census_open(d->t, &d->census, err);
	if (st == OT_OK)
		st = learn ? census_learn(d->census, d->v, d->n, d->held_at,
					  err) :
			     census_count(d->census, budget_us, err);
	if (st != OT_OK)
		return st;
	v = census_rows(d->census, &n);
	for (i = 0; i < n; i++)
		printf("0x%" PRIx64 " %" PRIu64 " %" PRIu64 " %c %s\n",
		       v[i].addr, v[i].count, v[i].error,
		       v[i].estimated ? '~' : '=', v[i].name);
	info = census_info(d->census);
	printf("ok objects=%" PRIu64 " error=%" PRIu64 " took_us=%" PRIu64
	       " cpu_us=%" PRIu64 " read=%" PRIu64 " whole=%d chunks=%u "
	       "counted=%u pools=%u torn=%u absent=%u moved=%u unnamed=%u\n",
	       info->objects, info->error, info->took_us, info->cpu_us,
	       info->read_bytes, info->whole, info->chunks, info->counted,
	       info->pools, info->torn, info->absent, info->moved,
	       info->unnamed);
	return OT_OK;
}

static enum ot_status
obey(struct driver *d, const char *line, struct ot_err *err)
{
	if (strncmp(line, "snapshot", 8) == 0)
		return snapshot(d, err);
	if (strncmp(line, "learn", 5) == 0)
		return count(d, true, 0, err);
	if (strncmp(line, "count", 5) == 0)
		return count(d, false, strtoull(line + 5, NULL, 10), err);
	return ot_fail(err, OT_USAGE, "snapshot, learn or count");
}

int
main(int argc, char **argv)
{
	const struct target_opts o = { .timeout_ms = 60000 };
	struct ot_err err = OT_ERR_INIT;
	struct driver d = { 0 };
	enum ot_status st;
	char line[64];

	if (argc != 2) {
		fprintf(stderr, "usage: censusdrv PID\n");
		return OT_USAGE;
	}
	st = target_attach((pid_t)strtol(argv[1], NULL, 10), &o, &d.t, &err);
	if (st != OT_OK) {
		fprintf(stderr, "%s\n", err.msg);
		return (int)st;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		st = obey(&d, line, &err);
		if (st != OT_OK)
			printf("no %d %s\n", (int)st, err.msg);
		fflush(stdout);
	}
	census_close(d.census);
	target_close(d.t);
	forget(&d);
	free(d.v);
	return 0;
}
