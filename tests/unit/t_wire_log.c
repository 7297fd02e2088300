/* SPDX-License-Identifier: MIT */
/*
 * t_wire_log.c - streams to test with, and events as lines of text.
 */
#include "config.h"

#include "tests/unit/t_wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- events as text ---- */

static void
log_str(struct ot_buf *b, struct otw_str s)
{
	ot_buf_addf(b, " %zu:", s.len);
	ot_buf_add(b, s.s, s.len);
}

static void
log_ref(struct ot_buf *b, const char *what, const struct otw_ref *r)
{
	ot_buf_addf(b, "%s %" PRIx64 " %u %u %" PRId64 " %u\n", what, r->to,
		    r->relation, r->name_type,
		    r->name_type == OTW_NAME_INDEX ? r->index : 0,
		    r->name_type == OTW_NAME_ID ? r->id : 0);
}

void
log_object(struct ot_buf *b, const struct otw_object *o,
	   const struct otw_ref *refs)
{
	uint32_t i;

	ot_buf_addf(b, "object %" PRIx64 " k%u f%x %" PRIu64 "+%" PRIu64
		    " rc%" PRId64 " n%u", o->addr, o->kind, o->flags, o->bytes,
		    o->extra, o->refcount, o->nrefs);
	log_str(b, o->text);
	ot_buf_addc(b, '\n');
	for (i = 0; i < o->nrefs; i++)
		log_ref(b, " ref", &refs[i]);
}

static enum ot_status
on_hello(void *b, const struct otw_hello *h, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "hello %u %" PRIx64 " %" PRIu64, h->version, h->caps,
		    h->pid);
	log_str(b, h->runtime);
	log_str(b, h->runtime_version);
	log_str(b, h->command);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_begin(void *b, const struct otw_begin *x, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "begin %" PRIu64 " %d %" PRIu64 " %" PRIu64 " %u %"
		    PRIu64 "\n", x->time_ns, (int)x->mode, x->held_ns,
		    x->wait_ns, x->want, x->clone_pid);
	return OT_OK;
}

static enum ot_status
on_kind(void *b, const struct otw_kind *k, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "kind %u %" PRIx64 " %x", k->id, k->addr, k->flags);
	log_str(b, k->name);
	log_str(b, k->module);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_name(void *b, const struct otw_name *n, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "name %u", n->id);
	log_str(b, n->name);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_object(void *b, const struct otw_object *o, const struct otw_ref *refs,
	  struct ot_err *err)
{
	(void)err;
	log_object(b, o, refs);
	return OT_OK;
}

static enum ot_status
on_root(void *b, const struct otw_root *r, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "root %u %" PRIu64, r->kind, r->thread);
	log_str(b, r->name);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_root_ref(void *b, const struct otw_ref *r, struct ot_err *err)
{
	(void)err;
	log_ref(b, " rootref", r);
	return OT_OK;
}

static enum ot_status
on_count(void *b, const struct otw_count *c, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "count %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		    c->kind, c->count, c->bytes, c->tracked);
	return OT_OK;
}

static enum ot_status
on_unseen(void *b, const struct otw_unseen *u, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "unseen %" PRIu64, u->count);
	log_str(b, u->reason);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_answer(void *b, const struct otw_answer *a, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "answer %u %u %" PRIu64, a->what, a->ok, a->value);
	log_str(b, a->text);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_pools(void *b, const struct otw_pools *p, struct ot_err *err)
{
	size_t i;

	(void)err;
	ot_buf_addf(b, "pools %u %" PRIx64 " %" PRIx64 " at %u %u %u %u %u %u "
		    "varies %" PRIx64, p->pool_bytes, p->meta, p->meta_mask,
		    p->count_at, p->kind_at, p->name_at, p->size_at,
		    p->items_at, p->flags_at, p->varies_mask);
	for (i = 0; i < OTW_POOL_HEADS; i++)
		ot_buf_addf(b, " head %" PRIx64 " %u", p->head[i].mask,
			    p->head[i].bytes);
	log_str(b, p->why);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_progress(void *b, const struct otw_progress *p, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "progress %" PRIu64 " %" PRIu64 "\n", p->done,
		    p->estimate);
	return OT_OK;
}

