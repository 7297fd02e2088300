/* SPDX-License-Identifier: MIT */
/*
 * exit.c - to be told before the interpreter is finalised.
 *
 * A function of ours is registered with Python's own `atexit` (what C has,
 * Py_AtExit and the destructors, comes when other threads are dead already).
 * It makes two things possible: a last snapshot of a program that ends, and
 * an orderly end of snapshots: from 3.14 on a thread that is inside
 * PyGILState_Ensure() while the interpreter is finalised can abort the
 * program (modules atexit.c, pystate.c), so from then on it is installed for
 * an attach too.  Costs one function object and an entry in a list.
 *
 * To register takes the lock, and the program may begin to end just then.  So
 * a pending call that registers is queued first, which needs no lock.
 * Py_FinalizeEx() marks the interpreter as finalising, makes the pending calls
 * and then calls what is registered, in this order: with the call queued and
 * the mark not there, the end of the program waits for us.  With the mark
 * there we stay out.
 */
#include "config.h"

#include "runtime/cpython/exit.h"
#include "runtime/cpython/enter.h"
#include "runtime/cpython/still.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runtime/sys.h"

typedef void *object;

/* PyMethodDef (methodobject.h), the same in all versions. */
struct method_def {
	const char *name;
	object (*meth)(object, object);
	int flags;
	const char *doc;
};

/* Before 3.8 the lock need not even be there. */
enum { METH_NOARGS = 4, KNOWN_FROM = 8, HARMED_FROM = 14 };

/* _Py_DebugOffsets from 3.14 on: where `next` is in PyInterpreterState. */
#define AT_OFFSET_OF_NEXT	64u
#define OFFSET_MAX		65536u
/* From there on: ready, finalizing (pycore_interp_structs.h), both int. */
#define NEXT_TO_READY		44u
#define NEXT_TO_FINALIZING	48u

#define QUEUE_TRIES	500	/* a queue is full for as long */
#define QUEUE_NS	1000000

static struct {
	void *(*find)(void *, const char *);
	void (*release)(int);
	void *(*save)(void);
	void (*restore)(void *);
	object (*import)(const char *);
	object (*getattr)(object, const char *);
	object (*call)(object, ...);	/* ..., NULL */
	object (*new_function)(struct method_def *, object, object);
	void (*incref)(object);
	void (*decref)(object);
	void (*err_clear)(void);
	const char *(*version)(void);
	int (*pending)(int (*)(void *), void *);
	char *(*interpreter)(void);
	char *runtime;
	object none;
} api;

static struct {
	void *(*find)(void *, const char *);	/* NULL: done, or not asked */
	void (*ending)(void);
} early;

static void (*on_ending)(void);
static object function;		/* ours; under the interpreter's lock */
static atomic_bool registered;	/* written under it */
static atomic_bool wanted;	/* a pending call is to register it */
static atomic_bool queued;	/* a pending call will be made */
static atomic_bool ended;

bool
py_is_own(uintptr_t o)
{
	return o && o == (uintptr_t)function;
}

/* Called by atexit, under the lock. */
static object
exit_function(object self, object unused)
{
	void *thread = api.save();

	(void)self, (void)unused;
	atomic_store(&ended, true);
	on_ending();
	api.restore(thread);
	api.incref(api.none);
	return api.none;
}

static struct method_def definition = {
	"_objtop_exit", exit_function, METH_NOARGS, NULL,
};

/* Object pointers from dlsym are functions here; C wants a copy. */
static bool
get(void *(*find)(void *, const char *), void *field, const char *name)
{
	void *p = find(NULL, name);

	memcpy(field, &p, sizeof(p));
	return p != NULL;
}

static bool
find_api(void *(*find)(void *, const char *))
{
	api.find = find;
	return find(NULL, "PyGILState_Ensure") &&
	       get(find, &api.release, "PyGILState_Release") &&
	       get(find, &api.save, "PyEval_SaveThread") &&
	       get(find, &api.restore, "PyEval_RestoreThread") &&
	       get(find, &api.import, "PyImport_ImportModule") &&
	       get(find, &api.getattr, "PyObject_GetAttrString") &&
	       get(find, &api.call, "PyObject_CallFunctionObjArgs") &&
	       get(find, &api.new_function, "PyCFunction_NewEx") &&
	       get(find, &api.incref, "Py_IncRef") &&
	       get(find, &api.decref, "Py_DecRef") &&
	       get(find, &api.err_clear, "PyErr_Clear") &&
	       get(find, &api.version, "Py_GetVersion") &&
	       get(find, &api.pending, "Py_AddPendingCall") &&
	       get(find, &api.interpreter, "PyInterpreterState_Main") &&
	       get(find, &api.runtime, "_PyRuntime") &&
	       get(find, &api.none, "_Py_NoneStruct");
}

/* atexit.NAME(f), under the lock; what it returned is dropped. */
static bool
call_atexit(const char *name, object f)
{
	object module = api.import("atexit"), method = NULL, result = NULL;

	if (module)
		method = api.getattr(module, name);
	if (method)
		result = api.call(method, f, NULL);
	if (!result)
		api.err_clear();
	else
		api.decref(result);
	if (method)
		api.decref(method);
	if (module)
		api.decref(module);
	return result != NULL;
}

