/* SPDX-License-Identifier: MIT */
/*
 * dec_heap.c - decoding a block of objects and their refs.
 *
 * Columns are read side by side, each through a cursor of its own, so objects
 * come out one by one without a copy of the block.  The array of refs grows
 * with the largest object seen.  An object whose refs go on in the next frame
 * is held back until it is whole.  About 10 ns an object and 5 ns a ref.
 */
#include "config.h"

#include "wire/dec_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

struct block {
	uint32_t flags, nobjects, nrefs;
	struct cursor col[OTW_C_END];
	bool no_extra, no_text;	/* all of them are 0 */
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
	b->no_extra = at_end(&b->col[OTW_C_EXTRA]);
	b->no_text = at_end(&b->col[OTW_C_TEXTLEN]);
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

static bool
room_for_refs(struct otw_dec *d, size_t more)
{
	size_t cap = d->cap_refs ? d->cap_refs : 256;
	struct otw_ref *p;

	if (OT_LIKELY(more <= d->cap_refs - d->nrefs))
		return true;
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

/* The ref that a flag of the object stands for, if its kind has an address. */
static bool
put_class(struct otw_dec *d)
{
	uint64_t to = d->kinds[d->obj.kind];

	if (!to)
		d->obj.flags &= ~OTW_CLASS;
	if (!(d->obj.flags & OTW_CLASS))
		return true;
	if (!room_for_refs(d, 1))
		return false;
	d->refs[d->nrefs++] = (struct otw_ref){
		.to = to, .relation = OTW_REL_TYPE,
		.name_type = OTW_NAME_NONE,
	};
	return true;
}

/* The fields of the next object, but its refs. */
static bool
get_object(struct otw_dec *d, struct block *b)
{
	struct otw_object *o = &d->obj;
	struct cursor *c = b->col, *t = &b->col[OTW_C_TEXT];
	uint64_t count, len = 0;

	o->extra = 0;
	if (!otw_get_addr(&c[OTW_C_ADDR].p, c[OTW_C_ADDR].end, b->addr,
			  &o->addr) ||
	    !get32(&c[OTW_C_KIND], &o->kind) || o->kind >= d->nkinds ||
	    !get32(&c[OTW_C_FLAGS], &o->flags) ||
	    !get64(&c[OTW_C_BYTES], &o->bytes) ||
	    (!b->no_extra && !get64(&c[OTW_C_EXTRA], &o->extra)) ||
	    !get64(&c[OTW_C_COUNT], &count) ||
	    (!b->no_text && !get64(&c[OTW_C_TEXTLEN], &len)) ||
	    len > (size_t)(t->end - t->p))
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

/* Appends the refs that this block holds of the object under way. */
static enum ot_status
get_refs(struct otw_dec *d, struct block *b, struct ot_err *err)
{
	uint64_t before = d->obj.addr;
	uint32_t n, i;

	if (!get32(&b->col[OTW_C_NREFS], &n) || n > b->refs_left ||
	    n > UINT32_MAX - d->nrefs)
		return otw_dec_damaged(d, "a wrong number of refs", err);
	if (!room_for_refs(d, n))
		return ot_fail_nomem(err, "the references of an object");
	for (i = 0; i < n; i++) {
		struct otw_ref *r = &d->refs[d->nrefs];

		if (!get_ref(d, b, before, r))
			return otw_dec_damaged(d, "a bad ref", err);
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

enum ot_status
otw_dec_heap(struct otw_dec *d, struct cursor c, struct ot_err *err)
{
	bool more;
	struct block b;
	enum ot_status st;
	uint32_t i;

	if (!block_open(&b, c))
		return otw_dec_damaged(d, "a bad head", err);
	if (d->held != !!(b.flags & OTW_HEAP_CONTINUED))
		return otw_dec_damaged(d, "an object cut in two", err);
	more = b.flags & OTW_HEAP_MORE;
	if (more && !d->held && !b.nobjects)
		return otw_dec_damaged(d, "refs without an object", err);
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
			return otw_dec_damaged(d, "a bad object", err);
		if (!put_class(d))
			return ot_fail_nomem(err, "the references of an "
					     "object");
		st = get_refs(d, &b, err);
		if (st == OT_OK)
			st = more && i + 1 == b.nobjects ?
			     hold_object(d, err) : deliver(d, err);
		if (st != OT_OK)
			return st;
	}
	if (!block_used_up(&b))
		return otw_dec_damaged(d, "something left over", err);
	return OT_OK;
}