static enum ot_status
on_end(void *b, const struct otw_end *e, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "end %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %"
		    PRIu64 " %" PRIu64 "\n", e->objects, e->tracked, e->refs,
		    e->bytes, e->held_ns, e->walk_ns);
	return OT_OK;
}

static enum ot_status
on_error(void *b, const struct otw_error *e, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "error %u", e->code);
	log_str(b, e->message);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_bye(void *b, struct ot_err *err)
{
	(void)err;
	ot_buf_adds(b, "bye\n");
	return OT_OK;
}

static enum ot_status
on_exiting(void *b, struct ot_err *err)
{
	(void)err;
	ot_buf_adds(b, "exiting\n");
	return OT_OK;
}

static enum ot_status
on_request(void *b, const struct otw_request *r, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "request %u %d %" PRIu64 " %u %" PRIx64 " %" PRIx64
		    "\n", r->want, (int)r->mode, r->timeout_ms, r->ask,
		    r->addr, r->kind);
	return OT_OK;
}

static enum ot_status
on_collector(void *b, const struct otw_collector *c, struct ot_err *err)
{
	uint32_t i;

	(void)err;
	ot_buf_addf(b, "collector %d %d %" PRIu64 " %" PRIu64 " %" PRIu64,
		    c->enabled, c->collecting, c->frozen, c->garbage,
		    c->callbacks);
	for (i = 0; i < c->ngenerations; i++) {
		const struct otw_generation *g = &c->generation[i];

		ot_buf_addf(b, " [%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			    " %" PRIu64 " %" PRIu64 " %" PRIu64 "]",
			    g->objects, g->threshold, g->count, g->collections,
			    g->collected, g->uncollectable, g->pause_ns);
	}
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static void
log_set(struct ot_buf *b, const struct otw_gc_set *s)
{
	unsigned i;

	ot_buf_addf(b, " %d %" PRIu64, s->enabled, s->frozen);
	for (i = 0; i < OTW_GENERATIONS; i++)
		ot_buf_addf(b, " %" PRIu64 "/%" PRIu64, s->count[i],
			    s->threshold[i]);
}

static enum ot_status
on_acted(void *b, const struct otw_acted *a, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "acted %d %" PRIu64 " %" PRIu64, (int)a->what,
		    a->result, a->took_ns);
	log_set(b, &a->before);
	log_set(b, &a->after);
	ot_buf_addc(b, '\n');
	return OT_OK;
}

static enum ot_status
on_act(void *b, const struct otw_act *a, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "act %d %u %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu64
		    "\n", (int)a->what, a->flags, a->arg[0], a->arg[1],
		    a->arg[2], a->timeout_ms);
	return OT_OK;
}

static enum ot_status
on_control(void *b, enum otw_frame f, struct ot_err *err)
{
	(void)err;
	ot_buf_addf(b, "control %d\n", (int)f);
	return OT_OK;
}

const struct otw_events t_log_events = {
	.hello = on_hello, .begin = on_begin, .kind = on_kind,
	.name = on_name, .object = on_object, .root = on_root,
	.root_ref = on_root_ref, .count = on_count, .unseen = on_unseen,
	.answer = on_answer,
	.pools = on_pools, .progress = on_progress, .end = on_end, .error = on_error,
	.bye = on_bye, .exiting = on_exiting, .request = on_request,
	.collector = on_collector, .acted = on_acted, .act = on_act,
	.control = on_control,
};

enum ot_status
t_decode(const void *data, size_t len, size_t piece, struct ot_buf *log,
	 bool *whole, struct ot_err *err)
{
	struct otw_dec *d = otw_dec_new(&t_log_events, log);
	enum ot_status st = OT_OK;
	size_t at, n;

	ck_assert_ptr_nonnull(d);
	for (at = 0; at < len && st == OT_OK; at += n) {
		/* a copy of its own: reading past the end is then seen */
		void *copy;

		n = piece && piece < len - at ? piece : len - at;
		copy = malloc(n);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, (const char *)data + at, n);
		st = otw_dec_feed(d, copy, n, err);
		free(copy);
	}
	if (whole)
		*whole = otw_dec_whole(d);
	otw_dec_free(d);
	return st;
}

/* ---- streams ---- */

static bool
grow(struct otw_enc *e, size_t more)
{
	struct t_stream *s = e->ctx;
	size_t cap = (e->len + more) * 2;
	uint8_t *p;

	if (s->limit && e->len + more > s->limit)
		return false;
	p = realloc(e->data, cap);
	if (!p)
		return false;
	e->data = p;
	e->cap = cap;
	return true;
}

