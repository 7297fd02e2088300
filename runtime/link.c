/* SPDX-License-Identifier: MIT */
/*
 * link.c - the agent's end of the socket.
 *
 * Only the agent's thread writes here, whole frames, so the stream is well
 * formed whatever becomes of a clone.  Whoever is at the other end is not
 * believed either: a request that is too long or malformed ends the link.
 */
#include "config.h"

#include "runtime/link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "runtime/sys.h"
#include "wire/act.h"

enum { REQUEST_MAX = 64, SEND_MS = 10000 };

bool
ota_link_open(struct ota_link *l, int fd)
{
	l->fd = fd;
	l->len = 0;
	return ota_file_id(fd, &l->id);
}

bool
ota_link_ours(const struct ota_link *l)
{
	struct ota_file_id now;

	return ota_file_id(l->fd, &now) && now.dev == l->id.dev &&
	       now.ino == l->id.ino;
}

void
ota_link_close(struct ota_link *l)
{
	bool ours = ota_link_ours(l);
	int fd = l->fd;

	l->fd = -1;
	if (ours)
		ota_close(fd);
}

/* ---- in ---- */

static bool
get_request(const uint8_t *p, const uint8_t *end, struct otw_request *r)
{
	uint64_t want, mode;

	if (!otw_get(&p, end, &want) || want > UINT32_MAX ||
	    !otw_get(&p, end, &mode) || mode >= OTW_MODE_COUNT ||
	    !otw_get(&p, end, &r->timeout_ms) || p != end)
		return false;
	r->want = (uint32_t)want;
	r->mode = (enum otw_mode)mode;
	return true;
}

static bool
get_act(const uint8_t *p, const uint8_t *end, struct otw_act *a)
{
	return otw_get_act(&p, end, a);
}

/* The first whole frame in l->in; it is taken out. */
static enum ota_ask
parse(struct ota_link *l, struct otw_request *r)
{
	const uint8_t *p = l->in, *end = l->in + l->len;
	enum ota_ask ask = OTA_ASK_GONE;
	uint64_t size, number;

	if (!otw_get(&p, end, &size) || !otw_get(&p, end, &number))
		return l->len >= 2 * OTW_LEB_MAX ? OTA_ASK_GONE : OTA_ASK_NONE;
	if (size > REQUEST_MAX)
		return OTA_ASK_GONE;
	if (size > (size_t)(end - p))
		return OTA_ASK_NONE;
	if (number == OTW_F_SNAPSHOT && get_request(p, p + size, r))
		ask = OTA_ASK_SNAPSHOT;
	else if (number == OTW_F_ACT && get_act(p, p + size, &l->act))
		ask = OTA_ASK_ACT;
	else if (number == OTW_F_CANCEL && size == 0)
		ask = OTA_ASK_CANCEL;
	else if (number == OTW_F_DETACH && size == 0)
		ask = OTA_ASK_DETACH;
	else if (number == OTW_F_CONTINUE && size == 0)
		ask = OTA_ASK_CONTINUE;
	if (ask == OTA_ASK_CONTINUE)
		atomic_store(&l->go_on, true);
	p += size;
	l->len = (size_t)(end - p);
	memmove(l->in, p, l->len);
	return ask;
}

enum ota_ask
ota_link_next(struct ota_link *l, struct otw_request *r)
{
	for (;;) {
		enum ota_ask ask = parse(l, r);
		long n;

		if (ask != OTA_ASK_NONE)
			return ask;
		if (!ota_link_ours(l))
			return OTA_ASK_GONE;
		n = ota_recv(l->fd, l->in + l->len, sizeof(l->in) - l->len);
		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return OTA_ASK_NONE;
		if (n <= 0)
			return OTA_ASK_GONE;
		l->len += (size_t)n;
	}
}

/* ---- out ---- */

bool
ota_link_send(struct ota_link *l, const void *data, size_t len,
	      uint64_t deadline_ns)
{
	const uint8_t *p = data;

	while (len) {
		long n = ota_link_ours(l) ? ota_send(l->fd, p, len) : -EBADF;

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n == -EAGAIN) {
			if (ota_now_ns() > deadline_ns)
				return false;
			ota_poll(l->fd, POLLOUT, 100);
		} else if (n != -EINTR) {
			return false;
		}
	}
	return true;
}

struct small {
	struct otw_enc e;
	uint8_t buf[8192];
};

static bool
no_more(struct otw_enc *e, size_t more)
{
	(void)e, (void)more;
	return false;
}

static void
small_init(struct small *s)
{
	otw_enc_init(&s->e, no_more, NULL, NULL);
	s->e.data = s->buf;
	s->e.cap = sizeof(s->buf);
}

static bool
small_send(struct ota_link *l, const struct small *s)
{
	return !s->e.failed &&
	       ota_link_send(l, s->e.data, s->e.len,
			     ota_now_ns() + SEND_MS * 1000000ull);
}

bool
ota_link_hello(struct ota_link *l, const struct otw_hello *h)
{
	struct small s;

	small_init(&s);
	otw_enc_hello(&s.e, h);
	return small_send(l, &s);
}

bool
ota_link_begin(struct ota_link *l, const struct otw_begin *b)
{
	struct small s;

	small_init(&s);
	otw_enc_begin(&s.e, b);
	return small_send(l, &s);
}

bool
ota_link_end(struct ota_link *l, const struct otw_end *end)
{
	struct small s;

	small_init(&s);
	otw_enc_end(&s.e, end);
	return small_send(l, &s);
}

bool
ota_link_acted(struct ota_link *l, const struct otw_acted *a)
{
	struct small s;

	small_init(&s);
	otw_enc_acted(&s.e, a);
	return small_send(l, &s);
}

bool
ota_link_error(struct ota_link *l, uint32_t code, const char *message)
{
	const struct otw_error er = { code, { message, strlen(message) } };
	struct small s;

	small_init(&s);
	otw_enc_error(&s.e, &er);
	return small_send(l, &s);
}

bool
ota_link_empty(struct ota_link *l, enum otw_frame f)
{
	struct small s;

	small_init(&s);
	otw_enc_empty(&s.e, f);
	return small_send(l, &s);
}
