/* SPDX-License-Identifier: MIT */
/*
 * target.h - what is inspected: a live process or a snapshot file.
 *
 * A live target has an agent in it and a socket to that agent; a file is the
 * same stream.  Everything that can wait is offered in steps (target_step)
 * for an event loop, and as one blocking call (target_snapshot) for commands.
 * However a struct target ends, and if objtop is killed, the process runs on
 * and the agent leaves by itself when the socket closes.
 */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "wire/dec.h"

/* One process as `ps` and the picker show it. */
struct target_proc {
	pid_t pid;
	uid_t uid;
	char user[33];
	char runtime[16];	/* "cpython", "objtop.h"; "": no known runtime */
	char version[32];	/* "3.11.7"; "3.11" where only that is known */
	uint64_t rss;		/* bytes */
	uint64_t start_ticks;	/* tells a reused pid apart */
	char rung[16];		/* "resident", "ptrace", "pep768": how it can
				 * be entered; "": it cannot */
	char why_not[512];	/* the one thing missing and what grants it; of
				 * pep768: why it is not ptrace */
	char command[2048];	/* command line, spaces between words, raw bytes */
};

/* All processes with a known runtime, by pid; free() the array. */
enum ot_status target_list(struct target_proc **out, size_t *n,
			   struct ot_err *err);

/* One process, whether inspectable or not.  OT_REFUSED: there is none. */
enum ot_status target_look(pid_t pid, struct target_proc *out,
			   struct ot_err *err);

/* Is `of` the parent of pid, or of its parent, and so on? */
bool target_descends(pid_t pid, pid_t of);

struct target_opts {
	uint64_t timeout_ms;	/* attach and snapshot each; 0: 10,000 */
	bool verbose;		/* tell on stderr which rung was tried */
	bool children;		/* target_run: what comes from it counts too */
};

struct target;

/* Puts the agent in.  OT_REFUSED with the one thing missing. */
enum ot_status target_attach(pid_t pid, const struct target_opts *o,
			     struct target **out, struct ot_err *err);

/*
 * Starts argv with the agent in from its first instruction; waits until there
 * is an interpreter in it, without a limit where o->timeout_ms is 0.
 */
enum ot_status target_run(char *const argv[], const struct target_opts *o,
			  struct target **out, struct ot_err *err);

/* A snapshot file. */
enum ot_status target_open_file(const char *path, struct target **out,
				struct ot_err *err);

/*
 * Tells the agent to leave and waits (at most a second) until it has; closes.
 * NULL ok.  A program started by target_run goes on; its exit status is then
 * read with target_wait before this.
 */
void target_close(struct target *t);

bool target_is_file(const struct target *t);
pid_t target_pid(const struct target *t);	/* as we see it; 0: a file */
const char *target_path(const struct target *t); /* of a file; else NULL */
bool target_alive(const struct target *t);	/* agent and process still there */

/* Of a live target: how long the process was stopped to get in; else 0. */
uint64_t target_stopped_us(const struct target *t);
const char *target_rung(const struct target *t);

/* For an event loop: the socket to poll for reading; -1 for a file. */
int target_fd(const struct target *t);

/*
 * Asks for a snapshot; events then come through target_step().  The decoder's
 * callbacks and ctx are given here.  `tee`, where set, is also given every
 * byte of the stream (that is how a snapshot file is written).
 */
typedef enum ot_status (*target_tee_fn)(void *ctx, const void *data,
					size_t len, struct ot_err *err);
enum ot_status target_request(struct target *t, const struct otw_request *r,
			      const struct otw_events *ev, void *ctx,
			      target_tee_fn tee, void *tee_ctx,
			      struct ot_err *err);

/*
 * Reads what is there, waiting at most timeout_ms (0: not at all), and feeds
 * the decoder.  *done is set once END was seen (or the whole file read).  An
 * ERROR frame, a lost agent or a dead target come back as a status with a
 * message that says what became of the target.
 */
enum ot_status target_step(struct target *t, int timeout_ms, bool *done,
			   struct ot_err *err);

/* Asks the agent to stop the snapshot under way. */
void target_cancel(struct target *t);

/*
 * target_request and target_step until done or t's time limit is over.
 * `tick` (may be NULL) is called at least ten times a second; true cancels.
 */
enum ot_status target_snapshot(struct target *t, const struct otw_request *r,
			       const struct otw_events *ev, void *ctx,
			       target_tee_fn tee, void *tee_ctx,
			       bool (*tick)(void *), void *tick_ctx,
			       struct ot_err *err);

/*
 * Acts on the cycle collector of a live target and waits until that is done;
 * `tick` as above.  What is to be undone (OTW_ACT_RESTORE) is, by
 * target_close() or when this process ends.
 */
enum ot_status target_act(struct target *t, const struct otw_act *a,
			  struct otw_acted *out, bool (*tick)(void *),
			  void *tick_ctx, struct ot_err *err);

/* True when a file (or a stream) ended before its END frame. */
bool target_truncated(const struct target *t);

/*
 * target_run only: at exit the program waits for us once (at most its own
 * few seconds); true when it is waiting.  target_continue lets it end.
 */
bool target_exiting(const struct target *t);
void target_continue(struct target *t);

/*
 * target_run with `children`: the next of them that is about to end, and waits
 * for us as the program itself does; NULL: none now.  Yours to close.  And how
 * many processes have come from the program that still are.
 */
struct target *target_child(struct target *t);
size_t target_children(const struct target *t);
void target_await_child(struct target *t, int timeout_ms);

enum ot_status target_wait(struct target *t, int *exit_status,
			   struct ot_err *err);

/* The resident agent of another inspector, told to leave (`detach`). */
enum ot_status target_evict(pid_t pid, const struct target_opts *o,
			    struct ot_err *err);

#endif
