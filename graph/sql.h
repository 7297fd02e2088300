/* SPDX-License-Identifier: MIT */
/*
 * sql.h - one SELECT over the graph.
 *
 * The tables are those of sql_tables.def.  Rows become a table whose columns
 * are the query's.  OT_USAGE: what sqlite says of the query; OT_FAILED: it
 * took longer than args->timeout_ms; OT_INTERRUPTED as args say.
 */
#ifndef HG_SQL_H
#define HG_SQL_H

#include "graph/analysis.h"

enum ot_status hg_sql_run(const struct hg_graph *g, const char *sql,
			  const struct hg_args *args, struct ot_table **out,
			  struct ot_err *err);

#endif
