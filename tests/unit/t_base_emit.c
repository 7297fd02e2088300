/* SPDX-License-Identifier: MIT */
/*
 * t_base_emit.c - one table, three renderings, compared byte by byte.
 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "tests/unit/t_base.h"

static const struct ot_col cols[] = {
	{ "type", OT_CELL_STR, OT_COL_FLEX },
	{ "count", OT_CELL_INT, 0 },
	{ "bytes", OT_CELL_BYTES, 0 },
	{ "share", OT_CELL_SHARE, 0 },
	{ "address", OT_CELL_ADDR, OT_COL_HIDDEN },
};

static const struct ot_col sub_cols[] = {
	{ "edge", OT_CELL_STR, 0 },
	{ "type", OT_CELL_STR, 0 },
};

static const struct ot_col outer_cols[] = {
	{ "type", OT_CELL_STR, 0 },
	{ "tracked", OT_CELL_BOOL, 0 },
	{ "generation", OT_CELL_INT, 0 },
	{ "referrers", OT_CELL_TABLE, 0 },
};

static char *
emitted(const struct ot_emit *e, const struct ot_table *t)
{
	struct ot_err err = OT_ERR_INIT;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_int_eq(ot_emit_table(e, t, out, &err), OT_OK);
	fclose(out);
	return text;
}

static void
expect(struct ot_emit e, const struct ot_table *t, const char *want)
{
	char *text = emitted(&e, t);

	ck_assert_str_eq(text, want);
	free(text);
}

static struct ot_table *
sample(void)
{
	struct ot_table *t = ot_table_new(cols, OT_ARRAY_LEN(cols));
	struct ot_cell *c;

	c = ot_table_row(t);
	ot_cell_str(t, &c[0], "dict", 4);
	ot_cell_int(&c[1], 1204233);
	ot_cell_bytes(&c[2], 67213722);
	ot_cell_share(&c[3], 0.125);
	ot_cell_addr(&c[4], 0x7f00);
	c = ot_table_row(t);
	ot_cell_str(t, &c[0], "a,\"\x1b\xff\xc3\xa9", 7);
	ot_cell_int(&c[1], -3);
	ot_cell_share(&c[3], NAN);
	return t;
}

static struct ot_table *
nested(void)
{
	struct ot_table *t = ot_table_new(outer_cols, 4), *sub;
	struct ot_cell *c;

	sub = ot_table_new(sub_cols, 2);
	sub->title = "referrers";
	c = ot_table_row(sub);
	ot_cell_str(sub, &c[0], ".cars", 5);
	ot_cell_str(sub, &c[1], "Garage", 6);
	c = ot_table_row(sub);
	ot_cell_str(sub, &c[0], "[3]", 3);
	ot_cell_str(sub, &c[1], "list", 4);
	c = ot_table_row(t);
	ot_cell_str(t, &c[0], "Car", 3);
	ot_cell_bool(&c[1], true);
	ot_cell_table(&c[3], sub);
	return t;
}

START_TEST(text_is_aligned)
{
	struct ot_table *t = sample();
	struct ot_emit e = { .format = OT_FMT_TEXT, .command = "types" };

	t->title = "types";
	t->note = "two\nrows";
	expect(e, t, "types\n"
		     "type              count  bytes  share\n"
		     "dict          1,204,233  64.1M  12.5%\n"
		     "a,\"\\x1b\\xff\xc3\xa9         -3\n"
		     "two\\nrows\n");
	ot_table_free(t);
}
END_TEST

START_TEST(text_fits_the_width)
{
	struct ot_table *t = ot_table_new(cols, OT_ARRAY_LEN(cols));
	struct ot_emit e = { .format = OT_FMT_TEXT, .width = 40 };
	struct ot_cell *c = ot_table_row(t);

	ot_cell_str(t, &c[0], "\xe4\xb8\xad\xe6\x96\x87.abcdefghijklmnopqrst",
		    27);
	ot_cell_int(&c[1], 123456789);
	expect(e, t,
	       "type                 count  bytes  share\n"
	       "\xe4\xb8\xad\xe6\x96\x87.abcde...  123,456,789\n");
	/* figures are never cut, however narrow the line */
	e.width = 10;
	expect(e, t,
	       "type                count  bytes  share\n"
	       "\xe4\xb8\xad\xe6\x96\x87.abcd...  123,456,789\n");
	ot_table_free(t);
}
END_TEST

START_TEST(text_without_utf8_is_ascii)
{
	struct ot_table *t = ot_table_new(cols, OT_ARRAY_LEN(cols));
	struct ot_emit e = { .format = OT_FMT_TEXT, .color = true };
	struct ot_cell *c = ot_table_row(t);

	ot_cell_str(t, &c[0], "\xc3\xa9\xf0\x9f\x98\x80", 6);
	setlocale(LC_CTYPE, "C");
	expect(e, t, "\033[1mtype              count  bytes  share\033[0m\n"
		     "\\u00e9\\U0001f600\n");
	ot_table_free(t);
}
END_TEST

