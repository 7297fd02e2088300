/* SPDX-License-Identifier: MIT */
/*
 * t_graph.c - from a drawing to a graph; and the program itself.
 */
#include "config.h"

#include "tests/unit/t_graph.h"

#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "graph/builder.h"

/* ---- streams ---- */

static bool
enc_grow(struct otw_enc *e, size_t more)
{
	struct t_enc *t = e->ctx;

	ot_buf_add(&t->out, e->data, e->len);
	e->len = 0;
	if (e->cap < more) {
		free(e->data);
		e->data = malloc(more + 65536);
		e->cap = e->data ? more + 65536 : 0;
	}
	return e->data != NULL && !t->out.failed;
}

void
t_enc_init(struct t_enc *t)
{
	*t = (struct t_enc){ 0 };
	t->block = calloc(1, otw_enc_block_size());
	ck_assert(t->block != NULL);
	otw_enc_init(&t->e, enc_grow, t, t->block);
}

void
t_enc_release(struct t_enc *t)
{
	free(t->e.data);
	free(t->block);
	ot_buf_release(&t->out);
}

struct hg_graph *
t_enc_graph(struct t_enc *t, struct ot_err *err)
{
	struct hg_builder *b = hg_builder_new();
	struct otw_dec *d = otw_dec_new(hg_builder_events(), b);
	struct hg_graph *g = NULL;

	ck_assert(b && d);
	otw_enc_flush(&t->e);
	ck_assert(enc_grow(&t->e, 1) && !t->e.failed);
	if (otw_dec_feed(d, t->out.data, t->out.len, err) == OT_OK)
		hg_builder_finish(b, otw_dec_whole(d), &g, err);
	otw_dec_free(d);
	hg_builder_free(b);
	return g;
}

static struct otw_str
str(const char *s)
{
	return (struct otw_str){ s, strlen(s) };
}

void
t_enc_begin(struct t_enc *t)
{
	struct otw_hello hello = {
		.version = OTW_VERSION,
		.pid = 4242,
		.runtime = str("cpython"),
		.runtime_version = str("3.11.7"),
		.command = str("python3 shop/server.py"),
	};
	struct otw_begin begin = {
		.time_ns = 1700000000u * (uint64_t)1000000000u,
		.mode = OTW_MODE_FORK,
		.held_ns = 27000000,
		.want = OTW_WANT_GRAPH,
	};

	otw_enc_hello(&t->e, &hello);
	otw_enc_begin(&t->e, &begin);
}

void
t_enc_kind(struct t_enc *t, uint32_t id, const char *module, const char *name)
{
	struct otw_kind k = { .id = id,
			      .module = str(module),
			      .name = str(name) };

	otw_enc_kind(&t->e, &k);
}

void
t_enc_object(struct t_enc *t, uint64_t addr, uint32_t kind, uint64_t bytes,
	     uint32_t nrefs)
{
	struct otw_object o = {
		.addr = addr,
		.kind = kind,
		.flags = OTW_TRACKED,
		.bytes = bytes,
		.refcount = 1,
		.nrefs = nrefs,
	};

	otw_enc_object(&t->e, &o);
}

void
t_enc_ref(struct t_enc *t, uint64_t to, uint8_t relation)
{
	struct otw_ref r = { .to = to, .relation = relation };

	otw_enc_ref(&t->e, &r);
}

void
t_enc_root(struct t_enc *t, uint8_t kind, const char *name)
{
	struct otw_root r = { .kind = kind, .name = str(name) };

	otw_enc_root(&t->e, &r);
}

/* ---- drawings ---- */

#define MAX 64

struct object {
	char *name, *type, *text;
	uint64_t bytes;
};

struct edge {
	int from; /* object, or -1 - root */
	int to;
	uint8_t relation;
	char *name; /* or NULL */
	long index; /* where name is NULL; -1: none */
};

struct root {
	char *name;
	uint8_t kind;
};

struct drawing {
	struct object objects[MAX];
	struct edge edges[4 * MAX];
	struct root roots[MAX];
	const char *kinds[MAX];
	char *names[4 * MAX];
	int nobjects, nedges, nroots, nkinds, nnames;
};

static int
draw_object(struct drawing *d, const char *name, size_t len)
{
	int i;

	for (i = 0; i < d->nobjects; i++)
		if (strlen(d->objects[i].name) == len &&
		    memcmp(d->objects[i].name, name, len) == 0)
			return i;
	ck_assert_int_lt(d->nobjects, MAX);
	d->objects[d->nobjects] = (struct object){
		.name = strndup(name, len),
		.bytes = 16,
	};
	return d->nobjects++;
}

