/* SPDX-License-Identifier: MIT */
/*
 * ask.c - what only the program's own code knows of an object.
 *
 *	clone	found the object -- clone -- waits ... reaps -- ANSWER
 *	helper			      `-- jail -- runs repr() -- exit
 *
 * The clone is left as it was: each question is answered in a clone of it, the
 * helper, which may change what it likes since all that it has is its own
 * (jail.h).  The answer comes through a page that only these two share.  What
 * the helper does with its time is up to the program, so it is given 200 ms of
 * it; on a busy machine it may have to wait for its turn, which does not count
 * as long as it moves.  A lock that was another thread's when the program was
 * cloned is never let go of there: then it does not move, and is killed.
 */
#include "config.h"

#include "runtime/ask.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/compiler.h"
#include "runtime/jail.h"
#include "runtime/sys.h"

#define MS		1000000ull
#define ASK_NS		(200 * MS)	/* of its time */
#define STILL_NS	(100 * MS)	/* and it does not move any more */
#define LONGEST_NS	(2000 * MS)
#define LOOK_NS		200000u
#define ROOM		((size_t)128 << 20)	/* memory it may take */
#define HELPER_NAME	"objtop-ask"

enum stage { STARTING, RUNNING, ANSWERED, REFUSED };

/* What the two share; after the helper's end nothing of it is believed. */
struct page {
	_Atomic uint32_t stage;
	uint32_t ok;
	uint64_t value, len;
	char text[OTW_ANSWER_TEXT];
};

struct asking {
	const struct objtop_provider *p;
	const struct otw_request *r;
	struct page *page;
	uint32_t what;
	long pid;
	int status;
	char message[512];
};

/* ---- the helper ---- */

