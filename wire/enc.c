/* SPDX-License-Identifier: MIT */
/*
 * enc.c - the encoder.
 *
 * Small frames are written straight to the caller's memory.  Objects and refs
 * are collected in columns of a fixed block, each number in its final form,
 * so that writing a HEAP frame is twelve copies.  Names wait beside them and
 * go out before the block that uses them.  No libc but memcpy and memset, no
 * allocation; about 15 ns an object and 5 ns a ref.
 */
#include "wire/enc.h"

#include <string.h>

#include "base/compiler.h"
#include "wire/heap.h"

enum {
	OBJECTS = 4096,		/* of one block */
	REFS = 16384,
	TEXT = 1 << 17,
	TEXT_ONE = 4096,	/* texts are cut to this */
	NAMES = 16000,		/* bytes of names that wait */
	STR_ONE = 4096,		/* names of all sorts are cut to this */
	COMMAND = 3000,
	ROOTREFS = 2048,
	ROOTREF_MAX = 2 * OTW_LEB_MAX + 1 + OTW_LEB_MAX,
	COUNT_MAX = 5 + 3 * OTW_LEB_MAX,
	COUNTS = 65536,		/* entries of one COUNTS frame */
	SMALL = 2 * STR_ONE + 256, /* largest payload made in one piece */
};

struct otw_block {
	uint32_t nobjects, nrefs, flags;
	/* the object under way */
	uint64_t addr, before;
	int64_t next_index;
	uint32_t kind, own_refs;
	bool open;
	uint32_t len[OTW_C_END];
	uint64_t slot[OTW_SLOTS];

	/* names that wait: from first_name on, ids without a gap */
	uint32_t first_name, nnames, names_len;
	/* refs out of the root given last */
	uint32_t nrootrefs, rootrefs_len;
	uint64_t root_before;

	uint8_t addrs[OBJECTS * 2 * OTW_LEB_MAX];
	uint8_t kinds[OBJECTS * 5], oflags[OBJECTS * 5];
	uint8_t bytes[OBJECTS * OTW_LEB_MAX], extra[OBJECTS * OTW_LEB_MAX];
	uint8_t counts[OBJECTS * OTW_LEB_MAX];
	uint8_t own[(OBJECTS + 1) * 5], textlen[OBJECTS * 3];
	uint8_t text[TEXT];
	uint8_t to[REFS * 2 * OTW_LEB_MAX], how[REFS];
	uint8_t name[REFS * OTW_LEB_MAX];
	uint8_t names[NAMES];
	uint8_t rootrefs[ROOTREFS * ROOTREF_MAX];
};

size_t
otw_enc_block_size(void)
{
	return sizeof(struct otw_block);
}

void
otw_enc_init(struct otw_enc *e, bool (*grow)(struct otw_enc *, size_t),
	     void *ctx, void *block)
{
	memset(e, 0, sizeof(*e));
	e->grow = grow;
	e->ctx = ctx;
	e->block = block;
}

static void flush_rootrefs(struct otw_enc *e);

/* ---- frames ---- */

/* Writes the head of a frame; where the payload goes, or NULL: no room. */
static uint8_t *
frame_open(struct otw_enc *e, enum otw_frame f, size_t payload)
{
	size_t need = payload + 2 * OTW_LEB_MAX;
	uint8_t *p;

	if (e->failed)
		return NULL;
	if (e->cap - e->len < need &&
	    (!e->grow(e, need) || e->cap - e->len < need)) {
		e->failed = true;
		return NULL;
	}
	p = otw_put(e->data + e->len, payload);
	p = otw_put(p, (uint64_t)f);
	e->len = (size_t)(p - e->data) + payload;
	return p;
}

static void
frame_put(struct otw_enc *e, enum otw_frame f, const uint8_t *payload,
	  const uint8_t *end)
{
	size_t len = (size_t)(end - payload);
	uint8_t *p = frame_open(e, f, len);

	if (p)
		memcpy(p, payload, len);
}

static uint8_t *
put_str(uint8_t *p, struct otw_str s, size_t max)
{
	size_t len = s.len < max ? s.len : max;

	p = otw_put(p, len);
	if (len)
		memcpy(p, s.s, len);
	return p + len;
}

