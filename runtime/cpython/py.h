/* SPDX-License-Identifier: MIT */
/*
 * py.h - CPython from the outside: offsets, bits and the walk's state.
 *
 * No Python header is used and nothing is linked: one agent serves 3.8 to
 * 3.15.  What differs between versions stands in struct py_layout; it is
 * chosen by version and then verified against the running interpreter, since
 * layouts move inside minor releases.  All offsets are bytes.  A field that a
 * version does not have is PY_NO.
 *
 * The walk runs in the clone: reads memory, takes no lock, writes to no
 * object.  Every pointer read from the heap goes through py_ok() before it is
 * followed where a wrong layout could make it nonsense.
 */
#ifndef PY_PY_H
#define PY_PY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/include/objtop.h"

#define PY_NO 0xffff

typedef uintptr_t py_obj;	/* address of an object; 0: none */

/* Reads a field; the address must be known to be mapped. */
#define PY_AT(base, off, type)	(*(const type *)((base) + (off)))

/* tp_flags */
#define PY_FLAG_INLINE_VALUES	(1ul << 2)	/* 3.13+ */
#define PY_FLAG_MANAGED_WEAKREF	(1ul << 3)	/* 3.12+ */
#define PY_FLAG_MANAGED_DICT	(1ul << 4)	/* 3.11+ */
#define PY_FLAG_HEAPTYPE	(1ul << 9)
#define PY_FLAG_GC		(1ul << 14)
#define PY_FLAG_LONG		(1ul << 24)
#define PY_FLAG_LIST		(1ul << 25)
#define PY_FLAG_TUPLE		(1ul << 26)
#define PY_FLAG_BYTES		(1ul << 27)
#define PY_FLAG_UNICODE		(1ul << 28)
#define PY_FLAG_DICT		(1ul << 29)
#define PY_FLAG_EXC		(1ul << 30)
#define PY_FLAG_TYPE		(1ul << 31)

struct py_layout {
	uint16_t minor;			/* 3.minor */
	/* type objects */
	uint16_t ob_type, ob_size;
	uint16_t tp_name, tp_basicsize, tp_itemsize, tp_flags, tp_traverse;
	uint16_t tp_weaklistoffset, tp_members, tp_base, tp_dict;
	uint16_t tp_dictoffset, tp_is_gc, tp_mro, tp_bases, tp_subclasses;
	uint16_t tp_cache;
	uint16_t type_size, heap_type_size;	/* sizeof */
	uint16_t ht_name, ht_slots, ht_qualname, ht_cached_keys, ht_module;
	/* static builtin types' state, kept per interpreter from 3.12 on */
	uint16_t static_size;			/* sizeof */
	uint16_t static_dict, static_subclasses, static_weaklist;
	/* containers */
	uint16_t list_item, list_allocated, tuple_item;
	uint16_t dict_used, dict_keys, dict_values;
	uint16_t values_first;		/* of a split table's values array */
	uint16_t set_mask, set_table, set_small;
	uint16_t bytes_data, bytearray_alloc;
	/* str */
	uint16_t str_length, str_state;
	uint16_t str_ascii, str_compact, str_full;	/* header sizes */
	uint16_t str_utf8_len, str_utf8, str_data;
	uint16_t str_wstr, str_wstr_len;		/* to 3.11 */
	/* functions, methods, cells */
	uint16_t func_code, func_globals, func_builtins, func_name;
	uint16_t func_qualname, func_defaults, func_kwdefaults, func_doc;
	uint16_t func_dict, func_closure, func_module, func_annotations;
	uint16_t func_annotate, func_typeparams;
	uint16_t cell_ref, method_func, method_self;
	uint16_t cfunc_self, cfunc_module;
	uint16_t cfunc_class;		/* only of methods that have one */
	/* code */
	uint16_t co_firstlineno, co_nlocalsplus, co_stacksize, co_consts;
	uint16_t co_names, co_localsplusnames, co_localspluskinds;
	uint16_t co_filename, co_name, co_qualname;
	uint16_t co_linetable;		/* co_lnotab to 3.9 */
	uint16_t co_exceptiontable;
	uint16_t co_cached;	/* 3.11: bytes; 3.12+: struct of 4 objects */
	uint16_t co_code;	/* bytes object; 3.11+: the instructions */
	uint16_t co_varnames, co_freevars, co_cellvars, co_nlocals; /* to 3.10 */
	/* frames: to 3.10 PyFrameObject; from 3.11 _PyInterpreterFrame */
	uint16_t fr_code, fr_previous, fr_localsplus, fr_globals, fr_builtins;
	uint16_t fr_locals, fr_func, fr_frame_obj, fr_owner, fr_prev_instr;
	/* 3.8, 3.9, 3.14+: pointer behind the stack; 3.10: int depth of the
	 * stack; 3.11 to 3.13: int count of localsplus in use */
	uint16_t fr_stacktop;
	uint16_t fr_lasti, fr_lineno, fr_state, fr_valuestack;	/* to 3.10 */
	uint16_t fr_trace;		/* always in PyFrameObject */
	uint16_t frobj_frame, frobj_data;	/* PyFrameObject from 3.11 */
	uint16_t frobj_extra;		/* dict of extra locals, 3.13+ */
	uint16_t gen_frame;		/* gi_iframe, or gi_frame to 3.10 */
	uint16_t gen_frame_state;	/* from 3.11; int8 */
	uint16_t gen_cleared;		/* a value: states from it on: no frame */
	uint16_t gen_code;		/* to 3.11 */
	uint16_t gen_name, gen_qualname;
	uint16_t gen_exc;		/* exception state kept while suspended */
	uint16_t gen_origin;		/* cr_origin; 3.11+: or ag_finalizer */
	uint16_t agen_finalizer;	/* to 3.10 */
	/* exceptions, weak references, modules */
	uint16_t exc_dict, exc_args, exc_notes, exc_traceback, exc_context;
	uint16_t exc_cause, tb_next, tb_frame;
	uint16_t weak_object, weak_callback;
	uint16_t module_dict;		/* md_dict */
	/* threads */
	uint16_t ts_next, ts_interp, ts_thread_id, ts_native_id, ts_frame;
	uint16_t ts_cframe, cframe_frame;	/* 3.11, 3.12 */
	uint16_t ts_dict, ts_context;
	uint16_t ts_exc_state, ts_exc_info;	/* the bottom; -> the top */
	uint16_t ts_current_exc;	/* to 3.11: type, value, traceback */
	uint16_t ts_async_exc;
	uint16_t ts_asyncgen;		/* firstiter, finalizer */
	uint16_t ts_profileobj;		/* profile, trace */
	/* interpreters and the runtime */
	uint32_t in_size;		/* sizeof */
	uint32_t in_modules, in_modules_index, in_importlib, in_import_func;
	uint32_t in_sysdict, in_builtins;
	uint32_t in_codecs;		/* search path, cache, error registry */
	uint32_t in_dict, in_threads_head;
	uint32_t in_interned;	/* dict of interned str; where it is tracked */
	uint32_t in_next, in_gc;	/* in_gc: first guess only */
	uint32_t in_id, in_gil;		/* 3.13+: in the debug offsets */
	uint32_t rt_gc;			/* 3.8: the lists are in _PyRuntime */
	uint32_t rt_interp_head, rt_interp_main;
};

