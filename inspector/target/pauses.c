/* SPDX-License-Identifier: MIT */
/*
 * The collections of a target, read from its memory while it runs on.
 *
 * Two sources.  CPython 3.15 keeps the last 11 young and the last 3 older
 * collections of each kind by itself; where they are is told by its table of
 * offsets, so nothing is put into the target at all.  Before that the agent's
 * callback writes into a ring of 512 (wire/pauses.h).  Either is read with two
 * or three pread() of /proc/PID/mem, some microseconds; what was written over
 * before it was read is counted, not guessed.
 */
#include "config.h"
#include "inspector/target/pauses.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "inspector/target/pydebug.h"
#include "inspector/target/target_priv.h"
#include "wire/pystats.h"

#define TRIES		5
#define GENERATIONS	3u
#define AHEAD_NS	500000000u	/* between two signs of life */

struct target_pauses {
	pid_t pid;
	int mem;
	uint64_t at;		/* of the ring or the record */
	struct target *t;	/* inside; else NULL */
	uint64_t next;		/* inside: number of the next pause */
	uint64_t signed_ns;	/* when we last gave a sign */
	/* outside: totals as they were, per generation */
	uint64_t collections[GENERATIONS];
};

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool
copy(struct target_pauses *p, uint64_t offset, void *dst, size_t len)
{
	return proc_mem_read(&p->mem, p->at + offset, dst, len);
}

static enum ot_status
gone(const struct target_pauses *p, struct ot_err *err)
{
	struct proc_stat st;

	if (!proc_stat_read(p->pid, 0, &st) || st.state == 'Z' ||
	    st.state == 'X')
		return ot_fail(err, OT_FAILED, "PID %d has ended",
			       (int)p->pid);
	return ot_fail(err, OT_FAILED, "the memory of PID %d cannot be read "
		       "any more: it has become another program",
		       (int)p->pid);
}

static struct target_pauses *
pauses_new(pid_t pid, bool write, struct ot_err *err)
{
	struct target_pauses *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		ot_fail_nomem(err, "pauses");
		return NULL;
	}
	p->pid = pid;
	p->mem = proc_mem_open(pid, write);
	if (p->mem < 0) {
		ot_fail(err, OT_REFUSED, "the memory of PID %d may not be "
			"read from outside: be its user with CAP_SYS_PTRACE, "
			"or root", (int)pid);
		free(p);
		return NULL;
	}
	return p;
}

void
target_pauses_close(struct target_pauses *p)
{
	if (p == NULL)
		return;
	close(p->mem);
	free(p);
}

bool
target_pauses_is_outside(const struct target_pauses *p)
{
	return p->t == NULL;
}

/* ---- the runtime's own record ---- */

/* A copy that did not change while it was made. */
static bool
record_read(struct target_pauses *p, struct otw_pystats *s)
{
	const uint64_t seq = offsetof(struct otw_pystats, update);
	uint32_t before, after;
	int i;

	for (i = 0; i < TRIES; i++) {
		if (!copy(p, seq, &before, sizeof(before)) ||
		    !copy(p, 0, s, sizeof(*s)) ||
		    !copy(p, seq, &after, sizeof(after)))
			return false;
		if (before == after)
			return true;
	}
	return true;	/* it collects all the time: what is odd is left out */
}

static uint64_t
difference(uint64_t now, const struct otw_pystats_item *before, uint64_t was)
{
	return before != NULL && now >= was ? now - was : OTW_UNKNOWN;
}

static size_t
record_take(const struct otw_pystats *s, unsigned g, uint64_t seen,
	    struct otw_pause *out, size_t max)
{
	const struct otw_pystats_item *item = otw_pystats_items(s, g);
	unsigned slots = otw_pystats_slots(g), i;
	int last = otw_pystats_last(s, g);
	size_t n = 0;

	for (i = 1; last >= 0 && i <= slots; i++) {
		unsigned at = ((unsigned)last + i) % slots;
		const struct otw_pystats_item *it = &item[at], *prev;

		if (it->collections <= seen || it->stop_ns < it->start_ns ||
		    n == max)
			continue;
		prev = &item[(at + slots - 1) % slots];
		if (prev->collections + 1 != it->collections)
			prev = NULL;
		out[n++] = (struct otw_pause){
			.start_ns = (uint64_t)it->start_ns,
			.stop_ns = (uint64_t)it->stop_ns,
			.generation = g,
			.collected = difference(it->collected, prev,
					prev ? prev->collected : 0),
			.uncollectable = difference(it->uncollectable, prev,
					prev ? prev->uncollectable : 0),
		};
	}
	return n;
}

