#!/bin/sh
# SPDX-License-Identifier: MIT
#
# aarch64.sh DIR - objtop for aarch64, built by Debian's cross compiler in DIR,
# and those of its tests run that need no other process: the emulator
# (qemu-user) has no ptrace.  A real aarch64 CPython walks its own heap.
#
# The libraries come as Debian packages, unpacked into DIR/sysroot by an apt of
# its own: nothing is installed, and the system's list of architectures is left
# alone.  Exit status 77 with a reason where something is missing.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "${1:?usage: aarch64.sh DIR}"
dir=$(cd "$1" && pwd)
sysroot=$dir/sysroot
triple=aarch64-linux-gnu
jobs=$(nproc 2>/dev/null || echo 2)
packages="libc6-dev libncurses-dev libgraphviz-dev libzstd-dev libjansson-dev
	libsqlite3-dev libcairo2-dev
	check libgcc-12-dev python3.11-minimal libpython3.11-stdlib
	libpython3.11"

skip() { printf 'aarch64.sh: skipped: %s\n' "$*" >&2; exit 77; }

for tool in $triple-gcc qemu-aarch64-static dpkg-deb apt-get; do
	command -v $tool >/dev/null 2>&1 || skip "$tool is missing"
done

# ---- libraries ----

# An apt that knows nothing of this system's packages.
foreign() {
	command=$1; shift
	"$command" -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
		-o APT::Install-Recommends=false \
		-o APT::Sandbox::User=root \
		-o Dir::State="$dir/apt/state" \
		-o Dir::State::status="$dir/apt/status" \
		-o Dir::Cache="$dir/apt/cache" \
		-o Dir::Etc::sourcelist="$dir/apt/sources.list" \
		-o Dir::Etc::sourceparts=- "$@"
}

make_sysroot() {
	rm -rf "$dir/apt" "$sysroot"
	mkdir -p "$dir/apt/state/lists/partial" \
		"$dir/apt/cache/archives/partial" "$sysroot"
	: >"$dir/apt/status"
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	apt-get indextargets --format \
		"deb [signed-by=$keys] \$(REPO_URI) \$(CODENAME) \$(COMPONENT)" \
		'Identifier: Packages' 'Origin: Debian' | sort -u \
		>"$dir/apt/sources.list"
	[ -s "$dir/apt/sources.list" ] || skip "apt has no list of Debian's"
	foreign apt-get update || skip "no list of arm64 packages"
	# shellcheck disable=SC2086
	foreign apt-get install --download-only -y $packages ||
		skip "Debian's arm64 packages cannot be had"
	for deb in "$dir"/apt/cache/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$sysroot" \
			--exclude='./usr/share/[!p]*' --exclude=./usr/share/perl*
	done
	# Links that lead to the root are to lead to this one.
	find "$sysroot" -type l -lname '/*' | while read -r link; do
		ln -snf "$sysroot$(readlink "$link")" "$link"
	done
	rm -rf "$dir/apt/cache"
	touch "$sysroot/.complete"
}

[ -e "$sysroot/.complete" ] || make_sysroot

# ---- build ----

cd "$dir"
lib=$sysroot/usr/lib/$triple
export PKG_CONFIG_LIBDIR="$lib/pkgconfig:$sysroot/usr/share/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$sysroot"
export PKG_CONFIG_PATH=
if [ ! -f Makefile ] || [ "$top/configure" -nt Makefile ]; then
	"$top/configure" --quiet --host=$triple --enable-werror \
		CC="$triple-gcc --sysroot=$sysroot" CFLAGS="-O2 -g" \
		LDFLAGS="-Wl,-rpath-link,$lib -Wl,-rpath-link,$sysroot/lib/$triple -L$lib"
	make -s clean >/dev/null
fi
make -s -j"$jobs" >/dev/null
make -s -j"$jobs" check TESTS= >/dev/null

# ---- tests ----

bad=0
export srcdir="$top" builddir="$dir" OBJTOP="$dir/objtop"
export OBJTOP_EMULATED=1 CK_DEFAULT_TIMEOUT=60

# emulated NAME COMMAND...: one line
emulated() {
	name=$1; shift
	if timeout 300 "$@" >"$dir/$name.log" 2>&1; then
		echo "ok      $name"
	else
		echo "FAILED  $name, see $dir/$name.log"
		tail -n 20 "$dir/$name.log" | sed 's/^/        /'
		bad=1
	fi
}

run="qemu-aarch64-static -L $sysroot"
[ -e "$lib/graphviz/config6a" ] ||
	GVBINDIR="$lib/graphviz" \
		$run "$sysroot/usr/sbin/libgvc6-config-update" -c ||
	skip "libgvc's plugins cannot be set up"
AGENT=runtime/objtop-agent.so NM=$triple-nm \
	emulated exports sh "$top/tests/lint/exports.sh"
for room in base wire graph cmd ui; do
	emulated "t_$room" $run "tests/unit/t_$room"
done
# What needs neither ptrace nor a clone with its files shared.
for part in runtime:sink target:proc target:elf target:regs \
	target:session; do
	CK_RUN_CASE=${part#*:} emulated "t_${part%:*}_${part#*:}" \
		$run "tests/unit/t_${part%:*}"
done

# The heap of a real CPython, against what it says of itself.
cat >python3.11 <<EOF
#!/bin/sh
PYTHONHOME=$sysroot/usr exec $run -E LD_LIBRARY_PATH=$lib \\
	$sysroot/usr/bin/python3.11 "\$@"
EOF
chmod +x python3.11
OBJTOP_PYTHONS="$dir/python3.11" OBJTOP_WALKDUMP="$dir/tests/e2e/walkdump.so" \
	emulated test_walk "${PYTHON3:-python3}" "$top/tests/e2e/test_walk.py"
exit $bad
