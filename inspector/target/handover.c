/* SPDX-License-Identifier: MIT */
/*
 * Files that a target opens itself, by a path, as its own user.
 *
 * Best is one that is in no directory: a memfd of ours, which the target
 * reaches as /proc/PID/fd/N if it sees our /proc and the kernel lets it (the
 * rules of ptrace for reading: the same ids, no fewer capabilities).  It is
 * gone with us, however we end.  Else the files are in a directory that is
 * made for them in the target's own file system, of mode 0700 and owned by
 * its user, and unlinked at the end.  The way there is walked without
 * following a link, since the target's root may be of somebody's making.
 */
#include "config.h"
#include "inspector/target/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "inspector/target/trace_right.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

#define PLACE_FLAGS	(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* ---- as /proc/PID/fd/N ---- */

/* The four of a line of status: real, effective, saved, of files. */
static bool
read_ids(pid_t pid, const char *key, unsigned v[4])
{
	struct ot_buf b = OT_BUF_INIT;
	const char *line;
	bool ok;

	ok = proc_file(pid, "status", 65536, &b) &&
		(line = strstr(ot_buf_str(&b), key)) != NULL &&
		sscanf(line + strlen(key), "%u %u %u %u", &v[0], &v[1], &v[2],
		       &v[3]) == 4;
	ot_buf_release(&b);
	return ok;
}

/* All eight of ours and theirs are one. */
static bool
same_ids(pid_t pid, const char *key)
{
	unsigned v[8];
	int i;

	if (!read_ids(getpid(), key, v) || !read_ids(pid, key, v + 4))
		return false;
	for (i = 1; i < 8; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

static bool
may_look_at_us(const struct suspect *s)
{
	struct proc_status self;

	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 &&
		trace_same_ns(s->pid, "user") && same_ids(s->pid, "\nUid:") &&
		same_ids(s->pid, "\nGid:") &&
		proc_status_read(getpid(), &self) &&
		(self.cap_prm & ~s->status.cap_eff) == 0;
}

/* Is /proc/OUR-PID/fd/N the same file over there? */
static bool
sees(const struct suspect *s, int fd)
{
	struct stat here, there;
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/root/proc/%d/fd/%d",
		 (int)s->pid, (int)getpid(), fd);
	return fstat(fd, &here) == 0 && stat(path, &there) == 0 &&
		here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* A random way to it: the loader takes a known path for a known object. */
static bool
proc_path(char *dst, size_t cap, int fd)
{
	uint32_t way;
	size_t n;
	int i;

	if (getrandom(&way, sizeof(way), 0) != sizeof(way))
		return false;
	n = (size_t)snprintf(dst, cap, "/proc/%d/fd", (int)getpid());
	for (i = 0; i < 32 && n + 16 < cap; i++) {
		dst[n++] = '/';
		if (way >> i & 1)
			dst[n++] = '.';
	}
	snprintf(dst + n, cap - n, "/%d", fd);
	return true;
}

static int
by_proc(struct handover *h, const char *name, char *path, size_t cap)
{
	char shown[32];		/* as the maps of an agent always are */
	int fd;

	snprintf(shown, sizeof(shown), "%.*s", (int)strcspn(name, "."), name);
	if (h->by == HANDOVER_NEW && !may_look_at_us(h->s))
		return -1;
	fd = (int)syscall(SYS_memfd_create, shown, MFD_CLOEXEC);
	if (fd < 0 && errno == EACCES)
		fd = (int)syscall(SYS_memfd_create, shown,
				  MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (fd >= 0 && sees(h->s, fd) && proc_path(path, cap, fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- in a directory ---- */

/* One directory below the target's root; -1: not there, or of no use. */
static int
open_place(pid_t pid, const char *place)
{
	char path[64], part[32];
	struct statvfs sv;
	int fd, next;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && *place == '/') {
		size_t n = strcspn(++place, "/");

		snprintf(part, sizeof(part), "%.*s", (int)n, place);
		next = openat(fd, part, PLACE_FLAGS);
		close(fd);
		fd = next;
		place += n;
	}
	if (fd >= 0 && (fstatvfs(fd, &sv) != 0 ||
			sv.f_flag & (ST_RDONLY | ST_NOEXEC))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Made here, so it is ours until it is given to the target's user. */
static bool
make_dir(struct handover *h)
{
	const struct proc_status *st = &h->s->status;
	uint64_t word;
	struct stat sb;

	if (getrandom(&word, sizeof(word), 0) != sizeof(word))
		return false;
	snprintf(h->dir_name, sizeof(h->dir_name), "objtop-%d-%016llx",
		 (int)getpid(), (unsigned long long)word);
	if (mkdirat(h->base, h->dir_name, 0700) != 0)
		return false;
	h->dir = openat(h->base, h->dir_name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (h->dir >= 0 && fstat(h->dir, &sb) == 0 &&
	    sb.st_uid == geteuid() &&
	    (st->euid == geteuid() ||
	     fchown(h->dir, st->euid, (gid_t)-1) == 0))
		return true;
	if (h->dir >= 0)
		close(h->dir);
	h->dir = -1;
	unlinkat(h->base, h->dir_name, AT_REMOVEDIR);
	return false;
}

static bool
find_dir(struct handover *h)
{
	static const char *const places[] = { "/dev/shm", "/tmp", "/var/tmp",
					      "/run" };
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(places); i++) {
		h->base = open_place(h->s->pid, places[i]);
		if (h->base < 0)
			continue;
		snprintf(h->base_path, sizeof(h->base_path), "%s", places[i]);
		if (make_dir(h))
			return true;
		close(h->base);
		h->base = -1;
	}
	return false;
}

static int
by_dir(struct handover *h, const char *name, char *path, size_t cap)
{
	const struct proc_status *st = &h->s->status;
	int fd;

	if (h->nnames >= OT_ARRAY_LEN(h->names) ||
	    (h->dir < 0 && !find_dir(h)))
		return -1;
	fd = openat(h->dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0700);
	if (fd < 0)
		return -1;
	h->names[h->nnames++] = name;
	if (st->euid != geteuid() && fchown(fd, st->euid, (gid_t)-1) != 0) {
		close(fd);
		return -1;
	}
	snprintf(path, cap, "%s/%s/%s", h->base_path, h->dir_name, name);
	return fd;
}

int
handover_file(struct handover *h, const char *name, char *path, size_t cap,
	      struct ot_err *err)
{
	int fd = -1;

	if (h->by != HANDOVER_DIR) {
		fd = by_proc(h, name, path, cap);
		if (fd >= 0)
			h->by = HANDOVER_PROC;
	}
	if (fd < 0 && h->by != HANDOVER_PROC) {
		fd = by_dir(h, name, path, cap);
		if (fd >= 0)
			h->by = HANDOVER_DIR;
	}
	if (fd < 0)
		ot_fail(err, OT_REFUSED, "there is no place for a file that "
			"PID %d could load: /tmp, /var/tmp and /dev/shm are "
			"missing, read-only or mounted noexec there",
			(int)h->s->pid);
	return fd;
}

void
handover_release(struct handover *h)
{
	size_t i;

	for (i = 0; i < h->nnames; i++)
		unlinkat(h->dir, h->names[i], 0);
	if (h->dir >= 0) {
		unlinkat(h->base, h->dir_name, AT_REMOVEDIR);
		close(h->dir);
	}
	if (h->base >= 0)
		close(h->base);
	h->nnames = 0;
	h->base = h->dir = -1;
}
