/* SPDX-License-Identifier: MIT */
/*
 * Asking the interpreter to load the agent (PEP 768, CPython 3.14): for a
 * process whose memory may be written but which cannot be taken over, since
 * a debugger traces it already, or since ptrace() is forbidden to us.
 *
 * The interpreter runs a script of ours between two bytecodes of the program:
 *
 *	import sys, _imp
 *	try: _imp.create_dynamic(type(sys.implementation)(
 *		name='objtop_agent', origin='/proc/4242/fd/7'))
 *	except (ImportError, SystemError): pass
 *
 * Both modules are built in and always there, so nothing is searched for and
 * nothing of the program's is run; create_dynamic loads the object and calls
 * PyInit_objtop_agent, which connects to a socket of ours, starts the agent,
 * and gives no module: no entry in sys.modules is left.  An agent that is
 * there already is found by the loader under its old name and called again.
 * Audit hooks see it, and an exception of a signal handler that happens to
 * run within these 0.2 ms is reported by sys.unraisablehook.
 *
 * The main thread is asked first.  One that waits in the kernel does not come
 * by, so after a while every thread is asked.  Who has not begun when we
 * stop waiting is not asked any more.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/target/agent_image.h"
#include "inspector/target/handover.h"
#include "inspector/target/pydebug.h"
#include "inspector/target/target_priv.h"

#define MAX_THREADS	256u	/* that are asked */
#define FIRST_US	200000u	/* the main thread alone */
#define SLICE_MS	2
#define GRACE_US	20000u	/* between a flag's end and a file opened */
#define LOADED_US	2000000u /* from there to a connection */

struct asking {
	struct entry *e;
	struct pydebug d;
	struct handover files;
	int mem;		/* open for writing */
	int script, agent;	/* files; -1 */
	int listener;
	char path[HANDOVER_PATH];	/* of the script */
	uint64_t taken_us;	/* when a thread was seen to begin; 0 */
	bool everyone;		/* all threads have been asked */
	bool woken;		/* the agent is one that was there */
};

/* ---- may it be tried? ---- */

static bool
refuse_state(const struct suspect *s, struct ot_err *err)
{
	int pid = (int)s->pid;

	if (s->status.state == 't')
		ot_fail(err, OT_REFUSED, "PID %d is halted by its debugger: "
			"let it continue there", pid);
	else if (s->status.state == 'T')
		ot_fail(err, OT_REFUSED, "PID %d is stopped by a signal: "
			"kill -CONT %d", pid, pid);
	else if (s->status.seccomp == 1)
		ot_fail(err, OT_REFUSED, "PID %d may not load anything", pid);
	else if (s->status.seccomp != 0 && !filter_is_ours(s))
		ot_fail(err, OT_REFUSED, "what its seccomp filter forbids can "
			"only be read by tracing PID %d", pid);
	else
		return false;
	return true;
}

bool
at_pep768_probe(const struct suspect *s, struct ot_err *err)
{
	struct landmarks lm;
	struct pydebug d;
	int mem;

	if (pydebug_find(s, &d, err) != OT_OK || refuse_state(s, err) ||
	    landmarks_find(s, &lm, err) != OT_OK)
		return false;
	mem = proc_mem_open(s->pid, true);
	if (mem < 0) {
		ot_fail_errno(err, OT_REFUSED, "the memory of PID %d cannot "
			      "be written", (int)s->pid);
		return false;
	}
	close(mem);
	return true;
}

/* What the filter says that we have in common with it. */
static enum ot_status
judge_filter(const struct suspect *s, struct ot_err *err)
{
	static const enum filter_call needed[] = {
		FILTER_SOCKET, FILTER_CONNECT, FILTER_OPENAT,
	};
	struct filter_view v;
	struct landmarks lm;
	enum ot_status st;
	size_t i;

	filter_prepare(s, &v);
	if (s->status.seccomp == 0)
		return OT_OK;
	if (!v.known)
		return ot_fail(err, OT_REFUSED, "what the seccomp filter of "
			       "PID %d forbids cannot be found out",
			       (int)s->pid);
	st = landmarks_find(s, &lm, err);
	if (st == OT_OK)
		st = filter_judge(&v, lm.clone3, lm.rseq, s->pid, err);
	for (i = 0; st == OT_OK && i < OT_ARRAY_LEN(needed); i++)
		if (!filter_allows(&v, needed[i]))
			st = filter_blame(&v, needed[i], s->pid, err);
	return st;
}

/* ---- the files ---- */

/* A path that may stand between quotes as it is. */
static bool
is_plain(const char *path)
{
	const char *p;

	for (p = path; *p != '\0'; p++)
		if (*p < ' ' || *p > '~' || *p == '\'' || *p == '\\')
			return false;
	return path[0] == '/';
}

/* The agent that sleeps there: told the socket, and by which name it goes. */
static bool
wake_resident(struct asking *a, const char *name, char *path, size_t cap)
{
	const struct suspect *s = a->e->s;
	char text[sizeof(s->boot.name)] = "";

	if (!s->agent || !landmarks_loaded_as(s, s->agent_boot, path, cap) ||
	    !is_plain(path))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, name);
	a->woken = proc_mem_write(a->mem, s->agent_boot +
				  offsetof(struct otw_boot, name), text,
				  sizeof(text));
	return a->woken;
}

