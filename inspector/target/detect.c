/* SPDX-License-Identifier: MIT */
/*
 * Which runtime is in a process: asked of the symbols of what is mapped, so
 * an interpreter is recognised whatever the program is called and wherever
 * its files went.  Py_Version (from 3.11 on) is the version as a number;
 * before that the text that sys.version begins with is looked for in the
 * data of the module that exports Py_GetVersion; and where even that was not
 * made yet, the name of the file gives the minor version.
 *
 * A machine has thousands of processes and few libraries, so what was learnt
 * about a file (by device and inode) is remembered for the next process.
 */
#include "config.h"
#include "inspector/target/suspect.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_MAX	((uint64_t)8 << 20)
#define SCAN_STEP	((size_t)65536)
#define VERSION_MAX	24	/* longest version in front of " (" */

enum module_what {
	MOD_PYTHON = 1,
	MOD_PROVIDER = 2,
	MOD_PYPY = 4,
	MOD_FREE_THREADED = 8
};

struct module_entry {
	uint64_t ino;
	uint32_t dev_major, dev_minor;
	unsigned what;
	bool used;
	char version[32];
};

struct module_cache {
	struct module_entry *v;
	size_t n, cap;		/* cap is a power of two */
};

struct module_cache *
module_cache_new(void)
{
	return calloc(1, sizeof(struct module_cache));
}

void
module_cache_free(struct module_cache *c)
{
	if (c == NULL)
		return;
	free(c->v);
	free(c);
}

