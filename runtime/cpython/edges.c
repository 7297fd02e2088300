/* SPDX-License-Identifier: MIT */
/*
 * edges.c - the references out of one object.
 *
 * Three sources, in this order: the layout of the families we know, which
 * gives every reference its name; the fields that tp_members names; and
 * tp_traverse for what is left, called with a visitor that leaves out what has
 * been said already.  tp_traverse runs code of extension modules, which only
 * reads in all that we know of; this is why the walk runs in a clone.
 */
#include <string.h>

#include "runtime/cpython/walk.h"

#define NAME_MAX_BYTES	240
#define STATE_INTERNED	3u		/* low bits of a str's state */

/* Does the sink get the refs that are being made? */
static bool
is_told(const struct py_walk *w)
{
	return w->in_root ? w->pass == PY_PASS_TELL : w->want_refs;
}

static bool
is_named(const struct py_walk *w)
{
	return w->want_names && is_told(w);
}

/* What a ref means for the walk itself. */
static void
follow(struct py_walk *w, py_obj to, unsigned relation)
{
	py_push(w, to);
	if (w->tally_on)
		py_tally_add(w, to);
	if (w->watch && relation != OBJTOP_REL_WEAK && !w->borrowed &&
	    (!w->in_root || w->pass == PY_PASS_COUNT))
		py_watch_held(w->watch, to);
}

static void
emit(struct py_walk *w, struct objtop_ref *r)
{
	struct objtop_sink *s = w->sink;
	int stop;

	follow(w, (py_obj)r->to, r->relation);
	if (!is_told(w))
		return;
	stop = w->in_root ? s->root_ref(s, r) : s->ref(s, r);
	if (stop)
		w->stop = 1;
}

static bool
is_target(struct py_walk *w, py_obj to)
{
	if (py_ok(to))
		return to != w->own[0] && to != w->own[1] && to != w->own_entry;
	if (to)
		w->odd_refs++;
	return false;
}

void
py_ref(struct py_walk *w, py_obj to, unsigned relation)
{
	struct objtop_ref r = { .to = to, .relation = (uint8_t)relation };

	if (is_target(w, to))
		emit(w, &r);
}

void
py_ref_index(struct py_walk *w, py_obj to, unsigned relation, int64_t i)
{
	struct objtop_ref r = {
		.to = to,
		.relation = (uint8_t)relation,
		.name_type = OBJTOP_NAME_INDEX,
		.index = i,
	};

	if (is_target(w, to))
		emit(w, &r);
}

/* Emits with a name that the sink knows by `key`; UINT32_MAX: without. */
static void
emit_named(struct py_walk *w, py_obj to, unsigned relation, uint32_t id)
{
	struct objtop_ref r = {
		.to = to,
		.relation = (uint8_t)relation,
		.name_type = id == UINT32_MAX ? OBJTOP_NAME_NONE :
			OBJTOP_NAME_ID,
		.id = id == UINT32_MAX ? 0 : id,
	};

	emit(w, &r);
}

/*
 * Where values must not be told, a key is told only when it is interned:
 * then it stands in the program's text, and is no data.
 */
static bool
may_tell(const struct py_walk *w, py_obj str)
{
	return w->want_text ||
		(PY_AT(str, w->L->str_state, uint32_t) & STATE_INTERNED);
}

void
py_ref_str(struct py_walk *w, py_obj to, unsigned relation, py_obj str)
{
	struct objtop_sink *s = w->sink;
	char name[NAME_MAX_BYTES];
	uint32_t id = UINT32_MAX;
	size_t n;

	if (!is_target(w, to))
		return;
	if (is_named(w) && py_ok(str)) {
		id = s->name_known(s, str);
		if (id == UINT32_MAX && may_tell(w, str)) {
			n = py_str_utf8(w, str, name, sizeof(name));
			id = s->name(s, str, name, n);
		}
	}
	emit_named(w, to, relation, id);
}

void
py_ref_known(struct py_walk *w, py_obj to, unsigned relation, py_obj key)
{
	if (is_target(w, to))
		emit_named(w, to, relation, is_named(w) ?
			   w->sink->name_known(w->sink, key) : UINT32_MAX);
}

void
py_ref_cstr(struct py_walk *w, py_obj to, unsigned relation,
	    const char *static_name)
{
	struct objtop_sink *s = w->sink;
	uint64_t key = (uintptr_t)static_name;
	uint32_t id = UINT32_MAX;
	size_t n = 0;

	if (!is_target(w, to))
		return;
	if (is_named(w) && static_name) {
		id = s->name_known(s, key);
		if (id == UINT32_MAX) {
			while (static_name[n])
				n++;
			id = s->name(s, key, static_name, n);
		}
	}
	emit_named(w, to, relation, id);
}

