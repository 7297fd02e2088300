/* SPDX-License-Identifier: MIT */
/*
 * What a seccomp filter would do to us.
 *
 * Most filters answer a system call that they do not know with an error, and
 * then attaching fails in good order.  Some end the program, and then
 * attaching would be the end of it.  Who has CAP_SYS_ADMIN can read a traced
 * thread's filters, which are programs of classic BPF: they are run here for
 * each system call that entering needs.  A jump only leads forward, so every
 * program ends.
 */
#include "config.h"
#include "inspector/target/filter_bpf.h"

#include <elf.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "base/compiler.h"

#define MAX_FILTERS	64u
#define NO_VERDICT	SECCOMP_RET_ALLOW

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

/* What entering needs and what the agent cannot do without. */
static const struct {
	int nr;
	const char *name;
} needed[] = {
	{ SYS_mmap, "mmap" }, { SYS_munmap, "munmap" },
	{ SYS_mprotect, "mprotect" }, { SYS_close, "close" },
	{ SYS_openat, "openat" }, { SYS_read, "read" },
	{ SYS_fstat, "fstat" }, { SYS_rt_sigreturn, "rt_sigreturn" },
	{ SYS_rt_sigprocmask, "rt_sigprocmask" },
	{ SYS_socketpair, "socketpair" },
	{ SYS_memfd_create, "memfd_create" }, { SYS_clone, "clone" },
	{ SYS_prctl, "prctl" }, { SYS_ppoll, "ppoll" },
	{ SYS_sendto, "sendto" }, { SYS_recvfrom, "recvfrom" },
	{ SYS_wait4, "wait4" }, { SYS_kill, "kill" }, { SYS_exit, "exit" },
	{ SYS_exit_group, "exit_group" }, { SYS_getpid, "getpid" },
	{ SYS_getppid, "getppid" }, { SYS_madvise, "madvise" },
	{ SYS_mremap, "mremap" }, { SYS_nanosleep, "nanosleep" },
	{ SYS_prlimit64, "prlimit64" }, { SYS_sched_yield, "sched_yield" },
};

struct bpf {
	const struct seccomp_data *data;
	uint32_t a, x, mem[BPF_MEMWORDS];
};

static bool
alu(struct bpf *m, uint16_t code, uint32_t k)
{
	uint32_t v = BPF_SRC(code) == BPF_X ? m->x : k;

	switch (BPF_OP(code)) {
	case BPF_ADD:
		m->a += v;
		break;
	case BPF_SUB:
		m->a -= v;
		break;
	case BPF_MUL:
		m->a *= v;
		break;
	case BPF_DIV:
		if (v == 0)
			return false;
		m->a /= v;
		break;
	case BPF_AND:
		m->a &= v;
		break;
	case BPF_OR:
		m->a |= v;
		break;
	case BPF_XOR:
		m->a ^= v;
		break;
	case BPF_LSH:
		m->a = v < 32 ? m->a << v : 0;
		break;
	case BPF_RSH:
		m->a = v < 32 ? m->a >> v : 0;
		break;
	case BPF_NEG:
		m->a = 0 - m->a;
		break;
	default:
		return false;
	}
	return true;
}

static bool
load(struct bpf *m, uint16_t code, uint32_t k)
{
	uint32_t v;

	switch (BPF_MODE(code)) {
	case BPF_ABS:
		if (k > sizeof(*m->data) - 4 || k % 4 != 0)
			return false;
		memcpy(&v, (const char *)m->data + k, sizeof(v));
		break;
	case BPF_IMM:
		v = k;
		break;
	case BPF_LEN:
		v = sizeof(*m->data);
		break;
	case BPF_MEM:
		if (k >= BPF_MEMWORDS)
			return false;
		v = m->mem[k];
		break;
	default:
		return false;
	}
	if (BPF_CLASS(code) == BPF_LD)
		m->a = v;
	else
		m->x = v;
	return true;
}

static bool
taken(const struct bpf *m, uint16_t code, uint32_t k)
{
	uint32_t v = BPF_SRC(code) == BPF_X ? m->x : k;

	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return m->a == v;
	case BPF_JGT:
		return m->a > v;
	case BPF_JGE:
		return m->a >= v;
	default:
		return (m->a & v) != 0;
	}
}

uint32_t
filter_bpf_run(const struct sock_filter *f, size_t n,
	       const struct seccomp_data *data)
{
	struct bpf m = { .data = data };
	size_t pc = 0;

	while (pc < n) {
		const struct sock_filter *i = &f[pc++];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
		case BPF_LDX:
			if (!load(&m, i->code, i->k))
				return NO_VERDICT;
			break;
		case BPF_ST:
		case BPF_STX:
			if (i->k >= BPF_MEMWORDS)
				return NO_VERDICT;
			m.mem[i->k] = BPF_CLASS(i->code) == BPF_ST ? m.a : m.x;
			break;
		case BPF_ALU:
			if (!alu(&m, i->code, i->k))
				return NO_VERDICT;
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				pc += i->k;
			else
				pc += taken(&m, i->code, i->k) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
			break;
		}
	}
	return NO_VERDICT;
}

static bool
is_deadly(uint32_t verdict)
{
	switch (verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return true;
	}
	return false;
}

const char *
filter_bpf_deadly(const struct sock_filter *f, size_t n)
{
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(needed); i++) {
		struct seccomp_data data = { .nr = needed[i].nr,
					     .arch = OUR_ARCH };

		if (is_deadly(filter_bpf_run(f, n, &data)))
			return needed[i].name;
	}
	return NULL;
}

const char *
filter_bpf_of(pid_t tid)
{
	const char *deadly = NULL;
	uintptr_t index;

	for (index = 0; index < MAX_FILTERS && deadly == NULL; index++) {
		struct sock_filter *f;
		long n, got;

		n = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, (void *)index,
			   NULL);
		if (n <= 0)
			break;
		f = calloc((size_t)n, sizeof(*f));
		if (f == NULL)
			break;
		got = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, (void *)index, f);
		if (got == n)
			deadly = filter_bpf_deadly(f, (size_t)n);
		free(f);
	}
	return deadly;
}
