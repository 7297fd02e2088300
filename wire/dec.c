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
#include "wire/dec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "wire/heap.h"

enum { HEAD_MAX = 2 * OTW_LEB_MAX, FRAME_MAX = 1 << 24 };

enum dec_state { NEW, IDLE, SNAPSHOT };

struct otw_dec {
	const struct otw_events *ev;
	void *ctx;
	enum dec_state state;
	bool broken;
	uint64_t pos;		/* bytes before the frame under way */

	/* frame under way: head first, then payload or a distance to skip */
	uint8_t head[HEAD_MAX];
	size_t head_len;
	bool have_head, skip;
	uint32_t frame;
	size_t size;		/* of the payload */
	size_t need;		/* of it still to come */
	uint8_t *buf;
	size_t len, cap;

	uint32_t nkinds, nnames;
	bool have_root;

	/* the object whose refs go on in the next HEAP frame */
	bool held;
	struct otw_object obj;
	int64_t next_index;
	char *text;
	struct otw_ref *refs;
	size_t nrefs, cap_refs;
	uint64_t slot[OTW_SLOTS];
};

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
	free(d);
}

bool
otw_dec_whole(const struct otw_dec *d)
{
	return !d->broken && !d->have_head && d->head_len == 0;
}

/* ---- reading a payload ---- */

struct cursor {
	const uint8_t *p, *end;
};

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

static enum ot_status
damaged(struct otw_dec *d, const char *what, struct ot_err *err)
{
	return ot_fail(err, OT_FAILED,
		       "the stream is damaged: %s in the %s frame at byte %"
		       PRIu64, what, frame_name(d->frame), d->pos);
}

static bool
get64(struct cursor *c, uint64_t *v)
{
	return otw_get(&c->p, c->end, v);
}

static bool
get32(struct cursor *c, uint32_t *v)
{
	uint64_t x;

	if (!otw_get(&c->p, c->end, &x) || x > UINT32_MAX)
		return false;
	*v = (uint32_t)x;
	return true;
}

static bool
get8(struct cursor *c, uint8_t *v)
{
	if (c->p == c->end)
		return false;
	*v = *c->p++;
	return true;
}

static bool
get_str(struct cursor *c, struct otw_str *s)
{
	uint64_t len;

	if (!get64(c, &len) || len > (size_t)(c->end - c->p))
		return false;
	s->s = (const char *)c->p;
	s->len = (size_t)len;
	c->p += len;
	return true;
}

static bool
at_end(const struct cursor *c)
{
	return c->p == c->end;
}

#define EMIT(d, event, ...) \
	((d)->ev->event ? (d)->ev->event((d)->ctx, __VA_ARGS__) : OT_OK)

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
		return damaged(d, "no version", err);
	if (h.version != OTW_VERSION)
		return ot_fail(err, OT_FAILED,
			       "the stream is of protocol version %" PRIu32
			       ", this objtop knows %d: use the objtop that "
			       "made it", h.version, OTW_VERSION);
	if (!get64(&c, &h.caps) || !get64(&c, &h.pid) ||
	    !get_str(&c, &h.runtime) || !get_str(&c, &h.runtime_version) ||
	    !get_str(&c, &h.command) || !at_end(&c))
		return damaged(d, "a bad field", err);
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
		return damaged(d, "a bad field", err);
	if (mode != OTW_MODE_FORK && mode != OTW_MODE_PAUSE)
		return damaged(d, "an unknown mode", err);
	b.mode = (enum otw_mode)mode;
	d->state = SNAPSHOT;
	d->nkinds = d->nnames = 0;
	d->have_root = d->held = false;
	return EMIT(d, begin, &b, err);
}

static enum ot_status
on_kind(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_kind k;

	if (!get32(&c, &k.id) || !get64(&c, &k.addr) || !get32(&c, &k.flags) ||
	    !get_str(&c, &k.name) || !get_str(&c, &k.module) || !at_end(&c))
		return damaged(d, "a bad field", err);
	if (k.id != d->nkinds || k.id == UINT32_MAX)
		return damaged(d, "a kind out of turn", err);
	d->nkinds++;
	return EMIT(d, kind, &k, err);
}

