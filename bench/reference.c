/* SPDX-License-Identifier: MIT */
/*
 * reference.c - what the figures of `make bench` stand beside, loaded by
 * ctypes into the target: a bare clone of the process, and a walk.
 *
 * The walk is the plain one that anybody would write: the collector's lists,
 * then whatever tp_traverse leads to, with a bitmap of what was seen and a
 * worklist.  No sizes, no names, nothing sent; it misses what tp_traverse does
 * not tell of (str keys of dicts, say).  The few layouts it needs are the same
 * in CPython 3.8 to 3.15 without free threading.
 */
#include "config.h"

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	GC_HEAD = 16,
	GENERATION = 24,	/* sizeof(struct gc_generation) */
	OB_TYPE = 8,
	TP_FLAGS = 168,
	TP_TRAVERSE = 184,
	TP_IS_GC = 328,
	HAVE_GC = 1 << 14,
	LEAF_SHIFT = 20,	/* a leaf of the bitmap: 1 MiB */
	DIR_SHIFT = 34,
	DIRS = 1 << 14,
};

#define LINK_BITS	((uintptr_t)3)
#define LIST_BYTES	((size_t)8 << 30)	/* reserved, not used */

typedef int (*visit_fn)(void *object, void *arg);
typedef int (*traverse_fn)(void *object, visit_fn visit, void *arg);
typedef int (*is_gc_fn)(void *object);

void *PyList_New(intptr_t n);
void Py_DecRef(void *object);
int64_t bare_clone(void);
int reference_walk(uint64_t *out);

static uint64_t **dirs[DIRS];
static uintptr_t *list;
static size_t listed;
static uint64_t objects, edges;

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Nanoseconds that a clone of this process takes to make; -1: refused. */
int64_t
bare_clone(void)
{
	uint64_t start = now_ns(), end;
	long pid = syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0);

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	end = now_ns();
	if (pid < 0)
		return -1;
	waitpid((pid_t)pid, NULL, __WALL);
	return (int64_t)(end - start);
}

static uintptr_t
at(uintptr_t p, unsigned offset)
{
	return *(uintptr_t *)(p + offset);
}

/* True where the address was not marked before. */
static int
mark(uintptr_t a)
{
	uint64_t **dir = dirs[a >> DIR_SHIFT & (DIRS - 1)], *leaf;
	uint64_t bit = (uint64_t)1 << (a >> 4 & 63);
	unsigned i = a >> LEAF_SHIFT & (DIRS - 1), word = a >> 10 & 1023;

	if (!dir) {
		dir = calloc(DIRS, sizeof(*dir));
		dirs[a >> DIR_SHIFT & (DIRS - 1)] = dir;
	}
	leaf = dir[i];
	if (!leaf)
		leaf = dir[i] = calloc(1024, sizeof(*leaf));
	if (leaf[word] & bit)
		return 0;
	leaf[word] |= bit;
	return 1;
}

static void
add(uintptr_t o)
{
	objects++;
	list[listed++] = o;
}

static int
visit(void *object, void *arg)
{
	uintptr_t o = (uintptr_t)object, type;
	is_gc_fn is_gc;

	(void)arg;
	edges++;
	if (!mark(o))
		return 0;
	type = at(o, OB_TYPE);
	is_gc = (is_gc_fn)at(type, TP_IS_GC);
	if ((at(type, TP_FLAGS) & HAVE_GC) && (!is_gc || is_gc(object)))
		add(o);
	else
		objects++;
	return 0;
}

static void
read_list(uintptr_t head)
{
	uintptr_t node;

	for (node = at(head, 0) & ~LINK_BITS; node != head;
	     node = at(node, 0) & ~LINK_BITS) {
		mark(node + GC_HEAD);
		add(node + GC_HEAD);
	}
}

static void
forget(void)
{
	size_t i, j;

	for (i = 0; i < DIRS; i++) {
		for (j = 0; dirs[i] && j < DIRS; j++)
			free(dirs[i][j]);
		free(dirs[i]);
		dirs[i] = NULL;
	}
}

/* out: nanoseconds, objects, references.  Call it with the GIL held. */
int
reference_walk(uint64_t *out)
{
	void *fresh = PyList_New(0);
	/* the newest object is the last of the youngest list */
	uintptr_t head = at((uintptr_t)fresh - GC_HEAD, 0) & ~LINK_BITS;
	uint64_t start;
	traverse_fn traverse;
	size_t i;

	list = mmap(NULL, LIST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (list == MAP_FAILED)
		return -1;
	listed = 0;
	objects = edges = 0;
	start = now_ns();
	for (i = 0; i < 3; i++)
		read_list(head + i * GENERATION);
	for (i = 0; i < listed; i++) {
		traverse = (traverse_fn)at(at(list[i], OB_TYPE), TP_TRAVERSE);
		if (traverse)
			traverse((void *)list[i], visit, NULL);
	}
	out[0] = now_ns() - start;
	out[1] = objects;
	out[2] = edges;
	munmap(list, LIST_BYTES);
	forget();
	Py_DecRef(fresh);
	return 0;
}