void
py_ref_peek(struct py_walk *w, py_obj to, unsigned relation, uintptr_t cstr)
{
	struct objtop_sink *s = w->sink;
	char name[NAME_MAX_BYTES];
	uint32_t id = UINT32_MAX;
	size_t n = 0;

	if (!is_target(w, to))
		return;
	if (is_named(w)) {
		id = s->name_known(s, cstr);
		if (id == UINT32_MAX &&
		    py_peek_str(cstr, name, sizeof(name))) {
			while (name[n])
				n++;
			id = s->name(s, cstr, name, n);
		}
	}
	emit_named(w, to, relation, id);
}

void
py_ref_field(struct py_walk *w, py_obj o, unsigned offset, unsigned relation,
	     const char *static_name)
{
	if (offset != PY_NO)
		py_ref_cstr(w, PY_AT(o, offset, py_obj), relation,
			    static_name);
}

/* ---- what only tp_traverse knows ---- */

struct visit {
	struct py_walk *w;
	const struct py_info *info;
	int64_t index;
};

static int
visited(void *target, void *arg)
{
	struct visit *v = arg;
	py_obj to = (py_obj)target;

	if (v->w->stop)
		return 1;
	if (!is_target(v->w, to) || py_tally_take(v->w, to))
		return 0;
	v->w->tally_on = false;
	if (v->info->family == PY_FAM_DEQUE)
		py_ref_index(v->w, to, OBJTOP_REL_ITEM, v->index++);
	else
		py_ref(v->w, to, OBJTOP_REL_INTERNAL);
	v->w->tally_on = true;
	return 0;
}

static void
traverse(struct py_walk *w, py_obj o, const struct py_info *info)
{
	int (*f)(void *, int (*)(void *, void *), void *);
	struct visit v = { .w = w, .info = info };
	uintptr_t address = info->traverse;

	_Static_assert(sizeof(f) == sizeof(address), "a function's address");
	memcpy(&f, &address, sizeof(f));
	f((void *)o, visited, &v);
}

/* The fields of the families; false: none of them has this type. */
static void
family(struct py_walk *w, py_obj o, const struct py_info *info)
{
	switch ((enum py_family)info->family) {
	case PY_FAM_OTHER:
	case PY_FAM_LEAF:
	case PY_FAM_OBJECT:
	case PY_FAM_DEQUE:
		break;
	case PY_FAM_LIST:
		py_edges_list(w, o);
		break;
	case PY_FAM_TUPLE:
		py_edges_tuple(w, o);
		break;
	case PY_FAM_DICT:
		py_edges_dict(w, o);
		break;
	case PY_FAM_SET:
		py_edges_set(w, o);
		break;
	case PY_FAM_FUNCTION:
		py_edges_function(w, o);
		break;
	case PY_FAM_METHOD:
		py_edges_method(w, o);
		break;
	case PY_FAM_CFUNCTION:
		py_edges_cfunction(w, o, info);
		break;
	case PY_FAM_CELL:
		py_edges_cell(w, o);
		break;
	case PY_FAM_CODE:
		py_edges_code(w, o);
		break;
	case PY_FAM_FRAME:
		py_edges_frame(w, o);
		break;
	case PY_FAM_GENERATOR:
	case PY_FAM_COROUTINE:
	case PY_FAM_ASYNCGEN:
		py_edges_generator(w, o, (enum py_family)info->family);
		break;
	case PY_FAM_GREENLET:
		py_edges_greenlet(w, o);
		break;
	case PY_FAM_NDARRAY:
		py_edges_ndarray(w, o);
		break;
	case PY_FAM_TYPE:
		py_edges_type(w, o);
		break;
	case PY_FAM_WEAKREF:
		py_edges_weakref(w, o);
		break;
	case PY_FAM_EXCEPTION:
		py_edges_exception(w, o);
		break;
	case PY_FAM_TRACEBACK:
		py_edges_traceback(w, o);
		break;
	case PY_FAM_RANGE:
	case PY_FAM_DATETIME:
	case PY_FAM_TIME:
		py_edges_value(w, o, (enum py_family)info->family);
		break;
	}
}

void
py_edges_of(struct py_walk *w, py_obj o, const struct py_info *info)
{
	bool visit = info->traverse && py_is_gc(w, o, info->type);

	if (visit && !py_tally_begin(w))
		return;
	follow(w, info->type, OBJTOP_REL_TYPE);	/* told by OBJTOP_CLASS */
	family(w, o, info);
	if (!info->plain)
		py_edges_instance(w, o, info);
	if (visit)
		traverse(w, o, info);
	w->tally_on = false;
}
