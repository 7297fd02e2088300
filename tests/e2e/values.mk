# SPDX-License-Identifier: MIT
# Values as the agent reads them, against what the interpreters say.
values_sources = \
	tests/e2e/sizedump.c \
	runtime/cpython/kind.c \
	runtime/cpython/layout.c \
	runtime/cpython/line.c \
	runtime/cpython/origin.c \
	runtime/cpython/size.c \
	runtime/cpython/size_core.c \
	runtime/cpython/size_ctypes.c \
	runtime/cpython/size_numpy.c \
	runtime/cpython/size_std.c \
	runtime/cpython/str.c \
	runtime/cpython/table.c \
	runtime/cpython/text.c \
	runtime/cpython/text_number.c \
	runtime/cpython/text_string.c
values_headers = \
	runtime/cpython/layouts.def \
	runtime/cpython/py.h \
	runtime/cpython/value.h \
	runtime/cpython/walk.h

# Loaded by interpreters built without sanitizers, so built without them.
tests/e2e/sizedump.so: $(values_sources) $(values_headers)
	$(AM_V_at)$(MKDIR_P) tests/e2e
	$(AM_V_CCLD)$(CC) $(AM_CPPFLAGS) $(CPPFLAGS) -std=c11 $(WARN_CFLAGS) \
		-Wconversion $(CFLAGS) -fPIC -fvisibility=hidden -shared \
		-o $@ $(filter %.c,$^)

check_DATA += tests/e2e/sizedump.so
CLEANFILES += tests/e2e/sizedump.so
TESTS += tests/e2e/test_values.py
EXTRA_DIST += $(values_sources) $(values_headers) \
	tests/e2e/test_values.py tests/e2e/values_made.py tests/e2e/values_probe.py
