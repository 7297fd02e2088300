/* SPDX-License-Identifier: MIT */
/*
 * ex_csv.c - one line an object, for spreadsheets and data frames; its
 * references are in the format `refs` (ex_refs.c).
 */
#include "config.h"

#include <inttypes.h>

#include "graph/dom.h"
#include "graph/ex_util.h"
#include "wire/wire.h"

static void
put_object(const struct hg_graph *g, const struct hg_dom *d, hg_node n,
	   FILE *out, struct ot_buf *scratch)
{
	hg_kind k = hg_kind_of(g, n);
	unsigned flags = hg_flags(g, n);
	const char *text;
	size_t len;

	fprintf(out, "0x%" PRIx64 ",", hg_addr(g, n));
	ex_csv_string(out, scratch, hg_kind_full(g, k),
		      strlen(hg_kind_full(g, k)));
	putc(',', out);
	ex_csv_string(out, scratch, hg_kind_module(g, k),
		      strlen(hg_kind_module(g, k)));
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", hg_bytes(g, n),
		hg_extra(g, n), hg_dom_retained(d, n));
	if (hg_refcount(g, n) >= 0)
		fprintf(out, "%" PRId64, hg_refcount(g, n));
	putc(',', out);
	if (hg_generation(g, n) >= 0)
		fprintf(out, "%d", hg_generation(g, n));
	fprintf(out, ",%d,%d,%d,%s,", (flags & OTW_TRACKED) != 0,
		(flags & OTW_FROZEN) != 0, (flags & OTW_IMMORTAL) != 0,
		hg_state_text(hg_dom_state(d, n)));
	text = hg_text(g, n, &len);
	ex_csv_string(out, scratch, text, len);
	fputs("\r\n", out);
}

enum ot_status
ex_csv(const struct hg_graph *g, const struct hg_args *args, FILE *out,
       struct ot_err *err)
{
	struct ot_buf scratch = OT_BUF_INIT;
	const struct hg_dom *d;
	enum ot_status st = hg_dom_of(g, args, &d, err);
	hg_node n;

	if (st != OT_OK)
		return st;
	fputs("address,type,module,bytes,extra,retained,refcount,generation,"
	      "tracked,frozen,immortal,state,text\r\n",
	      out);
	for (n = 0; n < hg_objects(g) && st == OT_OK; n++) {
		put_object(g, d, n, out, &scratch);
		st = ex_tick(args, out, n, hg_objects(g), err);
	}
	if (st == OT_OK)
		st = ex_end(out, &scratch, err);
	ot_buf_release(&scratch);
	return st;
}
