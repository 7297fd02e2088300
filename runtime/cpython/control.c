/* SPDX-License-Identifier: MIT */
/*
 * control.c - acting on the cycle collector, by the functions of its module.
 *
 * Settings are changed on the agent's thread.  A collection calls finalisers
 * and weak references back, which may want the thread that they were made on,
 * so it runs on the main thread, as a pending call (Py_AddPendingCall): there
 * the interpreter makes it between two of the program's instructions.  It may
 * come late or never, where that thread sits in a long call; then it is given
 * up, in a way that it cannot run afterwards either.
 *
 * What is asked of the module makes a few objects, so collection is disabled
 * meanwhile: it would run on this thread.
 */
#include "config.h"

#include "runtime/cpython/control.h"

#include <stdatomic.h>
#include <string.h>

#include "runtime/cpython/enter.h"
#include "runtime/cpython/pauses.h"
#include "runtime/cpython/still.h"
#include "runtime/sys.h"

enum { LOOK_NS = 500000, GIVE_UP_MS = 10000 };

/* WAITING to RUNNING by the program, or to IDLE by who gives it up. */
enum collection { IDLE, WAITING, RUNNING, DONE };

static struct {
	atomic_int state;
	struct py_api api;
	py_object gc;		/* kept from WAITING to IDLE */
	long generation;
	int64_t found;		/* -1: it raised */
	uint64_t took_ns;
} collection;

static struct {		/* under the interpreter's lock */
	bool enabled_owed, threshold_owed, freeze_owed;
	bool enabled;
	uint64_t threshold[OTW_GENERATIONS];
} undo;

struct control {
	const struct py_api *api;
	const struct otw_act *act;
	int gil;		/* as PyGILState_Release wants it */
	py_object gc;
	bool made;		/* gc was not imported */
	bool was_enabled;
};

static int
refuse(char *why, size_t cap, const char *text)
{
	ota_cat(why, cap, 0, text);
	return -1;
}

/* ---- small calls, under the lock ---- */

static void
tell(const struct control *c, const char *name)
{
	py_object r = py_api_call(c->api, c->gc, name, NULL, NULL, NULL);

	if (r)
		c->api->decref(r);
}

static uint64_t
as_number(const struct py_api *api, py_object o)
{
	int64_t n = o ? api->as_ssize(o) : -1;

	api->err_clear();
	return n < 0 ? OTW_UNKNOWN : (uint64_t)n;
}

static void
ask_three(const struct control *c, const char *name, uint64_t *v)
{
	py_object t = py_api_call(c->api, c->gc, name, NULL, NULL, NULL);
	unsigned i;

	for (i = 0; i < OTW_GENERATIONS; i++)
		v[i] = as_number(c->api, t ? c->api->tuple_get(t, i) : NULL);
	if (t)
		c->api->decref(t);
}

static void
look(const struct control *c, struct otw_gc_set *s)
{
	py_object n = py_api_call(c->api, c->gc, "get_freeze_count", NULL,
				  NULL, NULL);

	s->enabled = c->was_enabled;
	s->frozen = as_number(c->api, n);
	if (n)
		c->api->decref(n);
	ask_three(c, "get_threshold", s->threshold);
	ask_three(c, "get_count", s->count);
}

static bool
is_enabled(const struct control *c)
{
	py_object r = py_api_call(c->api, c->gc, "isenabled", NULL, NULL,
				  NULL);
	bool yes = r && c->api->is_true(r) == 1;

	if (r)
		c->api->decref(r);
	return yes;
}

static bool
set_threshold(const struct control *c, const uint64_t *v)
{
	py_object n[OTW_GENERATIONS], r = NULL;
	unsigned i;

	for (i = 0; i < OTW_GENERATIONS; i++)
		n[i] = c->api->new_int((long)v[i]);
	if (n[0] && n[1] && n[2])
		r = py_api_call(c->api, c->gc, "set_threshold", n[0], n[1],
				n[2]);
	c->api->err_clear();
	for (i = 0; i < OTW_GENERATIONS; i++)
		if (n[i])
			c->api->decref(n[i]);
	if (r)
		c->api->decref(r);
	return r != NULL;
}

/* ---- holding ---- */

/* With a thread state, other than to look: objects are made. */
static bool
lock(struct control *c, char *why, size_t cap)
{
	if (!c->api->is_finalizing()) {
		c->gil = c->api->ensure();
		if (!c->api->is_finalizing())
			return true;
		c->api->release(c->gil);
	}
	refuse(why, cap, "the interpreter is shutting down");
	return false;
}

