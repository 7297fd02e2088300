/* SPDX-License-Identifier: MIT */
/*
 * dec_priv.h - inside the decoder: its state, and reading with bounds.
 */
#ifndef OTW_DEC_PRIV_H
#define OTW_DEC_PRIV_H

#include "wire/dec.h"
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

	uint32_t nkinds, nnames, cap_kinds;
	uint64_t *kinds;	/* their addresses */
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

/* Bytes of a payload that are still to be read. */
struct cursor {
	const uint8_t *p, *end;
};

static inline bool
get64(struct cursor *c, uint64_t *v)
{
	return otw_get(&c->p, c->end, v);
}

static inline bool
get32(struct cursor *c, uint32_t *v)
{
	uint64_t x;

	if (!otw_get(&c->p, c->end, &x) || x > UINT32_MAX)
		return false;
	*v = (uint32_t)x;
	return true;
}

static inline bool
get8(struct cursor *c, uint8_t *v)
{
	if (c->p == c->end)
		return false;
	*v = *c->p++;
	return true;
}

static inline bool
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

static inline bool
at_end(const struct cursor *c)
{
	return c->p == c->end;
}

/* Relation and name type of a ref, checked. */
static inline bool
get_how(uint8_t how, struct otw_ref *r)
{
	r->relation = how & ((1u << OTW_HOW_BITS) - 1);
	r->name_type = how >> OTW_HOW_BITS;
	r->index = 0;
	r->id = 0;
	return r->relation < OTW_REL_COUNT && r->name_type <= OTW_NAME_ID;
}

#define EMIT(d, event, ...) \
	((d)->ev->event ? (d)->ev->event((d)->ctx, __VA_ARGS__) : OT_OK)

/* OT_FAILED: WHAT in the frame under way, at its byte. */
enum ot_status otw_dec_damaged(struct otw_dec *d, const char *what,
			       struct ot_err *err);

/* dec_heap.c: a HEAP frame. */
enum ot_status otw_dec_heap(struct otw_dec *d, struct cursor c,
			    struct ot_err *err);

#endif
