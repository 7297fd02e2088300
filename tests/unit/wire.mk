# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/t_wire tests/fuzz/replay_dec
TESTS += tests/unit/t_wire tests/fuzz/replay_dec

tests_unit_t_wire_SOURCES = \
	tests/unit/t_wire.c tests/unit/t_wire.h \
	tests/unit/t_wire_log.c \
	tests/unit/t_wire_hostile.c \
	tests/unit/t_wire_file.c
tests_unit_t_wire_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_t_wire_LDADD = wire/libwire.la base/libbase.la $(CHECK_LIBS)

# Without a fuzzer: the same entry on made-up seeds and on files given.
tests_fuzz_replay_dec_SOURCES = tests/fuzz/fuzz_dec.c \
	tests/fuzz/fuzz_dec.h tests/fuzz/replay_dec.c
tests_fuzz_replay_dec_LDADD = wire/libwire.la base/libbase.la

if FUZZING
noinst_PROGRAMS += tests/fuzz/fuzz_dec
tests_fuzz_fuzz_dec_SOURCES = tests/fuzz/fuzz_dec.c tests/fuzz/fuzz_dec.h \
	wire/enc.c wire/dec.c wire/dec_heap.c \
	base/err.c
tests_fuzz_fuzz_dec_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer,address,undefined
tests_fuzz_fuzz_dec_LDFLAGS = -fsanitize=fuzzer,address,undefined
endif
