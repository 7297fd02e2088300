/* SPDX-License-Identifier: MIT */
/*
 * t_graph_build.c - from a stream to a graph: whole, made up, broken, hostile.
 */
#include "config.h"

#include "tests/unit/t_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "graph/builder.h"
#include "graph/store.h"
#include "runtime/synth/synth.h"

START_TEST(columns)
{
	struct t_heap h = t_draw("a:dict:232 b:str:53='abc' c:70000 "
				 "@module(shop)>a a[k]>b a[7]>c c>a c>b");
	hg_node a = t_node(&h, "a"), b = t_node(&h, "b"), c = t_node(&h, "c");
	const struct hg_info *info = hg_info(h.g);
	const hg_edge *in;
	uint32_t n_in;
	size_t len;

	ck_assert_uint_eq(hg_objects(h.g), 3);
	ck_assert_uint_eq(hg_nodes(h.g), 4);
	ck_assert_uint_eq(hg_edges(h.g), 5);
	ck_assert_uint_eq(hg_kinds(h.g), 3);
	ck_assert_uint_lt(a, b);
	ck_assert_uint_lt(b, c);
	ck_assert_uint_eq(hg_addr(h.g, b), T_ADDR(1));
	ck_assert_uint_eq(hg_at(h.g, T_ADDR(1) + 8), HG_NONE);
	ck_assert_uint_eq(hg_at(h.g, 0), HG_NONE);
	ck_assert_uint_eq(hg_at(h.g, UINT64_MAX), HG_NONE);
	ck_assert_uint_eq(hg_bytes(h.g, a), 232);
	ck_assert_uint_eq(hg_bytes(h.g, c), 70000);
	ck_assert_int_eq(hg_refcount(h.g, c), 1);
	ck_assert_int_eq(hg_refcount(h.g, 3), -1);
	ck_assert_uint_eq(hg_extra(h.g, a), 0);
	ck_assert_uint_eq(hg_flags(h.g, a), OTW_TRACKED | 2u << 4);
	ck_assert_str_eq(hg_kind_full(h.g, hg_kind_of(h.g, a)), "dict");
	ck_assert_mem_eq(hg_text(h.g, b, &len), "'abc'", 5);
	ck_assert_uint_eq(len, 5);
	hg_text(h.g, a, &len);
	ck_assert_uint_eq(len, 0);

	ck_assert(hg_is_root(h.g, 3));
	ck_assert_str_eq(hg_root_name(h.g, 3), "shop");
	ck_assert_uint_eq(hg_root_kind(h.g, 3), OTW_ROOT_MODULE);
	ck_assert_uint_eq(hg_addr(h.g, 3), 0);
	ck_assert_uint_eq(hg_kind_of(h.g, 3), HG_NONE);

	ck_assert_uint_eq(hg_out(h.g, a + 1) - hg_out(h.g, a), 2);
	ck_assert_uint_eq(hg_edge_to(h.g, hg_out(h.g, a)), b);
	in = hg_in(h.g, b, &n_in);
	ck_assert_uint_eq(n_in, 2);
	ck_assert_uint_eq(hg_edge_from(h.g, in[0]), a);
	ck_assert_uint_eq(hg_edge_from(h.g, in[1]), c);
	in = hg_in(h.g, a, &n_in);
	ck_assert_uint_eq(n_in, 2);
	ck_assert_uint_eq(hg_edge_from(h.g, in[1]), 3);

	ck_assert_uint_eq(info->objects, 3);
	ck_assert_uint_eq(info->tracked, 3);
	ck_assert_uint_eq(info->edges, 5);
	ck_assert_uint_eq(info->bytes, 232 + 53 + 70000);
	ck_assert_uint_eq(info->held_us, 27000);
	ck_assert_uint_eq(info->pid, 4242);
	ck_assert_str_eq(info->mode, "fork");
	ck_assert_str_eq(info->command, "python3 shop/server.py");
	ck_assert(info->whole);
	ck_assert_ptr_null(info->unseen);
	t_heap_free(&h);
}
END_TEST