static OT_NORETURN void
helper_exit(void)
{
	for (;;)
		ota_syscall(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

static OT_NORETURN void
helper_main(struct asking *a, int parent)
{
	struct page *page = a->page;
	struct objtop_answer out = { 0, page->text, sizeof(page->text), 0 };

	ota_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	if (ota_parent() != parent)
		helper_exit();
	ota_set_name(HELPER_NAME);
	if (!ota_jail(page, sizeof(*page), ROOM, page->text,
		      sizeof(page->text))) {
		atomic_store(&page->stage, REFUSED);
		helper_exit();
	}
	atomic_store(&page->stage, RUNNING);
	page->ok = a->p->ask(a->p->self, a->r->addr, a->what, &out) == 0;
	page->value = out.value;
	page->len = out.len;
	atomic_store(&page->stage, ANSWERED);
	helper_exit();
}

/* ---- the clone, waiting ---- */

static bool
reap(struct asking *a)
{
	long rc = ota_syscall(SYS_wait4, a->pid, (long)&a->status,
			      __WALL | WNOHANG, 0, 0, 0);

	if (rc == 0 || rc == -EINTR)
		return false;
	if (rc < 0)
		a->status = 0;
	return true;
}

/* CPU time of another process: its clock's number is made of its id. */
static uint64_t
time_used(long pid)
{
	const long clock = (long)(~(unsigned long)pid << 3 | 2);
	struct timespec t = { 0, 0 };

	ota_syscall(SYS_clock_gettime, (int)clock, (long)&t, 0, 0, 0, 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct patience {
	uint64_t since;		/* it began, */
	uint64_t used, moved;	/* its CPU time, and when that last grew */
	bool running;
};

static bool
is_over(struct asking *a, struct patience *w)
{
	uint64_t now = ota_now_ns(), used = time_used(a->pid);

	if (!w->running && atomic_load(&a->page->stage) == RUNNING) {
		w->running = true;
		w->since = now;
	}
	if (used > w->used)
		w->moved = now;
	w->used = used;
	if (now - w->since >= LONGEST_NS)
		return true;
	return w->running && now - w->since >= ASK_NS &&
		(used >= ASK_NS || now - w->moved >= STILL_NS);
}

/* A filter of the program's may refuse kill(): then it ends when we do. */
static void
end(struct asking *a)
{
	if (ota_syscall(SYS_kill, a->pid, SIGKILL, 0, 0, 0, 0))
		return;
	while (!reap(a))
		ota_sleep_ns(LOOK_NS);
}

/* False: it was ended by us. */
static bool
wait_for(struct asking *a, bool (*go_on)(void *), void *ctx)
{
	uint64_t now = ota_now_ns();
	struct patience w = { now, 0, now, false };

	while (!reap(a)) {
		if (is_over(a, &w) || !go_on(ctx)) {
			end(a);
			return false;
		}
		ota_sleep_ns(LOOK_NS);
	}
	return true;
}

/* ---- what came of it ---- */

static void
say(struct asking *a, const char *text, uint64_t number, const char *rest)
{
	char *m = a->message;
	size_t cap = sizeof(a->message), n;

	n = ota_cat(m, cap, 0, "its ");
	n = ota_cat(m, cap, n, a->what == OTW_ASK_REPR ? "repr " :
		    "__sizeof__ ");
	n = ota_cat(m, cap, n, text);
	if (number)
		n = ota_cat_u64(m, cap, n, number);
	ota_cat(m, cap, n, rest);
}

/* The text as the helper left it, which may be anything. */
static struct otw_str
page_text(struct asking *a)
{
	struct otw_str s = { a->page->text, a->page->len };

	if (s.len > sizeof(a->page->text))
		s.len = sizeof(a->page->text);
	return s;
}

static void
say_refused(struct asking *a)
{
	size_t n = ota_cat(a->message, sizeof(a->message), 0,
			   "its code cannot be run: ");

	a->page->text[sizeof(a->page->text) - 1] = '\0';
	ota_cat(a->message, sizeof(a->message), n, a->page->text);
}

/* Before its code ran: a filter of the program's, or no memory. */
static void
say_killed(struct asking *a)
{
	size_t cap = sizeof(a->message), n;

	n = ota_cat(a->message, cap, 0, "its code cannot be run: the copy "
		    "that was to do it was killed by signal ");
	n = ota_cat_u64(a->message, cap, n, (uint64_t)WTERMSIG(a->status));
	ota_cat(a->message, cap, n, ota_signal_name(WTERMSIG(a->status)));
}

static void
say_answered(struct asking *a, struct otw_answer *out)
{
	out->ok = a->page->ok == 1;
	if (out->ok) {
		out->value = a->page->value;
		out->text = page_text(a);
		return;
	}
	a->page->text[sizeof(a->page->text) - 1] = '\0';
	say(a, a->page->text, 0, "");
	out->text = (struct otw_str){ a->message, strlen(a->message) };
}

static void
conclude(struct asking *a, bool in_time, struct otw_answer *out)
{
	uint32_t stage = atomic_load(&a->page->stage);

	if (stage == ANSWERED) {
		say_answered(a, out);
		return;
	}
	if (stage == REFUSED)
		say_refused(a);
	else if (stage == STARTING && WIFSIGNALED(a->status) && in_time)
		say_killed(a);
	else if (!in_time)
		say(a, "gave no answer in ", ASK_NS / MS, " ms");
	else if (WIFSIGNALED(a->status))
		say(a, "crashed", 0, ota_signal_name(WTERMSIG(a->status)));
	else
		say(a, "ended the process", 0, "");
	out->text = (struct otw_str){ a->message, strlen(a->message) };
}

static bool
start(struct asking *a)
{
	int self = ota_pid();
	long rc;

	memset(a->message, 0, sizeof(a->message));
	/* No signal at its end, and its own table of descriptors. */
	rc = ota_syscall(SYS_clone, 0, 0, 0, 0, 0, 0);
	if (rc == 0)
		helper_main(a, self);
	a->pid = rc;
	if (rc > 0)
		return true;
	ota_cat_u64(a->message, sizeof(a->message),
		    ota_cat(a->message, sizeof(a->message), 0,
			    "its code cannot be run: the kernel refused to "
			    "clone the clone; errno "), (uint64_t)-rc);
	return false;
}

static void
ask_one(struct asking *a, struct otw_answer *out, bool (*go_on)(void *),
	void *ctx)
{
	*out = (struct otw_answer){ .what = a->what };
	a->page = ota_map_shared(sizeof(*a->page));
	if (!a->page)
		ota_cat(a->message, sizeof(a->message), 0,
			"its code cannot be run: no memory for the answer");
	else if (start(a)) {
		conclude(a, wait_for(a, go_on, ctx), out);
		return;
	}
	out->text = (struct otw_str){ a->message, strlen(a->message) };
}

void
ota_ask(const struct objtop_provider *p, const struct otw_request *r,
	struct otw_enc *e, bool (*go_on)(void *), void *ctx)
{
	struct asking a = { .p = p, .r = r };
	struct otw_answer out;

	for (a.what = 1; a.what <= OTW_ASK_ALL; a.what <<= 1) {
		if (!(r->ask & a.what))
			continue;
		ask_one(&a, &out, go_on, ctx);
		otw_enc_answer(e, &out);
		ota_unmap(a.page, sizeof(*a.page));
	}
}
