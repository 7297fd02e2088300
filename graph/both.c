/* SPDX-License-Identifier: MIT */
/*
 * both.c - two halves of a long job side by side.
 *
 * The thread takes no signals: they are the caller's.  Where none can be had,
 * and where starting it would take longer than it saves, the halves run one
 * after the other.
 */
#include "config.h"

#include <pthread.h>
#include <signal.h>

#include "graph/raw.h"

#define FEW 65536u /* edges: some hundred microseconds' work */

struct both {
	bool (*part)(void *ctx, unsigned which);
	void *ctx;
	bool ok;
};

static void *
second(void *arg)
{
	struct both *b = arg;

	b->ok = b->part(b->ctx, 1);
	return NULL;
}

bool
hg_both(bool (*part)(void *ctx, unsigned which), void *ctx, uint32_t edges)
{
	struct both b = { part, ctx, false };
	sigset_t all, before;
	pthread_t thread;
	bool started, ok;

	if (edges < FEW) {
		ok = part(ctx, 0);
		return part(ctx, 1) && ok;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, NULL, second, &b) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	ok = part(ctx, 0);
	if (started)
		pthread_join(thread, NULL);
	else
		second(&b);
	return ok && b.ok;
}
