#!/bin/sh
# SPDX-License-Identifier: MIT
#
# in-root.sh - runs the program that it is named after in the cache's Debian.
#
# make-cache.sh puts it there as bin/python3.N.  The program gets a mount
# namespace of its own: what it needs of the outside (/proc, /dev, /tmp, the
# sources, the build, where it was started) is bound to the same path inside,
# and goes with it.  Each step is an exec, so the PID is the program's own.
set -eu
name=${0##*/}
root=$(cd "$(dirname "$0")/.." && pwd -P)/sid
if [ "${1-}" != --inside ]; then
	exec unshare --mount -- "$0" --inside "$@"
fi
shift
for dir in /proc /dev /tmp "${TMPDIR-}" "${srcdir-}" "${builddir-}" "$PWD"; do
	case $dir in
	/tmp | /proc | /dev) ;;
	/ | /tmp/* | /proc/* | /dev/* | [!/]* | "") continue ;;
	esac
	mkdir -p "$root$dir"
	mount --rbind "$dir" "$root$dir"
done
exec chroot "$root" env -C "$PWD" "$name" "$@"
