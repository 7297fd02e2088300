/* SPDX-License-Identifier: MIT */
/*
 * size_std.c - the formulas of types in the standard library's C modules.
 *
 * Their structures are in no header.  The offsets are those of the modules'
 * sources from 3.8 to 3.15, the same but where a version is tested for;
 * size.c's table admits no structure of another size.  What a field says is
 * bounded before it is used.  Left out: parser.st, gone since 3.10.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/value.h"

/* Of the object o, as with an ordinary head. */
#define FIELD(off, type)	PY_AT(py_body(w, o), off, type)

#define DEQUE_BLOCK	528	/* 64 items and two links */
#define CODES_MAX	(1 << 20)
#define FORMAT_CODE	32
#define STRING_MAX	4096

/* Modules/_collectionsmodule.c */
uint64_t
py_size_deque(const struct py_walk *w, py_obj o, const struct py_entry *e,
	      uint64_t *extra)
{
	int64_t used = PY_AT(o, w->L->ob_size, int64_t);
	int64_t left = FIELD(40, int64_t);

	/* spare blocks are kept in the object from 3.11 on */
	if (w->minor >= 11) {
		int64_t spare = FIELD(72, int64_t);

		if (spare >= 0 && spare <= 16)
			*extra += (uint64_t)spare * DEQUE_BLOCK;
	}
	if (left < 0 || left >= 64)
		left = 0;
	return e->basic + py_units((left + used + 63) / 64, DEQUE_BLOCK);
}

/* Modules/arraymodule.c */
uint64_t
py_size_array(const struct py_walk *w, py_obj o, const struct py_entry *e,
	      uint64_t *extra)
{
	uintptr_t descr = FIELD(40, uintptr_t);
	int item = py_sane(descr) ? PY_AT(descr, 4, int32_t) : 0;

	(void)w;
	(void)extra;
	if (item < 0 || item > 64)
		item = 0;
	return e->basic + py_units(FIELD(32, int64_t), (uint64_t)item);
}

/* Modules/_struct.c: codes end with one that has no definition */
uint64_t
py_size_struct(const struct py_walk *w, py_obj o, const struct py_entry *e,
	       uint64_t *extra)
{
	uintptr_t code = FIELD(32, uintptr_t);
	int i = 0;

	(void)w;
	(void)extra;
	if (py_sane(code)) {
		while (i < CODES_MAX && PY_AT(code, 0, uintptr_t)) {
			code += FORMAT_CODE;
			i++;
		}
	}
	return e->basic + ((uint64_t)i + 1) * FORMAT_CODE;
}

/* Modules/_io/bufferedio.c */
uint64_t
py_size_buffered(const struct py_walk *w, py_obj o, const struct py_entry *e,
		 uint64_t *extra)
{
	(void)w;
	(void)extra;
	if (!FIELD(56, uintptr_t))
		return e->basic;
	return e->basic + py_units(FIELD(120, int64_t), 1);
}

/* sys.getsizeof() of a bytes object proper */
static uint64_t
std_bytes(const struct py_walk *w, py_obj o)
{
	if (!py_sane(o) || py_type(w, o) != w->T.bytes)
		return 0;
	return w->L->bytes_data + 1u +
		py_units(PY_AT(o, w->L->ob_size, int64_t), 1);
}

/* Modules/_io/bytesio.c: a buffer shared with others is not its own */
uint64_t
py_size_bytesio(const struct py_walk *w, py_obj o, const struct py_entry *e,
		uint64_t *extra)
{
	py_obj buf = FIELD(16, py_obj);

	(void)extra;
	if (!py_sane(buf))
		return e->basic;
	return e->basic + (py_refcount(w, buf) == 1 ? std_bytes(w, buf) : 0);
}

/* Modules/_io/stringio.c: has no __sizeof__; its buffer is Py_UCS4 */
uint64_t
py_size_stringio(const struct py_walk *w, py_obj o, const struct py_entry *e,
		 uint64_t *extra)
{
	if (FIELD(16, uintptr_t))
		*extra += py_units(FIELD(40, int64_t), 4);
	return py_size_object(w, o, e, extra);
}

/* Modules/mmapmodule.c: has none either; memory when it maps no file */
uint64_t
py_size_mmap(const struct py_walk *w, py_obj o, const struct py_entry *e,
	     uint64_t *extra)
{
	/* behind a count of exports that was an int in 3.8 */
	int fd = FIELD(w->minor <= 8 ? 52 : 56, int32_t);
	/* from 3.13 on a file's mapping may go without its descriptor */
	bool tracks = w->minor < 13 ||
		FIELD(w->minor >= 15 ? 76 : 60, uint8_t);

	if (FIELD(16, uintptr_t) && fd < 0 && tracks)
		*extra += py_units(FIELD(24, int64_t), 1);
	return py_size_object(w, o, e, extra);
}