static struct module_entry *
cache_slot(struct module_entry *v, size_t cap, const struct proc_map *m)
{
	uint64_t h = m->ino * 0x9e3779b97f4a7c15u + m->dev_minor;
	size_t i = (size_t)(h >> 20) & (cap - 1);

	while (v[i].used && (v[i].ino != m->ino ||
			     v[i].dev_major != m->dev_major ||
			     v[i].dev_minor != m->dev_minor))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

static bool
cache_grow(struct module_cache *c)
{
	size_t cap = c->cap == 0 ? 512 : c->cap * 2, i;
	struct module_entry *v = calloc(cap, sizeof(*v));

	if (v == NULL)
		return false;
	for (i = 0; i < c->cap; i++) {
		struct proc_map m = { .ino = c->v[i].ino,
				      .dev_major = c->v[i].dev_major,
				      .dev_minor = c->v[i].dev_minor };

		if (c->v[i].used)
			*cache_slot(v, cap, &m) = c->v[i];
	}
	free(c->v);
	c->v = v;
	c->cap = cap;
	return true;
}

static void
cache_add(struct module_cache *c, const struct proc_map *m,
	  const struct module_entry *what)
{
	struct module_entry *e;

	if (c == NULL || m->ino == 0 ||
	    (c->n * 2 >= c->cap && !cache_grow(c)))
		return;
	e = cache_slot(c->v, c->cap, m);
	if (e->used)
		return;
	*e = *what;
	e->ino = m->ino;
	e->dev_major = m->dev_major;
	e->dev_minor = m->dev_minor;
	e->used = true;
	c->n++;
}

static const struct module_entry *
cache_find(const struct module_cache *c, const struct proc_map *m)
{
	const struct module_entry *e;

	if (c == NULL || c->cap == 0 || m->ino == 0)
		return NULL;
	e = cache_slot(c->v, c->cap, m);
	return e->used ? e : NULL;
}

static size_t
digits(const char *p, const char *end, size_t max)
{
	size_t n = 0;

	while (p + n < end && n < max && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/*
 * Is there "3.8.18 (" at p?  The length of the version, 0: no.  What may
 * stand behind the last number: "rc1", "+".
 */
static size_t
version_at(const char *p, const char *end)
{
	const char *s = p;
	int part;

	for (part = 0; part < 3; part++) {
		size_t n = digits(s, end, 2);

		if (n == 0)
			return 0;
		s += n;
		if (part < 2 && (s >= end || *s++ != '.'))
			return 0;
	}
	while (s < end && s - p < VERSION_MAX &&
	       (isalnum((unsigned char)*s) || *s == '+'))
		s++;
	if (end - s < 2 || s[0] != ' ' || s[1] != '(')
		return 0;
	return (size_t)(s - p);
}

bool
detect_version_text(const char *text, size_t len, char *dst, size_t cap)
{
	const char *p = text, *end = text + len;

	while (p < end && (p = memchr(p, '.', (size_t)(end - p))) != NULL) {
		size_t n = 0;

		if (p > text && (p[-1] == '3' || p[-1] == '2') &&
		    (p - 1 == text || !(isalnum((unsigned char)p[-2]) ||
					p[-2] == '.')))
			n = version_at(p - 1, end);
		if (n > 0 && n < cap) {
			memcpy(dst, p - 1, n);
			dst[n] = '\0';
			return true;
		}
		p++;
	}
	return false;
}

/* The text of Py_GetVersion() in the module's data. */
static bool
version_from_data(const struct elf_view *v, char *dst, size_t cap)
{
	uint64_t at = v->data_lo, end = v->data_hi;
	bool found = false;
	char *buf;

	if (end - at > SCAN_MAX)
		end = at + SCAN_MAX;
	buf = malloc(SCAN_STEP);
	while (buf != NULL && at < end && !found) {
		size_t n = end - at < SCAN_STEP ? (size_t)(end - at)
						: SCAN_STEP;

		if (!v->read(v->ctx, at, buf, n))
			break;
		found = detect_version_text(buf, n, dst, cap);
		/* A text may lie across the end of a block. */
		at += n > 64 && at + n < end ? n - 64 : n;
	}
	free(buf);
	return found;
}

static bool
version_from_number(const struct elf_view *v, char *dst, size_t cap)
{
	struct elf_sym sym;
	uint32_t hex;
	const char *level;

	if (!elf_symbol(v, "Py_Version", &sym) ||
	    !v->read(v->ctx, sym.addr, &hex, sizeof(hex)))
		return false;
	switch (hex >> 4 & 0xf) {
	case 0xa:
		level = "a";
		break;
	case 0xb:
		level = "b";
		break;
	case 0xc:
		level = "rc";
		break;
	default:
		level = "";
	}
	snprintf(dst, cap, "%u.%u.%u%s", hex >> 24, hex >> 16 & 0xff,
		 hex >> 8 & 0xff, level);
	if (*level != '\0')
		snprintf(dst + strlen(dst), cap - strlen(dst), "%u",
			 hex & 0xf);
	return true;
}

/* "libpython3.8.so.1.0", "python3.8": "3.8". */
static bool
version_from_name(const char *name, char *dst, size_t cap)
{
	const char *p = strstr(name, "python"), *end = name + strlen(name);
	size_t major, minor;

	if (p == NULL)
		return false;
	p += strlen("python");
	major = digits(p, end, 1);
	if (major == 0 || p[1] != '.')
		return false;
	minor = digits(p + 2, end, 2);
	if (minor == 0 || minor + 3 > cap)
		return false;
	memcpy(dst, p, minor + 2);
	dst[minor + 2] = '\0';
	return true;
}

/*
 * _Py_DebugOffsets, the first thing in _PyRuntime from 3.13 on
 * (pycore_debug_offsets.h): { char cookie[8]; uint64_t version,
 * free_threaded; ... }.
 */
static bool
is_free_threaded(const struct elf_view *v)
{
	struct {
		char cookie[8];
		uint64_t version, free_threaded;
	} offsets;
	struct elf_sym sym;

	return elf_symbol(v, "_PyRuntime", &sym) &&
		v->read(v->ctx, sym.addr, &offsets, sizeof(offsets)) &&
		memcmp(offsets.cookie, "xdebugpy", 8) == 0 &&
		offsets.free_threaded != 0;
}

static void
examine_view(const struct elf_view *v, const char *name,
	     struct module_entry *e)
{
	struct elf_sym sym;

	if (strncmp(name, "libpypy", 7) == 0 || strncmp(name, "pypy", 4) == 0)
		e->what |= MOD_PYPY;
	if (elf_symbol(v, "objtop_provider", &sym))
		e->what |= MOD_PROVIDER;
	if (!elf_symbol(v, "Py_GetVersion", &sym))
		return;
	e->what |= MOD_PYTHON;
	if (is_free_threaded(v))
		e->what |= MOD_FREE_THREADED;
	if (!version_from_number(v, e->version, sizeof(e->version)) &&
	    !version_from_data(v, e->version, sizeof(e->version)))
		version_from_name(name, e->version, sizeof(e->version));
}

static void
examine(struct suspect *s, const struct proc_map *m, struct module_entry *e)
{
	const char *name = proc_base_name(m->path);
	struct detect_file f;
	struct elf_view v;

	memset(e, 0, sizeof(*e));
	if (s->mem >= 0) {
		if (elf_open(&v, proc_mem_read, &s->mem, m->start))
			examine_view(&v, name, e);
	} else if (detect_file_open(&f, s, m)) {
		if (elf_open(&v, detect_file_read, &f, m->start))
			examine_view(&v, name, e);
		detect_file_close(&f);
	}
}

void
detect_runtime(struct suspect *s, struct module_cache *c)
{
	struct module_entry fresh;
	unsigned what = 0;
	size_t i;

	for (i = 0; i < s->maps.n; i++) {
		const struct proc_map *m = &s->maps.v[i];
		const struct module_entry *e;

		if (!suspect_is_module(m))
			continue;
		e = cache_find(c, m);
		if (e == NULL) {
			examine(s, m, &fresh);
			cache_add(c, m, &fresh);
			e = &fresh;
		}
		what |= e->what;
		if (e->what & MOD_PYTHON && s->version[0] == '\0')
			memcpy(s->version, e->version, sizeof(s->version));
	}
	s->free_threaded = (what & MOD_FREE_THREADED) != 0;
	if (what & MOD_PYTHON)
		snprintf(s->runtime, sizeof(s->runtime), "cpython");
	else if (what & MOD_PYPY)
		snprintf(s->runtime, sizeof(s->runtime), "pypy");
	else if (what & MOD_PROVIDER)
		snprintf(s->runtime, sizeof(s->runtime), "objtop.h");
}

/* For a process that may not be looked at: what its command line suggests. */
void
detect_by_name(struct suspect *s, const char *command)
{
	char word[256];
	size_t n = strcspn(command, " ");
	const char *name;

	if (n >= sizeof(word))
		n = sizeof(word) - 1;
	memcpy(word, command, n);
	word[n] = '\0';
	name = proc_base_name(word);
	if (strncmp(name, "python", 6) != 0)
		return;
	snprintf(s->runtime, sizeof(s->runtime), "cpython");
	version_from_name(name, s->version, sizeof(s->version));
}
