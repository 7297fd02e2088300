/* SPDX-License-Identifier: MIT */
/*
 * PEP 768 from the side of the debugger.  Where things are is told by the
 * table at the beginning of _PyRuntime, _Py_DebugOffsets
 * (Include/internal/pycore_debug_offsets.h), which differs by minor version
 * and holds whatever the patch release moved.
 *
 * The program runs on while we write, so three things are done with care:
 *
 * A request is a path and a flag in a thread's state; the path is written
 * before the flag.  The flag is looked at when a bit of the eval breaker is
 * set (pycore_ceval.h).  That is a word which other threads change too, and
 * nobody can change a bit from outside.  So only its lowest byte is written
 * (above are versions), and with it those bits are set whose loss between
 * our reading and our writing would matter: signals, calls and exceptions
 * that wait.  Each of these is answered by looking whether there is one.  A
 * lost bit of the others is set again by who wants it.
 *
 * The state of the main thread lies in that of the interpreter and is never
 * given back; those of others are, so these are written only while they are
 * listed.
 *
 * A thread takes the flag back before it copies the path, so a path is wiped
 * only some time after the flag was seen to be gone.
 *
 * Cost: some 20 reads and 3 writes, 30 us.
 */
#include "config.h"
#include "inspector/target/pydebug.h"

#include <stdio.h>
#include <string.h>

#include "wire/pystats.h"

/* Bits of the eval breaker; the same in 3.14 and 3.15. */
#define SIGNALS_BIT	(1u << 1)
#define CALLS_BIT	(1u << 2)
#define ASYNC_BIT	(1u << 3)
#define STOP_BIT	(1u << 5)

/* Offsets in the table, in words of 8 bytes; the same in 3.14 and 3.15. */
enum {
	W_FINALIZING = 4,
	W_INTERPRETERS = 5,
	W_INTERP_ID = 7,
	W_INTERP_NEXT = 8,
	W_THREADS_HEAD = 9,
	W_THREADS_MAIN = 10,
	W_THREAD_NEXT = 24,
	W_THREAD_INTERP = 25,
	W_SUPPORT_3_14 = 712 / 8,
	W_SUPPORT_3_15 = 840 / 8,
	W_COUNT = 888 / 8,
	/* 3.15 */
	W_INTERP_GC = 88 / 8,
	W_STATS_SIZE = 776 / 8,
	W_STATS = 784 / 8
};

/* Behind W_SUPPORT_*. */
enum { S_EVAL_BREAKER, S_SUPPORT, S_ENABLED, S_PENDING, S_PATH, S_PATH_SIZE,
       S_COUNT };

#define OFFSET_MAX	(1u << 22)	/* of a sound offset */
#define MAX_INTERPS	256
#define MAX_THREADS	65536u

static bool
read_word(int mem, uint64_t at, uint64_t *out)
{
	return proc_mem_read(&mem, at, out, sizeof(*out));
}

static bool
find_runtime(const struct suspect *s, uint64_t *at)
{
	int mem = s->mem;
	size_t i;

	for (i = 0; i < s->maps.n; i++) {
		struct elf_sym sym;
		struct elf_view v;

		if (!suspect_is_module(&s->maps.v[i]) ||
		    !elf_open(&v, proc_mem_read, &mem, s->maps.v[i].start) ||
		    !elf_symbol(&v, "_PyRuntime", &sym))
			continue;
		*at = sym.addr;
		return true;
	}
	return false;
}

