/* SPDX-License-Identifier: MIT */
/*
 * edges_types.c - types; and weak references, exceptions, and values that hold
 * objects without the collector's knowledge.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/walk.h"

/* datetime.datetime and datetime.time, the same since 3.6. */
#define DATE_HAS_ZONE	24
#define DATETIME_ZONE	40
#define TIME_ZONE	32

void
py_edges_type(struct py_walk *w, py_obj o)
{
	const struct py_layout *L = w->L;
	struct py_type_state st;

	py_type_state(w, o, &st);
	py_ref_cstr(w, st.dict, OBJTOP_REL_ATTRIBUTE, "__dict__");
	py_ref_field(w, o, L->tp_base, OBJTOP_REL_BASE, "__base__");
	py_ref_field(w, o, L->tp_bases, OBJTOP_REL_BASE, "__bases__");
	py_ref_field(w, o, L->tp_mro, OBJTOP_REL_BASE, "__mro__");
	py_ref_field(w, o, L->tp_cache, OBJTOP_REL_INTERNAL, "cache");
	py_ref_cstr(w, st.subclasses, OBJTOP_REL_SUBCLASS, "__subclasses__");
	if (!py_is_heap_type(w, o)) {
		py_statics_add(w, o);
		return;
	}
	py_ref_field(w, o, L->ht_name, OBJTOP_REL_SLOT, "__name__");
	py_ref_field(w, o, L->ht_qualname, OBJTOP_REL_SLOT, "__qualname__");
	py_ref_field(w, o, L->ht_slots, OBJTOP_REL_SLOT, "__slots__");
	py_ref_field(w, o, L->ht_module, OBJTOP_REL_INTERNAL, "module");
	py_ref_shared_keys(w, PY_AT(o, L->ht_cached_keys, uintptr_t));
}

void
py_edges_weakref(struct py_walk *w, py_obj o)
{
	py_obj to = PY_AT(o, w->L->weak_object, py_obj);

	/* None stands for what is gone. */
	if (to && to != w->none)
		py_ref(w, to, OBJTOP_REL_WEAK);
	py_ref_field(w, o, w->L->weak_callback, OBJTOP_REL_SLOT,
		     "__callback__");
}

void
py_edges_exception(struct py_walk *w, py_obj o)
{
	const struct py_layout *L = w->L;

	py_ref_field(w, o, L->exc_args, OBJTOP_REL_SLOT, "args");
	py_ref_field(w, o, L->exc_notes, OBJTOP_REL_SLOT, "__notes__");
	py_ref_field(w, o, L->exc_traceback, OBJTOP_REL_TRACEBACK,
		     "__traceback__");
	py_ref_field(w, o, L->exc_context, OBJTOP_REL_TRACEBACK,
		     "__context__");
	py_ref_field(w, o, L->exc_cause, OBJTOP_REL_TRACEBACK, "__cause__");
}

void
py_edges_traceback(struct py_walk *w, py_obj o)
{
	py_ref_field(w, o, w->L->tb_next, OBJTOP_REL_TRACEBACK, "tb_next");
	py_ref_field(w, o, w->L->tb_frame, OBJTOP_REL_TRACEBACK, "tb_frame");
}

void
py_edges_value(struct py_walk *w, py_obj o, enum py_family family)
{
	static const char *const range[] = {
		"start", "stop", "step", "length",
	};
	uintptr_t at = py_body(w, o);
	unsigned i;

	if (family == PY_FAM_RANGE) {
		for (i = 0; i < 4; i++)
			py_ref_field(w, o, w->L->ob_size + i * 8, OBJTOP_REL_SLOT,
				     range[i]);
	} else if (PY_AT(at, DATE_HAS_ZONE, uint8_t) == 1) {
		py_ref_field(w, at, family == PY_FAM_TIME ? TIME_ZONE :
			     DATETIME_ZONE, OBJTOP_REL_SLOT, "tzinfo");
	}
}
