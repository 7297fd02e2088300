/* SPDX-License-Identifier: MIT */
/*
 * ignore.c - edges that are not to be followed.
 *
 * Each word becomes rules: kinds (a bit each), a label text, or both.  Whether
 * a label's text matches is found out once a label code and remembered, so
 * that a search over millions of edges compares a few hundred strings.
 */
#include "config.h"

#include "graph/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/filter.h"
#include "base/units.h"
#include "graph/store.h"

#define RULES_MAX 64u /* bits of a mask */

struct rule {
	unsigned char *kinds; /* bits; NULL: any */
	const char *label;    /* NULL: any; behind the type's name */
	hg_node node;	      /* HG_NONE: any */
};

struct hg_ignore {
	const struct hg_graph *g;
	bool weak;
	struct rule rules[RULES_MAX];
	uint32_t nrules;
	struct ot_arena arena;
	/* label code -> mask of the rules whose label it matches */
	uint32_t *codes;
	uint64_t *masks;
	uint32_t nslots, nused;
	struct ot_buf text;
};

static bool
bit(const unsigned char *bits, uint32_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

static struct rule *
rule_new(struct hg_ignore *ig, bool kinds)
{
	struct rule *r = &ig->rules[ig->nrules];

	if (ig->nrules == RULES_MAX)
		return NULL;
	*r = (struct rule){ .node = HG_NONE };
	if (kinds) {
		r->kinds = ot_arena_alloc(&ig->arena, ig->g->nkinds / 8 + 1);
		if (!r->kinds)
			return NULL;
	}
	ig->nrules++;
	return r;
}

/* "Session" with the rest ".parent" of the word "Session.parent". */
static size_t
type_prefix(const struct hg_kind_row *k, const char *word)
{
	const char *name = k->full, *dot;
	size_t n;

	for (;;) {
		n = strlen(name);
		if (strncmp(word, name, n) == 0 &&
		    (word[n] == '.' || word[n] == '[') && word[n + 1] != '\0')
			return n;
		dot = strchr(name, '.');
		if (!dot)
			return 0;
		name = dot + 1;
	}
}

/* The rule for kinds with this rest of the word; made where there is none. */
static struct rule *
rule_for_rest(struct hg_ignore *ig, uint32_t first, const char *rest)
{
	struct rule *r;
	uint32_t i;

	for (i = first; i < ig->nrules; i++)
		if (ig->rules[i].kinds && ig->rules[i].label == rest)
			return &ig->rules[i];
	r = rule_new(ig, true);
	if (r)
		r->label = rest;
	return r;
}

static bool
add_word(struct hg_ignore *ig, const char *word)
{
	const struct hg_graph *g = ig->g;
	uint32_t first = ig->nrules;
	struct rule *r = rule_new(ig, false);
	size_t prefix;
	uint64_t addr;
	hg_kind k;

	if (!r)
		return false;
	if (ot_parse_addr(word, &addr)) {
		r->node = hg_at(g, addr);
		if (r->node == HG_NONE)
			ig->nrules--; /* not there: nothing to ignore */
		return true;
	}
	r->label = word;
	for (k = 0; k < g->nkinds; k++) {
		prefix = type_prefix(&g->kinds[k], word);
		if (prefix == 0 && !ot_type_matches(word, g->kinds[k].full))
			continue;
		r = rule_for_rest(ig, first, prefix ? word + prefix : NULL);
		if (!r)
			return false;
		r->kinds[k / 8] |= (unsigned char)(1u << k % 8);
	}
	return true;
}

enum ot_status
hg_ignore_new(const struct hg_graph *g, const struct hg_args *args,
	      struct hg_ignore **out, struct ot_err *err)
{
	struct hg_ignore *ig;
	size_t i;

	*out = NULL;
	if (args->nignore == 0 && !args->exclude_weak)
		return OT_OK;
	ig = calloc(1, sizeof(*ig));
	if (!ig)
		return ot_fail_nomem(err, "edges to ignore");
	ig->g = g;
	ig->weak = args->exclude_weak;
	for (i = 0; i < args->nignore; i++) {
		if (add_word(ig, args->ignore[i]))
			continue;
		hg_ignore_free(ig);
		return ot_fail(err, OT_FAILED,
			       "too many edges to ignore: "
			       "--ignore takes about %u words",
			       RULES_MAX / 2);
	}
	*out = ig;
	return OT_OK;
}

void
hg_ignore_free(struct hg_ignore *ig)
{
	if (!ig)
		return;
	ot_arena_release(&ig->arena);
	ot_buf_release(&ig->text);
	free(ig->codes);
	free(ig->masks);
	free(ig);
}

/* "token" matches "['token']", ".token" and "local 'token'". */
static bool
label_matches(const struct hg_graph *g, hg_edge e, const char *text,
	      const char *want)
{
	const char *name;
	size_t len;

	if (strcmp(text, want) == 0)
		return true;
	name = hg_edge_name(g, e, &len);
	return name && len == strlen(want) && memcmp(name, want, len) == 0;
}

static uint64_t
label_mask(struct hg_ignore *ig, hg_edge e)
{
	uint64_t mask = 0;
	const char *want, *text;
	uint32_t i;

	ot_buf_clear(&ig->text);
	hg_edge_label(ig->g, e, &ig->text);
	text = ot_buf_str(&ig->text);
	for (i = 0; i < ig->nrules; i++) {
		want = ig->rules[i].label;
		if (!want || label_matches(ig->g, e, text, want) ||
		    (ig->rules[i].kinds && *want == '.' &&
		     label_matches(ig->g, e, text, want + 1)))
			mask |= (uint64_t)1 << i;
	}
	return mask;
}

static uint32_t
slot_of(const struct hg_ignore *ig, uint32_t code)
{
	uint32_t at = code * 0x9e3779b1u & (ig->nslots - 1);

	while (ig->codes[at] != HG_NONE && ig->codes[at] != code)
		at = (at + 1) & (ig->nslots - 1);
	return at;
}

static bool
memo_grow(struct hg_ignore *ig)
{
	struct hg_ignore old = *ig;
	uint32_t i, at;

	if (ig->nslots > UINT32_MAX / 2)
		return false;
	ig->nslots = ig->nslots ? ig->nslots * 2 : 256;
	ig->codes = ot_realloc_array(NULL, ig->nslots, sizeof(*ig->codes));
	ig->masks = ot_realloc_array(NULL, ig->nslots, sizeof(*ig->masks));
	if (!ig->codes || !ig->masks) {
		free(ig->codes);
		free(ig->masks);
		ig->codes = old.codes;
		ig->masks = old.masks;
		ig->nslots = old.nslots;
		return false;
	}
	memset(ig->codes, 0xff, ig->nslots * sizeof(*ig->codes));
	for (i = 0; i < old.nslots; i++) {
		if (old.codes[i] == HG_NONE)
			continue;
		at = slot_of(ig, old.codes[i]);
		ig->codes[at] = old.codes[i];
		ig->masks[at] = old.masks[i];
	}
	free(old.codes);
	free(old.masks);
	return true;
}

/* label_mask(), remembered; without memory found out again each time. */
static uint64_t
label_mask_memo(struct hg_ignore *ig, hg_edge e)
{
	uint64_t value;
	uint32_t code = hg_edge_code(ig->g, e, &value), at;

	if (hg_label_value(code) == HG_LABEL_ASIDE || code == HG_NONE ||
	    (ig->nused >= ig->nslots / 2 && !memo_grow(ig)))
		return label_mask(ig, e);
	at = slot_of(ig, code);
	if (ig->codes[at] == HG_NONE) {
		ig->codes[at] = code;
		ig->masks[at] = label_mask(ig, e);
		ig->nused++;
	}
	return ig->masks[at];
}

bool
hg_ignored(struct hg_ignore *ig, hg_edge e, hg_node from, hg_node far)
{
	hg_kind of_from, of_far, k;
	const struct rule *r;
	uint64_t mask;
	uint32_t i;

	if (!ig)
		return false;
	if (ig->weak && hg_edge_weak(ig->g, e))
		return true;
	if (ig->nrules == 0)
		return false;
	of_from = hg_kind_of(ig->g, from);
	of_far = hg_kind_of(ig->g, far);
	mask = label_mask_memo(ig, e);
	for (i = 0; i < ig->nrules; i++) {
		r = &ig->rules[i];
		k = r->label ? of_from : of_far;
		if (mask >> i & 1 &&
		    (r->node == HG_NONE || r->node == far) &&
		    (!r->kinds || (k != HG_NONE && bit(r->kinds, k))))
			return true;
	}
	return false;
}
