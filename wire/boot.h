/* SPDX-License-Identifier: MIT */
/*
 * boot.h - how an agent is told where its inspector is.
 *
 * Injected: before the shared object is given to the target's dlopen, the
 * inspector finds the exported data symbol OTW_BOOT_SYMBOL in the image and
 * fills it in (fd, cookie); the constructor sees the fd and starts the agent,
 * so that dlopen is the only call that must happen in the target.
 *
 * Resident (mapped by an earlier attach, asleep): the inspector calls the
 * exported OTW_START_SYMBOL with one argument, the number of the socket in
 * the target; 0 means started, a negative errno that it was not (-EBUSY:
 * another inspector is there).
 *
 * Asked for by PEP 768: `name` is filled in, in the image or in one that is
 * mapped, and the interpreter loads the agent as the extension module
 * OTW_MODULE.  Its init function connects to the abstract socket of that
 * name, starts the agent, and gives no module.
 *
 * Preloaded (objtop run): the constructor finds OTW_ENV_RUN in the
 * environment, "PID:NAME", acts only where PID is its own and the process is
 * an interpreter, connects to the abstract socket NAME, and takes both
 * OTW_ENV_RUN and its own entry in LD_PRELOAD out of the environment.  When
 * the program ends, and has no connection any more, it connects again.
 * "PID+:NAME" is for all that comes from PID: the environment stays, and what
 * is not PID itself connects only when it ends.
 */
#ifndef OTW_BOOT_H
#define OTW_BOOT_H

#include <stdint.h>

#define OTW_BOOT_SYMBOL	"objtop_agent_boot"
#define OTW_START_SYMBOL "objtop_agent_start"
#define OTW_MODULE	"objtop_agent"	/* PyInit_objtop_agent */
#define OTW_ENV_RUN	"OBJTOP_RUN"
#define OTW_MEMFD_NAME	"objtop-agent"	/* maps show /memfd:objtop-agent */
#define OTW_THREAD_NAME	"objtop-agent"	/* /proc/PID/task/TID/comm */
#define OTW_CLONE_NAME	"objtop-snap"	/* of the clone that walks */
#define OTW_BOOT_MAGIC	0x746f6f62706f746fULL	/* "otopboot" */

struct otw_boot {
	uint64_t magic;		/* OTW_BOOT_MAGIC: in the image from the build */
	uint32_t abi;		/* changes when this header or the wire does */
	int32_t fd;		/* in the image -1; the inspector writes it; then
				 * the agent: its socket while it has one, so
				 * that it can be told to leave from outside */
	uint64_t build_id;	/* of the agent's code: another build must not
				 * be woken by this inspector */
	/* Written by the agent, read by inspectors from outside: */
	int32_t state;		/* enum otw_boot_state */
	int32_t fork_pid;	/* pid the agent was started in: a forked child
				 * has the mapping but no thread */
	char name[48];		/* a socket to connect to; "": none */
	int32_t busy;		/* 1: with a request, so another inspector's
				 * turn may come soon */
};

#define OTW_BOOT_ABI 3

enum otw_boot_state {
	OTW_BOOT_ASLEEP,	/* mapped, no thread, no socket */
	OTW_BOOT_RUNNING,	/* a thread serves an inspector */
};

#endif
