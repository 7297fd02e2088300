# SPDX-License-Identifier: MIT
"""objtop show --repr: the program's own code runs, but not in the program.

Each case is a repr that a program might have; the answer, or the one line that
says why there is none, is compared, and the program afterwards with what it was
before: its state, threads, descriptors, children and memory shared with others.
"""

import os
import subprocess
import sys
import tempfile
import unittest

from harness import (FREE_THREADED, INTERPRETERS, Target, main, objtop,
                     objtop_json)

DEBIANS = "/usr/bin/python3"
LATE = "its repr gave no answer in 200 ms"

SOURCE = r"""
import ctypes, gc, json, mmap, os, socket, sys, threading, time

class Base:
    pass

class Plain(Base):
    def __repr__(self): return "Plain<\u20ac \x1b[31m %d>" % id(self)
    def __sizeof__(self): return 4321
class Loops(Base):
    def __repr__(self):
        while True: pass
class Recurses(Base):
    def __repr__(self): return repr(self)
class Raises(Base):
    def __repr__(self): raise Odd("text")
class Odd(Exception):
    def __repr__(self): raise self
class Crashes(Base):
    def __repr__(self): return ctypes.string_at(0)
class Kills(Base):
    def __repr__(self): os.kill(os.getppid(), 9)
class Kills_target(Base):
    def __repr__(self): os.kill(pid, 9)
class Forks(Base):
    def __repr__(self): return str(os.fork())
class Writes(Base):
    def __repr__(self): return str(open(sys.argv[1] + "/written", "w"))
class Uses_descriptor(Base):
    def __repr__(self): return str(os.write(pipe[1], b"x"))
class Connects(Base):
    def __repr__(self): return str(socket.socket())
class Exits(Base):
    def __repr__(self): os._exit(0)
class Sys_exits(Base):
    def __repr__(self): sys.exit(0)
class Locks(Base):
    def __repr__(self): lock.acquire()
class Sleeps(Base):
    def __repr__(self): time.sleep(60)
class Starts_thread(Base):
    def __repr__(self): threading.Thread(target=print).start()
class Allocates(Base):
    def __repr__(self):
        kept = []
        while True: kept.append(bytearray(1 << 20))
class Long(Base):
    def __repr__(self): return "y" * (100 << 20)
class Cut(Base):
    def __repr__(self): return "\u20ac" * 100000
class Surrogate(Base):
    def __repr__(self): return "a\udc80"
class No_str(Base):
    def __repr__(self): return 7
class Changes(Base):
    def __repr__(self):
        state[0] += 1
        del objects[:]
        return "state %d" % state[0]
class Shares(Base):
    def __repr__(self):
        shared[0] = 7
class Unprotects(Base):
    def __repr__(self):
        c = ctypes.CDLL(None)
        at = ctypes.addressof(ctypes.c_char.from_buffer(shared))
        return str(c.mprotect(ctypes.c_void_p(at), 4096, 3))
class Sizes(Base):
    def __repr__(self): return "fine"
    def __sizeof__(self): return 1 // 0
class Default(Base):
    pass

pid = os.getpid()
state = [0]
pipe = os.pipe()
lock = threading.Lock()
lock.acquire()
shared = mmap.mmap(-1, 4096)
objects = [c() for c in Base.__subclasses__()]
stop = threading.Event()
def spin():                     # somebody always wants the lock
    while not stop.wait(0.0005): pass
threads = [threading.Thread(target=spin, daemon=True) for _ in range(2)]
for t in threads: t.start()

def facts():
    return {"state": state[0], "objects": len(objects), "shared": shared[0],
            "alive": sum(t.is_alive() for t in threads),
            "default": repr(objects[-1]), "plain": repr(objects[0]),
            "gc": gc.isenabled(), "locked": lock.locked()}

print(json.dumps(facts()), flush=True)
for line in sys.stdin:
    print(json.dumps(facts()), flush=True)
"""

