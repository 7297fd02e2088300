/* SPDX-License-Identifier: MIT */
/*
 * The agent for the first time: its bytes into a memfd made in the target (or
 * handed to it), and dlopen of that.  No file is written, no path of ours must be visible to
 * the target, and its name appears in its maps as "/memfd:objtop-agent".  The
 * agent finds its socket in the image (wire/boot.h) and starts itself from
 * its constructor, so dlopen is the only call that does work there.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/escape.h"
#include "inspector/target/agent_image.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

#define PATH_ROOM	128u

bool
at_ptrace_probe(const struct suspect *s, struct ot_err *err)
{
	struct landmarks lm;

	return trace_probe(s, err) && landmarks_find(s, &lm, err) == OT_OK;
}

/* memfd_create there; *there is -1 where it is refused, *why says why. */
static enum ot_status
create_there(struct visit *v, int *there, int *why, struct ot_err *err)
{
	uint64_t arg[2] = { v->scratch + VISIT_PATH, MFD_CLOEXEC };
	int64_t r;

	*why = EPERM;
	if (!filter_allows(&v->filter, FILTER_MEMFD))
		return OT_OK;
	if (!proc_mem_write(v->t.mem, arg[0], OTW_MEMFD_NAME,
			    sizeof(OTW_MEMFD_NAME)))
		return ot_fail(err, OT_FAILED, "memory made in PID %d cannot "
			       "be written", (int)v->e->s->pid);
	if (!visit_syscall(v, SYS_memfd_create, arg, 2, &r))
		return visit_astray(v, "memfd_create", err);
	if (r == -EACCES) {	/* vm.memfd_noexec = 2; mapping still works */
		arg[1] |= MFD_NOEXEC_SEAL;
		if (!visit_syscall(v, SYS_memfd_create, arg, 2, &r))
			return visit_astray(v, "memfd_create", err);
	}
	if (r >= 0)
		*there = (int)r;
	else
		*why = (int)-r;
	return OT_OK;
}

/* For writing: a copy of its descriptor, or opened by its name in /proc. */
static int
reach_memfd(const struct visit *v, int there)
{
	int fd = visit_take_fd(v, there);
	char path[64];

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)v->e->s->pid,
		 there);
	return open(path, O_RDWR | O_CLOEXEC);
}

static enum ot_status
fill_memfd(struct visit *v, int here, struct ot_err *err)
{
	struct otw_boot boot;
	size_t off;

	if (!agent_image_boot(&boot, &off))
		return ot_fail(err, OT_FAILED, "the agent inside this objtop "
			       "is damaged: build it again");
	boot.fd = v->theirs;
	if (agent_image_write(here, &boot) != 0)
		return ot_fail_errno(err, OT_FAILED, "writing the agent");
	return OT_OK;
}

