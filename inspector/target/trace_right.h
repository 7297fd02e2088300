/* SPDX-License-Identifier: MIT */
/*
 * trace_right.h - why a process may not be traced: what the kernel looks at,
 * read from /proc, and the one line that follows from it.
 */
#ifndef TARGET_TRACE_RIGHT_H
#define TARGET_TRACE_RIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum trace_box { TRACE_NO_BOX, TRACE_DOCKER, TRACE_PODMAN, TRACE_KUBERNETES };

struct trace_facts {
	/* of us */
	uid_t euid;
	bool cap_ptrace;	/* in our own user namespace */
	bool first_userns;	/* ... which is the machine's */
	bool filtered;		/* we are under a seccomp filter ourselves */
	bool cap_dac;		/* CAP_DAC_OVERRIDE in effect */
	uint64_t cap_prm;
	int yama;		/* kernel.yama.ptrace_scope; 0: no yama */
	enum trace_box box;	/* the container we are in */
	/* of the process */
	pid_t pid;
	uid_t uid;
	char user[64];
	bool undumpable;	/* its files in /proc are root's */
	uint64_t its_cap_prm;
	bool other_userns;	/* known to be in another one than we */
};

/*
 * Reads them; `proc` is "/proc", `root` is "" (both are other directories in
 * tests).  What cannot be read is as if it did not forbid anything.
 */
void trace_facts_read(const char *proc, const char *root, pid_t pid,
		      struct trace_facts *f);

/* The line; `looked`: its memory could be opened, but not traced. */
enum ot_status trace_explain(const struct trace_facts *f, bool looked,
			     struct ot_err *err);

/* Is the process in our namespace of this kind ("pid", "mnt", "net")? */
bool trace_same_ns(pid_t pid, const char *kind);

/* Are we in the machine's own user namespace? */
bool trace_in_first_userns(void);

#endif
