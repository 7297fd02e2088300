/* SPDX-License-Identifier: MIT */
/*
 * cheap.c - a C program with a heap of its own, seen by objtop.
 *
 * A model for users of objtop.h: an in-memory store of documents in an arena
 * of cells, one lock around it, and a thread that adds and removes documents
 * all the time.  What makes it visible to objtop is the last third of this
 * file: `hold` takes the store's lock, so that nothing is half changed when
 * the program is cloned; `walk` goes over the cells, in the clone, without
 * any lock.  Nothing is linked; only -rdynamic is needed.
 *
 * It prints its pid and runs until its standard input ends.
 */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/include/objtop.h"

/* ---- cells: whatever is stored begins with a head ---- */

enum kind { FREE, STORE, COLLECTION, DOCUMENT, TEXT, KINDS };

enum { BLOCK = 1 << 20, GRAIN = 16, CLASSES = 64, COLLECTIONS = 3,
       KEPT = 2000 };

struct cell {
	uint32_t kind;
	uint32_t bytes;		/* head included; a multiple of GRAIN */
};

struct text {
	struct cell cell;
	size_t len;
	char s[];
};

struct document {
	struct cell cell;
	struct text *title, *body;
	struct document *parent;	/* the one it answers to, or NULL */
	struct document *next;		/* in its collection, newest first */
};

struct collection {
	struct cell cell;
	struct text *name;
	struct document *first;
	size_t n;
};

struct store {
	struct cell cell;
	struct collection *collections[COLLECTIONS];
};

/* Blocks are never given back, so the walk can follow them. */
struct block {
	struct block *next;
	size_t used;
	_Alignas(GRAIN) char cells[];
};

static struct block *blocks;
static struct cell *free_cells[CLASSES];
static struct store *store;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The first word behind the head of a free cell leads to the next. */
static struct cell **
next_free(struct cell *c)
{
	return (struct cell **)(void *)(c + 1);
}

static void *
cell_new(enum kind kind, size_t bytes)
{
	size_t grains = (bytes + GRAIN - 1) / GRAIN;
	struct cell *c;

	if (grains < 2)
		grains = 2;
	if (grains >= CLASSES)
		abort();
	c = free_cells[grains];
	if (c) {
		free_cells[grains] = *next_free(c);
	} else {
		if (!blocks || blocks->used + grains * GRAIN >
			       BLOCK - sizeof(*blocks)) {
			struct block *b = aligned_alloc(GRAIN, BLOCK);

			if (!b)
				abort();
			b->next = blocks;
			b->used = 0;
			blocks = b;
		}
		c = (struct cell *)(void *)(blocks->cells + blocks->used);
		blocks->used += grains * GRAIN;
	}
	memset(c, 0, grains * GRAIN);
	c->kind = (uint32_t)kind;
	c->bytes = (uint32_t)(grains * GRAIN);
	return c;
}

static void
cell_free(struct cell *c)
{
	c->kind = FREE;
	*next_free(c) = free_cells[c->bytes / GRAIN];
	free_cells[c->bytes / GRAIN] = c;
}

/* ---- the store; call these under the lock ---- */

static struct text *
text_new(const char *s)
{
	struct text *t = cell_new(TEXT, sizeof(*t) + strlen(s) + 1);

	t->len = strlen(s);
	memcpy(t->s, s, t->len + 1);
	return t;
}

static struct collection *
collection_new(const char *name)
{
	struct collection *c = cell_new(COLLECTION, sizeof(*c));

	c->name = text_new(name);
	return c;
}

static void
document_free(struct document *d)
{
	cell_free(&d->title->cell);
	cell_free(&d->body->cell);
	cell_free(&d->cell);
}

/* Drops the older half; the younger ones may no longer point to them. */
static void
trim(struct collection *c)
{
	struct document *d = c->first, *rest;
	size_t i;

	for (i = 1; i < c->n / 2; i++) {
		if (i >= c->n / 2 - 1)
			d->parent = NULL;
		d = d->next;
	}
	rest = d->next;
	d->next = d->parent = NULL;
	c->n = i;
	while (rest) {
		d = rest->next;
		document_free(rest);
		rest = d;
	}
}

static void
add(struct collection *c, unsigned long serial)
{
	struct document *d = cell_new(DOCUMENT, sizeof(*d));
	char s[64];

	snprintf(s, sizeof(s), "document %lu", serial);
	d->title = text_new(s);
	snprintf(s, sizeof(s), "%.*s", (int)(serial % 40) + 1,
		 "what there is to say about it, and a little more");
	d->body = text_new(s);
	d->parent = c->first;
	d->next = c->first;
	c->first = d;
	if (++c->n > KEPT)
		trim(c);
}

