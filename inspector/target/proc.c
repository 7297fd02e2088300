/* SPDX-License-Identifier: MIT */
/*
 * Reading /proc.  Names in it (comm, command line, paths of mappings) are
 * chosen by the process that is looked at, so the parsers never trust a
 * separator that a name could contain: stat is read from its last ')', and a
 * line of maps has its fixed fields first.  Cost: some 20 us for the small
 * files, 0.1 to 1 ms for the maps of a process with many libraries.
 */
#include "config.h"
#include "inspector/target/proc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Takes a number in `base` at *p, not beyond end, and moves *p behind it.
 * More digits than 64 bits hold are no number.
 */
static bool
take_u64(const char **p, const char *end, unsigned base, uint64_t *out)
{
	const char *s = *p;
	uint64_t v = 0;

	for (; s < end; s++) {
		unsigned d;

		if (*s >= '0' && *s <= '9')
			d = (unsigned)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			d = (unsigned)(*s - 'a') + 10;
		else
			break;
		if (d >= base)
			break;
		if (v > (UINT64_MAX - d) / base)
			return false;
		v = v * base + d;
	}
	if (s == *p)
		return false;
	*p = s;
	*out = v;
	return true;
}

static bool
take_char(const char **p, const char *end, char c)
{
	if (*p >= end || **p != c)
		return false;
	(*p)++;
	return true;
}

static void
skip_blanks(const char **p, const char *end)
{
	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
}

static bool
parse_map(const char *p, const char *end, struct proc_maps *m,
	  struct proc_map *out)
{
	uint64_t major, minor;
	int i;

	if (!take_u64(&p, end, 16, &out->start) || !take_char(&p, end, '-') ||
	    !take_u64(&p, end, 16, &out->end) || !take_char(&p, end, ' ') ||
	    out->start >= out->end || end - p < 5)
		return false;
	for (i = 0; i < 4; i++)
		out->perm[i] = *p++;
	out->perm[4] = '\0';
	if (!take_char(&p, end, ' ') || !take_u64(&p, end, 16, &out->off) ||
	    !take_char(&p, end, ' ') || !take_u64(&p, end, 16, &major) ||
	    !take_char(&p, end, ':') || !take_u64(&p, end, 16, &minor) ||
	    !take_char(&p, end, ' ') || !take_u64(&p, end, 10, &out->ino) ||
	    major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	out->dev_major = (uint32_t)major;
	out->dev_minor = (uint32_t)minor;
	out->unsafe = false;
	skip_blanks(&p, end);
	out->path = ot_arena_strndup(&m->arena, p, (size_t)(end - p));
	return out->path != NULL;
}

bool
proc_maps_parse(const char *text, size_t len, struct proc_maps *out)
{
	const char *p = text, *end = text + len;
	size_t cap = 0;

	*out = (struct proc_maps)PROC_MAPS_INIT;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl == NULL)
			nl = end;
		if (out->n == cap) {
			struct proc_map *v;

			cap = cap == 0 ? 128 : cap * 2;
			v = ot_realloc_array(out->v, cap, sizeof(*v));
			if (v == NULL)
				goto bad;
			out->v = v;
		}
		if (!parse_map(p, nl, out, &out->v[out->n]))
			goto bad;
		/* By address: what comes out of order is not from a kernel. */
		if (out->n > 0 && out->v[out->n].start < out->v[out->n - 1].end)
			goto bad;
		out->n++;
		p = nl + 1;
	}
	return true;
bad:
	proc_maps_release(out);
	errno = EINVAL;
	return false;
}

void
proc_maps_release(struct proc_maps *m)
{
	free(m->v);
	ot_arena_release(&m->arena);
	*m = (struct proc_maps)PROC_MAPS_INIT;
}

struct proc_map *
proc_maps_at(const struct proc_maps *m, uint64_t addr)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->v[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < m->n && m->v[lo].start <= addr)
		return &m->v[lo];
	return NULL;
}

const char *
proc_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
proc_stat_parse(const char *text, size_t len, struct proc_stat *out)
{
	const char *end = text + len, *open, *close, *p;
	uint64_t field[20];	/* from ppid (4) to starttime (22) */
	size_t n = 0, name;

	memset(out, 0, sizeof(*out));
	open = memchr(text, '(', len);
	for (close = end; close > text && close[-1] != ')'; close--)
		;
	if (open == NULL || close <= open + 1)
		return false;
	close--;
	name = (size_t)(close - open - 1);
	if (name >= sizeof(out->comm))
		name = sizeof(out->comm) - 1;
	memcpy(out->comm, open + 1, name);
	p = close + 1;
	skip_blanks(&p, end);
	if (p >= end)
		return false;
	out->state = *p++;
	for (n = 0; n < OT_ARRAY_LEN(field) - 1; n++) {
		bool negative;

		skip_blanks(&p, end);
		negative = p < end && *p == '-';
		if (negative)
			p++;
		if (!take_u64(&p, end, 10, &field[n]))
			return false;
		if (negative)
			field[n] = 0;	/* tty_nr, tpgid: of no use here */
	}
	out->ppid = (pid_t)field[0];
	out->flags = field[5];
	out->cpu_ticks = field[10] + field[11];
	out->start_ticks = field[18];
	return true;
}

