/* SPDX-License-Identifier: MIT */
/*
 * walk.h - what the files of the walk share among themselves.
 */
#ifndef PY_WALK_H
#define PY_WALK_H

#include "runtime/cpython/py.h"

#define PY_FLAG_STATIC_BUILTIN	(1ul << 1)	/* 3.12+ */

/* The roots are gone through three times, see roots.c. */
enum py_pass {
	PY_PASS_MARK,
	PY_PASS_COUNT,
	PY_PASS_TELL
};

enum py_generation {
	PY_GEN_YOUNG,
	PY_GEN_MIDDLE,
	PY_GEN_OLD,
	PY_GEN_PERMANENT,
	PY_GEN_COUNT
};

/* What the edges of an object are made by: the nearest base that we know. */
enum py_family {
	PY_FAM_OTHER,		/* tp_traverse and tp_members alone */
	PY_FAM_LEAF,		/* int, str, bytes ...: its class and no more */
	PY_FAM_OBJECT,		/* object itself */
	PY_FAM_LIST,
	PY_FAM_TUPLE,
	PY_FAM_DICT,
	PY_FAM_SET,
	PY_FAM_DEQUE,
	PY_FAM_FUNCTION,
	PY_FAM_METHOD,
	PY_FAM_CFUNCTION,
	PY_FAM_CELL,
	PY_FAM_CODE,
	PY_FAM_FRAME,
	PY_FAM_GENERATOR,
	PY_FAM_COROUTINE,
	PY_FAM_ASYNCGEN,
	PY_FAM_TYPE,
	PY_FAM_WEAKREF,
	PY_FAM_EXCEPTION,
	PY_FAM_TRACEBACK,
	PY_FAM_RANGE,
	PY_FAM_GREENLET,
	PY_FAM_DATETIME,
	PY_FAM_TIME,
	PY_FAM_NDARRAY,
};

/* A field that holds an object, as told by tp_members. */
struct py_member {
	uintptr_t name;		/* C string of the target's */
	uint32_t offset;
};

/* What is known about the instances of one type. */
struct py_info {
	py_obj type;		/* 0: slot is free */
	unsigned long flags;
	uint8_t family;
	bool plain;		/* exactly a known type: no instance fields */
	uintptr_t traverse;	/* tp_traverse where it has more to say, or 0 */
	int64_t basicsize, itemsize, dictoffset, weakoffset;
	py_obj keys;		/* ht_cached_keys, or 0 */
	uint32_t n_members;
	struct py_member *members;
};

/* ---- mem.c ---- */

static inline bool
py_ok(uintptr_t a)
{
	return a >= 0x1000 && a < ((uintptr_t)1 << 48) && !(a & 7);
}

bool py_peek_str(uintptr_t addr, char *dst, size_t cap);

/* Marks an object of a collector's list; false when it was marked before. */
bool py_bitmap_list(struct py_walk *w, py_obj o, enum py_generation g);
/* Brings what is marked into address order. */
void py_bitmap_order(struct py_walk *w);
/* The next object to report, once; 0: none left.  *g: as told by _list. */
py_obj py_bitmap_next(struct py_walk *w, enum py_generation *g);
/* Makes an address count as done; false when it was before. */
bool py_bitmap_claim(struct py_walk *w, uintptr_t a);

/* ---- info.c ---- */

/* NULL: that is no type. */
const struct py_info *py_info(struct py_walk *w, py_obj type);

/* ---- tally.c: the refs emitted for one object, counted by target ---- */

bool py_tally_begin(struct py_walk *w);
void py_tally_add(struct py_walk *w, py_obj to);
/* Takes one ref to `to` out; false when there is none left. */
bool py_tally_take(struct py_walk *w, py_obj to);

/* ---- hints.c: names of closure cells ---- */

void py_hints_function(struct py_walk *w, py_obj function);
py_obj py_hint(const struct py_walk *w, py_obj cell);

/* ---- watch.c ---- */

/* Counts the references to o from now on. */
void py_watch_add(struct py_walk *w, py_obj o);
void py_watch_held(struct py_watch *x, py_obj o);
/* Is there a reference to o that nothing explains?  Takes it. */
bool py_watch_take(struct py_walk *w, py_obj o);

/* ---- verify.c ---- */

/*
 * Does the layout fit the running interpreter?  A reason when not.  L is the
 * walk's own copy, which is completed.
 */
bool py_verify(struct py_walk *w, struct py_layout *L, char *why, size_t cap);

/* ---- edges*.c ---- */

void py_edges_of(struct py_walk *w, py_obj o, const struct py_info *info);
void py_edges_list(struct py_walk *w, py_obj o);
void py_edges_tuple(struct py_walk *w, py_obj o);
void py_edges_dict(struct py_walk *w, py_obj o);
void py_edges_set(struct py_walk *w, py_obj o);
void py_edges_instance(struct py_walk *w, py_obj o,
		       const struct py_info *info);
void py_edges_function(struct py_walk *w, py_obj o);
void py_edges_method(struct py_walk *w, py_obj o);
void py_edges_cfunction(struct py_walk *w, py_obj o,
			const struct py_info *info);
void py_edges_cell(struct py_walk *w, py_obj o);
void py_edges_code(struct py_walk *w, py_obj o);
void py_edges_frame(struct py_walk *w, py_obj o);
void py_edges_generator(struct py_walk *w, py_obj o, enum py_family family);
/* The slots of a stack whose depth is not known, if this frame has them. */
uintptr_t py_frame_slots(const struct py_walk *w, uintptr_t frame,
			 int64_t *n);
