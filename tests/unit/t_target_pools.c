/* SPDX-License-Identifier: MIT */
/*
 * t_target_pools.c - counting the objects of a pool: pools made by hand, torn
 * ones, hostile ones, and random bytes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "inspector/target/pool_scan.h"
#include "tests/unit/t_target.h"

#define BASE	0x7f1200040000u		/* where the pool says it is */
#define PLAIN	0x7f1200800040u		/* kinds, by what is in front */
#define TRACKED	0x7f1200800140u
#define MANAGED	0x7f1200800240u
#define UNKNOWN	0x7f1200800340u
#define GC	(1ull << 14)
#define DICT	(1ull << 4)

static uint8_t pool[16384];
static struct pool_rules rules;
static struct pool_tally tally;
static uint32_t counts[64], touched[64];

static void
put64(uint32_t off, uint64_t v)
{
	memcpy(pool + off, &v, sizeof(v));
}

static void
put32(uint32_t off, uint32_t v)
{
	memcpy(pool + off, &v, sizeof(v));
}

static void
setup(void)
{
	const struct otw_pools w = {
		.pool_bytes = sizeof(pool), .kind_at = 8,
		.head = { { GC, 16 }, { DICT, 16 } },
	};

	pool_rules_init(&rules, &w);
	ck_assert_uint_eq(rules.npre, 3);
	ck_assert(pool_kinds_put(&rules.kinds, PLAIN, 1, 0));
	ck_assert(pool_kinds_put(&rules.kinds, TRACKED, 2, 16));
	ck_assert(pool_kinds_put(&rules.kinds, MANAGED, 3, 32));
	memset(&tally, 0, sizeof(tally));
	memset(counts, 0, sizeof(counts));
	tally.count = counts;
	tally.touched = touched;
	tally.cap = 64;
}

static void
teardown(void)
{
	pool_rules_release(&rules);
}

/* A pool of `n` blocks in use, all zero; the offset of block i is returned. */
static uint32_t
block(uint32_t size, uint32_t i)
{
	return POOL_HEADER + size * i;
}

static void
make(uint32_t size, uint32_t n)
{
	memset(pool, 0, sizeof(pool));
	put32(0, n);
	put32(36, size / 16 - 1);
	put32(40, block(size, n));
	put32(44, (uint32_t)sizeof(pool) - size);
}

static void
object(uint32_t off, uint32_t pre, uint64_t count, uint64_t kind)
{
	put64(off + pre, count);
	put64(off + pre + 8, kind);
}

/* Frees a block as pymalloc does. */
static void
unuse(uint32_t off)
{
	uint32_t n;

	memcpy(&n, pool, sizeof(n));
	put32(0, n - 1);
	memcpy(pool + off, pool + 8, 8);
	put64(8, BASE + off);
}

static enum pool_state
scan(void)
{
	return pool_scan(&rules, pool, BASE, &tally);
}

START_TEST(objects_are_counted_by_kind)
{
	uint32_t i;

	make(64, 100);
	for (i = 0; i < 30; i++)
		object(block(64, i), 0, 1 + i, PLAIN);
	for (; i < 50; i++)
		object(block(64, i), 16, 3, TRACKED);
	for (; i < 60; i++)
		object(block(64, i), 32, 0xffffffff, MANAGED);
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(counts[1], 30);
	ck_assert_uint_eq(counts[2], 20);
	ck_assert_uint_eq(counts[3], 10);
	ck_assert_uint_eq(tally.blocks, 100);
	ck_assert_uint_eq(tally.objects, 60);
	ck_assert_uint_eq(tally.ntouched, 3);
	ck_assert_uint_eq(tally.moved, 0);
}
END_TEST

START_TEST(freed_blocks_are_not_counted)
{
	uint32_t i;

	make(48, 80);
	for (i = 0; i < 80; i++)
		object(block(48, i), 0, 1, PLAIN);
	for (i = 0; i < 80; i += 4)
		unuse(block(48, i));
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(counts[1], 60);
	ck_assert_uint_eq(tally.blocks, 60);
	ck_assert_uint_eq(tally.moved, 0);
}
END_TEST