void
otw_enc_hello(struct otw_enc *e, const struct otw_hello *h)
{
	uint8_t b[SMALL], *p = b;

	memcpy(p, OTW_MAGIC, 8);
	p = otw_put(p + 8, h->version);
	p = otw_put(p, h->caps);
	p = otw_put(p, h->pid);
	p = put_str(p, h->runtime, 256);
	p = put_str(p, h->runtime_version, 256);
	p = put_str(p, h->command, COMMAND);
	frame_put(e, OTW_F_HELLO, b, p);
}

void
otw_enc_begin(struct otw_enc *e, const struct otw_begin *b)
{
	uint8_t buf[128], *p = buf;

	p = otw_put(p, b->time_ns);
	p = otw_put(p, (uint64_t)b->mode);
	p = otw_put(p, b->held_ns);
	p = otw_put(p, b->wait_ns);
	p = otw_put(p, b->want);
	p = otw_put(p, b->clone_pid);
	frame_put(e, OTW_F_BEGIN, buf, p);
}

void
otw_enc_kind(struct otw_enc *e, const struct otw_kind *k)
{
	uint8_t b[SMALL], *p = b;

	p = otw_put(p, k->id);
	p = otw_put(p, k->addr);
	p = otw_put(p, k->flags);
	p = put_str(p, k->name, STR_ONE);
	p = put_str(p, k->module, STR_ONE);
	frame_put(e, OTW_F_KIND, b, p);
}

void
otw_enc_root(struct otw_enc *e, const struct otw_root *r)
{
	uint8_t b[SMALL], *p = b;

	if (e->block)
		flush_rootrefs(e);
	p = otw_put(p, r->kind);
	p = otw_put(p, r->thread);
	p = put_str(p, r->name, STR_ONE);
	frame_put(e, OTW_F_ROOT, b, p);
}

void
otw_enc_unseen(struct otw_enc *e, const struct otw_unseen *u)
{
	uint8_t b[SMALL], *p = b;

	p = otw_put(p, u->count);
	p = put_str(p, u->reason, COMMAND);
	frame_put(e, OTW_F_UNSEEN, b, p);
}

void
otw_enc_pools(struct otw_enc *e, const struct otw_pools *g)
{
	uint8_t b[SMALL], *p = b;
	int i;

	p = otw_put(p, g->pool_bytes);
	p = otw_put(p, g->meta);
	p = otw_put(p, g->meta_mask);
	p = otw_put(p, g->count_at);
	p = otw_put(p, g->kind_at);
	p = otw_put(p, g->name_at);
	p = otw_put(p, g->size_at);
	p = otw_put(p, g->items_at);
	p = otw_put(p, g->flags_at);
	p = otw_put(p, g->varies_mask);
	for (i = 0; i < OTW_POOL_HEADS; i++) {
		p = otw_put(p, g->head[i].mask);
		p = otw_put(p, g->head[i].bytes);
	}
	p = put_str(p, g->why, COMMAND);
	frame_put(e, OTW_F_POOLS, b, p);
}

void
otw_enc_progress(struct otw_enc *e, const struct otw_progress *g)
{
	uint8_t b[32], *p = b;

	p = otw_put(p, g->done);
	p = otw_put(p, g->estimate);
	frame_put(e, OTW_F_PROGRESS, b, p);
}

void
otw_enc_answer(struct otw_enc *e, const struct otw_answer *a)
{
	size_t text = a->text.len < OTW_ANSWER_TEXT ? a->text.len :
		OTW_ANSWER_TEXT;
	uint8_t b[4 * OTW_LEB_MAX], *p = b, *to;

	p = otw_put(p, a->what);
	p = otw_put(p, a->ok);
	p = otw_put(p, a->value);
	p = otw_put(p, text);
	to = frame_open(e, OTW_F_ANSWER, (size_t)(p - b) + text);
	if (!to)
		return;
	memcpy(to, b, (size_t)(p - b));
	memcpy(to + (p - b), a->text.s, text);
}

void
otw_enc_end(struct otw_enc *e, const struct otw_end *end)
{
	uint8_t b[128], *p = b;

	otw_enc_flush(e);
	p = otw_put(p, end->objects);
	p = otw_put(p, end->tracked);
	p = otw_put(p, end->refs);
	p = otw_put(p, end->bytes);
	p = otw_put(p, end->held_ns);
	p = otw_put(p, end->walk_ns);
	frame_put(e, OTW_F_END, b, p);
}

void
otw_enc_error(struct otw_enc *e, const struct otw_error *er)
{
	uint8_t b[SMALL], *p = b;

	p = otw_put(p, er->code);
	p = put_str(p, er->message, COMMAND);
	frame_put(e, OTW_F_ERROR, b, p);
}

