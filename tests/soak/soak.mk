# SPDX-License-Identifier: MIT
# Proof of harmlessness: `make soak N=10000 KILLS=1000 FATES=200`, and a short
# turn of it in `make check`.
N = 288
KILLS = 48
FATES = 5
soak: all
	OBJTOP='$(abs_top_builddir)/objtop' PYTHONDONTWRITEBYTECODE=1 \
		$(PYTHON3) $(srcdir)/tests/soak/soak.py -n $(N) \
		--kill $(KILLS) --fates $(FATES)

# CPython's own tests while objtop looks at them (python3.11 -m test).
soak-testsuite: all
	OBJTOP='$(abs_top_builddir)/objtop' \
		$(SHELL) $(srcdir)/tests/soak/testsuite.sh
.PHONY: soak soak-testsuite
TESTS += tests/soak/test_soak.py
EXTRA_DIST += tests/soak/soak.py tests/soak/program.py tests/soak/fates.py \
	tests/soak/test_soak.py tests/soak/testsuite.sh
