/* SPDX-License-Identifier: MIT */
/*
 * pauses.c - a function in gc.callbacks that notes when collections begin and
 * end.
 *
 * It allocates nothing and runs none of the program's code: two reads of the
 * clock, three look-ups in the dict that the collector hands over, 40 bytes
 * written.  What callbacks cost beyond that is the collector's: it makes that
 * dict when there is one.
 *
 * It takes itself out when nobody has read for some seconds (an inspector that
 * was killed after the agent's thread had left for a fork), and in a child of
 * fork(), where it is a copy that nobody reads: by a pending call, since the collector is going through the list of
 * callbacks just then.
 */
#include "config.h"

#include "runtime/cpython/pauses.h"

#include <time.h>

#include "runtime/sys.h"
#include "wire/pauses.h"

static py_object callback(py_object self, py_object const *args, int64_t n);

static struct {
	struct py_api api;
	py_object function, list;	/* list: gc.callbacks */
	py_object generation, collected, uncollectable;	/* keys */
	struct otw_pauses *ring;
	uint64_t start_ns;	/* of the collection under way; 0: none */
	bool forked;		/* a child has a copy: not in use there */
	bool asked;		/* to be taken out, by a pending call */
} watch;

static struct py_method_def definition = {
	"_objtop_gc", NULL, PY_METH_FASTCALL, NULL,
};

bool
py_pauses_on(void)
{
	return watch.function && !watch.forked;
}

bool
py_pauses_is_own(uintptr_t o)
{
	return o && o == (uintptr_t)watch.function;
}

/* ---- taking it out ---- */

static void
drop(py_object *o)
{
	if (*o)
		watch.api.decref(*o);
	*o = NULL;
}

static void
take_out(void)
{
	const struct py_api *api = &watch.api;
	int64_t i = watch.list ? api->list_size(watch.list) : 0;

	while (i-- > 0)
		if (api->list_get(watch.list, i) == watch.function &&
		    api->sequence_del(watch.list, i))
			api->err_clear();
	if (watch.ring) {
		watch.ring->head.over = 1;
		ota_unmap(watch.ring, sizeof(*watch.ring));
	}
	watch.ring = NULL;
	watch.asked = watch.forked = false;
	drop(&watch.generation);
	drop(&watch.collected);
	drop(&watch.uncollectable);
	drop(&watch.list);
	drop(&watch.function);
}

void
py_pauses_remove(const struct py_api *api)
{
	if (watch.function) {
		watch.api = *api;
		take_out();
	}
}

static int
pending_take_out(void *unused)
{
	(void)unused;
	if (watch.function && watch.asked)
		take_out();
	return 0;
}

static void
ask_to_be_taken_out(void)
{
	if (!watch.asked)
		watch.asked = watch.api.pending(pending_take_out, NULL) == 0;
}

void
py_pauses_forked(void)
{
	watch.forked = watch.function != NULL;
}

/* ---- noting ---- */

/* The program's own clock_gettime(), which needs no system call. */
static uint64_t
now_ns(void)
{
	struct timespec t;

	if (!watch.api.clock || watch.api.clock(CLOCK_MONOTONIC, &t))
		return ota_now_ns();
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t
number(py_object info, py_object key)
{
	py_object v = key ? watch.api.dict_find(info, key) : NULL;
	int64_t n = v ? watch.api.as_ssize(v) : -1;

	return n < 0 ? UINT64_MAX : (uint64_t)n;
}

static void
note(uint64_t now, py_object info)
{
	struct otw_pauses_head *h = &watch.ring->head;
	struct otw_pause *p = &watch.ring->slot[h->written % OTW_PAUSE_SLOTS];

	p->start_ns = watch.start_ns;
	p->stop_ns = now;
	p->generation = number(info, watch.generation);
	p->collected = number(info, watch.collected);
	p->uncollectable = number(info, watch.uncollectable);
	__atomic_store_n(&h->written, h->written + 1, __ATOMIC_RELEASE);
	watch.start_ns = 0;
}

static bool
nobody_looks(uint64_t now)
{
	uint64_t seen = __atomic_load_n(&watch.ring->head.seen,
					__ATOMIC_RELAXED);

	return now > seen && now - seen > OTW_PAUSE_LEASE_NS;
}

/* callback("start" or "stop", {"generation": ...}) */
static py_object
callback(py_object self, py_object const *args, int64_t n)
{
	const char *phase = n == 2 && watch.ring ? watch.api.utf8(args[0]) :
		NULL;
	uint64_t now;

	(void)self;
	if (phase && watch.forked) {
		ask_to_be_taken_out();
	} else if (phase) {
		now = now_ns();
		if (ota_equal(phase, "start"))
			watch.start_ns = now;
		else if (ota_equal(phase, "stop") && watch.start_ns)
			note(now, args[1]);
		if (nobody_looks(now))
			ask_to_be_taken_out();
	}
	watch.api.incref(watch.api.none);
	return watch.api.none;
}

/* ---- putting it in ---- */

static bool
make(py_object gc)
{
	const struct py_api *api = &watch.api;

	watch.ring = ota_map(sizeof(*watch.ring));
	watch.generation = api->new_str("generation");
	watch.collected = api->new_str("collected");
	watch.uncollectable = api->new_str("uncollectable");
	watch.list = api->getattr(gc, "callbacks");
	definition.meth = (void *)(uintptr_t)callback;
	watch.function = api->new_function(&definition, NULL, NULL);
	return watch.ring && watch.generation && watch.collected &&
		watch.uncollectable && watch.function && watch.list &&
		api->list_size(watch.list) >= 0;
}

bool
py_pauses_install(const struct py_api *api, py_object gc, uint64_t *ring)
{
	if (watch.forked)
		py_pauses_remove(api);
	if (watch.function) {
		watch.ring->head.seen = ota_now_ns();
		watch.asked = false;
		*ring = (uintptr_t)watch.ring;
		return true;
	}
	watch.api = *api;
	watch.forked = false;
	watch.start_ns = 0;
	if (!make(gc)) {
		api->err_clear();
		take_out();
		return false;
	}
	watch.ring->head = (struct otw_pauses_head){
		.magic = OTW_PAUSES_MAGIC, .size = sizeof(*watch.ring),
		.seen = ota_now_ns(),
	};
	if (api->list_append(watch.list, watch.function)) {
		api->err_clear();
		take_out();
		return false;
	}
	*ring = (uintptr_t)watch.ring;
	return true;
}
