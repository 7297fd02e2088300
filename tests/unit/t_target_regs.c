/* SPDX-License-Identifier: MIT */
/*
 * Frames and decoding, without another process.
 *
 * On aarch64, where tests run under an emulator that has no ptrace, a call is
 * made as in a thread whose tracer has died: the registers of cpu_call() are
 * loaded here, the function runs, returns into the restorer, and the kernel
 * (or the emulator, which mirrors it) takes the frame.  Then every register
 * and the signal mask must be what the frame was made of.  On x86-64 the same
 * is tested with a real tracer, in t_target_tracee.c.
 */
#include "config.h"
#include "t_target.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspector/target/landmarks.h"

static bool
is_call(const void *insns, size_t n)
{
	return cpu_is_call((const unsigned char *)insns, n);
}

#if defined(__x86_64__)

START_TEST(calls_are_told)
{
	ck_assert(is_call("\0\0\0\xe8\1\2\3\4", 8));	/* call rel32 */
	ck_assert(is_call("\0\0\xff\x15\1\2\3\4", 8));	/* call *x(%rip) */
	ck_assert(is_call("\0\0\0\0\0\0\xff\xd0", 8));	/* call *%rax */
	ck_assert(is_call("\0\0\0\0\0\xff\x53\x10", 8));	/* *16(%rbx) */
	ck_assert(!is_call("\0\0\0\0\0\0\0\0", 8));
	ck_assert(!is_call("\x90\x90\x90\xe9\1\2\3\4", 8));	/* jmp */
	ck_assert_uint_eq(cpu_code(0x7f0012345678), 0x7f0012345678);
}
END_TEST

#elif defined(__aarch64__)

#define MASK	0x0000000400000a02ull
#define FLAGS	0x60000000ull		/* Z and C */

static struct landed {
	uint64_t x[31], sp, flags;
	uint64_t v[64];
	uint64_t result;
	uint64_t go[34];		/* x0 .. x30, sp, pc */
} *landed;

static unsigned char stack[2][65536] __attribute__((aligned(16)));

/* Restores and jumps; x16 (a scratch register of calls) is lost. */
__asm__(".text\n.balign 4\n"
	".globl t_regs_go, t_regs_land, t_regs_restorer\n"
	"t_regs_go:\n"			/* (go) */
	"mov x16, x0\n"
	"ldr x17, [x16, #248]\n"
	"mov sp, x17\n"
	"ldp x0, x1, [x16]\n ldp x2, x3, [x16, #16]\n"
	"ldp x4, x5, [x16, #32]\n ldp x6, x7, [x16, #48]\n"
	"ldp x8, x9, [x16, #64]\n"
	"ldp x29, x30, [x16, #232]\n"
	"ldr x16, [x16, #256]\n"
	"br x16\n"
	/* Where the frame leads: x19 is `landed`. */
	"t_regs_land:\n"
	"stp x0, x1, [x19]\n stp x2, x3, [x19, #16]\n"
	"stp x4, x5, [x19, #32]\n stp x6, x7, [x19, #48]\n"
	"stp x8, x9, [x19, #64]\n stp x10, x11, [x19, #80]\n"
	"stp x12, x13, [x19, #96]\n stp x14, x15, [x19, #112]\n"
	"stp x16, x17, [x19, #128]\n stp x18, x19, [x19, #144]\n"
	"stp x20, x21, [x19, #160]\n stp x22, x23, [x19, #176]\n"
	"stp x24, x25, [x19, #192]\n stp x26, x27, [x19, #208]\n"
	"stp x28, x29, [x19, #224]\n str x30, [x19, #240]\n"
	"mov x0, sp\n str x0, [x19, #248]\n"
	"mrs x0, nzcv\n str x0, [x19, #256]\n"
	"add x0, x19, #264\n"
	"st1 {v0.2d-v3.2d}, [x0], #64\n st1 {v4.2d-v7.2d}, [x0], #64\n"
	"st1 {v8.2d-v11.2d}, [x0], #64\n st1 {v12.2d-v15.2d}, [x0], #64\n"
	"st1 {v16.2d-v19.2d}, [x0], #64\n st1 {v20.2d-v23.2d}, [x0], #64\n"
	"st1 {v24.2d-v27.2d}, [x0], #64\n st1 {v28.2d-v31.2d}, [x0], #64\n"
	"mov x0, x19\n"
	"b t_regs_landed\n"
	"t_regs_restorer:\n"
	"mov x8, #139\n"
	"svc #0\n"
	"udf #0\n");
extern void t_regs_go(const uint64_t *go);
extern const char t_regs_land[], t_regs_restorer[];
void t_regs_landed(struct landed *l);
long t_regs_callee(long a, long b, long c, long d, long e, long f);

long
t_regs_callee(long a, long b, long c, long d, long e, long f)
{
	landed->result = (uint64_t)(a + 10 * b + 100 * c + 1000 * d +
				    10000 * e + 100000 * f);
	return 42;
}

void
t_regs_landed(struct landed *l)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, 0, NULL, &mask, 8);
	_exit(mask == MASK && l == landed ? 0 : 1);
}

static void
fill(struct cpu *c, struct cpu_ext *x)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	memset(x, 0, sizeof(*x));
	for (i = 0; i < 31; i++)
		c->r.regs[i] = 0x1111000000000000ull + i;
	c->r.regs[19] = (uint64_t)(uintptr_t)landed;
	c->r.sp = (uint64_t)(uintptr_t)(stack[0] + sizeof(stack[0]));
	c->r.pc = (uint64_t)(uintptr_t)t_regs_land;
	c->r.pstate = FLAGS;
	x->fp_len = 528;
	for (i = 0; i < 512; i++)
		x->fp[i] = (unsigned char)(i * 7 + 1);
}

