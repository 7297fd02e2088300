/* SPDX-License-Identifier: MIT */
/*
 * sys.c - the kernel, without libc, on x86-64 and aarch64.
 *
 * Only headers of the system are used, for numbers and structures.  Time is
 * asked by a real system call (some 100 ns instead of 20): the vDSO would have
 * to be found first.
 */
#include "config.h"

#include "runtime/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#if defined(__x86_64__)
long
ota_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	long r;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}
#elif defined(__aarch64__)
long
ota_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "objtop runs on x86-64 and aarch64"
#endif

#define POPULATE_WRITE	23	/* MADV_POPULATE_WRITE, Linux 5.14 */
#define SYS3(n, a, b, c) \
	ota_syscall((n), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS6(n, a, b, c, d, e, f) \
	ota_syscall((n), (long)(a), (long)(b), (long)(c), (long)(d), \
		    (long)(e), (long)(f))

/* ---- memory ---- */

static void *
map(void *at, size_t bytes, int prot, int flags)
{
	long r = SYS6(SYS_mmap, at, bytes, prot, flags, -1, 0);

	return r < 0 && r > -4096 ? NULL : (void *)r;
}

void *
ota_map(size_t bytes)
{
	return map(NULL, bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
}

void *
ota_map_shared(size_t bytes)
{
	return map(NULL, bytes, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);
}

void
ota_unmap(void *p, size_t bytes)
{
	if (p)
		SYS3(SYS_munmap, p, bytes, 0);
}

void
ota_discard(void *p, size_t bytes)
{
	SYS3(SYS_madvise, p, bytes, MADV_REMOVE);
}

void
ota_populate(void *p, size_t bytes)
{
	SYS3(SYS_madvise, p, bytes, POPULATE_WRITE);
}

/* mremap of nothing out of a shared mapping makes a second view of it. */
void *
ota_map_ring(size_t bytes)
{
	char *p = map(NULL, 2 * bytes, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	long r;

	if (!p)
		return NULL;
	if (!map(p, bytes, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED |
		 MAP_ANONYMOUS | MAP_NORESERVE)) {
		ota_unmap(p, 2 * bytes);
		return NULL;
	}
	r = SYS6(SYS_mremap, p, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		 p + bytes, 0);
	if (r != (long)(p + bytes)) {
		ota_unmap(p, 2 * bytes);
		return NULL;
	}
	return p;
}

/* ---- time ---- */

static uint64_t
clock_ns(int which)
{
	struct timespec t = { 0, 0 };

	SYS3(SYS_clock_gettime, which, &t, 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t
ota_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t
ota_unix_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

void
ota_sleep_ns(uint64_t ns)
{
	struct timespec t = {
		(time_t)(ns / 1000000000u), (long)(ns % 1000000000u),
	};

	SYS3(SYS_nanosleep, &t, NULL, 0);
}

void
ota_yield(void)
{
	SYS3(SYS_sched_yield, 0, 0, 0);
}

/* ---- process and files ---- */

int
ota_pid(void)
{
	return (int)SYS3(SYS_getpid, 0, 0, 0);
}

int
ota_parent(void)
{
	return (int)SYS3(SYS_getppid, 0, 0, 0);
}

int
ota_tid(void)
{
	return (int)SYS3(SYS_gettid, 0, 0, 0);
}

bool
ota_thread_lives(int tid)
{
	return SYS3(SYS_tgkill, ota_pid(), tid, 0) == 0;
}

/* The 18th number behind the name in /proc/self/stat. */
long
ota_threads(void)
{
	char text[512];
	long n = ota_slurp("/proc/self/stat", text, sizeof(text)), i, v = 0;
	int word = 0;

	for (i = n; i > 0 && text[i - 1] != ')'; i--)
		;
	for (; i < n && word < 18; i++)
		word += text[i] == ' ';
	for (; i < n && text[i] >= '0' && text[i] <= '9'; i++)
		v = v * 10 + (text[i] - '0');
	return v;
}

bool
ota_reaped(int pid)
{
	long rc = SYS6(SYS_wait4, pid, NULL, __WALL | WNOHANG, NULL, 0, 0);

	return rc == pid || rc == -ECHILD;
}

uint32_t
ota_euid(void)
{
	return (uint32_t)SYS3(SYS_geteuid, 0, 0, 0);
}

long
ota_open(const char *path, int flags)
{
	return SYS6(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0, 0, 0);
}

long
ota_read(int fd, void *buf, size_t n)
{
	return SYS3(SYS_read, fd, buf, n);
}

long
ota_write(int fd, const void *buf, size_t n)
{
	return SYS3(SYS_write, fd, buf, n);
}

void
ota_close(int fd)
{
	SYS3(SYS_close, fd, 0, 0);
}

long
ota_slurp(const char *path, void *buf, size_t cap)
{
	long fd = ota_open(path, O_RDONLY), n;
	size_t len = 0;

	if (fd < 0)
		return fd;
	while (len < cap) {
		n = ota_read((int)fd, (char *)buf + len, cap - len);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	ota_close((int)fd);
	return (long)len;
}

/* ---- the socket ---- */

bool
ota_file_id(int fd, struct ota_file_id *id)
{
	struct stat st;

	if (fd < 0 || SYS6(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH, 0, 0))
		return false;
	id->dev = st.st_dev;
	id->ino = st.st_ino;
	return true;
}

int
ota_poll(int fd, int events, int timeout_ms)
{
	struct pollfd p = { fd, (short)events, 0 };
	struct timespec t = {
		timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000,
	};
	long r = SYS6(SYS_ppoll, &p, 1, timeout_ms < 0 ? NULL : &t, NULL, 8, 0);

	return r > 0 ? p.revents : 0;
}

long
ota_send(int fd, const void *buf, size_t n)
{
	return SYS6(SYS_sendto, fd, buf, n, MSG_NOSIGNAL | MSG_DONTWAIT,
		    NULL, 0);
}

long
ota_recv(int fd, void *buf, size_t n)
{
	return SYS6(SYS_recvfrom, fd, buf, n, MSG_DONTWAIT, NULL, NULL);
}

void
ota_shut(int fd)
{
	SYS3(SYS_shutdown, fd, SHUT_RD, 0);
}

long
ota_connect_abstract(const char *name, size_t len)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	long fd, r;

	if (len == 0 || len > sizeof(a.sun_path) - 1)
		return -EINVAL;
	memcpy(a.sun_path + 1, name, len);
	/* Somebody's full queue must not keep the program waiting. */
	fd = SYS3(SYS_socket, AF_UNIX,
		  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	r = SYS3(SYS_connect, fd, &a,
		 offsetof(struct sockaddr_un, sun_path) + 1 + len);
	if (r < 0) {
		ota_close((int)fd);
		return r;
	}
	return fd;
}

bool
ota_peer_uid(int fd, uint32_t *uid)
{
	struct ucred c = { 0, 0, 0 };
	socklen_t len = sizeof(c);

	if (SYS6(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &c, &len, 0) < 0)
		return false;
	*uid = c.uid;
	return true;
}

void
ota_set_name(const char *name)
{
	SYS3(SYS_prctl, PR_SET_NAME, name, 0);
}

/* ---- signals ---- */

/* 32, 33 and 34: glibc's SIGCANCEL and SIGSETXID, and what musl uses. */
#define LIBC_SIGNALS	(7ull << 31)

static void
set_mask(uint64_t bits, uint64_t *old)
{
	SYS6(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &bits, old, 8, 0, 0);
}

void
ota_signals_block(struct ota_sigmask *old)
{
	set_mask(~LIBC_SIGNALS, &old->bits);
}

void
ota_signals_block_all(void)
{
	set_mask(UINT64_MAX, NULL);
}

void
ota_signals_restore(const struct ota_sigmask *old)
{
	set_mask(old->bits, NULL);
}

/* ---- text ---- */

size_t
ota_cat(char *dst, size_t cap, size_t len, const char *s)
{
	while (*s && len + 1 < cap)
		dst[len++] = *s++;
	if (len < cap)
		dst[len] = '\0';
	return len;
}

size_t
ota_cat_u64(char *dst, size_t cap, size_t len, uint64_t v)
{
	char b[24], *p = b + sizeof(b) - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return ota_cat(dst, cap, len, p);
}

bool
ota_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}
