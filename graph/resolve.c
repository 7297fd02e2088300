/* SPDX-License-Identifier: MIT */
/*
 * resolve.c - the OBJECT words of the command line.
 *
 * A type name is matched against all kinds: whole ("shop.models.Session"), or
 * its last dotted part or parts ("Session").  Kinds of one full name (a class
 * defined twice, say) are one type to the user, who cannot tell them apart by
 * name: their instances are taken together.
 */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "base/units.h"
#include "graph/names.h"
#include "graph/store.h"

#define SHOWN_NAMES 4 /* in a message */

static int
node_compare(const void *a, const void *b)
{
	hg_node x = *(const hg_node *)a, y = *(const hg_node *)b;

	return (x > y) - (x < y);
}

/* "builtins.dict" and "__main__.Session" are whole names too. */
static bool
is_whole(const struct hg_kind_row *k, const char *type)
{
	size_t m = strlen(k->module);

	if (strcmp(type, k->full) == 0)
		return true;
	return m > 0 && strncmp(type, k->module, m) == 0 && type[m] == '.' &&
	       strcmp(type + m + 1, k->name) == 0;
}

/* The last dotted part or parts of the name. */
static bool
is_tail(const struct hg_kind_row *k, const char *type)
{
	size_t full = strlen(k->full), n = strlen(type);

	return n < full && k->full[full - n - 1] == '.' &&
	       strcmp(k->full + full - n, type) == 0;
}

/* Edit distance up to 2, of short names; 3: more. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[34], diag, up, j;
	size_t na = strlen(a), nb = strlen(b), i;

	if (na > 32 || nb > 32 || na > nb + 2 || nb > na + 2)
		return 3;
	for (j = 0; j <= nb; j++)
		row[j] = j;
	for (i = 1; i <= na; i++) {
		diag = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= nb; j++) {
			up = row[j];
			row[j] = diag + (a[i - 1] != b[j - 1]);
			if (up + 1 < row[j])
				row[j] = up + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diag = up;
		}
	}
	return row[nb] < 3 ? row[nb] : 3;
}

static const char *
tail_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static bool
is_near(const struct hg_kind_row *k, const char *type)
{
	const char *a = tail_of(k->full), *b = tail_of(type);

	if (strcasecmp(a, b) == 0)
		return true;
	if (strlen(b) >= 3 && strcasestr(k->full, b))
		return true;
	return strlen(b) >= 4 && distance(a, b) < 3;
}

/* Appends a name to a list in a message; counts those left out. */
static void
name_list(struct ot_buf *list, const char *name, unsigned *n)
{
	if ((*n)++ >= SHOWN_NAMES)
		return;
	if (list->len > 0)
		ot_buf_adds(list, ", ");
	ot_escape(list, name, strlen(name), OT_ESC_TERM, 80);
}

static enum ot_status
fail_unknown(const struct hg_graph *g, const char *type, struct ot_err *err)
{
	struct ot_buf near = OT_BUF_INIT;
	enum ot_status st;
	char word[128];
	unsigned n = 0;
	hg_kind k;

	ot_escape_to(word, sizeof(word), type, strlen(type), OT_ESC_TERM);
	for (k = 0; k < g->nkinds && n < SHOWN_NAMES; k++)
		if (g->kinds[k].count > 0 && is_near(&g->kinds[k], type))
			name_list(&near, g->kinds[k].full, &n);
	if (n > 0)
		st = ot_fail(err, OT_FAILED,
			     "no type '%s' in this heap; "
			     "near it: %s",
			     word, ot_buf_str(&near));
	else
		st = ot_fail(err, OT_FAILED,
			     "no type '%s' in this heap; "
			     "'objtop types' lists those there are",
			     word);
	ot_buf_release(&near);
	return st;
}

static enum ot_status
fail_ambiguous(const struct hg_graph *g, const char *type, struct ot_err *err)
{
	struct ot_buf list = OT_BUF_INIT;
	enum ot_status st;
	char word[128];
	unsigned n = 0;
	hg_kind k;

	ot_escape_to(word, sizeof(word), type, strlen(type), OT_ESC_TERM);
	for (k = 0; k < g->nkinds; k++)
		if (g->kinds[k].count > 0 && is_tail(&g->kinds[k], type))
			name_list(&list, g->kinds[k].full, &n);
	if (n > SHOWN_NAMES)
		ot_buf_addf(&list, " and %u more", n - SHOWN_NAMES);
	st = ot_fail(err, OT_USAGE, "'%s' is the name of several types: %s",
		     word, ot_buf_str(&list));
	ot_buf_release(&list);
	return st;
}

/*
 * Whole names first, then tails; kinds with instances before those without.
 * Of several kinds of one name, the one with most instances.
 */
enum ot_status
hg_resolve_kind(const struct hg_graph *g, const char *type, hg_kind *kind,
		struct ot_err *err)
{
	hg_kind k, whole = HG_NONE, tail = HG_NONE;
	bool several = false;
	const struct hg_kind_row *r;

