/* SPDX-License-Identifier: MIT */
/*
 * t_graph_paths.c - why things are alive: chains, alternatives, merged chains,
 * and graphs too deep for recursion.
 */
#include "config.h"

#include "tests/unit/t_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/picture.h"
#include "graph/unreached.h"

/* Chains as "root>a>b; root>c>b": nodes by their names in the drawing. */
static const char *
chains(const struct t_heap *h, const char *name, const struct hg_args *args)
{
	static struct ot_buf b;
	struct ot_err err = OT_ERR_INIT;
	struct hg_chains c;
	hg_node n;
	uint32_t i;
	size_t k;

	ot_buf_clear(&b);
	ck_assert_msg(hg_chains_find(h->g, t_node(h, name), args, &c, &err) ==
			      OT_OK,
		      "%s", err.msg);
	for (k = 0; k < c.n; k++) {
		n = hg_edge_from(h->g, c.edges[k][0]);
		ck_assert(hg_is_root(h->g, n));
		ot_buf_addf(&b, "%s%s", k > 0 ? "; " : "",
			    hg_root_name(h->g, n));
		for (i = 0; i < c.lens[k]; i++) {
			ck_assert_uint_eq(hg_edge_from(h->g, c.edges[k][i]), n);
			n = hg_edge_to(h->g, c.edges[k][i]);
			ot_buf_addf(&b, ">%s",
				    h->names[(hg_addr(h->g, n) - T_ADDR(0)) /
					     0x40]);
		}
		ck_assert_uint_eq(n, t_node(h, name));
	}
	hg_chains_free(&c);
	return ot_buf_str(&b);
}

static const struct hg_args plain;

/* Every object here has a reference count of 1. */
static void
expect_unreached(const char *drawing, const char *object, const char *said)
{
	struct t_heap h = t_draw(drawing);
	struct ot_buf b = OT_BUF_INIT;

	hg_unreached_say(h.g, t_node(&h, object), &b);
	ck_assert_msg(strstr(ot_buf_str(&b), said) != NULL, "%s: %s", drawing,
		      ot_buf_str(&b));
	ot_buf_release(&b);
	t_heap_free(&h);
}

START_TEST(unreached)
{
	expect_unreached("a>b b>a", "a", "garbage that waits");
	expect_unreached("a>b b>c c>a a~>c", "c", "garbage that waits");
	/* the weak one explains nothing */
	expect_unreached("a~>b b>c", "c", "held from C, 1 reference to object at");
	expect_unreached("x>y y>z", "z", "held from C, 1 reference to object at 0x7f0000001000");
}
END_TEST

START_TEST(shortest)
{
	struct t_heap h = t_draw("@module(m)>a a>b b>c c>x a>x");

	ck_assert_str_eq(chains(&h, "x", &(struct hg_args){ .k = 1 }), "m>a>x");
	ck_assert_str_eq(chains(&h, "x", &plain), "m>a>x; m>a>b>c>x");
	ck_assert_str_eq(chains(&h, "a", &plain), "m>a");
	t_heap_free(&h);
}
END_TEST

/* Different last referrers before different roots, roots before nothing. */
START_TEST(alternatives)
{
	struct t_heap h = t_draw("@module(m)>a @frame(f).v>a @frame(g).w>b "
				 "a>p p>x b>q q>x");

	ck_assert_str_eq(chains(&h, "x", &(struct hg_args){ .k = 2 }),
			 "m>a>p>x; g>b>q>x");
	ck_assert_str_eq(chains(&h, "x", &plain), "m>a>p>x; g>b>q>x; f>a>p>x");
	ck_assert_str_eq(chains(&h, "x", &(struct hg_args){ .k = 9 }),
			 "m>a>p>x; g>b>q>x; f>a>p>x");
	ck_assert_str_eq(chains(&h, "p", &plain), "m>a>p; f>a>p");
	t_heap_free(&h);
}
END_TEST

START_TEST(through_itself)
{
	/* y refers to x, but is held by x alone. */
	struct t_heap h = t_draw("@module(m)>a a>x x>y y>x x>x");

	ck_assert_str_eq(chains(&h, "x", &plain), "m>a>x");
	ck_assert_str_eq(chains(&h, "y", &plain), "m>a>x>y");
	t_heap_free(&h);
}
END_TEST

