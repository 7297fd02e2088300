/* SPDX-License-Identifier: MIT */
/*
 * Work on a thread: start, progress, cancel, join.
 */
#include "config.h"

#include "inspector/ui/job.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct ui_job {
	pthread_t thread;
	ui_job_fn run;
	void *ctx;
	int wake_fd;
	enum ot_status status;	/* written by the thread before `done` */
	struct ot_err err;
	_Atomic bool done, cancelled;
	_Atomic uint64_t at, total;
};

static void *
job_main(void *arg)
{
	struct ui_job *j = arg;

	j->status = j->run(j->ctx, j, &j->err);
	atomic_store(&j->done, true);
	if (j->wake_fd >= 0 && write(j->wake_fd, "j", 1) < 0) {
		/* the pipe is full: the loop is awake as it is */
	}
	return NULL;
}

enum ot_status
ui_job_start(ui_job_fn run, void *ctx, int wake_fd, struct ui_job **out,
	     struct ot_err *err)
{
	struct ui_job *j = calloc(1, sizeof(*j));
	sigset_t all, old;
	int rc;

	if (j == NULL)
		return ot_fail_nomem(err, "a worker");
	j->run = run;
	j->ctx = ctx;
	j->wake_fd = wake_fd;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&j->thread, NULL, job_main, j);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0) {
		free(j);
		return ot_fail(err, OT_FAILED, "cannot start a thread");
	}
	*out = j;
	return OT_OK;
}

bool
ui_job_done(const struct ui_job *j)
{
	return atomic_load(&j->done);
}

void
ui_job_cancel(struct ui_job *j)
{
	atomic_store(&j->cancelled, true);
}

enum ot_status
ui_job_finish(struct ui_job *j, struct ot_err *err)
{
	enum ot_status st;

	pthread_join(j->thread, NULL);
	st = j->status;
	if (err != NULL)
		*err = j->err;
	free(j);
	return st;
}

void
ui_job_progress(const struct ui_job *j, uint64_t *done, uint64_t *total)
{
	*done = atomic_load(&j->at);
	*total = atomic_load(&j->total);
}

bool
ui_job_tick(void *job, uint64_t done, uint64_t total)
{
	struct ui_job *j = job;

	atomic_store(&j->at, done);
	atomic_store(&j->total, total);
	return atomic_load(&j->cancelled);
}
