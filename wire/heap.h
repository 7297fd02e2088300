/* SPDX-License-Identifier: MIT */
/*
 * heap.h - inside a HEAP frame: what enc.c and dec.c share.
 *
 * Payload: flags, number of objects, number of refs, number of columns, the
 * length of each column, the columns.  A reader skips columns it does not
 * know.  Objects and refs stand in the order in which they were given, the
 * refs of one object together; nothing but the two flags reaches from one
 * block into the next.
 *
 * OTW_HEAP_MORE: refs of the last object follow in the next HEAP frame, which
 * is flagged OTW_HEAP_CONTINUED: its first entry of NREFS counts those and
 * belongs to no object of its own.
 *
 * ADDR   address, packed against the object before (0 at first), see below
 * KIND   id, announced before
 * FLAGS  bits of otw_object.flags
 * BYTES, EXTRA
 * COUNT  reference count, zigzag
 * NREFS  refs of this object in this block
 * TEXTLEN, TEXT
 * TO     target of a ref, packed, see below
 * HOW    one byte: relation, name type in the two highest bits
 * NAME   INDEX: zigzag distance from the index before plus one (0 at the
 *	  start of an object); ID: the id; NONE: nothing
 *
 * Addresses are mostly multiples of 8 and near to something.  The low bits of
 * the number say how it is packed:
 *   ADDR and root refs, 1 bit: 0 distance / 8 from the one before, zigzag;
 *			 1 the address itself follows as another number.
 *   TO, 2 bits: 0 distance / 8 from the referring object; 1 distance / 8 from
 *		 the target before; 2 the target that a ref in the same place
 *		 had the last time in this block; 3 another number follows.
 * The "same place" is a slot of a small table, chosen by the object's kind,
 * the relation and the name: most instances refer to the same class, and many
 * to the same None.
 */
#ifndef OTW_HEAP_H
#define OTW_HEAP_H

#include "wire/leb.h"
#include "wire/wire.h"

enum otw_heap_column {
#define COLUMN(name, each, doc) OTW_C_##name,
#include "wire/columns.def"
	OTW_C_END
};

/* EXTRA and TEXTLEN are empty where they would be 0 for every object. */

#define OTW_HEAP_CONTINUED 1u
#define OTW_HEAP_MORE	2u

#define OTW_TO_OBJECT	0u
#define OTW_TO_BEFORE	1u
#define OTW_TO_SLOT	2u
#define OTW_TO_PLAIN	3u

#define OTW_HOW_BITS	6
_Static_assert(OTW_REL_COUNT <= 1 << OTW_HOW_BITS, "a relation has 6 bits");

#define OTW_SLOTS	1024u

static inline uint32_t
otw_slot(uint32_t kind, uint8_t how, int64_t index, uint32_t id)
{
	uint32_t key = 0, h;

	if (how >> OTW_HOW_BITS == OTW_NAME_ID)
		key = id + 64;
	else if (how >> OTW_HOW_BITS == OTW_NAME_INDEX)
		key = index >= 0 && index < 32 ? (uint32_t)index : 32;
	h = kind * 0x9e3779b1u ^ how * 0x85ebca6bu ^ key * 0xc2b2ae35u;
	return h >> 22;
}

/* Distance in units of 8 bytes; false: not a multiple. */
static inline bool
otw_pack_near(uint64_t to, uint64_t from, uint64_t *zz)
{
	int64_t d = (int64_t)(to - from);

	if (d & 7)
		return false;
	*zz = otw_zigzag(d / 8);
	return true;
}

static inline uint64_t
otw_unpack_near(uint64_t zz, uint64_t from)
{
	return from + ((uint64_t)otw_unzigzag(zz) << 3);
}

/* Number packed with one bit; at most 2 * OTW_LEB_MAX bytes. */
static inline uint8_t *
otw_put_addr(uint8_t *p, uint64_t addr, uint64_t before)
{
	uint64_t zz;

	if (otw_pack_near(addr, before, &zz))
		return otw_put(p, zz << 1);
	return otw_put(otw_put(p, 1), addr);
}

static inline bool
otw_get_addr(const uint8_t **p, const uint8_t *end, uint64_t before,
	     uint64_t *addr)
{
	uint64_t v;

	if (!otw_get(p, end, &v))
		return false;
	if (v & 1)
		return v == 1 && otw_get(p, end, addr);
	*addr = otw_unpack_near(v >> 1, before);
	return true;
}

#endif
