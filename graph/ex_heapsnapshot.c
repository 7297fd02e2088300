/* SPDX-License-Identifier: MIT */
/*
 * ex_heapsnapshot.c - the heap as Chrome's DevTools load it (Memory panel).
 *
 * Two tables of numbers, nodes and edges, then the strings that both mean.
 * Which string has which number follows from the order of the graph's own
 * columns, so nothing is gathered but which names of edges are in use; each
 * table is one pass over the graph, written as it goes.
 *
 * DevTools compute dominators themselves, and shall find objtop's:
 *
 *	(root) - (GC roots) - (modules) ...	 - named roots - objects
 *			    - (threads) - thread N - frames ...
 *			    - (held from C)	 - objects
 *	       - (held only weakly), (garbage)	 - objects
 *
 * - The synthetic node of what no root reaches has an edge to each object
 *   that it dominates at once, which changes no dominator.
 * - References from garbage to the living keep nothing alive: they go out as
 *   weak ones, which DevTools pass over too.
 * - A node's own size is what retained sizes add up here: with `extra`.
 * - (root) has a weak edge to each named root: DevTools count distances from
 *   what is not synthetic below (root), and nothing else comes of it.
 *
 * The loader keeps all in Uint32Array: an object beyond 4 GiB gets a second
 * node for the rest, a heap with more numbers than that is refused.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "graph/dom.h"
#include "graph/ex_util.h"
#include "graph/store.h"

#define RESTS_MAX 1024u /* no object takes more than 4 TiB */
#define FIELDS 6u /* of a node; edges refer to nodes by where they begin */

enum node_type { NODE_STRING = 2, NODE_OBJECT = 3, NODE_SYNTHETIC = 9 };

enum edge_type {
	EDGE_CONTEXT,
	EDGE_ELEMENT,
	EDGE_PROPERTY,
	EDGE_INTERNAL,
	EDGE_HIDDEN,
	EDGE_SHORTCUT,
	EDGE_WEAK
};

static const char meta[] =
	"{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\","
	"\"self_size\",\"edge_count\",\"detachedness\"],\"node_types\":[["
	"\"hidden\",\"array\",\"string\",\"object\",\"code\",\"closure\","
	"\"regexp\",\"number\",\"native\",\"synthetic\","
	"\"concatenated string\",\"sliced string\",\"symbol\",\"bigint\","
	"\"object shape\"],\"string\",\"number\",\"number\",\"number\","
	"\"number\"],\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],"
	"\"edge_types\":[[\"context\",\"element\",\"property\",\"internal\","
	"\"hidden\",\"shortcut\",\"weak\"],\"string_or_number\",\"node\"],"
	"\"trace_function_info_fields\":[],\"trace_node_fields\":[],"
	"\"sample_fields\":[],\"location_fields\":[]}";

/* The nodes that stand above the graph's, in this order; threads follow. */
enum head {
	HEAD_ROOT,
	HEAD_GC,
	HEAD_THREADS,
	HEAD_HELD,
	HEAD_WEAK,
	HEAD_GARBAGE,
	HEAD_KINDS, /* one a kind of root */
	HEAD_COUNT = HEAD_KINDS + OTW_ROOT_COUNT
};

static const char *const head_names[HEAD_KINDS] = {
	"", "(GC roots)", "(threads)", "(held from C)", "(held only weakly)",
	"(garbage)",
};

/* How an edge's name is written: x, or ['x']. */
enum spelling { PLAIN, SUBSCRIPT, SPELLINGS };