/*
 * The layout of 3.minor, unverified; NULL when there is none.  without_lock:
 * of the free-threaded build.
 */
const struct py_layout *py_layout_find(unsigned minor, bool without_lock);

/*
 * Types found by dlsym (exported data); 0 where a version has none.  `none` and
 * `ellipsis` are the types of these two.
 */
struct py_types {
	py_obj type, object, dict, list, tuple, set, frozenset, str, bytes;
	py_obj bytearray, integer, boolean, real, complex, none, ellipsis;
	py_obj function, method, cfunction, module, cell, code, frame;
	py_obj generator, coroutine, asyncgen, odict, frozendict, slice, range;
	py_obj property, classmethod, staticmethod, traceback, memoryview;
	py_obj weakref, weakproxy, weakcallable;	/* _PyWeakref_RefType ... */
	py_obj super, dictproxy, capsule;
	py_obj exception;		/* BaseException */
};

struct py_bitmap;	/* the objects seen and done, see mem.c */

/* State of one walk; lives in the walk's own memory. */
struct py_walk {
	struct objtop_sink *sink;
	const struct py_layout *L;	/* verified */
	struct py_types T;
	unsigned minor, patch;
	py_obj runtime;			/* &_PyRuntime */
	py_obj interp;			/* main interpreter */
	py_obj modules;			/* sys.modules */
	py_obj own_thread;		/* the agent's PyThreadState: not shown */
	unsigned tid_offset;		/* of the kernel's id in pthread_t; or 0 */
	py_obj true_, false_, none;	/* singletons */
	struct py_bitmap *seen;
	int stop;			/* a sink call said stop, or no memory */
	/* kinds: type address to sink's id (open addressing) */
	struct py_kindmap *kinds;

