# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/t_runtime tests/e2e/cheap
TESTS += tests/unit/t_runtime

tests_unit_t_runtime_SOURCES = \
	tests/unit/t_runtime.c tests/unit/t_runtime.h \
	tests/unit/t_runtime_agent.c \
	tests/unit/t_runtime_headroom.c \
	tests/unit/t_runtime_preload.c
tests_unit_t_runtime_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_t_runtime_LDADD = runtime/synth/libsynth.la wire/libwire.la \
	base/libbase.la $(CHECK_LIBS)
# The program is a target too: its objtop_provider has to be found.
tests_unit_t_runtime_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
EXTRA_tests_unit_t_runtime_DEPENDENCIES = runtime/objtop-agent.so \
	tests/e2e/cheap

# A program of its own heap, the model for users of objtop.h.  Preloaded with
# the agent, so without sanitizers, which want to be first.
tests_e2e_cheap_SOURCES = tests/e2e/cheap.c
tests_e2e_cheap_CFLAGS = -std=c11 $(WARN_CFLAGS) -pthread
tests_e2e_cheap_LDFLAGS = -export-dynamic -pthread
