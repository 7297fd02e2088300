#!/bin/sh
# SPDX-License-Identifier: MIT
#
# style.sh - what can be checked of doc/style: a licence line in every file,
# no file beyond 800 lines, no unfinished marks, no banned calls, headers that
# compile alone.
set -u
cd "${srcdir:-.}" || exit 99
bad=0
complain() { printf '%s\n' "$*"; bad=1; }

sources=$(find base wire runtime graph inspector tests bench doc \
	\( -name '*.[chS]' -o -name '*.sh' -o -name '*.py' -o -name '*.def' \
	-o -name '*.mk' \) | sort)
for f in $sources configure.ac Makefile.am autogen.sh; do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: MIT' ||
		complain "$f: no SPDX line"
done
for f in $sources; do
	n=$(wc -l <"$f")
	[ "$n" -le 800 ] || complain "$f: $n lines; split it"
done
mark='TO''DO|FIX''ME|XX''X|HA''CK|not impl''emented'
# shellcheck disable=SC2086
grep -nE "\b($mark)\b" $sources && complain "unfinished marks"
# shellcheck disable=SC2086
grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\(' \
	$(printf "%s\n" $sources | grep "\.[ch]$" | grep -v "^tests/") && complain "banned calls"
# The guest neither exits nor prints.
grep -nE '\b(exit|abort|printf|fprintf|malloc|free|setlocale|signal)\(' \
	runtime/*.c runtime/cpython/*.c && complain "calls not for a guest"

for h in $(find base wire runtime graph inspector -name '*.h'); do
	printf '#include "%s"\nextern int t;\n' "$h" |
	${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -I. \
		-fsyntax-only -x c - || complain "$h does not compile alone"
done
exit $bad
