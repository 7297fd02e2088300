/* SPDX-License-Identifier: MIT */
/*
 * t_target_walls.c - what stands in the way of entering: seccomp filters,
 * tried out without a kernel, and rights, read from a made-up /proc.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "inspector/target/filter.h"
#include "inspector/target/filter_bpf.h"
#include "inspector/target/trace_right.h"
#include "tests/unit/t_target.h"

#define STMT(code, k)		{ (code), 0, 0, (k) }
#define JUMP(code, k, t, f)	{ (code), (t), (f), (k) }
#define LOAD_NR			STMT(BPF_LD | BPF_W | BPF_ABS, 0)

/* One call has a verdict, all others are allowed. */
static void
filter_one(struct filter_view *v, uint32_t nr, uint32_t verdict)
{
	const struct sock_filter f[] = {
		LOAD_NR,
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		STMT(BPF_RET | BPF_K, verdict),
		STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	filter_add(v, f, OT_ARRAY_LEN(f));
}

#define EPERM_RET (SECCOMP_RET_ERRNO | EPERM)

/* What is said of a filter; "": nothing. */
static const char *
judged(uint32_t nr, uint32_t verdict, bool clone3, bool rseq)
{
	static struct ot_err err;
	struct filter_view v;

	memset(&v, 0, sizeof(v));
	filter_one(&v, nr, verdict);
	err.msg[0] = '\0';
	filter_judge(&v, clone3, rseq, 7, &err);
	return err.msg;
}

#define ck_says(text, words) \
	ck_assert_msg(strstr((text), (words)) != NULL, "%s", (text))

START_TEST(filter_is_judged)
{
	ck_assert_str_eq(judged(SYS_getuid, EPERM_RET, true, true), "");
	ck_assert_str_eq(judged(SYS_madvise, EPERM_RET, true, true), "");
	ck_assert_str_eq(judged(SYS_mmap, SECCOMP_RET_LOG, true, true), "");
	ck_says(judged(SYS_mmap, EPERM_RET, true, true), "refuses mmap:");
	ck_says(judged(SYS_mremap, SECCOMP_RET_KILL_PROCESS, true, true),
		"would end it for calling mremap");
	ck_says(judged(SYS_ppoll, SECCOMP_RET_TRAP, true, true),
		"would end it for calling ppoll");
	ck_says(judged(SYS_sendto, SECCOMP_RET_TRACE, true, true),
		"refuses sendto");
	/* There is another way: */
	ck_assert_str_eq(judged(SYS_socketpair, EPERM_RET, true, true), "");
	ck_assert_str_eq(judged(SYS_memfd_create, SECCOMP_RET_KILL_PROCESS,
				true, true), "");
	ck_assert_str_eq(judged(SYS_socket, SECCOMP_RET_KILL_PROCESS,
				true, true), "");
	/* It depends on the C library: */
	ck_says(judged(SYS_clone3, EPERM_RET, true, true), "clone3");
	ck_assert_str_eq(judged(SYS_clone3, EPERM_RET, false, true), "");
	ck_assert_str_eq(judged(SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS,
				true, true), "");
	ck_says(judged(SYS_rseq, EPERM_RET, true, true), "rseq");
	ck_assert_str_eq(judged(SYS_rseq, EPERM_RET, true, false), "");
}
END_TEST

START_TEST(filters_add_up)
{
	struct ot_err err = OT_ERR_INIT;
	struct filter_view v;

	memset(&v, 0, sizeof(v));
	filter_one(&v, SYS_socketpair, EPERM_RET);
	filter_one(&v, SYS_connect, SECCOMP_RET_KILL_PROCESS);
	filter_one(&v, SYS_socketpair, SECCOMP_RET_ALLOW);
	ck_assert_int_eq(filter_judge(&v, true, true, 7, &err), OT_REFUSED);
	ck_says(err.msg, "refuses socketpair");
	filter_one(&v, SYS_memfd_create, EPERM_RET);
	ck_assert(!filter_is_deadly(&v, FILTER_MEMFD));
	filter_one(&v, SYS_memfd_create, SECCOMP_RET_KILL_THREAD);
	ck_assert(filter_is_deadly(&v, FILTER_MEMFD));
	filter_one(&v, SYS_memfd_create, EPERM_RET);
	ck_assert(filter_is_deadly(&v, FILTER_MEMFD));
}
END_TEST

/* Arguments count: no text may be mapped, all else may. */
START_TEST(filter_looks_at_arguments)
{
	const struct sock_filter f[] = {
		LOAD_NR,
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
		STMT(BPF_LD | BPF_W | BPF_ABS,
		     offsetof(struct seccomp_data, args[2])),
		JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1),
		STMT(BPF_RET | BPF_K, EPERM_RET),
		STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct ot_err err = OT_ERR_INIT;
	struct filter_view v;

	memset(&v, 0, sizeof(v));
	filter_add(&v, f, OT_ARRAY_LEN(f));
	ck_assert(filter_allows(&v, FILTER_MMAP));
	ck_assert_int_eq(filter_judge(&v, true, true, 7, &err), OT_REFUSED);
	ck_says(err.msg, "refuses mmap with PROT_EXEC");
}
END_TEST

START_TEST(filter_programs_run)
{
	const struct sock_filter moves[] = {
		LOAD_NR,
		STMT(BPF_MISC | BPF_TAX, 0),
		STMT(BPF_ST, 3),
		STMT(BPF_LD | BPF_IMM, 42),
		JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0),
		STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		STMT(BPF_LD | BPF_MEM, 3),
		STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
		STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_filter broken[] = {
		STMT(BPF_LD | BPF_W | BPF_ABS, 4000),
		JUMP(BPF_JMP | BPF_JA, 100000, 0, 0),
	};
	struct seccomp_data data = { .nr = 42 };

	ck_assert_uint_eq(filter_bpf_run(moves, OT_ARRAY_LEN(moves), &data),
			  43);
	data.nr = 41;
	ck_assert_uint_eq(filter_bpf_run(moves, OT_ARRAY_LEN(moves), &data),
			  SECCOMP_RET_ALLOW);
	/* What no kernel has let in is no reason to go ahead. */
	ck_assert_uint_eq(filter_bpf_run(broken, 2, &data),
			  SECCOMP_RET_KILL_PROCESS);
	ck_assert_uint_eq(filter_bpf_run(broken + 1, 1, &data),
			  SECCOMP_RET_KILL_PROCESS);
	ck_assert_uint_eq(filter_bpf_run(broken, 0, &data),
			  SECCOMP_RET_KILL_PROCESS);
}
END_TEST

/* Where we are under no filter everything is let through, and does no harm. */
START_TEST(trial_on_ourselves)
{
	struct ot_err err = OT_ERR_INIT;
	struct filter_view v;
	size_t i;

	ck_assert(filter_try_self(&v));
	for (i = 0; i < FILTER_CALLS; i++)
		ck_assert_msg(!filter_is_deadly(&v, (enum filter_call)i),
			      "%s", filter_trials[i].name);
	ck_assert_msg(filter_judge(&v, true, true, 7, &err) == OT_OK, "%s",
		      err.msg);
}
END_TEST

/* ---- rights ---- */

static char fake[64];

static void
put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fake, name);
	f = fopen(path, "w");
	ck_assert_msg(f != NULL, "%s", path);
	fputs(text, f);
	fclose(f);
}

