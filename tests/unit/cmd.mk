# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/t_cmd
TESTS += tests/unit/t_cmd

# The words of the command line only: no target, no graph.
tests_unit_t_cmd_SOURCES = tests/unit/t_cmd.c
tests_unit_t_cmd_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_t_cmd_LDADD = inspector/cmd/libcmd.la base/libbase.la $(CHECK_LIBS)
