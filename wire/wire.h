/* SPDX-License-Identifier: MIT */
/*
 * wire.h - the words of the protocol: frame numbers and what frames carry.
 *
 * The agent encodes with wire/enc.h, the inspector decodes with wire/dec.h.
 * A snapshot file is the agent's half of the stream behind zstd.
 */
#ifndef OTW_WIRE_H
#define OTW_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OTW_MAGIC	"objtop\r\n"	/* 8 bytes, first in HELLO */
#define OTW_VERSION	2

enum otw_frame {
#define FRAME(name, number, dir, max, doc) OTW_F_##name = (number),
#include "wire/frames.def"
};

enum otw_relation {
#define RELATION(name, text) OTW_REL_##name,
#include "wire/relations.def"
	OTW_REL_COUNT
};

enum otw_root_kind {
#define ROOTKIND(name, text) OTW_ROOT_##name,
#include "wire/roots.def"
	OTW_ROOT_COUNT
};

enum otw_mode {		/* how the heap is held still */
	OTW_MODE_AUTO, OTW_MODE_FORK, OTW_MODE_PAUSE, OTW_MODE_COUNT
};

enum otw_name_type { OTW_NAME_NONE, OTW_NAME_INDEX, OTW_NAME_ID };

/* Bits of otw_object.flags; the same as objtop.h's. */
#define OTW_TRACKED	1u
#define OTW_FROZEN	2u
#define OTW_IMMORTAL	4u
#define OTW_WEAKREFS	8u
#define OTW_GEN(flags)	(((flags) >> 4) & 3u)
#define OTW_CLASS	64u	/* its first ref is to its kind's object */

/* Bits of otw_request.want; the same as objtop.h's. */
#define OTW_WANT_COUNTS	 1u
#define OTW_WANT_OBJECTS 2u
#define OTW_WANT_REFS	 4u
#define OTW_WANT_NAMES	 8u
#define OTW_WANT_TEXT	 16u
#define OTW_WANT_ROOTS	 32u
#define OTW_WANT_COLLECTOR 64u
#define OTW_WANT_GRAPH	(OTW_WANT_OBJECTS | OTW_WANT_REFS | \
			 OTW_WANT_NAMES | OTW_WANT_ROOTS)

/* Bytes that are neither owned nor NUL-terminated: valid during the call. */
struct otw_str {
	const char *s;
	size_t len;
};

struct otw_hello {
	uint32_t version;	/* of the protocol */
	uint64_t caps;		/* bits to come */
	uint64_t pid;		/* as the target sees itself */
	struct otw_str runtime;	/* "cpython" */
	struct otw_str runtime_version;
	struct otw_str command;	/* its command line, spaces between words */
};

struct otw_begin {
	uint64_t time_ns;	/* Unix time */
	enum otw_mode mode;	/* FORK or PAUSE */
	uint64_t held_ns;	/* target held: hold() returned .. release() */
	uint64_t wait_ns;	/* waited for hold() */
	uint32_t want;
	uint64_t clone_pid;	/* 0 in pause mode */
};

struct otw_kind {
	uint32_t id;
	uint64_t addr;
	uint32_t flags;
	struct otw_str name, module;
};

struct otw_name {
	uint32_t id;
	struct otw_str name;
};

struct otw_object {
	uint64_t addr;
	uint32_t kind;
	uint32_t flags;
	uint64_t bytes;
	uint64_t extra;
	int64_t refcount;	/* -1: none */
	uint32_t nrefs;
	struct otw_str text;	/* len 0: none */
};

struct otw_ref {
	uint64_t to;
	uint8_t relation;
	uint8_t name_type;
	int64_t index;
	uint32_t id;		/* of a name */
};

/*
 * POOLS: how to count objects from outside, see inspector/target/pool_scan.h.
 * Blocks lie in pools as CPython's obmalloc.c makes them; a block is what
 * stands before an object (the sum of the heads whose mask is in the flags of
 * its kind), then the object.
 */
#define OTW_POOL_HEADS	2
#define OTW_POOL_FIELDS	4096	/* offsets of fields are below */

