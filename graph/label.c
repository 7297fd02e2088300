/* SPDX-License-Identifier: MIT */
/*
 * label.c - edges and nodes in words.
 *
 * An edge is written the way the language writes the access it stands for
 * (".cars", "[3]", "['token']"), or by what it is where there is no such
 * access.  A node without a text of its own is told by what the graph knows.
 * Every byte from the target is escaped here.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "graph/store.h"

#define NAME_COLS 60		/* of a name in an edge's label */
#define FIELDS 3u		/* of an instance in its text */
#define FIELD_COLS 24
#define FIELDS_COLS 100u

/* What the label of a relation looks like around a name or an index. */
enum form {
	FORM_DOT,	/* .x */
	FORM_SUBSCRIPT, /* ['x'] [3] */
	FORM_WORD,	/* word 'x', word[3] */
	FORM_BARE,	/* word, whatever the name */
	FORM_NAME,	/* x, else the word */
};

static const struct {
	enum form form;
	const char *word;
} label_forms[OTW_REL_COUNT] = {
	[OTW_REL_INTERNAL] = { FORM_NAME, "C-internal" },
	[OTW_REL_ATTRIBUTE] = { FORM_DOT, "attribute" },
	[OTW_REL_SLOT] = { FORM_DOT, "slot" },
	[OTW_REL_ITEM] = { FORM_SUBSCRIPT, "item" },
	[OTW_REL_KEY] = { FORM_BARE, "key" },
	[OTW_REL_VALUE] = { FORM_SUBSCRIPT, "value" },
	[OTW_REL_CELL] = { FORM_WORD, "cell" },
	[OTW_REL_LOCAL] = { FORM_WORD, "local" },
	[OTW_REL_STACK] = { FORM_WORD, "stack" },
	[OTW_REL_GLOBAL] = { FORM_NAME, "global" },
	[OTW_REL_TYPE] = { FORM_BARE, "class" },
	[OTW_REL_BASE] = { FORM_NAME, "base" },
	[OTW_REL_CLOSURE] = { FORM_NAME, "__closure__" },
	[OTW_REL_DEFAULT] = { FORM_WORD, "default" },
	[OTW_REL_TRACEBACK] = { FORM_NAME, "traceback" },
	[OTW_REL_WEAK] = { FORM_WORD, "weak" },
	[OTW_REL_MODULE] = { FORM_WORD, "module" },
	[OTW_REL_SUBCLASS] = { FORM_BARE, "subclass" },
};

static void
label_name(enum form form, const char *word, const char *name, size_t len,
	   struct ot_buf *out)
{
	bool quoted;

	switch (form) {
	case FORM_DOT:
		ot_buf_addc(out, '.');
		ot_escape(out, name, len, OT_ESC_TERM, NAME_COLS);
		return;
	case FORM_SUBSCRIPT:
		/* A key that comes with quotes has all it needs. */
		quoted = len > 1 && (*name == '\'' || *name == '"') &&
			 name[len - 1] == *name;
		ot_buf_adds(out, quoted ? "[" : "['");
		ot_escape(out, name, len, OT_ESC_TERM, NAME_COLS);
		ot_buf_adds(out, quoted ? "]" : "']");
		return;
	case FORM_WORD:
		ot_buf_addf(out, "%s '", word);
		ot_escape(out, name, len, OT_ESC_TERM, NAME_COLS);
		ot_buf_addc(out, '\'');
		return;
	case FORM_BARE:
		ot_buf_adds(out, word);
		return;
	case FORM_NAME:
		ot_escape(out, name, len, OT_ESC_TERM, NAME_COLS);
		return;
	}
}

static void
label_index(enum form form, const char *word, int64_t index, struct ot_buf *out)
{
	if (form == FORM_BARE)
		ot_buf_adds(out, word);
	else if (form == FORM_SUBSCRIPT)
		ot_buf_addf(out, "[%" PRId64 "]", index);
	else
		ot_buf_addf(out, "%s[%" PRId64 "]", word, index);
}

void
hg_edge_label(const struct hg_graph *g, hg_edge e, struct ot_buf *out)
{
	unsigned rel = hg_edge_relation(g, e);
	enum form form = label_forms[rel].form;
	const char *word = label_forms[rel].word, *name;
	size_t len;

	switch (hg_edge_name_type(g, e)) {
	case OTW_NAME_ID:
		name = hg_edge_name(g, e, &len);
		label_name(form, word, name ? name : "", len, out);
		break;
	case OTW_NAME_INDEX:
		label_index(form, word, hg_edge_index(g, e), out);
		break;
	default:
		ot_buf_adds(out, word);
	}
}

/* Where one of several runtimes is named in front: behind "interp 1: ". */
static size_t
name_prefix(const char *name)
{
	size_t n = strlen("interp "), digits;

	if (strncmp(name, "interp ", n) != 0)
		return 0;
	digits = strspn(name + n, "0123456789");
	n += digits;
	return digits > 0 && strncmp(name + n, ": ", 2) == 0 ? n + 2 : 0;
}

