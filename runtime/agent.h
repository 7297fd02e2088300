/* SPDX-License-Identifier: MIT */
/*
 * agent.h - what the agent exports, and how it learns that it was preloaded.
 */
#ifndef OTA_AGENT_H
#define OTA_AGENT_H

#include <stdbool.h>

#include "base/compiler.h"
#include "wire/boot.h"

OT_EXPORT extern struct otw_boot objtop_agent_boot;
/* The init function of the extension module that PEP 768 asks for: none. */
OT_EXPORT void *PyInit_objtop_agent(void);
OT_EXPORT long objtop_agent_start(long fd);
OT_EXPORT OT_NORETURN void _exit(int status);

/*
 * Preloaded by `objtop run`, into the process it was meant for or, with
 * --children, one that comes from that.
 */
struct ota_home {
	bool first;		/* this is the process that was started */
	bool children;		/* what comes from it counts too */
	char name[108];		/* of the inspector's socket; "": not run by it */
};

/* Reads the environment, and takes it out of there unless for children too. */
void ota_preload(struct ota_home *h);
/* The socket, or -1. */
int ota_preload_connect(const struct ota_home *h);

#endif
