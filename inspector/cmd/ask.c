/* SPDX-License-Identifier: MIT */
/*
 * ask.c - what the program's own code says of one of its objects.
 *
 * The object was found in a snapshot; it is asked for by its address and its
 * type's, and the agent looks for it anew: one that is gone by then is not
 * called.  An object that cannot answer is no failure of the command, its row
 * says why.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "inspector/cmd/cmd.h"

struct asked {
	struct hg_told *told;
	struct ot_buf why;
};

static bool
ask_keep(char **to, const char *s, size_t len)
{
	*to = malloc(len + 1);
	if (*to == NULL)
		return false;
	memcpy(*to, s, len);
	(*to)[len] = '\0';
	return true;
}

static uint64_t
ask_characters(const char *s, size_t len)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static enum ot_status
ask_answer(void *ctx, const struct otw_answer *a, struct ot_err *err)
{
	struct asked *k = ctx;
	struct hg_told *t = k->told;
	char *repr;

	if (!a->ok) {
		/* One reason is enough where it is the same for both. */
		if (k->why.len > 0)
			ot_buf_addf(&k->why, "; ");
		ot_buf_add(&k->why, a->text.s, a->text.len);
	} else if (a->what == OTW_ASK_SIZE) {
		t->has_size = true;
		t->size = a->value;
	} else if (t->repr == NULL) {
		if (!ask_keep(&repr, a->text.s, a->text.len))
			return ot_fail_nomem(err, "a repr");
		t->repr = repr;
		t->repr_len = a->text.len;
		if (a->value > ask_characters(t->repr, t->repr_len))
			ot_buf_addf(&k->why, "its repr is cut, of "
				    "%llu characters",
				    (unsigned long long)a->value);
	}
	return OT_OK;
}

static bool
ask_tick(void *ctx)
{
	(void)ctx;
	return cmd_interrupted != 0;
}

static enum ot_status
ask_one(const struct cmd *c, struct target *t, const struct hg_graph *g,
	hg_node n, struct hg_told *told, struct ot_err *err)
{
	const struct otw_events ev = { .answer = ask_answer };
	struct otw_request r = {
		.ask = OTW_ASK_ALL,
		.addr = hg_addr(g, n),
		.kind = hg_kind_addr(g, hg_kind_of(g, n)),
		.timeout_ms = c->opts.timeout_ms,
	};
	struct asked k = { told, OT_BUF_INIT };
	struct ot_err why;
	enum ot_status st;
	char *text;

	st = target_snapshot(t, &r, &ev, &k, NULL, NULL, ask_tick, NULL, &why);
	if (st == OT_INTERRUPTED) {
		*err = why;
	} else if (st != OT_OK) {
		ot_buf_addf(&k.why, "%s", why.msg);
		st = OT_OK;
	}
	if (st == OT_OK && k.why.len > 0) {
		if (k.why.failed || !ask_keep(&text, ot_buf_str(&k.why),
					      k.why.len))
			st = ot_fail_nomem(err, "an answer");
		else
			told->why_not = text;
	}
	ot_buf_release(&k.why);
	return st;
}

enum ot_status
cmd_ask(const struct cmd *c, struct target *t, const struct hg_graph *g,
	struct hg_told *told, struct ot_err *err)
{
	enum ot_status st;
	hg_node *nodes;
	uint32_t n;

	st = hg_resolve(g, c->args[0], &nodes, &n, err);
	if (st != OT_OK)
		return st;
	/* Of more than one `show` will not tell. */
	if (n == 1 && !hg_is_root(g, nodes[0]))
		st = ask_one(c, t, g, nodes[0], told, err);
	free(nodes);
	return st;
}

void
cmd_told_release(struct hg_told *told)
{
	free((void *)(uintptr_t)told->repr);
	free((void *)(uintptr_t)told->why_not);
}
