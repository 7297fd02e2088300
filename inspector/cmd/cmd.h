/* SPDX-License-Identifier: MIT */
/*
 * cmd.h - what commands share: parsed options, opening the target, loading
 * its graph, printing a table.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/emit.h"
#include "graph/analysis.h"
#include "graph/picture.h"
#include "inspector/target/target.h"

struct cmd_opts {
	enum ot_format format;
	bool limit_set;
	size_t limit;		/* rows; 0: all */
	const char *sort;	/* column, "-" turns it round; NULL: the command's */
	const char *filter;
	enum hg_scope scope;
	enum hg_by by;
	enum otw_mode mode;
	uint64_t timeout_ms;
	int color;		/* -1 auto, 0 never, 1 always */
	bool quiet, verbose;
	uint32_t depth, max_width, k;	/* 0: the command's default */
	bool exclude_weak;
	bool retained;		/* types */
	const char **ignore;	/* owned array of borrowed strings */
	size_t nignore;
	const char *output;	/* -o */
	const char *listen;	/* --listen, --serve-metrics */
	int export_as;		/* 1 + place in hg_formats; 0: not given */
	bool redact;
	bool run_children;	/* run --children */
	uint64_t interval_ms;
	double budget;		/* share of a core; 0: the default */
	bool ages;
	uint32_t rounds;	/* 0: the command's default */
	const char *name;	/* --name PATTERN */
	/* gc */
	bool watch, freeze, unfreeze, disable, enable, restore, here;
	bool collect, threshold_set;
	uint32_t generation;		/* of collect */
	int64_t threshold[3];		/* -1: as it is */
	uint64_t lasting_ms;		/* --for; 0: without end */
	/* record */
	bool exec_child, include_children;
	uint64_t until_rss;
	uint32_t until_pressure;	/* percent; 0: not */
	const char *snapshot_to, *plot;
	pid_t children;		/* --children PID; 0: not given */
	bool all;		/* --all that --name matches */
	const char *highlight;
	bool info_address, info_refcount, info_generation;
	bool short_names, no_fold, treemap;
	int theme;		/* enum hg_theme */
};

/* One invocation, after parsing.  Strings are argv's. */
struct cmd {
	const char *name;	/* "types"; "ui" for the bare objtop [TARGET] */
	struct cmd_opts opts;
	const char *target;	/* the TARGET word, or NULL */
	const char **args;	/* what follows TARGET */
	size_t nargs;
	char **exec;		/* run: behind "--", NULL-terminated */
	const char **words;	/* owned; args points into it */
	char **argv;		/* as it was typed */
	int argc;
};

typedef enum ot_status (*cmd_fn)(const struct cmd *c, struct ot_err *err);

struct cmd_def {
	const char *name, *args, *help;
	cmd_fn run;
};
extern const struct cmd_def cmd_defs[];		/* ends with name NULL */

/* Runs a parsed command; the bare form where there is no terminal too. */
enum ot_status cmd_dispatch(const struct cmd *c, struct ot_err *err);

/* Set by SIGINT and SIGTERM handlers; long work looks at it. */
extern volatile sig_atomic_t cmd_interrupted;

enum ot_status cmd_version(const struct cmd *c, struct ot_err *err);

/* True where the terminal UI can run: keys and a screen that can move. */
bool cmd_has_terminal(void);

/* A line on stderr, unless -q. */
void cmd_say(const struct cmd *c, const char *fmt, ...) OT_PRINTF(2, 3);

/* The options as target and graph want them. */
struct target_opts cmd_target_opts(const struct cmd *c);
struct hg_args cmd_hg_args(const struct cmd *c);

/* TARGET is given by --name or --children. */
bool cmd_names_targets(const struct cmd *c);
/* And by its options there may be several of them, in one table. */
bool cmd_names_several(const struct cmd *c);

/* All processes that --name or --children mean; free() them.  which.c */
enum ot_status cmd_pids(const struct cmd *c, pid_t **pids, size_t *n,
			struct ot_err *err);

/*
 * Enters them all; those that cannot be entered are told of and left out of
 * pids, *n is how many remain.  Fails where none does.
 */
enum ot_status cmd_attach_all(const struct cmd *c, pid_t *pids,
			      struct target **targets, size_t *n,
			      struct ot_err *err);

/*
 * The analysis c->name of several processes, in one table with a column for
 * each.  side.c
 */