void
t_stream_init(struct t_stream *s)
{
	memset(s, 0, sizeof(*s));
	s->block = calloc(1, otw_enc_block_size());
	ck_assert_ptr_nonnull(s->block);
	otw_enc_init(&s->e, grow, s, s->block);
}

void
t_stream_release(struct t_stream *s)
{
	free(s->e.data);
	free(s->block);
	ot_buf_release(&s->log);
}

void
t_hello(struct t_stream *s)
{
	const struct otw_hello h = {
		OTW_VERSION, 5, 4242, STR("cpython"), STR("3.11.7"),
		STR("python3 shop/server.py"),
	};

	otw_enc_hello(&s->e, &h);
	on_hello(&s->log, &h, NULL);
}

void
t_begin(struct t_stream *s)
{
	const struct otw_begin b = {
		1700000000123456789u, OTW_MODE_FORK, 27000000, 1200, 63, 4243,
	};

	otw_enc_begin(&s->e, &b);
	on_begin(&s->log, &b, NULL);
}

void
t_kind(struct t_stream *s, uint32_t id, const char *name)
{
	const struct otw_kind k = {
		id, 0x7f0000001000 + id * 0x400, id & 3,
		{ name, strlen(name) }, STR("shop.models"),
	};

	otw_enc_kind(&s->e, &k);
	on_kind(&s->log, &k, NULL);
}

void
t_name(struct t_stream *s, uint32_t id, const char *name)
{
	const struct otw_name n = { id, { name, strlen(name) } };

	otw_enc_name(&s->e, &n);
	on_name(&s->log, &n, NULL);
}

void
t_object(struct t_stream *s, struct otw_object *o, const struct otw_ref *refs)
{
	uint32_t i;

	otw_enc_object(&s->e, o);
	/* a flag stands for the first where it is set */
	for (i = o->flags & OTW_CLASS ? 1 : 0; i < o->nrefs; i++)
		otw_enc_ref(&s->e, &refs[i]);
	log_object(&s->log, o, refs);
}

void
t_end(struct t_stream *s)
{
	const struct otw_end e = { 7, 6, 5, UINT64_MAX, 3, 2 };

	otw_enc_end(&s->e, &e);
	on_end(&s->log, &e, NULL);
}

static void
sample_roots(struct t_stream *s)
{
	const struct otw_root roots[] = {
		{ OTW_ROOT_MODULE, 0, STR("shop.cache") },
		{ OTW_ROOT_FRAME, 77, STR("handle (shop/server.py:42)") },
	};
	const struct otw_ref refs[] = {
		{ 0x7f0000002000, OTW_REL_GLOBAL, OTW_NAME_ID, 0, 1 },
		{ 0x7f0000002041, OTW_REL_STACK, OTW_NAME_INDEX, -3, 0 },
		{ 0, OTW_REL_INTERNAL, OTW_NAME_NONE, 0, 0 },
	};
	size_t i, k;

	for (i = 0; i < 2; i++) {
		otw_enc_root(&s->e, &roots[i]);
		on_root(&s->log, &roots[i], NULL);
		for (k = 0; k < 3; k++) {
			otw_enc_root_ref(&s->e, &refs[k]);
			on_root_ref(&s->log, &refs[k], NULL);
		}
		otw_enc_flush(&s->e);
	}
}

static void
sample_objects(struct t_stream *s)
{
	struct otw_object a = {
		0x7f0000002000, 0, OTW_TRACKED, 64, 8, 3, 4, { "", 0 },
	};
	struct otw_object b = {
		0x7f0000002041, 1, 0xffffffffu, UINT64_MAX, UINT64_MAX - 1,
		INT64_MIN, 1, STR("b'\0\x1b'"),
	};
	const struct otw_ref class = {
		0x7f0000001400, OTW_REL_TYPE, OTW_NAME_NONE, 0, 0,
	};
	const struct otw_ref refs[] = {
		{ 0x7f0000001000, OTW_REL_TYPE, OTW_NAME_NONE, 0, 0 },
		{ 0x7f0000002041, OTW_REL_ITEM, OTW_NAME_INDEX, INT64_MAX, 0 },
		{ UINT64_MAX, OTW_REL_ITEM, OTW_NAME_INDEX, INT64_MIN, 0 },
		{ 8, OTW_REL_SUBCLASS, OTW_NAME_ID, 0, 0 },
	};

	t_object(s, &a, refs);
	t_object(s, &b, &class);
	a.addr = 8;
	a.refcount = -1;
	t_object(s, &a, refs);
	otw_enc_flush(&s->e);
}

