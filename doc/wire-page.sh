#!/bin/sh
# SPDX-License-Identifier: MIT
#
# wire-page.sh SRCDIR - prints objtop-wire(7): doc/objtop-wire.7.in with the
# tables made from the registries of the protocol.
set -eu
cd "$1"

# The doc of a line of a .def: its last string.  A word in backticks is bold.
awk '
function text(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	gsub(/`[^`]*`/, "\\fB&\\fR", s)
	gsub(/`/, "", s)
	return s
}
# f[1..n]: the arguments of MACRO(...) before the string; doc: the string
function arguments(line) {
	match(line, /"[^"]*"/)
	doc = text(substr(line, RSTART + 1, RLENGTH - 2))
	line = substr(line, 1, RSTART - 1)
	sub(/^[A-Z]*\(/, "", line)
	gsub(/[ \t]/, "", line)
	return split(line, f, ",")
}
function table(at, row) { rows[at] = rows[at] row "\n" }

FILENAME ~ /\.def$/ && /^FRAME\(/ {
	arguments($0)
	table("@FRAMES@", f[1] "\t" f[2] "\t" f[3] "\t" f[4] "\tT{\n.na\n" doc "\nT}")
}
FILENAME ~ /\.def$/ && /^RELATION\(/ {
	arguments($0)
	table("@RELATIONS@", relations++ "\t" f[1] "\t" doc)
}
FILENAME ~ /\.def$/ && /^ROOTKIND\(/ {
	arguments($0)
	table("@ROOTKINDS@", roots++ "\t" f[1] "\t" doc)
}
FILENAME ~ /\.def$/ && /^COLUMN\(/ {
	arguments($0)
	table("@COLUMNS@", f[1] "\t" tolower(f[2]) "\tT{\n.na\n" doc "\nT}")
	columns++
}
FILENAME ~ /\.h$/ && /^#define OTW_VERSION[ \t]/ { version = $3 }
FILENAME ~ /\.h$/ && /^#define OTW_SLOTS[ \t]/ { slots = $3 + 0 }

FILENAME ~ /\.in$/ {
	gsub(/@VERSION@/, version)
	gsub(/@SLOTS@/, slots)
	gsub(/@NCOLUMNS@/, columns)
	if (/^@[A-Z]*@$/) {
		if (!($0 in rows)) {
			print "wire-page.sh: nothing for " $0 > "/dev/stderr"
			exit 1
		}
		printf "%s", rows[$0]
	} else {
		print
	}
}
' wire/frames.def wire/relations.def wire/roots.def wire/columns.def \
	wire/wire.h wire/heap.h doc/objtop-wire.7.in
