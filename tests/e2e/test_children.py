#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`objtop run --children`: what the program starts is looked at too.

By fork and by exec, from multiprocessing, from a server that forks its
workers, and ended in whatever way a process of Python ends.
"""
import glob
import os
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import INTERPRETERS, NATIVE, objtop, objtop_json

PYTHON = NATIVE[-1][1] if NATIVE else None

SOURCE = """
import multiprocessing, os, subprocess, sys, time
class Mine: pass
def work(n):
    global more
    more = [Mine() for _ in range(n)]
def sub():
    subprocess.run([sys.executable, "-c",
                    "class Mine: pass\\nk = [Mine() for _ in range(21)]"],
                   check=True)
def fork():
    pid = os.fork()
    if pid == 0:
        work(12)
        sys.exit(3)
    assert os.waitpid(pid, 0)[1] == 3 << 8
def leave():
    pid = os.fork()
    if pid == 0:
        work(13)
        os._exit(4)
    assert os.waitpid(pid, 0)[1] == 4 << 8
def prefork():
    # A worker that is told to end by a signal, and one that forks itself.
    import signal
    r, w = os.pipe()
    pids = []
    for n in (14, 15):
        pid = os.fork()
        if pid == 0:
            work(n)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            if n == 15:
                fork()
            os.write(w, b"x")
            while True:
                signal.pause()
        pids.append(pid)
    for pid in pids:
        os.read(r, 1)
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    for pid in pids:
        assert os.waitpid(pid, 0)[1] == 0
def mp(method):
    ctx = multiprocessing.get_context(method)
    each = [ctx.Process(target=work, args=(31 + i,)) for i in range(2)]
    for p in each: p.start()
    for p in each: p.join()
    assert [p.exitcode for p in each] == [0, 0]
def no_exec():
    try:
        subprocess.run(["/nonexistent"])
    except OSError:
        pass
def sh():
    subprocess.run(["sh", "-c", "true; exit 0"], check=True)
def late():
    # Nobody waits for it.
    subprocess.Popen([sys.executable, "-c", "import time\\nclass Mine: pass\\n"
                      "k = [Mine() for _ in range(22)]\\ntime.sleep(0.7)"])
if __name__ == "__main__":
    keep = [Mine() for _ in range(10)]
    what = sys.argv[1]
    mp(what[3:]) if what.startswith("mp-") else globals()[what]()
    print("done", flush=True)
    sys.exit(6)
"""

# What is run: the numbers of Mine in the files of its children.
EXPECTED = {
    "sub": [21], "fork": [22], "leave": [23], "prefork": [22, 24, 25],
    "mp-fork": [41, 42], "mp-spawn": [31, 32], "mp-forkserver": [31, 32],
    "no_exec": [], "sh": [], "late": [22],
}


class Children(unittest.TestCase):
    def run_one(self, python, what, *options):
        with tempfile.TemporaryDirectory() as tmp:
            script = os.path.join(tmp, "script.py")
            with open(script, "w") as f:
                f.write(SOURCE)
            path = os.path.join(tmp, "end.objtop")
            code, out, err = objtop("run", "-o", path, *options, "--",
                                    python, script, what)
            self.assertEqual((code, out), (6, "done\n"), err)
            self.assertNotIn("Error", err)
            self.assertNotIn("ld.so", err)
            self.assertEqual(self.count(path), [10])
            found = []
            for name in glob.glob(os.path.join(tmp, "end.*.objtop")):
                pid = int(name.split(".")[-2])
                self.assertIn("wrote " + name, err)
                self.assertEqual(objtop_json("types", name)["target"]["pid"],
                                 pid)
                found += self.count(name)
            return sorted(found), err

    @staticmethod
    def count(path):
        rows = objtop_json("types", path, "-f", "Mine")["rows"]
        return [row["count"] for row in rows]

    @harness.each_python
    def test_fork_and_exec(self, python, minor):
        for what in ("sub", "mp-fork"):
            with self.subTest(what=what):
                found, err = self.run_one(python, what, "--children")
                self.assertEqual(found, EXPECTED[what], err)
                # One thread, before and after.
                self.assertNotIn("multi-threaded", err)

    def test_every_way(self):
        for what, wanted in EXPECTED.items():
            with self.subTest(what=what):
                found, err = self.run_one(PYTHON, what, "--children")
                self.assertEqual(found, wanted, err)

    def test_left_alone(self):
        """Without --children they know nothing, and are not waited for."""
        for what in ("sub", "fork", "leave", "mp-fork"):
            with self.subTest(what=what):
                found, err = self.run_one(PYTHON, what)
                self.assertEqual(found, [])
        with tempfile.TemporaryDirectory() as tmp:
            code, out, err = objtop(
                "run", "-o", os.path.join(tmp, "x.objtop"), "--", PYTHON,
                "-c", "import os, subprocess, sys\n"
                "subprocess.run([sys.executable, '-c', 'import os; "
                "print(os.environ.get(\"LD_PRELOAD\"), "
                "os.environ.get(\"OBJTOP_RUN\"), \"objtop-agent\" in "
                "open(\"/proc/self/maps\").read())'])")
            self.assertEqual((code, out), (0, "None None False\n"), err)

    def test_needs_files(self):
        code, out, err = objtop("run", "--children", "--", PYTHON, "-c", "")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("-o FILE", err)

    def test_fork_under_run_does_not_warn(self):
        """And the last look comes nevertheless."""
        for minor, python in INTERPRETERS:
            with self.subTest(python=python), \
                    tempfile.TemporaryDirectory() as tmp:
                path = os.path.join(tmp, "run.objtop")
                code, out, err = objtop(
                    "run", "-o", path, "--", python, "-W", "always", "-c",
                    "import os\nclass Mine: pass\n"
                    "keep = [Mine() for _ in range(10)]\n"
                    "for _ in range(5):\n    pid = os.fork()\n"
                    "    if not pid: os._exit(0)\n    os.waitpid(pid, 0)\n")
                self.assertEqual((code, out), (0, ""), err)
                self.assertEqual(err.count("\n"), 1, err)
                self.assertEqual(self.count(path), [10])

    def test_os_exit(self):
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "run.objtop")
            code, out, err = objtop(
                "run", "-o", path, "--", PYTHON, "-c", "import os\n"
                "class Mine: pass\nkeep = [Mine() for _ in range(10)]\n"
                "os._exit(9)")
            self.assertEqual(code, 9, err)
            self.assertEqual(self.count(path), [10])

    def test_objtop_killed(self):
        """The program and what it starts go on as if nothing was."""
        with tempfile.TemporaryDirectory() as tmp:
            p = subprocess.Popen(
                [harness.OBJTOP, "run", "--children", "-o",
                 os.path.join(tmp, "x.objtop"), "--", PYTHON, "-c",
                 "import os, sys\nprint('up', flush=True)\n"
                 "sys.stdin.readline()\npid = os.fork()\n"
                 "if not pid: sys.exit(5)\n"
                 "print(os.waitpid(pid, 0)[1] >> 8, flush=True)"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            self.assertEqual(p.stdout.readline(), b"up\n")
            p.kill()
            p.wait()
            p.stdin.write(b"\n")
            p.stdin.close()
            self.assertEqual(p.stdout.read(), b"5\n")
            self.assertEqual(p.stderr.read(), b"")
            p.stdout.close()
            p.stderr.close()


if __name__ == "__main__":
    if PYTHON is None:
        print("no interpreter of this system")
        sys.exit(77)
    harness.main()
