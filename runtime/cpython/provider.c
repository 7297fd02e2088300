/* SPDX-License-Identifier: MIT */
/*
 * provider.c - CPython as a heap to publish.
 *
 * hold() takes the GIL as any foreign thread does (but see still.c and, from
 * 3.12 on, gil.c), and that is all of Python's code that runs in the live
 * process: nothing is allocated there between hold() and release(), since an
 * allocation could start a collection.  What the walk needs beyond it is read from memory, in the clone.
 */
#include <string.h>
#include <sys/syscall.h>

#include "runtime/cpython/enter.h"
#include "runtime/cpython/gil.h"
#include "runtime/cpython/still.h"
#include "runtime/cpython/walk.h"
#include "runtime/sys.h"

#define FIRST_MINOR	8
#define LAST_MINOR	15
#define TID_FIRST	16	/* where pthread_t may have the kernel's id */
#define TID_LAST	2048

typedef void *(*finder)(void *handle, const char *name);

static struct {
	unsigned minor, patch;
	bool free_threaded;
	char version[32];
	py_obj runtime, modules, interp, own_thread;
	finder find;
	bool kept;		/* held by the sleep of its thread, */
	struct py_still still;	/* since then */
	bool stateless;		/* held without a thread state */
	bool created;		/* our thread has its state from us */
	int gil;		/* as PyGILState_Release wants it */
	unsigned tid_offset;
	struct py_types types;
	py_obj none, true_, false_;
	int (*is_initialized)(void);
	int (*is_finalizing)(void);
	void (*release)(int);
	void *(*this_thread)(void);
	void *(*module_dict)(void);
	void *(*main_interp)(void);
	/* free-threaded builds: */
	void *probe;		/* ours, while the world is stopped */
	void *(*new_list)(int64_t);
	void (*decref)(void *);
	void (*visit)(int (*)(void *, void *), void *);
} self;

void
py_why(char *why, size_t cap, const char *text)
{
	size_t n = 0;

	if (!cap)
		return;
	while (n < cap - 1 && why[n])
		n++;
	while (n < cap - 1 && *text)
		why[n++] = *text++;
	why[n] = '\0';
}

static const struct py_layout *
layout(void)
{
	return py_layout_find(self.minor, self.free_threaded);
}

static int
refuse(char *why, size_t cap, const char *text)
{
	if (cap)
		why[0] = '\0';
	py_why(why, cap, text);
	return -1;
}

/*
 * The kernel's id of a thread stands somewhere in what pthread_t points at;
 * our own thread shows where.  Only asked for where Python does not know it.
 */
static void
find_tid_offset(void)
{
	const struct py_layout *L = layout();
	uintptr_t thread;
	long tid = ota_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
	unsigned i;
	int v;

	if (self.tid_offset || L->ts_native_id != PY_NO ||
	    !py_peek_ptr(self.own_thread + L->ts_thread_id, &thread))
		return;
	for (i = TID_FIRST; i < TID_LAST; i += 4) {
		if (!py_peek(thread + i, &v, sizeof(v)))
			return;
		if (v == tid) {
			self.tid_offset = i;
			return;
		}
	}
}

/* Without a thread state: sys.modules is where the walk will look. */
static bool
find_modules(void)
{
	const struct py_layout *L = layout();

	self.interp = (py_obj)self.main_interp();
	return self.interp &&
		py_peek_ptr(self.interp + L->in_modules, &self.modules);
}

/* The lock is never let go of. */
static int
hold_still(char *why, size_t cap)
{
	if (!find_modules())
		return refuse(why, cap, "the interpreter is not initialised; "
			      "try again later");
	if (!py_still_wait(&self.still))
		return refuse(why, cap, "uwsgi runs without enable-threads, "
			      "so only between two requests can its heap be "
			      "held, and it is never idle: give it "
			      "--enable-threads");
	self.kept = true;
	return 0;
}

static int
hold_stateless(char *why, size_t cap)
{
	if (!find_modules())
		return refuse(why, cap, "the interpreter is not initialised; "
			      "try again later");
	if (!py_gil_take())
		return refuse(why, cap, "the interpreter is shutting down");
	self.stateless = true;
	find_modules();
	return 0;
}

static bool
stands(char *why, size_t cap)
{
	if (self.is_finalizing())
		refuse(why, cap, "the interpreter is shutting down");
	else if (!self.is_initialized())
		refuse(why, cap, "the interpreter is not initialised; try "
		       "again later");
	else
		return true;
	return false;
}

static int
enter(char *why, size_t cap)
{
	self.created = !self.this_thread();
	self.gil = py_enter(self.find);
	if (self.is_finalizing()) {
		self.release(self.gil);
		return refuse(why, cap, "the interpreter is shutting down");
	}
	self.own_thread = (py_obj)self.this_thread();
	self.interp = (py_obj)self.main_interp();
	self.modules = (py_obj)self.module_dict();
	find_tid_offset();
	return 0;
}

