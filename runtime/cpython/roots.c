/* SPDX-License-Identifier: MIT */
/*
 * roots.c - what keeps objects alive from outside: modules by name, the frames
 * of every thread, and the state of threads and of the interpreter; of each
 * interpreter, those but the main one by their number ("interp 1: json").
 *
 * To 3.10 a frame is an object and the root refers to it; later the root holds
 * the frame's locals and stack itself, except where a generator or a frame
 * object owns the frame: then it refers to the owner.
 *
 * Three passes: before the objects, to mark what roots hold; after them, to
 * count their references; and then to tell them, with those slots of running
 * frames' stacks that the count leaves as in use (watch.c).
 */
#include "runtime/cpython/walk.h"

#define NAME_MAX_BYTES	400
#define MOST_THREADS	100000
#define MOST_FRAMES	10000000

enum owner {
	OWNED_BY_THREAD,
	OWNED_BY_GENERATOR,
	OWNED_BY_FRAME_OBJECT,
	OWNED_BY_C		/* and above: entered from C, no Python code */
};

struct text {
	char at[NAME_MAX_BYTES];
	size_t n;
};

static void
put(struct text *t, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && t->n < sizeof(t->at); i++)
		t->at[t->n++] = s[i];
}

static void
put_number(struct text *t, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	put(t, digits + n, sizeof(digits) - n);
}

static void
begin(struct py_walk *w, const struct py_interp *in,
      enum objtop_root_kind kind, const struct text *name, uint64_t thread)
{
	struct objtop_root r = {
		.kind = (uint8_t)kind,
		.name = name->at,
		.name_len = name->n,
		.thread = thread,
	};
	struct text told = { .n = 0 };

	if (in->id && w->pass == PY_PASS_TELL) {
		put(&told, "interp ", 7);
		put_number(&told, in->id);
		put(&told, ": ", 2);
		put(&told, name->at, name->n);
		r.name = told.at;
		r.name_len = told.n;
	}
	if (w->pass == PY_PASS_TELL && w->sink->root(w->sink, &r))
		w->stop = 1;
	w->in_root = true;
}

static void
end(struct py_walk *w)
{
	w->in_root = false;
}

/* ---- modules, interpreter ---- */

static void
modules(struct py_walk *w, const struct py_interp *in)
{
	struct py_table t;
	struct text name;
	py_obj key, module;
	uint64_t i;

	if (!py_table(w, in->modules, &t))
		return;
	for (i = 0; i < t.n && !w->stop; i++) {
		module = py_table_at(&t, i, &key);
		if (!module || !py_ok(key) || module == w->none)
			continue;
		name.n = py_str_utf8(w, key, name.at, sizeof(name.at));
		begin(w, in, OBJTOP_ROOT_MODULE, &name, 0);
		py_ref(w, module, OBJTOP_REL_MODULE);
		end(w);
	}
}

/* A field that nothing has verified: followed if it holds an object. */
static void
state(struct py_walk *w, uintptr_t base, uint32_t offset, unsigned relation,
      const char *name)
{
	uintptr_t v, type;

	if (offset != PY_NO && py_peek_ptr(base + offset, &v) && py_ok(v) &&
	    py_peek_ptr(v + w->L->ob_type, &type) && py_info(w, type))
		py_ref_cstr(w, v, relation, name);
}

static void
of_interpreter(struct py_walk *w, const struct py_interp *in, uint32_t offset,
	       const char *name)
{
	state(w, in->at, offset, OBJTOP_REL_INTERNAL, name);
}

static void
interpreter(struct py_walk *w, const struct py_interp *in)
{
	const struct py_layout *L = w->L;
	struct text name = { .n = 0 };

	put(&name, "interpreter", 11);
	begin(w, in, OBJTOP_ROOT_INTERPRETER, &name, 0);
	of_interpreter(w, in, L->in_modules, "sys.modules");
	of_interpreter(w, in, L->in_sysdict, "sys");
	of_interpreter(w, in, L->in_builtins, "builtins");
	of_interpreter(w, in, L->in_modules_index, "modules by index");
	of_interpreter(w, in, L->in_importlib, "importlib");
	of_interpreter(w, in, L->in_import_func, "__import__");
	of_interpreter(w, in, L->in_dict, "interpreter dict");
	if (L->in_codecs != PY_NO) {
		of_interpreter(w, in, L->in_codecs, "codec search path");
		of_interpreter(w, in, L->in_codecs + 8, "codec cache");
		of_interpreter(w, in, L->in_codecs + 16,
			       "codec error handlers");
	}
	if (in->id)
		py_static_state_of(w, in->at);
	if (!in->id && w->interned)
		of_interpreter(w, in, L->in_interned, "interned strings");
	end(w);
}

