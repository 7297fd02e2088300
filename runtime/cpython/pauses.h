/* SPDX-License-Identifier: MIT */
/*
 * pauses.h - to be told of each collection, on 3.8 to 3.14.
 */
#ifndef PY_PAUSES_H
#define PY_PAUSES_H

#include "runtime/cpython/pyapi.h"

/*
 * Puts a function of ours into gc.callbacks; *ring is where it writes
 * (wire/pauses.h).  Under the interpreter's lock, with collection disabled.
 * False: not to be had.
 */
bool py_pauses_install(const struct py_api *api, py_object gc,
		       uint64_t *ring);

/* Takes it out; under the lock.  Nothing happens where there is none. */
void py_pauses_remove(const struct py_api *api);

bool py_pauses_on(void);

/* In a child of fork(): the next collection takes it out. */
void py_pauses_forked(void);

/* Is this the function? */
bool py_pauses_is_own(uintptr_t o);

#endif
