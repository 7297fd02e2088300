#!/bin/sh
# SPDX-License-Identifier: MIT
#
# layers.sh - who may include whom: the table of ARCHITECTURE.md, enforced.
# A line "room: what it may include" below is all there is to change.
set -u
cd "${srcdir:-.}" || exit 99

rules='
base                base
wire                base wire
runtime             base/compiler.h base/err.h wire runtime
runtime/cpython     base/compiler.h runtime wire/wire.h wire/pauses.h wire/pystats.h
runtime/synth       base wire runtime
graph               base graph wire/wire.h wire/relations.def wire/roots.def
inspector/target    base wire inspector/target
inspector/ui        base inspector/ui
inspector/views     base graph inspector/ui inspector/views
inspector/cmd       base wire graph inspector
inspector/main.c    base inspector/cmd
'
# Files that may see one thing more than their room.
extras='
graph/builder.c     wire/dec.h
graph/builder.h     wire/dec.h
'
# A foreign library has one door.
doors='
curses.h    inspector/ui/screen.c
gvc.h       graph/render_gvc.c
cgraph.h    graph/render_gvc.c
zstd.h      wire/file.c
jansson.h   base/emit_json.c base/json.c
cairo.h     inspector/cmd/record_png.c
sqlite3.h   graph/sql_vtab.c
'

bad=0
complain() { printf '%s\n' "$*"; bad=1; }

allowed_for() {		# the rule of the longest room that matches FILE
	best=
	while read -r room list; do
		[ -n "$room" ] || continue
		case $1 in
		"$room"/*|"$room")
			[ ${#room} -gt ${#best} ] && { best=$room; allow=$list; } ;;
		esac
	done <<-EOF
	$rules
	EOF
	while read -r file list; do
		[ "$file" = "$1" ] && allow="$allow $list"
	done <<-EOF
	$extras
	EOF
	printf '%s' "$allow"
}

files=$(find base wire runtime graph inspector -name '*.[chS]' | sort)
for f in $files; do
	allow=
	allow=$(allowed_for "$f")
	for inc in $(sed -n 's/^#[[:space:]]*include "\([^"]*\)".*/\1/p' "$f"); do
		[ "$inc" = config.h ] && continue
		ok=no
		for a in $allow; do
			case $inc in "$a"|"$a"/*) ok=yes ;; esac
		done
		[ $ok = yes ] || complain "$f includes $inc; its room may see: $allow"
	done
done

while read -r header door; do
	[ -n "$header" ] || continue
	for f in $(grep -lE "^#[[:space:]]*include <([a-z]*/)?n?$header>" $files); do
		case " $door " in *" $f "*) continue ;; esac
		complain "$f includes <$header>; only $door may"
	done
done <<EOF
$doors
EOF

for f in $(find inspector/views inspector/ui -name '*.c'); do
	if grep -nE '\b(fopen|open|socket|read|write|popen|system)\(' "$f" |
	   grep -q . && [ "${f#inspector/views/}" != "$f" ]; then
		complain "$f does I/O; views may not"
	fi
done
exit $bad
