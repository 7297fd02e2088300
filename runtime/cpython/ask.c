/* SPDX-License-Identifier: MIT */
/*
 * ask.c - running Python, in a copy of the process that is thrown away.
 *
 * In this copy the agent's thread is the only one, whatever the interpreter
 * believes.  To 3.11 it has a thread state and the lock and may have been asked
 * to hand it to a thread that is not here any more: PyOS_AfterFork_Child()
 * tells the interpreter that it forked, as os.fork() does (functions registered
 * with os.register_at_fork run too, here like everything else).  From 3.12 on
 * it has the lock without a thread state (gil.h): the lock is made free and
 * taken like any thread takes it.  In free-threaded builds it has stopped the
 * world, which stays so.
 *
 * A collection would take more time than there is, so there is to be none.
 */
#include "config.h"

#include "runtime/cpython/ask.h"

#include <string.h>

#include "base/compiler.h"
#include "runtime/cpython/gil.h"
#include "runtime/sys.h"

#define FORKED_LAST	11	/* the last that is told of a fork */
#define TYPE_NAME	200

static struct {
	void (*after_fork)(void);
	int (*ensure)(void);
	int (*gc_disable)(void);		/* 3.10+ */
	void *(*import)(const char *);
	void *(*get_attr)(void *, const char *);
	void *(*call)(void *, void *);
	void (*incref)(void *);
	void *(*repr)(void *);
	int64_t (*length)(void *);
	void *(*substring)(void *, int64_t, int64_t);
	void *(*encode)(void *, const char *, const char *);
	int (*bytes_of)(void *, char **, int64_t *);
	size_t (*size)(void *);
	void *(*error)(void);
	void (*forget_error)(void);
} py;

static const struct {
	const char *name;
	void *at;
} functions[] = {
	{ "PyOS_AfterFork_Child", &py.after_fork },
	{ "PyGILState_Ensure", &py.ensure },
	{ "PyGC_Disable", &py.gc_disable },
	{ "PyImport_ImportModule", &py.import },
	{ "PyObject_GetAttrString", &py.get_attr },
	{ "PyObject_CallObject", &py.call },
	{ "Py_IncRef", &py.incref },
	{ "PyObject_Repr", &py.repr },
	{ "PyUnicode_GetLength", &py.length },
	{ "PyUnicode_Substring", &py.substring },
	{ "PyUnicode_AsEncodedString", &py.encode },
	{ "PyBytes_AsStringAndSize", &py.bytes_of },
	{ "_PySys_GetSizeOf", &py.size },
	{ "PyErr_Occurred", &py.error },
	{ "PyErr_Clear", &py.forget_error },
};

void
py_ask_find(void *(*find)(void *, const char *))
{
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(functions); i++) {
		void *f = find(NULL, functions[i].name);

		memcpy(functions[i].at, &f, sizeof(f));
	}
}

/* All but those that some version does not have. */
static bool
found_all(void)
{
	return py.after_fork && py.ensure && py.import && py.get_attr &&
		py.call && py.incref && py.repr && py.length && py.substring &&
		py.encode && py.bytes_of && py.error && py.forget_error;
}

static void
no_collection(void)
{
	void *gc, *disable = NULL;

	if (py.gc_disable) {
		py.gc_disable();
		return;
	}
	gc = py.import("gc");
	if (gc)
		disable = py.get_attr(gc, "disable");
	if (!disable || !py.call(disable, NULL))
		py.forget_error();
}

static void
become_thread(enum py_ask_as as, unsigned minor, void *o)
{
	if (as == PY_AS_STRANGER && py_gil_in_copy())
		py.ensure();
	/* What held it may go with the other threads. */
	py.incref(o);
	if (as == PY_AS_THREAD && minor <= FORKED_LAST)
		py.after_fork();
	no_collection();
}

static int
refuse(struct objtop_answer *out, const char *why)
{
	out->len = ota_cat(out->text, out->cap, 0, why);
	return 1;
}

static int
raised(const struct py_layout *L, struct objtop_answer *out)
{
	void *type = py.error();
	const char *name = "";
	size_t n;

	if (type)
		name = (const char *)PY_AT((py_obj)type, L->tp_name, py_obj);
	n = ota_cat(out->text, out->cap, 0, "raised ");
	n = ota_cat(out->text, out->cap < TYPE_NAME ? out->cap : TYPE_NAME, n,
		    name);
	out->len = n;
	return 1;
}

/* Whole characters that fit. */
static size_t
cut(const char *s, size_t len, size_t cap)
{
	if (len <= cap)
		return len;
	while (cap && ((unsigned char)s[cap] & 0xc0) == 0x80)
		cap--;
	return cap;
}

static int
answer_repr(const struct py_layout *L, void *o, struct objtop_answer *out)
{
	void *text = py.repr(o), *bytes;
	int64_t chars, len;
	char *data;

	chars = text ? py.length(text) : -1;
	if (chars < 0)
		return raised(L, out);
	if ((uint64_t)chars > out->cap)
		text = py.substring(text, 0, (int64_t)out->cap);
	bytes = text ? py.encode(text, "utf-8", "backslashreplace") : NULL;
	if (!bytes || py.bytes_of(bytes, &data, &len) || len < 0)
		return raised(L, out);
	out->value = (uint64_t)chars;
	out->len = cut(data, (size_t)len, out->cap);
	memcpy(out->text, data, out->len);
	return 0;
}

static int
answer_size(const struct py_layout *L, void *o, struct objtop_answer *out)
{
	size_t bytes;

	if (!py.size)
		return refuse(out, "is not to be had: this CPython does not "
			      "export _PySys_GetSizeOf");
	bytes = py.size(o);
	if (bytes == SIZE_MAX)
		return raised(L, out);
	out->value = bytes;
	out->len = 0;
	return 0;
}

int
py_ask(enum py_ask_as as, const struct py_layout *L, py_obj o, uint32_t what,
       struct objtop_answer *out)
{
	void *object = (void *)o;

	if (as == PY_AS_NOBODY)
		return refuse(out, "is not to be had: uwsgi runs without "
			      "enable-threads");
	if (!found_all())
		return refuse(out, "is not to be had: this CPython does not "
			      "export what is needed");
	become_thread(as, L->minor, object);
	return what == OBJTOP_ASK_REPR ? answer_repr(L, object, out) :
					 answer_size(L, object, out);
}
