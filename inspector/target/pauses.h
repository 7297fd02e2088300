/* SPDX-License-Identifier: MIT */
/*
 * pauses.h - the collections of a target as they happen, read from its memory.
 */
#ifndef TARGET_PAUSES_H
#define TARGET_PAUSES_H

#include "inspector/target/target.h"
#include "wire/pauses.h"

struct target_pauses;

/*
 * By the runtime's own record, without entering the target: CPython 3.15.
 * OT_REFUSED where it has none (an empty message: another version).
 */
enum ot_status target_pauses_outside(pid_t pid, struct target_pauses **out,
				     struct ot_err *err);

/*
 * By a callback of the agent's, which target_close() takes out.  `t` must
 * outlive *out.
 */
enum ot_status target_pauses_inside(struct target *t,
				    struct target_pauses **out,
				    struct ot_err *err);

/* True where nothing was put into the target. */
bool target_pauses_is_outside(const struct target_pauses *p);

/*
 * The collections that ended since the last call, by their beginnings, at
 * most `max`; *missed: how many more there were that nobody can tell of.
 */
enum ot_status target_pauses_read(struct target_pauses *p,
				  struct otw_pause *out, size_t max,
				  size_t *n, uint64_t *missed,
				  struct ot_err *err);

void target_pauses_close(struct target_pauses *p);	/* NULL ok */

#endif
