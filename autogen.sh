#!/bin/sh
# SPDX-License-Identifier: MIT
#
# autogen.sh          makes ./configure (for a git checkout)
# autogen.sh demo     everything at once: installs what is missing, builds,
#                     starts a leaking service and opens objtop on it
# autogen.sh check    the same set-up, then all tests
# autogen.sh build    the same set-up, then only the build
#
# Builds in ./build; changes nothing else.  What is installed comes from the
# system's package manager, and is named first.
set -eu
cd "$(dirname "$0")"

build_packages="gcc make autoconf automake libtool pkg-config
	libncurses-dev libgraphviz-dev libzstd-dev libjansson-dev libsqlite3-dev
	libcairo2-dev"
demo_packages="python3"
test_packages="check xz-utils python3 python3-objgraph python3-networkx python3-numpy
	tmux graphviz
	libxml2-utils binutils musl-tools clang libclang-rt-dev man-db uwsgi-core
	uwsgi-plugin-python3 gunicorn python3-greenlet python3-gevent
	libjemalloc2 libtcmalloc-minimal4 pypy3
	gcc-aarch64-linux-gnu qemu-user-static debootstrap libffi-dev"

say() { printf '%s\n' "$*" >&2; }
die() { say "autogen.sh: $*"; exit 1; }

missing_packages() {
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
			grep -q 'ok installed' || printf '%s ' "$p"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null 2>&1; then sudo "$@"
	else die "not root and no sudo; as root: $*"
	fi
}

# need "LIST": installs what is missing of the packages, saying so first.
need() {
	command -v dpkg-query >/dev/null 2>&1 || {
		say "no dpkg here: please see to it that these are installed: $1"
		return 0
	}
	# shellcheck disable=SC2086
	lacking=$(missing_packages $1)
	[ -n "$lacking" ] || return 0
	say "installing with apt-get: $lacking"
	as_root apt-get update -qq || say "apt-get update failed; going on"
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends $lacking \
		>/dev/null || die "apt-get could not install: $lacking"
}

bootstrap() {
	command -v autoreconf >/dev/null 2>&1 ||
		die "autoreconf not found; on Debian: apt-get install autoconf automake libtool pkg-config"
	mkdir -p build-aux/m4
	if [ ! -x configure ] || newer configure; then
		autoreconf -fi >build-aux/autoreconf.log 2>&1 || {
			cat build-aux/autoreconf.log >&2
			die "autoreconf failed"
		}
	fi
}

# Is any input of the build newer than FILE?
newer() {
	[ -n "$(find . -path ./build -prune -o \( -name '*.mk' -o \
		-name configure.ac -o -name Makefile.am \) -newer "$1" -print)" ]
}

# configure_in DIR ARGS...: configured once, and again when the ARGS change
configure_in() {
	dir=$1; shift
	mkdir -p "$dir"
	if [ ! -f "$dir/Makefile" ] || newer "$dir/config.status" ||
	   [ "$(cat "$dir/.configured" 2>/dev/null)" != "$*" ]; then
		(cd "$dir" && "$OLDPWD/configure" --quiet "$@") ||
			die "configure failed; see $dir/config.log"
		printf '%s\n' "$*" >"$dir/.configured"
	fi
}

jobs=$(nproc 2>/dev/null || echo 2)

build() {
	bootstrap
	configure_in build/plain --enable-silent-rules
	say "building ..."
	make -s -C build/plain -j"$jobs" >/dev/null || die "the build failed"
}

case ${1-} in
"")
	bootstrap
	say "now: ./configure && make && make install"
	;;
build)
	need "$build_packages"
	build
	say "built: build/plain/objtop"
	;;
demo)
	need "$build_packages $demo_packages"
	build
	exec build/plain/objtop demo
	;;
check)
	need "$build_packages $demo_packages $test_packages"
	bootstrap
	exec tests/run-all.sh
	;;
*)
	die "usage: ./autogen.sh [demo | check | build]"
	;;
esac
