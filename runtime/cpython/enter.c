/* SPDX-License-Identifier: MIT */
/*
 * enter.c - to attach a thread of ours to the interpreter.
 *
 * That is PyGILState_Ensure(), but for one thing: free-threaded 3.13, when its
 * first thread besides the main one comes, makes functions, classes and
 * modules immortal for good, those there are and those to come (pystate.c,
 * new_threadstate()).  We are a guest and must not bring that about.  While
 * compile() runs the interpreter suppresses it by taking 2 from a counter
 * (bltinmodule.c); so do we for the time in which our thread is made.
 *
 * The counter is the last field of the collector's state, 24 bytes behind the
 * lists gc.garbage and gc.callbacks.  It is touched only where both are there
 * and it says that it has not happened yet.
 */
#include "runtime/cpython/enter.h"

#include <stdatomic.h>
#include <string.h>

#include "runtime/cpython/py.h"

/* _Py_DebugOffsets, the first thing in _PyRuntime from 3.13 on. */
#define VERSION		8u
#define FREE_THREADED	16u
#define OFFSET_OF_GC	80u		/* in 3.13: in PyInterpreterState */
#define OFFSET_MAX	65536u

/* struct _gc_runtime_state of 3.13t */
#define GC_GARBAGE	208u
#define GC_CALLBACKS	216u
#define GC_IMMORTALIZE	240u
#define SUPPRESS	2

static bool
offsets_are_there(uintptr_t runtime)
{
	char cookie[8];

	return runtime && py_peek(runtime, cookie, sizeof(cookie)) &&
		memcmp(cookie, "xdebugpy", sizeof(cookie)) == 0;
}

bool
py_is_free_threaded(void *(*find)(void *, const char *))
{
	uintptr_t runtime = (uintptr_t)find(NULL, "_PyRuntime"), flag;

	return offsets_are_there(runtime) &&
		py_peek_ptr(runtime + FREE_THREADED, &flag) && flag;
}

static bool
is_list(uintptr_t at, uintptr_t list_type)
{
	const struct py_layout *L = py_layout_find(13, true);
	uintptr_t o, type;

	return py_peek_ptr(at, &o) && o &&
		py_peek_ptr(o + L->ob_type, &type) && type == list_type;
}

/* NULL: nothing is to be suppressed here. */
static atomic_int *
counter(void *(*find)(void *, const char *))
{
	uintptr_t runtime = (uintptr_t)find(NULL, "_PyRuntime");
	uintptr_t list = (uintptr_t)find(NULL, "PyList_Type");
	void *f = find(NULL, "PyInterpreterState_Main");
	uintptr_t version, offset, gc;
	void *(*main_interp)(void);

	if (!f || !list || !py_is_free_threaded(find) ||
	    !py_peek_ptr(runtime + VERSION, &version) ||
	    version >> 16 != 0x030d ||
	    !py_peek_ptr(runtime + OFFSET_OF_GC, &offset) ||
	    offset > OFFSET_MAX)
		return NULL;
	memcpy(&main_interp, &f, sizeof(f));
	gc = (uintptr_t)main_interp() + offset;
	if (!is_list(gc + GC_GARBAGE, list) || !is_list(gc + GC_CALLBACKS, list))
		return NULL;
	return (atomic_int *)(gc + GC_IMMORTALIZE);
}

int
py_enter(void *(*find)(void *, const char *))
{
	atomic_int *c = counter(find);
	void *f = find(NULL, "PyGILState_Ensure");
	int (*ensure)(void), gil, zero = 0;

	memcpy(&ensure, &f, sizeof(f));
	if (c && !atomic_compare_exchange_strong(c, &zero, -SUPPRESS))
		c = NULL;
	gil = ensure();
	if (c)
		atomic_fetch_add(c, SUPPRESS);
	return gil;
}