/* ---- threads ---- */

static uint64_t
native_id(const struct py_walk *w, uintptr_t ts)
{
	uintptr_t thread;
	int id;

	if (w->L->ts_native_id != PY_NO)
		return PY_AT(ts, w->L->ts_native_id, uint64_t);
	/* To 3.10 only the C library's structure knows it. */
	thread = PY_AT(ts, w->L->ts_thread_id, uintptr_t);
	if (!w->tid_offset ||
	    !py_peek(thread + w->tid_offset, &id, sizeof(id)) || id <= 0)
		return 0;
	return (uint64_t)id;
}

/* The last two parts of a path: "server.py" alone is in every package. */
static void
put_path(struct text *t, const char *path, size_t n)
{
	size_t from = n;
	int parts = 0;

	while (from > 0) {
		if (path[from - 1] == '/' && ++parts == 2)
			break;
		from--;
	}
	put(t, path + from, n - from);
}

static void
put_place(const struct py_walk *w, struct text *t, py_obj code, int lasti)
{
	const struct py_layout *L = w->L;
	char s[NAME_MAX_BYTES / 2];
	int line;

	if (w->pass != PY_PASS_TELL)
		return;		/* nobody will read it */
	put(t, s, py_str_utf8(w, PY_AT(code, L->co_name, py_obj), s,
			      sizeof(s) / 2));
	put(t, " (", 2);
	put_path(t, s, py_str_utf8(w, PY_AT(code, L->co_filename, py_obj), s,
				   sizeof(s)));
	line = py_code_line(w, code, lasti);
	if (line > 0) {
		put(t, ":", 1);
		put_number(t, (uint64_t)line);
	}
	put(t, ")", 1);
}

/*
 * The evaluation stack of a running frame.  What its slots point at is an
 * object for certain when it is seen already: first of all by the collector.
 */
static void
running_stack(struct py_walk *w, uintptr_t frame)
{
	int64_t n, i;
	uintptr_t at = py_frame_slots(w, frame, &n);
	py_obj v;

	for (i = 0; py_ok(at) && i < n; i++) {
		v = py_slot(w, PY_AT(at, (uintptr_t)i * 8, uintptr_t));
		if (!py_ok(v))
			continue;
		if (w->pass == PY_PASS_MARK && py_bitmap_has(w, v))
			py_watch_add(w, v);
		if (w->pass == PY_PASS_TELL && py_watch_take(w, v))
			py_ref_index(w, v, OBJTOP_REL_STACK, i);
	}
}

static bool
is_code(const struct py_walk *w, py_obj code)
{
	return py_ok(code) && py_type(w, code) == w->T.code;
}

static void
old_frames(struct py_walk *w, const struct py_interp *in, uintptr_t ts,
	   uint64_t id)
{
	const struct py_layout *L = w->L;
	py_obj f = PY_AT(ts, L->ts_frame, py_obj);
	int n, lasti;

	for (n = 0; py_ok(f) && n < MOST_FRAMES && !w->stop; n++) {
		struct text name = { .n = 0 };
		py_obj code = PY_AT(f, L->fr_code, py_obj);

		if (!is_code(w, code))
			break;
		lasti = PY_AT(f, L->fr_lasti, int);
		put_place(w, &name, code, w->minor == 10 ? lasti * 2 : lasti);
		begin(w, in, OBJTOP_ROOT_FRAME, &name, id);
		py_ref_cstr(w, f, OBJTOP_REL_INTERNAL, "frame");
		running_stack(w, f);
		end(w);
		f = PY_AT(f, L->fr_previous, py_obj);
	}
}

static void
frame_root(struct py_walk *w, const struct py_interp *in, uintptr_t frame,
	   int owner, py_obj code, uint64_t id)
{
	const struct py_layout *L = w->L;
	struct text name = { .n = 0 };
	uintptr_t at = PY_AT(frame, L->fr_prev_instr, uintptr_t);

	put_place(w, &name, code, (int)(at - (code + L->co_code)));
	begin(w, in, OBJTOP_ROOT_FRAME, &name, id);
	if (owner == OWNED_BY_GENERATOR)
		py_ref_cstr(w, frame - L->gen_frame, OBJTOP_REL_INTERNAL,
			    "generator");
	else if (owner == OWNED_BY_FRAME_OBJECT)
		py_ref_field(w, frame, L->fr_frame_obj, OBJTOP_REL_INTERNAL,
			     "frame");
	else
		py_edges_iframe(w, frame);
	running_stack(w, frame);
	end(w);
}

