/* SPDX-License-Identifier: MIT */
/*
 * dec_priv.h - what the files of the decoder share: its state, a cursor over
 * a payload, and a handler a frame.  dec.c keeps the invariants.
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

struct cursor {
	const uint8_t *p, *end;
};

/* dec.c */
enum ot_status dec_damaged(struct otw_dec *d, const char *what,
			     struct ot_err *err);

/* dec_small.c: reading a payload; false: it has no such thing */
bool dec_get64(struct cursor *c, uint64_t *v);
bool dec_get32(struct cursor *c, uint32_t *v);
bool dec_get8(struct cursor *c, uint8_t *v);
bool dec_get_str(struct cursor *c, struct otw_str *s);
bool dec_at_end(const struct cursor *c);

#define EMIT(d, event, ...) \
	((d)->ev->event ? (d)->ev->event((d)->ctx, __VA_ARGS__) : OT_OK)

/* The frames, each checked for its own sake. */
enum ot_status dec_on_hello(struct otw_dec *d, struct cursor c,
			     struct ot_err *err);
enum ot_status dec_on_begin(struct otw_dec *d, struct cursor c,
			     struct ot_err *err);
enum ot_status dec_on_kind(struct otw_dec *d, struct cursor c,
			   struct ot_err *err);
enum ot_status dec_on_name(struct otw_dec *d, struct cursor c,
			   struct ot_err *err);
enum ot_status dec_on_root(struct otw_dec *d, struct cursor c,
			   struct ot_err *err);
bool dec_get_how(uint8_t how, struct otw_ref *r);
enum ot_status dec_on_rootrefs(struct otw_dec *d, struct cursor c,
			     struct ot_err *err);
enum ot_status dec_on_counts(struct otw_dec *d, struct cursor c,
			     struct ot_err *err);
enum ot_status dec_on_unseen(struct otw_dec *d, struct cursor c,
			     struct ot_err *err);
enum ot_status dec_on_progress(struct otw_dec *d, struct cursor c,
			     struct ot_err *err);
enum ot_status dec_on_end(struct otw_dec *d, struct cursor c,
			   struct ot_err *err);
enum ot_status dec_on_error(struct otw_dec *d, struct cursor c,
			     struct ot_err *err);
enum ot_status dec_on_request(struct otw_dec *d, struct cursor c,
			     struct ot_err *err);

/* dec_heap.c */
enum ot_status dec_on_heap(struct otw_dec *d, struct cursor c,
			   struct ot_err *err);

#endif
