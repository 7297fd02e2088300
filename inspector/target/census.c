/* SPDX-License-Identifier: MIT */
/*
 * The census: which chunks are counted now, and what a snapshot says of it.
 *
 * Linear in the memory that holds pools, some 170 ms per GiB, most of which is
 * the kernel's copying.  The process is read and nothing else: no signal, no
 * stop, no write.
 */
#include "config.h"
#include "inspector/target/census_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "inspector/target/target_priv.h"

#define NEW_SHARE	0.75	/* of the budget, for memory that is new */
#define HOT_SHARE	0.5	/* for what changes all the time */
#define OLD_SHARE	0.95	/* for what was counted the longest ago */
#define HOT_PART	64	/* hot: one in so many objects came or went */
#define NEAR_NS		5000000000ull	/* a count this old may be compared */
#define CLEAR_BEFORE	4	/* times as clear, by counts from after only */
#define FORGET_TICKS	32	/* what was no kind may be one now */
#define USEFUL		0.5	/* share of objects that both must have seen */

uint64_t
census_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000;
}

/* ---- opening ---- */

static enum ot_status
no_right(const struct census *c, struct ot_err *err)
{
	if (errno == EPERM || errno == EACCES)
		return ot_fail(err, OT_REFUSED, "the memory of PID %d may not "
			       "be read from outside (no right)", (int)c->pid);
	return ot_fail(err, OT_REFUSED, "the memory of PID %d cannot be read "
		       "from outside: %s (no pagemap)", (int)c->pid,
		       strerror(errno));
}

/* The first kind is the kind of kinds; from there on others are found. */
static enum ot_status
first_kind(struct census *c, struct ot_err *err)
{
	uint32_t id;

	if (!census_kind_at(c, c->rules.w.meta, NULL, &id))
		return ot_fail_nomem(err, "the table of types");
	if (id == UINT32_MAX)
		return ot_fail(err, OT_REFUSED, "the types of PID %d are not "
			       "where its agent said (unknown)", (int)c->pid);
	return OT_OK;
}

static enum ot_status
open_memory(struct census *c, struct ot_err *err)
{
	char path[64];
	uint64_t word;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)c->pid);
	c->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (c->pagemap < 0 ||
	    pread(c->pagemap, &word, sizeof(word), 0) != sizeof(word) ||
	    !census_peek(c, c->rules.w.meta, &word, sizeof(word)))
		return no_right(c, err);
	return first_kind(c, err);
}

/* A snapshot of nothing: one that cannot say it (an old agent) is no harm. */
static void
ask_for_pools(struct target *t)
{
	const struct otw_request r = { .want = 0, .mode = OTW_MODE_PAUSE };
	const struct otw_events none = { .begin = NULL };
	struct ot_err err = OT_ERR_INIT;

	target_snapshot(t, &r, &none, NULL, NULL, NULL, NULL, NULL, &err);
}

enum ot_status
census_open(struct target *t, struct census **out, struct ot_err *err)
{
	enum ot_status st;
	struct census *c;

	*out = NULL;
	if (!t->is_file && !t->have_pools)
		ask_for_pools(t);
	if (t->is_file || !t->have_pools)
		return ot_fail(err, OT_REFUSED, "nothing says where the "
			       "objects lie (unknown)");
	if (t->pools.pool_bytes == 0)
		return ot_fail(err, OT_REFUSED, "the objects of PID %d do not "
			       "lie in pools (%s)", (int)t->pid, t->pools_why);
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ot_fail_nomem(err, "a census");
	c->pid = t->pid;
	c->pagemap = -1;
	c->page = (size_t)sysconf(_SC_PAGESIZE);
	pool_rules_init(&c->rules, &t->pools);
	c->buf = malloc(CHUNK_BYTES);
	if (c->buf == NULL)
		st = ot_fail_nomem(err, "a census");
	else if (c->page < 4096 || c->page > CHUNK_BYTES ||
		 c->rules.w.pool_bytes < 4096)
		st = ot_fail(err, OT_REFUSED, "pools of %u bytes on pages of "
			     "%zu (unknown)", t->pools.pool_bytes, c->page);
	else
		st = open_memory(c, err);
	if (st == OT_OK)
		*out = c;
	else
		census_close(c);
	return st;
}

