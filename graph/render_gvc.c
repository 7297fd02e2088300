/* SPDX-License-Identifier: MIT */
/*
 * render_gvc.c - pictures by libgvc; the only file that sees its headers.
 *
 * The graph is built through libcgraph in memory, laid out and rendered to
 * memory: no program is run, no DOT text is parsed.  Texts were escaped for
 * people (render_text.c); for libgvc backslashes (its escapes \N \G \L) and
 * ampersands (its entities) are doubled or spelled out on top.  The one label
 * of its HTML kind is that of the whole picture, for the legend; in it the
 * caption is escaped as XML.
 *
 * Runs in a child of its own (render.c), so nothing is freed here that the
 * end of the process frees.
 */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gvc.h>

#include "base/escape.h"
#include "graph/render_gvc.h"
#include "graph/render_text.h"

#define FONT "Helvetica,Arial,sans-serif"
#define LEGEND_ROW 4u /* entries in a row */
#define NARROW 1.0
#define WIDEST 7.0 /* the line of an edge that retains most */

enum hue {
#define HUE(name, light, dark) HUE_##name,
#include "graph/hues.def"
};

static const char *const hues[][2] = {
#define HUE(name, light, dark) { light, dark },
#include "graph/hues.def"
};

struct draw {
	const struct hg_picture *p;
	Agraph_t *g;
	Agnode_t **nodes;
	struct ot_buf text, raw;
	uint64_t most; /* bytes of an edge */
	unsigned theme;
	bool failed;
};

