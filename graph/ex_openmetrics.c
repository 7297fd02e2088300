/* SPDX-License-Identifier: MIT */
/*
 * ex_openmetrics.c - figures of one heap for Prometheus and its kin, to be
 * read from a file (node_exporter's textfile collector) or pushed.
 */
#include "config.h"

#include "graph/ex_util.h"
#include "graph/metrics.h"
#include "wire/wire.h"

enum ot_status
ex_openmetrics(const struct hg_graph *g, const struct hg_args *args, FILE *out,
	       struct ot_err *err)
{
	const struct hg_info *info = hg_info(g);
	struct hg_metrics m = {
		.pid = info->pid,
		.command = info->want & OTW_WANT_TEXT ? info->command : NULL,
		.up = true,
		.g = g,
		.rss = args->rss,
		.age_s = -1,
	};
	struct ot_buf text = OT_BUF_INIT;
	enum ot_status st;

	st = hg_metrics_write(&m, 1, args->limit, true, &text, err);
	if (st == OT_OK) {
		fwrite(ot_buf_str(&text), 1, text.len, out);
		st = ex_end(out, &text, err);
	}
	ot_buf_release(&text);
	return st;
}