/* One of ours, handed over. */
static enum ot_status
give_memfd(struct visit *v, int *there, int why, struct ot_err *err)
{
	enum ot_status st;
	int here;

	if (!filter_allows(&v->filter, FILTER_RECVMSG))
		return visit_denied(v, "memfd_create", -why, err);
	if (v->e->verbose)
		fprintf(stderr, "objtop: no memfd_create (%s): a file handed "
			"over\n", strerror(why));
	here = (int)syscall(SYS_memfd_create, OTW_MEMFD_NAME, MFD_CLOEXEC);
	if (here < 0 && errno == EACCES)
		here = (int)syscall(SYS_memfd_create, OTW_MEMFD_NAME,
				    MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (here < 0)
		return visit_denied(v, "memfd_create", -why, err);
	st = fill_memfd(v, here, err);
	if (st == OT_OK)
		st = visit_give_fd(v, here, there, err);
	close(here);
	return st;
}

/* A memfd in the target with the agent in it. */
static enum ot_status
make_memfd(struct visit *v, int *there, struct ot_err *err)
{
	enum ot_status st;
	int here, why;

	st = create_there(v, there, &why, err);
	if (st != OT_OK)
		return st;
	if (*there < 0)
		return give_memfd(v, there, why, err);
	here = reach_memfd(v, *there);
	if (here < 0)
		return ot_fail_errno(err, OT_REFUSED, "sharing a file with "
				     "PID %d (pidfd_getfd)",
				     (int)v->e->s->pid);
	st = fill_memfd(v, here, err);
	close(here);
	return st;
}

/* What the loader says of the failure, by its own words. */
static enum ot_status
loader_refused(struct visit *v, struct ot_err *err)
{
	char text[160] = "", shown[320];
	int mem = v->t.mem;
	uint64_t at = 0;
	size_t i;

	if (v->lm.dlerror != 0 &&
	    visit_call(v, v->lm.dlerror, NULL, 0, &at) && at != 0)
		for (i = 0; i + 1 < sizeof(text); i++)
			if (!proc_mem_read(&mem, at + i, &text[i], 1) ||
			    text[i] == '\0')
				break;
	text[sizeof(text) - 1] = '\0';
	ot_escape_to(shown, sizeof(shown), text, strlen(text), OT_ESC_TERM);
	return ot_fail(err, OT_REFUSED, "the loader of PID %d refuses the "
		       "agent: %s", (int)v->e->s->pid,
		       text[0] != '\0' ? shown : "no reason given");
}

/*
 * The loader knows objects by the path they were opened by: a path used
 * before would give the old object back, and start nothing.  So the way to
 * the file is a random one, with a "/." here and there.
 */
static bool
make_path(char *dst, size_t cap, int there)
{
	uint32_t way;
	size_t n;
	int i;

	if (getrandom(&way, sizeof(way), 0) != sizeof(way))
		return false;
	n = (size_t)snprintf(dst, cap, "/proc/self/fd");
	for (i = 0; i < 32; i++) {
		dst[n++] = '/';
		if (way >> i & 1)
			dst[n++] = '.';
	}
	snprintf(dst + n, cap - n, "/%d", there);
	return true;
}

static enum ot_status
load_path(struct visit *v, const char *path, uint64_t *handle,
	  struct ot_err *err)
{
	uint64_t arg[2] = { v->scratch + VISIT_PATH, RTLD_NOW };

	if (!proc_mem_write(v->t.mem, arg[0], path, strlen(path) + 1))
		return ot_fail(err, OT_FAILED, "memory made in PID %d cannot "
			       "be written", (int)v->e->s->pid);
	if (v->lm.dlopen_internal)
		arg[1] |= 0x80000000u;	/* __RTLD_DLOPEN of glibc */
	if (!visit_call(v, v->lm.dlopen, arg, 2, handle))
		return visit_astray(v, "dlopen", err);
	return OT_OK;
}

/*
 * Where no /proc is mounted, as in many a chroot, no path leads to the file.
 * The loader is given one that leads nowhere, and its open() is made a dup()
 * of what we have.
 */
static enum ot_status
load_pathless(struct visit *v, int there, uint64_t *handle,
	      struct ot_err *err)
{
	char path[PATH_ROOM];
	enum ot_status st;
	uint64_t name;

	if (getrandom(&name, sizeof(name), 0) != sizeof(name))
		return ot_fail_errno(err, OT_FAILED, "getrandom");
	snprintf(path, sizeof(path), "/objtop-agent-%016llx",
		 (unsigned long long)name);
	if (v->e->verbose)
		fprintf(stderr, "objtop: no /proc there: the file itself\n");
	v->t.swap_path = path;
	v->t.swap_fd = there;
	st = load_path(v, path, handle, err);
	v->t.swap_path = NULL;
	return st;
}

static enum ot_status
load_memfd(struct visit *v, int there, struct ot_err *err)
{
	char path[PATH_ROOM];
	uint64_t handle = 0;
	enum ot_status st;

	if (!make_path(path, sizeof(path), there))
		return ot_fail_errno(err, OT_FAILED, "getrandom");
	st = load_path(v, path, &handle, err);
	if (st == OT_OK && handle == 0 &&
	    filter_allows(&v->filter, FILTER_FCNTL))
		st = load_pathless(v, there, &handle, err);
	if (st == OT_OK && handle == 0)
		st = loader_refused(v, err);
	return st;
}

enum ot_status
at_ptrace_enter(struct entry *e, struct ot_err *err)
{
	enum ot_status st, ended;
	struct visit v;
	int there = -1;
	int64_t r;

	st = visit_begin(&v, e, err);
	if (st == OT_OK)
		st = make_memfd(&v, &there, err);
	if (st == OT_OK)
		st = load_memfd(&v, there, err);
	if (there >= 0 && !v.t.lost && v.t.sig == 0) {
		uint64_t fd = (uint64_t)there;

		visit_syscall(&v, SYS_close, &fd, 1, &r);
	}
	ended = visit_end(&v, st == OT_OK, st == OT_OK ? err : NULL);
	if (st == OT_OK && ended == OT_OK)
		e->sock = v.ours;
	else if (v.ours >= 0)
		close(v.ours);
	return st != OT_OK ? st : ended;
}
