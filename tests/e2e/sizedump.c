/* SPDX-License-Identifier: MIT */
/*
 * sizedump.c - what the agent reads from values, callable from Python.
 *
 * The files that measure and name objects are linked into a shared object
 * which tests/e2e/values_probe.py loads with ctypes.PyDLL, so that their
 * answers can be compared with the interpreter's own, object by object.  Unlike
 * the agent this may use libc, and reads a heap that lives.
 */
#define _GNU_SOURCE	/* RTLD_DEFAULT */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "runtime/cpython/value.h"
#include "runtime/cpython/walk.h"

#define KINDS_MAX	65536
#define FREE_THREADED	16	/* in _Py_DebugOffsets */

struct kind_copy {
	char *module, *name;
	uint32_t flags;
};

OT_EXPORT int sd_init(void);
OT_EXPORT uint64_t sd_sizeof(uintptr_t o, uint64_t *extra);
OT_EXPORT long sd_text(uintptr_t o, char *dst, size_t cap);
OT_EXPORT const char *sd_cname(uintptr_t type);
OT_EXPORT const char *sd_kind(uintptr_t type, const char **module,
			      uint32_t *flags);
OT_EXPORT int sd_lines(uintptr_t code, int n, int *lines);
OT_EXPORT long sd_utf8(uintptr_t str, char *dst, size_t cap);
OT_EXPORT int sd_is_gc(uintptr_t o);
OT_EXPORT int sd_is_subtype(uintptr_t type, uintptr_t base);
OT_EXPORT uintptr_t sd_find(uintptr_t dict, const char *key);
OT_EXPORT size_t sd_kinds(void);

static struct kind_copy kinds[KINDS_MAX];
static size_t nkinds;
static struct py_walk walk;

static void *
sink_alloc(struct objtop_sink *s, size_t bytes)
{
	(void)s;
	return calloc(1, bytes);
}

static uint32_t
sink_kind(struct objtop_sink *s, const struct objtop_kind *k)
{
	struct kind_copy *c = &kinds[nkinds];

	(void)s;
	if (nkinds == KINDS_MAX)
		abort();
	c->name = strndup(k->name, k->name_len);
	c->module = k->module ? strndup(k->module, k->module_len) : NULL;
	c->flags = k->flags;
	return (uint32_t)nkinds++;
}

static struct objtop_sink sink = {
	.size = sizeof(sink),
	.alloc = sink_alloc,
	.kind = sink_kind,
};

static const struct {
	const char *symbol;
	size_t at;
} symbols[] = {
#define T(field, symbol)	{ symbol, offsetof(struct py_types, field) }
	T(type, "PyType_Type"),
	T(object, "PyBaseObject_Type"),
	T(dict, "PyDict_Type"),
	T(list, "PyList_Type"),
	T(tuple, "PyTuple_Type"),
	T(set, "PySet_Type"),
	T(frozenset, "PyFrozenSet_Type"),
	T(str, "PyUnicode_Type"),
	T(bytes, "PyBytes_Type"),
	T(bytearray, "PyByteArray_Type"),
	T(integer, "PyLong_Type"),
	T(boolean, "PyBool_Type"),
	T(real, "PyFloat_Type"),
	T(complex, "PyComplex_Type"),
	T(none, "_PyNone_Type"),
	T(ellipsis, "PyEllipsis_Type"),
	T(function, "PyFunction_Type"),
	T(method, "PyMethod_Type"),
	T(cfunction, "PyCFunction_Type"),
	T(module, "PyModule_Type"),
	T(cell, "PyCell_Type"),
	T(code, "PyCode_Type"),
	T(frame, "PyFrame_Type"),
	T(generator, "PyGen_Type"),
	T(coroutine, "PyCoro_Type"),
	T(asyncgen, "PyAsyncGen_Type"),
	T(odict, "PyODict_Type"),
	T(frozendict, "PyFrozenDict_Type"),
	T(slice, "PySlice_Type"),
	T(range, "PyRange_Type"),
	T(property, "PyProperty_Type"),
	T(classmethod, "PyClassMethod_Type"),
	T(staticmethod, "PyStaticMethod_Type"),
	T(traceback, "PyTraceBack_Type"),
	T(memoryview, "PyMemoryView_Type"),
	T(weakref, "_PyWeakref_RefType"),
	T(weakproxy, "_PyWeakref_ProxyType"),
	T(weakcallable, "_PyWeakref_CallableProxyType"),
	T(super, "PySuper_Type"),
	T(dictproxy, "PyDictProxy_Type"),
	T(capsule, "PyCapsule_Type"),
#undef T
};