/* libcgraph writes to none of the strings it takes. */
static char *
rw(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void
set(void *obj, const char *name, const char *value)
{
	agsafeset(obj, rw(name), rw(value), rw(""));
}

static const char *
hue(const struct draw *d, enum hue h)
{
	return hues[h][d->theme];
}

static void
set_hue(const struct draw *d, void *obj, const char *name, enum hue h)
{
	set(obj, name, hue(d, h));
}

/* d->raw, escaped for people, as a label; its lines are centred. */
static void
set_label(struct draw *d, void *obj, const char *around)
{
	const char *s = ot_buf_str(&d->raw);

	ot_buf_clear(&d->text);
	if (*s != '\0')
		ot_buf_adds(&d->text, around);
	for (; *s; s++) {
		if (*s == '\\')
			ot_buf_adds(&d->text, "\\\\");
		else if (*s == '&')
			ot_buf_adds(&d->text, "&amp;");
		else if (*s == '\n')
			ot_buf_adds(&d->text, "\\n");
		else
			ot_buf_addc(&d->text, *s);
	}
	if (d->raw.len > 0)
		ot_buf_adds(&d->text, around);
	if (d->text.failed || d->raw.failed)
		d->failed = true;
	else
		set(obj, "label", ot_buf_str(&d->text));
	ot_buf_clear(&d->raw);
}

/* The farther from the start, the paler. */
static enum hue
depth_hue(uint32_t depth)
{
	if (depth == 0)
		return HUE_DEPTH_1;
	return depth < 5 ? HUE_DEPTH_1 + depth - 1 : HUE_DEPTH_5;
}

static void
style(const struct draw *d, Agnode_t *node, enum hue fill, enum hue outline,
      const char *pen)
{
	set_hue(d, node, "fillcolor", fill);
	set_hue(d, node, "color", outline);
	set(node, "penwidth", pen);
}

/* Objects have round corners, roots have none, modules are folders. */
static void
style_node(const struct draw *d, Agnode_t *node, const struct hg_pic_node *n)
{
	if (n->flags & HG_PIC_FOLD)
		set(node, "peripheries", "2");
	if (n->flags & HG_PIC_MORE) {
		set(node, "style", "rounded,dashed");
		set_hue(d, node, "color", HUE_MORE_LINE);
		set_hue(d, node, "fontcolor", HUE_MORE_TEXT);
		return;
	}
	if (n->flags & HG_PIC_ROOT) {
		if (hg_is_root(d->p->graph, n->node))
			set(node, "style", "filled");
		else
			set(node, "shape", "folder");
	}
	if (n->flags & HG_PIC_MARKED)
		style(d, node, HUE_MARKED, HUE_MARKED_LINE, "3");
	else if (n->flags & HG_PIC_START)
		style(d, node, HUE_START, HUE_START_LINE, "2");
	else if (n->flags & (HG_PIC_ROOT | HG_PIC_VIRTUAL))
		style(d, node, HUE_ROOT, HUE_ROOT_LINE, "1");
	else if (n->flags & HG_PIC_GARBAGE)
		style(d, node, HUE_GARBAGE, HUE_GARBAGE_LINE, "1");
	else
		set_hue(d, node, "fillcolor", depth_hue(n->depth));
	if (n->flags & HG_PIC_GARBAGE)
		set(node, "style", "rounded,filled,dotted");
}

static void
draw_nodes(struct draw *d)
{
	char id[32];
	size_t i;

	for (i = 0; i < d->p->nnodes && !d->failed; i++) {
		hg_pic_node_id(d->p, i, &d->raw);
		d->nodes[i] = agnode(d->g, rw(ot_buf_str(&d->raw)), 1);
		ot_buf_clear(&d->raw);
		if (!d->nodes[i]) {
			d->failed = true;
			return;
		}
		snprintf(id, sizeof(id), "n%zu", i);
		set(d->nodes[i], "id", id);
		hg_pic_node_label(d->p, i, &d->raw);
		set_label(d, d->nodes[i], "");
		style_node(d, d->nodes[i], &d->p->nodes[i]);
	}
}

static void
edge_look(const struct draw *d, Agedge_t *edge, const struct hg_pic_edge *e)
{
	char width[32];

	if (e->edge == HG_NONE && !(e->flags & HG_PIC_KEEPS)) {
		set(edge, "style", "dashed");
		set_hue(d, edge, "color", HUE_MORE_LINE);
	} else if (e->edge != HG_NONE && hg_edge_weak(d->p->graph, e->edge)) {
		set(edge, "style", "dashed");
		set(edge, "arrowhead", "empty");
		set_hue(d, edge, "color", HUE_WEAK);
	} else if (e->flags & HG_PIC_CYCLE) {
		set(edge, "penwidth", "2.2");
		set_hue(d, edge, "color", HUE_CYCLE);
	} else if (e->flags & HG_PIC_LOST) {
		set_hue(d, edge, "color", HUE_GARBAGE_LINE);
	}
	if (e->flags & HG_PIC_LOST)
		set(edge, "style", "dotted");
	if (e->bytes > 0 && d->most > 0) {
		snprintf(width, sizeof(width), "%.2f",
			 NARROW + (WIDEST - NARROW) * (double)e->bytes /
					  (double)d->most);
		set(edge, "penwidth", width);
	}
}

static void
draw_edges(struct draw *d)
{
	const struct hg_pic_edge *e;
	Agedge_t *edge;
	char id[32];
	size_t i;

	for (i = 0; i < d->p->nedges; i++)
		if (d->p->edges[i].bytes > d->most)
			d->most = d->p->edges[i].bytes;
	for (i = 0; i < d->p->nedges && !d->failed; i++) {
		e = &d->p->edges[i];
		/* Without a name each call makes an edge of its own. */
		edge = agedge(d->g, d->nodes[e->from], d->nodes[e->to], NULL,
			      1);
		if (!edge) {
			d->failed = true;
			return;
		}
		snprintf(id, sizeof(id), "e%zu", i);
		set(edge, "id", id);
		hg_pic_edge_label(d->p, i, &d->raw);
		set_label(d, edge, " "); /* off the line */
		edge_look(d, edge, e);
	}
}

static void
draw_defaults(struct draw *d, const struct hg_layout *how)
{
	const struct {
		int kind;
		const char *name, *value;
	} all[] = {
		{ AGRAPH, "bgcolor", hue(d, HUE_GROUND) },
		{ AGRAPH, "pad", "0.2" },
		{ AGRAPH, "nodesep", "0.2" },
		{ AGRAPH, "ranksep", d->p->across ? "0.6" : "0.4" },
		{ AGRAPH, "rankdir", d->p->across ? "LR" : "TB" },
		{ AGRAPH, "fontname", FONT },
		{ AGRAPH, "fontsize", "10" },
		{ AGRAPH, "fontcolor", hue(d, HUE_CAPTION) },
		{ AGRAPH, "labelloc", "b" },
		{ AGRAPH, "labeljust", "l" },
		{ AGRAPH, "label", "" },
		{ AGRAPH, "overlap", how->force ? "prism" : "" },
		{ AGRAPH, "splines", how->force ? "line" : "" },
		{ AGRAPH, "outputorder", how->force ? "edgesfirst" : "" },
		{ AGNODE, "shape", "box" },
		{ AGNODE, "style", "rounded,filled" },
		{ AGNODE, "fillcolor", hue(d, HUE_GROUND) },
		{ AGNODE, "color", hue(d, HUE_LINE) },
		{ AGNODE, "fontcolor", hue(d, HUE_TEXT) },
		{ AGNODE, "fontname", FONT },
		{ AGNODE, "fontsize", "11" },
		{ AGNODE, "margin", "0.11,0.06" },
		{ AGNODE, "height", "0.2" },
		{ AGNODE, "penwidth", "1" },
		{ AGNODE, "label", "" },
		{ AGEDGE, "color", hue(d, HUE_EDGE) },
		{ AGEDGE, "fontcolor", hue(d, HUE_EDGE_TEXT) },
		{ AGEDGE, "fontname", FONT },
		{ AGEDGE, "fontsize", "10" },
		{ AGEDGE, "arrowsize", "0.7" },
		{ AGEDGE, "style", "" },
		{ AGEDGE, "label", "" },
	};
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(all); i++)
		if (*all[i].value != '\0' || strcmp(all[i].name, "label") == 0 ||
		    strcmp(all[i].name, "style") == 0)
			agattr(d->g, all[i].kind, rw(all[i].name),
			       rw(all[i].value));
}