/* In a list of the interpreter's own: a count of zero, or a pointer. */
START_TEST(dead_objects_are_not_counted)
{
	make(32, 4);
	object(block(32, 0), 0, 0, PLAIN);
	object(block(32, 1), 0, 0x7f1200040030, PLAIN);
	object(block(32, 2), 0, 1, PLAIN);
	object(block(32, 3), 0, 7ull << 48 | 0xc0000000, PLAIN);
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(counts[1], 2);
}
END_TEST

START_TEST(only_its_own_head_makes_a_kind)
{
	make(64, 4);
	object(block(64, 0), 0, 1, TRACKED);
	object(block(64, 1), 16, 1, PLAIN);
	object(block(64, 2), 32, 1, TRACKED);
	object(block(64, 3), 16, 1, MANAGED);
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(tally.objects, 0);
	ck_assert_uint_eq(tally.blocks, 4);
	make(16, 10);		/* no room for a head */
	object(block(16, 9), 0, 1, PLAIN);
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(counts[1], 1);
}
END_TEST

/* The items of a list of types: pointers where counts would be. */
START_TEST(arrays_of_pointers_are_no_objects)
{
	make(32, 2);
	object(block(32, 0), 0, TRACKED, PLAIN);
	object(block(32, 1), 0, 0x9596e0, PLAIN);
	rules.low_from = 0x400000;
	rules.low_to = 0xa00000;
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(tally.objects, 0);
	rules.low_to = 0x500000;
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(tally.objects, 1);
}
END_TEST

START_TEST(what_may_be_a_kind_is_told)
{
	uint32_t i, n = 0;

	make(64, 3);
	object(block(64, 0), 16, 2, UNKNOWN);
	object(block(64, 1), 0, 2, UNKNOWN + 1);	/* no address */
	object(block(64, 2), 0, 0, UNKNOWN);		/* dead */
	ck_assert_int_eq(scan(), POOL_COUNTED);
	for (i = 0; i < POOL_SUSPECTS; i++) {
		if (tally.suspect[i] == 0)
			continue;
		ck_assert_uint_eq(tally.suspect[i], UNKNOWN);
		n++;
	}
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(torn_lists_count_nothing)
{
	uint32_t i;
	static const uint64_t bad[] = {
		0x30,				/* not in the pool */
		BASE + sizeof(pool),		/* behind it */
		BASE - 16, BASE + 16,		/* before, in the header */
		BASE + POOL_HEADER + 8,		/* no block */
		BASE + POOL_HEADER + 64 * 60,	/* never used */
	};

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make(64, 50);
		object(block(64, 1), 0, 1, PLAIN);
		unuse(block(64, 7));
		put64(block(64, 7), bad[i]);
		ck_assert_int_eq(scan(), POOL_TORN);
	}
	make(64, 50);			/* a circle */
	object(block(64, 1), 0, 1, PLAIN);
	unuse(block(64, 7));
	unuse(block(64, 9));
	put64(block(64, 7), BASE + block(64, 9));
	ck_assert_int_eq(scan(), POOL_TORN);
	ck_assert_uint_eq(tally.blocks, 0);
	ck_assert_uint_eq(tally.objects, 0);
}
END_TEST

START_TEST(a_count_that_lags_is_told)
{
	make(64, 50);
	put32(0, 47);
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(tally.moved, 3);
}
END_TEST

START_TEST(other_headers_are_no_pools)
{
	static const struct {
		uint32_t off, v;
	} bad[] = {
		{ 0, 1000 },		/* more blocks than there are */
		{ 32, 1u << 30 },	/* arena */
		{ 36, 32 }, { 36, UINT32_MAX }, { 36, 2 },	/* size */
		{ 40, 0 }, { 40, 47 }, { 40, 48 }, { 40, 48 + 63 },
		{ 40, 16385 }, { 40, UINT32_MAX },	/* next */
		{ 44, 16384 }, { 44, 0 },		/* last */
	};
	uint32_t i, used;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make(64, 50);
		ck_assert(pool_header_ok(&rules, pool, &used));
		ck_assert_uint_eq(used, block(64, 50));
		put32(bad[i].off, bad[i].v);
		ck_assert(!pool_header_ok(&rules, pool, &used));
		ck_assert_int_eq(scan(), POOL_NONE);
	}
	make(64, 50);
	put32(0, 0);
	ck_assert_int_eq(scan(), POOL_FREE);
	ck_assert_uint_eq(tally.blocks, 0);
}
END_TEST

