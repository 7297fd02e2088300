/* SPDX-License-Identifier: MIT */
/*
 * builder.c - collects the events of a stream.
 *
 * Nothing is looked up while events come in: each goes to the end of its
 * column, edges with the place they lead to (store.h); the labels of an
 * object's edges are found among those seen before.  Only hg_builder_finish()
 * knows all objects and makes the graph (assemble.c).  Columns grow by
 * doubling; memory is what the stream holds, 19 bytes an object and 4 an edge,
 * and what a stream announces without sending costs nothing.
 */
#include "config.h"

#include "graph/builder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "graph/raw.h"

#define TEXT_MAX 255u /* a length has one byte */

struct hg_builder {
	struct hg_graph *g; /* kinds and names so far; NULL: no memory */
	struct hg_raw raw;
	struct hg_raw_label *labels; /* of the object under way */
	uint32_t cap_labels;
	uint32_t cap_kinds, cap_names;
	struct ot_buf names;
	struct ot_buf unseen;
	uint64_t held_ns;
	struct otw_progress progress;
	bool begun, done, has_counts;

	/* Of HELLO: stays for all snapshots of the stream. */
	struct ot_arena hello_arena;
	uint64_t pid;
	const char *runtime, *version, *command;
};

static void
edges_release(struct hg_raw_edges *e)
{
	free(e->to);
	hg_aside_release(&e->far);
}

void
hg_raw_release(struct hg_raw *r)
{
	free(r->addr);
	free(r->class);
	free(r->first);
	free(r->text);
	free(r->bytes.v);
	free(r->extra.v);
	free(r->refcount);
	hg_aside_release(&r->bytes.wide);
	hg_aside_release(&r->extra.wide);
	hg_aside_release(&r->refcount_wide);
	ot_buf_release(&r->texts);
	edges_release(&r->edges);
	hg_places_release(&r->places);
	hg_class_finder_release(&r->finder);
	free(r->roots);
	free(r->root_first);
	edges_release(&r->root_edges);
	free(r->root_label);
	hg_aside_release(&r->root_aside);
	*r = (struct hg_raw){ 0 };
}

static void
builder_clear(struct hg_builder *b)
{
	hg_raw_release(&b->raw);
	hg_graph_free(b->g);
	b->g = NULL;
	b->cap_kinds = b->cap_names = 0;
	ot_buf_release(&b->names);
	ot_buf_release(&b->unseen);
	b->held_ns = 0;
	b->progress = (struct otw_progress){ 0 };
	b->begun = b->done = b->has_counts = false;
}

struct hg_builder *
hg_builder_new(void)
{
	struct hg_builder *b = calloc(1, sizeof(*b));

	if (b)
		b->runtime = b->version = b->command = "";
	return b;
}

void
hg_builder_free(struct hg_builder *b)
{
	if (!b)
		return;
	builder_clear(b);
	free(b->labels);
	ot_arena_release(&b->hello_arena);
	free(b);
}

bool
hg_builder_done(const struct hg_builder *b)
{
	return b->done;
}

void
hg_builder_progress(const struct hg_builder *b, uint64_t *done,
		    uint64_t *estimate)
{
	*done = b->progress.done;
	*estimate = b->progress.estimate;
}

/* A C string of bytes that may hold NULs, which no name has a use for. */
static const char *
string_copy(struct ot_arena *a, struct otw_str s)
{
	char *p = ot_arena_strndup(a, s.s, s.len), *nul = p;

	while (p && (nul = memchr(nul, '\0', s.len - (size_t)(nul - p))))
		*nul = '?';
	return p;
}

/* Makes the array whose address is `p` hold cap entries. */
static bool
grow_to(void *p, uint32_t cap, size_t size)
{
	void *array;

	memcpy(&array, p, sizeof(array));
	array = ot_realloc_array(array, cap, size);
	if (array)
		memcpy(p, &array, sizeof(array));
	return array != NULL;
}

