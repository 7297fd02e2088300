/* SPDX-License-Identifier: MIT */
/*
 * text.c - a short text that says which value an object is.
 *
 * Leaf values are written as repr() would; what has a name is told by it:
 * "module.qualname()" for functions, "name (file:line)" for code.  Containers
 * and instances have no text.  Instances of subclasses are written as the
 * value they carry.  Which way a type goes is found out once per type; no
 * text follows more than a few pointers, and none runs code.
 */
#include "runtime/cpython/value.h"
#include "runtime/cpython/walk.h"

#define TEXT_CNAME_MAX	256

void
py_put(struct py_out *o, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (o->len == o->cap) {
			o->cut = true;
			return;
		}
		o->p[o->len++] = s[i];
	}
}

void
py_puts(struct py_out *o, const char *s)
{
	py_put(o, s, py_strlen(s, TEXT_CNAME_MAX));
}

void
py_put_str(struct py_out *o, const struct py_walk *w, py_obj str)
{
	struct py_chars c;
	char unit[4];
	size_t i, n;

	if (!py_is_str(w, str) || !py_str_chars(w, str, &c))
		return;
	for (i = 0; i < c.len && !o->cut; i++) {
		n = py_utf8(py_char(&c, i), unit);
		if (n > o->cap - o->len)
			o->cut = true;
		else
			py_put(o, unit, n);
	}
}

static bool
text_is_name(const struct py_walk *w, py_obj type, const char *name)
{
	const char *s = PY_AT(type, w->L->tp_name, py_cstr);

	return s && !(py_flags(w, type) & PY_FLAG_HEAPTYPE) &&
		py_streq(name, s);
}

static const struct {
	uint16_t at;		/* in struct py_types */
	uint8_t text;
} by_address[] = {
	{ offsetof(struct py_types, boolean), PY_TEXT_BOOL },
	{ offsetof(struct py_types, integer), PY_TEXT_INT },
	{ offsetof(struct py_types, real), PY_TEXT_FLOAT },
	{ offsetof(struct py_types, str), PY_TEXT_STR },
	{ offsetof(struct py_types, bytes), PY_TEXT_BYTES },
	{ offsetof(struct py_types, bytearray), PY_TEXT_BYTEARRAY },
	{ offsetof(struct py_types, complex), PY_TEXT_COMPLEX },
	{ offsetof(struct py_types, none), PY_TEXT_WORD },
	{ offsetof(struct py_types, ellipsis), PY_TEXT_WORD },
	{ offsetof(struct py_types, function), PY_TEXT_FUNCTION },
	{ offsetof(struct py_types, method), PY_TEXT_METHOD },
	{ offsetof(struct py_types, cfunction), PY_TEXT_CFUNCTION },
	{ offsetof(struct py_types, code), PY_TEXT_CODE },
	{ offsetof(struct py_types, frame), PY_TEXT_FRAME },
	{ offsetof(struct py_types, generator), PY_TEXT_GENERATOR },
	{ offsetof(struct py_types, coroutine), PY_TEXT_GENERATOR },
	{ offsetof(struct py_types, asyncgen), PY_TEXT_GENERATOR },
	{ offsetof(struct py_types, module), PY_TEXT_MODULE },
	{ offsetof(struct py_types, type), PY_TEXT_TYPE },
	{ offsetof(struct py_types, range), PY_TEXT_RANGE },
	{ offsetof(struct py_types, slice), PY_TEXT_SLICE },
	{ offsetof(struct py_types, weakref), PY_TEXT_WEAKREF },
};

static const struct {
	const char *name;
	uint8_t text;
} by_name[] = {
	{ "NoneType", PY_TEXT_WORD },
	{ "ellipsis", PY_TEXT_WORD },
	{ "NotImplementedType", PY_TEXT_WORD },
	{ "method_descriptor", PY_TEXT_DESCR },
	{ "classmethod_descriptor", PY_TEXT_DESCR },
	{ "wrapper_descriptor", PY_TEXT_DESCR },
	{ "getset_descriptor", PY_TEXT_DESCR },
	{ "member_descriptor", PY_TEXT_DESCR },
};