/* The lock is ours, and collection off, until let_go(). */
static bool
hold(struct control *c, char *why, size_t cap)
{
	if (!lock(c, why, cap))
		return false;
	c->gc = py_api_gc(c->api, &c->made);
	if (!c->gc) {
		c->api->release(c->gil);
		refuse(why, cap, "the module gc cannot be had");
		return false;
	}
	c->was_enabled = is_enabled(c);
	if (c->was_enabled)
		tell(c, "disable");
	return true;
}

static void
let_go(struct control *c)
{
	if (c->was_enabled)
		tell(c, "enable");
	py_api_gc_drop(c->api, c->gc, c->made);
	c->api->release(c->gil);
}

/* ---- changes ---- */

static void
owe(const struct control *c, const struct otw_gc_set *before)
{
	if (!(c->act->flags & OTW_ACT_RESTORE))
		return;
	switch (c->act->what) {
	case OTW_ACT_ENABLE:
	case OTW_ACT_DISABLE:
		if (!undo.enabled_owed)
			undo.enabled = before->enabled;
		undo.enabled_owed = true;
		break;
	case OTW_ACT_THRESHOLD:
		if (!undo.threshold_owed)
			memcpy(undo.threshold, before->threshold,
			       sizeof(undo.threshold));
		undo.threshold_owed = true;
		break;
	case OTW_ACT_FREEZE:
		/* what was frozen before cannot be told apart */
		undo.freeze_owed = before->frozen == 0;
		break;
	default:
		break;
	}
}

static int
change(struct control *c, struct otw_acted *out, char *why, size_t cap)
{
	uint64_t v[OTW_GENERATIONS];
	unsigned i;

	switch (c->act->what) {
	case OTW_ACT_THRESHOLD:
		for (i = 0; i < OTW_GENERATIONS; i++)
			v[i] = c->act->arg[i] < 0 ? out->before.threshold[i] :
				(uint64_t)c->act->arg[i];
		if (!set_threshold(c, v))
			return refuse(why, cap, "gc.set_threshold() refused "
				      "these thresholds");
		break;
	case OTW_ACT_FREEZE:
		tell(c, "freeze");
		break;
	case OTW_ACT_UNFREEZE:
		tell(c, "unfreeze");
		break;
	case OTW_ACT_ENABLE:
	case OTW_ACT_DISABLE:
		c->was_enabled = c->act->what == OTW_ACT_ENABLE;
		break;
	case OTW_ACT_WATCH:
		if (!py_pauses_install(c->api, c->gc, &out->result))
			return refuse(why, cap, "no callback can be put into "
				      "gc.callbacks");
		break;
	default:
		break;
	}
	return 0;
}

static int
change_held(struct control *c, struct otw_acted *out, char *why, size_t cap)
{
	uint64_t t = ota_now_ns();
	int rc;

	if (!hold(c, why, cap))
		return -1;
	look(c, &out->before);
	rc = change(c, out, why, cap);
	if (rc == 0)
		owe(c, &out->before);
	look(c, &out->after);
	let_go(c);
	out->took_ns = ota_now_ns() - t;
	return rc;
}

/* ---- collecting ---- */

/* On the main thread, or on ours; under the lock. */
static int
collect(void *unused)
{
	const struct py_api *api = &collection.api;
	int state = WAITING;
	py_object n, found;
	uint64_t t;

	(void)unused;
	if (!atomic_compare_exchange_strong(&collection.state, &state,
					    RUNNING))
		return 0;
	n = api->new_int(collection.generation);
	t = ota_now_ns();
	found = n ? py_api_call(api, collection.gc, "collect", n, NULL,
				NULL) : NULL;
	collection.took_ns = ota_now_ns() - t;
	collection.found = found ? api->as_ssize(found) : -1;
	if (found)
		api->decref(found);
	if (n)
		api->decref(n);
	atomic_store(&collection.state, DONE);
	return 0;
}

/* False: it was given up, and will not run. */
static bool
wait_for_it(const struct control *c, bool (*give_up)(void *), void *ctx)
{
	uint64_t ms = c->act->timeout_ms ? c->act->timeout_ms : GIVE_UP_MS;
	uint64_t end = ota_now_ns() + ms * 1000000u;
	int state;

	for (;;) {
		state = atomic_load(&collection.state);
		if (state == DONE)
			return true;
		/* what has begun must be waited for: it uses what is ours */
		if (state == WAITING && (ota_now_ns() > end || give_up(ctx)) &&
		    atomic_compare_exchange_strong(&collection.state, &state,
						   IDLE))
			return false;
		ota_sleep_ns(LOOK_NS);
	}
}

