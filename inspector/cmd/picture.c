/* SPDX-License-Identifier: MIT */
/*
 * picture.c - `-o FILE.svg` of the commands whose answer can be drawn: from
 * the words of the command line to a bounded picture, and that into the file.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "graph/render.h"
#include "graph/scc.h"
#include "inspector/cmd/cmd.h"

#define CHAINS_OF  10  /* instances of a type whose chains are drawn */
#define TREE_NODES 60  /* of the tree of dominators */
#define MAP_NODES  900 /* of a tree map */

/* All objects named on the command line. */
static enum ot_status
picture_nodes(const struct cmd *c, const struct hg_graph *g, hg_node **nodes,
	       size_t *n, struct ot_err *err)
{
	enum ot_status st = OT_OK;
	hg_node *one, *grown;
	uint32_t count;
	size_t i;

	*nodes = NULL;
	*n = 0;
	for (i = 0; i < c->nargs && st == OT_OK; i++) {
		st = hg_resolve(g, c->args[i], &one, &count, err);
		if (st != OT_OK)
			break;
		grown = ot_realloc_array(*nodes, *n + count, sizeof(*grown));
		if (grown == NULL) {
			st = ot_fail_nomem(err, "the objects");
		} else {
			*nodes = grown;
			memcpy(grown + *n, one, count * sizeof(*one));
			*n += count;
		}
		free(one);
	}
	if (st != OT_OK) {
		free(*nodes);
		*nodes = NULL;
	}
	return st;
}

/* The chains of the first instances, in one picture. */
static enum ot_status
picture_chains(const struct cmd *c, const struct hg_graph *g,
		const hg_node *nodes, size_t n, struct hg_picture **pic,
		struct ot_err *err)
{
	size_t take = n < CHAINS_OF ? n : CHAINS_OF, i, j, total = 0, made;
	struct hg_args args = cmd_hg_args(c);
	enum ot_status st = OT_OK;
	struct hg_chains found[CHAINS_OF];
	const hg_edge **edges = NULL;
	uint32_t *lens = NULL;

	for (made = 0; made < take && st == OT_OK; made++) {
		memset(&found[made], 0, sizeof(found[made]));
		st = hg_chains_find(g, nodes[made], &args, &found[made], err);
		total += found[made].n;
	}
	if (st == OT_OK && total == 0)
		st = ot_fail(err, OT_FAILED,
			     "no chain leads from a root to %s: it is garbage, "
			     "or held from C or by what was ignored",
			     c->args[0]);
	if (st == OT_OK) {
		edges = ot_realloc_array(NULL, total, sizeof(*edges));
		lens = ot_realloc_array(NULL, total, sizeof(*lens));
		if (edges == NULL || lens == NULL)
			st = ot_fail_nomem(err, "the picture");
	}
	if (st == OT_OK) {
		for (i = 0, total = 0; i < made; i++) {
			for (j = 0; j < found[i].n; j++, total++) {
				edges[total] = found[i].edges[j];
				lens[total] = found[i].lens[j];
			}
		}
		st = hg_picture_chains(g, edges, lens, total, pic, err);
	}
	for (i = 0; i < made; i++)
		hg_chains_free(&found[i]);
	free(edges);
	free(lens);
	if (st == OT_OK && take < n)
		cmd_say(c,
			"drawn are the chains of the first %zu of %zu "
			"instances",
			take, n);
	return st;
}

/* The component that the word names, or the largest. */
static enum ot_status
picture_cycle(const struct cmd *c, const struct hg_graph *g,
	       struct hg_picture **pic, struct ot_err *err)
{
	struct hg_args args = cmd_hg_args(c);
	struct hg_components all = { 0 };
	enum ot_status st;
	uint32_t id = 0;
	hg_node start;

	st = hg_components_find(g, &args, &all, err);
	if (st == OT_OK)
		st = hg_components_named(g, &all, &args, &id, &start,
					 err);
	if (st == OT_OK)
		st = hg_picture_component(g, all.members + all.list[id].first,
					  all.list[id].n, start, &args, pic,
					  err);
	hg_components_release(&all);
	return st;
}

static enum ot_status
picture_of(const struct cmd *c, const struct hg_graph *g,
	   struct hg_picture **pic, struct ot_err *err)
{
	struct hg_args args = cmd_hg_args(c);
	enum ot_status st;
	hg_node *nodes;
	size_t n;

	args.only = c->opts.filter;
	if (strcmp(c->name, "cycles") == 0)
		return picture_cycle(c, g, pic, err);
	if (strcmp(c->name, "types") == 0)
		return hg_picture_types(g, &args, pic, err);
	st = picture_nodes(c, g, &nodes, &n, err);
	if (st != OT_OK)
		return st;
	if (strcmp(c->name, "path") == 0)
		st = picture_chains(c, g, nodes, n, pic, err);
	else if (strcmp(c->name, "retained") == 0)
		st = hg_picture_retained(g, nodes, n,
					 c->opts.treemap ? MAP_NODES
							 : TREE_NODES,
					 &args, pic, err);
	else
		st = hg_picture_refs(g, nodes, n,
				     strcmp(c->name, "backrefs") == 0, &args,
				     pic, err);
	free(nodes);
	return st;
}

struct hg_look
cmd_look(const struct cmd *c)
{
	const struct hg_args args = cmd_hg_args(c);

	return (struct hg_look){
		.theme = (enum hg_theme)c->opts.theme,
		.short_names = c->opts.short_names,
		.refcounts = c->opts.info_refcount,
		.addresses = c->opts.info_address,
		.generations = c->opts.info_generation,
		.no_fold = c->opts.no_fold,
		.highlight = c->opts.highlight,
		.cancelled = args.cancelled,
	};
}

/* "objtop backrefs 4242 'Session#0' --depth 4", as it was typed. */
static void
picture_command(const struct cmd *c, struct ot_buf *out)
{
	const char *word;
	int i;

	ot_buf_adds(out, "objtop");
	for (i = 1; i < c->argc; i++) {
		word = c->argv[i];
		ot_buf_addc(out, ' ');
		if (*word != '\0' && strpbrk(word, " #*'\"()<>$&;|!") == NULL)
			ot_buf_adds(out, word);
		else
			ot_buf_addf(out, "'%s'", word);
	}
}

enum ot_status
cmd_draw(const struct cmd *c, const struct hg_graph *g, struct ot_err *err)
{
	struct ot_buf command = OT_BUF_INIT;
	struct hg_picture *pic = NULL;
	enum ot_status st = picture_of(c, g, &pic, err);

	if (st == OT_OK) {
		pic->look = cmd_look(c);
		picture_command(c, &command);
		pic->look.command = ot_buf_str(&command);
		st = c->opts.treemap ? hg_treemap_file(pic, c->opts.output, err)
				     : hg_render_file(pic, c->opts.output, err);
	}
	if (st == OT_OK)
		cmd_say(c, "wrote %s: %zu nodes, %zu edges", c->opts.output,
			pic->nnodes, pic->nedges);
	ot_buf_release(&command);
	hg_picture_free(pic);
	return st;
}
