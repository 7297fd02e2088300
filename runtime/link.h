/* SPDX-License-Identifier: MIT */
/*
 * link.h - the agent's end of the socket: requests in, small frames out.
 */
#ifndef OTA_LINK_H
#define OTA_LINK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/sys.h"
#include "wire/enc.h"

struct ota_link {
	int fd;			/* -1: none */
	struct ota_file_id id;	/* of our socket */
	atomic_bool go_on;	/* CONTINUE came in, whatever went on then */
	struct otw_act act;	/* of the last OTA_ASK_ACT */
	size_t len;
	uint8_t in[256];	/* requests are small; more is not believed */
};

enum ota_ask {
	OTA_ASK_NONE,		/* nothing whole has come in */
	OTA_ASK_SNAPSHOT,
	OTA_ASK_ACT,		/* link->act */
	OTA_ASK_CANCEL,
	OTA_ASK_DETACH,
	OTA_ASK_CONTINUE,
	OTA_ASK_GONE,		/* the inspector has gone, or talks nonsense */
};

/* Takes a socket over; false: it is none. */
bool ota_link_open(struct ota_link *l, int fd);
/*
 * Is the descriptor still our socket?  A program that closes all descriptors
 * (to become a daemon, say) closes ours too, and gives its number to another
 * file: that one we must neither read nor write nor close.
 */
bool ota_link_ours(const struct ota_link *l);
/* Closes it, if it is ours.  The number is forgotten before it is free again:
 * a child forked in between would close what got it next. */
void ota_link_close(struct ota_link *l);

/* The next request; never waits. */
enum ota_ask ota_link_next(struct ota_link *l, struct otw_request *r);

/* Sends all of it, waiting until `deadline_ns`; false: the peer is lost. */
bool ota_link_send(struct ota_link *l, const void *data, size_t len,
		   uint64_t deadline_ns);

/* Frames too small to wait for; false: the peer is lost. */
bool ota_link_hello(struct ota_link *l, const struct otw_hello *h);
bool ota_link_begin(struct ota_link *l, const struct otw_begin *b);
bool ota_link_end(struct ota_link *l, const struct otw_end *e);
bool ota_link_acted(struct ota_link *l, const struct otw_acted *a);
bool ota_link_error(struct ota_link *l, uint32_t code, const char *message);
bool ota_link_empty(struct ota_link *l, enum otw_frame f);

#endif
