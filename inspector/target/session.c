/* SPDX-License-Identifier: MIT */
/*
 * The socket to an agent.
 *
 *	HELLO -> idle -> request -> frames ... END or ERROR -> idle -> DETACH
 *
 * A request that the caller gives up is told to the agent and its remaining
 * frames are dropped (dec is NULL then), so that the session can be used
 * again.  An agent that says BYE by itself is parked (the program forks and is
 * to have one thread): no end of the session, what was asked is asked again.
 * What breaks the stream (bytes that are no frames, a decoder's
 * error) ends it: the socket is closed and the agent leaves by itself.
 */
#include "config.h"
#include "inspector/target/target_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"
#include "wire/enc.h"

#define CHUNK		((size_t)256 * 1024)
#define LEAVE_US	1000000u
#define LOOK_MS		50
#define HELLO_MAX	8192u

static bool
grow_fixed(struct otw_enc *e, size_t more)
{
	return more <= e->cap - e->len;
}

static bool
send_all(struct target *t, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(t->sock, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool
session_send(struct target *t, enum otw_frame f)
{
	uint8_t room[128];
	struct otw_enc e = { 0 };

	if (t->sock < 0)
		return false;
	otw_enc_init(&e, grow_fixed, NULL, NULL);
	e.data = room;
	e.cap = sizeof(room);
	otw_enc_empty(&e, f);
	return !e.failed && send_all(t, e.data, e.len);
}

/* Has the process ended?  A pidfd becomes readable then. */
bool
session_over(const struct target *t)
{
	struct pollfd p = { t->pidfd, POLLIN, 0 };

	return t->pidfd >= 0 && poll(&p, 1, 0) == 1;
}

bool
session_alive(const struct target *t)
{
	char c;

	if (t->parked && !session_over(t))
		return true;
	if (t->sock < 0 || session_over(t))
		return false;
	if (t->left)		/* its socket's end is about to be read */
		return true;
	return recv(t->sock, &c, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static void
close_sock(struct target *t)
{
	if (t->sock >= 0)
		close(t->sock);
	t->sock = -1;
}

/* After BYE: the socket is done with, the process is not. */
static void
park(struct target *t)
{
	close_sock(t);
	memset(&t->framer, 0, sizeof(t->framer));
	t->left = false;
	t->parked = true;
}

void
session_adopt(struct target *t, int sock)
{
	park(t);
	ot_buf_clear(&t->hello);
	t->sock = sock;
	t->parked = false;
}

/* The other end is closed: what became of the target? */
static enum ot_status
lost(struct target *t, struct ot_err *err)
{
	struct pollfd p = { t->pidfd, POLLIN, 0 };
	const char *when = t->busy ? " while it was inspected" : "";
	int pid = (int)t->pid;

	/* Under `run` it may connect again, as another program even. */
	if (t->listener >= 0 && t->children && !t->busy && !session_over(t)) {
		park(t);
		return OT_OK;
	}
	close_sock(t);
	/* A dying process closes its sockets some time before it is dead. */
	if (t->pidfd >= 0 && poll(&p, 1, 100) == 1)
		return ot_fail(err, OT_FAILED, "PID %d has ended%s", pid, when);
	return ot_fail(err, OT_FAILED, "the agent in PID %d is gone, the "
		       "process runs on (it became another program by exec, "
		       "or `objtop detach` was called): objtop %d lets it in "
		       "again", pid, pid);
}

static enum ot_status
broken(struct target *t, struct ot_err *err)
{
	close_sock(t);
	t->busy = false;
	request_end(t);
	return ot_fail(err, OT_FAILED, "what the agent in PID %d sends is no "
		       "objtop stream; it was let go", (int)t->pid);
}

/* Bytes up to a frame's end, given to whom they are for. */
static enum ot_status
take_piece(struct target *t, const unsigned char *p, size_t n,
	   struct ot_err *err)
{
	enum ot_status st = request_feed(t, p, n, err);

	if (st == OT_OK)
		return OT_OK;
	/* Nobody wants the rest: the agent is told, the frames are dropped. */
	request_end(t);
	if (!t->cancelled)
		t->cancelled = session_send(t, OTW_F_CANCEL);
	return st;
}

static enum ot_status
frame_ended(struct target *t, bool *done, struct ot_err *err)
{
	switch (t->framer.number) {
	case OTW_F_END:
	case OTW_F_ACTED:
	case OTW_F_ERROR:
		if (!t->busy)
			break;
		t->busy = false;
		*done = true;
		request_end(t);
		if (t->error != OT_OK) {
			if (err != NULL)
				*err = t->error_msg;
			return t->error;
		}
		break;
	case OTW_F_EXITING:
		t->exiting = true;
		break;
	case OTW_F_BYE:
		t->left = true;
		break;
	}
	return OT_OK;
}

static enum ot_status
take_bytes(struct target *t, const unsigned char *p, size_t len, bool *done,
	   struct ot_err *err)
{
	enum ot_status st = OT_OK;

	while (len > 0) {
		enum ot_status one;
		bool whole;
		size_t n = framer_take(&t->framer, p, len, &whole);

		if (n == 0)
			return broken(t, err);
		/* The first thing that goes wrong is what is told. */
		one = whole && t->framer.number == OTW_F_BYE ? OT_OK :
		      take_piece(t, p, n, st == OT_OK ? err : NULL);
		if (st == OT_OK)
			st = one;
		if (whole) {
			one = frame_ended(t, done, st == OT_OK ? err : NULL);
			if (st == OT_OK)
				st = one;
		}
		p += n;
		len -= n;
	}
	return st;
}

/* Waits for bytes or for the end of the process: 1, 0 (time is over), -1. */
static int
wait_readable(struct target *t, int timeout_ms)
{
	/* poll() leaves out what is -1 */
	struct pollfd p[3] = { { t->sock, POLLIN, 0 },
			       { t->pidfd, POLLIN, 0 },
			       { t->busy ? -1 : t->listener, POLLIN, 0 } };
	int n = poll(p, 3, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -1;
	if (n > 0 && p[2].revents != 0)
		run_welcome(t);
	return n > 0 ? 1 : 0;
}

enum ot_status
session_step(struct target *t, int timeout_ms, bool *done, struct ot_err *err)
{
	unsigned char *buf;
	enum ot_status st;
	ssize_t n;

	*done = false;
	if (t->sock < 0 && (!t->parked || session_over(t)))
		return lost(t, err);
	if (t->sock < 0 && t->listener < 0)
		return OT_OK;
	if (wait_readable(t, timeout_ms) <= 0 || t->sock < 0)
		return OT_OK;
	buf = malloc(CHUNK);
	if (buf == NULL)
		return ot_fail_nomem(err, "what the agent sends");
	n = recv(t->sock, buf, CHUNK, MSG_DONTWAIT);
	if (n > 0)
		st = take_bytes(t, buf, (size_t)n, done, err);
	else if (n < 0 && (errno == EAGAIN || errno == EINTR))
		/* Nothing there but the end of the process, perhaps. */
		st = session_over(t) ? lost(t, err) : OT_OK;
	else
		st = lost(t, err);
	free(buf);
	if (st == OT_OK && t->left)
		park(t);
	return st;
}

size_t
session_encode(const struct target *t, unsigned char *dst, size_t cap)
{
	struct otw_enc e = { 0 };

	otw_enc_init(&e, grow_fixed, NULL, NULL);
	e.data = dst;
	e.cap = cap;
	if (t->acts)
		otw_enc_act(&e, &t->act);
	else
		otw_enc_request(&e, &t->asked);
	return e.failed ? 0 : e.len;
}

static bool
send_request(struct target *t)
{
	unsigned char room[REQUEST_MAX];
	size_t n = session_encode(t, room, sizeof(room));

	return n > 0 && send_all(t, room, n);
}

static enum ot_status
ask(struct target *t, struct ot_err *err)
{
	uint64_t end = ot_now_us() + LEAVE_US;
	enum ot_status st = OT_OK;
	bool done;

	if (t->sock >= 0 && !send_request(t)) {
		/* It hears no more: it has left, or is about to say BYE. */
		while (st == OT_OK && !t->parked && ot_now_us() < end)
			st = session_step(t, LOOK_MS, &done, err);
		if (st == OT_OK && !t->parked)
			st = lost(t, err);
	} else if (t->sock < 0 && !t->parked) {
		st = lost(t, err);
	}
	t->busy = st == OT_OK;
	return st;
}

enum ot_status
session_request(struct target *t, const struct otw_request *r,
		struct ot_err *err)
{
	enum ot_status st;

	st = request_feed(t, t->hello.data, t->hello.len, err);
	if (st != OT_OK)
		return st;
	t->asked = *r;
	t->acts = false;
	t->asked_any = true;
	t->again = 0;
	return ask(t, err);
}

enum ot_status
session_act(struct target *t, const struct otw_act *a, struct ot_err *err)
{
	enum ot_status st;

	st = request_feed(t, t->hello.data, t->hello.len, err);
	if (st != OT_OK)
		return st;
	t->act = *a;
	t->acts = true;
	t->asked_any = true;
	t->again = 0;
	return ask(t, err);
}

static enum ot_status
hello_pid(void *ctx, const struct otw_hello *h, struct ot_err *err)
{
	struct target *t = ctx;

	if (h->pid != (uint64_t)t->ns_pid)
		return ot_fail(err, OT_FAILED, "the agent that answers is not "
			       "in PID %d", (int)t->pid);
	return OT_OK;
}

static enum ot_status
check_hello(struct target *t, struct ot_err *err)
{
	const struct otw_events ev = { .hello = hello_pid };
	struct otw_dec *dec = otw_dec_new(&ev, t);
	enum ot_status st;

	if (dec == NULL)
		return ot_fail_nomem(err, "a decoder");
	st = otw_dec_feed(dec, t->hello.data, t->hello.len, err);
	otw_dec_free(dec);
	return st;
}

/* Byte by byte would do: it comes once.  Reads no further than the frame. */
static enum ot_status
read_hello(struct target *t, uint64_t deadline_us, struct ot_err *err)
{
	bool whole = false;

	while (!whole) {
		uint64_t now = ot_now_us();
		unsigned char c;
		ssize_t n;

		if (now >= deadline_us)
			return ot_fail(err, OT_FAILED, "the agent in PID %d "
				       "does not answer", (int)t->pid);
		if (wait_readable(t, (int)((deadline_us - now) / 1000) + 1) < 1)
			continue;
		n = recv(t->sock, &c, 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR) &&
		    !session_over(t))
			continue;
		if (n <= 0)
			return lost(t, err);
		if (framer_take(&t->framer, &c, 1, &whole) == 0 ||
		    t->hello.len >= HELLO_MAX)
			return broken(t, err);
		ot_buf_add(&t->hello, &c, 1);
	}
	return t->hello.failed ? ot_fail_nomem(err, "a greeting") : OT_OK;
}

enum ot_status
session_hello(struct target *t, uint64_t deadline_us, struct ot_err *err)
{
	enum ot_status st = read_hello(t, deadline_us, err);

	if (st == OT_OK)
		st = check_hello(t, err);
	t->have_hello = st == OT_OK;
	return st;
}

void
session_leave(struct target *t)
{
	uint64_t end = ot_now_us() + LEAVE_US;

	if (t->sock >= 0 && session_send(t, OTW_F_DETACH)) {
		/* What is on its way is of no interest; its end is. */
		while (t->sock >= 0) {
			uint64_t now = ot_now_us();
			unsigned char buf[4096];
			ssize_t n;

			if (now >= end ||
			    wait_readable(t, (int)((end - now) / 1000)) < 0)
				break;
			n = recv(t->sock, buf, sizeof(buf), MSG_DONTWAIT);
			if (n == 0 || (n < 0 && errno != EAGAIN &&
				       errno != EINTR))
				break;
			if (n < 0 && session_over(t))
				break;
		}
	}
	close_sock(t);
}