static int
hold(void *unused, char *why, size_t cap)
{
	(void)unused;
	if (!stands(why, cap))
		return -1;
	if (py_lock_is_kept(self.find))
		return hold_still(why, cap);
	if (py_gil_known())
		return hold_stateless(why, cap);
	return enter(why, cap);
}

static void
release(void *unused)
{
	(void)unused;
	self.own_thread = 0;
	if (self.stateless)
		py_gil_give();
	else if (!self.kept)
		self.release(self.gil);
	self.kept = self.stateless = false;
}

struct held {
	void (*during)(void *arg, uint64_t since);
	void *arg;
	uint64_t since;
	bool done;
};

/* Called for the first tracked object, the world being stopped. */
static int
world_stopped(void *object, void *arg)
{
	struct held *h = arg;

	(void)object;
	if (!h->done)
		h->during(h->arg, h->since);
	h->done = true;
	return 0;		/* no more of them, please */
}

/*
 * Free-threaded builds: all threads but ours are stopped at their next safe
 * point.  What does so is not exported in 3.13; what goes through all tracked
 * objects is, and stops them meanwhile (PyUnstable_GC_VisitObjects).  It has
 * one of ours to begin with, since gc.freeze() hides the program's.
 */
static int
hold_for(void *unused, void (*during)(void *, uint64_t), void *arg, char *why,
	 size_t cap)
{
	struct held h = { during, arg, 0, false };

	(void)unused;
	if (!stands(why, cap) || enter(why, cap))
		return -1;
	self.probe = self.new_list(0);
	if (self.probe) {
		h.since = ota_now_ns();
		self.visit(world_stopped, &h);
		self.decref(self.probe);
	}
	self.probe = NULL;
	release(NULL);
	return h.done ? 0 : refuse(why, cap, "the interpreter has no memory "
				   "left");
}

int
py_walk_with(const struct py_layout *L, struct objtop_sink *sink, char *why,
	     size_t cap)
{
	struct py_walk *w = sink->alloc(sink, sizeof(*w));

	if (cap)
		why[0] = '\0';
	if (!w)
		return refuse(why, cap, "no memory for the walk");
	w->sink = sink;
	w->L = L;
	w->minor = self.minor;
	w->patch = self.patch;
	w->T = self.types;
	w->runtime = self.runtime;
	w->interp = self.interp;
	w->modules = self.modules;
	w->own_thread = self.created ? self.own_thread : 0;
	w->own_probe = (py_obj)self.probe;
	w->tid_offset = self.tid_offset;
	w->none = self.none;
	w->true_ = self.true_;
	w->false_ = self.false_;
	return py_walk_run(w, why, cap);
}

static int
walk(void *unused, struct objtop_sink *sink, char *why, size_t cap)
{
	(void)unused;
	if (self.kept && self.still.pid == ota_pid())
		return refuse(why, cap, "uwsgi runs without enable-threads: "
			      "only a clone of it can be read (--mode fork)");
	if (self.kept && !py_still_since(&self.still))
		return refuse(why, cap, "uwsgi runs without enable-threads "
			      "and began a request while its heap was copied: "
			      "try again, or give it --enable-threads");
	return py_walk_with(layout(), sink, why, cap);
}

/* "3.11.7 (main, ...)": the version up to the blank, and the minor number. */
static bool
read_version(const char *s)
{
	size_t n;

	for (n = 0; n < sizeof(self.version) - 1 && s[n] && s[n] != ' '; n++)
		self.version[n] = s[n];
	self.version[n] = '\0';
	if (s[0] != '3' || s[1] != '.')
		return false;
	self.minor = 0;
	for (n = 2; n < 5 && s[n] >= '0' && s[n] <= '9'; n++)
		self.minor = self.minor * 10 + (unsigned)(s[n] - '0');
	self.patch = 0;
	if (s[n] == '.')
		for (n++; n < 9 && s[n] >= '0' && s[n] <= '9'; n++)
			self.patch = self.patch * 10 + (unsigned)(s[n] - '0');
	return self.minor >= FIRST_MINOR && self.minor <= LAST_MINOR;
}

