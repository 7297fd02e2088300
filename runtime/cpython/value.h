/* SPDX-License-Identifier: MIT */
/*
 * value.h - what kind.c, size*.c and text*.c share among themselves.
 *
 * What there is to know about a type (how its instances are measured and
 * written, its id at the sink) is found out when its first instance comes by
 * and remembered in one hash map, so that an object costs one probe.
 */
#ifndef PY_VALUE_H
#define PY_VALUE_H

#include "runtime/cpython/py.h"

typedef const char *py_cstr;	/* for PY_AT, which adds a const */

struct py_entry;

/*
 * Bytes of one object as its __sizeof__ says, without what stands in front of
 * it (collector's head, managed dict).  Adds to *extra what it owns beside.
 */
typedef uint64_t py_sizer(const struct py_walk *w, py_obj o,
			  const struct py_entry *e, uint64_t *extra);

/* How py_text() writes an instance. */
enum py_text_class {
	PY_TEXT_NONE,
	PY_TEXT_STR,
	PY_TEXT_BYTES,
	PY_TEXT_BYTEARRAY,
	PY_TEXT_INT,
	PY_TEXT_BOOL,
	PY_TEXT_FLOAT,
	PY_TEXT_COMPLEX,
	PY_TEXT_WORD,		/* None, Ellipsis, NotImplemented */
	PY_TEXT_FUNCTION,
	PY_TEXT_METHOD,
	PY_TEXT_CFUNCTION,
	PY_TEXT_DESCR,
	PY_TEXT_CODE,
	PY_TEXT_FRAME,
	PY_TEXT_GENERATOR,
	PY_TEXT_MODULE,
	PY_TEXT_TYPE,
	PY_TEXT_RANGE,
	PY_TEXT_SLICE,
	PY_TEXT_WEAKREF,
};

#define PY_UNSAID	UINT32_MAX

struct py_entry {
	py_obj type;		/* 0: slot is free */
	py_sizer *size;
	uint64_t basic, item;	/* tp_basicsize, tp_itemsize */
	uint32_t id;		/* at the sink, or PY_UNSAID */
	uint16_t pre;		/* bytes in front of an instance */
	uint8_t gc_asks;	/* has tp_is_gc: an instance decides */
	uint8_t text;		/* enum py_text_class */
	bool own_sizeof;	/* a __sizeof__ that is not known here */
};

struct py_kindmap {
	struct py_entry *slots;
	size_t cap, used;	/* cap is a power of two */
	struct py_entry *last;	/* most often the next one too */
	/* where the standard library lies; see origin.c */
	char stdlib[512];
	size_t stdlib_len;
	int stdlib_known;
	/* modules judged so far, by the address of their name */
	struct {
		py_obj name;
		int user;
	} judged[64];
};

/*
 * The entry of a type, made on first use.  *spare serves when there is no
 * memory for a map.  Valid until the next call.
 */
struct py_entry *py_entry(const struct py_walk *w, py_obj type,
			  struct py_entry *spare);

/* ---- kind.c ---- */

/* Calls fn for the type and its bases in mro order until it returns true. */
typedef bool py_mro_fn(const struct py_walk *w, py_obj cls, void *arg);
bool py_mro_each(const struct py_walk *w, py_obj type, py_mro_fn *fn,
		 void *arg);

/* The str object of the qualified name; 0 for static types. */
py_obj py_type_qualname(const struct py_walk *w, py_obj type);
/* The object a heap type has as __module__, when it is a str; or 0. */
py_obj py_type_module(const struct py_walk *w, py_obj type);

/* ---- origin.c ---- */

/* Is a type of this module the program's, not the runtime's? */
bool py_module_is_user(const struct py_walk *w, struct py_kindmap *m,
		       py_obj module);
bool py_cmodule_is_user(const struct py_walk *w, struct py_kindmap *m,
			const char *module, size_t len);

/* ---- size.c ---- */

/* Fills in what an entry says about sizes. */
void py_size_classify(const struct py_walk *w, struct py_entry *e);

/* n units of so many bytes; 0 where n makes no sense. */
uint64_t py_units(int64_t n, uint64_t unit);
/* Bytes of a table of dict keys. */
uint64_t py_keys_size(const struct py_walk *w, uintptr_t keys);
/* Slots of a table of dict keys that serves as a shared one. */
uint64_t py_keys_slots(const struct py_walk *w, uintptr_t keys);
/* A pointer that may be followed where a wrong guess is possible. */
bool py_sane(uintptr_t p);

py_sizer py_size_object, py_size_list, py_size_dict, py_size_odict,
	 py_size_set, py_size_str, py_size_int, py_size_bytearray,
	 py_size_type, py_size_code, py_size_frame, py_size_generator;
/* size_std.c: types of the standard library, found by name */
py_sizer py_size_deque, py_size_array, py_size_struct, py_size_buffered,
	 py_size_bytesio, py_size_stringio, py_size_decimal, py_size_product,
	 py_size_combinations, py_size_permutations, py_size_pickler,
	 py_size_unpickler, py_size_pickler_313, py_size_unpickler_313, py_size_element, py_size_mmap,
	 py_size_simplequeue;
/* size_ctypes.c */
py_sizer py_size_cdata, py_size_stgdict, py_size_ctype;
/* size_numpy.c */
py_sizer py_size_ndarray, py_size_numpy_scalar;

/* Bytes of the buffer that an ndarray owns; 0: it shows another's. */
uint64_t py_ndarray_owned(const struct py_walk *w, py_obj o);

/* ---- str.c ---- */

/* A str object's characters: unit i of `kind` bytes at data + i * kind. */
struct py_chars {
	uintptr_t data;
	size_t len;
	unsigned kind;		/* 1, 2, 4 */
	bool ascii;
};

bool py_str_chars(const struct py_walk *w, py_obj str, struct py_chars *c);
uint32_t py_char(const struct py_chars *c, size_t i);
/* Is it exactly this ASCII text? */
bool py_str_is(const struct py_walk *w, py_obj str, const char *s, size_t len);
/* The bytes of an ASCII str, NUL-terminated; NULL for others. */
const char *py_str_ascii(const struct py_walk *w, py_obj str, size_t *len);
bool py_is_str(const struct py_walk *w, py_obj o);
/* One character as UTF-8: 1 to 4 bytes.  U+FFFD for what is none. */
size_t py_utf8(uint32_t c, char dst[4]);
size_t py_strlen(const char *s, size_t max);
bool py_streq(const char *a, const char *b);

/* ---- text*.c ---- */

/* Text under construction: never overruns, remembers that it was cut. */
struct py_out {
	char *p;
	size_t len, cap;
	bool cut;
};

uint8_t py_text_classify(const struct py_walk *w, py_obj type);
void py_put(struct py_out *o, const char *s, size_t len);
void py_puts(struct py_out *o, const char *s);
void py_put_str(struct py_out *o, const struct py_walk *w, py_obj str);
void py_put_uint(struct py_out *o, uint64_t v);

/* text_number.c */
void py_put_int(struct py_out *o, const struct py_walk *w, py_obj v);
void py_put_float(struct py_out *o, double v, bool dot_zero);
/* text_string.c */
void py_put_str_repr(struct py_out *o, const struct py_walk *w, py_obj v);
void py_put_bytes_repr(struct py_out *o, uintptr_t s, size_t len,
		       size_t reserve);

#endif