/* Both directions name the same edges; every source is found again. */
static void
check_edges(const struct hg_graph *g)
{
	uint32_t n, i, n_in, total = 0;
	const hg_edge *in;
	hg_edge e;

	for (n = 0; n < hg_nodes(g); n++) {
		ck_assert_uint_le(hg_out(g, n), hg_out(g, n + 1));
		for (e = hg_out(g, n); e < hg_out(g, n + 1); e++) {
			ck_assert_uint_eq(hg_edge_from(g, e), n);
			ck_assert_uint_lt(hg_edge_to(g, e), hg_objects(g));
		}
		in = hg_in(g, n, &n_in);
		total += n_in;
		for (i = 0; i < n_in; i++) {
			ck_assert_uint_eq(hg_edge_to(g, in[i]), n);
			if (i > 0)
				ck_assert_uint_lt(in[i - 1], in[i]);
		}
		if (n < hg_objects(g))
			ck_assert_uint_eq(hg_at(g, hg_addr(g, n)), n);
	}
	ck_assert_uint_eq(total, hg_edges(g));
}

static struct hg_graph *
synth_graph_of(uint32_t objects, uint32_t want, size_t piece)
{
	struct hg_builder *b = hg_builder_new();
	struct otw_dec *d = otw_dec_new(hg_builder_events(), b);
	struct ot_buf s = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g = NULL;
	size_t at;

	ck_assert_int_eq(synth_stream(objects, want, &s, &err), OT_OK);
	for (at = 0; at < s.len; at += piece)
		ck_assert_int_eq(
			otw_dec_feed(d, s.data + at,
				     s.len - at < piece ? s.len - at : piece,
				     &err),
			OT_OK);
	ck_assert(otw_dec_whole(d) && hg_builder_done(b));
	ck_assert_int_eq(hg_builder_finish(b, true, &g, &err), OT_OK);
	ck_assert(!hg_builder_done(b));
	otw_dec_free(d);
	hg_builder_free(b);
	ot_buf_release(&s);
	return g;
}

static struct hg_graph *
synth_graph(uint32_t objects, size_t piece)
{
	return synth_graph_of(objects, OTW_WANT_GRAPH | OTW_WANT_TEXT, piece);
}

START_TEST(synthetic)
{
	struct synth_shape shape = synth_shape(20000);
	struct hg_graph *g = synth_graph(20000, 777);
	uint64_t count = 0;
	const hg_node *nodes;
	uint32_t n, i;
	hg_kind k, session;

	ck_assert_uint_eq(hg_objects(g), shape.objects);
	ck_assert_uint_eq(hg_info(g)->unseen_refs, 1);
	ck_assert(hg_info(g)->whole);
	check_edges(g);
	for (k = 0; k < hg_kinds(g); k++) {
		count += hg_kind_count(g, k);
		nodes = hg_kind_nodes(g, k, &n);
		ck_assert_uint_eq(n, hg_kind_count(g, k));
		for (i = 0; i < n; i++) {
			ck_assert_uint_eq(hg_kind_of(g, nodes[i]), k);
			if (i > 0)
				ck_assert_uint_lt(nodes[i - 1], nodes[i]);
		}
	}
	ck_assert_uint_eq(count, shape.objects);
	ck_assert_int_eq(hg_resolve_kind(g, "Session", &session, NULL), OT_OK);
	ck_assert_uint_eq(hg_kind_count(g, session), shape.sessions);
	ck_assert_uint_eq(hg_extra(g, hg_at(g, synth_session(7, 0))), 40);
	ck_assert_uint_gt(hg_memory(g), hg_objects(g) * (size_t)20);
	hg_graph_free(g);
}
END_TEST

