/* SPDX-License-Identifier: MIT */
/*
 * t_runtime.c - the sink on the synthetic heap; and the program itself.
 */
#include "config.h"

#include "tests/unit/t_runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/mem.h"
#include "runtime/sink.h"
#include "runtime/synth/synth.h"
#include "runtime/sys.h"

/* ---- what a stream held ---- */

static enum ot_status
on_hello(void *ctx, const struct otw_hello *h, struct ot_err *err)
{
	struct t_seen *s = ctx;

	(void)err;
	s->hellos++;
	snprintf(s->runtime, sizeof(s->runtime), "%.*s", (int)h->runtime.len,
		 h->runtime.s);
	snprintf(s->command, sizeof(s->command), "%.*s", (int)h->command.len,
		 h->command.s);
	return OT_OK;
}

static enum ot_status
on_begin(void *ctx, const struct otw_begin *b, struct ot_err *err)
{
	struct t_seen *s = ctx;

	(void)err;
	s->begins++;
	s->begin = *b;
	return OT_OK;
}

static enum ot_status
on_kind(void *ctx, const struct otw_kind *k, struct ot_err *err)
{
	(void)k, (void)err;
	((struct t_seen *)ctx)->kinds++;
	return OT_OK;
}

static enum ot_status
on_name(void *ctx, const struct otw_name *n, struct ot_err *err)
{
	(void)n, (void)err;
	((struct t_seen *)ctx)->names++;
	return OT_OK;
}

static enum ot_status
on_object(void *ctx, const struct otw_object *o, const struct otw_ref *refs,
	  struct ot_err *err)
{
	struct t_seen *s = ctx;
	uint32_t i;

	(void)err;
	s->objects++;
	s->tracked += o->flags & OTW_TRACKED;
	s->bytes += o->bytes;
	s->texts += o->text.len != 0;
	s->addr_sum += o->addr;
	s->refs += o->nrefs;
	for (i = 0; i < o->nrefs; i++) {
		s->addr_sum += refs[i].to;
		s->named_refs += refs[i].name_type == OTW_NAME_ID;
		s->weak_refs += refs[i].relation == OTW_REL_WEAK;
	}
	return OT_OK;
}

static enum ot_status
on_root(void *ctx, const struct otw_root *r, struct ot_err *err)
{
	(void)r, (void)err;
	((struct t_seen *)ctx)->roots++;
	return OT_OK;
}

static enum ot_status
on_root_ref(void *ctx, const struct otw_ref *r, struct ot_err *err)
{
	(void)r, (void)err;
	((struct t_seen *)ctx)->root_refs++;
	return OT_OK;
}

static enum ot_status
on_count(void *ctx, const struct otw_count *c, struct ot_err *err)
{
	struct t_seen *s = ctx;

	(void)err;
	s->counted += c->count;
	s->counted_bytes += c->bytes;
	s->counted_tracked += c->tracked;
	return OT_OK;
}

static enum ot_status
on_unseen(void *ctx, const struct otw_unseen *u, struct ot_err *err)
{
	(void)u, (void)err;
	((struct t_seen *)ctx)->unseens++;
	return OT_OK;
}

static enum ot_status
on_progress(void *ctx, const struct otw_progress *p, struct ot_err *err)
{
	(void)p, (void)err;
	((struct t_seen *)ctx)->progresses++;
	return OT_OK;
}

static enum ot_status
on_end(void *ctx, const struct otw_end *e, struct ot_err *err)
{
	struct t_seen *s = ctx;

	(void)err;
	s->ends++;
	s->end = *e;
	return OT_OK;
}

static enum ot_status
on_error(void *ctx, const struct otw_error *e, struct ot_err *err)
{
	struct t_seen *s = ctx;

	(void)err;
	s->errors++;
	s->code = e->code;
	snprintf(s->message, sizeof(s->message), "%.*s", (int)e->message.len,
		 e->message.s);
	return OT_OK;
}

static enum ot_status
on_bye(void *ctx, struct ot_err *err)
{
	(void)err;
	((struct t_seen *)ctx)->byes++;
	return OT_OK;
}

static enum ot_status
on_exiting(void *ctx, struct ot_err *err)
{
	(void)err;
	((struct t_seen *)ctx)->exitings++;
	return OT_OK;
}

const struct otw_events t_seen_events = {
	.hello = on_hello, .begin = on_begin, .kind = on_kind,
	.name = on_name, .object = on_object, .root = on_root,
	.root_ref = on_root_ref, .count = on_count, .unseen = on_unseen,
	.progress = on_progress, .end = on_end, .error = on_error,
	.bye = on_bye, .exiting = on_exiting,
};

