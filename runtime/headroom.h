/* SPDX-License-Identifier: MIT */
/*
 * headroom.h - how much memory may still be taken, here.
 */
#ifndef OTA_HEADROOM_H
#define OTA_HEADROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ota_headroom {
	uint64_t left;		/* bytes that may still be taken */
	uint64_t limit;		/* of what is the tightest */
	char where[256];	/* "cgroup /kubepods/x", "the system" */
	uint64_t resident;	/* bytes of this process in memory, */
	uint64_t anonymous;	/* and of them what no file backs */
};

/*
 * The tightest of this process's control groups, from its own up, and the
 * system's memory.  `root` is put before each path ("" outside of tests).
 * False: nothing is known.
 */
bool ota_headroom(const char *root, struct ota_headroom *h);

/* Bytes that a snapshot may need: by a clone; in pause mode, for OTW_WANT_*. */
uint64_t ota_clone_needs(const struct ota_headroom *h);
uint64_t ota_pause_needs(const struct ota_headroom *h, uint32_t want);

/* One line: too little is left for a clone, where, and what to do. */
void ota_headroom_say(const struct ota_headroom *h, char *m, size_t cap);

#endif
