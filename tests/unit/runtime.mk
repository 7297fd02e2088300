# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/t_runtime
TESTS += tests/unit/t_runtime

tests_unit_t_runtime_SOURCES = \
	tests/unit/t_runtime.c tests/unit/t_runtime.h
tests_unit_t_runtime_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_t_runtime_LDADD = runtime/synth/libsynth.la wire/libwire.la \
	base/libbase.la $(CHECK_LIBS)
