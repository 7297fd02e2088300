/* SPDX-License-Identifier: MIT */
/*
 * record_plot.c - a recording as a picture: memory above, the most common
 * types below, the collector's longest pauses as a strip between, events as
 * dashed lines through all.
 *
 * It is drawn on a canvas of three calls, so SVG is text written here and PNG
 * is cairo's, and both are the same picture.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "inspector/cmd/record.h"

#define LEFT	90.0
#define RIGHT	(CANVAS_WIDTH - 230.0)
#define LINES	8		/* types drawn */
#define TICKS	5

static const uint32_t colors[LINES] = {
	0x1f77b4, 0xd62728, 0x2ca02c, 0xff7f0e, 0x9467bd, 0x8c564b, 0xe377c2,
	0x17becf,
};

#define INK	0x222222u
#define GREY	0x999999u
#define FAINT	0xe6e6e6u

struct panel {
	double top, bottom;
	double most;		/* value at the top */
};

struct plot {
	const struct recording *r;
	const struct canvas *c;
	uint64_t t0, t1;
	double *xy;		/* room for one line */
};

static double
at_x(const struct plot *p, uint64_t t)
{
	return LEFT + (RIGHT - LEFT) * (double)(t - p->t0) /
		      (double)(p->t1 - p->t0);
}

static double
at_y(const struct panel *a, double v)
{
	return a->bottom - (a->bottom - a->top) * v / a->most;
}

static void
text(const struct plot *p, double x, double y, int anchor, uint32_t color,
     const char *s)
{
	struct ot_buf safe = OT_BUF_INIT;

	ot_escape(&safe, s, strlen(s), OT_ESC_TERM, 120);
	p->c->text(p->c->ctx, x, y, anchor, 12, color, ot_buf_str(&safe));
	ot_buf_release(&safe);
}

static void
straight(const struct plot *p, double x0, double y0, double x1, double y1,
	 uint32_t color, bool dashed)
{
	const double xy[] = { x0, y0, x1, y1 };

	p->c->line(p->c->ctx, xy, 2, color, 1, dashed);
}

/* The next round number (1, 1.5, 2, 3 ... times unit) that is not below v. */
static double
round_up(double v, double unit)
{
	static const double steps[] = { 1, 1.5, 2, 3, 4, 5, 8 };
	double scale = unit;
	unsigned i;

	for (;; scale *= 10)
		for (i = 0; i < OT_ARRAY_LEN(steps); i++)
			if (steps[i] * scale >= v &&
			    (unit != 1 || scale > 1 || i != 1))
				return steps[i] * scale;
}

static void
frame(const struct plot *p, struct panel *a, double most, bool bytes)
{
	double unit = 1, step;
	char label[32];
	unsigned i;

	while (bytes && unit * 1024 <= most)
		unit *= 1024;
	step = round_up(most / TICKS, unit >= 1024 ? unit / 100 : 1);
	a->most = step * TICKS;
	for (i = 0; i <= TICKS; i++) {
		double v = step * i, y = at_y(a, v);

		straight(p, LEFT, y, RIGHT, y, i > 0 ? FAINT : GREY, false);
		if (bytes)
			ot_fmt_bytes(label, sizeof(label), (uint64_t)v);
		else
			ot_fmt_count(label, sizeof(label), (uint64_t)v);
		text(p, LEFT - 6, y + 4, 1, INK, label);
	}
}

static void
time_label(char *dst, size_t cap, double s)
{
	unsigned long n = (unsigned long)(s + 0.5);

	if (s < 10 && s != (double)n)
		snprintf(dst, cap, "%.1fs", s);
	else if (n < 120)
		snprintf(dst, cap, "%lus", n);
	else if (n < 7200)
		snprintf(dst, cap, "%lu:%02lu", n / 60, n % 60);
	else
		snprintf(dst, cap, "%luh%02lu", n / 3600, n / 60 % 60);
}

static void
time_axis(const struct plot *p, double y)
{
	double span = (double)(p->t1 - p->t0) / 1000;
	double step = round_up(span / 8, 0.01), s;
	char label[32];

	for (s = 0; s <= span; s += step) {
		double x = at_x(p, p->t0 + (uint64_t)(s * 1000));

		straight(p, x, y, x, y + 4, GREY, false);
		time_label(label, sizeof(label), s);
		text(p, x, y + 17, 0, INK, label);
	}
}

static void
legend(const struct plot *p, double y, uint32_t color, const char *what,
       const char *figure)
{
	const double xy[] = { RIGHT + 14, y - 4, RIGHT + 30, y - 4 };
	struct ot_buf line = OT_BUF_INIT;

	p->c->line(p->c->ctx, xy, 2, color, 3, false);
	ot_escape(&line, what, strlen(what), OT_ESC_TERM, 20);
	ot_buf_addf(&line, "  %s", figure);
	text(p, RIGHT + 36, y, -1, INK, ot_buf_str(&line));
	ot_buf_release(&line);
}

