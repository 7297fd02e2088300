/* SPDX-License-Identifier: MIT */
/*
 * t_graph_dom.c - dominators and retained sizes against taking each object
 * away; graphs too deep for recursion and too wide for quadratic steps.
 */
#include "config.h"

#include "tests/unit/t_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/dom.h"
#include "graph/picture.h"
#include "graph/scc.h"

static const struct hg_args plain;

static const struct hg_dom *
dom_of(const struct hg_graph *g)
{
	struct ot_err err = OT_ERR_INIT;
	const struct hg_dom *d;

	ck_assert_msg(hg_dom_of(g, NULL, &d, &err) == OT_OK, "%s", err.msg);
	return d;
}

/* ---- drawings ---- */

/* The dominator of each object by name: "a<m b<a". */
static void
expect_dom(const char *drawing, const char *object, const char *idom,
	   uint64_t retained, uint64_t count)
{
	struct t_heap h = t_draw(drawing);
	const struct hg_dom *d = dom_of(h.g);
	hg_node n = t_node(&h, object), i = hg_dom_idom(d, n);
	struct ot_buf b = OT_BUF_INIT;

	if (hg_dom_is_virtual(d, i))
		hg_dom_virtual_text(d, i, &b);
	else if (hg_is_root(h.g, i))
		ot_buf_adds(&b, hg_root_name(h.g, i));
	else
		ot_buf_adds(&b, h.names[(hg_addr(h.g, i) - T_ADDR(0)) / 0x40]);
	ck_assert_str_eq(ot_buf_str(&b), idom);
	ck_assert_uint_eq(hg_dom_retained(d, n), retained);
	ck_assert_uint_eq(hg_dom_count(d, n), count);
	ot_buf_release(&b);
	t_heap_free(&h);
}

START_TEST(drawn)
{
	const char *diamond = "@module(m)>a a:1 a>b b:10 a>c c:100 b>d c>d "
			      "d:1000 d>a";
	const char *dead = "@module(m)>a a:1 a~>w w:10 w>x x:100 x>w x>a "
			   "g:1000 g>k k>g g>x k>s s:1 h:7 h>s";

	expect_dom(diamond, "d", "a", 1000, 1);
	expect_dom(diamond, "b", "a", 10, 1);
	expect_dom(diamond, "a", "m", 1111, 4);
	/* h has a reference that nothing explains, g and k have none */
	expect_dom(dead, "a", "m", 1, 1);
	expect_dom(dead, "w", "held only weakly", 110, 2);
	expect_dom(dead, "x", "w", 100, 1);
	expect_dom(dead, "k", "g", 16, 1);
	expect_dom(dead, "g", "garbage", 1016, 2);
	expect_dom(dead, "h", "held from C", 8, 2);
	expect_dom(dead, "s", "h", 1, 1);
	expect_dom("@module(m)>a @module(n)>a a:1 a>b b:2", "a",
		   "the whole heap", 3, 2);
}
END_TEST

START_TEST(children)
{
	struct t_heap h = t_draw("@module(m)>a a:1 a>b b:1 a>c c:5 a>d d:1 "
				 "d>e e:9");
	const struct hg_dom *d = dom_of(h.g);
	struct ot_err err = OT_ERR_INIT;
	uint32_t n, total;
	unsigned char *bits;
	hg_node *list, a = t_node(&h, "a"), below = t_node(&h, "d");

	ck_assert(hg_dom_children(d, a, 2, &list, &n, &total, &err) == OT_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(total, 3);
	ck_assert_uint_eq(list[0], t_node(&h, "d"));
	ck_assert_uint_eq(list[1], t_node(&h, "c"));
	free(list);
	ck_assert(hg_dom_children(d, a, 0, &list, &n, NULL, &err) == OT_OK);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(list[2], t_node(&h, "b"));
	free(list);
	ck_assert(hg_dom_below(d, &below, 1, &bits, &err) == OT_OK);
	for (n = 0; n < hg_dom_nodes(d); n++)
		ck_assert_int_eq(bits[n / 8] >> n % 8 & 1,
				 n == below || n == t_node(&h, "e"));
	free(bits);
	ck_assert(hg_dom_leaf(d, t_node(&h, "e")));
	ck_assert(!hg_dom_leaf(d, a));
	ck_assert_ptr_eq(hg_dom_peek(h.g), d);
	t_heap_free(&h);
}
END_TEST

static bool
stop(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	ck_assert_uint_le(done, total);
	return true;
}

/* ---- made heaps ---- */

#define MOST 40
#define EACH 50 /* heaps a test */

/* A random heap, as the reference below sees it. */
struct made {
	uint32_t n, nroots;
	uint64_t weight[MOST];
	int64_t spare[MOST]; /* references beyond the edges; -1: unknown */
	unsigned char strong[MOST][MOST], weak[MOST][MOST];
	unsigned char root[4][MOST];
	uint64_t thread[4];
};

static uint32_t
rnd(uint64_t *s, uint32_t below)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*s >> 33) % below;
}