static enum ot_status
bring_agent(struct asking *a, const char *name, char *path, size_t cap,
	    struct ot_err *err)
{
	struct otw_boot boot;
	size_t off;

	if (wake_resident(a, name, path, cap))
		return OT_OK;
	if (!agent_image_boot(&boot, &off))
		return ot_fail(err, OT_FAILED, "the agent inside this objtop "
			       "is damaged: build it again");
	snprintf(boot.name, sizeof(boot.name), "%.*s",
		 (int)sizeof(boot.name) - 1, name);
	a->agent = handover_file(&a->files, "objtop-agent.so", path, cap, err);
	if (a->agent < 0)
		return OT_REFUSED;
	if (agent_image_write(a->agent, &boot) != 0)
		return ot_fail_errno(err, OT_FAILED, "writing the agent");
	return OT_OK;
}

static enum ot_status
write_script(struct asking *a, const char *agent, struct ot_err *err)
{
	char text[512];
	int n;

	a->script = handover_file(&a->files, "objtop-script.py", a->path,
				  sizeof(a->path), err);
	if (a->script < 0)
		return OT_REFUSED;
	n = snprintf(text, sizeof(text),
		     "import sys, _imp\n"
		     "try: _imp.create_dynamic(type(sys.implementation)("
		     "name='" OTW_MODULE "', origin='%s'))\n"
		     "except (ImportError, SystemError): pass\n", agent);
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    write(a->script, text, (size_t)n) != n)
		return ot_fail_errno(err, OT_FAILED, "writing a script");
	return OT_OK;
}

static enum ot_status
prepare(struct asking *a, struct ot_err *err)
{
	const struct suspect *s = a->e->s;
	char agent[HANDOVER_PATH];
	struct sockaddr_un sa;
	enum ot_status st;
	socklen_t len;

	st = s->agent ? resident_wait(a->e, err) : OT_OK;
	if (st == OT_OK)
		st = pydebug_find(s, &a->d, err);
	if (st == OT_OK)
		st = judge_filter(s, err);
	if (st != OT_OK)
		return st;
	a->mem = proc_mem_open(s->pid, true);
	if (a->mem < 0)
		return ot_fail_errno(err, OT_REFUSED, "the memory of PID %d",
				     (int)s->pid);
	if (!channel_enter(s->pid))
		return ot_fail_errno(err, OT_REFUSED, "PID %d is in another "
				     "network namespace, which may not be "
				     "entered", (int)s->pid);
	a->listener = channel_listen(&sa, &len);
	if (a->listener < 0)
		return ot_fail_errno(err, OT_FAILED, "a socket");
	st = bring_agent(a, sa.sun_path + 1, agent, sizeof(agent), err);
	return st == OT_OK ? write_script(a, agent, err) : st;
}

/* ---- asking ---- */

static enum ot_status
ask(struct asking *a, size_t most, struct ot_err *err)
{
	uint64_t threads[MAX_THREADS];
	size_t n = pydebug_threads(&a->d, a->mem, threads, most), i;

	for (i = 0; i < n; i++)
		switch (pydebug_look(&a->d, a->mem, threads[i], a->path)) {
		case PYDEBUG_IDLE:
			if (!pydebug_ask(&a->d, a->mem, threads[i], a->path))
				return ot_fail(err, OT_FAILED, "the memory of "
					       "PID %d cannot be written",
					       (int)a->e->s->pid);
			break;
		case PYDEBUG_OTHER:
			if (i == 0)
				return ot_fail(err, OT_REFUSED, "PID %d has "
					       "another request of remote "
					       "debugging before it: try "
					       "again in a moment",
					       (int)a->e->s->pid);
			break;
		default:
			break;
		}
	return OT_OK;
}

/* True when a thread has begun; then nobody else is to. */
static bool
has_begun(struct asking *a)
{
	uint64_t threads[MAX_THREADS];
	size_t n = pydebug_threads(&a->d, a->mem, threads,
				   a->everyone ? MAX_THREADS : 1), i;

	for (i = 0; i < n; i++)
		if (pydebug_look(&a->d, a->mem, threads[i], a->path) ==
		    PYDEBUG_TAKEN)
			return true;
	return false;
}

/* A child of fork() has its parent's memory, and with it our request. */
static void
take_back_in_children(struct asking *a)
{
	struct ot_buf b = OT_BUF_INIT;
	char name[48], *p, *end;

	snprintf(name, sizeof(name), "task/%d/children", (int)a->e->s->pid);
	if (proc_file(a->e->s->pid, name, 65536, &b))
		for (p = b.data; p != NULL && *p != '\0'; p = end) {
			long pid = strtol(p, &end, 10);
			int mem;

			if (end == p || pid <= 0)
				break;
			mem = proc_mem_open((pid_t)pid, true);
			if (mem < 0)
				continue;
			pydebug_take_back(&a->d, mem, a->d.main_thread,
					  a->path);
			close(mem);
		}
	ot_buf_release(&b);
}