static const struct {
	enum edge_type type;
	enum spelling spelling;
	bool bare; /* the word alone, whatever the name */
} relations[OTW_REL_COUNT] = {
	[OTW_REL_INTERNAL] = { EDGE_INTERNAL, PLAIN, false },
	[OTW_REL_ATTRIBUTE] = { EDGE_PROPERTY, PLAIN, false },
	[OTW_REL_SLOT] = { EDGE_PROPERTY, PLAIN, false },
	[OTW_REL_ITEM] = { EDGE_PROPERTY, SUBSCRIPT, false },
	[OTW_REL_KEY] = { EDGE_INTERNAL, PLAIN, true },
	[OTW_REL_VALUE] = { EDGE_PROPERTY, SUBSCRIPT, false },
	[OTW_REL_CELL] = { EDGE_CONTEXT, PLAIN, false },
	[OTW_REL_LOCAL] = { EDGE_CONTEXT, PLAIN, false },
	[OTW_REL_STACK] = { EDGE_INTERNAL, PLAIN, false },
	[OTW_REL_GLOBAL] = { EDGE_PROPERTY, PLAIN, false },
	[OTW_REL_TYPE] = { EDGE_INTERNAL, PLAIN, true },
	[OTW_REL_BASE] = { EDGE_INTERNAL, PLAIN, false },
	[OTW_REL_CLOSURE] = { EDGE_INTERNAL, PLAIN, false },
	[OTW_REL_DEFAULT] = { EDGE_INTERNAL, PLAIN, false },
	[OTW_REL_TRACEBACK] = { EDGE_INTERNAL, PLAIN, false },
	[OTW_REL_WEAK] = { EDGE_WEAK, PLAIN, false },
	[OTW_REL_MODULE] = { EDGE_PROPERTY, PLAIN, false },
	[OTW_REL_SUBCLASS] = { EDGE_INTERNAL, PLAIN, true },
};

/* Where each sort of string begins. */
struct strings {
	uint32_t heads, redacted, rest, relations, kinds, roots;
	uint32_t *names[SPELLINGS]; /* per name: 1, then its number; 0: none */
	uint32_t texts, ntexts;
};

struct hs {
	const struct hg_graph *g;
	const struct hg_dom *d;
	const struct hg_args *args;
	struct ot_err *err;
	FILE *out;
	struct ot_buf text, scratch;
	struct strings s;
	hg_kind str; /* the kind of plain strings, or HG_NONE */

	uint32_t heads, nodes; /* nodes: with heads and rests */
	uint64_t edges;
	uint64_t nrests; /* of objects beyond 4 GiB */
	uint32_t *children; /* per head: edges out of it */
	uint32_t text_next;
};

static bool
head_used(const struct hs *h, uint32_t i)
{
	return i <= HEAD_GC || h->children[i] > 0 ||
	       (i == HEAD_THREADS && h->heads > HEAD_COUNT);
}

/* The head that graph node n hangs from, or h->heads: none. */
static uint32_t
head_of(const struct hs *h, hg_node n)
{
	hg_node up = hg_dom_idom(h->d, n);

	if (hg_dom_is_virtual(h->d, up) &&
	    up >= hg_dom_node(h->d, HG_DOM_THREADS))
		return hg_is_root(h->g, n)
			       ? HEAD_COUNT + up -
					 hg_dom_node(h->d, HG_DOM_THREADS)
			       : h->heads;
	if (hg_is_root(h->g, n))
		return HEAD_KINDS + hg_root_kind(h->g, n);
	if (up == hg_dom_node(h->d, HG_DOM_HELD))
		return HEAD_HELD;
	if (up == hg_dom_node(h->d, HG_DOM_WEAK))
		return HEAD_WEAK;
	return up == hg_dom_node(h->d, HG_DOM_GARBAGE) ? HEAD_GARBAGE
						       : h->heads;
}

/* The head above another one. */
static uint32_t
head_above(uint32_t i)
{
	if (i == HEAD_GC || i == HEAD_WEAK || i == HEAD_GARBAGE)
		return HEAD_ROOT;
	return i >= HEAD_COUNT ? HEAD_THREADS : HEAD_GC;
}

/* Nodes of 4 GiB at most that a weight makes beside the first. */
static uint32_t
rests(uint64_t weight)
{
	uint64_t n = weight > 0 ? (weight - 1) / UINT32_MAX : 0;

	return n < RESTS_MAX ? (uint32_t)n : RESTS_MAX;
}

static bool
is_text(const struct hs *h, hg_node n)
{
	size_t len;

	if (hg_kind_of(h->g, n) != h->str)
		return false;
	hg_text(h->g, n, &len);
	return len > 0;
}

