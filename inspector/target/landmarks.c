/* SPDX-License-Identifier: MIT */
/*
 * Landmarks are found in memory, by symbol.  What has no symbol, glibc's
 * signal restorer (the kernel and every unwinder know it by its bytes) and a
 * function's end that keeps the result, is looked for by its bytes.  Marking asks every module whether it
 * exports malloc: some 10 us each, before anything is stopped.
 */
#include "config.h"
#include "inspector/target/landmarks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspector/target/agent_image.h"

#define MAX_LINKS 65536	/* objects of one process */

static const char *const libc_names[] = {
	"libc.so.", "libc-2.", "libdl.so.", "libdl-2.", "libpthread.so.",
	"libpthread-2.", "librt.so.", "librt-2.", "ld-linux", "ld-2.",
	"ld-musl",
};

static bool
name_begins(const char *path, const char *const *names, size_t n)
{
	const char *name = proc_base_name(path);
	size_t i;

	for (i = 0; i < n; i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* Its file is the loader, "ld-musl-x86_64.so.1", or is linked to from there. */
static bool
is_musl(const char *path)
{
	const char *name = proc_base_name(path);

	return strncmp(name, "ld-musl", 7) == 0 ||
		(strcmp(name, "libc.so") == 0 && strstr(path, "musl") != NULL);
}

static void
take(const struct elf_view *v, const char *name, uint64_t *out)
{
	struct elf_sym sym;

	if (*out == 0 && elf_symbol(v, name, &sym))
		*out = sym.addr;
}

/* The way back, in the text of one file. */
static void
scan_text(const struct suspect *s, const struct proc_map *of,
	  struct cpu_way *w)
{
	size_t step = 65536, i;
	unsigned char *buf = malloc(step);
	int fd = s->mem;

	for (i = 0; i < s->maps.n && buf != NULL; i++) {
		const struct proc_map *m = &s->maps.v[i];
		uint64_t at = m->start;

		if (m->perm[2] != 'x' || m->ino != of->ino ||
		    strcmp(m->path, of->path) != 0)
			continue;
		while (at < m->end && !cpu_way_complete(w)) {
			uint64_t left = m->end - at;
			size_t n = left < step ? (size_t)left : step;

			if (!proc_mem_read(&fd, at, buf, n))
				break;
			cpu_way_scan(w, buf, n, at);
			at += left > n ? n - CPU_WAY_SPAN : n;
		}
	}
	free(buf);
}

/*
 * From 3.12 on os.fork() counts the threads when it has forked: a program of
 * one thread must not be given another in between (safepoint.c).
 */
static bool
counts_threads(const struct suspect *s)
{
	int minor = 0;

	return strcmp(s->runtime, "cpython") == 0 &&
		sscanf(s->version, "3.%d", &minor) == 1 && minor >= 12;
}

enum ot_status
landmarks_find(const struct suspect *s, struct landmarks *lm,
	       struct ot_err *err)
{
	uint64_t internal = 0, of_2_34 = 0, rseq_size = 0;
	int fd = s->mem;
	uint32_t size = 0;
	size_t i;

	memset(lm, 0, sizeof(*lm));
	for (i = 0; i < s->maps.n; i++) {
		const struct proc_map *m = &s->maps.v[i];
		struct elf_view v;

		if (strcmp(m->path, "[vdso]") == 0 && m->perm[0] == 'r' &&
		    elf_open(&v, proc_mem_read, &fd, m->start))
			take(&v, "__kernel_rt_sigreturn", &lm->way.restorer);
		if (!suspect_is_module(m))
			continue;
		if (is_musl(m->path))
			return ot_fail(err, OT_REFUSED, "PID %d uses the C "
				       "library musl, which is not supported "
				       "yet: start it by a glibc build",
				       (int)s->pid);
		if (!name_begins(m->path, libc_names,
				 OT_ARRAY_LEN(libc_names)))
			continue;
		if (!elf_open(&v, proc_mem_read, &fd, m->start))
			continue;
		take(&v, "dlopen", &lm->dlopen);
		take(&v, "__libc_dlopen_mode", &internal);
		take(&v, "dlerror", &lm->dlerror);
		take(&v, "__errno_location", &lm->errno_location);
		take(&v, "mmap", &lm->mmap);
		take(&v, "syscall", &lm->syscall);
		take(&v, "_Fork", &of_2_34);
		take(&v, "__rseq_size", &rseq_size);
		if (!cpu_way_complete(&lm->way))
			scan_text(s, m, &lm->way);
	}
	lm->counts_threads = counts_threads(s);
	lm->clone3 = of_2_34 != 0;
	lm->rseq = rseq_size != 0 &&
		proc_mem_read(&fd, rseq_size, &size, sizeof(size)) && size > 0;
	if (lm->dlopen == 0) {
		lm->dlopen = internal;
		lm->dlopen_internal = true;
	}
	if (lm->dlopen == 0)
		return ot_fail(err, OT_REFUSED, "PID %d is a static program "
			       "that cannot load the agent (it has no dlopen)",
			       (int)s->pid);
	if (lm->errno_location == 0 || lm->mmap == 0 || lm->syscall == 0 ||
	    !cpu_way_complete(&lm->way))
		return ot_fail(err, OT_REFUSED, "the C library of PID %d is "
			       "none that objtop knows", (int)s->pid);
	return OT_OK;
}

/* The module that has addr in it: where it was loaded, as the loader counts. */
static bool
bias_of(const struct suspect *s, uint64_t addr, uint64_t *bias)
{
	int fd = s->mem;
	struct elf_view v;
	size_t i;

	for (i = 0; i < s->maps.n; i++)
		if (suspect_is_module(&s->maps.v[i]) &&
		    s->maps.v[i].start <= addr &&
		    elf_open(&v, proc_mem_read, &fd, s->maps.v[i].start) &&
		    addr >= v.lo && addr < v.hi) {
			*bias = v.bias;
			return true;
		}
	return false;
}

/* struct r_debug of <link.h>: { int r_version; struct link_map *r_map; }. */
static bool
first_link(const struct suspect *s, uint64_t *at)
{
	int fd = s->mem;
	size_t i;

	for (i = 0; i < s->maps.n; i++) {
		struct elf_sym sym;
		struct elf_view v;

		if (suspect_is_module(&s->maps.v[i]) &&
		    elf_open(&v, proc_mem_read, &fd, s->maps.v[i].start) &&
		    elf_symbol(&v, "_r_debug", &sym))
			return proc_mem_read(&fd, sym.addr + 8, at,
					     sizeof(*at));
	}
	return false;
}

static bool
read_name(int fd, uint64_t at, char *name, size_t cap)
{
	size_t i;

	for (i = 0; i < cap; i++)
		if (!proc_mem_read(&fd, at + i, &name[i], 1))
			return false;
		else if (name[i] == '\0')
			return true;
	return false;
}

bool
landmarks_loaded_as(const struct suspect *s, uint64_t addr, char *name,
		    size_t cap)
{
	struct { uint64_t addr, name, ld, next; } link;	/* of <link.h> */
	uint64_t at, bias;
	int fd = s->mem, i;

	if (!bias_of(s, addr, &bias) || !first_link(s, &at))
		return false;
	for (i = 0; at != 0 && i < MAX_LINKS; i++, at = link.next) {
		if (!proc_mem_read(&fd, at, &link, sizeof(link)))
			return false;
		if (link.addr == bias)
			return read_name(fd, link.name, name, cap);
	}
	return false;
}

static void
mark_file(struct proc_maps *maps, const struct proc_map *of)
{
	size_t i;

	for (i = 0; i < maps->n; i++) {
		struct proc_map *m = &maps->v[i];

		if (m->ino == of->ino && m->dev_major == of->dev_major &&
		    m->dev_minor == of->dev_minor &&
		    strcmp(m->path, of->path) == 0)
			m->unsafe = true;
	}
}

void
landmarks_mark(struct suspect *s)
{
	int fd = s->mem;
	size_t i;

	for (i = 0; i < s->maps.n; i++) {
		struct proc_map *m = &s->maps.v[i];
		struct elf_sym sym;
		struct elf_view v;

		/* No name: made at run time (a JIT, the vdso); not known. */
		if (m->path[0] != '/') {
			m->unsafe = true;
			continue;
		}
		if (m->unsafe || !suspect_is_module(m))
			continue;
		if (name_begins(m->path, libc_names,
				OT_ARRAY_LEN(libc_names)) ||
		    strstr(proc_base_name(m->path), "malloc") != NULL ||
		    agent_image_is_path(m->path) ||
		    (elf_open(&v, proc_mem_read, &fd, m->start) &&
		     elf_symbol(&v, "malloc", &sym)))
			mark_file(&s->maps, m);
	}
}