/* ---- memory ---- */

enum memory { RSS, PSS, ALL };

static uint64_t
memory(const struct record_point *q, enum memory what)
{
	switch (what) {
	case RSS:	return q->rss;
	case PSS:	return q->pss;
	default:	return q->children_rss > 0 ?
			       q->rss + q->children_rss : 0;
	}
}

static uint64_t
memory_most(const struct recording *r, enum memory what)
{
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < r->npoints; i++)
		if (memory(&r->points[i], what) > most)
			most = memory(&r->points[i], what);
	return most;
}

static void
draw_memory(const struct plot *p, struct panel *a)
{
	static const char *const names[] = { "RSS", "PSS", "with children" };
	const struct recording *r = p->r;
	uint64_t most = memory_most(r, RSS), all = memory_most(r, ALL);
	double y = a->top + 12;
	enum memory m;
	char peak[64], bytes[32];

	frame(p, a, (double)(all > most ? all : most), true);
	for (m = RSS; m <= ALL; m++) {
		size_t n = 0, i;

		if (memory_most(r, m) == 0)
			continue;
		for (i = 0; i < r->npoints; i++) {
			if (memory(&r->points[i], m) == 0)
				continue;
			p->xy[2 * n] = at_x(p, r->points[i].t);
			p->xy[2 * n + 1] = at_y(a, (double)memory(
							&r->points[i], m));
			n++;
		}
		p->c->line(p->c->ctx, p->xy, n, colors[m], 2, false);
		snprintf(peak, sizeof(peak), "peak %s",
			 ot_fmt_bytes(bytes, sizeof(bytes),
				      memory_most(r, m)));
		legend(p, y, colors[m], names[m], peak);
		y += 18;
	}
}

/* ---- types ---- */

