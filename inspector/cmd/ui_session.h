/* SPDX-License-Identifier: MIT */
/*
 * ui_session.h - one run of the terminal UI: the target, the graph, the
 * clock, and what the host of inspector/ui/ui.h has to do with them.
 *
 * cmd_ui.c opens and closes; ui_session.c is the clock (samples, loss, the
 * picker's list); ui_host.c carries out what keys ask for.
 */
#ifndef CMD_UI_SESSION_H
#define CMD_UI_SESSION_H

#include "inspector/cmd/cmd.h"
#include "inspector/cmd/ui_sample.h"
#include "inspector/ui/loop.h"
#include "inspector/views/views.h"

/* Going into a process that was picked. */
struct ui_attach {
	struct ui_job *running;
	pid_t pid;
	struct target_opts opts;
	struct target *t;
};

/* The picker's list being made. */
struct ui_list {
	struct ui_job *running;
	struct ot_table *rows;
	uint64_t next_us;
};

/* A picture being drawn, on the frame's thread slot. */
struct ui_drawing {
	const struct hg_graph *g;
	const char *view;
	struct ui_subject subject;
	struct hg_args args;
	struct hg_picture *made;	/* what is open in a tree; else NULL */
	struct hg_look look;
	char path[UI_EFFECT_TEXT];
	size_t nodes;
};

/* A table on its way into a file. */
struct ui_export {
	struct ot_table *rows;		/* NULL: nothing is being exported */
	struct ui_table *table;		/* read so far up to `at`; NULL: whole */
	uint64_t version;
	uint32_t at;
	struct ot_col cols[16];
	size_t ncols;
	const char *view;
	struct ot_table *target, *snapshot;
	enum ot_format format;
	char path[UI_EFFECT_TEXT];
};

/* Retained bytes of all types being computed. */
struct ui_retained {
	const struct hg_graph *g;
	struct ot_table *rows;		/* of `types --retained` */
};

struct ui_session {
	const struct cmd *c;
	struct ui_loop *loop;
	struct ui *ui;
	struct view_ctx ctx;
	struct live live;

	struct target *t;
	bool owns;		/* t was opened here */
	bool lost;		/* nothing more comes from it */
	bool exiting;		/* it waits for us at its exit */
	struct hg_graph *graph;	/* what views see */
	struct hg_graph *next;	/* takes its place when no work runs on it */
	uint64_t graph_us;	/* when it was taken */
	struct hg_graph *mark, *next_mark;	/* likewise */

	struct ui_sample sample;
	struct ui_census census;
	bool want_graph, want_now, want_mark, want_collect;
	bool want_counts;	/* by the agent, whatever the census says */
	char want_file[1024];	/* a snapshot is to be written there */
	uint64_t next_us;	/* of the live table */
	uint64_t last_us;	/* start of the last sample */
	uint64_t snap_us;	/* ... of the last snapshot */
	uint64_t again_us;	/* the census may ask for one then; 0: never */
	bool paused;

	struct ot_table *gc;	/* what ctx.gc points at */

	struct ui_attach attach;
	struct ui_list list;
	struct ui_drawing drawing;
	struct ui_export export;
	struct ui_retained retained;
	struct target *load;	/* takes the place of t */
	uint64_t proc_us;	/* /proc is to be read again then */
	pid_t shower;		/* xdg-open */
};

/* ui_session.c */
int ui_session_tick(void *ctx, struct ui *ui);
int ui_session_watch(void *ctx);
void ui_session_begin(struct ui_session *s);	/* t is there: a new start */
void ui_session_release(struct ui_session *s);	/* waits for threads */

/* ui_host.c */
void ui_session_host(struct ui_session *s, struct ui_host *host);

/* ui_export.c */
void ui_export_start(struct ui_session *s, const char *path);
bool ui_export_step(struct ui_session *s);	/* true: there is more */
void ui_export_end(struct ui_export *e);

/* ui_load.c */
void ui_load_ask(struct ui_session *s, const struct ui_effect *fx);
void ui_load_step(struct ui_session *s);

/* ui_retained.c */
void ui_retained_start(struct ui_session *s);

/* ui_files.c: lines that may come of `line`, a file's name from skip on */
void ui_files_complete(const char *line, size_t skip, struct ot_buf *out);

/* ui_list.c: rows of inspector/views/v_picker.c */
enum ot_status ui_list_rows(struct ot_table **out, struct ot_err *err);

#endif
