/* SPDX-License-Identifier: MIT */
/*
 * an_util.h - what analyses share: arguments to nodes, nodes to cells.
 */
#ifndef HG_AN_UTIL_H
#define HG_AN_UTIL_H

#include "graph/analysis.h"

#define AN_TEXT_COLS 120u /* of a node's text in a cell */

/* All objects that args->objects names, each once; free() the list. */
enum ot_status an_objects(const struct hg_graph *g, const struct hg_args *args,
			  const char *command, hg_node **nodes, uint32_t *n,
			  struct ot_err *err);

/* The same, where each word must name one object alone. */
enum ot_status an_single_objects(const struct hg_graph *g,
				 const struct hg_args *args,
				 const char *command, hg_node **nodes,
				 uint32_t *n, struct ot_err *err);

/* Cells; false: no memory.  A root has its kind as type and no address. */
bool an_type_cell(struct ot_table *t, struct ot_cell *c,
		  const struct hg_graph *g, hg_node n);
bool an_text_cell(struct ot_table *t, struct ot_cell *c,
		  const struct hg_graph *g, hg_node n);
void an_addr_cell(struct ot_cell *c, const struct hg_graph *g, hg_node n);
bool an_edge_cell(struct ot_table *t, struct ot_cell *c,
		  const struct hg_graph *g, hg_edge e);
bool an_relation_cell(struct ot_table *t, struct ot_cell *c,
		      const struct hg_graph *g, hg_edge e);

/* "shop.models.Session at 0x7f...": escaped. */
void an_describe(const struct hg_graph *g, hg_node n, struct ot_buf *out);

/* OT_INTERRUPTED when args say so. */
enum ot_status an_check(const struct hg_args *args, uint64_t done,
			uint64_t total, struct ot_err *err);

#endif