/* The label of edge e, out of n: without a search for where e comes from. */
static uint32_t
label_of(const struct hg_graph *g, hg_node n, hg_edge e, uint64_t *value)
{
	if (n >= g->nobjects)
		return hg_edge_code(g, e, value);
	return hg_class_label(&g->classes, hg_class_of(g, n)->labels,
			      e - hg_out(g, n), value);
}

/* ---- counting ---- */

static void
count_names(struct hs *h)
{
	const struct hg_graph *g = h->g;
	uint32_t label;
	uint64_t id;
	unsigned rel;
	hg_edge e;
	hg_node n;

	for (n = 0; n < hg_nodes(g); n++) {
		for (e = hg_out(g, n); e < hg_out(g, n + 1); e++) {
			label = label_of(g, n, e, &id);
			rel = hg_label_relation(label);
			if (!relations[rel].bare && id < g->nnames &&
			    hg_label_type(label) == OTW_NAME_ID)
				h->s.names[relations[rel].spelling][id] = 1;
		}
	}
}

/* Numbers for all strings, in the order in which they will be written. */
static void
number_strings(struct hs *h)
{
	const struct hg_graph *g = h->g;
	uint32_t at = 0, i, sp;

	h->s.heads = at;
	at += h->heads;
	h->s.redacted = at++;
	h->s.rest = at++;
	h->s.relations = at;
	at += OTW_REL_COUNT;
	h->s.kinds = at;
	at += g->nkinds;
	h->s.roots = at;
	at += g->nroots;
	for (sp = 0; sp < SPELLINGS; sp++)
		for (i = 0; i < g->nnames; i++)
			if (h->s.names[sp][i] != 0)
				h->s.names[sp][i] = at++;
	h->s.texts = h->text_next = at;
}

static enum ot_status
count(struct hs *h)
{
	const struct hg_graph *g = h->g;
	uint32_t i, head, nodes = hg_nodes(g);
	uint64_t total;
	hg_node n;

	for (n = 0; n < nodes; n++) {
		head = head_of(h, n);
		if (head < h->heads)
			h->children[head]++;
		if (hg_is_root(g, n))
			continue;
		h->nrests += rests(hg_weight(g, n));
		h->s.ntexts += is_text(h, n);
	}
	for (i = HEAD_COUNT; i < h->heads; i++)
		h->children[HEAD_THREADS] += h->children[i] > 0;
	for (i = 0; i < h->heads; i++)
		h->edges += i >= HEAD_HELD || i == HEAD_THREADS
				    ? h->children[i]
				    : 0;
	for (i = HEAD_GC; i < h->heads; i++)
		if (i < HEAD_COUNT && head_used(h, i))
			h->children[head_above(i)]++;
	h->children[HEAD_ROOT] += g->nroots;
	h->edges += (uint64_t)h->children[HEAD_ROOT] + h->children[HEAD_GC] +
		    g->nedges + h->nrests;
	total = (uint64_t)h->heads + nodes + h->nrests;
	if (total > UINT32_MAX / FIELDS || h->edges > UINT32_MAX / 3 ||
	    (uint64_t)h->heads + OTW_REL_COUNT + 2 + g->nkinds + g->nroots +
			    SPELLINGS * (uint64_t)g->nnames + h->s.ntexts >
		    UINT32_MAX / 4)
		return ot_fail(h->err, OT_FAILED,
			       "DevTools take at most %u objects and %u "
			       "references; export another format",
			       UINT32_MAX / FIELDS, UINT32_MAX / 3);
	h->nodes = (uint32_t)total;
	return OT_OK;
}

static enum ot_status
start(struct hs *h)
{
	const struct hg_graph *g = h->g;
	enum ot_status st;
	uint32_t sp;
	hg_kind k;

	st = hg_dom_of(g, h->args, &h->d, h->err);
	if (st != OT_OK)
		return st;
	h->heads = HEAD_COUNT + hg_dom_threads(h->d);
	h->children = calloc(h->heads, sizeof(*h->children));
	for (sp = 0; sp < SPELLINGS; sp++)
		h->s.names[sp] = calloc((size_t)g->nnames + 1,
					sizeof(**h->s.names));
	if (!h->children || !h->s.names[PLAIN] || !h->s.names[SUBSCRIPT])
		return ot_fail_nomem(h->err, "the export");
	h->str = HG_NONE;
	for (k = 0; k < g->nkinds && h->str == HG_NONE; k++)
		if (strcmp(hg_kind_name(g, k), "str") == 0 &&
		    strcmp(hg_kind_module(g, k), "builtins") == 0)
			h->str = k;
	st = count(h);
	if (st == OT_OK) {
		count_names(h);
		number_strings(h);
	}
	return st;
}