static void
put_dir(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", fake, name);
	ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
}

static void
put_status(const char *who, unsigned uid, const char *caps)
{
	char name[64], text[512];

	snprintf(name, sizeof(name), "%s/status", who);
	snprintf(text, sizeof(text), "State:\tS (sleeping)\nTgid:\t7\n"
		 "TracerPid:\t0\nUid:\t%u\t%u\t%u\t%u\nCapPrm:\t%s\n"
		 "CapEff:\t%s\nSeccomp:\t0\n", uid, uid, uid, uid, caps, caps);
	put(name, text);
}

static void
put_link(const char *name, const char *to)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", fake, name);
	unlink(path);
	ck_assert_int_eq(symlink(to, path), 0);
}

static void
fake_make(void)
{
	snprintf(fake, sizeof(fake), "/tmp/objtop-walls-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fake));
	put_dir("self");
	put_dir("self/ns");
	put_dir("7");
	put_dir("7/ns");
	put_dir("run");
	put("self/uid_map", "         0          0 4294967295\n");
	put("7/mem", "");
	put_status("self", (unsigned)geteuid(), "0");
	put_status("7", (unsigned)geteuid(), "0");
}

static void
fake_drop(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", fake);
	ck_assert_int_eq(system(command), 0);
}

static struct trace_facts
facts(void)
{
	struct trace_facts f;

	trace_facts_read(fake, fake, 7, &f);
	return f;
}

START_TEST(facts_are_read)
{
	struct trace_facts f = facts();

	ck_assert_int_eq(f.pid, 7);
	ck_assert_uint_eq(f.euid, geteuid());
	ck_assert_int_eq(f.yama, 0);
	ck_assert(f.first_userns && !f.cap_ptrace && !f.undumpable);
	ck_assert_int_eq(f.box, TRACE_NO_BOX);

	put_dir("sys");
	put_dir("sys/kernel");
	put_dir("sys/kernel/yama");
	put("sys/kernel/yama/ptrace_scope", "2\n");
	put("self/uid_map", "0 100000 65536\n");
	put_status("self", 0, "0000000000080000");
	put_status("7", 12345, "0000000000000001");
	put(".dockerenv", "");
	put_link("self/ns/user", "user:[1]");
	put_link("7/ns/user", "user:[2]");
	f = facts();
	ck_assert_int_eq(f.yama, 2);
	ck_assert_uint_eq(f.uid, 12345);
	ck_assert_str_eq(f.user, "12345");
	ck_assert(f.cap_ptrace && !f.cap_dac && !f.first_userns);
	ck_assert(f.undumpable);
	ck_assert(f.other_userns);
	ck_assert_int_eq(f.box, TRACE_DOCKER);
	put("run/.containerenv", "");
	ck_assert_int_eq(facts().box, TRACE_PODMAN);
}
END_TEST

/* Nothing there at all: nothing is known to forbid anything. */
START_TEST(facts_of_nothing)
{
	struct trace_facts f;

	trace_facts_read("/nonexistent", "/nonexistent", 7, &f);
	ck_assert_int_eq(f.yama, 0);
	ck_assert(f.first_userns && !f.other_userns && !f.undumpable);
}
END_TEST

static const char *
explained(struct trace_facts f, bool looked)
{
	static struct ot_err err;

	f.pid = 7;
	if (f.user[0] == '\0')
		snprintf(f.user, sizeof(f.user), "app");
	err.msg[0] = '\0';
	ck_assert_int_eq(trace_explain(&f, looked, &err), OT_REFUSED);
	ck_assert_ptr_null(strchr(err.msg, '\n'));
	ck_assert_msg(strlen(err.msg) < 256, "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, f.yama >= 3 || looked ? "" :
				     "PID 7"));
	return err.msg;
}

