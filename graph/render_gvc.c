/* SPDX-License-Identifier: MIT */
/*
 * render_gvc.c - pictures by libgvc; the only file that sees its headers.
 *
 * The graph is built through libcgraph in memory, laid out by the `dot` engine
 * and rendered to memory: no program is run, no DOT text is parsed.  Texts
 * were escaped for people; for libgvc backslashes (its escapes \N \G \L) and
 * ampersands (its entities) are doubled or spelled out on top, and no label is
 * ever of its HTML kind.
 *
 * libgvc and its plug-ins complain on stderr, where a terminal UI has its
 * screen: while they work, file descriptor 2 leads to a file in memory, whose
 * first line becomes our message if they fail.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gvc.h>

#include "base/escape.h"
#include "graph/an_util.h"
#include "graph/render.h"
#include "graph/store.h"

#define TYPE_COLS 42u
#define TEXT_COLS 42u
#define EDGE_COLS 32u

#define FONT "Helvetica,Arial,sans-serif"

struct draw {
	const struct hg_picture *p;
	Agraph_t *g;
	Agnode_t **nodes;
	struct ot_buf text, raw;
	bool failed;
};

/*
 * One context for the whole process, as for libgvc's own programs: its pango
 * plug-in (2.43 at least) remembers the last font by a pointer into the
 * context, and reads it after the context is gone.  Not for several threads,
 * no more than the rest of libgvc.
 */
static GVC_t *
context(void)
{
	static GVC_t *gvc;

	if (!gvc)
		gvc = gvContext();
	return gvc;
}

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

/* Appends text escaped for people as a part of a label. */
static void
label_add(struct ot_buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\')
			ot_buf_adds(out, "\\\\");
		else if (*s == '&')
			ot_buf_adds(out, "&amp;");
		else
			ot_buf_addc(out, *s);
	}
}

/* d->raw as a part of the label under way. */
static void
label_raw(struct draw *d)
{
	label_add(&d->text, ot_buf_str(&d->raw));
	ot_buf_clear(&d->raw);
}

static void
set_label(struct draw *d, void *obj)
{
	if (d->text.failed || d->raw.failed)
		d->failed = true;
	else
		set(obj, "label", ot_buf_str(&d->text));
	ot_buf_clear(&d->text);
}

/*
 * Second line of an object: its text, without the type where that comes first
 * ("module shop.cache"); where it says no more than the type, its address.
 */
static void
label_text(struct draw *d, hg_node n, const char *type)
{
	const char *text, *tail = strrchr(type, '.');
	size_t len = strlen(type);

	hg_node_text(d->p->graph, n, TEXT_COLS, &d->raw);
	text = ot_buf_str(&d->raw);
	if (strcmp(text, type) == 0 || (tail && strcmp(text, tail + 1) == 0)) {
		ot_buf_clear(&d->raw);
		ot_buf_addf(&d->raw, "0x%" PRIx64, hg_addr(d->p->graph, n));
	} else if (strncmp(text, type, len) == 0 && text[len] == ' ') {
		ot_buf_consume(&d->raw, len + 1);
	}
	label_raw(d);
}

static void
label_node(struct draw *d, const struct hg_pic_node *n)
{
	const struct hg_graph *g = d->p->graph;
	const char *type;

	if (n->flags & HG_PIC_MORE) {
		ot_buf_addf(&d->text, "%" PRIu32 " %s", n->count,
			    n->flags & HG_PIC_KIND ? "× " : "more");
		if (!(n->flags & HG_PIC_KIND))
			return;
		type = hg_kind_full(g, n->kind);
		ot_escape(&d->raw, type, strlen(type), OT_ESC_TERM, TYPE_COLS);
		label_raw(d);
		return;
	}
	type = hg_is_root(g, n->node)
		       ? hg_root_kind_text(hg_root_kind(g, n->node))
		       : hg_kind_full(g, hg_kind_of(g, n->node));
	ot_escape(&d->raw, type, strlen(type), OT_ESC_TERM, TYPE_COLS);
	label_raw(d);
	ot_buf_adds(&d->text, "\\n");
	label_text(d, n->node, type);
}

/* The farther from the start, the paler. */
static const char *
depth_fill(uint32_t depth)
{
	static const char *const fills[] = {
		"#bcd4ee", "#cfe0f3", "#dfeaf7", "#ecf3fb", "#f6f9fd",
	};
	const uint32_t last = OT_ARRAY_LEN(fills) - 1;

	if (depth == 0)
		return fills[0];
	return fills[depth - 1 < last ? depth - 1 : last];
}

