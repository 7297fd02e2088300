/* SPDX-License-Identifier: MIT */
/*
 * agent.c - the agent: how it starts, serves and leaves.
 *
 *	ASLEEP --start(fd)--> RUNNING --DETACH, EOF, nonsense--> ASLEEP
 *
 * Asleep it is mapped code and no more.  Running it is one thread with all
 * signals blocked that sits in poll() on one socket.  It is started by its
 * constructor (the boot record filled in before dlopen, or OTW_ENV_RUN in the
 * environment), or later by objtop_agent_start().
 *
 * What threads share: boot.state (who may start), `wire` (a lock of one word:
 * who may write to the socket; taken by the thread while it serves, and by
 * the program's own exit handler to say that it ends), `wanted`, `closing` and
 * the link's `go_on`.  A child of fork() has none of our threads: it
 * closes the socket and is asleep.
 *
 * From 3.12 on os.fork() warns when the process has a second thread.  So our
 * thread is gone before a program of one thread forks.  One that waits for
 * requests says BYE without being asked, and the inspector starts it again
 * when it has the next request.  One that waits for the interpreter gets it
 * from the forking thread (gil.h), and one that has its clone leaves the rest
 * to that clone, an orphan then (snapshot.h), which is reaped at the next fork
 * or start.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "base/err.h"
#include "runtime/agent.h"
#include "runtime/build-id.h"
#include "runtime/cpython/control.h"
#include "runtime/cpython/exit.h"
#include "runtime/cpython/gil.h"
#include "runtime/host.h"
#include "runtime/link.h"
#include "runtime/snapshot.h"
#include "runtime/sys.h"

enum {
	OURS_MS = 1000,
	LOOK_MS = 2,		/* how often a starting interpreter is asked */
	LAST_MS = 10000,	/* a program under `run` waits this long */
	BUSY_MS = 5000,		/* and this long for a snapshot under way */
	COMMAND = 3000,
	GOING_MS = 2000,	/* a fork waits this long for the thread's end */
	GOING_LOOK_NS = 20000,
	FORK_WARNS = 12,	/* CPython 3.12 */
	ORPHANS = 8,
	EXEC_FAILED = 255,
};

#define MS	1000000ull

OT_EXPORT struct otw_boot objtop_agent_boot = {
	.magic = OTW_BOOT_MAGIC,
	.abi = OTW_BOOT_ABI,
	.fd = -1,
	.build_id = OTA_BUILD_ID,
	.state = OTW_BOOT_ASLEEP,
	.fork_pid = 0,
};

static struct {
	struct ota_link link;
	struct objtop_provider provider;
	bool have_provider;
	struct ota_home home;
	int home_pid;		/* the process that it is of */
	char why_not[256];
	atomic_bool wire;	/* taken: somebody writes to the socket */
	atomic_bool wanted;	/* the exit handler waits for it */
	atomic_bool closing;	/* the interpreter is about to be finalised */
	atomic_int rest;	/* enum rest; who may change it: see there */
	atomic_int tid;		/* of our thread; 0: it is starting */
	atomic_bool ready;	/* it knows what the program is */
	atomic_bool vanish;	/* the program is about to fork */
	_Atomic uint64_t left;	/* when it said that it is gone; 0: long ago */
} agent;

/*
 * The thread goes from BUSY to RESTING and back; who is about to fork takes it
 * from RESTING to PARKED, and that is the thread's end.
 */
enum rest { BUSY, RESTING, PARKED };

/* Clones that finish an answer without us; the socket is theirs to close.
 * Written by our thread, and by others when there is none. */
static struct orphan {
	int pid;		/* 0: none */
	int fd;
	struct ota_file_id id;
} orphans[ORPHANS];

/* How the thread ends. */
enum leaving { STAYS, LEAVES, PARKS, ORPHANS_IT };

static _Atomic int32_t *
state(void)
{
	/* read from outside too, so a plain int32_t in the header */
	return (_Atomic int32_t *)(void *)&objtop_agent_boot.state;
}

/* ---- who may write to the socket ---- */

