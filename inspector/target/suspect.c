/* SPDX-License-Identifier: MIT */
/*
 * Looking at a process, and saying why it cannot be inspected where that does
 * not depend on the way in.  Everything here is reading: nothing is stopped,
 * nothing is written.
 */
#include "config.h"
#include "inspector/target/suspect.h"

#include <elf.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "inspector/target/agent_image.h"
#include "inspector/target/trace_right.h"

#define MINOR_MIN 8
#define MINOR_MAX 15
#define MINOR_FREE_THREADED 13	/* of builds without the lock */

bool
suspect_is_module(const struct proc_map *m)
{
	/* Below /dev there are devices: their memory is not for reading. */
	return m->off == 0 && m->perm[0] == 'r' && m->path[0] == '/' &&
		strncmp(m->path, "/dev/", 5) != 0 &&
		strncmp(m->path, "/SYSV", 5) != 0;
}

void
suspect_user(uid_t uid, char *dst, size_t cap)
{
	struct passwd pw, *found = NULL;
	char buf[4096];

	if (getpwuid_r(uid, &pw, buf, sizeof(buf), &found) == 0 &&
	    found != NULL)
		ot_escape_to(dst, cap, pw.pw_name, strlen(pw.pw_name),
			     OT_ESC_TERM);
	else
		snprintf(dst, cap, "%u", (unsigned)uid);
}

void
suspect_release(struct suspect *s)
{
	proc_maps_release(&s->maps);
	if (s->mem >= 0)
		close(s->mem);
	s->mem = -1;
}

/* A forked child has its parent's words, but no thread that serves. */
bool
suspect_serves(const struct suspect *s, const struct otw_boot *b)
{
	return b->state == OTW_BOOT_RUNNING &&
		b->fork_pid == (int32_t)s->status.ns_pid;
}

bool
suspect_boot(const struct suspect *s, uint64_t addr, struct otw_boot *b)
{
	int mem = s->mem;

	return proc_mem_read(&mem, addr, b, sizeof(*b)) &&
		b->magic == OTW_BOOT_MAGIC;
}

/* Agents mapped by earlier attaches or by `run`; the one of our build. */
static void
find_agents(struct suspect *s)
{
	struct otw_boot ours;
	size_t i, off;

	if (!agent_image_boot(&ours, &off))
		return;
	for (i = 0; i < s->maps.n; i++) {
		const struct proc_map *m = &s->maps.v[i];
		struct elf_sym boot, start;
		struct otw_boot b;
		struct elf_view v;

		if (!suspect_is_module(m) || !agent_image_is_path(m->path))
			continue;
		if (!elf_open(&v, proc_mem_read, &s->mem, m->start) ||
		    !elf_symbol(&v, OTW_BOOT_SYMBOL, &boot) ||
		    !elf_symbol(&v, OTW_START_SYMBOL, &start) ||
		    !proc_mem_read(&s->mem, boot.addr, &b, sizeof(b)) ||
		    b.magic != OTW_BOOT_MAGIC)
			continue;
		if (b.abi == ours.abi && suspect_serves(s, &b))
			s->serving = boot.addr;
		if (b.abi != ours.abi || b.build_id != ours.build_id) {
			snprintf(s->agent_why, sizeof(s->agent_why),
				 "the agent in it is of another build");
			continue;
		}
		s->agent = true;
		s->boot = b;
		s->agent_boot = boot.addr;
		s->agent_start = start.addr;
	}
}

static enum ot_status
refuse_unreadable(const struct suspect *s, struct ot_err *err)
{
	struct trace_facts f;

	trace_facts_read("/proc", "", s->pid, &f);
	return trace_explain(&f, false, err);
}

static enum ot_status
refuse_missing(pid_t pid, struct ot_err *err)
{
	if (pid > 0 && kill(pid, 0) != 0 && errno == EPERM)
		return ot_fail(err, OT_REFUSED, "PID %d is hidden from you "
			       "(/proc is mounted with hidepid): sudo objtop "
			       "%d", (int)pid, (int)pid);
	return ot_fail(err, OT_REFUSED, "there is no process %d: `objtop ps` "
		       "lists those that can be inspected", (int)pid);
}

/* What its command line or, of a zombie, its name suggests. */
static void
guess_runtime(struct suspect *s)
{
	char command[256];

	proc_command(s->pid, command, sizeof(command));
	detect_by_name(s, command[0] != '\0' ? command : s->stat.comm);
}

