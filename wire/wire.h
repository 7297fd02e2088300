/* SPDX-License-Identifier: MIT */
/*
 * wire.h - the words of the protocol: frame numbers and what frames carry.
 *
 * The agent encodes with wire/enc.h, the inspector decodes with wire/dec.h.
 * A snapshot file is the agent's half of the stream behind zstd.
 */
#ifndef OTW_WIRE_H
#define OTW_WIRE_H

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

struct otw_request {		/* SNAPSHOT */
	uint32_t want;
	enum otw_mode mode;
	uint64_t timeout_ms;	/* for the whole snapshot; 0: none */
};

#endif
