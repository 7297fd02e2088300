/* SPDX-License-Identifier: MIT */
/*
 * A snapshot file as a target.  There is nothing to wait for, so one step
 * reads all of it; whoever wants to stop half-way is asked about ten times a
 * second.
 */
#include "config.h"
#include "inspector/target/target_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/units.h"
#include "wire/file.h"

#define ASK_US 100000u

struct reading {
	struct target *t;
	uint64_t ask;		/* when to ask again */
};

static enum ot_status
feed(void *ctx, const void *data, size_t len, struct ot_err *err)
{
	struct reading *r = ctx;

	if (r->t->stop != NULL && ot_now_us() >= r->ask) {
		if (r->t->stop(r->t->stop_ctx))
			return ot_fail(err, OT_INTERRUPTED, "interrupted");
		r->ask = ot_now_us() + ASK_US;
	}
	if (r->t->cancelled)
		return ot_fail(err, OT_INTERRUPTED, "interrupted");
	return request_feed(r->t, data, len, err);
}

enum ot_status
filesrc_step(struct target *t, bool *done, struct ot_err *err)
{
	struct reading r = { t, 0 };
	enum ot_status st;

	st = otw_file_read(t->path, feed, &r, &t->truncated, err);
	if (st == OT_OK && t->dec != NULL && !otw_dec_whole(t->dec))
		t->truncated = true;
	if (st == OT_OK && t->error != OT_OK) {
		st = t->error;
		if (err != NULL)
			*err = t->error_msg;
	}
	t->busy = false;
	*done = st == OT_OK;
	request_end(t);
	return st;
}

enum ot_status
target_open_file(const char *path, struct target **out, struct ot_err *err)
{
	struct target *t;
	struct stat sb;

	if (stat(path, &sb) != 0)
		return ot_fail_errno(err, OT_FAILED, "%s", path);
	if (!otw_file_is_snapshot(path))
		return ot_fail(err, OT_FAILED, "%s is no objtop snapshot, or "
			       "may not be read", path);
	t = target_new(NULL, err);
	if (t == NULL)
		return OT_FAILED;
	t->is_file = true;
	t->path = strdup(path);
	if (t->path == NULL) {
		target_close(t);
		return ot_fail_nomem(err, "a path");
	}
	*out = t;
	return OT_OK;
}
