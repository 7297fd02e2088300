/* SPDX-License-Identifier: MIT */
/*
 * What a visit leaves behind whose visitor was killed by SIGKILL: scratch
 * memory, perhaps two sockets and the agent's memfd.  The thread itself gets
 * away unharmed (tracee.c), but cannot clear up after us; the next visit does.
 *
 * Scratch memory is a shared mapping, which the kernel never joins with its
 * neighbours: found by its size, and believed by the note at its beginning, or
 * by its unusual address where it is untouched (nobody ran on it then).
 * Descriptors are in the note with the inodes they had, and closed only where
 * they still are that.  What there is to find is looked for before anything
 * is stopped.  Cost: one readlink a descriptor of the target.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"

#define NOTE_MAGIC	0x68637461726a626full	/* "objratch" */
#define SCRATCH_HINT	0x6f626a000000u	/* below 2^47: all machines have it */
#define SCRATCH_APART	((uint64_t)1024 * 1024)
#define SCRATCH_PLACES	256u
#define SCRATCH_SPAN	(SCRATCH_APART * SCRATCH_PLACES)
#define SHARED_PATH	"/dev/zero (deleted)"	/* of anonymous memory */
#define MEMFD_LINK	"/memfd:" OTW_MEMFD_NAME " (deleted)"

/* At the beginning of scratch memory, below what remote.c puts there. */
struct note {
	uint64_t magic;
	int32_t tid;		/* the thread that runs on it */
	int32_t fd[2];		/* sockets there */
	uint64_t ino[2];	/* and what they are; 0: none */
};
_Static_assert(sizeof(struct note) <= VISIT_NOTE, "a note has its room");

static bool
fd_link(pid_t pid, int fd, char *dst, size_t cap)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(path, dst, cap - 1);
	if (n < 0)
		return false;
	dst[n] = '\0';
	return true;
}

static uint64_t
socket_inode(pid_t pid, int fd)
{
	char link[64];
	uint64_t ino;

	if (fd < 0 || !fd_link(pid, fd, link, sizeof(link)) ||
	    sscanf(link, "socket:[%" SCNu64 "]", &ino) != 1)
		return 0;
	return ino;
}

void
leftover_note(const struct visit *v, const int32_t fd[2])
{
	struct note n = { .magic = NOTE_MAGIC, .tid = (int32_t)v->t.tid };
	size_t i;

	for (i = 0; i < 2 && fd != NULL; i++) {
		n.fd[i] = fd[i];
		n.ino[i] = socket_inode(v->e->s->pid, fd[i]);
	}
	proc_mem_write(v->t.mem, v->scratch, &n, sizeof(n));
}

static void
find_memfds(struct visit *v)
{
	char path[64], link[64];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)v->e->s->pid);
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		int fd = (int)strtol(d->d_name, NULL, 10);

		if (d->d_name[0] == '.' ||
		    !fd_link(v->e->s->pid, fd, link, sizeof(link)) ||
		    strcmp(link, MEMFD_LINK) != 0)
			continue;
		if (v->nstale < OT_ARRAY_LEN(v->stale))
			v->stale[v->nstale++] = fd;
	}
	if (dir != NULL)
		closedir(dir);
}

static bool
read_note(const struct visit *v, uint64_t at, struct note *n)
{
	int mem = v->t.mem;

	if (!proc_mem_read(&mem, at, n, sizeof(*n)))
		return false;
	return n->magic == NOTE_MAGIC ||
		(n->magic == 0 && at >= SCRATCH_HINT &&
		 at - SCRATCH_HINT < SCRATCH_SPAN);
}

uint64_t
leftover_hint(void)
{
	return SCRATCH_HINT + (uint64_t)getpid() % SCRATCH_PLACES *
		SCRATCH_APART;
}

void
leftover_find(struct visit *v)
{
	const struct proc_maps *maps = &v->e->s->maps;
	struct note n;
	size_t i;

	find_memfds(v);
	for (i = 0; i < maps->n; i++) {
		const struct proc_map *m = &maps->v[i];

		if (m->end - m->start == VISIT_STACK &&
		    strcmp(m->perm, "rw-s") == 0 && m->off == 0 &&
		    strcmp(m->path, SHARED_PATH) == 0 &&
		    v->nold < OT_ARRAY_LEN(v->old) &&
		    read_note(v, m->start, &n))
			v->old[v->nold++] = m->start;
	}
}

/* Does a thread still run on that memory?  When in doubt it does. */
static bool
in_use(const struct visit *v, uint64_t at, pid_t tid)
{
	struct tracee other;
	const char *why;
	struct cpu c;
	char path[64];
	bool used;

	if (tid == v->t.tid)
		return cpu_sp(&v->t.saved) - at < VISIT_STACK;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)v->t.pid,
		 (int)tid);
	if (access(path, F_OK) != 0)
		return false;
	memset(&other, 0, sizeof(other));
	other.pid = v->t.pid;
	used = !tracee_stop(&other, tid, &why) || !cpu_get(tid, &c) ||
	       cpu_sp(&c) - at < VISIT_STACK;
	tracee_release(&other);
	return used;
}

static bool
close_there(struct visit *v, int fd)
{
	uint64_t arg = (uint64_t)fd;
	int64_t r;

	return visit_syscall(v, SYS_close, &arg, 1, &r);
}

static bool
clear_one(struct visit *v, uint64_t at)
{
	uint64_t arg[2] = { at, VISIT_STACK };
	struct note n;
	int64_t r;
	size_t i;

	if (!read_note(v, at, &n) ||
	    (n.magic != 0 && in_use(v, at, (pid_t)n.tid)))
		return true;
	for (i = 0; i < 2; i++)
		if (n.ino[i] != 0 &&
		    socket_inode(v->e->s->pid, n.fd[i]) == n.ino[i] &&
		    !close_there(v, n.fd[i]))
			return false;
	return visit_syscall(v, SYS_munmap, arg, 2, &r);
}

bool
leftover_clear(struct visit *v)
{
	size_t i;

	for (i = 0; i < v->nstale; i++)
		if (!close_there(v, v->stale[i]))
			return false;
	for (i = 0; i < v->nold; i++)
		if (!clear_one(v, v->old[i]))
			return false;
	return true;
}
