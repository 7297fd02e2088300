/* SPDX-License-Identifier: MIT */
/*
 * Which addresses are kinds.
 *
 * A kind is an object whose own kind is the kind of kinds, or one derived from
 * that (its flags say so); that has a size, and a name that can be read.  All
 * of it is read from the process once, some 5 us, and kept by address.  What
 * turned out to be no kind is kept too, in a table that forgets.
 */
#include "config.h"
#include "inspector/target/census_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/arena.h"
#include "base/utf8.h"

#define META_DEPTH	8	/* kinds of kinds of kinds ... */
#define SIZE_MAX_KIND	(1u << 24)	/* bytes of an instance */
#define NAME_STEP	64

void
census_kinds_release(struct census_kinds *k)
{
	uint32_t i;

	for (i = 0; i < k->n; i++) {
		free(k->v[i].name);
		free(k->v[i].module);
	}
	free(k->v);
	memset(k, 0, sizeof(*k));
}

bool
census_peek(const struct census *c, uint64_t addr, void *dst, size_t n)
{
	struct iovec to = { dst, n };
	struct iovec from = { (void *)(uintptr_t)addr, n };

	return process_vm_readv(c->pid, &to, 1, &from, 1, 0) == (ssize_t)n;
}

static bool
peek64(const struct census *c, uint64_t addr, uint64_t *v)
{
	return census_peek(c, addr, v, sizeof(*v));
}

/* Text, and nothing that moves a cursor. */
static bool
is_text(const char *s, size_t len)
{
	size_t at, used;

	for (at = 0; at < len; at += used) {
		uint32_t u = ot_utf8_next(s + at, len - at, &used);

		if (u == OT_UTF8_INVALID || u < 0x20 || (u >= 0x7f && u < 0xa0))
			return false;
	}
	return len > 0;
}

/* A name ends within CENSUS_NAME bytes, is text, and not empty. */
static bool
read_name(const struct census *c, uint64_t kind, char name[CENSUS_NAME])
{
	uint64_t at;
	size_t n = 0;

	if (!peek64(c, kind + c->rules.w.name_at, &at))
		return false;
	while (n < CENSUS_NAME) {
		/* not beyond what the string may be the end of */
		size_t step = NAME_STEP - (size_t)((at + n) % NAME_STEP);
		char *end;

		if (step > CENSUS_NAME - n)
			step = CENSUS_NAME - n;
		if (!census_peek(c, at + n, name + n, step))
			return false;
		end = memchr(name + n, '\0', step);
		n += step;
		if (end != NULL)
			return is_text(name, (size_t)(end - name));
	}
	return false;
}

/* What a kind says of its instances. */
struct shape {
	uint32_t pre;
	uint64_t each;		/* bytes, at least */
	bool small;		/* all fit into blocks */
};

static bool
is_kind(const struct census *c, uint64_t addr, struct shape *shape)
{
	const struct otw_pools *w = &c->rules.w;
	uint64_t meta, meta_flags, size, items, flags, count;
	int depth;

	if (!peek64(c, addr + w->count_at, &count) ||
	    !pool_count_ok(&c->rules, count) ||
	    !peek64(c, addr + w->flags_at, &flags) ||
	    !peek64(c, addr + w->size_at, &size) ||
	    !peek64(c, addr + w->items_at, &items) ||
	    size == 0 || size > SIZE_MAX_KIND ||
	    !peek64(c, addr + w->kind_at, &meta))
		return false;
	for (depth = 0; meta != w->meta; depth++) {
		if (depth == META_DEPTH || meta % 8 != 0 ||
		    !peek64(c, meta + w->flags_at, &meta_flags) ||
		    (meta_flags & w->meta_mask) == 0 ||
		    !peek64(c, meta + w->kind_at, &meta))
			return false;
	}
	shape->pre = pool_pre(w, flags);
	shape->each = size + shape->pre;
	shape->small = shape->each <= POOL_BLOCK_MAX && items == 0 &&
		       (flags & w->varies_mask) == 0;
	return true;
}

static struct census_kind *
add(struct census *c, uint64_t addr, const char *name)
{
	struct census_kinds *k = &c->kinds;
	struct pool_tally *t = &c->tally;
	struct census_kind *v;

	if (k->n == k->cap) {
		uint32_t cap = k->cap == 0 ? 512 : k->cap * 2;
		uint32_t *count, *touched;

		v = cap < k->cap ? NULL : ot_realloc_array(k->v, cap,
							   sizeof(*v));
		if (v == NULL)
			return NULL;
		k->v = v;
		count = ot_realloc_array(t->count, cap, sizeof(*count));
		if (count == NULL)
			return NULL;
		t->count = count;
		touched = ot_realloc_array(t->touched, cap, sizeof(*touched));
		if (touched == NULL)
			return NULL;
		t->touched = touched;
		memset(count + k->cap, 0, (cap - k->cap) * sizeof(*count));
		k->cap = t->cap = cap;
	}
	v = &k->v[k->n];
	memset(v, 0, sizeof(*v));
	v->addr = addr;
	v->name = strdup(name);
	if (v->name == NULL)
		return NULL;
	k->n++;
	return v;
}

bool
census_kind_add(struct census *c, uint64_t addr, const char *name,
		uint32_t *id)
{
	*id = c->kinds.n;
	return add(c, addr, name) != NULL;
}

bool
census_kind_at(struct census *c, uint64_t addr, const char *name,
	       uint32_t *id)
{
	const struct pool_slot *s = pool_kinds_get(&c->rules.kinds, addr);
	char own[CENSUS_NAME];
	struct census_kind *k;
	struct shape shape;

	*id = UINT32_MAX;
	if (s != NULL) {
		*id = s->id;
		return true;
	}
	if (*pool_reject(&c->rules, addr) == addr)
		return true;
	if (!is_kind(c, addr, &shape) || !read_name(c, addr, own)) {
		*pool_reject(&c->rules, addr) = addr;
		return true;
	}
	*id = c->kinds.n;
	k = add(c, addr, name != NULL ? name : own);
	if (k == NULL)
		return false;
	k->each = shape.each;
	k->small = shape.small;
	return pool_kinds_put(&c->rules.kinds, addr, *id, shape.pre);
}

bool
census_suspects(struct census *c, bool *found)
{
	uint32_t i, id, before = c->kinds.n;

	for (i = 0; i < POOL_SUSPECTS; i++) {
		uint64_t addr = c->tally.suspect[i];

		c->tally.suspect[i] = 0;
		if (addr != 0 && !census_kind_at(c, addr, NULL, &id))
			return false;
	}
	*found = c->kinds.n != before;
	return true;
}
