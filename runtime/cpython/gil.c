/* SPDX-License-Identifier: MIT */
/*
 * gil.c - the interpreter's lock, without a thread state of our own.
 *
 * PyGILState_Ensure() makes a thread state and sleeps until the lock is ours,
 * and nothing ends that sleep.  From 3.12 on that costs too much: the thread
 * that has the lock may fork meanwhile, and os.fork() then warns of our
 * thread, and from 3.14 on a thread state that is there while the interpreter
 * is finalised can abort the program.  So the lock comes to us in one of
 * three other ways, without any state of ours:
 *
 *  - Nobody has it: it is taken as ceval_gil.c takes it, under its mutex.
 *  - Who has it runs Python: a pending call makes it stop at the next
 *    instruction and lend the lock, which it has all the time.
 *  - Who has it is about to fork: the handler of that (agent.c) lends it.
 *
 *	IDLE --take--> WANTED --lend--> LENT --take--> HELD --give--> IDLE
 *
 * Who lends waits while LENT or HELD.  LENT is taken back when nobody comes;
 * HELD is not: the heap is being copied.
 *
 * Some functions that the walk calls (structseq's tp_traverse) ask for the
 * current thread state, a thread-local variable of the interpreter.  While we
 * have the lock ours points to a state of the program's.  The variable has no
 * symbol: it is the word among the interpreter's thread-local ones that
 * PyThreadState_GetUnchecked() reads.
 *
 * What is assumed of struct _gil_runtime_state is in all of 3.12 to 3.15
 * (pycore_gil.h) and checked: against the debug offsets from 3.13 on, and
 * against what its fields may hold.  last_holder must stay a thread state
 * while the lock is taken, since a thread that waits sets a flag there: it
 * points to `nobody` meanwhile.
 */
#include "config.h"

#include "runtime/cpython/gil.h"

#include <link.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>

#include "runtime/sys.h"

/* pthread.h is not for the agent: the sizes are part of glibc's ABI. */
#if defined(__aarch64__)
#define SIZEOF_MUTEX	48u
#else
#define SIZEOF_MUTEX	40u
#endif
#define SIZEOF_COND	48u
#define MUTEX_KIND	16u	/* 0: PTHREAD_MUTEX_TIMED_NP, the default */

enum {				/* struct _gil_runtime_state */
	INTERVAL = 0,		/* unsigned long, microseconds */
	LAST_HOLDER = 8,	/* PyThreadState * */
	LOCKED = 16,		/* int: 0, 1; -1: gone */
	COND = 32,
	MUTEX = COND + SIZEOF_COND,
	SWITCH_COND = MUTEX + SIZEOF_MUTEX,
	SWITCH_MUTEX = SWITCH_COND + SIZEOF_COND,
};

enum {				/* _PyRuntime's debug offsets, 3.13+ */
	DEBUG_GIL_13 = 112,	/* ceval_gil, gil_runtime_state, _enabled, */
	DEBUG_GIL = 120,	/* _locked, _holder: one word each */
	COOKIE = 8,
};

enum turn { IDLE, WANTED, LENT, HELD };
enum { BY_ANY, BY_MAIN };	/* _PyEval_AddPendingCall's flags */

#define FIRST_MINOR	12
#define INTERVAL_MAX	3600000000ul	/* an hour: nobody wants more */
#define LOOK_NS		50000u		/* between two looks, at first */
#define LOOK_MAX_NS	1000000u
#define MAIN_NS		20000000u	/* for the main thread alone to lend */
#define LEND_NS		100000000u	/* lent and not fetched: taken back */

static struct {
	uintptr_t at;		/* struct _gil_runtime_state; 0: not known */
	void *interp;
	int (*lock)(uintptr_t), (*trylock)(uintptr_t), (*unlock)(uintptr_t);
	int (*wake)(uintptr_t);
	int (*pending)(void *, int (*)(void *), void *, int);
	int (*is_finalizing)(void);
	void *(*current)(void);
	int (*iterate)(int (*)(struct dl_phdr_info *, size_t, void *), void *);
	uintptr_t threads;	/* where the interpreter's first thread is */
} gil;

static _Atomic uint32_t turn;	/* enum turn */
static atomic_bool queued[2];	/* a pending call will be made; by flags */
static uintptr_t holder_before;	/* while we have taken it */
static void **current_slot;	/* of the thread slot_tid */
static int slot_tid;
static enum { GOT_LENT, GOT_FREE, GOT_OWN } got;	/* while we have it */

/* Stands for a thread state; larger than any, and written to by others. */
static _Alignas(64) char nobody[8192];

/* ---- finding it ---- */

static bool
get(void *(*find)(void *, const char *), void *field, const char *name)
{
	void *p = find(NULL, name);

	memcpy(field, &p, sizeof(p));
	return p != NULL;
}

