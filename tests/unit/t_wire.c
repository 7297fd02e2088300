/* SPDX-License-Identifier: MIT */
/*
 * t_wire.c - what is encoded is what is decoded; and the program itself.
 */
#include "config.h"

#include "tests/unit/t_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/leb.h"

static void
check_same(const struct t_stream *s, size_t piece)
{
	struct ot_buf log = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;
	bool whole = false;
	enum ot_status st;

	ck_assert(!s->e.failed);
	st = t_decode(s->e.data, s->e.len, piece, &log, &whole, &err);
	ck_assert_msg(st == OT_OK, "%s", err.msg);
	ck_assert(whole);
	ck_assert(!log.failed && !s->log.failed);
	if (log.len < 8192)
		ck_assert_str_eq(ot_buf_str(&log), ot_buf_str(&s->log));
	ck_assert_uint_eq(log.len, s->log.len);
	ck_assert(memcmp(log.data, s->log.data, log.len) == 0);
	ot_buf_release(&log);
}

START_TEST(leb_edges)
{
	static const uint64_t v[] = {
		0, 1, 127, 128, 16383, 16384, UINT32_MAX,
		UINT64_MAX >> 1, UINT64_MAX,
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint8_t b[OTW_LEB_MAX + 1];
		const uint8_t *end = otw_put(b, v[i]), *p = b;
		uint64_t got = 0;

		ck_assert(end - b <= OTW_LEB_MAX);
		ck_assert(otw_get(&p, end, &got) && p == end);
		ck_assert(got == v[i]);
		p = b;
		ck_assert(!otw_get(&p, end - 1, &got));
		ck_assert(otw_zigzag(otw_unzigzag(v[i])) == v[i]);
	}
}
END_TEST

START_TEST(leb_refuses_overlong)
{
	static const uint8_t eleven[] = {
		0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0,
	};
	static const uint8_t over[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
	};
	const uint8_t *p = eleven;
	uint64_t v;

	ck_assert(!otw_get(&p, eleven + sizeof(eleven), &v));
	p = over;
	ck_assert(!otw_get(&p, over + sizeof(over), &v));
}
END_TEST

START_TEST(sample_in_all_pieces)
{
	struct t_stream s;
	size_t piece;

	t_stream_init(&s);
	t_sample(&s);
	for (piece = 0; piece < 70; piece++)
		check_same(&s, piece);
	t_stream_release(&s);
}
END_TEST

