#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check-layouts.sh DIR [FREE-THREADED] - layouts.def against the headers in
# DIR/python3.N of CPython 3.14 and later, and those of a source tree in which a
# free-threaded 3.13 was built; compiled with $CC from the top of our own.
set -eu
dir=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
status=0

compare() {
	${CC:-cc} -w -I. "$@" -o "$tmp/layouts" \
		tests/pythons/layouts.c runtime/cpython/layout.c
	"$tmp/layouts" || status=1
}

for headers in "$dir"/python3.1[4-9]; do
	[ -e "$headers/Python.h" ] || continue
	# Debian's pyconfig.h includes <ARCH/python3.N/pyconfig.h>; the C
	# library's headers beside it are of another version than ours.
	rm -rf "$tmp/include"
	mkdir "$tmp/include"
	for arch in "$dir"/*-linux-gnu; do
		[ -d "$arch/${headers##*/}" ] || continue
		mkdir "$tmp/include/${arch##*/}"
		ln -s "$arch/${headers##*/}" "$tmp/include/${arch##*/}/"
	done
	compare -I"$headers" -I"$headers/internal" -I"$tmp/include"
done
if [ -n "${2-}" ]; then
	compare -I"$2" -I"$2/Include" -I"$2/Include/internal" \
		-I"$2/Include/internal/mimalloc"
fi
exit $status
