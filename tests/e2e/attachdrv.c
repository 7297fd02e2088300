/* SPDX-License-Identifier: MIT */
/*
 * attachdrv - target.h from a command line, for the end-to-end tests.
 *
 *	attachdrv attach PID [ROUNDS]	attach, HELLO, leave; one line a round:
 *					"ok RUNG total_us stopped_us"
 *	attachdrv hold PID		attach, say "ok", wait for end of input
 *	attachdrv ask PID		attach, a snapshot for each line read
 *	attachdrv snaps PID		attach; snapshots, one after the other, to
 *					the end of the program; "N snapshots"
 *	attachdrv save PID FILE...	attach; a snapshot into each file, as the
 *					bare stream
 *	attachdrv evict PID
 *	attachdrv look PID		"RUNTIME VERSION RUNG|-: WHY_NOT"
 *	attachdrv list			one such line for each, with its PID
 *	attachdrv run CMD...		start with the agent in; attach, leave,
 *					wait; ends with the program's status
 *
 * A failure prints its message on stderr; the exit code is the ot_status.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/target/target.h"

static int
failed(enum ot_status st, const struct ot_err *err)
{
	fprintf(stderr, "%s\n", err->msg);
	return (int)st;
}

static int
do_attach(pid_t pid, long rounds, const struct target_opts *o)
{
	struct ot_err err = OT_ERR_INIT;

	while (rounds-- > 0) {
		uint64_t t0 = ot_now_us();
		struct target *t;
		enum ot_status st = target_attach(pid, o, &t, &err);

		if (st != OT_OK)
			return failed(st, &err);
		printf("ok %s %" PRIu64 " %" PRIu64 "\n", target_rung(t),
		       ot_now_us() - t0, target_stopped_us(t));
		fflush(stdout);
		target_close(t);
	}
	return 0;
}

static int
do_hold(pid_t pid, const struct target_opts *o)
{
	struct ot_err err = OT_ERR_INIT;
	struct target *t;
	enum ot_status st = target_attach(pid, o, &t, &err);
	bool done;
	char c;

	if (st != OT_OK)
		return failed(st, &err);
	printf("ok\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	st = target_step(t, 100, &done, &err);
	printf("%s\n", target_alive(t) ? "alive" : "gone");
	target_close(t);
	return st != OT_OK ? failed(st, &err) : 0;
}

static enum ot_status
on_end(void *ctx, const struct otw_end *e, struct ot_err *err)
{
	(void)err;
	*(uint64_t *)ctx = e->objects;
	return OT_OK;
}

/* A snapshot for each line of input: "ok OBJECTS". */
static int
do_ask(pid_t pid, const struct target_opts *o)
{
	const struct otw_request r = { .want = OTW_WANT_COUNTS };
	const struct otw_events ev = { .end = on_end };
	struct ot_err err = OT_ERR_INIT;
	enum ot_status st;
	struct target *t;
	uint64_t objects;
	char line[16];

	st = target_attach(pid, o, &t, &err);
	if (st != OT_OK)
		return failed(st, &err);
	while (st == OT_OK && fgets(line, sizeof(line), stdin) != NULL) {
		objects = 0;
		st = target_snapshot(t, &r, &ev, &objects, NULL, NULL, NULL,
				     NULL, &err);
		if (st == OT_OK)
			printf("ok %" PRIu64 "\n", objects);
		fflush(stdout);
	}
	target_close(t);
	return st != OT_OK ? failed(st, &err) : 0;
}

static int
do_snaps(pid_t pid, const struct target_opts *o)
{
	struct otw_request r = { .want = OTW_WANT_OBJECTS };
	struct otw_events ev = { .begin = NULL };
	struct ot_err err = OT_ERR_INIT;
	struct target *t;
	enum ot_status st = target_attach(pid, o, &t, &err);
	int n;

	if (st != OT_OK)
		return failed(st, &err);
	for (n = 0; st == OT_OK; n += st == OT_OK)
		st = target_snapshot(t, &r, &ev, NULL, NULL, NULL, NULL, NULL,
				     &err);
	printf("%d snapshots, %s\n", n, err.msg);
	target_close(t);
	return 0;
}

static enum ot_status
save_tee(void *ctx, const void *data, size_t len, struct ot_err *err)
{
	if (fwrite(data, 1, len, ctx) != len)
		return ot_fail_errno(err, OT_FAILED, "write");
	return OT_OK;
}

