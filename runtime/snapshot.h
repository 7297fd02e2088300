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
};

enum ota_shot_end ota_snapshot(struct ota_link *link,
			       const struct objtop_provider *p,
			       const struct otw_request *r);

#endif
