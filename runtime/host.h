/* SPDX-License-Identifier: MIT */
/*
 * host.h - what the agent finds in the process it is in.
 */
#ifndef OTA_HOST_H
#define OTA_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/include/objtop.h"

/*
 * dlsym over everything loaded; the first argument is not looked at.  Also
 * finds a libpython that was loaded RTLD_LOCAL, once ota_host_search() ran.
 */
void *ota_dlsym(void *unused, const char *name);

/* Looks for an interpreter that dlsym alone does not see.  Takes the loader's
 * lock: for the agent's thread only. */
void ota_host_search(void);

/* An interpreter or a provider is here, or will be when it has started up. */
bool ota_host_known(void);
/* There is an interpreter and it is still starting. */
bool ota_host_starting(void);

/*
 * The heap to report: the program's own objtop_provider, or CPython's.  False:
 * none; why[cap] says what is missing.
 */
bool ota_host_provider(struct objtop_provider *out, char *why, size_t cap);

/* Starts a detached thread with signals blocked; 0 or a negative errno. */
int ota_host_thread(void *(*run)(void *), void *arg);

/*
 * Has `prepare` called in a thread that is about to fork() and `child` in the
 * child; once is enough, they stay.
 */
void ota_host_atfork(void (*prepare)(void), void (*child)(void));

#endif