/* The same for n + 1 entries, where they are more than *cap. */
static bool
grow(void *p, uint32_t *cap, uint32_t n, size_t size)
{
	uint32_t want;

	if (n < *cap)
		return true;
	if (*cap > UINT32_MAX / 2)
		return false;
	want = *cap == 0 ? 256 : *cap * 2;
	if (!grow_to(p, want, size))
		return false;
	*cap = want;
	return true;
}

static enum ot_status
on_hello(void *ctx, const struct otw_hello *h, struct ot_err *err)
{
	struct hg_builder *b = ctx;

	ot_arena_release(&b->hello_arena);
	b->pid = h->pid;
	b->runtime = string_copy(&b->hello_arena, h->runtime);
	b->version = string_copy(&b->hello_arena, h->runtime_version);
	b->command = string_copy(&b->hello_arena, h->command);
	if (b->runtime && b->version && b->command)
		return OT_OK;
	b->runtime = b->version = b->command = "";
	return ot_fail_nomem(err, "a process's description");
}

/* The graph under way; made by whatever comes first. */
static struct hg_graph *
builder_graph(struct hg_builder *b)
{
	if (!b->g) {
		b->g = calloc(1, sizeof(*b->g));
		if (b->g)
			b->g->info.mode = "";
	}
	b->begun = true;
	return b->g;
}

static const char *
mode_text(enum otw_mode mode)
{
	switch (mode) {
	case OTW_MODE_FORK:
		return "fork";
	case OTW_MODE_PAUSE:
		return "pause";
	default:
		return "synthetic";
	}
}

static enum ot_status
on_begin(void *ctx, const struct otw_begin *begin, struct ot_err *err)
{
	struct hg_builder *b = ctx;
	struct hg_graph *g;

	builder_clear(b);
	g = builder_graph(b);
	if (!g)
		return ot_fail_nomem(err, "a graph");
	g->info.time_ns = begin->time_ns;
	g->info.mode = mode_text(begin->mode);
	g->info.want = begin->want;
	b->held_ns = begin->held_ns;
	return OT_OK;
}

/* "shop.models.Session", "dict", "Session". */
static const char *
kind_full(struct ot_arena *a, const char *module, const char *name)
{
	size_t m = strlen(module), n = strlen(name);
	char *full;

	if (m == 0 || strcmp(module, "builtins") == 0 ||
	    strcmp(module, "__main__") == 0)
		return name;
	full = ot_arena_alloc(a, m + n + 2);
	if (!full)
		return NULL;
	memcpy(full, module, m);
	full[m] = '.';
	memcpy(full + m + 1, name, n + 1);
	return full;
}

static enum ot_status
on_kind(void *ctx, const struct otw_kind *k, struct ot_err *err)
{
	struct hg_builder *b = ctx;
	struct hg_graph *g = builder_graph(b);
	struct hg_kind_row *row;

	if (!g)
		return ot_fail_nomem(err, "a graph");
	if (b->done || k->id < g->nkinds)
		return OT_OK;
	if (k->id > g->nkinds || g->nkinds >= HG_KINDS_MAX)
		return ot_fail(err, OT_FAILED,
			       "damaged stream: type %" PRIu32
			       " comes after %" PRIu32 " types",
			       k->id, g->nkinds);
	if (!grow(&g->kinds, &b->cap_kinds, g->nkinds, sizeof(*g->kinds)))
		return ot_fail_nomem(err, "types");
	row = &g->kinds[g->nkinds];
	*row = (struct hg_kind_row){ .addr = k->addr,
				     .flags = k->flags,
				     .node = HG_NONE };
	row->name = string_copy(&g->arena, k->name);
	row->module = string_copy(&g->arena, k->module);
	if (row->name && row->module)
		row->full = kind_full(&g->arena, row->module, row->name);
	if (!row->full)
		return ot_fail_nomem(err, "types");
	g->nkinds++;
	return OT_OK;
}