static py_obj
symbol(const char *name)
{
	return (py_obj)dlsym(RTLD_DEFAULT, name);
}

/* 0, or -1 when this is no CPython that is known. */
int
sd_init(void)
{
	union {
		py_obj p;
		const char *(*version)(void);
		void *(*head)(void);
	} f;
	const char *version;
	size_t i;
	char *end;

	f.p = symbol("Py_GetVersion");
	if (!f.p)
		return -1;
	version = f.version();
	if (strncmp(version, "3.", 2))
		return -1;
	walk.minor = (unsigned)strtoul(version + 2, &end, 10);
	walk.runtime = symbol("_PyRuntime");
	walk.L = py_layout_find(walk.minor, walk.minor >= 13 && PY_AT(
		walk.runtime, FREE_THREADED, uint64_t));
	walk.sink = &sink;
	if (!walk.L)
		return -1;
	for (i = 0; i < OT_ARRAY_LEN(symbols); i++)
		*(py_obj *)((char *)&walk.T + symbols[i].at) =
			symbol(symbols[i].symbol);
	f.p = symbol("PyInterpreterState_Head");
	walk.interp = f.p ? (py_obj)f.head() : 0;
	f.p = symbol("PyImport_GetModuleDict");
	walk.modules = f.p ? (py_obj)f.head() : 0;
	walk.true_ = symbol("_Py_TrueStruct");
	walk.false_ = symbol("_Py_FalseStruct");
	walk.none = symbol("_Py_NoneStruct");
	return walk.modules && walk.none ? 0 : -1;
}

uint64_t
sd_sizeof(uintptr_t o, uint64_t *extra)
{
	return py_sizeof(&walk, o, py_type(&walk, o), extra);
}

long
sd_text(uintptr_t o, char *dst, size_t cap)
{
	size_t n;

	memset(dst, '#', cap + 1);
	n = py_text(&walk, o, py_type(&walk, o), dst, cap);
	if (n > cap || dst[cap] != '#')
		return -1;
	return (long)n;
}

const char *
sd_cname(uintptr_t type)
{
	return py_type_cname(&walk, type);
}

const char *
sd_kind(uintptr_t type, const char **module, uint32_t *flags)
{
	uint32_t id = py_kind(&walk, type);

	*module = kinds[id].module;
	*flags = kinds[id].flags;
	return kinds[id].name;
}

size_t
sd_kinds(void)
{
	return nkinds;
}

/* The lines of offsets 0, 2, 4 ... */
int
sd_lines(uintptr_t code, int n, int *lines)
{
	int i;

	for (i = 0; i < n; i++)
		lines[i] = py_code_line(&walk, code, 2 * i);
	return py_code_line(&walk, code, -1);
}

long
sd_utf8(uintptr_t str, char *dst, size_t cap)
{
	size_t n;

	memset(dst, '#', cap + 1);
	n = py_str_utf8(&walk, str, dst, cap);
	return n > cap || dst[cap] != '#' ? -1 : (long)n;
}

int
sd_is_gc(uintptr_t o)
{
	return py_is_gc(&walk, o, py_type(&walk, o));
}

int
sd_is_subtype(uintptr_t type, uintptr_t base)
{
	return py_is_subtype(&walk, type, base);
}

uintptr_t
sd_find(uintptr_t dict, const char *key)
{
	return py_table_find(&walk, dict, key, strlen(key));
}
