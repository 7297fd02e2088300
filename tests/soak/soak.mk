# SPDX-License-Identifier: MIT
# Proof of harmlessness: `make soak N=10000 KILLS=1000 FATES=200`.
N = 276
KILLS = 46
FATES = 5
soak: all
	OBJTOP='$(abs_top_builddir)/objtop' PYTHONDONTWRITEBYTECODE=1 \
		$(PYTHON3) $(srcdir)/tests/soak/soak.py -n $(N) \
		--kill $(KILLS) --fates $(FATES)
.PHONY: soak
EXTRA_DIST += tests/soak/soak.py tests/soak/program.py tests/soak/fates.py \
	tests/soak/testsuite.sh
