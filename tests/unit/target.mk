# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/t_target
TESTS += tests/unit/t_target

tests_unit_t_target_SOURCES = \
	tests/unit/t_target.c tests/unit/t_target.h \
	tests/unit/t_target_census.c \
	tests/unit/t_target_elf.c \
	tests/unit/t_target_pools.c \
	tests/unit/t_target_regs.c \
	tests/unit/t_target_session.c \
	tests/unit/t_target_tracee.c \
	tests/unit/t_target_walls.c
tests_unit_t_target_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_t_target_LDADD = \
	inspector/target/libtarget.la wire/libwire.la base/libbase.la \
	$(CHECK_LIBS)
