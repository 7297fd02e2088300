/* SPDX-License-Identifier: MIT */
/*
 * dec_small.c - the frames that say one thing: everything but HEAP.
 *
 * A payload is read through a cursor that never passes its end; a frame must
 * be used up exactly, its numbers and ids are checked before anybody is told.
 */
#include "wire/dec_priv.h"

#include <inttypes.h>
#include <string.h>

bool
dec_get64(struct cursor *c, uint64_t *v)
{
	return otw_get(&c->p, c->end, v);
}

bool
dec_get32(struct cursor *c, uint32_t *v)
{
	uint64_t x;

	if (!otw_get(&c->p, c->end, &x) || x > UINT32_MAX)
		return false;
	*v = (uint32_t)x;
	return true;
}

bool
dec_get8(struct cursor *c, uint8_t *v)
{
	if (c->p == c->end)
		return false;
	*v = *c->p++;
	return true;
}

bool
dec_get_str(struct cursor *c, struct otw_str *s)
{
	uint64_t len;

	if (!dec_get64(c, &len) || len > (size_t)(c->end - c->p))
		return false;
	s->s = (const char *)c->p;
	s->len = (size_t)len;
	c->p += len;
	return true;
}

bool
dec_at_end(const struct cursor *c)
{
	return c->p == c->end;
}