static enum ot_status
on_name(void *ctx, const struct otw_name *n, struct ot_err *err)
{
	struct hg_builder *b = ctx;
	struct hg_graph *g = builder_graph(b);

	if (!g)
		return ot_fail_nomem(err, "a graph");
	if (b->done || n->id < g->nnames)
		return OT_OK;
	if (n->id > g->nnames)
		return ot_fail(err, OT_FAILED,
			       "damaged stream: name %" PRIu32
			       " comes after %" PRIu32 " names",
			       n->id, g->nnames);
	/* One entry more than names: where the last one ends. */
	if (n->name.len > UINT32_MAX - 1 - b->names.len ||
	    !grow(&g->name_off, &b->cap_names, g->nnames + 1,
		  sizeof(*g->name_off)))
		return ot_fail_nomem(err, "names");
	ot_buf_add(&b->names, n->name.s, n->name.len);
	if (b->names.failed)
		return ot_fail_nomem(err, "names");
	if (g->nnames == 0)
		g->name_off[0] = 0;
	g->name_off[++g->nnames] = (uint32_t)b->names.len;
	return OT_OK;
}

static bool
narrow_put(struct hg_narrow *c, uint32_t i, uint64_t v)
{
	c->v[i] = v < HG_WIDE ? (uint16_t)v : HG_WIDE;
	return v < HG_WIDE || hg_aside_add(&c->wide, i, v);
}

static bool
raw_room(struct hg_raw *r)
{
	uint32_t cap;

	if (r->n < r->cap)
		return true;
	cap = r->cap == 0 ? 1024 : r->cap * 2;
	if (!grow_to(&r->addr, cap, sizeof(*r->addr)) ||
	    !grow_to(&r->class, cap, sizeof(*r->class)) ||
	    !grow_to(&r->first, cap, sizeof(*r->first)) ||
	    !grow_to(&r->bytes.v, cap, sizeof(*r->bytes.v)) ||
	    !grow_to(&r->refcount, cap, sizeof(*r->refcount)) ||
	    (r->extra.v && !grow_to(&r->extra.v, cap, sizeof(*r->extra.v))) ||
	    (r->text && !grow_to(&r->text, cap, sizeof(*r->text))))
		return false;
	r->cap = cap;
	return true;
}

/* Keeps an object's text; once texts fill 4 GiB, further ones are dropped. */
static bool
raw_text(struct hg_raw *r, uint32_t i, struct otw_str text)
{
	unsigned char len;

	if (r->text)
		r->text[i] = 0;
	if (text.len == 0 || r->texts.len > UINT32_MAX - TEXT_MAX - 2)
		return true;
	/* A column that exists only once something in it is not zero. */
	if (!r->text)
		r->text = calloc(r->cap, sizeof(*r->text));
	if (!r->text)
		return false;
	len = text.len < TEXT_MAX ? (unsigned char)text.len : TEXT_MAX;
	r->text[i] = (uint32_t)r->texts.len + 1;
	ot_buf_add(&r->texts, &len, 1);
	ot_buf_add(&r->texts, text.s, len);
	return !r->texts.failed;
}

static bool
raw_extra(struct hg_raw *r, uint32_t i, uint64_t extra)
{
	if (extra == 0) {
		if (r->extra.v)
			r->extra.v[i] = 0;
		return true;
	}
	if (!r->extra.v)
		r->extra.v = calloc(r->cap, sizeof(*r->extra.v));
	return r->extra.v && narrow_put(&r->extra, i, extra);
}

static bool
raw_refcount(struct hg_raw *r, uint32_t i, uint64_t v)
{
	r->refcount[i] = v < HG_RC_WIDE ? (uint8_t)v : HG_RC_WIDE;
	return v < HG_RC_WIDE || hg_aside_add(&r->refcount_wide, i, v);
}