/* Addresses in clumps, alone, and at both ends of what there is. */
START_TEST(addresses)
{
	static const uint64_t clumps[] = {
		0x8,
		0x55d000000000,
		0x55d0ffffff00,
		0x7f0000000000,
		0x7f00fffffff0,
		0xfffffffffffff000,
	};
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;
	size_t i, j;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "builtins", "int");
	/* Not in order, so that they have to be sorted. */
	for (j = 100; j-- > 0;)
		for (i = 0; i < sizeof(clumps) / sizeof(clumps[0]); i++)
			t_enc_object(&t, clumps[i] + 16 * j, 0, j + 1, 0);
	t_enc_object(&t, UINT64_MAX, 0, 1, 0);
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	ck_assert_uint_eq(hg_objects(g), 601);
	ck_assert(!hg_info(g)->whole);
	for (j = 0; j < 100; j++)
		for (i = 0; i < sizeof(clumps) / sizeof(clumps[0]); i++) {
			hg_node n = hg_at(g, clumps[i] + 16 * j);

			ck_assert_uint_ne(n, HG_NONE);
			ck_assert_uint_eq(hg_addr(g, n), clumps[i] + 16 * j);
			ck_assert_uint_eq(hg_bytes(g, n), j + 1);
			ck_assert_uint_eq(hg_at(g, clumps[i] + 16 * j + 1),
					  HG_NONE);
		}
	check_edges(g);
	hg_graph_free(g);
	t_enc_release(&t);
}
END_TEST

static void
put_index(struct t_enc *t, uint64_t to, uint8_t relation, int64_t index)
{
	otw_enc_ref(&t->e, &(struct otw_ref){ .to = to,
					      .relation = relation,
					      .name_type = OTW_NAME_INDEX,
					      .index = index });
}