/* One cell of colour or of a line, and one of words. */
static void
legend_entry(struct draw *d, unsigned *n, bool line, enum hue fill,
	     enum hue outline, const char *style, const char *words)
{
	if (*n % LEGEND_ROW == 0)
		ot_buf_adds(&d->text, *n > 0 ? "</TR><TR>" : "<TR>");
	++*n;
	ot_buf_addf(&d->text,
		    "<TD WIDTH=\"22\" HEIGHT=\"%d\" FIXEDSIZE=\"TRUE\" "
		    "BORDER=\"%d\" COLOR=\"%s\"%s",
		    line ? 3 : 12, line ? 2 : 1, hue(d, outline),
		    line ? " SIDES=\"B\"" : "");
	if (!line)
		ot_buf_addf(&d->text, " BGCOLOR=\"%s\"", hue(d, fill));
	if (*style != '\0')
		ot_buf_addf(&d->text, " STYLE=\"%s\"", style);
	ot_buf_addf(&d->text, "></TD><TD ALIGN=\"LEFT\">%s  </TD>", words);
}

/* What of it is in the picture. */
static void
legend(struct draw *d)
{
	unsigned nodes = 0, edges = 0, n = 0;
	const struct hg_picture *p = d->p;
	bool weak = false, more = false;
	uint32_t deep = 0;
	size_t i;

	for (i = 0; i < p->nnodes; i++) {
		nodes |= p->nodes[i].flags;
		if (!(p->nodes[i].flags & HG_PIC_MORE) &&
		    p->nodes[i].depth > deep)
			deep = p->nodes[i].depth;
		more |= (p->nodes[i].flags & HG_PIC_MORE) != 0;
	}
	for (i = 0; i < p->nedges; i++) {
		edges |= p->edges[i].flags;
		weak |= p->edges[i].edge != HG_NONE &&
			hg_edge_weak(p->graph, p->edges[i].edge);
	}
	ot_buf_adds(&d->text, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
			      "CELLSPACING=\"3\" CELLPADDING=\"0\">");
	if (nodes & HG_PIC_START)
		legend_entry(d, &n, false, HUE_START, HUE_START_LINE,
			     "rounded", "asked for");
	if (nodes & HG_PIC_ROOT)
		legend_entry(d, &n, false, HUE_ROOT, HUE_ROOT_LINE, "",
			     "root, module");
	if (nodes & HG_PIC_MARKED)
		legend_entry(d, &n, false, HUE_MARKED, HUE_MARKED_LINE,
			     "rounded", "highlighted");
	if (nodes & HG_PIC_GARBAGE)
		legend_entry(d, &n, false, HUE_GARBAGE, HUE_GARBAGE_LINE,
			     "dotted", "garbage");
	if (deep > 1)
		legend_entry(d, &n, false, HUE_DEPTH_4, HUE_LINE, "rounded",
			     nodes & HG_PIC_TYPE ? "paler: keeps less"
						 : "paler: farther away");
	if (more)
		legend_entry(d, &n, false, HUE_GROUND, HUE_MORE_LINE, "dashed",
			     "not drawn");
	if (edges & HG_PIC_CYCLE)
		legend_entry(d, &n, true, HUE_CYCLE, HUE_CYCLE, "", "cycle");
	if (weak)
		legend_entry(d, &n, true, HUE_WEAK, HUE_WEAK, "dashed",
			     "weak reference");
	if (edges & HG_PIC_KEEPS)
		legend_entry(d, &n, true, HUE_EDGE, HUE_EDGE, "",
			     "keeps alive; wider: more bytes");
	if (nodes & HG_PIC_FOLD)
		legend_entry(d, &n, false, HUE_DEPTH_3, HUE_LINE, "rounded",
			     "\xc3\x97 N: N alike, as one");
	if (n == 0)
		legend_entry(d, &n, false, HUE_DEPTH_3, HUE_LINE, "rounded",
			     "object");
	ot_buf_adds(&d->text, "</TR></TABLE>");
}

