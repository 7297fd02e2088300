/* SPDX-License-Identifier: MIT */
/*
 * t_wire_hostile.c - streams that lie, end early or are damaged.
 */
#include "config.h"

#include "tests/unit/t_wire.h"

#include <stdlib.h>
#include <string.h>

#include "wire/heap.h"

/* Decodes and says no, with a message that holds `why`. */
static void
refused(const struct t_stream *s, const char *why)
{
	struct ot_buf log = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;
	bool whole = true;

	ck_assert_int_eq(t_decode(s->e.data, s->e.len, 0, &log, &whole, &err),
			 OT_FAILED);
	ck_assert_msg(strstr(err.msg, why), "got: %s", err.msg);
	ck_assert(!whole);
	ot_buf_release(&log);
}

static void
raw(struct t_stream *s, const void *data, size_t len)
{
	ck_assert(s->e.grow(&s->e, len));
	memcpy(s->e.data + s->e.len, data, len);
	s->e.len += len;
}

/* Every prefix is decoded as far as it goes, never past it, without error. */
START_TEST(every_truncation)
{
	struct t_stream s;
	size_t n;

	t_stream_init(&s);
	t_sample(&s);
	for (n = 0; n < s.e.len; n++) {
		struct ot_buf log = OT_BUF_INIT;
		struct ot_err err = OT_ERR_INIT;
		bool whole;

		ck_assert_msg(t_decode(s.e.data, n, 0, &log, &whole, &err) ==
			      OT_OK, "at %zu: %s", n, err.msg);
		ck_assert_uint_lt(log.len, s.log.len);
		ck_assert(log.len == 0 ||
			  memcmp(log.data, s.log.data, log.len) == 0);
		ot_buf_release(&log);
	}
	t_stream_release(&s);
}
END_TEST

/* Whatever a flipped bit does, it does not crash, hang or read past the end. */
START_TEST(every_flipped_bit)
{
	struct t_stream s;
	size_t i, refusals = 0;

	t_stream_init(&s);
	t_sample(&s);
	for (i = 0; i < s.e.len * 8; i++) {
		struct ot_buf log = OT_BUF_INIT;
		struct ot_err err = OT_ERR_INIT;
		bool whole;

		s.e.data[i / 8] ^= (uint8_t)(1u << i % 8);
		if (t_decode(s.e.data, s.e.len, 0, &log, &whole, &err) !=
		    OT_OK) {
			refusals++;
			ck_assert(err.msg[0] != '\0');
		}
		s.e.data[i / 8] ^= (uint8_t)(1u << i % 8);
		ot_buf_release(&log);
	}
	ck_assert_uint_gt(refusals, s.e.len);
	t_stream_release(&s);
}
END_TEST

START_TEST(unannounced_kind)
{
	struct otw_object o = { .addr = 8, .kind = 1 };
	struct t_stream s;

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	t_kind(&s, 0, "K");
	t_object(&s, &o, NULL);
	t_end(&s);
	refused(&s, "a bad object in the HEAP frame");
	t_stream_release(&s);
}
END_TEST

START_TEST(unannounced_name)
{
	struct otw_object o = { .addr = 8, .nrefs = 1 };
	const struct otw_ref r = { 8, 1, OTW_NAME_ID, 0, 1 };
	const struct otw_root root = { 0, 0, STR("r") };
	struct t_stream s;

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	t_kind(&s, 0, "K");
	t_name(&s, 0, "n");
	t_object(&s, &o, &r);
	t_end(&s);
	refused(&s, "a bad ref in the HEAP frame");
	t_stream_release(&s);

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	otw_enc_root(&s.e, &root);
	otw_enc_root_ref(&s.e, &r);
	t_end(&s);
	refused(&s, "an unknown name in the ROOTREFS frame");
	t_stream_release(&s);
}
END_TEST

START_TEST(ids_out_of_turn)
{
	const struct otw_count c = { 1, 0, 0, 0 };
	struct t_stream s;

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	t_kind(&s, 1, "K");
	refused(&s, "a kind out of turn");
	t_stream_release(&s);

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	t_name(&s, 3, "K");
	otw_enc_flush(&s.e);
	refused(&s, "a name out of turn");
	t_stream_release(&s);

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	t_kind(&s, 0, "K");
	otw_enc_counts(&s.e, &c, 1);
	refused(&s, "an unknown kind in the COUNTS frame");
	t_stream_release(&s);
}
END_TEST