/* The version in the table is the one that its layout follows. */
static enum ot_status
read_table(const struct suspect *s, uint64_t runtime, uint64_t *w,
	   const uint64_t **support, struct ot_err *err)
{
	int mem = s->mem;
	size_t i;

	if (!proc_mem_read(&mem, runtime, w, W_COUNT * sizeof(*w)) ||
	    memcmp(w, "xdebugpy", 8) != 0)
		goto strange;
	switch (w[1] >> 16) {
	case 0x030e:
		*support = w + W_SUPPORT_3_14;
		break;
	case 0x030f:
		*support = w + W_SUPPORT_3_15;
		break;
	default:
		goto strange;
	}
	for (i = 0; i < S_COUNT; i++)
		if ((*support)[i] > OFFSET_MAX)
			goto strange;
	for (i = W_FINALIZING; i <= W_THREAD_INTERP; i++)
		if (w[i] > OFFSET_MAX)
			goto strange;
	if ((*support)[S_PATH_SIZE] < 64 ||
	    (*support)[S_PATH_SIZE] > PYDEBUG_PATH_MAX)
		goto strange;
	return OT_OK;
strange:
	return ot_fail(err, OT_REFUSED, "CPython %s in PID %d has no table of "
		       "remote debugging that objtop knows", s->version,
		       (int)s->pid);
}

/* Of several interpreters the one with number 0. */
static bool
find_interp(int mem, uint64_t runtime, const uint64_t *w, uint64_t *interp)
{
	uint64_t at, id;
	int i;

	if (!read_word(mem, runtime + w[W_INTERPRETERS], &at))
		return false;
	for (i = 0; at != 0 && i < MAX_INTERPS; i++) {
		if (!read_word(mem, at + w[W_INTERP_ID], &id))
			return false;
		if (id == 0) {
			*interp = at;
			return true;
		}
		if (!read_word(mem, at + w[W_INTERP_NEXT], &at))
			return false;
	}
	return false;
}

static bool
is_thread(const struct pydebug *d, int mem, uint64_t at)
{
	uint64_t interp;

	return at != 0 && read_word(mem, at + d->of_interp, &interp) &&
		interp == d->interp;
}

static enum ot_status
check_enabled(const struct suspect *s, uint64_t at, struct ot_err *err)
{
	int mem = s->mem;
	int32_t enabled;

	if (proc_mem_read(&mem, at, &enabled, sizeof(enabled)) &&
	    enabled == 1)
		return OT_OK;
	return ot_fail(err, OT_REFUSED, "remote debugging is switched off in "
		       "PID %d (PYTHON_DISABLE_REMOTE_DEBUG, -X disable-"
		       "remote-debug, or a build without it)", (int)s->pid);
}

enum ot_status
pydebug_find(const struct suspect *s, struct pydebug *d, struct ot_err *err)
{
	uint64_t runtime, finalizing, w[W_COUNT];
	const uint64_t *support = w;
	int minor = 0;

	memset(d, 0, sizeof(*d));
	if (strcmp(s->runtime, "cpython") != 0 ||
	    sscanf(s->version, "3.%d", &minor) != 1 || minor < 14)
		return ot_fail(err, OT_REFUSED, "%s", "");
	if (!find_runtime(s, &runtime))
		return ot_fail(err, OT_REFUSED, "PID %d hides _PyRuntime",
			       (int)s->pid);
	if (read_table(s, runtime, w, &support, err) != OT_OK)
		return OT_REFUSED;
	if (!read_word(s->mem, runtime + w[W_FINALIZING], &finalizing) ||
	    finalizing != 0)
		return ot_fail(err, OT_REFUSED, "PID %d is about to end",
			       (int)s->pid);
	d->threads_head = w[W_THREADS_HEAD];
	d->next = w[W_THREAD_NEXT];
	d->of_interp = w[W_THREAD_INTERP];
	d->eval_breaker = support[S_EVAL_BREAKER];
	d->pending = support[S_SUPPORT] + support[S_PENDING];
	d->path = support[S_SUPPORT] + support[S_PATH];
	d->path_size = support[S_PATH_SIZE];
	if (!find_interp(s->mem, runtime, w, &d->interp) ||
	    !read_word(s->mem, d->interp + w[W_THREADS_MAIN],
		       &d->main_thread) ||
	    !is_thread(d, s->mem, d->main_thread))
		return ot_fail(err, OT_REFUSED, "the interpreter of PID %d "
			       "has not started yet", (int)s->pid);
	return check_enabled(s, d->interp + support[S_ENABLED], err);
}

