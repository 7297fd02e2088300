/* SPDX-License-Identifier: MIT */
/*
 * Which runtime is in a process whose list of mappings may be read, but not
 * its memory (yama forbids no more than that): asked of the files, through
 * the addresses at which they are mapped.  A path in the list is as the
 * process sees it; the file is believed to be the one that is mapped when its
 * number says so.
 */
#include "config.h"
#include "inspector/target/suspect.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool
detect_file_open(struct detect_file *f, const struct suspect *s,
		 const struct proc_map *m)
{
	char path[4096 + 32];
	struct stat sb;
	int i;

	f->maps = &s->maps;
	f->ino = m->ino;
	/* From the process's root, or from ours: so it is after a chroot. */
	for (i = 0; i < 2; i++) {
		if (i == 0)
			snprintf(path, sizeof(path), "/proc/%d/root%s",
				 (int)s->pid, m->path);
		else
			snprintf(path, sizeof(path), "%s", m->path);
		f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (f->fd < 0)
			continue;
		if (fstat(f->fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
		    (uint64_t)sb.st_ino == m->ino)
			return true;
		close(f->fd);
	}
	return false;
}

bool
detect_file_read(void *ctx, uint64_t addr, void *dst, size_t len)
{
	const struct detect_file *f = ctx;
	const struct proc_map *m = proc_maps_at(f->maps, addr);

	return m != NULL && m->ino == f->ino && len <= m->end - addr &&
		pread(f->fd, dst, len, (off_t)(m->off + (addr - m->start))) ==
			(ssize_t)len;
}

void
detect_file_close(struct detect_file *f)
{
	close(f->fd);
}