# What comes of each: the repr, or why there is none.
EXPECTED = {
    "Loops": LATE, "Locks": LATE, "Sleeps": LATE,
    "Recurses": "its repr raised RecursionError",
    "Raises": "its repr raised Odd",
    "Crashes": "its repr crashed (SIGSEGV)",
    "Kills": "its repr raised PermissionError",
    "Kills_target": "its repr raised PermissionError",
    "Forks": "its repr raised PermissionError",
    "Writes": "its repr raised PermissionError",
    "Uses_descriptor": "its repr raised PermissionError",
    "Connects": "its repr raised PermissionError",
    "Exits": "its repr ended the process",
    "Sys_exits": "its repr raised SystemExit",
    "Starts_thread": "its repr raised RuntimeError",
    "No_str": "its repr raised TypeError",
    "Shares": "its repr crashed (SIGSEGV)",
    "Cut": "its repr is cut, of 100000 characters",
    "Sizes": "its __sizeof__ raised ZeroDivisionError",
}
# Whether there is memory or time for it depends.
EITHER = {
    "Allocates": ("its repr raised MemoryError", LATE),
    "Long": ("its repr raised MemoryError", LATE,
             "its repr is cut, of %d characters" % (100 << 20)),
}
WORST = ["Default", "Plain", "Loops", "Locks", "Crashes", "Exits", "Changes",
         "Shares"]
REPRS = {
    "Surrogate": "a\\udc80", "Changes": "state 1", "Sizes": "fine",
    "Unprotects": "-1",
}

CHURN = r"""
#include <stdlib.h>
void churn(void)
{
	for (;;) {
		void *p = malloc(70000), *q = malloc(3000), *r = malloc(200000);

		free(p);
		free(r);
		free(q);
	}
}
"""

CHURNING = r"""
import ctypes, json, sys, threading
class Plain:
    def __repr__(self): return "p" * 5000
    def __sizeof__(self): return sum(["x" * 600 != "y" * (600 + i * 50)
                                      for i in range(100)])
plain = Plain()
churn = ctypes.CDLL(sys.argv[1]).churn
for _ in range(3): threading.Thread(target=churn, daemon=True).start()
print("{}", flush=True)
sys.stdin.read()
"""

# argv: number of a system call, what its first argument must not be, errno
FILTERED = r"""
import ctypes, struct, sys
class Plain:
    pass
plain = Plain()
number, argument = map(int, sys.argv[1:])
ins = struct.Struct("=HBBI").pack
prog = (ins(0x20, 0, 0, 0) + ins(0x15, 0, 3, number) +
        ins(0x20, 0, 0, 16) + ins(0x15, 0, 1, argument) +
        ins(6, 0, 0, 0x00050000 | 1) + ins(6, 0, 0, 0x7fff0000))
buf = ctypes.create_string_buffer(prog)
fprog = ctypes.create_string_buffer(struct.pack(
    "HxxxxxxQ", 6, ctypes.addressof(buf)))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, fprog, 0, 0) == 0
print("{}", flush=True)
sys.stdin.read()
"""


def chosen():
    """The oldest, Debian's, the newest, and one without the lock."""
    usual = [i for i in INTERPRETERS if i[1] not in FREE_THREADED]
    found = usual[:1] + usual[-1:]
    found += [i for i in usual if i[1] == os.path.realpath(DEBIANS)]
    found += [i for i in INTERPRETERS if i[1] in FREE_THREADED][:1]
    return sorted(set(found))


def children(pid):
    found = []
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, tid)) as f:
            found += f.read().split()
    return found


