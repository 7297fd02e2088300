/* SPDX-License-Identifier: MIT */
/*
 * aarch64.  A system call that a stop interrupted has been wound back by the
 * kernel before we look: pc is at its svc instruction and x0 holds its first
 * argument again.  What the kernel would have restarted by restart_syscall
 * (a relative sleep) we restart that way.  A function returns by x30, so a
 * call is entered at a function's start with x30 at the restorer, which is in
 * the vdso.  Where pointers are signed (PAC), the address on the stack has the
 * signature in its upper bits; a function signs x30 itself, so that ours needs
 * none, and its first instruction may be any, since a return does not check
 * (BTI).
 *
 * At a system call stop x7 shows entry or exit and cannot be set; no function
 * called here takes so many arguments, and registers are put back elsewhere.
 *
 * Known limit: the frame that saves a thread whose tracer has died carries the
 * 128-bit vector registers.  A thread stopped in code that uses SVE would lose
 * the upper parts then; a living tracer puts them back.
 */
#include "config.h"
#include "inspector/target/regs.h"

#if defined(__aarch64__)

#include <asm/ptrace.h>
#include <asm/sigcontext.h>
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "inspector/target/proc.h"

#define INSN_SVC	0xd4000001u
#define ADDRESS_BITS	((1ull << 48) - 1)

/* struct rt_sigframe of the kernel, arch/arm64/kernel/signal.c */
struct sigframe {
	unsigned char info[128];
	uint64_t uc_flags, uc_link;
	uint64_t ss_sp;
	int32_t ss_flags, pad;
	uint64_t ss_size;
	uint64_t sigmask;
	unsigned char unused[120];
	struct sigcontext mc;		/* 16-aligned */
};

static const uint32_t restorer_insns[] = {
	0xd2801168,			/* mov x8, #139 */
	INSN_SVC,
};

void
cpu_way_scan(struct cpu_way *w, const unsigned char *text, size_t n,
	     uint64_t addr)
{
	const unsigned char *hit;

	if (w->restorer != 0)
		return;
	hit = memmem(text, n, restorer_insns, sizeof(restorer_insns));
	if (hit != NULL && (hit - text) % 4 == 0)
		w->restorer = addr + (uint64_t)(hit - text);
}

bool
cpu_way_complete(const struct cpu_way *w)
{
	return w->restorer != 0;	/* x0 outlives the restorer */
}

static bool
get_set(pid_t tid, unsigned type, void *data, size_t *len)
{
	struct iovec iv = { data, *len };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)type, &iv) != 0)
		return false;
	*len = iv.iov_len;
	return true;
}

static bool
put_set(pid_t tid, unsigned type, const void *data, size_t len)
{
	struct iovec iv = { (void *)(uintptr_t)data, len };

	return ptrace(PTRACE_SETREGSET, tid, (void *)(uintptr_t)type, &iv) == 0;
}

bool
cpu_get(pid_t tid, struct cpu *c)
{
	size_t len = sizeof(c->r);

	return get_set(tid, NT_PRSTATUS, &c->r, &len) && len == sizeof(c->r);
}

bool
cpu_set(pid_t tid, const struct cpu *c)
{
	return put_set(tid, NT_PRSTATUS, &c->r, sizeof(c->r));
}

bool
cpu_ext_get(pid_t tid, struct cpu_ext *x)
{
	x->fp_len = sizeof(x->fp);
	if (!get_set(tid, NT_PRFPREG, x->fp, &x->fp_len))
		return false;
	x->type = NT_ARM_SVE;
	x->len = sizeof(x->data);
	if (get_set(tid, x->type, x->data, &x->len))
		return true;
	x->type = NT_PRFPREG;
	x->len = x->fp_len;
	memcpy(x->data, x->fp, x->fp_len);
	return true;
}

bool
cpu_ext_set(pid_t tid, const struct cpu_ext *x)
{
	return put_set(tid, x->type, x->data, x->len);
}

uint64_t
cpu_pc(const struct cpu *c)
{
	return c->r.pc;
}

uint64_t
cpu_sp(const struct cpu *c)
{
	return c->r.sp;
}

