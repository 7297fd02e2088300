/* SPDX-License-Identifier: MIT */
/*
 * views.h - what all views look at, and what they share.
 */
#ifndef VIEWS_VIEWS_H
#define VIEWS_VIEWS_H

#include "graph/analysis.h"
#include "graph/picture.h"
#include "inspector/ui/view.h"
#include "inspector/views/live.h"

#define VIEW_RSS_KEPT 16

enum view_state {
	VIEW_LIVE,		/* sampled at the interval */
	VIEW_PAUSED,
	VIEW_FILE,		/* a snapshot file: nothing moves */
	VIEW_ENDED,		/* the program ended by itself */
	VIEW_LOST,		/* the target or its agent is gone */
};

/* What the header says; filled by whoever owns the target. */
struct view_status {
	enum view_state state;
	uint64_t pid;
	char runtime[64];	/* "python 3.11.7" */
	char command[256];	/* escaped */
	char file[256];		/* of a file; escaped */
	char lost[256];		/* why, escaped */
	uint64_t uptime_s;
	uint64_t rss[VIEW_RSS_KEPT];	/* oldest first */
	size_t nrss;

	char time[16];		/* of the last sample, local: "11:02:13" */
	char mode[16];
	uint64_t held_us;
	double cost;		/* share of time the target was held, 0..1 */
	double own;		/* our own share of a core for the census, */
	double part;		/* which looked at so much of the heap, 0..1 */
	bool census;		/* the last sample was one; held_us is of the
				 * last snapshot then */
	char no_census[32];	/* why there is none, in a word; escaped */
	uint64_t interval_ms;	/* as it is */
	uint64_t asked_ms;	/* as it was asked for */
	uint64_t samples;	/* taken so far */
};

/* Everything views see.  Pointers may be NULL. */
struct view_ctx {
	const struct hg_graph *graph;
	const struct hg_graph *mark;	/* a baseline's objects, for `=` */
	struct live *live;
	const struct ot_table *procs;	/* for the picker, see v_picker.c */
	const struct ot_table *gc;	/* of analysis gc, of the last sample */
	struct view_status status;
};

#define VIEW(name, title, tab, help) \
extern const struct ui_view_ops view_##name;
#include "inspector/views/views.def"

extern const struct ui_view_def view_defs[];	/* ends with name NULL */

/* Rows 0..2 of the screen; returns how many. */
int view_header_draw(const struct view_ctx *ctx, struct ui_cells *c);

/*
 * A ":" line: "show Session#3", "sort bytes", "q".  OT_USAGE says what there
 * is.  fx->kind UI_FX_AGAIN: it needs a graph first.
 */
enum ot_status view_command(const struct view_ctx *ctx,
			    const struct ui_view *top, const char *line,
			    struct ui_effect *fx, struct ot_err *err);
void view_command_complete(const struct view_ctx *ctx,
			   const struct ui_view *top, const char *line,
			   struct ot_buf *out);
/* Where the name of a file begins in the line; 0: it takes none. */
size_t view_command_file(const char *line);

/*
 * What `g` draws: the tree or the chains a view shows, else what refers to
 * the subject.  Reads the graph only.
 */
enum ot_status view_picture(const struct hg_graph *g, const char *view,
			    const struct ui_subject *s,
			    const struct hg_args *args,
			    struct hg_picture **out, struct ot_err *err);

/*
 * What is open in a tree of references, made at once; *out NULL: the view is
 * none of those, view_picture() it is.
 */
enum ot_status view_picture_open(const struct ui_view *v,
				 struct hg_picture **out, struct ot_err *err);

/* Subjects and nodes.  HG_NONE: not in this graph. */
hg_node view_node(const struct hg_graph *g, const struct ui_subject *s);
hg_kind view_kind(const struct hg_graph *g, const struct ui_subject *s);
void view_subject_node(const struct hg_graph *g, hg_node n,
		       struct ui_subject *out);
void view_subject_kind(const struct hg_graph *g, hg_kind k,
		       struct ui_subject *out);

/* "Session 0x7f..", "type dict", "module shop.cache", escaped. */
void view_subject_text(const struct ui_subject *s, struct ot_buf *out);
/* The address alone, or the name where there is none. */
void view_subject_short(const struct ui_subject *s, struct ot_buf *out);

/* A command line without the folder of its program. */
const char *view_program(const char *command);

/* Sets v->problem: the subject is not in the sample of now. */
void view_gone(struct ui_view *v);

/* Type of a node as rows show it; the kind of root for a root. */
const char *view_type_of(const struct hg_graph *g, hg_node n);
/* Its one-line text, the name for a root, into a cell. */
void view_text_cell(const struct hg_graph *g, hg_node n, struct ot_table *t,
		    struct ot_cell *out);
/* The lines of the details box. */
void view_node_details(const struct hg_graph *g, hg_node n,
		       struct ot_buf *out);
/* The label of an edge into a cell. */
void view_edge_cell(const struct hg_graph *g, hg_edge e, struct ot_table *t,
		    struct ot_cell *out);

#endif