/* All that was found out about the heap. */
static void
forget_all(struct census *c)
{
	census_chunks_release(c);
	census_kinds_release(&c->kinds);
	pool_kinds_release(&c->rules.kinds);
	free(c->tally.count);
	free(c->tally.touched);
	memset(&c->tally, 0, sizeof(c->tally));
	memset(c->rules.rejects, 0, sizeof(c->rules.rejects));
	c->ages = c->samples = 0;
	c->nrows = 0;
	c->last_whole_ns = 0;
}

void
census_close(struct census *c)
{
	if (c == NULL)
		return;
	forget_all(c);
	if (c->pagemap >= 0)
		close(c->pagemap);
	free(c->rows);
	free(c->buf);
	free(c);
}

void
census_word(const struct ot_err *err, char *dst, size_t cap)
{
	const char *from = strrchr(err->msg, '('), *to = strrchr(err->msg, ')');

	dst[0] = '\0';
	if (from != NULL && to != NULL && to > from)
		snprintf(dst, cap, "%.*s", (int)(to - from - 1), from + 1);
}

void
census_stop_when(struct census *c, bool (*stop)(void *), void *ctx)
{
	c->stop = stop;
	c->stop_ctx = ctx;
}

/* ---- counting ---- */

enum rank { RANK_NEW, RANK_HOT, RANK_OLD, RANK_NONE, RANKS };

struct turn {
	uint64_t at_us;
	uint32_t chunk;
	uint32_t rank;
};

static enum rank
rank_of(const struct chunk *k)
{
	switch ((enum chunk_state)k->state) {
	case CHUNK_NEW:
		return RANK_NEW;
	case CHUNK_NONE:
		return RANK_NONE;
	case CHUNK_POOLS:
		break;
	}
	return (uint64_t)k->changed * HOT_PART > k->objects ? RANK_HOT :
							       RANK_OLD;
}

static int
by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->chunk < y->chunk ? -1 : x->chunk > y->chunk;
}

static enum ot_status
line_up(const struct census *c, struct turn **out, struct ot_err *err)
{
	struct turn *v = malloc((c->nchunks + 1) * sizeof(*v));
	uint32_t i;

	*out = v;
	if (v == NULL)
		return ot_fail_nomem(err, "the order of a census");
	for (i = 0; i < c->nchunks; i++) {
		v[i].at_us = c->chunks[i].at_us;
		v[i].chunk = i;
		v[i].rank = rank_of(&c->chunks[i]);
	}
	qsort(v, c->nchunks, sizeof(*v), by_turn);
	return OT_OK;
}

/* Is there time left for chunks of this rank? */
static bool
affordable(const struct census *c, uint32_t rank, uint64_t budget_us)
{
	static const double share[RANKS] = { NEW_SHARE, HOT_SHARE, OLD_SHARE,
					     1 };

	return budget_us == 0 || (double)(cpu_us() - c->cpu_begun_us) <
				 share[rank] * (double)budget_us;
}

static enum ot_status
count_chunks(struct census *c, const struct turn *v, uint64_t budget_us,
	     struct ot_err *err)
{
	enum ot_status st = OT_OK;
	size_t i = 0;

	while (i < c->nchunks && st == OT_OK) {
		uint32_t rank = v[i].rank;
		bool first = i == 0 || v[i - 1].rank != rank;

		/* one of each, however small the budget is */
		if (!first && !affordable(c, rank, budget_us)) {
			while (i < c->nchunks && v[i].rank == rank)
				i++;
			continue;
		}
		if (i % 16 == 0 && c->stop != NULL && c->stop(c->stop_ctx))
			return ot_fail(err, OT_INTERRUPTED, "cancelled");
		st = census_chunk(c, &c->chunks[v[i++].chunk], err);
	}
	return st;
}