static void
decode(const struct ot_buf *b, struct t_seen *s)
{
	struct otw_dec *d = otw_dec_new(&t_seen_events, s);
	struct ot_err err = OT_ERR_INIT;

	memset(s, 0, sizeof(*s));
	ck_assert_ptr_nonnull(d);
	ck_assert_msg(otw_dec_feed(d, b->data, b->len, &err) == OT_OK, "%s",
		      err.msg);
	ck_assert(otw_dec_whole(d));
	otw_dec_free(d);
}

static void
stream(uint32_t n, uint32_t want, struct t_seen *s)
{
	struct ot_buf b = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;

	ck_assert_msg(synth_stream(n, want, &b, &err) == OT_OK, "%s", err.msg);
	decode(&b, s);
	ot_buf_release(&b);
}

/* ---- the synthetic heap through the sink ---- */

START_TEST(whole_graph)
{
	static const uint32_t sizes[] = { 0, 24, 25, 34, 1000, 200001 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct synth_shape h = synth_shape(sizes[i]);
		struct t_seen s;

		stream(sizes[i], OTW_WANT_GRAPH | OTW_WANT_TEXT, &s);
		ck_assert_uint_eq(h.objects, sizes[i] < 24 ? 24 : sizes[i]);
		ck_assert_uint_eq(h.objects, 24 + h.sessions * 10 + h.numbers);
		ck_assert_uint_eq(s.objects, h.objects);
		ck_assert_uint_eq(s.end.objects, h.objects);
		ck_assert_uint_eq(s.end.refs, s.refs);
		ck_assert_uint_eq(s.end.bytes, s.bytes);
		ck_assert_uint_eq(s.end.tracked, s.tracked);
		ck_assert_uint_eq(s.weak_refs, h.sessions);
		ck_assert_uint_eq(s.kinds, 12);
		ck_assert_uint_eq(s.roots, 6);
		ck_assert_uint_eq(s.ends, 1);
		ck_assert_uint_ge(s.texts, h.sessions * 3 + h.numbers);
	}
}
END_TEST

START_TEST(the_same_bytes_each_time)
{
	struct ot_buf a = OT_BUF_INIT, b = OT_BUF_INIT;

	ck_assert_int_eq(synth_stream(5000, 62, &a, NULL), OT_OK);
	ck_assert_int_eq(synth_stream(5000, 62, &b, NULL), OT_OK);
	ck_assert_uint_eq(a.len, b.len);
	ck_assert(memcmp(a.data, b.data, a.len) == 0);
	ot_buf_release(&a);
	ot_buf_release(&b);
}
END_TEST

START_TEST(only_counts)
{
	struct t_seen s, g;

	stream(100000, OTW_WANT_GRAPH, &g);
	stream(100000, OTW_WANT_COUNTS, &s);
	ck_assert_uint_eq(s.objects, 0);
	ck_assert_uint_eq(s.roots, 0);
	ck_assert_uint_eq(s.names, 0);
	ck_assert_uint_eq(s.counted, 100000);
	ck_assert_uint_eq(s.counted_bytes, g.bytes);
	ck_assert_uint_eq(s.counted_tracked, g.tracked);
	ck_assert_uint_eq(s.end.objects, 100000);
	ck_assert_uint_ge(s.progresses, 1);
}
END_TEST

START_TEST(what_is_not_wanted)
{
	struct t_seen s;

	stream(1000, OTW_WANT_OBJECTS, &s);
	ck_assert_uint_eq(s.objects, 1000);
	ck_assert_uint_eq(s.refs, 0);
	stream(1000, OTW_WANT_OBJECTS | OTW_WANT_REFS, &s);
	ck_assert_uint_gt(s.refs, 1000);
	ck_assert_uint_eq(s.named_refs, 0);
	ck_assert_uint_eq(s.names, 0);
	ck_assert_uint_eq(s.texts, 0);
	ck_assert_uint_eq(s.roots, 0);
	ck_assert_uint_eq(s.root_refs, 0);
}
END_TEST

/* ---- the sink by itself ---- */

static bool
into_buf(struct otw_enc *e, size_t more)
{
	struct ot_buf *b = e->ctx;

	b->len += e->len;
	e->len = 0;
	if (!ot_buf_reserve(b, more + 65536))
		return false;
	e->data = (uint8_t *)b->data + b->len;
	e->cap = more + 65536;
	return true;
}

static void
begin_stream(struct ota_sink *s, struct ot_buf *b, uint32_t want)
{
	const struct ota_sink_hooks hooks = { .ctx = b, .grow = into_buf };
	const struct otw_hello h = {
		OTW_VERSION, 0, 1, { "t", 1 }, { "", 0 }, { "", 0 },
	};
	const struct otw_begin bg = { .mode = OTW_MODE_FORK };

	ck_assert(ota_sink_init(s, want, 0, &hooks));
	otw_enc_hello(&s->enc, &h);
	otw_enc_begin(&s->enc, &bg);
}

