/* SPDX-License-Identifier: MIT */
/*
 * enter.h - to attach a thread of ours to the interpreter.
 */
#ifndef PY_ENTER_H
#define PY_ENTER_H

#include <stdbool.h>

/* Of a build without the lock; only from 3.13 on it can be one. */
bool py_is_free_threaded(void *(*find)(void *, const char *));

/*
 * PyGILState_Ensure(), which must be there.  The interpreter must stand.  Its
 * counterpart is PyGILState_Release().
 */
int py_enter(void *(*find)(void *, const char *));

#endif
