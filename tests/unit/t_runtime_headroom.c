/* SPDX-License-Identifier: MIT */
/*
 * t_runtime_headroom.c - control groups of both versions, in a made-up tree.
 */
#include "config.h"

#include "tests/unit/t_runtime.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/headroom.h"

#define MIB	1048576u

static char root[64];

static void
setup(void)
{
	snprintf(root, sizeof(root), "/tmp/t_headroom-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st, (void)flag, (void)f;
	return remove(path);
}

static void
teardown(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file below the root, with the directories on its way. */
static void
put(const char *path, const char *text)
{
	char full[512];
	size_t i;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (i = strlen(root) + 1; full[i]; i++)
		if (full[i] == '/') {
			full[i] = '\0';
			mkdir(full, 0700);
			full[i] = '/';
		}
	f = fopen(full, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
put_self(const char *groups)
{
	put("/proc/self/status", "Name:\tx\nVmRSS:\t   20480 kB\n"
	    "RssAnon:\t   10240 kB\nThreads:\t1\n");
	put("/proc/self/cgroup", groups);
	put("/proc/meminfo", "MemTotal:       1048576 kB\n"
	    "MemFree:           10000 kB\nMemAvailable:     524288 kB\n");
}

static void
put_v2(const char *group, const char *max, const char *use, const char *cache)
{
	char path[256], text[256];

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
	put(path, max);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.current", group);
	put(path, use);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.stat", group);
	snprintf(text, sizeof(text), "anon 1\nfile 2\ninactive_anon 77\n"
		 "inactive_file %s\nactive_file 5\n", cache);
	put(path, text);
}

static struct ota_headroom
look(void)
{
	struct ota_headroom h;

	ck_assert(ota_headroom(root, &h));
	ck_assert_uint_eq(h.resident, 20 * MIB);
	ck_assert_uint_eq(h.anonymous, 10 * MIB);
	return h;
}

static void
expect(const char *where, uint64_t left, uint64_t limit)
{
	struct ota_headroom h = look();

	ck_assert_str_eq(h.where, where);
	ck_assert_uint_eq(h.left, left);
	ck_assert_uint_eq(h.limit, limit);
}

START_TEST(only_the_system)
{
	put_self("0::/user.slice\n");
	expect("the system", 512 * MIB, 1024 * MIB);
	put_v2("/user.slice", "max\n", "1000\n", "0");
	expect("the system", 512 * MIB, 1024 * MIB);
}
END_TEST

/* The tightest of all levels counts, less what can be had back at once. */
START_TEST(version_2)
{
	put_self("0::/kubepods/pod7/abc\n");
	put_v2("/kubepods", "max\n", "900000000\n", "0");
	put_v2("/kubepods/pod7", "104857600\n", "94371840\n", "0");
	put_v2("/kubepods/pod7/abc", "73400320\n", "62914560\n", "5242880");
	expect("cgroup /kubepods/pod7", 10 * MIB, 100 * MIB);
	put_v2("/kubepods/pod7/abc", "73400320\n", "62914560\n", "0");
	put_v2("/kubepods/pod7", "104857600\n", "94371840\n", "20971520");
	expect("cgroup /kubepods/pod7/abc", 10 * MIB, 70 * MIB);
	/* over its limit: it was lowered */
	put_v2("/kubepods/pod7/abc", "1048576\n", "62914560\n", "0");
	expect("cgroup /kubepods/pod7/abc", 0, MIB);
}
END_TEST

/* In a container: its own group is the root of what is mounted. */
START_TEST(names_of_outside)
{
	put_self("0::/../../docker/0123\n");
	put_v2("", "67108864\n", "33554432\n", "0");
	expect("cgroup /", 32 * MIB, 64 * MIB);
}
END_TEST

START_TEST(version_1)
{
	put_self("9:cpu,cpuacct:/a\n5:hugetlb,memory:/a/b\n1:name=systemd:/x\n"
		 "0::/init.scope\n");
	put("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
	    "9223372036854771712\n");
	put("/sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "41943040\n");
	put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "52428800\n");
	put("/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "41943040\n");
	put("/sys/fs/cgroup/memory/a/memory.stat", "cache 1\n"
	    "inactive_file 1\ntotal_inactive_file 2097152\n");
	expect("cgroup /a", 12 * MIB, 50 * MIB);
}
END_TEST

/* What cannot be read or makes no sense is no limit. */
START_TEST(nonsense)
{
	char deep[2000];
	size_t i;

	put_self("0::/a\n");
	put_v2("/a", "lots\n", "1\n", "0");
	expect("the system", 512 * MIB, 1024 * MIB);
	put_v2("/a", "99999999999999999999999999\n", "1\n", "x");
	expect("the system", 512 * MIB, 1024 * MIB);
	put_v2("/a", "1048576\n", "\n", "0");
	expect("the system", 512 * MIB, 1024 * MIB);
	snprintf(deep, sizeof(deep), "::::\n0\n\n0:\nmemory\n7:memory\n0::");
	for (i = strlen(deep); i < sizeof(deep) - 1; i++)
		deep[i] = i % 3 ? 'x' : '/';
	deep[i] = '\0';
	put("/proc/self/cgroup", deep);
	expect("the system", 512 * MIB, 1024 * MIB);
}
END_TEST

START_TEST(nothing_known)
{
	struct ota_headroom h;

	ck_assert(!ota_headroom(root, &h));
	ck_assert(!ota_headroom("/nonexistent", &h));
	/* this machine */
	ck_assert(ota_headroom("", &h));
	ck_assert_uint_gt(h.resident, h.anonymous);
	ck_assert_uint_gt(h.limit, h.left);
}
END_TEST

TCase *
t_runtime_headroom(void)
{
	TCase *t = tcase_create("headroom");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, only_the_system);
	tcase_add_test(t, version_2);
	tcase_add_test(t, names_of_outside);
	tcase_add_test(t, version_1);
	tcase_add_test(t, nonsense);
	tcase_add_test(t, nothing_known);
	return t;
}
