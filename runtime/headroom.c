/* SPDX-License-Identifier: MIT */
/*
 * headroom.c - how much memory may still be taken.
 *
 * Each control group from the process's own up to the root of what is mounted
 * has a limit and a use, of which the page cache that is not in use
 * (inactive_file) can be had at once.  Groups are found by /proc/self/cgroup
 * below /sys/fs/cgroup, as systemd, docker and kubernetes mount them; in a
 * container that sees the names of outside, the names lead nowhere and the
 * root of the mount is its own group.  Some ten small files, 0.05 to 0.2 ms,
 * before anything is held.
 */
#include "config.h"

#include "runtime/headroom.h"

#include <string.h>

#include "runtime/sys.h"
#include "wire/wire.h"

enum {
	TEXT = 4096,
	PATH = 512,
	LEVELS = 64,
	LAG = 32 << 20,		/* what a viewer may lag behind, mostly */
};

#define UNLIMITED	((uint64_t)1 << 60)	/* v1 says 2^63 and less */

/* The files of both versions. */
struct version {
	const char *max, *use, *inactive;
};

static const struct version v1 = {
	"/memory.limit_in_bytes", "/memory.usage_in_bytes",
	"total_inactive_file ",
};
static const struct version v2 = {
	"/memory.max", "/memory.current", "inactive_file ",
};

/* root + a + b + c; false: does not fit, or cannot be read. */
static bool
read_text(char text[TEXT], const char *root, const char *a, const char *b,
	  const char *c)
{
	char path[PATH];
	size_t n = ota_cat(path, sizeof(path), 0, root);
	long len;

	n = ota_cat(path, sizeof(path), n, a);
	n = ota_cat(path, sizeof(path), n, b);
	n = ota_cat(path, sizeof(path), n, c);
	if (n + 1 >= sizeof(path))
		return false;
	len = ota_slurp(path, text, TEXT - 1);
	if (len <= 0)
		return false;
	text[len] = '\0';
	return true;
}

static bool
number(const char *s, uint64_t *v)
{
	*v = 0;
	while (*s == ' ' || *s == '\t')
		s++;
	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (*v > UNLIMITED)
			return true;
		*v = *v * 10 + (uint64_t)(*s - '0');
	}
	return true;
}

/* Behind `word` where a line begins with it; NULL: none does. */
static const char *
line_of(const char *text, const char *word)
{
	size_t n = strlen(word);

	while (*text) {
		size_t i = 0;

		while (i < n && text[i] == word[i])
			i++;
		if (i == n)
			return text + n;
		while (*text && *text != '\n')
			text++;
		text += *text == '\n';
	}
	return NULL;
}

static void
tighten(struct ota_headroom *h, uint64_t left, uint64_t limit,
	const char *what, const char *name)
{
	size_t n;

	if (h->where[0] && left >= h->left)
		return;
	h->left = left;
	h->limit = limit;
	n = ota_cat(h->where, sizeof(h->where), 0, what);
	ota_cat(h->where, sizeof(h->where), n, name);
}

static void
look_at_group(const char *root, const char *mount, const char *group,
	      const struct version *v, struct ota_headroom *h)
{
	uint64_t limit, use, cache = 0;
	char text[TEXT];
	const char *at;

	if (!read_text(text, root, mount, group, v->max) ||
	    !number(text, &limit) || limit >= UNLIMITED ||
	    !read_text(text, root, mount, group, v->use) ||
	    !number(text, &use))
		return;
	if (read_text(text, root, mount, group, "/memory.stat")) {
		at = line_of(text, v->inactive);
		if (at)
			number(at, &cache);
	}
	use = use > cache ? use - cache : 0;
	tighten(h, limit > use ? limit - use : 0, limit, "cgroup ",
		*group ? group : "/");
}

/* `group` is "/a/b", and is cut level by level. */
static void
look_at_groups(const char *root, const char *mount, char *group,
	       const struct version *v, struct ota_headroom *h)
{
	size_t n = strlen(group);
	int i;

	for (i = 0; i < LEVELS; i++) {
		while (n && group[n - 1] == '/')
			n--;
		group[n] = '\0';
		look_at_group(root, mount, group, v, h);
		if (!n)
			break;
		while (n && group[n - 1] != '/')
			n--;
	}
}