static int
by_start(const void *a, const void *b)
{
	const struct otw_pause *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static enum ot_status
read_outside(struct target_pauses *p, struct otw_pause *out, size_t max,
	     size_t *n, uint64_t *missed, struct ot_err *err)
{
	struct otw_pystats s;
	unsigned g;

	if (!record_read(p, &s))
		return gone(p, err);
	for (g = 0; g < GENERATIONS; g++) {
		int last = otw_pystats_last(&s, g);
		uint64_t total = last < 0 ? 0 :
				 otw_pystats_items(&s, g)[last].collections;
		size_t got;

		if (total <= p->collections[g])
			continue;
		got = record_take(&s, g, p->collections[g], out + *n,
				  max - *n);
		*missed += total - p->collections[g] > got ?
			   total - p->collections[g] - got : 0;
		*n += got;
		p->collections[g] = total;
	}
	qsort(out, *n, sizeof(*out), by_start);
	return OT_OK;
}

enum ot_status
target_pauses_outside(pid_t pid, struct target_pauses **out,
		      struct ot_err *err)
{
	struct target_pauses *p;
	struct otw_pystats s;
	enum ot_status st;
	struct suspect sus;
	uint64_t at = 0;
	unsigned g;

	st = suspect_look(&sus, pid, NULL, err);
	if (st == OT_OK)
		st = suspect_check(&sus, err);
	if (st == OT_OK)
		st = pydebug_stats(&sus, &at, err);
	suspect_release(&sus);
	if (st != OT_OK)
		return st;
	p = pauses_new(pid, false, err);
	if (p == NULL)
		return OT_REFUSED;
	p->at = at;
	if (!record_read(p, &s)) {
		st = gone(p, err);
		target_pauses_close(p);
		return st;
	}
	for (g = 0; g < GENERATIONS; g++) {
		int last = otw_pystats_last(&s, g);

		if (last >= 0)
			p->collections[g] =
				otw_pystats_items(&s, g)[last].collections;
	}
	*out = p;
	return OT_OK;
}

/* ---- the agent's ring ---- */

static enum ot_status
install(struct target_pauses *p, struct ot_err *err)
{
	const struct otw_act a = { .what = OTW_ACT_WATCH };
	struct otw_pauses_head h;
	struct otw_acted done;
	enum ot_status st = target_act(p->t, &a, &done, NULL, NULL, err);

	if (st != OT_OK)
		return st;
	p->at = done.result;
	p->signed_ns = now_ns();
	if (!copy(p, 0, &h, sizeof(h)))
		return gone(p, err);
	if (h.magic != OTW_PAUSES_MAGIC || h.size != sizeof(struct otw_pauses))
		return ot_fail(err, OT_FAILED, "the agent in PID %d writes no "
			       "ring that objtop knows", (int)p->pid);
	p->next = h.written;
	return OT_OK;
}

/* Once in a while, so that the callback stays. */
static void
sign(struct target_pauses *p)
{
	uint64_t now = now_ns();

	if (now - p->signed_ns < AHEAD_NS)
		return;
	p->signed_ns = now;
	proc_mem_write(p->mem, p->at + offsetof(struct otw_pauses_head, seen),
		       &now, sizeof(now));
}

static bool
ring_slots(struct target_pauses *p, uint64_t first, struct otw_pause *out,
	   size_t n)
{
	size_t i, run;

	for (i = 0; i < n; i += run) {
		uint64_t at = (first + i) % OTW_PAUSE_SLOTS;

		run = OTW_PAUSE_SLOTS - at < n - i ? OTW_PAUSE_SLOTS - at :
						     n - i;
		if (!copy(p, offsetof(struct otw_pauses, slot) +
			  at * sizeof(*out), out + i, run * sizeof(*out)))
			return false;
	}
	return true;
}

static enum ot_status
read_inside(struct target_pauses *p, struct otw_pause *out, size_t max,
	    size_t *n, uint64_t *missed, struct ot_err *err)
{
	struct otw_pauses_head h, after;
	uint64_t first, lost = 0;
	size_t take;

	/* Nobody looked for too long (we were stopped): in it goes again. */
	if (!copy(p, 0, &h, sizeof(h)) || h.magic != OTW_PAUSES_MAGIC)
		return target_alive(p->t) && !session_over(p->t) ?
		       install(p, err) : gone(p, err);
	sign(p);
	if (h.written <= p->next)
		return OT_OK;
	first = p->next;
	if (h.written - first > OTW_PAUSE_SLOTS)
		first = h.written - OTW_PAUSE_SLOTS;
	take = h.written - first < max ? (size_t)(h.written - first) : max;
	if (!ring_slots(p, first, out, take) || !copy(p, 0, &after,
						      sizeof(after)))
		return gone(p, err);
	/* The slot after the last written is being written. */
	if (after.written + 1 > first + OTW_PAUSE_SLOTS)
		lost = after.written + 1 - OTW_PAUSE_SLOTS - first;
	if (lost > take)
		lost = take;
	memmove(out, out + lost, (take - (size_t)lost) * sizeof(*out));
	*n = take - (size_t)lost;
	*missed = first - p->next + lost;
	p->next = first + take;
	return OT_OK;
}

enum ot_status
target_pauses_inside(struct target *t, struct target_pauses **out,
		     struct ot_err *err)
{
	struct target_pauses *p;
	enum ot_status st;

	if (t->is_file)
		return ot_fail(err, OT_USAGE, "%s is a file: only a process "
			       "can be watched", t->path);
	p = pauses_new(t->pid, true, err);
	if (p == NULL)
		return OT_REFUSED;
	p->t = t;
	st = install(p, err);
	if (st != OT_OK) {
		target_pauses_close(p);
		return st;
	}
	*out = p;
	return OT_OK;
}

enum ot_status
target_pauses_read(struct target_pauses *p, struct otw_pause *out, size_t max,
		   size_t *n, uint64_t *missed, struct ot_err *err)
{
	*n = 0;
	*missed = 0;
	if (p->t == NULL)
		return read_outside(p, out, max, n, missed, err);
	return read_inside(p, out, max, n, missed, err);
}
