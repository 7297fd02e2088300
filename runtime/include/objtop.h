/* SPDX-License-Identifier: MIT */
/*
 * objtop.h - publish a heap to objtop.
 *
 * A program, library or language runtime that keeps a heap of its own fills a
 * struct objtop_provider and exports it as `objtop_provider`:
 *
 *	OBJTOP_EXPORT struct objtop_provider objtop_provider = { ... };
 *
 * (link an executable with -rdynamic so that the symbol can be found).  There
 * is nothing to link against and no cost until somebody runs `objtop PID`:
 * then the agent comes into the process, calls `hold`, clones the process
 * copy-on-write, calls `release`, and calls `walk` in the clone, which may
 * take its time.  CPython needs none of this; objtop knows it by itself.
 *
 * Rules for `walk`: it runs in a frozen single-threaded copy in which locks of
 * other threads may be held for ever.  Read memory; take no lock, call no
 * malloc, write to no file, run no user code.
 */
#ifndef OBJTOP_H
#define OBJTOP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OBJTOP_EXPORT	__attribute__((visibility("default"), used))
#define OBJTOP_PROVIDER_SYMBOL "objtop_provider"
#define OBJTOP_ABI	1

/* How one object holds another. */
enum objtop_relation {
	OBJTOP_REL_INTERNAL,	/* a field without a name of its own */
	OBJTOP_REL_ATTRIBUTE,	/* .name */
	OBJTOP_REL_SLOT,	/* .name, kept in a fixed slot */
	OBJTOP_REL_ITEM,	/* [index] of a sequence, or member of a set */
	OBJTOP_REL_KEY,		/* key of a mapping */
	OBJTOP_REL_VALUE,	/* [key] of a mapping */
	OBJTOP_REL_CELL,	/* content of a closure's cell */
	OBJTOP_REL_LOCAL,	/* local variable of a frame */
	OBJTOP_REL_STACK,	/* evaluation stack of a frame */
	OBJTOP_REL_GLOBAL,	/* globals or builtins of a function or frame */
	OBJTOP_REL_TYPE,	/* class of an instance */
	OBJTOP_REL_BASE,	/* base class, or entry of an mro */
	OBJTOP_REL_CLOSURE,	/* closure of a function: tuple or cell */
	OBJTOP_REL_DEFAULT,	/* default of a parameter */
	OBJTOP_REL_TRACEBACK,	/* traceback, cause or context of an exception */
	OBJTOP_REL_WEAK,	/* weak: keeps nothing alive */
	OBJTOP_REL_MODULE,	/* entry of a module table */
	OBJTOP_REL_SUBCLASS,	/* subclass known to its base */
	OBJTOP_REL_COUNT
};

enum objtop_root_kind {
	OBJTOP_ROOT_OTHER,
	OBJTOP_ROOT_MODULE,	/* a module by its import name */
	OBJTOP_ROOT_FRAME,	/* a frame on a thread's stack */
	OBJTOP_ROOT_THREAD,	/* what a thread holds outside its frames */
	OBJTOP_ROOT_INTERPRETER, /* interpreter state, sys and builtins tables */
	OBJTOP_ROOT_STATIC,	/* objects in the program's data */
	OBJTOP_ROOT_GLOBAL,	/* a global variable of the program */
	OBJTOP_ROOT_COUNT
};

enum objtop_object_flags {
	OBJTOP_TRACKED = 1,	/* known to a cycle collector */
	OBJTOP_FROZEN = 2,	/* exempt from collection (gc.freeze) */
	OBJTOP_IMMORTAL = 4,	/* its reference count does not move */
	OBJTOP_WEAKREFS = 8,	/* has weak references to it */
	OBJTOP_GEN_SHIFT = 4,	/* bits 4..5: generation of a TRACKED object */
	OBJTOP_GEN_MASK = 0x30,
	OBJTOP_CLASS = 64,	/* refers to its kind's object first of all, by
				 * TYPE without a name: no ref says so */
};

enum objtop_kind_flags {
	OBJTOP_KIND_IS_META = 1, /* instances are themselves types */
	OBJTOP_KIND_USER = 2,	/* defined by the program, not the runtime */
};

/*
 * What the viewer asked for; `walk` may leave out work nobody wants.  Nothing
 * at all: `pools` is all that it wants to hear.
 */
