/* SPDX-License-Identifier: MIT */
/*
 * t_runtime_agent.c - the agent itself, loaded into this very program, which
 * has a provider as objtop.h says and plays the inspector too.
 *
 * What must be so after each test: threads, descriptors and children as they
 * were before.
 */
#include "config.h"

#include "tests/unit/t_runtime.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/synth/synth.h"
#include "wire/boot.h"
#include "wire/enc.h"

#define AGENT	"./runtime/objtop-agent.so"

/* ---- the program that is looked at ---- */

static uint32_t heap_size = 5000;
static char *volatile nowhere = (char *)16;
static int held;			/* by hold(), not yet released */
static enum {
	WELL, HOLD_FAILS, WALK_FAILS, WALK_CRASHES, WALK_EXITS, WALK_SPINS,
	WALK_ENDLESS,
} mood;

static int
t_hold(void *self, char *why, size_t cap)
{
	(void)self;
	if (mood == HOLD_FAILS) {
		snprintf(why, cap, "the heap is on holiday");
		return 1;
	}
	held++;
	return 0;
}

static void
t_release(void *self)
{
	(void)self;
	held--;
}

static int held_for_a_call;	/* times that t_hold_for() held */

static int
t_hold_for(void *self, void (*during)(void *arg, uint64_t since), void *arg,
	   char *why, size_t cap)
{
	struct timespec t;

	if (t_hold(self, why, cap))
		return 1;
	held_for_a_call++;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec -= 3;		/* others have been held since then */
	during(arg, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
	t_release(self);
	return 0;
}

/* Reports one object, over and over, until it is told to stop. */
static int
walk_endless(struct objtop_sink *s)
{
	const struct objtop_kind k = { .name = "K", .name_len = 1 };
	struct objtop_object o = { .kind = s->kind(s, &k) };

	for (;;) {
		o.addr += 8;
		if (s->object(s, &o))
			return 1;
	}
}

static int
t_walk(void *self, struct objtop_sink *s, char *why, size_t cap)
{
	const struct objtop_provider *p = objtop_synth(heap_size);
	volatile int spin = 1;

	(void)self;
	s->phase(s, "the test's own phase");
	switch (mood) {
	case WALK_FAILS:
		snprintf(why, cap, "a page is missing");
		return 1;
	case WALK_CRASHES:
		*nowhere = 1;
		break;
	case WALK_EXITS:
		_exit(3);
	case WALK_SPINS:
		while (spin)
			;
		break;
	case WALK_ENDLESS:
		return walk_endless(s);
	default:
		break;
	}
	return p->walk(p->self, s, why, cap);
}

OBJTOP_EXPORT struct objtop_provider objtop_provider = {
	.size = sizeof(struct objtop_provider), .abi = OBJTOP_ABI,
	.runtime = "testvm", .version = "1",
	.hold = t_hold, .release = t_release, .walk = t_walk,
};

/* ---- what is there ---- */

static int
entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void
nap(void)
{
	const struct timespec t = { 0, 2000000 };

	nanosleep(&t, NULL);
}

/* Waits until `n` threads are there; fails after ten seconds. */
static void
await_threads(int n)
{
	int i;

	for (i = 0; i < 5000 && entries("/proc/self/task") != n; i++)
		nap();
	ck_assert_int_eq(entries("/proc/self/task"), n);
}

/* ---- the inspector ---- */

struct peer {
	int fd;
	struct otw_dec *dec;
	struct t_seen seen;
	bool eof;
};

static long (*agent_start)(long);
static struct otw_boot *agent_boot;
static int fds_before, threads_before;

static void
load(void)
{
	void *h = dlopen(AGENT, RTLD_NOW | RTLD_LOCAL), *start;

	ck_assert_msg(h != NULL, "%s", dlerror());
	agent_boot = dlsym(h, OTW_BOOT_SYMBOL);
	ck_assert_ptr_nonnull(agent_boot);
	start = dlsym(h, OTW_START_SYMBOL);
	ck_assert_ptr_nonnull(start);
	memcpy(&agent_start, &start, sizeof(start));
	ck_assert(agent_boot->magic == OTW_BOOT_MAGIC);
	ck_assert_int_eq(agent_boot->state, OTW_BOOT_ASLEEP);
	signal(SIGPIPE, SIG_DFL);
	threads_before = entries("/proc/self/task");
	fds_before = entries("/proc/self/fd");
}

static int
two_ends(struct peer *p)
{
	int sv[2];

	memset(p, 0, sizeof(*p));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    sv), 0);
	p->fd = sv[0];
	p->dec = otw_dec_new(&t_seen_events, &p->seen);
	ck_assert_ptr_nonnull(p->dec);
	return sv[1];
}

