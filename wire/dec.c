/* SPDX-License-Identifier: MIT */
/*
 * dec.c - the decoder.
 *
 * Invariants:
 *  1. A frame is handled only when it is whole; one that lies whole in the
 *     bytes fed is handled there, without a copy.
 *  2. Memory grows with bytes received, never with a number read from them:
 *     the frame buffer doubles up to the frame's length as bytes come in, and
 *     a ref takes sizeof(struct otw_ref) only after its two or more bytes.
 *  3. Every column of a HEAP block is read through its own bounded cursor and
 *     must be used up exactly.
 *  4. After an error nothing more is decoded: the stream has no way to find
 *     its step again, and a sender that erred once is not to be believed.
 *
 *	NEW --HELLO--> IDLE --BEGIN--> SNAPSHOT --END or ERROR--> IDLE
 *
 * Kinds and names are numbered anew in every snapshot.  Frames of the other
 * direction (requests) are taken in any state.  Unknown frames are skipped.
 */
#include "config.h"

#include "wire/act.h"
#include "wire/dec_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct otw_dec *
otw_dec_new(const struct otw_events *ev, void *ctx)
{
	struct otw_dec *d = calloc(1, sizeof(*d));

	if (d) {
		d->ev = ev;
		d->ctx = ctx;
	}
	return d;
}

void
otw_dec_free(struct otw_dec *d)
{
	if (!d)
		return;
	free(d->buf);
	free(d->text);
	free(d->refs);
	free(d->kinds);
	free(d);
}

bool
otw_dec_whole(const struct otw_dec *d)
{
	return !d->broken && !d->have_head && d->head_len == 0;
}

/* ---- reading a payload ---- */

static const char *
frame_name(uint32_t f)
{
	switch (f) {
#define FRAME(name, number, dir, max, doc) case number: return #name;
#include "wire/frames.def"
	default:
		return "unknown";
	}
}

/* Largest payload of a frame; 0: an unknown one. */
static size_t
frame_max(uint32_t f)
{
	switch (f) {
#define FRAME(name, number, dir, max, doc) case number: return max;
#include "wire/frames.def"
	default:
		return 0;
	}
}

static bool
from_agent(uint32_t f)
{
	enum { A, I };

	switch (f) {
#define FRAME(name, number, dir, max, doc) case number: return (dir) == A;
#include "wire/frames.def"
	default:
		return false;
	}
}

enum ot_status
otw_dec_damaged(struct otw_dec *d, const char *what, struct ot_err *err)
{
	return ot_fail(err, OT_FAILED,
		       "the stream is damaged: %s in the %s frame at byte %"
		       PRIu64, what, frame_name(d->frame), d->pos);
}

/* ---- small frames ---- */

