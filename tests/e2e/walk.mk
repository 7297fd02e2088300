# SPDX-License-Identifier: MIT
# The walk of CPython's heap, against what the interpreters say of it.
walk_sources = \
	tests/e2e/walkdump.c \
	runtime/cpython/exit.c \
	runtime/sys.c \
	$(filter %.c,$(CPYTHON_SOURCES))
walk_headers = \
	runtime/cpython/exit.h \
	runtime/sys.h \
	$(filter-out %.c,$(CPYTHON_SOURCES))

# Loaded by interpreters built without sanitizers, so built without them.
tests/e2e/walkdump.so: $(walk_sources) $(walk_headers) config.h
	$(AM_V_at)$(MKDIR_P) tests/e2e
	$(AM_V_CCLD)$(CC) $(DEFS) -I. $(AM_CPPFLAGS) $(CPPFLAGS) -std=c11 \
		$(WARN_CFLAGS) -Wconversion $(CFLAGS) -fPIC \
		-fvisibility=hidden -shared -o $@ $(filter %.c,$^)

check_DATA += tests/e2e/walkdump.so
CLEANFILES += tests/e2e/walkdump.so
TESTS += tests/e2e/test_walk.py
EXTRA_DIST += tests/e2e/walkdump.c tests/e2e/test_walk.py \
	tests/e2e/walk_corners.py tests/e2e/walk_scenario.py