/* Objects have round corners, roots have not. */
static void
style_node(Agnode_t *node, const struct hg_pic_node *n, bool root)
{
	if (n->flags & HG_PIC_MORE) {
		set(node, "style", "rounded,dashed");
		set(node, "color", "#999999");
		set(node, "fontcolor", "#777777");
	} else if (n->flags & HG_PIC_START) {
		set(node, "fillcolor", "#f9c9c2");
		set(node, "color", "#b8321f");
		set(node, "fontcolor", "#5c130a");
		set(node, "penwidth", "2");
	} else if (n->flags & HG_PIC_ROOT) {
		if (root)
			set(node, "style", "filled");
		set(node, "fillcolor", "#bfe5ae");
		set(node, "color", "#3d7f2a");
		set(node, "fontcolor", "#173d0c");
	} else {
		set(node, "fillcolor", depth_fill(n->depth));
	}
}

/* Names of nodes: addresses, for those who read the DOT file. */
static void
node_name(const struct draw *d, size_t i, char *name, size_t cap)
{
	const struct hg_pic_node *n = &d->p->nodes[i];
	const struct hg_graph *g = d->p->graph;

	if (n->flags & HG_PIC_MORE)
		snprintf(name, cap, "more%zu", i);
	else if (hg_is_root(g, n->node))
		snprintf(name, cap, "root%" PRIu32, n->node - hg_objects(g));
	else
		snprintf(name, cap, "0x%" PRIx64, hg_addr(g, n->node));
}

static void
draw_nodes(struct draw *d)
{
	char name[32];
	size_t i;

	for (i = 0; i < d->p->nnodes && !d->failed; i++) {
		node_name(d, i, name, sizeof(name));
		d->nodes[i] = agnode(d->g, name, 1);
		if (!d->nodes[i]) {
			d->failed = true;
			return;
		}
		label_node(d, &d->p->nodes[i]);
		set_label(d, d->nodes[i]);
		style_node(
			d->nodes[i], &d->p->nodes[i],
			d->p->nodes[i].node != HG_NONE &&
				hg_is_root(d->p->graph, d->p->nodes[i].node));
	}
}

static void
draw_edges(struct draw *d)
{
	const struct hg_graph *g = d->p->graph;
	const struct hg_pic_edge *e;
	Agedge_t *edge;
	size_t i;

	for (i = 0; i < d->p->nedges && !d->failed; i++) {
		e = &d->p->edges[i];
		/* Without a name each call makes an edge of its own. */
		edge = agedge(d->g, d->nodes[e->from], d->nodes[e->to], NULL,
			      1);
		if (!edge) {
			d->failed = true;
			return;
		}
		if (e->edge == HG_NONE) {
			set(edge, "style", "dashed");
			continue;
		}
		hg_edge_label(g, e->edge, &d->raw);
		ot_escape(&d->text, ot_buf_str(&d->raw), d->raw.len,
			  OT_ESC_TERM, EDGE_COLS);
		ot_buf_clear(&d->raw);
		ot_buf_add(&d->raw, ot_buf_str(&d->text), d->text.len);
		ot_buf_clear(&d->text);
		ot_buf_addc(&d->text, ' '); /* off the line */
		label_raw(d);
		ot_buf_addc(&d->text, ' ');
		set_label(d, edge);
		if (hg_edge_weak(g, e->edge)) {
			set(edge, "style", "dashed");
			set(edge, "color", "#aaaaaa");
			set(edge, "fontcolor", "#999999");
		}
	}
}

static void
defaults(Agraph_t *g, int kind, const char *const (*attrs)[2])
{
	for (; (*attrs)[0]; attrs++)
		agattr(g, kind, rw((*attrs)[0]), rw((*attrs)[1]));
}

static void
draw_defaults(struct draw *d)
{
	static const char *const graph[][2] = {
		{ "bgcolor", "white" },
		{ "pad", "0.2" },
		{ "nodesep", "0.2" },
		{ "ranksep", "0.4" },
		{ "fontname", FONT },
		{ "fontsize", "10" },
		{ "fontcolor", "#777777" },
		{ "labelloc", "b" },
		{ "labeljust", "l" },
		{ "label", "" },
		{ NULL, NULL },
	};
	static const char *const node[][2] = {
		{ "shape", "box" },
		{ "style", "rounded,filled" },
		{ "fillcolor", "white" },
		{ "color", "#5f7fa5" },
		{ "fontcolor", "#1c2733" },
		{ "fontname", FONT },
		{ "fontsize", "11" },
		{ "margin", "0.11,0.06" },
		{ "height", "0.2" },
		{ "penwidth", "1" },
		{ "label", "" },
		{ NULL, NULL },
	};
	static const char *const edge[][2] = {
		{ "color", "#67717d" }, { "fontcolor", "#454d57" },
		{ "fontname", FONT },	{ "fontsize", "10" },
		{ "arrowsize", "0.7" }, { "style", "" },
		{ "label", "" },	{ NULL, NULL },
	};

	defaults(d->g, AGRAPH, graph);
	defaults(d->g, AGNODE, node);
	defaults(d->g, AGEDGE, edge);
}