static bool
take_wire(uint64_t deadline_ns)
{
	while (atomic_exchange(&agent.wire, true)) {
		if (ota_now_ns() > deadline_ns)
			return false;
		ota_sleep_ns(MS);
	}
	return true;
}

/* The same for the exit handler: the thread stands back for it. */
static bool
take_wire_first(void)
{
	bool got;

	atomic_store(&agent.wanted, true);
	got = take_wire(ota_now_ns() + BUSY_MS * MS);
	atomic_store(&agent.wanted, false);
	return got;
}

static void
give_wire(void)
{
	atomic_store(&agent.wire, false);
}

static long start(int fd);

static bool
is_preloaded(void)
{
	return agent.home.name[0] && agent.home_pid == ota_pid();
}

/*
 * The program is about to finalise its interpreter: called on its own thread,
 * the interpreter's lock let go.  Under `run` the inspector is told and may
 * take a last snapshot; then, or at once, no new one is begun.
 */
static void
program_ends(void)
{
	uint64_t end = ota_now_ns() + LAST_MS * MS;

	if (is_preloaded() && atomic_load(state()) == OTW_BOOT_ASLEEP) {
		int fd = ota_preload_connect(&agent.home);

		if (fd >= 0 && start(fd))
			ota_close(fd);
	}
	if (is_preloaded() && atomic_load(state()) == OTW_BOOT_RUNNING &&
	    take_wire_first()) {
		bool told = agent.link.fd >= 0 &&
			    ota_link_empty(&agent.link, OTW_F_EXITING);

		give_wire();
		while (told && !atomic_load(&agent.link.go_on) &&
		       atomic_load(state()) == OTW_BOOT_RUNNING &&
		       (ota_now_ns() < end || atomic_load(&agent.wire)))
			ota_sleep_ns(MS);
	}
	atomic_store(&agent.closing, true);
	if (take_wire_first())
		give_wire();
}

/* ---- orphans ---- */

static void
reap_orphans(void)
{
	size_t i;

	for (i = 0; i < ORPHANS; i++)
		if (orphans[i].pid && ota_reaped(orphans[i].pid))
			orphans[i].pid = 0;
}

static struct orphan *
free_orphan(void)
{
	size_t i;

	reap_orphans();
	for (i = 0; i < ORPHANS; i++)
		if (!orphans[i].pid)
			return &orphans[i];
	return NULL;
}

/* In a child of fork(): they are the parent's, their sockets are here. */
static void
forget_orphans(void)
{
	size_t i;

	for (i = 0; i < ORPHANS; i++) {
		struct ota_link l = { .fd = orphans[i].fd,
				      .id = orphans[i].id };

		if (orphans[i].pid)
			ota_link_close(&l);
		orphans[i].pid = 0;
	}
}

/* ---- serving ---- */

static bool
find_provider(void)
{
	if (!agent.have_provider) {
		ota_host_search();
		agent.have_provider =
			ota_host_provider(&agent.provider, agent.why_not,
					  sizeof(agent.why_not));
	}
	return agent.have_provider;
}

static bool
is_python(void)
{
	return agent.have_provider &&
	       ota_equal(agent.provider.runtime, "cpython");
}

static struct otw_str
str(const char *s)
{
	return (struct otw_str){ s ? s : "", s ? strlen(s) : 0 };
}

static bool
say_hello(void)
{
	char command[COMMAND];
	long i, n = ota_slurp("/proc/self/cmdline", command, sizeof(command));
	struct otw_hello h = {
		.version = OTW_VERSION,
		.pid = (uint64_t)ota_pid(),
		.runtime = { "", 0 }, .runtime_version = { "", 0 },
	};

	if (find_provider()) {
		h.runtime = str(agent.provider.runtime);
		h.runtime_version = str(agent.provider.version);
	}
	while (n > 0 && command[n - 1] == '\0')
		n--;
	for (i = 0; i < n; i++)
		if (command[i] == '\0')
			command[i] = ' ';
	h.command = (struct otw_str){ command, n > 0 ? (size_t)n : 0 };
	return ota_link_hello(&agent.link, &h);
}

static enum leaving
refuse(uint32_t code, const char *why)
{
	return ota_link_error(&agent.link, code, why) ? STAYS : LEAVES;
}