static int
draw_root(struct drawing *d, const char *kind, const char *name, size_t len)
{
	unsigned k;
	int i;

	for (i = 0; i < d->nroots; i++)
		if (strlen(d->roots[i].name) == len &&
		    memcmp(d->roots[i].name, name, len) == 0)
			return -1 - i;
	for (k = 0; k < OTW_ROOT_COUNT; k++)
		if (strncmp(kind, hg_root_kind_text(k),
			    strlen(hg_root_kind_text(k))) == 0)
			break;
	ck_assert_uint_lt(k, OTW_ROOT_COUNT);
	d->roots[d->nroots] = (struct root){ strndup(name, len), (uint8_t)k };
	return -1 - d->nroots++;
}

/* "a.name", "a[3]", "a~" ...: where an edge starts and what it is. */
static void
draw_source(struct drawing *d, const char *word, const char *end,
	    struct edge *e)
{
	const char *p = word, *open;

	if (*word == '@') {
		open = strchr(word, '(');
		p = strchr(word, ')');
		ck_assert(open && p);
		e->from = draw_root(d, word + 1, open + 1,
				    (size_t)(p++ - open) - 1);
		e->relation = OTW_REL_MODULE;
	} else {
		p = word + strcspn(word, ".[~|>");
		e->from = draw_object(d, word, (size_t)(p - word));
	}
	if (*p == '.') {
		e->relation = *word == '@' ? OTW_REL_LOCAL : OTW_REL_ATTRIBUTE;
		e->name = strndup(p + 1, (size_t)(end - p) - 1);
	} else if (*p == '[' && isdigit((unsigned char)p[1])) {
		e->relation = OTW_REL_ITEM;
		e->index = strtol(p + 1, NULL, 10);
	} else if (*p == '[') {
		e->relation = OTW_REL_VALUE;
		e->name = strndup(p + 1, (size_t)(end - p) - 2);
	} else if (*p == '~') {
		e->relation = OTW_REL_WEAK;
	} else if (*p == '|') {
		e->relation = OTW_REL_TYPE;
	}
}

static void
draw_word(struct drawing *d, char *word)
{
	char *arrow = strchr(word, '>'), *colon, *text;
	struct object *o;

	if (arrow) {
		struct edge *e = &d->edges[d->nedges++];

		*e = (struct edge){ .index = -1, .relation = OTW_REL_INTERNAL };
		draw_source(d, word, arrow, e);
		e->to = draw_object(d, arrow + 1, strlen(arrow + 1));
		return;
	}
	text = strchr(word, '=');
	if (text)
		*text++ = '\0';
	colon = strchr(word, ':');
	if (colon)
		*colon++ = '\0';
	o = &d->objects[draw_object(d, word, strlen(word))];
	if (text)
		o->text = strdup(text);
	for (; colon;) {
		char *next = strchr(colon, ':');

		if (next)
			*next++ = '\0';
		if (isdigit((unsigned char)*colon))
			o->bytes = strtoull(colon, NULL, 10);
		else
			o->type = strdup(colon);
		colon = next;
	}
}

static uint32_t
kind_id(struct drawing *d, struct t_enc *t, const char *type)
{
	char module[64] = "builtins";
	const char *dot = strrchr(type, '.');
	int i;

	for (i = 0; i < d->nkinds; i++)
		if (strcmp(d->kinds[i], type) == 0)
			return (uint32_t)i;
	if (dot)
		snprintf(module, sizeof(module), "%.*s", (int)(dot - type),
			 type);
	t_enc_kind(t, (uint32_t)d->nkinds, module, dot ? dot + 1 : type);
	d->kinds[d->nkinds] = type;
	return (uint32_t)d->nkinds++;
}

static uint32_t
name_id(struct drawing *d, struct t_enc *t, char *name)
{
	struct otw_name n = { .name = str(name) };
	int i;

	for (i = 0; i < d->nnames; i++)
		if (strcmp(d->names[i], name) == 0)
			return (uint32_t)i;
	n.id = (uint32_t)d->nnames;
	otw_enc_name(&t->e, &n);
	d->names[d->nnames++] = name;
	return n.id;
}

static struct otw_ref
draw_ref(struct drawing *d, struct t_enc *t, const struct edge *e)
{
	struct otw_ref r = { .to = T_ADDR(e->to), .relation = e->relation };

	if (e->name) {
		r.name_type = OTW_NAME_ID;
		r.id = name_id(d, t, e->name);
	} else if (e->index >= 0) {
		r.name_type = OTW_NAME_INDEX;
		r.index = e->index;
	}
	return r;
}

