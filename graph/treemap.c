/* SPDX-License-Identifier: MIT */
/*
 * treemap.c - a tree of retained sizes as areas, in SVG.
 *
 * Squarified (Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000): children
 * stand in rows along the shorter side of what is left, and a row takes one
 * more as long as that makes its worst rectangle squarer.  What an object
 * takes itself stays empty ground.  Nodes come before those below them in the
 * picture, so one loop over them lays out everything.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "graph/render.h"
#include "graph/render_gvc.h"
#include "graph/render_text.h"

#define WIDTH	 1200.0
#define HEIGHT	 720.0
#define MARGIN	 12.0
#define HEAD	 15.0 /* the line with the name of what has parts */
#define PAD	 2.5
#define CHAR	 6.1 /* a character's width at 11 pixels, about */
#define CAPTION	 18.0
#define PART_MIN 6.0 /* no parts where a side is shorter */

enum hue {
#define HUE(name, light, dark) HUE_##name,
#include "graph/hues.def"
};

static const char *const hues[][2] = {
#define HUE(name, light, dark) { light, dark },
#include "graph/hues.def"
};

struct rect {
	double x, y, w, h;
};

struct map {
	const struct hg_picture *p;
	struct ot_buf *out, text;
	struct rect *rects;
	uint32_t *first; /* edges by source: those below node i */
	uint32_t *below;
	unsigned theme;
};

static double
size_of(const struct map *m, uint32_t n)
{
	return (double)m->p->nodes[n].retained;
}

/* Numbers with a point, whatever the language. */
static void
num(struct ot_buf *out, const char *name, double v)
{
	int64_t tenths = (int64_t)(v * 10 + 0.5);

	ot_buf_addf(out, " %s=\"%" PRId64 ".%" PRId64 "\"", name, tenths / 10,
		    tenths % 10);
}

static bool
index_edges(struct map *m)
{
	const struct hg_picture *p = m->p;
	size_t i;

	m->first = calloc(p->nnodes + 2, sizeof(*m->first));
	m->below = ot_realloc_array(NULL, p->nedges + 1, sizeof(*m->below));
	m->rects = calloc(p->nnodes + 1, sizeof(*m->rects));
	if (!m->first || !m->below || !m->rects)
		return false;
	for (i = 0; i < p->nedges; i++)
		m->first[p->edges[i].from + 2]++;
	for (i = 0; i < p->nnodes; i++)
		m->first[i + 2] += m->first[i + 1];
	for (i = 0; i < p->nedges; i++)
		m->below[m->first[p->edges[i].from + 1]++] = p->edges[i].to;
	return true;
}

/* How far from square the worst of a row is: sizes from most to least. */
static double
worst(double side, double sum, double most, double least)
{
	double a = side * side * most / (sum * sum);
	double b = sum * sum / (side * side * least);

	return a > b ? a : b;
}

/* A row of nodes along the shorter side of *left, which shrinks. */
static void
place_row(struct map *m, const uint32_t *list, uint32_t n, double sum,
	  struct rect *left)
{
	bool down = left->w >= left->h; /* the row stands at the left */
	double side = down ? left->h : left->w;
	double thick = side > 0 ? sum / side : 0, at = 0, len;
	uint32_t i;

	for (i = 0; i < n; i++) {
		len = sum > 0 ? side * m->rects[list[i]].w / sum : 0;
		m->rects[list[i]] = down ? (struct rect){ left->x,
							  left->y + at, thick,
							  len }
					 : (struct rect){ left->x + at,
							  left->y, len,
							  thick };
		at += len;
	}
	if (down) {
		left->x += thick;
		left->w -= thick;
	} else {
		left->y += thick;
		left->h -= thick;
	}
}

static int
by_size(const void *a, const void *b, void *ctx)
{
	const struct map *m = ctx;
	double x = size_of(m, *(const uint32_t *)a);
	double y = size_of(m, *(const uint32_t *)b);

	return (x < y) - (x > y);
}

