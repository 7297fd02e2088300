/* SPDX-License-Identifier: MIT */
/*
 * sink.c - from a provider's calls to frames.
 *
 * Providers are not trusted to be right: relations, name types and ids out of
 * range are mended or end the walk here, so that the stream is always well
 * formed.  Runs in the clone, or in the held process: no libc, no lock, memory
 * of its own.  About 20 ns an object and 7 ns a ref, encoding included.
 */
#include "config.h"

#include "runtime/sink.h"

#include <string.h>

#include "base/compiler.h"

/* The public header and the wire say the same in two places: prove it. */
#define RELATION(name, text) \
	_Static_assert((int)OBJTOP_REL_##name == (int)OTW_REL_##name, text);
#include "wire/relations.def"
#define ROOTKIND(name, text) \
	_Static_assert((int)OBJTOP_ROOT_##name == (int)OTW_ROOT_##name, text);
#include "wire/roots.def"
_Static_assert((int)OBJTOP_REL_COUNT == (int)OTW_REL_COUNT, "relations");
_Static_assert((int)OBJTOP_ROOT_COUNT == (int)OTW_ROOT_COUNT, "root kinds");
_Static_assert(OBJTOP_TRACKED == OTW_TRACKED && OBJTOP_FROZEN == OTW_FROZEN &&
	       OBJTOP_IMMORTAL == OTW_IMMORTAL &&
	       OBJTOP_WEAKREFS == OTW_WEAKREFS &&
	       OTW_GEN(2u << OBJTOP_GEN_SHIFT) == 2 &&
	       OBJTOP_CLASS == OTW_CLASS, "object flags");
_Static_assert(OBJTOP_WANT_COUNTS == OTW_WANT_COUNTS &&
	       OBJTOP_WANT_OBJECTS == OTW_WANT_OBJECTS &&
	       OBJTOP_WANT_REFS == OTW_WANT_REFS &&
	       OBJTOP_WANT_NAMES == OTW_WANT_NAMES &&
	       OBJTOP_WANT_TEXT == OTW_WANT_TEXT &&
	       OBJTOP_WANT_ROOTS == OTW_WANT_ROOTS &&
	       OBJTOP_WANT_COLLECTOR == OTW_WANT_COLLECTOR, "wants");
_Static_assert(OBJTOP_GENERATIONS == OTW_GENERATIONS &&
	       OBJTOP_UNKNOWN == OTW_UNKNOWN, "collectors");
_Static_assert((int)OBJTOP_NAME_NONE == (int)OTW_NAME_NONE &&
	       (int)OBJTOP_NAME_INDEX == (int)OTW_NAME_INDEX &&
	       (int)OBJTOP_NAME_ID == (int)OTW_NAME_ID, "name types");

enum {
	TEXT_MAX = 120,
	ASK_EVERY = 1024,	/* objects between two questions to go_on */
	TELL_EVERY = 65536,	/* objects between two PROGRESS frames */
	NAMES_FIRST = 4096,
	COUNTS_FIRST = 256,
};

struct ota_name_slot {
	uint64_t key;
	uint32_t id;
};

static struct ota_sink *
self(struct objtop_sink *s)
{
	return (struct ota_sink *)(void *)s;
}

static int
stopped(struct ota_sink *s)
{
	if (s->enc.failed && !s->stop) {
		s->stop = true;
		s->why = "no room for the stream";
	}
	return s->stop;
}

static void
stop(struct ota_sink *s, const char *why)
{
	if (!s->stop) {
		s->stop = true;
		s->why = why;
	}
}

/* ---- kinds ---- */

/* Room for one more count; doubles.  Old arrays go with the walk's memory. */
static bool
room_for_count(struct ota_sink *s)
{
	uint32_t cap = s->cap_counts ? s->cap_counts * 2 : COUNTS_FIRST;
	struct otw_count *c;

	if (s->nkinds < s->cap_counts)
		return true;
	if (cap < s->cap_counts)
		return false;
	c = ota_alloc(&s->mem, cap * sizeof(*c));
	if (!c)
		return false;
	if (s->nkinds)
		memcpy(c, s->counts, s->nkinds * sizeof(*c));
	s->counts = c;
	s->cap_counts = cap;
	return true;
}

static uint32_t
sink_kind(struct objtop_sink *pub, const struct objtop_kind *k)
{
	struct ota_sink *s = self(pub);
	const struct otw_kind w = {
		.id = s->nkinds,
		.addr = k->addr,
		.flags = k->flags,
		.name = { k->name ? k->name : "", k->name ? k->name_len : 0 },
		.module = { k->module ? k->module : "",
			    k->module ? k->module_len : 0 },
	};

	if (!room_for_count(s)) {
		stop(s, "no memory for types");
		return 0;
	}
	s->counts[s->nkinds].kind = s->nkinds;
	if (s->sought) {
		if (k->addr == s->sought_kind)
			s->sought_id = s->nkinds;
		return s->nkinds++;
	}
	otw_enc_kind(&s->enc, &w);
	return s->nkinds++;
}

/* ---- names ---- */

static uint32_t
hash_key(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32);
}

/* The slot of a key, or the free one where it belongs. */
static struct ota_name_slot *
find_name(const struct ota_sink *s, uint64_t key)
{
	uint32_t mask = s->cap_names - 1, i = hash_key(key) & mask;

	while (s->names[i].key && s->names[i].key != key)
		i = (i + 1) & mask;
	return &s->names[i];
}

static bool
room_for_name(struct ota_sink *s)
{
	uint32_t cap = s->cap_names ? s->cap_names * 2 : NAMES_FIRST, i;
	struct ota_name_slot *old = s->names;
	uint32_t old_cap = s->cap_names;

	if (s->used_names < s->cap_names / 2)
		return true;
	if (cap < old_cap)
		return false;
	s->names = ota_alloc(&s->mem, cap * sizeof(*s->names));
	if (!s->names) {
		s->names = old;
		return false;
	}
	s->cap_names = cap;
	for (i = 0; i < old_cap; i++)
		if (old[i].key)
			*find_name(s, old[i].key) = old[i];
	return true;
}

static uint32_t
sink_name_known(struct objtop_sink *pub, uint64_t key)
{
	struct ota_sink *s = self(pub);
	const struct ota_name_slot *slot;

	if (!key || !s->cap_names)
		return UINT32_MAX;
	slot = find_name(s, key);
	return slot->key ? slot->id : UINT32_MAX;
}

static uint32_t
sink_name(struct objtop_sink *pub, uint64_t key, const char *name, size_t len)
{
	struct ota_sink *s = self(pub);
	const struct otw_name w = { s->nnames, { name ? name : "",
						 name ? len : 0 } };
	uint32_t id = sink_name_known(pub, key);

	if (id != UINT32_MAX)
		return id;
	if (!(s->pub.want & OTW_WANT_NAMES))
		return UINT32_MAX;
	if (s->nnames == UINT32_MAX - 1 || (key && !room_for_name(s))) {
		stop(s, "no memory for names");
		return UINT32_MAX;
	}
	if (key) {
		*find_name(s, key) = (struct ota_name_slot){ key, w.id };
		s->used_names++;
	}
	otw_enc_name(&s->enc, &w);
	return s->nnames++;
}

/* ---- objects and refs ---- */

/* Whole characters that fit into TEXT_MAX bytes. */
static size_t
cut_text(const char *text, size_t len)
{
	if (len <= TEXT_MAX)
		return len;
	len = TEXT_MAX;
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void
tell(struct ota_sink *s)
{
	const struct otw_progress p = { s->totals.objects, s->estimate };

	otw_enc_progress(&s->enc, &p);
	if (!s->enc.failed && s->hooks.grow)
		s->hooks.grow(&s->enc, 0);
}

static int
sink_object(struct objtop_sink *pub, const struct objtop_object *o)
{
	struct ota_sink *s = self(pub);

	if (o->kind >= s->nkinds)
		stop(s, "the provider used a kind that it never announced");
	if (!s->pub.want)
		stop(s, "nothing was asked for");
	if (s->sought && o->addr == s->sought) {
		s->found = o->kind == s->sought_id ? OTA_THERE : OTA_ANOTHER;
		stop(s, NULL);
	}
	if (stopped(s))
		return 1;
	s->totals.objects++;
	s->totals.bytes += o->bytes;
	s->totals.tracked += o->flags & OTW_TRACKED;
	s->totals.refs += (o->flags & OTW_CLASS) != 0;
	if (s->pub.want & OTW_WANT_OBJECTS) {
		struct otw_object w = {
			.addr = o->addr, .kind = o->kind, .flags = o->flags,
			.bytes = o->bytes, .extra = o->extra,
			.refcount = o->refcount, .text = { "", 0 },
		};

		if (!(s->pub.want & OTW_WANT_REFS))
			w.flags &= ~OTW_CLASS;
		if (o->text && s->pub.want & OTW_WANT_TEXT) {
			w.text.s = o->text;
			w.text.len = cut_text(o->text, o->text_len);
		}
		otw_enc_object(&s->enc, &w);
	} else {
		struct otw_count *c = &s->counts[o->kind];

		c->count++;
		c->bytes += o->bytes;
		c->tracked += o->flags & OTW_TRACKED;
	}
	if (s->totals.objects % ASK_EVERY == 0) {
		if (s->hooks.go_on && !s->hooks.go_on(s->hooks.ctx))
			stop(s, NULL);
		if (s->totals.objects % TELL_EVERY == 0)
			tell(s);
	}
	return stopped(s);
}

/* A ref as the wire wants it, whatever the provider gave. */
static struct otw_ref
mend(const struct ota_sink *s, const struct objtop_ref *r)
{
	struct otw_ref w = {
		r->to, r->relation, r->name_type, r->index, r->id,
	};

	if (w.relation >= OTW_REL_COUNT)
		w.relation = OTW_REL_INTERNAL;
	if (w.name_type > OTW_NAME_ID ||
	    (w.name_type == OTW_NAME_ID && w.id >= s->nnames))
		w.name_type = OTW_NAME_NONE;
	return w;
}

static int
sink_ref(struct objtop_sink *pub, const struct objtop_ref *r)
{
	struct ota_sink *s = self(pub);
	const uint32_t both = OTW_WANT_OBJECTS | OTW_WANT_REFS;

	s->totals.refs++;
	if ((s->pub.want & both) == both) {
		const struct otw_ref w = mend(s, r);

		otw_enc_ref(&s->enc, &w);
	}
	return stopped(s);
}

static int
sink_root(struct objtop_sink *pub, const struct objtop_root *r)
{
	struct ota_sink *s = self(pub);
	const struct otw_root w = {
		.kind = r->kind < OTW_ROOT_COUNT ? r->kind : OTW_ROOT_OTHER,
		.thread = r->thread,
		.name = { r->name ? r->name : "", r->name ? r->name_len : 0 },
	};

	s->have_root = true;
	if (s->pub.want & OTW_WANT_ROOTS)
		otw_enc_root(&s->enc, &w);
	return stopped(s);
}

static int
sink_root_ref(struct objtop_sink *pub, const struct objtop_ref *r)
{
	struct ota_sink *s = self(pub);

	if (s->pub.want & OTW_WANT_ROOTS && s->have_root) {
		const struct otw_ref w = mend(s, r);

		otw_enc_root_ref(&s->enc, &w);
	}
	return stopped(s);
}

/* ---- the rest ---- */

static void
sink_unseen(struct objtop_sink *pub, const char *reason, uint64_t count)
{
	struct ota_sink *s = self(pub);
	const struct otw_unseen u = { count, { reason ? reason : "",
					       reason ? strlen(reason) : 0 } };

	otw_enc_unseen(&s->enc, &u);
}

static void
sink_collector(struct objtop_sink *pub, const struct objtop_collector *c)
{
	struct otw_collector out = {
		.enabled = c->enabled != 0, .collecting = c->collecting != 0,
		.frozen = c->frozen, .garbage = c->garbage,
		.callbacks = c->callbacks, .ngenerations = c->ngenerations,
	};
	uint32_t i;

	if (out.ngenerations > OTW_GENERATIONS)
		out.ngenerations = OTW_GENERATIONS;
	for (i = 0; i < out.ngenerations; i++) {
		const struct objtop_generation *g = &c->generation[i];

		out.generation[i] = (struct otw_generation){
			g->objects, g->threshold, g->count, g->collections,
			g->collected, g->uncollectable, g->pause_ns,
		};
	}
	otw_enc_collector(&self(pub)->enc, &out);
}

static void
sink_pools(struct objtop_sink *pub, const struct objtop_pools *p)
{
	struct ota_sink *s = self(pub);
	struct otw_pools w = {
		.pool_bytes = p->pool_bytes, .meta = p->meta,
		.meta_mask = p->meta_mask,
		.count_at = p->count_at, .kind_at = p->kind_at,
		.name_at = p->name_at, .size_at = p->size_at,
		.items_at = p->items_at, .flags_at = p->flags_at,
		.varies_mask = p->varies_mask,
		.why = { p->why ? p->why : "", p->why ? strlen(p->why) : 0 },
	};
	int i;

	for (i = 0; i < OTW_POOL_HEADS; i++) {
		w.head[i].mask = p->head[i].mask;
		w.head[i].bytes = p->head[i].bytes;
	}
	otw_enc_pools(&s->enc, &w);
}

static void *
sink_alloc(struct objtop_sink *pub, size_t bytes)
{
	struct ota_sink *s = self(pub);
	void *p = ota_alloc(&s->mem, bytes);

	if (!p)
		stop(s, "no memory for the walk");
	return p;
}

static void
sink_phase(struct objtop_sink *pub, const char *what)
{
	struct ota_sink *s = self(pub);

	if (s->hooks.phase && what)
		s->hooks.phase(s->hooks.ctx, what);
}

static void
sink_expect(struct objtop_sink *pub, uint64_t objects)
{
	self(pub)->estimate = objects;
}

bool
ota_sink_init(struct ota_sink *s, uint32_t want, uint64_t estimate,
	      const struct ota_sink_hooks *hooks)
{
	void *block;

	memset(s, 0, sizeof(*s));
	s->pub = (struct objtop_sink){
		.size = sizeof(s->pub), .want = want,
		.kind = sink_kind, .name = sink_name,
		.name_known = sink_name_known, .object = sink_object,
		.ref = sink_ref, .root = sink_root, .root_ref = sink_root_ref,
		.unseen = sink_unseen, .alloc = sink_alloc,
		.phase = sink_phase, .expect = sink_expect,
		.pools = sink_pools,
		.collector = sink_collector,
	};
	s->hooks = *hooks;
	s->estimate = estimate;
	block = ota_alloc(&s->mem, otw_enc_block_size());
	if (!block)
		return false;
	otw_enc_init(&s->enc, hooks->grow, hooks->ctx, block);
	return true;
}

void
ota_sink_seek(struct ota_sink *s, uint64_t addr, uint64_t kind)
{
	s->sought = addr;
	s->sought_kind = kind;
	s->sought_id = UINT32_MAX;
}

const char *
ota_sink_found_text(const struct ota_sink *s)
{
	switch (s->found) {
	case OTA_THERE:
		return NULL;
	case OTA_ANOTHER:
		return "the object is gone, another one is at its address by "
			"now";
	default:
		return "the object is gone";
	}
}

void
ota_sink_finish(struct ota_sink *s)
{
	otw_enc_flush(&s->enc);
	if (!(s->pub.want & OTW_WANT_OBJECTS) && s->nkinds && !s->sought)
		otw_enc_counts(&s->enc, s->counts, s->nkinds);
	if (!s->enc.failed && s->hooks.grow)
		s->hooks.grow(&s->enc, 0);
	stopped(s);
}

void
ota_sink_release(struct ota_sink *s)
{
	ota_mem_release(&s->mem);
}