/* Backwards, so that addresses have to be sorted. */
static void
draw_encode(struct drawing *d, struct t_enc *t)
{
	struct otw_ref refs[4 * MAX];
	uint32_t kinds[MAX];
	int i, j;

	t_enc_begin(t);
	for (i = 0; i < d->nobjects; i++)
		kinds[i] = kind_id(d, t,
				   d->objects[i].type ? d->objects[i].type
						      : "object");
	for (j = 0; j < d->nedges; j++)
		refs[j] = draw_ref(d, t, &d->edges[j]);
	for (i = d->nobjects - 1; i >= 0; i--) {
		struct otw_object o = {
			.addr = T_ADDR(i),
			.kind = kinds[i],
			.flags = OTW_TRACKED | 2u << 4,
			.bytes = d->objects[i].bytes,
			.refcount = 1,
		};

		if (d->objects[i].text)
			o.text = str(d->objects[i].text);
		for (j = 0; j < d->nedges; j++)
			o.nrefs += d->edges[j].from == i;
		otw_enc_object(&t->e, &o);
		for (j = 0; j < d->nedges; j++)
			if (d->edges[j].from == i)
				otw_enc_ref(&t->e, &refs[j]);
	}
	for (i = 0; i < d->nroots; i++) {
		t_enc_root(t, d->roots[i].kind, d->roots[i].name);
		for (j = 0; j < d->nedges; j++)
			if (d->edges[j].from == -1 - i)
				otw_enc_root_ref(&t->e, &refs[j]);
	}
	otw_enc_end(&t->e,
		    &(struct otw_end){ .objects = (uint64_t)d->nobjects });
}

struct t_heap
t_draw(const char *drawing)
{
	static struct drawing d;
	struct ot_err err = OT_ERR_INIT;
	char *copy = strdup(drawing), *word, *rest;
	struct t_heap h = { 0 };
	struct t_enc t;
	int i;

	d = (struct drawing){ 0 };
	for (word = strtok_r(copy, " \t\n", &rest); word;
	     word = strtok_r(NULL, " \t\n", &rest))
		draw_word(&d, word);
	t_enc_init(&t);
	draw_encode(&d, &t);
	h.g = t_enc_graph(&t, &err);
	ck_assert_msg(h.g != NULL, "%s", err.msg);
	t_enc_release(&t);
	for (i = 0; i < d.nobjects; i++) {
		h.names[h.n++] = d.objects[i].name;
		free(d.objects[i].type);
		free(d.objects[i].text);
	}
	for (i = 0; i < d.nedges; i++)
		free(d.edges[i].name);
	for (i = 0; i < d.nroots; i++)
		free(d.roots[i].name);
	free(copy);
	return h;
}

void
t_heap_free(struct t_heap *h)
{
	unsigned i;

	hg_graph_free(h->g);
	for (i = 0; i < h->n; i++)
		free(h->names[i]);
}

hg_node
t_node(const struct t_heap *h, const char *name)
{
	unsigned i;

	for (i = 0; i < h->n; i++)
		if (strcmp(h->names[i], name) == 0)
			return hg_at(h->g, T_ADDR(i));
	ck_abort_msg("no node %s", name);
	return HG_NONE;
}

/* ---- tables ---- */

struct ot_table *
t_run(const struct hg_graph *g, const char *analysis, const char *object,
      const struct hg_args *args)
{
	struct hg_args a = args ? *args : (struct hg_args){ 0 };
	struct ot_err err = OT_ERR_INIT;
	struct ot_table *t = NULL;
	enum ot_status st;

	if (object) {
		a.objects = &object;
		a.nobjects = 1;
	}
	st = hg_analysis_find(analysis)->run(g, &a, &t, &err);
	ck_assert_msg(st == OT_OK, "%s", err.msg);
	return t;
}

char *
t_text(const struct ot_table *t)
{
	struct ot_emit e = { .format = OT_FMT_TEXT, .width = 200 };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	ck_assert(f != NULL);
	ck_assert_int_eq(ot_emit_table(&e, t, f, NULL), OT_OK);
	fclose(f);
	return text;
}

const char *
t_cell(const struct ot_table *t, size_t row, const char *col)
{
	static struct ot_buf ring[8];
	static unsigned at;
	struct ot_buf *b = &ring[at++ % 8];
	int c = ot_table_col(t, col);

	ck_assert_msg(c >= 0, "no column %s", col);
	ck_assert_uint_lt(row, t->nrows);
	ot_buf_clear(b);
	ot_cell_text(ot_table_at(t, row, (size_t)c), b);
	return ot_buf_str(b);
}

/*
 * Read by the leak checker where there is one: fonts stay with fontconfig
 * until the process ends, and libgvc keeps a little of each picture.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libpango\nleak:libgvc\n"
	       "leak:libglib\n";
}

int
main(void)
{
	Suite *suite = suite_create("graph");
	SRunner *runner;
	int failed;

	setlocale(LC_ALL, "C.UTF-8");
	suite_add_tcase(suite, t_graph_build());
	suite_add_tcase(suite, t_graph_tables());
	suite_add_tcase(suite, t_graph_dom());
	suite_add_tcase(suite, t_graph_paths());
	suite_add_tcase(suite, t_graph_pictures());
	suite_add_tcase(suite, t_graph_growth());
	suite_add_tcase(suite, t_graph_sql());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
