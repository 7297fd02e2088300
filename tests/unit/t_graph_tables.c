/* SPDX-License-Identifier: MIT */
/*
 * t_graph_tables.c - names, labels, and the tables of the analyses.
 */
#include "config.h"

#include "tests/unit/t_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "graph/near.h"

#define SHOP                                                                   \
	"m:module='shop' d:dict:232 c:shop.Cache:48 l:list:88 "                \
	"s:shop.Session:56 t:shop.Session:57 k:str:53='key' n:int:28='42' "    \
	"cls:type:900='Session' w:weakref:72 "                                 \
	"@module(shop)>m m>d d[cache]>c c.items>l l[0]>s l[1]>t "              \
	"s.name>k s.n>n t.name>k t.peer>s s|>cls t|>cls w~>s "                 \
	"@frame(handle).x>t d[w]>w"

static char *
words(void (*tell)(const struct hg_graph *, hg_node, size_t, struct ot_buf *),
      const struct t_heap *h, const char *name, size_t cols)
{
	static struct ot_buf b;

	ot_buf_clear(&b);
	tell(h->g, t_node(h, name), cols, &b);
	return b.data ? b.data : (char *)"";
}

static const char *
label(const struct t_heap *h, const char *from, unsigned nth)
{
	static struct ot_buf b;

	ot_buf_clear(&b);
	hg_edge_label(h->g, hg_out(h->g, t_node(h, from)) + nth, &b);
	return ot_buf_str(&b);
}

START_TEST(labels)
{
	struct t_heap h = t_draw("a.cars>b a[3]>b a[token]>b a['x']>b a>b "
				 "a~>b a|>b @frame(f).x>a");

	ck_assert_str_eq(label(&h, "a", 0), ".cars");
	ck_assert_str_eq(label(&h, "a", 1), "[3]");
	ck_assert_str_eq(label(&h, "a", 2), "['token']");
	ck_assert_str_eq(label(&h, "a", 3), "['x']");
	ck_assert_str_eq(label(&h, "a", 4), "C-internal");
	ck_assert_str_eq(label(&h, "a", 5), "weak");
	ck_assert_str_eq(label(&h, "a", 6), "class");
	ck_assert(hg_edge_weak(h.g, hg_out(h.g, t_node(&h, "a")) + 5));
	t_heap_free(&h);
}
END_TEST

START_TEST(texts)
{
	struct t_heap h =
		t_draw("l:list l2:list e:list l[0]>l2 l[1]>e "
		       "l2[0]>s s:shop.Session m:module n:ns.module "
		       "@module(shop.cache)>m @module(x)>n v:str='a\033b' "
		       "d:dict d.x>s d.y>s d2:dict d2[k]>s");
	struct ot_buf b = OT_BUF_INIT;

	ck_assert_str_eq(words(hg_node_text, &h, "l", 80), "2 items");
	ck_assert_str_eq(words(hg_node_text, &h, "l2", 80), "1 item");
	ck_assert_str_eq(words(hg_node_text, &h, "e", 80), "0 items");
	ck_assert_str_eq(words(hg_node_text, &h, "s", 80), "Session");
	ck_assert_str_eq(words(hg_node_text, &h, "m", 80), "module shop.cache");
	ck_assert_str_eq(words(hg_node_text, &h, "m", 14), "module shop...");
	ck_assert_str_eq(words(hg_node_text, &h, "v", 80), "'a\\x1bb'");
	hg_node_text(h.g, hg_objects(h.g), 80, &b);
	ck_assert_str_eq(ot_buf_str(&b), "module shop.cache");
	ot_buf_release(&b);
	t_heap_free(&h);
}
END_TEST

static void
check_resolve(const struct t_heap *h, const char *word, enum ot_status want,
	      uint32_t count, const char *said)
{
	struct ot_err err = OT_ERR_INIT;
	hg_node *nodes;
	uint32_t n;

	ck_assert_msg(hg_resolve(h->g, word, &nodes, &n, &err) == want,
		      "%s: %s", word, err.msg);
	ck_assert_uint_eq(n, count);
	if (said)
		ck_assert_msg(strstr(err.msg, said) != NULL, "%s", err.msg);
	free(nodes);
}

