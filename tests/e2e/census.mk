# SPDX-License-Identifier: MIT
# The census: counted from outside, compared with what the agent counts.
check_PROGRAMS += tests/e2e/censusdrv
tests_e2e_censusdrv_SOURCES = tests/e2e/censusdrv.c
tests_e2e_censusdrv_LDADD = \
	inspector/target/libtarget.la wire/libwire.la base/libbase.la
TESTS += tests/e2e/test_census.py
EXTRA_DIST += tests/e2e/test_census.py
tests/e2e/test_census.log: tests/e2e/censusdrv
