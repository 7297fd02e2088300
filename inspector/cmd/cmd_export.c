/* SPDX-License-Identifier: MIT */
/*
 * cmd_export.c - the heap in another tool's format, to -o FILE or to stdout.
 *
 * The formats are graph/formats.def's; --format names one, else the ending of
 * FILE does.  A file holds what the program knew: nobody else may read it.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/outfile.h"
#include "base/units.h"
#include "graph/formats.h"
#include "inspector/cmd/cmd.h"
#include "inspector/cmd/ui_proc.h"

static enum ot_status
export_format(const struct cmd *c, const struct hg_format **out,
	      struct ot_err *err)
{
	if (c->opts.export_as > 0) {
		*out = &hg_formats[c->opts.export_as - 1];
		return OT_OK;
	}
	return hg_format_find(NULL, c->opts.output, out, err);
}

/* A hundred megabytes of numbers are not for a screen. */
static enum ot_status
export_to_stdout(const struct hg_graph *g, const struct hg_args *args,
		 const struct hg_format *f, struct ot_err *err)
{
	if (isatty(STDOUT_FILENO) && strcmp(f->name, "openmetrics") != 0)
		return ot_fail(err, OT_USAGE,
			       "%s is no text for a terminal: give -o FILE.%s",
			       f->name, f->ending);
	return f->run(g, args, stdout, err);
}

static enum ot_status
export_to_file(const struct cmd *c, const struct hg_graph *g,
	       const struct hg_args *args, const struct hg_format *f,
	       struct ot_err *err)
{
	char objects[32], refs[32], size[32];
	struct ot_outfile file;
	enum ot_status st;
	struct stat sb;
	FILE *out;

	st = ot_outfile_open(&file, c->opts.output, OT_OUT_PRIVATE, err);
	if (st != OT_OK)
		return st;
	out = ot_outfile_stream(&file);
	st = out == NULL ? ot_fail_nomem(err, "the output")
			 : f->run(g, args, out, err);
	if (st == OT_OK)
		st = ot_outfile_commit(&file, err);
	ot_outfile_abort(&file);
	if (st == OT_OK)
		cmd_say(c, "wrote %s: %s objects, %s references, %s",
			c->opts.output,
			ot_fmt_count(objects, sizeof(objects), hg_objects(g)),
			ot_fmt_count(refs, sizeof(refs), hg_edges(g)),
			ot_fmt_bytes(size, sizeof(size),
				     stat(c->opts.output, &sb) == 0
					     ? (uint64_t)sb.st_size
					     : 0));
	return st;
}

enum ot_status
cmd_export(const struct cmd *c, struct ot_err *err)
{
	struct hg_args args = cmd_hg_args(c);
	const struct hg_format *f;
	struct hg_graph *g = NULL;
	struct target *t = NULL;
	enum ot_status st;
	uint64_t uptime;

	/* A wrong name is told before a target is touched. */
	st = export_format(c, &f, err);
	if (st == OT_OK)
		st = cmd_open(c, &t, err);
	if (st != OT_OK)
		return st;
	st = cmd_load(c, t, HG_NEEDS_TEXT, &g, err);
	if (!target_is_file(t))
		ui_proc_read(target_pid(t), &args.rss, &uptime);
	target_close(t);
	if (st == OT_OK && hg_objects(g) == 0)
		st = ot_fail(err, OT_FAILED,
			     "there are no objects in it to export");
	if (st == OT_OK && c->opts.redact)
		hg_redact(g);
	if (c->opts.limit_set)
		args.limit = c->opts.limit > 0 ? c->opts.limit : SIZE_MAX;
	if (st == OT_OK)
		st = c->opts.output == NULL
			     ? export_to_stdout(g, &args, f, err)
			     : export_to_file(c, g, &args, f, err);
	hg_graph_free(g);
	return st;
}