void
otw_enc_empty(struct otw_enc *e, enum otw_frame f)
{
	frame_open(e, f, 0);
}

void
otw_enc_request(struct otw_enc *e, const struct otw_request *r)
{
	uint8_t b[48], *p = b;

	if (r->ask) {
		p = otw_put(p, r->ask);
		p = otw_put(p, r->addr);
		p = otw_put(p, r->kind);
		p = otw_put(p, r->timeout_ms);
		frame_put(e, OTW_F_DESCRIBE, b, p);
		return;
	}
	p = otw_put(p, r->want);
	p = otw_put(p, (uint64_t)r->mode);
	p = otw_put(p, r->timeout_ms);
	frame_put(e, OTW_F_SNAPSHOT, b, p);
}

/* ---- the collector ---- */

void
otw_enc_collector(struct otw_enc *e, const struct otw_collector *c)
{
	uint8_t b[(5 + OTW_GENERATIONS * 7) * OTW_LEB_MAX], *p = b;
	uint32_t i;

	p = otw_put(p, (c->enabled ? 1u : 0u) | (c->collecting ? 2u : 0u));
	p = otw_put(p, c->frozen);
	p = otw_put(p, c->garbage);
	p = otw_put(p, c->callbacks);
	p = otw_put(p, c->ngenerations);
	for (i = 0; i < c->ngenerations && i < OTW_GENERATIONS; i++) {
		const struct otw_generation *g = &c->generation[i];

		p = otw_put(p, g->objects);
		p = otw_put(p, g->threshold);
		p = otw_put(p, g->count);
		p = otw_put(p, g->collections);
		p = otw_put(p, g->collected);
		p = otw_put(p, g->uncollectable);
		p = otw_put(p, g->pause_ns);
	}
	frame_put(e, OTW_F_COLLECTOR, b, p);
}

static uint8_t *
put_set(uint8_t *p, const struct otw_gc_set *s)
{
	unsigned i;

	p = otw_put(p, s->enabled);
	p = otw_put(p, s->frozen);
	for (i = 0; i < OTW_GENERATIONS; i++) {
		p = otw_put(p, s->threshold[i]);
		p = otw_put(p, s->count[i]);
	}
	return p;
}

void
otw_enc_acted(struct otw_enc *e, const struct otw_acted *a)
{
	uint8_t b[(3 + 2 * (2 + 2 * OTW_GENERATIONS)) * OTW_LEB_MAX], *p = b;

	p = otw_put(p, (uint64_t)a->what);
	p = otw_put(p, a->result);
	p = otw_put(p, a->took_ns);
	p = put_set(p, &a->before);
	p = put_set(p, &a->after);
	frame_put(e, OTW_F_ACTED, b, p);
}

void
otw_enc_act(struct otw_enc *e, const struct otw_act *a)
{
	uint8_t b[(3 + OTW_GENERATIONS) * OTW_LEB_MAX], *p = b;
	unsigned i;

	p = otw_put(p, (uint64_t)a->what);
	p = otw_put(p, a->flags);
	for (i = 0; i < OTW_GENERATIONS; i++)
		p = otw_put(p, otw_zigzag(a->arg[i]));
	p = otw_put(p, a->timeout_ms);
	frame_put(e, OTW_F_ACT, b, p);
}

static uint8_t *
put_count(uint8_t *p, const struct otw_count *c)
{
	p = otw_put(p, c->kind);
	p = otw_put(p, c->count);
	p = otw_put(p, c->bytes);
	return otw_put(p, c->tracked);
}

void
otw_enc_counts(struct otw_enc *e, const struct otw_count *c, size_t n)
{
	while (n) {
		size_t k = n < COUNTS ? n : COUNTS, i, len = 0;
		uint8_t one[COUNT_MAX], *p;

		for (i = 0; i < k; i++)
			len += (size_t)(put_count(one, &c[i]) - one);
		p = frame_open(e, OTW_F_COUNTS, len);
		if (!p)
			return;
		for (i = 0; i < k; i++)
			p = put_count(p, &c[i]);
		c += k;
		n -= k;
	}
}

/* ---- names ---- */

static void
flush_names(struct otw_enc *e)
{
	struct otw_block *b = e->block;
	uint8_t id[OTW_LEB_MAX], *end = otw_put(id, b->first_name), *p;
	size_t head = (size_t)(end - id);

	if (!b->nnames)
		return;
	p = frame_open(e, OTW_F_NAME, head + b->names_len);
	if (p) {
		memcpy(p, id, head);
		memcpy(p + head, b->names, b->names_len);
	}
	b->nnames = b->names_len = 0;
}

