/* SPDX-License-Identifier: MIT */
/*
 * render_svg.c - what a browser adds to a picture.
 *
 * libgvc writes a group for each node and edge, under the id that
 * render_gvc.c gave it (n12, e7).  In one pass over its text each gets its
 * address as id (so that picture.svg#0x7f... marks that object), its tooltip
 * as title and, if it is an edge, a link to where it leads.  Every text inside
 * is escaped by then: no "<g id=" comes from a heap.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "graph/render_gvc.h"
#include "graph/render_text.h"

#define GROUP "<g id=\""
#define TITLE "<title>"
#define TITLE_END "</title>"
#define GROUP_END "</g>"

struct svg {
	const struct hg_picture *p;
	struct ot_buf *out;
	struct ot_buf raw;
	uint32_t *paths;
};

static void
css_hue(struct ot_buf *out, const char *light, const char *dark)
{
	ot_buf_addf(out, "[fill=\"%s\"]{fill:%s}[stroke=\"%s\"]{stroke:%s}\n",
		    light, dark, light, dark);
	/* libgvc has a name for it */
	if (strcmp(light, "#ffffff") == 0)
		css_hue(out, "white", dark);
}

void
hg_svg_style(const struct hg_picture *p, struct ot_buf *out)
{
	ot_buf_adds(out,
		    "\n<style type=\"text/css\"><![CDATA[\n"
		    "text{user-select:text}\n"
		    "a,a text{cursor:pointer;text-decoration:none}\n"
		    ".node:hover path,.node:hover polygon,"
		    ".node:hover>rect{stroke-width:3}\n"
		    ".edge:hover path{stroke-width:4}\n"
		    ".node:target path,.node:target polygon,"
		    ".node:target>rect{stroke-width:5}\n");
	if (p->look.theme == HG_THEME_AUTO) {
		ot_buf_adds(out, "@media (prefers-color-scheme:dark){\n"
				 "svg{background:#14181d}\n");
#define HUE(name, light, dark) css_hue(out, light, dark);
#include "graph/hues.def"
		ot_buf_adds(out, "}\n");
	}
	ot_buf_adds(out, "]]></style>");
}

static void
add_xml(struct svg *s)
{
	const char *line = ot_buf_str(&s->raw), *end;

	for (; *line != '\0'; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		ot_escape(s->out, line, (size_t)(end - line), OT_ESC_XML, 0);
		if (*end)
			ot_buf_addc(s->out, '\n');
	}
	if (s->raw.failed)
		s->out->failed = true;
	ot_buf_clear(&s->raw);
}

static void
add_id(struct svg *s, size_t node)
{
	hg_pic_node_id(s->p, node, &s->raw);
	add_xml(s);
}

/* Of the group at `at`, as far as its title's end; NULL: none of ours. */
static const char *
group(struct svg *s, const char *at, bool *edge)
{
	const char *id = at + strlen(GROUP), *title, *end;
	char *behind;
	size_t i = strtoul(id + 1, &behind, 10);

	*edge = *id == 'e';
	if ((*id != 'n' && *id != 'e') || *behind != '"' ||
	    i >= (*edge ? s->p->nedges : s->p->nnodes))
		return NULL;
	title = strstr(behind, TITLE);
	end = title ? strstr(title, TITLE_END) : NULL;
	if (!end)
		return NULL;
	ot_buf_adds(s->out, GROUP);
	if (*edge)
		ot_buf_add(s->out, id, (size_t)(behind - id));
	else
		add_id(s, i);
	ot_buf_add(s->out, behind, (size_t)(title - behind) + strlen(TITLE));
	if (*edge)
		hg_pic_edge_tip(s->p, i, &s->raw);
	else
		hg_pic_node_tip(s->p, i, s->paths, &s->raw);
	add_xml(s);
	ot_buf_adds(s->out, TITLE_END);
	if (*edge) {
		ot_buf_adds(s->out, "<a xlink:href=\"#");
		add_id(s, s->p->back ? s->p->edges[i].from
				     : s->p->edges[i].to);
		ot_buf_adds(s->out, "\">");
	}
	return end + strlen(TITLE_END);
}

bool
hg_svg_finish(const struct hg_picture *p, const struct ot_buf *in,
	      struct ot_buf *out)
{
	struct svg s = { .p = p, .out = out };
	const char *at = ot_buf_str(in), *next, *behind;
	bool edge, ok;

	s.paths = hg_pic_paths(p);
	next = strstr(at, "<svg");
	next = next ? strchr(next, '>') : NULL;
	if (next) {
		ot_buf_add(out, at, (size_t)(next - at) + 1);
		hg_svg_style(p, out);
		at = next + 1;
	}
	while ((next = strstr(at, GROUP)) != NULL) {
		ot_buf_add(out, at, (size_t)(next - at));
		at = next;
		behind = group(&s, at, &edge);
		if (!behind) {
			ot_buf_adds(out, GROUP);
			at += strlen(GROUP);
			continue;
		}
		at = behind;
		next = edge ? strstr(at, GROUP_END) : NULL;
		if (next) {
			ot_buf_add(out, at, (size_t)(next - at));
			ot_buf_adds(out, "</a>");
			at = next;
		}
	}
	ot_buf_adds(out, at);
	ok = s.paths && !out->failed;
	free(s.paths);
	ot_buf_release(&s.raw);
	return ok;
}