/* py_mro_fn */
static bool
text_find(const struct py_walk *w, py_obj cls, void *arg)
{
	uint8_t *text = arg;
	size_t i;

	for (i = 0; i < sizeof(by_address) / sizeof(by_address[0]); i++) {
		if (PY_AT((uintptr_t)&w->T, by_address[i].at, py_obj) == cls) {
			*text = by_address[i].text;
			return true;
		}
	}
	for (i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++) {
		if (text_is_name(w, cls, by_name[i].name)) {
			*text = by_name[i].text;
			return true;
		}
	}
	return false;
}

uint8_t
py_text_classify(const struct py_walk *w, py_obj type)
{
	uint8_t text = PY_TEXT_NONE;

	py_mro_each(w, type, text_find, &text);
	return text;
}

static void
text_word(struct py_out *o, const struct py_walk *w, py_obj v, py_obj type)
{
	if (v == w->none)
		py_puts(o, "None");
	else if (text_is_name(w, type, "ellipsis"))
		py_puts(o, "Ellipsis");
	else if (text_is_name(w, type, "NoneType"))
		py_puts(o, "None");
	else
		py_puts(o, "NotImplemented");
}

static void
text_complex(struct py_out *o, const struct py_walk *w, py_obj v)
{
	double re = PY_AT(v, w->L->ob_size, double);
	double im = PY_AT(v, w->L->ob_size + 8u, double);
	bool imag_only = PY_AT(v, w->L->ob_size, uint64_t) == 0;
	bool minus = PY_AT(v, w->L->ob_size + 8u, uint64_t) >> 63;

	if (!imag_only) {
		py_puts(o, "(");
		py_put_float(o, re, false);
		if (!minus || im != im)
			py_puts(o, "+");
	}
	py_put_float(o, im, false);
	py_puts(o, imag_only ? "j" : "j)");
}

/* "module." unless it is builtins or no str at all */
static void
text_module_dot(struct py_out *o, const struct py_walk *w, py_obj module)
{
	if (!py_is_str(w, module) || py_str_is(w, module, "builtins", 8))
		return;
	py_put_str(o, w, module);
	py_puts(o, ".");
}

static void
text_type(struct py_out *o, const struct py_walk *w, py_obj type)
{
	py_obj qualname = py_type_qualname(w, type);

	if (!qualname) {
		py_puts(o, py_type_cname(w, type));
		return;
	}
	text_module_dot(o, w, py_type_module(w, type));
	py_put_str(o, w, qualname);
}

static void
text_function(struct py_out *o, const struct py_walk *w, py_obj f)
{
	text_module_dot(o, w, PY_AT(f, w->L->func_module, py_obj));
	py_put_str(o, w, PY_AT(f, w->L->func_qualname, py_obj));
	py_puts(o, "()");
}

/* The C name in what m_ml points to, after what the function is bound to. */
static void
text_cfunction(struct py_out *o, const struct py_walk *w, py_obj f)
{
	uintptr_t def = PY_AT(f, w->L->ob_type + 8u, uintptr_t);
	py_obj self = PY_AT(f, w->L->cfunc_self, py_obj);
	const char *name = py_sane(def) ? PY_AT(def, 0, py_cstr) : NULL;

	if (self && w->T.module &&
	    !py_is_subtype(w, py_type(w, self), w->T.module)) {
		text_type(o, w, py_flags(w, py_type(w, self)) & PY_FLAG_TYPE ?
			  self : py_type(w, self));
		py_puts(o, ".");
	} else {
		text_module_dot(o, w, PY_AT(f, w->L->cfunc_module, py_obj));
	}
	py_puts(o, name ? name : "?");
	py_puts(o, "()");
}

static void
text_method(struct py_out *o, const struct py_walk *w, py_obj m)
{
	py_obj f = PY_AT(m, w->L->method_func, py_obj);

	if (!f)
		return;
	if (py_type(w, f) == w->T.function)
		text_function(o, w, f);
	else if (py_type(w, f) == w->T.cfunction)
		text_cfunction(o, w, f);
}

/* PyDescrObject {d_type, d_name} */
static void
text_descr(struct py_out *o, const struct py_walk *w, py_obj d)
{
	py_obj type = PY_AT(d, w->L->ob_type + 8u, py_obj);

	if (type && (py_flags(w, py_type(w, type)) & PY_FLAG_TYPE)) {
		text_type(o, w, type);
		py_puts(o, ".");
	}
	py_put_str(o, w, PY_AT(d, w->L->ob_type + 16u, py_obj));
}

