/* SPDX-License-Identifier: MIT */
/*
 * enc.h - encoding frames, without libc: the agent's half runs in a clone in
 * which no lock may be taken.
 *
 * An encoder writes whole frames into memory given by its `grow` callback and
 * never fails half-way: once grow says no, `failed` is set and frames are
 * dropped whole.  HEAP frames collect objects and refs in columns and are
 * written when a block is full or otw_enc_flush() is called.
 */
#ifndef OTW_ENC_H
#define OTW_ENC_H

#include <stdbool.h>

#include "wire/wire.h"

struct otw_enc {
	uint8_t *data;		/* written frames; whoever drains it moves it */
	size_t len, cap;
	/* Makes room for `more` bytes beyond len; false: none. */
	bool (*grow)(struct otw_enc *e, size_t more);
	void *ctx;		/* of grow */
	bool failed;
	struct otw_block *block; /* the HEAP block under way; see enc.c */
};

/* Bytes of zeroed memory to pass to otw_enc_init for HEAP frames. */
size_t otw_enc_block_size(void);

/* `block` may be NULL where no objects are going to be encoded. */
void otw_enc_init(struct otw_enc *e,
		  bool (*grow)(struct otw_enc *, size_t), void *ctx,
		  void *block);

void otw_enc_hello(struct otw_enc *e, const struct otw_hello *h);
void otw_enc_begin(struct otw_enc *e, const struct otw_begin *b);
void otw_enc_kind(struct otw_enc *e, const struct otw_kind *k);
void otw_enc_name(struct otw_enc *e, const struct otw_name *n);
void otw_enc_object(struct otw_enc *e, const struct otw_object *o);
void otw_enc_ref(struct otw_enc *e, const struct otw_ref *r);
void otw_enc_root(struct otw_enc *e, const struct otw_root *r);
void otw_enc_root_ref(struct otw_enc *e, const struct otw_ref *r);
void otw_enc_counts(struct otw_enc *e, const struct otw_count *c, size_t n);
void otw_enc_pools(struct otw_enc *e, const struct otw_pools *p);
void otw_enc_unseen(struct otw_enc *e, const struct otw_unseen *u);
void otw_enc_progress(struct otw_enc *e, const struct otw_progress *p);
void otw_enc_end(struct otw_enc *e, const struct otw_end *end);
void otw_enc_collector(struct otw_enc *e, const struct otw_collector *c);
void otw_enc_act(struct otw_enc *e, const struct otw_act *a);
void otw_enc_acted(struct otw_enc *e, const struct otw_acted *a);
void otw_enc_error(struct otw_enc *e, const struct otw_error *er);
void otw_enc_empty(struct otw_enc *e, enum otw_frame f); /* BYE, CANCEL, ... */
void otw_enc_request(struct otw_enc *e, const struct otw_request *r);

/* Writes the HEAP and ROOTREFS blocks under way as frames. */
void otw_enc_flush(struct otw_enc *e);

#endif
