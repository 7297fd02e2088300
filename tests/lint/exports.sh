#!/bin/sh
# SPDX-License-Identifier: MIT
#
# exports.sh - what the agent gives to the process it is loaded into, and what
# it takes from it: two names out and _exit (agent.c), a weak dlsym in (and the stack protector's
# where a distribution insists), no library, no thread-local storage, no code
# that must be writable.

agent=${AGENT:-runtime/objtop-agent.so}
bad=0

complain() {
	echo "exports.sh: $*" >&2
	bad=1
}

[ -f "$agent" ] || { echo "exports.sh: no $agent" >&2; exit 1; }
nm=${NM:-nm}
for tool in $nm readelf; do
	command -v $tool >/dev/null || { echo "no $tool"; exit 77; }
done

out=$($nm -D --defined-only "$agent" | awk '{ print $NF }' | LC_ALL=C sort | tr '\n' ' ')
[ "$out" = "PyInit_objtop_agent _exit objtop_agent_boot objtop_agent_start " ] ||
	complain "it exports: $out"

for name in $($nm -D --undefined-only "$agent" | awk '{ print $1 ":" $2 }'); do
	case $name in
	w:dlsym | U:__stack_chk_fail) ;;
	*) complain "it wants $name" ;;
	esac
done

dynamic=$(readelf -dW "$agent")
case $dynamic in
*'(NEEDED)'*) complain "it needs a library" ;;
esac
case $dynamic in
*'(TEXTREL)'*) complain "its code is relocated" ;;
esac
case $dynamic in
*VERNEED*) complain "it wants a version of a symbol" ;;
esac
segments=$(readelf -lW "$agent")
case $segments in
*' TLS '*) complain "it has thread-local storage" ;;
esac
echo "$segments" | grep -q 'GNU_STACK.* RWE' &&
	complain "it wants an executable stack"
echo "$segments" | grep -q 'LOAD.* RWE' && complain "it has writable code"

exit $bad
