#!/bin/sh
# SPDX-License-Identifier: MIT
#
# registries.sh - one seam, one file, one line: every cmd_*.c, an_*.c, v_*.c
# and at_*.c has its line in its .def, and every line its file.
set -u
cd "${srcdir:-.}" || exit 99
bad=0
complain() { printf '%s\n' "$*"; bad=1; }

names() { sed -n "s/^$2(\([a-z0-9_]*\),.*/\1/p" "$1"; }

# check DIR PREFIX DEF MACRO "names served elsewhere" "files that are helpers"
check() {
	for n in $(names "$3" "$4"); do
		[ -f "$1/$2$n.c" ] && continue
		case " $5 " in *" $n "*) ;; *)
			complain "$3 names $n, but there is no $1/$2$n.c" ;; esac
	done
	for f in "$1/$2"*.c; do
		n=${f##*/"$2"}; n=${n%.c}
		case " $(names "$3" "$4" | tr '\n' ' ') $6 " in *" $n "*) ;; *)
			complain "$f has no line in $3" ;; esac
	done
}

check graph an_ graph/analyses.def ANALYSIS "backrefs" "util"
check graph ex_ graph/formats.def FORMAT "" ""
check inspector/cmd cmd_ inspector/cmd/commands.def COMMAND \
	"$(names graph/analyses.def ANALYSIS | tr '\n' ' ')" \
	"common analysis out print ui"
check inspector/views v_ inspector/views/views.def VIEW "" ""
check inspector/target at_ inspector/target/attachers.def ATTACHER "" ""

# Every analysis is a command.
for n in $(names graph/analyses.def ANALYSIS); do
	names inspector/cmd/commands.def COMMAND | grep -qx "$n" ||
		complain "analysis $n is no command"
done

# Every source is built: a file no .mk names would rot.
for f in $(find base wire runtime graph inspector tests/unit -name '*.c' -o \
		-name '*.S' | sort); do
	grep -rqF -e "$f" -e "%D%/${f##*/}" -e "${f##*/}" --include='*.mk' . ||
		complain "$f is in no .mk file"
done
exit $bad
