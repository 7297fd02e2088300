/* SPDX-License-Identifier: MIT */
/*
 * formats.c - which format is meant, and what all of them need.
 */
#include "config.h"

#include "graph/formats.h"

#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "graph/ex_util.h"

const struct hg_format hg_formats[] = {
#define FORMAT(name, ending, help) { #name, ending, help, ex_##name },
#include "graph/formats.def"
	{ NULL, NULL, NULL, NULL },
};

static bool
format_ends(const char *path, const char *ending)
{
	size_t len = strlen(path), e = strlen(ending);

	return len > e + 1 && path[len - e - 1] == '.' &&
	       strcasecmp(path + len - e, ending) == 0;
}

enum ot_status
hg_format_find(const char *name, const char *path,
	       const struct hg_format **out, struct ot_err *err)
{
	struct ot_buf names = OT_BUF_INIT;
	const struct hg_format *f;
	enum ot_status st;

	for (f = hg_formats; f->name; f++) {
		if (name ? strcmp(name, f->name) == 0
			 : path && format_ends(path, f->ending)) {
			*out = f;
			return OT_OK;
		}
		ot_buf_addf(&names, "%s%s", names.len > 0 ? ", " : "",
			    f->name);
	}
	if (name)
		st = ot_fail(err, OT_USAGE,
			     "there is no format '%.80s'; there are %s", name,
			     ot_buf_str(&names));
	else
		st = ot_fail(err, OT_USAGE,
			     "which format? give --format, one of %s",
			     ot_buf_str(&names));
	ot_buf_release(&names);
	return st;
}

enum ot_status
ex_end(FILE *out, const struct ot_buf *scratch, struct ot_err *err)
{
	if (scratch && scratch->failed)
		return ot_fail_nomem(err, "the export");
	if (ferror(out) || fflush(out) != 0)
		return ot_fail_errno(err, OT_FAILED, "cannot write the export");
	return OT_OK;
}

enum ot_status
ex_tick(const struct hg_args *args, FILE *out, uint32_t done, uint32_t total,
	struct ot_err *err)
{
	if (done % EX_EVERY != 0)
		return OT_OK;
	if (ferror(out))
		return ot_fail_errno(err, OT_FAILED, "cannot write the export");
	return an_check(args, done, total, err);
}

void
ex_json_string(FILE *out, struct ot_buf *scratch, const char *s, size_t len)
{
	const unsigned char *p;
	size_t i;

	ot_buf_clear(scratch);
	ot_escape(scratch, s, len, OT_ESC_TERM, HG_EXPORT_COLS);
	p = (const unsigned char *)ot_buf_str(scratch);
	putc('"', out);
	for (i = 0; i < scratch->len; i++) {
		if (p[i] == '"' || p[i] == '\\')
			putc('\\', out);
		putc(p[i], out);
	}
	putc('"', out);
}

void
ex_csv_string(FILE *out, struct ot_buf *scratch, const char *s, size_t len)
{
	const char *p;

	ot_buf_clear(scratch);
	ot_escape(scratch, s, len, OT_ESC_TERM, HG_EXPORT_COLS);
	p = ot_buf_str(scratch);
	if (p[strcspn(p, ",\"")] == '\0' && *p != ' ') {
		fputs(p, out);
		return;
	}
	putc('"', out);
	for (; *p != '\0'; p++) {
		if (*p == '"')
			putc('"', out);
		putc(*p, out);
	}
	putc('"', out);
}