bool
cpu_usable(pid_t tid, const struct cpu *c, int mem)
{
	uint64_t tls = 0, word;
	size_t len = sizeof(tls);

	/* A 32-bit task's register set has another size: cpu_get failed. */
	(void)c;
	return get_set(tid, NT_ARM_TLS, &tls, &len) && tls != 0 &&
		proc_mem_read(&mem, tls, &word, sizeof(word));
}

static bool
is_svc(int mem, uint64_t at)
{
	uint32_t insn;

	return proc_mem_read(&mem, at, &insn, sizeof(insn)) &&
		insn == INSN_SVC;
}

long
cpu_syscall(const struct cpu *c, int mem, uint64_t arg[6], uint64_t *at)
{
	bool ended = c->r.regs[0] == (uint64_t)-EINTR;

	/* Calls that are not begun again (epoll) end at once, by EINTR. */
	*at = c->r.pc;
	if (!is_svc(mem, *at)) {
		*at -= sizeof(uint32_t);
		if (!ended || !is_svc(mem, *at))
			return -1;
	}
	memcpy(arg, c->r.regs, 6 * sizeof(arg[0]));
	return (long)c->r.regs[8];
}

void
cpu_restartable(struct cpu *c, int mem)
{
	uint64_t arg[6], at;
	long nr = cpu_syscall(c, mem, arg, &at);

	if (nr < 0 || at != c->r.pc)
		return;		/* in none, or in one that has ended */
	if (nr == SYS_nanosleep ||
	    (nr == SYS_clock_nanosleep && !(arg[1] & TIMER_ABSTIME)))
		c->r.regs[8] = SYS_restart_syscall;
}

void
cpu_frame(const struct cpu *c, const struct cpu_ext *x, uint64_t mask,
	  uint64_t top, const struct cpu_way *w, struct cpu_frame *out)
{
	struct fpsimd_context fp;
	struct sigframe *f = (struct sigframe *)(void *)out->data;

	/* What is wound back in c is just what a frame needs. */
	(void)w;
	out->at = (top - sizeof(*f)) & ~15ull;
	out->sp = out->end = out->at;
	out->result = 0;
	/* Functions called have left their x30 below: the restorer. */
	out->stale = out->at - CPU_STALE_MAX;
	out->stale_len = CPU_STALE_MAX;
	out->len = sizeof(*f);
	memset(f, 0, sizeof(*f));
	f->ss_flags = 0x7fffff;		/* leaves the alternate stack alone */
	f->sigmask = mask;
	memcpy(f->mc.regs, c->r.regs, sizeof(f->mc.regs));
	f->mc.sp = c->r.sp;
	f->mc.pc = c->r.pc;
	f->mc.pstate = c->r.pstate;
	memset(&fp, 0, sizeof(fp));
	fp.head.magic = FPSIMD_MAGIC;
	fp.head.size = sizeof(fp);
	/* struct user_fpsimd_state: vregs, fpsr, fpcr */
	memcpy(fp.vregs, x->fp, sizeof(fp.vregs));
	memcpy(&fp.fpsr, x->fp + sizeof(fp.vregs), sizeof(fp.fpsr));
	memcpy(&fp.fpcr, x->fp + sizeof(fp.vregs) + sizeof(fp.fpsr),
	       sizeof(fp.fpcr));
	memcpy(f->mc.__reserved, &fp, sizeof(fp));
}

void
cpu_call(struct cpu *c, const struct cpu_frame *f, const struct cpu_way *w,
	 uint64_t fn, const uint64_t *arg, size_t nargs)
{
	uint64_t a[6] = { 0 };

	if (nargs > 0)
		memcpy(a, arg, (nargs < 6 ? nargs : 6) * sizeof(a[0]));
	memcpy(c->r.regs, a, sizeof(a));
	c->r.regs[29] = 0;
	c->r.regs[30] = w->restorer;
	c->r.sp = f->sp;
	c->r.pc = fn;
	/* No branch type left over: the function may begin with any. */
	c->r.pstate &= ~(3ull << 10);
}

