/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c - one snapshot: hold, clone or pause, walk, send.
 *
 * fork mode:
 *
 *	thread	hold -- clone -- release -- BEGIN -- send ... reap -- END
 *	clone		  `-- walk, encode into the ring -- exit
 *
 * pause mode: the same walk between hold and release; sent afterwards.
 *
 * The program forks and is to have one thread then: the agent's thread gives
 * over to the clone (or to another, where the walk has ended already) and is
 * gone.  That clone is an orphan: it sends the rest and ends.
 *
 * Invariants:
 *  1. Between hold and release nothing can block: no send, no wait.
 *  2. Only the agent's thread, or the orphan, writes to the socket, and only
 *     whole frames.
 *  3. The clone calls no libc, takes no lock, opens and closes no descriptor
 *     (CLONE_FILES: they are the program's own), writes to no object.
 *  4. Its exit signal is 0: no SIGCHLD, and no wait() of the program's sees
 *     it.  Every clone is reaped here, with __WALL.
 *  5. It dies with the thread that made it (PDEATHSIG), at a limit of its own
 *     CPU time, and before the program when memory runs out.
 *
 * The target is held for one clone: the kernel copies page tables, 25 to 32 ms
 * per GiB.
 */
#include "config.h"

#include "runtime/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/compiler.h"
#include "base/err.h"
#include "runtime/headroom.h"
#include "runtime/ring.h"
#include "runtime/sink.h"
#include "runtime/sys.h"
#include "wire/boot.h"

enum {
	WINDOW = 256 << 10,	/* bytes encoded between two publications */
	LOOK_MS = 1,		/* how often a living clone is looked at */
	ENDED_LOOK_MS = 10,	/* and the rest, once it has ended */
	STALL_MS = 30000,	/* a viewer that takes nothing is given up */
	REST_MS = 2000,		/* time to finish a frame that was cut */
	PAUSE_MS = 10000,	/* budget of pause mode */
	PAUSE_AUTO_MS = 1000,	/* of pause mode that nobody asked for */
	CPU_SECONDS = 600,	/* of a clone without a time limit */
	GIVE_MS = 1000,		/* for a clone to take over */
	GIVE_LOOK_NS = 20000,
	PARENT_MS = 5,		/* between an orphan's looks for the program */
	KCMP_FILES = 2,		/* linux/kcmp.h */
};

#define MS	1000000ull

struct shot {
	struct ota_link *link;
	const struct objtop_provider *p;
	const struct otw_request *r;
	struct ota_ring ring;
	struct otw_begin begin;
	enum otw_mode mode;
	uint64_t start, deadline;	/* 0: none */
	uint64_t pause_deadline;
	bool auto_pause;		/* paused because memory is tight */
	bool over_budget;		/* pause mode ended by its time limit */
	int pid;			/* of the program */
	uint64_t asked, held;		/* to be held, and held since then */
	long refused;			/* clone()'s errno, negative; or 0 */
	bool late;			/* held after the deadline */
	long clone;			/* pid, while it is not reaped */
	int status;			/* as wait4 gave it */
	const atomic_bool *vanish;
	bool orphan;			/* we are one */
	uint64_t parent_at;		/* when it was looked for last */
	char message[512];
};

static long pump(struct shot *s);

/* ---- the walk, in the clone or in the held process ---- */

static void
on_phase(void *ctx, const char *what)
{
	struct shot *s = ctx;

	ota_cat(s->ring.sh->phase, sizeof(s->ring.sh->phase), 0, what);
}

static OT_NORETURN void
clone_exit(void)
{
	for (;;)
		ota_syscall(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

/* Ends an orphan whose program has ended, or is another by exec. */
static void
look_for_parent(struct shot *s)
{
	uint64_t now = ota_now_ns();

	if (now - s->parent_at < PARENT_MS * MS)
		return;
	s->parent_at = now;
	/* Another program has a table of descriptors of its own. */
	if (ota_parent() != s->pid ||
	    ota_syscall(SYS_kcmp, s->pid, ota_pid(), KCMP_FILES, 0, 0, 0) > 0)
		clone_exit();
}

/* In the clone: the thread that made it goes. */
static void
become_orphan(struct shot *s)
{
	struct ota_shared *sh = s->ring.sh;

	ota_syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0, 0);
	s->ring.sent = sh->sent;
	s->ring.frame_end = sh->frame_end;
	s->begin.held_ns = sh->held_ns;
	s->orphan = true;
	s->clone = 0;
	atomic_store(&sh->sender, OTA_BY_CLONE);
}

/* In the clone, now and then.  False: nobody wants the rest. */
static bool
serve_as_clone(struct shot *s)
{
	if (!s->orphan && atomic_load_explicit(&s->ring.sh->sender,
			memory_order_relaxed) == OTA_GIVEN_OVER)
		become_orphan(s);
	if (!s->orphan)
		return true;
	look_for_parent(s);
	return pump(s) >= 0;
}

static bool
go_on(void *ctx)
{
	struct shot *s = ctx;

	if (s->mode == OTW_MODE_FORK)
		return serve_as_clone(s) &&
			!atomic_load_explicit(&s->ring.sh->stop,
					      memory_order_relaxed);
	if (ota_now_ns() >= s->pause_deadline)
		s->over_budget = true;
	/* whatever the inspector says now, it is not to go on */
	return !s->over_budget && s->link->len == 0 &&
	       !ota_poll(s->link->fd, POLLIN, 0);
}

/* True when there is room; in the clone that may be waited for. */
static bool
wait_for_room(struct shot *s, size_t more)
{
	while (ota_ring_room(&s->ring) < more) {
		if (s->mode != OTW_MODE_FORK || more > s->ring.size / 2 ||
		    atomic_load(&s->ring.sh->stop) || !serve_as_clone(s))
			return false;
		ota_sleep_ns(200000);
	}
	return true;
}

static bool
grow(struct otw_enc *e, size_t more)
{
	struct shot *s = e->ctx;
	size_t room;

	ota_ring_publish(&s->ring, e->len);
	e->len = e->cap = 0;
	e->data = ota_ring_at(&s->ring);
	if (more == 0)
		return true;
	if (!wait_for_room(s, more))
		return false;
	room = ota_ring_room(&s->ring);
	e->cap = more < WINDOW ? WINDOW : more;
	if (e->cap > room)
		e->cap = room;
	ota_ring_populate(&s->ring, e->cap);
	return true;
}

static void
set_outcome(struct shot *s, enum ota_outcome o, const char *why)
{
	struct ota_shared *sh = s->ring.sh;

	if (why)
		ota_cat(sh->why, sizeof(sh->why), 0, why);
	atomic_store_explicit(&sh->outcome, (uint32_t)o, memory_order_release);
}

static void
walk(struct shot *s)
{
	const struct objtop_provider *p = s->p;
	const struct ota_sink_hooks hooks = { s, go_on, on_phase, grow };
	uint64_t t = ota_now_ns();
	struct ota_sink sink;
	char why[256] = "";
	int rc;

	on_phase(s, "starting");
	if (!ota_sink_init(&sink, s->r->want,
			   p->estimate ? p->estimate(p->self) : 0, &hooks)) {
		set_outcome(s, OTA_FAILED, "no memory for the walk");
		return;
	}
	rc = p->walk(p->self, &sink.pub, why, sizeof(why));
	why[sizeof(why) - 1] = '\0';
	ota_sink_finish(&sink);
	s->ring.sh->totals = sink.totals;
	s->ring.sh->walk_ns = ota_now_ns() - t;
	if (sink.stop && !sink.why)
		set_outcome(s, OTA_STOPPED, NULL);
	else if (sink.stop)
		set_outcome(s, OTA_FAILED, sink.why);
	else if (rc)
		set_outcome(s, OTA_FAILED, why[0] ? why : "the walk failed");
	else
		set_outcome(s, OTA_WALKED, NULL);
	ota_sink_release(&sink);
}

/* ---- the clone ---- */

static void
limit(int what, uint64_t soft, uint64_t hard)
{
	struct rlimit64 l = { soft, hard };

	ota_syscall(SYS_prlimit64, 0, what, (long)&l, 0, 0, 0);
}

static OT_NORETURN void orphan_main(struct shot *s);

static OT_NORETURN void
clone_main(struct shot *s)
{
	uint64_t cpu = CPU_SECONDS;

	ota_signals_block_all();
	ota_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	if (ota_parent() != s->pid)	/* it died before prctl() */
		clone_exit();
	ota_set_name(OTW_CLONE_NAME);
	if (s->r->timeout_ms && s->r->timeout_ms / 1000 + 5 < cpu)
		cpu = s->r->timeout_ms / 1000 + 5;
	limit(RLIMIT_CORE, 0, 0);
	/* SIGXCPU is blocked: the hard limit, a SIGKILL, is what counts */
	limit(RLIMIT_CPU, cpu, cpu);
	walk(s);
	if (s->orphan)
		orphan_main(s);
	clone_exit();
}

static long
make_clone(void)
{
	return ota_syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0, 0);
}

/* When memory runs out the clone is to go, not the program. */
static void
prefer_for_oom(long pid)
{
	char path[64];
	size_t len = ota_cat(path, sizeof(path), 0, "/proc/");
	long fd;

	len = ota_cat_u64(path, sizeof(path), len, (uint64_t)pid);
	ota_cat(path, sizeof(path), len, "/oom_score_adj");
	fd = ota_open(path, O_WRONLY);
	if (fd < 0)
		return;
	ota_write((int)fd, "1000", 4);
	ota_close((int)fd);
}

/* Reaps the clone if it has ended, or waits until it has. */
static bool
reap(struct shot *s, bool wait)
{
	long rc;

	if (!s->clone)
		return true;
	do {
		rc = ota_syscall(SYS_wait4, s->clone, (long)&s->status,
				 __WALL | (wait ? 0 : WNOHANG), 0, 0, 0);
	} while (rc == -EINTR);
	if (rc == 0)
		return false;
	if (rc < 0)
		s->status = 0;	/* not ours any more: nothing to be told */
	s->clone = 0;
	return true;
}

static void
kill_clone(struct shot *s)
{
	if (!s->clone)
		return;
	ota_syscall(SYS_kill, s->clone, SIGKILL, 0, 0, 0, 0);
	reap(s, true);
}

/* ---- is there memory for it? ---- */

/*
 * Where nobody chose: a clone, which holds the program for the shortest time
 * whatever the heap's size, unless memory could run out by it.  A clone is the
 * first to go then, but where the whole group goes (memory.oom.group) so does
 * the program.  False: neither way is safe.
 */
static bool
choose_mode(struct shot *s)
{
	struct ota_headroom h;

	if (s->mode != OTW_MODE_AUTO || !ota_headroom("", &h) ||
	    h.left >= ota_clone_needs(&h))
		return true;
	if (h.left < ota_pause_needs(&h, s->r->want)) {
		ota_headroom_say(&h, s->message, sizeof(s->message));
		return false;
	}
	s->mode = OTW_MODE_PAUSE;
	s->auto_pause = true;
	return true;
}

/* ---- holding ---- */

/* Held no longer than needed: the times, the clone, nothing else. */
static void
while_held(void *arg, uint64_t since)
{
	struct shot *s = arg;
	uint64_t now = ota_now_ns();
	long rc = 0;

	s->held = since;
	s->begin.wait_ns = since > s->asked ? since - s->asked : 0;
	if (s->deadline && now > s->deadline) {
		s->late = true;
		return;
	}
	if (s->mode != OTW_MODE_PAUSE) {
		rc = make_clone();
		if (rc == 0) {
			s->mode = OTW_MODE_FORK;
			clone_main(s);
		}
	}
	if (rc < 0 && s->mode == OTW_MODE_AUTO &&
	    (rc == -EAGAIN || rc == -ENOMEM || rc == -EPERM)) {
		s->mode = OTW_MODE_PAUSE;
		s->auto_pause = true;
		rc = 0;
	}
	if (s->auto_pause && s->pause_deadline > now + PAUSE_AUTO_MS * MS)
		s->pause_deadline = now + PAUSE_AUTO_MS * MS;
	if (s->mode == OTW_MODE_PAUSE && rc == 0)
		walk(s);
	if (rc > 0) {
		s->mode = OTW_MODE_FORK;
		s->clone = rc;
	}
	s->refused = rc < 0 ? rc : 0;
}

static int
hold(struct shot *s)
{
	const struct objtop_provider *p = s->p;

	if (p->hold_for)
		return p->hold_for(p->self, while_held, s, s->message,
				   sizeof(s->message));
	if (p->hold(p->self, s->message, sizeof(s->message)))
		return 1;
	while_held(s, ota_now_ns());
	p->release(p->self);
	return 0;
}

static long
hold_and_go(struct shot *s)
{
	s->asked = ota_now_ns();
	if (hold(s))
		return 1;
	s->begin.held_ns = ota_now_ns() - s->held;
	if (!s->late)
		return s->refused;
	ota_cat(s->message, sizeof(s->message), 0,
		"the program did not let go of its heap in time");
	return 1;
}

/* ---- sending ---- */

enum why_ended { WALK_ENDED, CANCELLED, TIMED_OUT, DETACHED, LOST, GIVEN };

/* What the inspector says meanwhile. */
static bool
listen_to(struct shot *s, enum why_ended *end)
{
	struct otw_request r;

	switch (ota_link_next(s->link, &r)) {
	case OTA_ASK_NONE:
	case OTA_ASK_CONTINUE:
		return false;
	case OTA_ASK_CANCEL:
		*end = CANCELLED;
		return true;
	case OTA_ASK_DETACH:
		*end = DETACHED;
		return true;
	case OTA_ASK_SNAPSHOT:	/* one at a time */
	case OTA_ASK_ACT:
	case OTA_ASK_GONE:
		break;
	}
	*end = LOST;
	return true;
}

/* Sends what the socket takes; bytes, or -1 when the peer is lost. */
static long
pump(struct shot *s)
{
	long total = 0;

	for (;;) {
		size_t len;
		const uint8_t *p = ota_ring_ready(&s->ring, &len);
		long n;

		if (!len)
			return total;
		if (!ota_link_ours(s->link))
			return -1;
		n = ota_send(s->link->fd, p, len < 1 << 20 ? len : 1 << 20);
		if (n == -EAGAIN)
			return total;
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return -1;
		ota_ring_take(&s->ring, (size_t)n);
		total += n;
	}
}

/*
 * The clone takes over; it may have ended before it knows.  False: it cannot
 * be done now.
 */
static bool
clone_takes_over(struct shot *s)
{
	struct ota_shared *sh = s->ring.sh;
	uint64_t end = ota_now_ns() + GIVE_MS * MS;
	uint32_t given = OTA_GIVEN_OVER;

	atomic_store(&sh->sender, OTA_GIVEN_OVER);
	while (atomic_load(&sh->sender) == OTA_GIVEN_OVER && !reap(s, false) &&
	       ota_now_ns() < end)
		ota_sleep_ns(GIVE_LOOK_NS);
	return s->clone && !atomic_compare_exchange_strong(&sh->sender, &given,
							   OTA_BY_THREAD);
}

static bool
give_over(struct shot *s)
{
	struct ota_shared *sh = s->ring.sh;
	long rc;

	if (s->link->len)		/* half a request has come in */
		return false;
	sh->sent = s->ring.sent;
	sh->frame_end = s->ring.frame_end;
	sh->held_ns = s->begin.held_ns;
	if (s->clone && clone_takes_over(s))
		return true;
	if (s->clone)
		return false;
	rc = make_clone();
	if (rc == 0) {
		ota_signals_block_all();
		ota_set_name(OTW_CLONE_NAME);
		become_orphan(s);
		orphan_main(s);
	}
	if (rc > 0)
		s->clone = rc;
	return rc > 0;
}

/*
 * Sends until the walk has ended and all of it is sent, or something comes in
 * between.  A clone that lives is looked at every millisecond: it must have no
 * descriptor to tell by, and a signal would be seen by the program.
 */
static enum why_ended
send_all(struct shot *s)
{
	uint64_t moved = ota_now_ns(), now;
	enum why_ended end;

	for (;;) {
		bool ended = reap(s, false);
		long n = pump(s);
		size_t left;

		now = ota_now_ns();
		if (n < 0)
			return LOST;
		ota_ring_ready(&s->ring, &left);
		if (n > 0 || !left)
			moved = now;
		if (ended && !left)
			return WALK_ENDED;
		if (s->orphan)
			look_for_parent(s);
		else if (atomic_load(s->vanish) && give_over(s))
			return GIVEN;
		if (listen_to(s, &end))
			return end;
		if (s->deadline && now > s->deadline)
			return TIMED_OUT;
		if (now - moved > STALL_MS * MS)
			return LOST;
		ota_poll(s->link->fd, left ? POLLIN | POLLOUT : POLLIN,
			 ended ? ENDED_LOOK_MS : LOOK_MS);
	}
}

/* A frame that was sent in part is finished, so that another can follow. */
static bool
finish_frame(struct shot *s)
{
	size_t len;
	const uint8_t *p = ota_ring_rest(&s->ring, &len);

	return ota_link_send(s->link, p, len, ota_now_ns() + REST_MS * MS);
}

/* ---- answers ---- */

static const char *
signal_name(int sig)
{
	switch (sig) {
	case SIGSEGV:	return " (SIGSEGV)";
	case SIGBUS:	return " (SIGBUS)";
	case SIGILL:	return " (SIGILL)";
	case SIGFPE:	return " (SIGFPE)";
	case SIGABRT:	return " (SIGABRT)";
	case SIGTRAP:	return " (SIGTRAP)";
	case SIGSYS:	return " (SIGSYS)";
	case SIGKILL:	return " (SIGKILL)";
	default:	return "";
	}
}

static bool
answer_error(struct shot *s, uint32_t code)
{
	return ota_link_error(s->link, code, s->message);
}

static bool
answer_timeout(struct shot *s)
{
	char *m = s->message;
	size_t cap = sizeof(s->message), n;

	n = ota_cat(m, cap, 0, "the snapshot took longer than ");
	n = ota_cat_u64(m, cap, n, s->r->timeout_ms);
	ota_cat(m, cap, n, " ms: raise --timeout");
	return answer_error(s, OT_FAILED);
}

static bool
answer_died(struct shot *s)
{
	char *m = s->message;
	size_t cap = sizeof(s->message), n;

	s->ring.sh->phase[sizeof(s->ring.sh->phase) - 1] = '\0';
	if (WIFSIGNALED(s->status)) {
		n = ota_cat(m, cap, 0, "the walk died of signal ");
		n = ota_cat_u64(m, cap, n, (uint64_t)WTERMSIG(s->status));
		n = ota_cat(m, cap, n, signal_name(WTERMSIG(s->status)));
	} else {
		n = ota_cat(m, cap, 0, "the walk left with exit code ");
		n = ota_cat_u64(m, cap, n, (uint64_t)WEXITSTATUS(s->status));
	}
	n = ota_cat(m, cap, n, " while at: ");
	n = ota_cat(m, cap, n, s->ring.sh->phase);
	ota_cat(m, cap, n, "; the program itself is unharmed");
	return answer_error(s, OT_FAILED);
}

static bool
answer_stopped(struct shot *s)
{
	if (s->over_budget) {
		ota_cat(s->message, sizeof(s->message), 0, s->auto_pause ?
			"memory is too tight for a clone, and the heap too "
			"large to be read in a pause of one second: use "
			"--mode fork, or --mode pause for a longer one" :
			"the heap is too large to be read while the program "
			"is paused: use --mode fork, or raise --timeout");
		return answer_error(s, OT_FAILED);
	}
	ota_cat(s->message, sizeof(s->message), 0, "cancelled");
	return answer_error(s, OT_INTERRUPTED);
}

/* The walk ended by itself: how? */
static bool
answer_walk(struct shot *s)
{
	struct ota_shared *sh = s->ring.sh;
	struct otw_end end = sh->totals;

	switch (atomic_load_explicit(&sh->outcome, memory_order_acquire)) {
	case OTA_WALKED:
		end.held_ns = s->begin.held_ns;
		end.walk_ns = sh->walk_ns;
		return ota_link_end(s->link, &end);
	case OTA_FAILED:
		sh->why[sizeof(sh->why) - 1] = '\0';
		ota_cat(s->message, sizeof(s->message), 0, sh->why);
		return answer_error(s, OT_FAILED);
	case OTA_STOPPED:
		return answer_stopped(s);
	default:
		return answer_died(s);
	}
}

static enum ota_shot_end
conclude(struct shot *s, enum why_ended why)
{
	bool ok = false;

	switch (why) {
	case WALK_ENDED:
		ok = answer_walk(s);
		break;
	case TIMED_OUT:
		ok = finish_frame(s) && answer_timeout(s);
		break;
	case CANCELLED:
	case DETACHED:
		ota_cat(s->message, sizeof(s->message), 0, "cancelled");
		ok = finish_frame(s) && answer_error(s, OT_INTERRUPTED);
		break;
	case LOST:
	case GIVEN:
		break;
	}
	if (!ok)
		return OTA_SHOT_GONE;
	return why == DETACHED ? OTA_SHOT_DETACH : OTA_SHOT_ANSWERED;
}

/* The walk has ended; what is left of the answer, and of the session. */
static OT_NORETURN void
orphan_main(struct shot *s)
{
	if (conclude(s, send_all(s)) != OTA_SHOT_GONE)
		ota_link_empty(s->link, OTW_F_BYE);
	ota_link_close(s->link);
	clone_exit();
}

/* ---- one snapshot ---- */

static bool
clone_refused(struct shot *s, long rc)
{
	char *m = s->message;
	size_t cap = sizeof(s->message), n;

	n = ota_cat(m, cap, 0, "the kernel refused to clone the program "
		    "(errno ");
	n = ota_cat_u64(m, cap, n, (uint64_t)-rc);
	ota_cat(m, cap, n, "): try --mode pause");
	return answer_error(s, OT_FAILED);
}

static enum ota_shot_end
take(struct shot *s, int *orphan)
{
	enum why_ended why;
	bool ok;
	long rc;

	if (!choose_mode(s))
		return answer_error(s, OT_REFUSED) ? OTA_SHOT_ANSWERED :
						     OTA_SHOT_GONE;
	rc = hold_and_go(s);
	if (rc) {
		ok = rc < 0 ? clone_refused(s, rc) :
		     answer_error(s, OT_FAILED);
		return ok ? OTA_SHOT_ANSWERED : OTA_SHOT_GONE;
	}
	s->begin.mode = s->mode;
	s->begin.clone_pid = (uint64_t)s->clone;
	if (s->clone)
		prefer_for_oom(s->clone);
	why = ota_link_begin(s->link, &s->begin) ? send_all(s) : LOST;
	if (why == GIVEN) {
		*orphan = (int)s->clone;
		return OTA_SHOT_ORPHANED;
	}
	atomic_store(&s->ring.sh->stop, 1);
	kill_clone(s);
	return conclude(s, why);
}

enum ota_shot_end
ota_snapshot(struct ota_link *link, const struct objtop_provider *p,
	     const struct otw_request *r, const atomic_bool *vanish,
	     int *orphan)
{
	uint64_t limit_ms = r->timeout_ms ? r->timeout_ms : PAUSE_MS;
	struct shot s;
	enum ota_shot_end end;

	memset(&s, 0, sizeof(s));
	s.link = link;
	s.p = p;
	s.r = r;
	s.vanish = vanish;
	s.mode = r->mode;
	s.pid = ota_pid();
	s.start = ota_now_ns();
	if (limit_ms > UINT64_MAX / MS / 2)
		limit_ms = UINT64_MAX / MS / 2;
	if (r->timeout_ms)
		s.deadline = s.start + limit_ms * MS;
	s.pause_deadline = s.start + (limit_ms < PAUSE_MS ? limit_ms :
				      PAUSE_MS) * MS;
	s.begin.time_ns = ota_unix_ns();
	s.begin.want = r->want;
	if (!ota_ring_open(&s.ring)) {
		ota_cat(s.message, sizeof(s.message), 0,
			"no memory for the stream in the target");
		return answer_error(&s, OT_FAILED) ? OTA_SHOT_ANSWERED :
						     OTA_SHOT_GONE;
	}
	end = take(&s, orphan);
	ota_ring_close(&s.ring);
	return end;
}
