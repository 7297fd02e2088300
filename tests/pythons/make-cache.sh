#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make-cache.sh [--without-free-threaded] - interpreters that the system does
# not have, for the tests: CPython 3.14 and 3.15 from Debian sid, unpacked with
# debootstrap, and a free-threaded 3.13 built from Debian's source (two minutes
# of processor time).  All of it is in $OBJTOP_CACHE (~/.cache/objtop), 800 MB,
# and is there to stay; bin/python3.N start them.  What exists is kept: remove
# the directory to make it anew.
#
# Exits with 77 and the reason where something cannot be made: it needs root
# (for chroot), debootstrap and the network, and for the build what autogen.sh
# lists.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${OBJTOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/objtop}
mirror=${OBJTOP_MIRROR-}	# empty: debootstrap's own
minutes=8
versions="3.14 3.15"

say() { printf 'make-cache.sh: %s\n' "$*" >&2; }
cannot() { say "no interpreters made: $*"; exit 77; }

# What debootstrap was killed in the middle of may have /proc mounted.
sweep() {
	umount -l "$1/proc" "$1/sys" 2>/dev/null || :
	rm -rf --one-file-system "$1"
}

make_root() {
	[ ! -e "$cache/sid/.complete" ] || return 0
	[ "$(id -u)" = 0 ] || cannot "chroot needs root"
	command -v debootstrap >/dev/null ||
		cannot "debootstrap is not installed"
	command -v unshare >/dev/null || cannot "unshare is not installed"
	packages=
	for v in $versions; do
		packages=$packages${packages:+,}python$v,libpython$v-dev
	done
	sweep "$cache/sid.new"
	sweep "$cache/sid"
	say "unpacking Debian sid with $packages in $cache, about a minute"
	# shellcheck disable=SC2086
	if ! timeout -k 10 ${minutes}m debootstrap --variant=minbase \
	     --include="$packages" sid "$cache/sid.new" $mirror \
	     >"$cache/debootstrap.log" 2>&1; then
		tail -n 3 "$cache/debootstrap.log" >&2
		sweep "$cache/sid.new"
		cannot "debootstrap failed, see $cache/debootstrap.log"
	fi
	# Sid's index on a mirror or in a frozen archive may be old.
	echo 'Acquire::Check-Valid-Until "false";' \
		>"$cache/sid.new/etc/apt/apt.conf.d/90objtop"
	rm -f "$cache"/sid.new/var/cache/apt/archives/*.deb
	: >"$cache/sid.new/.complete"
	mv "$cache/sid.new" "$cache/sid"
}

# It runs in its build directory.  An older cache has it without modules.
make_free_threaded() {
	dir=$cache/free-threaded
	[ ! -e "$dir/.complete" ] || ! "$dir/python" -c "import ctypes" ||
		return 0
	for tool in gcc make tar xz; do
		command -v $tool >/dev/null || cannot "$tool is not installed"
	done
	echo '#include <ffi.h>' | gcc -E - >/dev/null 2>&1 ||
		cannot "libffi-dev is not installed"
	say "building a free-threaded 3.13, some minutes"
	rm -rf "$dir"
	mkdir -p "$cache/sid/tmp/source" "$dir"
	cp /etc/resolv.conf "$cache/sid/etc/"
	from=${mirror:-$(sed -n 's/^deb \([^ ]*\).*/\1/p' \
		"$cache/sid/etc/apt/sources.list" | head -n 1)}
	echo "deb-src $from trixie main" \
		>"$cache/sid/etc/apt/sources.list.d/source.list"
	chroot "$cache/sid" sh -c 'apt-get update -qq && cd /tmp/source &&
		apt-get source -qq --download-only python3.13/trixie' \
		>"$dir/log" 2>&1 || cannot "no source, see $dir/log"
	tar xf "$cache"/sid/tmp/source/python3.13_*.orig.tar.xz -C "$dir" \
		--strip-components=1
	rm -rf "$cache/sid/tmp/source"
	(cd "$dir" && ./configure -q --disable-gil --without-ensurepip \
		OPT="-O1 -DNDEBUG" &&
	 make -s -j"$(nproc)" python pybuilddir.txt sharedmods &&
	 ./python -c "import ctypes") >>"$dir/log" 2>&1 ||
		cannot "the build failed, see $dir/log"
	: >"$dir/.complete"
}

free_threaded=yes
case ${1-} in
"") ;;
--without-free-threaded) free_threaded=no ;;
*) say "usage: make-cache.sh [--without-free-threaded]"; exit 2 ;;
esac

mkdir -p "$cache/bin"
# One at a time; the others find it made.
exec 9>"$cache/lock"
flock -w 600 9 || cannot "another make-cache.sh holds $cache/lock"
make_root
for v in $versions; do
	cmp -s "$here/in-root.sh" "$cache/bin/python$v" || {
		cp "$here/in-root.sh" "$cache/bin/.new"	# may be running
		mv "$cache/bin/.new" "$cache/bin/python$v"
	}
done
if [ $free_threaded = yes ]; then
	make_free_threaded
	ln -sfn ../free-threaded/python "$cache/bin/python3.13t"
fi