static void
release(struct hs *h)
{
	free(h->children);
	free(h->s.names[PLAIN]);
	free(h->s.names[SUBSCRIPT]);
	ot_buf_release(&h->text);
	ot_buf_release(&h->scratch);
}

/* ---- numbers ---- */

/* printf() would be two thirds of all the time. */
static void
put_number(FILE *out, uint32_t v, int sep)
{
	char digits[12], *p = digits + sizeof(digits);

	*--p = (char)sep;
	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	fwrite(p, 1, (size_t)(digits + sizeof(digits) - p), out);
}

static void
put_node(struct hs *h, uint32_t ordinal, unsigned type, uint32_t name,
	 uint32_t size, uint32_t edges)
{
	if (ordinal > 0)
		putc(',', h->out);
	put_number(h->out, type, ',');
	put_number(h->out, name, ',');
	/* odd, as V8's of objects; ascending as addresses do */
	put_number(h->out, ordinal * 2 + 1, ',');
	put_number(h->out, size, ',');
	put_number(h->out, edges, ',');
	fputs("0\n", h->out);
}

static void
put_edge(struct hs *h, bool *first, unsigned type, uint32_t name, uint32_t to)
{
	if (!*first)
		putc(',', h->out);
	*first = false;
	put_number(h->out, type, ',');
	put_number(h->out, name, ',');
	put_number(h->out, to * FIELDS, '\n');
}

/* ---- nodes ---- */

static uint32_t
first_size(uint64_t weight)
{
	return weight > UINT32_MAX ? UINT32_MAX : (uint32_t)weight;
}

static void
put_object(struct hs *h, hg_node n)
{
	uint64_t weight = hg_weight(h->g, n);
	hg_kind k = hg_kind_of(h->g, n);
	bool text = is_text(h, n);
	uint32_t name = text	      ? h->text_next++
			: k == h->str ? h->s.redacted
				      : h->s.kinds + k;

	put_node(h, h->heads + n, k == h->str ? NODE_STRING : NODE_OBJECT,
		 name, first_size(weight),
		 hg_out(h->g, n + 1) - hg_out(h->g, n) + rests(weight));
}

static enum ot_status
put_nodes(struct hs *h)
{
	const struct hg_graph *g = h->g;
	uint32_t i, j, at = h->heads + hg_nodes(g);
	enum ot_status st = OT_OK;
	uint64_t weight;
	hg_node n;

	fputs("\"nodes\":[", h->out);
	for (i = 0; i < h->heads; i++)
		put_node(h, i, NODE_SYNTHETIC, h->s.heads + i, 0,
			 h->children[i]);
	for (n = 0; n < hg_nodes(g) && st == OT_OK; n++) {
		if (hg_is_root(g, n))
			put_node(h, h->heads + n, NODE_OBJECT,
				 h->s.roots + n - g->nobjects, 0,
				 hg_out(g, n + 1) - hg_out(g, n));
		else
			put_object(h, n);
		st = ex_tick(h->args, h->out, n, 2 * hg_nodes(g), h->err);
	}
	for (n = 0; n < g->nobjects && h->nrests > 0; n++) {
		weight = hg_weight(g, n);
		for (j = rests(weight); j > 0; j--) {
			weight -= UINT32_MAX;
			put_node(h, at++, NODE_SYNTHETIC, h->s.rest,
				 first_size(weight), 0);
		}
	}
	fputs("],\n", h->out);
	return st;
}

/* ---- edges ---- */

