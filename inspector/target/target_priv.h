/* SPDX-License-Identifier: MIT */
/*
 * target_priv.h - inside of struct target: target.c (the public face),
 * session.c (the socket), filesrc.c (a file), run.c (a program we started).
 */
#ifndef TARGET_TARGET_PRIV_H
#define TARGET_TARGET_PRIV_H

#include "base/buf.h"
#include "inspector/target/target.h"

/*
 * Where frames begin and end in a stream.  It is not the decoder: it knows
 * nothing but lengths and numbers, so that what belongs to one snapshot can
 * be told from what follows it.
 */
struct framer {
	uint64_t len, number;	/* of the frame under way */
	unsigned shift;		/* of the LEB128 number being read */
	int part;		/* 0 length, 1 number, 2 payload */
	uint64_t need;		/* payload bytes still to come */
};

/*
 * Takes bytes up to the end of one frame, or all.  The number taken; *whole:
 * a frame ended there, and `f->number` is its number.  0 with len > 0: no
 * stream of ours.
 */
size_t framer_take(struct framer *f, const unsigned char *p, size_t len,
		   bool *whole);

struct target {
	bool is_file;
	char *path;		/* of a file */
	pid_t pid, ns_pid;
	int sock, pidfd;
	uint64_t timeout_ms;
	uint64_t stopped_us;
	const char *rung;
	bool truncated;

	/* the stream */
	struct framer framer;
	struct ot_buf hello;	/* the HELLO frame, for each request anew */
	bool have_hello;

	/* the request under way */
	bool busy;		/* frames of one are still to come */
	bool begun, cancelled;
	struct otw_dec *dec;	/* NULL: what comes is dropped */
	struct otw_events user, events;
	void *user_ctx;
	target_tee_fn tee;
	void *tee_ctx;
	enum ot_status error;	/* of an ERROR frame */
	struct ot_err error_msg;
	bool (*stop)(void *);	/* files: asked now and then */
	void *stop_ctx;

	/* what the last snapshot said of where objects lie */
	bool have_pools;
	struct otw_pools pools;	/* without `why` */
	char pools_why[32];

	/* run */
	bool child;		/* pid is our child, to be collected */
	bool child_over;
	int child_status;	/* of waitpid */
	int agent_fd;		/* the memfd that it was preloaded from */
	bool exiting, left;	/* EXITING, BYE seen */
	int listener;		/* where its agent connects; -1 */
	bool children;		/* and those of its children: */
	struct target *born;	/* connected, not given out; by next */
	struct target *next;

	/*
	 * The agent left by itself, so that the program can fork with one
	 * thread: sock is -1, and the next request enters anew.
	 */
	bool parked, verbose;
	struct otw_request asked;	/* the request under way, */
	struct otw_act act;		/* or what it acts on */
	bool acts;
	bool owes;			/* something is to be undone there */
	bool asked_any;			/* there was one */
	unsigned again;			/* times it was asked anew */
};

struct target *target_new(const struct target_opts *o, struct ot_err *err);

/* session.c */
enum ot_status session_hello(struct target *t, uint64_t deadline_us,
			     struct ot_err *err);
enum ot_status session_request(struct target *t, const struct otw_request *r,
			       struct ot_err *err);
enum ot_status session_act(struct target *t, const struct otw_act *a,
			   struct ot_err *err);
/* What is asked, as it is sent; its length, at most REQUEST_MAX. */
#define REQUEST_MAX 256u
size_t session_encode(const struct target *t, unsigned char *dst, size_t cap);
enum ot_status session_step(struct target *t, int timeout_ms, bool *done,
			    struct ot_err *err);
bool session_send(struct target *t, enum otw_frame f);
void session_leave(struct target *t);	/* DETACH, wait, close */
void session_adopt(struct target *t, int sock);	/* the agent connected anew */
bool session_alive(const struct target *t);
bool session_over(const struct target *t);	/* has the process ended? */

/* request.c: what a request's decoder is fed */
enum ot_status request_begin(struct target *t, const struct otw_events *ev,
			     void *ctx, struct ot_err *err);
enum ot_status request_feed(struct target *t, const void *data, size_t len,
			    struct ot_err *err);
void request_end(struct target *t);

/* target.c: until a request that was given up has ended */
enum ot_status target_drain(struct target *t, struct ot_err *err);

/* act.c */
void act_undo(struct target *t);

/* filesrc.c */
enum ot_status filesrc_step(struct target *t, bool *done, struct ot_err *err);

/* run.c */
bool run_collect(struct target *t, bool wait);
/* Something waits at t->listener. */
void run_welcome(struct target *t);
void run_release(struct target *t);

/* doing.c: "thread 4242 (worker) is running": what keeps a process busy */
void doing_describe(pid_t pid, char *dst, size_t cap);

#endif
