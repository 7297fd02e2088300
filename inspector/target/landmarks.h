/* SPDX-License-Identifier: MIT */
/*
 * landmarks.h - addresses in a target that entering it by ptrace needs, and
 * which of its text is no place to interrupt.
 */
#ifndef TARGET_LANDMARKS_H
#define TARGET_LANDMARKS_H

#include "inspector/target/regs.h"
#include "inspector/target/suspect.h"

struct landmarks {
	uint64_t dlopen, dlerror;
	bool dlopen_internal;	/* it is glibc's __libc_dlopen_mode */
	uint64_t errno_location;	/* int *(void) */
	uint64_t mmap, syscall;
	bool counts_threads;	/* os.fork() does, when it has forked */
	bool clone3;		/* threads are made by it, where there is one */
	bool rseq;		/* ... and each must be able to register it */
	struct cpu_way way;	/* through which calls come back */
};

/*
 * Finds them.  OT_REFUSED where the C library is not glibc, or there is none
 * that loads objects.
 */
enum ot_status landmarks_find(const struct suspect *s, struct landmarks *lm,
			      struct ot_err *err);

/*
 * By which name the loader knows the object that has `addr` in it.  False: it
 * does not, or the name is longer.
 */
bool landmarks_loaded_as(const struct suspect *s, uint64_t addr, char *name,
			 size_t cap);

/*
 * Sets `unsafe` on the lines of maps in whose text a thread may hold a lock
 * that loading an object needs: the C library, the loader, allocators.
 */
void landmarks_mark(struct suspect *s);

#endif