/* What a census is to believe: sizes, offsets and heads within bounds. */
START_TEST(pools_that_cannot_be)
{
	static const struct otw_pools good = {
		.pool_bytes = 16384, .kind_at = 8, .name_at = 24,
		.flags_at = 168, .head = { { 1, 16 }, { 2, 16 } },
	};
	uint32_t i;

	for (i = 0; i < 9; i++) {
		struct otw_pools p = good;
		struct t_stream s;

		switch (i) {
		case 0: p.pool_bytes = 5000; break;
		case 1: p.pool_bytes = 1u << 21; break;
		case 2: p.pool_bytes = 512; break;
		case 3: p.kind_at = 12; break;
		case 4: p.count_at = 1024; break;
		case 5: p.flags_at = 1u << 20; break;
		case 6: p.items_at = 3; break;
		case 7: p.head[1].bytes = 136; break;
		case 8: p.head[0].bytes = 4; break;
		}
		t_stream_init(&s);
		t_hello(&s);
		t_begin(&s);
		otw_enc_pools(&s.e, &p);
		refused(&s, "a bad field in the POOLS frame");
		t_stream_release(&s);
	}
}
END_TEST

START_TEST(frames_out_of_turn)
{
	struct t_stream s;

	t_stream_init(&s);
	t_begin(&s);
	refused(&s, "does not begin with a HELLO");
	t_stream_release(&s);

	t_stream_init(&s);
	t_hello(&s);
	t_hello(&s);
	refused(&s, "wrong order in the HELLO frame");
	t_stream_release(&s);

	t_stream_init(&s);
	t_hello(&s);
	t_kind(&s, 0, "K");
	refused(&s, "wrong order in the KIND frame");
	t_stream_release(&s);

	t_stream_init(&s);
	t_hello(&s);
	t_begin(&s);
	t_begin(&s);
	refused(&s, "wrong order in the BEGIN frame");
	t_stream_release(&s);
}
END_TEST

START_TEST(too_long_and_unknown)
{
	static const uint8_t long_end[] = { 0xff, 0xff, 0x03, OTW_F_END };
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 0x0f, 40 };
	static const uint8_t unknown[] = { 3, 0xc8, 0x01, 'a', 'b', 'c' };
	struct ot_buf log = OT_BUF_INIT;
	struct t_stream s;
	bool whole;

	t_stream_init(&s);
	t_hello(&s);
	raw(&s, long_end, sizeof(long_end));
	refused(&s, "too many bytes in the END frame");
	t_stream_release(&s);

	t_stream_init(&s);
	t_hello(&s);
	raw(&s, huge, sizeof(huge));
	refused(&s, "a bad head");
	t_stream_release(&s);

	t_stream_init(&s);
	t_hello(&s);
	raw(&s, unknown, sizeof(unknown));
	t_begin(&s);
	t_end(&s);
	ck_assert_int_eq(t_decode(s.e.data, s.e.len, 2, &log, &whole, NULL),
			 OT_OK);
	ck_assert(whole);
	ck_assert_str_eq(ot_buf_str(&log), ot_buf_str(&s.log));
	ot_buf_release(&log);
	t_stream_release(&s);
}
END_TEST

START_TEST(another_version)
{
	const struct otw_hello h = {
		OTW_VERSION + 1, 0, 1, STR(""), STR(""), STR(""),
	};
	struct t_stream s;

	t_stream_init(&s);
	otw_enc_hello(&s.e, &h);
	refused(&s, "protocol version 3");
	t_stream_release(&s);

	t_stream_init(&s);
	raw(&s, "\x1f\x01HTTP/1.1 400 Bad Request\r\n\r\n    ", 33);
	refused(&s, "no objtop stream");
	t_stream_release(&s);
}
END_TEST

