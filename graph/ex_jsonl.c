/* SPDX-License-Identifier: MIT */
/*
 * ex_jsonl.c - JSON lines: one on the snapshot, one an object with what it
 * refers to, one a root.  For jq, and for programs that read as they go.
 */
#include "config.h"

#include <inttypes.h>

#include "base/units.h"
#include "graph/dom.h"
#include "graph/ex_util.h"
#include "wire/wire.h"

struct jsonl {
	const struct hg_graph *g;
	const struct hg_dom *d;
	FILE *out;
	struct ot_buf text, scratch;
};

static void
put_word(struct jsonl *j, const char *key, const char *s, size_t len)
{
	fprintf(j->out, "\"%s\":", key);
	ex_json_string(j->out, &j->scratch, s, len);
}

static void
put_head(struct jsonl *j)
{
	const struct hg_info *i = hg_info(j->g);
	char time[40];

	fputs("{\"schema\":\"objtop/1\",\"target\":{", j->out);
	fprintf(j->out, "\"pid\":%" PRIu64 ",", i->pid);
	put_word(j, "runtime", i->runtime, strlen(i->runtime));
	putc(',', j->out);
	put_word(j, "version", i->version, strlen(i->version));
	if (i->want & OTW_WANT_TEXT) {
		putc(',', j->out);
		put_word(j, "command", i->command, strlen(i->command));
	}
	fprintf(j->out,
		"},\"snapshot\":{\"time\":\"%s\",\"objects\":%" PRIu32
		",\"edges\":%" PRIu32 ",\"bytes\":%" PRIu64
		",\"whole\":%s}}\n",
		ot_fmt_rfc3339(time, sizeof(time), i->time_ns),
		hg_objects(j->g), hg_edges(j->g), i->bytes,
		i->whole ? "true" : "false");
}

static void
put_refs(struct jsonl *j, hg_node n)
{
	const struct hg_graph *g = j->g;
	hg_edge e;

	fputs("\"refs\":[", j->out);
	for (e = hg_out(g, n); e < hg_out(g, n + 1); e++) {
		fprintf(j->out,
			"%s{\"to\":\"0x%" PRIx64 "\",\"relation\":\"%s\",",
			e > hg_out(g, n) ? "," : "",
			hg_addr(g, hg_edge_to(g, e)),
			hg_relation_text(hg_edge_relation(g, e)));
		ot_buf_clear(&j->text);
		hg_edge_label(g, e, &j->text);
		put_word(j, "edge", ot_buf_str(&j->text), j->text.len);
		putc('}', j->out);
	}
	fputs("]}\n", j->out);
}

static void
put_object(struct jsonl *j, hg_node n)
{
	const struct hg_graph *g = j->g;
	hg_kind k = hg_kind_of(g, n);
	const char *text;
	size_t len;

	fprintf(j->out, "{\"address\":\"0x%" PRIx64 "\",", hg_addr(g, n));
	put_word(j, "type", hg_kind_full(g, k), strlen(hg_kind_full(g, k)));
	fprintf(j->out,
		",\"bytes\":%" PRIu64 ",\"extra\":%" PRIu64
		",\"retained\":%" PRIu64 ",\"state\":\"%s\",",
		hg_bytes(g, n), hg_extra(g, n), hg_dom_retained(j->d, n),
		hg_state_text(hg_dom_state(j->d, n)));
	if (hg_refcount(g, n) >= 0)
		fprintf(j->out, "\"refcount\":%" PRId64 ",",
			hg_refcount(g, n));
	if (hg_generation(g, n) >= 0)
		fprintf(j->out, "\"generation\":%d,", hg_generation(g, n));
	text = hg_text(g, n, &len);
	if (len > 0) {
		put_word(j, "text", text, len);
		putc(',', j->out);
	}
	put_refs(j, n);
}

static void
put_root(struct jsonl *j, hg_node n)
{
	ot_buf_clear(&j->text);
	hg_node_text(j->g, n, HG_EXPORT_COLS, &j->text);
	putc('{', j->out);
	put_word(j, "root", ot_buf_str(&j->text), j->text.len);
	fprintf(j->out, ",\"kind\":\"%s\",\"retained\":%" PRIu64 ",",
		hg_root_kind_text(hg_root_kind(j->g, n)),
		hg_dom_retained(j->d, n));
	put_refs(j, n);
}

enum ot_status
ex_jsonl(const struct hg_graph *g, const struct hg_args *args, FILE *out,
	 struct ot_err *err)
{
	struct jsonl j = { .g = g, .out = out };
	enum ot_status st = hg_dom_of(g, args, &j.d, err);
	hg_node n;

	if (st != OT_OK)
		return st;
	put_head(&j);
	for (n = 0; n < hg_nodes(g) && st == OT_OK; n++) {
		if (hg_is_root(g, n))
			put_root(&j, n);
		else
			put_object(&j, n);
		st = ex_tick(args, out, n, hg_nodes(g), err);
	}
	if (st == OT_OK)
		st = ex_end(out, j.text.failed ? &j.text : &j.scratch, err);
	ot_buf_release(&j.text);
	ot_buf_release(&j.scratch);
	return st;
}
