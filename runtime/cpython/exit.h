/* SPDX-License-Identifier: MIT */
/*
 * exit.h - to be told before the interpreter is finalised.
 */
#ifndef PY_EXIT_H
#define PY_EXIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Has `ending` called on the program's thread, the interpreter's lock let go,
 * when the program ends.  `always` false: only where finalising would harm a
 * thread that takes the lock (3.14 and later).  Waits for the lock.  Nothing
 * happens where there is no CPython.
 *
 * False: the program is ending already, and its lock must not be taken.  Then
 * and until py_exit_remove() returned, `ending` has to wait for whoever takes
 * the lock.
 */
bool py_exit_install(void *(*find)(void *, const char *), bool always,
		     void (*ending)(void));

/* The same, soon, and waits for nothing: a thread of the program does it. */
void py_exit_ask(void *(*find)(void *, const char *), void (*ending)(void));

/*
 * The same for an interpreter that has not started yet: to be called before
 * main().  An audit hook (PySys_AddAuditHook, 3.8) sees the main program begin
 * and installs the function then, so that no program is too short; the hook
 * stays, asleep.
 */
void py_exit_early(void *(*find)(void *, const char *),
		   void (*ending)(void));

/*
 * The program ends without all that: calls `ending` with the interpreter's
 * lock let go, if this thread has it, and leaves it so.
 */
void py_exit_now(void *(*find)(void *, const char *), void (*ending)(void));

/* Undoes that; waits for the lock.  Not after `ending` was called. */
void py_exit_remove(void);

/* In a child of fork(): what the parent had queued may be lost. */
void py_exit_forked(void);

/* "3.14.1 ...": 14; 0: not of that form. */
unsigned py_minor(const char *version);

/* Is this an object that the agent made?  It is neither counted nor shown. */
bool py_is_own(uintptr_t o);

#endif
