/* SPDX-License-Identifier: MIT */
/*
 * emit.c - picks the writer and finds out whether the stream took it all.
 *
 * Where writing failed, errno is left as the stream set it, so that a caller
 * can tell a pipe closed by `head` (EPIPE) from a full disk.
 */
#include "config.h"

#include "base/emit.h"

#include <errno.h>

#include "base/emit_priv.h"

enum ot_status
ot_emit_table(const struct ot_emit *e, const struct ot_table *t, FILE *out,
	      struct ot_err *err)
{
	bool ok = false;

	errno = 0;
	switch (e->format) {
	case OT_FMT_TEXT:
		ok = emit_text(e, t, out);
		break;
	case OT_FMT_JSON:
		ok = emit_json(e, t, out);
		break;
	case OT_FMT_CSV:
		ok = emit_csv(t, out);
		break;
	}
	if (!ferror(out) && !ok)
		return ot_fail_nomem(err, "the output");
	if (ferror(out) || fflush(out) != 0)
		return ot_fail_errno(err, OT_FAILED, "cannot write the output");
	return OT_OK;
}
