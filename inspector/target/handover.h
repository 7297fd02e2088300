/* SPDX-License-Identifier: MIT */
/*
 * handover.h - files of ours that a target can open by a path.
 */
#ifndef TARGET_HANDOVER_H
#define TARGET_HANDOVER_H

#include "inspector/target/suspect.h"

#define HANDOVER_PATH	160u

struct handover {
	const struct suspect *s;
	enum { HANDOVER_NEW, HANDOVER_PROC, HANDOVER_DIR } by;
	int base, dir;		/* the directory of ours, and where it is */
	char base_path[32], dir_name[48];
	const char *names[4];	/* files in there */
	size_t nnames;
};

#define HANDOVER_INIT(suspect) \
	{ .s = (suspect), .base = -1, .dir = -1 }

/*
 * An empty file, open for writing; `path` is its name for the target, one
 * that no file had before.  -1: there is no place for it, err says why.
 * `name` must outlive h.  What is not in a directory lives as long as the
 * file is open here.
 */
int handover_file(struct handover *h, const char *name, char *path,
		  size_t cap, struct ot_err *err);

/* Nothing of ours is left there. */
void handover_release(struct handover *h);

#endif
