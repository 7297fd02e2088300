/* SPDX-License-Identifier: MIT */
/*
 * The readers that go with the parsers of proc.c: small files into the stack,
 * maps and command lines into a buffer that grows, memory by pread.  A file
 * that grows without end is cut at a limit.
 */
#include "config.h"
#include "inspector/target/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/boot.h"

#define MAPS_MAX	((size_t)64 << 20)

bool
proc_file(pid_t pid, const char *name, size_t max, struct ot_buf *out)
{
	char path[96];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	do {
		if (!ot_buf_reserve(out, 65536)) {
			errno = ENOMEM;
			got = -1;
			break;
		}
		got = read(fd, out->data + out->len, 65535);
		if (got > 0) {
			out->len += (size_t)got;
			out->data[out->len] = '\0';
		}
	} while (got > 0 && out->len < max);
	close(fd);
	return got >= 0;
}

bool
proc_usable(struct ot_err *err)
{
	char self[32], us[32];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = '\0';
		snprintf(us, sizeof(us), "%d", (int)getpid());
		if (strcmp(self, us) == 0)
			return true;
	} else if (access("/proc/1", F_OK) != 0) {
		ot_fail(err, OT_REFUSED, "/proc is not mounted: mount -t proc "
			"proc /proc");
		return false;
	}
	ot_fail(err, OT_REFUSED, "/proc is that of another PID namespace than "
		"objtop's: mount -t proc proc /proc");
	return false;
}

/* At most `cap` bytes of a small file; -1 with errno. */
static ssize_t
read_small(pid_t pid, pid_t tid, const char *name, char *dst, size_t cap)
{
	char path[96];
	ssize_t got;
	int fd, saved;

	if (tid != 0)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid,
			 (int)tid, name);
	else
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, dst, cap);
	saved = errno;
	close(fd);
	errno = got == 0 ? ESRCH : saved;
	return got == 0 ? -1 : got;
}

bool
proc_maps_read(pid_t pid, struct proc_maps *out)
{
	struct ot_buf b = OT_BUF_INIT;
	bool ok;
	int saved;

	*out = (struct proc_maps)PROC_MAPS_INIT;
	ok = proc_file(pid, "maps", MAPS_MAX, &b) &&
		proc_maps_parse(ot_buf_str(&b), b.len, out);
	saved = errno;
	ot_buf_release(&b);
	errno = saved;
	return ok;
}

bool
proc_stat_read(pid_t pid, pid_t tid, struct proc_stat *out)
{
	char text[1024];
	ssize_t n = read_small(pid, tid, "stat", text, sizeof(text));

	return n > 0 && proc_stat_parse(text, (size_t)n, out);
}

bool
proc_status_read(pid_t pid, struct proc_status *out)
{
	char text[8192];
	ssize_t n = read_small(pid, 0, "status", text, sizeof(text));

	return n > 0 && proc_status_parse(text, (size_t)n, out);
}

bool
proc_syscall_read(pid_t pid, pid_t tid, struct proc_syscall *out)
{
	char text[512];
	ssize_t n = read_small(pid, tid, "syscall", text, sizeof(text));

	return n > 0 && proc_syscall_parse(text, (size_t)n, out);
}

void
proc_command(pid_t pid, char *dst, size_t cap)
{
	ssize_t n = read_small(pid, 0, "cmdline", dst, cap - 1), i;

	if (n < 0)
		n = 0;
	while (n > 0 && dst[n - 1] == '\0')
		n--;
	for (i = 0; i < n; i++)
		if (dst[i] == '\0')
			dst[i] = ' ';
	dst[n] = '\0';
}

/* A name of digits only, as a positive pid; 0: something else. */
static pid_t
dir_pid(const char *name)
{
	long v = 0;

	if (*name == '\0')
		return 0;
	for (; *name != '\0'; name++) {
		if (*name < '0' || *name > '9' || v > INT32_MAX / 10 - 1)
			return 0;
		v = v * 10 + (*name - '0');
	}
	return (pid_t)v;
}

bool
proc_ids(pid_t pid, pid_t **out, size_t *n)
{
	char path[64] = "/proc";
	struct dirent *e;
	size_t cap = 0;
	DIR *d;

	*out = NULL;
	*n = 0;
	if (pid != 0)
		snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL) {
		pid_t id = dir_pid(e->d_name);

		if (id == 0)
			continue;
		if (*n == cap) {
			pid_t *v;

			cap = cap == 0 ? 64 : cap * 2;
			v = ot_realloc_array(*out, cap, sizeof(*v));
			if (v == NULL) {
				free(*out);
				closedir(d);
				*out = NULL;
				errno = ENOMEM;
				return false;
			}
			*out = v;
		}
		(*out)[(*n)++] = id;
	}
	closedir(d);
	return true;
}

int
proc_mem_open(pid_t pid, bool write)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	return open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}

bool
proc_mem_read(void *fd, uint64_t addr, void *dst, size_t len)
{
	const int *f = fd;

	if (addr > INT64_MAX)
		return false;
	return pread(*f, dst, len, (off_t)addr) == (ssize_t)len;
}

bool
proc_mem_write(int fd, uint64_t addr, const void *src, size_t len)
{
	if (addr > INT64_MAX)
		return false;
	return pwrite(fd, src, len, (off_t)addr) == (ssize_t)len;
}

static enum proc_clone
clone_among(FILE *children)
{
	enum proc_clone found = PROC_CLONE_NONE;
	struct proc_stat st;
	int pid;

	while (fscanf(children, "%d", &pid) == 1) {
		if (!proc_stat_read(pid, 0, &st) ||
		    strcmp(st.comm, OTW_CLONE_NAME) != 0)
			continue;
		if (st.state != 'Z')
			return PROC_CLONE_LIVES;
		found = PROC_CLONE_ENDED;
	}
	return found;
}

enum proc_clone
proc_clone_state(pid_t pid)
{
	enum proc_clone found = PROC_CLONE_NONE, one;
	pid_t *tids;
	size_t n, i;

	if (!proc_ids(pid, &tids, &n))
		return found;
	for (i = 0; i < n && found != PROC_CLONE_LIVES; i++) {
		char path[64];
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
			 (int)pid, (int)tids[i]);
		f = fopen(path, "re");
		if (f == NULL)
			continue;
		one = clone_among(f);
		if (one != PROC_CLONE_NONE)
			found = one;
		fclose(f);
	}
	free(tids);
	return found;
}
