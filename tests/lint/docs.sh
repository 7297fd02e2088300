#!/bin/sh
# SPDX-License-Identifier: MIT
#
# docs.sh - the manual tells of every command, option, key and frame there is.
set -u
cd "${srcdir:-.}" || exit 99
bad=0
complain() { printf '%s\n' "$*"; bad=1; }
man=doc/objtop.1

for c in $(sed -n 's/^COMMAND(\([a-z]*\),.*/\1/p' inspector/cmd/commands.def); do
	grep -qE "^\.B[RI]? $c( |\$)" "$man" ||
		complain "$man does not tell of the command $c"
done
for o in $(sed -n 's/^OPTION([a-z_]*, *"\([a-z-]*\)".*/\1/p' \
		inspector/cmd/options.def); do
	grep -qF -e "\\-\\-$(printf %s "$o" | sed 's/-/\\-/g')" "$man" ||
		complain "$man does not tell of --$o"
done
[ -n "$(sed -n 's/^OPTION(.*/x/p' inspector/cmd/options.def)" ] ||
	complain "options.def has no OPTION lines"
# ACTION(NAME, "keys", ...): the manual has a line ".B keys" for each
while read -r keys; do
	grep -qxF -e ".B $(printf %s "$keys" | sed 's/\\/\\e/g; s/-/\\-/g')" "$man" ||
		complain "$man does not tell of the keys $keys"
done <<EOF
$(sed -n 's/^ACTION([a-zA-Z_0-9]*, *"\([^"]*\)".*/\1/p' inspector/ui/actions.def)
EOF
for v in $(sed -n 's/^COMMAND(\([a-z]*\),.*/\1/p' inspector/cmd/commands.def); do
	grep -q "objtop $v\|\`$v\`" README.md || complain "README does not name $v"
done
for p in $(sed -n 's/^OT_NEED(.*, \[\(lib[a-z0-9-]*\)\])/\1/p' configure.ac); do
	grep -qF "$p" README.md || complain "README does not name the package $p"
done
# The protocol's page: its tables are made, its prose is not.
for f in $(sed -n 's/^FRAME(\([A-Z]*\),.*/\1/p' wire/frames.def); do
	grep -qx "\.SS $f" doc/objtop-wire.7.in ||
		complain "doc/objtop-wire.7.in does not tell the payload of $f"
	sh doc/wire-page.sh . | grep -q "^$f	" ||
		complain "objtop-wire(7) has no line for $f"
done
# Screens in the README are those that the tests compare; runs of empty lines
# are one there.
for s in $(sed -n 's/^<!-- screen \([a-z0-9-]*\) -->$/\1/p' README.md); do
	want=$(cat -s "tests/screens/$s.txt") || want=missing
	is=$(sed -n "/^<!-- screen $s -->\$/,/^\`\`\`\$/p" README.md |
		sed '1,2d;$d')
	[ "$is" = "$want" ] ||
		complain "README.md shows another screen than tests/screens/$s.txt"
done
grep -q '^<!-- screen ' README.md || complain "README.md shows no screen"
for room in base wire runtime graph inspector/target inspector/ui \
	inspector/views inspector/cmd tests doc; do
	grep -qF "$room/" ARCHITECTURE.md ||
		complain "ARCHITECTURE.md does not visit $room/"
done
exit $bad