static void
made_fill(struct made *m, uint64_t seed)
{
	uint64_t s = seed * 2654435761u + 1;
	uint32_t i, j, edges;

	*m = (struct made){ 0 };
	m->n = 2 + rnd(&s, MOST - 2);
	m->nroots = rnd(&s, 5);
	edges = rnd(&s, 3 * m->n);
	for (i = 0; i < m->n; i++) {
		m->weight[i] = rnd(&s, 10) == 0 ? 100000 + i : 1 + rnd(&s, 99);
		m->spare[i] = rnd(&s, 12) == 0 ? 1 : rnd(&s, 20) == 0 ? -1 : 0;
	}
	for (i = 0; i < edges; i++)
		m->strong[rnd(&s, m->n)][rnd(&s, m->n)]++;
	for (i = 0; i < m->n / 4; i++)
		m->weak[rnd(&s, m->n)][rnd(&s, m->n)]++;
	for (i = 0; i < m->nroots; i++) {
		m->thread[i] = rnd(&s, 3) * 7;
		for (j = rnd(&s, 3); j > 0; j--)
			m->root[i][rnd(&s, m->n)] = 1;
	}
}

static void
made_ref(struct t_enc *t, uint32_t to, uint8_t relation)
{
	t_enc_ref(t, T_ADDR(to), relation);
}

static struct hg_graph *
made_graph(const struct made *m)
{
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;
	uint32_t i, j, k;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "m", "T");
	for (i = 0; i < m->n; i++) {
		struct otw_object o = { .addr = T_ADDR(i),
					.flags = OTW_TRACKED,
					.bytes = m->weight[i] / 2,
					.extra = m->weight[i] -
						 m->weight[i] / 2,
					.refcount = m->spare[i] };

		for (j = 0; j < m->n; j++) {
			o.nrefs += (uint32_t)m->strong[i][j] + m->weak[i][j];
			if (m->spare[i] >= 0)
				o.refcount += m->strong[j][i];
		}
		for (j = 0; m->spare[i] >= 0 && j < m->nroots; j++)
			o.refcount += m->root[j][i];
		otw_enc_object(&t.e, &o);
		for (j = 0; j < m->n; j++) {
			for (k = 0; k < m->strong[i][j]; k++)
				made_ref(&t, j, OTW_REL_ITEM);
			for (k = 0; k < m->weak[i][j]; k++)
				made_ref(&t, j, OTW_REL_WEAK);
		}
	}
	for (i = 0; i < m->nroots; i++) {
		struct otw_root r = { .kind = OTW_ROOT_FRAME,
				      .thread = m->thread[i],
				      .name = { "r", 1 } };

		otw_enc_root(&t.e, &r);
		for (j = 0; j < m->n; j++)
			if (m->root[i][j])
				otw_enc_root_ref(
					&t.e, &(struct otw_ref){
						      .to = T_ADDR(j) });
	}
	otw_enc_end(&t.e, &(struct otw_end){ .objects = m->n });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	t_enc_release(&t);
	return g;
}

/* Marks what seeds reach without `gone` and without entering `barred`. */
static void
reach(const struct made *m, const bool *seeds, const bool *barred,
      uint32_t gone, bool *out)
{
	uint32_t i, j;
	bool more = true;

	for (i = 0; i < m->n; i++)
		out[i] = seeds[i] && i != gone;
	while (more) {
		more = false;
		for (i = 0; i < m->n; i++)
			for (j = 0; out[i] && j < m->n; j++)
				if (m->strong[i][j] && !out[j] && !barred[j] &&
				    j != gone)
					out[j] = more = true;
	}
}