enum ot_status
pydebug_stats(const struct suspect *s, uint64_t *at, struct ot_err *err)
{
	uint64_t runtime, interp, w[W_COUNT];
	const uint64_t *support;
	int minor = 0;

	if (strcmp(s->runtime, "cpython") != 0 ||
	    sscanf(s->version, "3.%d", &minor) != 1 || minor != 15)
		return ot_fail(err, OT_REFUSED, "%s", "");
	if (!find_runtime(s, &runtime))
		return ot_fail(err, OT_REFUSED, "PID %d hides _PyRuntime",
			       (int)s->pid);
	if (read_table(s, runtime, w, &support, err) != OT_OK)
		return OT_REFUSED;
	if (w[W_STATS_SIZE] != sizeof(struct otw_pystats) ||
	    w[W_INTERP_GC] > OFFSET_MAX || w[W_STATS] > OFFSET_MAX)
		return ot_fail(err, OT_REFUSED, "CPython %s in PID %d keeps "
			       "its collections in a way that objtop does not "
			       "know", s->version, (int)s->pid);
	if (!find_interp(s->mem, runtime, w, &interp) ||
	    !read_word(s->mem, interp + w[W_INTERP_GC] + w[W_STATS], at) ||
	    *at == 0)
		return ot_fail(err, OT_REFUSED, "the interpreter of PID %d "
			       "has not started yet", (int)s->pid);
	return OT_OK;
}

size_t
pydebug_threads(const struct pydebug *d, int mem, uint64_t *at, size_t max)
{
	uint64_t t = 0;
	size_t n = 0;
	unsigned seen;

	if (max > 0 && is_thread(d, mem, d->main_thread))
		at[n++] = d->main_thread;
	if (!read_word(mem, d->interp + d->threads_head, &t))
		return n;
	for (seen = 0; n < max && seen < MAX_THREADS &&
	     is_thread(d, mem, t); seen++) {
		if (t != d->main_thread)
			at[n++] = t;
		if (!read_word(mem, t + d->next, &t))
			break;
	}
	return n;
}

enum pydebug_state
pydebug_look(const struct pydebug *d, int mem, uint64_t thread,
	     const char *path)
{
	char there[PYDEBUG_PATH_MAX];
	size_t len = strlen(path) + 1;
	int32_t pending;

	if (len > d->path_size || !is_thread(d, mem, thread) ||
	    !proc_mem_read(&mem, thread + d->pending, &pending,
			   sizeof(pending)) ||
	    !proc_mem_read(&mem, thread + d->path, there, len))
		return PYDEBUG_GONE;
	if (memcmp(there, path, len) == 0)
		return pending == 1 ? PYDEBUG_OURS : PYDEBUG_TAKEN;
	return pending == 1 ? PYDEBUG_OTHER : PYDEBUG_IDLE;
}

bool
pydebug_ask(const struct pydebug *d, int mem, uint64_t thread,
	    const char *path)
{
	const int32_t pending = 1;
	uint8_t events;

	if (strlen(path) + 1 > d->path_size ||
	    !proc_mem_write(mem, thread + d->path, path, strlen(path) + 1) ||
	    !proc_mem_write(mem, thread + d->pending, &pending,
			    sizeof(pending)) ||
	    !proc_mem_read(&mem, thread + d->eval_breaker, &events, 1))
		return false;
	events |= STOP_BIT | SIGNALS_BIT | CALLS_BIT | ASYNC_BIT;
	return proc_mem_write(mem, thread + d->eval_breaker, &events, 1);
}

bool
pydebug_take_back(const struct pydebug *d, int mem, uint64_t thread,
		  const char *path)
{
	const int32_t pending = 0;

	return pydebug_look(d, mem, thread, path) == PYDEBUG_OURS &&
		proc_mem_write(mem, thread + d->pending, &pending,
			       sizeof(pending));
}

void
pydebug_wipe(const struct pydebug *d, int mem, uint64_t thread,
	     const char *path)
{
	const char nothing[PYDEBUG_PATH_MAX] = "";

	if (pydebug_look(d, mem, thread, path) == PYDEBUG_TAKEN)
		proc_mem_write(mem, thread + d->path, nothing, strlen(path));
}
