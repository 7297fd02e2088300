/* SPDX-License-Identifier: MIT */
/*
 * sys.h - the kernel, without libc.
 *
 * The clone may not call libc: its locks may be held for ever by threads that
 * the clone does not have.  The agent's thread may not change errno.  So both
 * speak to the kernel themselves.  All functions return what the kernel
 * returns: a negative errno where it refuses.
 */
#ifndef OTA_SYS_H
#define OTA_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

long ota_syscall(long number, long a, long b, long c, long d, long e, long f);

/* Zeroed private memory, taken from the system as it is touched; or NULL. */
void *ota_map(size_t bytes);
/* The same, but what a clone writes is seen by the process cloned. */
void *ota_map_shared(size_t bytes);
void ota_unmap(void *p, size_t bytes);
/* Gives shared memory back to the system; it reads as zeroes again. */
void ota_discard(void *p, size_t bytes);
/* Gets pages to be written, all at once; nothing where that is not known. */
void ota_populate(void *p, size_t bytes);
/*
 * Maps `bytes` of shared memory twice, one behind the other, so that a run of
 * bytes that passes the end goes on at the start.  NULL: refused.
 */
void *ota_map_ring(size_t bytes);

uint64_t ota_now_ns(void);		/* monotonic */
uint64_t ota_unix_ns(void);
void ota_sleep_ns(uint64_t ns);
void ota_yield(void);

int ota_pid(void);
int ota_parent(void);
int ota_tid(void);			/* of the calling thread */
bool ota_thread_lives(int tid);		/* of this process, to the kernel */
long ota_threads(void);			/* of this process; 0: not known */
bool ota_reaped(int pid);		/* that child has ended, and is gone */
uint32_t ota_euid(void);
long ota_open(const char *path, int flags);
long ota_read(int fd, void *buf, size_t n);
long ota_write(int fd, const void *buf, size_t n);
void ota_close(int fd);
/* Reads a whole small file; bytes read, or a negative errno. */
long ota_slurp(const char *path, void *buf, size_t cap);

/* poll() of one descriptor for `events`; revents, 0 on timeout or EINTR. */

/* Which open file a descriptor stands for; false: none. */
struct ota_file_id {
	uint64_t dev, ino;
};
bool ota_file_id(int fd, struct ota_file_id *id);

int ota_poll(int fd, int events, int timeout_ms);
long ota_send(int fd, const void *buf, size_t n);	/* never blocks */
long ota_recv(int fd, void *buf, size_t n);		/* never blocks */
void ota_shut(int fd);		/* for reading: ends a poll() in it */
/* Connects to an abstract name; the socket, or a negative errno. */
long ota_connect_abstract(const char *name, size_t len);
/* uid of who made the other end; false: unknown. */
bool ota_peer_uid(int fd, uint32_t *uid);

void ota_set_name(const char *name);	/* of the calling thread */

/*
 * Signals: everything blocked but faults, which nothing can block, and the
 * three that libc itself sends between threads (setuid() in the target waits
 * until each thread has taken them).
 */
struct ota_sigmask {
	uint64_t bits;
};
void ota_signals_block(struct ota_sigmask *old);
void ota_signals_block_all(void);
void ota_signals_restore(const struct ota_sigmask *old);

/* ---- text, without printf ---- */

/* Appends to dst[cap], always NUL-terminated; the new length. */
size_t ota_cat(char *dst, size_t cap, size_t len, const char *s);
size_t ota_cat_u64(char *dst, size_t cap, size_t len, uint64_t v);
bool ota_equal(const char *a, const char *b);

#endif
