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

#include "base/emit.h"
#include "graph/analysis.h"
#include "inspector/target/target.h"

struct cmd_opts {
	enum ot_format format;
	bool limit_set;
	size_t limit;		/* rows; 0: all */
	const char *sort;	/* column, "-" turns it round; NULL: the command's */
	const char *filter;
	enum hg_scope scope;
	enum otw_mode mode;
	uint64_t timeout_ms;
	int color;		/* -1 auto, 0 never, 1 always */
	bool quiet, verbose;
	uint32_t depth, max_width, k;	/* 0: the command's default */
	bool exclude_weak;
	const char **ignore;	/* owned array of borrowed strings */
	size_t nignore;
	const char *output;	/* -o */
	bool redact;
	uint64_t interval_ms;
	const char *name;	/* --name PATTERN */
	bool retained;		/* accepted where a later version answers it */
};

/* One invocation, after parsing.  Strings are argv's. */
struct cmd {
	const char *name;	/* "types"; "ui" for the bare objtop [TARGET] */
	struct cmd_opts opts;
	const char *target;	/* the TARGET word, or NULL */
	const char **args;	/* what follows TARGET */
	size_t nargs;
	char **exec;		/* run: behind "--", NULL-terminated */
};

typedef enum ot_status (*cmd_fn)(const struct cmd *c, struct ot_err *err);

struct cmd_def {
	const char *name, *args, *help;
	cmd_fn run;
};
extern const struct cmd_def cmd_defs[];		/* ends with name NULL */

/* Set by SIGINT and SIGTERM handlers; long work looks at it. */
extern volatile sig_atomic_t cmd_interrupted;

/* PID, file or --name to an open target. */
enum ot_status cmd_open(const struct cmd *c, struct target **out,
			struct ot_err *err);

/* Snapshot (or file) into a graph; says on stderr what takes long. */
enum ot_status cmd_load(const struct cmd *c, struct target *t,
			enum hg_needs needs, struct hg_graph **out,
			struct ot_err *err);

/* What to ask the agent for. */
uint32_t cmd_want(enum hg_needs needs, bool redact);

/* One-row tables for the JSON envelope; g may be NULL. */
struct ot_table *cmd_target_row(const struct hg_graph *g);
struct ot_table *cmd_snapshot_row(const struct hg_graph *g);

/* Filter, sort, limit, print to stdout as the options say. */
enum ot_status cmd_print(const struct cmd *c, struct ot_table *t,
			 const struct hg_graph *g, const char *default_sort,
			 size_t default_limit, struct ot_err *err);

/* The terminal UI; c->target NULL opens the picker.  cmd_ui.c */
enum ot_status cmd_ui(const struct cmd *c, struct ot_err *err);

/* The UI on a target that is open already (run, demo); it stays the caller's. */
enum ot_status cmd_ui_on(const struct cmd *c, struct target *t,
			 struct ot_err *err);

#define COMMAND(name, args, help) \
enum ot_status cmd_##name(const struct cmd *c, struct ot_err *err);
#include "inspector/cmd/commands.def"

#endif