static void
draw_caption(struct draw *d)
{
	if (!d->p->caption)
		return;
	ot_buf_adds(&d->text, "\\n"); /* room above it */
	label_add(&d->text, d->p->caption);
	ot_buf_adds(&d->text, "\\l");
	set_label(d, d->g);
}

/* Layout and rendering into memory; false: libgvc could not. */
static bool
draw_render(struct draw *d, GVC_t *gvc, const char *format, struct ot_buf *out)
{
	char *data = NULL;
	size_t len = 0;
	FILE *f;
	bool ok;

	if (gvLayout(gvc, d->g, "dot") != 0)
		return false;
	f = open_memstream(&data, &len);
	ok = f && gvRender(gvc, d->g, format, f) == 0;
	if (f)
		ok = fclose(f) == 0 && ok && len > 0;
	gvFreeLayout(gvc, d->g);
	if (ok)
		ot_buf_add(out, data, len);
	free(data);
	return ok && !out->failed;
}

static bool
draw_all(struct draw *d, const char *format, struct ot_buf *out)
{
	GVC_t *gvc = context();
	bool ok = false;

	d->g = gvc ? agopen(rw("objtop"), Agdirected, NULL) : NULL;
	d->nodes = calloc(d->p->nnodes + 1, sizeof(*d->nodes));
	if (d->g && d->nodes) {
		draw_defaults(d);
		draw_caption(d);
		draw_nodes(d);
		if (!d->failed)
			draw_edges(d);
		ok = !d->failed && draw_render(d, gvc, format, out);
	}
	if (d->g)
		agclose(d->g);
	free(d->nodes);
	ot_buf_release(&d->text);
	ot_buf_release(&d->raw);
	return ok;
}

/* stderr into memory; *saved is what it was, or -1. */
static int
mute(int *saved)
{
	int fd = memfd_create("objtop-gvc", MFD_CLOEXEC);

	*saved = -1;
	if (fd < 0)
		return -1;
	fflush(stderr);
	*saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (*saved >= 0)
		dup2(fd, STDERR_FILENO);
	return fd;
}

/* Puts stderr back and hands over the first line of what was said. */
static void
unmute(int fd, int saved, char *said, size_t cap)
{
	char line[400] = "";
	ssize_t n = 0;

	fflush(stderr);
	if (saved >= 0) {
		dup2(saved, STDERR_FILENO);
		close(saved);
	}
	if (fd >= 0) {
		n = pread(fd, line, sizeof(line) - 1, 0);
		close(fd);
	}
	line[n > 0 ? n : 0] = '\0';
	ot_escape_to(said, cap, line, strcspn(line, "\n"), OT_ESC_TERM);
}

static const struct hg_export *
export_named(const char *ext)
{
	const struct hg_export *x;

	for (x = hg_exports; x->ext; x++)
		if (strcmp(x->ext, ext) == 0)
			return x;
	return NULL;
}

enum ot_status
hg_render_buf(const struct hg_picture *p, const char *ext, struct ot_buf *out,
	      struct ot_err *err)
{
	const struct hg_export *x = export_named(ext);
	struct draw d = { .p = p };
	locale_t points, before;
	char said[400];
	int fd, saved;
	bool ok;

	if (!x)
		return ot_fail(err, OT_USAGE, "no picture format '%.40s'", ext);
	/* Numbers in pictures have points, whatever the user's language. */
	before = duplocale(LC_GLOBAL_LOCALE);
	points = newlocale(LC_NUMERIC_MASK, "C", before);
	if (!points && before)
		freelocale(before);
	before = points ? uselocale(points) : (locale_t)0;
	fd = mute(&saved);
	ok = draw_all(&d, x->format, out);
	unmute(fd, saved, said, sizeof(said));
	if (points) {
		uselocale(before);
		freelocale(points);
	}
	if (ok)
		return OT_OK;
	return ot_fail(err, OT_FAILED,
		       "libgvc could not draw the %s picture"
		       "%s%s",
		       ext, *said ? ": " : "", said);
}
