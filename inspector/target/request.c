/* SPDX-License-Identifier: MIT */
/*
 * One request: a decoder of its own, which is given the HELLO of the session
 * first, so that what it sees (and what `tee` writes) is a whole stream as a
 * file has it.  The caller's events are passed on by a table in which only
 * `error` and `end` are ours.
 */
#include "config.h"
#include "inspector/target/target_priv.h"

#include "base/escape.h"

#define PASS(name, type) \
static enum ot_status \
pass_##name(void *ctx, const type *v, struct ot_err *err) \
{ \
	struct target *t = ctx; \
	return t->user.name != NULL ? t->user.name(t->user_ctx, v, err) \
				    : OT_OK; \
}

PASS(hello, struct otw_hello)
PASS(kind, struct otw_kind)
PASS(name, struct otw_name)
PASS(root, struct otw_root)
PASS(root_ref, struct otw_ref)
PASS(count, struct otw_count)
PASS(unseen, struct otw_unseen)
PASS(progress, struct otw_progress)
PASS(collector, struct otw_collector)
PASS(acted, struct otw_acted)
PASS(end, struct otw_end)

static enum ot_status
pass_begin(void *ctx, const struct otw_begin *b, struct ot_err *err)
{
	struct target *t = ctx;

	t->begun = true;
	return t->user.begin != NULL ? t->user.begin(t->user_ctx, b, err)
				     : OT_OK;
}

static enum ot_status
pass_pools(void *ctx, const struct otw_pools *p, struct ot_err *err)
{
	struct target *t = ctx;
	size_t len = p->why.len < 31 ? p->why.len : 31;

	t->have_pools = true;
	t->pools = *p;
	t->pools.why = (struct otw_str){ "", 0 };
	ot_escape_to(t->pools_why, sizeof(t->pools_why), p->why.s, len,
		     OT_ESC_TERM);
	return t->user.pools != NULL ? t->user.pools(t->user_ctx, p, err)
				     : OT_OK;
}

static enum ot_status
pass_object(void *ctx, const struct otw_object *o, const struct otw_ref *refs,
	    struct ot_err *err)
{
	struct target *t = ctx;

	return t->user.object(t->user_ctx, o, refs, err);
}

/* Kept, and returned by the step that meets the end of the frame. */
static enum ot_status
on_error(void *ctx, const struct otw_error *e, struct ot_err *err)
{
	struct target *t = ctx;
	int len = e->message.len < 900 ? (int)e->message.len : 900;
	struct ot_buf text = OT_BUF_INIT;

	(void)err;
	ot_escape(&text, e->message.s, (size_t)len, OT_ESC_TERM, 0);
	switch (e->code) {
	case OT_REFUSED:
	case OT_INTERRUPTED:
		t->error = (enum ot_status)e->code;
		break;
	default:
		t->error = OT_FAILED;
	}
	ot_fail(&t->error_msg, t->error, "%s", text.len > 0 ? ot_buf_str(&text)
		: "the agent failed without a word");
	ot_buf_release(&text);
	if (t->user.error != NULL)
		return t->user.error(t->user_ctx, e, err);
	return OT_OK;
}

enum ot_status
request_begin(struct target *t, const struct otw_events *ev, void *ctx,
	      struct ot_err *err)
{
	t->user = *ev;
	t->user_ctx = ctx;
	t->events = (struct otw_events){
		.hello = pass_hello, .begin = pass_begin, .kind = pass_kind,
		.name = pass_name, .root = pass_root,
		/* The one that comes ten million times: not if unwanted. */
		.object = ev->object != NULL ? pass_object : NULL,
		.root_ref = pass_root_ref, .count = pass_count,
		.pools = pass_pools,
		.unseen = pass_unseen, .progress = pass_progress,
		.collector = pass_collector, .acted = pass_acted,
		.end = pass_end, .error = on_error,
	};
	t->error = OT_OK;
	t->begun = t->cancelled = false;
	t->dec = otw_dec_new(&t->events, t);
	if (t->dec == NULL)
		return ot_fail_nomem(err, "a decoder");
	return OT_OK;
}

enum ot_status
request_feed(struct target *t, const void *data, size_t len,
	     struct ot_err *err)
{
	enum ot_status st = OT_OK;

	if (t->dec == NULL || len == 0)
		return OT_OK;
	if (t->tee != NULL)
		st = t->tee(t->tee_ctx, data, len, err);
	if (st == OT_OK)
		st = otw_dec_feed(t->dec, data, len, err);
	return st;
}

void
request_end(struct target *t)
{
	otw_dec_free(t->dec);
	t->dec = NULL;
	t->tee = NULL;
}
