/* SPDX-License-Identifier: MIT */
/*
 * still.h - a heap that holds still because its one thread sleeps.
 */
#ifndef PY_STILL_H
#define PY_STILL_H

#include <stdbool.h>
#include <stdint.h>

struct py_still {
	int pid;
	uint64_t switches;	/* of the main thread, when it was looked at */
};

/*
 * Does this program never let go of the interpreter's lock, so that waiting
 * for it would be for ever?
 */
bool py_lock_is_kept(void *(*find)(void *, const char *));

/* Waits, some seconds at most, until the main thread sleeps in the kernel. */
bool py_still_wait(struct py_still *s);

/* Has it slept ever since?  Also from a clone. */
bool py_still_since(const struct py_still *s);

#endif