static void
leap(const struct cpu *c)
{
	size_t i;

	for (i = 0; i < 31; i++)
		landed->go[i] = c->r.regs[i];
	landed->go[31] = c->r.sp;
	landed->go[32] = c->r.pc;
	t_regs_go(landed->go);
}

static void
check_landed(const struct cpu *c, const struct cpu_ext *x)
{
	size_t i;

	for (i = 0; i < 31; i++)
		ck_assert_msg(landed->x[i] == c->r.regs[i], "x%zu", i);
	ck_assert_uint_eq(landed->sp, c->r.sp);
	ck_assert_uint_eq(landed->flags, FLAGS);
	ck_assert_mem_eq(landed->v, x->fp, sizeof(landed->v));
	ck_assert_uint_eq(landed->result, 654321);
}

START_TEST(a_call_comes_back_by_its_frame)
{
	static struct cpu_frame f;
	static struct cpu_ext x;
	const uint64_t arg[6] = { 1, 2, 3, 4, 5, 6 };
	struct cpu_way w = { .restorer = 0 };
	struct cpu c, call;
	int status;
	pid_t pid;

	landed = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(landed, MAP_FAILED);
	cpu_way_scan(&w, (const unsigned char *)t_regs_land, 1024,
		     (uint64_t)(uintptr_t)t_regs_land);
	ck_assert(cpu_way_complete(&w));
	ck_assert_uint_eq(w.restorer, (uint64_t)(uintptr_t)t_regs_restorer);
	fill(&c, &x);
	cpu_frame(&c, &x, MASK, (uint64_t)(uintptr_t)(stack[1] +
				sizeof(stack[1])), &w, &f);
	ck_assert_uint_eq(f.at % 16, 0);
	ck_assert_uint_le(f.at + f.len, (uint64_t)(uintptr_t)(stack[1] +
				sizeof(stack[1])));
	memcpy((void *)(uintptr_t)f.at, f.data, f.len);
	call = c;
	cpu_call(&call, &f, &w, (uint64_t)(uintptr_t)t_regs_callee, arg, 6);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		leap(&call);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	check_landed(&c, &x);
}
END_TEST

START_TEST(calls_are_told)
{
	const uint32_t bl = 0x94000001, blr = 0xd63f0260, b = 0x14000001,
		blraa = 0xd73f0a93, blraaz = 0xd63f0a7f, ret = 0xd65f03c0;

	ck_assert(is_call(&bl, 4));
	ck_assert(is_call(&blr, 4));
	ck_assert(is_call(&blraa, 4));
	ck_assert(is_call(&blraaz, 4));
	ck_assert(!is_call(&b, 4));
	ck_assert(!is_call(&ret, 4));
	ck_assert_uint_eq(cpu_code(0x0034aaaa12345678), 0xaaaa12345678);
	ck_assert_uint_eq(cpu_code(0xffffaaaa12345678), 0xffffaaaa12345678);
}
END_TEST

START_TEST(system_calls_are_told)
{
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	struct cpu c = { .r = { .pc = 0 } };
	uint64_t arg[6], at, svc = (uint64_t)(uintptr_t)t_regs_restorer + 4;

	ck_assert_int_ge(mem, 0);
	c.r.regs[8] = SYS_clock_nanosleep;
	c.r.regs[1] = 0;
	c.r.pc = svc;				/* wound back */
	ck_assert_int_eq(cpu_syscall(&c, mem, arg, &at), SYS_clock_nanosleep);
	ck_assert_uint_eq(at, svc);
	cpu_restartable(&c, mem);
	ck_assert_uint_eq(c.r.regs[8], SYS_restart_syscall);
	c.r.regs[8] = SYS_epoll_pwait;
	c.r.pc = svc + 4;			/* ended */
	c.r.regs[0] = (uint64_t)-4;
	ck_assert_int_eq(cpu_syscall(&c, mem, arg, &at), SYS_epoll_pwait);
	ck_assert_uint_eq(at, svc);
	cpu_restartable(&c, mem);
	ck_assert_uint_eq(c.r.regs[8], SYS_epoll_pwait);
	c.r.regs[0] = 0;
	ck_assert_int_eq(cpu_syscall(&c, mem, arg, &at), -1);
	close(mem);
}
END_TEST

#endif

START_TEST(handlers_are_told)
{
	uint64_t words[600] = { 0 }, pc = 1;
	size_t i = 0;

	ck_assert(!cpu_find_frame(words, 600, 0x4000, 1, &i, &pc));
#if defined(__aarch64__)
	words[77] = 0x0034000000004000;		/* signed */
	i = 0;
	ck_assert(cpu_find_frame(words, 600, 0x4000, 1, &i, &pc));
	ck_assert_uint_eq(i, 77);
	i = 0;
	ck_assert(!cpu_find_frame(words, 600, 0x4000, 0, &i, &pc));
#endif
}
END_TEST

TCase *
t_target_regs(void)
{
	TCase *t = tcase_create("regs");

#if defined(__aarch64__)
	tcase_add_test(t, a_call_comes_back_by_its_frame);
	tcase_add_test(t, system_calls_are_told);
#endif
	tcase_add_test(t, calls_are_told);
	tcase_add_test(t, handlers_are_told);
	return t;
}
