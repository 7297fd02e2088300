/* SPDX-License-Identifier: MIT */
/*
 * pydebug.h - the remote debugging interface of CPython 3.14 and later
 * (PEP 768), read and written from outside.
 */
#ifndef TARGET_PYDEBUG_H
#define TARGET_PYDEBUG_H

#include "inspector/target/suspect.h"

#define PYDEBUG_PATH_MAX 512u	/* of a script, as CPython has it */

/* Addresses and offsets, each checked once. */
struct pydebug {
	uint64_t interp;	/* the main interpreter */
	uint64_t main_thread;	/* its first thread state */
	uint64_t threads_head;	/* offsets in the interpreter's state ... */
	uint64_t next, of_interp;	/* ... and in a thread's: */
	uint64_t eval_breaker, pending, path;
	uint64_t path_size;
};

/*
 * OT_REFUSED with the reason where the interpreter has no such interface
 * (the message is empty where that is no surprise: before 3.14), where it is
 * switched off, or where the interpreter is starting or ending.
 */
enum ot_status pydebug_find(const struct suspect *s, struct pydebug *d,
			    struct ot_err *err);

/*
 * Where CPython 3.15 keeps a record of its collections (wire/pystats.h).
 * OT_REFUSED with the reason where it does not (an empty message: another
 * version).
 */
enum ot_status pydebug_stats(const struct suspect *s, uint64_t *at,
			     struct ot_err *err);

/* Thread states that there are now, the main one first; how many. */
size_t pydebug_threads(const struct pydebug *d, int mem, uint64_t *at,
		       size_t max);

enum pydebug_state {
	PYDEBUG_IDLE,		/* nothing is asked for */
	PYDEBUG_OURS,		/* this path is asked for, not begun yet */
	PYDEBUG_TAKEN,		/* this path was asked for, and begun */
	PYDEBUG_OTHER,		/* somebody else's request waits */
	PYDEBUG_GONE		/* cannot be read */
};
enum pydebug_state pydebug_look(const struct pydebug *d, int mem,
				uint64_t thread, const char *path);

/* Asks one thread to run the script; `mem` is open for writing. */
bool pydebug_ask(const struct pydebug *d, int mem, uint64_t thread,
		 const char *path);

/* Takes that back; true: in time, the thread had not begun with it. */
bool pydebug_take_back(const struct pydebug *d, int mem, uint64_t thread,
		       const char *path);

/* Some time after that: no trace of it. */
void pydebug_wipe(const struct pydebug *d, int mem, uint64_t thread,
		  const char *path);

#endif