static bool
edges_room(struct hg_raw_edges *e, uint32_t more)
{
	uint32_t cap = e->cap;

	if (e->cap - e->n >= more)
		return true;
	if (cap == 0)
		cap = 4096;
	while (cap - e->n < more)
		cap = cap > HG_EDGES_MAX / 2 ? HG_EDGES_MAX : cap * 2;
	if (!grow_to(&e->to, cap, sizeof(*e->to)))
		return false;
	e->cap = cap;
	return true;
}

static void
label_of(const struct otw_ref *ref, struct hg_raw_label *l)
{
	unsigned relation = ref->relation < OTW_REL_COUNT ? ref->relation
							  : OTW_REL_INTERNAL;
	unsigned type = ref->name_type;

	l->value = 0;
	if (type == OTW_NAME_INDEX)
		l->value = (uint64_t)ref->index;
	else if (type == OTW_NAME_ID)
		l->value = ref->id;
	else
		type = OTW_NAME_NONE;
	l->label = hg_label_pack(relation, type, l->value < HG_LABEL_ASIDE
							 ? (uint32_t)l->value
							 : HG_LABEL_ASIDE);
}

/*
 * Labels to b->labels, targets to e; but the target of the first `skip`, which
 * the object's kind tells.
 */
static enum ot_status
edges_put(struct hg_builder *b, struct hg_raw_edges *e,
	  const struct otw_ref *refs, uint32_t n, uint32_t skip,
	  struct ot_err *err)
{
	const struct hg_raw *r = &b->raw;
	uint32_t i, cap, place;

	if (n > HG_EDGES_MAX - r->edges.n - r->nclass - r->root_edges.n)
		return ot_fail(err, OT_FAILED,
			       "the heap has too many references: %u at most",
			       HG_EDGES_MAX);
	if (!edges_room(e, n))
		return ot_fail_nomem(err, "references");
	if (n > b->cap_labels) {
		cap = n > UINT32_MAX / 2 ? n : n + n / 2;
		if (!grow_to(&b->labels, cap, sizeof(*b->labels)))
			return ot_fail_nomem(err, "references");
		b->cap_labels = cap;
	}
	for (i = 0; i < n; i++) {
		if (refs[i].name_type == OTW_NAME_ID &&
		    refs[i].id >= b->g->nnames)
			return ot_fail(err, OT_FAILED,
				       "damaged stream: a "
				       "reference has an unknown name");
		label_of(&refs[i], &b->labels[i]);
		if (i < skip)
			continue;
		if (!hg_places_of(&b->raw.places, refs[i].to, &place) ||
		    (place == HG_FAR &&
		     !hg_aside_add(&e->far, e->n, refs[i].to)))
			return ot_fail_nomem(err, "references");
		e->to[e->n++] = place;
	}
	return OT_OK;
}

static enum ot_status
on_object(void *ctx, const struct otw_object *o, const struct otw_ref *refs,
	  struct ot_err *err)
{
	struct hg_builder *b = ctx;
	struct hg_raw *r = &b->raw;
	uint32_t i = r->n;
	uint32_t implied = (o->flags & OTW_CLASS) && o->nrefs > 0;
	enum ot_status st;
	/* 0 says "none"; a count below that is as good as none. */
	uint64_t rc = o->refcount < 0 ? 0 : (uint64_t)o->refcount + 1;

	if (b->done)
		return OT_OK;
	if (!b->g || o->kind >= b->g->nkinds)
		return ot_fail(err, OT_FAILED,
			       "damaged stream: an object of unknown type");
	if (i >= HG_OBJECTS_MAX)
		return ot_fail(err, OT_FAILED,
			       "the heap has too many objects: %u at most",
			       HG_OBJECTS_MAX);
	if (!raw_room(r))
		return ot_fail_nomem(err, "objects");
	r->addr[i] = o->addr;
	r->first[i] = r->edges.n;
	if (!hg_places_object(&r->places, o->addr) ||
	    !narrow_put(&r->bytes, i, o->bytes) || !raw_refcount(r, i, rc) ||
	    !raw_extra(r, i, o->extra) || !raw_text(r, i, o->text))
		return ot_fail_nomem(err, "objects");
	st = edges_put(b, &r->edges, refs, o->nrefs, implied, err);
	if (st != OT_OK)
		return st;
	r->nclass += implied;
	if (!hg_class_find(&b->g->classes, &r->finder,
			   o->kind | (o->flags & 0xff) << HG_KIND_BITS,
			   b->labels, o->nrefs, &r->class[i]))
		return ot_fail_nomem(err, "the names of references");
	r->n++;
	return OT_OK;
}

