/* SPDX-License-Identifier: MIT */
/*
 * job.h - long work on a thread of its own, so that keys stay live.
 *
 * The thread owns what it was given until ui_job_finish(); it blocks all
 * signals and never touches the terminal.  Progress and cancelling are two
 * atomics; the end is told by a byte to wake_fd.
 */
#ifndef UI_JOB_H
#define UI_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ui_job;
typedef enum ot_status (*ui_job_fn)(void *ctx, struct ui_job *j,
				    struct ot_err *err);

/* wake_fd -1: nobody is told. */
enum ot_status ui_job_start(ui_job_fn run, void *ctx, int wake_fd,
			    struct ui_job **out, struct ot_err *err);

bool ui_job_done(const struct ui_job *j);
void ui_job_cancel(struct ui_job *j);

/* Waits for the end, frees the job, returns what the work returned. */
enum ot_status ui_job_finish(struct ui_job *j, struct ot_err *err);

/* Last reported; total 0: not known. */
void ui_job_progress(const struct ui_job *j, uint64_t *done, uint64_t *total);

/*
 * For the work: reports progress, true when it should stop.  Its signature
 * is that of hg_args.cancelled.
 */
bool ui_job_tick(void *job, uint64_t done, uint64_t total);

#endif
