/* SPDX-License-Identifier: MIT */
/*
 * stream.c - the made-up heap as a stream, without any process: HELLO and
 * BEGIN with fixed values, the agent's own sink, END.  The same bytes every
 * time, so that what is drawn from them can be compared.
 */
#include "config.h"

#include <string.h>

#include "runtime/sink.h"
#include "runtime/synth/synth.h"

/* Moves what is encoded into the buffer, and makes room. */
static bool
drain(struct otw_enc *e, size_t more)
{
	struct ot_buf *out = e->ctx;

	out->len += e->len;
	e->len = 0;
	if (!ot_buf_reserve(out, more < (1 << 20) ? 1 << 20 : more))
		return false;
	e->data = (uint8_t *)out->data + out->len;
	e->cap = out->cap - out->len - 1;
	return e->cap >= more;
}

static struct otw_str
str(const char *s)
{
	return (struct otw_str){ s, strlen(s) };
}

enum ot_status
synth_stream(uint32_t nobjects, uint32_t want, struct ot_buf *out,
	     struct ot_err *err)
{
	const struct objtop_provider *p = objtop_synth(nobjects);
	const struct ota_sink_hooks hooks = { .ctx = out, .grow = drain };
	const struct otw_hello hello = {
		OTW_VERSION, 0, 4242, str(p->runtime), str(p->version),
		str("synth --shop"),
	};
	const struct otw_begin begin = {
		1700000000000000000u, OTW_MODE_FORK, 27000000, 400000, want,
		4243,
	};
	struct ota_sink s;
	char why[128] = "";
	bool bad;

	if (!ota_sink_init(&s, want, p->estimate(p->self), &hooks))
		return ot_fail_nomem(err, "a synthetic stream");
	otw_enc_hello(&s.enc, &hello);
	otw_enc_begin(&s.enc, &begin);
	bad = p->walk(p->self, &s.pub, why, sizeof(why)) != 0;
	ota_sink_finish(&s);
	s.totals.held_ns = begin.held_ns;
	s.totals.walk_ns = 50 * s.totals.objects;
	otw_enc_end(&s.enc, &s.totals);
	bad |= s.stop || s.enc.failed || !drain(&s.enc, 0);
	ota_sink_release(&s);
	if (bad || out->failed)
		return ot_fail_nomem(err, "a synthetic stream");
	out->data[out->len] = '\0';
	return OT_OK;
}