static int
by_most(const void *a, const void *b)
{
	const struct record_type *const *x = a, *const *y = b;

	if ((*x)->most != (*y)->most)
		return (*x)->most < (*y)->most ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

static void
draw_type(const struct plot *p, const struct panel *a,
	  const struct record_type *t, uint32_t color)
{
	size_t n = 0, i;

	for (i = 0; i < p->r->npoints; i++) {
		if (t->count[i] == UINT64_MAX)
			continue;
		p->xy[2 * n] = at_x(p, p->r->points[i].t);
		p->xy[2 * n + 1] = at_y(a, (double)t->count[i]);
		n++;
	}
	p->c->line(p->c->ctx, p->xy, n, color, 2, false);
}

static bool
draw_types(const struct plot *p, struct panel *a)
{
	const struct record_type **top;
	char last[32];
	size_t i, n = 0;

	top = ot_realloc_array(NULL, p->r->ntypes + 1, sizeof(*top));
	if (top == NULL)
		return false;
	for (i = 0; i < p->r->ntypes; i++)
		if (p->r->types[i].count != NULL)
			top[n++] = &p->r->types[i];
	qsort(top, n, sizeof(*top), by_most);
	frame(p, a, n > 0 ? (double)top[0]->most : 1, false);
	for (i = 0; i < n && i < LINES; i++) {
		draw_type(p, a, top[i], colors[i]);
		legend(p, a->top + 12 + 18 * (double)i, colors[i],
		       top[i]->name,
		       ot_fmt_count(last, sizeof(last), top[i]->last));
	}
	free(top);
	return true;
}

/* ---- pauses and events ---- */

static void
draw_pauses(const struct plot *p, const struct panel *a)
{
	const struct recording *r = p->r;
	uint64_t longest = 0, total = 0;
	char line[64], most[32];
	size_t i;

	for (i = 0; i < r->npoints; i++) {
		total += r->points[i].gc.us;
		if (r->points[i].gc.longest_us > longest)
			longest = r->points[i].gc.longest_us;
	}
	straight(p, LEFT, a->bottom, RIGHT, a->bottom, GREY, false);
	text(p, LEFT - 6, a->bottom, 1, INK, "gc pauses");
	for (i = 0; longest > 0 && i < r->npoints; i++) {
		double h = (a->bottom - a->top) *
			   (double)r->points[i].gc.longest_us /
			   (double)longest;

		if (h > 0)
			p->c->box(p->c->ctx, at_x(p, r->points[i].t) - 1,
				  a->bottom - h, 2, h, colors[3]);
	}
	snprintf(line, sizeof(line), "longest %s, %.2f %% of time",
		 ot_fmt_duration_us(most, sizeof(most), longest),
		 (double)total / 10 / (double)(p->t1 - p->t0));
	text(p, RIGHT + 14, a->bottom, -1, INK, line);
}

static void
draw_marks(const struct plot *p, double top, double bottom)
{
	size_t i;

	for (i = 0; i < p->r->nmarks; i++) {
		const struct record_mark *m = &p->r->marks[i];
		double x;

		if (m->t < p->t0 || m->t > p->t1)
			continue;
		x = at_x(p, m->t);
		straight(p, x, top, x, bottom, GREY, true);
		text(p, x, top - 4, x > (LEFT + RIGHT) / 2 ? 1 : -1, GREY,
		     m->text);
	}
}

struct drawing {
	const struct recording *r;
	double *xy;
	bool failed;
};

static void
draw(const struct canvas *c, const void *arg)
{
	struct drawing *d = (struct drawing *)(uintptr_t)arg;
	const struct recording *r = d->r;
	struct panel mem = { 60, 290, 1 }, gc = { 302, 330, 1 };
	struct panel types = { 350, 580, 1 };
	struct plot p = { r, c, 0, 0, d->xy };
	struct ot_buf head = OT_BUF_INIT;

	p.t0 = r->points[0].t;
	p.t1 = r->points[r->npoints - 1].t;
	if (p.t1 == p.t0)
		p.t1++;
	c->box(c->ctx, 0, 0, CANVAS_WIDTH, CANVAS_HEIGHT, 0xffffff);
	ot_buf_addf(&head, "pid %llu  ", (unsigned long long)r->pid);
	ot_escape(&head, r->command, strlen(r->command), OT_ESC_TERM, 100);
	c->text(c->ctx, LEFT, 28, -1, 15, INK, ot_buf_str(&head));
	ot_buf_release(&head);
	draw_memory(&p, &mem);
	draw_pauses(&p, &gc);
	d->failed = !draw_types(&p, &types);
	time_axis(&p, types.bottom);
	draw_marks(&p, mem.top, types.bottom);
}

/* ---- SVG ---- */

static void
svg_box(void *ctx, double x, double y, double w, double h, uint32_t fill)
{
	fprintf(ctx, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%.1f\" fill=\"#%06x\"/>\n", x, y, w, h, fill);
}

static void
svg_line(void *ctx, const double *xy, size_t n, uint32_t color, double width,
	 bool dashed)
{
	size_t i;

	fputs("<polyline fill=\"none\" points=\"", ctx);
	for (i = 0; i < n; i++)
		fprintf(ctx, "%s%.1f,%.1f", i > 0 ? " " : "", xy[2 * i],
			xy[2 * i + 1]);
	fprintf(ctx, "\" stroke=\"#%06x\" stroke-width=\"%.1f\"%s/>\n", color,
		width, dashed ? " stroke-dasharray=\"4 3\"" : "");
}

static void
svg_text(void *ctx, double x, double y, int anchor, double size,
	 uint32_t color, const char *s)
{
	static const char *const anchors[] = { "start", "middle", "end" };
	struct ot_buf safe = OT_BUF_INIT;

	ot_escape(&safe, s, strlen(s), OT_ESC_XML, 0);
	fprintf(ctx, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" "
		"font-size=\"%.0f\" fill=\"#%06x\">%s</text>\n", x, y,
		anchors[anchor + 1], size, color, ot_buf_str(&safe));
	ot_buf_release(&safe);
}

static enum ot_status
record_svg(const char *path, const void *arg, struct ot_err *err)
{
	FILE *f = fopen(path, "we");
	const struct canvas c = { f, svg_box, svg_line, svg_text };
	bool bad;

	if (f == NULL)
		return ot_fail_errno(err, OT_FAILED, "cannot write %s", path);
	fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns="
		"\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"sans-serif\">\n",
		CANVAS_WIDTH, CANVAS_HEIGHT, CANVAS_WIDTH, CANVAS_HEIGHT);
	draw(&c, arg);
	fputs("</svg>\n", f);
	bad = ferror(f) != 0;
	if (fclose(f) != 0 || bad)
		return ot_fail_errno(err, OT_FAILED, "cannot write %s", path);
	return OT_OK;
}

static bool
ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

enum ot_status
record_plot(const struct recording *r, const char *out, struct ot_err *err)
{
	struct drawing d = { r, NULL, false };
	enum ot_status st;

	if (!ends_in(out, ".svg") && !ends_in(out, ".png"))
		return ot_fail(err, OT_USAGE, "--plot draws .svg and .png, not "
			       "%s", out);
	if (r->npoints == 0)
		return ot_fail(err, OT_FAILED, "%s has no whole sample yet",
			       r->path);
	d.xy = ot_realloc_array(NULL, r->npoints * 2, sizeof(*d.xy));
	if (d.xy == NULL)
		return ot_fail_nomem(err, "the plot");
	st = ends_in(out, ".png") ? record_png(out, draw, &d, err) :
				    record_svg(out, &d, err);
	free(d.xy);
	if (st == OT_OK && d.failed)
		st = ot_fail_nomem(err, "the plot");
	return st;
}
