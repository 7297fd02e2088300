/* SPDX-License-Identifier: MIT */
/*
 * t_target_session.c - sessions with a made-up agent at the other end of a
 * socket pair, and snapshot files.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/target/target_priv.h"
#include "tests/unit/t_target.h"
#include "wire/enc.h"
#include "wire/file.h"

#define AGENT_PID 4242

static uint8_t room[4096];
static struct otw_enc enc;
static struct target *target;
static int agent;		/* the agent's end */

static bool
fixed(struct otw_enc *e, size_t more)
{
	return more <= e->cap - e->len;
}

static void
begin_stream(void)
{
	memset(&enc, 0, sizeof(enc));
	otw_enc_init(&enc, fixed, NULL, NULL);
	enc.data = room;
	enc.cap = sizeof(room);
}

static void
hello(uint64_t pid)
{
	const struct otw_hello h = { .version = OTW_VERSION, .pid = pid };

	otw_enc_hello(&enc, &h);
}

static void
snapshot(uint64_t objects)
{
	const struct otw_begin b = { .mode = OTW_MODE_FORK, .time_ns = 1 };
	const struct otw_end e = { .objects = objects };

	otw_enc_begin(&enc, &b);
	otw_enc_end(&enc, &e);
}

static void
send_stream(void)
{
	ck_assert(!enc.failed);
	ck_assert_int_eq(send(agent, enc.data, enc.len, 0), (ssize_t)enc.len);
	begin_stream();
}

static void
setup(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	target = target_new(NULL, NULL);
	ck_assert_ptr_nonnull(target);
	target->sock = ends[0];
	target->pid = target->ns_pid = AGENT_PID;
	agent = ends[1];
	begin_stream();
}

static void
teardown(void)
{
	if (agent >= 0)
		close(agent);
	target_close(target);
}

static void
greet(void)
{
	struct ot_err err = OT_ERR_INIT;

	hello(AGENT_PID);
	send_stream();
	ck_assert_msg(session_hello(target, ot_now_us() + 1000000, &err) ==
		      OT_OK, "%s", err.msg);
}

/* What a request brought. */
struct seen {
	int hellos, begins, ends;
	uint64_t objects;
	enum ot_status answer;	/* of the end callback */
	struct ot_buf tee;
};

static enum ot_status
on_hello(void *ctx, const struct otw_hello *h, struct ot_err *err)
{
	struct seen *s = ctx;

	(void)err;
	s->hellos += h->pid == AGENT_PID;
	return OT_OK;
}

static enum ot_status
on_begin(void *ctx, const struct otw_begin *b, struct ot_err *err)
{
	struct seen *s = ctx;

	(void)b;
	s->begins++;
	return s->answer == OT_OK ? OT_OK : ot_fail(err, s->answer, "no");
}

static enum ot_status
on_end(void *ctx, const struct otw_end *e, struct ot_err *err)
{
	struct seen *s = ctx;

	(void)err;
	s->ends++;
	s->objects = e->objects;
	return OT_OK;
}

static enum ot_status
tee(void *ctx, const void *data, size_t len, struct ot_err *err)
{
	struct seen *s = ctx;

	(void)err;
	ot_buf_add(&s->tee, data, len);
	return OT_OK;
}

static const struct otw_events events = {
	.hello = on_hello, .begin = on_begin, .end = on_end,
};
static const struct otw_request request = { .want = OTW_WANT_COUNTS };

static enum ot_status
ask(struct seen *s, struct ot_err *err)
{
	return target_snapshot(target, &request, &events, s, tee, s, NULL,
			       NULL, err);
}

START_TEST(a_request_sees_a_whole_stream)
{
	struct ot_err err = OT_ERR_INIT;
	struct seen a = { 0 }, b = { 0 };
	size_t first;

	greet();
	snapshot(11);
	first = enc.len;
	/* What comes behind the END is not this request's. */
	otw_enc_empty(&enc, OTW_F_EXITING);
	send_stream();
	ck_assert_msg(ask(&a, &err) == OT_OK, "%s", err.msg);
	ck_assert_int_eq(a.hellos, 1);
	ck_assert_int_eq(a.ends, 1);
	ck_assert_uint_eq(a.objects, 11);
	ck_assert_uint_eq(a.tee.len, target->hello.len + first);
	ck_assert(target_exiting(target));
	snapshot(12);
	send_stream();
	ck_assert_int_eq(ask(&b, &err), OT_OK);
	ck_assert_int_eq(b.hellos, 1);
	ck_assert_uint_eq(b.objects, 12);
	ot_buf_release(&a.tee);
	ot_buf_release(&b.tee);
}
END_TEST