static enum ot_status
on_root(void *ctx, const struct otw_root *root, struct ot_err *err)
{
	struct hg_builder *b = ctx;
	struct hg_graph *g = builder_graph(b);
	struct hg_raw *r = &b->raw;
	uint32_t cap = r->cap_roots;
	const char *name;

	if (!g)
		return ot_fail_nomem(err, "a graph");
	if (b->done)
		return OT_OK;
	if (r->nroots >= HG_OBJECTS_MAX)
		return ot_fail(err, OT_FAILED, "the heap has too many roots");
	name = string_copy(&g->arena, root->name);
	if (!name || !grow(&r->roots, &cap, r->nroots, sizeof(*r->roots)))
		return ot_fail_nomem(err, "roots");
	if (cap != r->cap_roots &&
	    !grow_to(&r->root_first, cap, sizeof(*r->root_first)))
		return ot_fail_nomem(err, "roots");
	r->cap_roots = cap;
	r->roots[r->nroots] = (struct hg_root_row){
		.name = name,
		.kind = root->kind < OTW_ROOT_COUNT ? root->kind
						    : OTW_ROOT_OTHER,
		.thread = root->thread,
	};
	r->root_first[r->nroots++] = r->root_edges.n;
	return OT_OK;
}

static enum ot_status
on_root_ref(void *ctx, const struct otw_ref *ref, struct ot_err *err)
{
	struct hg_builder *b = ctx;
	struct hg_raw *r = &b->raw;
	uint32_t i = r->root_edges.n;
	enum ot_status st;

	if (b->done)
		return OT_OK;
	if (r->nroots == 0)
		return ot_fail(err, OT_FAILED,
			       "damaged stream: a reference from no root");
	st = edges_put(b, &r->root_edges, ref, 1, 0, err);
	if (st != OT_OK)
		return st;
	if (!grow(&r->root_label, &r->cap_root_label, i,
		  sizeof(*r->root_label)))
		return ot_fail_nomem(err, "references");
	r->root_label[i] = b->labels[0].label;
	if (hg_label_value(b->labels[0].label) == HG_LABEL_ASIDE &&
	    !hg_aside_add(&r->root_aside, i, b->labels[0].value))
		return ot_fail_nomem(err, "references");
	return OT_OK;
}

static enum ot_status
on_count(void *ctx, const struct otw_count *c, struct ot_err *err)
{
	struct hg_builder *b = ctx;
	struct hg_kind_row *k;

	if (b->done)
		return OT_OK;
	if (!b->g || c->kind >= b->g->nkinds)
		return ot_fail(err, OT_FAILED,
			       "damaged stream: a count of an unknown type");
	k = &b->g->kinds[c->kind];
	k->count += c->count;
	k->bytes += c->bytes;
	k->tracked += c->tracked;
	b->has_counts = true;
	return OT_OK;
}

static enum ot_status
on_unseen(void *ctx, const struct otw_unseen *u, struct ot_err *err)
{
	struct hg_builder *b = ctx;

	if (b->done)
		return OT_OK;
	if (b->unseen.len > 4096) /* the reasons repeat by now */
		return OT_OK;
	if (b->unseen.len > 0)
		ot_buf_adds(&b->unseen, "; ");
	ot_escape(&b->unseen, u->reason.s, u->reason.len, OT_ESC_TERM, 500);
	if (u->count > 0)
		ot_buf_addf(&b->unseen, " (%" PRIu64 ")", u->count);
	if (b->unseen.failed)
		return ot_fail_nomem(err, "what was not seen");
	return OT_OK;
}

