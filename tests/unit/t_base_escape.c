/* SPDX-License-Identifier: MIT */
/*
 * t_base_escape.c - hostile strings, in every style.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/utf8.h"
#include "tests/unit/t_base.h"

static void
check(enum ot_escape_style style, size_t max, const char *in, size_t len,
      const char *want)
{
	struct ot_buf b = OT_BUF_INIT;

	ot_escape(&b, in, len, style, max);
	ck_assert_str_eq(ot_buf_str(&b), want);
	ck_assert_uint_eq(b.len, strlen(want));
	ot_buf_release(&b);
}

#define CHECK(style, max, in, want) \
	check(style, max, in, sizeof(in) - 1, want)

START_TEST(term_takes_out_controls)
{
	CHECK(OT_ESC_TERM, 0, "plain caf\xc3\xa9", "plain caf\xc3\xa9");
	CHECK(OT_ESC_TERM, 0, "a\x1b[31mb\r\n\t\x7f\0z",
	      "a\\x1b[31mb\\x0d\\n\\x09\\x7f\\x00z");
	CHECK(OT_ESC_TERM, 0, "\xc2\x9b" "31m", "\\u009b31m");
	CHECK(OT_ESC_TERM, 0, "\xe2\x80\xae", "\\u202e");
	CHECK(OT_ESC_TERM, 0, "\xef\xbb\xbf", "\\ufeff");
	CHECK(OT_ESC_TERM, 0, "\xf3\xa0\x80\x81", "\\U000e0001");
	CHECK(OT_ESC_TERM, 0, "\\ \"", "\\ \"");
	CHECK(OT_ESC_TERM, 0, "", "");
}
END_TEST

START_TEST(term_takes_out_invalid_utf8)
{
	CHECK(OT_ESC_TERM, 0, "a\xff" "b", "a\\xffb");
	CHECK(OT_ESC_TERM, 0, "\xc0\x80", "\\xc0\\x80");
	CHECK(OT_ESC_TERM, 0, "\xed\xa0\x80", "\\xed\\xa0\\x80");
	CHECK(OT_ESC_TERM, 0, "\xe2\x82", "\\xe2\\x82");
	CHECK(OT_ESC_TERM, 0, "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	CHECK(OT_ESC_TERM, 0, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
}
END_TEST

START_TEST(escaping_twice_changes_nothing)
{
	static const char once[] = "a\\x1b\\u202e\\n";

	CHECK(OT_ESC_TERM, 0, "a\x1b\xe2\x80\xae\n", once);
	check(OT_ESC_TERM, 0, once, sizeof(once) - 1, once);
}
END_TEST

START_TEST(other_styles_quote)
{
	CHECK(OT_ESC_DOT, 0, "a\"b\\\x1b\n", "a\\\"b\\\\\\\\x1b\\\\n");
	CHECK(OT_ESC_XML, 0, "<a href=\"x\">&'\x01",
	      "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\\x01");
	CHECK(OT_ESC_XML, 0, "\xef\xbf\xbe", "\\ufffe");
	CHECK(OT_ESC_JSON, 0, "a\xff\n\"", "a\xef\xbf\xbd\n\"");
	CHECK(OT_ESC_JSON, 0, "\xe2\x82" "x", "\xef\xbf\xbdx");
	CHECK(OT_ESC_JSON, 0, "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd"
					      "\xef\xbf\xbd");
}
END_TEST

START_TEST(long_text_is_cut)
{
	CHECK(OT_ESC_TERM, 5, "12345", "12345");
	CHECK(OT_ESC_TERM, 5, "123456", "12...");
	CHECK(OT_ESC_TERM, 2, "123456", "..");
	CHECK(OT_ESC_TERM, 3, "123456", "...");
	/* neither a character nor an escape is split */
	CHECK(OT_ESC_TERM, 6, "\x1b\x1b\x1b", "...");
	CHECK(OT_ESC_TERM, 7, "\x1b\x1b\x1b", "\\x1b...");
	CHECK(OT_ESC_TERM, 5, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
	      "\xc3\xa9\xc3\xa9...");
	CHECK(OT_ESC_XML, 4, "<<<<", "&lt;&lt;&lt;&lt;");
	CHECK(OT_ESC_XML, 4, "<<<<<", "&lt;...");
}
END_TEST

