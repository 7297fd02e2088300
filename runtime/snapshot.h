/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - one snapshot: hold, clone or pause, walk, send.
 */
#ifndef OTA_SNAPSHOT_H
#define OTA_SNAPSHOT_H

#include "runtime/include/objtop.h"
#include "runtime/link.h"

enum ota_shot_end {
	OTA_SHOT_ANSWERED,	/* END or ERROR was sent */
	OTA_SHOT_DETACH,	/* and the inspector wants us to leave */
	OTA_SHOT_GONE,		/* the link is lost */
	OTA_SHOT_ORPHANED,	/* a clone sends the rest, BYE too, and closes */
};

/*
 * Once *vanish is set, the calling thread is to be gone soon: the clone
 * carries on by itself, *orphan is its pid, and the caller has to reap it some
 * day (__WALL).
 */
enum ota_shot_end ota_snapshot(struct ota_link *link,
			       const struct objtop_provider *p,
			       const struct otw_request *r,
			       const atomic_bool *vanish, int *orphan);

#endif