static enum ot_status
on_collector(void *ctx, const struct otw_collector *c, struct ot_err *err)
{
	struct hg_builder *b = ctx;
	struct hg_graph *g = builder_graph(b);
	struct otw_collector *copy;

	copy = g ? ot_arena_alloc(&g->arena, sizeof(*copy)) : NULL;
	if (!copy)
		return ot_fail_nomem(err, "a collector");
	*copy = *c;
	g->info.collector = copy;
	return OT_OK;
}

static enum ot_status
on_progress(void *ctx, const struct otw_progress *p, struct ot_err *err)
{
	struct hg_builder *b = ctx;

	(void)err;
	b->progress = *p;
	return OT_OK;
}

static enum ot_status
on_end(void *ctx, const struct otw_end *end, struct ot_err *err)
{
	struct hg_builder *b = ctx;

	if (!builder_graph(b))
		return ot_fail_nomem(err, "a graph");
	if (end->held_ns > b->held_ns)
		b->held_ns = end->held_ns;
	b->done = true;
	return OT_OK;
}

static enum ot_status
on_error(void *ctx, const struct otw_error *e, struct ot_err *err)
{
	enum ot_status st = OT_FAILED;
	char msg[512];

	(void)ctx;
	if (e->code == OT_REFUSED || e->code == OT_INTERRUPTED)
		st = (enum ot_status)e->code;
	ot_escape_to(msg, sizeof(msg), e->message.s, e->message.len,
		     OT_ESC_TERM);
	return ot_fail(err, st, "%s", msg);
}

static const struct otw_events builder_events = {
	.hello = on_hello,
	.begin = on_begin,
	.kind = on_kind,
	.name = on_name,
	.object = on_object,
	.root = on_root,
	.root_ref = on_root_ref,
	.count = on_count,
	.unseen = on_unseen,
	.collector = on_collector,
	.progress = on_progress,
	.end = on_end,
	.error = on_error,
};

const struct otw_events *
hg_builder_events(void)
{
	return &builder_events;
}

/* Strings and figures of the snapshot itself. */
static bool
finish_info(struct hg_builder *b, bool whole)
{
	struct hg_graph *g = b->g;
	struct hg_info *info = &g->info;

	info->pid = b->pid;
	info->runtime = ot_arena_strdup(&g->arena, b->runtime);
	info->version = ot_arena_strdup(&g->arena, b->version);
	info->command = ot_arena_strdup(&g->arena, b->command);
	info->held_us = b->held_ns / 1000;
	info->whole = whole && b->done;
	if (b->unseen.len > 0) {
		info->unseen = ot_arena_strndup(&g->arena, b->unseen.data,
						b->unseen.len);
		if (!info->unseen)
			return false;
	}
	return info->runtime && info->version && info->command;
}

enum ot_status
hg_builder_finish(struct hg_builder *b, bool whole, struct hg_graph **out,
		  struct ot_err *err)
{
	enum ot_status st;
	uint32_t i;

	*out = NULL;
	if (!b->begun || !b->g) {
		builder_clear(b);
		return ot_fail(err, OT_FAILED,
			       "there is no snapshot in the "
			       "stream: it ended before one began");
	}
	if (!finish_info(b, whole)) {
		builder_clear(b);
		return ot_fail_nomem(err, "a graph");
	}
	/* Objects are the better witness where counts came beside them. */
	if (b->raw.n > 0 && b->has_counts)
		for (i = 0; i < b->g->nkinds; i++)
			b->g->kinds[i].count = b->g->kinds[i].bytes =
				b->g->kinds[i].tracked = 0;
	b->g->names = b->names.data;
	b->names = (struct ot_buf)OT_BUF_INIT;
	st = hg_assemble(b->g, &b->raw, err);
	if (st == OT_OK) {
		*out = b->g;
		b->g = NULL;
	}
	builder_clear(b);
	return st;
}
