# SPDX-License-Identifier: MIT
# Dominators, cycles and garbage of real heaps, against networkx.
check_PROGRAMS += tests/e2e/graphdump
tests_e2e_graphdump_SOURCES = tests/e2e/graphdump.c
tests_e2e_graphdump_CFLAGS = $(AM_CFLAGS)
tests_e2e_graphdump_LDADD = wire/libwire.la base/libbase.la

TESTS += tests/e2e/test_dominators.py
EXTRA_DIST += tests/e2e/test_dominators.py
