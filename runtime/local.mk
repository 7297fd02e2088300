# SPDX-License-Identifier: MIT
include_HEADERS += runtime/include/objtop.h

# A made-up heap, as a provider and as a stream, for tests and benchmarks.
# It takes the sink of the agent with it, built like any other code.
noinst_LTLIBRARIES += runtime/synth/libsynth.la
runtime_synth_libsynth_la_SOURCES = \
	runtime/include/objtop.h \
	runtime/mem.c runtime/mem.h \
	runtime/sink.c runtime/sink.h \
	runtime/sys.c runtime/sys.h \
	runtime/synth/stream.c \
	runtime/synth/synth.c runtime/synth/synth.h
runtime_synth_libsynth_la_CFLAGS = $(STRICT_CFLAGS)