/*
 * "module shop.cache", "interp 1: module shop.cache"; a root without a name is
 * its kind alone.
 */
static void
text_of_root(const struct hg_graph *g, hg_node n, size_t max,
	     struct ot_buf *out)
{
	const char *name = hg_root_name(g, n);
	const char *kind = hg_root_kind_text(hg_root_kind(g, n));
	size_t prefix = name_prefix(name);
	size_t used = prefix + strlen(kind) + 1;

	ot_buf_add(out, name, prefix);
	name += prefix;
	ot_buf_adds(out, kind);
	if (*name == '\0')
		return;
	ot_buf_addc(out, ' ');
	ot_escape(out, name, strlen(name), OT_ESC_TERM,
		  max == 0	   ? 0
		  : max > used + 3 ? max - used
				   : 3);
}

/*
 * What a container holds: items and keys, whichever of keys and values are
 * more; else the names of a namespace.
 */
static uint32_t
count_items(const struct hg_graph *g, hg_node n)
{
	uint32_t e, items = 0, keys = 0, values = 0, names = 0;

	for (e = hg_out(g, n); e < hg_out(g, n + 1); e++) {
		switch (hg_edge_relation(g, e)) {
		case OTW_REL_ITEM:
			items++;
			break;
		case OTW_REL_KEY:
			keys++;
			break;
		case OTW_REL_VALUE:
			values++;
			break;
		case OTW_REL_ATTRIBUTE:
			names++;
			break;
		default:
			break;
		}
	}
	items += keys > values ? keys : values;
	return items > 0 ? items : names;
}

/* "Session" of "shop.models.Session". */
static const char *
short_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot[1] != '\0' ? dot + 1 : name;
}

/*
 * "token='00c2', visits=3": the first attributes that have a text of their
 * own, as far as they fit.  False: there is none.
 */
static bool
text_of_fields(const struct hg_graph *g, hg_node n, size_t max_cols,
	       struct ot_buf *out)
{
	size_t room = max_cols > 0 ? max_cols : FIELDS_COLS, before, len;
	struct ot_buf one = OT_BUF_INIT;
	const char *text, *name;
	uint32_t e, fields = 0;
	unsigned rel;

	for (e = hg_out(g, n); e < hg_out(g, n + 1) && fields < FIELDS; e++) {
		rel = hg_edge_relation(g, e);
		if ((rel != OTW_REL_ATTRIBUTE && rel != OTW_REL_SLOT) ||
		    hg_edge_name_type(g, e) != OTW_NAME_ID)
			continue;
		name = hg_edge_name(g, e, &before);
		text = hg_text(g, hg_edge_to(g, e), &len);
		if (!name || len == 0 || strncmp(name, "__", 2) == 0)
			continue;
		ot_buf_clear(&one);
		ot_buf_adds(&one, fields > 0 ? ", " : "");
		ot_escape(&one, name, before, OT_ESC_TERM, NAME_COLS);
		ot_buf_addc(&one, '=');
		ot_escape(&one, text, len, OT_ESC_TERM, FIELD_COLS);
		if (one.failed || one.len > room)
			break;
		room -= one.len;
		ot_buf_add(out, one.data, one.len);
		fields++;
	}
	ot_buf_release(&one);
	return fields > 0;
}

void
hg_node_text(const struct hg_graph *g, hg_node n, size_t max_cols,
	     struct ot_buf *out)
{
	struct ot_buf words = OT_BUF_INIT;
	const struct hg_kind_row *k;
	const char *text;
	hg_node module;
	hg_kind type;
	uint32_t items;
	size_t len;

	if (hg_is_root(g, n)) {
		text_of_root(g, n, max_cols, out);
		return;
	}
	text = hg_text(g, n, &len);
	if (len > 0) {
		ot_escape(out, text, len, OT_ESC_TERM, max_cols);
		return;
	}
	k = &g->kinds[hg_kind_of(g, n)];
	module = hg_module_of(g, n);
	type = hg_kind_at_node(g, n);
	if (module != HG_NONE) {
		text_of_root(g, module, max_cols, out);
		return;
	}
	if (type != HG_NONE) {
		ot_buf_addf(&words, "class %s", hg_kind_full(g, type));
	} else if (k->container) {
		items = count_items(g, n);
		ot_buf_addf(&words, "%" PRIu32 " item%s", items,
			    items == 1 ? "" : "s");
	} else if (text_of_fields(g, n, max_cols, out)) {
		return;
	} else {
		ot_buf_adds(&words, short_name(k->name));
	}
	ot_escape(out, ot_buf_str(&words), words.len, OT_ESC_TERM, max_cols);
	ot_buf_release(&words);
}
