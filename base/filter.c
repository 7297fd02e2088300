/* SPDX-License-Identifier: MIT */
/*
 * filter.c - which rows stay.
 *
 * An expression is parsed once into terms; columns are looked up once per
 * table, then each row is one pass over the terms.  A column's name is an
 * identifier that an operator follows directly; everything else is a type
 * pattern, so `main.<locals>.Session` is a word and not a comparison.
 */
#include "config.h"

#include "base/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/units.h"

enum filter_op { OP_MATCH, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct term {
	bool negated;
	enum filter_op op;
	const char *column; /* "type" for a bare word */
	const char *value;
	bool by_type; /* `module` of a table that has types only */
	/* The value as numbers, where it reads as one. */
	bool is_number, is_share;
	double number;
};

struct ot_filter {
	struct ot_arena arena;
	struct term *terms;
	size_t nterms;
};

/* Iterative: on a mismatch go back to the last '*' and let it eat one more. */
static bool
filter_glob(const char *pattern, const char *s)
{
	const char *star = NULL, *resume = NULL;

	while (*s != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star != NULL) {
			pattern = star + 1;
			s = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool
ot_type_matches(const char *pattern, const char *type)
{
	const char *last = strrchr(type, '.');

	return filter_glob(pattern, type) ||
	       (last != NULL && filter_glob(pattern, last + 1));
}

static bool
filter_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (c >= '0' && c <= '9');
}

static const struct {
	const char *text;
	enum filter_op op;
} ops[] = {
	/* longer ones first */
	{ "<=", OP_LE }, { ">=", OP_GE }, { "!=", OP_NE }, { "==", OP_EQ },
	{ "<", OP_LT },	 { ">", OP_GT },  { "=", OP_EQ },  { ":", OP_MATCH },
};

/* The operator at s, or NULL; *behind is what follows it. */
static bool
filter_op_at(const char *s, enum filter_op *op, const char **behind)
{
	size_t i, len;

	for (i = 0; i < OT_ARRAY_LEN(ops); i++) {
		len = strlen(ops[i].text);
		if (strncmp(s, ops[i].text, len) == 0) {
			*op = ops[i].op;
			*behind = s + len;
			return true;
		}
	}
	return false;
}

static void
term_number(struct term *t)
{
	const char *s = t->value;
	bool minus = *s == '-';
	size_t len = strlen(s);
	uint64_t n;
	char copy[64], *end;

	if (len == 0 || len >= sizeof(copy))
		return;
	if (*s == '-' || *s == '+')
		s++;
	if (ot_parse_size(s, &n)) {
		/* Fractions of a plain number must survive: 0.5, 1.25. */
		t->number = (double)n;
		if (strspn(s, "0123456789.") == strlen(s))
			t->number = strtod(s, NULL);
		t->is_number = true;
	} else if (ot_parse_addr(s, &n)) {
		t->number = (double)n;
		t->is_number = true;
	} else if (t->value[len - 1] == '%') {
		snprintf(copy, sizeof(copy), "%s", s);
		copy[strlen(copy) - 1] = '\0';
		t->number = strtod(copy, &end) / 100;
		t->is_number = t->is_share = end != copy && *end == '\0';
	}
	if (minus)
		t->number = -t->number;
}

static char *
filter_trim(char *s)
{
	char *end;

	s += strspn(s, " \t");
	for (end = s + strlen(s); end > s && strchr(" \t", end[-1]); end--)
		end[-1] = '\0';
	return s;
}

/* `text` is one term, trimmed, and is cut into pieces. */
static enum ot_status
term_parse(struct term *t, char *text, struct ot_err *err)
{
	const char *behind;
	char *end, *at;

	while (*text == '!') {
		t->negated = !t->negated;
		text = filter_trim(text + 1);
	}
	for (end = text; filter_word_char(*end); end++)
		;
	at = end + strspn(end, " \t");
	if (end == text || !filter_op_at(at, &t->op, &behind)) {
		t->op = OP_MATCH;
		t->column = "type";
		t->value = text;
	} else {
		t->value = behind + strspn(behind, " \t");
		*end = '\0';
		t->column = text;
	}
	if (*t->value == '\0')
		return ot_fail(err, OT_USAGE,
			       "filter: a value is missing%s%.80s",
			       t->column == text ? " after " : "",
			       t->column == text ? t->column : "");
	term_number(t);
	return OT_OK;
}

/* Where the next " and " begins; *next is behind it.  Without one: NULL. */
static char *
filter_and(char *s, char **next)
{
	for (; (s = strstr(s, "and")) != NULL; s++) {
		if (s[-1] != ' ' && s[-1] != '\t')
			continue;
		if (s[3] != ' ' && s[3] != '\t')
			continue;
		*next = s + 4;
		return s - 1;
	}
	return NULL;
}

enum ot_status
ot_filter_parse(const char *expr, struct ot_filter **out, struct ot_err *err)
{
	struct ot_filter *f = calloc(1, sizeof(*f));
	enum ot_status st = OT_OK;
	char *text, *end, *next;

	if (f == NULL)
		return ot_fail_nomem(err, "the filter");
	text = ot_arena_strdup(&f->arena, expr);
	/* A term takes five characters with its "and". */
	f->terms = ot_arena_array(&f->arena, strlen(expr) / 5 + 1,
				  sizeof(*f->terms));
	if (text == NULL || f->terms == NULL) {
		ot_filter_free(f);
		return ot_fail_nomem(err, "the filter");
	}
	for (; text != NULL && st == OT_OK; text = next) {
		next = NULL;
		end = *text == '\0' ? NULL : filter_and(text + 1, &next);
		if (end != NULL)
			*end = '\0';
		text = filter_trim(text);
		if (*text == '\0')
			st = ot_fail(err, OT_USAGE,
				     "filter: a term is missing in '%.200s'",
				     expr);
		else
			st = term_parse(&f->terms[f->nterms++], text, err);
	}
	if (st != OT_OK) {
		ot_filter_free(f);
		return st;
	}
	*out = f;
	return OT_OK;
}

void
ot_filter_free(struct ot_filter *f)
{
	if (f == NULL)
		return;
	ot_arena_release(&f->arena);
	free(f);
}

static bool
filter_order(enum filter_op op, int order)
{
	switch (op) {
	case OP_EQ:
	case OP_MATCH:
		return order == 0;
	case OP_NE:
		return order != 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	}
	return false;
}

/*
 * The module of a type by its name alone: what is left of "shop.models.Outer.
 * Inner" or "shop.make.<locals>.Session" without classes and functions.  One
 * without any may be of builtins or of __main__: both match.
 */
static bool
module_matches(const char *pattern, const char *type)
{
	char module[512];
	size_t len = strlen(type);
	char *dot, *last;

	if (len >= sizeof(module))
		return false;
	memcpy(module, type, len + 1);
	while ((dot = strrchr(module, '.')) != NULL) {
		*dot = '\0';
		last = strrchr(module, '.');
		last = last == NULL ? module : last + 1;
		if (strcmp(last, "<locals>") == 0 && last > module) {
			last[-1] = '\0'; /* the function goes next */
			continue;
		}
		if (*last < 'A' || *last > 'Z')
			return filter_glob(pattern, module);
	}
	return filter_glob(pattern, "builtins") ||
	       filter_glob(pattern, "__main__");
}

static bool
term_string(const struct term *t, const struct ot_cell *c)
{
	if (t->by_type)
		return module_matches(t->value, c->v.str) == (t->op != OP_NE);
	if (t->op == OP_MATCH && strcmp(t->column, "type") == 0)
		return ot_type_matches(t->value, c->v.str);
	if (t->op == OP_MATCH || t->op == OP_EQ)
		return filter_glob(t->value, c->v.str);
	if (t->op == OP_NE)
		return !filter_glob(t->value, c->v.str);
	return filter_order(t->op, strcmp(c->v.str, t->value));
}

static bool
term_holds(const struct term *t, const struct ot_cell *c)
{
	double v;

	switch (c->type) {
	case OT_CELL_INT:
	case OT_CELL_DELTA:
		v = (double)c->v.i;
		break;
	case OT_CELL_BYTES:
	case OT_CELL_ADDR:
		v = (double)c->v.u;
		break;
	case OT_CELL_REAL:
	case OT_CELL_SHARE:
		v = c->v.d;
		break;
	case OT_CELL_TABLE:
		v = (double)c->v.table->nrows;
		break;
	case OT_CELL_BOOL:
		v = (double)c->v.u;
		if (!t->is_number) {
			bool yes = strcmp(t->value, "yes") == 0 ||
				   strcmp(t->value, "true") == 0;
			return (t->op == OP_NE) != (yes == (v > 0));
		}
		break;
	case OT_CELL_STR:
		return term_string(t, c);
	case OT_CELL_NONE:
	default:
		return false;
	}
	return filter_order(t->op, (v > t->number) - (v < t->number));
}

/* A number is wanted where the column holds numbers. */
static enum ot_status
term_check(const struct term *t, const struct ot_col *col, struct ot_err *err)
{
	bool plain = col->type == OT_CELL_STR || col->type == OT_CELL_BOOL;

	if (plain || t->is_number)
		return OT_OK;
	return ot_fail(err, OT_USAGE, "filter: '%.80s' is no number, as %s is",
		       t->value, col->name);
}

/* Compacts the rows that stay; drops what is nested in the others. */
static void
filter_rows(const struct ot_filter *f, const size_t *cols, struct ot_table *t)
{
	size_t row, keep = 0, i, col;
	struct ot_cell *cells;
	bool stays;

	for (row = 0; row < t->nrows; row++) {
		cells = t->cells + row * t->ncols;
		for (i = 0, stays = true; i < f->nterms && stays; i++)
			stays = term_holds(&f->terms[i], &cells[cols[i]]) !=
				f->terms[i].negated;
		if (!stays) {
			for (col = 0; col < t->ncols; col++)
				if (cells[col].type == OT_CELL_TABLE)
					ot_table_free(cells[col].v.table);
			continue;
		}
		if (keep != row) {
			memcpy(t->cells + keep * t->ncols, cells,
			       t->ncols * sizeof(*cells));
			if (t->depth != NULL)
				t->depth[keep] = t->depth[row];
		}
		keep++;
	}
	t->nrows = keep;
	t->total_rows = 0;
}

enum ot_status
ot_filter_apply(struct ot_filter *f, struct ot_table *t,
		struct ot_err *err)
{
	enum ot_status st = OT_OK;
	size_t *cols, i;
	int col;

	cols = ot_realloc_array(NULL, f->nterms, sizeof(*cols));
	if (cols == NULL)
		return ot_fail_nomem(err, "the filter");
	for (i = 0; i < f->nterms && st == OT_OK; i++) {
		col = ot_table_col(t, f->terms[i].column);
		f->terms[i].by_type =
			col < 0 && strcmp(f->terms[i].column, "module") == 0;
		if (f->terms[i].by_type)
			col = ot_table_col(t, "type");
		if (col < 0) {
			st = ot_fail(err, OT_USAGE,
				     "filter: there is no column '%.80s' here",
				     f->terms[i].column);
			break;
		}
		cols[i] = (size_t)col;
		st = term_check(&f->terms[i], &t->cols[col], err);
	}
	if (st == OT_OK)
		filter_rows(f, cols, t);
	free(cols);
	return st;
}
