/* SPDX-License-Identifier: MIT */
/*
 * pyapi.c - the C API, as far as it is called in the live process.
 */
#include "config.h"

#include "runtime/cpython/pyapi.h"

#include <string.h>

/* Object pointers from dlsym are functions here; C wants a copy. */
static bool
get(void *(*find)(void *, const char *), void *field, const char *name)
{
	void *p = find(NULL, name);

	memcpy(field, &p, sizeof(p));
	return p != NULL;
}

bool
py_api_find(void *(*find)(void *, const char *), struct py_api *a)
{
	get(find, &a->clock, "clock_gettime");
	get(find, &a->gc_disable, "PyGC_Disable");
	get(find, &a->gc_enable, "PyGC_Enable");
	if (!get(find, &a->is_finalizing, "Py_IsFinalizing") &&
	    !get(find, &a->is_finalizing, "_Py_IsFinalizing"))
		return false;
	return get(find, &a->ensure, "PyGILState_Ensure") &&
	       get(find, &a->release, "PyGILState_Release") &&
	       get(find, &a->module_dict, "PyImport_GetModuleDict") &&
	       get(find, &a->dict_get, "PyDict_GetItemString") &&
	       get(find, &a->dict_find, "PyDict_GetItem") &&
	       get(find, &a->dict_del, "PyDict_DelItemString") &&
	       get(find, &a->getattr, "PyObject_GetAttrString") &&
	       get(find, &a->call, "PyObject_CallFunctionObjArgs") &&
	       get(find, &a->new_function, "PyCFunction_NewEx") &&
	       get(find, &a->new_str, "PyUnicode_InternFromString") &&
	       get(find, &a->utf8, "PyUnicode_AsUTF8") &&
	       get(find, &a->new_int, "PyLong_FromLong") &&
	       get(find, &a->as_ssize, "PyLong_AsSsize_t") &&
	       get(find, &a->is_true, "PyObject_IsTrue") &&
	       get(find, &a->list_size, "PyList_Size") &&
	       get(find, &a->list_get, "PyList_GetItem") &&
	       get(find, &a->list_append, "PyList_Append") &&
	       get(find, &a->sequence_del, "PySequence_DelItem") &&
	       get(find, &a->tuple_get, "PyTuple_GetItem") &&
	       get(find, &a->incref, "Py_IncRef") &&
	       get(find, &a->decref, "Py_DecRef") &&
	       get(find, &a->err, "PyErr_Occurred") &&
	       get(find, &a->err_clear, "PyErr_Clear") &&
	       get(find, &a->pending, "Py_AddPendingCall") &&
	       get(find, &a->none, "_Py_NoneStruct");
}

py_object
py_api_call(const struct py_api *api, py_object from, const char *name,
	    py_object a, py_object b, py_object c)
{
	py_object method = from ? api->getattr(from, name) : NULL;
	py_object result = NULL;

	if (method)
		result = api->call(method, a, b, c, NULL);
	if (!result)
		api->err_clear();
	if (method)
		api->decref(method);
	return result;
}

/* As importlib does it, without its hooks. */
static py_object
import_built_in(const struct py_api *api, const char *name)
{
	py_object frozen = api->dict_get(api->module_dict(),
					 "_frozen_importlib");
	py_object importer = NULL, spec = NULL, module = NULL, str;

	if (!frozen)
		return NULL;
	str = api->new_str(name);
	importer = str ? api->getattr(frozen, "BuiltinImporter") : NULL;
	if (importer)
		spec = py_api_call(api, importer, "find_spec", str, NULL, NULL);
	if (spec && spec != api->none)
		module = py_api_call(api, frozen, "_load", spec, NULL, NULL);
	if (spec)
		api->decref(spec);
	if (importer)
		api->decref(importer);
	if (str)
		api->decref(str);
	api->err_clear();
	return module;
}

py_object
py_api_gc(const struct py_api *api, bool *made)
{
	py_object gc = api->dict_get(api->module_dict(), "gc");
	int was = 0;

	*made = false;
	if (gc) {
		api->incref(gc);
		return gc;
	}
	/* What is made here is not to start a collection on this thread. */
	if (api->gc_disable)
		was = api->gc_disable();
	gc = import_built_in(api, "gc");
	if (was)
		api->gc_enable();
	*made = gc != NULL;
	return gc;
}

void
py_api_gc_drop(const struct py_api *api, py_object gc, bool made)
{
	if (!gc)
		return;
	if (made && api->dict_get(api->module_dict(), "gc") == gc &&
	    api->dict_del(api->module_dict(), "gc"))
		api->err_clear();
	api->decref(gc);
}