/* A HEAP frame made by hand: counts, column lengths and flags that lie. */
static void
heap_frame(struct t_stream *s, uint64_t flags, uint64_t n, uint64_t m,
	   const uint64_t len[OTW_C_END], size_t bytes)
{
	uint8_t b[512], *p = b, head[16], *h;
	int i;

	p = otw_put(p, flags);
	p = otw_put(p, n);
	p = otw_put(p, m);
	p = otw_put(p, OTW_C_END);
	for (i = 0; i < OTW_C_END; i++)
		p = otw_put(p, len[i]);
	memset(p, 0, bytes);
	p += bytes;
	h = otw_put(head, (uint64_t)(p - b));
	h = otw_put(h, OTW_F_HEAP);
	t_stream_init(s);
	t_hello(s);
	t_begin(s);
	t_kind(s, 0, "K");
	raw(s, head, (size_t)(h - head));
	raw(s, b, (size_t)(p - b));
}

START_TEST(lying_blocks)
{
	static const uint64_t none[OTW_C_END];
	static const uint64_t one[OTW_C_END] = {
		1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0
	};
	static const uint64_t far[OTW_C_END] = { UINT64_MAX };
	struct t_stream s;

	heap_frame(&s, 0, UINT32_MAX, 0, none, 0);
	refused(&s, "a bad head in the HEAP frame");
	t_stream_release(&s);
	heap_frame(&s, 0, 0, UINT32_MAX, none, 0);
	refused(&s, "a bad head in the HEAP frame");
	t_stream_release(&s);
	heap_frame(&s, 0, 0, 0, far, 0);
	refused(&s, "a bad head in the HEAP frame");
	t_stream_release(&s);
	heap_frame(&s, 0, 0, 0, one, 8);
	refused(&s, "something left over");
	t_stream_release(&s);
	heap_frame(&s, OTW_HEAP_CONTINUED, 0, 0, none, 0);
	refused(&s, "an object cut in two");
	t_stream_release(&s);
	heap_frame(&s, OTW_HEAP_MORE, 0, 0, none, 0);
	refused(&s, "refs without an object");
	t_stream_release(&s);
	heap_frame(&s, 4, 0, 0, none, 0);
	refused(&s, "a bad head in the HEAP frame");
	t_stream_release(&s);
	/* held, but what follows does not go on with it */
	heap_frame(&s, OTW_HEAP_MORE, 1, 0, one, 8);
	t_end(&s);
	refused(&s, "an end inside an object");
	t_stream_release(&s);
}
END_TEST

START_TEST(nothing_after_an_error)
{
	struct ot_buf log = OT_BUF_INIT;
	struct otw_dec *d = otw_dec_new(&t_log_events, &log);
	struct t_stream s;

	t_stream_init(&s);
	t_hello(&s);
	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(otw_dec_feed(d, "\x00\x02", 2, NULL), OT_FAILED);
	ck_assert_int_eq(otw_dec_feed(d, s.e.data, s.e.len, NULL), OT_FAILED);
	ck_assert_uint_eq(log.len, 0);
	otw_dec_free(d);
	t_stream_release(&s);
}
END_TEST

static enum ot_status
stop_at_kind(void *ctx, const struct otw_kind *k, struct ot_err *err)
{
	(void)k;
	++*(int *)ctx;
	return ot_fail(err, OT_INTERRUPTED, "enough");
}

START_TEST(callback_stops)
{
	const struct otw_events ev = { .kind = stop_at_kind };
	struct ot_err err = OT_ERR_INIT;
	struct otw_dec *d;
	struct t_stream s;
	int n = 0;

	t_stream_init(&s);
	t_sample(&s);
	d = otw_dec_new(&ev, &n);
	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(otw_dec_feed(d, s.e.data, s.e.len, &err),
			 OT_INTERRUPTED);
	ck_assert_str_eq(err.msg, "enough");
	ck_assert_int_eq(n, 1);
	otw_dec_free(d);
	t_stream_release(&s);
}
END_TEST

TCase *
t_wire_hostile(void)
{
	TCase *t = tcase_create("hostile");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_truncation);
	tcase_add_test(t, every_flipped_bit);
	tcase_add_test(t, unannounced_kind);
	tcase_add_test(t, unannounced_name);
	tcase_add_test(t, ids_out_of_turn);
	tcase_add_test(t, pools_that_cannot_be);
	tcase_add_test(t, frames_out_of_turn);
	tcase_add_test(t, too_long_and_unknown);
	tcase_add_test(t, another_version);
	tcase_add_test(t, lying_blocks);
	tcase_add_test(t, nothing_after_an_error);
	tcase_add_test(t, callback_stops);
	return t;
}
