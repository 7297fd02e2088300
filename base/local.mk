# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += base/libbase.la

base_libbase_la_SOURCES = \
	base/arena.c base/arena.h \
	base/buf.c base/buf.h \
	base/compiler.h \
	base/emit.c base/emit.h base/emit_priv.h \
	base/emit_csv.c \
	base/emit_json.c \
	base/emit_text.c \
	base/err.c base/err.h \
	base/escape.c base/escape.h \
	base/filter.c base/filter.h \
	base/json.c base/json.h \
	base/outfile.c base/outfile.h \
	base/table.c base/table.h \
	base/units.c base/units.h \
	base/utf8.c base/utf8.h
base_libbase_la_CFLAGS = $(STRICT_CFLAGS) $(JANSSON_CFLAGS)
base_libbase_la_LIBADD = $(JANSSON_LIBS)