/* Does it keep its target alive, as objtop sees it? */
static bool
keeps(const struct hs *h, hg_node from, hg_node to, unsigned rel)
{
	enum hg_state state = hg_dom_state(h->d, from);

	return rel != OTW_REL_WEAK &&
	       (state == HG_REACHABLE || state == HG_HELD ||
		hg_dom_state(h->d, to) == state);
}

static void
put_ref(struct hs *h, bool *first, hg_node from, hg_edge e)
{
	const struct hg_graph *g = h->g;
	uint64_t at;
	uint32_t label = label_of(g, from, e, &at);
	unsigned rel = hg_label_relation(label), type = relations[rel].type;
	unsigned named = hg_label_type(label);
	uint32_t name = h->s.relations + rel;
	bool kept = keeps(h, from, hg_edge_to(g, e), rel);

	if (relations[rel].bare) {
		/* the word says it all */
	} else if (named == OTW_NAME_ID && at < g->nnames) {
		name = h->s.names[relations[rel].spelling][at];
	} else if (named == OTW_NAME_INDEX && at <= UINT32_MAX && kept) {
		type = EDGE_ELEMENT;
		name = (uint32_t)at;
	}
	put_edge(h, first, kept ? type : EDGE_WEAK, name,
		 h->heads + hg_edge_to(g, e));
}

/*
 * All edges of heads.  Children are found by going over all nodes, once for
 * those few heads that have objects below them.
 */
static void
put_head_edges(struct hs *h, bool *first)
{
	uint32_t i, j, index, nodes = hg_nodes(h->g);
	hg_node n;

	for (i = 0; i < h->heads; i++) {
		index = 1;
		for (j = HEAD_GC; j < h->heads; j++)
			if (head_above(j) == i &&
			    (j >= HEAD_COUNT ? h->children[j] > 0
					     : head_used(h, j)))
				put_edge(h, first, EDGE_ELEMENT, index++, j);
		if (i == HEAD_ROOT)
			for (n = h->g->nobjects; n < nodes; n++)
				put_edge(h, first, EDGE_WEAK,
					 h->s.roots + n - h->g->nobjects,
					 h->heads + n);
		if (i < HEAD_HELD || h->children[i] == 0)
			continue;
		n = i < HEAD_KINDS ? 0 : h->g->nobjects;
		for (; n < nodes; n++)
			if (head_of(h, n) == i)
				put_edge(h, first, EDGE_ELEMENT, index++,
					 h->heads + n);
	}
}

static enum ot_status
put_edges(struct hs *h)
{
	const struct hg_graph *g = h->g;
	uint32_t rest = h->heads + hg_nodes(g), j;
	enum ot_status st = OT_OK;
	bool first = true;
	hg_node n;
	hg_edge e;

	fputs("\"edges\":[", h->out);
	put_head_edges(h, &first);
	for (n = 0; n < hg_nodes(g) && st == OT_OK; n++) {
		for (e = hg_out(g, n); e < hg_out(g, n + 1); e++)
			put_ref(h, &first, n, e);
		for (j = rests(hg_weight(g, n)); j > 0; j--)
			put_edge(h, &first, EDGE_INTERNAL, h->s.rest, rest++);
		st = ex_tick(h->args, h->out, n, hg_nodes(g), h->err);
	}
	fputs("],\n", h->out);
	return st;
}

/* ---- strings ---- */

static void
put_string(struct hs *h, bool *first, const char *s, size_t len)
{
	if (!*first)
		fputs(",\n", h->out);
	*first = false;
	ex_json_string(h->out, &h->scratch, s, len);
}

/* A name in its spelling; keys that come with quotes have all they need. */
static void
put_name(struct hs *h, bool *first, uint32_t id, enum spelling spelling)
{
	const char *s = h->g->names + h->g->name_off[id];
	size_t len = h->g->name_off[id + 1] - h->g->name_off[id];
	bool quoted = len > 1 && (*s == '\'' || *s == '"') &&
		      s[len - 1] == *s;

	if (spelling == PLAIN) {
		put_string(h, first, s, len);
		return;
	}
	ot_buf_clear(&h->text);
	ot_buf_adds(&h->text, quoted ? "[" : "['");
	ot_escape(&h->text, s, len, OT_ESC_TERM, HG_EXPORT_COLS - 8);
	ot_buf_adds(&h->text, quoted ? "]" : "']");
	put_string(h, first, ot_buf_str(&h->text), h->text.len);
}