START_TEST(weak_only)
{
	struct t_heap h = t_draw("@module(m)>a a~>x g>y y>g");
	struct ot_table *t;

	ck_assert_str_eq(chains(&h, "x", &plain), "");
	ck_assert_str_eq(chains(&h, "y", &plain), "");
	t = t_run(h.g, "path", "0x7f0000001040", NULL);
	ck_assert_uint_eq(t->nrows, 0);
	ck_assert_ptr_nonnull(t->note);
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

START_TEST(ignored)
{
	struct t_heap h = t_draw("@module(m)>a a.k>x a.j>b b:B b>x");
	const char *word = ".k", *type = "B", *both = "object.k";
	struct hg_args a = { .ignore = &word, .nignore = 1 };

	ck_assert_str_eq(chains(&h, "x", &a), "m>a>b>x");
	a.ignore = &both;
	ck_assert_str_eq(chains(&h, "x", &a), "m>a>b>x");
	a.ignore = &type;
	ck_assert_str_eq(chains(&h, "x", &a), "m>a>x");
	t_heap_free(&h);
}
END_TEST

START_TEST(rows)
{
	struct t_heap h = t_draw("m:module d:dict l:list s:shop.Session "
				 "@module(shop)>m m>d d[cache]>l l[7]>s "
				 "@frame(handle).s>s");
	struct ot_table *t = t_run(h.g, "path", "Session", NULL);
	char *text = t_text(t);

	ck_assert_str_eq(
		text,
		"why shop.Session at 0x7f00000010c0 is alive\n"
		"chain  edge             type          address         text\n"
		"    1  frame handle     frame\n"
		"    1    local 's'      shop.Session  0x7f00000010c0  "
		"Session\n"
		"    2  module shop      module\n"
		"    2    module         module        0x7f0000001000  module "
		"shop\n"
		"    2      C-internal   dict          0x7f0000001040  1 item\n"
		"    2        ['cache']  list          0x7f0000001080  1 item\n"
		"    2          [7]      shop.Session  0x7f00000010c0  "
		"Session\n");
	free(text);
	ck_assert_str_eq(t_cell(t, 0, "step"), "0");
	ck_assert_str_eq(t_cell(t, 1, "root"), "frame handle");
	ck_assert_str_eq(t_cell(t, 6, "root"), "module shop");
	ck_assert_str_eq(t_cell(t, 6, "step"), "4");
	ck_assert_str_eq(t_cell(t, 6, "relation"), "item");
	ck_assert_str_eq(t_cell(t, 6, "count"), "1");
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

/* Sessions in a cache under keys of their own, one held by a frame, one by
 * another, one by nothing. */
START_TEST(merged)
{
	struct t_heap h =
		t_draw("c:dict a:S b:S d:S e:S f:S g:S o:S "
		       "@module(shop).cache>c c[k1]>a c[k2]>b c[k3]>d c[k4]>e "
		       "@frame(handle).s>f f.next>g o~>o");
	struct ot_table *t = t_run(h.g, "path", "S", NULL);
	char *text = t_text(t);

	ck_assert_str_eq(
		text,
		"why 7 objects of S are alive\n"
		"chain  count  edge             type    address         text\n"
		"    1      4  module shop      module\n"
		"    1      4    local 'cache'  dict    0x7f0000001000  4 "
		"items\n"
		"    1      4      [*]          S\n"
		"    2      1  frame handle     frame\n"
		"    2      1    local 's'      S       0x7f0000001140  S\n"
		"1 is held by others of them only; 1 is held by no root: "
		"garbage, or held from C\n");
	free(text);
	ot_table_free(t);
	t = t_run(h.g, "path", "S", &(struct hg_args){ .k = 1 });
	ck_assert_uint_eq(t->nrows, 3);
	ck_assert_ptr_nonnull(strstr(t->note, "1 more are held in 1 other"));
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

/* Of dicts most are held by other dicts: they are told of all the same. */
START_TEST(merged_through_their_like)
{
	struct t_heap h = t_draw(
		"m:module d:dict c:dict a:dict b:dict e:dict f:dict g:dict "
		"@module(shop)>m m.__dict__>d d[cache]>c c[1]>a c[2]>b c[3]>e "
		"c[4]>f g~>g");
	struct ot_table *t = t_run(h.g, "path", "dict", NULL);

	ck_assert_str_eq(t_cell(t, 0, "count"), "4");
	ck_assert_str_eq(t_cell(t, 3, "edge"), "['cache']");
	ck_assert_str_eq(t_cell(t, 4, "edge"), "[*]");
	ck_assert_ptr_nonnull(strstr(t->note, "1 is held by no root"));
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

#define LINKS 1000000u

/* A list of a million links, each holding a value. */
static struct hg_graph *
long_list(void)
{
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;
	uint32_t i;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "shop", "Link");
	t_enc_kind(&t, 1, "shop", "Value");
	for (i = 0; i < LINKS; i++) {
		t_enc_object(&t, T_ADDR(2 * i), 0, 64, i + 1 < LINKS ? 2 : 1);
		t_enc_ref(&t, T_ADDR(2 * i + 1), OTW_REL_ATTRIBUTE);
		if (i + 1 < LINKS)
			t_enc_ref(&t, T_ADDR(2 * i + 2), OTW_REL_SLOT);
		t_enc_object(&t, T_ADDR(2 * i + 1), 1, 32, 0);
	}
	t_enc_root(&t, OTW_ROOT_MODULE, "m");
	otw_enc_root_ref(&t.e, &(struct otw_ref){ .to = T_ADDR(0) });
	otw_enc_end(&t.e, &(struct otw_end){ 0 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	t_enc_release(&t);
	return g;
}

START_TEST(deep)
{
	struct hg_graph *g = long_list();
	struct ot_err err = OT_ERR_INIT;
	struct hg_picture *p;
	struct hg_chains c;
	struct ot_table *t;
	char last[32];

	ck_assert_uint_eq(hg_objects(g), 2 * LINKS);
	ck_assert_int_eq(hg_chains_find(g, 2 * LINKS - 1, &plain, &c, &err),
			 OT_OK);
	ck_assert_uint_eq(c.n, 1);
	ck_assert_uint_eq(c.lens[0], LINKS + 1);
	ck_assert_int_eq(hg_picture_chains(g, (const hg_edge *const *)c.edges,
					   c.lens, c.n, &p, &err),
			 OT_OK);
	ck_assert_uint_lt(p->nnodes, 100);
	ck_assert(p->nodes[p->nnodes - 1].flags & HG_PIC_MORE);
	hg_picture_free(p);
	hg_chains_free(&c);
	snprintf(last, sizeof(last), "0x%llx",
		 (unsigned long long)T_ADDR(2 * LINKS - 1));
	t = t_run(g, "path", last, NULL);
	ck_assert_uint_eq(t->nrows, 1001);
	ck_assert_str_eq(t_cell(t, 1000, "address"), last);
	ck_assert_str_eq(t_cell(t, 1000, "step"), "1,000,001");
	ot_table_free(t);
	/* But for the first link, values are held alike all down the list. */
	t = t_run(g, "path", "Value", NULL);
	ck_assert_uint_eq(t->nrows, 4 + 3);
	ck_assert_str_eq(t_cell(t, 3, "count"), "999,999");
	ck_assert_str_eq(t_cell(t, 4, "count"), "1");
	ot_table_free(t);
	t = t_run(g, "backrefs", last, &(struct hg_args){ .depth = 1000000 });
	ck_assert_uint_le(t->nrows, 5000);
	ot_table_free(t);
	hg_graph_free(g);
}
END_TEST

static bool
stop(void *ctx, uint64_t done, uint64_t total)
{
	(void)total;
	++*(unsigned *)ctx;
	return done > 0;
}

START_TEST(cancelled)
{
	struct hg_graph *g = long_list();
	struct ot_err err = OT_ERR_INIT;
	unsigned calls = 0;
	struct hg_args a = { .cancelled = stop, .cancel_ctx = &calls };
	const char *word = "Value";
	struct ot_table *t = NULL;

	a.objects = &word;
	a.nobjects = 1;
	ck_assert_int_eq(an_path(g, &a, &t, &err), OT_INTERRUPTED);
	ck_assert_uint_eq(calls, 2);
	ck_assert_ptr_null(t);
	hg_graph_free(g);
}
END_TEST

TCase *
t_graph_paths(void)
{
	TCase *t = tcase_create("paths");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, unreached);
	tcase_add_test(t, shortest);
	tcase_add_test(t, alternatives);
	tcase_add_test(t, through_itself);
	tcase_add_test(t, weak_only);
	tcase_add_test(t, ignored);
	tcase_add_test(t, rows);
	tcase_add_test(t, merged);
	tcase_add_test(t, merged_through_their_like);
	tcase_add_test(t, deep);
	tcase_add_test(t, cancelled);
	return t;
}