static void
hang_up(struct peer *p)
{
	close(p->fd);
	otw_dec_free(p->dec);
}

/* Reads for at most ms milliseconds; false: nothing came. */
static bool
hear(struct peer *p, int ms)
{
	static char buf[1 << 18];
	struct pollfd pf = { p->fd, POLLIN, 0 };
	struct ot_err err = OT_ERR_INIT;
	ssize_t n;

	if (poll(&pf, 1, ms) <= 0)
		return false;
	n = recv(p->fd, buf, sizeof(buf), 0);
	if (n <= 0) {
		p->eof = true;
		return true;
	}
	ck_assert_msg(otw_dec_feed(p->dec, buf, (size_t)n, &err) == OT_OK,
		      "%s", err.msg);
	return true;
}

/* Until a counter of p->seen has reached n, for at most 20 seconds. */
static void
await(struct peer *p, const uint32_t *counter, uint32_t n)
{
	while (*counter < n && !p->eof)
		ck_assert_msg(hear(p, 20000), "nothing came in time");
	ck_assert_uint_eq(*counter, n);
}

static void
await_eof(struct peer *p)
{
	while (!p->eof)
		ck_assert_msg(hear(p, 20000), "the agent does not hang up");
	ck_assert(otw_dec_whole(p->dec));
}

static bool
no_room(struct otw_enc *e, size_t more)
{
	(void)e, (void)more;
	return false;
}

static void
ask(struct peer *p, uint32_t want, enum otw_mode mode, uint64_t timeout_ms)
{
	const struct otw_request r = { want, mode, timeout_ms };
	uint8_t buf[128];
	struct otw_enc e;

	otw_enc_init(&e, no_room, NULL, NULL);
	e.data = buf;
	e.cap = sizeof(buf);
	otw_enc_request(&e, &r);
	ck_assert(!e.failed);
	ck_assert_int_eq(send(p->fd, buf, e.len, MSG_NOSIGNAL),
			 (ssize_t)e.len);
}

static void
say(struct peer *p, uint8_t frame)
{
	const uint8_t b[2] = { 0, frame };

	ck_assert_int_eq(send(p->fd, b, 2, MSG_NOSIGNAL), 2);
}

static void
attach(struct peer *p)
{
	int theirs = two_ends(p);

	ck_assert_int_eq(agent_start(theirs), 0);
	await(p, &p->seen.hellos, 1);
	ck_assert_str_eq(p->seen.runtime, "testvm");
	ck_assert_int_eq(agent_boot->state, OTW_BOOT_RUNNING);
	ck_assert_int_eq(entries("/proc/self/task"), threads_before + 1);
}

/* Everything is as it was before. */
static void
check_clean(void)
{
	await_threads(threads_before);
	ck_assert_int_eq(entries("/proc/self/fd"), fds_before);
	ck_assert_int_eq(agent_boot->state, OTW_BOOT_ASLEEP);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_int_eq(held, 0);
}

static void
detach(struct peer *p)
{
	say(p, OTW_F_DETACH);
	await_eof(p);
	ck_assert_uint_eq(p->seen.byes, 1);
	hang_up(p);
	check_clean();
}