static enum leaving
serve_snapshot(const struct otw_request *r)
{
	static const atomic_bool never;
	enum ota_shot_end end;
	struct orphan *o;
	int pid = 0;

	if (!find_provider())
		return refuse(OT_REFUSED, agent.why_not);
	/* Only now: this waits for the interpreter, as the snapshot does.
	 * Without a thread state we need not be told of a program's end. */
	if (atomic_load(&agent.closing) ||
	    (!py_gil_known() &&
	     !py_exit_install(ota_dlsym, is_preloaded(), program_ends)))
		return refuse(OT_FAILED, "the program is ending");
	o = free_orphan();
	objtop_agent_boot.busy = 1;
	end = ota_snapshot(&agent.link, &agent.provider, r,
			   o ? &agent.vanish : &never, &pid);
	objtop_agent_boot.busy = 0;
	switch (end) {
	case OTA_SHOT_ANSWERED:
		return STAYS;
	case OTA_SHOT_DETACH:
		ota_link_empty(&agent.link, OTW_F_BYE);
		return LEAVES;
	case OTA_SHOT_ORPHANED:
		*o = (struct orphan){ pid, agent.link.fd, agent.link.id };
		return ORPHANS_IT;
	case OTA_SHOT_GONE:
		break;
	}
	return LEAVES;
}

/*
 * The inspector said something, whatever it is: what it waits for is over; or
 * the program is about to fork, and what has not begun is asked for again.
 */
static bool
heard(void *unused)
{
	(void)unused;
	return atomic_load(&agent.vanish) || agent.link.len ||
		ota_poll(agent.link.fd, POLLIN, 0);
}

static enum leaving
serve_act(void)
{
	struct otw_acted out;
	char why[512] = "";

	if (!find_provider())
		return refuse(OT_REFUSED, agent.why_not);
	if (!is_python())
		return refuse(OT_REFUSED, "its heap has no collector that can "
			      "be acted on");
	if (atomic_load(&agent.closing) ||
	    !py_exit_install(ota_dlsym, is_preloaded(), program_ends))
		return refuse(OT_FAILED, "the program is ending");
	if (py_control(ota_dlsym, &agent.link.act, &out, heard, NULL, why,
		       sizeof(why)))
		return atomic_load(&agent.vanish) ? PARKS :
			refuse(OT_FAILED, why);
	return ota_link_acted(&agent.link, &out) ? STAYS : LEAVES;
}

/* One request; *more is false when none had come in. */
static enum leaving
serve_one(bool *more)
{
	struct otw_request r;

	*more = true;
	switch (ota_link_next(&agent.link, &r)) {
	case OTA_ASK_NONE:
		*more = false;
		break;
	case OTA_ASK_SNAPSHOT:
		return serve_snapshot(&r);
	case OTA_ASK_ACT:
		return serve_act();
	case OTA_ASK_CONTINUE:	/* noted by the link */
	case OTA_ASK_CANCEL:	/* it had ended already */
		break;
	case OTA_ASK_DETACH:
		ota_link_empty(&agent.link, OTW_F_BYE);
		return LEAVES;
	case OTA_ASK_GONE:
		return LEAVES;
	}
	return STAYS;
}

/* All that has come in. */
static enum leaving
serve(void)
{
	enum leaving how;
	bool more;

	do {
		while (atomic_load(&agent.wanted))
			ota_sleep_ns(MS);
		take_wire(UINT64_MAX);
		how = serve_one(&more);
		give_wire();
	} while (how == STAYS && more);
	return how;
}

/*
 * Waits until an interpreter that is starting has started; what is asked
 * meanwhile waits too.  False: the inspector has gone.
 */
static bool
wait_for_start(void)
{
	while (ota_host_starting())
		if (ota_poll(agent.link.fd, 0, LOOK_MS) & (POLLHUP | POLLERR))
			return false;
	return true;
}

static bool
fork_warns(void)
{
	return is_python() &&
	       py_minor(agent.provider.version) >= FORK_WARNS;
}