START_TEST(resolve)
{
	struct t_heap h = t_draw(
		"a:shop.models.Session b:shop.models.Session "
		"c:shop.Cart d:web.Cart e:dict f:__main__.Main g:shop.Cart");

	check_resolve(&h, "Session", OT_OK, 2, NULL);
	check_resolve(&h, "models.Session", OT_OK, 2, NULL);
	check_resolve(&h, "shop.models.Session", OT_OK, 2, NULL);
	check_resolve(&h, "Session#1", OT_OK, 1, NULL);
	check_resolve(&h, "Session#2", OT_FAILED, 0, "has 2");
	check_resolve(&h, "Session#", OT_USAGE, 0, "no number");
	check_resolve(&h, "Session#-1", OT_USAGE, 0, "no number");
	check_resolve(&h, "0x7f0000001000", OT_OK, 1, NULL);
	check_resolve(&h, "0x7f0000001001", OT_FAILED, 0, "no object at");
	check_resolve(&h, "Cart", OT_USAGE, 0, "shop.Cart, web.Cart");
	check_resolve(&h, "shop.Cart", OT_OK, 2, NULL);
	check_resolve(&h, "dict", OT_OK, 1, NULL);
	check_resolve(&h, "builtins.dict", OT_OK, 1, NULL);
	check_resolve(&h, "Main", OT_OK, 1, NULL);
	check_resolve(&h, "__main__.Main", OT_OK, 1, NULL);
	check_resolve(&h, "session", OT_FAILED, 0, "shop.models.Session");
	check_resolve(&h, "Sesion", OT_FAILED, 0, "shop.models.Session");
	check_resolve(&h, "Nothing\033[2J", OT_FAILED, 0, "Nothing\\x1b[2J");
	check_resolve(&h, "", OT_FAILED, 0, "no type ''");
	t_heap_free(&h);
}
END_TEST

