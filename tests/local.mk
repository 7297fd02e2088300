# SPDX-License-Identifier: MIT
# Unit tests: one Check program per room, each with its own .mk file.
if HAVE_CHECK
include tests/unit/base.mk
include tests/unit/wire.mk
include tests/unit/runtime.mk
include tests/unit/graph.mk
include tests/unit/target.mk
include tests/unit/ui.mk
include tests/unit/cmd.mk
endif

# End-to-end tests against real interpreters.
include tests/e2e/values.mk
include tests/e2e/attach.mk
include tests/e2e/census.mk
include tests/e2e/pictures.mk
include tests/e2e/tmux.mk
include tests/e2e/walk.mk
include tests/e2e/stream.mk
include tests/e2e/dominators.mk
include tests/pythons/pythons.mk

# The soak.
include tests/soak/soak.mk

# Where tests find what they test; see tests/e2e/harness.py.
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)'; export srcdir; \
	builddir='$(abs_top_builddir)'; export builddir; \
	OBJTOP='$(abs_top_builddir)/objtop'; export OBJTOP; \
	OBJTOP_DEMO='$(abs_top_srcdir)/inspector/demo/shop.py'; \
	export OBJTOP_DEMO; CC='$(CC)'; export CC; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE;
TEST_EXTENSIONS = .sh .py
SH_LOG_COMPILER = $(SHELL)
PY_LOG_COMPILER = $(SHELL) $(srcdir)/tests/with-python.sh $(PYTHON3)
EXTRA_DIST += tests/with-python.sh tests/cross/aarch64.sh

# Lint: each script is one test.
LINT = tests/lint/layers.sh tests/lint/registries.sh tests/lint/docs.sh \
	tests/lint/style.sh
TESTS += $(LINT)
EXTRA_DIST += $(LINT) tests/run-all.sh tests/summary.sh tests/lsan.supp

# End to end through the command line.
E2E = tests/e2e/test_counts.py tests/e2e/test_cli.py \
	tests/e2e/test_growth.py tests/e2e/test_groups.py \
	tests/e2e/test_hosts.py tests/e2e/test_sql.py \
	tests/e2e/test_gc.py tests/e2e/test_record.py \
	tests/e2e/test_export.py tests/e2e/test_metrics.py \
	tests/e2e/test_coming_from.py
TESTS += $(E2E)
EXTRA_DIST += $(E2E) tests/e2e/harness.py tests/e2e/heapsnapshot.py \
	tests/e2e/openmetrics.py

# What runs inside stock interpreters is never built with sanitizers, so that a
# build with them has nothing to say about it.
GUEST_TESTS = tests/e2e/test_values.py tests/e2e/test_walk.py
check-host:
	$(MAKE) check TESTS='$(filter-out $(GUEST_TESTS),$(TESTS))'
.PHONY: check-host

# The fuzzer that types, at length; worth most in a build with sanitizers.
TYPED_KEYS = 100000
type: all
	$(MAKE) tests/unit/t_ui
	UI_KEYS=$(TYPED_KEYS) CK_RUN_CASE=typing srcdir='$(abs_top_srcdir)' \
		tests/unit/t_ui

# The same over a program that runs, on a pseudo terminal.
type-live: all
	$(PYTHON3) $(srcdir)/tests/fuzz/type_live.py --objtop ./objtop
EXTRA_DIST += tests/fuzz/type_live.py
.PHONY: type type-live

# A short turn of the fuzzers, in builds that have them (--enable-fuzzing).
FUZZ_SECONDS = 10
fuzz-short: all
if FUZZING
	tests/fuzz/fuzz_dec -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 \
		-print_final_stats=1
else
	@echo "configure with --enable-fuzzing and CC=clang"; exit 1
endif

# Does the release build, install, uninstall and clean up?  The tests
# themselves have run before.
distcheck-short:
	$(MAKE) distcheck TESTS='tests/lint/layers.sh tests/lint/registries.sh'
.PHONY: fuzz-short distcheck-short
