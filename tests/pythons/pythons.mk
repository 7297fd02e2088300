# SPDX-License-Identifier: MIT
# All versions of CPython: those found, and 3.14, 3.15 and a free-threaded 3.13
# from the cache, made first where that is possible (root, debootstrap,
# network).
PYTHONS = tests/pythons/make-cache.sh tests/pythons/in-root.sh \
	tests/pythons/check-layouts.sh tests/pythons/layouts.c
PYTHONS_TESTS = tests/pythons/test_layouts.sh tests/pythons/test_exits.py
TESTS += $(PYTHONS_TESTS)
EXTRA_DIST += $(PYTHONS) $(PYTHONS_TESTS)

CHECK_PYTHONS = tests/e2e/test_counts.py tests/e2e/test_attach.py \
	tests/e2e/test_walk.py tests/e2e/test_values.py \
	tests/e2e/test_free_threaded.py $(PYTHONS_TESTS)
check-pythons: all
	-$(SHELL) $(srcdir)/tests/pythons/make-cache.sh
	$(MAKE) check TESTS='$(CHECK_PYTHONS)'
.PHONY: check-pythons