static void
sample_rest(struct t_stream *s)
{
	const struct otw_count c[] = { { 0, 2, 128, 2 }, { 1, 1, 9, 0 } };
	const struct otw_unseen u = { 12, STR("finalising") };
	const struct otw_pools g = {
		16384, 0x7f0012345678, 1ull << 31, 0, 8, 24, 32, 40, 168,
		1ull << 28, { { 1u << 14, 16 }, { 24, 16 } }, STR("no pools"),
	};
	const struct otw_progress p = { 3, 100 };
	const struct otw_error e = { OT_REFUSED, STR("no such heap") };
	const struct otw_request r = {
		.want = 63, .mode = OTW_MODE_PAUSE, .timeout_ms = 10000,
	};
	const struct otw_request d = {
		.mode = OTW_MODE_FORK, .timeout_ms = 9, .ask = OTW_ASK_ALL,
		.addr = 0x7f0012345678, .kind = UINT64_MAX,
	};
	const struct otw_answer a[] = {
		{ OTW_ASK_REPR, 1, 100000, STR("Plain<\x1b>") },
		{ OTW_ASK_SIZE, 0, 0, STR("its __sizeof__ raised X") },
	};
	const struct otw_collector col = {
		true, false, 3, OTW_UNKNOWN, 1, 2,
		{ { 1, 700, 2, 3, 4, 5, OTW_UNKNOWN },
		  { UINT64_MAX - 1, 0, 0, 9, 8, 7, 6 } },
	};
	const struct otw_act act = {
		OTW_ACT_THRESHOLD, OTW_ACT_RESTORE, { 700, -1, INT64_MIN },
		10000,
	};
	const struct otw_acted acted = {
		OTW_ACT_COLLECT, 12, 34567,
		{ true, { 700, 10, 10 }, { 1, 2, 3 }, 0 },
		{ false, { 1, 2, UINT64_MAX }, { 4, 5, 6 }, 77 },
	};

	otw_enc_counts(&s->e, c, 2);
	on_count(&s->log, &c[0], NULL);
	on_count(&s->log, &c[1], NULL);
	otw_enc_unseen(&s->e, &u);
	on_unseen(&s->log, &u, NULL);
	otw_enc_pools(&s->e, &g);
	on_pools(&s->log, &g, NULL);
	otw_enc_progress(&s->e, &p);
	on_progress(&s->log, &p, NULL);
	otw_enc_answer(&s->e, &a[0]);
	on_answer(&s->log, &a[0], NULL);
	otw_enc_answer(&s->e, &a[1]);
	on_answer(&s->log, &a[1], NULL);
	otw_enc_collector(&s->e, &col);
	on_collector(&s->log, &col, NULL);
	t_end(s);
	otw_enc_acted(&s->e, &acted);
	on_acted(&s->log, &acted, NULL);
	otw_enc_error(&s->e, &e);
	on_error(&s->log, &e, NULL);
	otw_enc_empty(&s->e, OTW_F_BYE);
	on_bye(&s->log, NULL);
	otw_enc_empty(&s->e, OTW_F_EXITING);
	on_exiting(&s->log, NULL);
	otw_enc_request(&s->e, &r);
	on_request(&s->log, &r, NULL);
	otw_enc_request(&s->e, &d);
	on_request(&s->log, &d, NULL);
	otw_enc_act(&s->e, &act);
	on_act(&s->log, &act, NULL);
	otw_enc_empty(&s->e, OTW_F_CANCEL);
	on_control(&s->log, OTW_F_CANCEL, NULL);
}

void
t_sample(struct t_stream *s)
{
	t_hello(s);
	t_begin(s);
	t_kind(s, 0, "Session");
	t_kind(s, 1, "");
	t_name(s, 0, "token");
	t_name(s, 1, "");
	otw_enc_flush(&s->e);
	sample_roots(s);
	sample_objects(s);
	sample_rest(s);
}
