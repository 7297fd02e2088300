/* SPDX-License-Identifier: MIT */
/*
 * record.h - a process over time: written line by line, read, drawn.
 *
 * A recording is text, one JSON object a line:
 *
 *	{"objtop_record": 1, "start": MS, "pid": 7, "command": "...", ...}
 *	{"t": MS, "rss": BYTES, "pss": BYTES, "children": N,
 *	 "children_rss": BYTES, "gc": [PAUSES, US, LONGEST_US], "types":
 *	 [["dict", COUNT, BYTES], ...], "objects": N, "bytes": BYTES}
 *	{"t": MS, "event": "..."}
 *
 * Times are Unix milliseconds; what was not measured is left out.  Each line
 * is one write(2) at the end of the file, so whatever ends the recorder leaves
 * a file that is whole up to its last line; a torn line is skipped by readers,
 * and a recording may be gone on with.
 */
#ifndef CMD_RECORD_H
#define CMD_RECORD_H

#include "inspector/cmd/cmd.h"

#define RECORD_TYPES	30	/* written of a sample, the most common */

/* ---- record_write.c ---- */

struct record_file;

enum ot_status record_open(const char *path, struct record_file **out,
			   struct ot_err *err);
void record_close(struct record_file *f);	/* NULL ok */

struct record_gc {
	uint64_t pauses, us, longest_us;
};

struct record_now {
	uint64_t rss;
	uint64_t pss;			/* 0: not measured */
	uint64_t children, children_rss;
	bool with_children, with_gc;
	struct record_gc gc;
	const struct hg_graph *counts;	/* NULL: not counted this time */
};

enum ot_status record_head(struct record_file *f, const struct hg_info *info,
			   uint64_t pid, uint64_t interval_ms,
			   struct ot_err *err);
enum ot_status record_sample(struct record_file *f,
			     const struct record_now *now,
			     struct ot_err *err);
enum ot_status record_event(struct record_file *f, const char *text,
			    struct ot_err *err);

/* ---- record_read.c ---- */

struct record_point {
	uint64_t t;		/* ms */
	uint64_t rss, pss, children_rss, objects, bytes;
	bool counted;
	struct record_gc gc;
};

struct record_type {
	char *name;
	uint64_t *count;	/* of each point; UINT64_MAX: not known */
	uint64_t last, most;
};

struct record_mark {
	uint64_t t;
	char *text;
};

struct recording {
	struct ot_arena arena;
	const char *path, *command, *runtime;
	uint64_t pid, start;
	struct record_point *points;
	size_t npoints, cap_points;
	struct record_type *types;
	size_t ntypes, cap_types;
	struct record_mark *marks;
	size_t nmarks, cap_marks;
	size_t torn;		/* lines that could not be read */
};

/* Does the file begin as a recording does? */
bool record_is_file(const char *path);
enum ot_status record_read(const char *path, struct recording *r,
			   struct ot_err *err);
void record_release(struct recording *r);

/* ---- record_plot.c ---- */

/* By the ending of `out`: .svg or .png. */
enum ot_status record_plot(const struct recording *r, const char *out,
			   struct ot_err *err);

/* What a plot is drawn on; lengths are pixels, colours 0xrrggbb. */
struct canvas {
	void *ctx;
	void (*box)(void *ctx, double x, double y, double w, double h,
		    uint32_t fill);
	/* Points as x, y, x, y ... */
	void (*line)(void *ctx, const double *xy, size_t npoints,
		     uint32_t color, double width, bool dashed);
	/* anchor: -1 begins at x, 0 is centred on it, 1 ends there */
	void (*text)(void *ctx, double x, double y, int anchor, double size,
		     uint32_t color, const char *s);
};

#define CANVAS_WIDTH	1000
#define CANVAS_HEIGHT	620

/* record_png.c: draws into a PNG file. */
enum ot_status record_png(const char *path,
			  void (*draw)(const struct canvas *c, const void *arg),
			  const void *arg, struct ot_err *err);

#endif