/*
 * What `seeds` reach, less what they reach without x, is what x retains.
 * barred: what was reached before, by those that count more.
 */
static void
expect_removal(const struct made *m, const struct hg_dom *d, const bool *seeds,
	       const bool *barred, enum hg_state state, bool *reached)
{
	bool without[MOST];
	uint64_t bytes, count;
	uint32_t x, i;

	reach(m, seeds, barred, UINT32_MAX, reached);
	for (x = 0; x < m->n; x++) {
		if (!reached[x])
			continue;
		reach(m, seeds, barred, x, without);
		for (i = 0, bytes = count = 0; i < m->n; i++) {
			bytes += reached[i] && !without[i] ? m->weight[i] : 0;
			count += reached[i] && !without[i];
		}
		ck_assert_uint_eq(hg_dom_retained(d, x), bytes);
		ck_assert_uint_eq(hg_dom_count(d, x), count);
		/* to 3 states the seeds of the living are told apart */
		if (state != HG_REACHABLE)
			ck_assert_int_eq(hg_dom_state(d, x), state);
		else
			ck_assert_int_le(hg_dom_state(d, x), HG_HELD);
	}
}

static void
add_all(bool *to, const bool *from, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		to[i] = to[i] || from[i];
}

/* The first of each component that nothing outside of it leads to. */
static void
garbage_seeds(const struct made *m, const bool *barred, bool *seeds)
{
	static bool leads[MOST][MOST];
	bool one[MOST];
	uint32_t i, j;

	for (i = 0; i < m->n; i++) {
		memset(one, 0, sizeof(one));
		one[i] = !barred[i];
		reach(m, one, barred, UINT32_MAX, leads[i]);
	}
	for (i = 0; i < m->n; i++) {
		seeds[i] = !barred[i];
		for (j = 0; j < m->n; j++)
			if (j != i && leads[j][i] && (!leads[i][j] || j < i))
				seeds[i] = false;
	}
}

static void
expect_made(uint64_t seed)
{
	struct made m;
	struct hg_graph *g;
	const struct hg_dom *d;
	bool seeds[MOST] = { false }, barred[MOST] = { false }, got[MOST];
	bool named[MOST];
	uint64_t sum = 0;
	uint32_t i, j;

	made_fill(&m, seed);
	g = made_graph(&m);
	d = dom_of(g);
	for (i = 0; i < m.n; i++) {
		sum += m.weight[i];
		for (j = 0; j < m.nroots; j++)
			seeds[i] = seeds[i] || m.root[j][i];
	}
	ck_assert_uint_eq(hg_dom_retained(d, hg_dom_node(d, HG_DOM_ALL)), sum);
	reach(&m, seeds, barred, UINT32_MAX, named);
	for (i = 0; i < m.n; i++) {
		ck_assert(named[i] == (hg_dom_state(d, i) == HG_REACHABLE));
		seeds[i] = seeds[i] || (!named[i] && m.spare[i] > 0);
	}
	expect_removal(&m, d, seeds, barred, HG_REACHABLE, got);
	add_all(barred, got, m.n);
	for (i = 0; i < m.n; i++)
		for (j = 0, seeds[i] = false; j < m.n; j++)
			seeds[i] = seeds[i] ||
				   (!barred[i] && got[j] && m.weak[j][i]);
	expect_removal(&m, d, seeds, barred, HG_WEAKLY, got);
	add_all(barred, got, m.n);
	garbage_seeds(&m, barred, seeds);
	expect_removal(&m, d, seeds, barred, HG_UNREACHABLE, got);
	add_all(barred, got, m.n);
	for (i = 0; i < m.n; i++)
		ck_assert(barred[i]);
	hg_graph_free(g);
}

START_TEST(removal)
{
	uint64_t seed;

	for (seed = 0; seed < EACH; seed++)
		expect_made((uint64_t)_i * EACH + seed);
}
END_TEST

