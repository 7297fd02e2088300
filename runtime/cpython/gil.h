/* SPDX-License-Identifier: MIT */
/*
 * gil.h - the interpreter's lock, without a thread state of our own (3.12+).
 */
#ifndef PY_GIL_H
#define PY_GIL_H

#include <stdbool.h>

#include "runtime/cpython/py.h"

/*
 * Finds the main interpreter's lock.  False: not known in this version or
 * build, and nothing below may be called but py_gil_lend() and
 * py_gil_forked(), which do nothing then.
 */
bool py_gil_find(void *(*find)(void *, const char *), unsigned minor,
		 py_obj runtime);
bool py_gil_known(void);

/* Waits for the lock; false: the interpreter is being finalised. */
bool py_gil_take(void);
void py_gil_give(void);

/*
 * In a thread of the program: if it has the lock and py_gil_take() waits for
 * it, it is lent, and the call returns when it was given back.
 */
void py_gil_lend(void);

/* In a child of fork(). */
void py_gil_forked(void);

#endif