/* The file's name and the directory it is in: what tells files apart. */
static void
text_file(struct py_out *o, const struct py_walk *w, py_obj path)
{
	struct py_chars c;
	size_t i, n, slashes = 0;
	char unit[4];

	if (!py_is_str(w, path) || !py_str_chars(w, path, &c))
		return;
	for (i = c.len; i > 0; i--) {
		if (py_char(&c, i - 1) == '/' && ++slashes == 2)
			break;
	}
	for (; i < c.len; i++) {
		n = py_utf8(py_char(&c, i), unit);
		py_put(o, unit, n);
	}
}

static void
text_code(struct py_out *o, const struct py_walk *w, py_obj code, int line)
{
	uint16_t name = w->L->co_qualname != PY_NO ? w->L->co_qualname :
		w->L->co_name;

	py_put_str(o, w, PY_AT(code, name, py_obj));
	py_puts(o, " (");
	text_file(o, w, PY_AT(code, w->L->co_filename, py_obj));
	py_puts(o, ":");
	py_put_uint(o, line > 0 ? (uint64_t)line : 0);
	py_puts(o, ")");
}

/* Name, file and the line a frame is at. */
static void
text_frame(struct py_out *o, const struct py_walk *w, py_obj v)
{
	const struct py_layout *L = w->L;
	uintptr_t frame = v, instr;
	int64_t lasti;
	py_obj code;

	if (w->minor >= 11)
		frame = PY_AT(v, L->frobj_frame, uintptr_t);
	if (!py_sane(frame))
		return;
	code = PY_AT(frame, L->fr_code, py_obj) & ~(uintptr_t)3;
	if (!code || py_type(w, code) != w->T.code)
		return;
	if (w->minor >= 11) {
		/* 3.13+: the instruction itself; before: the one before it */
		instr = PY_AT(frame, L->fr_prev_instr, uintptr_t);
		lasti = (int64_t)(instr - code - L->co_code);
	} else {
		lasti = PY_AT(v, L->fr_lasti, int32_t);
		if (w->minor == 10)
			lasti *= 2;
	}
	if (lasti < 0 || lasti > INT32_MAX)
		lasti = -1;
	text_code(o, w, code, py_code_line(w, code, (int)lasti));
}

static void
text_generator(struct py_out *o, const struct py_walk *w, py_obj g)
{
	py_put_str(o, w, PY_AT(g, w->L->gen_qualname, py_obj));
	py_puts(o, "()");
}

static void
text_module(struct py_out *o, const struct py_walk *w, py_obj m)
{
	py_obj dict = PY_AT(m, w->L->module_dict, py_obj);

	if (dict && (py_flags(w, py_type(w, dict)) & PY_FLAG_DICT))
		py_put_str(o, w, py_table_find(w, dict, "__name__", 8));
}

static void
text_weakref(struct py_out *o, const struct py_walk *w, py_obj r)
{
	py_obj to = PY_AT(r, w->L->weak_object, py_obj);

	if (!to || to == w->none) {
		py_puts(o, "dead");
		return;
	}
	py_puts(o, "to ");
	text_type(o, w, py_type(w, to));
}

/* An end of a range or slice: only what is plain. */
static void
text_end(struct py_out *o, const struct py_walk *w, py_obj v)
{
	py_obj type = v ? py_type(w, v) : 0;

	if (v && v == w->none)
		py_puts(o, "None");
	else if (type && type == w->T.integer) {
		char buf[48];
		struct py_out sub = { .p = buf, .cap = sizeof(buf) };

		py_put_int(&sub, w, v);
		py_put(o, buf, sub.len);
	} else if (type && type == w->T.str)
		py_put_str_repr(o, w, v);
	else
		py_puts(o, "...");
}

static void
text_ends(struct py_out *o, const struct py_walk *w, py_obj v,
	  const char *name, int n)
{
	int i;

	py_puts(o, name);
	for (i = 0; i < n; i++) {
		py_puts(o, i ? ", " : "(");
		text_end(o, w, PY_AT(v, w->L->ob_type + 8u + 8u * (size_t)i,
				     py_obj));
	}
	py_puts(o, ")");
}