START_TEST(an_error_frame_is_the_answer)
{
	const struct otw_error e = { OT_REFUSED, { "no \x1b[2J way", 10 } };
	struct ot_err err = OT_ERR_INIT;
	struct seen s = { 0 }, again = { 0 };

	greet();
	otw_enc_error(&enc, &e);
	send_stream();
	ck_assert_int_eq(ask(&s, &err), OT_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "no "));
	ck_assert_ptr_null(strchr(err.msg, '\x1b'));
	snapshot(1);
	send_stream();
	ck_assert_int_eq(ask(&again, &err), OT_OK);
	ot_buf_release(&s.tee);
	ot_buf_release(&again.tee);
}
END_TEST

START_TEST(a_strangers_hello_is_refused)
{
	struct ot_err err = OT_ERR_INIT;

	hello(AGENT_PID + 1);
	send_stream();
	ck_assert_int_eq(session_hello(target, ot_now_us() + 1000000, &err),
			 OT_FAILED);
}
END_TEST

START_TEST(silence_has_an_end)
{
	struct ot_err err = OT_ERR_INIT;

	ck_assert_int_eq(session_hello(target, ot_now_us() + 30000, &err),
			 OT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.msg, "does not answer"));
}
END_TEST

START_TEST(noise_ends_the_session)
{
	static const unsigned char noise[] =
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
	struct ot_err err = OT_ERR_INIT;
	struct seen s = { 0 };

	greet();
	ck_assert_int_eq(send(agent, noise, sizeof(noise), 0), sizeof(noise));
	ck_assert_int_eq(ask(&s, &err), OT_FAILED);
	ck_assert(!target_alive(target));
	ck_assert_int_eq(target_fd(target), -1);
	ck_assert_int_eq(ask(&s, &err), OT_FAILED);
	ot_buf_release(&s.tee);
}
END_TEST

START_TEST(a_lost_agent_is_told)
{
	struct ot_err err = OT_ERR_INIT;
	struct seen s = { 0 };

	greet();
	ck_assert(target_alive(target));
	close(agent);
	agent = -1;
	ck_assert(!target_alive(target));
	ck_assert_int_eq(ask(&s, &err), OT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.msg, "4242"));
	ot_buf_release(&s.tee);
}
END_TEST

static bool
at_once(void *ctx)
{
	int *asked = ctx;

	return ++*asked > 1;
}

/* Given up: the agent is told, and late frames are not the next answer. */
START_TEST(a_cancelled_request_is_drained)
{
	const struct otw_begin b = { .mode = OTW_MODE_FORK };
	const struct otw_error e = { OT_INTERRUPTED, { "stopped", 7 } };
	struct ot_err err = OT_ERR_INIT;
	struct seen s = { 0 }, again = { 0 };
	unsigned char got[64];
	int asked = 0;
	bool done;

	greet();
	otw_enc_begin(&enc, &b);
	send_stream();
	ck_assert_int_eq(target_snapshot(target, &request, &events, &s, NULL,
					 NULL, at_once, &asked, &err),
			 OT_INTERRUPTED);
	ck_assert_int_eq(s.begins, 1);
	ck_assert_int_gt(recv(agent, got, sizeof(got), MSG_DONTWAIT), 2);
	otw_enc_error(&enc, &e);
	send_stream();
	while (target->busy)
		ck_assert_int_eq(target_step(target, 1000, &done, &err),
				 OT_OK);
	snapshot(33);
	send_stream();
	ck_assert_msg(ask(&again, &err) == OT_OK, "%s", err.msg);
	ck_assert_uint_eq(again.objects, 33);
	ot_buf_release(&again.tee);
}
END_TEST

START_TEST(a_callback_may_stop_it)
{
	struct ot_err err = OT_ERR_INIT;
	struct seen s = { .answer = OT_USAGE }, again = { 0 };

	greet();
	snapshot(1);
	send_stream();
	ck_assert_int_eq(ask(&s, &err), OT_USAGE);
	ck_assert_str_eq(err.msg, "no");
	snapshot(2);
	send_stream();
	ck_assert_int_eq(ask(&again, &err), OT_OK);
	ck_assert_uint_eq(again.objects, 2);
	ot_buf_release(&s.tee);
	ot_buf_release(&again.tee);
}
END_TEST