/* Does the list of controllers, up to a colon, have `memory`? */
static bool
has_memory(const char *list)
{
	static const char word[] = "memory";
	const size_t n = sizeof(word) - 1;

	for (;;) {
		size_t i = 0;

		while (i < n && list[i] == word[i])
			i++;
		if (i == n && (list[n] == ',' || list[n] == ':'))
			return true;
		while (*list && *list != ',' && *list != ':')
			list++;
		if (*list != ',')
			return false;
		list++;
	}
}

/* One line, ended by NUL: "4:memory:/a/b" or "0::/a/b". */
static void
look_at_line(const char *root, char *line, struct ota_headroom *h)
{
	char *controllers = line, *group;

	while (*controllers && *controllers != ':')
		controllers++;
	if (!*controllers++)
		return;
	group = controllers;
	while (*group && *group != ':')
		group++;
	if (!*group++)
		return;
	if (has_memory(controllers)) {
		look_at_groups(root, "/sys/fs/cgroup/memory", group, &v1, h);
	} else if (*controllers == ':') {
		char again[TEXT];

		ota_cat(again, sizeof(again), 0, group);
		look_at_groups(root, "/sys/fs/cgroup", group, &v2, h);
		look_at_groups(root, "/sys/fs/cgroup/unified", again, &v2, h);
	}
}

static void
look_at_system(const char *root, struct ota_headroom *h)
{
	uint64_t left, total;
	const char *at, *all;
	char text[TEXT];

	if (!read_text(text, root, "/proc/meminfo", "", ""))
		return;
	at = line_of(text, "MemAvailable:");
	all = line_of(text, "MemTotal:");
	if (at && all && number(at, &left) && number(all, &total))
		tighten(h, left * 1024, total * 1024, "the system", "");
}

static bool
look_at_self(const char *root, struct ota_headroom *h)
{
	const char *resident, *anonymous;
	char text[TEXT];

	if (!read_text(text, root, "/proc/self/status", "", ""))
		return false;
	resident = line_of(text, "VmRSS:");
	anonymous = line_of(text, "RssAnon:");
	if (!resident || !anonymous || !number(resident, &h->resident) ||
	    !number(anonymous, &h->anonymous))
		return false;
	h->resident *= 1024;
	h->anonymous *= 1024;
	return true;
}

bool
ota_headroom(const char *root, struct ota_headroom *h)
{
	char text[TEXT], *line, *end;

	memset(h, 0, sizeof(*h));
	if (!look_at_self(root, h))
		return false;
	look_at_system(root, h);
	if (read_text(text, root, "/proc/self/cgroup", "", "")) {
		for (line = text; *line; line = end) {
			for (end = line; *end && *end != '\n'; end++)
				;
			if (*end)
				*end++ = '\0';
			look_at_line(root, line, h);
		}
	}
	return h->where[0] != '\0';
}

/* Page tables, the set of objects seen, pages that the program writes. */
uint64_t
ota_clone_needs(const struct ota_headroom *h)
{
	return h->resident / 512 + h->resident / 64 + h->anonymous / 10 +
	       LAG;
}

/* What is not sent before the end of the walk has to wait in memory. */
uint64_t
ota_pause_needs(const struct ota_headroom *h, uint32_t want)
{
	uint64_t stream = want & OTW_WANT_OBJECTS ? h->anonymous / 3 : 0;

	return h->resident / 64 + stream + LAG / 4;
}

static size_t
cat_mib(char *m, size_t cap, size_t n, uint64_t bytes)
{
	n = ota_cat_u64(m, cap, n, bytes >> 20);
	return ota_cat(m, cap, n, " MiB");
}

void
ota_headroom_say(const struct ota_headroom *h, char *m, size_t cap)
{
	size_t n;

	n = ota_cat(m, cap, 0, "memory is too tight for a snapshot: ");
	n = cat_mib(m, cap, n, h->left);
	n = ota_cat(m, cap, n, " of ");
	n = cat_mib(m, cap, n, h->limit);
	n = ota_cat(m, cap, n, " are left in ");
	n = ota_cat(m, cap, n, h->where);
	n = ota_cat(m, cap, n, ", some ");
	n = cat_mib(m, cap, n, ota_clone_needs(h));
	ota_cat(m, cap, n, " may be needed: raise that limit, or take the "
		"risk with --mode fork");
}