/* Without a block each name is a frame of its own. */
void
otw_enc_name(struct otw_enc *e, const struct otw_name *n)
{
	struct otw_block *b = e->block;
	size_t len = n->name.len < STR_ONE ? n->name.len : STR_ONE;
	uint8_t *p;

	if (!b) {
		uint8_t buf[SMALL];

		p = put_str(otw_put(buf, n->id), n->name, STR_ONE);
		frame_put(e, OTW_F_NAME, buf, p);
		return;
	}
	if (b->nnames && (n->id != b->first_name + b->nnames ||
			  len + OTW_LEB_MAX > NAMES - b->names_len))
		flush_names(e);
	if (!b->nnames)
		b->first_name = n->id;
	p = put_str(b->names + b->names_len, n->name, STR_ONE);
	b->names_len = (uint32_t)(p - b->names);
	b->nnames++;
}

/* ---- objects and their refs ---- */

static uint8_t *
column(struct otw_block *b, unsigned c)
{
	switch (c) {
	case OTW_C_ADDR:	return b->addrs;
	case OTW_C_KIND:	return b->kinds;
	case OTW_C_FLAGS:	return b->oflags;
	case OTW_C_BYTES:	return b->bytes;
	case OTW_C_EXTRA:	return b->extra;
	case OTW_C_COUNT:	return b->counts;
	case OTW_C_NREFS:	return b->own;
	case OTW_C_TEXTLEN:	return b->textlen;
	case OTW_C_TEXT:	return b->text;
	case OTW_C_TO:		return b->to;
	case OTW_C_HOW:		return b->how;
	default:		return b->name;
	}
}

static void
put_col(struct otw_block *b, unsigned c, uint8_t *base, uint64_t v)
{
	b->len[c] = (uint32_t)(otw_put(base + b->len[c], v) - base);
}

/* The same; a column in which there is nothing but 0 so far stays empty. */
static void
put_rare(struct otw_block *b, unsigned c, uint8_t *base, uint64_t v)
{
	if (!b->len[c]) {
		if (!v)
			return;
		memset(base, 0, b->nobjects);
		b->len[c] = b->nobjects;
	}
	put_col(b, c, base, v);
}

/* The object under way has all its refs, or all that this block holds. */
static void
close_object(struct otw_block *b)
{
	if (b->open)
		put_col(b, OTW_C_NREFS, b->own, b->own_refs);
	b->open = false;
	b->own_refs = 0;
}

/* `more`: refs of the object under way are still to come. */
static void
flush_heap(struct otw_enc *e, bool more)
{
	struct otw_block *b = e->block;
	uint8_t head[(4 + OTW_C_END) * OTW_LEB_MAX], *p = head;
	size_t size, head_len;
	unsigned c;

	if (!b->nobjects && !(b->flags & OTW_HEAP_CONTINUED))
		return;
	close_object(b);
	p = otw_put(p, b->flags | (more ? OTW_HEAP_MORE : 0));
	p = otw_put(p, b->nobjects);
	p = otw_put(p, b->nrefs);
	p = otw_put(p, OTW_C_END);
	for (c = 0; c < OTW_C_END; c++)
		p = otw_put(p, b->len[c]);
	size = head_len = (size_t)(p - head);
	for (c = 0; c < OTW_C_END; c++)
		size += b->len[c];
	flush_names(e);
	p = frame_open(e, OTW_F_HEAP, size);
	if (p) {
		memcpy(p, head, head_len);
		p += head_len;
		for (c = 0; c < OTW_C_END; c++) {
			memcpy(p, column(b, c), b->len[c]);
			p += b->len[c];
		}
	}
	b->nobjects = b->nrefs = 0;
	b->flags = more ? OTW_HEAP_CONTINUED : 0;
	b->open = more;
	b->before = more ? b->addr : 0;
	memset(b->len, 0, sizeof(b->len));
	memset(b->slot, 0, sizeof(b->slot));
}

