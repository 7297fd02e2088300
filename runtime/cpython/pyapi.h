/* SPDX-License-Identifier: MIT */
/*
 * pyapi.h - the few functions of the C API that are called in the live
 * process, under the interpreter's lock.
 */
#ifndef PY_PYAPI_H
#define PY_PYAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *py_object;	/* PyObject * */

/* PyMethodDef (methodobject.h), the same in all versions. */
struct py_method_def {
	const char *name;
	void *meth;
	int flags;
	const char *doc;
};

enum { PY_METH_FASTCALL = 0x80 };

/* Functions with an ellipsis take objects, ended by NULL. */
struct py_api {
	int (*ensure)(void);
	void (*release)(int);
	int (*is_finalizing)(void);
	py_object (*module_dict)(void);			/* borrowed */
	py_object (*dict_get)(py_object, const char *);	/* borrowed */
	py_object (*dict_find)(py_object, py_object);	/* borrowed */
	int (*dict_del)(py_object, const char *);
	py_object (*getattr)(py_object, const char *);
	py_object (*call)(py_object, ...);
	py_object (*new_function)(struct py_method_def *, py_object,
				  py_object);
	py_object (*new_str)(const char *);
	const char *(*utf8)(py_object);
	py_object (*new_int)(long);
	int64_t (*as_ssize)(py_object);
	int (*is_true)(py_object);
	int64_t (*list_size)(py_object);
	py_object (*list_get)(py_object, int64_t);	/* borrowed */
	int (*list_append)(py_object, py_object);
	int (*sequence_del)(py_object, int64_t);
	py_object (*tuple_get)(py_object, int64_t);	/* borrowed */
	void (*incref)(py_object);
	void (*decref)(py_object);
	py_object (*err)(void);
	void (*err_clear)(void);
	int (*pending)(int (*)(void *), void *);
	int (*gc_disable)(void), (*gc_enable)(void);	/* 3.10+, or NULL */
	py_object none;
	/* clock_gettime() of libc, or NULL */
	int (*clock)(int, void *);
};

/* False: something is missing.  Looked up once. */
bool py_api_find(void *(*find)(void *, const char *), struct py_api *api);

/*
 * The module gc, a new reference; NULL: not to be had.  Where the program has
 * not imported it, the frozen importer alone is asked, so that no hook of the
 * program's runs, and *made is set: it is then not left in sys.modules.
 */
py_object py_api_gc(const struct py_api *api, bool *made);

/* Drops that; takes the module out again where it was made. */
void py_api_gc_drop(const struct py_api *api, py_object gc, bool made);

/* gc.NAME(), gc.NAME(a) ...; what it returned, or NULL: no exception stays. */
py_object py_api_call(const struct py_api *api, py_object from,
		      const char *name, py_object a, py_object b,
		      py_object c);

#endif