/* How much of it all was that? */
static void
take_stock(struct census *c)
{
	struct census_info *info = &c->info;
	size_t i;

	info->whole = info->torn + info->absent == 0;
	for (i = 0; i < c->nchunks; i++) {
		const struct chunk *k = &c->chunks[i];

		info->chunks += k->state == CHUNK_POOLS;
		info->counted += k->state == CHUNK_POOLS && k->now;
		info->whole = info->whole && (k->now ||
					      k->state == CHUNK_NONE);
	}
}

enum ot_status
census_count(struct census *c, uint64_t budget_us, struct ot_err *err)
{
	uint64_t begun_ns = census_now_ns();
	struct turn *order = NULL;
	enum ot_status st;

	memset(&c->info, 0, sizeof(c->info));
	c->begun_us = ot_now_us();
	c->cpu_begun_us = cpu_us();
	if (++c->ticks % FORGET_TICKS == 0)
		memset(c->rules.rejects, 0, sizeof(c->rules.rejects));
	census_fade(c);
	st = census_chunks_update(c, err);
	if (st == OT_OK)
		st = line_up(c, &order, err);
	if (st == OT_OK)
		st = count_chunks(c, order, budget_us, err);
	free(order);
	if (st != OT_OK)
		return st;
	take_stock(c);
	if (c->info.chunks == 0 && c->had_pools)
		return ot_fail(err, OT_FAILED, "the heap of PID %d is gone: it "
			       "has become another program", (int)c->pid);
	c->had_pools = c->info.chunks > 0;
	c->info.took_us = ot_now_us() - c->begun_us;
	c->info.cpu_us = cpu_us() - c->cpu_begun_us;
	c->info.time_ns = begun_ns + c->info.took_us * 500;
	census_estimate(c);
	if (c->info.whole)
		c->last_whole_ns = c->info.time_ns;
	return census_make_rows(c) ? OT_OK : ot_fail_nomem(err, "the counts");
}

/* ---- comparing with a snapshot ---- */

/* What a count of everything said, by address, and what was learnt before. */
struct said_kind {
	double now, offset, offset_error;
	bool learnt;
};

struct said {
	struct pool_kinds at;	/* ids: places in v */
	struct said_kind *v;
	uint64_t time_ns;
};

static const struct said_kind *
said_of(const struct said *s, uint64_t addr)
{
	const struct pool_slot *p = pool_kinds_get(&s->at, addr);

	return p != NULL ? &s->v[p->id] : NULL;
}