static void *
work(void *arg)
{
	const struct timespec t = { 0, 100000 };
	unsigned long serial = 0;

	for (;;) {
		pthread_mutex_lock(&lock);
		add(store->collections[serial % COLLECTIONS], serial);
		pthread_mutex_unlock(&lock);
		if (++serial % 16 == 0)
			nanosleep(&t, NULL);
	}
	return arg;
}

/* ---- what objtop sees ---- */

static int
hold(void *self, char *why, size_t cap)
{
	(void)self;
	pthread_mutex_lock(&lock);
	if (store)
		return 0;
	/* the agent may be here before main() is */
	pthread_mutex_unlock(&lock);
	snprintf(why, cap, "the store is not open yet");
	return 1;
}

static void
let_go(void *self)
{
	(void)self;
	pthread_mutex_unlock(&lock);
}

static void
ref(struct objtop_sink *s, const void *to, const char *name)
{
	/* the address of the constant serves as the key of the name */
	const struct objtop_ref r = {
		.to = (uintptr_t)to, .relation = OBJTOP_REL_ATTRIBUTE,
		.name_type = OBJTOP_NAME_ID,
		.id = s->name(s, (uintptr_t)name, name, strlen(name)),
	};

	if (to)
		s->ref(s, &r);
}

static void
refs_of(struct objtop_sink *s, const struct cell *c)
{
	static const char title[] = "title", body[] = "body", next[] = "next",
			  parent[] = "parent", name[] = "name",
			  first[] = "first";
	const struct document *d = (const void *)c;
	const struct collection *l = (const void *)c;
	int i;

	switch (c->kind) {
	case DOCUMENT:
		ref(s, d->title, title);
		ref(s, d->body, body);
		ref(s, d->parent, parent);
		ref(s, d->next, next);
		break;
	case COLLECTION:
		ref(s, l->name, name);
		ref(s, l->first, first);
		break;
	case STORE:
		for (i = 0; i < COLLECTIONS; i++) {
			const struct objtop_ref r = {
				.to = (uintptr_t)store->collections[i],
				.relation = OBJTOP_REL_ITEM,
				.name_type = OBJTOP_NAME_INDEX, .index = i,
			};

			s->ref(s, &r);
		}
		break;
	default:
		break;
	}
}

static bool
report(struct objtop_sink *s, const struct cell *c, const uint32_t *ids)
{
	const struct text *t = (const void *)c;
	const struct objtop_object o = {
		.addr = (uintptr_t)c, .kind = ids[c->kind], .bytes = c->bytes,
		.refcount = -1,
		.text = c->kind == TEXT ? t->s : NULL,
		.text_len = c->kind == TEXT ? t->len : 0,
	};

	if (s->object(s, &o))
		return false;
	refs_of(s, c);
	return true;
}

static int
walk(void *self, struct objtop_sink *s, char *why, size_t cap)
{
	static const char *const names[KINDS] = {
		"free", "store", "collection", "document", "text",
	};
	const struct objtop_root root = { OBJTOP_ROOT_GLOBAL, "store", 5, 0 };
	const struct objtop_ref to = { .to = (uintptr_t)store };
	uint32_t ids[KINDS];
	const struct block *b;
	size_t at;
	int i;

	(void)self, (void)why, (void)cap;
	s->phase(s, "kinds");
	for (i = 0; i < KINDS; i++) {
		const struct objtop_kind k = {
			.name = names[i], .name_len = strlen(names[i]),
			.module = "cheap", .module_len = 5,
			.flags = OBJTOP_KIND_USER,
		};

		ids[i] = s->kind(s, &k);
	}
	s->root(s, &root);
	s->root_ref(s, &to);
	s->phase(s, "cells");
	for (b = blocks; b; b = b->next) {
		for (at = 0; at < b->used;) {
			const struct cell *c = (const void *)(b->cells + at);

			if (c->kind != FREE && !report(s, c, ids))
				return 1;
			at += c->bytes;
		}
	}
	return 0;
}

OBJTOP_EXPORT struct objtop_provider objtop_provider = {
	.size = sizeof(struct objtop_provider), .abi = OBJTOP_ABI,
	.runtime = "cheap", .version = "1.0",
	.hold = hold, .release = let_go, .walk = walk,
};

int
main(void)
{
	static const char *const names[COLLECTIONS] = {
		"letters", "invoices", "notes",
	};
	pthread_t thread;
	char c;
	int i;

	pthread_mutex_lock(&lock);
	store = cell_new(STORE, sizeof(*store));
	for (i = 0; i < COLLECTIONS; i++)
		store->collections[i] = collection_new(names[i]);
	pthread_mutex_unlock(&lock);
	if (pthread_create(&thread, NULL, work, NULL))
		return 1;
	printf("%ld\n", (long)getpid());
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}