/* Waits for a request; false: the program is about to fork. */
static bool
rest(void)
{
	int resting = RESTING;

	if (!fork_warns()) {
		/* now and then: is the descriptor still ours? */
		ota_poll(agent.link.fd, POLLIN, OURS_MS);
		return true;
	}
	atomic_store(&agent.rest, RESTING);
	if (!atomic_load(&agent.vanish))
		ota_poll(agent.link.fd, POLLIN, OURS_MS);
	return atomic_compare_exchange_strong(&agent.rest, &resting, BUSY);
}

/* Is our thread there, or not quite gone? */
static bool
thread_is_there(void)
{
	int tid = atomic_load(&agent.tid);
	uint64_t left = atomic_load(&agent.left);

	if (objtop_agent_boot.fork_pid != ota_pid())
		return false;
	if (atomic_load(state()) == OTW_BOOT_RUNNING)
		return tid == 0 || ota_thread_lives(tid);
	/* The number may be another thread's by and by. */
	return left && ota_now_ns() - left < GOING_MS * MS &&
		ota_thread_lives(tid);
}

/*
 * In a thread that is about to fork, which may hold any lock but ours.  The
 * socket is shut for reading to end the poll(); the thread is gone when the
 * kernel does not know it any more.  With threads of its own the program is
 * warned of these, so ours may stay.
 */
static void
about_to_fork(void)
{
	uint64_t end = ota_now_ns() + GOING_MS * MS;
	int resting = RESTING;

	if (!thread_is_there()) {
		reap_orphans();
		return;
	}
	if (ota_threads() > 2 || ota_host_starting())
		return;
	atomic_store(&agent.vanish, true);
	while (thread_is_there() && ota_now_ns() < end) {
		if (atomic_load(&agent.ready) && !fork_warns())
			break;
		resting = RESTING;
		if (atomic_compare_exchange_strong(&agent.rest, &resting,
						   PARKED)) {
			if (ota_link_ours(&agent.link))
				ota_shut(agent.link.fd);
		} else if (atomic_load(&agent.ready) && resting == BUSY &&
			   !py_gil_known()) {
			break;	/* it may wait for what we have: it stays */
		} else {
			py_gil_lend();
		}
		ota_sleep_ns(GOING_LOOK_NS);
	}
	atomic_store(&agent.vanish, false);
}

static void
leave(enum leaving how)
{
	/* In this order: a closed socket is how the peer sees that we left,
	 * which must not wait for the interpreter; ASLEEP is how the next one
	 * sees that it may start. */
	take_wire(UINT64_MAX);
	objtop_agent_boot.fd = -1;
	if (how == ORPHANS_IT)
		agent.link.fd = -1;
	else
		ota_link_close(&agent.link);
	/* Takes the interpreter's lock, which a fork waits with: the program's
	 * end waits for the wire. */
	if (how == LEAVES) {
		if (is_python() && !atomic_load(&agent.closing))
			py_control_leave(ota_dlsym);
		py_exit_remove();
	}
	give_wire();
	atomic_store(&agent.left, ota_now_ns());
	atomic_store(state(), OTW_BOOT_ASLEEP);
}

static void *
agent_thread(void *arg)
{
	enum leaving how = LEAVES;

	(void)arg;
	ota_set_name(OTW_THREAD_NAME);
	atomic_store(&agent.tid, ota_tid());
	/* start() took the wire for us: nobody speaks before HELLO */
	if (wait_for_start() && say_hello())
		how = STAYS;
	atomic_store(&agent.ready, true);
	if (how == STAYS && is_preloaded()) {
		if (py_gil_known())
			py_exit_ask(ota_dlsym, program_ends);
		else
			py_exit_install(ota_dlsym, true, program_ends);
	}
	give_wire();
	while (how == STAYS) {
		how = serve();
		if (how == STAYS && !rest())
			how = PARKS;
	}
	if (how == PARKS)
		ota_link_empty(&agent.link, OTW_F_BYE);
	leave(how);
	return NULL;
}

/* ---- starting ---- */

