/* SPDX-License-Identifier: MIT */
/*
 * The ladder: attachers.def in its order.  The first rung that is possible is
 * climbed; a rung that fails half-way is not followed by the next one, since
 * by then the program was stopped once and the reason is known.
 *
 * Climbing happens on a thread of its own with every signal blocked: should
 * anything go wrong there, the end of that thread makes the kernel let go of
 * whatever it traces.  The thread that waits looks for Ctrl-C meanwhile.
 */
#include "config.h"
#include "inspector/target/entry.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"

#define BOOST_NICE (-10)

struct rung {
	const char *name, *needs;
	bool (*probe)(const struct suspect *, struct ot_err *);
	enum ot_status (*enter)(struct entry *, struct ot_err *);
};

static const struct rung rungs[] = {
#define ATTACHER(name, needs) \
	{ #name, needs, at_##name##_probe, at_##name##_enter },
#include "inspector/target/attachers.def"
};

const char *
ladder_probe(const struct suspect *s, struct ot_err *err)
{
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(rungs); i++)
		if (rungs[i].probe(s, err))
			return rungs[i].name;
	return NULL;
}

struct climb {
	struct entry *e;
	const struct rung *rung;
	struct ot_err *err;
	enum ot_status st;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
};

static void *
climb_thread(void *arg)
{
	struct climb *c = arg;
	id_t tid = (id_t)syscall(SYS_gettid);

	/* The stop is short if we are not kept waiting; needs the right. */
	setpriority(PRIO_PROCESS, tid, BOOST_NICE);
	c->st = c->rung->enter(c->e, c->err);
	pthread_mutex_lock(&c->lock);
	c->done = true;
	pthread_cond_signal(&c->cond);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static bool
interrupt_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) ||
					     sigismember(&pending, SIGTERM) ||
					     sigismember(&pending, SIGHUP));
}

static void
wait_done(struct climb *c)
{
	pthread_mutex_lock(&c->lock);
	while (!c->done) {
		struct timespec ts;

		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_nsec += 50000000;
		if (ts.tv_nsec >= 1000000000) {
			ts.tv_nsec -= 1000000000;
			ts.tv_sec++;
		}
		pthread_cond_timedwait(&c->cond, &c->lock, &ts);
		if (interrupt_pending())
			atomic_store(&c->e->cancel, true);
	}
	pthread_mutex_unlock(&c->lock);
}

static enum ot_status
climb_rung(struct entry *e, const struct rung *rung, struct ot_err *err)
{
	struct climb c = { .e = e, .rung = rung, .err = err, .st = OT_FAILED,
			   .lock = PTHREAD_MUTEX_INITIALIZER,
			   .cond = PTHREAD_COND_INITIALIZER };
	sigset_t all, old;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, NULL, climb_thread, &c);
	if (r == 0) {
		wait_done(&c);
		pthread_join(thread, NULL);
	}
	/* A SIGCHLD of a real child may have been taken with ours. */
	if (e->child_changed)
		kill(getpid(), SIGCHLD);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return ot_fail(err, OT_FAILED, "no thread to attach by: %s",
			       strerror(r));
	return c.st;
}

enum ot_status
ladder_climb(struct entry *e, struct ot_err *err)
{
	size_t i;

	for (i = 0; i < OT_ARRAY_LEN(rungs); i++) {
		struct ot_err why = OT_ERR_INIT;

		if (!rungs[i].probe(e->s, &why)) {
			if (e->verbose)
				fprintf(stderr, "objtop: %s: %s\n",
					rungs[i].name, why.msg);
			if (err != NULL)
				*err = why;
			continue;
		}
		if (e->verbose)
			fprintf(stderr, "objtop: %s: %s\n", rungs[i].name,
				rungs[i].needs);
		e->rung = rungs[i].name;
		return climb_rung(e, &rungs[i], err);
	}
	return OT_REFUSED;
}
