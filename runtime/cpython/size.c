/* SPDX-License-Identifier: MIT */
/*
 * size.c - shallow sizes, equal to sys.getsizeof() and without running code.
 *
 * An instance is measured by the first class in its type's mro that has a
 * formula here, as Python would take the first __sizeof__.  Types that are
 * exported are known by address.  The others are known by tp_name, and only
 * when they are static or their dict holds a __sizeof__ written in C, so that
 * a class of the program which happens to be called the same is measured as
 * what it is.  A __sizeof__ of the program's own, or of a package's, is passed
 * over: it would be code.  Such instances are counted, and told as unseen.
 * All this is done once per type; then an instance costs one call.
 */
#include "runtime/cpython/head.h"
#include "runtime/cpython/value.h"
#include "runtime/cpython/walk.h"

#define UNITS_MAX	((int64_t)1 << 44)

#define PRE_MANAGED	16	/* managed dict and weak references */

#define AT(field)	((uint16_t)offsetof(struct py_types, field))

static const struct {
	py_sizer *size;
	uint16_t at;
} by_address[] = {
	{ py_size_object, AT(object) },
	{ py_size_type, AT(type) },
	{ py_size_dict, AT(dict) },
	{ py_size_dict, AT(frozendict) },
	{ py_size_odict, AT(odict) },
	{ py_size_list, AT(list) },
	{ py_size_set, AT(set) },
	{ py_size_set, AT(frozenset) },
	{ py_size_str, AT(str) },
	{ py_size_int, AT(integer) },
	{ py_size_bytearray, AT(bytearray) },
	{ py_size_code, AT(code) },
	{ py_size_frame, AT(frame) },
	{ py_size_generator, AT(generator) },
	{ py_size_generator, AT(coroutine) },
	{ py_size_generator, AT(asyncgen) },
};

#define LEAST	UINT16_MAX

/*
 * A formula is for one structure.  One of another size (a later version's) is
 * measured by basicsize alone: a little too small beats nonsense.
 */
static const struct {
	const char *name;
	py_sizer *size;
	uint16_t basic, other;	/* tp_basicsize; LEAST: or more */
	bool no_sizeof;		/* it has none: the formula is for extra */
} by_name[] = {
	{ "collections.deque", py_size_deque, 80, 216, false },
	{ "array.array", py_size_array, 64, 0, false },
	{ "Struct", py_size_struct, 56, 0, false },
	{ "_struct.Struct", py_size_struct, 56, 64, false },
	{ "_io.BufferedReader", py_size_buffered, 152, 0, false },
	{ "_io.BufferedWriter", py_size_buffered, 152, 0, false },
	{ "_io.BufferedRandom", py_size_buffered, 152, 0, false },
	{ "_io.BytesIO", py_size_bytesio, 64, 0, false },
	{ "_io.StringIO", py_size_stringio, 120, 168, true },
	{ "decimal.Decimal", py_size_decimal, 104, 0, false },
	{ "itertools.product", py_size_product, 48, 0, false },
	{ "itertools.combinations", py_size_combinations, 56, 0, false },
	{ "itertools.combinations_with_replacement",
	  py_size_combinations, 56, 0, false },
	{ "itertools.permutations", py_size_permutations, 64, 0, false },
	{ "_pickle.Pickler", py_size_pickler, 152, 0, false },
	{ "_pickle.Pickler", py_size_pickler_313, 144, 0, false },
	{ "_pickle.Unpickler", py_size_unpickler, 272, 0, false },
	{ "_pickle.Unpickler", py_size_unpickler_313, 264, 0, false },
	{ "_pickle.Unpickler", py_size_unpickler, 296, 304, false },
	{ "_queue.SimpleQueue", py_size_simplequeue, 72, 0, false },
	{ "xml.etree.ElementTree.Element", py_size_element, 56, 0, false },
	{ "mmap.mmap", py_size_mmap, 72, 80, true },
	{ "mmap.mmap", py_size_mmap, 88, 0, true },
	{ "StgDict", py_size_stgdict, 192, 0, false },
	{ "_ctypes.CType_Type", py_size_ctype, 1088, 1120, false },
	{ "_ctypes._CData", py_size_cdata, 96, 0, true },
	{ "numpy.ndarray", py_size_ndarray, 72, LEAST, false },
	{ "numpy.generic", py_size_numpy_scalar, 16, LEAST, false },
};

uint64_t
py_units(int64_t n, uint64_t unit)
{
	if (n <= 0 || n > UNITS_MAX)
		return 0;
	return (uint64_t)n * unit;
}

static uint64_t
size_word(const struct py_walk *w, py_obj type, uint16_t off)
{
	int64_t v = PY_AT(type, off, int64_t);

	(void)w;
	return v > 0 && v < UNITS_MAX ? (uint64_t)v : 0;
}

/*
 * Was this class made in C?  A class statement's dict has no __sizeof__ of a
 * C method (a method_descriptor), a C type's has no Python function there.
 */
