/* SPDX-License-Identifier: MIT */
/*
 * Seccomp filters are programs of classic BPF of a few dozen instructions:
 * loads from struct seccomp_data, arithmetic, jumps that only lead forward.
 * So every program ends, and running one takes a microsecond.
 */
#include "config.h"
#include "inspector/target/filter_bpf.h"

#include <stdbool.h>
#include <string.h>

/* What the kernel would not have let in; never the reason to go ahead. */
#define NO_VERDICT	SECCOMP_RET_KILL_PROCESS

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
