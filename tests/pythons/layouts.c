/* SPDX-License-Identifier: MIT */
/*
 * layouts.c - layouts.def against the headers of one CPython: 3.14 or later,
 * or the free-threaded 3.13, of which pages.h is compared too.
 *
 * Compiled with that interpreter's own headers (the -dev package of the
 * cache) and with runtime/cpython/layout.c; says every field whose offset is
 * another.  Nothing of the interpreter is linked.
 */
#define Py_BUILD_CORE 1
#include <Python.h>

#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>

#include <internal/pycore_code.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_genobject.h>
#include <internal/pycore_interp.h>
#if PY_MINOR_VERSION >= 14
#include <internal/pycore_interpframe.h>
#endif
#include <internal/pycore_moduleobject.h>
#include <internal/pycore_runtime.h>
#include <internal/pycore_traceback.h>
#include <internal/pycore_tstate.h>
#include <internal/pycore_typeobject.h>

#include "runtime/cpython/head.h"
#include "runtime/cpython/pages.h"
#include "runtime/cpython/py.h"

static int wrong, looked;

static void
same(const char *field, size_t have, size_t want)
{
	looked++;
	if (have == want)
		return;
	if (have == PY_NO)
		printf("%s: none known here, %zu in the headers\n", field,
		       want);
	else
		printf("%s: %zu known here, %zu in the headers\n", field,
		       have, want);
	wrong++;
}

#define SAME(field, value)	same(#field, L->field, value)
#define AT(field, type, member)	SAME(field, offsetof(type, member))

static void
types(const struct py_layout *L)
{
	AT(ob_type, PyObject, ob_type);
	AT(ob_size, PyVarObject, ob_size);
	AT(tp_name, PyTypeObject, tp_name);
	AT(tp_basicsize, PyTypeObject, tp_basicsize);
	AT(tp_itemsize, PyTypeObject, tp_itemsize);
	AT(tp_flags, PyTypeObject, tp_flags);
	AT(tp_traverse, PyTypeObject, tp_traverse);
	AT(tp_weaklistoffset, PyTypeObject, tp_weaklistoffset);
	AT(tp_members, PyTypeObject, tp_members);
	AT(tp_base, PyTypeObject, tp_base);
	AT(tp_dict, PyTypeObject, tp_dict);
	AT(tp_dictoffset, PyTypeObject, tp_dictoffset);
	AT(tp_is_gc, PyTypeObject, tp_is_gc);
	AT(tp_bases, PyTypeObject, tp_bases);
	AT(tp_mro, PyTypeObject, tp_mro);
	AT(tp_cache, PyTypeObject, tp_cache);
	AT(tp_subclasses, PyTypeObject, tp_subclasses);
	SAME(type_size, sizeof(PyTypeObject));
	SAME(heap_type_size, sizeof(PyHeapTypeObject));
	AT(ht_name, PyHeapTypeObject, ht_name);
	AT(ht_slots, PyHeapTypeObject, ht_slots);
	AT(ht_qualname, PyHeapTypeObject, ht_qualname);
	AT(ht_cached_keys, PyHeapTypeObject, ht_cached_keys);
	AT(ht_module, PyHeapTypeObject, ht_module);
	SAME(static_size, sizeof(managed_static_type_state));
	AT(static_dict, managed_static_type_state, tp_dict);
	AT(static_subclasses, managed_static_type_state, tp_subclasses);
	AT(static_weaklist, managed_static_type_state, tp_weaklist);
}

static void
containers(const struct py_layout *L)
{
	AT(list_item, PyListObject, ob_item);
	AT(list_allocated, PyListObject, allocated);
	AT(tuple_item, PyTupleObject, ob_item);
	AT(dict_used, PyDictObject, ma_used);
	AT(dict_keys, PyDictObject, ma_keys);
	AT(dict_values, PyDictObject, ma_values);
	AT(values_first, struct _dictvalues, values);
	AT(set_mask, PySetObject, mask);
	AT(set_table, PySetObject, table);
	AT(set_small, PySetObject, smalltable);
	AT(bytes_data, PyBytesObject, ob_sval);
	AT(bytearray_alloc, PyByteArrayObject, ob_alloc);
	AT(str_length, PyASCIIObject, length);
	AT(str_state, PyASCIIObject, state);
	SAME(str_ascii, sizeof(PyASCIIObject));
	SAME(str_compact, sizeof(PyCompactUnicodeObject));
	SAME(str_full, sizeof(PyUnicodeObject));
	AT(str_utf8_len, PyCompactUnicodeObject, utf8_length);
	AT(str_utf8, PyCompactUnicodeObject, utf8);
	AT(str_data, PyUnicodeObject, data);
	AT(module_dict, PyModuleObject, md_dict);
	AT(weak_object, PyWeakReference, wr_object);
	AT(weak_callback, PyWeakReference, wr_callback);
}

