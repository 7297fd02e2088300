/* SPDX-License-Identifier: MIT */
/*
 * t_target_census.c - the census of a heap made by hand in our own memory.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "inspector/target/census.h"
#include "inspector/target/census_priv.h"
#include "inspector/target/target_priv.h"
#include "tests/unit/t_target.h"

#define POOL	16384u
#define POOLS	(64u * 24)		/* 24 MiB */
#define SIZE	64u
#define BLOCKS	((POOL - 48) / SIZE)	/* 255 */
#define META	(1ull << 31)

static uint64_t meta[64], apple[64], pear[64], ghost[64];
static uint8_t *heap;
static size_t heap_len; /* bytes of it that are mapped */
static struct target target;
static struct census *census;
static struct ot_err err;

static void
kind(uint64_t *k, const uint64_t *of, const char *name, uint64_t flags)
{
	memset(k, 0, 64 * sizeof(*k));
	k[0] = 1;
	k[1] = (uintptr_t)of;
	k[3] = (uintptr_t)name;
	k[4] = SIZE - 16;
	k[21] = flags;
}

static uint8_t *
pool_at(uint32_t i)
{
	return heap + (size_t)i * POOL;
}

/* The first n blocks of a pool are in use, by objects of a kind. */
static void
fill(uint32_t i, uint32_t n, const uint64_t *k)
{
	uint8_t *p = pool_at(i);
	uint32_t v[4] = { 0, SIZE / 16 - 1, 48 + SIZE * n, POOL - SIZE }, b;

	memcpy(p, &n, sizeof(n));
	memset(p + 8, 0, 24);
	memcpy(p + 32, v, sizeof(v));
	for (b = 0; b < n; b++) {
		uint64_t o[2] = { 1, (uintptr_t)k };

		memcpy(p + 48 + b * SIZE, o, sizeof(o));
	}
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
setup(void)
{
	uint32_t i;

	kind(meta, meta, "kind", META);
	kind(apple, meta, "Apple", 0);
	kind(pear, meta, "Pear", 0);
	kind(ghost, apple, "Ghost", 0);		/* an apple, and no kind */
	heap_len = (size_t)POOLS * POOL;
	heap = mmap(NULL, (size_t)POOLS * POOL + POOL, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(heap, MAP_FAILED);
	heap += POOL - (uintptr_t)heap % POOL;
	for (i = 0; i < POOLS; i++)
		fill(i, 200, apple);
	memset(&target, 0, sizeof(target));
	target.pid = getpid();
	target.sock = target.pidfd = -1;
	target.have_pools = true;
	target.pools = (struct otw_pools){
		.pool_bytes = POOL, .meta = (uintptr_t)meta, .meta_mask = META,
		.kind_at = 8, .name_at = 24, .size_at = 32, .items_at = 40,
		.flags_at = 168,
	};
	err = (struct ot_err)OT_ERR_INIT;
	ck_assert_int_eq(census_open(&target, &census, &err), OT_OK);
}

static void
teardown(void)
{
	census_close(census);
	munmap(heap, heap_len);
}

static const struct census_row *
row(const uint64_t *k)
{
	const struct census_row *v;
	size_t n, i;

	v = census_rows(census, &n);
	for (i = 0; i < n; i++)
		if (v[i].addr == (uintptr_t)k)
			return &v[i];
	return NULL;
}

static void
count(uint64_t budget_us)
{
	ck_assert_int_eq(census_count(census, budget_us, &err), OT_OK);
}

START_TEST(kinds_are_found_and_counted)
{
	const struct census_row *r;

	fill(7, 100, pear);
	fill(8, 50, ghost);
	count(0);
	r = row(apple);
	ck_assert_uint_eq(r->count, (POOLS - 2) * 200);
	ck_assert_str_eq(r->name, "Apple");
	ck_assert(r->module == NULL && !r->estimated);
	ck_assert_uint_eq(r->bytes, r->count * (SIZE - 16));
	ck_assert_uint_eq(row(pear)->count, 100);
	ck_assert_ptr_null(row(ghost));
	ck_assert(census_info(census)->whole);
	ck_assert_uint_eq(census_info(census)->unnamed, 2);
	ck_assert_uint_ge(census_info(census)->chunks, POOLS / 64);
}
END_TEST

START_TEST(changes_are_seen)
{
	count(0);
	fill(3, 255, apple);
	fill(4, 0, apple);
	fill(5, 10, pear);
	count(0);
	ck_assert_uint_eq(row(apple)->count, (POOLS - 3) * 200 + 255);
	ck_assert_uint_eq(row(pear)->count, 10);
	memset(pool_at(1), 0, (size_t)(POOLS - 1) * POOL);
	count(0);
	ck_assert_uint_eq(row(apple)->count, 200);
	memset(pool_at(0), 0, POOL);	/* a program without its heap */
	ck_assert_int_eq(census_count(census, 0, &err), OT_FAILED);
}
END_TEST

START_TEST(memory_that_goes_is_taken_away)
{
	const size_t half = (size_t)POOLS / 2 * POOL;

	count(0);
	munmap(heap + half, half);
	heap_len = half; /* what comes to lie behind is not ours */
	count(0);
	ck_assert_uint_eq(row(apple)->count, POOLS / 2 * 200);
}
END_TEST

/* Pages never touched are none of our business, nor are they brought in. */
START_TEST(untouched_pages_stay_untouched)
{
	unsigned char here[64];
	uint8_t *more = mmap(NULL, sizeof(here) * 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	ck_assert_ptr_ne(more, MAP_FAILED);
	count(0);
	ck_assert_int_eq(mincore(more, sizeof(here) * 4096, here), 0);
	for (i = 0; i < sizeof(here); i++)
		ck_assert_int_eq(here[i] & 1, 0);
	munmap(more, sizeof(here) * 4096);
}
END_TEST

START_TEST(torn_pools_are_left_out)
{
	uint64_t bad = 1;

	memcpy(pool_at(9) + 8, &bad, sizeof(bad));
	count(0);
	ck_assert_uint_eq(census_info(census)->torn, 1);
	ck_assert(!census_info(census)->whole);
	ck_assert_uint_eq(row(apple)->count, (POOLS - 1) * 200);
	ck_assert(row(apple)->estimated);
	ck_assert_uint_ge(row(apple)->error, 100);
}
END_TEST

/* A budget for a few chunks: all are looked at in time, and it is said. */
START_TEST(a_budget_goes_round)
{
	uint32_t i, rounds = 0;
	uint64_t first;

	count(0);
	for (i = 0; i < POOLS; i += 2)
		fill(i, 100, apple);
	count(1);
	ck_assert(!census_info(census)->whole);
	ck_assert(row(apple)->estimated);
	first = row(apple)->count;
	ck_assert_uint_gt(first, 0);
	ck_assert_uint_gt(row(apple)->error, 0);
	while (row(apple)->count != POOLS * 150 && rounds++ < 1000)
		count(1);
	count(0);
	ck_assert_uint_eq(row(apple)->count, POOLS * 150);
}
END_TEST

/* Half of what changed was looked at: the rest is thought to be like it. */
START_TEST(what_was_not_counted_is_estimated)
{
	uint32_t i;
	double truth = POOLS * 150, got, off;

	count(0);
	/* An hour ago, so that it does not matter when which is counted. */
	for (i = 0; i < census->nchunks; i++)
		census->chunks[i].at_us -= UINT64_C(3600) * 1000000;
	for (i = 0; i < POOLS; i++)
		fill(i, 150, apple);
	for (i = 0; i < POOLS / 64 / 2; i++)
		count(1);
	ck_assert(!census_info(census)->whole);
	got = (double)row(apple)->count;
	off = got > truth ? got - truth : truth - got;
	ck_assert_double_le(off, (double)row(apple)->error + truth * 0.05);
}
END_TEST

START_TEST(a_snapshot_corrects)
{
	const struct census_truth v[] = {
		{ (uintptr_t)apple, "shop.Apple", "shop", POOLS * 200 + 7,
		  (POOLS * 200 + 7) * 100, 7 },
		{ (uintptr_t)pear, "shop.Pear", "shop", 5, 50, 5 },
		{ 0, "(static)", "", 3, 30, 0 },
	};
	const struct census_row *r;

	ck_assert_int_eq(census_learn(census, v, 3, now_ns(), &err), OT_OK);
	r = row(apple);
	ck_assert_uint_eq(r->count, POOLS * 200 + 7);
	ck_assert_str_eq(r->name, "shop.Apple");
	ck_assert(!r->estimated && r->module != NULL);
	ck_assert_uint_eq(r->bytes, r->count * 100);
	ck_assert_uint_eq(row(pear)->count, 5);
	ck_assert_uint_eq(census_info(census)->objects, POOLS * 200 + 15);
	fill(0, 250, apple);
	fill(1, 10, pear);
	count(0);
	ck_assert_uint_eq(row(apple)->count, POOLS * 200 - 200 + 57);
	ck_assert_uint_eq(row(pear)->count, 15);
	/* and again, from a count just before */
	ck_assert_int_eq(census_learn(census, v, 3, now_ns(), &err), OT_OK);
	ck_assert_uint_eq(row(apple)->count, POOLS * 200 + 7);
	ck_assert_uint_eq(row(pear)->count, 5);
}
END_TEST

START_TEST(a_heap_elsewhere_is_refused)
{
	const struct census_truth v[] = {
		{ (uintptr_t)apple, "Apple", "", POOLS * 1000, 0, 0 },
	};
	char word[32];

	ck_assert_int_eq(census_learn(census, v, 1, now_ns(), &err),
			 OT_REFUSED);
	census_word(&err, word, sizeof(word));
	ck_assert_str_eq(word, "no pools");
}
END_TEST

START_TEST(no_pools_is_told)
{
	struct census *c;
	char word[32];

	target.pools.pool_bytes = 0;
	strcpy(target.pools_why, "free-threaded");
	ck_assert_int_eq(census_open(&target, &c, &err), OT_REFUSED);
	census_word(&err, word, sizeof(word));
	ck_assert_str_eq(word, "free-threaded");
	target.have_pools = false;
	ck_assert_int_eq(census_open(&target, &c, &err), OT_REFUSED);
	ck_assert_ptr_null(c);
}
END_TEST

/* What the agent says of kinds is not believed without a look at them. */
START_TEST(a_lie_about_kinds_is_found_out)
{
	struct census *c;

	target.pools.meta = (uintptr_t)apple;
	target.pools.name_at = 8 * 40;
	ck_assert_int_eq(census_open(&target, &c, &err), OT_REFUSED);
	target.pools.meta = 8;
	ck_assert_int_eq(census_open(&target, &c, &err), OT_REFUSED);
}
END_TEST

static bool
stop_now(void *ctx)
{
	(void)ctx;
	return true;
}

START_TEST(it_can_be_stopped)
{
	census_stop_when(census, stop_now, NULL);
	ck_assert_int_eq(census_count(census, 0, &err), OT_INTERRUPTED);
	census_stop_when(census, NULL, NULL);
	count(0);
	ck_assert_uint_eq(row(apple)->count, POOLS * 200);
}
END_TEST

TCase *
t_target_census(void)
{
	TCase *t = tcase_create("census");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, kinds_are_found_and_counted);
	tcase_add_test(t, changes_are_seen);
	tcase_add_test(t, memory_that_goes_is_taken_away);
	tcase_add_test(t, untouched_pages_stay_untouched);
	tcase_add_test(t, torn_pools_are_left_out);
	tcase_add_test(t, a_budget_goes_round);
	tcase_add_test(t, what_was_not_counted_is_estimated);
	tcase_add_test(t, a_snapshot_corrects);
	tcase_add_test(t, a_heap_elsewhere_is_refused);
	tcase_add_test(t, no_pools_is_told);
	tcase_add_test(t, a_lie_about_kinds_is_found_out);
	tcase_add_test(t, it_can_be_stopped);
	tcase_set_timeout(t, 60);
	return t;
}