/* Finds "KEY:" at the start of a line; the text behind it up to the newline. */
static bool
status_value(const char *text, size_t len, const char *key, const char **value,
	     const char **value_end)
{
	size_t klen = strlen(key);
	const char *p = text, *end = text + len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl == NULL)
			nl = end;
		if ((size_t)(nl - p) > klen && memcmp(p, key, klen) == 0 &&
		    p[klen] == ':') {
			*value = p + klen + 1;
			*value_end = nl;
			skip_blanks(value, nl);
			return true;
		}
		p = nl + 1;
	}
	return false;
}

/* The number `nth` (0: first, -1: last) of a line of status. */
static bool
status_number(const char *text, size_t len, const char *key, unsigned base,
	      int nth, uint64_t *out)
{
	const char *p, *end;
	uint64_t v = 0;
	int n = 0;

	if (!status_value(text, len, key, &p, &end))
		return false;
	while (take_u64(&p, end, base, &v)) {
		if (n++ == nth)
			break;
		skip_blanks(&p, end);
	}
	*out = v;
	return n > 0 && (nth < 0 || n == nth + 1);
}

bool
proc_status_parse(const char *text, size_t len, struct proc_status *out)
{
	const char *p, *end;
	uint64_t tgid, tracer, uid, euid, v;

	memset(out, 0, sizeof(*out));
	if (!status_value(text, len, "State", &p, &end) || p == end ||
	    !status_number(text, len, "Tgid", 10, 0, &tgid) ||
	    !status_number(text, len, "TracerPid", 10, 0, &tracer) ||
	    !status_number(text, len, "Uid", 10, 0, &uid) ||
	    !status_number(text, len, "Uid", 10, 1, &euid) ||
	    tgid > INT32_MAX || tracer > INT32_MAX ||
	    uid > UINT32_MAX || euid > UINT32_MAX)
		return false;
	out->state = *p;
	out->tgid = (pid_t)tgid;
	out->tracer = (pid_t)tracer;
	out->uid = (uid_t)uid;
	out->euid = (uid_t)euid;
	/* What follows is missing in zombies or on kernels without it. */
	out->ns_pid = out->tgid;
	if (status_number(text, len, "NSpid", 10, -1, &v) && v <= INT32_MAX)
		out->ns_pid = (pid_t)v;
	if (status_number(text, len, "VmRSS", 10, 0, &v) && v < UINT64_MAX / 1024)
		out->rss = v * 1024;
	if (status_number(text, len, "Seccomp", 10, 0, &v) && v <= 2)
		out->seccomp = (int)v;
	out->seccomp_filters = -1;
	if (status_number(text, len, "Seccomp_filters", 10, 0, &v) &&
	    v <= INT32_MAX)
		out->seccomp_filters = (int)v;
	if (status_number(text, len, "CapEff", 16, 0, &v))
		out->cap_eff = v;
	if (status_number(text, len, "CapPrm", 16, 0, &v))
		out->cap_prm = v;
	if (status_value(text, len, "x86_Thread_features", &p, &end))
		out->shadow_stack = memmem(p, (size_t)(end - p), "shstk",
					   5) != NULL;
	return true;
}

bool
proc_syscall_parse(const char *text, size_t len, struct proc_syscall *out)
{
	const char *p = text, *end = text + len;
	uint64_t v;
	int i;

	memset(out, 0, sizeof(*out));
	out->nr = -1;
	if (len >= 7 && memcmp(text, "running", 7) == 0) {
		out->running = true;
		return true;
	}
	if (take_char(&p, end, '-')) {		/* "-1 SP PC" */
		if (!take_u64(&p, end, 10, &v))
			return false;
	} else {
		if (!take_u64(&p, end, 10, &v) || v > INT32_MAX)
			return false;
		out->nr = (long)v;
	}
	for (i = out->nr < 0 ? 6 : 0; i < 8; i++) {
		uint64_t *dst = i < 6 ? &out->arg[i] :
			i == 6 ? &out->sp : &out->pc;

		skip_blanks(&p, end);
		if (!take_char(&p, end, '0') || !take_char(&p, end, 'x') ||
		    !take_u64(&p, end, 16, dst))
			return false;
	}
	return true;
}
