/* SPDX-License-Identifier: MIT */
/*
 * One node in words.
 */
#include "config.h"

#include "inspector/views/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "inspector/views/views.h"

static const struct ot_cell *
facts_cell(const struct ot_table *t, const char *name)
{
	static const struct ot_cell none;
	int col = ot_table_col(t, name);

	return col < 0 ? &none : ot_table_at(t, 0, (size_t)col);
}

static bool
facts_flag(const struct ot_table *t, const char *name)
{
	const struct ot_cell *c = facts_cell(t, name);

	return c->type == OT_CELL_BOOL && c->v.u != 0;
}

static void
facts_head(const struct hg_graph *g, hg_node n, struct view_facts *out)
{
	struct ot_buf text = OT_BUF_INIT;
	struct ui_subject s;

	view_subject_node(g, n, &s);
	view_subject_text(&s, &text);
	if (!hg_is_root(g, n)) {
		ot_buf_adds(&text, "  ");
		hg_node_text(g, n, 100, &text);
	}
	snprintf(out->head, sizeof(out->head), "%s", ot_buf_str(&text));
	ot_buf_release(&text);
}

static void
facts_size(const struct hg_graph *g, hg_node n, const struct ot_table *t,
	   struct view_facts *out)
{
	const struct ot_cell *gen = facts_cell(t, "generation");
	const char *module = hg_kind_module(g, hg_kind_of(g, n));
	struct ot_buf b = OT_BUF_INIT;
	char num[32];

	ot_buf_addf(&b, "%s bytes",
		    ot_fmt_count(num, sizeof(num), hg_bytes(g, n)));
	if (hg_extra(g, n) > 0)
		ot_buf_addf(&b, " + %s beside it",
			    ot_fmt_count(num, sizeof(num), hg_extra(g, n)));
	if (facts_cell(t, "retained")->type == OT_CELL_BYTES)
		ot_buf_addf(&b, ", retains %s",
			    ot_fmt_bytes(num, sizeof(num),
					 facts_cell(t, "retained")->v.u));
	if (facts_flag(t, "frozen"))
		ot_buf_adds(&b, ", frozen (gc.freeze)");
	else if (gen->type == OT_CELL_INT)
		ot_buf_addf(&b, ", generation %lld", (long long)gen->v.i);
	else
		ot_buf_adds(&b, ", not tracked by the collector");
	if (facts_flag(t, "weakrefs"))
		ot_buf_adds(&b, ", weakly referenced");
	if (module[0] != '\0') {
		ot_buf_adds(&b, ", module ");
		ot_escape(&b, module, strlen(module), OT_ESC_TERM, 60);
	}
	snprintf(out->size, sizeof(out->size), "%s", ot_buf_str(&b));
	ot_buf_release(&b);
}

static void
facts_refs(const struct ot_table *t, struct view_facts *out)
{
	const struct ot_cell *count = facts_cell(t, "refcount");
	const struct ot_cell *known = facts_cell(t, "explained");
	long long all, seen;

	if (facts_flag(t, "immortal")) {
		snprintf(out->refs, sizeof(out->refs),
			 "immortal: its refcount does not move");
		return;
	}
	if (count->type != OT_CELL_INT || known->type != OT_CELL_INT)
		return;
	all = (long long)count->v.i;
	seen = (long long)known->v.i;
	if (all == seen)
		snprintf(out->refs, sizeof(out->refs),
			 "refcount %lld, all explained by the references below",
			 all);
	else if (all > seen)
		snprintf(out->refs, sizeof(out->refs),
			 "refcount %lld: %lld explained by references, "
			 "%lld held from C or unseen", all, seen, all - seen);
	else
		snprintf(out->refs, sizeof(out->refs),
			 "refcount %lld; %lld references seen, some of them "
			 "borrowed", all, seen);
}

void
view_facts_of(const struct hg_graph *g, hg_node n, struct view_facts *out)
{
	struct ot_table *t = NULL;
	struct hg_args args = { .brief = true, .nobjects = 1 };
	const char *object;
	char addr[32];

	memset(out, 0, sizeof(*out));
	facts_head(g, n, out);
	if (hg_is_root(g, n)) {
		snprintf(out->size, sizeof(out->size),
			 "a root: what it holds is alive");
		return;
	}
	snprintf(addr, sizeof(addr), "0x%" PRIx64, hg_addr(g, n));
	object = addr;
	args.objects = &object;
	if (an_show(g, &args, &t, NULL) != OT_OK)
		return;
	if (t->nrows > 0) {
		facts_size(g, n, t, out);
		facts_refs(t, out);
	}
	ot_table_free(t);
}
