/* SPDX-License-Identifier: MIT */
/*
 * sql_rows.c - listing the rows of a table, and the values they share.
 */
#include "config.h"

#include <string.h>

#include "graph/sql_tables.h"

bool
sql_rows_end(const struct sql_ctx *x, struct sql_rows *r)
{
	uint32_t n;

	while (r->at >= r->end) {
		if (r->kind >= r->kind_end)
			return true;
		r->list = hg_kind_nodes(x->g, x->by_name[r->kind++], &n);
		r->at = 0;
		r->end = n;
	}
	return false;
}

uint64_t
sql_rows_row(const struct sql_rows *r)
{
	return r->list ? r->list[r->at] : r->at;
}

const struct hg_dom *
sql_dom(struct sql_ctx *x)
{
	if (!x->dom && x->st == OT_OK)
		x->st = hg_dom_of(x->g, x->args, &x->dom, &x->err);
	return x->dom;
}

/* The first place whose name is not before `name` (or is behind it). */
static uint32_t
bound(const struct sql_ctx *x, const char *name, bool behind)
{
	uint32_t lo = 0, hi = hg_kinds(x->g), mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = strcmp(hg_kind_full(x->g, x->by_name[mid]), name);
		if (c < 0 || (behind && c == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
sql_kinds_named(const struct sql_ctx *x, const char *name, uint32_t *first,
		uint32_t *end)
{
	*first = bound(x, name, false);
	*end = bound(x, name, true);
}

void
sql_int(struct sql_value *v, int64_t i)
{
	v->type = SQL_INT;
	v->i = i;
}

void
sql_str(struct sql_value *v, const char *s)
{
	v->type = SQL_STATIC;
	v->str = s;
	v->len = strlen(s);
}

void
sql_scratch(struct sql_ctx *x, struct sql_value *v)
{
	v->type = SQL_COPY;
	v->str = ot_buf_str(&x->scratch);
	v->len = x->scratch.len;
}

void
sql_object_addr(const struct sql_ctx *x, hg_node n, struct sql_value *v)
{
	if (!hg_is_root(x->g, n))
		sql_int(v, (int64_t)hg_addr(x->g, n));
}
