/* SPDX-License-Identifier: MIT */
/*
 * t_base.c - errors, buffers, arenas and units; and the program itself.
 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/units.h"
#include "tests/unit/t_base.h"

START_TEST(err_keeps_one_line)
{
	struct ot_err err = OT_ERR_INIT;

	ck_assert_int_eq(ot_fail(&err, OT_REFUSED, "a\nb\x1b[0m %d", 7),
			 OT_REFUSED);
	ck_assert_int_eq(err.status, OT_REFUSED);
	ck_assert_str_eq(err.msg, "a b [0m 7");
	ot_fail(&err, OT_FAILED, "outer: %s", err.msg);
	ck_assert_str_eq(err.msg, "outer: a b [0m 7");
	ck_assert_int_eq(ot_fail(NULL, OT_USAGE, "x"), OT_USAGE);
}
END_TEST

START_TEST(err_appends_errno)
{
	struct ot_err err = OT_ERR_INIT;

	errno = ENOENT;
	ot_fail_errno(&err, OT_FAILED, "cannot open %s", "f");
	ck_assert_str_eq(err.msg, "cannot open f: No such file or directory");
	ck_assert_int_eq(errno, ENOENT);
	ot_fail_nomem(&err, "the graph");
	ck_assert_str_eq(err.msg, "out of memory for the graph");
}
END_TEST

START_TEST(err_cuts_long_messages)
{
	struct ot_err err = OT_ERR_INIT;
	char *big = malloc(5000);

	memset(big, 'x', 4999);
	big[4999] = '\0';
	ot_fail(&err, OT_FAILED, "%s", big);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	ot_fail_errno(&err, OT_FAILED, "%s", big);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	free(big);
}
END_TEST

START_TEST(buf_grows_and_shrinks)
{
	struct ot_buf b = OT_BUF_INIT;
	int i;

	ck_assert_str_eq(ot_buf_str(&b), "");
	for (i = 0; i < 1000; i++)
		ot_buf_addf(&b, "%03d,", i);
	ck_assert_uint_eq(b.len, 4000);
	ck_assert_int_eq(strncmp(ot_buf_str(&b), "000,001,", 8), 0);
	ot_buf_consume(&b, 3996);
	ck_assert_str_eq(ot_buf_str(&b), "999,");
	ot_buf_consume(&b, 100);
	ck_assert_str_eq(ot_buf_str(&b), "");
	ot_buf_addc(&b, 'a');
	ot_buf_adds(&b, "bc");
	ck_assert_str_eq(ot_buf_str(&b), "abc");
	ot_buf_release(&b);
	ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(buf_refuses_overflow)
{
	struct ot_buf b = OT_BUF_INIT;

	ot_buf_adds(&b, "kept");
	ck_assert(!ot_buf_reserve(&b, SIZE_MAX - 2));
	ck_assert(b.failed);
	ot_buf_adds(&b, " not this");
	ck_assert_str_eq(ot_buf_str(&b), "kept");
	ot_buf_release(&b);
}
END_TEST

START_TEST(arena_is_zeroed_and_aligned)
{
	struct ot_arena a = OT_ARENA_INIT;
	size_t i, j, size, dirty = 0;
	unsigned char *p;

	for (i = 0; i < 2000; i++) {
		size = i * 7 % 5000;
		p = ot_arena_alloc(&a, size);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (j = 0; j < size; j++)
			dirty += p[j] != 0;
		memset(p, 0xff, size);
	}
	ck_assert_uint_eq(dirty, 0);
	ck_assert_str_eq(ot_arena_strdup(&a, "text"), "text");
	ck_assert_str_eq(ot_arena_strndup(&a, "text", 2), "te");
	ck_assert_ptr_null(ot_arena_array(&a, SIZE_MAX / 4, 8));
	ck_assert_ptr_null(ot_arena_alloc(&a, SIZE_MAX));
	ck_assert_ptr_null(ot_realloc_array(NULL, SIZE_MAX / 4, 8));
	ot_arena_release(&a);
	ck_assert_uint_eq(a.total, 0);
}
END_TEST

START_TEST(sizes_are_parsed)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} cases[] = {
		{ "512", true, 512 },
		{ "64K", true, 65536 },
		{ "64k", true, 65536 },
		{ "1.5M", true, 1572864 },
		{ "2G", true, 2147483648 },
		{ "64KiB", true, 65536 },
		{ "64KB", true, 65536 },
		{ "10B", true, 10 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "20E", false, 0 },
		{ "", false, 0 },
		{ "K", false, 0 },
		{ "-1", false, 0 },
		{ "1X", false, 0 },
		{ "1KK", false, 0 },
		{ "0x10", false, 0 },
		{ "inf", false, 0 },
		{ "1e3", false, 0 },
	};
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(cases); i++) {
		ck_assert_msg(ot_parse_size(cases[i].text, &v) == cases[i].ok,
			      "%s", cases[i].text);
		if (cases[i].ok)
			ck_assert_uint_eq(v, cases[i].value);
	}
}
END_TEST

START_TEST(durations_and_addresses_are_parsed)
{
	uint64_t v = 0;

	ck_assert(ot_parse_duration("250ms", &v) && v == 250);
	ck_assert(ot_parse_duration("5s", &v) && v == 5000);
	ck_assert(ot_parse_duration("1.5s", &v) && v == 1500);
	ck_assert(ot_parse_duration("3m", &v) && v == 180000);
	ck_assert(ot_parse_duration("10", &v) && v == 10000);
	ck_assert(!ot_parse_duration("", &v));
	ck_assert(!ot_parse_duration("ms", &v));
	ck_assert(!ot_parse_duration("-5s", &v));
	ck_assert(!ot_parse_duration("5 s", &v));
	ck_assert(!ot_parse_duration("99999999999999h", &v));
	ck_assert(ot_parse_addr("0x7fA0", &v) && v == 0x7fa0);
	ck_assert(ot_parse_addr("0xffffffffffffffff", &v) && v == UINT64_MAX);
	ck_assert(!ot_parse_addr("0x1ffffffffffffffff", &v));
	ck_assert(!ot_parse_addr("0x", &v));
	ck_assert(!ot_parse_addr("7f", &v));
	ck_assert(!ot_parse_addr("0xg", &v));
	ck_assert(ot_parse_u64("0", &v) && v == 0);
	ck_assert(!ot_parse_u64("12 ", &v));
	ck_assert(!ot_parse_u64("", &v));
}
END_TEST

START_TEST(numbers_are_written)
{
	char b[64];

	ck_assert_str_eq(ot_fmt_count(b, sizeof(b), 0), "0");
	ck_assert_str_eq(ot_fmt_count(b, sizeof(b), 999), "999");
	ck_assert_str_eq(ot_fmt_count(b, sizeof(b), 1204233), "1,204,233");
	ck_assert_str_eq(ot_fmt_count(b, sizeof(b), UINT64_MAX),
			 "18,446,744,073,709,551,615");
	ck_assert_str_eq(ot_fmt_delta(b, sizeof(b), 812), "+812");
	ck_assert_str_eq(ot_fmt_delta(b, sizeof(b), 0), "0");
	ck_assert_str_eq(ot_fmt_delta(b, sizeof(b), INT64_MIN),
			 "-9,223,372,036,854,775,808");
	ck_assert_str_eq(ot_fmt_bytes(b, sizeof(b), 980), "980");
	ck_assert_str_eq(ot_fmt_bytes(b, sizeof(b), 1024), "1.0K");
	ck_assert_str_eq(ot_fmt_bytes(b, sizeof(b), 67213722), "64.1M");
	ck_assert_str_eq(ot_fmt_bytes(b, sizeof(b), 1048575), "1.0M");
	ck_assert_str_eq(ot_fmt_bytes(b, sizeof(b), UINT64_MAX), "16.0E");
	ck_assert_str_eq(ot_fmt_duration_us(b, sizeof(b), 850), "850 us");
	ck_assert_str_eq(ot_fmt_duration_us(b, sizeof(b), 2700), "2.7 ms");
	ck_assert_str_eq(ot_fmt_duration_us(b, sizeof(b), 27000), "27 ms");
	ck_assert_str_eq(ot_fmt_duration_us(b, sizeof(b), 1500000), "1.5 s");
	ck_assert_str_eq(ot_fmt_duration_us(b, sizeof(b), 192000000), "3m12s");
	ck_assert_str_eq(ot_fmt_rfc3339(b, sizeof(b), 1700000000123000000),
			 "2023-11-14T22:13:20.123Z");
	ck_assert_str_eq(ot_fmt_count(b, 3, 12345), "12");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base");
	TCase *tc = tcase_create("base");
	SRunner *sr;
	int failed;

	/* Widths need a locale that knows them. */
	setlocale(LC_CTYPE, "C.UTF-8");
	tcase_add_test(tc, err_keeps_one_line);
	tcase_add_test(tc, err_appends_errno);
	tcase_add_test(tc, err_cuts_long_messages);
	tcase_add_test(tc, buf_grows_and_shrinks);
	tcase_add_test(tc, buf_refuses_overflow);
	tcase_add_test(tc, arena_is_zeroed_and_aligned);
	tcase_add_test(tc, sizes_are_parsed);
	tcase_add_test(tc, durations_and_addresses_are_parsed);
	tcase_add_test(tc, numbers_are_written);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, t_base_escape());
	suite_add_tcase(s, t_base_table());
	suite_add_tcase(s, t_base_emit());
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
