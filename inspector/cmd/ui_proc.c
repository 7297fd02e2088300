/* SPDX-License-Identifier: MIT */
/*
 * RSS and age of a process, read once a second; starting xdg-open.
 */
#include "config.h"

#include "inspector/cmd/ui_proc.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static bool
proc_file(pid_t pid, const char *name, char *buf, size_t cap)
{
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	n = fread(buf, 1, cap - 1, f);
	fclose(f);
	buf[n] = '\0';
	return n > 0;
}

bool
ui_proc_read(pid_t pid, uint64_t *rss, uint64_t *uptime_s)
{
	char buf[1024], *s;
	unsigned long long size, pages, start;
	struct timespec now;
	uint64_t age;

	if (!proc_file(pid, "statm", buf, sizeof(buf)) ||
	    sscanf(buf, "%llu %llu", &size, &pages) != 2)
		return false;
	*rss = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	if (!proc_file(pid, "stat", buf, sizeof(buf)))
		return false;
	/* behind the name, which may hold anything: field 22 is the start */
	s = strrchr(buf, ')');
	if (s == NULL ||
	    sscanf(s + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u "
			  "%*u %*d %*d %*d %*d %*d %*d %llu", &start) != 1)
		return false;
	clock_gettime(CLOCK_BOOTTIME, &now);
	age = start / (uint64_t)sysconf(_SC_CLK_TCK);
	*uptime_s = (uint64_t)now.tv_sec > age ? (uint64_t)now.tv_sec - age : 0;
	return true;
}

bool
ui_proc_show(const char *path, pid_t *child)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
	char program[] = "xdg-open", file[1024];
	char *argv[] = { program, file, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	bool ok;

	if ((x == NULL || x[0] == '\0') &&
	    (wayland == NULL || wayland[0] == '\0'))
		return false;
	ui_proc_reap(child);
	if (*child != 0)
		return false;
	snprintf(file, sizeof(file), "%s%s", path[0] == '-' ? "./" : "", path);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
					POSIX_SPAWN_SETPGROUP);
	ok = posix_spawnp(child, program, &fa, &attr, argv, environ) == 0;
	if (!ok)
		*child = 0;
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	return ok;
}

void
ui_proc_reap(pid_t *child)
{
	if (*child != 0 && waitpid(*child, NULL, WNOHANG) != 0)
		*child = 0;
}
