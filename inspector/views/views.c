/* SPDX-License-Identifier: MIT */
/*
 * The registry of views, and what they share: from subjects to nodes and
 * back, and the cells that several of them show.
 */
#include "config.h"

#include "inspector/views/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "inspector/views/facts.h"

const struct ui_view_def view_defs[] = {
#define VIEW(name, title, tab, help) { #name, title, tab, help, &view_##name },
#include "inspector/views/views.def"
	{ NULL, NULL, 0, NULL, NULL }
};

hg_node
view_node(const struct hg_graph *g, const struct ui_subject *s)
{
	hg_node n;

	if (g == NULL)
		return HG_NONE;
	if (s->kind == UI_SUBJECT_OBJECT)
		return hg_at(g, s->addr);
	if (s->kind != UI_SUBJECT_ROOT)
		return HG_NONE;
	for (n = hg_objects(g); n < hg_nodes(g); n++)
		if (hg_root_kind(g, n) == s->addr &&
		    strncmp(hg_root_name(g, n), s->name,
			    sizeof(s->name) - 1) == 0)
			return n;
	return HG_NONE;
}

hg_kind
view_kind(const struct hg_graph *g, const struct ui_subject *s)
{
	hg_kind k, n = g == NULL ? 0 : hg_kinds(g);

	for (k = 0; k < n; k++)
		if (hg_kind_addr(g, k) == s->addr &&
		    strncmp(hg_kind_full(g, k), s->name,
			    sizeof(s->name) - 1) == 0)
			return k;
	return HG_NONE;
}

void
view_subject_node(const struct hg_graph *g, hg_node n, struct ui_subject *out)
{
	memset(out, 0, sizeof(*out));
	if (hg_is_root(g, n)) {
		out->kind = UI_SUBJECT_ROOT;
		out->addr = hg_root_kind(g, n);
		snprintf(out->name, sizeof(out->name), "%s",
			 hg_root_name(g, n));
		return;
	}
	out->kind = UI_SUBJECT_OBJECT;
	out->addr = hg_addr(g, n);
	snprintf(out->name, sizeof(out->name), "%s", view_type_of(g, n));
}

void
view_subject_kind(const struct hg_graph *g, hg_kind k, struct ui_subject *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = UI_SUBJECT_TYPE;
	out->addr = hg_kind_addr(g, k);
	snprintf(out->name, sizeof(out->name), "%s", hg_kind_full(g, k));
}

void
view_subject_text(const struct ui_subject *s, struct ot_buf *out)
{
	if (s->kind == UI_SUBJECT_ROOT)
		ot_buf_addf(out, "%s ", hg_root_kind_text((unsigned)s->addr));
	ot_escape(out, s->name, strlen(s->name), OT_ESC_TERM, 60);
	if (s->kind == UI_SUBJECT_OBJECT)
		ot_buf_addf(out, " 0x%" PRIx64, s->addr);
}

void
view_subject_short(const struct ui_subject *s, struct ot_buf *out)
{
	if (s->kind == UI_SUBJECT_OBJECT)
		ot_buf_addf(out, "0x%" PRIx64, s->addr);
	else
		view_subject_text(s, out);
}

const char *
view_program(const char *command)
{
	size_t len = strcspn(command, " ");

	while (len > 0 && command[len - 1] != '/')
		len--;
	return command + len;
}

void
view_gone(struct ui_view *v)
{
	struct ot_buf text = OT_BUF_INIT;

	view_subject_text(&v->subject, &text);
	snprintf(v->problem, sizeof(v->problem),
		 "%s is gone: it is not in this sample; h goes back",
		 ot_buf_str(&text));
	ot_buf_release(&text);
}

const char *
view_type_of(const struct hg_graph *g, hg_node n)
{
	if (hg_is_root(g, n))
		return hg_root_kind_text(hg_root_kind(g, n));
	return hg_kind_full(g, hg_kind_of(g, n));
}

void
view_text_cell(const struct hg_graph *g, hg_node n, struct ot_table *t,
	       struct ot_cell *out)
{
	struct ot_buf text = OT_BUF_INIT;

	if (hg_is_root(g, n)) {
		const char *name = hg_root_name(g, n);

		ot_cell_str(t, out, name, strlen(name));
		return;
	}
	hg_node_text(g, n, 120, &text);
	ot_cell_str(t, out, ot_buf_str(&text), text.len);
	ot_buf_release(&text);
}

void
view_edge_cell(const struct hg_graph *g, hg_edge e, struct ot_table *t,
	       struct ot_cell *out)
{
	struct ot_buf text = OT_BUF_INIT;

	hg_edge_label(g, e, &text);
	ot_cell_str(t, out, ot_buf_str(&text), text.len);
	ot_buf_release(&text);
}

void
view_node_details(const struct hg_graph *g, hg_node n, struct ot_buf *out)
{
	struct view_facts facts;
	char num[32];
	uint32_t n_in;

	view_facts_of(g, n, &facts);
	hg_in(g, n, &n_in);
	ot_buf_addf(out, "# %s\n", facts.head);
	ot_buf_addf(out, "%s\n", facts.size);
	if (facts.refs[0] != '\0')
		ot_buf_addf(out, "%s\n", facts.refs);
	ot_buf_addf(out, "referrers %s, ",
		    ot_fmt_count(num, sizeof(num), n_in));
	ot_buf_addf(out, "refers to %s\n",
		    ot_fmt_count(num, sizeof(num),
				 hg_out(g, n + 1) - hg_out(g, n)));
}
