/* SPDX-License-Identifier: MIT */
/*
 * ex_graphml.c - GraphML: objects and roots as nodes, references as edges,
 * for networkx, Gephi, yEd and igraph.
 */
#include "config.h"

#include <inttypes.h>

#include "base/escape.h"
#include "graph/dom.h"
#include "graph/ex_util.h"

static const char head[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" "
	"xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
	"xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns "
	"http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n"
	"<key id=\"a\" for=\"node\" attr.name=\"address\" "
	"attr.type=\"string\"/>\n"
	"<key id=\"t\" for=\"node\" attr.name=\"type\" "
	"attr.type=\"string\"/>\n"
	"<key id=\"b\" for=\"node\" attr.name=\"bytes\" attr.type=\"long\"/>\n"
	"<key id=\"r\" for=\"node\" attr.name=\"retained\" "
	"attr.type=\"long\"/>\n"
	"<key id=\"s\" for=\"node\" attr.name=\"state\" "
	"attr.type=\"string\"/>\n"
	"<key id=\"x\" for=\"node\" attr.name=\"text\" "
	"attr.type=\"string\"/>\n"
	"<key id=\"k\" for=\"edge\" attr.name=\"relation\" "
	"attr.type=\"string\"/>\n"
	"<key id=\"l\" for=\"edge\" attr.name=\"edge\" "
	"attr.type=\"string\"/>\n"
	"<key id=\"w\" for=\"edge\" attr.name=\"weak\" "
	"attr.type=\"boolean\"/>\n"
	"<graph id=\"heap\" edgedefault=\"directed\">\n";

struct graphml {
	const struct hg_graph *g;
	const struct hg_dom *d;
	FILE *out;
	struct ot_buf text, scratch;
};

static void
put_data(struct graphml *x, char key, const char *s, size_t len)
{
	ot_buf_clear(&x->scratch);
	ot_escape(&x->scratch, s, len, OT_ESC_XML, HG_EXPORT_COLS);
	fprintf(x->out, "<data key=\"%c\">%s</data>", key,
		ot_buf_str(&x->scratch));
}

static void
put_node(struct graphml *x, hg_node n)
{
	const struct hg_graph *g = x->g;
	const char *type, *text;
	size_t len;

	fprintf(x->out, "<node id=\"n%" PRIu32 "\">", n);
	if (hg_is_root(g, n)) {
		type = hg_root_kind_text(hg_root_kind(g, n));
		ot_buf_clear(&x->text);
		hg_node_text(g, n, HG_EXPORT_COLS, &x->text);
		text = ot_buf_str(&x->text);
		len = x->text.len;
	} else {
		fprintf(x->out, "<data key=\"a\">0x%" PRIx64 "</data>",
			hg_addr(g, n));
		type = hg_kind_full(g, hg_kind_of(g, n));
		text = hg_text(g, n, &len);
		put_data(x, 's', hg_state_text(hg_dom_state(x->d, n)),
			 strlen(hg_state_text(hg_dom_state(x->d, n))));
	}
	put_data(x, 't', type, strlen(type));
	fprintf(x->out,
		"<data key=\"b\">%" PRIu64 "</data><data key=\"r\">%" PRIu64
		"</data>",
		hg_bytes(g, n), hg_dom_retained(x->d, n));
	if (len > 0)
		put_data(x, 'x', text, len);
	fputs("</node>\n", x->out);
}

static void
put_edges(struct graphml *x, hg_node n)
{
	const struct hg_graph *g = x->g;
	const char *relation;
	hg_edge e;

	for (e = hg_out(g, n); e < hg_out(g, n + 1); e++) {
		fprintf(x->out,
			"<edge id=\"e%" PRIu32 "\" source=\"n%" PRIu32
			"\" target=\"n%" PRIu32 "\">",
			e, n, hg_edge_to(g, e));
		relation = hg_relation_text(hg_edge_relation(g, e));
		put_data(x, 'k', relation, strlen(relation));
		ot_buf_clear(&x->text);
		hg_edge_label(g, e, &x->text);
		put_data(x, 'l', ot_buf_str(&x->text), x->text.len);
		fprintf(x->out, "<data key=\"w\">%s</data></edge>\n",
			hg_edge_weak(g, e) ? "true" : "false");
	}
}

enum ot_status
ex_graphml(const struct hg_graph *g, const struct hg_args *args, FILE *out,
	   struct ot_err *err)
{
	struct graphml x = { .g = g, .out = out };
	enum ot_status st = hg_dom_of(g, args, &x.d, err);
	hg_node n;

	if (st != OT_OK)
		return st;
	fputs(head, out);
	for (n = 0; n < hg_nodes(g) && st == OT_OK; n++) {
		put_node(&x, n);
		st = ex_tick(args, out, n, 2 * hg_nodes(g), err);
	}
	for (n = 0; n < hg_nodes(g) && st == OT_OK; n++) {
		put_edges(&x, n);
		st = ex_tick(args, out, n, hg_nodes(g), err);
	}
	if (st == OT_OK) {
		fputs("</graph>\n</graphml>\n", out);
		st = ex_end(out, x.text.failed ? &x.text : &x.scratch, err);
	}
	ot_buf_release(&x.text);
	ot_buf_release(&x.scratch);
	return st;
}
