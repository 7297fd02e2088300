/* SPDX-License-Identifier: MIT */
/*
 * load.c - one snapshot into a graph, with the times and the memory it took,
 * as a line of JSON: the viewer's half of `make bench`.
 *
 *	load [--counts | --text] [--retained] [--clone] TARGET
 *
 * TARGET is a PID or a snapshot file.  --counts asks for counts alone, --text
 * for values too, --retained has the dominators of the graph computed and
 * counted in what is there at rest.  --clone looks at the clone's private pages meanwhile, which
 * costs it time: leave times of that run alone.  Times are from the start of
 * target_attach(), in microseconds; memory is above what the process had
 * before, in bytes.
 */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "graph/builder.h"
#include "graph/dom.h"
#include "inspector/target/target.h"
#include "wire/wire.h"

static struct {
	uint64_t attached, begun, ended, built;
	uint64_t clone_pid, clone_private, clone_ring, seen_at;
	bool look, retained;
	uint64_t dominated;
} run;

/* A field of a file like /proc/self/status, in bytes. */
static uint64_t
field(const char *path, const char *name)
{
	char line[256];
	uint64_t kib = 0;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtoull(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return kib * 1024;
}

/*
 * Dirty pages that the clone alone has: of its private mappings, and of those
 * that it shares with the program (the ring), which has read less by then.
 */
static void
look_at_clone(void)
{
	uint64_t private = 0, ring = 0, kib;
	char path[64], line[512], perms[8];
	bool shared = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/smaps",
		 run.clone_pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*x-%*x %7s", perms) == 1)
			shared = perms[3] == 's';
		else if (sscanf(line, "Private_Dirty: %" SCNu64, &kib) == 1)
			*(shared ? &ring : &private) += kib * 1024;
	}
	if (f)
		fclose(f);
	if (private > run.clone_private)
		run.clone_private = private;
	if (ring > run.clone_ring)
		run.clone_ring = ring;
	run.seen_at = ot_now_us();
}

static void
forget_peak(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "w");

	if (f) {
		fputs("5", f);
		fclose(f);
	}
}

/* What a wrapped callback of the builder gets. */
static enum ot_status
on_begin(void *ctx, const struct otw_begin *b, struct ot_err *err)
{
	run.begun = ot_now_us();
	run.clone_pid = b->clone_pid;
	return hg_builder_events()->begin(ctx, b, err);
}

static enum ot_status
on_progress(void *ctx, const struct otw_progress *p, struct ot_err *err)
{
	if (run.look && run.clone_pid && ot_now_us() - run.seen_at > 50000)
		look_at_clone();
	return hg_builder_events()->progress(ctx, p, err);
}

static int
load(struct target *t, uint32_t want, uint64_t start, uint64_t before)
{
	struct otw_request r = { .want = want, .timeout_ms = 300000 };
	struct otw_events ev = *hg_builder_events();
	struct hg_builder *b = hg_builder_new();
	const struct hg_info *info;
	const struct hg_dom *dom;
	struct hg_graph *g = NULL;
	uint64_t peak, asked = ot_now_us();
	struct ot_err err = OT_ERR_INIT;
	enum ot_status st;

	ev.begin = on_begin;
	ev.progress = on_progress;
	st = b ? target_snapshot(t, &r, &ev, b, NULL, NULL, NULL, NULL, &err)
	       : OT_FAILED;
	run.ended = ot_now_us();
	if (st == OT_OK)
		st = hg_builder_finish(b, true, &g, &err);
	run.built = ot_now_us();
	hg_builder_free(b);
	if (st != OT_OK) {
		fprintf(stderr, "load: %s\n", err.msg);
		return 1;
	}
	if (run.retained && hg_dom_of(g, NULL, &dom, &err) != OT_OK)
		fprintf(stderr, "load: %s\n", err.msg);
	run.dominated = ot_now_us();
	peak = field("/proc/self/status", "VmHWM:") - before;
	malloc_trim(0);
	info = hg_info(g);
	printf("{\"attach\": %" PRIu64 ", \"stopped\": %" PRIu64
	       ", \"begun\": %" PRIu64 ", \"ended\": %" PRIu64
	       ", \"built\": %" PRIu64 ", \"held\": %" PRIu64
	       ", \"asked\": %" PRIu64 ", \"dominated\": %" PRIu64
	       ", \"objects\": %" PRIu64 ", \"edges\": %" PRIu64
	       ", \"tracked\": %" PRIu64 ", \"graph\": %zu, \"rest\": %" PRIu64
	       ", \"peak\": %" PRIu64 ", \"clone_private\": %" PRIu64
	       ", \"clone_ring\": %" PRIu64 ", \"clone_pid\": %" PRIu64 "}\n",
	       run.attached - start, target_stopped_us(t), run.begun - start,
	       run.ended - start, run.built - start, info->held_us,
	       asked - start, run.dominated - start, info->objects, info->edges, info->tracked,
	       hg_memory(g), field("/proc/self/status", "VmRSS:") - before,
	       peak, run.clone_private, run.clone_ring, run.clone_pid);
	hg_graph_free(g);
	return 0;
}

int
main(int argc, char **argv)
{
	struct target_opts o = { .timeout_ms = 60000 };
	uint32_t want = OTW_WANT_GRAPH;
	struct ot_err err = OT_ERR_INIT;
	struct target *t = NULL;
	uint64_t start, before;
	enum ot_status st;
	int i, rc;

	for (i = 1; i < argc - 1; i++) {
		if (strcmp(argv[i], "--counts") == 0)
			want = OTW_WANT_COUNTS;
		else if (strcmp(argv[i], "--text") == 0)
			want |= OTW_WANT_TEXT;
		else if (strcmp(argv[i], "--retained") == 0)
			run.retained = true;
		else if (strcmp(argv[i], "--clone") == 0)
			run.look = true;
	}
	if (i != argc - 1) {
		fputs("usage: load [--counts | --text] [--retained] [--clone] "
		      "TARGET\n",
		      stderr);
		return 2;
	}
	forget_peak();
	before = field("/proc/self/status", "VmRSS:");
	start = ot_now_us();
	st = isdigit((unsigned char)argv[i][0])
		     ? target_attach(atoi(argv[i]), &o, &t, &err)
		     : target_open_file(argv[i], &t, &err);
	run.attached = ot_now_us();
	if (st != OT_OK) {
		fprintf(stderr, "load: %s\n", err.msg);
		return 1;
	}
	rc = load(t, want, start, before);
	target_close(t);
	return rc;
}