/* In a child of fork(): the thread is not here, its socket and state are. */
static void
forked_child(void)
{
	py_control_forked();	/* what is in gc.callbacks outlives our thread */
	if (agent.home.children)
		agent.home_pid = ota_pid();
	forget_orphans();
	py_gil_forked();
	atomic_store(&agent.vanish, false);
	if (atomic_load(state()) != OTW_BOOT_RUNNING)
		return;
	ota_link_close(&agent.link);
	objtop_agent_boot.fd = -1;
	atomic_store(&agent.wire, false);
	atomic_store(&agent.wanted, false);
	atomic_store(&agent.closing, false);
	atomic_store(&agent.rest, BUSY);
	py_exit_forked();
	atomic_store(state(), OTW_BOOT_ASLEEP);
}

static void
watch_forks(void)
{
	static bool watched;

	if (!watched)
		ota_host_atfork(about_to_fork, forked_child);
	watched = true;
}

static long
start(int fd)
{
	int32_t asleep = OTW_BOOT_ASLEEP;
	int pid = ota_pid(), rc;

	/* a raw fork runs no handlers: the thread stayed with the parent */
	if (objtop_agent_boot.fork_pid != pid)
		forked_child();
	if (!atomic_compare_exchange_strong(state(), &asleep,
					    OTW_BOOT_RUNNING))
		return -EBUSY;
	if (!ota_link_open(&agent.link, fd)) {
		agent.link.fd = -1;
		atomic_store(state(), OTW_BOOT_ASLEEP);
		return -EBADF;
	}
	objtop_agent_boot.fork_pid = pid;
	objtop_agent_boot.fd = fd;
	objtop_agent_boot.busy = 0;
	reap_orphans();
	atomic_store(&agent.tid, 0);
	atomic_store(&agent.ready, false);
	atomic_store(&agent.rest, BUSY);
	atomic_store(&agent.link.go_on, false);
	watch_forks();
	take_wire(UINT64_MAX);
	rc = ota_host_thread(agent_thread, NULL);
	if (rc) {
		give_wire();
		objtop_agent_boot.fd = -1;
		agent.link.fd = -1;
		atomic_store(state(), OTW_BOOT_ASLEEP);
	}
	return rc;
}

OT_EXPORT long
objtop_agent_start(long fd)
{
	return start((int)fd);
}

/*
 * Called by the interpreter, with its lock held.  Without a module and
 * without an exception the import ends in a SystemError, as the script that
 * asked for it knows.
 */
OT_EXPORT void *
PyInit_objtop_agent(void)
{
	char name[sizeof(objtop_agent_boot.name)];
	size_t len = 0;
	long fd;

	while (len < sizeof(name) - 1 && objtop_agent_boot.name[len]) {
		name[len] = objtop_agent_boot.name[len];
		len++;
	}
	if (!len)
		return NULL;
	memset(objtop_agent_boot.name, 0, sizeof(objtop_agent_boot.name));
	fd = ota_connect_abstract(name, len);
	if (fd >= 0 && start((int)fd))
		ota_close((int)fd);
	return NULL;
}

static OT_CONSTRUCTOR void
constructor(void)
{
	int fd = objtop_agent_boot.fd;

	if (fd >= 0) {
		if (start(fd))
			ota_close(fd);
		return;
	}
	ota_preload(&agent.home);
	if (!agent.home.name[0])
		return;
	agent.home_pid = ota_pid();
	watch_forks();
	if (agent.home.first) {
		fd = ota_preload_connect(&agent.home);
		if (fd < 0 || start(fd)) {
			ota_close(fd);
			agent.home.name[0] = '\0';
			return;
		}
	}
	py_exit_early(ota_dlsym, program_ends);
}

/*
 * The C library's, in front of which we are when preloaded: what ends by
 * os._exit(), as the processes of multiprocessing do, is looked at too.  Only
 * a thread that runs Python is taken for the program: not a child of vfork(),
 * nor one of subprocess that could not exec and ends with 255.
 */
OT_EXPORT OT_NORETURN void
_exit(int status)
{
	if (is_preloaded() && status != EXEC_FAILED &&
	    !atomic_load(&agent.closing))
		py_exit_now(ota_dlsym, program_ends);
	for (;;)
		ota_syscall(SYS_exit_group, status, 0, 0, 0, 0, 0);
}