	/* what follows belongs to the walk's own files: walk.h */
	bool want_refs, want_names, want_text, want_roots;
	py_obj own[2];			/* the agent's: not shown, */
	py_obj own_entry;		/* nor its entry in atexit's list */
	py_obj own_probe;		/* nor what the world was stopped by */
	struct py_interp *interps;	/* the main one first */
	size_t n_interps;
	bool collecting;		/* a collection is under way */
	uint64_t per_list[4];		/* objects on the collector's lists */
	py_obj interned;		/* 3.14+: dict of all interned str, or 0 */
	bool borrowed;			/* the ref being made does not count */
	bool in_root;			/* refs go to a root, not to an object */
	uint8_t pass;			/* over the roots: enum py_pass */
	bool tally_on;
	struct py_infos *infos;		/* type address to struct py_info */
	struct py_tally *tally;		/* refs of one object, as a multiset */
	struct py_hints *hints;		/* cell address to its variable's name */
	struct py_watch *watch;		/* what running frames may hold */
	struct py_statics *statics;	/* static types met */
	py_obj subtype_traverse;	/* tp_traverse of classes made in Python */
	py_obj static_state;		/* 3.12+: of builtin types, by index */
	py_obj greenlet;		/* the class of greenlets */
	uint64_t objects;		/* reported, */
	uint64_t marked;		/* and known of by now */
	uint64_t listed, listed_done;	/* of the collector's lists */
	uint64_t *own_sizes;		/* objects of types with a __sizeof__
					 * that was not run; or NULL */
	uint64_t odd_refs, odd_objects;	/* did not look like what they should */
};

/* ---- mem.c: reading what may not be there; bitmap; worklist ---- */

/* Copies n bytes from our own address space without faulting. */
bool py_peek(uintptr_t addr, void *dst, size_t n);
bool py_peek_ptr(uintptr_t addr, uintptr_t *v);

struct py_bitmap *py_bitmap_new(struct objtop_sink *s);
/* Marks; true when it was marked before (or addr is no user address). */
bool py_bitmap_mark(struct py_walk *w, py_obj o);
bool py_bitmap_has(const struct py_walk *w, py_obj o);
/* Marks o, to be reported later, unless it was seen. */
void py_push(struct py_walk *w, py_obj o);

/* ---- kind.c: types ---- */

static inline py_obj
py_type(const struct py_walk *w, py_obj o)
{
	return PY_AT(o, w->L->ob_type, py_obj);
}

static inline unsigned long
py_flags(const struct py_walk *w, py_obj type)
{
	return type ? PY_AT(type, w->L->tp_flags, unsigned long) : 0;
}

bool py_is_subtype(const struct py_walk *w, py_obj type, py_obj base);
bool py_is_gc(const struct py_walk *w, py_obj o, py_obj type);
/* The sink's id for a type, announced on first use. */
uint32_t py_kind(struct py_walk *w, py_obj type);
/* tp_name of a static type or the qualified name; raw, NUL-terminated. */
const char *py_type_cname(const struct py_walk *w, py_obj type);

/* ---- size.c: shallow sizes as sys.getsizeof says, without code ---- */

uint64_t py_sizeof(const struct py_walk *w, py_obj o, py_obj type,
		   uint64_t *extra);

/* ---- str.c: strings ---- */

/*
 * UTF-8 of a str object into dst[cap] (not NUL-terminated), cut at a character;
 * lone surrogates as U+FFFD.  Bytes written.  0 also for what is no str.
 */
size_t py_str_utf8(const struct py_walk *w, py_obj str, char *dst, size_t cap);

/* ---- text.c: short texts of leaf values ---- */

/*
 * repr-like text of str, bytes, int, float, complex, bool, None, functions,
 * code, modules, types, and so on, read from memory; at most cap bytes, cut
 * long values with "...".  0: nothing to say (containers, instances).
 */
size_t py_text(const struct py_walk *w, py_obj o, py_obj type,
	       char *dst, size_t cap);

/* ---- line.c: source lines ---- */

/* Line of instruction offset `lasti` (bytes) of a code object; 0: unknown. */
int py_code_line(const struct py_walk *w, py_obj code, int lasti);

/* ---- edges.c, edges_*.c: references out of one object ---- */

/* Emits a ref and pushes its target.  name as in struct objtop_ref. */
void py_ref(struct py_walk *w, py_obj to, unsigned relation);
void py_ref_index(struct py_walk *w, py_obj to, unsigned relation, int64_t i);
void py_ref_str(struct py_walk *w, py_obj to, unsigned relation, py_obj str);
void py_ref_cstr(struct py_walk *w, py_obj to, unsigned relation,
		 const char *static_name);

/* ---- heads.c, roots.c, walk.c, provider.c ---- */

/* The collector's list heads, checked by their links back. */
struct py_heads {
	uintptr_t gen[3];
	uintptr_t permanent;	/* 0: none */
};
bool py_heads_find(const struct py_walk *w, struct py_heads *h);

void py_roots(struct py_walk *w);

/* Fills a provider when this process has a CPython; false otherwise. */
struct objtop_provider;
bool py_provider(void *(*dlsym)(void *, const char *),
		 struct objtop_provider *out, char *why, size_t cap);

#endif