static bool
find_functions(void *(*find)(void *, const char *))
{
	return get(find, &gil.lock, "pthread_mutex_lock") &&
	       get(find, &gil.trylock, "pthread_mutex_trylock") &&
	       get(find, &gil.unlock, "pthread_mutex_unlock") &&
	       get(find, &gil.wake, "pthread_cond_signal") &&
	       get(find, &gil.pending, "_PyEval_AddPendingCall") &&
	       get(find, &gil.iterate, "dl_iterate_phdr") &&
	       (get(find, &gil.current, "PyThreadState_GetUnchecked") ||
		get(find, &gil.current, "_PyThreadState_UncheckedGet")) &&
	       (get(find, &gil.is_finalizing, "Py_IsFinalizing") ||
		get(find, &gil.is_finalizing, "_Py_IsFinalizing"));
}

/* 3.13+: where the build says that it is. */
static uintptr_t
by_offsets(py_obj runtime, unsigned minor, uintptr_t interp)
{
	uintptr_t o[5], at, base = minor == 13 ? DEBUG_GIL_13 : DEBUG_GIL;
	char cookie[COOKIE];

	if (!py_peek(runtime, cookie, sizeof(cookie)) ||
	    memcmp(cookie, "xdebugpy", sizeof(cookie)) ||
	    !py_peek(runtime + base, o, sizeof(o)) ||
	    o[3] - o[1] != LOCKED || o[4] - o[1] != LAST_HOLDER ||
	    !py_peek_ptr(interp + o[0], &at) || at != interp + o[1])
		return 0;
	return at;
}

static uintptr_t
by_layout(const struct py_layout *L, uintptr_t interp)
{
	uintptr_t at;

	if (L->in_gil == PY_NO || !py_peek_ptr(interp + L->in_gil, &at) ||
	    at - interp >= L->in_size)
		return 0;
	return at;
}

static bool
looks_right(uintptr_t at)
{
	unsigned long interval;
	int locked, kind, switch_kind;

	return at && at % sizeof(long) == 0 &&
		py_peek(at + INTERVAL, &interval, sizeof(interval)) &&
		interval <= INTERVAL_MAX &&
		py_peek(at + LOCKED, &locked, sizeof(locked)) &&
		(locked == 0 || locked == 1) &&
		py_peek(at + MUTEX + MUTEX_KIND, &kind, sizeof(kind)) &&
		py_peek(at + SWITCH_MUTEX + MUTEX_KIND, &switch_kind,
			sizeof(switch_kind)) &&
		kind == 0 && switch_kind == 0;
}

/* The interpreter's thread-local words in the calling thread. */
static int
find_slot(struct dl_phdr_info *info, size_t size, void *unused)
{
	void **words, *before;
	size_t i, n = 0;
	bool ours = false;

	(void)unused;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && (uintptr_t)gil.current -
		    (info->dlpi_addr + p->p_vaddr) < p->p_memsz)
			ours = true;
		if (p->p_type == PT_TLS)
			n = p->p_memsz / sizeof(*words);
	}
	if (!ours)
		return 0;
	if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) +
	    sizeof(info->dlpi_tls_data) || !info->dlpi_tls_data)
		return 1;
	words = info->dlpi_tls_data;
	for (i = 0; i < n && !current_slot; i++) {
		before = words[i];
		*(void *volatile *)&words[i] = nobody;
		if (gil.current() == nobody)
			current_slot = &words[i];
		*(void *volatile *)&words[i] = before;
	}
	return 1;
}

static bool
find_current(void)
{
	int tid = ota_tid();

	if (slot_tid == tid && current_slot)
		return true;
	current_slot = NULL;
	slot_tid = tid;
	gil.current();		/* the words are made when first used */
	gil.iterate(find_slot, NULL);
	return current_slot != NULL;
}

bool
py_gil_find(void *(*find)(void *, const char *), unsigned minor,
	    py_obj runtime)
{
	const struct py_layout *L = py_layout_find(minor, false);
	void *(*main_interp)(void);
	uintptr_t interp, at;

	memset(&gil, 0, sizeof(gil));
	if (minor < FIRST_MINOR || !L || !find_functions(find) ||
	    !get(find, &main_interp, "PyInterpreterState_Main"))
		return false;
	gil.interp = main_interp();
	interp = (uintptr_t)gil.interp;
	if (!interp)
		return false;
	at = minor == FIRST_MINOR ? by_layout(L, interp) :
		by_offsets(runtime, minor, interp);
	gil.threads = interp + L->in_threads_head;
	if (looks_right(at) && find_current())
		gil.at = at;
	return gil.at != 0;
}

bool
py_gil_known(void)
{
	return gil.at != 0;
}

/* ---- the lock itself ---- */