static void
find_types(finder dlsym)
{
	struct py_types *T = &self.types;
	const struct {
		py_obj *at;
		const char *symbol;
	} all[] = {
		{ &T->type, "PyType_Type" },
		{ &T->object, "PyBaseObject_Type" },
		{ &T->dict, "PyDict_Type" },
		{ &T->list, "PyList_Type" },
		{ &T->tuple, "PyTuple_Type" },
		{ &T->set, "PySet_Type" },
		{ &T->frozenset, "PyFrozenSet_Type" },
		{ &T->str, "PyUnicode_Type" },
		{ &T->bytes, "PyBytes_Type" },
		{ &T->bytearray, "PyByteArray_Type" },
		{ &T->integer, "PyLong_Type" },
		{ &T->boolean, "PyBool_Type" },
		{ &T->real, "PyFloat_Type" },
		{ &T->complex, "PyComplex_Type" },
		{ &T->ellipsis, "PyEllipsis_Type" },
		{ &T->function, "PyFunction_Type" },
		{ &T->method, "PyMethod_Type" },
		{ &T->cfunction, "PyCFunction_Type" },
		{ &T->module, "PyModule_Type" },
		{ &T->cell, "PyCell_Type" },
		{ &T->code, "PyCode_Type" },
		{ &T->frame, "PyFrame_Type" },
		{ &T->generator, "PyGen_Type" },
		{ &T->coroutine, "PyCoro_Type" },
		{ &T->asyncgen, "PyAsyncGen_Type" },
		{ &T->odict, "PyODict_Type" },
		{ &T->frozendict, "PyFrozenDict_Type" },
		{ &T->slice, "PySlice_Type" },
		{ &T->range, "PyRange_Type" },
		{ &T->property, "PyProperty_Type" },
		{ &T->classmethod, "PyClassMethod_Type" },
		{ &T->staticmethod, "PyStaticMethod_Type" },
		{ &T->traceback, "PyTraceBack_Type" },
		{ &T->memoryview, "PyMemoryView_Type" },
		{ &T->weakref, "_PyWeakref_RefType" },
		{ &T->weakproxy, "_PyWeakref_ProxyType" },
		{ &T->weakcallable, "_PyWeakref_CallableProxyType" },
		{ &T->super, "PySuper_Type" },
		{ &T->dictproxy, "PyDictProxy_Type" },
		{ &T->capsule, "PyCapsule_Type" },
	};
	size_t i;
	py_obj *exception;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		*all[i].at = (py_obj)dlsym(NULL, all[i].symbol);
	exception = dlsym(NULL, "PyExc_BaseException");
	T->exception = exception ? *exception : 0;
	self.none = (py_obj)dlsym(NULL, "_Py_NoneStruct");
	self.true_ = (py_obj)dlsym(NULL, "_Py_TrueStruct");
	self.false_ = (py_obj)dlsym(NULL, "_Py_FalseStruct");
	if (self.none)
		T->none = PY_AT(self.none, layout()->ob_type, py_obj);
}

/* dlsym() gives data pointers; the bits of a function's are the same here. */
static bool
find_function(finder dlsym, const char *name, void *at)
{
	void *f = dlsym(NULL, name);

	memcpy(at, &f, sizeof(f));
	return f != NULL;
}

static bool
find_functions(finder d)
{
	bool ok = find_function(d, "Py_IsInitialized", &self.is_initialized);

	if (!find_function(d, "Py_IsFinalizing", &self.is_finalizing))
		ok &= find_function(d, "_Py_IsFinalizing",
				    &self.is_finalizing);
	ok &= d(NULL, "PyGILState_Ensure") != NULL;
	ok &= find_function(d, "PyGILState_Release", &self.release);
	ok &= find_function(d, "PyGILState_GetThisThreadState",
			    &self.this_thread);
	ok &= find_function(d, "PyImport_GetModuleDict", &self.module_dict);
	ok &= find_function(d, "PyInterpreterState_Main", &self.main_interp);
	if (self.free_threaded) {
		ok &= find_function(d, "PyList_New", &self.new_list);
		ok &= find_function(d, "Py_DecRef", &self.decref);
		ok &= find_function(d, "PyUnstable_GC_VisitObjects",
				    &self.visit);
	}
	return ok;
}

static bool
has_types(void)
{
	const struct py_types *T = &self.types;

	return T->type && T->object && T->dict && T->list && T->tuple &&
		T->set && T->frozenset && T->str && T->bytes && T->integer &&
		T->function && T->code && T->frame && T->generator &&
		T->cell && T->module && T->exception && T->cfunction &&
		self.none;
}

bool
py_provider(finder dlsym, struct objtop_provider *out, char *why, size_t cap)
{
	const char *(*version)(void);

	if (!find_function(dlsym, "Py_GetVersion", &version)) {
		refuse(why, cap, "no CPython in this process");
		return false;
	}
	if (!read_version(version())) {
		refuse(why, cap, "CPython ");
		py_why(why, cap, self.version);
		py_why(why, cap, " is not one of the versions 3.8 to 3.15");
		return false;
	}
	self.find = dlsym;
	self.runtime = (py_obj)dlsym(NULL, "_PyRuntime");
	self.free_threaded = py_is_free_threaded(dlsym);
	if (!layout()) {
		refuse(why, cap, "of CPython's free-threaded builds only 3.13 "
		       "is supported");
		return false;
	}
	if (!self.runtime || !find_functions(dlsym)) {
		refuse(why, cap, "this CPython does not export what is needed "
		       "(_PyRuntime, PyGILState_Ensure ...)");
		return false;
	}
	if (!self.free_threaded)
		py_gil_find(dlsym, self.minor, self.runtime);
	find_types(dlsym);
	if (!has_types()) {
		refuse(why, cap, "this CPython does not export its types");
		return false;
	}
	*out = (struct objtop_provider){
		.size = sizeof(*out),
		.abi = OBJTOP_ABI,
		.runtime = "cpython",
		.version = self.version,
		.hold = hold,
		.release = release,
		.walk = walk,
		.hold_for = self.free_threaded ? hold_for : NULL,
	};
	return true;
}
