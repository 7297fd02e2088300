/* SPDX-License-Identifier: MIT */
/*
 * ex_refs.c - one line a reference, to go with ex_csv.c's objects.  A root
 * has no address: its name stands in `root` instead.
 */
#include "config.h"

#include <inttypes.h>

#include "graph/ex_util.h"

static void
put_refs(const struct hg_graph *g, hg_node n, FILE *out, struct ot_buf *text,
	 struct ot_buf *scratch)
{
	hg_edge e;

	for (e = hg_out(g, n); e < hg_out(g, n + 1); e++) {
		if (hg_is_root(g, n)) {
			ot_buf_clear(text);
			hg_node_text(g, n, HG_EXPORT_COLS, text);
			putc(',', out);
			ex_csv_string(out, scratch, ot_buf_str(text),
				      text->len);
		} else {
			fprintf(out, "0x%" PRIx64 ",", hg_addr(g, n));
		}
		fprintf(out, ",0x%" PRIx64 ",%s,", hg_addr(g, hg_edge_to(g, e)),
			hg_relation_text(hg_edge_relation(g, e)));
		ot_buf_clear(text);
		hg_edge_label(g, e, text);
		ex_csv_string(out, scratch, ot_buf_str(text), text->len);
		fprintf(out, ",%d\r\n", hg_edge_weak(g, e));
	}
}

enum ot_status
ex_refs(const struct hg_graph *g, const struct hg_args *args, FILE *out,
	struct ot_err *err)
{
	struct ot_buf text = OT_BUF_INIT, scratch = OT_BUF_INIT;
	enum ot_status st = OT_OK;
	hg_node n;

	fputs("source,root,target,relation,edge,weak\r\n", out);
	for (n = 0; n < hg_nodes(g) && st == OT_OK; n++) {
		put_refs(g, n, out, &text, &scratch);
		st = ex_tick(args, out, n, hg_nodes(g), err);
	}
	if (st == OT_OK)
		st = ex_end(out, text.failed ? &text : &scratch, err);
	ot_buf_release(&text);
	ot_buf_release(&scratch);
	return st;
}
