#!/bin/sh
# SPDX-License-Identifier: MIT
# CPython's own tests while objtop looks at them: testsuite.sh [MODULE...]
#
# Each module runs in a process of its own, once alone and once while objtop
# gets into it and its children, takes a snapshot and leaves, three times a
# second.  What fails only with objtop is run twice more each way: a module
# that fails with objtop again and never without is objtop's doing, and the
# exit code is 1 then.
#
#	PYTHON	an interpreter with its test package (Debian:
#		libpython3.11-testsuite); /usr/bin/python3.11
#	OBJTOP	the program; ./objtop
#	OUT	a directory for the logs; testsuite.out
PYTHON=${PYTHON:-/usr/bin/python3.11}
OBJTOP=${OBJTOP:-./objtop}
OUT=${OUT:-testsuite.out}
LIMIT=${LIMIT:-240}		# seconds a module may take
EVERY=${EVERY:-0.3}		# seconds between two looks

MODULES="abc argparse array asyncgen ast atexit asyncio binascii bisect
bool buffer builtin bytes bz2 call capi class cmath code codecs collections
compile complex concurrent_futures context contextlib copy copyreg coroutines
csv ctypes dataclasses datetime decimal deque descr dict dictviews
dynamic enum enumerate epoll exception_group except_star
exceptions faulthandler fileio float fork1 format fractions frame
frozen fstring funcattrs functools gc generators genericpath getpass glob
grammar gzip hash hashlib heapq importlib inspect int io iter itertools
json list logging long lzma mailbox marshal math memoryio
memoryview mmap mimetypes multiprocessing_fork multiprocessing_spawn
multiprocessing_forkserver named_expressions numeric_tower operator
ordered_dict os patma pickle pickletools platform plistlib poll popen
posix posixpath pprint pty pulldom queue random range re regrtest
repl resource richcmp runpy sched select selectors set shelve shutil signal
slice socket socketserver sort sqlite3 ssl stat statistics string struct
structseq subprocess super sys sys_setprofile sys_settrace sysconfig
tarfile tempfile textwrap thread threadedtempfile threading
threading_local threadsignals time timeout traceback tracemalloc tuple
types typing unicode unittest urlparse userdict userlist uuid venv wait3
wait4 warnings weakref weakset with xml_etree zipfile zlib"

# Where objtop is sent: the test's process and all below it.
below() {
	echo "$1"
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		below "$child"
	done
}

# visit PID LOG, until PID is gone
visit() {
	while kill -0 "$1" 2>/dev/null; do
		for pid in $(below "$1"); do
			if timeout 20 "$OBJTOP" types "$pid" --timeout 5s \
			    >/dev/null 2>"$2.said"; then
				echo visited >>"$2"
			else
				sed "s/[0-9][0-9]*/N/g" "$2.said" >>"$2"
			fi
		done
		sleep "$EVERY"
	done
}

# one MODULE alone|with: 0 passed, 1 failed, 2 no such thing here
one() {
	log=$OUT/$1.$2
	rm -f "$log" "$log.visits"
	mkdir -p "$log.tmp"
	timeout "$LIMIT" "$PYTHON" -m test --tempdir "$log.tmp" "test_$1" \
		>"$log" 2>&1 </dev/null &
	run=$!
	if [ "$2" = with ]; then
		visit "$run" "$log.visits" &
		visitor=$!
		wait "$run"
		code=$?
		wait "$visitor"
	else
		wait "$run"
		code=$?
	fi
	rm -rf "$log.tmp"
	case $code in
	0) return 0 ;;
	4) return 2 ;;		# no test ran
	esac
	grep -q "No module named\|skipped" "$log" &&
		! grep -q "FAIL\|Traceback (most" "$log" && return 2
	return 1
}

"$PYTHON" -c 'import test.test_gc' 2>/dev/null || {
	echo "$PYTHON has no test package: apt-get install" \
		"libpython3.11-testsuite"
	exit 77
}
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
[ $# -gt 0 ] && MODULES="$*"
ran=0 bad=0 visits=0 both="" only="" fixed="" harmed=""
for m in $MODULES; do
	one "$m" alone; alone=$?
	[ $alone = 2 ] && continue
	one "$m" with; with=$?
	ran=$((ran + 1))
	n=$(grep -c visited "$OUT/$m.with.visits" 2>/dev/null)
	visits=$((visits + ${n:-0}))
	echo "$m: alone $alone, with objtop $with (${n:-0} visits)"
	case $alone$with in
	11) both="$both $m" ;;
	10) only="$only $m" ;;
	01)
		again=0 plain=0
		for _ in 1 2; do
			one "$m" with || again=$((again + 1))
			cp "$OUT/$m.with" "$OUT/$m.again"
			one "$m" alone || plain=$((plain + 1))
		done
		echo "$m: again: $again of 2 failed with, $plain of 2 alone"
		if [ $again -gt 0 ] && [ $plain = 0 ]; then
			harmed="$harmed $m"
		else
			fixed="$fixed $m"
		fi ;;
	esac
done
echo "$ran modules, $visits visits"
echo "fail either way:${both:- none}"
echo "failed only without objtop:${only:- none}"
echo "failed once with objtop, not again, or without it too:${fixed:- none}"
echo "FAIL BECAUSE OF OBJTOP:${harmed:- none}"
[ -z "$harmed" ]
