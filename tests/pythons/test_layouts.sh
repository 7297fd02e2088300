#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_layouts.sh - layouts.def against the headers of the cache's CPythons.
set -eu
cd "${srcdir:-.}"
cache=${OBJTOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/objtop}
if [ ! -e "$cache/sid/.complete" ]; then
	echo "no cache of interpreters here: nothing compared"
	exit 0
fi
free_threaded=
[ ! -e "$cache/free-threaded/.complete" ] ||
	free_threaded=$cache/free-threaded
exec sh tests/pythons/check-layouts.sh "$cache/sid/usr/include" \
	$free_threaded
