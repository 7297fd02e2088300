# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += graph/libgraph.la

graph_libgraph_la_SOURCES = \
	graph/addrs.c \
	graph/an_gc.c \
	graph/an_diff.c \
	graph/an_growth.c \
	graph/an_instances.c \
	graph/an_path.c \
	graph/an_cycles.c \
	graph/an_garbage.c \
	graph/an_refs.c \
	graph/an_retained.c \
	graph/an_show.c \
	graph/an_sql.c \
	graph/an_types.c \
	graph/an_util.c graph/an_util.h \
	graph/analyses.c graph/analyses.def graph/analysis.h \
	graph/assemble.c \
	graph/both.c \
	graph/builder.c graph/builder.h \
	graph/chains.c \
	graph/classes.c \
	graph/column.c \
	graph/cycle.c \
	graph/dom.c graph/dom.h graph/dom_priv.h graph/dom_tree.c \
	graph/ex_csv.c \
	graph/ex_graphml.c \
	graph/ex_heapsnapshot.c \
	graph/ex_jsonl.c \
	graph/ex_openmetrics.c \
	graph/ex_refs.c \
	graph/ex_util.h \
	graph/exports.c graph/exports.def \
	graph/formats.c graph/formats.def graph/formats.h \
	graph/graph.c graph/graph.h \
	graph/group.c graph/group.h \
	graph/hang.c graph/hang.h \
	graph/ignore.c graph/ignore.h \
	graph/label.c \
	graph/match.c graph/match.h \
	graph/merged.c graph/merged.h \
	graph/metrics.c graph/metrics.h \
	graph/names.h \
	graph/near.c graph/near.h \
	graph/pick.c graph/pick.h \
	graph/owner.c \
	graph/picture_component.c \
	graph/picture_fold.c graph/picture_look.c \
	graph/picture_tree.c graph/picture_types.c \
	graph/picture.c graph/picture.h \
	graph/raw.h \
	graph/hues.def \
	graph/render.c graph/render.h \
	graph/render_gvc.c graph/render_gvc.h \
	graph/render_svg.c \
	graph/render_text.c graph/render_text.h \
	graph/resolve.c \
	graph/retained_by.c graph/retained_by.h \
	graph/scc.c graph/scc.h \
	graph/search.c graph/search.h \
	graph/series.c graph/series.h \
	graph/sql.h graph/sql_vtab.c \
	graph/sql_objects.c graph/sql_refs.c graph/sql_rows.c \
	graph/sql_tables.def graph/sql_tables.h graph/sql_types.c \
	graph/steps.c \
	graph/store.h \
	graph/treemap.c \
	graph/trend.c graph/trend.h \
	graph/uncollectable.c graph/uncollectable.h \
	graph/unreached.c \
	graph/unreached.h \
	graph/which.c graph/which.h
graph_libgraph_la_CFLAGS = $(STRICT_CFLAGS) $(GVC_CFLAGS) $(SQLITE_CFLAGS)
graph_libgraph_la_LIBADD = $(GVC_LIBS) $(SQLITE_LIBS) -lm
