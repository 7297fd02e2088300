/* SPDX-License-Identifier: MIT */
/*
 * serve.h - processes whose figures are served to a scraper (scrape.h).
 *
 * A scrape is answered from the last snapshot of each process, whatever is
 * going on; snapshots are taken on their own pace, which the processes' ease
 * decides and not the scraper.
 */
#ifndef CMD_SERVE_H
#define CMD_SERVE_H

#include "inspector/cmd/cmd.h"

#define SERVE_WHERE "127.0.0.1:9464"

struct serve;

/* Listens; says where on stderr.  `c` is kept. */
enum ot_status serve_open(const struct cmd *c, const char *where,
			  struct serve **out, struct ot_err *err);
void serve_close(struct serve *s);	/* closes the targets it owns; NULL ok */

/* Owned ones are closed here; OT_FAILED: there are too many, or no memory. */
enum ot_status serve_add(struct serve *s, struct target *t, bool own,
			 struct ot_err *err);

/*
 * Serves for at most timeout_ms, takes snapshots that are due.  Never fails:
 * what becomes of a process is told by its figures.
 */
void serve_step(struct serve *s, int timeout_ms);

bool serve_has(const struct serve *s, pid_t pid);	/* and it is there */
size_t serve_alive(const struct serve *s);	/* processes that are there */

#endif