/*
 * After this nobody begins with the script, and who has begun has opened it.
 * The threads are looked at again: one that has ended is not written to.
 */
static void
take_back(struct asking *a)
{
	const struct timespec grace = { 0, GRACE_US * 1000 };
	const char no_name[sizeof(a->e->s->boot.name)] = "";
	uint64_t threads[MAX_THREADS];
	size_t n, i;

	if (a->mem < 0 || a->path[0] == '\0')
		return;
	n = pydebug_threads(&a->d, a->mem, threads, MAX_THREADS);
	for (i = 0; i < n; i++)
		pydebug_take_back(&a->d, a->mem, threads[i], a->path);
	take_back_in_children(a);
	nanosleep(&grace, NULL);
	n = pydebug_threads(&a->d, a->mem, threads, MAX_THREADS);
	for (i = 0; i < n; i++)
		pydebug_wipe(&a->d, a->mem, threads[i], a->path);
	if (a->woken && a->e->sock < 0)
		proc_mem_write(a->mem, a->e->s->agent_boot +
			       offsetof(struct otw_boot, name), no_name,
			       sizeof(no_name));
}

static enum ot_status
not_loaded(const struct asking *a, struct ot_err *err)
{
	return ot_fail(err, OT_REFUSED, "PID %d has begun to load the agent, "
		       "but did not succeed: an audit hook or a limit may "
		       "forbid it (it says so on its stderr)",
		       (int)a->e->s->pid);
}

static enum ot_status
not_begun(const struct asking *a, uint64_t began, struct ot_err *err)
{
	char doing[256];

	doing_describe(a->e->s->pid, doing, sizeof(doing));
	return ot_fail(err, OT_REFUSED, "no thread of PID %d came to its next "
		       "bytecode in %.1f s, where it could load the agent "
		       "(%s); the request was taken back: try a longer "
		       "--timeout", (int)a->e->s->pid,
		       (double)(ot_now_us() - began) / 1e6, doing);
}

static enum ot_status
await(struct asking *a, struct ot_err *err)
{
	uint64_t began = ot_now_us(), now;
	enum ot_status st = ask(a, 1, err);
	struct proc_stat stat;

	while (st == OT_OK) {
		a->e->sock = channel_accept(a->e->s->pid, a->listener,
					    SLICE_MS);
		if (a->e->sock >= 0)
			return OT_OK;
		now = ot_now_us();
		if (entry_cancelled(a->e))
			return ot_fail(err, OT_INTERRUPTED, "interrupted");
		if (!proc_stat_read(a->e->s->pid, 0, &stat) ||
		    stat.state == 'Z' ||
		    stat.start_ticks != a->e->s->stat.start_ticks)
			return ot_fail(err, OT_FAILED, "PID %d has just ended",
				       (int)a->e->s->pid);
		if (a->taken_us == 0 && has_begun(a))
			a->taken_us = now;
		if (a->taken_us != 0 && now >= a->taken_us + LOADED_US)
			return not_loaded(a, err);
		if (a->taken_us == 0 && now >= a->e->deadline_us)
			return not_begun(a, began, err);
		if (a->taken_us == 0 && !a->everyone &&
		    now >= began + FIRST_US) {
			a->everyone = true;
			st = ask(a, MAX_THREADS, err);
		}
	}
	return st;
}

void
pep768_forget(const struct suspect *s, pid_t climber)
{
	uint64_t threads[MAX_THREADS];
	char path[PYDEBUG_PATH_MAX], in_proc[32], in_dir[32];
	struct pydebug d;
	int mem = -1;
	size_t n = 0, i;

	if (pydebug_find(s, &d, NULL) == OT_OK)
		mem = proc_mem_open(s->pid, true);
	if (mem < 0)
		return;
	snprintf(in_proc, sizeof(in_proc), "/proc/%d/fd/", (int)climber);
	snprintf(in_dir, sizeof(in_dir), "/objtop-%d-", (int)climber);
	n = pydebug_threads(&d, mem, threads, MAX_THREADS);
	for (i = 0; i < n; i++) {
		if (!proc_mem_read(&mem, threads[i] + d.path, path,
				   d.path_size))
			continue;
		path[d.path_size - 1] = '\0';
		if (strncmp(path, in_proc, strlen(in_proc)) == 0 ||
		    strstr(path, in_dir) != NULL)
			pydebug_take_back(&d, mem, threads[i], path);
	}
	close(mem);
}

enum ot_status
at_pep768_enter(struct entry *e, struct ot_err *err)
{
	struct asking a = { .e = e, .files = HANDOVER_INIT(e->s), .mem = -1,
			    .script = -1, .agent = -1, .listener = -1 };
	enum ot_status st;

	st = prepare(&a, err);
	if (st == OT_OK) {
		st = await(&a, err);
		take_back(&a);
	}
	handover_release(&a.files);
	return st;
}