enum ot_status
dec_on_hello(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_hello h;

	if (c.end - c.p < 8 || memcmp(c.p, OTW_MAGIC, 8))
		return ot_fail(err, OT_FAILED,
			       "this is no objtop stream: it does not begin "
			       "with its mark");
	c.p += 8;
	if (!dec_get32(&c, &h.version))
		return dec_damaged(d, "no version", err);
	if (h.version != OTW_VERSION)
		return ot_fail(err, OT_FAILED,
			       "the stream is of protocol version %" PRIu32
			       ", this objtop knows %d: use the objtop that "
			       "made it", h.version, OTW_VERSION);
	if (!dec_get64(&c, &h.caps) || !dec_get64(&c, &h.pid) ||
	    !dec_get_str(&c, &h.runtime) || !dec_get_str(&c, &h.runtime_version) ||
	    !dec_get_str(&c, &h.command) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	d->state = IDLE;
	return EMIT(d, hello, &h, err);
}

enum ot_status
dec_on_begin(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_begin b;
	uint32_t mode;

	if (!dec_get64(&c, &b.time_ns) || !dec_get32(&c, &mode) ||
	    !dec_get64(&c, &b.held_ns) || !dec_get64(&c, &b.wait_ns) ||
	    !dec_get32(&c, &b.want) || !dec_get64(&c, &b.clone_pid) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	if (mode != OTW_MODE_FORK && mode != OTW_MODE_PAUSE)
		return dec_damaged(d, "an unknown mode", err);
	b.mode = (enum otw_mode)mode;
	d->state = SNAPSHOT;
	d->nkinds = d->nnames = 0;
	d->have_root = d->held = false;
	return EMIT(d, begin, &b, err);
}

enum ot_status
dec_on_kind(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_kind k;

	if (!dec_get32(&c, &k.id) || !dec_get64(&c, &k.addr) || !dec_get32(&c, &k.flags) ||
	    !dec_get_str(&c, &k.name) || !dec_get_str(&c, &k.module) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	if (k.id != d->nkinds || k.id == UINT32_MAX)
		return dec_damaged(d, "a kind out of turn", err);
	d->nkinds++;
	return EMIT(d, kind, &k, err);
}

enum ot_status
dec_on_name(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_name n;
	enum ot_status st = OT_OK;

	if (!dec_get32(&c, &n.id) || n.id != d->nnames)
		return dec_damaged(d, "a name out of turn", err);
	while (st == OT_OK && !dec_at_end(&c)) {
		n.id = d->nnames;
		if (!dec_get_str(&c, &n.name) || n.id == UINT32_MAX)
			return dec_damaged(d, "a bad name", err);
		d->nnames++;
		st = EMIT(d, name, &n, err);
	}
	return st;
}

enum ot_status
dec_on_root(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_root r;
	uint32_t kind;

	if (!dec_get32(&c, &kind) || kind >= OTW_ROOT_COUNT ||
	    !dec_get64(&c, &r.thread) || !dec_get_str(&c, &r.name) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	r.kind = (uint8_t)kind;
	d->have_root = true;
	return EMIT(d, root, &r, err);
}

/* Relation and name type of a ref, checked. */
bool
dec_get_how(uint8_t how, struct otw_ref *r)
{
	r->relation = how & ((1u << OTW_HOW_BITS) - 1);
	r->name_type = how >> OTW_HOW_BITS;
	r->index = 0;
	r->id = 0;
	return r->relation < OTW_REL_COUNT && r->name_type <= OTW_NAME_ID;
}

enum ot_status
dec_on_rootrefs(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	uint64_t before = 0, v;

	if (!d->have_root)
		return dec_damaged(d, "refs without a root", err);
	while (st == OT_OK && !dec_at_end(&c)) {
		struct otw_ref r;
		uint8_t how;

		if (!dec_get8(&c, &how) || !dec_get_how(how, &r) ||
		    !otw_get_addr(&c.p, c.end, before, &r.to))
			return dec_damaged(d, "a bad ref", err);
		before = r.to;
		if (r.name_type == OTW_NAME_INDEX) {
			if (!dec_get64(&c, &v))
				return dec_damaged(d, "a bad index", err);
			r.index = otw_unzigzag(v);
		} else if (r.name_type == OTW_NAME_ID) {
			if (!dec_get32(&c, &r.id) || r.id >= d->nnames)
				return dec_damaged(d, "an unknown name", err);
		}
		st = EMIT(d, root_ref, &r, err);
	}
	return st;
}

enum ot_status
dec_on_counts(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	enum ot_status st = OT_OK;

	while (st == OT_OK && !dec_at_end(&c)) {
		struct otw_count n;

		if (!dec_get32(&c, &n.kind) || n.kind >= d->nkinds)
			return dec_damaged(d, "an unknown kind", err);
		if (!dec_get64(&c, &n.count) || !dec_get64(&c, &n.bytes) ||
		    !dec_get64(&c, &n.tracked))
			return dec_damaged(d, "a bad field", err);
		st = EMIT(d, count, &n, err);
	}
	return st;
}

enum ot_status
dec_on_unseen(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_unseen u;

	if (!dec_get64(&c, &u.count) || !dec_get_str(&c, &u.reason) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	return EMIT(d, unseen, &u, err);
}

enum ot_status
dec_on_progress(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_progress p;

	if (!dec_get64(&c, &p.done) || !dec_get64(&c, &p.estimate) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	return EMIT(d, progress, &p, err);
}

enum ot_status
dec_on_end(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_end e;

	if (!dec_get64(&c, &e.objects) || !dec_get64(&c, &e.tracked) ||
	    !dec_get64(&c, &e.refs) || !dec_get64(&c, &e.bytes) ||
	    !dec_get64(&c, &e.held_ns) || !dec_get64(&c, &e.walk_ns) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	if (d->held)
		return dec_damaged(d, "an end inside an object", err);
	d->state = IDLE;
	return EMIT(d, end, &e, err);
}

enum ot_status
dec_on_error(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_error e;

	if (!dec_get32(&c, &e.code) || !dec_get_str(&c, &e.message) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	if (e.code != OT_FAILED && e.code != OT_USAGE &&
	    e.code != OT_REFUSED && e.code != OT_INTERRUPTED)
		return dec_damaged(d, "an unknown code", err);
	d->state = IDLE;
	d->held = false;
	return EMIT(d, error, &e, err);
}

enum ot_status
dec_on_request(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	struct otw_request r;
	uint32_t mode;

	if (!dec_get32(&c, &r.want) || !dec_get32(&c, &mode) ||
	    mode >= OTW_MODE_COUNT || !dec_get64(&c, &r.timeout_ms) || !dec_at_end(&c))
		return dec_damaged(d, "a bad field", err);
	r.mode = (enum otw_mode)mode;
	return EMIT(d, request, &r, err);
}
