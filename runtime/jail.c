/* SPDX-License-Identifier: MIT */
/*
 * jail.c - a copy of the program that may compute and nothing else.
 *
 * What runs here is code of the program's, a repr say, and whatever that does
 * must end with the copy.  It has no descriptor and gets none; memory that
 * others share is read-only, and mprotect() is among what is refused; it can
 * start nothing, signal nobody and wait for nothing but time and itself.  A
 * refused call fails with EPERM, which the program's code meets as an
 * exception.  Nothing of it can be taken back: no_new_privs and the filter
 * hold until the copy ends.
 */
#include "config.h"

#include "runtime/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "runtime/redirect.h"
#include "runtime/sys.h"

#if defined(__x86_64__)
#define ARCH	AUDIT_ARCH_X86_64
#else
#define ARCH	AUDIT_ARCH_AARCH64
#endif
#ifndef SYS_close_range
#define SYS_close_range	436
#endif

enum {
	SIGNALS = 64,
	DESCRIPTORS = 65536,	/* closed one by one on kernels before 5.9 */
	CPU_SECONDS = 1,
};

#define MAPS_MAX	((size_t)64 << 20)	/* bytes of /proc/self/maps */

/* What cannot be noticed outside. */
static const unsigned allowed[] = {
	SYS_mmap, SYS_munmap, SYS_brk, SYS_futex, SYS_rt_sigreturn,
	SYS_rt_sigprocmask, SYS_sigaltstack, SYS_clock_gettime,
	SYS_clock_getres, SYS_gettimeofday, SYS_nanosleep,
	SYS_clock_nanosleep, SYS_restart_syscall, SYS_sched_yield,
	SYS_sched_getaffinity, SYS_getpid, SYS_getppid, SYS_gettid,
	SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getcwd,
	SYS_uname, SYS_getrandom, SYS_getrusage, SYS_times, SYS_exit,
	SYS_exit_group, SYS_pselect6, SYS_ppoll,
#ifdef SYS_select		/* the old ones of x86-64 */
	SYS_time, SYS_select, SYS_poll,
#endif
};

static long
call(long n, long a, long b, long c)
{
	return ota_syscall(n, a, b, c, 0, 0, 0);
}

static bool
fail(char *why, size_t cap, const char *what, long rc)
{
	size_t n = ota_cat(why, cap, 0, what);

	if (rc < 0) {
		n = ota_cat(why, cap, n, " (errno ");
		n = ota_cat_u64(why, cap, n, (uint64_t)-rc);
		ota_cat(why, cap, n, ")");
	}
	return false;
}

static void
close_all(void)
{
	long i;

	if (call(SYS_close_range, 0, INT32_MAX, 0) == 0)
		return;
	for (i = 0; i < DESCRIPTORS; i++)
		ota_close((int)i);
}

/* struct sigaction as the kernel has it, all zero: SIG_DFL. */
static void
default_signals(void)
{
	const char zero[64] = "";
	long i;

	for (i = 1; i <= SIGNALS; i++)
		ota_syscall(SYS_rt_sigaction, i, (long)zero, 0, 8, 0, 0);
}

/* ---- memory ---- */

static const char *
hex(const char *p, const char *end, uintptr_t *v)
{
	for (*v = 0; p < end; p++) {
		if (*p >= '0' && *p <= '9')
			*v = *v << 4 | (uintptr_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			*v = *v << 4 | (uintptr_t)(*p - 'a' + 10);
		else
			break;
	}
	return p;
}

/* Reads all of it, and adds up what is mapped; the length or -errno. */
static long
read_maps(char *text)
{
	long fd = ota_open("/proc/self/maps", O_RDONLY), n = 0;
	size_t len = 0;

	if (fd < 0)
		return fd;
	while (len < MAPS_MAX) {
		n = ota_read((int)fd, text + len, MAPS_MAX - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	ota_close((int)fd);
	return n < 0 ? n : len < MAPS_MAX ? (long)len : -E2BIG;
}

/* "55d0c0-55d0c9 rw-s ...": one line of it. */
static long
lock_line(const char *p, const char *end, uintptr_t keep, uint64_t *mapped)
{
	uintptr_t from, to;

	p = hex(p, end, &from);
	if (p == end || *p++ != '-')
		return -EINVAL;
	p = hex(p, end, &to);
	if (end - p < 5 || *p++ != ' ' || to < from)
		return -EINVAL;
	*mapped += to - from;
	if (p[3] != 's' || p[1] != 'w' || (keep >= from && keep < to))
		return 0;
	return call(SYS_mprotect, (long)from, (long)(to - from),
		    (p[0] == 'r' ? PROT_READ : 0) |
		    (p[2] == 'x' ? PROT_EXEC : 0));
}

static long
lock_shared(uintptr_t keep, uint64_t *mapped)
{
	char *text = ota_map(MAPS_MAX);
	long len, rc = 0, i, from = 0;

	if (!text)
		return -ENOMEM;
	len = read_maps(text);
	for (i = 0; i < len && rc == 0; i++) {
		if (text[i] != '\n')
			continue;
		rc = lock_line(text + from, text + i, keep, mapped);
		from = i + 1;
	}
	ota_unmap(text, MAPS_MAX);
	return len < 0 ? len : rc;
}

/* ---- limits ---- */

static void
limit(int what, uint64_t most)
{
	struct rlimit64 l = { most, most };

	ota_syscall(SYS_prlimit64, 0, what, (long)&l, 0, 0, 0);
}

static long
filter_calls(void)
{
	enum { N = OT_ARRAY_LEN(allowed) };
	struct sock_filter f[N + 6];
	const struct sock_fprog prog = { N + 6, f };
	const uint16_t load = BPF_LD | BPF_W | BPF_ABS;
	const uint16_t equal = BPF_JMP | BPF_JEQ | BPF_K;
	const uint16_t ret = BPF_RET | BPF_K;
	long rc;
	size_t i;

	f[0] = (struct sock_filter){
		load, 0, 0, offsetof(struct seccomp_data, arch) };
	f[1] = (struct sock_filter){ equal, 1, 0, ARCH };
	f[2] = (struct sock_filter){ ret, 0, 0, SECCOMP_RET_KILL };
	f[3] = (struct sock_filter){
		load, 0, 0, offsetof(struct seccomp_data, nr) };
	for (i = 0; i < N; i++)
		f[4 + i] = (struct sock_filter){
			equal, (uint8_t)(N - i), 0, allowed[i] };
	f[4 + N] = (struct sock_filter){
		ret, 0, 0, SECCOMP_RET_ERRNO | EPERM };
	f[5 + N] = (struct sock_filter){ ret, 0, 0, SECCOMP_RET_ALLOW };
	rc = ota_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
	if (rc < 0)
		return rc;
	return ota_syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
			   (long)&prog, 0, 0, 0);
}

bool
ota_jail(const void *keep, size_t keep_len, size_t room, char *why, size_t cap)
{
	uint64_t mapped = 0;
	void *memory;
	long rc;

	close_all();
	default_signals();
	rc = lock_shared((uintptr_t)keep, &mapped);
	if (rc < 0)
		return fail(why, cap, "what memory it shares with others is "
			    "not known there", rc);
	memory = ota_map(room);
	if (!memory)
		return fail(why, cap, "there is no memory for it", 0);
	ota_redirect(memory, room);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CPU, CPU_SECONDS);
	limit(RLIMIT_AS, mapped + keep_len + 2 * (uint64_t)room);
	rc = filter_calls();
	if (rc < 0)
		return fail(why, cap, "the kernel has no filter of system "
			    "calls for it", rc);
	return true;
}
