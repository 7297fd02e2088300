/* SPDX-License-Identifier: MIT */
/*
 * x86-64.  A system call that a stop interrupted shows as orig_rax >= 0 with
 * one of the kernel's restart codes in rax; put back as they were, from a
 * stop on the kernel's signal path, it is restarted by the kernel as if
 * nothing had been.  In a frame that cannot be said, so there it is wound
 * back by hand.
 */
#include "config.h"
#include "inspector/target/regs.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "inspector/target/proc.h"

#define USER_CS		0x33u
#define FLAG_TRAP	0x100u
#define FLAG_DIRECTION	0x400u
#define RED_ZONE	128u
#define FX_SIZE		512u	/* legacy area of an xsave image */
#define FX_SW		464u	/* words for software in it */
#define FX_MAGIC1	0x46505853u
#define FX_MAGIC2	0x46505845u
#define XF_AMX		(3ull << 17)

/* Restart codes of the kernel, never seen by programs. */
enum { RESTARTSYS = 512, RESTARTNOINTR, RESTARTNOHAND, RESTART_BLOCK = 516 };

/* struct rt_sigframe of the kernel, arch/x86/include/asm/sigframe.h */
struct sigframe {
	uint64_t restorer;
	uint64_t uc_flags, uc_link;
	uint64_t ss_sp;
	int32_t ss_flags, pad;
	uint64_t ss_size;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
	uint64_t sigmask;
	unsigned char info[128];
};

#define FRAME_WORD(field) (offsetof(struct sigframe, field) / 8)

enum { UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4 };

static const unsigned char restorer_bytes[] = {
	0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0,	/* mov $15, %rax */
	0x0f, 0x05,				/* syscall */
};

/*
 * A function's end that stores rax through a register that calls preserve:
 * "mov %rax, disp(%rbx)", perhaps "xor %eax, %eax" and "add $n, %rsp", pops,
 * "ret".  glibc and ld.so have dozens.
 */
static bool
keeper_at(const unsigned char *p, const unsigned char *end, struct cpu_way *w)
{
	const unsigned char *s = p;
	unsigned slots = 0;

	if (end - s < 5 || s[0] != 0x48 || s[1] != 0x89)
		return false;
	if (s[2] != 0x03 && s[2] != 0x43 && s[2] != 0x45)
		return false;
	w->keeper_rbp = s[2] == 0x45;
	w->keeper_disp = s[2] == 0x03 ? 0 : (signed char)s[3];
	s += s[2] == 0x03 ? 3 : 4;
	if (end - s > 2 && s[0] == 0x31 && s[1] == 0xc0)
		s += 2;
	if (end - s > 4 && s[0] == 0x48 && s[1] == 0x83 && s[2] == 0xc4 &&
	    s[3] % 8 == 0 && s[3] <= 0x40) {
		slots = s[3] / 8;
		s += 4;
	}
	while (end - s > 1 && s[0] != 0xc3) {
		if (s[0] == 0x41)
			s++;
		if (end - s < 2 || s[0] < 0x58 || s[0] > 0x5f ||
		    (s[0] == 0x5c && s[-1] != 0x41))	/* pop %rsp */
			return false;
		s++;
		slots++;
	}
	w->keeper_slots = slots;
	return s < end && s[0] == 0xc3;
}

void
cpu_way_scan(struct cpu_way *w, const unsigned char *text, size_t n,
	     uint64_t addr)
{
	const unsigned char *p = text, *end = text + n, *hit;

	if (w->restorer == 0) {
		hit = memmem(text, n, restorer_bytes, sizeof(restorer_bytes));
		if (hit != NULL)
			w->restorer = addr + (uint64_t)(hit - text);
	}
	while (w->keeper == 0 && p < end &&
	       (p = memchr(p, 0x48, (size_t)(end - p))) != NULL) {
		if (keeper_at(p, end, w))
			w->keeper = addr + (uint64_t)(p - text);
		p++;
	}
}

bool
cpu_way_complete(const struct cpu_way *w)
{
	return w->restorer != 0 && w->keeper != 0;
}

bool
cpu_get(pid_t tid, struct cpu *c)
{
	struct iovec iv = { &c->r, sizeof(c->r) };

	return ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &iv) == 0;
}

bool
cpu_set(pid_t tid, const struct cpu *c)
{
	struct cpu copy = *c;
	struct iovec iv = { &copy.r, sizeof(copy.r) };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &iv) == 0;
}

bool
cpu_ext_get(pid_t tid, struct cpu_ext *x)
{
	struct iovec iv = { x->data, sizeof(x->data) };

	x->type = NT_X86_XSTATE;
	x->fp_len = 0;
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_X86_XSTATE, &iv) != 0)
		return false;
	x->len = iv.iov_len;
	return x->len > FX_SIZE;
}

bool
cpu_ext_set(pid_t tid, const struct cpu_ext *x)
{
	struct iovec iv = { (void *)(uintptr_t)x->data, x->len };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_X86_XSTATE, &iv) == 0;
}

uint64_t
cpu_pc(const struct cpu *c)
{
	return c->r.rip;
}