enum objtop_want {
	OBJTOP_WANT_COUNTS = 1,	/* objects per kind only: with COLLECTOR at
				 * most, no other bit */
	OBJTOP_WANT_OBJECTS = 2,
	OBJTOP_WANT_REFS = 4,
	OBJTOP_WANT_NAMES = 8,	/* names on refs */
	OBJTOP_WANT_TEXT = 16,	/* short texts of values: never when redacted */
	OBJTOP_WANT_ROOTS = 32,
	OBJTOP_WANT_COLLECTOR = 64, /* sink->collector(); alone: nothing else */
};

/* A type.  Strings are copied; at most 4096 bytes of each are kept. */
struct objtop_kind {
	uint64_t addr;		/* of the type object; 0: none.  Unique otherwise */
	const char *name;	/* qualified name without the module */
	size_t name_len;
	const char *module;	/* may be NULL */
	size_t module_len;
	uint32_t flags;		/* enum objtop_kind_flags */
};

struct objtop_object {
	uint64_t addr;		/* unique while it lives; 8-aligned */
	uint32_t kind;		/* as given by sink->kind() */
	uint32_t flags;		/* enum objtop_object_flags */
	uint64_t bytes;		/* shallow size */
	uint64_t extra;		/* bytes owned beyond `bytes` (see manual) */
	int64_t refcount;	/* -1: no such thing */
	const char *text;	/* short text for a leaf value, or NULL */
	size_t text_len;	/* cut by the agent at 120 bytes */
};

enum objtop_name_type {
	OBJTOP_NAME_NONE,
	OBJTOP_NAME_INDEX,	/* `index` */
	OBJTOP_NAME_ID,		/* `id`, as given by sink->name() */
};

/* A reference out of the object given last to sink->object(). */
struct objtop_ref {
	uint64_t to;		/* address of the object referred to */
	uint8_t relation;	/* enum objtop_relation */
	uint8_t name_type;	/* enum objtop_name_type */
	int64_t index;
	uint32_t id;
};

struct objtop_root {
	uint8_t kind;		/* enum objtop_root_kind */
	const char *name;	/* "shop.cache", "handle (shop/server.py:42)" */
	size_t name_len;
	uint64_t thread;	/* OS thread id, 0: none */
};

/*
 * A cycle collector.  What a runtime does not have or count is
 * OBJTOP_UNKNOWN.
 */
#define OBJTOP_GENERATIONS	3
#define OBJTOP_UNKNOWN		UINT64_MAX

struct objtop_generation {
	uint64_t objects;	/* in it now */
	uint64_t threshold;	/* of `count`, that makes it be collected */
	uint64_t count;
	uint64_t collections;	/* since the program began, */
	uint64_t collected;	/* with so many objects found unreachable */
	uint64_t uncollectable;
	uint64_t pause_ns;	/* what the last collection took */
};

struct objtop_collector {
	int enabled;		/* does it begin by itself? */
	int collecting;		/* at this moment */
	uint64_t frozen;	/* objects exempt from collection */
	uint64_t garbage;	/* found uncollectable and kept */
	uint64_t callbacks;	/* the program has itself called back */
	uint32_t ngenerations;	/* youngest first */
	struct objtop_generation generation[OBJTOP_GENERATIONS];
};

/*
 * How objects can be counted from outside, without stopping anything: they lie
 * in blocks of pools as CPython's obmalloc.c lays them out, and each begins
 * with its kind's address.  Offsets are bytes.  A provider that does not say
 * this loses nothing but the cheap live table.
 */
struct objtop_pools {
	uint32_t pool_bytes;	/* 0: no such pools, `why` says it in a word */
	uint64_t meta;		/* the kind of which kinds are instances, */
	uint64_t meta_mask;	/* or of one with a bit of these in its flags */
	uint32_t count_at, kind_at;		/* of an object */
	uint32_t name_at, size_at, items_at, flags_at;	/* of a kind */
	uint64_t varies_mask;	/* kinds whose instances differ in size though
				 * the size of their items is 0 */
	struct {
		uint64_t mask;	/* a kind with one of these bits in its flags */
		uint32_t bytes;	/* has this much before each object */
	} head[2];
	const char *why;
};

/*
 * Where a walk reports to.  Owned by the agent.  Every function returning int
 * gives 0 to go on and non-zero to stop: return from `walk` then.
 */
struct objtop_sink {
	size_t size;		/* sizeof(struct objtop_sink), for later fields */
	uint32_t want;		/* enum objtop_want */

