# SPDX-License-Identifier: MIT
include inspector/cmd/ui.mk

noinst_LTLIBRARIES += inspector/cmd/libcmd.la

inspector_cmd_libcmd_la_SOURCES = \
	inspector/cmd/cmd.h \
	inspector/cmd/cmd_analysis.c \
	inspector/cmd/cmd_common.c \
	inspector/cmd/cmd_completion.c \
	inspector/cmd/cmd_demo.c \
	inspector/cmd/cmd_detach.c \
	inspector/cmd/cmd_export.c \
	inspector/cmd/cmd_help.c \
	inspector/cmd/cmd_metrics.c \
	inspector/cmd/cmd_out.c \
	inspector/cmd/cmd_print.c \
	inspector/cmd/cmd_ps.c \
	inspector/cmd/cmd_record.c \
	inspector/cmd/cmd_run.c \
	inspector/cmd/cmd_snapshot.c \
	inspector/cmd/commands.def \
	inspector/cmd/dispatch.c \
	inspector/cmd/history.c \
	inspector/cmd/scrape.c inspector/cmd/scrape.h \
	inspector/cmd/serve.c inspector/cmd/serve.h \
	inspector/cmd/side.c \
	inspector/cmd/picture.c \
	inspector/cmd/which.c \
	inspector/cmd/examples.def \
	inspector/cmd/gc_act.c inspector/cmd/gc.h \
	inspector/cmd/gc_freed.c \
	inspector/cmd/gc_watch.c \
	inspector/cmd/record.h \
	inspector/cmd/record_plot.c \
	inspector/cmd/record_png.c \
	inspector/cmd/record_read.c \
	inspector/cmd/record_write.c \
	inspector/cmd/options.c \
	inspector/cmd/options.def \
	inspector/cmd/options.h \
	inspector/cmd/words.c \
	$(CMD_UI_SOURCES)
inspector_cmd_libcmd_la_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS)
inspector_cmd_libcmd_la_LIBADD = $(CAIRO_LIBS)

bin_PROGRAMS += objtop
objtop_SOURCES = inspector/main.c
objtop_LDADD = \
	inspector/cmd/libcmd.la \
	inspector/ui/libui.la \
	inspector/target/libtarget.la \
	graph/libgraph.la \
	wire/libwire.la \
	base/libbase.la
