/* SPDX-License-Identifier: MIT */
/*
 * an_util.c - what analyses share: arguments to nodes, nodes to cells.
 */
#include "config.h"

#include "graph/an_util.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

static int
node_compare(const void *a, const void *b)
{
	hg_node x = *(const hg_node *)a, y = *(const hg_node *)b;

	return (x > y) - (x < y);
}

static enum ot_status
an_collect(const struct hg_graph *g, const struct hg_args *args,
	   const char *command, bool single, hg_node **nodes, uint32_t *n,
	   struct ot_err *err)
{
	enum ot_status st = OT_OK;
	hg_node *list = NULL, *bigger;
	uint32_t count, i;
	size_t w;

	*nodes = NULL;
	*n = 0;
	if (args->nobjects == 0)
		return ot_fail(err, OT_USAGE,
			       "%s needs an OBJECT: an address "
			       "0x..., a TYPE, or TYPE#N",
			       command);
	for (w = 0; st == OT_OK && w < args->nobjects; w++) {
		st = hg_resolve(g, args->objects[w], &list, &count, err);
		if (st == OT_OK && single && count > 1)
			st = ot_fail(err, OT_USAGE,
				     "%s needs one object, and "
				     "this heap has %" PRIu32 " of type "
				     "%.100s: say %.100s#0 or an address",
				     command, count, args->objects[w],
				     args->objects[w]);
		if (st != OT_OK)
			break;
		bigger = count > UINT32_MAX - *n
				 ? NULL
				 : ot_realloc_array(*nodes, (size_t)*n + count,
						    sizeof(**nodes));
		if (bigger) {
			memcpy(bigger + *n, list, count * sizeof(*list));
			*nodes = bigger;
			*n += count;
		} else {
			st = ot_fail_nomem(err, "a list of objects");
		}
		free(list);
		list = NULL;
	}
	free(list);
	if (st != OT_OK) {
		free(*nodes);
		*nodes = NULL;
		*n = 0;
		return st;
	}
	if (args->nobjects == 1)
		return OT_OK;
	qsort(*nodes, *n, sizeof(**nodes), node_compare);
	for (count = i = 0; i < *n; i++)
		if (count == 0 || (*nodes)[count - 1] != (*nodes)[i])
			(*nodes)[count++] = (*nodes)[i];
	*n = count;
	return OT_OK;
}

enum ot_status
an_objects(const struct hg_graph *g, const struct hg_args *args,
	   const char *command, hg_node **nodes, uint32_t *n,
	   struct ot_err *err)
{
	return an_collect(g, args, command, false, nodes, n, err);
}

enum ot_status
an_single_objects(const struct hg_graph *g, const struct hg_args *args,
		  const char *command, hg_node **nodes, uint32_t *n,
		  struct ot_err *err)
{
	return an_collect(g, args, command, true, nodes, n, err);
}

bool
an_type_cell(struct ot_table *t, struct ot_cell *c, const struct hg_graph *g,
	     hg_node n)
{
	const char *s = hg_is_root(g, n) ? hg_root_kind_text(hg_root_kind(g, n))
					 : hg_kind_full(g, hg_kind_of(g, n));

	return ot_cell_str(t, c, s, strlen(s));
}

static bool
buf_cell(struct ot_table *t, struct ot_cell *c, struct ot_buf *b)
{
	bool ok = !b->failed && ot_cell_str(t, c, ot_buf_str(b), b->len);

	ot_buf_release(b);
	return ok;
}

bool
an_text_cell(struct ot_table *t, struct ot_cell *c, const struct hg_graph *g,
	     hg_node n)
{
	struct ot_buf b = OT_BUF_INIT;

	hg_node_text(g, n, AN_TEXT_COLS, &b);
	return buf_cell(t, c, &b);
}

void
an_addr_cell(struct ot_cell *c, const struct hg_graph *g, hg_node n)
{
	if (!hg_is_root(g, n))
		ot_cell_addr(c, hg_addr(g, n));
}

bool
an_edge_cell(struct ot_table *t, struct ot_cell *c, const struct hg_graph *g,
	     hg_edge e)
{
	struct ot_buf b = OT_BUF_INIT;

	hg_edge_label(g, e, &b);
	return buf_cell(t, c, &b);
}

bool
an_relation_cell(struct ot_table *t, struct ot_cell *c,
		 const struct hg_graph *g, hg_edge e)
{
	const char *s = hg_relation_text(hg_edge_relation(g, e));

	return ot_cell_str(t, c, s, strlen(s));
}

void
an_describe(const struct hg_graph *g, hg_node n, struct ot_buf *out)
{
	const char *type;

	if (hg_is_root(g, n)) {
		hg_node_text(g, n, 80, out);
		return;
	}
	type = hg_kind_full(g, hg_kind_of(g, n));
	ot_escape(out, type, strlen(type), OT_ESC_TERM, 80);
	ot_buf_addf(out, " at 0x%" PRIx64, hg_addr(g, n));
}

enum ot_status
an_check(const struct hg_args *args, uint64_t done, uint64_t total,
	 struct ot_err *err)
{
	if (!args->cancelled || !args->cancelled(args->cancel_ctx, done, total))
		return OT_OK;
	return ot_fail(err, OT_INTERRUPTED, "interrupted");
}