static enum ot_status
on_name(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_name n;
	enum ot_status st = OT_OK;

	if (!get32(&c, &n.id) || n.id != d->nnames)
		return damaged(d, "a name out of turn", err);
	while (st == OT_OK && !at_end(&c)) {
		n.id = d->nnames;
		if (!get_str(&c, &n.name) || n.id == UINT32_MAX)
			return damaged(d, "a bad name", err);
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
		return damaged(d, "a bad field", err);
	r.kind = (uint8_t)kind;
	d->have_root = true;
	return EMIT(d, root, &r, err);
}

/* Relation and name type of a ref, checked. */
static bool
get_how(uint8_t how, struct otw_ref *r)
{
	r->relation = how & ((1u << OTW_HOW_BITS) - 1);
	r->name_type = how >> OTW_HOW_BITS;
	r->index = 0;
	r->id = 0;
	return r->relation < OTW_REL_COUNT && r->name_type <= OTW_NAME_ID;
}

static enum ot_status
on_rootrefs(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	uint64_t before = 0, v;

	if (!d->have_root)
		return damaged(d, "refs without a root", err);
	while (st == OT_OK && !at_end(&c)) {
		struct otw_ref r;
		uint8_t how;

		if (!get8(&c, &how) || !get_how(how, &r) ||
		    !otw_get_addr(&c.p, c.end, before, &r.to))
			return damaged(d, "a bad ref", err);
		before = r.to;
		if (r.name_type == OTW_NAME_INDEX) {
			if (!get64(&c, &v))
				return damaged(d, "a bad index", err);
			r.index = otw_unzigzag(v);
		} else if (r.name_type == OTW_NAME_ID) {
			if (!get32(&c, &r.id) || r.id >= d->nnames)
				return damaged(d, "an unknown name", err);
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
			return damaged(d, "an unknown kind", err);
		if (!get64(&c, &n.count) || !get64(&c, &n.bytes) ||
		    !get64(&c, &n.tracked))
			return damaged(d, "a bad field", err);
		st = EMIT(d, count, &n, err);
	}
	return st;
}

static enum ot_status
on_unseen(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_unseen u;

	if (!get64(&c, &u.count) || !get_str(&c, &u.reason) || !at_end(&c))
		return damaged(d, "a bad field", err);
	return EMIT(d, unseen, &u, err);
}

static enum ot_status
on_progress(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_progress p;

	if (!get64(&c, &p.done) || !get64(&c, &p.estimate) || !at_end(&c))
		return damaged(d, "a bad field", err);
	return EMIT(d, progress, &p, err);
}

static enum ot_status
on_end(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_end e;

	if (!get64(&c, &e.objects) || !get64(&c, &e.tracked) ||
	    !get64(&c, &e.refs) || !get64(&c, &e.bytes) ||
	    !get64(&c, &e.held_ns) || !get64(&c, &e.walk_ns) || !at_end(&c))
		return damaged(d, "a bad field", err);
	if (d->held)
		return damaged(d, "an end inside an object", err);
	d->state = IDLE;
	return EMIT(d, end, &e, err);
}

static enum ot_status
on_error(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_error e;

	if (!get32(&c, &e.code) || !get_str(&c, &e.message) || !at_end(&c))
		return damaged(d, "a bad field", err);
	if (e.code != OT_FAILED && e.code != OT_USAGE &&
	    e.code != OT_REFUSED && e.code != OT_INTERRUPTED)
		return damaged(d, "an unknown code", err);
	d->state = IDLE;
	d->held = false;
	return EMIT(d, error, &e, err);
}

static enum ot_status
on_request(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_request r;
	uint32_t mode;

	if (!get32(&c, &r.want) || !get32(&c, &mode) ||
	    mode >= OTW_MODE_COUNT || !get64(&c, &r.timeout_ms) || !at_end(&c))
		return damaged(d, "a bad field", err);
	r.mode = (enum otw_mode)mode;
	return EMIT(d, request, &r, err);
}

/* ---- HEAP ---- */

struct block {
	uint32_t flags, nobjects, nrefs;
	struct cursor col[OTW_C_END];
	uint64_t addr;		/* of the object before */
	uint32_t refs_left;
};

static bool
block_open(struct block *b, struct cursor c)
{
	uint32_t ncols, i;
	uint64_t len[64];
	const uint8_t *p;

	if (!get32(&c, &b->flags) || !get32(&c, &b->nobjects) ||
	    !get32(&c, &b->nrefs) || !get32(&c, &ncols))
		return false;
	if (b->flags & ~(OTW_HEAP_CONTINUED | OTW_HEAP_MORE) ||
	    ncols < OTW_C_END || ncols > 64)
		return false;
	for (i = 0; i < ncols; i++)
		if (!get64(&c, &len[i]))
			return false;
	p = c.p;
	for (i = 0; i < ncols; i++) {
		if (len[i] > (size_t)(c.end - p))
			return false;
		if (i < OTW_C_END) {
			b->col[i].p = p;
			b->col[i].end = p + len[i];
		}
		p += len[i];
	}
	b->addr = 0;
	b->refs_left = b->nrefs;
	/* every object and every ref has at least a byte */
	return p == c.end &&
	       b->nobjects <= (size_t)(b->col[OTW_C_KIND].end -
				       b->col[OTW_C_KIND].p) &&
	       b->nrefs == (size_t)(b->col[OTW_C_HOW].end -
				    b->col[OTW_C_HOW].p);
}

static bool
block_used_up(const struct block *b)
{
	unsigned c;

	for (c = 0; c < OTW_C_END; c++)
		if (!at_end(&b->col[c]))
			return false;
	return b->refs_left == 0;
}

/* The fields of the next object, but its refs. */
static bool
get_object(struct otw_dec *d, struct block *b)
{
	struct otw_object *o = &d->obj;
	struct cursor *c = b->col, *t = &b->col[OTW_C_TEXT];
	uint64_t count, len;

	if (!otw_get_addr(&c[OTW_C_ADDR].p, c[OTW_C_ADDR].end, b->addr,
			  &o->addr) ||
	    !get32(&c[OTW_C_KIND], &o->kind) || o->kind >= d->nkinds ||
	    !get32(&c[OTW_C_FLAGS], &o->flags) ||
	    !get64(&c[OTW_C_BYTES], &o->bytes) ||
	    !get64(&c[OTW_C_EXTRA], &o->extra) ||
	    !get64(&c[OTW_C_COUNT], &count) ||
	    !get64(&c[OTW_C_TEXTLEN], &len) || len > (size_t)(t->end - t->p))
		return false;
	b->addr = o->addr;
	o->refcount = otw_unzigzag(count);
	o->text.s = (const char *)t->p;
	o->text.len = (size_t)len;
	t->p += len;
	d->nrefs = 0;
	d->next_index = 0;
	return true;
}

static bool
get_to(struct otw_dec *d, struct block *b, uint64_t before, uint32_t slot,
       uint64_t *to)
{
	struct cursor *c = &b->col[OTW_C_TO];
	uint64_t v;

	if (!get64(c, &v))
		return false;
	switch (v & 3) {
	case OTW_TO_OBJECT:
		*to = otw_unpack_near(v >> 2, d->obj.addr);
		break;
	case OTW_TO_BEFORE:
		*to = otw_unpack_near(v >> 2, before);
		break;
	case OTW_TO_SLOT:
		if (v != OTW_TO_SLOT)
			return false;
		*to = d->slot[slot];
		break;
	default:
		if (v != OTW_TO_PLAIN || !get64(c, to))
			return false;
	}
	d->slot[slot] = *to;
	return true;
}

static bool
get_ref(struct otw_dec *d, struct block *b, uint64_t before, struct otw_ref *r)
{
	struct cursor *c = b->col;
	uint8_t how;
	uint64_t v;

	if (!get8(&c[OTW_C_HOW], &how) || !get_how(how, r))
		return false;
	if (r->name_type == OTW_NAME_INDEX) {
		if (!get64(&c[OTW_C_NAME], &v))
			return false;
		r->index = (int64_t)((uint64_t)d->next_index +
				     (uint64_t)otw_unzigzag(v));
		d->next_index = (int64_t)((uint64_t)r->index + 1);
	} else if (r->name_type == OTW_NAME_ID) {
		if (!get32(&c[OTW_C_NAME], &r->id) || r->id >= d->nnames)
			return false;
	}
	return get_to(d, b, before,
		      otw_slot(d->obj.kind, how, r->index, r->id), &r->to);
}

static bool
room_for_refs(struct otw_dec *d, size_t more)
{
	size_t cap = d->cap_refs ? d->cap_refs : 256;
	struct otw_ref *p;

	if (more > SIZE_MAX / 64 - d->nrefs)
		return false;
	while (cap < d->nrefs + more)
		cap *= 2;
	if (cap == d->cap_refs)
		return true;
	p = realloc(d->refs, cap * sizeof(*p));
	if (!p)
		return false;
	d->refs = p;
	d->cap_refs = cap;
	return true;
}

/* Appends the refs that this block holds of the object under way. */
static enum ot_status
get_refs(struct otw_dec *d, struct block *b, struct ot_err *err)
{
	uint64_t before = d->obj.addr;
	uint32_t n, i;

	if (!get32(&b->col[OTW_C_NREFS], &n) || n > b->refs_left ||
	    n > UINT32_MAX - d->nrefs)
		return damaged(d, "a wrong number of refs", err);
	if (!room_for_refs(d, n))
		return ot_fail_nomem(err, "the references of an object");
	for (i = 0; i < n; i++) {
		struct otw_ref *r = &d->refs[d->nrefs];

		if (!get_ref(d, b, before, r))
			return damaged(d, "a bad ref", err);
		before = r->to;
		d->nrefs++;
	}
	b->refs_left -= n;
	return OT_OK;
}

/* The object is whole. */
static enum ot_status
deliver(struct otw_dec *d, struct ot_err *err)
{
	d->obj.nrefs = (uint32_t)d->nrefs;
	return EMIT(d, object, &d->obj, d->refs, err);
}

/* The frame's bytes go away before the object is whole. */
static enum ot_status
hold_object(struct otw_dec *d, struct ot_err *err)
{
	if (!d->held && d->obj.text.len) {
		char *t = malloc(d->obj.text.len);

		if (!t)
			return ot_fail_nomem(err, "the text of an object");
		memcpy(t, d->obj.text.s, d->obj.text.len);
		free(d->text);
		d->text = t;
		d->obj.text.s = t;
	}
	d->held = true;
	return OT_OK;
}

static enum ot_status
on_heap(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	bool more;
	struct block b;
	enum ot_status st;
	uint32_t i;

	if (!block_open(&b, c))
		return damaged(d, "a bad head", err);
	if (d->held != !!(b.flags & OTW_HEAP_CONTINUED))
		return damaged(d, "an object cut in two", err);
	more = b.flags & OTW_HEAP_MORE;
	if (more && !d->held && !b.nobjects)
		return damaged(d, "refs without an object", err);
	memset(d->slot, 0, sizeof(d->slot));
	if (d->held) {
		st = get_refs(d, &b, err);
		if (st != OT_OK)
			return st;
		if (!more || b.nobjects) {
			d->held = false;
			st = deliver(d, err);
			if (st != OT_OK)
				return st;
		}
	}
	for (i = 0; i < b.nobjects; i++) {
		if (!get_object(d, &b))
			return damaged(d, "a bad object", err);
		st = get_refs(d, &b, err);
		if (st == OT_OK)
			st = more && i + 1 == b.nobjects ?
			     hold_object(d, err) : deliver(d, err);
		if (st != OT_OK)
			return st;
	}
	if (!block_used_up(&b))
		return damaged(d, "something left over", err);
	return OT_OK;
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
	case OTW_F_HEAP:	return on_heap(d, c, err);
	case OTW_F_ROOT:	return on_root(d, c, err);
	case OTW_F_ROOTREFS:	return on_rootrefs(d, c, err);
	case OTW_F_COUNTS:	return on_counts(d, c, err);
	case OTW_F_UNSEEN:	return on_unseen(d, c, err);
	case OTW_F_PROGRESS:	return on_progress(d, c, err);
	case OTW_F_END:		return on_end(d, c, err);
	case OTW_F_ERROR:	return on_error(d, c, err);
	case OTW_F_SNAPSHOT:	return on_request(d, c, err);
	default:
		break;
	}
	/* the rest says all by its number */
	if (!at_end(&c))
		return damaged(d, "bytes where none belong", err);
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
	case OTW_F_PROGRESS: case OTW_F_END:
		return d->state == SNAPSHOT;
	case OTW_F_BEGIN:
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
		       damaged(d, "wrong order", err);
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
			return damaged(d, "a bad head", err);
		return OT_OK;
	}
	if (number > UINT32_MAX || len > FRAME_MAX)
		return damaged(d, "a bad head", err);
	d->frame = (uint32_t)number;
	d->skip = frame_max(d->frame) == 0;
	if (!d->skip && len > frame_max(d->frame))
		return damaged(d, "too many bytes", err);
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