/* Whatever comes: inside the bytes, and sums that agree (under ASan too). */
START_TEST(random_bytes_are_survived)
{
	uint32_t round, i, sum, torn = 0, counted = 0;

	srand(20);
	for (round = 0; round < 4000; round++) {
		uint32_t size = 16 * (1 + (uint32_t)rand() % 32);
		uint32_t n = 1 + (uint32_t)rand() %
			     ((uint32_t)(sizeof(pool) - POOL_HEADER) / size);
		enum pool_state st;

		make(size, n);
		for (i = 0; i < n; i++)
			object(block(size, i), 0, (uint64_t)rand() % 3,
			       rand() % 2 ? PLAIN : UNKNOWN);
		for (i = 0; i < n / 3; i++)
			unuse(block(size, i * 3));
		for (i = 0; i < (uint32_t)rand() % 40; i++)
			pool[(uint32_t)rand() % (rand() % 2 ? 48 :
						 sizeof(pool))] =
				(uint8_t)rand();
		if (round % 8 == 0)
			for (i = 48; i < sizeof(pool); i++)
				pool[i] = (uint8_t)rand();
		memset(counts, 0, sizeof(counts));
		tally.ntouched = tally.blocks = tally.objects = 0;
		st = scan();
		torn += st == POOL_TORN;
		counted += st == POOL_COUNTED;
		for (i = 0, sum = 0; i < 64; i++)
			sum += counts[i];
		ck_assert_uint_eq(sum, tally.objects);
		ck_assert_uint_le(tally.objects, tally.blocks);
		ck_assert_uint_le(tally.blocks, 1021);
		if (st != POOL_COUNTED)
			ck_assert_uint_eq(tally.blocks, 0);
	}
	ck_assert_uint_gt(torn, 100);
	ck_assert_uint_gt(counted, 100);
}
END_TEST

START_TEST(thousands_of_kinds_are_found)
{
	uint64_t i;

	for (i = 0; i < 20000; i++)
		ck_assert(pool_kinds_put(&rules.kinds, 0x10000 + i * 416,
					 (uint32_t)i, 0));
	for (i = 0; i < 20000; i++) {
		const struct pool_slot *s =
			pool_kinds_get(&rules.kinds, 0x10000 + i * 416);

		ck_assert_ptr_nonnull(s);
		ck_assert_uint_eq(s->id, i);
	}
	ck_assert_ptr_null(pool_kinds_get(&rules.kinds, 0x10008));
	ck_assert_ptr_null(pool_kinds_get(&rules.kinds, 0));
	/* an id that the tally has no room for is left out */
	make(64, 1);
	object(block(64, 0), 0, 1, 0x10000 + 19999 * 416);
	ck_assert_int_eq(scan(), POOL_COUNTED);
	ck_assert_uint_eq(tally.objects, 0);
}
END_TEST

TCase *
t_target_pools(void)
{
	TCase *t = tcase_create("pools");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, objects_are_counted_by_kind);
	tcase_add_test(t, freed_blocks_are_not_counted);
	tcase_add_test(t, dead_objects_are_not_counted);
	tcase_add_test(t, only_its_own_head_makes_a_kind);
	tcase_add_test(t, arrays_of_pointers_are_no_objects);
	tcase_add_test(t, what_may_be_a_kind_is_told);
	tcase_add_test(t, torn_lists_count_nothing);
	tcase_add_test(t, a_count_that_lags_is_told);
	tcase_add_test(t, other_headers_are_no_pools);
	tcase_add_test(t, random_bytes_are_survived);
	tcase_add_test(t, thousands_of_kinds_are_found);
	return t;
}
