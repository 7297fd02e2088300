# SPDX-License-Identifier: MIT
EXTRA_DIST += bench/census.py bench/disturb.py

# Measurements; never part of a test, never failing a build.
bench: all
	-$(PYTHON3) $(srcdir)/bench/disturb.py --objtop ./objtop
.PHONY: bench