START_TEST(frames_end_where_they_end)
{
	struct framer whole_at_once = { 0 }, by_byte = { 0 };
	size_t n, i;
	bool whole;

	hello(1);
	snapshot(2);
	for (n = 0, i = 0; n < enc.len; i++) {
		size_t k = framer_take(&whole_at_once, enc.data + n,
				       enc.len - n, &whole);

		ck_assert_uint_gt(k, 0);
		ck_assert(whole);
		while (k-- > 0)
			ck_assert_uint_eq(framer_take(&by_byte, enc.data + n++,
						      1, &whole), 1);
		ck_assert(whole);
		ck_assert_uint_eq(by_byte.number, whole_at_once.number);
	}
	ck_assert_uint_eq(i, 3);
}
END_TEST

/* A snapshot file of this stream, all of it or only its first bytes. */
static void
write_file(char *path, size_t len)
{
	struct ot_err err = OT_ERR_INIT;
	struct otw_writer *w;
	int fd;

	strcpy(path, "/tmp/t_target-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_msg(otw_writer_open(path, &w, &err) == OT_OK, "%s", err.msg);
	ck_assert_int_eq(otw_writer_add(w, enc.data, len, &err), OT_OK);
	ck_assert_int_eq(otw_writer_commit(w, &err), OT_OK);
}

START_TEST(a_file_is_the_same_stream)
{
	struct ot_err err = OT_ERR_INIT;
	struct seen s = { 0 };
	struct target *t;
	char path[64];
	int asked = 0;

	hello(AGENT_PID);
	snapshot(77);
	write_file(path, enc.len);
	ck_assert_msg(target_open_file(path, &t, &err) == OT_OK, "%s",
		      err.msg);
	ck_assert(target_is_file(t));
	ck_assert(target_alive(t));
	ck_assert_int_eq(target_fd(t), -1);
	ck_assert_str_eq(target_path(t), path);
	ck_assert_int_eq(target_snapshot(t, &request, &events, &s, tee, &s,
					 NULL, NULL, &err), OT_OK);
	ck_assert_uint_eq(s.objects, 77);
	ck_assert_int_eq(s.hellos, 1);
	ck_assert(!target_truncated(t));
	ck_assert_uint_eq(s.tee.len, enc.len);
	ck_assert_mem_eq(s.tee.data, enc.data, enc.len);
	/* again, and given up half-way */
	asked = 1;
	ck_assert_int_eq(target_snapshot(t, &request, &events, &s, NULL, NULL,
					 at_once, &asked, &err),
			 OT_INTERRUPTED);
	ck_assert_int_eq(target_snapshot(t, &request, &events, &s, NULL, NULL,
					 NULL, NULL, &err), OT_OK);
	ck_assert_int_eq(s.ends, 2);
	target_close(t);
	ot_buf_release(&s.tee);
	unlink(path);
}
END_TEST

START_TEST(half_a_file_says_so)
{
	struct ot_err err = OT_ERR_INIT;
	struct seen s = { 0 };
	struct target *t;
	char path[64];

	hello(AGENT_PID);
	snapshot(77);
	write_file(path, enc.len - 3);
	ck_assert_int_eq(target_open_file(path, &t, &err), OT_OK);
	ck_assert_msg(target_snapshot(t, &request, &events, &s, NULL, NULL,
				      NULL, NULL, &err) == OT_OK, "%s",
		      err.msg);
	ck_assert(target_truncated(t));
	ck_assert_int_eq(s.ends, 0);
	target_close(t);
	unlink(path);
	ck_assert_int_eq(target_open_file(path, &t, &err), OT_FAILED);
	ck_assert_int_eq(target_open_file("/dev/null", &t, &err), OT_FAILED);
}
END_TEST

TCase *
t_target_session(void)
{
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_request_sees_a_whole_stream);
	tcase_add_test(t, an_error_frame_is_the_answer);
	tcase_add_test(t, a_strangers_hello_is_refused);
	tcase_add_test(t, silence_has_an_end);
	tcase_add_test(t, noise_ends_the_session);
	tcase_add_test(t, a_lost_agent_is_told);
	tcase_add_test(t, a_cancelled_request_is_drained);
	tcase_add_test(t, a_callback_may_stop_it);
	tcase_add_test(t, frames_end_where_they_end);
	tcase_add_test(t, a_file_is_the_same_stream);
	tcase_add_test(t, half_a_file_says_so);
	return t;
}