class Repr(unittest.TestCase):
    def check(self, python, names):
        """The rows of objects of these types, the program being unharmed."""
        with tempfile.TemporaryDirectory() as directory, \
                Target(python, SOURCE, [directory]) as t:
            before = (t.ask(), t.threads(), t.fds(), children(t.pid))
            rows = {name: objtop_json("show", t.pid, name, "--repr")["rows"][0]
                    for name in names}
            after = (t.ask(), t.threads(), t.fds(), children(t.pid))
            self.assertEqual(before, after)
            self.assertEqual(os.listdir(directory), [])
        for name, row in rows.items():
            with self.subTest(name=name):
                self.check_row(name, row)
        self.assertEqual(rows["Plain"]["repr"], after[0]["plain"])
        self.assertEqual(rows["Default"]["repr"], after[0]["default"])

    def check_row(self, name, row):
        why = row.get("unanswered")
        if name in EITHER:
            self.assertIn(why, EITHER[name])
        else:
            self.assertEqual(why, EXPECTED.get(name))
        if name in REPRS:
            self.assertEqual(row["repr"], REPRS[name])
        if name == "Cut":
            self.assertEqual(row["repr"], "\u20ac" * (65536 // 3))
        if name == "Plain":     # what Python adds for the collector
            self.assertIn(row["getsizeof"], (4321, 4321 + 16, 4321 + 32))
        elif name == "Sizes":
            self.assertNotIn("getsizeof", row)
        else:
            self.assertEqual(row["getsizeof"], row["bytes"])

    def test_whatever_a_repr_does(self):
        """All of it with Debian's, the worst with the others."""
        names = [line.split()[1].split("(")[0] for line in SOURCE.split("\n")
                 if line.startswith("class ") and "(Base)" in line]
        self.assertGreater(len(names), 20)
        pythons = [python for _, python in chosen()]
        full = os.path.realpath(DEBIANS)
        if full not in pythons:
            full = pythons[0]
        for python in pythons:
            with self.subTest(python=python):
                self.check(python, names if python == full else WORST)

    def test_text_is_harmless(self):
        """What a repr says cannot move the terminal's cursor."""
        _, python = chosen()[0]
        with tempfile.TemporaryDirectory() as d, \
                Target(python, SOURCE, [d]) as t:
            code, out, err = objtop("show", t.pid, "Plain", "--repr")
            self.assertEqual((code, err), (0, ""))
            self.assertIn("Plain<\u20ac", out)
            self.assertNotIn("\x1b", out)

    def test_heap_of_another_thread(self):
        """Threads that are inside of malloc() when the clone is made."""
        with tempfile.TemporaryDirectory() as directory:
            library = directory + "/churn.so"
            subprocess.run(os.environ.get("CC", "cc").split() + [
                "-O0", "-shared", "-fPIC", "-x", "c", "-", "-o", library],
                input=CHURN.encode(), check=True)
            for _, python in chosen():
                if python in FREE_THREADED:
                    continue
                with self.subTest(python=python), Target(
                        python, CHURNING, [library],
                        env={"MALLOC_ARENA_MAX": "1"}) as t:
                    for _ in range(3):
                        row = objtop_json("show", t.pid, "Plain",
                                          "--repr")["rows"][0]
                        self.assertNotIn("unanswered", row)
                        self.assertEqual(row["repr"], "p" * 5000)
                    self.assertTrue(t.alive())

    def test_what_a_filter_refuses(self):
        machine = os.uname().machine
        clone, prctl = (56, 157) if machine == "x86_64" else (220, 167)
        for call, argument, text in (
                (clone, 0, "the kernel refused to clone the clone"),
                (prctl, 22, "the kernel has no filter of system calls")):
            with self.subTest(text=text), Target(
                    sys.executable, FILTERED, [str(call), str(argument)]) as t:
                row = objtop_json("show", t.pid, "Plain", "--repr")["rows"][0]
                self.assertNotIn("repr", row)
                self.assertIn("its code cannot be run: " + text,
                              row["unanswered"])
                self.assertTrue(t.alive())

    def test_refused(self):
        _, python = chosen()[0]
        with tempfile.TemporaryDirectory() as d, \
                Target(python, SOURCE, [d]) as t:
            name = d + "/a.objtop"
            self.assertEqual(objtop("snapshot", t.pid, "-o", name)[0], 0)
            code, _, err = objtop("show", name, "Plain", "--repr")
            self.assertEqual(code, 2)
            self.assertIn("a.objtop is a file, in which no code can be run",
                          err)
            code, _, err = objtop("show", t.pid, "Plain", "--repr",
                                  "--mode", "pause")
            self.assertEqual(code, 2)
            self.assertIn("leave out --mode pause", err)
            self.assertEqual(t.ask()["state"], 0)


if __name__ == "__main__":
    main()