/* Puts nodes into a rectangle that stands for `whole` bytes. */
static void
place(struct map *m, uint32_t *list, uint32_t n, double whole,
      struct rect left)
{
	double scale = whole > 0 ? left.w * left.h / whole : 0;
	double sum, side, area;
	uint32_t i, from;

	qsort_r(list, n, sizeof(*list), by_size, m);
	/* Areas wait in .w until the row they are in is known. */
	for (i = 0; i < n; i++)
		m->rects[list[i]].w = size_of(m, list[i]) * scale;
	for (from = 0; from < n; from = i) {
		side = left.w < left.h ? left.w : left.h;
		sum = m->rects[list[from]].w;
		for (i = from + 1; i < n; i++) {
			area = m->rects[list[i]].w;
			if (area <= 0 ||
			    worst(side, sum + area, m->rects[list[from]].w,
				  area) > worst(side, sum,
						m->rects[list[from]].w,
						m->rects[list[i - 1]].w))
				break;
			sum += area;
		}
		place_row(m, list + from, i - from, sum, &left);
	}
}

static enum hue
fill_of(const struct hg_pic_node *n)
{
	if (n->flags & HG_PIC_MORE)
		return HUE_GROUND;
	if (n->flags & HG_PIC_MARKED)
		return HUE_MARKED;
	if (n->flags & HG_PIC_GARBAGE)
		return HUE_GARBAGE;
	if (n->flags & (HG_PIC_ROOT | HG_PIC_VIRTUAL))
		return HUE_ROOT;
	return n->depth < 5 ? HUE_DEPTH_1 + n->depth : HUE_DEPTH_5;
}

static void
text_at(struct map *m, double x, double y, enum hue h, const char *s,
	size_t len, size_t cols)
{
	ot_buf_adds(m->out, "<text");
	num(m->out, "x", x);
	num(m->out, "y", y);
	ot_buf_addf(m->out, " fill=\"%s\">", hues[h][m->theme]);
	ot_escape(m->out, s, len, OT_ESC_XML, cols);
	ot_buf_adds(m->out, "</text>\n");
}

/* As many lines of its label as there is room for. */
static void
label(struct map *m, uint32_t n, const struct rect *r, bool one)
{
	const char *s, *end;
	double y = r->y + 11.5, room = (r->w - 6) / CHAR;

	if (room < 6 || r->h < HEAD)
		return;
	hg_pic_node_label(m->p, n, &m->text);
	if (one) /* a head: all in one line */
		for (s = ot_buf_str(&m->text); *s; s++)
			if (*s == '\n')
				m->text.data[s - m->text.data] = ' ';
	for (s = ot_buf_str(&m->text); *s && y < r->y + r->h - 1;
	     s = *end ? end + 1 : end, y += 12.5) {
		end = s + strcspn(s, "\n");
		text_at(m, r->x + 4, y,
			m->p->nodes[n].flags & HG_PIC_MORE ? HUE_MORE_TEXT
							   : HUE_TEXT,
			s, (size_t)(end - s), (size_t)room);
	}
	ot_buf_clear(&m->text);
}

static void
draw(struct map *m, uint32_t n, bool parts)
{
	const struct hg_pic_node *node = &m->p->nodes[n];
	const struct rect *r = &m->rects[n];
	const char *s, *end;

	if (r->w < 0.6 || r->h < 0.6)
		return;
	ot_buf_adds(m->out, "<g class=\"node\" id=\"");
	hg_pic_node_id(m->p, n, m->out);
	ot_buf_adds(m->out, "\"><title>");
	hg_pic_node_tip(m->p, n, NULL, &m->text);
	for (s = ot_buf_str(&m->text); *s; s = *end ? end + 1 : end) {
		end = s + strcspn(s, "\n");
		ot_escape(m->out, s, (size_t)(end - s), OT_ESC_XML, 0);
		ot_buf_addc(m->out, '\n');
	}
	ot_buf_clear(&m->text);
	ot_buf_adds(m->out, "</title><rect");
	num(m->out, "x", r->x + 0.5);
	num(m->out, "y", r->y + 0.5);
	num(m->out, "width", r->w > 1.5 ? r->w - 1 : 0.5);
	num(m->out, "height", r->h > 1.5 ? r->h - 1 : 0.5);
	ot_buf_addf(m->out, " fill=\"%s\" stroke=\"%s\"%s/>\n",
		    hues[fill_of(node)][m->theme],
		    hues[node->flags & HG_PIC_MORE ? HUE_MORE_LINE
						   : HUE_LINE][m->theme],
		    node->flags & HG_PIC_MORE ? " stroke-dasharray=\"4 3\""
					      : "");
	label(m, n, r, parts);
	ot_buf_adds(m->out, "</g>\n");
}

