/* SPDX-License-Identifier: MIT */
/*
 * cmd_snapshot.c - the agent's stream into a file, byte for byte.
 *
 * The stream is decoded on its way only to see that it is whole and to tell
 * what is in it; no graph is built, so memory does not grow with the heap.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/units.h"
#include "inspector/cmd/cmd.h"
#include "wire/file.h"
#include "wire/wire.h"

/* What the stream says of itself; strings are in the arena. */
struct save {
	struct ot_arena arena;
	struct hg_info info;
	struct otw_writer *writer;
	bool ended;
};

static char *
save_str(struct save *s, struct otw_str str)
{
	return ot_arena_strndup(&s->arena, str.s, str.len);
}

static enum ot_status
save_hello(void *ctx, const struct otw_hello *h, struct ot_err *err)
{
	struct save *s = ctx;

	s->info.pid = h->pid;
	s->info.runtime = save_str(s, h->runtime);
	s->info.version = save_str(s, h->runtime_version);
	s->info.command = save_str(s, h->command);
	if (s->info.runtime == NULL || s->info.version == NULL ||
	    s->info.command == NULL)
		return ot_fail_nomem(err, "the snapshot");
	return OT_OK;
}

static enum ot_status
save_begin(void *ctx, const struct otw_begin *b, struct ot_err *err)
{
	struct save *s = ctx;

	(void)err;
	s->info.time_ns = b->time_ns;
	s->info.mode = b->mode == OTW_MODE_PAUSE ? "pause" : "fork";
	s->info.held_us = b->held_ns / 1000;
	s->info.want = b->want;
	return OT_OK;
}

static enum ot_status
save_unseen(void *ctx, const struct otw_unseen *u, struct ot_err *err)
{
	struct save *s = ctx;
	struct ot_buf all = OT_BUF_INIT;
	char *text;

	if (s->info.unseen != NULL)
		ot_buf_addf(&all, "%s; ", s->info.unseen);
	ot_buf_add(&all, u->reason.s, u->reason.len);
	text = ot_arena_strdup(&s->arena, ot_buf_str(&all));
	ot_buf_release(&all);
	if (text == NULL)
		return ot_fail_nomem(err, "the snapshot");
	/* A stream that complains for ever is heard so far and no further. */
	if (strlen(text) < 4096)
		s->info.unseen = text;
	return OT_OK;
}

static enum ot_status
save_end(void *ctx, const struct otw_end *e, struct ot_err *err)
{
	struct save *s = ctx;

	(void)err;
	s->info.objects = e->objects;
	s->info.tracked = e->tracked;
	s->info.edges = e->refs;
	s->info.bytes = e->bytes;
	s->info.held_us = e->held_ns / 1000;
	s->info.whole = true;
	s->ended = true;
	return OT_OK;
}

static const struct otw_events save_events = {
	.hello = save_hello,
	.begin = save_begin,
	.unseen = save_unseen,
	.end = save_end,
};

static enum ot_status
save_tee(void *ctx, const void *data, size_t len, struct ot_err *err)
{
	struct save *s = ctx;

	return otw_writer_add(s->writer, data, len, err);
}

static bool
save_tick(void *ctx)
{
	(void)ctx;
	return cmd_interrupted != 0;
}

static const struct ot_col saved_cols[] = {
	{ "file", OT_CELL_STR, OT_COL_FLEX },
	{ "objects", OT_CELL_INT, 0 },
	{ "bytes", OT_CELL_BYTES, 0 },
	{ "file_bytes", OT_CELL_BYTES, 0 },
	{ "pause_us", OT_CELL_INT, 0 },
	{ "redacted", OT_CELL_BOOL, 0 },
};

/* The row of --json and --csv. */
static enum ot_status
saved_print(const struct cmd *c, const struct hg_info *i, const char *path,
	    uint64_t file_bytes, struct ot_err *err)
{
	struct ot_table *t, *target, *snapshot;
	struct ot_cell *row = NULL;
	enum ot_status st;

	t = ot_table_new(saved_cols, OT_ARRAY_LEN(saved_cols));
	target = cmd_target_head(i);
	snapshot = cmd_snapshot_head(i);
	if (t != NULL)
		row = ot_table_row(t);
	if (row == NULL || target == NULL || snapshot == NULL ||
	    !ot_cell_str(t, &row[0], path, strlen(path))) {
		st = ot_fail_nomem(err, "the output");
	} else {
		ot_cell_int(&row[1], (int64_t)i->objects);
		ot_cell_bytes(&row[2], i->bytes);
		ot_cell_bytes(&row[3], file_bytes);
		ot_cell_int(&row[4], (int64_t)i->held_us);
		ot_cell_bool(&row[5], !(i->want & OTW_WANT_TEXT));
		st = cmd_emit(c, t, c->opts.format, target, snapshot, stdout,
			      err);
	}
	ot_table_free(t);
	ot_table_free(target);
	ot_table_free(snapshot);
	return st;
}

static enum ot_status
saved_tell(const struct cmd *c, const struct hg_info *i, const char *path,
	   struct ot_err *err)
{
	char n[32], bytes[32], size[32], held[32];
	struct stat sb;
	uint64_t file_bytes = 0;

	if (stat(path, &sb) == 0)
		file_bytes = (uint64_t)sb.st_size;
	cmd_say(c, "wrote %s: %s objects, %s, in %s; target held %s", path,
		ot_fmt_count(n, sizeof(n), i->objects),
		ot_fmt_bytes(bytes, sizeof(bytes), i->bytes),
		ot_fmt_bytes(size, sizeof(size), file_bytes),
		ot_fmt_duration_us(held, sizeof(held), i->held_us));
	if (i->unseen != NULL)
		cmd_say(c, "not read: %s", i->unseen);
	if (c->opts.format == OT_FMT_TEXT)
		return OT_OK;
	return saved_print(c, i, path, file_bytes, err);
}

enum ot_status
cmd_save(const struct cmd *c, struct target *t, const char *path,
	 struct ot_err *err)
{
	struct otw_request r = { .want = cmd_want(HG_NEEDS_TEXT,
						  c->opts.redact),
				 .mode = c->opts.mode,
				 .timeout_ms = c->opts.timeout_ms };
	struct save s = { .arena = OT_ARENA_INIT };
	enum ot_status st;

	s.info.runtime = s.info.version = s.info.command = s.info.mode = "";
	st = otw_writer_open(path, &s.writer, err);
	if (st != OT_OK)
		return st;
	st = target_snapshot(t, &r, &save_events, &s, save_tee, &s, save_tick,
			     NULL, err);
	if (st == OT_OK && !s.ended)
		st = ot_fail(err, OT_FAILED,
			     "the snapshot ended early; %s was not written",
			     path);
	if (st == OT_OK)
		st = otw_writer_commit(s.writer, err);
	else
		otw_writer_abort(s.writer);
	if (st == OT_OK)
		st = saved_tell(c, &s.info, path, err);
	ot_arena_release(&s.arena);
	return st;
}

enum ot_status
cmd_snapshot(const struct cmd *c, struct ot_err *err)
{
	struct target *t = NULL;
	enum ot_status st;

	st = cmd_open(c, &t, err);
	if (st != OT_OK)
		return st;
	if (c->opts.redact && target_is_file(t))
		st = ot_fail(
			err, OT_USAGE,
			"--redact needs a process: what is in %s stays in it",
			target_path(t));
	else
		st = cmd_save(c, t, c->opts.output, err);
	target_close(t);
	return st;
}
