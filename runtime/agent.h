/* SPDX-License-Identifier: MIT */
/*
 * agent.h - what the agent exports, and how it learns that it was preloaded.
 */
#ifndef OTA_AGENT_H
#define OTA_AGENT_H

#include "base/compiler.h"
#include "wire/boot.h"

OT_EXPORT extern struct otw_boot objtop_agent_boot;
/* The init function of the extension module that PEP 768 asks for: none. */
OT_EXPORT void *PyInit_objtop_agent(void);
OT_EXPORT long objtop_agent_start(long fd);

/*
 * Preloaded by `objtop run` into the process it was meant for: takes that out
 * of the environment and connects.  The socket, or -1.
 */
int ota_preload(void);

#endif