struct otw_pools {
	uint32_t pool_bytes;	/* a power of two; 0: no pools, `why` says */
	uint64_t meta;		/* the kind of which kinds are instances, */
	uint64_t meta_mask;	/* or of one with such a flag */
	uint32_t count_at, kind_at;		/* of an object */
	uint32_t name_at, size_at, items_at, flags_at;	/* of a kind */
	uint64_t varies_mask;	/* kinds whose instances differ in size though
				 * the size of their items is 0 */
	struct {
		uint64_t mask;
		uint32_t bytes;
	} head[OTW_POOL_HEADS];
	struct otw_str why;
};

struct otw_root {
	uint8_t kind;
	uint64_t thread;
	struct otw_str name;
};

struct otw_count {
	uint32_t kind;
	uint64_t count, bytes, tracked;
};

struct otw_unseen {
	uint64_t count;		/* 0: unknown */
	struct otw_str reason;
};

struct otw_progress {
	uint64_t done, estimate;
};

struct otw_end {
	uint64_t objects, tracked, refs, bytes;
	uint64_t held_ns;	/* final figure (pause mode knows it only now) */
	uint64_t walk_ns;
};

struct otw_error {
	uint32_t code;		/* enum ot_status */
	struct otw_str message;
};

/*
 * The cycle collector.  A figure that a runtime does not keep is OTW_UNKNOWN;
 * what is frozen is no generation.
 */
#define OTW_GENERATIONS	3
#define OTW_UNKNOWN	UINT64_MAX

struct otw_generation {
	uint64_t objects;	/* on its list */
	uint64_t threshold, count;
	uint64_t collections, collected, uncollectable;
	uint64_t pause_ns;	/* the last collection took */
};

struct otw_collector {		/* COLLECTOR */
	bool enabled, collecting;
	uint64_t frozen;	/* objects put aside (gc.freeze) */
	uint64_t garbage;	/* objects in gc.garbage */
	uint64_t callbacks;	/* in gc.callbacks, without ours */
	uint32_t ngenerations;
	struct otw_generation generation[OTW_GENERATIONS];
};

enum otw_act_what {
	OTW_ACT_LOOK,		/* only say how it is set */
	OTW_ACT_COLLECT,	/* arg[0]: generation */
	OTW_ACT_THRESHOLD,	/* arg[0..2]; -1: as it is */
	OTW_ACT_FREEZE,
	OTW_ACT_UNFREEZE,
	OTW_ACT_ENABLE,
	OTW_ACT_DISABLE,
	OTW_ACT_WATCH,		/* note pauses, see wire/pauses.h */
	OTW_ACT_LEAVE,		/* no more of that; undo what is to be undone */
	OTW_ACT_COUNT
};

#define OTW_ACT_RESTORE	1u	/* undo it when the agent leaves */
#define OTW_ACT_HERE	2u	/* collect on the agent's own thread */

struct otw_act {		/* ACT */
	enum otw_act_what what;
	uint32_t flags;		/* OTW_ACT_* */
	int64_t arg[OTW_GENERATIONS];
	uint64_t timeout_ms;
};

struct otw_gc_set {		/* how the collector is set */
	bool enabled;
	uint64_t threshold[OTW_GENERATIONS], count[OTW_GENERATIONS];
	uint64_t frozen;
};

struct otw_acted {		/* ACTED */
	enum otw_act_what what;
	uint64_t result;	/* COLLECT: objects found unreachable;
				 * WATCH: address of the ring */
	uint64_t took_ns;
	struct otw_gc_set before, after;
};

/* What may be asked of one object; bits. */
#define OTW_ASK_REPR	1u	/* its repr */
#define OTW_ASK_SIZE	2u	/* what sys.getsizeof says */
#define OTW_ASK_ALL	(OTW_ASK_REPR | OTW_ASK_SIZE)
#define OTW_ANSWER_TEXT	65536	/* bytes of a repr that travel */

struct otw_answer {
	uint32_t what;		/* one of OTW_ASK_* */
	uint32_t ok;		/* 0: `text` says why there is none */
	uint64_t value;		/* bytes; of a repr: characters it has */
	struct otw_str text;	/* a repr, cut at a character */
};

struct otw_request {		/* SNAPSHOT, or with `ask` DESCRIBE */
	uint32_t want;
	enum otw_mode mode;
	uint64_t timeout_ms;	/* for all of it; 0: none */
	uint32_t ask;		/* OTW_ASK_*; 0: a snapshot */
	uint64_t addr, kind;	/* the object, and its type: addresses */
};

#endif