static void
caption_line(struct draw *d, const char *s, size_t len, bool strong)
{
	ot_buf_adds(&d->text, "<TR><TD ALIGN=\"LEFT\">");
	if (strong)
		ot_buf_addf(&d->text, "<FONT POINT-SIZE=\"12\" COLOR=\"%s\">",
			    hue(d, HUE_TEXT));
	ot_escape(&d->text, s, len, OT_ESC_XML, 150);
	ot_buf_adds(&d->text, strong ? "</FONT></TD></TR>" : "</TD></TR>");
}

/* Legend, what is drawn, of whom, how it was asked for, what was done. */
static void
draw_caption(struct draw *d, const char *note)
{
	const char *s = d->p->caption, *end, *first = s;

	if (!s)
		return;
	ot_buf_clear(&d->text);
	ot_buf_adds(&d->text, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" "
			      "CELLSPACING=\"0\" CELLPADDING=\"2\">"
			      "<TR><TD ALIGN=\"LEFT\">");
	legend(d);
	ot_buf_adds(&d->text, "</TD></TR>");
	for (; *s != '\0'; s = *end ? end + 1 : end) {
		end = s + strcspn(s, "\n");
		caption_line(d, s, (size_t)(end - s), s == first);
	}
	if (d->p->look.command)
		caption_line(d, d->p->look.command,
			     strlen(d->p->look.command), false);
	if (note && *note != '\0')
		caption_line(d, note, strlen(note), false);
	ot_buf_adds(&d->text, "</TABLE>");
	if (d->text.failed)
		d->failed = true;
	else
		agset(d->g, rw("label"),
		      agstrdup_html(d->g, rw(ot_buf_str(&d->text))));
}

/* Layout and rendering into memory; false: libgvc could not. */
static bool
draw_render(struct draw *d, GVC_t *gvc, const struct hg_layout *how,
	    struct ot_buf *out)
{
	char *data = NULL;
	size_t len = 0;
	FILE *f;
	bool ok;

	if (gvLayout(gvc, d->g, how->force ? "sfdp" : "dot") != 0)
		return false;
	f = open_memstream(&data, &len);
	ok = f && gvRender(gvc, d->g, how->format, f) == 0;
	if (f)
		ok = fclose(f) == 0 && ok && len > 0;
	if (ok)
		ot_buf_add(out, data, len);
	free(data);
	return ok && !out->failed;
}

bool
hg_gvc_draw(const struct hg_picture *p, const struct hg_layout *how,
	    struct ot_buf *out)
{
	struct draw d = { .p = p };
	GVC_t *gvc;
	bool ok;

	/* Numbers in pictures have points, whatever the user's language. */
	uselocale(newlocale(LC_NUMERIC_MASK, "C",
			    duplocale(LC_GLOBAL_LOCALE)));
	d.theme = p->look.theme == HG_THEME_DARK;
	gvc = gvContext();
	d.g = gvc ? agopen(rw("objtop"), Agdirected, NULL) : NULL;
	d.nodes = calloc(p->nnodes + 1, sizeof(*d.nodes));
	if (!d.g || !d.nodes)
		return false;
	draw_defaults(&d, how);
	draw_caption(&d, how->note);
	draw_nodes(&d);
	if (!d.failed)
		draw_edges(&d);
	ok = !d.failed && draw_render(&d, gvc, how, out);
	free(d.nodes);
	ot_buf_release(&d.text);
	ot_buf_release(&d.raw);
	return ok;
}
