# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/t_base
TESTS += tests/unit/t_base

tests_unit_t_base_SOURCES = \
	tests/unit/t_base.c tests/unit/t_base.h \
	tests/unit/t_base_emit.c \
	tests/unit/t_base_escape.c \
	tests/unit/t_base_table.c
tests_unit_t_base_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_t_base_LDADD = base/libbase.la $(CHECK_LIBS)
