/* SPDX-License-Identifier: MIT */
/*
 * regs.h - a stopped thread's registers, the same interface on each machine:
 * regs_x86_64.c, regs_aarch64.c.
 *
 * The centre is the frame: the bytes the kernel would put on the stack for a
 * signal handler.  A function that is called with such a frame as its caller
 * returns into the restorer, which hands the frame to the kernel, which puts
 * the thread back to exactly where it was.
 */
#ifndef TARGET_REGS_H
#define TARGET_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct cpu {			/* general registers */
	struct user_regs_struct r;
};

#define CPU_EXT_MAX	16384
#define CPU_FRAME_MAX	(CPU_EXT_MAX + 8192)
#define CPU_BREAKS	4
#define CPU_STALE_MAX	512

struct cpu_ext {		/* vector and floating point registers */
	unsigned type;		/* of the register set */
	size_t len;
	_Alignas(64) unsigned char data[CPU_EXT_MAX];
	size_t fp_len;		/* aarch64: the part a frame takes */
	_Alignas(16) unsigned char fp[1024];
};

struct cpu_frame {
	uint64_t at;		/* where data belongs */
	size_t len;
	uint64_t sp;		/* stack pointer of the functions called */
	uint64_t end;		/* stack pointer at the restorer's call */
	uint64_t result;	/* where the keeper stores */
	uint64_t stale;		/* what would look like a handler's frame */
	size_t stale_len;	/* later on, once it is left */
	_Alignas(64) unsigned char data[CPU_FRAME_MAX];
};

/*
 * The way back: instructions of the C library's own text through which a
 * call returns.  The keeper, where the machine needs one, stores the result
 * before the restorer's system call takes its register.
 */
struct cpu_way {
	uint64_t restorer;
	uint64_t keeper;
	int keeper_disp;	/* it stores at this distance from its base, */
	bool keeper_rbp;	/* which is rbp, or else rbx */
	unsigned keeper_slots;	/* words it takes off the stack */
};

/* Looks for what `w` has not found yet in n bytes of text at addr. */
void cpu_way_scan(struct cpu_way *w, const unsigned char *text, size_t n,
		  uint64_t addr);
bool cpu_way_complete(const struct cpu_way *w);
#define CPU_WAY_SPAN	24	/* the longest piece looked for, bytes */

bool cpu_get(pid_t tid, struct cpu *c);
bool cpu_set(pid_t tid, const struct cpu *c);
bool cpu_ext_get(pid_t tid, struct cpu_ext *x);
bool cpu_ext_set(pid_t tid, const struct cpu_ext *x);

uint64_t cpu_pc(const struct cpu *c);
uint64_t cpu_sp(const struct cpu *c);

/* A thread of a 64-bit program with a thread pointer set up? */
bool cpu_usable(pid_t tid, const struct cpu *c, int mem);

/*
 * The system call the thread was stopped in (number, arguments, the address
 * of its instruction), by a stop that is no system call stop; -1: none.
 */
long cpu_syscall(const struct cpu *c, int mem, uint64_t arg[6], uint64_t *at);

/* The frame that leads back to c, x and the signal mask, below `top`. */
void cpu_frame(const struct cpu *c, const struct cpu_ext *x, uint64_t mask,
	       uint64_t top, const struct cpu_way *w, struct cpu_frame *out);

/* Turns c into the call fn(arg...) whose caller is the frame. */
void cpu_call(struct cpu *c, const struct cpu_frame *f,
	      const struct cpu_way *w, uint64_t fn, const uint64_t *arg,
	      size_t nargs);

/* Is this the entry of the system call with which the frame is left? */
bool cpu_at_return(const struct cpu *c, const struct cpu_frame *f,
		   const struct cpu_way *w);
/* ... and what the function returned. */
bool cpu_result(const struct cpu *c, const struct cpu_frame *f, int mem,
		uint64_t *result);

/* c so that the call just entered is left out and leaving begins anew. */
void cpu_again(struct cpu *c, const struct cpu_frame *f,
	       const struct cpu_way *w);

/* Makes the kernel leave out the system call at whose entry tid stands. */
bool cpu_skip_syscall(pid_t tid);

/* At a system call stop: is it open() or openat()?  Where its path is. */
bool cpu_opens(pid_t tid, const struct cpu *c, uint64_t *path);
/* At the entry of a system call: it becomes another one, of 3 arguments. */
bool cpu_swap_syscall(pid_t tid, struct cpu *c, long nr,
		      const uint64_t arg[3]);

/*
 * c as it is to be put back: where the kernel does not restart the system
 * call it was in, so that it is entered again.
 */
void cpu_restartable(struct cpu *c, int mem);

/*
 * A handler's frame among the words of a stack: the index where it begins,
 * searched from *i on, and where the handler interrupted the program.
 */
bool cpu_find_frame(const uint64_t *words, size_t n, uint64_t restorer,
		    uint64_t mask, size_t *i, uint64_t *pc);

/* A return address as it stands on the stack, without what protects it. */
uint64_t cpu_code(uint64_t word);

/* Does an instruction that calls end just before `before + len`? */
bool cpu_is_call(const unsigned char *before, size_t len);

/* Stops of this thread at addresses; clear undoes all. */
bool cpu_break_set(pid_t tid, const uint64_t *addr, size_t n);
void cpu_break_clear(pid_t tid);

#endif