uint64_t
cpu_sp(const struct cpu *c)
{
	return c->r.rsp;
}

bool
cpu_usable(pid_t tid, const struct cpu *c, int mem)
{
	uint64_t self;

	(void)tid;
	/* The thread's control block has its own address at 16. */
	return (c->r.cs & 0xffff) == USER_CS && c->r.fs_base != 0 &&
		proc_mem_read(&mem, c->r.fs_base + 16, &self, 8) &&
		self == c->r.fs_base;
}

long
cpu_syscall(const struct cpu *c, int mem, uint64_t arg[6], uint64_t *at)
{
	unsigned char insn[2];

	if ((int64_t)c->r.orig_rax < 0)
		return -1;
	arg[0] = c->r.rdi;
	arg[1] = c->r.rsi;
	arg[2] = c->r.rdx;
	arg[3] = c->r.r10;
	arg[4] = c->r.r8;
	arg[5] = c->r.r9;
	*at = c->r.rip - 2;
	if (!proc_mem_read(&mem, *at, insn, 2) || insn[0] != 0x0f ||
	    insn[1] != 0x05)
		*at = 0;
	return (long)c->r.orig_rax;
}

/*
 * How much of the xsave image a frame takes.  The kernel believes a frame
 * only up to the size it would have written itself, which leaves out the
 * tiles of AMX where the program has not asked for them.
 */
static size_t
ext_size(const struct cpu_ext *x, uint64_t *features)
{
	unsigned a, b, c, d, i;
	size_t size = FX_SIZE + 64;

	memcpy(features, x->data + FX_SW, sizeof(*features));
	*features &= ~XF_AMX;
	for (i = 2; i < 63; i++) {
		if (!(*features >> i & 1))
			continue;
		if (!__get_cpuid_count(0xd, i, &a, &b, &c, &d))
			break;
		if (b + (size_t)a > size)
			size = b + (size_t)a;
	}
	return size <= x->len ? size : x->len;
}

static void
put_ext(const struct cpu_ext *x, unsigned char *dst, size_t size,
	uint64_t features)
{
	uint32_t sw[12] = { FX_MAGIC1, (uint32_t)size + 4 };
	uint32_t magic2 = FX_MAGIC2;
	uint64_t bv;

	memcpy(dst, x->data, size);
	memcpy(&sw[2], &features, sizeof(features));
	sw[4] = (uint32_t)size;
	memcpy(dst + FX_SW, sw, sizeof(sw));
	memcpy(&bv, dst + FX_SIZE, sizeof(bv));
	bv &= features;
	memcpy(dst + FX_SIZE, &bv, sizeof(bv));
	memcpy(dst + size, &magic2, sizeof(magic2));
}

static void
put_regs(const struct cpu *c, struct sigframe *f)
{
	const struct user_regs_struct *r = &c->r;

	f->r8 = r->r8;
	f->r9 = r->r9;
	f->r10 = r->r10;
	f->r11 = r->r11;
	f->r12 = r->r12;
	f->r13 = r->r13;
	f->r14 = r->r14;
	f->r15 = r->r15;
	f->di = r->rdi;
	f->si = r->rsi;
	f->bp = r->rbp;
	f->bx = r->rbx;
	f->dx = r->rdx;
	f->ax = r->rax;
	f->cx = r->rcx;
	f->sp = r->rsp;
	f->ip = r->rip;
	f->flags = r->eflags;
	f->cs = (uint16_t)r->cs;
	f->ss = (uint16_t)r->ss;
	if ((int64_t)r->orig_rax < 0)
		return;
	switch (-(int64_t)r->rax) {
	case RESTARTSYS:
	case RESTARTNOINTR:
	case RESTARTNOHAND:
	case RESTART_BLOCK:
		/* A relative wait begins anew: late, but never early. */
		f->ax = r->orig_rax;
		f->ip = r->rip - 2;
		break;
	}
}

void
cpu_frame(const struct cpu *c, const struct cpu_ext *x, uint64_t mask,
	  uint64_t top, const struct cpu_way *w, struct cpu_frame *out)
{
	struct sigframe f;
	uint64_t features, fp, at;
	size_t size = ext_size(x, &features), head;

	memset(&f, 0, sizeof(f));
	fp = (top - RED_ZONE - size - 4) & ~63ull;
	/* Return address, what the keeper pops, then the frame. */
	head = 8 * (1 + (size_t)w->keeper_slots);
	out->sp = ((fp - sizeof(f) - head) & ~15ull) - 8;
	out->at = out->sp;
	at = out->sp + head;
	out->end = at + 8;
	out->result = at + offsetof(struct sigframe, info);
	out->stale = at;	/* the restorer's address */
	out->stale_len = 8;
	out->len = (size_t)(fp - out->at) + size + 4;
	memset(out->data, 0, out->len);
	memcpy(out->data, &w->keeper, sizeof(w->keeper));
	put_regs(c, &f);
	f.restorer = w->restorer;
	f.uc_flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	/* No valid value: the kernel then leaves the alternate stack alone. */
	f.ss_flags = 0x7fffff;
	f.fpstate = fp;
	f.oldmask = mask;
	f.sigmask = mask;
	memcpy(out->data + head, &f, sizeof(f));
	put_ext(x, out->data + (fp - out->at), size, features);
}

