/* SPDX-License-Identifier: MIT */
/*
 * view.h - what a view is: a table of callbacks, with a private state that
 * the frame allocates.
 *
 * Views look at data (the `ctx` all of them share) and draw; they do no I/O
 * and change nothing outside their state.  What a key should bring about they
 * return as an effect; the frame (ui.h) and its host carry it out.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "base/err.h"
#include "inspector/ui/actions.h"
#include "inspector/ui/cells.h"
#include "inspector/ui/job.h"
#include "inspector/ui/table.h"

#define UI_EFFECT_TEXT 1024

enum ui_subject_kind {
	UI_SUBJECT_NONE,
	UI_SUBJECT_TYPE,	/* addr: of the type; name: its full name */
	UI_SUBJECT_OBJECT,	/* addr; name: its type */
	UI_SUBJECT_ROOT,	/* addr: kind of root; name: of the root */
	UI_SUBJECT_PROCESS,	/* addr: pid; name: command */
};

/*
 * What something is about.  Addresses and names, not ids, so that it means
 * the same thing after the next sample.  The name holds raw bytes.
 */
struct ui_subject {
	enum ui_subject_kind kind;
	uint64_t addr;
	char name[256];
};

enum ui_effect_kind {
	UI_FX_NONE,
	UI_FX_SAY,	/* text on the status line */
	UI_FX_REFUSE,	/* the same as an error */
	UI_FX_OPEN,	/* view on subject */
	UI_FX_QUIT,
	UI_FX_HELP,
	UI_FX_FILTER,	/* text */
	UI_FX_SORT,	/* text: column */
	UI_FX_AGAIN,	/* of a command line: run it again with a graph */
	UI_FX_HOST,	/* `action`, with text and subject: the host's */
};

struct ui_effect {
	enum ui_effect_kind kind;
	const char *view;	/* static */
	struct ui_subject subject;
	enum ui_action action;
	bool confirmed;		/* the user was asked and said yes */
	char text[UI_EFFECT_TEXT];
};

struct ui_view;

struct ui_view_ops {
	unsigned where;		/* enum ui_where */
	bool graph;		/* needs a whole graph */
	bool heap;		/* is about the whole heap: needs no subject */
	bool whole;		/* g draws what it was opened on, not a row */
	size_t state;		/* bytes of private state */

	/* Makes the state (zeroed before) and v->table. */
	enum ot_status (*open)(struct ui_view *v, struct ot_err *err);
	void (*close)(struct ui_view *v);

	/* The data changed: node ids of the state mean nothing any more. */
	void (*rebind)(struct ui_view *v);

	/* May be NULL from here on. */
	/*
	 * Long work, after open and rebind, on a thread: may write to the
	 * state, which is not drawn meanwhile.  `loaded` then runs in the loop.
	 */
	enum ot_status (*load)(struct ui_view *v, struct ui_job *job,
			       struct ot_err *err);
	void (*loaded)(struct ui_view *v);

	/* NULL: the table fills it. */
	void (*draw)(struct ui_view *v, struct ui_cells *c, struct ui_rect r);

	/* An action tables do not know; false: not used here. */
	bool (*act)(struct ui_view *v, enum ui_action a, struct ui_effect *fx);

	/* What is selected; false: nothing. */
	bool (*subject)(struct ui_view *v, struct ui_subject *out);

	/* Its step of the crumb line, escaped. */
	void (*crumb)(struct ui_view *v, struct ot_buf *out);

	/* The text of the details box, escaped. */
	void (*details)(struct ui_view *v, struct ot_buf *out);

	/* What Y copies; else the subject's address or name. */
	void (*copy)(struct ui_view *v, struct ot_buf *out);
};

/* A line of views.def. */
struct ui_view_def {
	const char *name;	/* "types" */
	const char *title;	/* "Types" */
	unsigned tab;		/* key 1..9, 0: none */
	const char *help;
	const struct ui_view_ops *ops;
};

struct ui_view {
	const struct ui_view_def *def;
	void *state;
	void *ctx;		/* shared by all views, the host's */
	struct ui_subject subject;	/* what it was opened on */
	struct ui_table *table;		/* the frame frees it */
	bool loading;		/* a load is to run or runs */
	char problem[512];	/* shown in place of the table; "" : none */
};

#endif