bool
cpu_at_return(const struct cpu *c, const struct cpu_frame *f,
	      const struct cpu_way *w)
{
	return c->r.regs[8] == SYS_rt_sigreturn && c->r.sp == f->end &&
		c->r.pc == w->restorer + sizeof(restorer_insns);
}

bool
cpu_result(const struct cpu *c, const struct cpu_frame *f, int mem,
	   uint64_t *result)
{
	(void)f;
	(void)mem;
	*result = c->r.regs[0];
	return true;
}

void
cpu_again(struct cpu *c, const struct cpu_frame *f, const struct cpu_way *w)
{
	c->r.pc = w->restorer;
	c->r.sp = f->end;
}

bool
cpu_skip_syscall(pid_t tid)
{
	int none = -1;

	return put_set(tid, NT_ARM_SYSTEM_CALL, &none, sizeof(none));
}

bool
cpu_opens(pid_t tid, const struct cpu *c, uint64_t *path)
{
	(void)tid;
	*path = c->r.regs[1];
	return c->r.regs[8] == SYS_openat;
}

bool
cpu_swap_syscall(pid_t tid, struct cpu *c, long nr, const uint64_t arg[3])
{
	int number = (int)nr, i;

	for (i = 0; i < 3; i++)
		c->r.regs[i] = arg[i];
	return cpu_set(tid, c) &&
		put_set(tid, NT_ARM_SYSTEM_CALL, &number, sizeof(number));
}

bool
cpu_find_frame(const uint64_t *words, size_t n, uint64_t restorer,
	       uint64_t mask, size_t *i, uint64_t *pc)
{
	/*
	 * The restorer's address is in the handler's own record, at no known
	 * distance from the frame: only that there is a handler can be told.
	 */
	for (; mask != 0 && *i < n; (*i)++)
		if (cpu_code(words[*i]) == restorer) {
			*pc = 0;
			return true;
		}
	return false;
}

uint64_t
cpu_code(uint64_t word)
{
	/* Bit 55 tells user from kernel; a signature has the bits around. */
	return word & 1ull << 55 ? word : word & ADDRESS_BITS;
}

bool
cpu_is_call(const unsigned char *before, size_t len)
{
	uint32_t insn;

	if (len < sizeof(insn))
		return false;
	memcpy(&insn, before + len - sizeof(insn), sizeof(insn));
	return (insn & 0xfc000000u) == 0x94000000u ||	/* bl */
		(insn & 0xfffffc1fu) == 0xd63f0000u ||	/* blr */
		(insn & 0xfefff800u) == 0xd63f0800u;	/* blraa .. */
}

/* Control word: enabled, for user mode, all four bytes of an instruction. */
#define BREAK_CONTROL	(1u | 2u << 1 | 0xfu << 5)

static size_t
set_size(size_t n)
{
	return offsetof(struct user_hwdebug_state, dbg_regs) +
		n * sizeof(((struct user_hwdebug_state *)NULL)->dbg_regs[0]);
}

/* How many the machine has, up to what we use; 0: none, or no right to. */
static size_t
count_breaks(pid_t tid)
{
	struct user_hwdebug_state d;
	size_t len = sizeof(d), n;

	if (!get_set(tid, NT_ARM_HW_BREAK, &d, &len))
		return 0;
	n = d.dbg_info & 0xff;
	return n < CPU_BREAKS ? n : CPU_BREAKS;
}

/* The rest of `slots` is switched off. */
static bool
put_breaks(pid_t tid, const uint64_t *addr, size_t n, size_t slots)
{
	struct user_hwdebug_state d;
	size_t i;

	memset(&d, 0, sizeof(d));
	for (i = 0; i < n; i++) {
		d.dbg_regs[i].addr = addr[i];
		d.dbg_regs[i].ctrl = BREAK_CONTROL;
	}
	return put_set(tid, NT_ARM_HW_BREAK, &d, set_size(slots));
}

bool
cpu_break_set(pid_t tid, const uint64_t *addr, size_t n)
{
	size_t slots = count_breaks(tid);

	if (n > slots)
		n = slots;
	return n > 0 && put_breaks(tid, addr, n, n);
}

void
cpu_break_clear(pid_t tid)
{
	put_breaks(tid, NULL, 0, count_breaks(tid));
}

#endif