/* What the same heap gives without an agent. */
static void
reference(uint32_t want, struct t_seen *s)
{
	struct ot_buf b = OT_BUF_INIT;
	struct otw_dec *d;

	memset(s, 0, sizeof(*s));
	d = otw_dec_new(&t_seen_events, s);
	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(synth_stream(heap_size, want, &b, NULL), OT_OK);
	ck_assert_int_eq(otw_dec_feed(d, b.data, b.len, NULL), OT_OK);
	otw_dec_free(d);
	ot_buf_release(&b);
}

static void
check_same(const struct t_seen *a, const struct t_seen *b)
{
	ck_assert_uint_eq(a->objects, b->objects);
	ck_assert_uint_eq(a->refs, b->refs);
	ck_assert_uint_eq(a->addr_sum, b->addr_sum);
	ck_assert_uint_eq(a->bytes, b->bytes);
	ck_assert_uint_eq(a->texts, b->texts);
	ck_assert_uint_eq(a->root_refs, b->root_refs);
	ck_assert_uint_eq(a->counted, b->counted);
	ck_assert_uint_eq(a->end.objects, b->end.objects);
}

/* ---- tests ---- */

#define WANT	(OTW_WANT_GRAPH | OTW_WANT_TEXT)

START_TEST(snapshot_in_each_mode)
{
	static const struct {
		enum otw_mode asked, got;
	} modes[] = {
		{ OTW_MODE_FORK, OTW_MODE_FORK },
		{ OTW_MODE_PAUSE, OTW_MODE_PAUSE },
		{ OTW_MODE_AUTO, OTW_MODE_FORK },
	};
	struct t_seen want;
	size_t i;

	load();
	reference(WANT, &want);
	for (i = 0; i < 3; i++) {
		struct peer p;

		attach(&p);
		ask(&p, WANT, modes[i].asked, 10000);
		await(&p, &p.seen.ends, 1);
		check_same(&p.seen, &want);
		ck_assert_int_eq(p.seen.begin.mode, modes[i].got);
		ck_assert_uint_gt(p.seen.begin.held_ns, 0);
		ck_assert_uint_eq(p.seen.end.held_ns, p.seen.begin.held_ns);
		ck_assert_uint_gt(p.seen.end.walk_ns, 0);
		ck_assert_int_eq(p.seen.begin.clone_pid != 0,
				 modes[i].got == OTW_MODE_FORK);
		ck_assert_uint_eq(p.seen.begin.want, WANT);
		detach(&p);
	}
}
END_TEST

START_TEST(hold_for_a_call)
{
	static const enum otw_mode modes[] = {
		OTW_MODE_FORK, OTW_MODE_PAUSE, OTW_MODE_AUTO,
	};
	struct t_seen want;
	struct peer p;
	size_t i;

	objtop_provider.hold_for = t_hold_for;
	load();
	reference(WANT, &want);
	for (i = 0; i < 3; i++) {
		attach(&p);
		ask(&p, WANT, modes[i], 10000);
		await(&p, &p.seen.ends, 1);
		check_same(&p.seen, &want);
		ck_assert_uint_ge(p.seen.begin.held_ns, 3000000000u);
		ck_assert_int_eq(held_for_a_call, (int)i + 1);
		ck_assert_int_eq(held, 0);
		detach(&p);
	}
}
END_TEST

/* Whose objtop.h had no such field: what lies behind it is not read. */
START_TEST(provider_of_an_older_header)
{
	struct t_seen want;
	struct peer p;

	objtop_provider.size = offsetof(struct objtop_provider, hold_for);
	memset(&objtop_provider.hold_for, 1, sizeof(objtop_provider.hold_for));
	load();
	reference(WANT, &want);
	attach(&p);
	ask(&p, WANT, OTW_MODE_FORK, 10000);
	await(&p, &p.seen.ends, 1);
	check_same(&p.seen, &want);
	detach(&p);
}
END_TEST