static uint64_t
rnd(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void
random_object(struct t_stream *s, uint64_t *x, uint64_t addr,
	      uint32_t max_refs)
{
	struct otw_object o = {
		addr, (uint32_t)(rnd(x) % 5), (uint32_t)rnd(x) & 0x3f,
		rnd(x) % 5000, rnd(x) % 3, (int64_t)(rnd(x) % 9) - 1,
		(uint32_t)(rnd(x) % (max_refs + 1)), { "sometext", rnd(x) % 9 },
	};
	struct otw_ref *refs = calloc(o.nrefs + 1u, sizeof(*refs));
	uint32_t i;

	ck_assert_ptr_nonnull(refs);
	for (i = 0; i < o.nrefs; i++) {
		refs[i].to = rnd(x) % 3 ? addr + rnd(x) % 4096 * 8 : rnd(x);
		refs[i].relation = (uint8_t)(rnd(x) % OTW_REL_COUNT);
		refs[i].name_type = (uint8_t)(rnd(x) % 3);
		refs[i].index = rnd(x) % 4 ? i : (int64_t)rnd(x);
		refs[i].id = (uint32_t)(rnd(x) % 7);
	}
	t_object(s, &o, refs);
	free(refs);
}

static void
open_stream(struct t_stream *s)
{
	uint32_t i;

	t_stream_init(s);
	t_hello(s);
	t_begin(s);
	for (i = 0; i < 5; i++)
		t_kind(s, i, "Kind");
	for (i = 0; i < 7; i++)
		t_name(s, i, "name");
}

START_TEST(many_blocks)
{
	uint64_t x = 88172645463325252u, addr = 0x7f1200000000;
	struct t_stream s;
	int i;

	open_stream(&s);
	for (i = 0; i < 20000; i++)
		random_object(&s, &x, addr += rnd(&x) % 64 * 8, 6);
	t_end(&s);
	check_same(&s, 0);
	check_same(&s, 8191);
	t_stream_release(&s);
}
END_TEST

/* An object with more refs than one block or one frame could hold. */
START_TEST(list_of_two_million)
{
	enum { N = 2000000 };
	struct otw_ref *refs = calloc(N, sizeof(*refs));
	struct otw_object o = {
		0x1000, 1, OTW_TRACKED, 16000056, 0, 1, N, STR("a list"),
	};
	uint64_t x = 1;
	struct t_stream s;
	uint32_t i;

	ck_assert_ptr_nonnull(refs);
	for (i = 0; i < N; i++) {
		refs[i].to = 0x7f0000000000 + i * 32u;
		refs[i].relation = OTW_REL_ITEM;
		refs[i].name_type = OTW_NAME_INDEX;
		refs[i].index = i;
	}
	open_stream(&s);
	random_object(&s, &x, 0x500, 3);
	t_object(&s, &o, refs);
	random_object(&s, &x, 0x2000, 3);
	t_end(&s);
	/* neighbours: a target, a relation and an index in three bytes */
	ck_assert_uint_lt(s.e.len, 3 * N + N / 10);
	check_same(&s, 65536);
	t_stream_release(&s);
	free(refs);
}
END_TEST

/* An object ends exactly where its block does; the next has no refs. */
START_TEST(object_fills_block)
{
	static struct otw_ref refs[16385];
	struct t_stream s;
	uint32_t n, i;

	for (i = 0; i < 16385; i++)
		refs[i].to = i * 8;
	for (n = 16383; n <= 16385; n++) {
		struct otw_object o = { .addr = 64, .nrefs = n };
		struct otw_object none = { .addr = 128 };

		open_stream(&s);
		t_object(&s, &o, refs);
		t_object(&s, &none, NULL);
		t_object(&s, &o, refs);
		t_end(&s);
		check_same(&s, 1000);
		t_stream_release(&s);
	}
}
END_TEST

START_TEST(long_texts_are_cut)
{
	static char big[100000];
	struct ot_buf log = OT_BUF_INIT;
	const struct otw_kind k = {
		0, 1, 0, { big, sizeof(big) }, { big, sizeof(big) },
	};
	const struct otw_name n = { 0, { big, sizeof(big) } };
	const struct otw_root r = { 0, 0, { big, sizeof(big) } };
	const struct otw_unseen u = { 0, { big, sizeof(big) } };
	const struct otw_object o = { .text = { big, sizeof(big) } };
	const struct otw_error er = { OT_FAILED, { big, sizeof(big) } };
	struct ot_err err = OT_ERR_INIT;
	struct t_stream s;
	int i;

	memset(big, 'x', sizeof(big));
	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	otw_enc_kind(&s.e, &k);
	otw_enc_name(&s.e, &n);
	otw_enc_root(&s.e, &r);
	otw_enc_unseen(&s.e, &u);
	for (i = 0; i < 100; i++)
		otw_enc_object(&s.e, &o);
	t_end(&s);
	otw_enc_error(&s.e, &er);
	ck_assert_msg(t_decode(s.e.data, s.e.len, 0, &log, NULL, &err) ==
		      OT_OK, "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(log.data, "name 0 4096:xxx"));
	ot_buf_release(&log);
	t_stream_release(&s);
}
END_TEST

START_TEST(names_past_one_frame)
{
	struct t_stream s;
	char name[64];
	uint32_t i;

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "attribute_%u", i);
		t_name(&s, i, name);
	}
	t_end(&s);
	check_same(&s, 0);
	t_stream_release(&s);
}
END_TEST

START_TEST(no_room_drops_whole_frames)
{
	uint64_t x = 7;
	struct ot_buf log = OT_BUF_INIT;
	struct t_stream s;
	bool whole;
	int i;

	open_stream(&s);
	s.limit = s.e.len + 100000;
	for (i = 0; i < 20000; i++)
		random_object(&s, &x, (uint64_t)i * 8, 4);
	t_end(&s);
	ck_assert(s.e.failed);
	ck_assert_int_eq(t_decode(s.e.data, s.e.len, 0, &log, &whole, NULL),
			 OT_OK);
	ck_assert(whole);
	ot_buf_release(&log);
	t_stream_release(&s);
}
END_TEST

START_TEST(two_snapshots_number_anew)
{
	struct t_stream s;

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	t_kind(&s, 0, "First");
	t_end(&s);
	t_begin(&s);
	t_kind(&s, 0, "Second");
	t_end(&s);
	check_same(&s, 1);
	t_stream_release(&s);
}
END_TEST

static TCase *
round_trip(void)
{
	TCase *t = tcase_create("round trip");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, leb_edges);
	tcase_add_test(t, leb_refuses_overlong);
	tcase_add_test(t, sample_in_all_pieces);
	tcase_add_test(t, many_blocks);
	tcase_add_test(t, list_of_two_million);
	tcase_add_test(t, object_fills_block);
	tcase_add_test(t, long_texts_are_cut);
	tcase_add_test(t, names_past_one_frame);
	tcase_add_test(t, no_room_drops_whole_frames);
	tcase_add_test(t, two_snapshots_number_anew);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("wire");
	SRunner *r;
	int failed;

	suite_add_tcase(s, round_trip());
	suite_add_tcase(s, t_wire_hostile());
	suite_add_tcase(s, t_wire_file());
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