	/* Announces a kind once, before its first object: its id from 0 up. */
	uint32_t (*kind)(struct objtop_sink *s, const struct objtop_kind *k);

	/*
	 * An id for a name used on refs.  `key` identifies it (the address of a
	 * string object, say; 0: none): the bytes are looked at only the first
	 * time a key is seen, so that names travel once.
	 */
	uint32_t (*name)(struct objtop_sink *s, uint64_t key,
			 const char *name, size_t len);

	/* Has this key a name already?  Its id, or UINT32_MAX. */
	uint32_t (*name_known)(struct objtop_sink *s, uint64_t key);

	/* One object, exactly once; its refs follow before the next object. */
	int (*object)(struct objtop_sink *s, const struct objtop_object *o);
	int (*ref)(struct objtop_sink *s, const struct objtop_ref *r);

	/* A root; the refs out of it follow by root_ref. */
	int (*root)(struct objtop_sink *s, const struct objtop_root *r);
	int (*root_ref)(struct objtop_sink *s, const struct objtop_ref *r);

	/* What could not be seen, and why; `count` 0: unknown how many. */
	void (*unseen)(struct objtop_sink *s, const char *reason,
		       uint64_t count);

	/*
	 * Zeroed memory for the walk, 16-aligned, freed by the agent after it.
	 * NULL when there is none: return from `walk` then.
	 */
	void *(*alloc)(struct objtop_sink *s, size_t bytes);

	/* Shown to the user if the walk dies after this call: a static string. */
	void (*phase)(struct objtop_sink *s, const char *what);

	/*
	 * About how many objects there will be in all, as far as is known by
	 * now; may be said again.  An older agent's sink ends before this:
	 * look at its size.
	 */
	void (*expect)(struct objtop_sink *s, uint64_t objects);

	/* Once, before the first object; may be left out.  As above. */
	void (*pools)(struct objtop_sink *s, const struct objtop_pools *p);

	/* The collector, at most once; likewise. */
	void (*collector)(struct objtop_sink *s,
			  const struct objtop_collector *c);
};

enum objtop_ask {
	OBJTOP_ASK_REPR = 1,	/* text: how the program itself shows it */
	OBJTOP_ASK_SIZE = 2,	/* value: bytes as the program itself says */
};

struct objtop_answer {
	uint64_t value;		/* with REPR: characters of the whole text */
	char *text;		/* text[cap], UTF-8, `len` bytes of it used */
	size_t cap, len;
};

struct objtop_provider {
	size_t size;		/* sizeof(struct objtop_provider) */
	uint32_t abi;		/* OBJTOP_ABI */
	const char *runtime;	/* "cpython", "myvm" */
	const char *version;	/* "3.11.7" */
	void *self;		/* passed to the functions below */

	/*
	 * Brings the heap to a consistent state and keeps it there until
	 * release().  0, or non-zero with a reason in why[cap].  Runs on the
	 * agent's thread and may wait.
	 */
	int (*hold)(void *self, char *why, size_t cap);
	void (*release)(void *self);

	/*
	 * Reports the whole heap to the sink.  0, or non-zero with a reason in
	 * why[cap].  Objects that are referred to but never reported become
	 * "unseen" in the viewer.
	 */
	int (*walk)(void *self, struct objtop_sink *sink, char *why, size_t cap);

	/* Objects walk() will report, roughly, for progress; may be NULL. */
	uint64_t (*estimate)(void *self);

	/*
	 * Instead of hold and release, where a heap can be held still only for
	 * the length of a call: calls during(arg, since) once while it is, and
	 * never when this returns non-zero with a reason in why[cap].  `since`
	 * is the time (CLOCK_MONOTONIC, ns) from which on any of the program's
	 * threads may have been held.  NULL, and not there in older providers,
	 * whose `size` says so.
	 */
	int (*hold_for)(void *self, void (*during)(void *arg, uint64_t since),
			void *arg, char *why, size_t cap);

	/*
	 * Has the program's own code answer for an object that walk() has just
	 * reported.  Runs in a copy of the clone that is thrown away, so it may
	 * change anything; it has no descriptors, can do nothing that would be
	 * noticed outside, and about 200 ms.  0, or non-zero with a reason as
	 * the text.  May be NULL, and is not there in older providers.
	 */
	int (*ask)(void *self, uint64_t object, uint32_t what,
		   struct objtop_answer *out);
};

#ifdef __cplusplus
}
#endif

#endif
