/* SPDX-License-Identifier: MIT */
/*
 * What was not counted this time.
 *
 * A chunk that was counted A seconds ago has changed since by about d * A
 * instances of a kind, where d is what chunks that were looked at again have
 * changed by in a second; how much that varied from chunk to chunk (its
 * variance per second, s2) says how far it may be off:
 *
 *	estimate  sum of last counts + d * sum of ages
 *	error	  2 * sqrt(s2 * ages + s2 * ages^2 / sampled ages)
 *
 * Chunks that change a lot are counted every time and are no samples: they
 * would make the quiet rest look wild.  Samples fade, half a life in some two
 * counts.
 */
#include "config.h"
#include "inspector/target/census_priv.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/units.h"

#define FADE	0.7
#define FEW	3	/* samples */
#define AGE_MIN	1e-3	/* s */

void
census_fade(struct census *c)
{
	uint32_t i;

	c->ages *= FADE;
	c->samples *= FADE;
	for (i = 0; i < c->kinds.n; i++) {
		c->kinds.v[i].drift *= FADE;
		c->kinds.v[i].square *= FADE;
	}
}

void
census_sample(struct census *c, uint32_t id, double difference, double age)
{
	struct census_kind *k = &c->kinds.v[id];

	if (age < AGE_MIN)
		age = AGE_MIN;
	k->drift += difference;
	k->square += difference * difference / age;
}

void
census_sampled(struct census *c, double age)
{
	c->ages += age < AGE_MIN ? AGE_MIN : age;
	c->samples += 1;
}

/* Seconds since they were counted, over all chunks that were not, this time. */
static double
stale_ages(const struct census *c)
{
	uint64_t now = ot_now_us();
	double ages = 0;
	size_t i;

	for (i = 0; i < c->nchunks; i++)
		if (!c->chunks[i].now && c->chunks[i].state == CHUNK_POOLS)
			ages += (double)(now - c->chunks[i].at_us) / 1e6;
	return ages;
}

/* Objects of pools that were left out are missing from all kinds alike. */
static double
left_out(const struct census *c)
{
	double all = (double)c->info.pools + c->info.torn + c->info.absent;

	return all > 0 ? (c->info.torn + c->info.absent) / all : 0;
}

static void
estimate_kind(const struct census *c, struct census_kind *k, double ages,
	      double missing)
{
	double sum = (double)k->sum, d, s2;

	k->now = sum;
	k->error = sum * missing;
	if (ages <= 0 || c->ages <= 0)
		return;
	d = k->drift / c->ages;
	if (c->samples > FEW)
		s2 = (k->square - 2 * d * k->drift + d * d * c->ages) /
		     (c->samples - 1);
	else		/* too few to tell what varies from what all do */
		s2 = k->square / (c->samples > 1 ? c->samples : 1);
	s2 = s2 > 0 ? s2 : 0;
	k->now += d * ages;
	if (k->now < 0)
		k->now = 0;
	k->error += 2 * sqrt(s2 * ages + s2 * ages * ages / c->ages);
}

void
census_estimate(struct census *c)
{
	double ages = stale_ages(c), missing = left_out(c), apart;
	uint32_t i;

	/* a count of everything takes its time, too */
	apart = c->info.whole && c->last_whole_ns != 0 ?
		(double)c->info.took_us * 1e3 /
		(double)(c->info.time_ns - c->last_whole_ns) : 0;
	for (i = 0; i < c->kinds.n; i++) {
		struct census_kind *k = &c->kinds.v[i];

		estimate_kind(c, k, ages, missing);
		if (apart > 0 && apart < 1)
			k->error += fabs(k->now - k->before) * apart;
		if (c->info.whole)
			k->before = k->now;
	}
}

static void
make_row(const struct census *c, const struct census_kind *k,
	 struct census_row *r)
{
	double n = k->now + k->offset, e = k->error;

	if (n < 0)
		n = 0;
	e += k->offset_error;
	if (k->offset != 0)	/* the unseen ones may have grown alike */
		e += fabs(k->offset) *
		     fabs(k->now - k->then) / (k->then > 1 ? k->then : 1);
	r->addr = k->addr;
	r->name = k->name;
	r->count = (uint64_t)llround(n);
	r->error = (uint64_t)llround(e);
	r->module = k->module;
	r->estimated = !c->info.whole || r->error > 0;
	if (k->truth > 0) {
		r->bytes = (uint64_t)llround(n * (double)k->bytes /
					     (double)k->truth);
		r->tracked = (uint64_t)llround(n * (double)k->tracked /
					       (double)k->truth);
	} else {
		r->bytes = r->count * k->each;
		r->tracked = 0;
	}
}

bool
census_make_rows(struct census *c)
{
	struct census_row *v = ot_realloc_array(c->rows, c->kinds.n + 1,
						sizeof(*v));
	double squares = 0;
	uint32_t i;

	if (v == NULL)
		return false;
	c->rows = v;
	c->nrows = 0;
	c->info.objects = 0;
	c->info.unnamed = 0;
	c->info.rough = c->rough;
	for (i = 0; i < c->kinds.n; i++) {
		struct census_row *r = &v[c->nrows];

		make_row(c, &c->kinds.v[i], r);
		if (r->count == 0)
			continue;
		c->nrows++;
		c->info.objects += r->count;
		c->info.unnamed += r->module == NULL;
		squares += (double)r->error * (double)r->error;
	}
	c->info.error = (uint64_t)llround(sqrt(squares));
	return true;
}