START_TEST(cancelled)
{
	struct ot_err err = OT_ERR_INIT;
	struct hg_args args = { .cancelled = stop };
	const struct hg_dom *d;
	struct hg_graph *g;
	struct t_enc t;
	uint32_t i, n = 300000;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "m", "T");
	for (i = 0; i < n; i++) {
		t_enc_object(&t, T_ADDR(i), 0, 16, i + 1 < n);
		if (i + 1 < n)
			t_enc_ref(&t, T_ADDR(i + 1), OTW_REL_ITEM);
	}
	otw_enc_end(&t.e, &(struct otw_end){ .objects = n });
	g = t_enc_graph(&t, &err);
	ck_assert(g != NULL);
	ck_assert_int_eq(hg_dom_of(g, &args, &d, &err), OT_INTERRUPTED);
	ck_assert_ptr_null(hg_dom_peek(g));
	ck_assert_int_eq(hg_dom_of(g, NULL, &d, &err), OT_OK);
	hg_graph_free(g);
	t_enc_release(&t);
}
END_TEST

/* ---- components ---- */

static void
expect_components(uint64_t seed)
{
	bool one[MOST], none[MOST] = { false }, leads[MOST][MOST];
	struct ot_err err = OT_ERR_INIT;
	struct hg_args args = { 0 };
	struct hg_components c;
	struct made m;
	struct hg_graph *g;
	uint32_t in[MOST], i, j, k;

	made_fill(&m, seed);
	g = made_graph(&m);
	ck_assert(hg_components_find(g, &args, &c, &err) == OT_OK);
	for (i = 0; i < m.n; i++) {
		memset(one, 0, sizeof(one));
		one[i] = true;
		reach(&m, one, none, UINT32_MAX, leads[i]);
		in[i] = UINT32_MAX;
	}
	for (i = 0; i < c.n; i++)
		for (j = 0; j < c.list[i].n; j++) {
			k = c.members[c.list[i].first + j];
			ck_assert_uint_eq(in[k], UINT32_MAX);
			in[k] = i;
		}
	for (i = 0; i < m.n; i++)
		for (j = 0; j < m.n; j++) {
			bool same = i == j ? m.strong[i][i] != 0
					   : leads[i][j] && leads[j][i];

			if (same)
				ck_assert(in[i] != UINT32_MAX &&
					  in[i] == in[j]);
			else if (i != j)
				ck_assert(in[i] == UINT32_MAX ||
					  in[i] != in[j]);
		}
	for (i = 0; i < m.n; i++) {
		hg_edge *edges;
		uint32_t len;

		ck_assert(hg_cycle_through(g, i, &args, &edges, &len, &err) ==
			  OT_OK);
		ck_assert((len > 0) == (in[i] != UINT32_MAX));
		for (j = 0; j < len; j++) {
			ck_assert_uint_eq(hg_edge_from(g, edges[j]),
					  j == 0 ? i
						 : hg_edge_to(g, edges[j - 1]));
			ck_assert(!hg_edge_weak(g, edges[j]));
		}
		if (len > 0)
			ck_assert_uint_eq(hg_edge_to(g, edges[len - 1]), i);
		free(edges);
	}
	hg_components_release(&c);
	hg_graph_free(g);
}

START_TEST(components)
{
	uint64_t seed;

	for (seed = 0; seed < EACH; seed++)
		expect_components((uint64_t)_i * EACH + seed);
}
END_TEST

/* ---- tables ---- */