static void
end_stream(struct ota_sink *s, struct ot_buf *b, struct t_seen *seen)
{
	ota_sink_finish(s);
	otw_enc_end(&s->enc, &s->totals);
	into_buf(&s->enc, 0);
	ota_sink_release(s);
	decode(b, seen);
	ot_buf_release(b);
}

START_TEST(names_travel_once)
{
	static char names[20000][8];
	struct ot_buf b = OT_BUF_INIT;
	struct ota_sink s;
	struct t_seen seen;
	struct objtop_sink *p = &s.pub;
	uint32_t i;

	begin_stream(&s, &b, OTW_WANT_GRAPH);
	ck_assert_uint_eq(p->name_known(p, 8), UINT32_MAX);
	for (i = 0; i < 20000; i++) {
		snprintf(names[i], sizeof(names[i]), "n%u", i);
		ck_assert_uint_eq(p->name(p, 16 * (i + 1u), names[i],
					  strlen(names[i])), i);
	}
	for (i = 0; i < 20000; i++) {
		ck_assert_uint_eq(p->name(p, 16 * (i + 1u), NULL, 0), i);
		ck_assert_uint_eq(p->name_known(p, 16 * (i + 1u)), i);
	}
	/* no key, no memory of it */
	ck_assert_uint_eq(p->name(p, 0, "x", 1), 20000);
	ck_assert_uint_eq(p->name(p, 0, "x", 1), 20001);
	end_stream(&s, &b, &seen);
	ck_assert_uint_eq(seen.names, 20002);
}
END_TEST

START_TEST(bad_providers_are_mended)
{
	const struct objtop_kind k = { .name = "K", .name_len = 1 };
	const struct objtop_root root = { .kind = 99 };
	struct objtop_object o = { .addr = 64 };
	struct objtop_ref r = { .to = 8, .relation = 200, .name_type = 77 };
	struct ot_buf b = OT_BUF_INIT;
	struct ota_sink s;
	struct objtop_sink *p = &s.pub;
	struct t_seen seen;
	char text[200];

	memset(text, 'x', sizeof(text));
	text[119] = '\xc3';
	text[120] = '\xa9';
	begin_stream(&s, &b, 62);
	p->root_ref(p, &r);		/* before any root */
	p->ref(p, &r);			/* before any object */
	p->kind(p, &k);
	o.text = text;
	o.text_len = sizeof(text);
	ck_assert_int_eq(p->object(p, &o), 0);
	p->ref(p, &r);
	r.name_type = OBJTOP_NAME_ID;
	r.id = 5;
	p->ref(p, &r);
	p->root(p, &root);
	p->root_ref(p, &r);
	p->unseen(p, "a reason", 3);
	o.kind = 1;
	ck_assert_int_ne(p->object(p, &o), 0);
	ck_assert_ptr_nonnull(s.why);
	end_stream(&s, &b, &seen);
	ck_assert_uint_eq(seen.objects, 1);
	ck_assert_uint_eq(seen.refs, 2);
	ck_assert_uint_eq(seen.named_refs, 0);
	ck_assert_uint_eq(seen.root_refs, 1);
	ck_assert_uint_eq(seen.unseens, 1);
}
END_TEST

START_TEST(memory_of_a_walk)
{
	struct ota_mem m = { NULL, 0 };
	size_t i, k;

	for (i = 1; i < 4 << 20; i = i * 3 + 1) {
		char *p = ota_alloc(&m, i);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		for (k = 0; k < i; k += 97)
			ck_assert_int_eq(p[k], 0);
		memset(p, 0xff, i);
	}
	ck_assert_ptr_null(ota_alloc(&m, SIZE_MAX));
	ota_mem_release(&m);
	ck_assert_ptr_null(m.head);
}
END_TEST

START_TEST(ring_goes_round)
{
	char *p = ota_map_ring(65536);

	if (p == NULL && getenv("OBJTOP_EMULATED"))
		return;		/* mremap() is not what it is in Linux */
	ck_assert_ptr_nonnull(p);
	strcpy(p + 65530, "across the end");
	ck_assert_str_eq(p, " the end");
	ota_unmap(p, 2 * 65536);
}
END_TEST

static TCase *
sink_case(void)
{
	TCase *t = tcase_create("sink");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, whole_graph);
	tcase_add_test(t, the_same_bytes_each_time);
	tcase_add_test(t, only_counts);
	tcase_add_test(t, what_is_not_wanted);
	tcase_add_test(t, names_travel_once);
	tcase_add_test(t, bad_providers_are_mended);
	tcase_add_test(t, memory_of_a_walk);
	tcase_add_test(t, ring_goes_round);
	return t;
}

int
main(void)
{
	Suite *s = suite_create("runtime");
	SRunner *r;
	int failed;

	suite_add_tcase(s, sink_case());
	suite_add_tcase(s, t_runtime_agent());
	suite_add_tcase(s, t_runtime_headroom());
	suite_add_tcase(s, t_runtime_preload());
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
