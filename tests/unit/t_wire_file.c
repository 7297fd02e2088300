/* SPDX-License-Identifier: MIT */
/*
 * t_wire_file.c - snapshot files: whole, truncated, damaged, something else.
 */
#include "config.h"

#include "tests/unit/t_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/file.h"

static char dir[64], path[96], part[112];

static void
setup(void)
{
	strcpy(dir, "/tmp/t_wire.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.objtop", dir);
	snprintf(part, sizeof(part), "%s.part", path);
}

static void
teardown(void)
{
	unlink(path);
	unlink(part);
	ck_assert_int_eq(rmdir(dir), 0);
}

static enum ot_status
collect(void *ctx, const void *data, size_t len, struct ot_err *err)
{
	(void)err;
	ot_buf_add(ctx, data, len);
	return OT_OK;
}

/* Some compressible, some random bytes. */
static void
content(struct ot_buf *b)
{
	unsigned x = 1;
	int i;

	for (i = 0; i < 400000; i++) {
		x = x * 1664525u + 1013904223u;
		ot_buf_addc(b, (char)(i % 3 ? i / 1000 : (int)(x >> 24)));
	}
}

static void
write_file(const struct ot_buf *b)
{
	struct otw_writer *w;
	struct ot_err err = OT_ERR_INIT;
	size_t at;

	ck_assert_msg(otw_writer_open(path, &w, &err) == OT_OK, "%s", err.msg);
	for (at = 0; at < b->len; at += 10000)
		ck_assert_int_eq(otw_writer_add(w, b->data + at,
				 b->len - at < 10000 ? b->len - at : 10000,
				 &err), OT_OK);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_eq(access(part, F_OK), 0);
	ck_assert_msg(otw_writer_commit(w, &err) == OT_OK, "%s", err.msg);
}

static long
file_size(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (long)st.st_size;
}

START_TEST(written_and_read)
{
	struct ot_buf b = OT_BUF_INIT, got = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;
	struct stat st;
	bool truncated = true;

	content(&b);
	write_file(&b);
	ck_assert_int_ne(access(part, F_OK), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert(otw_file_is_snapshot(path));
	ck_assert_msg(otw_file_read(path, collect, &got, &truncated, &err) ==
		      OT_OK, "%s", err.msg);
	ck_assert(!truncated);
	ck_assert_uint_eq(got.len, b.len);
	ck_assert(memcmp(got.data, b.data, b.len) == 0);
	ot_buf_release(&b);
	ot_buf_release(&got);
}
END_TEST

/* However much is missing, what is there is read and the loss is told. */
START_TEST(truncated_anywhere)
{
	struct ot_buf b = OT_BUF_INIT;
	long size, n;

	content(&b);
	write_file(&b);
	size = file_size();
	for (n = size - 1; n >= 16; n -= n > size - 20 ? 1 : 4999) {
		struct ot_buf got = OT_BUF_INIT;
		struct ot_err err = OT_ERR_INIT;
		bool truncated = false;

		ck_assert_int_eq(truncate(path, n), 0);
		ck_assert_msg(otw_file_read(path, collect, &got, &truncated,
					    &err) == OT_OK, "%s", err.msg);
		ck_assert(truncated);
		ck_assert_uint_le(got.len, b.len);
		ck_assert(got.len == 0 ||
			  memcmp(got.data, b.data, got.len) == 0);
		ot_buf_release(&got);
	}
	ot_buf_release(&b);
}
END_TEST

static void
damage(long at)
{
	FILE *f = fopen(path, "r+b");
	int c;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	c = fgetc(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	fputc(c ^ 0x10, f);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(damaged)
{
	struct ot_buf b = OT_BUF_INIT, got = OT_BUF_INIT;
	struct ot_err err = OT_ERR_INIT;
	bool truncated;
	FILE *f;

	content(&b);
	write_file(&b);
	damage(file_size() / 2);
	ck_assert_int_eq(otw_file_read(path, collect, &got, &truncated, &err),
			 OT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.msg, "is damaged"));

	ot_buf_clear(&got);
	ck_assert_int_eq(unlink(path), 0);
	write_file(&b);
	f = fopen(path, "ab");
	ck_assert_ptr_nonnull(f);
	fputs("more", f);
	fclose(f);
	ck_assert_int_eq(otw_file_read(path, collect, &got, &truncated, &err),
			 OT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.msg, "behind its end"));
	ot_buf_release(&b);
	ot_buf_release(&got);
}
END_TEST

START_TEST(something_else)
{
	struct ot_err err = OT_ERR_INIT;
	bool truncated;
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs("a text, and no snapshot at all\n", f);
	fclose(f);
	ck_assert(!otw_file_is_snapshot(path));
	ck_assert_int_eq(otw_file_read(path, collect, NULL, &truncated, &err),
			 OT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a snapshot"));
	ck_assert(!otw_file_is_snapshot(dir));
	ck_assert_int_eq(otw_file_read(dir, collect, NULL, &truncated, &err),
			 OT_FAILED);
	ck_assert(!otw_file_is_snapshot("/nonexistent"));
	ck_assert_int_eq(otw_file_read("/nonexistent", collect, NULL,
				       &truncated, &err), OT_FAILED);
}
END_TEST

START_TEST(never_half_a_file)
{
	struct otw_writer *w;
	struct ot_err err = OT_ERR_INIT;

	ck_assert_int_eq(otw_writer_open(path, &w, &err), OT_OK);
	ck_assert_int_eq(otw_writer_add(w, "abc", 3, &err), OT_OK);
	otw_writer_abort(w);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_ne(access(part, F_OK), 0);
	otw_writer_abort(NULL);

	ck_assert_int_eq(otw_writer_open("/dev/null", &w, &err), OT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a regular file"));
	ck_assert_int_eq(otw_writer_open("/nonexistent/x", &w, &err),
			 OT_FAILED);
	/* a link laid in our way is not followed */
	ck_assert_int_eq(symlink(path, part), 0);
	ck_assert_int_eq(otw_writer_open(path, &w, &err), OT_FAILED);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

TCase *
t_wire_file(void)
{
	TCase *t = tcase_create("file");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, written_and_read);
	tcase_add_test(t, truncated_anywhere);
	tcase_add_test(t, damaged);
	tcase_add_test(t, something_else);
	tcase_add_test(t, never_half_a_file);
	return t;
}