static void
said_release(struct said *s)
{
	pool_kinds_release(&s->at);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static bool
said_keep(const struct census *c, struct said *s)
{
	uint32_t i;

	memset(s, 0, sizeof(*s));
	s->time_ns = c->info.time_ns;
	s->v = malloc(((size_t)c->kinds.n + 1) * sizeof(*s->v));
	for (i = 0; s->v != NULL && i < c->kinds.n; i++) {
		s->v[i].now = c->kinds.v[i].now;
		s->v[i].offset = c->kinds.v[i].offset;
		s->v[i].offset_error = c->kinds.v[i].offset_error;
		s->v[i].learnt = c->kinds.v[i].module != NULL;
		if (!pool_kinds_put(&s->at, c->kinds.v[i].addr, i, 0))
			return false;
	}
	return s->v != NULL;
}

static enum ot_status
learn_kinds(struct census *c, const struct census_truth *v, size_t n,
	    struct ot_err *err)
{
	size_t i;
	uint32_t id;

	for (i = 0; i < n; i++) {
		struct census_kind *k;

		if (!census_kind_at(c, v[i].addr, v[i].name, &id) ||
		    (id == UINT32_MAX &&
		     !census_kind_add(c, v[i].addr, v[i].name, &id)))
			return ot_fail_nomem(err, "the table of types");
		k = &c->kinds.v[id];
		if (k->module == NULL)
			k->module = strdup(v[i].module);
		if (k->module == NULL)
			return ot_fail_nomem(err, "the table of types");
		k->truth += v[i].count;
		k->bytes += v[i].bytes;
		k->tracked += v[i].tracked;
	}
	return OT_OK;
}

/*
 * The census when the heap was held lies on the line through two counts, and
 * may be off by as much as they differ.  A difference no larger than that says
 * nothing of objects that the census cannot see; nor does any where kinds
 * whose instances all lie in pools come and go.  What was learnt before then
 * stands.  With both counts from after the snapshot the line is a guess, and
 * must say it all the clearer.
 */
static void
compare(struct census *c, const struct said *s, const struct said *learnt,
	uint64_t time_ns)
{
	double apart = (double)c->info.time_ns - (double)s->time_ns;
	double at = apart == 0 ? 0 :
		    ((double)time_ns - (double)s->time_ns) / apart;
	double clear = at < 0 ? CLEAR_BEFORE : 1;
	uint32_t i;

	at = at < -2 ? -2 : at > 3 ? 3 : at;
	c->rough = false;
	for (i = 0; i < c->kinds.n; i++) {
		struct census_kind *k = &c->kinds.v[i];
		const struct said_kind *one = said_of(s, k->addr);
		const struct said_kind *was = said_of(learnt, k->addr);
		double first = one != NULL ? one->now : k->now;
		double moved = k->now - first;

		k->then = first + moved * at;
		k->offset = k->module != NULL ? (double)k->truth - k->then : 0;
		k->offset_error = fabs(moved) * (at < 0 ? 1 - at :
						 at > 1 ? at : 1);
		if (moved == 0 || (!k->small && fabs(k->offset) > clear *
						     k->offset_error))
			continue;
		if (k->small) {
			k->offset = k->offset_error = 0;
		} else if (was != NULL && was->learnt) {
			k->offset = was->offset;
			k->offset_error = was->offset_error;
		} else {
			k->offset_error = fabs(k->offset);
			k->offset = 0;
			c->rough = c->rough || k->offset_error > 0;
		}
	}
}

static bool
useful(const struct census *c)
{
	double both = 0, truth = 0;
	uint32_t i;

	for (i = 0; i < c->kinds.n; i++) {
		const struct census_kind *k = &c->kinds.v[i];
		double t = (double)k->truth;

		truth += t;
		both += k->now < t ? k->now : t;
	}
	return both >= USEFUL * truth;
}

/* One count of everything, two where none from before is at hand. */
static enum ot_status
learn_counts(struct census *c, bool have, struct said *first,
	     struct ot_err *err)
{
	enum ot_status st = census_count(c, 0, err);
	uint64_t spent = c->info.cpu_us;

	if (st != OT_OK || have)
		return st;
	if (!said_keep(c, first))
		return ot_fail_nomem(err, "the counts");
	st = census_count(c, 0, err);
	c->info.cpu_us += spent;
	return st;
}

enum ot_status
census_learn(struct census *c, const struct census_truth *v, size_t n,
	     uint64_t time_ns, struct ot_err *err)
{
	struct said learnt, first;
	enum ot_status st;
	bool have;

	memset(&first, 0, sizeof(first));
	have = c->kinds.n > 0 && c->info.counted == c->info.chunks &&
	       c->info.time_ns < time_ns &&
	       time_ns - c->info.time_ns < NEAR_NS;
	if (!said_keep(c, &learnt)) {
		said_release(&learnt);
		return ot_fail_nomem(err, "the counts");
	}
	forget_all(c);
	st = first_kind(c, err);
	if (st == OT_OK)
		st = learn_kinds(c, v, n, err);
	if (st == OT_OK)
		st = learn_counts(c, have, &first, err);
	if (st == OT_OK && !useful(c))
		st = ot_fail(err, OT_REFUSED, "most objects of PID %d do not "
			     "lie in pools: PYTHONMALLOC, or a debug build "
			     "(no pools)", (int)c->pid);
	if (st == OT_OK) {
		compare(c, have ? &learnt : &first, &learnt, time_ns);
		if (!census_make_rows(c))
			st = ot_fail_nomem(err, "the counts");
	}
	said_release(&learnt);
	said_release(&first);
	return st;
}

const struct census_row *
census_rows(const struct census *c, size_t *n)
{
	*n = c->nrows;
	return c->rows;
}

const struct census_info *
census_info(const struct census *c)
{
	return &c->info;
}
