/* SPDX-License-Identifier: MIT */
/*
 * verify.c - does the layout fit the interpreter that runs?
 *
 * Builds differ: debug flags that grow every object, patches that move fields.
 * A type's tp_basicsize is the size of its structure and so a fingerprint of
 * its fields; known names must stand where names should; the import system's
 * own module serves as a sample of dicts, functions and code; the threads must
 * be linked to the interpreter.  One thing wrong and the heap is refused with
 * its name: better no answer than a wrong one.
 */
#include "runtime/cpython/value.h"
#include "runtime/cpython/walk.h"

#define MOST_THREADS	100000

static bool
fails(char *why, size_t cap, const char *what)
{
	py_why(why, cap, "this build's memory layout is not the one known for "
	       "its version: ");
	py_why(why, cap, what);
	return false;
}

static bool
type_named(const struct py_walk *w, py_obj type, const char *name)
{
	char have[32];
	uintptr_t at, meta;
	size_t i;

	if (!py_ok(type) || !py_peek_ptr(type + w->L->ob_type, &meta) ||
	    meta != w->T.type || !py_peek_ptr(type + w->L->tp_name, &at) ||
	    !py_peek_str(at, have, sizeof(have)))
		return false;
	for (i = 0; name[i] && name[i] == have[i]; i++)
		;
	return name[i] == have[i];
}

static bool
check_names(const struct py_walk *w)
{
	const struct py_types *T = &w->T;

	return type_named(w, T->type, "type") &&
		type_named(w, T->object, "object") &&
		type_named(w, T->dict, "dict") &&
		type_named(w, T->list, "list") &&
		type_named(w, T->tuple, "tuple") &&
		type_named(w, T->set, "set") &&
		type_named(w, T->frozenset, "frozenset") &&
		type_named(w, T->str, "str") &&
		type_named(w, T->integer, "int") &&
		type_named(w, T->function, "function") &&
		type_named(w, T->code, "code") &&
		type_named(w, T->frame, "frame") &&
		type_named(w, T->module, "module") &&
		type_named(w, T->cell, "cell") &&
		type_named(w, T->generator, "generator");
}

static bool
size_is(const struct py_walk *w, py_obj type, unsigned size)
{
	uintptr_t have;

	return py_peek_ptr(type + w->L->tp_basicsize, &have) && have == size;
}

/* Behind the last object: vectorcall, and from 3.11 on a version. */
static unsigned
function_size(const struct py_layout *L)
{
	unsigned last = L->minor < 10 ? L->func_qualname :
		L->func_annotations;

	if (L->func_typeparams != PY_NO)
		last = L->func_typeparams;
	return last + (L->minor < 11 ? 16 : 24);
}

/*
 * Where the instructions begin in a code object is its basic size from 3.11
 * on, and moves: taken from there.
 */
static bool
find_instructions(struct py_walk *w, struct py_layout *L)
{
	uintptr_t size;

	if (L->frobj_frame == PY_NO)
		return true;
	if (!py_peek_ptr(w->T.code + L->tp_basicsize, &size) ||
	    size <= L->co_linetable || size > 512)
		return false;
	L->co_code = (uint16_t)size;
	return true;
}

/* Sizes of structures that follow from the offsets of their fields. */
static bool
check_sizes(const struct py_walk *w)
{
	const struct py_layout *L = w->L;
	const struct py_types *T = &w->T;

	if (!size_is(w, T->object, L->ob_size) ||
	    !size_is(w, T->type, L->heap_type_size) ||
	    !size_is(w, T->tuple, L->tuple_item) ||
	    !size_is(w, T->list, L->list_allocated + 8u) ||
	    !size_is(w, T->set, L->set_small + 8 * 16 + 8u) ||
	    !size_is(w, T->str, L->str_full) ||
	    !size_is(w, T->cell, L->cell_ref + 8u) ||
	    !size_is(w, T->exception, L->exc_cause + 16u))
		return false;
	if (!size_is(w, T->function, function_size(L)))
		return false;
	if (L->frobj_frame == PY_NO)
		return true;
	return size_is(w, T->frame, (unsigned)L->frobj_data +
			L->fr_localsplus) &&
		size_is(w, T->generator, (unsigned)L->gen_frame +
			L->fr_localsplus);
}

static bool
is_a(const struct py_walk *w, py_obj o, py_obj type)
{
	uintptr_t have;

	return py_ok(o) && py_peek_ptr(o + w->L->ob_type, &have) &&
		have == type;
}

/* Value of a str key in a dict; 0: none. */
static py_obj
entry(const struct py_walk *w, py_obj dict, const char *key)
{
	if (!is_a(w, dict, w->T.dict))
		return 0;
	return py_table_find(w, dict, key, py_strlen(key, SIZE_MAX));
}