/* Modules/_decimal: {hash, mpd_t {flags, exp, digits, len, alloc, data}} */
uint64_t
py_size_decimal(const struct py_walk *w, py_obj o, const struct py_entry *e,
		uint64_t *extra)
{
	(void)w;
	(void)extra;
	if (FIELD(24, uint8_t) & 0x20)	/* MPD_STATIC_DATA */
		return e->basic;
	return e->basic + py_units(FIELD(56, int64_t), 8);
}

static uint64_t
std_tuple_words(const struct py_walk *w, py_obj tuple)
{
	if (!py_sane(tuple) || py_type(w, tuple) != w->T.tuple)
		return 0;
	return py_units(PY_AT(tuple, w->L->ob_size, int64_t), 8);
}

/* Modules/itertoolsmodule.c: an array of indices beside the pool of items */
uint64_t
py_size_product(const struct py_walk *w, py_obj o, const struct py_entry *e,
		uint64_t *extra)
{
	(void)extra;
	return e->basic + std_tuple_words(w, FIELD(16, py_obj));
}

uint64_t
py_size_combinations(const struct py_walk *w, py_obj o,
		     const struct py_entry *e, uint64_t *extra)
{
	(void)w;
	(void)extra;
	return e->basic + py_units(FIELD(40, int64_t), 8);
}

uint64_t
py_size_permutations(const struct py_walk *w, py_obj o,
		     const struct py_entry *e, uint64_t *extra)
{
	(void)extra;
	return e->basic + std_tuple_words(w, FIELD(16, py_obj)) +
		py_units(FIELD(48, int64_t), 8);
}

/* Modules/_pickle.c: 3.13.0 has one field less in front than all others */
static uint64_t
std_pickler(const struct py_walk *w, py_obj o, const struct py_entry *e,
	    unsigned lost)
{
	uintptr_t memo = FIELD(16, uintptr_t);
	uint64_t bytes = e->basic;

	if (py_sane(memo))
		bytes += 32 + py_units(PY_AT(memo, 16, int64_t), 16);
	return bytes + std_bytes(w, FIELD(64 - lost, py_obj));
}

uint64_t
py_size_pickler(const struct py_walk *w, py_obj o, const struct py_entry *e,
		uint64_t *extra)
{
	(void)extra;
	return std_pickler(w, o, e, 0);
}

uint64_t
py_size_pickler_313(const struct py_walk *w, py_obj o,
		    const struct py_entry *e, uint64_t *extra)
{
	(void)extra;
	return std_pickler(w, o, e, 8);
}

static uint64_t
std_string(uintptr_t at, size_t off)
{
	const char *s = PY_AT(at, off, py_cstr);

	return s ? py_strlen(s, STRING_MAX) + 1 : 0;
}

static uint64_t
std_unpickler(const struct py_walk *w, py_obj o, const struct py_entry *e,
	      unsigned lost)
{
	/* Behind persistent_load, and behind prefetched_idx. */
	uintptr_t middle = py_body(w, o) + (w->minor >= 15 ? 8 : 0) - lost;
	uintptr_t late = w->minor >= 14 ? middle + 16 : middle;
	uint64_t bytes = e->basic;

	if (FIELD(24, uintptr_t))
		bytes += py_units(FIELD(32, int64_t), 8);
	if (PY_AT(late, 240, uintptr_t))
		bytes += py_units(PY_AT(late, 256, int64_t), 8);
	return bytes + std_string(middle, 152) + std_string(late, 224) +
		std_string(late, 232);
}

uint64_t
py_size_unpickler(const struct py_walk *w, py_obj o, const struct py_entry *e,
		  uint64_t *extra)
{
	(void)extra;
	return std_unpickler(w, o, e, 0);
}

uint64_t
py_size_unpickler_313(const struct py_walk *w, py_obj o,
		      const struct py_entry *e, uint64_t *extra)
{
	(void)extra;
	return std_unpickler(w, o, e, 8);
}

/* Modules/_queuemodule.c: has a __sizeof__ from 3.15 on */
uint64_t
py_size_simplequeue(const struct py_walk *w, py_obj o,
		    const struct py_entry *e, uint64_t *extra)
{
	(void)w;
	(void)extra;
	return e->basic + py_units(FIELD(48, int64_t), 8);
}

/* Modules/_elementtree.c: {attrib, length, allocated, children, four} */
uint64_t
py_size_element(const struct py_walk *w, py_obj o, const struct py_entry *e,
		uint64_t *extra)
{
	uintptr_t more = FIELD(40, uintptr_t);
	uint64_t bytes = e->basic;

	(void)w;
	(void)extra;
	if (!py_sane(more))
		return bytes;
	bytes += 64;
	if (PY_AT(more, 24, uintptr_t) != more + 32)
		bytes += py_units(PY_AT(more, 16, int64_t), 8);
	return bytes;
}
