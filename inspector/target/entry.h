/* SPDX-License-Identifier: MIT */
/*
 * entry.h - one attempt at getting into a process: what attachers share.
 */
#ifndef TARGET_ENTRY_H
#define TARGET_ENTRY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "inspector/target/filter.h"
#include "inspector/target/suspect.h"
#include "inspector/target/tracee.h"

struct entry {
	struct suspect *s;
	uint64_t deadline_us;	/* of the whole attempt, ot_now_us() */
	int control;		/* readable once the user wants to wait no longer */
	bool verbose;
	unsigned char first[256];	/* for the agent to find in its socket */
	size_t first_len;
	/* What comes of it: */
	int sock;		/* to the agent; -1 */
	uint64_t stopped_us;
	const char *rung;
};

/* attachers.def */
#define ATTACHER(name, needs) \
bool at_##name##_probe(const struct suspect *s, struct ot_err *err); \
enum ot_status at_##name##_enter(struct entry *e, struct ot_err *err);
#include "inspector/target/attachers.def"

/*
 * The first attacher that can enter, or NULL; in err why the one before it
 * cannot, or nobody can.  ladder.c
 */
const char *ladder_probe(const struct suspect *s, struct ot_err *err);

/* Tries them in order.  OT_OK: e->sock is connected to the agent. */
enum ot_status ladder_climb(struct entry *e, struct ot_err *err);

/*
 * One inspector at a time enters a process: an fd that holds the right to
 * (also in a child, as long as one of them has it open), -1 where it cannot
 * be had; it is waited for a moment only.
 */
int ladder_lock(pid_t pid);

/* Does the user not want to wait any longer? */
bool entry_cancelled(const struct entry *e);

/* The agent that is there already: at_resident.c */
enum ot_status resident_wait(const struct entry *e,	/* until it sleeps */
			     struct ot_err *err);
enum ot_status resident_busy(const struct suspect *s, struct ot_err *err);

/* Takes back what a climber that was killed has asked for.  at_pep768.c */
void pep768_forget(const struct suspect *s, pid_t climber);

/* Tracing: is it permitted, as far as can be told?  trace_right.c */
bool trace_probe(const struct suspect *s, struct ot_err *err);
enum ot_status trace_refused(const struct suspect *s, struct ot_err *err);

/*
 * Stops a thread of e->s where calls may be made in it; t is filled in.
 * safepoint.c
 */
enum ot_status safepoint_reach(struct entry *e, struct tracee *t,
			       const struct landmarks *lm, struct ot_err *err);

/* Is this thread one of the agent's own? */
bool safepoint_is_agent(pid_t pid, pid_t tid);

/*
 * A visit: a thread at a safe point, with scratch memory and one end of a
 * socket pair in the target, the other here.  remote.c
 */
struct visit {
	struct entry *e;
	struct tracee t;
	struct landmarks lm;
	struct filter_view filter;
	int pidfd;		/* -1: before Linux 5.3 */
	uint64_t scratch;	/* address; 0: none yet */
	uint64_t errno_at;
	int32_t errno_was;
	int ours;		/* socket here */
	int32_t theirs;		/* socket there */
	/* What an earlier visit left there; leftover.c */
	int stale[8];		/* descriptors */
	size_t nstale;
	uint64_t old[8];	/* scratch memory */
	size_t nold;
};

#define VISIT_STACK	((uint64_t)512 * 1024)	/* scratch: stack */
#define VISIT_DATA	((uint64_t)4096)	/* at its low end: data */
#define VISIT_NOTE	64u	/* at the beginning of that: who made it */

enum visit_data {		/* offsets there */
	VISIT_FDS = 64,		/* two ints of socketpair */
	VISIT_NAME = 128,	/* a sockaddr_un */
	VISIT_PATH = 256,	/* of the agent, at most 128 bytes */
	VISIT_MSG = 512,	/* a msghdr and what it points to */
};

enum ot_status visit_begin(struct visit *v, struct entry *e,
			   struct ot_err *err);
/* Puts everything back.  `keep`: the agent has its end of the socket. */
enum ot_status visit_end(struct visit *v, bool keep, struct ot_err *err);

/* A function or a system call there; false: v->t went astray. */
bool visit_call(struct visit *v, uint64_t fn, const uint64_t *arg,
		size_t nargs, uint64_t *result);
/* A system call with at most 5 arguments: result or negative errno. */
bool visit_syscall(struct visit *v, long nr, const uint64_t *arg, size_t n,
		   int64_t *result);
/* Why a call did not come back, or what a system call said. */
enum ot_status visit_astray(const struct visit *v, const char *what,
			    struct ot_err *err);
enum ot_status visit_denied(const struct visit *v, const char *what,
			    int64_t result, struct ot_err *err);

/*
 * What a visitor that was killed left behind: looked for before the thread is
 * stopped, cleared away once calls can be made (false: astray).  The note says
 * what to look for should this one be killed.
 */
void leftover_find(struct visit *v);
bool leftover_clear(struct visit *v);
void leftover_note(const struct visit *v, const int32_t fd[2]);
uint64_t leftover_hint(void);	/* where scratch memory is to be, if free */

/* A file descriptor of the target, copied here; -1 with errno. */
int visit_take_fd(const struct visit *v, int fd);

/*
 * A socket of ours with a random abstract name, for a process that connects
 * by itself: first its network namespace is entered, for good.  channel.c
 */
bool channel_enter(pid_t pid);
int channel_listen(struct sockaddr_un *sa, socklen_t *len);
/* What the process has connected, none else; -1: nothing in `ms`. */
int channel_accept(pid_t pid, int listener, int ms);

/* Connects v->ours and v->theirs.  channel.c */
enum ot_status visit_connect(struct visit *v, struct ot_err *err);

/* Hands a file over to the target through that; its number there. */
enum ot_status visit_give_fd(struct visit *v, int here, int *there,
			     struct ot_err *err);

#endif