unsigned
py_minor(const char *version)
{
	const char *v = version;
	unsigned minor = 0;

	if (!v || v[0] != '3' || v[1] != '.')
		return 0;
	for (v += 2; *v >= '0' && *v <= '9' && minor < 1000; v++)
		minor = minor * 10 + (unsigned)(*v - '0');
	return minor;
}

static unsigned
minor_version(void)
{
	return py_minor(api.version());
}

/* Under the lock. */
static void
register_function(void)
{
	/* from here on it is not counted */
	if (!function)
		function = api.new_function(&definition, NULL, NULL);
	/*
	 * An import can let go of the lock: whoever comes meanwhile registers
	 * it too, since the program may be over before we come back.  To be
	 * called twice does no harm.
	 */
	if (!function)
		api.err_clear();
	else if (!atomic_load(&registered))
		atomic_store(&registered, call_atexit("register", function));
}

/* Called by the main thread, under the lock: soon, late, or at the end. */
static int
pending_call(void *unused)
{
	(void)unused;
	atomic_store(&queued, false);
	if (atomic_load(&wanted) && !atomic_load(&ended))
		register_function();
	return 0;
}

/*
 * The program's end has begun, or is behind it.  What is registered from then
 * on may come too late to be called: the list of what is to be called is
 * copied first (atexitmodule.c of 3.14).
 */
static bool
is_ending(void)
{
	char *interp = api.interpreter();
	uint64_t next;
	int ready, finalizing;

	if (minor_version() < HARMED_FROM)
		return false;
	memcpy(&next, api.runtime + AT_OFFSET_OF_NEXT, sizeof(next));
	if (!interp || next > OFFSET_MAX)
		return true;
	memcpy(&ready, interp + next + NEXT_TO_READY, sizeof(ready));
	memcpy(&finalizing, interp + next + NEXT_TO_FINALIZING,
	       sizeof(finalizing));
	return ready != 1 || finalizing != 0;
}

/* False: the program is ending, and must not be waited for. */
static bool
come_before_the_end(void)
{
	int tries = QUEUE_TRIES;

	atomic_store(&wanted, true);
	while (!atomic_load(&registered) && !atomic_exchange(&queued, true)) {
		if (api.pending(pending_call, NULL) == 0)
			break;
		atomic_store(&queued, false);
		if (tries-- == 0)
			return false;
		ota_sleep_ns(QUEUE_NS);
	}
	return !is_ending();
}

bool
py_exit_install(void *(*find)(void *, const char *), bool always,
		void (*ending)(void))
{
	int gil;

	if (atomic_load(&ended) || !find_api(find))
		return true;
	if (minor_version() < (always ? KNOWN_FROM : HARMED_FROM))
		return true;
	if (py_lock_is_kept(find))
		return true;	/* it would be waited for without end */
	on_ending = ending;
	if (minor_version() >= HARMED_FROM && !come_before_the_end())
		return false;
	gil = py_enter(api.find);
	register_function();
	api.release(gil);
	return true;
}

void
py_exit_ask(void *(*find)(void *, const char *), void (*ending)(void))
{
	if (atomic_load(&ended) || atomic_load(&registered) ||
	    !find_api(find) || py_lock_is_kept(find))
		return;
	on_ending = ending;
	come_before_the_end();
}

/*
 * Audit event of a main program about to begin (Modules/main.c): by now the
 * interpreter stands, and not one line of the program has run.
 */
static int
audit(const char *event, object args, void *user)
{
	static const char begins[] = "cpython.run_";
	const size_t len = sizeof(begins) - 1;

	(void)args, (void)user;
	if (early.find && strlen(event) > len &&
	    memcmp(event, begins, len) == 0) {
		py_exit_install(early.find, true, early.ending);
		early.find = NULL;
	}
	return 0;
}

void
py_exit_early(void *(*find)(void *, const char *), void (*ending)(void))
{
	int (*add)(int (*)(const char *, object, void *), void *);

	if (!get(find, &add, "PySys_AddAuditHook"))
		return;
	early.find = find;
	early.ending = ending;
	add(audit, NULL);
}

void
py_exit_now(void *(*find)(void *, const char *), void (*ending)(void))
{
	int (*is_initialized)(void);
	void *(*current)(void);
	void *(*save)(void);

	if (atomic_load(&ended) ||
	    !get(find, &is_initialized, "Py_IsInitialized") ||
	    !is_initialized() || !get(find, &save, "PyEval_SaveThread") ||
	    (!get(find, &current, "PyThreadState_GetUnchecked") &&
	     !get(find, &current, "_PyThreadState_UncheckedGet")) ||
	    !current())
		return;
	atomic_store(&ended, true);
	save();
	ending();
}

void
py_exit_remove(void)
{
	object f = function;
	int gil;

	atomic_store(&wanted, false);
	if (!f || atomic_load(&ended) || is_ending())
		return;
	gil = py_enter(api.find);
	call_atexit("unregister", f);
	atomic_store(&registered, false);
	function = NULL;
	api.decref(f);
	api.release(gil);
}

void
py_exit_forked(void)
{
	atomic_store(&wanted, false);
	atomic_store(&queued, false);
	/* multiprocessing's children forget what is registered */
	atomic_store(&registered, false);
}
