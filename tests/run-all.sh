#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run-all.sh - everything that must hold, in the order in which a failure is
# cheapest: gcc build and tests, the same under ASan and UBSan, clang build,
# aarch64 under an emulator, distcheck.  Called by ./autogen.sh check; ends with
# "N passed, N failed".
#
# Where CI is set, a test that skips itself counts as failed.
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
jobs=$(nproc 2>/dev/null || echo 2)
failed_steps=0

say() { printf '\n== %s\n' "$*"; }

# step NAME DIR COMMAND...: one line, and the end of the log where it fails.
# DIR is a build whose tests the step runs, or "".
step() {
	name=$1 dir=$2
	shift 2
	start=$(date +%s)
	log=build/$(printf %s "$name" | tr ' /' '__').log
	if "$@" >"$log" 2>&1; then
		printf '%-44s ok    %4d s\n' "$name" $(($(date +%s) - start))
	else
		printf '%-44s FAILED %3d s, see %s\n' "$name" \
			$(($(date +%s) - start)) "$log"
		tail -n 40 "$log" | sed 's/^/    /'
		counted_below "$dir" || failed_steps=$((failed_steps + 1))
	fi
}

# Tests that failed in DIR are counted one by one at the end.
counted_below() {
	[ -n "$1" ] && find "$1" -name '*.trs' -exec \
		grep -lE '^:test-result: (FAIL|ERROR)' {} + | grep -q .
}

configured() {
	where=$1; shift
	mkdir -p "$where"
	(cd "$where" && "$top/configure" --quiet "$@")
}

# As root, a debugger-proof leak check is possible; without, it is not.
export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0"
export LSAN_OPTIONS="suppressions=$top/tests/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"

mkdir -p build
say "interpreters that the system does not have"
sh tests/pythons/make-cache.sh || echo "going on without them"

say "gcc"
step "configure gcc" "" configured build/plain --enable-werror CC=gcc
step "build gcc" "" make -s -C build/plain -j"$jobs"
step "tests gcc" build/plain make -s -C build/plain check -k VERBOSE=1

say "gcc, ASan and UBSan"
step "configure sanitizers" "" configured build/asan --enable-werror \
	--enable-sanitizers CC=gcc CFLAGS="-O1 -g"
step "build sanitizers" "" make -s -C build/asan -j"$jobs"
step "tests sanitizers" build/asan make -s -C build/asan check-host -k VERBOSE=1

if command -v clang >/dev/null 2>&1; then
	say "clang"
	step "configure clang" "" configured build/clang --enable-werror \
		--enable-fuzzing CC=clang CFLAGS="-O1 -g"
	step "build clang" "" make -s -C build/clang -j"$jobs"
	step "fuzz, ten seconds" "" make -s -C build/clang fuzz-short
fi

if command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 &&
   command -v qemu-aarch64-static >/dev/null 2>&1; then
	say "aarch64, cross-built and emulated"
	step "aarch64" "" sh -c "tests/cross/aarch64.sh build/aarch64 ||
		{ rc=\$?; [ \$rc = 77 ] && [ -z '${CI-}' ]; }"
fi

say "release"
step "distcheck" "" make -s -C build/plain distcheck-short

say "summary"
sh tests/summary.sh "$failed_steps" build/plain build/asan
