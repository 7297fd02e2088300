/* SPDX-License-Identifier: MIT */
/*
 * scrape.c - serving one page.
 *
 * A client is a file descriptor with a deadline that no byte moves: it has
 * REQUEST_MS to ask, ANSWER_MS to take the answer and LINGER_MS to hang up.
 * One request a connection, no keep-alive, no bodies.  After the answer our
 * side is shut down and the rest of what the client sends is thrown away,
 * since a close() on unread bytes would reset the answer on its way.
 */
#include "config.h"

#include "inspector/cmd/scrape.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/units.h"

#define CLIENTS 16
#define REQUEST_MAX 8192
#define REQUEST_MS 5000u
#define ANSWER_MS 10000u
#define LINGER_MS 1000u
#define LINGER_MAX 65536

enum phase { ASKS, TAKES, LEAVES };

struct client {
	int fd;
	enum phase phase;
	uint64_t until_us;
	size_t got; /* while asking: of request; then: thrown away */
	char request[REQUEST_MAX + 1];
	struct ot_buf answer;
	size_t sent;
};

struct scrape {
	int fd;
	struct client *clients[CLIENTS];
	size_t n;
	char where[160];
	bool is_public;
	char *path; /* of a Unix socket, with what tells it apart */
	dev_t dev;
	ino_t ino;
};

/* ---- the address ---- */