/* A string's text without the quotes that DevTools put round it. */
static void
put_text(struct hs *h, bool *first, hg_node n)
{
	size_t len, end;
	const char *s = hg_text(h->g, n, &len);

	ot_buf_clear(&h->text);
	end = len;
	if (len > 1 && (*s == '\'' || *s == '"')) {
		while (end > 1 && s[end - 1] == '.')
			end--; /* a text that was cut: 'abc'... */
		if (end > 1 && s[end - 1] == *s) {
			ot_buf_add(&h->text, s + 1, end - 2);
			ot_buf_add(&h->text, s + end, len - end);
			put_string(h, first, ot_buf_str(&h->text), h->text.len);
			return;
		}
	}
	put_string(h, first, s, len);
}

static void
put_heads(struct hs *h, bool *first)
{
	uint32_t i;

	for (i = 0; i < h->heads; i++) {
		ot_buf_clear(&h->text);
		if (i < HEAD_KINDS)
			ot_buf_adds(&h->text, head_names[i]);
		else if (i < HEAD_COUNT)
			ot_buf_addf(&h->text, "(%ss)",
				    hg_root_kind_text(i - HEAD_KINDS));
		else
			hg_dom_virtual_text(
				h->d,
				hg_dom_node(h->d, HG_DOM_THREADS) + i -
					HEAD_COUNT,
				&h->text);
		put_string(h, first, ot_buf_str(&h->text), h->text.len);
	}
}

static enum ot_status
put_strings(struct hs *h)
{
	const struct hg_graph *g = h->g;
	enum ot_status st = OT_OK;
	uint32_t i, sp, rel;
	bool first = true;
	hg_node n;

	fputs("\"strings\":[", h->out);
	put_heads(h, &first);
	put_string(h, &first, "(text left out)", strlen("(text left out)"));
	put_string(h, &first, "(beyond 4 GiB)", strlen("(beyond 4 GiB)"));
	for (rel = 0; rel < OTW_REL_COUNT; rel++)
		put_string(h, &first, hg_relation_text(rel),
			   strlen(hg_relation_text(rel)));
	for (i = 0; i < g->nkinds; i++)
		put_string(h, &first, hg_kind_full(g, i),
			   strlen(hg_kind_full(g, i)));
	for (n = g->nobjects; n < hg_nodes(g); n++) {
		ot_buf_clear(&h->text);
		hg_node_text(g, n, HG_EXPORT_COLS, &h->text);
		put_string(h, &first, ot_buf_str(&h->text), h->text.len);
	}
	for (sp = 0; sp < SPELLINGS; sp++)
		for (i = 0; i < g->nnames; i++)
			if (h->s.names[sp][i] != 0)
				put_name(h, &first, i, (enum spelling)sp);
	for (n = 0; n < g->nobjects && st == OT_OK; n++) {
		if (is_text(h, n))
			put_text(h, &first, n);
		st = ex_tick(h->args, h->out, n, g->nobjects, h->err);
	}
	fputs("]}\n", h->out);
	return st;
}

enum ot_status
ex_heapsnapshot(const struct hg_graph *g, const struct hg_args *args,
		FILE *out, struct ot_err *err)
{
	struct hs h = { .g = g, .args = args, .out = out, .err = err };
	enum ot_status st = start(&h);

	if (st == OT_OK) {
		fputs(meta, out);
		fprintf(out,
			",\"node_count\":%u,\"edge_count\":%llu,"
			"\"trace_function_count\":0},\n",
			h.nodes, (unsigned long long)h.edges);
		st = put_nodes(&h);
	}
	if (st == OT_OK)
		st = put_edges(&h);
	if (st == OT_OK) {
		fputs("\"trace_function_infos\":[],\n\"trace_tree\":[],\n"
		      "\"samples\":[],\n\"locations\":[],\n",
		      out);
		st = put_strings(&h);
	}
	if (st == OT_OK)
		st = ex_end(out, h.text.failed ? &h.text : &h.scratch, err);
	release(&h);
	return st;
}