static bool
is_text(const struct py_walk *w, py_obj o, const char *s)
{
	return is_a(w, o, w->T.str) &&
		py_str_is(w, o, s, py_strlen(s, SIZE_MAX));
}

static bool
check_interpreter(const struct py_walk *w)
{
	const struct py_layout *L = w->L;
	uintptr_t main, modules, sysdict, builtins;

	return py_peek_ptr(w->runtime + L->rt_interp_main, &main) &&
		main == w->interp &&
		py_peek_ptr(w->interp + L->in_modules, &modules) &&
		modules == w->modules && is_a(w, modules, w->T.dict) &&
		py_peek_ptr(w->interp + L->in_sysdict, &sysdict) &&
		is_a(w, sysdict, w->T.dict) &&
		entry(w, sysdict, "modules") == modules &&
		py_peek_ptr(w->interp + L->in_builtins, &builtins) &&
		is_a(w, builtins, w->T.dict) &&
		is_a(w, entry(w, builtins, "len"), w->T.cfunction);
}

static bool
check_code(const struct py_walk *w, py_obj code, const char *name)
{
	const struct py_layout *L = w->L;
	int64_t locals = L->co_nlocalsplus != PY_NO ?
		PY_AT(code, L->co_nlocalsplus, int) :
		PY_AT(code, L->co_nlocals, int);
	py_obj names = PY_AT(code, L->co_localsplusnames != PY_NO ?
			     L->co_localsplusnames : L->co_varnames, py_obj);

	return is_a(w, PY_AT(code, L->co_consts, py_obj), w->T.tuple) &&
		is_a(w, PY_AT(code, L->co_names, py_obj), w->T.tuple) &&
		is_a(w, PY_AT(code, L->co_filename, py_obj), w->T.str) &&
		is_a(w, PY_AT(code, L->co_linetable, py_obj), w->T.bytes) &&
		is_a(w, names, w->T.tuple) && locals ==
			PY_AT(names, L->ob_size, int64_t) &&
		is_text(w, PY_AT(code, L->co_name, py_obj), name);
}

/* A function of the import system's own module. */
static bool
check_function(const struct py_walk *w, py_obj module)
{
	static const char name[] = "_find_and_load";
	const struct py_layout *L = w->L;
	py_obj dict = PY_AT(module, L->module_dict, py_obj);
	py_obj f = entry(w, dict, name);

	if (!f)
		return true;	/* somebody took it out */
	return is_a(w, f, w->T.function) &&
		PY_AT(f, L->func_globals, py_obj) == dict &&
		is_text(w, PY_AT(f, L->func_name, py_obj), name) &&
		is_a(w, PY_AT(f, L->func_code, py_obj), w->T.code) &&
		check_code(w, PY_AT(f, L->func_code, py_obj), name);
}

/* Where classes made in Python have their tp_traverse from. */
static void
find_subtype_traverse(struct py_walk *w, py_obj module)
{
	py_obj dict = PY_AT(module, w->L->module_dict, py_obj);
	py_obj spec = entry(w, dict, "ModuleSpec");

	if (is_a(w, spec, w->T.type) && py_is_heap_type(w, spec))
		w->subtype_traverse = PY_AT(spec, w->L->tp_traverse,
					    uintptr_t);
}

static bool
check_threads(const struct py_walk *w)
{
	const struct py_layout *L = w->L;
	uintptr_t ts, interp;
	int n;

	if (!py_peek_ptr(w->interp + L->in_threads_head, &ts) || !ts)
		return false;
	for (n = 0; ts && n < MOST_THREADS; n++) {
		if (!py_peek_ptr(ts + L->ts_interp, &interp) ||
		    interp != w->interp ||
		    !py_peek_ptr(ts + L->ts_next, &ts))
			return false;
	}
	return !ts;
}

bool
py_verify(struct py_walk *w, struct py_layout *L, char *why, size_t cap)
{
	py_obj module;

	if (!check_names(w))
		return fails(why, cap, "type objects");
	if (!check_sizes(w) || !find_instructions(w, L))
		return fails(why, cap, "sizes of built-in types");
	if (!check_interpreter(w))
		return fails(why, cap, "interpreter state");
	if (!check_threads(w))
		return fails(why, cap, "list of threads");
	module = entry(w, w->modules, "_frozen_importlib");
	if (!is_a(w, module, w->T.module))
		return true;	/* no sample; the rest has been looked at */
	if (!check_function(w, module))
		return fails(why, cap, "functions");
	find_subtype_traverse(w, module);
	return true;
}