#define US .euid = 1000, .first_userns = true

START_TEST(refusals_name_what_is_missing)
{
	typedef struct trace_facts F;

	ck_says(explained((F){ US, .uid = 0 }, false), "sudo objtop 7");
	ck_says(explained((F){ US, .uid = 1, .box = TRACE_DOCKER }, false),
		"docker exec -u app CONTAINER objtop 7");
	ck_says(explained((F){ US, .uid = 1000, .yama = 1 }, false),
		"sudo sysctl kernel.yama.ptrace_scope=0");
	ck_says(explained((F){ US, .uid = 1000, .yama = 1 }, false),
		"sudo setcap cap_sys_ptrace=ep OBJTOP");
	ck_says(explained((F){ US, .uid = 1000, .yama = 2 }, false),
		"ptrace_scope is 2");
	ck_says(explained((F){ US, .uid = 1000, .yama = 2 }, false),
		"sudo setcap cap_sys_ptrace=ep OBJTOP");
	ck_says(explained((F){ US, .uid = 1000, .yama = 3 }, false),
		"objtop run");
	ck_says(explained((F){ US, .uid = 1000, .undumpable = true,
			       .yama = 1 }, false), "PR_SET_DUMPABLE");
	ck_says(explained((F){ US, .uid = 1000, .its_cap_prm = 1 }, false),
		"capabilities");
	ck_says(explained((F){ US, .uid = 1000, .other_userns = true },
			  false), "user namespace");
	ck_says(explained((F){ US, .uid = 1000 }, false), "security module");
	/* root without the capability */
	ck_says(explained((F){ .first_userns = true, .uid = 1,
			       .box = TRACE_DOCKER }, false),
		"docker run --cap-add=SYS_PTRACE");
	ck_says(explained((F){ .first_userns = true, .uid = 1,
			       .box = TRACE_KUBERNETES }, false),
		"kubectl debug --profile=sysadmin --target=");
	ck_says(explained((F){ .first_userns = true, .uid = 1,
			       .box = TRACE_PODMAN }, false),
		"podman run --cap-add=SYS_PTRACE");
	ck_says(explained((F){ .first_userns = true, .uid = 1 }, false),
		"CAP_SYS_PTRACE is missing");
	/* ... and with it */
	ck_says(explained((F){ US, .cap_ptrace = true, .uid = 1 }, false),
		"cap_dac_override=ep");
	ck_says(explained((F){ US, .cap_ptrace = true, .uid = 1000,
			       .undumpable = true }, false),
		"cap_dac_override=ep");
	ck_says(explained((F){ .cap_ptrace = true, .cap_dac = true, .uid = 1 },
			  false), "on the host");
	ck_says(explained((F){ .cap_ptrace = true, .first_userns = true },
			  false), "deny_ptrace");
	ck_says(explained((F){ .filtered = true, .box = TRACE_DOCKER }, true),
		"objtop itself");
}
END_TEST

TCase *
t_target_walls(void)
{
	TCase *t = tcase_create("walls");

	tcase_add_checked_fixture(t, fake_make, fake_drop);
	tcase_add_test(t, filter_is_judged);
	tcase_add_test(t, filters_add_up);
	tcase_add_test(t, filter_looks_at_arguments);
	tcase_add_test(t, filter_programs_run);
	tcase_add_test(t, trial_on_ourselves);
	tcase_add_test(t, facts_are_read);
	tcase_add_test(t, facts_of_nothing);
	tcase_add_test(t, refusals_name_what_is_missing);
	return t;
}