/* A socket that nobody answers any more; anything else stays. */
static bool
path_is_stale(const struct sockaddr_un *sa)
{
	struct stat sb;
	bool stale;
	int fd;

	if (lstat(sa->sun_path, &sb) != 0 || !S_ISSOCK(sb.st_mode) ||
	    sb.st_uid != geteuid())
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0 &&
		errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static enum ot_status
open_unix(struct scrape *s, const char *path, struct ot_err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct stat sb;
	mode_t mask;
	int rc;

	if (*path == '\0' || strlen(path) >= sizeof(sa.sun_path))
		return ot_fail(err, OT_USAGE,
			       "a socket's path has 1 to %zu bytes: '%.120s'",
			       sizeof(sa.sun_path) - 1, path);
	memcpy(sa.sun_path, path, strlen(path));
	if (path_is_stale(&sa))
		unlink(path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return ot_fail_errno(err, OT_FAILED, "cannot make a socket");
	mask = umask(0177);
	rc = bind(s->fd, (const struct sockaddr *)&sa, sizeof(sa));
	umask(mask);
	if (rc != 0)
		return ot_fail_errno(err, OT_FAILED, "cannot listen on %.120s",
				     path);
	s->path = strdup(path);
	if (s->path == NULL || lstat(path, &sb) != 0 ||
	    listen(s->fd, CLIENTS) != 0)
		return ot_fail_errno(err, OT_FAILED, "cannot listen on %.120s",
				     path);
	s->dev = sb.st_dev;
	s->ino = sb.st_ino;
	snprintf(s->where, sizeof(s->where), "unix:%s", path);
	return OT_OK;
}

static bool
is_loopback(const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)sa;

	if (sa->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return sa->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* What it is bound to, for the user: the port may have been 0. */
static void
tell_where(struct scrape *s)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char host[64], port[16];

	if (getsockname(s->fd, (struct sockaddr *)&ss, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(s->where, sizeof(s->where),
		 ss.ss_family == AF_INET6 ? "http://[%s]:%s/metrics"
					  : "http://%s:%s/metrics",
		 host, port);
}

static enum ot_status
open_address(struct scrape *s, const struct addrinfo *a, const char *where,
	     struct ot_err *err)
{
	int one = 1;

	s->fd = socket(a->ai_family,
		       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return ot_fail_errno(err, OT_FAILED, "cannot make a socket");
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s->fd, a->ai_addr, a->ai_addrlen) != 0 ||
	    listen(s->fd, CLIENTS) != 0)
		return ot_fail_errno(err, OT_FAILED, "cannot listen on %.80s",
				     where);
	s->is_public = !is_loopback(a->ai_addr);
	tell_where(s);
	return OT_OK;
}

/* HOST:PORT, [HOST]:PORT or PORT; a host is a number or "localhost". */
static enum ot_status
open_port(struct scrape *s, const char *where, struct ot_err *err)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	const char *colon = strrchr(where, ':'), *port;
	char host[64] = "127.0.0.1";
	enum ot_status st;
	size_t len;
	uint64_t n;

	port = colon == NULL ? where : colon + 1;
	if (colon != NULL) {
		len = (size_t)(colon - where);
		if (len > 1 && *where == '[' && colon[-1] == ']') {
			where++;
			len -= 2;
		}
		if (len > 0 && len < sizeof(host) &&
		    strncmp(where, "localhost", len) != 0) {
			memcpy(host, where, len);
			host[len] = '\0';
		}
	}
	if (!ot_parse_u64(port, &n) || n > 65535 ||
	    getaddrinfo(host, port, &hints, &list) != 0 || list == NULL)
		return ot_fail(err, OT_USAGE,
			       "'%.80s' is no place to listen on: give "
			       "127.0.0.1:PORT or unix:PATH",
			       where);
	st = open_address(s, list, where, err);
	freeaddrinfo(list);
	return st;
}

enum ot_status
scrape_open(const char *where, struct scrape **out, struct ot_err *err)
{
	struct scrape *s = calloc(1, sizeof(*s));
	enum ot_status st;

	*out = NULL;
	if (s == NULL)
		return ot_fail_nomem(err, "the server");
	s->fd = -1;
	if (strncmp(where, "unix:", 5) == 0)
		st = open_unix(s, where + 5, err);
	else
		st = open_port(s, where, err);
	if (st == OT_OK)
		*out = s;
	else
		scrape_close(s);
	return st;
}

const char *
scrape_where(const struct scrape *s)
{
	return s->where;
}

bool
scrape_is_public(const struct scrape *s)
{
	return s->is_public;
}

/* ---- clients ---- */

static void
drop(struct scrape *s, size_t i)
{
	struct client *c = s->clients[i];

	close(c->fd);
	ot_buf_release(&c->answer);
	free(c);
	s->clients[i] = s->clients[--s->n];
}

void
scrape_close(struct scrape *s)
{
	struct stat sb;

	if (s == NULL)
		return;
	while (s->n > 0)
		drop(s, 0);
	if (s->fd >= 0)
		close(s->fd);
	/* Only the file that we made; another server may have taken over. */
	if (s->path != NULL && s->ino != 0 && lstat(s->path, &sb) == 0 &&
	    sb.st_dev == s->dev && sb.st_ino == s->ino)
		unlink(s->path);
	free(s->path);
	free(s);
}

static void
enter(struct client *c, enum phase phase, unsigned ms)
{
	c->phase = phase;
	c->until_us = ot_now_us() + (uint64_t)ms * 1000;
}

static void
accept_one(struct scrape *s)
{
	size_t i, oldest = 0;
	struct client *c;
	int fd;

	fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		close(fd);
		return;
	}
	if (s->n == CLIENTS) {
		for (i = 1; i < s->n; i++)
			if (s->clients[i]->until_us <
			    s->clients[oldest]->until_us)
				oldest = i;
		drop(s, oldest);
	}
	c->fd = fd;
	enter(c, ASKS, REQUEST_MS);
	s->clients[s->n++] = c;
}

/* ---- one request ---- */

static void
answer(struct client *c, const char *status, const char *type,
       const struct ot_buf *body, bool head)
{
	size_t len = body != NULL ? body->len : 0;

	ot_buf_addf(&c->answer,
		    "HTTP/1.1 %s\r\n"
		    "Content-Type: %s\r\n"
		    "Content-Length: %zu\r\n"
		    "Cache-Control: no-store\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "%s"
		    "Connection: close\r\n\r\n",
		    status, type, len,
		    strncmp(status, "405", 3) == 0 ? "Allow: GET, HEAD\r\n"
						   : "");
	if (len > 0 && !head)
		ot_buf_add(&c->answer, body->data, len);
	enter(c, TAKES, ANSWER_MS);
}

static void
answer_word(struct client *c, const char *status, bool head)
{
	struct ot_buf body = OT_BUF_INIT;

	ot_buf_addf(&body, "%s\n", status);
	answer(c, status, "text/plain; charset=utf-8", &body, head);
	ot_buf_release(&body);
}

/* Does a line "Accept: ...openmetrics..." stand among the headers? */
static bool
wants_openmetrics(const char *request)
{
	const char *line = request, *end, *found;

	while ((line = strchr(line, '\n')) != NULL) {
		line++;
		end = strchr(line, '\n');
		if (strncasecmp(line, "accept:", 7) != 0)
			continue;
		found = strcasestr(line, "application/openmetrics-text");
		if (found != NULL && (end == NULL || found < end))
			return true;
	}
	return false;
}

static void
answer_page(struct client *c, bool head, scrape_page_fn page, void *ctx)
{
	bool openmetrics = wants_openmetrics(c->request);
	struct ot_buf body = OT_BUF_INIT;

	if (page(ctx, openmetrics, &body) && !body.failed)
		answer(c, "200 OK",
		       openmetrics ? "application/openmetrics-text; "
				     "version=1.0.0; charset=utf-8"
				   : "text/plain; version=0.0.4; "
				     "charset=utf-8",
		       &body, head);
	else
		answer_word(c, "503 Service Unavailable", head);
	ot_buf_release(&body);
}

/* The request line is all that is looked at, but for Accept. */
static void
answer_request(struct client *c, scrape_page_fn page, void *ctx)
{
	char method[8], target[64], version[12];
	bool head;
	size_t len;

	if (memchr(c->request, '\0', c->got) != NULL ||
	    sscanf(c->request, "%7s %63s %11s", method, target, version) != 3 ||
	    strncmp(version, "HTTP/1.", 7) != 0) {
		answer_word(c, "400 Bad Request", false);
		return;
	}
	head = strcmp(method, "HEAD") == 0;
	len = strcspn(target, "?");
	if (!head && strcmp(method, "GET") != 0)
		answer_word(c, "405 Method Not Allowed", false);
	else if (len == strlen("/metrics") &&
		 strncmp(target, "/metrics", len) == 0)
		answer_page(c, head, page, ctx);
	else if (len == 1 && *target == '/')
		answer_word(c, "200 OK, see /metrics", head);
	else
		answer_word(c, "404 Not Found", head);
}

static bool
is_complete(const struct client *c)
{
	return strstr(c->request, "\r\n\r\n") != NULL ||
	       strstr(c->request, "\n\n") != NULL ||
	       memchr(c->request, '\0', c->got) != NULL;
}

/* False: the client is to be dropped. */
static bool
on_asking(struct client *c, scrape_page_fn page, void *ctx)
{
	ssize_t n = recv(c->fd, c->request + c->got, REQUEST_MAX - c->got, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	c->got += (size_t)n;
	c->request[c->got] = '\0';
	if (is_complete(c))
		answer_request(c, page, ctx);
	else if (c->got == REQUEST_MAX)
		answer_word(c, "431 Request Header Fields Too Large", false);
	return !c->answer.failed;
}

static bool
on_taking(struct client *c)
{
	ssize_t n = send(c->fd, c->answer.data + c->sent,
			 c->answer.len - c->sent, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	if (c->sent < c->answer.len)
		return true;
	ot_buf_release(&c->answer);
	c->answer = (struct ot_buf)OT_BUF_INIT;
	c->got = 0;
	enter(c, LEAVES, LINGER_MS);
	return shutdown(c->fd, SHUT_WR) == 0;
}

static bool
on_leaving(struct client *c)
{
	ssize_t n = recv(c->fd, c->request, REQUEST_MAX, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->got += (size_t)n;
	return n > 0 && c->got < LINGER_MAX;
}

static bool
serve_client(struct client *c, scrape_page_fn page, void *ctx)
{
	switch (c->phase) {
	case ASKS:
		if (!on_asking(c, page, ctx))
			return false;
		return c->phase == TAKES ? on_taking(c) : true;
	case TAKES:
		return on_taking(c);
	case LEAVES:
		return on_leaving(c);
	}
	return false;
}

void
scrape_step(struct scrape *s, int timeout_ms, scrape_page_fn page, void *ctx)
{
	struct pollfd p[CLIENTS + 1];
	uint64_t now;
	size_t i, n = s->n;
	bool ready;

	p[CLIENTS] = (struct pollfd){ s->fd, POLLIN, 0 };
	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){ s->clients[i]->fd,
					s->clients[i]->phase == TAKES ? POLLOUT
								      : POLLIN,
					0 };
	for (; i < CLIENTS; i++)
		p[i] = (struct pollfd){ -1, 0, 0 };
	if (poll(p, CLIENTS + 1, timeout_ms) < 0)
		return;
	now = ot_now_us();
	/* From the end: a dropped one's place is taken by the last. */
	for (i = n; i-- > 0;) {
		ready = p[i].revents != 0;
		if ((ready && !serve_client(s->clients[i], page, ctx)) ||
		    now > s->clients[i]->until_us)
			drop(s, i);
	}
	if (p[CLIENTS].revents != 0)
		accept_one(s);
}