static enum ot_status
on_hello(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_hello h;

	if (c.end - c.p < 8 || memcmp(c.p, OTW_MAGIC, 8))
		return ot_fail(err, OT_FAILED,
			       "this is no objtop stream: it does not begin "
			       "with its mark");
	c.p += 8;
	if (!get32(&c, &h.version))
		return otw_dec_damaged(d, "no version", err);
	if (h.version != OTW_VERSION)
		return ot_fail(err, OT_FAILED,
			       "the stream is of protocol version %" PRIu32
			       ", this objtop knows %d: use the objtop that "
			       "made it", h.version, OTW_VERSION);
	if (!get64(&c, &h.caps) || !get64(&c, &h.pid) ||
	    !get_str(&c, &h.runtime) || !get_str(&c, &h.runtime_version) ||
	    !get_str(&c, &h.command) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	d->state = IDLE;
	return EMIT(d, hello, &h, err);
}

static enum ot_status
on_begin(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_begin b;
	uint32_t mode;

	if (!get64(&c, &b.time_ns) || !get32(&c, &mode) ||
	    !get64(&c, &b.held_ns) || !get64(&c, &b.wait_ns) ||
	    !get32(&c, &b.want) || !get64(&c, &b.clone_pid) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	if (mode != OTW_MODE_FORK && mode != OTW_MODE_PAUSE)
		return otw_dec_damaged(d, "an unknown mode", err);
	b.mode = (enum otw_mode)mode;
	d->state = SNAPSHOT;
	d->nkinds = d->nnames = 0;
	d->have_root = d->held = false;
	return EMIT(d, begin, &b, err);
}

static bool
room_for_kind(struct otw_dec *d)
{
	uint32_t cap = d->cap_kinds ? d->cap_kinds * 2 : 256;
	uint64_t *p;

	if (d->nkinds < d->cap_kinds)
		return true;
	p = cap > d->cap_kinds ? realloc(d->kinds, cap * sizeof(*p)) : NULL;
	if (!p)
		return false;
	d->kinds = p;
	d->cap_kinds = cap;
	return true;
}

static enum ot_status
on_kind(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_kind k;

	if (!get32(&c, &k.id) || !get64(&c, &k.addr) || !get32(&c, &k.flags) ||
	    !get_str(&c, &k.name) || !get_str(&c, &k.module) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	if (k.id != d->nkinds || k.id == UINT32_MAX)
		return otw_dec_damaged(d, "a kind out of turn", err);
	if (!room_for_kind(d))
		return ot_fail_nomem(err, "types");
	d->kinds[d->nkinds++] = k.addr;
	return EMIT(d, kind, &k, err);
}

static enum ot_status
on_name(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_name n;
	enum ot_status st = OT_OK;

	if (!get32(&c, &n.id) || n.id != d->nnames)
		return otw_dec_damaged(d, "a name out of turn", err);
	while (st == OT_OK && !at_end(&c)) {
		n.id = d->nnames;
		if (!get_str(&c, &n.name) || n.id == UINT32_MAX)
			return otw_dec_damaged(d, "a bad name", err);
		d->nnames++;
		st = EMIT(d, name, &n, err);
	}
	return st;
}

static enum ot_status
on_root(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_root r;
	uint32_t kind;

	if (!get32(&c, &kind) || kind >= OTW_ROOT_COUNT ||
	    !get64(&c, &r.thread) || !get_str(&c, &r.name) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	r.kind = (uint8_t)kind;
	d->have_root = true;
	return EMIT(d, root, &r, err);
}

static enum ot_status
on_rootrefs(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	uint64_t before = 0, v;

	if (!d->have_root)
		return otw_dec_damaged(d, "refs without a root", err);
	while (st == OT_OK && !at_end(&c)) {
		struct otw_ref r;
		uint8_t how;

		if (!get8(&c, &how) || !get_how(how, &r) ||
		    !otw_get_addr(&c.p, c.end, before, &r.to))
			return otw_dec_damaged(d, "a bad ref", err);
		before = r.to;
		if (r.name_type == OTW_NAME_INDEX) {
			if (!get64(&c, &v))
				return otw_dec_damaged(d, "a bad index", err);
			r.index = otw_unzigzag(v);
		} else if (r.name_type == OTW_NAME_ID) {
			if (!get32(&c, &r.id) || r.id >= d->nnames)
				return otw_dec_damaged(d, "an unknown name",
						       err);
		}
		st = EMIT(d, root_ref, &r, err);
	}
	return st;
}

static enum ot_status
on_counts(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	enum ot_status st = OT_OK;

	while (st == OT_OK && !at_end(&c)) {
		struct otw_count n;

		if (!get32(&c, &n.kind) || n.kind >= d->nkinds)
			return otw_dec_damaged(d, "an unknown kind", err);
		if (!get64(&c, &n.count) || !get64(&c, &n.bytes) ||
		    !get64(&c, &n.tracked))
			return otw_dec_damaged(d, "a bad field", err);
		st = EMIT(d, count, &n, err);
	}
	return st;
}

static enum ot_status
on_answer(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_answer a;

	if (!get32(&c, &a.what) || !get32(&c, &a.ok) || a.ok > 1 ||
	    (a.what != OTW_ASK_REPR && a.what != OTW_ASK_SIZE) ||
	    !get64(&c, &a.value) || !get_str(&c, &a.text) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	return EMIT(d, answer, &a, err);
}

static enum ot_status
on_unseen(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_unseen u;

	if (!get64(&c, &u.count) || !get_str(&c, &u.reason) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	return EMIT(d, unseen, &u, err);
}

/* A pool is 1 KiB to 1 MiB, what stands before an object at most 256 bytes. */
static bool
pools_plausible(const struct otw_pools *g)
{
	uint32_t heads = 0, i;

	for (i = 0; i < OTW_POOL_HEADS; i++) {
		if (g->head[i].bytes > 128 || g->head[i].bytes % 8)
			return false;
		heads += g->head[i].bytes;
	}
	return heads <= 256 && g->pool_bytes <= 1u << 20 &&
	       (g->pool_bytes & (g->pool_bytes - 1)) == 0 &&
	       (g->pool_bytes == 0 || g->pool_bytes >= 1024) &&
	       g->count_at <= 128 && g->count_at % 8 == 0 &&
	       g->kind_at <= 128 && g->kind_at % 8 == 0 &&
	       g->name_at <= OTW_POOL_FIELDS && g->name_at % 8 == 0 &&
	       g->size_at <= OTW_POOL_FIELDS && g->size_at % 8 == 0 &&
	       g->items_at <= OTW_POOL_FIELDS && g->items_at % 8 == 0 &&
	       g->flags_at <= OTW_POOL_FIELDS && g->flags_at % 8 == 0;
}

static enum ot_status
on_pools(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_pools g;
	bool ok;
	int i;

	ok = get32(&c, &g.pool_bytes) && get64(&c, &g.meta) &&
	     get64(&c, &g.meta_mask) &&
	     get32(&c, &g.count_at) && get32(&c, &g.kind_at) &&
	     get32(&c, &g.name_at) && get32(&c, &g.size_at) &&
	     get32(&c, &g.items_at) && get32(&c, &g.flags_at) &&
	     get64(&c, &g.varies_mask);
	for (i = 0; ok && i < OTW_POOL_HEADS; i++)
		ok = get64(&c, &g.head[i].mask) && get32(&c, &g.head[i].bytes);
	if (!ok || !get_str(&c, &g.why) || !at_end(&c) || !pools_plausible(&g))
		return otw_dec_damaged(d, "a bad field", err);
	return EMIT(d, pools, &g, err);
}

static enum ot_status
on_progress(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_progress p;

	if (!get64(&c, &p.done) || !get64(&c, &p.estimate) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	return EMIT(d, progress, &p, err);
}

static enum ot_status
on_end(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_end e;

	if (!get64(&c, &e.objects) || !get64(&c, &e.tracked) ||
	    !get64(&c, &e.refs) || !get64(&c, &e.bytes) ||
	    !get64(&c, &e.held_ns) || !get64(&c, &e.walk_ns) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	if (d->held)
		return otw_dec_damaged(d, "an end inside an object", err);
	d->state = IDLE;
	return EMIT(d, end, &e, err);
}

static enum ot_status
on_error(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_error e;

	if (!get32(&c, &e.code) || !get_str(&c, &e.message) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	if (e.code != OT_FAILED && e.code != OT_USAGE &&
	    e.code != OT_REFUSED && e.code != OT_INTERRUPTED)
		return otw_dec_damaged(d, "an unknown code", err);
	d->state = IDLE;
	d->held = false;
	return EMIT(d, error, &e, err);
}

static enum ot_status
on_collector(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_collector v = { 0 };
	uint32_t flags, i;
	bool ok;

	ok = get32(&c, &flags) && get64(&c, &v.frozen) &&
	     get64(&c, &v.garbage) && get64(&c, &v.callbacks) &&
	     get32(&c, &v.ngenerations) &&
	     v.ngenerations <= OTW_GENERATIONS;
	for (i = 0; ok && i < v.ngenerations; i++) {
		struct otw_generation *g = &v.generation[i];

		ok = get64(&c, &g->objects) && get64(&c, &g->threshold) &&
		     get64(&c, &g->count) && get64(&c, &g->collections) &&
		     get64(&c, &g->collected) &&
		     get64(&c, &g->uncollectable) && get64(&c, &g->pause_ns);
	}
	if (!ok || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	v.enabled = flags & 1;
	v.collecting = flags >> 1 & 1;
	return EMIT(d, collector, &v, err);
}

static bool
get_set(struct cursor *c, struct otw_gc_set *s)
{
	uint32_t enabled, i;

	if (!get32(c, &enabled) || enabled > 1 || !get64(c, &s->frozen))
		return false;
	s->enabled = enabled;
	for (i = 0; i < OTW_GENERATIONS; i++) {
		if (!get64(c, &s->threshold[i]) || !get64(c, &s->count[i]))
			return false;
	}
	return true;
}

static enum ot_status
on_acted(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_acted a;
	uint32_t what;

	if (!get32(&c, &what) || what >= OTW_ACT_COUNT ||
	    !get64(&c, &a.result) || !get64(&c, &a.took_ns) ||
	    !get_set(&c, &a.before) || !get_set(&c, &a.after) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	a.what = (enum otw_act_what)what;
	return EMIT(d, acted, &a, err);
}

static enum ot_status
on_act(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_act a;

	if (!otw_get_act(&c.p, c.end, &a))
		return otw_dec_damaged(d, "a bad field", err);
	return EMIT(d, act, &a, err);
}

static enum ot_status
on_request(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_request r = { .ask = 0 };
	uint32_t mode;

	if (!get32(&c, &r.want) || !get32(&c, &mode) ||
	    mode >= OTW_MODE_COUNT || !get64(&c, &r.timeout_ms) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	r.mode = (enum otw_mode)mode;
	return EMIT(d, request, &r, err);
}

static enum ot_status
on_describe(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_request r = { .mode = OTW_MODE_FORK };

	if (!get32(&c, &r.ask) || r.ask == 0 || r.ask & ~OTW_ASK_ALL ||
	    !get64(&c, &r.addr) || !get64(&c, &r.kind) ||
	    !get64(&c, &r.timeout_ms) || !at_end(&c))
		return otw_dec_damaged(d, "a bad field", err);
	return EMIT(d, request, &r, err);
}

/* ---- frames ---- */

static enum ot_status
dispatch(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	switch (d->frame) {
	case OTW_F_HELLO:	return on_hello(d, c, err);
	case OTW_F_BEGIN:	return on_begin(d, c, err);
	case OTW_F_KIND:	return on_kind(d, c, err);
	case OTW_F_NAME:	return on_name(d, c, err);
	case OTW_F_HEAP:	return otw_dec_heap(d, c, err);
	case OTW_F_ROOT:	return on_root(d, c, err);
	case OTW_F_ROOTREFS:	return on_rootrefs(d, c, err);
	case OTW_F_COUNTS:	return on_counts(d, c, err);
	case OTW_F_POOLS:	return on_pools(d, c, err);
	case OTW_F_UNSEEN:	return on_unseen(d, c, err);
	case OTW_F_PROGRESS:	return on_progress(d, c, err);
	case OTW_F_END:		return on_end(d, c, err);
	case OTW_F_ERROR:	return on_error(d, c, err);
	case OTW_F_ANSWER:	return on_answer(d, c, err);
	case OTW_F_SNAPSHOT:	return on_request(d, c, err);
	case OTW_F_DESCRIBE:	return on_describe(d, c, err);
	case OTW_F_COLLECTOR:	return on_collector(d, c, err);
	case OTW_F_ACTED:	return on_acted(d, c, err);
	case OTW_F_ACT:		return on_act(d, c, err);
	default:
		break;
	}
	/* the rest says all by its number */
	if (!at_end(&c))
		return otw_dec_damaged(d, "bytes where none belong", err);
	if (d->frame == OTW_F_BYE)
		return d->ev->bye ? d->ev->bye(d->ctx, err) : OT_OK;
	if (d->frame == OTW_F_EXITING)
		return d->ev->exiting ? d->ev->exiting(d->ctx, err) : OT_OK;
	return EMIT(d, control, (enum otw_frame)d->frame, err);
}

/* Is this frame allowed now? */
static bool
in_turn(const struct otw_dec *d)
{
	switch (d->frame) {
	case OTW_F_HELLO:
		return d->state == NEW;
	case OTW_F_KIND: case OTW_F_NAME: case OTW_F_HEAP: case OTW_F_ROOT:
	case OTW_F_ROOTREFS: case OTW_F_COUNTS: case OTW_F_UNSEEN:
	case OTW_F_POOLS: case OTW_F_PROGRESS: case OTW_F_COLLECTOR:
	case OTW_F_ANSWER: case OTW_F_END:
		return d->state == SNAPSHOT;
	case OTW_F_ACTED: case OTW_F_BEGIN:
		return d->state == IDLE;
	default:
		return d->state != NEW || !from_agent(d->frame);
	}
}

static enum ot_status
handle(struct otw_dec *d, const uint8_t *payload, size_t len,
       struct ot_err *err)
{
	struct cursor c = { payload, payload + len };

	if (!in_turn(d))
		return d->state == NEW ?
		       ot_fail(err, OT_FAILED, "this is no objtop stream: it "
			       "does not begin with a HELLO frame") :
		       otw_dec_damaged(d, "wrong order", err);
	return dispatch(d, c, err);
}

/* A whole head stands in d->head: what follows, and how long is it? */
static enum ot_status
parse_head(struct otw_dec *d, bool *whole, struct ot_err *err)
{
	const uint8_t *p = d->head, *end = d->head + d->head_len;
	uint64_t len, number;

	*whole = false;
	d->frame = 0;
	if (!otw_get(&p, end, &len) || !otw_get(&p, end, &number)) {
		/* none ended, or one is malformed: no head is longer */
		if (d->head_len == HEAD_MAX)
			return otw_dec_damaged(d, "a bad head", err);
		return OT_OK;
	}
	if (number > UINT32_MAX || len > FRAME_MAX)
		return otw_dec_damaged(d, "a bad head", err);
	d->frame = (uint32_t)number;
	d->skip = frame_max(d->frame) == 0;
	if (!d->skip && len > frame_max(d->frame))
		return otw_dec_damaged(d, "too many bytes", err);
	if (d->skip && d->state == NEW)
		return ot_fail(err, OT_FAILED, "this is no objtop stream: it "
			       "does not begin with a HELLO frame");
	d->size = d->need = (size_t)len;
	d->have_head = true;
	*whole = true;
	return OT_OK;
}

static bool
room_for_bytes(struct otw_dec *d, size_t more)
{
	size_t cap = d->cap ? d->cap : 4096;
	uint8_t *p;

	while (cap < d->len + more)
		cap *= 2;
	if (cap == d->cap)
		return true;
	p = realloc(d->buf, cap);
	if (!p)
		return false;
	d->buf = p;
	d->cap = cap;
	return true;
}

/* Takes bytes of the payload; handles the frame when it is whole. */
static enum ot_status
take(struct otw_dec *d, const uint8_t **p, const uint8_t *end,
     struct ot_err *err)
{
	size_t n = (size_t)(end - *p) < d->need ? (size_t)(end - *p) : d->need;
	enum ot_status st = OT_OK;

	if (!d->skip && d->len == 0 && n == d->need) {
		st = handle(d, *p, n, err);
	} else if (!d->skip) {
		if (!room_for_bytes(d, n))
			return ot_fail_nomem(err, "a frame");
		memcpy(d->buf + d->len, *p, n);
		d->len += n;
		if (n == d->need)
			st = handle(d, d->buf, d->len, err);
	}
	*p += n;
	d->need -= n;
	if (d->need == 0) {
		d->have_head = false;
		d->pos += d->head_len + d->size;
		d->head_len = d->len = 0;
	}
	return st;
}

static enum ot_status
feed(struct otw_dec *d, const uint8_t *p, const uint8_t *end,
     struct ot_err *err)
{
	enum ot_status st = OT_OK;

	while (p < end && st == OT_OK) {
		bool whole = d->have_head;

		if (!whole) {
			d->head[d->head_len++] = *p++;
			st = parse_head(d, &whole, err);
		}
		if (whole && st == OT_OK)
			st = take(d, &p, end, err);
	}
	return st;
}

enum ot_status
otw_dec_feed(struct otw_dec *d, const void *data, size_t len,
	     struct ot_err *err)
{
	enum ot_status st;

	if (d->broken)
		return ot_fail(err, OT_FAILED, "the stream was damaged before");
	if (!len)
		return OT_OK;
	st = feed(d, data, (const uint8_t *)data + len, err);
	if (st != OT_OK)
		d->broken = true;
	return st;
}
