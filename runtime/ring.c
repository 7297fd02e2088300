/* SPDX-License-Identifier: MIT */
/*
 * ring.c - bytes from the clone to the agent's thread.
 *
 * The walk must not wait for the viewer: while the clone lives, every page
 * that the target writes is copied.  So the clone encodes into memory shared
 * with the process it came from, and the agent's thread sends from there,
 * during the walk and after it.  That also keeps the stream whole if the
 * clone dies.  What has been sent is given back to the system 4 MiB at a
 * time, so the ring costs what the viewer lags behind, 256 MiB at the most.
 */
#include "config.h"

#include "runtime/ring.h"

#include "runtime/sys.h"
#include "wire/leb.h"

enum {
	PIECE = 4 << 20,	/* given back */
	STEP = 1 << 20,		/* got at once */
};

static const size_t largest = 256u << 20, smallest = 2 * PIECE;

_Static_assert(sizeof(struct ota_shared) <= 4096, "one page");

bool
ota_ring_open(struct ota_ring *r)
{
	r->sent = r->frame_end = r->populated = 0;
	r->base = NULL;
	r->sh = ota_map_shared(sizeof(*r->sh));
	if (!r->sh)
		return false;
	/* address space may be limited, overcommit forbidden */
	for (r->size = largest; r->size >= smallest; r->size /= 2) {
		r->base = ota_map_ring(r->size);
		if (r->base)
			return true;
	}
	ota_unmap(r->sh, sizeof(*r->sh));
	r->sh = NULL;
	return false;
}

void
ota_ring_close(struct ota_ring *r)
{
	if (r->base)
		ota_unmap(r->base, 2 * r->size);
	if (r->sh)
		ota_unmap(r->sh, sizeof(*r->sh));
	r->base = NULL;
	r->sh = NULL;
}

static uint8_t *
place(const struct ota_ring *r, uint64_t position)
{
	return r->base + (position & (r->size - 1));
}

/* ---- the writer's side ---- */

void
ota_ring_publish(struct ota_ring *r, size_t len)
{
	uint64_t w = atomic_load_explicit(&r->sh->written,
					  memory_order_relaxed);

	atomic_store_explicit(&r->sh->written, w + len, memory_order_release);
}

uint8_t *
ota_ring_at(const struct ota_ring *r)
{
	return place(r, atomic_load_explicit(&r->sh->written,
					     memory_order_relaxed));
}

/*
 * Room starts where memory was given back, not where bytes were sent: what is
 * going to be given back must not be written before.
 */
size_t
ota_ring_room(const struct ota_ring *r)
{
	uint64_t w = atomic_load_explicit(&r->sh->written,
					  memory_order_relaxed);

	return r->size - (size_t)(w - atomic_load_explicit(&r->sh->freed,
						memory_order_acquire));
}

/*
 * A page fault for every 4 KiB costs more than writing them.  What is not
 * read yet may be populated again without harm.
 */
void
ota_ring_populate(struct ota_ring *r, size_t len)
{
	uint64_t w = atomic_load_explicit(&r->sh->written,
					  memory_order_relaxed);

	while (r->populated < w + len) {
		ota_populate(place(r, r->populated), STEP);
		r->populated += STEP;
	}
}

/* ---- the reader's side ---- */

const uint8_t *
ota_ring_ready(const struct ota_ring *r, size_t *len)
{
	*len = (size_t)(atomic_load_explicit(&r->sh->written,
					     memory_order_acquire) - r->sent);
	return place(r, r->sent);
}

/* Bytes of the frame at `position`, head included. */
static uint64_t
frame_size(const struct ota_ring *r, uint64_t position)
{
	const uint8_t *start = place(r, position), *p = start;
	uint64_t len = 0, number = 0;

	/* written by the walk, which is as good as the provider is: if it is
	 * broken, the peer's decoder says so */
	if (!otw_get(&p, start + 2 * OTW_LEB_MAX, &len) ||
	    !otw_get(&p, start + 2 * OTW_LEB_MAX, &number))
		return 1;
	return (uint64_t)(p - start) + len;
}

void
ota_ring_take(struct ota_ring *r, size_t len)
{
	uint64_t freed = atomic_load_explicit(&r->sh->freed,
					      memory_order_relaxed);

	r->sent += len;
	while (r->frame_end < r->sent)
		r->frame_end += frame_size(r, r->frame_end);
	while (r->sent - freed >= PIECE) {
		ota_discard(place(r, freed), PIECE);
		freed += PIECE;
		atomic_store_explicit(&r->sh->freed, freed,
				      memory_order_release);
	}
}

const uint8_t *
ota_ring_rest(const struct ota_ring *r, size_t *len)
{
	*len = (size_t)(r->frame_end - r->sent);
	return place(r, r->sent);
}
