/* SPDX-License-Identifier: MIT */
/*
 * preload.c - `objtop run`: in by LD_PRELOAD.
 *
 * The environment is edited where it stands, before main() has seen it: no
 * setenv(), which takes a lock and allocates.  So children of the program do
 * not load the agent, and the program does not see it in its environment,
 * unless the children are wanted too.  A process that is no interpreter (a
 * shell on the way to one) leaves it all as it is for the next exec.
 */
#include "config.h"

#include <string.h>

#include "runtime/agent.h"
#include "runtime/host.h"
#include "runtime/sys.h"

#define AGENT_FILE "objtop-agent.so"

/* Where the value of `name` begins in "name=value", or NULL. */
static char *
value_of(char *entry, const char *name)
{
	size_t len = strlen(name);

	return strlen(entry) > len && memcmp(entry, name, len) == 0 &&
	       entry[len] == '=' ? entry + len + 1 : NULL;
}

static char **
find_entry(char **env, const char *name)
{
	for (; *env; env++)
		if (value_of(*env, name))
			return env;
	return NULL;
}

static void
remove_entry(char **entry)
{
	do
		entry[0] = entry[1];
	while (*entry++);
}

/* Behind `text` and the digits after it; NULL: something else is there. */
static const char *
behind_number(const char *p, const char *end, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(end - p) <= n || memcmp(p, text, n) != 0)
		return NULL;
	for (p += n; p < end && *p >= '0' && *p <= '9'; p++)
		;
	return p[-1] >= '0' && p[-1] <= '9' ? p : NULL;
}

/* "/proc/PID/fd/N", as `objtop run` has it, or the file by its name. */
static bool
is_ours(const char *path, size_t len)
{
	const size_t own = strlen(AGENT_FILE);
	const char *p = behind_number(path, path + len, "/proc/");

	if (p && behind_number(p, path + len, "/fd/") == path + len)
		return true;
	return len >= own && memcmp(path + len - own, AGENT_FILE, own) == 0 &&
	       (len == own || path[len - own - 1] == '/');
}

/* Takes our file out of a list separated by colons or blanks. */
static void
strip_list(char *list)
{
	char *from = list, *to = list;

	while (*from) {
		size_t len = 0;

		while (from[len] && from[len] != ':' && from[len] != ' ')
			len++;
		if (len && !is_ours(from, len)) {
			if (to != list)
				*to++ = ':';
			memmove(to, from, len);
			to += len;
		}
		from += len;
		if (*from)
			from++;
	}
	*to = '\0';
}

/* "PID:NAME", or "PID+:NAME" where children count: is it for us? */
static bool
read_home(const char *value, struct ota_home *h)
{
	uint64_t pid = 0;
	size_t n;

	for (; *value >= '0' && *value <= '9' && pid < UINT32_MAX; value++)
		pid = pid * 10 + (uint64_t)(*value - '0');
	h->first = pid == (uint64_t)ota_pid();
	h->children = *value == '+';
	value += h->children;
	n = strlen(value);
	if (*value != ':' || n < 2 || n > sizeof(h->name) ||
	    (!h->first && !h->children))
		return false;
	memcpy(h->name, value + 1, n);
	return true;
}

/* Only who could have started us, or root, may be told about the heap. */
static int
connect_to(const char *name)
{
	long fd = ota_connect_abstract(name, strlen(name));
	uint32_t uid;

	if (fd < 0)
		return -1;
	if (!ota_peer_uid((int)fd, &uid) || (uid != 0 && uid != ota_euid())) {
		ota_close((int)fd);
		return -1;
	}
	return (int)fd;
}

static void
clear_environment(char **env, char **entry)
{
	char **preload;

	remove_entry(entry);
	preload = find_entry(env, "LD_PRELOAD");
	if (preload) {
		char *list = value_of(*preload, "LD_PRELOAD");

		strip_list(list);
		if (!*list)
			remove_entry(preload);
	}
}

void
ota_preload(struct ota_home *h)
{
	char ***environ_at = ota_dlsym(NULL, "environ");
	char **entry;

	h->name[0] = '\0';
	if (!environ_at || !*environ_at)
		return;
	entry = find_entry(*environ_at, OTW_ENV_RUN);
	if (!entry || !ota_host_known() ||
	    !read_home(value_of(*entry, OTW_ENV_RUN), h))
		return;
	if (!h->children)
		clear_environment(*environ_at, entry);
}

int
ota_preload_connect(const struct ota_home *h)
{
	return h->name[0] ? connect_to(h->name) : -1;
}