static void
functions(const struct py_layout *L)
{
	AT(func_code, PyFunctionObject, func_code);
	AT(func_globals, PyFunctionObject, func_globals);
	AT(func_builtins, PyFunctionObject, func_builtins);
	AT(func_name, PyFunctionObject, func_name);
	AT(func_qualname, PyFunctionObject, func_qualname);
	AT(func_defaults, PyFunctionObject, func_defaults);
	AT(func_kwdefaults, PyFunctionObject, func_kwdefaults);
	AT(func_doc, PyFunctionObject, func_doc);
	AT(func_dict, PyFunctionObject, func_dict);
	AT(func_closure, PyFunctionObject, func_closure);
	AT(func_module, PyFunctionObject, func_module);
	AT(func_annotations, PyFunctionObject, func_annotations);
#if PY_MINOR_VERSION >= 14
	AT(func_annotate, PyFunctionObject, func_annotate);
#endif
	AT(func_typeparams, PyFunctionObject, func_typeparams);
	AT(cell_ref, PyCellObject, ob_ref);
	AT(method_func, PyMethodObject, im_func);
	AT(method_self, PyMethodObject, im_self);
	AT(cfunc_self, PyCFunctionObject, m_self);
	AT(cfunc_module, PyCFunctionObject, m_module);
	AT(cfunc_class, PyCMethodObject, mm_class);
	AT(co_firstlineno, PyCodeObject, co_firstlineno);
	AT(co_nlocalsplus, PyCodeObject, co_nlocalsplus);
	AT(co_stacksize, PyCodeObject, co_stacksize);
	AT(co_consts, PyCodeObject, co_consts);
	AT(co_names, PyCodeObject, co_names);
	AT(co_localsplusnames, PyCodeObject, co_localsplusnames);
	AT(co_localspluskinds, PyCodeObject, co_localspluskinds);
	AT(co_filename, PyCodeObject, co_filename);
	AT(co_name, PyCodeObject, co_name);
	AT(co_qualname, PyCodeObject, co_qualname);
	AT(co_linetable, PyCodeObject, co_linetable);
	AT(co_exceptiontable, PyCodeObject, co_exceptiontable);
	AT(co_cached, PyCodeObject, _co_cached);
	AT(co_code, PyCodeObject, co_code_adaptive);
}

static void
frames(const struct py_layout *L)
{
	AT(fr_code, _PyInterpreterFrame, f_executable);
	AT(fr_previous, _PyInterpreterFrame, previous);
	AT(fr_localsplus, _PyInterpreterFrame, localsplus);
	AT(fr_globals, _PyInterpreterFrame, f_globals);
	AT(fr_builtins, _PyInterpreterFrame, f_builtins);
	AT(fr_locals, _PyInterpreterFrame, f_locals);
	AT(fr_func, _PyInterpreterFrame, f_funcobj);
	AT(fr_frame_obj, _PyInterpreterFrame, frame_obj);
	AT(fr_owner, _PyInterpreterFrame, owner);
	AT(fr_prev_instr, _PyInterpreterFrame, instr_ptr);
#if PY_MINOR_VERSION >= 14
	AT(fr_stacktop, _PyInterpreterFrame, stackpointer);
#else
	AT(fr_stacktop, _PyInterpreterFrame, stacktop);
#endif
	AT(fr_trace, PyFrameObject, f_trace);
	AT(frobj_frame, PyFrameObject, f_frame);
	AT(frobj_data, PyFrameObject, _f_frame_data);
	AT(frobj_extra, PyFrameObject, f_extra_locals);
	AT(gen_frame, PyGenObject, gi_iframe);
	AT(gen_frame_state, PyGenObject, gi_frame_state);
	SAME(gen_cleared, FRAME_CLEARED);
	AT(gen_name, PyGenObject, gi_name);
	AT(gen_qualname, PyGenObject, gi_qualname);
	AT(gen_exc, PyGenObject, gi_exc_state);
	AT(gen_origin, PyGenObject, gi_origin_or_finalizer);
	AT(exc_dict, PyBaseExceptionObject, dict);
	AT(exc_args, PyBaseExceptionObject, args);
	AT(exc_notes, PyBaseExceptionObject, notes);
	AT(exc_traceback, PyBaseExceptionObject, traceback);
	AT(exc_context, PyBaseExceptionObject, context);
	AT(exc_cause, PyBaseExceptionObject, cause);
	AT(tb_next, PyTracebackObject, tb_next);
	AT(tb_frame, PyTracebackObject, tb_frame);
}

