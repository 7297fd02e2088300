/* SPDX-License-Identifier: MIT */
/*
 * edges_functions.c - functions, methods, cells and code.
 *
 * Code objects are no business of the collector's and have no tp_traverse:
 * what only a code object holds is found here or nowhere.
 */
#include "runtime/cpython/walk.h"

void
py_edges_function(struct py_walk *w, py_obj o)
{
	const struct py_layout *L = w->L;

	py_ref_field(w, o, L->func_code, OBJTOP_REL_SLOT, "__code__");
	py_ref_field(w, o, L->func_globals, OBJTOP_REL_GLOBAL, "__globals__");
	py_ref_field(w, o, L->func_builtins, OBJTOP_REL_GLOBAL,
		     "__builtins__");
	py_ref_field(w, o, L->func_name, OBJTOP_REL_SLOT, "__name__");
	py_ref_field(w, o, L->func_qualname, OBJTOP_REL_SLOT, "__qualname__");
	py_ref_field(w, o, L->func_defaults, OBJTOP_REL_DEFAULT,
		     "__defaults__");
	py_ref_field(w, o, L->func_kwdefaults, OBJTOP_REL_DEFAULT,
		     "__kwdefaults__");
	py_ref_field(w, o, L->func_doc, OBJTOP_REL_SLOT, "__doc__");
	py_ref_field(w, o, L->func_closure, OBJTOP_REL_CLOSURE, "__closure__");
	py_ref_field(w, o, L->func_module, OBJTOP_REL_SLOT, "__module__");
	py_ref_field(w, o, L->func_annotations, OBJTOP_REL_SLOT,
		     "__annotations__");
	py_ref_field(w, o, L->func_annotate, OBJTOP_REL_SLOT, "__annotate__");
	py_ref_field(w, o, L->func_typeparams, OBJTOP_REL_SLOT,
		     "__type_params__");
}

void
py_edges_method(struct py_walk *w, py_obj o)
{
	py_ref_field(w, o, w->L->method_func, OBJTOP_REL_SLOT, "__func__");
	py_ref_field(w, o, w->L->method_self, OBJTOP_REL_SLOT, "__self__");
}

void
py_edges_cfunction(struct py_walk *w, py_obj o, const struct py_info *info)
{
	const struct py_layout *L = w->L;

	py_ref_field(w, o, L->cfunc_self, OBJTOP_REL_SLOT, "__self__");
	py_ref_field(w, o, L->cfunc_module, OBJTOP_REL_SLOT, "__module__");
	/* Only methods that were given their class have room for it. */
	if (L->cfunc_class != PY_NO && info->basicsize > L->cfunc_class)
		py_ref_field(w, o, L->cfunc_class, OBJTOP_REL_INTERNAL,
			     "class");
}

void
py_edges_cell(struct py_walk *w, py_obj o)
{
	py_obj v = PY_AT(o, w->L->cell_ref, py_obj);
	py_obj name = py_hint(w, o);

	if (v && name)
		py_ref_str(w, v, OBJTOP_REL_CELL, name);
	else if (v)
		py_ref(w, v, OBJTOP_REL_CELL);
}

/* What code objects keep once it has been asked for. */
static void
cached(struct py_walk *w, py_obj o)
{
	static const char *const names[] = {
		"co_code", "co_varnames", "co_cellvars", "co_freevars",
	};
	uintptr_t c, v, type;
	unsigned i;

	if (w->L->co_cached == PY_NO)
		return;
	if (w->minor == 11) {
		py_ref_field(w, o, w->L->co_cached, OBJTOP_REL_SLOT, names[0]);
		return;
	}
	c = PY_AT(o, w->L->co_cached, uintptr_t);
	/* Nothing has verified this field: looked at with care. */
	for (i = 0; py_ok(c) && i < 4; i++) {
		if (py_peek_ptr(c + i * 8, &v) && py_ok(v) &&
		    py_peek_ptr(v + w->L->ob_type, &type) &&
		    type == (i ? w->T.tuple : w->T.bytes))
			py_ref_cstr(w, v, OBJTOP_REL_SLOT, names[i]);
	}
}

void
py_edges_code(struct py_walk *w, py_obj o)
{
	const struct py_layout *L = w->L;

	py_ref_field(w, o, L->co_consts, OBJTOP_REL_SLOT, "co_consts");
	py_ref_field(w, o, L->co_names, OBJTOP_REL_SLOT, "co_names");
	py_ref_field(w, o, L->co_localsplusnames, OBJTOP_REL_INTERNAL,
		     "co_localsplusnames");
	py_ref_field(w, o, L->co_localspluskinds, OBJTOP_REL_INTERNAL,
		     "co_localspluskinds");
	py_ref_field(w, o, L->co_varnames, OBJTOP_REL_SLOT, "co_varnames");
	py_ref_field(w, o, L->co_freevars, OBJTOP_REL_SLOT, "co_freevars");
	py_ref_field(w, o, L->co_cellvars, OBJTOP_REL_SLOT, "co_cellvars");
	py_ref_field(w, o, L->co_filename, OBJTOP_REL_SLOT, "co_filename");
	py_ref_field(w, o, L->co_name, OBJTOP_REL_SLOT, "co_name");
	py_ref_field(w, o, L->co_qualname, OBJTOP_REL_SLOT, "co_qualname");
	py_ref_field(w, o, L->co_linetable, OBJTOP_REL_SLOT,
		     w->minor < 10 ? "co_lnotab" : "co_linetable");
	py_ref_field(w, o, L->co_exceptiontable, OBJTOP_REL_SLOT,
		     "co_exceptiontable");
	/* An object to 3.10; then the instructions themselves. */
	if (w->minor < 11)
		py_ref_field(w, o, L->co_code, OBJTOP_REL_SLOT, "co_code");
	cached(w, o);
}