enum ot_status
suspect_look(struct suspect *s, pid_t pid, struct module_cache *c,
	     struct ot_err *err)
{
	*s = (struct suspect)SUSPECT_INIT;
	s->pid = pid;
	/* Of a list the first has been asked for all. */
	if (c == NULL && !proc_usable(err))
		return OT_REFUSED;
	if (pid <= 0 || !proc_status_read(pid, &s->status) ||
	    !proc_stat_read(pid, 0, &s->stat))
		return refuse_missing(pid, err);
	if (s->status.tgid != pid)
		return ot_fail(err, OT_REFUSED,
			       "%d is a thread of process %d: objtop %d",
			       (int)pid, (int)s->status.tgid,
			       (int)s->status.tgid);
	if (s->stat.flags & PROC_PF_KTHREAD)
		return ot_fail(err, OT_REFUSED, "PID %d is a thread of the "
			       "kernel, not a program", (int)pid);
	if (s->status.state == 'Z' || s->status.state == 'X') {
		guess_runtime(s);
		return ot_fail(err, OT_REFUSED, "PID %d has ended already (a "
			       "zombie): its parent, PID %d, has not collected "
			       "it", (int)pid, (int)s->stat.ppid);
	}
	s->mem = proc_mem_open(pid, false);
	if (!proc_maps_read(pid, &s->maps))
		proc_maps_release(&s->maps);
	detect_runtime(s, c);
	if (s->runtime[0] == '\0')
		guess_runtime(s);
	else
		s->found = true;
	if (s->mem >= 0 && s->maps.n > 0) {
		if (s->found)
			find_agents(s);
		return OT_OK;
	}
	if (!proc_status_read(pid, &s->status) || s->status.state == 'Z')
		return ot_fail(err, OT_REFUSED, "PID %d has just ended",
			       (int)pid);
	return refuse_unreadable(s, err);
}

/* Another class or machine than ours, told by what is mapped first. */
static bool
is_foreign(const struct suspect *s)
{
	unsigned char ident[EI_NIDENT];
	size_t i;

	for (i = 0; i < s->maps.n; i++) {
		int fd = s->mem;

		if (!suspect_is_module(&s->maps.v[i]) ||
		    !proc_mem_read(&fd, s->maps.v[i].start, ident,
				   sizeof(ident)) ||
		    memcmp(ident, ELFMAG, SELFMAG) != 0)
			continue;
		return ident[EI_CLASS] != ELFCLASS64;
	}
	return false;
}

/* Nothing but the program itself is mapped. */
static bool
is_static(const struct suspect *s)
{
	const char *first = NULL;
	size_t i;

	for (i = 0; i < s->maps.n; i++) {
		const struct proc_map *m = &s->maps.v[i];

		if (!suspect_is_module(m) || m->ino == 0)
			continue;
		if (first != NULL && strcmp(first, m->path) != 0)
			return false;
		first = m->path;
	}
	return first != NULL;
}

enum ot_status
suspect_check(const struct suspect *s, struct ot_err *err)
{
	int pid = (int)s->pid, major = 0, minor = 0;
	char comm[64];

	ot_escape_to(comm, sizeof(comm), s->stat.comm, strlen(s->stat.comm),
		     OT_ESC_TERM);
	if (s->pid == getpid())
		return ot_fail(err, OT_REFUSED, "PID %d is this objtop itself",
			       pid);
	if (!s->found && is_foreign(s))
		return ot_fail(err, OT_REFUSED, "PID %d (%s) is a 32-bit "
			       "program: only 64-bit ones can be inspected",
			       pid, comm);
	if (!s->found && s->runtime[0] != '\0' && is_static(s))
		return ot_fail(err, OT_REFUSED, "PID %d is a static program "
			       "that cannot load the agent (it has no dlopen)",
			       pid);
	if (!s->found)
		return ot_fail(err, OT_REFUSED, "PID %d (%s) runs no CPython "
			       "and publishes no heap by objtop.h: `objtop ps` "
			       "lists those that do", pid, comm);
	if (strcmp(s->runtime, "pypy") == 0)
		return ot_fail(err, OT_REFUSED, "PID %d (%s) runs PyPy: only "
			       "CPython 3.%d to 3.%d can be inspected", pid,
			       comm, MINOR_MIN, MINOR_MAX);
	if (strcmp(s->runtime, "cpython") != 0)
		return OT_OK;
	/* Where no version was found the agent has the last word. */
	if (sscanf(s->version, "%d.%d", &major, &minor) == 2 &&
	    (major != 3 || minor < MINOR_MIN || minor > MINOR_MAX))
		return ot_fail(err, OT_REFUSED, "PID %d (%s) runs CPython %s: "
			       "only 3.%d to 3.%d can be inspected", pid, comm,
			       s->version, MINOR_MIN, MINOR_MAX);
	if (s->free_threaded && minor != 0 && minor != MINOR_FREE_THREADED)
		return ot_fail(err, OT_REFUSED, "PID %d (%s) runs a free-"
			       "threaded build of CPython %s, and of those "
			       "objtop knows the heap of 3.%d only: start it "
			       "with the default build (python%d.%d without "
			       "t)", pid, comm, s->version,
			       MINOR_FREE_THREADED, major, minor);
	return OT_OK;
}
