/* SPDX-License-Identifier: MIT */
/*
 * scrape.h - the little of HTTP/1.1 that a scraper needs: GET and HEAD of
 * /metrics on a loopback port or a Unix socket.
 *
 * Safe against whoever can reach it: a bounded number of clients, of bytes
 * each may send and of time each may take; when there are too many, the one
 * that has dawdled longest goes.  Nothing here waits but scrape_step().
 */
#ifndef CMD_SCRAPE_H
#define CMD_SCRAPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct scrape;

/*
 * "127.0.0.1:9464", "[::1]:9464", "9464", "unix:PATH"; port 0: any that is
 * free.
 */
enum ot_status scrape_open(const char *where, struct scrape **out,
			   struct ot_err *err);
void scrape_close(struct scrape *s);	/* NULL ok; removes a socket's file */

/* "http://127.0.0.1:9464/metrics", or "unix:PATH". */
const char *scrape_where(const struct scrape *s);
bool scrape_is_public(const struct scrape *s);	/* others can reach it */

/* Appends the page; false: there is none now. */
typedef bool (*scrape_page_fn)(void *ctx, bool openmetrics,
			       struct ot_buf *out);

/* Serves what is there, waiting at most timeout_ms for something to come. */
void scrape_step(struct scrape *s, int timeout_ms, scrape_page_fn page,
		 void *ctx);

#endif