/* Edges to nowhere take their labels with them, and no others. */
START_TEST(labels)
{
	static const int64_t index[] = { 0, 1, 5, -1, 1ll << 40, 33554431, 2 };
	enum { N = sizeof(index) / sizeof(index[0]) };
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;
	hg_node n, a, b;
	hg_edge e;
	uint32_t i;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "builtins", "list");
	t_enc_object(&t, 0x1000, 0, 10, 0);
	t_enc_object(&t, 0x2000, 0, 10, N + 2);
	t_enc_ref(&t, 0x1000, OTW_REL_TYPE);
	t_enc_ref(&t, 0xdead0, OTW_REL_KEY);
	for (i = 0; i < N; i++)
		put_index(&t, i == 3 ? 0xdead8 : 0x1000, OTW_REL_VALUE,
			  index[i]);
	for (i = 0; i < 2; i++) {	/* runs: equal but for their length */
		t_enc_object(&t, 0x3000 + 16 * i, 0, 10, 0);
		t_enc_ref(&t, 0x1000, OTW_REL_TYPE);
		put_index(&t, 0x2000, OTW_REL_ITEM, 0);
		if (i == 0)
			put_index(&t, 0x1000, OTW_REL_ITEM, 1);
	}
	t_enc_kind(&t, 1, "builtins", "object");
	t_enc_object(&t, 0x3ff0, 1, 10, 0);	/* before one of its type */
	t_enc_object(&t, 0x4000, 1, 10, 0);
	t_enc_ref(&t, 0x1000, OTW_REL_WEAK);
	t_enc_ref(&t, 0x1000, OTW_REL_CELL);
	otw_enc_end(&t.e, &(struct otw_end){ 0 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	check_edges(g);
	ck_assert_uint_eq(hg_info(g)->unseen_refs, 2);
	n = hg_at(g, 0x2000);
	e = hg_out(g, n);
	ck_assert_uint_eq(hg_out(g, n + 1) - e, N);
	ck_assert_uint_eq(hg_edge_relation(g, e++), OTW_REL_TYPE);
	for (i = 0; i < N; i++) {
		if (i == 3)
			continue;
		ck_assert_uint_eq(hg_edge_relation(g, e), OTW_REL_VALUE);
		ck_assert_uint_eq(hg_edge_name_type(g, e), OTW_NAME_INDEX);
		ck_assert_int_eq(hg_edge_index(g, e++), index[i]);
	}
	a = hg_at(g, 0x3000);
	b = hg_at(g, 0x3010);
	ck_assert_uint_eq(hg_out(g, a + 1) - hg_out(g, a), 3);
	ck_assert_int_eq(hg_edge_index(g, hg_out(g, a) + 2), 1);
	ck_assert_int_eq(hg_edge_index(g, hg_out(g, b) + 1), 0);
	ck_assert_uint_eq(hg_edge_relation(g, hg_out(g, b) + 1), OTW_REL_ITEM);
	n = hg_at(g, 0x4000);
	ck_assert(hg_edge_weak(g, hg_out(g, n)));
	ck_assert(!hg_edge_weak(g, hg_out(g, n) + 1));
	ck_assert(!hg_edge_weak(g, hg_out(g, a)));
	hg_graph_free(g);
	t_enc_release(&t);
}
END_TEST

static void
put_of_class(struct t_enc *t, uint64_t addr, uint32_t kind)
{
	otw_enc_object(&t->e, &(struct otw_object){ .addr = addr,
						    .kind = kind,
						    .flags = OTW_TRACKED |
							     OTW_CLASS });
}

/* What a flag says of an object's class is an edge as any other. */
START_TEST(class_flag)
{
	static const uint64_t addr[] = { 0x1000, 0xdead0, 0 };
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;
	hg_node n;
	uint32_t i;

	t_enc_init(&t);
	t_enc_begin(&t);
	for (i = 0; i < 3; i++)
		otw_enc_kind(&t.e, &(struct otw_kind){ .id = i,
						       .addr = addr[i] });
	put_of_class(&t, 0x1000, 0); /* refers to itself */
	for (i = 0; i < 3; i++) {
		put_of_class(&t, 0x2000 + 16 * i, i);
		put_index(&t, 0x1000, OTW_REL_ITEM, 0);
		t_enc_ref(&t, 0xdead8, OTW_REL_CELL);
	}
	otw_enc_end(&t.e, &(struct otw_end){ 0 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	check_edges(g);
	ck_assert_uint_eq(hg_info(g)->unseen_refs, 4);
	ck_assert_uint_eq(hg_edges(g), 5);
	n = hg_at(g, 0x1000);
	ck_assert_uint_eq(hg_out(g, n + 1) - hg_out(g, n), 1);
	ck_assert_uint_eq(hg_edge_to(g, hg_out(g, n)), n);
	for (i = 0; i < 3; i++) {
		hg_node o = hg_at(g, 0x2000 + 16 * i);
		hg_edge e = hg_out(g, o);

		ck_assert_uint_eq(hg_out(g, o + 1) - e, i == 0 ? 2 : 1);
		if (i == 0)
			ck_assert_uint_eq(hg_edge_relation(g, e++),
					  OTW_REL_TYPE);
		ck_assert_uint_eq(hg_edge_relation(g, e), OTW_REL_ITEM);
		ck_assert_uint_eq(hg_edge_to(g, e), n);
		ck_assert_uint_eq(hg_flags(g, o), OTW_TRACKED);
	}
	hg_graph_free(g);
	t_enc_release(&t);
}
END_TEST

/* More rows of labels than 16 bits can tell apart, lists long and empty. */
START_TEST(many_classes)
{
	enum { N = 70000 };
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;
	uint32_t i, j, edges;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "builtins", "dict");
	t_enc_kind(&t, 1, "builtins", "list");
	for (i = 0; i < N; i++) {
		/* in 16, in 8, and far apart */
		uint64_t addr = i < N / 2 ? 0x10000 + 16 * (uint64_t)i
			      : i < N - 100 ? 0x800000008 + 8 * (uint64_t)i
					    : (uint64_t)i << 24;

		t_enc_object(&t, addr, i & 1, i, 0);
		edges = i % 1000 == 7 ? 300 : i % 3;
		for (j = 0; j < edges; j++)
			put_index(&t, 0x10000 + 16 * (uint64_t)(i / 3),
				  OTW_REL_VALUE, i + j);
	}
	otw_enc_end(&t.e, &(struct otw_end){ 0 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	ck_assert_uint_eq(hg_objects(g), N);
	check_edges(g);
	for (i = 0; i < N; i++) {
		edges = i % 1000 == 7 ? 300 : i % 3;
		ck_assert_uint_eq(hg_bytes(g, i), i);
		ck_assert_uint_eq(hg_kind_of(g, i), i & 1);
		ck_assert_uint_eq(hg_out(g, i + 1) - hg_out(g, i), edges);
		for (j = 0; j < edges; j++)
			ck_assert_int_eq(hg_edge_index(g, hg_out(g, i) + j),
					 i + j);
	}
	ck_assert_uint_eq(hg_at(g, 0x10000 + 8), HG_NONE);
	ck_assert_uint_eq(hg_at(g, 0x10000 - 16), HG_NONE);
	hg_graph_free(g);
	t_enc_release(&t);
}
END_TEST

START_TEST(duplicates_and_nowhere)
{
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct t_enc t;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "builtins", "list");
	t_enc_object(&t, 0x2000, 0, 10, 2);
	t_enc_ref(&t, 0x1000, OTW_REL_ITEM);
	t_enc_ref(&t, 0xdead, OTW_REL_ITEM);
	t_enc_object(&t, 0x1000, 0, 20, 0);
	t_enc_object(&t, 0x2000, 0, 99, 1); /* the first one wins */
	t_enc_ref(&t, 0x1000, OTW_REL_ITEM);
	t_enc_root(&t, OTW_ROOT_FRAME, "f");
	otw_enc_root_ref(&t.e, &(struct otw_ref){ .to = 0xbeef });
	otw_enc_root_ref(&t.e, &(struct otw_ref){ .to = 0x2000 });
	otw_enc_unseen(&t.e, &(struct otw_unseen){ 3, { "a\nb", 3 } });
	otw_enc_unseen(&t.e, &(struct otw_unseen){ 0, { "c", 1 } });
	otw_enc_end(&t.e, &(struct otw_end){ 0 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	ck_assert_uint_eq(hg_objects(g), 2);
	ck_assert_uint_eq(hg_bytes(g, hg_at(g, 0x2000)), 10);
	ck_assert_uint_eq(hg_edges(g), 2);
	ck_assert_uint_eq(hg_info(g)->unseen_refs, 2);
	ck_assert_str_eq(hg_info(g)->unseen, "a\\nb (3); c");
	check_edges(g);
	hg_graph_free(g);
	t_enc_release(&t);
}
END_TEST

/* A stream cut anywhere is a graph that says so, or a clean failure. */
START_TEST(cut_short)
{
	struct ot_buf s = OT_BUF_INIT;
	size_t cut;

	ck_assert_int_eq(synth_stream(100, OTW_WANT_GRAPH, &s, NULL), OT_OK);
	for (cut = 0; cut <= s.len; cut++) {
		struct hg_builder *b = hg_builder_new();
		struct otw_dec *d = otw_dec_new(hg_builder_events(), b);
		struct ot_err err = OT_ERR_INIT;
		struct hg_graph *g = NULL;
		enum ot_status st;

		ck_assert_int_eq(otw_dec_feed(d, s.data, cut, &err), OT_OK);
		st = hg_builder_finish(b, otw_dec_whole(d), &g, &err);
		ck_assert_int_eq(st == OT_OK, g != NULL);
		if (g) {
			ck_assert(hg_info(g)->whole == (cut == s.len));
			check_edges(g);
		} else {
			ck_assert_int_eq(st, OT_FAILED);
			ck_assert_uint_gt(strlen(err.msg), 0);
		}
		hg_graph_free(g);
		otw_dec_free(d);
		hg_builder_free(b);
	}
	ot_buf_release(&s);
}
END_TEST

/* Bytes changed anywhere may spoil the graph, never the program. */
START_TEST(damaged)
{
	struct ot_buf s = OT_BUF_INIT;
	uint32_t seed = 12345;
	unsigned round;

	ck_assert_int_eq(
		synth_stream(300, OTW_WANT_GRAPH | OTW_WANT_TEXT, &s, NULL),
		OT_OK);
	for (round = 0; round < 2000; round++) {
		struct hg_builder *b = hg_builder_new();
		struct otw_dec *d = otw_dec_new(hg_builder_events(), b);
		struct hg_graph *g = NULL;
		size_t at;
		char was;

		seed = seed * 1664525 + 1013904223;
		at = (seed >> 8) % s.len;
		was = s.data[at];
		s.data[at] = (char)(was ^ (1 << (seed & 7)));
		otw_dec_feed(d, s.data, s.len, NULL);
		if (hg_builder_finish(b, true, &g, NULL) == OT_OK)
			check_edges(g);
		s.data[at] = was;
		hg_graph_free(g);
		otw_dec_free(d);
		hg_builder_free(b);
	}
	ot_buf_release(&s);
}
END_TEST

/* HELLO comes once; each BEGIN starts over, kinds and names included. */
START_TEST(two_snapshots)
{
	struct hg_builder *b = hg_builder_new();
	struct otw_dec *d = otw_dec_new(hg_builder_events(), b);
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g = NULL;
	struct t_enc t;
	uint32_t i;

	t_enc_init(&t);
	for (i = 0; i < 2; i++) {
		if (i == 0)
			t_enc_begin(&t);
		else
			otw_enc_begin(&t.e, &(struct otw_begin){
						    .mode = OTW_MODE_PAUSE });
		t_enc_kind(&t, 0, "builtins", i ? "list" : "dict");
		t_enc_object(&t, 0x1000 + 64 * i, 0, 10 + i, 0);
		otw_enc_end(&t.e, &(struct otw_end){ 0 });
		otw_enc_flush(&t.e);
		ck_assert(t.e.grow(&t.e, 1));
		ck_assert_int_eq(otw_dec_feed(d, t.out.data, t.out.len, &err),
				 OT_OK);
		ot_buf_clear(&t.out);
		ck_assert(hg_builder_done(b));
		ck_assert_int_eq(hg_builder_finish(b, true, &g, &err), OT_OK);
		ck_assert_uint_eq(hg_objects(g), 1);
		ck_assert_uint_eq(hg_addr(g, 0), 0x1000 + 64 * i);
		ck_assert_str_eq(hg_kind_full(g, 0), i ? "list" : "dict");
		ck_assert_str_eq(hg_info(g)->mode, i ? "pause" : "fork");
		ck_assert_uint_eq(hg_info(g)->pid, 4242);
		hg_graph_free(g);
	}
	t_enc_release(&t);
	otw_dec_free(d);
	hg_builder_free(b);
}
END_TEST

START_TEST(no_snapshot)
{
	struct hg_builder *b = hg_builder_new();
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;

	ck_assert_int_eq(hg_builder_finish(b, true, &g, &err), OT_FAILED);
	ck_assert_ptr_null(g);
	ck_assert_uint_gt(strlen(err.msg), 0);
	hg_builder_free(b);
}
END_TEST

START_TEST(errors_pass)
{
	static const char text[] = "the program\nis gone";
	struct ot_err err = OT_ERR_INIT;
	struct t_enc t;

	t_enc_init(&t);
	t_enc_begin(&t);
	otw_enc_error(&t.e, &(struct otw_error){ OT_REFUSED,
						 { text, sizeof(text) - 1 } });
	ck_assert_ptr_null(t_enc_graph(&t, &err));
	ck_assert_int_eq(err.status, OT_REFUSED);
	ck_assert_str_eq(err.msg, "the program\\nis gone");
	t_enc_release(&t);
}
END_TEST

/* Labels beyond what the column holds, and names that repeat. */
START_TEST(labels_aside)
{
	static const int64_t index[] = { 0,  33554430,	33554431,
					 -1, INT64_MAX, INT64_MIN };
	struct ot_buf b = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;
	char want[64];
	struct hg_graph *g;
	struct t_enc t;
	size_t i;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "builtins", "dict");
	t_enc_object(&t, 0x2000, 0, 10, 6);
	for (i = 0; i < 6; i++)
		otw_enc_ref(&t.e,
			    &(struct otw_ref){ .to = 0x1000,
					       .relation = OTW_REL_VALUE,
					       .name_type = OTW_NAME_INDEX,
					       .index = index[i] });
	t_enc_object(&t, 0x1000, 0, 10, 0);
	otw_enc_end(&t.e, &(struct otw_end){ 0 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	for (i = 0; i < 6; i++) {
		ot_buf_clear(&b);
		hg_edge_label(g, hg_out(g, 1) + (hg_edge)i, &b);
		snprintf(want, sizeof(want), "[%lld]", (long long)index[i]);
		ck_assert_str_eq(ot_buf_str(&b), want);
	}
	ot_buf_release(&b);
	hg_graph_free(g);
	t_enc_release(&t);
}
END_TEST

START_TEST(counts_only)
{
	const struct otw_count counts[] = { { 0, 1000, 64000, 1000 },
					    { 1, 50, 2800, 10 } };
	struct ot_err err = OT_ERR_INIT;
	struct hg_graph *g;
	struct ot_table *table;
	struct t_enc t;

	t_enc_init(&t);
	t_enc_begin(&t);
	t_enc_kind(&t, 0, "shop.models", "Session");
	t_enc_kind(&t, 1, "builtins", "str");
	otw_enc_counts(&t.e, counts, 2);
	otw_enc_end(&t.e, &(struct otw_end){ 0 });
	g = t_enc_graph(&t, &err);
	ck_assert_msg(g != NULL, "%s", err.msg);
	ck_assert_uint_eq(hg_objects(g), 0);
	ck_assert_uint_eq(hg_info(g)->objects, 1050);
	table = t_run(g, "types", NULL, NULL);
	ck_assert_uint_eq(table->nrows, 2);
	ck_assert_str_eq(t_cell(table, 0, "type"), "shop.models.Session");
	ck_assert_str_eq(t_cell(table, 0, "count"), "1,000");
	ck_assert_str_eq(t_cell(table, 0, "share"), "95.8%");
	ot_table_free(table);
	table = t_run(g, "types", NULL,
		      &(struct hg_args){ .scope = HG_SCOPE_TRACKED });
	ck_assert_str_eq(t_cell(table, 1, "count"), "10");
	ck_assert_str_eq(t_cell(table, 1, "bytes"), "");
	ot_table_free(table);
	hg_graph_free(g);
	t_enc_release(&t);
}
END_TEST

START_TEST(collector)
{
	struct hg_graph *g = synth_graph_of(1000, OTW_WANT_COLLECTOR, 7);
	const struct hg_args args = { .limit = 0 };
	struct ot_table *table = t_run(g, "gc", NULL, &args);
	struct ot_err err = OT_ERR_INIT;
	struct t_heap h = t_draw("a>b");

	ck_assert_uint_eq(table->nrows, 3);
	ck_assert_str_eq(t_cell(table, 0, "threshold"), "700");
	ck_assert_str_eq(t_cell(table, 0, "pause_us"), "1");
	ck_assert_str_eq(t_cell(table, 1, "count"), "2");
	ck_assert_str_eq(t_cell(table, 2, "generation"), "2");
	ck_assert_str_eq(t_cell(table, 2, "pause_us"), "");
	ck_assert_str_eq(t_cell(table, 2, "enabled"), "yes");
	ck_assert_str_eq(t_cell(table, 2, "garbage"), "1");
	ck_assert_str_eq(table->title, "automatic collection is enabled, 0 "
			 "objects frozen, 1 in gc.garbage, 0 callbacks");
	ot_table_free(table);
	hg_graph_free(g);
	/* A stream that does not tell of one. */
	ck_assert_int_eq(an_gc(h.g, &args, &table, &err), OT_FAILED);
	t_heap_free(&h);
}
END_TEST

TCase *
t_graph_build(void)
{
	TCase *t = tcase_create("build");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, columns);
	tcase_add_test(t, synthetic);
	tcase_add_test(t, addresses);
	tcase_add_test(t, labels);
	tcase_add_test(t, class_flag);
	tcase_add_test(t, many_classes);
	tcase_add_test(t, duplicates_and_nowhere);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, damaged);
	tcase_add_test(t, two_snapshots);
	tcase_add_test(t, no_snapshot);
	tcase_add_test(t, errors_pass);
	tcase_add_test(t, labels_aside);
	tcase_add_test(t, counts_only);
	tcase_add_test(t, collector);
	return t;
}
