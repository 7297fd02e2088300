# SPDX-License-Identifier: MIT
# Measurements; never part of a test, never failing a build.
EXTRA_PROGRAMS = bench/load
bench_load_SOURCES = bench/load.c
bench_load_LDADD = graph/libgraph.la inspector/target/libtarget.la \
	wire/libwire.la base/libbase.la
EXTRA_DIST += bench/bench.py bench/census.py bench/disturb.py bench/heap.py \
	bench/cockpit.py bench/keys.py \
	bench/reference.c bench/rows.py bench/target.py bench/README.md
CLEANFILES += bench/load bench/reference.so

bench/reference.so: bench/reference.c
	$(AM_V_at)$(MKDIR_P) bench
	$(AM_V_CCLD)$(CC) $(DEFS) -I. $(CPPFLAGS) -std=c11 -O2 -fPIC \
		-shared -o $@ $<

# make bench SIZE=1 N=3 ROWS="held loaded": millions of objects, rounds, rows
bench: all
	-@$(MAKE) $(AM_MAKEFLAGS) bench/load bench/reference.so && \
		$(PYTHON3) $(srcdir)/bench/bench.py --build . \
			$${SIZE:+--millions=$$SIZE} $${N:+--rounds=$$N} $$ROWS
	-@$(PYTHON3) $(srcdir)/bench/keys.py --objtop ./objtop \
		$${SIZE:+--millions=$$SIZE}
.PHONY: bench
