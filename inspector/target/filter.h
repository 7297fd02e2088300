/* SPDX-License-Identifier: MIT */
/*
 * filter.h - what a process's seccomp filters say of the calls that entering
 * it makes there.
 */
#ifndef TARGET_FILTER_H
#define TARGET_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "inspector/target/landmarks.h"

enum filter_call {
#define FILTER_CALL(word, name, nr, need, a, b, c, d, e, f) FILTER_##word,
#include "inspector/target/filter_calls.def"
	FILTER_CALLS
};

struct filter_view {
	bool any;		/* there is a filter at all */
	bool known;		/* what follows is filled in */
	uint32_t verdict[FILTER_CALLS];	/* SECCOMP_RET_*, the strictest */
};

bool filter_allows(const struct filter_view *v, enum filter_call c);
bool filter_is_deadly(const struct filter_view *v, enum filter_call c);

/* Adds one filter. */
void filter_add(struct filter_view *v, const struct sock_filter *f, size_t n);

/* Could the filters be learnt, by reading or otherwise?  For ps. */
bool filter_probe(const struct suspect *s, struct ot_err *err);

/* Has the process the filters that we have, and no others? */
bool filter_is_ours(const struct suspect *s);

/*
 * Before anything is stopped: where filters cannot be read, tries those of
 * this process, if they are the same.  Makes processes; for the climber.
 */
void filter_prepare(const struct suspect *s, struct filter_view *v);

/*
 * For a thread that is stopped and traced: reads its filters, or makes sure
 * that what was prepared holds for it.  OT_REFUSED: entering it would, or
 * might, be the end of the program, or cannot succeed.
 */
enum ot_status filter_thread(const struct suspect *s, pid_t tid,
			     const struct landmarks *lm,
			     struct filter_view *v, struct ot_err *err);

/* The decision alone. */
enum ot_status filter_judge(const struct filter_view *v, bool clone3,
			    bool rseq, pid_t pid, struct ot_err *err);

/* "the seccomp filter of PID 7 refuses socket: ..." (or would end it for). */
enum ot_status filter_blame(const struct filter_view *v, enum filter_call c,
			    pid_t pid, struct ot_err *err);

/* Tries each call in a child of this process.  filter_self.c */
bool filter_try_self(struct filter_view *v);

/* The call as it is tried. */
struct filter_trial {
	const char *name;
	long nr;
	enum filter_need { FILTER_MUST, FILTER_MAY, FILTER_ALT } need;
	long arg[6];
};
extern const struct filter_trial filter_trials[FILTER_CALLS];

#endif