static bool
text_is_one(const struct py_walk *w, py_obj v)
{
	char c;
	struct py_out sub = { .p = &c, .cap = 1 };

	if (!v || py_type(w, v) != w->T.integer)
		return false;
	py_put_int(&sub, w, v);
	return !sub.cut && c == '1';
}

static void
text_range(struct py_out *o, const struct py_walk *w, py_obj v)
{
	bool plain = text_is_one(w, PY_AT(v, w->L->ob_type + 24u, py_obj));

	text_ends(o, w, v, "range", plain ? 2 : 3);
}

static void
text_bytes(struct py_out *o, const struct py_walk *w, py_obj v)
{
	int64_t n = PY_AT(v, w->L->ob_size, int64_t);

	if (n >= 0)
		py_put_bytes_repr(o, v + w->L->bytes_data, (size_t)n, 0);
}

static void
text_bytearray(struct py_out *o, const struct py_walk *w, py_obj v)
{
	int64_t n = PY_AT(v, w->L->ob_size, int64_t);
	/* {alloc, bytes, start} */
	uintptr_t s = PY_AT(v, w->L->bytearray_alloc + 16u,
				      uintptr_t);

	py_puts(o, "bytearray(");
	py_put_bytes_repr(o, s, s && n > 0 ? (size_t)n : 0, 1);
	py_puts(o, ")");
}

/* Ends a text that did not fit with "...", between two characters. */
static size_t
text_dots(struct py_out *o)
{
	if (o->cap < 3)
		return 0;
	if (o->len > o->cap - 3)
		o->len = o->cap - 3;
	while (o->len && ((unsigned char)o->p[o->len] & 0xc0) == 0x80)
		o->len--;
	py_put(o, "...", 3);
	return o->len;
}

size_t
py_text(const struct py_walk *w, py_obj o, py_obj type, char *dst, size_t cap)
{
	struct py_entry spare;
	struct py_out out = { .p = dst, .cap = cap };

	switch ((enum py_text_class)py_entry(w, type, &spare)->text) {
	case PY_TEXT_NONE:
		return 0;
	case PY_TEXT_STR:
		py_put_str_repr(&out, w, o);
		return out.len;
	case PY_TEXT_BYTES:
		text_bytes(&out, w, o);
		return out.len;
	case PY_TEXT_BYTEARRAY:
		text_bytearray(&out, w, o);
		return out.len;
	case PY_TEXT_INT:
		py_put_int(&out, w, o);
		break;
	case PY_TEXT_BOOL:
		py_puts(&out, o == w->true_ ? "True" : "False");
		break;
	case PY_TEXT_FLOAT:
		py_put_float(&out, PY_AT(o, w->L->ob_size, double), true);
		break;
	case PY_TEXT_COMPLEX:
		text_complex(&out, w, o);
		break;
	case PY_TEXT_WORD:
		text_word(&out, w, o, type);
		break;
	case PY_TEXT_FUNCTION:
		text_function(&out, w, o);
		break;
	case PY_TEXT_METHOD:
		text_method(&out, w, o);
		break;
	case PY_TEXT_CFUNCTION:
		text_cfunction(&out, w, o);
		break;
	case PY_TEXT_DESCR:
		text_descr(&out, w, o);
		break;
	case PY_TEXT_CODE:
		text_code(&out, w, o, PY_AT(o, w->L->co_firstlineno, int32_t));
		break;
	case PY_TEXT_FRAME:
		text_frame(&out, w, o);
		break;
	case PY_TEXT_GENERATOR:
		text_generator(&out, w, o);
		break;
	case PY_TEXT_MODULE:
		text_module(&out, w, o);
		break;
	case PY_TEXT_TYPE:
		text_type(&out, w, o);
		break;
	case PY_TEXT_RANGE:
		text_range(&out, w, o);
		break;
	case PY_TEXT_SLICE:
		text_ends(&out, w, o, "slice", 3);
		break;
	case PY_TEXT_WEAKREF:
		text_weakref(&out, w, o);
		break;
	}
	return out.cut ? text_dots(&out) : out.len;
}
