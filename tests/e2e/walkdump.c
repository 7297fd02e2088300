/* SPDX-License-Identifier: MIT */
/*
 * walkdump.c - the CPython provider with a sink that writes lines, to be
 * loaded by ctypes into any Python.
 *
 * walkdump(path, want, clone) holds the heap, walks it in place or in a raw
 * clone, and writes one JSON array a line: what the test reads.  The refs of
 * an object are in one or more "R" lines after its "O".  Unlike the
 * agent this may use libc: in a clone of a program with one thread nothing
 * holds a lock.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/cpython/enter.h"
#include "runtime/cpython/walk.h"

#define MOST_NAMES	(1u << 22)
#define KEYS		(1u << 22)
#define KINDS		(1u << 20)
#define WHY_MAX		400
#define CHUNK		((size_t)64 << 20)

struct chunk {
	struct chunk *next;
	size_t size, used;
};

struct dump {
	struct objtop_sink sink;
	FILE *f;
	uint32_t kinds, names;
	uint64_t addr[KINDS];	/* of the first kinds */
	bool in_refs;		/* the line of an object's refs is open */
	uint64_t key[KEYS];
	uint32_t id[KEYS];
	struct chunk *chunks;
};

static struct dump *
dump_of(struct objtop_sink *s)
{
	return (struct dump *)s;
}

static void
put_text(FILE *f, const char *s, size_t n)
{
	size_t i;

	if (!s) {
		fputs("null", f);
		return;
	}
	putc('"', f);
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20)
			fprintf(f, "\\u%04x", c);
		else
			putc(c, f);
	}
	putc('"', f);
}

/* Starts a line; refs of one object are all on one. */
static FILE *
line(struct dump *d, bool refs)
{
	if (d->in_refs && !refs)
		fputs("]\n", d->f);
	if (refs)
		fputs(d->in_refs ? "," : "[\"R\",", d->f);
	d->in_refs = refs;
	return d->f;
}

static uint32_t
dump_kind(struct objtop_sink *s, const struct objtop_kind *k)
{
	struct dump *d = dump_of(s);

	line(d, false);
	fprintf(d->f, "[\"K\",%" PRIu32 ",%" PRIu64 ",", d->kinds, k->addr);
	put_text(d->f, k->name, k->name_len);
	putc(',', d->f);
	put_text(d->f, k->module, k->module_len);
	fprintf(d->f, ",%" PRIu32 "]\n", k->flags);
	if (d->kinds < KINDS)
		d->addr[d->kinds] = k->addr;
	return d->kinds++;
}

static uint32_t *
slot(struct dump *d, uint64_t key)
{
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 40) % KEYS;

	while (d->key[i] && d->key[i] != key)
		i = (i + 1) % KEYS;
	d->key[i] = key;
	return &d->id[i];
}

static uint32_t
dump_name_known(struct objtop_sink *s, uint64_t key)
{
	return *slot(dump_of(s), key) - 1;
}

static uint32_t
dump_name(struct objtop_sink *s, uint64_t key, const char *name, size_t len)
{
	struct dump *d = dump_of(s);
	uint32_t *id = key ? slot(d, key) : NULL;

	if (id && *id)
		return *id - 1;
	line(d, false);
	fprintf(d->f, "[\"N\",%" PRIu32 ",", d->names);
	put_text(d->f, name, len);
	fputs("]\n", d->f);
	if (id)
		*id = d->names + 1;
	return d->names++;
}

static int
dump_ref(struct objtop_sink *s, const struct objtop_ref *r)
{
	FILE *f = line(dump_of(s), true);

	fprintf(f, "%" PRIu64 ",%u,", r->to, (unsigned)r->relation);
	if (r->name_type == OBJTOP_NAME_INDEX)
		fprintf(f, "%" PRId64, r->index);
	else if (r->name_type == OBJTOP_NAME_ID)
		fprintf(f, "\"%" PRIu32 "\"", r->id);
	else
		fputs("null", f);
	return ferror(f);
}

