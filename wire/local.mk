# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += wire/libwire.la

wire_libwire_la_SOURCES = \
	wire/boot.h wire/wire.h \
	wire/frames.def wire/relations.def wire/roots.def wire/columns.def \
	wire/leb.h wire/heap.h wire/act.h wire/pauses.h wire/pystats.h \
	wire/enc.c wire/enc.h \
	wire/dec.c wire/dec.h wire/dec_priv.h \
	wire/dec_heap.c \
	wire/file.c wire/file.h
wire_libwire_la_CFLAGS = $(STRICT_CFLAGS) $(ZSTD_CFLAGS)
wire_libwire_la_LIBADD = $(ZSTD_LIBS)