START_TEST(many_on_one_link)
{
	struct t_seen want;
	struct peer p;
	uint32_t i;

	load();
	reference(OTW_WANT_COUNTS, &want);
	attach(&p);
	ck_assert_ptr_nonnull(strstr(p.seen.command, "t_runtime"));
	for (i = 1; i <= 50; i++) {
		ask(&p, OTW_WANT_COUNTS, i & 1 ? OTW_MODE_FORK :
		    OTW_MODE_PAUSE, 10000);
		await(&p, &p.seen.ends, i);
		ck_assert_uint_eq(p.seen.counted, i * want.counted);
	}
	detach(&p);
}
END_TEST

/* The walk does not wait for a viewer that reads late. */
START_TEST(late_reader)
{
	struct t_seen want;
	struct peer p;
	int i;

	load();
	heap_size = 300000;
	reference(WANT, &want);
	attach(&p);
	ask(&p, WANT, OTW_MODE_FORK, 60000);
	await(&p, &p.seen.begins, 1);
	/* the clone is gone although hardly anything was read */
	for (i = 0; i < 5000 && kill((pid_t)p.seen.begin.clone_pid, 0) == 0;
	     i++)
		nap();
	ck_assert_int_ne(kill((pid_t)p.seen.begin.clone_pid, 0), 0);
	ck_assert_uint_lt(p.seen.objects, want.objects);
	await(&p, &p.seen.ends, 1);
	check_same(&p.seen, &want);
	detach(&p);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__
static rlim_t
address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return (rlim_t)pages * 4096;
}

/* Little address space: the ring is small and goes round several times. */
START_TEST(small_ring)
{
	struct rlimit l;
	struct t_seen want;
	struct peer p;

	load();
	heap_size = 600000;
	reference(WANT, &want);
	attach(&p);
	l.rlim_cur = l.rlim_max = address_space() + (34u << 20);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &l), 0);
	ask(&p, WANT, OTW_MODE_FORK, 60000);
	await(&p, &p.seen.ends, 1);
	check_same(&p.seen, &want);
	detach(&p);
}
END_TEST

/*
 * A viewer that reads nothing: the ring is full, the clone waits for room, and
 * both it and the agent are gone when their time is over.
 */
START_TEST(reader_that_stops)
{
	struct rlimit l;
	struct peer p;
	pid_t clone;
	int i;

	load();
	mood = WALK_ENDLESS;
	attach(&p);
	l.rlim_cur = l.rlim_max = address_space() + (34u << 20);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &l), 0);
	ask(&p, WANT, OTW_MODE_FORK, 1000);
	await(&p, &p.seen.begins, 1);
	clone = (pid_t)p.seen.begin.clone_pid;
	ck_assert_int_eq(kill(clone, 0), 0);
	for (i = 0; i < 20000 && kill(clone, 0) == 0; i++)
		nap();
	ck_assert_int_ne(kill(clone, 0), 0);
	await_threads(threads_before);
	hang_up(&p);
	check_clean();
}
END_TEST
#endif

START_TEST(cancel_in_the_middle)
{
	static const enum otw_mode modes[] = { OTW_MODE_FORK, OTW_MODE_PAUSE };
	struct peer p;
	uint32_t i;

	load();
	attach(&p);
	for (i = 0; i < 2; i++) {
		mood = WALK_ENDLESS;
		ask(&p, i ? OTW_WANT_COUNTS : WANT, modes[i], 0);
		if (modes[i] == OTW_MODE_FORK)
			await(&p, &p.seen.begins, 1);
		say(&p, OTW_F_CANCEL);
		await(&p, &p.seen.errors, i + 1);
		ck_assert_msg(p.seen.code == OT_INTERRUPTED, "%s",
			      p.seen.message);
		ck_assert_uint_eq(p.seen.ends, i);
		mood = WELL;
		ask(&p, WANT, OTW_MODE_FORK, 10000);
		await(&p, &p.seen.ends, i + 1);
	}
	/* too late: there is nothing to cancel */
	say(&p, OTW_F_CANCEL);
	detach(&p);
}
END_TEST