	for (k = 0; k < g->nkinds; k++) {
		r = &g->kinds[k];
		if (is_whole(r, type)) {
			if (whole == HG_NONE ||
			    r->count > g->kinds[whole].count)
				whole = k;
		} else if (is_tail(r, type)) {
			if (tail == HG_NONE ||
			    (g->kinds[tail].count == 0 && r->count > 0)) {
				tail = k;
				several = false;
			} else if ((r->count > 0 ||
				    g->kinds[tail].count == 0) &&
				   strcmp(r->full, g->kinds[tail].full) != 0) {
				several = true;
			} else if (r->count > g->kinds[tail].count) {
				tail = k;
			}
		}
	}
	*kind = whole != HG_NONE ? whole : tail;
	if (*kind == HG_NONE)
		return fail_unknown(g, type, err);
	if (whole == HG_NONE && several && g->kinds[tail].count > 0)
		return fail_ambiguous(g, type, err);
	return OT_OK;
}

bool
hg_same_type(const struct hg_graph *g, hg_kind a, hg_kind b)
{
	return a == b || (strcmp(g->kinds[a].full, g->kinds[b].full) == 0 &&
			  strcmp(g->kinds[a].module, g->kinds[b].module) == 0);
}

enum ot_status
hg_instances(const struct hg_graph *g, hg_kind kind, hg_node **nodes,
	     uint32_t *n, struct ot_err *err)
{
	uint32_t count, total = 0, kinds = 0;
	const hg_node *list;
	hg_kind k;

	*n = 0;
	for (k = 0; k < g->nkinds; k++) {
		if (!hg_same_type(g, k, kind))
			continue;
		hg_kind_nodes(g, k, &count);
		total += count;
	}
	*nodes = ot_realloc_array(NULL, total, sizeof(**nodes));
	if (!*nodes)
		return ot_fail_nomem(err, "a list of instances");
	for (k = 0; k < g->nkinds; k++) {
		if (!hg_same_type(g, k, kind))
			continue;
		list = hg_kind_nodes(g, k, &count);
		if (count == 0 && g->nobjects > 0 && g->kinds[k].count > 0) {
			free(*nodes);
			*nodes = NULL;
			return ot_fail_nomem(err, "a list of instances");
		}
		if (count == 0)
			continue;
		memcpy(*nodes + *n, list, count * sizeof(*list));
		*n += count;
		kinds++;
	}
	if (kinds > 1)
		qsort(*nodes, *n, sizeof(**nodes), node_compare);
	return OT_OK;
}

static enum ot_status
one_node(hg_node node, hg_node **nodes, uint32_t *n, struct ot_err *err)
{
	*nodes = ot_realloc_array(NULL, 1, sizeof(**nodes));
	if (!*nodes)
		return ot_fail_nomem(err, "a list of objects");
	(*nodes)[0] = node;
	*n = 1;
	return OT_OK;
}

/* TYPE#N: cuts the list of instances down to the N-th. */
static enum ot_status
pick(const struct hg_graph *g, hg_kind kind, const char *nth, hg_node *nodes,
     uint32_t *n, struct ot_err *err)
{
	char name[128];
	uint64_t i;

	ot_escape_to(name, sizeof(name), g->kinds[kind].full,
		     strlen(g->kinds[kind].full), OT_ESC_TERM);
	if (!ot_parse_u64(nth, &i))
		return ot_fail(err, OT_USAGE,
			       "'#%.40s' is no number: %s#0 is "
			       "the first instance",
			       nth, name);
	if (i >= *n)
		return ot_fail(err, OT_FAILED,
			       "there is no %s#%" PRIu64
			       ": this heap has %" PRIu32 ", counted from 0",
			       name, i, *n);
	nodes[0] = nodes[i];
	*n = 1;
	return OT_OK;
}

enum ot_status
hg_resolve(const struct hg_graph *g, const char *object, hg_node **nodes,
	   uint32_t *n, struct ot_err *err)
{
	const char *hash = strrchr(object, '#');
	enum ot_status st;
	char *type = NULL;
	uint64_t addr;
	hg_node node;
	hg_kind kind;

	*nodes = NULL;
	*n = 0;
	if (ot_parse_addr(object, &addr)) {
		node = hg_at(g, addr);
		if (node != HG_NONE)
			return one_node(node, nodes, n, err);
		return ot_fail(err, OT_FAILED,
			       "no object at 0x%" PRIx64
			       " in this heap: it may be gone, or an address "
			       "inside of one",
			       addr);
	}
	type = strndup(object, hash ? (size_t)(hash - object) : strlen(object));
	if (!type)
		return ot_fail_nomem(err, "a type name");
	st = hg_resolve_kind(g, type, &kind, err);
	if (st == OT_OK)
		st = hg_instances(g, kind, nodes, n, err);
	if (st == OT_OK && hash)
		st = pick(g, kind, hash + 1, *nodes, n, err);
	if (st == OT_OK && *n == 0)
		st = ot_fail(err, OT_FAILED,
			     "no instances of %.200s in this "
			     "heap",
			     type);
	free(type);
	if (st != OT_OK) {
		free(*nodes);
		*nodes = NULL;
		*n = 0;
	}
	return st;
}