static int
dump_object(struct objtop_sink *s, const struct objtop_object *o)
{
	FILE *f = line(dump_of(s), false);

	fprintf(f, "[\"O\",%" PRIu64 ",%" PRIu32 ",%" PRIu32 ",%" PRIu64
		",%" PRIu64 ",%" PRId64 ",", o->addr, o->kind, o->flags,
		o->bytes, o->extra, o->refcount);
	put_text(f, o->text, o->text_len);
	fputs("]\n", f);
	if (o->flags & OBJTOP_CLASS) {
		if (o->kind >= KINDS)
			return 1;
		dump_ref(s, &(struct objtop_ref){
			.to = dump_of(s)->addr[o->kind],
			.relation = OBJTOP_REL_TYPE,
		});
	}
	return ferror(f);
}

static int
dump_root(struct objtop_sink *s, const struct objtop_root *r)
{
	FILE *f = line(dump_of(s), false);

	fprintf(f, "[\"T\",%u,%" PRIu64 ",", (unsigned)r->kind, r->thread);
	put_text(f, r->name, r->name_len);
	fputs("]\n", f);
	return ferror(f);
}

static void
dump_unseen(struct objtop_sink *s, const char *reason, uint64_t count)
{
	FILE *f = line(dump_of(s), false);

	fputs("[\"U\",", f);
	put_text(f, reason, strlen(reason));
	fprintf(f, ",%" PRIu64 "]\n", count);
}

static void *
dump_alloc(struct objtop_sink *s, size_t bytes)
{
	struct dump *d = dump_of(s);
	struct chunk *c = d->chunks;
	size_t size;

	bytes = (bytes + 15) & ~(size_t)15;
	if (!c || c->size - c->used < bytes) {
		size = bytes + 64 > CHUNK ? bytes + 64 : CHUNK;
		c = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (c == MAP_FAILED)
			return NULL;
		c->size = size;
		c->used = 64;
		c->next = d->chunks;
		d->chunks = c;
	}
	c->used += bytes;
	return (char *)c + c->used - bytes;
}

static void
dump_phase(struct objtop_sink *s, const char *what)
{
	FILE *f = line(dump_of(s), false);

	fputs("[\"P\",", f);
	put_text(f, what, strlen(what));
	fputs("]\n", f);
	fflush(f);
}

static struct dump *
dump_new(const char *path, uint32_t want)
{
	struct dump *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			      -1, 0);

	if (d == MAP_FAILED)
		return NULL;
	d->f = fopen(path, "w");
	if (!d->f) {
		munmap(d, sizeof(*d));
		return NULL;
	}
	d->sink = (struct objtop_sink){
		.size = sizeof(d->sink),
		.want = want,
		.kind = dump_kind,
		.name = dump_name,
		.name_known = dump_name_known,
		.object = dump_object,
		.ref = dump_ref,
		.root = dump_root,
		.root_ref = dump_ref,
		.unseen = dump_unseen,
		.alloc = dump_alloc,
		.phase = dump_phase,
	};
	return d;
}

static void
dump_free(struct dump *d)
{
	struct chunk *c;

	while ((c = d->chunks)) {
		d->chunks = c->next;
		munmap(c, c->size);
	}
	munmap(d, sizeof(*d));
}

/* Non-NULL: what the walk takes for this version's layout. */
static const struct py_layout *wrong;

static int
walk(struct objtop_provider *p, struct dump *d, char *why, size_t cap)
{
	int failed = wrong ? py_walk_with(wrong, &d->sink, why, cap) :
		p->walk(p->self, &d->sink, why, cap);

	line(d, false);
	if (failed) {
		fputs("[\"E\",", d->f);
		put_text(d->f, why, strlen(why));
		fputs("]\n", d->f);
	} else {
		fputs("[\"END\"]\n", d->f);
	}
	if (fclose(d->f))
		failed = -1;
	return failed;
}