START_TEST(detach_in_the_middle)
{
	struct peer p;

	load();
	mood = WALK_ENDLESS;
	attach(&p);
	ask(&p, WANT, OTW_MODE_FORK, 0);
	await(&p, &p.seen.begins, 1);
	detach(&p);
	ck_assert_uint_eq(p.seen.code, OT_INTERRUPTED);
}
END_TEST

START_TEST(time_limits)
{
	struct peer p;

	load();
	attach(&p);
	mood = WALK_SPINS;
	ask(&p, WANT, OTW_MODE_FORK, 150);
	await(&p, &p.seen.errors, 1);
	ck_assert_ptr_nonnull(strstr(p.seen.message, "longer than 150 ms"));
	mood = WALK_ENDLESS;
	ask(&p, WANT, OTW_MODE_FORK, 150);
	await(&p, &p.seen.errors, 2);
	ck_assert_ptr_nonnull(strstr(p.seen.message, "longer than 150 ms"));
	ask(&p, OTW_WANT_COUNTS, OTW_MODE_PAUSE, 150);
	await(&p, &p.seen.errors, 3);
	ck_assert_uint_eq(p.seen.code, OT_FAILED);
	detach(&p);
}
END_TEST

START_TEST(walks_that_fail)
{
	struct peer p;

	load();
	attach(&p);
	mood = HOLD_FAILS;
	ask(&p, WANT, OTW_MODE_FORK, 10000);
	await(&p, &p.seen.errors, 1);
	ck_assert_str_eq(p.seen.message, "the heap is on holiday");
	mood = WALK_FAILS;
	ask(&p, WANT, OTW_MODE_FORK, 10000);
	await(&p, &p.seen.errors, 2);
	ck_assert_str_eq(p.seen.message, "a page is missing");
	ask(&p, WANT, OTW_MODE_PAUSE, 10000);
	await(&p, &p.seen.errors, 3);
	ck_assert_str_eq(p.seen.message, "a page is missing");
	mood = WALK_CRASHES;
	ask(&p, WANT, OTW_MODE_FORK, 10000);
	await(&p, &p.seen.errors, 4);
	ck_assert_ptr_nonnull(strstr(p.seen.message, "SIGSEGV"));
	ck_assert_ptr_nonnull(strstr(p.seen.message, "the test's own phase"));
	mood = WALK_EXITS;
	ask(&p, WANT, OTW_MODE_FORK, 10000);
	await(&p, &p.seen.errors, 5);
	ck_assert_ptr_nonnull(strstr(p.seen.message, "exit code 3"));
	mood = WELL;
	ask(&p, WANT, OTW_MODE_FORK, 10000);
	await(&p, &p.seen.ends, 1);
	detach(&p);
}
END_TEST

static volatile sig_atomic_t sigchlds;

static void
on_sigchld(int sig)
{
	(void)sig;
	sigchlds++;
}

/* The inspector is killed: with a clone alive, with data on the way, idle. */
START_TEST(peer_dies)
{
	int i;

	load();
	signal(SIGCHLD, on_sigchld);
	for (i = 0; i < 6; i++) {
		struct peer p;

		attach(&p);
		mood = i % 3 == 0 ? WALK_SPINS : WALK_ENDLESS;
		if (i % 3 < 2) {
			ask(&p, WANT, OTW_MODE_FORK, 0);
			await(&p, &p.seen.begins, 1);
			/* the program's own wait sees no child */
			ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
			ck_assert_int_eq(errno, ECHILD);
		}
		hang_up(&p);
		check_clean();
	}
	ck_assert_int_eq(sigchlds, 0);
}
END_TEST

