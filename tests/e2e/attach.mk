# SPDX-License-Identifier: MIT
# Attaching to real interpreters: slow, needs Python and the right to trace.
check_PROGRAMS += tests/e2e/attachdrv
tests_e2e_attachdrv_SOURCES = tests/e2e/attachdrv.c
tests_e2e_attachdrv_LDADD = \
	inspector/target/libtarget.la wire/libwire.la base/libbase.la
TESTS += tests/e2e/test_attach.py
EXTRA_DIST += tests/e2e/test_attach.py tests/e2e/workload.py
tests/e2e/test_attach.log: tests/e2e/attachdrv

# Builds without the interpreter's lock.
TESTS += tests/e2e/test_free_threaded.py
EXTRA_DIST += tests/e2e/test_free_threaded.py

# Targets behind walls, and what is said of those that cannot be entered.
TESTS += tests/e2e/test_walls.py
EXTRA_DIST += tests/e2e/test_walls.py

# ... and by CPython's own interface, where the cache has an interpreter.
TESTS += tests/e2e/test_pep768.py
EXTRA_DIST += tests/e2e/test_pep768.py
TESTS += tests/e2e/test_children.py
EXTRA_DIST += tests/e2e/test_children.py