START_TEST(types)
{
	struct t_heap h = t_draw(SHOP);
	struct ot_table *t = t_run(h.g, "types", NULL, NULL);
	char *text = t_text(t);

	ck_assert_str_eq(text, "count  bytes  share  tracked  type\n"
			       "    2    113   7.3%        2  shop.Session\n"
			       "    1    900  58.1%        1  type\n"
			       "    1    232  15.0%        1  dict\n"
			       "    1     88   5.7%        1  list\n"
			       "    1     72   4.6%        1  weakref\n"
			       "    1     53   3.4%        1  str\n"
			       "    1     48   3.1%        1  shop.Cache\n"
			       "    1     28   1.8%        1  int\n"
			       "    1     16   1.0%        1  module\n");
	ck_assert_str_eq(t_cell(t, 0, "module"), "shop");
	ck_assert_str_eq(t_cell(t, 1, "module"), "builtins");
	free(text);
	ot_table_free(t);
	t = t_run(h.g, "types", NULL, &(struct hg_args){ .limit = 2 });
	ck_assert_uint_eq(t->nrows, 2);
	ck_assert_uint_eq(t->total_rows, 9);
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

START_TEST(instances)
{
	struct t_heap h = t_draw("a:int:10 b:int:30 c:int:20 d:int:30 e:str "
				 "f:int:25");
	static const char *const order[] = { "30", "30", "25", "20", "10" };
	struct ot_table *t = t_run(h.g, "instances", "int", NULL);
	size_t i, limit;

	ck_assert_uint_eq(t->nrows, 5);
	ck_assert_str_eq(t_cell(t, 0, "address"), "0x7f0000001040");
	ck_assert_str_eq(t_cell(t, 1, "address"), "0x7f00000010c0");
	ck_assert_str_eq(t_cell(t, 0, "generation"), "2");
	ck_assert_str_eq(t_cell(t, 0, "refcount"), "1");
	ck_assert_str_eq(t_cell(t, 0, "retained"), "30");
	ot_table_free(t);
	/* However few are wanted, they are the first of all. */
	for (limit = 1; limit <= 6; limit++) {
		t = t_run(h.g, "instances", "0x7f0000001000",
			  &(struct hg_args){ .limit = limit });
		ck_assert_uint_eq(t->nrows, limit < 5 ? limit : 5);
		ck_assert_uint_eq(t->total_rows, 5);
		for (i = 0; i < t->nrows; i++)
			ck_assert_str_eq(t_cell(t, i, "bytes"), order[i]);
		ot_table_free(t);
	}
	t_heap_free(&h);
}
END_TEST

START_TEST(show)
{
	struct t_heap h = t_draw(SHOP);
	struct ot_table *t = t_run(h.g, "show", "Session#0", NULL);
	const struct ot_table *in, *out;
	char *text;

	ck_assert_uint_eq(t->nrows, 1);
	ck_assert_str_eq(t_cell(t, 0, "type"), "shop.Session");
	ck_assert_str_eq(t_cell(t, 0, "module"), "shop");
	ck_assert_str_eq(t_cell(t, 0, "bytes"), "56");
	/* l[0] and t.peer; the weak one explains nothing */
	ck_assert_str_eq(t_cell(t, 0, "explained"), "2");
	ck_assert_str_eq(t_cell(t, 0, "refcount"), "1");
	ck_assert_str_eq(t_cell(t, 0, "tracked"), "yes");
	ck_assert_str_eq(t_cell(t, 0, "frozen"), "no");
	ck_assert_str_eq(t_cell(t, 0, "retained"), "84");
	ck_assert_str_eq(t_cell(t, 0, "site"), "");
	out = ot_table_at(t, 0, (size_t)ot_table_col(t, "referents"))->v.table;
	in = ot_table_at(t, 0, (size_t)ot_table_col(t, "referrers"))->v.table;
	text = t_text(out);
	ck_assert_str_eq(text,
			 "edge   relation   address         type  text\n"
			 ".name  attribute  0x7f0000001180  str   'key'\n"
			 ".n     attribute  0x7f00000011c0  int   '42'\n"
			 "class  class      0x7f0000001200  type  'Session'\n");
	free(text);
	text = t_text(in);
	ck_assert_str_eq(
		text,
		"edge   relation   address         type          text\n"
		"[0]    item       0x7f00000010c0  list          2 items\n"
		".peer  attribute  0x7f0000001140  shop.Session  name='key'\n"
		"weak   weak       0x7f0000001240  weakref       weakref\n");
	free(text);
	ot_table_free(t);
	t = t_run(h.g, "show", "Session#0",
		  &(struct hg_args){ .limit = 1, .exclude_weak = true });
	in = ot_table_at(t, 0, (size_t)ot_table_col(t, "referrers"))->v.table;
	ck_assert_uint_eq(in->nrows, 1);
	ck_assert_uint_eq(in->total_rows, 2);
	ck_assert_str_eq(in->note, "1 more; --limit 0 shows them all");
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

/* Every referrer once, the module and the frame before the functions. */
START_TEST(referrers_in_front)
{
	struct t_heap h = t_draw("f1>d f2>d f3>d @module(m)>mod mod>d f4>d f5>d "
				 "@frame(x)>d");
	hg_node d = t_node(&h, "d");
	struct hg_front front;
	uint32_t n_in, i, k;
	bool seen[16] = { false };
	hg_edge e;

	hg_in(h.g, d, &n_in);
	ck_assert_uint_eq(n_in, 7);
	hg_front_find(h.g, d, &front);
	ck_assert_uint_eq(front.n, 2);
	for (i = 0; i < n_in; i++) {
		const hg_edge *in = hg_in(h.g, d, &n_in);

		e = hg_front_edge(h.g, d, &front, i);
		for (k = 0; k < n_in && in[k] != e; k++)
			;
		ck_assert_uint_lt(k, n_in);
		ck_assert(!seen[k]);
		seen[k] = true;
		if (i == 0)
			ck_assert(hg_is_root(h.g, hg_edge_from(h.g, e)));
		if (i == 1)
			ck_assert_uint_eq(hg_edge_from(h.g, e),
					  t_node(&h, "mod"));
	}
	t_heap_free(&h);
}
END_TEST

START_TEST(one_object_only)
{
	struct t_heap h = t_draw(SHOP);
	const char *word = "Session";
	struct hg_args a = { .objects = &word, .nobjects = 1 };
	struct ot_err err = OT_ERR_INIT;
	struct ot_table *t = NULL;

	ck_assert_int_eq(an_show(h.g, &a, &t, &err), OT_USAGE);
	ck_assert_ptr_null(t);
	ck_assert_ptr_nonnull(strstr(err.msg, "Session#0"));
	a.nobjects = 0;
	ck_assert_int_eq(an_refs(h.g, &a, &t, &err), OT_USAGE);
	ck_assert_int_eq(an_path(h.g, &a, &t, &err), OT_USAGE);
	ck_assert_int_eq(an_instances(h.g, &a, &t, &err), OT_USAGE);
	t_heap_free(&h);
}
END_TEST

START_TEST(refs)
{
	struct t_heap h = t_draw(SHOP);
	struct ot_table *t =
		t_run(h.g, "refs", "list", &(struct hg_args){ .depth = 2 });
	char *text = t_text(t);

	ck_assert_str_eq(
		text,
		"references from list at 0x7f00000010c0: 2 items\n"
		"edge     type          object          more  text\n"
		"[0]      shop.Session  0x7f0000001100        name='key', "
		"n='42'\n"
		"  .name  str           0x7f0000001180        'key'\n"
		"  .n     int           0x7f00000011c0        '42'\n"
		"[1]      shop.Session  0x7f0000001140        name='key'\n"
		"  .name  str           0x7f0000001180        'key' (again)\n"
		"  .peer  shop.Session  0x7f0000001100        name='key', "
		"n='42' (again)\n");
	ck_assert_str_eq(t_cell(t, 1, "from"), "0x7f0000001100");
	ck_assert_str_eq(t_cell(t, 1, "to"), "0x7f0000001180");
	ck_assert_str_eq(t_cell(t, 1, "relation"), "attribute");
	ck_assert_str_eq(t_cell(t, 1, "depth"), "2");
	free(text);
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

START_TEST(backrefs)
{
	struct t_heap h = t_draw(SHOP);
	struct ot_table *t = t_run(h.g, "backrefs", "Session#1", NULL);
	const struct ot_table *nodes;
	char *text = t_text(t);

	/* From the root on; not beyond the module. */
	ck_assert_str_eq(
		text,
		"references to shop.Session at 0x7f0000001140: name='key'\n"
		"edge           type        object          more  text\n"
		"local 'x'      frame                             frame "
		"handle\n"
		"[1]            list        0x7f00000010c0        2 items\n"
		"  .items       shop.Cache  0x7f0000001080        Cache\n"
		"    ['cache']  dict        0x7f0000001040        2 items\n");
	free(text);
	ck_assert_str_eq(t_cell(t, 0, "from"), "frame handle");
	ck_assert_str_eq(t_cell(t, 0, "to"), "0x7f0000001140");
	ck_assert_str_eq(t_cell(t, 1, "from"), "0x7f00000010c0");
	nodes = ot_table_at(t, 0, (size_t)ot_table_col(t, "nodes"))->v.table;
	ck_assert_uint_eq(nodes->nrows, 5);
	nodes = ot_table_at(t, 1, (size_t)ot_table_col(t, "nodes"))->v.table;
	ck_assert_uint_eq(nodes->nrows, 2);
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

START_TEST(more)
{
	struct t_heap h = t_draw("r:list r[0]>a a:list a[0]>b a[1]>c a[2]>d "
				 "a[3]>e a[4]>f r[1]>x r[2]>y r[3]>z");
	struct ot_table *t = t_run(h.g, "refs", "list#0",
				   &(struct hg_args){ .max_width = 2 });
	char *text = t_text(t);

	ck_assert_str_eq(text,
			 "references from list at 0x7f0000001000: 4 items\n"
			 "edge   type    object          more  text\n"
			 "[0]    list    0x7f0000001040    +3  5 items\n"
			 "  [0]  object  0x7f0000001080        object\n"
			 "  [1]  object  0x7f00000010c0        object\n"
			 "[1]    object  0x7f00000011c0        object\n"
			 "2 more referents; --max-width shows more of them\n");
	free(text);
	ot_table_free(t);
	/* Several starts: each row says which. */
	t = t_run(h.g, "refs", "list",
		  &(struct hg_args){ .max_width = 2, .depth = 1 });
	ck_assert_uint_eq(t->nrows, 4);
	ck_assert_str_eq(t_cell(t, 0, "start"), "0x7f0000001000");
	ck_assert_str_eq(t_cell(t, 2, "start"), "0x7f0000001040");
	ck_assert(!(t->cols[ot_table_col(t, "start")].flags & OT_COL_HIDDEN));
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

START_TEST(cycles)
{
	struct t_heap h = t_draw("a:A b:B a.b>b b.a>a a.self>a");
	struct ot_table *t =
		t_run(h.g, "backrefs", "A", &(struct hg_args){ .depth = 50 });

	ck_assert_uint_eq(t->nrows, 3);
	ot_table_free(t);
	t = t_run(h.g, "refs", "A", &(struct hg_args){ .depth = 50 });
	ck_assert_uint_eq(t->nrows, 3);
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

START_TEST(ignore)
{
	struct t_heap h = t_draw("a:A a.x>b a.y>c a[k]>d b:B b.z>e c:C c.z>e");
	static const struct {
		const char *word;
		size_t rows;
	} cases[] = {
		{ "none", 5 }, { ".x", 3 }, { "x", 3 },	     { "['k']", 4 },
		{ "k", 4 },    { "B", 3 },  { "B.z", 4 },    { "A.x", 3 },
		{ "z", 3 },    { ".z", 3 }, { "A['k']", 4 }, { "A.z", 5 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hg_args a = { .ignore = &cases[i].word, .nignore = 1 };
		struct ot_table *t = t_run(h.g, "refs", "A", &a);

		ck_assert_msg(t->nrows == cases[i].rows, "%s: %zu rows",
			      cases[i].word, t->nrows);
		ot_table_free(t);
	}
	t_heap_free(&h);
}
END_TEST

/* Keys of the contract are there, by name. */
START_TEST(contract)
{
	static const struct {
		const char *analysis, *object, *keys;
	} cases[] = {
		{ "types", NULL, "type module count bytes tracked" },
		{ "instances", "dict",
		  "address type bytes refcount generation "
		  "text retained" },
		{ "show", "dict",
		  "address type module bytes extra retained "
		  "refcount explained generation tracked "
		  "frozen immortal text site referents "
		  "referrers" },
		{ "refs", "dict", "from to edge relation depth nodes" },
		{ "backrefs", "list", "from to edge relation depth nodes" },
		{ "path", "dict",
		  "chain step address type edge relation root "
		  "count" },
	};
	struct t_heap h = t_draw(SHOP);
	char keys[256], *key, *rest;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ot_table *t =
			t_run(h.g, cases[i].analysis, cases[i].object, NULL);

		ck_assert_uint_gt(t->nrows, 0);
		snprintf(keys, sizeof(keys), "%s", cases[i].keys);
		for (key = strtok_r(keys, " ", &rest); key;
		     key = strtok_r(NULL, " ", &rest))
			ck_assert_msg(ot_table_col(t, key) >= 0, "%s: %s",
				      cases[i].analysis, key);
		ot_table_free(t);
	}
	t_heap_free(&h);
}
END_TEST

TCase *
t_graph_tables(void)
{
	TCase *t = tcase_create("tables");

	tcase_add_test(t, labels);
	tcase_add_test(t, texts);
	tcase_add_test(t, resolve);
	tcase_add_test(t, types);
	tcase_add_test(t, instances);
	tcase_add_test(t, show);
	tcase_add_test(t, referrers_in_front);
	tcase_add_test(t, one_object_only);
	tcase_add_test(t, refs);
	tcase_add_test(t, backrefs);
	tcase_add_test(t, more);
	tcase_add_test(t, cycles);
	tcase_add_test(t, ignore);
	tcase_add_test(t, contract);
	return t;
}