static int
run_collection(struct control *c, bool (*give_up)(void *), void *ctx,
	       char *why, size_t cap)
{
	if (c->act->flags & OTW_ACT_HERE) {
		if (!lock(c, why, cap))
			return -1;
		collect(NULL);
		c->api->release(c->gil);
		return 0;
	}
	if (c->api->pending(collect, NULL))
		return refuse(why, cap, "too many calls wait for the "
			      "program's main thread already");
	if (wait_for_it(c, give_up, ctx))
		return 0;
	return refuse(why, cap, "the program's main thread did not come to a "
		      "point where it can collect (it sits in a long call): "
		      "try a longer --timeout, or --here to collect on "
		      "objtop's own thread");
}

static int
collect_asked(struct control *c, struct otw_acted *out,
	      bool (*give_up)(void *), void *ctx, char *why, size_t cap)
{
	int rc;

	if (!hold(c, why, cap))
		return -1;
	look(c, &out->before);
	collection.api = *c->api;
	collection.generation = (long)c->act->arg[0];
	if (collection.gc)	/* of one that was given up */
		c->api->decref(collection.gc);
	collection.gc = c->gc;
	c->api->incref(c->gc);
	atomic_store(&collection.state, WAITING);
	let_go(c);
	rc = run_collection(c, give_up, ctx, why, cap);
	/* Given up, perhaps for a fork that has the lock: it is not waited for. */
	if (rc || !hold(c, why, cap))
		return -1;
	atomic_store(&collection.state, IDLE);
	c->api->decref(collection.gc);
	collection.gc = NULL;
	look(c, &out->after);
	let_go(c);
	if (collection.found < 0)
		return refuse(why, cap, "gc.collect() raised an exception");
	out->result = (uint64_t)collection.found;
	out->took_ns = collection.took_ns;
	return 0;
}

/* ---- the whole ---- */

static int
undo_all(struct control *c, struct otw_acted *out, char *why, size_t cap)
{
	if (!hold(c, why, cap))
		return -1;
	if (out)
		look(c, &out->before);
	py_pauses_remove(c->api);
	if (undo.threshold_owed)
		set_threshold(c, undo.threshold);
	if (undo.freeze_owed)
		tell(c, "unfreeze");
	if (undo.enabled_owed)
		c->was_enabled = undo.enabled;
	memset(&undo, 0, sizeof(undo));
	if (collection.gc)
		c->api->decref(collection.gc);
	collection.gc = NULL;
	if (out)
		look(c, &out->after);
	let_go(c);
	return 0;
}

int
py_control(void *(*find)(void *, const char *), const struct otw_act *act,
	   struct otw_acted *out, bool (*give_up)(void *), void *ctx,
	   char *why, size_t cap)
{
	struct py_api api;
	struct control c = { .api = &api, .act = act };

	memset(&api, 0, sizeof(api));
	memset(out, 0, sizeof(*out));
	out->what = act->what;
	why[0] = '\0';
	if (py_lock_is_kept(find))
		return refuse(why, cap, "uwsgi runs without enable-threads: "
			      "nothing can be done in it but reading");
	if (py_is_free_threaded(find))
		return refuse(why, cap, "this is a free-threaded build, whose "
			      "collector is neither watched nor acted on");
	if (!py_api_find(find, &api))
		return refuse(why, cap, "this CPython does not export what is "
			      "needed to act on its collector");
	if (act->what == OTW_ACT_COLLECT)
		return collect_asked(&c, out, give_up, ctx, why, cap);
	if (act->what == OTW_ACT_LEAVE)
		return undo_all(&c, out, why, cap);
	return change_held(&c, out, why, cap);
}

bool
py_control_owes(void)
{
	return py_pauses_on() || undo.enabled_owed || undo.threshold_owed ||
		undo.freeze_owed;
}

void
py_control_leave(void *(*find)(void *, const char *))
{
	struct py_api api;
	struct control c = { .api = &api };
	char why[256] = "";

	memset(&api, 0, sizeof(api));
	if (!py_control_owes() && !collection.gc)
		return;
	if (py_api_find(find, &api))
		undo_all(&c, NULL, why, sizeof(why));
}

void
py_control_forked(void)
{
	memset(&undo, 0, sizeof(undo));
	atomic_store(&collection.state, IDLE);
	collection.gc = NULL;
	py_pauses_forked();
}
