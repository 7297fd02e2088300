# SPDX-License-Identifier: MIT
# What the agent knows of CPython; one file a line.
CPYTHON_SOURCES = \
	runtime/cpython/ask.c runtime/cpython/ask.h \
	runtime/cpython/edges.c \
	runtime/cpython/edges_containers.c \
	runtime/cpython/edges_frames.c \
	runtime/cpython/edges_functions.c \
	runtime/cpython/edges_greenlet.c \
	runtime/cpython/edges_numpy.c \
	runtime/cpython/edges_instances.c \
	runtime/cpython/edges_types.c \
	runtime/cpython/gil.c \
	runtime/cpython/gil.h \
	runtime/cpython/enter.c \
	runtime/cpython/enter.h \
	runtime/cpython/head.h \
	runtime/cpython/heads.c \
	runtime/cpython/hints.c \
	runtime/cpython/info.c \
	runtime/cpython/interps.c \
	runtime/cpython/kind.c \
	runtime/cpython/layout.c \
	runtime/cpython/layouts.def \
	runtime/cpython/line.c \
	runtime/cpython/mem.c \
	runtime/cpython/origin.c \
	runtime/cpython/pages.c \
	runtime/cpython/pages.h \
	runtime/cpython/pools.c \
	runtime/cpython/provider.c \
	runtime/cpython/py.h \
	runtime/cpython/roots.c \
	runtime/cpython/size.c \
	runtime/cpython/size_core.c \
	runtime/cpython/size_ctypes.c \
	runtime/cpython/size_numpy.c \
	runtime/cpython/size_std.c \
	runtime/cpython/still.c \
	runtime/cpython/still.h \
	runtime/cpython/str.c \
	runtime/cpython/table.c \
	runtime/cpython/tally.c \
	runtime/cpython/text.c \
	runtime/cpython/text_number.c \
	runtime/cpython/text_string.c \
	runtime/cpython/types.c \
	runtime/cpython/value.h \
	runtime/cpython/verify.c \
	runtime/cpython/walk.c \
	runtime/cpython/walk.h \
	runtime/cpython/watch.c
