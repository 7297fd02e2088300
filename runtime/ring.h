/* SPDX-License-Identifier: MIT */
/*
 * ring.h - bytes from the clone to the agent's thread, through shared memory.
 *
 * One writer (whoever walks), one reader (who sends).  Positions only grow;
 * the place in memory is the position modulo the size.  The writer publishes
 * whole frames only, so everything up to `written` can be sent, and the
 * reader knows where frames end.
 */
#ifndef OTA_RING_H
#define OTA_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

/* In shared memory; what the clone tells besides the stream. */
struct ota_shared {
	_Atomic uint64_t written;	/* writer: bytes published */
	_Atomic uint64_t freed;		/* reader: memory up to here is free */
	_Atomic uint32_t stop;		/* reader: end the walk */
	_Atomic uint32_t outcome;	/* writer: enum ota_outcome */
	_Atomic uint32_t sender;	/* enum ota_sender */
	uint64_t sent, frame_end;	/* reader, before it gives over */
	uint64_t held_ns;
	uint64_t walk_ns;		/* writer, before outcome */
	struct otw_end totals;		/* writer, before outcome */
	char phase[96];			/* writer; read when it has died */
	char why[320];			/* writer, before outcome */
};

enum ota_outcome {
	OTA_WALKING,		/* not ended, or died */
	OTA_WALKED,		/* totals are final */
	OTA_FAILED,		/* `why` says so */
	OTA_STOPPED,		/* go_on said so */
};

/* Who reads the ring and sends. */
enum ota_sender {
	OTA_BY_THREAD,
	OTA_GIVEN_OVER,		/* thread: the clone is to do it */
	OTA_BY_CLONE,		/* clone: so it will */
};

struct ota_ring {
	uint8_t *base;		/* mapped twice, one behind the other */
	size_t size;		/* a power of two */
	struct ota_shared *sh;
	uint64_t sent;		/* reader: bytes taken */
	uint64_t frame_end;	/* reader: end of the frame that sent is in */
	uint64_t populated;	/* writer: pages are there up to here */
};

bool ota_ring_open(struct ota_ring *r);
void ota_ring_close(struct ota_ring *r);

/* ---- the writer's side ---- */

/* Publishes `len` bytes written at ota_ring_at(). */
void ota_ring_publish(struct ota_ring *r, size_t len);
uint8_t *ota_ring_at(const struct ota_ring *r);
size_t ota_ring_room(const struct ota_ring *r);
/* Gets the pages of the next `len` bytes, in larger pieces. */
void ota_ring_populate(struct ota_ring *r, size_t len);

/* ---- the reader's side ---- */

/* What can be sent now; contiguous. */
const uint8_t *ota_ring_ready(const struct ota_ring *r, size_t *len);
void ota_ring_take(struct ota_ring *r, size_t len);
/* What is missing of the frame that was sent in part; len 0: nothing. */
const uint8_t *ota_ring_rest(const struct ota_ring *r, size_t *len);

#endif