static bool
size_is_native(const struct py_walk *w, py_obj cls, bool no_sizeof)
{
	py_obj v;

	if (!(py_flags(w, cls) & PY_FLAG_HEAPTYPE) || no_sizeof)
		return true;
	v = py_table_find(w, PY_AT(cls, w->L->tp_dict, py_obj),
			  "__sizeof__", 10);
	return v && py_streq(PY_AT(py_type(w, v), w->L->tp_name, py_cstr),
			     "method_descriptor");
}

static bool
size_is_named(const struct py_walk *w, py_obj cls, const char *name, size_t i)
{
	uint64_t basic = size_word(w, cls, w->L->tp_basicsize) -
		(py_body(w, cls) - cls);	/* as with an ordinary head */

	return py_streq(by_name[i].name, name) &&
		(basic == by_name[i].basic || basic == by_name[i].other ||
		 (by_name[i].other == LEAST && basic > by_name[i].basic)) &&
		size_is_native(w, cls, by_name[i].no_sizeof);
}

/* py_mro_fn: takes the formula of this class, if there is one. */
static bool
size_find(const struct py_walk *w, py_obj cls, void *arg)
{
	struct py_entry *e = arg;
	const char *name;
	size_t i;

	for (i = 0; i < sizeof(by_address) / sizeof(by_address[0]); i++) {
		if (PY_AT((uintptr_t)&w->T, by_address[i].at, py_obj) == cls) {
			e->size = by_address[i].size;
			return true;
		}
	}
	name = PY_AT(cls, w->L->tp_name, py_cstr);
	for (i = 0; name && i < sizeof(by_name) / sizeof(by_name[0]); i++) {
		if (size_is_named(w, cls, name, i)) {
			e->size = by_name[i].size;
			return true;
		}
	}
	/* what is in its place says something that only it knows */
	if (py_table_find(w, PY_AT(cls, w->L->tp_dict, py_obj), "__sizeof__",
			  10))
		e->own_sizeof = true;
	return false;
}

/*
 * What getsizeof adds for what stands in front of an object: by the object
 * (a static type has no head) but in 3.11 and 3.12 by its type alone.
 */
static void
size_pre(const struct py_walk *w, struct py_entry *e)
{
	unsigned long flags = py_flags(w, e->type);
	unsigned long managed = 0;

	if (w->minor == 11)
		managed = PY_FLAG_MANAGED_DICT;
	else if (w->minor >= 12)
		managed = PY_FLAG_MANAGED_DICT | PY_FLAG_MANAGED_WEAKREF;
	e->pre = (flags & PY_FLAG_GC) && !py_free_threaded(w) ?
		PY_GC_HEAD : 0;
	if (flags & managed)
		e->pre += PRE_MANAGED;
	e->gc_asks = (flags & PY_FLAG_TYPE) && w->minor != 11 &&
		w->minor != 12;
}

void
py_size_classify(const struct py_walk *w, struct py_entry *e)
{
	e->basic = size_word(w, e->type, w->L->tp_basicsize);
	e->item = size_word(w, e->type, w->L->tp_itemsize);
	e->size = py_size_object;
	py_mro_each(w, e->type, size_find, e);
	size_pre(w, e);
}

/* Attribute values that an instance owns outside of a dict, 3.11 and later. */
static uint64_t
size_inline(const struct py_walk *w, py_obj o, py_obj type)
{
	unsigned long flags = py_flags(w, type);
	uintptr_t keys, values;
	uint64_t slots;

	if (w->minor < 11 || !(flags & PY_FLAG_MANAGED_DICT) ||
	    !(flags & PY_FLAG_HEAPTYPE))
		return 0;
	keys = PY_AT(type, w->L->ht_cached_keys, uintptr_t);
	if (!py_sane(keys))
		return 0;
	slots = py_keys_slots(w, keys);
	if (w->minor >= 13) {
		/* behind the object, with a byte of order for each */
		if (!(flags & PY_FLAG_INLINE_VALUES))
			return 0;
		return ((slots + 7) & ~(uint64_t)7) + (slots + 1) * 8;
	}
	if (w->minor == 11) {
		values = PY_AT(o - 32, 0, uintptr_t);
	} else {
		values = PY_AT(o - 24, 0, uintptr_t);
		values = values & 1 ? values + 1 : 0;
	}
	if (!py_sane(values))
		return 0;
	/* allocated apart; the byte before it is the size of its prefix */
	return PY_AT(values - 1, 0, uint8_t) + slots * 8;
}

uint64_t
py_sizeof(const struct py_walk *w, py_obj o, py_obj type, uint64_t *extra)
{
	struct py_entry spare;
	const struct py_entry *e = py_entry(w, type, &spare);
	uint64_t bytes;

	*extra = size_inline(w, o, type);
	bytes = e->size(w, o, e, extra);
	if (e->own_sizeof && w->own_sizes)
		++*w->own_sizes;
	if (e->gc_asks && !(py_flags(w, o) & PY_FLAG_HEAPTYPE))
		return bytes;
	return bytes + e->pre;
}