static void
frames(struct py_walk *w, const struct py_interp *in, uintptr_t ts,
       uint64_t id)
{
	const struct py_layout *L = w->L;
	uintptr_t frame, c;
	int n, owner;

	if (L->ts_cframe != PY_NO) {
		c = PY_AT(ts, L->ts_cframe, uintptr_t);
		frame = py_ok(c) ? PY_AT(c, L->cframe_frame, uintptr_t) : 0;
	} else {
		frame = PY_AT(ts, L->ts_frame, uintptr_t);
	}
	for (n = 0; py_ok(frame) && n < MOST_FRAMES && !w->stop; n++) {
		py_obj code = py_slot(w, PY_AT(frame, L->fr_code, uintptr_t));

		if (w->pass == PY_PASS_MARK)
			py_bitmap_claim(w, frame);
		owner = PY_AT(frame, L->fr_owner, char);
		if (owner < OWNED_BY_C && is_code(w, code))
			frame_root(w, in, frame, owner, code, id);
		frame = PY_AT(frame, L->fr_previous, uintptr_t);
	}
}

/* What a thread holds outside its frames. */
static void
thread_root(struct py_walk *w, const struct py_interp *in, uintptr_t ts,
	    uint64_t id)
{
	const struct py_layout *L = w->L;
	const unsigned exc = L->ts_exc_state, raised = L->ts_current_exc;
	const unsigned hooks = L->ts_asyncgen, trace = L->ts_profileobj;
	const struct {
		unsigned offset;
		unsigned until;		/* 3.n has it no more */
		unsigned relation;
		const char *name;
	} fields[] = {
		{ L->ts_dict, 99, OBJTOP_REL_INTERNAL, "thread dict" },
		{ L->ts_context, 99, OBJTOP_REL_INTERNAL, "context" },
		{ L->ts_async_exc, 99, OBJTOP_REL_INTERNAL,
		  "asynchronous exception" },
		{ hooks, 99, OBJTOP_REL_INTERNAL,
		  "async generator first iteration hook" },
		{ hooks + 8, 99, OBJTOP_REL_INTERNAL,
		  "async generator finalizer hook" },
		{ trace, 99, OBJTOP_REL_INTERNAL, "profile function" },
		{ trace + 8, 99, OBJTOP_REL_INTERNAL, "trace function" },
		/* Type, value and traceback, or the exception alone. */
		{ exc, 99, OBJTOP_REL_TRACEBACK, "exception handled" },
		{ exc + 8, 11, OBJTOP_REL_TRACEBACK, "value handled" },
		{ exc + 16, 11, OBJTOP_REL_TRACEBACK, "traceback handled" },
		{ raised, 99, OBJTOP_REL_TRACEBACK, "exception raised" },
		{ raised + 8, 12, OBJTOP_REL_TRACEBACK, "value raised" },
		{ raised + 16, 12, OBJTOP_REL_TRACEBACK, "traceback raised" },
	};
	struct text name = { .n = 0 };
	size_t i;

	put(&name, "thread ", 7);
	put_number(&name, id);
	begin(w, in, OBJTOP_ROOT_THREAD, &name, id);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].until > w->minor)
			state(w, ts, fields[i].offset, fields[i].relation,
			      fields[i].name);
	}
	end(w);
}

static void
threads(struct py_walk *w, const struct py_interp *in)
{
	const struct py_layout *L = w->L;
	uintptr_t ts = PY_AT(in->at, L->in_threads_head, uintptr_t);
	uint64_t id;
	int n;

	for (n = 0; py_ok(ts) && n < MOST_THREADS && !w->stop; n++) {
		if (ts != w->own_thread) {
			id = native_id(w, ts);
			if (L->frobj_frame == PY_NO)
				old_frames(w, in, ts, id);
			else
				frames(w, in, ts, id);
			thread_root(w, in, ts, id);
		}
		ts = PY_AT(ts, L->ts_next, uintptr_t);
	}
}

void
py_roots(struct py_walk *w)
{
	size_t i;

	for (i = 0; i < w->n_interps && !w->stop; i++) {
		modules(w, &w->interps[i]);
		interpreter(w, &w->interps[i]);
		threads(w, &w->interps[i]);
	}
}
