# SPDX-License-Identifier: MIT
# What the agent knows of CPython; one file a line.
CPYTHON_SOURCES = \
	runtime/cpython/items.c \
	runtime/cpython/kind.c \
	runtime/cpython/layout.c \
	runtime/cpython/layouts.def \
	runtime/cpython/line.c \
	runtime/cpython/origin.c \
	runtime/cpython/py.h \
	runtime/cpython/size.c \
	runtime/cpython/size_core.c \
	runtime/cpython/size_ctypes.c \
	runtime/cpython/size_numpy.c \
	runtime/cpython/size_std.c \
	runtime/cpython/str.c \
	runtime/cpython/text.c \
	runtime/cpython/text_number.c \
	runtime/cpython/text_string.c \
	runtime/cpython/value.h
