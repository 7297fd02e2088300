/* SPDX-License-Identifier: MIT */
/*
 * proc.h - /proc as text that may say anything.
 *
 * Every parser takes the text, so that it can be tested without a process,
 * and a reader that fetches it.  Parsers return false for what they cannot
 * make sense of; readers return false where the file cannot be read, with
 * errno telling why.
 */
#ifndef TARGET_PROC_H
#define TARGET_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* One line of maps.  `path` is as the kernel wrote it, "" for anonymous. */
struct proc_map {
	uint64_t start, end, off, ino;
	uint32_t dev_major, dev_minor;
	char perm[5];		/* "r-xp" */
	bool unsafe;		/* text in which no call may be made; see
				 * landmarks.h */
	const char *path;
};

/* All lines, by address.  PROC_MAPS_INIT (all zero) is the empty value. */
struct proc_maps {
	struct proc_map *v;
	size_t n;
	struct ot_arena arena;	/* of the paths */
};

#define PROC_MAPS_INIT { NULL, 0, OT_ARENA_INIT }

bool proc_maps_parse(const char *text, size_t len, struct proc_maps *out);
bool proc_maps_read(pid_t pid, struct proc_maps *out);
void proc_maps_release(struct proc_maps *m);
struct proc_map *proc_maps_at(const struct proc_maps *m, uint64_t addr);

/* The part behind the last slash. */
const char *proc_base_name(const char *path);

struct proc_stat {
	char comm[64];		/* raw bytes, cut */
	char state;		/* R S D T t Z X I */
	pid_t ppid;
	uint64_t flags;		/* PF_* of the kernel */
	uint64_t cpu_ticks;	/* user and system */
	uint64_t start_ticks;
};

#define PROC_PF_KTHREAD 0x00200000u

bool proc_stat_parse(const char *text, size_t len, struct proc_stat *out);
bool proc_stat_read(pid_t pid, pid_t tid, struct proc_stat *out);

struct proc_status {
	char state;
	pid_t tgid, tracer;
	pid_t ns_pid;		/* as the process sees itself */
	uid_t uid, euid;
	uint64_t rss;		/* bytes */
	uint64_t cap_eff, cap_prm;
	int seccomp;		/* 0 none, 1 strict, 2 filter */
	int seccomp_filters;	/* how many; -1: the kernel does not say */
	bool shadow_stack;	/* x86: calls cannot be made up */
};

bool proc_status_parse(const char *text, size_t len, struct proc_status *out);
bool proc_status_read(pid_t pid, struct proc_status *out);

struct proc_syscall {
	bool running;		/* on a CPU or about to be: nothing known */
	long nr;		/* -1: blocked, but not in a system call */
	uint64_t arg[6], sp, pc;
};

bool proc_syscall_parse(const char *text, size_t len,
			struct proc_syscall *out);
bool proc_syscall_read(pid_t pid, pid_t tid, struct proc_syscall *out);

/* Command line, words joined by spaces, cut at cap - 1; "" when there is none. */
void proc_command(pid_t pid, char *dst, size_t cap);

/* Ids below /proc/PID/task, or of all processes for pid 0; free() them. */
bool proc_ids(pid_t pid, pid_t **out, size_t *n);

/* A clone of the agent's among the children of a process. */
enum proc_clone { PROC_CLONE_NONE, PROC_CLONE_LIVES, PROC_CLONE_ENDED };
enum proc_clone proc_clone_state(pid_t pid);

/*
 * Is there a /proc, and does it count processes as we do?  Else the reason.
 */
bool proc_usable(struct ot_err *err);

/* A whole file below /proc/PID, at most `max` bytes of it. */
bool proc_file(pid_t pid, const char *name, size_t max, struct ot_buf *out);

/* The memory of a process.  -1 where it may not be read. */
int proc_mem_open(pid_t pid, bool write);
/* All of it or false; usable as elf_read_fn with ctx = &fd. */
bool proc_mem_read(void *fd, uint64_t addr, void *dst, size_t len);
bool proc_mem_write(int fd, uint64_t addr, const void *src, size_t len);

#endif