static int
walk_in_clone(struct objtop_provider *p, struct dump *d, char *why, size_t cap)
{
	int status = -1;
	char *shared = mmap(NULL, WHY_MAX, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long pid;

	if (shared == MAP_FAILED)
		return -1;
	pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (pid < 0 && errno == EINVAL)	/* an emulator knows fork alone */
		pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(walk(p, d, shared, WHY_MAX) ? 1 : 0);
	}
	fclose(d->f);
	if (pid < 0 || waitpid((pid_t)pid, &status, __WALL) < 0)
		return -1;
	snprintf(why, cap, "%s", shared);
	munmap(shared, WHY_MAX);
	if (WIFSIGNALED(status))
		return 1000 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

struct job {
	struct objtop_provider p;
	struct dump *d;
	int clone, failed;
	char *why;
	size_t cap;
};

static void
while_held(void *arg, uint64_t since)
{
	struct job *j = arg;

	(void)since;
	j->failed = j->clone ? walk_in_clone(&j->p, j->d, j->why, j->cap) :
		walk(&j->p, j->d, j->why, j->cap);
}

OBJTOP_EXPORT int walkdump(const char *path, unsigned want, int clone,
			   char *why, size_t cap);
OBJTOP_EXPORT int walkdump_foreign(const char *path, char *why, size_t cap);
OBJTOP_EXPORT int walkdump_wrong(const char *path, const char *field,
				 char *why, size_t cap);

/* 0; or a reason in why[cap], or 1000 + the signal that ended the clone. */
int
walkdump(const char *path, unsigned want, int clone, char *why, size_t cap)
{
	struct job job = { .clone = clone, .why = why, .cap = cap };
	struct objtop_provider *p = &job.p;
	int failed;

	if (cap)
		why[0] = '\0';
	if (!py_provider(dlsym, p, why, cap))
		return -1;
	job.d = dump_new(path, want);
	if (!job.d)
		return -1;
	if (p->hold_for) {
		failed = p->hold_for(p->self, while_held, &job, why, cap);
	} else {
		failed = p->hold(p->self, why, cap);
		if (!failed) {
			while_held(&job, 0);
			p->release(p->self);
		}
	}
	if (failed)
		fclose(job.d->f);
	dump_free(job.d);
	return failed ? failed : job.failed;
}

struct call {
	const char *path;
	char *why;
	size_t cap;
	int failed;
};

static void *
foreign(void *arg)
{
	struct call *c = arg;

	c->failed = walkdump(c->path, OBJTOP_WANT_OBJECTS | OBJTOP_WANT_REFS |
			     OBJTOP_WANT_NAMES | OBJTOP_WANT_ROOTS, 1, c->why,
			     c->cap);
	return NULL;
}

/* The same on a thread that Python knows nothing of, as the agent's is. */
int
walkdump_foreign(const char *path, char *why, size_t cap)
{
	struct call c = { path, why, cap, -1 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, foreign, &c) ||
	    pthread_join(thread, NULL))
		return -1;
	return c.failed;
}

static const struct field {
	const char *name;
	size_t offset, size;
} fields[] = {
#define L(f, a, b, c, d, e, g, h, i) \
	{ #f, offsetof(struct py_layout, f), \
	  sizeof(((struct py_layout *)0)->f) },
#include "runtime/cpython/layouts.def"
};

/* The same with one field of the layout 8 bytes off. */
int
walkdump_wrong(const char *path, const char *field, char *why, size_t cap)
{
	static struct py_layout layout;
	const char *(*version)(void);
	void *f = dlsym(NULL, "Py_GetVersion");
	char *at = (char *)&layout;
	size_t i;
	int failed = -1;

	if (!f)
		return -1;
	memcpy(&version, &f, sizeof(version));
	layout = *py_layout_find((unsigned)atoi(version() + 2),
				 py_is_free_threaded(dlsym));
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(fields[i].name, field))
			continue;
		if (fields[i].size == sizeof(uint16_t))
			*(uint16_t *)(void *)(at + fields[i].offset) += 8;
		else
			*(uint32_t *)(void *)(at + fields[i].offset) += 8;
		wrong = &layout;
		failed = walkdump(path, OBJTOP_WANT_COUNTS, 1, why, cap);
		wrong = NULL;
	}
	return failed;
}