/* What an interpreter frame holds (3.11 and later). */
void py_edges_iframe(struct py_walk *w, uintptr_t frame);
void py_edges_greenlet(struct py_walk *w, py_obj o);
void py_edges_ndarray(struct py_walk *w, py_obj o);
void py_edges_type(struct py_walk *w, py_obj o);
void py_edges_weakref(struct py_walk *w, py_obj o);
void py_edges_exception(struct py_walk *w, py_obj o);
void py_edges_traceback(struct py_walk *w, py_obj o);
void py_edges_value(struct py_walk *w, py_obj o, enum py_family family);

/* The key strings of a table of shared keys, once for each table. */
void py_ref_shared_keys(struct py_walk *w, uintptr_t keys);

/* An object field: nothing when it is NULL. */
void py_ref_field(struct py_walk *w, py_obj o, unsigned offset,
		  unsigned relation, const char *static_name);
/* A name that is a C string of the target's, in memory that stays. */
void py_ref_peek(struct py_walk *w, py_obj to, unsigned relation,
		 uintptr_t cstr);

/* With the name the sink has for `key`, if it has one. */
void py_ref_known(struct py_walk *w, py_obj to, unsigned relation,
		  py_obj key);

/* The table behind a dict, split or not. */
struct py_table {
	uintptr_t entry;	/* the first */
	uint64_t n;		/* entries in use */
	unsigned stride, key, value;	/* bytes */
	uintptr_t values;	/* of a split table: array of objects, or 0 */
	uintptr_t keys;		/* the keys object */
	bool shared;		/* keys are used by several dicts */
	bool embedded;		/* 3.13+: values are in the instance */
};
bool py_table(const struct py_walk *w, py_obj dict, struct py_table *t);
bool py_table_keys(const struct py_walk *w, uintptr_t keys,
		   struct py_table *t);
py_obj py_table_at(const struct py_table *t, uint64_t i, py_obj *key);
/*
 * The value of a key that is an ASCII str; 0 when there is none.  A pass over
 * the entries: enough for the few look-ups that naming types needs.
 */
py_obj py_table_find(const struct py_walk *w, py_obj dict, const char *key,
		     size_t len);

/* Value of an int object of up to 60 bits. */
bool py_int(const struct py_walk *w, py_obj o, int64_t *v);

/*
 * The object in a stack slot, or 0.  From 3.14 on, and in 3.13t, the low bits
 * are tags (pycore_stackref.h): 1 a reference that is not counted, being
 * borrowed from another slot or to what is immortal; 3 an int; 1 alone NULL.
 */
static inline py_obj
py_slot(const struct py_walk *w, uintptr_t v)
{
	if (w->minor < 14)
		return v & ~(uintptr_t)1;
	return (v & 3) == 3 || v == 1 ? 0 : v & ~(uintptr_t)3;
}

static inline bool
py_slot_borrowed(const struct py_walk *w, uintptr_t v)
{
	(void)w;
	return v & 1;
}

/* The dict of interned strings, where the walk meets it as an object. */
void py_interned_find(struct py_walk *w);

/* ---- pools.c: how a census from outside can count objects ---- */

void py_pools_tell(const struct py_walk *w);

/* ---- types.c: what static builtin types keep elsewhere (3.12+) ---- */

struct py_type_state {
	py_obj dict, subclasses, weaklist;
};
void py_type_state(const struct py_walk *w, py_obj type,
		   struct py_type_state *st);
void py_static_state_find(struct py_walk *w);
bool py_is_heap_type(const struct py_walk *w, py_obj type);
/* What another interpreter has of the built-in types, as refs of a root. */
void py_static_state_of(struct py_walk *w, uintptr_t interp);
/* Remembers a type that lives in the program's data, for a root. */
void py_statics_add(struct py_walk *w, py_obj type);

/* ---- interps.c ---- */

/* An interpreter whose heap is held still with the main one's. */
struct py_interp {
	uintptr_t at;
	py_obj modules;
	uint64_t id;		/* 0: the main one */
};

/* Finds them, the main one first; false: no memory. */
bool py_interps_find(struct py_walk *w);

/* ---- roots.c ---- */

void py_root_statics(struct py_walk *w);

/* ---- heads.c ---- */

/* The lists of another interpreter, where the main one's are as told. */
bool py_heads_of(const struct py_walk *w, uintptr_t interp,
		 const struct py_heads *main, struct py_heads *h);

/* Is a collection under way (its garbage is in no list)? */
bool py_collecting(const struct py_walk *w, const struct py_heads *h);

/* ---- pages.c: the same of free-threaded builds, all that is tracked ---- */

bool py_pages_read(struct py_walk *w, char *why, size_t cap);

/* ---- collector.c ---- */

/* Tells the sink of the main interpreter's collector; its lists are read. */
void py_collector_tell(struct py_walk *w, const struct py_heads *h);
/* The same of a free-threaded build. */
void py_collector_tell_unlisted(struct py_walk *w);

/* ---- walk.c ---- */

/* Marks what the collector tracks; false: met before, or no memory. */
bool py_listed(struct py_walk *w, py_obj o, enum py_generation g);

/* Walks; the caller has filled what is above `seen`. */
int py_walk_run(struct py_walk *w, char *why, size_t cap);

/* ---- provider.c ---- */

/* The walk of the heap held, with a layout to be verified. */
int py_walk_with(const struct py_layout *L, struct objtop_sink *sink,
		 char *why, size_t cap);
/* Appends to a message of cap bytes. */
void py_why(char *why, size_t cap, const char *text);

#endif