static _Atomic int *
locked(void)
{
	return (_Atomic int *)(gil.at + LOCKED);
}

static _Atomic uintptr_t *
last_holder(void)
{
	return (_Atomic uintptr_t *)(gil.at + LAST_HOLDER);
}

static bool
try_lock(void)
{
	bool free;

	if (gil.trylock(gil.at + MUTEX))
		return false;
	free = atomic_load(locked()) == 0;
	if (free) {
		gil.lock(gil.at + SWITCH_MUTEX);
		holder_before = atomic_exchange(last_holder(),
						(uintptr_t)nobody);
		gil.unlock(gil.at + SWITCH_MUTEX);
		atomic_store(locked(), 1);
	}
	gil.unlock(gil.at + MUTEX);
	return free;
}

static void
unlock(void)
{
	gil.lock(gil.at + MUTEX);
	gil.lock(gil.at + SWITCH_MUTEX);
	atomic_store(last_holder(), holder_before);
	gil.unlock(gil.at + SWITCH_MUTEX);
	atomic_store(locked(), 0);
	gil.wake(gil.at + COND);
	gil.unlock(gil.at + MUTEX);
}

/* ---- lending ---- */

static void
wait_turn(uint32_t now, uint64_t ns)
{
	const struct { int64_t s, ns; } t = { 0, (int64_t)ns };

	ota_syscall(SYS_futex, (long)&turn, FUTEX_WAIT_PRIVATE, (long)now,
		    (long)&t, 0, 0);
}

static bool
turn_over(uint32_t from, uint32_t to)
{
	if (!atomic_compare_exchange_strong(&turn, &from, to))
		return false;
	ota_syscall(SYS_futex, (long)&turn, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	return true;
}

static bool
is_ours(void)
{
	void *current;

	if (!gil.at || atomic_load(locked()) != 1)
		return false;
	current = gil.current();
	return current && atomic_load(last_holder()) == (uintptr_t)current;
}

void
py_gil_lend(void)
{
	uint64_t end;

	if (atomic_load(&turn) != WANTED || !is_ours() ||
	    !turn_over(WANTED, LENT))
		return;
	end = ota_now_ns() + LEND_NS;
	for (;;) {
		uint32_t now = atomic_load(&turn);

		if (now != LENT && now != HELD)
			return;
		if (now == LENT && ota_now_ns() > end &&
		    turn_over(LENT, WANTED))
			return;
		wait_turn(now, LEND_NS);
	}
}

/* Called by whichever thread has the lock, between two instructions. */
static int
pending_call(void *which)
{
	atomic_store((atomic_bool *)which, false);
	py_gil_lend();
	return 0;
}

/*
 * `flags` BY_MAIN: for the main thread; BY_ANY: for whichever comes first.
 * The latter may take a lock that a forking thread has (3.13.0), and if that
 * is the only one, it waits for us in vain: so it comes last there.
 */
static void
queue_call(int flags)
{
	/* not 0: the queue is full */
	if (!atomic_exchange(&queued[flags], true) &&
	    gil.pending(gil.interp, pending_call, &queued[flags], flags) != 0)
		atomic_store(&queued[flags], false);
}

static bool
wait_for_lock(void)
{
	uint64_t look = LOOK_NS, any = ota_now_ns();

	got = GOT_OWN;
	if (is_ours())		/* called by a thread of the program */
		return true;
	/* ours is one of them */
	if (ota_threads() <= 2)
		any += MAIN_NS;
	atomic_store(&turn, WANTED);
	while (!gil.is_finalizing()) {
		/* Who lends has it, so it is not free and lent at once. */
		got = GOT_FREE;
		if (try_lock()) {
			atomic_store(&turn, IDLE);
			return true;
		}
		got = GOT_LENT;
		if (turn_over(LENT, HELD))
			return true;
		queue_call(BY_MAIN);
		if (ota_now_ns() >= any)
			queue_call(BY_ANY);
		wait_turn(WANTED, look);
		if (look < LOOK_MAX_NS)
			look += look / 16;
	}
	while (!turn_over(WANTED, IDLE) && !turn_over(LENT, IDLE))
		;
	return false;
}

bool
py_gil_take(void)
{
	uintptr_t thread;

	if (!find_current() || !wait_for_lock())
		return false;
	if (got != GOT_OWN && py_peek_ptr(gil.threads, &thread))
		*current_slot = (void *)thread;
	return true;
}

void
py_gil_give(void)
{
	if (got != GOT_OWN)
		*current_slot = NULL;
	if (got == GOT_FREE)
		unlock();
	else if (got == GOT_LENT)
		turn_over(HELD, IDLE);
}

void
py_gil_forked(void)
{
	atomic_store(&turn, IDLE);
	atomic_store(&queued[BY_ANY], false);
	atomic_store(&queued[BY_MAIN], false);
}
