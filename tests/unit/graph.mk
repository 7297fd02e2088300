# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/t_graph
TESTS += tests/unit/t_graph

tests_unit_t_graph_SOURCES = \
	tests/unit/t_graph.c tests/unit/t_graph.h \
	tests/unit/t_graph_build.c \
	tests/unit/t_graph_growth.c \
	tests/unit/t_graph_dom.c \
	tests/unit/t_graph_paths.c \
	tests/unit/t_graph_pictures.c \
	tests/unit/t_graph_sql.c \
	tests/unit/t_graph_tables.c
tests_unit_t_graph_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_t_graph_LDADD = graph/libgraph.la runtime/synth/libsynth.la \
	wire/libwire.la base/libbase.la $(CHECK_LIBS)