static int
do_save(pid_t pid, char **files, const struct target_opts *o)
{
	const struct otw_request r = { .want = OTW_WANT_GRAPH |
						OTW_WANT_TEXT };
	const struct otw_events ev = { .begin = NULL };
	struct ot_err err = OT_ERR_INIT;
	struct target *t;
	enum ot_status st = target_attach(pid, o, &t, &err);

	if (st != OT_OK)
		return failed(st, &err);
	for (; st == OT_OK && *files != NULL; files++) {
		FILE *f = fopen(*files, "wb");

		if (f == NULL)
			break;
		st = target_snapshot(t, &r, &ev, NULL, save_tee, f, NULL, NULL,
				     &err);
		fclose(f);
	}
	target_close(t);
	return st != OT_OK ? failed(st, &err) : *files != NULL;
}

static void
print_proc(const struct target_proc *p)
{
	printf("%s %s %s: %s\n", p->runtime[0] != '\0' ? p->runtime : "-",
	       p->version[0] != '\0' ? p->version : "-",
	       p->rung[0] != '\0' ? p->rung : "-", p->why_not);
}

static int
do_look(pid_t pid)
{
	struct ot_err err = OT_ERR_INIT;
	struct target_proc p;
	enum ot_status st = target_look(pid, &p, &err);

	if (st != OT_OK)
		return failed(st, &err);
	print_proc(&p);
	return 0;
}

static int
do_list(void)
{
	struct ot_err err = OT_ERR_INIT;
	struct target_proc *v;
	uint64_t t0 = ot_now_us();
	enum ot_status st;
	size_t n, i;

	st = target_list(&v, &n, &err);
	if (st != OT_OK)
		return failed(st, &err);
	fprintf(stderr, "%zu in %" PRIu64 " us\n", n, ot_now_us() - t0);
	for (i = 0; i < n; i++) {
		printf("%d ", (int)v[i].pid);
		print_proc(&v[i]);
	}
	free(v);
	return 0;
}

static int
do_run(char **argv, const struct target_opts *o)
{
	struct ot_err err = OT_ERR_INIT;
	struct target *t;
	enum ot_status st = target_run(argv, o, &t, &err);
	int status;

	if (st != OT_OK)
		return failed(st, &err);
	fprintf(stderr, "ok %s %d\n", target_rung(t), (int)target_pid(t));
	while (!target_exiting(t)) {
		bool done;

		if (target_step(t, 100, &done, &err) != OT_OK)
			break;
	}
	fprintf(stderr, "%s\n", target_exiting(t) ? "exiting" : err.msg);
	target_continue(t);
	st = target_wait(t, &status, &err);
	target_close(t);
	return st != OT_OK ? failed(st, &err) : status;
}

int
main(int argc, char **argv)
{
	struct target_opts o = { .timeout_ms = 10000 };
	struct ot_err err = OT_ERR_INIT;
	const char *ms = getenv("ATTACHDRV_TIMEOUT_MS");
	const char *what = argc > 1 ? argv[1] : "";
	enum ot_status st;
	pid_t pid;

	if (ms != NULL)
		o.timeout_ms = strtoull(ms, NULL, 10);
	o.verbose = getenv("ATTACHDRV_VERBOSE") != NULL;
	if (strcmp(what, "list") == 0)
		return do_list();
	if (argc < 3) {
		fprintf(stderr, "usage: attachdrv attach|hold|ask|snaps|evict|"
			"look PID, save PID FILE..., "
			"list, run CMD...\n");
		return OT_USAGE;
	}
	if (strcmp(what, "run") == 0)
		return do_run(argv + 2, &o);
	pid = (pid_t)strtol(argv[2], NULL, 10);
	if (strcmp(what, "attach") == 0)
		return do_attach(pid, argc > 3 ? strtol(argv[3], NULL, 10) : 1,
				 &o);
	if (strcmp(what, "hold") == 0)
		return do_hold(pid, &o);
	if (strcmp(what, "ask") == 0)
		return do_ask(pid, &o);
	if (strcmp(what, "snaps") == 0)
		return do_snaps(pid, &o);
	if (strcmp(what, "save") == 0)
		return do_save(pid, argv + 3, &o);
	if (strcmp(what, "look") == 0)
		return do_look(pid);
	st = target_evict(pid, &o, &err);
	return st != OT_OK ? failed(st, &err) : 0;
}