START_TEST(text_of_an_empty_table_is_its_head)
{
	struct ot_table *t = ot_table_new(cols, OT_ARRAY_LEN(cols));
	struct ot_emit e = { .format = OT_FMT_TEXT };

	expect(e, t, "type  count  bytes  share\n");
	e.format = OT_FMT_CSV;
	expect(e, t, "type,count,bytes,share,address\r\n");
	e.format = OT_FMT_JSON;
	e.command = "types";
	expect(e, t, "{\"schema\": \"objtop/1\",\n\"command\": \"types\",\n"
		     "\"rows\": []}\n");
	ot_table_free(t);
}
END_TEST

START_TEST(one_row_with_nested_ones_is_a_record)
{
	struct ot_table *t = nested();
	struct ot_emit e = { .format = OT_FMT_TEXT };

	expect(e, t, "type        Car\n"
		     "tracked     yes\n"
		     "  referrers\n"
		     "  edge   type\n"
		     "  .cars  Garage\n"
		     "  [3]    list\n");
	ot_table_free(t);
}
END_TEST

START_TEST(nested_tables_stand_below_their_row)
{
	struct ot_table *t = nested();
	struct ot_emit e = { .format = OT_FMT_TEXT };
	struct ot_cell *c = ot_table_row(t);

	ot_cell_str(t, &c[0], "Dog", 3);
	ot_cell_int(&c[2], 2);
	expect(e, t, "type  tracked  generation\n"
		     "Car   yes\n"
		     "  referrers\n"
		     "  edge   type\n"
		     "  .cars  Garage\n"
		     "  [3]    list\n"
		     "Dog                     2\n");
	ot_table_free(t);
}
END_TEST

START_TEST(trees_are_indented)
{
	static const struct ot_col tree[] = {
		{ "type", OT_CELL_STR, OT_COL_TREE },
	};
	struct ot_table *t = ot_table_new(tree, 1);
	struct ot_emit e = { .format = OT_FMT_TEXT };
	uint32_t i;

	for (i = 0; i < 3; i++) {
		ot_cell_str(t, ot_table_row(t), "x", 1);
		ot_table_set_depth(t, i, i);
	}
	expect(e, t, "type\nx\n  x\n    x\n");
	ot_table_free(t);
}
END_TEST

START_TEST(json_is_the_envelope)
{
	struct ot_table *t = sample(), *head = nested();
	struct ot_emit e = { .format = OT_FMT_JSON, .command = "types",
			     .target = head };

	t->total_rows = 9;
	expect(e, t,
	       "{\"schema\": \"objtop/1\",\n"
	       "\"command\": \"types\",\n"
	       "\"target\": {\"type\": \"Car\", \"tracked\": true, "
	       "\"referrers\": [{\"edge\": \".cars\", \"type\": \"Garage\"}, "
	       "{\"edge\": \"[3]\", \"type\": \"list\"}]},\n"
	       "\"total_rows\": 9,\n"
	       "\"rows\": [\n"
	       "{\"type\": \"dict\", \"count\": 1204233, \"bytes\": 67213722, "
	       "\"share\": 0.125, \"address\": \"0x7f00\"},\n"
	       "{\"type\": \"a,\\\"\\u001B\\uFFFD\\u00E9\", "
	       "\"count\": -3}]}\n");
	ot_table_free(t);
	ot_table_free(head);
}
END_TEST

START_TEST(csv_is_quoted)
{
	struct ot_table *t = sample(), *n = nested();
	struct ot_emit e = { .format = OT_FMT_CSV };

	expect(e, t, "type,count,bytes,share,address\r\n"
		     "dict,1204233,67213722,0.125,0x7f00\r\n"
		     "\"a,\"\"\\x1b\\xff\xc3\xa9\",-3,,,\r\n");
	expect(e, n, "type,tracked,generation,referrers\r\n"
		     "Car,true,,.cars Garage; [3] list\r\n");
	ot_table_free(t);
	ot_table_free(n);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	static const enum ot_format formats[] = { OT_FMT_TEXT, OT_FMT_JSON,
						  OT_FMT_CSV };
	struct ot_err err = OT_ERR_INIT;
	struct ot_emit e = { .command = "types" };
	struct ot_table *t = sample();
	FILE *full;
	size_t i;

	for (i = 0; i < 3; i++) {
		full = fopen("/dev/full", "w");
		ck_assert_ptr_nonnull(full);
		e.format = formats[i];
		ck_assert_int_eq(ot_emit_table(&e, t, full, &err), OT_FAILED);
		ck_assert_str_eq(err.msg, "cannot write the output: "
					  "No space left on device");
		ck_assert_int_eq(errno, ENOSPC);
		fclose(full);
	}
	ot_table_free(t);
}
END_TEST

TCase *
t_base_emit(void)
{
	TCase *tc = tcase_create("emit");

	tcase_add_test(tc, text_is_aligned);
	tcase_add_test(tc, text_fits_the_width);
	tcase_add_test(tc, text_without_utf8_is_ascii);
	tcase_add_test(tc, text_of_an_empty_table_is_its_head);
	tcase_add_test(tc, one_row_with_nested_ones_is_a_record);
	tcase_add_test(tc, nested_tables_stand_below_their_row);
	tcase_add_test(tc, trees_are_indented);
	tcase_add_test(tc, json_is_the_envelope);
	tcase_add_test(tc, csv_is_quoted);
	tcase_add_test(tc, a_full_disk_is_told);
	return tc;
}
