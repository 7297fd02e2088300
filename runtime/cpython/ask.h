/* SPDX-License-Identifier: MIT */
/*
 * ask.h - running Python, in a copy of the process that is thrown away.
 */
#ifndef PY_ASK_H
#define PY_ASK_H

#include "runtime/cpython/py.h"

/* How the agent's thread has the interpreter. */
enum py_ask_as {
	PY_AS_THREAD,		/* with a thread state, and the lock */
	PY_AS_STRANGER,		/* without a thread state: gil.h */
	PY_AS_NOBODY,		/* it has not got it: still.h */
};

/* Not in a clone: takes the loader's lock. */
void py_ask_find(void *(*find)(void *, const char *));

/*
 * In the helper.  0: out has the answer; else out->text says why not, as in
 * "raised ValueError".
 */
int py_ask(enum py_ask_as as, const struct py_layout *L, py_obj o,
	   uint32_t what, struct objtop_answer *out);

#endif