static void
states(const struct py_layout *L)
{
	AT(ts_next, PyThreadState, next);
	AT(ts_interp, PyThreadState, interp);
	AT(ts_thread_id, PyThreadState, thread_id);
	AT(ts_native_id, PyThreadState, native_thread_id);
	AT(ts_frame, PyThreadState, current_frame);
	AT(ts_dict, PyThreadState, dict);
	AT(ts_context, PyThreadState, context);
	AT(ts_exc_state, PyThreadState, exc_state);
	AT(ts_exc_info, PyThreadState, exc_info);
	AT(ts_current_exc, PyThreadState, current_exception);
	AT(ts_async_exc, PyThreadState, async_exc);
	AT(ts_asyncgen, PyThreadState, async_gen_firstiter);
	AT(ts_profileobj, PyThreadState, c_profileobj);
	SAME(in_size, sizeof(PyInterpreterState));
	AT(in_modules, PyInterpreterState, imports.modules);
	AT(in_modules_index, PyInterpreterState, imports.modules_by_index);
	AT(in_importlib, PyInterpreterState, imports.importlib);
	AT(in_import_func, PyInterpreterState, imports.import_func);
	AT(in_sysdict, PyInterpreterState, sysdict);
	AT(in_builtins, PyInterpreterState, builtins);
	AT(in_codecs, PyInterpreterState, codecs.search_path);
	AT(in_dict, PyInterpreterState, dict);
#if PY_MINOR_VERSION >= 14
	AT(in_interned, PyInterpreterState, cached_objects.interned_strings);
#endif
	AT(in_threads_head, PyInterpreterState, threads.head);
	AT(in_next, PyInterpreterState, next);
	AT(in_gc, PyInterpreterState, gc);
	AT(rt_interp_head, _PyRuntimeState, interpreters.head);
	AT(rt_interp_main, _PyRuntimeState, interpreters.main);
}

#ifdef Py_GIL_DISABLED
#define IS(name, value)		same(#name, name, value)
#define IS_AT(name, type, member)	IS(name, offsetof(type, member))
#define PAGE(field, member) \
	same("page." #field, offsetof(struct py_page, field), \
	     offsetof(mi_page_t, member))

static void
pages(void)
{
	IS_AT(PY_HEAD_MARKS, PyObject, ob_gc_bits);
	IS_AT(PY_HEAD_LOCAL, PyObject, ob_ref_local);
	IS_AT(PY_HEAD_SHARED, PyObject, ob_ref_shared);
	IS(PY_MARK_TRACKED, _PyGC_BITS_TRACKED);
	IS(PY_MARK_FROZEN, _PyGC_BITS_FROZEN);
	IS(PY_MARK_DEFERRED, _PyGC_BITS_DEFERRED);
	IS(PG_SEGMENT, MI_SEGMENT_SIZE);
	IS(PG_SLICE, MI_SEGMENT_SLICE_SIZE);
	IS(PG_MOST_SLICES, MI_SLICES_PER_SEGMENT);
	IS(PG_HUGE_BLOCK, MI_HUGE_BLOCK_SIZE);
	IS_AT(PG_STATE_GUESS, _PyThreadStateImpl, mimalloc);
	IS_AT(PG_STATE_HEAPS, struct _mimalloc_thread_state, heaps);
	IS_AT(PG_STATE_TLD, struct _mimalloc_thread_state, tld);
	IS_AT(PG_STATE_READY, struct _mimalloc_thread_state, initialized);
	IS_AT(PG_TLD_POOL, mi_tld_t, segments.abandoned);
	IS(PG_HEAP_GC, _Py_MIMALLOC_HEAP_GC);
	IS(PG_HEAP_GC_PRE, _Py_MIMALLOC_HEAP_GC_PRE);
	IS(PG_HEAPS, _Py_MIMALLOC_HEAP_COUNT);
	IS(PG_HEAP_SIZE, sizeof(mi_heap_t));
	IS_AT(PG_HEAP_TLD, mi_heap_t, tld);
	IS_AT(PG_HEAP_QUEUES, mi_heap_t, pages);
	IS(PG_QUEUES, MI_BIN_FULL + 1);
	IS(PG_QUEUE_SIZE, sizeof(mi_page_queue_t));
	IS_AT(PG_HEAP_PAGES, mi_heap_t, page_count);
	IS_AT(PG_HEAP_TAG, mi_heap_t, tag);
	IS_AT(PG_SEG_NEXT, mi_segment_t, abandoned_next);
	IS_AT(PG_SEG_ENTRIES, mi_segment_t, slice_entries);
	IS_AT(PG_SEG_SLICES, mi_segment_t, slices);
	IS_AT(PG_POOL_VISITED, mi_abandoned_pool_t, abandoned_visited);
	IS_AT(PG_POOL_ABANDONED, mi_abandoned_pool_t, abandoned);
	same("page", sizeof(struct py_page), sizeof(mi_page_t));
	PAGE(slice_count, slice_count);
	PAGE(slice_offset, slice_offset);
	PAGE(debug_offset, debug_offset);
	PAGE(capacity, capacity);
	PAGE(reserved, reserved);
	PAGE(free, free);
	PAGE(used, used);
	PAGE(block_size, xblock_size);
	PAGE(local_free, local_free);
	PAGE(thread_free, xthread_free);
	PAGE(heap, xheap);
	PAGE(next, next);
	PAGE(prev, prev);
}
#define FREE_THREADED	true
#else
#define FREE_THREADED	false
static void
pages(void)
{
}
#endif

int
main(void)
{
	const struct py_layout *L = py_layout_find(PY_MINOR_VERSION,
						   FREE_THREADED);

	if (!L) {
		printf("no row for " PY_VERSION "\n");
		return 1;
	}
	types(L);
	containers(L);
	functions(L);
	frames(L);
	states(L);
	pages();
	printf(PY_VERSION ": %d fields, %d wrong\n", looked, wrong);
	return wrong != 0;
}