enum ot_status cmd_side(const struct cmd *c, const pid_t *pids,
			struct ot_table **tables, size_t n,
			struct ot_err *err);

/* The one process of TARGET, --name or --children. */
enum ot_status cmd_pid(const struct cmd *c, pid_t *pid, struct ot_err *err);

/* PID, file, --name or --children to an open target. */
enum ot_status cmd_open(const struct cmd *c, struct target **out,
			struct ot_err *err);

/* Snapshot (or file) into a graph; says on stderr what takes long. */
enum ot_status cmd_load(const struct cmd *c, struct target *t,
			enum hg_needs needs, struct hg_graph **out,
			struct ot_err *err);

/* Analyses that compare snapshots: growth, diff.  history.c */
enum ot_status cmd_history(const struct cmd *c, struct ot_err *err);

/* What to ask the agent for. */
uint32_t cmd_want(enum hg_needs needs, bool redact);

/* One-row tables for the JSON envelope; NULL where g (or i) is. */
struct ot_table *cmd_target_row(const struct hg_graph *g);
struct ot_table *cmd_snapshot_row(const struct hg_graph *g);
struct ot_table *cmd_target_head(const struct hg_info *i);
struct ot_table *cmd_snapshot_head(const struct hg_info *i);

/*
 * Prints a finished table to `out`; heads may be NULL.  A pipe that was closed
 * on the other side is no failure.
 */
enum ot_status cmd_emit(const struct cmd *c, const struct ot_table *t,
			enum ot_format format, const struct ot_table *target,
			const struct ot_table *snapshot, FILE *out,
			struct ot_err *err);

/* Plain text to stdout; a closed pipe is no failure here either. */
enum ot_status cmd_puts(const struct ot_buf *text, struct ot_err *err);

/* The picture that -o asks for, into that file; how it shall look.  picture.c */
enum ot_status cmd_draw(const struct cmd *c, const struct hg_graph *g,
			struct ot_err *err);
struct hg_look cmd_look(const struct cmd *c);

/* The table of `types` of a graph that is loaded already (run, demo). */
enum ot_status cmd_print_types(const struct cmd *c, const struct hg_graph *g,
			       struct ot_err *err);

/* Rows to show: -n, else the default on a terminal, else all (0). */
size_t cmd_limit(const struct cmd *c, size_t default_limit);

/*
 * The table of the analysis named c->name on stdout, in its own order and
 * with its own number of rows where the options say nothing.
 */
enum ot_status cmd_analysis_print(const struct cmd *c,
				  const struct hg_graph *g,
				  const struct hg_args *args,
				  struct ot_err *err);

/* The table alone, of all rows; and how the analysis wants it shown. */
enum ot_status cmd_analysis_table(const struct cmd *c,
				  const struct hg_graph *g,
				  const struct hg_args *args,
				  struct ot_table **out, struct ot_err *err);

/* Filter, sort, limit, print to stdout as the options say. */
enum ot_status cmd_print(const struct cmd *c, struct ot_table *t,
			 const struct hg_graph *g, const char *default_sort,
			 size_t default_limit, struct ot_err *err);
enum ot_status cmd_print_to(const struct cmd *c, struct ot_table *t,
			    const struct hg_graph *g, const char *default_sort,
			    size_t default_limit, FILE *out,
			    struct ot_err *err);

/*
 * The whole stream of a snapshot into a file, and what it says of itself.
 * Used by `snapshot` and by `run -o`.
 */
enum ot_status cmd_save(const struct cmd *c, struct target *t,
			const char *path, struct ot_err *err);

/*
 * `gc` where it is to watch or to change something, not only to tell how the
 * collector stands.  gc_act.c
 */
bool cmd_gc_acts(const struct cmd *c);
enum ot_status cmd_gc_act(const struct cmd *c, struct ot_err *err);

/* The terminal UI; c->target NULL opens the picker.  cmd_ui.c */
enum ot_status cmd_ui(const struct cmd *c, struct ot_err *err);

/* The UI on a target that is open already (run, demo); it stays the caller's. */
enum ot_status cmd_ui_on(const struct cmd *c, struct target *t,
			 struct ot_err *err);

#define COMMAND(name, args, help) \
enum ot_status cmd_##name(const struct cmd *c, struct ot_err *err);
#include "inspector/cmd/commands.def"

#endif