START_TEST(text_is_appended)
{
	struct ot_buf b = OT_BUF_INIT;

	ot_buf_adds(&b, "x=");
	ot_escape(&b, "123456", 6, OT_ESC_TERM, 4);
	ck_assert_str_eq(ot_buf_str(&b), "x=1...");
	ot_buf_release(&b);
}
END_TEST

START_TEST(fixed_buffers_hold)
{
	static const char in[] = "ab\x1b\xc3\xa9" "cdefgh";
	char dst[32];
	size_t cap;

	for (cap = 1; cap < sizeof(dst); cap++) {
		memset(dst, 'Z', sizeof(dst));
		ot_escape_to(dst, cap, in, sizeof(in) - 1, OT_ESC_TERM);
		ck_assert_uint_lt(strlen(dst), cap);
		if (cap < sizeof(dst) - 1)
			ck_assert_int_eq(dst[cap], 'Z');
	}
	ck_assert_str_eq(dst, "ab\\x1b\xc3\xa9" "cdefgh");
	ot_escape_to(dst, 8, in, sizeof(in) - 1, OT_ESC_TERM);
	ck_assert_str_eq(dst, "ab...");
}
END_TEST

START_TEST(widths_follow_the_terminal)
{
	size_t w;

	ck_assert_uint_eq(ot_utf8_width("abc", 3), 3);
	ck_assert_uint_eq(ot_utf8_width("\xe4\xb8\xad\xe6\x96\x87", 6), 4);
	ck_assert_uint_eq(ot_utf8_width("e\xcc\x81", 3), 1);
	ck_assert_uint_eq(ot_utf8_fit("\xe4\xb8\xad\xe6\x96\x87", 6, 3, &w), 3);
	ck_assert_uint_eq(w, 2);
}
END_TEST

/* Whatever comes in, what comes out is one line of valid, harmless UTF-8. */
START_TEST(random_bytes_come_out_harmless)
{
	static const enum ot_escape_style styles[] = { OT_ESC_TERM, OT_ESC_DOT,
						       OT_ESC_XML };
	struct ot_buf b = OT_BUF_INIT;
	unsigned seed = 7;
	size_t i, n, at, used, bad = 0;
	char in[40];
	uint32_t cp;

	for (i = 0; i < 20000; i++) {
		for (n = 0; n < sizeof(in); n++) {
			seed = seed * 1103515245 + 12345;
			in[n] = (char)(seed >> 16);
		}
		ot_buf_clear(&b);
		ot_escape(&b, in, sizeof(in), styles[i % 3], i % 60);
		for (at = 0; at < b.len; at += used) {
			cp = ot_utf8_next(b.data + at, b.len - at, &used);
			bad += cp == OT_UTF8_INVALID || cp < 0x20 ||
			       (cp >= 0x7f && cp <= 0x9f);
		}
	}
	ck_assert_uint_eq(bad, 0);
	ot_buf_release(&b);
}
END_TEST

TCase *
t_base_escape(void)
{
	TCase *tc = tcase_create("escape");

	tcase_add_test(tc, term_takes_out_controls);
	tcase_add_test(tc, term_takes_out_invalid_utf8);
	tcase_add_test(tc, escaping_twice_changes_nothing);
	tcase_add_test(tc, other_styles_quote);
	tcase_add_test(tc, long_text_is_cut);
	tcase_add_test(tc, text_is_appended);
	tcase_add_test(tc, fixed_buffers_hold);
	tcase_add_test(tc, widths_follow_the_terminal);
	tcase_add_test(tc, random_bytes_come_out_harmless);
	return tc;
}
