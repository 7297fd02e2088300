/* SPDX-License-Identifier: MIT */
/*
 * fuzz_dec.c - any bytes, fed to the decoder in pieces.
 *
 * The first byte says how long the pieces are.  What comes out of the events
 * is read to the last byte, so that a length that reaches too far is seen.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz_dec.h"
#include "wire/dec.h"

static volatile unsigned char sink;

static void
look(const void *p, size_t len)
{
	const unsigned char *b = p;
	size_t i;

	for (i = 0; i < len; i++)
		sink = (unsigned char)(sink ^ b[i]);
}

static enum ot_status
on_hello(void *ctx, const struct otw_hello *h, struct ot_err *err)
{
	(void)ctx, (void)err;
	look(h->runtime.s, h->runtime.len);
	look(h->runtime_version.s, h->runtime_version.len);
	look(h->command.s, h->command.len);
	return OT_OK;
}

static enum ot_status
on_kind(void *ctx, const struct otw_kind *k, struct ot_err *err)
{
	(void)ctx, (void)err;
	look(k->name.s, k->name.len);
	look(k->module.s, k->module.len);
	return OT_OK;
}

static enum ot_status
on_name(void *ctx, const struct otw_name *n, struct ot_err *err)
{
	(void)ctx, (void)err;
	look(n->name.s, n->name.len);
	return OT_OK;
}

static enum ot_status
on_object(void *ctx, const struct otw_object *o, const struct otw_ref *refs,
	  struct ot_err *err)
{
	uint32_t i;

	(void)ctx, (void)err;
	look(o->text.s, o->text.len);
	for (i = 0; i < o->nrefs; i++)
		if (refs[i].relation >= OTW_REL_COUNT ||
		    refs[i].name_type > OTW_NAME_ID)
			abort();
	return OT_OK;
}

static enum ot_status
on_root(void *ctx, const struct otw_root *r, struct ot_err *err)
{
	(void)ctx, (void)err;
	look(r->name.s, r->name.len);
	if (r->kind >= OTW_ROOT_COUNT)
		abort();
	return OT_OK;
}

static enum ot_status
on_unseen(void *ctx, const struct otw_unseen *u, struct ot_err *err)
{
	(void)ctx, (void)err;
	look(u->reason.s, u->reason.len);
	return OT_OK;
}

static enum ot_status
on_pools(void *ctx, const struct otw_pools *p, struct ot_err *err)
{
	(void)ctx, (void)err;
	look(p->why.s, p->why.len);
	if (p->pool_bytes > 1u << 20 || p->kind_at % 8 != 0 ||
	    p->flags_at > OTW_POOL_FIELDS)
		abort();
	return OT_OK;
}

static enum ot_status
on_error(void *ctx, const struct otw_error *e, struct ot_err *err)
{
	(void)ctx, (void)err;
	look(e->message.s, e->message.len);
	return OT_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct otw_events ev = {
		.hello = on_hello, .kind = on_kind, .name = on_name,
		.object = on_object, .root = on_root, .unseen = on_unseen,
		.pools = on_pools, .error = on_error,
	};
	struct otw_dec *d = otw_dec_new(&ev, NULL);
	struct ot_err err = OT_ERR_INIT;
	size_t piece, n;

	if (!d || size < 1) {
		otw_dec_free(d);
		return 0;
	}
	piece = data[0] ? data[0] : size;
	for (data++, size--; size; data += n, size -= n) {
		n = size < piece ? size : piece;
		if (otw_dec_feed(d, data, n, &err) != OT_OK)
			break;
	}
	otw_dec_free(d);
	return 0;
}
