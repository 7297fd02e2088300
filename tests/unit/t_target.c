/* SPDX-License-Identifier: MIT */
/*
 * t_target.c - what /proc says, taken apart; and the program itself.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspector/target/agent_image.h"
#include "inspector/target/proc.h"
#include "inspector/target/suspect.h"
#include "inspector/target/target.h"
#include "tests/unit/t_target.h"

static bool
maps(const char *text, struct proc_maps *m)
{
	return proc_maps_parse(text, strlen(text), m);
}

START_TEST(maps_are_taken_apart)
{
	struct proc_maps m;

	ck_assert(maps("55d0c000-55d0e000 r--p 00001000 fe:00 1234"
		       "                       /usr/bin/a b (deleted)\n"
		       "7f00000000-7f00001000 rw-p 00000000 00:00 0 \n"
		       "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0"
		       "                  [vsyscall]\n", &m));
	ck_assert_uint_eq(m.n, 3);
	ck_assert_uint_eq(m.v[0].start, 0x55d0c000);
	ck_assert_uint_eq(m.v[0].end, 0x55d0e000);
	ck_assert_uint_eq(m.v[0].off, 0x1000);
	ck_assert_uint_eq(m.v[0].dev_major, 0xfe);
	ck_assert_uint_eq(m.v[0].ino, 1234);
	ck_assert_str_eq(m.v[0].perm, "r--p");
	ck_assert_str_eq(m.v[0].path, "/usr/bin/a b (deleted)");
	ck_assert_str_eq(m.v[1].path, "");
	ck_assert_str_eq(m.v[2].path, "[vsyscall]");
	ck_assert_ptr_eq(proc_maps_at(&m, 0x55d0dfff), &m.v[0]);
	ck_assert_ptr_eq(proc_maps_at(&m, 0x7f00000000), &m.v[1]);
	ck_assert_ptr_null(proc_maps_at(&m, 0x55d0e000));
	ck_assert_ptr_null(proc_maps_at(&m, 0));
	ck_assert_ptr_null(proc_maps_at(&m, UINT64_MAX));
	proc_maps_release(&m);
}
END_TEST

START_TEST(maps_refuse_nonsense)
{
	static const char *const bad[] = {
		"nonsense\n",
		"\n",
		"1000-1000 r--p 00000000 00:00 0 \n",
		"2000-1000 r--p 00000000 00:00 0 \n",
		"1000-2000 r-\n",
		"1000-2000 r--p 00000000 00:00\n",
		"10000000000000000-20000000000000000 r--p 0 00:00 0 \n",
		"1000-2000 r--p 0 100000000:00 0 \n",
		"3000-4000 r--p 0 00:00 0 \n1000-2000 r--p 0 00:00 0 \n",
		"1000-3000 r--p 0 00:00 0 \n2000-4000 r--p 0 00:00 0 \n",
	};
	struct proc_maps m;
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(bad); i++)
		ck_assert_msg(!maps(bad[i], &m), "taken: %s", bad[i]);
	ck_assert(maps("", &m));
	ck_assert_uint_eq(m.n, 0);
}
END_TEST

START_TEST(stat_believes_the_last_parenthesis)
{
	static const char text[] = "42 (a) R 1 (b) S 7 42 42 34816 -1 4194304 "
		"1 2 3 4 100 23 0 0 20 0 1 0 987654 1000 5";
	struct proc_stat st;

	ck_assert(proc_stat_parse(text, strlen(text), &st));
	ck_assert_str_eq(st.comm, "a) R 1 (b");
	ck_assert_int_eq(st.state, 'S');
	ck_assert_int_eq(st.ppid, 7);
	ck_assert_uint_eq(st.flags, 4194304);
	ck_assert_uint_eq(st.cpu_ticks, 123);
	ck_assert_uint_eq(st.start_ticks, 987654);
	ck_assert(!proc_stat_parse("42 (a", 5, &st));
	ck_assert(!proc_stat_parse("42 (a) S 1 2", 12, &st));
	ck_assert(!proc_stat_parse(")(", 2, &st));
	ck_assert(!proc_stat_parse("", 0, &st));
}
END_TEST

START_TEST(status_reads_whole_lines)
{
	/* A name that looks like a line is escaped by the kernel. */
	static const char text[] =
		"Name:\tx\\nUid:\\t0\nState:\tT (stopped)\nTgid:\t12\n"
		"TracerPid:\t99\nUid:\t1000\t1001\t1000\t1000\n"
		"NSpid:\t12\t5\t1\nVmRSS:\t    2048 kB\n"
		"CapEff:\t0000000000080000\nSeccomp:\t2\nSeccomp_filters:\t1\n"
		"x86_Thread_features:\tshstk \n";
	struct proc_status st;

	ck_assert(proc_status_parse(text, strlen(text), &st));
	ck_assert_int_eq(st.state, 'T');
	ck_assert_int_eq(st.tgid, 12);
	ck_assert_int_eq(st.tracer, 99);
	ck_assert_int_eq(st.uid, 1000);
	ck_assert_int_eq(st.euid, 1001);
	ck_assert_int_eq(st.ns_pid, 1);
	ck_assert_uint_eq(st.rss, 2048 * 1024);
	ck_assert_uint_eq(st.cap_eff, 1 << 19);
	ck_assert_int_eq(st.seccomp, 2);
	ck_assert(st.shadow_stack);
	ck_assert(!proc_status_parse(text, 40, &st));
}
END_TEST