START_TEST(tables)
{
	struct t_heap h = t_draw(
		"@module(m)>a a:Box:10 a.b>b b:Box:20 b>c c:str:100 a>d "
		"d:str:5 @frame(f)>x x:list:7 x[0]>y y:Box:1 y>z z:str:3 "
		"y>x p:Box:1 p>q q:list:1 q>p a~>p u:dict:9 u>v v:dict:1 v>u");
	struct hg_args args = { .retained = true };
	struct ot_table *t = t_run(h.g, "types", NULL, &args);

	/* one Box is inside of another: its bytes count once */
	ck_assert_str_eq(t_cell(t, 0, "type"), "Box");
	ck_assert_str_eq(t_cell(t, 0, "retained"), "141");
	ot_table_free(t);
	t = t_run(h.g, "retained", NULL, &(struct hg_args){ .limit = 4 });
	ck_assert_uint_eq(t->nrows, 4);
	ck_assert_str_eq(t_cell(t, 0, "type"), "module");
	ck_assert_str_eq(t_cell(t, 0, "retained"), "135");
	ck_assert_str_eq(t_cell(t, 2, "type"), "Box");
	ck_assert_str_eq(t_cell(t, 2, "edge"), ".b");
	ck_assert_str_eq(t_cell(t, 2, "depth"), "2");
	ck_assert_str_eq(t_cell(t, 2, "count"), "2");
	ck_assert_str_eq(t_cell(t, 3, "retained"), "100");
	ot_table_free(t);
	t = t_run(h.g, "retained", NULL, &(struct hg_args){ .limit = 1 });
	ck_assert_uint_eq(t->nrows, 1);	/* the root, not its equal below */
	ck_assert_str_eq(t_cell(t, 0, "type"), "module");
	ot_table_free(t);
	t = t_run(h.g, "retained", "list", &(struct hg_args){ .depth = 1 });
	ck_assert_uint_eq(t->nrows, 2);
	ck_assert_str_eq(t_cell(t, 0, "retained"), "11");
	ot_table_free(t);
	t = t_run(h.g, "cycles", NULL, &plain);
	ck_assert_uint_eq(t->nrows, 3);
	ck_assert_str_eq(t_cell(t, 0, "id"), "0");
	ck_assert_str_eq(t_cell(t, 0, "bytes"), "10");
	ck_assert_str_eq(t_cell(t, 0, "state"), "garbage");
	ck_assert_str_eq(t_cell(t, 1, "members"), "Box, list");
	ck_assert_str_eq(t_cell(t, 1, "state"), "reachable");
	/* x is how it is entered, y refers back to it */
	ck_assert_str_eq(t_cell(t, 1, "to"), "0x7f0000001100");
	ck_assert_str_eq(t_cell(t, 1, "from"), "0x7f0000001140");
	ot_table_free(t);
	t = t_run(h.g, "cycles", "Box", &plain);
	ck_assert_uint_eq(t->nrows, 2);
	ot_table_free(t);
	t = t_run(h.g, "garbage", NULL, &plain);
	ck_assert_uint_eq(t->nrows, 4);
	ck_assert_str_eq(t_cell(t, 0, "type"), "dict");
	ck_assert_str_eq(t_cell(t, 0, "retained"), "10");
	ck_assert_str_eq(t_cell(t, 0, "state"), "garbage");
	ck_assert_str_eq(t_cell(t, 1, "type"), "Box");
	ck_assert_str_eq(t_cell(t, 1, "state"), "weakly held");
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

/* Rows sum to the heap, whatever roots share. */
START_TEST(by_root)
{
	struct t_heap h = t_draw("@module(m)>a @frame(f)>b a:1 b:2 a>c b>c "
				 "c:4 h:8 x:16 x>y y:32 y>x");
	struct hg_args args = { .by = HG_BY_ROOT };
	struct ot_table *t = t_run(h.g, "retained", NULL, &args);
	int col = ot_table_col(t, "retained");
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < t->nrows; i++)
		sum += ot_table_at(t, i, (size_t)col)->v.u;
	ck_assert_uint_eq(sum, 63);
	ck_assert_str_eq(t_cell(t, 0, "group"), "garbage");
	ck_assert_str_eq(t_cell(t, 1, "group"), "held from C");
	ck_assert_str_eq(t_cell(t, 2, "group"), "shared by several roots");
	ck_assert_str_eq(t_cell(t, 2, "retained"), "4");
	ot_table_free(t);
	t_heap_free(&h);
}
END_TEST

START_TEST(component_picture)
{
	struct t_heap h = t_draw("@module(m)>a a>b b>c c>a c>d d>c a>x b>x");
	struct hg_args args = { .max_width = 3 };
	hg_node in[4] = { t_node(&h, "a"), t_node(&h, "b"), t_node(&h, "c"),
			  t_node(&h, "d") };
	struct ot_err err = OT_ERR_INIT;
	struct hg_picture *p;

	ck_assert(hg_picture_component(h.g, in, 4, in[1], &args, &p, &err) ==
		  OT_OK);
	ck_assert_uint_eq(p->nnodes, 4);
	ck_assert_uint_eq(p->nodes[0].node, in[1]);
	ck_assert(p->nodes[3].flags & HG_PIC_MORE);
	ck_assert_uint_eq(p->nodes[3].count, 1);
	ck_assert_uint_eq(p->nedges, 4);
	hg_picture_free(p);
	ck_assert(hg_picture_component(h.g, in, 4, in[1], &plain, &p, &err) ==
		  OT_OK);
	ck_assert_uint_eq(p->nnodes, 4);
	ck_assert_uint_eq(p->nedges, 5);
	hg_picture_free(p);
	t_heap_free(&h);
}
END_TEST