static void
draw_all(struct map *m)
{
	const struct hg_picture *p = m->p;
	uint32_t n, parts;
	struct rect r;
	bool fits;

	for (n = 0; n < p->nnodes; n++) {
		r = m->rects[n];
		parts = m->first[n + 1] - m->first[n];
		fits = parts > 0 && r.w > 2 * PART_MIN &&
		       r.h > HEAD + 2 * PART_MIN;
		draw(m, n, fits);
		if (!fits)
			continue;
		r = (struct rect){ r.x + PAD, r.y + HEAD, r.w - 2 * PAD,
				   r.h - HEAD - PAD };
		place(m, m->below + m->first[n], parts, size_of(m, n), r);
	}
}

/* Nodes that nothing in the picture keeps, into the whole. */
static bool
place_starts(struct map *m, struct rect all)
{
	uint32_t *list = calloc(m->p->nnodes + 1, sizeof(*list)), n = 0, i;
	double whole = 0;

	if (!list)
		return false;
	for (i = 0; i < m->p->nnodes; i++) {
		if (m->p->nodes[i].depth > 0)
			continue;
		list[n++] = i;
		whole += size_of(m, i);
	}
	place(m, list, n, whole, all);
	free(list);
	return true;
}

static void
captions(struct map *m, double y)
{
	const char *s = m->p->caption ? m->p->caption : "", *end, *first = s;

	for (; *s; s = *end ? end + 1 : end, y += CAPTION) {
		end = s + strcspn(s, "\n");
		text_at(m, MARGIN, y, s == first ? HUE_TEXT : HUE_CAPTION, s,
			(size_t)(end - s), 180);
	}
	if (m->p->look.command)
		text_at(m, MARGIN, y, HUE_CAPTION, m->p->look.command,
			strlen(m->p->look.command), 180);
}

enum ot_status
hg_treemap_svg(struct hg_picture *p, struct ot_buf *out, struct ot_err *err)
{
	struct map m = { .p = p, .out = out };
	const struct rect all = { MARGIN, MARGIN, WIDTH - 2 * MARGIN, HEIGHT };
	enum ot_status st = hg_picture_look(p, err);
	const double height = HEIGHT + 2 * MARGIN + 4 * CAPTION;

	if (st != OT_OK)
		return st;
	m.theme = p->look.theme == HG_THEME_DARK;
	ot_buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	num(out, "width", WIDTH);
	num(out, "height", height);
	ot_buf_adds(out, " font-family=\"Helvetica,Arial,sans-serif\" "
			 "font-size=\"11\">");
	hg_svg_style(p, out);
	ot_buf_addf(out, "\n<rect width=\"100%%\" height=\"100%%\" "
			 "fill=\"%s\"/>\n",
		    hues[HUE_GROUND][m.theme]);
	if (!index_edges(&m) || !place_starts(&m, all)) {
		st = ot_fail_nomem(err, "a picture");
	} else {
		draw_all(&m);
		captions(&m, HEIGHT + MARGIN + 1.5 * CAPTION);
		ot_buf_adds(out, "</svg>\n");
		if (out->failed || m.text.failed)
			st = ot_fail_nomem(err, "a picture");
	}
	free(m.first);
	free(m.below);
	free(m.rects);
	ot_buf_release(&m.text);
	return st;
}