START_TEST(nonsense_ends_the_link)
{
	static const struct {
		size_t len;
		uint8_t b[16];
	} words[] = {
		{ 2, { 0, 2 } },		/* a frame of the agent's */
		{ 3, { 0xff, 0x7f, 64 } },	/* too long */
		{ 4, { 2, 64, 1, 1 } },		/* too short a request */
		{ 5, { 3, 64, 1, 9, 0 } },	/* an unknown mode */
		{ 3, { 1, 66, 0 } },		/* DETACH with a payload */
		{ 4, { 2, 72, 1, 0 } },		/* too short an ACT */
		{ 8, { 6, 72, 9, 0, 0, 0, 0, 0 } },	/* an unknown one */
	};
	size_t i;

	load();
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct peer p;

		attach(&p);
		ck_assert_int_eq(send(p.fd, words[i].b, words[i].len, 0),
				 (ssize_t)words[i].len);
		await_eof(&p);
		ck_assert_uint_eq(p.seen.byes, 0);
		hang_up(&p);
		check_clean();
	}
}
END_TEST

START_TEST(one_inspector_at_a_time)
{
	struct peer p, q;
	int theirs;

	load();
	attach(&p);
	theirs = two_ends(&q);
	ck_assert_int_eq(agent_start(theirs), -EBUSY);
	close(theirs);
	hang_up(&q);
	detach(&p);
}
END_TEST

/* A child of the program has no agent, and does not keep its link open. */
START_TEST(program_forks)
{
	struct peer p;
	int status = 0;
	pid_t pid;

	load();
	attach(&p);
	pid = fork();
	if (pid == 0)
		_exit(agent_boot->state == OTW_BOOT_ASLEEP &&
		      entries("/proc/self/fd") == fds_before + 1 ? 0 : 1);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ask(&p, WANT, OTW_MODE_FORK, 10000);
	await(&p, &p.seen.ends, 1);
	detach(&p);
}
END_TEST

/* As an injector does it: the boot record filled in before dlopen. */
START_TEST(started_by_its_constructor)
{
	static uint8_t image[4 << 20];
	const uint64_t magic = OTW_BOOT_MAGIC;
	FILE *f = fopen(AGENT, "rb");
	struct otw_boot boot;
	struct peer p;
	size_t n, i, found = 0;
	char path[64];
	int fd, theirs = two_ends(&p);

	ck_assert_ptr_nonnull(f);
	n = fread(image, 1, sizeof(image), f);
	fclose(f);
	for (i = 0; i + sizeof(boot) <= n; i += 8) {
		memcpy(&boot, image + i, sizeof(boot));
		if (boot.magic == magic && boot.fd == -1) {
			boot.fd = theirs;
			memcpy(image + i, &boot, sizeof(boot));
			found++;
		}
	}
	ck_assert_uint_eq(found, 1);
	fd = memfd_create(OTW_MEMFD_NAME, MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, image, n), (ssize_t)n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ck_assert_msg(dlopen(path, RTLD_NOW) != NULL, "%s", dlerror());
	close(fd);
	await(&p, &p.seen.hellos, 1);
	ask(&p, WANT, OTW_MODE_FORK, 10000);
	await(&p, &p.seen.ends, 1);
	say(&p, OTW_F_DETACH);
	await_eof(&p);
	hang_up(&p);
	await_threads(1);
}
END_TEST

TCase *
t_runtime_agent(void)
{
	TCase *t = tcase_create("agent");

	tcase_set_timeout(t, 100);
	tcase_add_test(t, snapshot_in_each_mode);
	tcase_add_test(t, hold_for_a_call);
	tcase_add_test(t, provider_of_an_older_header);
	tcase_add_test(t, many_on_one_link);
	tcase_add_test(t, late_reader);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(t, small_ring);
	tcase_add_test(t, reader_that_stops);
#endif
	tcase_add_test(t, cancel_in_the_middle);
	tcase_add_test(t, detach_in_the_middle);
	tcase_add_test(t, time_limits);
	tcase_add_test(t, walks_that_fail);
	tcase_add_test(t, peer_dies);
	tcase_add_test(t, nonsense_ends_the_link);
	tcase_add_test(t, one_inspector_at_a_time);
	tcase_add_test(t, program_forks);
	tcase_add_test(t, started_by_its_constructor);
	return t;
}