/* ---- deep and wide ---- */

#ifdef __SANITIZE_ADDRESS__
#define LINKS 1000000u
#else
#define LINKS 10000000u
#endif

/*
 * A doubly linked list beside an index of its values (every tenth link has
 * one): a value is also held from far above, which makes the plain climb to
 * its dominator quadratic.
 */
static struct hg_graph *
linked_list(uint32_t n, uint32_t nvalues)
{
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;
	uint32_t i, v = n + 1;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "m", "Link");
	t_enc_object(&t, T_ADDR(0), 0, 1, nvalues + 1);
	t_enc_ref(&t, T_ADDR(1), OTW_REL_ATTRIBUTE);
	for (i = 0; i < nvalues; i++)
		t_enc_ref(&t, T_ADDR(v + i), OTW_REL_ITEM);
	for (i = 1; i <= n; i++) {
		t_enc_object(&t, T_ADDR(i), 0, 1,
			     (i > 1) + (i < n) + (uint32_t)(i % 10 == 0));
		if (i < n)
			t_enc_ref(&t, T_ADDR(i + 1), OTW_REL_ATTRIBUTE);
		if (i > 1)
			t_enc_ref(&t, T_ADDR(i - 1), OTW_REL_ATTRIBUTE);
		if (i % 10 == 0)
			t_enc_ref(&t, T_ADDR(v + i / 10 - 1),
				  OTW_REL_ATTRIBUTE);
	}
	for (i = 0; i < nvalues; i++)
		t_enc_object(&t, T_ADDR(v + i), 0, 1, 0);
	t_enc_root(&t, OTW_ROOT_MODULE, "m");
	otw_enc_root_ref(&t.e, &(struct otw_ref){ .to = T_ADDR(0) });
	otw_enc_end(&t.e, &(struct otw_end){ .objects = n + nvalues + 1 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	t_enc_release(&t);
	return g;
}

START_TEST(deep)
{
	struct ot_err err = OT_ERR_INIT;
	const uint32_t n = getenv("OBJTOP_EMULATED") ? LINKS / 20 : LINKS;
	const uint32_t nvalues = n / 10;
	struct hg_graph *g = linked_list(n, nvalues);
	const struct hg_dom *d = dom_of(g);
	struct hg_args args = { .limit = 3 };
	hg_node last = n;
	struct hg_components c;
	unsigned char *bits;
	struct ot_table *t;

	/* the values hang from the top, the links from each other */
	ck_assert_uint_eq(hg_dom_retained(d, 0), n + nvalues + 1);
	ck_assert_uint_eq(hg_dom_retained(d, 1), n);
	ck_assert_uint_eq(hg_dom_retained(d, n), 1);
	ck_assert_uint_eq(hg_dom_idom(d, n), n - 1);
	ck_assert_uint_eq(hg_dom_idom(d, n + 1), 0);
	ck_assert_uint_eq(hg_dom_idom(d, n + nvalues), 0);
	ck_assert(hg_dom_below(d, &last, 1, &bits, &err) == OT_OK);
	free(bits);
	ck_assert(hg_components_find(g, &args, &c, &err) == OT_OK);
	ck_assert_uint_eq(c.n, 1);
	ck_assert_uint_eq(c.list[0].n, n);
	hg_components_release(&c);
	t = t_run(g, "retained", NULL, &args);
	ck_assert_uint_eq(t->nrows, 3);
	ot_table_free(t);
	args.retained = true;
	t = t_run(g, "types", NULL, &args);
	ck_assert_uint_eq(ot_table_at(t, 0, (size_t)ot_table_col(t, "retained"))
				  ->v.u,
			  n + nvalues + 1);
	ot_table_free(t);
	hg_graph_free(g);
}
END_TEST

TCase *
t_graph_dom(void)
{
	TCase *t = tcase_create("dominators");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, drawn);
	tcase_add_test(t, children);
	tcase_add_loop_test(t, removal, 0, 12);
	tcase_add_loop_test(t, components, 0, 6);
	tcase_add_test(t, cancelled);
	tcase_add_test(t, tables);
	tcase_add_test(t, by_root);
	tcase_add_test(t, component_picture);
	tcase_add_test(t, deep);
	return t;
}