void
cpu_call(struct cpu *c, const struct cpu_frame *f, const struct cpu_way *w,
	 uint64_t fn, const uint64_t *arg, size_t nargs)
{
	uint64_t a[6] = { 0 }, keep;

	keep = f->result - (uint64_t)(int64_t)w->keeper_disp;
	if (w->keeper_rbp)
		c->r.rbp = keep;
	else
		c->r.rbx = keep;
	if (nargs > 0)
		memcpy(a, arg, (nargs < 6 ? nargs : 6) * sizeof(a[0]));
	c->r.rdi = a[0];
	c->r.rsi = a[1];
	c->r.rdx = a[2];
	c->r.rcx = a[3];
	c->r.r8 = a[4];
	c->r.r9 = a[5];
	c->r.rax = 0;
	c->r.orig_rax = (uint64_t)-1;
	c->r.rip = fn;
	c->r.rsp = f->sp;
	c->r.eflags &= ~(unsigned long long)(FLAG_DIRECTION | FLAG_TRAP);
}

bool
cpu_at_return(const struct cpu *c, const struct cpu_frame *f,
	      const struct cpu_way *w)
{
	return c->r.orig_rax == SYS_rt_sigreturn && c->r.rsp == f->end &&
		c->r.rip == w->restorer + sizeof(restorer_bytes);
}

bool
cpu_result(const struct cpu *c, const struct cpu_frame *f, int mem,
	   uint64_t *result)
{
	(void)c;		/* rax holds the number of rt_sigreturn now */
	return proc_mem_read(&mem, f->result, result, sizeof(*result));
}

void
cpu_again(struct cpu *c, const struct cpu_frame *f, const struct cpu_way *w)
{
	c->r.rip = w->restorer;
	c->r.rsp = f->end;
	c->r.orig_rax = (uint64_t)-1;
}

bool
cpu_skip_syscall(pid_t tid)
{
	(void)tid;		/* orig_rax of -1 says so */
	return true;
}

bool
cpu_opens(pid_t tid, const struct cpu *c, uint64_t *path)
{
	(void)tid;
	*path = c->r.orig_rax == SYS_open ? c->r.rdi : c->r.rsi;
	return c->r.orig_rax == SYS_open || c->r.orig_rax == SYS_openat;
}

bool
cpu_swap_syscall(pid_t tid, struct cpu *c, long nr, const uint64_t arg[3])
{
	c->r.orig_rax = (uint64_t)nr;
	c->r.rdi = arg[0];
	c->r.rsi = arg[1];
	c->r.rdx = arg[2];
	return cpu_set(tid, c);
}

void
cpu_restartable(struct cpu *c, int mem)
{
	(void)c;		/* the kernel sees to it */
	(void)mem;
}

bool
cpu_find_frame(const uint64_t *words, size_t n, uint64_t restorer,
	       uint64_t mask, size_t *i, uint64_t *pc)
{
	const size_t need = FRAME_WORD(sigmask) + 1;

	for (; *i + need <= n; (*i)++) {
		const uint64_t *w = words + *i;

		if (w[0] != restorer ||
		    (w[FRAME_WORD(cs)] & 0xffff) != USER_CS)
			continue;
		/*
		 * What a handler left behind looks the same, but while one
		 * runs its signal is blocked that was not before.
		 */
		if ((mask & ~w[FRAME_WORD(sigmask)]) == 0)
			continue;
		*pc = w[FRAME_WORD(ip)];
		return true;
	}
	return false;
}

uint64_t
cpu_code(uint64_t word)
{
	return word;
}

bool
cpu_is_call(const unsigned char *before, size_t len)
{
	const unsigned char *e = before + len;

	if (len >= 5 && e[-5] == 0xe8)
		return true;
	if (len >= 6 && e[-6] == 0xff && (e[-5] & 0x38) == 0x10)
		return true;
	if (len >= 3 && e[-3] == 0xff && (e[-2] & 0x38) == 0x10)
		return true;
	return len >= 2 && e[-2] == 0xff && (e[-1] & 0x38) == 0x10;
}

static bool
set_debug(pid_t tid, size_t i, uint64_t v)
{
	size_t off = offsetof(struct user, u_debugreg) + i * 8;

	return ptrace(PTRACE_POKEUSER, tid, (void *)off, (void *)v) == 0;
}

bool
cpu_break_set(pid_t tid, const uint64_t *addr, size_t n)
{
	uint64_t control = 0;
	size_t i;

	for (i = 0; i < n && i < CPU_BREAKS; i++) {
		if (!set_debug(tid, i, addr[i]))
			return false;
		control |= 1ull << (2 * i);
	}
	return set_debug(tid, 7, control);
}

void
cpu_break_clear(pid_t tid)
{
	size_t i;

	set_debug(tid, 7, 0);
	for (i = 0; i < CPU_BREAKS; i++)
		set_debug(tid, i, 0);
	set_debug(tid, 6, 0);
}

#endif
