/* SPDX-License-Identifier: MIT */
/*
 * graphdump.c - a snapshot file as lines, by the decoder alone: what
 * tests/e2e/test_dominators.py computes its own answers from.
 *
 *	O address bytes extra refcount flags type
 *	E from to relation
 *	R index kind thread
 *	H index to
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/dec.h"
#include "wire/file.h"

static char *kinds[100000];
static unsigned roots;

static enum ot_status
on_kind(void *ctx, const struct otw_kind *k, struct ot_err *err)
{
	(void)ctx;
	if (k->id >= sizeof(kinds) / sizeof(kinds[0]))
		return ot_fail(err, OT_FAILED, "too many types");
	kinds[k->id] = strndup(k->name.s, k->name.len);
	return OT_OK;
}

static enum ot_status
on_object(void *ctx, const struct otw_object *o, const struct otw_ref *refs,
	  struct ot_err *err)
{
	uint32_t i;

	(void)ctx;
	(void)err;
	printf("O %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %u %s\n",
	       o->addr, o->bytes, o->extra, o->refcount, (unsigned)o->flags,
	       kinds[o->kind]);
	for (i = 0; i < o->nrefs; i++)
		printf("E %" PRIu64 " %" PRIu64 " %u\n", o->addr, refs[i].to,
		       refs[i].relation);
	return OT_OK;
}

static enum ot_status
on_root(void *ctx, const struct otw_root *r, struct ot_err *err)
{
	(void)ctx;
	(void)err;
	printf("R %u %u %" PRIu64 "\n", roots++, r->kind, r->thread);
	return OT_OK;
}

static enum ot_status
on_root_ref(void *ctx, const struct otw_ref *r, struct ot_err *err)
{
	(void)ctx;
	(void)err;
	printf("H %u %" PRIu64 "\n", roots - 1, r->to);
	return OT_OK;
}

static const struct otw_events events = {
	.kind = on_kind,
	.object = on_object,
	.root = on_root,
	.root_ref = on_root_ref,
};

static enum ot_status
feed(void *ctx, const void *data, size_t len, struct ot_err *err)
{
	return otw_dec_feed(ctx, data, len, err);
}

int
main(int argc, char **argv)
{
	struct otw_dec *d = otw_dec_new(&events, NULL);
	struct ot_err err = OT_ERR_INIT;
	enum ot_status st = OT_FAILED;
	bool truncated;
	size_t i;

	if (argc == 2 && d)
		st = otw_file_read(argv[1], feed, d, &truncated, &err);
	if (st != OT_OK)
		fprintf(stderr, "graphdump: %s\n", err.msg);
	otw_dec_free(d);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		free(kinds[i]);
	return st == OT_OK ? 0 : 1;
}
