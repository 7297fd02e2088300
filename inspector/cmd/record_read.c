/* SPDX-License-Identifier: MIT */
/*
 * record_read.c - a recording read back: points, and a row of counts for each
 * type that any point names.  Lines that are not whole are skipped.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "inspector/cmd/record.h"

#define MOST_TYPES	4096u	/* of one recording */
#define MAGIC		"{\"objtop_record\":"

bool
record_is_file(const char *path)
{
	char head[sizeof(MAGIC) - 1];
	FILE *f = fopen(path, "re");
	bool yes;

	if (f == NULL)
		return false;
	yes = fread(head, 1, sizeof(head), f) == sizeof(head) &&
	      memcmp(head, MAGIC, sizeof(head)) == 0;
	fclose(f);
	return yes;
}

void
record_release(struct recording *r)
{
	size_t i;

	for (i = 0; i < r->ntypes; i++)
		free(r->types[i].count);
	free(r->types);
	free(r->points);
	free(r->marks);
	ot_arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}

static uint64_t
number(const struct ot_json *line, const char *key)
{
	uint64_t v = 0;

	ot_json_u64(ot_json_get(line, key), &v);
	return v;
}

static char *
string(struct recording *r, const struct ot_json *j)
{
	const char *s = ot_json_str(j);

	return ot_arena_strdup(&r->arena, s == NULL ? "" : s);
}

static bool
room(void **array, size_t n, size_t *cap, size_t size)
{
	void *grown;

	if (n < *cap)
		return true;
	grown = ot_realloc_array(*array, *cap == 0 ? 64 : *cap * 2, size);
	if (grown == NULL)
		return false;
	*array = grown;
	*cap = *cap == 0 ? 64 : *cap * 2;
	return true;
}

static bool
take_head(struct recording *r, const struct ot_json *line)
{
	if (r->command != NULL)		/* gone on with: the first counts */
		return true;
	r->start = number(line, "start");
	r->pid = number(line, "pid");
	r->command = string(r, ot_json_get(line, "command"));
	r->runtime = string(r, ot_json_get(line, "version"));
	return r->command != NULL && r->runtime != NULL;
}

static bool
take_mark(struct recording *r, const struct ot_json *line)
{
	struct record_mark *m;

	if (!room((void **)&r->marks, r->nmarks, &r->cap_marks, sizeof(*m)))
		return false;
	m = &r->marks[r->nmarks];
	m->t = number(line, "t");
	m->text = string(r, ot_json_get(line, "event"));
	r->nmarks += m->text != NULL;
	return m->text != NULL;
}

static struct record_type *
type_of(struct recording *r, const char *name)
{
	struct record_type *t;
	size_t i;

	for (i = 0; i < r->ntypes; i++)
		if (strcmp(r->types[i].name, name) == 0)
			return &r->types[i];
	if (r->ntypes >= MOST_TYPES ||
	    !room((void **)&r->types, r->ntypes, &r->cap_types, sizeof(*t)))
		return NULL;
	t = &r->types[r->ntypes];
	memset(t, 0, sizeof(*t));
	t->name = ot_arena_strdup(&r->arena, name);
	if (t->name == NULL)
		return NULL;
	r->ntypes++;
	return t;
}

/* Counts go as far as the points; what is between is not known. */
static bool
set_count(struct record_type *t, size_t point, size_t cap, uint64_t v)
{
	uint64_t *grown;
	size_t i;

	if (t->count == NULL) {
		grown = ot_realloc_array(NULL, cap, sizeof(*grown));
		if (grown == NULL)
			return false;
		for (i = 0; i < cap; i++)
			grown[i] = UINT64_MAX;
		t->count = grown;
	}
	t->count[point] = v;
	t->last = v;
	t->most = v > t->most ? v : t->most;
	return true;
}

static void
take_gc(struct record_point *p, const struct ot_json *gc)
{
	ot_json_u64(ot_json_at(gc, 0), &p->gc.pauses);
	ot_json_u64(ot_json_at(gc, 1), &p->gc.us);
	ot_json_u64(ot_json_at(gc, 2), &p->gc.longest_us);
}

static bool
take_types(struct recording *r, size_t point, const struct ot_json *types)
{
	size_t n = ot_json_count(types), i;

	for (i = 0; i < n; i++) {
		const struct ot_json *one = ot_json_at(types, i);
		const char *name = ot_json_str(ot_json_at(one, 0));
		struct record_type *t;
		uint64_t count;

		if (name == NULL || !ot_json_u64(ot_json_at(one, 1), &count))
			continue;
		t = type_of(r, name);
		if (t != NULL && !set_count(t, point, r->cap_points, count))
			return false;
	}
	return true;
}

static bool
grow_points(struct recording *r)
{
	size_t was = r->cap_points, i, k;

	if (!room((void **)&r->points, r->npoints, &r->cap_points,
		  sizeof(*r->points)))
		return false;
	for (i = 0; r->cap_points > was && i < r->ntypes; i++) {
		uint64_t *grown;

		if (r->types[i].count == NULL)
			continue;
		grown = ot_realloc_array(r->types[i].count, r->cap_points,
					 sizeof(*grown));
		if (grown == NULL)
			return false;
		for (k = was; k < r->cap_points; k++)
			grown[k] = UINT64_MAX;
		r->types[i].count = grown;
	}
	return true;
}

static bool
take_point(struct recording *r, const struct ot_json *line)
{
	const struct ot_json *types = ot_json_get(line, "types");
	struct record_point *p;

	if (!grow_points(r))
		return false;
	p = &r->points[r->npoints];
	memset(p, 0, sizeof(*p));
	p->t = number(line, "t");
	p->rss = number(line, "rss");
	p->pss = number(line, "pss");
	p->children_rss = number(line, "children_rss");
	p->objects = number(line, "objects");
	p->bytes = number(line, "bytes");
	p->counted = types != NULL;
	take_gc(p, ot_json_get(line, "gc"));
	if (r->npoints > 0 && p->t < p[-1].t)	/* the clock was set back */
		p->t = p[-1].t;
	if (!take_types(r, r->npoints, types))
		return false;
	r->npoints++;
	return true;
}

static bool
take_line(struct recording *r, const char *text, size_t len)
{
	struct ot_json *line = ot_json_parse(text, len);
	bool ok = true;

	if (ot_json_get(line, "objtop_record") != NULL)
		ok = take_head(r, line);
	else if (ot_json_get(line, "event") != NULL)
		ok = take_mark(r, line);
	else if (ot_json_get(line, "rss") != NULL)
		ok = take_point(r, line);
	else
		r->torn++;
	ot_json_free(line);
	return ok;
}

enum ot_status
record_read(const char *path, struct recording *r, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *f;

	memset(r, 0, sizeof(*r));
	r->path = path;
	if (!record_is_file(path))
		return ot_fail(err, OT_USAGE, "%s is no recording of objtop's",
			       path);
	f = fopen(path, "re");
	if (f == NULL)
		return ot_fail_errno(err, OT_FAILED, "cannot read %s", path);
	while (st == OT_OK && (len = getline(&text, &cap, f)) > 0)
		if (!take_line(r, text, (size_t)len))
			st = ot_fail_nomem(err, "the recording");
	free(text);
	fclose(f);
	if (st == OT_OK && r->command == NULL)
		st = ot_fail(err, OT_FAILED, "%s has no whole first line: it "
			     "ends where it begins", path);
	if (st != OT_OK)
		record_release(r);
	return st;
}