void
otw_enc_object(struct otw_enc *e, const struct otw_object *o)
{
	struct otw_block *b = e->block;
	size_t text = o->text.len < TEXT_ONE ? o->text.len : TEXT_ONE;
	uint64_t before;
	uint32_t at;

	if (b->nobjects == OBJECTS || text > TEXT - b->len[OTW_C_TEXT] ||
	    b->nrefs == REFS)
		flush_heap(e, false);
	close_object(b);
	before = b->nobjects ? b->addr : 0;
	at = b->len[OTW_C_ADDR];
	b->len[OTW_C_ADDR] = (uint32_t)
		(otw_put_addr(b->addrs + at, o->addr, before) - b->addrs);
	put_col(b, OTW_C_KIND, b->kinds, o->kind);
	put_col(b, OTW_C_FLAGS, b->oflags, o->flags);
	put_col(b, OTW_C_BYTES, b->bytes, o->bytes);
	put_rare(b, OTW_C_EXTRA, b->extra, o->extra);
	put_col(b, OTW_C_COUNT, b->counts, otw_zigzag(o->refcount));
	put_rare(b, OTW_C_TEXTLEN, b->textlen, text);
	if (text) {
		memcpy(b->text + b->len[OTW_C_TEXT], o->text.s, text);
		b->len[OTW_C_TEXT] += (uint32_t)text;
	}
	b->nobjects++;
	b->addr = b->before = o->addr;
	b->kind = o->kind;
	b->next_index = 0;
	b->open = true;
}

static void
put_to(struct otw_block *b, uint64_t to, uint32_t slot)
{
	uint8_t *p = b->to + b->len[OTW_C_TO];
	uint64_t own, last;

	if (b->slot[slot] == to) {
		*p++ = OTW_TO_SLOT;
	} else if (!otw_pack_near(to, b->addr, &own)) {
		*p++ = OTW_TO_PLAIN;
		p = otw_put(p, to);
	} else if (otw_pack_near(to, b->before, &last) && last < own) {
		p = otw_put(p, last << 2 | OTW_TO_BEFORE);
	} else {
		p = otw_put(p, own << 2 | OTW_TO_OBJECT);
	}
	b->len[OTW_C_TO] = (uint32_t)(p - b->to);
	b->slot[slot] = to;
	b->before = to;
}

void
otw_enc_ref(struct otw_enc *e, const struct otw_ref *r)
{
	struct otw_block *b = e->block;
	uint8_t how = (uint8_t)(r->relation | r->name_type << OTW_HOW_BITS);

	if (!b->open)
		return;		/* no object was given: nothing to hang it on */
	if (b->nrefs == REFS)
		flush_heap(e, true);
	b->how[b->len[OTW_C_HOW]++] = how;
	put_to(b, r->to, otw_slot(b->kind, how, r->index, r->id));
	if (r->name_type == OTW_NAME_INDEX) {
		put_col(b, OTW_C_NAME, b->name, otw_zigzag((int64_t)
			((uint64_t)r->index - (uint64_t)b->next_index)));
		b->next_index = (int64_t)((uint64_t)r->index + 1);
	} else if (r->name_type == OTW_NAME_ID) {
		put_col(b, OTW_C_NAME, b->name, r->id);
	}
	b->nrefs++;
	b->own_refs++;
}

/* ---- refs out of roots ---- */

static void
flush_rootrefs(struct otw_enc *e)
{
	struct otw_block *b = e->block;
	uint8_t *p;

	if (!b->nrootrefs)
		return;
	flush_names(e);
	p = frame_open(e, OTW_F_ROOTREFS, b->rootrefs_len);
	if (p)
		memcpy(p, b->rootrefs, b->rootrefs_len);
	b->nrootrefs = b->rootrefs_len = 0;
	b->root_before = 0;
}

void
otw_enc_root_ref(struct otw_enc *e, const struct otw_ref *r)
{
	struct otw_block *b = e->block;
	uint8_t *p;

	if (b->nrootrefs == ROOTREFS)
		flush_rootrefs(e);
	p = b->rootrefs + b->rootrefs_len;
	*p++ = (uint8_t)(r->relation | r->name_type << OTW_HOW_BITS);
	p = otw_put_addr(p, r->to, b->root_before);
	if (r->name_type == OTW_NAME_INDEX)
		p = otw_put(p, otw_zigzag(r->index));
	else if (r->name_type == OTW_NAME_ID)
		p = otw_put(p, r->id);
	b->rootrefs_len = (uint32_t)(p - b->rootrefs);
	b->root_before = r->to;
	b->nrootrefs++;
}

void
otw_enc_flush(struct otw_enc *e)
{
	if (!e->block)
		return;
	flush_rootrefs(e);
	flush_heap(e, false);
	flush_names(e);
}
