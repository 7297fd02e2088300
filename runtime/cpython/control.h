/* SPDX-License-Identifier: MIT */
/*
 * control.h - acting on the cycle collector of the live process.
 */
#ifndef PY_CONTROL_H
#define PY_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/wire.h"

/*
 * Does it, under the interpreter's lock.  0, or non-zero with a reason in
 * why[cap].  `give_up` is asked while a collection is waited for.
 */
int py_control(void *(*find)(void *, const char *), const struct otw_act *act,
	       struct otw_acted *out, bool (*give_up)(void *), void *ctx,
	       char *why, size_t cap);

/* Is there anything to be undone? */
bool py_control_owes(void);

/* Takes the callback out and undoes what was to be undone; takes the lock. */
void py_control_leave(void *(*find)(void *, const char *));

/* In a child of fork(): what the parent owed is not the child's. */
void py_control_forked(void);

#endif