START_TEST(syscall_has_three_forms)
{
	static const char in[] = "202 0x1 0x189 0x0 0x2 0x3 0xffffffff "
		"0x7ffe00000010 0x7f0000000020\n";
	struct proc_syscall sc;

	ck_assert(proc_syscall_parse("running\n", 8, &sc));
	ck_assert(sc.running);
	ck_assert(proc_syscall_parse(in, strlen(in), &sc));
	ck_assert(!sc.running);
	ck_assert_int_eq(sc.nr, 202);
	ck_assert_uint_eq(sc.arg[1], 0x189);
	ck_assert_uint_eq(sc.arg[5], 0xffffffff);
	ck_assert_uint_eq(sc.sp, 0x7ffe00000010);
	ck_assert_uint_eq(sc.pc, 0x7f0000000020);
	ck_assert(proc_syscall_parse("-1 0x10 0x20", 12, &sc));
	ck_assert_int_eq(sc.nr, -1);
	ck_assert_uint_eq(sc.pc, 0x20);
	ck_assert(!proc_syscall_parse("202 0x1", 7, &sc));
	ck_assert(!proc_syscall_parse("99999999999 0x1", 15, &sc));
	ck_assert(!proc_syscall_parse("", 0, &sc));
}
END_TEST

START_TEST(own_process_is_read)
{
	struct proc_status status;
	struct proc_stat st;
	struct proc_maps m;
	char command[64];
	size_t n, i;
	pid_t *ids;

	ck_assert(proc_status_read(getpid(), &status));
	ck_assert_int_eq(status.tgid, getpid());
	ck_assert_uint_eq(status.uid, getuid());
	ck_assert(proc_stat_read(getpid(), 0, &st));
	ck_assert_int_eq(st.ppid, getppid());
	proc_command(getpid(), command, sizeof(command));
	ck_assert_ptr_nonnull(strstr(command, "t_target"));
	ck_assert(proc_maps_read(getpid(), &m));
	ck_assert_ptr_nonnull(proc_maps_at(&m, (uint64_t)(uintptr_t)&st));
	proc_maps_release(&m);
	ck_assert(proc_ids(0, &ids, &n));
	for (i = 0; i < n && ids[i] != getpid(); i++)
		;
	ck_assert_uint_lt(i, n);
	free(ids);
	ck_assert(!proc_maps_read(0x7fffffff, &m));
	ck_assert(!proc_status_read(0x7fffffff, &status));
}
END_TEST

static const char *
version(const char *text, size_t len)
{
	static char v[32];

	return detect_version_text(text, len, v, sizeof(v)) ? v : "";
}

START_TEST(versions_are_found_in_data)
{
	static const char data[] = "\0\0" "1.2.3 (no)\0" "13.8.1 (no)\0"
		"3.8\0" "3.8.18\0" "3.9.18 (default, Jan 1 2024)\0";

	ck_assert_str_eq(version(data, sizeof(data)), "3.9.18");
	ck_assert_str_eq(version("3.13.0rc1+ (x", 13), "3.13.0rc1+");
	ck_assert_str_eq(version("2.7.18 (x", 9), "2.7.18");
	ck_assert_str_eq(version("3.9.18 ", 7), "");
	ck_assert_str_eq(version("3.", 2), "");
	ck_assert_str_eq(version("", 0), "");
}
END_TEST

START_TEST(agents_are_known_by_their_path)
{
	ck_assert(agent_image_is_path("/memfd:objtop-agent (deleted)"));
	ck_assert(agent_image_is_path("/usr/lib/objtop/objtop-agent.so"));
	ck_assert(agent_image_is_path("/x/objtop-agent.so (deleted)"));
	ck_assert(!agent_image_is_path("/memfd:objtop-agents (deleted)"));
	ck_assert(!agent_image_is_path("/x/objtop-agent.so.1"));
	ck_assert(!agent_image_is_path(""));
}
END_TEST

START_TEST(lookers_say_what_they_see)
{
	struct ot_err err = OT_ERR_INIT;
	struct target_proc p, *v;
	struct target *t;
	size_t n;

	ck_assert_int_eq(target_look(0x7fffffff, &p, &err), OT_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "no process 2147483647"));
	ck_assert_int_eq(target_look(-1, &p, &err), OT_REFUSED);
	ck_assert_int_eq(target_look(getpid(), &p, &err), OT_OK);
	ck_assert_int_eq(p.pid, getpid());
	ck_assert_str_eq(p.runtime, "");
	ck_assert_str_eq(p.rung, "");
	ck_assert_str_ne(p.why_not, "");
	ck_assert_uint_gt(p.rss, 0);
	ck_assert_int_eq(target_attach(getpid(), NULL, &t, &err), OT_REFUSED);
	ck_assert_int_eq(target_attach(0, NULL, &t, NULL), OT_REFUSED);
	ck_assert_int_eq(target_list(&v, &n, &err), OT_OK);
	free(v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("target");
	TCase *t = tcase_create("proc");
	SRunner *r;
	int failed;

	tcase_add_test(t, maps_are_taken_apart);
	tcase_add_test(t, maps_refuse_nonsense);
	tcase_add_test(t, stat_believes_the_last_parenthesis);
	tcase_add_test(t, status_reads_whole_lines);
	tcase_add_test(t, syscall_has_three_forms);
	tcase_add_test(t, own_process_is_read);
	tcase_add_test(t, versions_are_found_in_data);
	tcase_add_test(t, agents_are_known_by_their_path);
	tcase_add_test(t, lookers_say_what_they_see);
	suite_add_tcase(s, t);
	suite_add_tcase(s, t_target_census());
	suite_add_tcase(s, t_target_elf());
	suite_add_tcase(s, t_target_pools());
	suite_add_tcase(s, t_target_regs());
	suite_add_tcase(s, t_target_session());
	suite_add_tcase(s, t_target_tracee());
	suite_add_tcase(s, t_target_walls());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
