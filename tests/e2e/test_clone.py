# SPDX-License-Identifier: MIT
"""The rules of life of a clone, looked at while it is stopped in its walk; and
what happens where memory is too tight for one."""

import ctypes
import os
import platform
import re
import signal
import subprocess
import unittest

import harness
from harness import OBJTOP, Target, objtop, objtop_json, wait_for
from test_stream import clones

PYTHON = harness.NATIVE[-1][1] if harness.NATIVE else None
KCMP = {"x86_64": 312, "aarch64": 272}.get(platform.machine())
KCMP_FILES = 2

SCENE = """
    import json, os, sys
    class Thing:
        def __init__(self, n): self.n, self.name = n, "thing %d" % n
    things = [Thing(n) for n in range(int(sys.argv[1]))]
    r, w = os.pipe()
    print(json.dumps({"r": r, "w": w}), flush=True)
    for line in sys.stdin:
        if line == "close\\n":
            os.close(w)
        print("{}", flush=True)
"""


def status(pid, key):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(key + ":"):
                return line.split()[1]


def dirty(pid):
    """{mapping: bytes that only this process has}."""
    found, at = {}, None
    with open("/proc/%d/smaps" % pid) as f:
        for line in f:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                at = line.split()[0]
            elif line.startswith("Private_Dirty:"):
                found[at] = 1024 * int(line.split()[1])
    return found


def settled(clone):
    """It walks, and its oom_score_adj was set from outside."""
    with open("/proc/%d/limits" % clone) as f, \
            open("/proc/%d/oom_score_adj" % clone) as adj:
        return adj.read() == "1000\n" and not re.search(
            r"Max cpu time +unlimited", f.read())


class Clone(unittest.TestCase):
    def setUp(self):
        self.target = Target(PYTHON, SCENE, ["300000"])
        self.addCleanup(self.target.stop)
        self.before = self.target.threads(), self.target.fds()
        self.mappings = set(dirty(self.target.pid))

    def stopped_clone(self, *args):
        """objtop under way, and the clone stopped in the middle."""
        p = subprocess.Popen([OBJTOP, *args, str(self.target.pid)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        wait_for(lambda: clones(self.target.pid), what="a clone")
        clone = clones(self.target.pid)[0]
        wait_for(lambda: settled(clone), what="what it does first")
        os.kill(clone, signal.SIGSTOP)
        wait_for(lambda: status(clone, "State") == "T", what="it to stop")
        return p, clone

    def left_alone(self):
        wait_for(lambda: not clones(self.target.pid), 20, "it to be gone")
        wait_for(lambda: (self.target.threads(), self.target.fds()) ==
                 self.before, 20, "threads and files as before")
        self.target.ask()

    def test_rules(self):
        p, clone = self.stopped_clone("types", "--timeout", "30s")
        with open("/proc/%d/oom_score_adj" % clone) as f:
            self.assertEqual(f.read(), "1000\n")
        self.assertEqual(int(status(clone, "SigBlk"), 16) | 1 << 8 | 1 << 18,
                         0xffffffffffffffff)
        with open("/proc/%d/limits" % clone) as f:
            limits = f.read()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertRegex(limits, r"Max cpu time +35 +35 ")
        if KCMP:
            self.assertEqual(ctypes.CDLL(None).syscall(
                KCMP, self.target.pid, clone, KCMP_FILES, 0, 0), 0)
        # What the program closes is closed, whoever reads the other end.
        with open("/proc/%d/fd/%d" % (self.target.pid,
                                      self.target.facts["r"]), "rb") as pipe:
            self.target.ask(b"close\n")
            self.assertEqual(pipe.read(), b"")
        del self.before[1][str(self.target.facts["w"])]
        # It has written to nothing that it has in common with the program.
        own = sum(n for at, n in dirty(clone).items() if at in self.mappings)
        with open("/proc/%d/smaps_rollup" % clone) as f:
            rss = 1024 * int(re.search(r"Rss: +(\d+)", f.read()).group(1))
        self.assertLess(own, 0.03 * rss)
        os.kill(clone, signal.SIGCONT)
        out, err = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 0, err)
        self.left_alone()

    def test_deadline(self):
        p, clone = self.stopped_clone("types", "--timeout", "2s")
        out, err = p.communicate(timeout=60)
        self.assertEqual((p.returncode, out), (1, b""))
        self.assertIn(b"took longer than 2000 ms", err)
        self.left_alone()

    def test_killed(self):
        """As when memory runs out: the program does not notice."""
        p, clone = self.stopped_clone("types")
        os.kill(clone, signal.SIGKILL)
        out, err = p.communicate(timeout=60)
        self.assertEqual((p.returncode, out), (1, b""))
        self.assertIn(b"SIGKILL", err)
        self.assertEqual(len(err.splitlines()), 1)
        self.left_alone()


def can_mount():
    with open(os.devnull, "w") as null:
        return subprocess.call(["unshare", "-m", "true"], stderr=null) == 0


@unittest.skipUnless(can_mount(), "no right to make a mount namespace")
class TightMemory(unittest.TestCase):
    """The program finds limits of a group that is made up, in both versions."""

    def start(self, left, things):
        limit = 1 << 40
        put = "".join(
            "echo %d > %s;" % (n, name) for name, n in (
                ("memory.max", limit), ("memory.current", limit - left),
                ("memory/memory.limit_in_bytes", limit),
                ("memory/memory.usage_in_bytes", limit - left)))
        script = ("mount -t tmpfs x /sys/fs/cgroup && cd /sys/fs/cgroup && "
                  "mkdir memory && { %s } && cd / && exec \"$@\"" % put)
        target = Target(PYTHON, SCENE, [str(things)],
                        prefix=["unshare", "-m", "sh", "-c", script, "sh"])
        self.addCleanup(target.stop)
        return target

    def test_room(self):
        target = self.start(1 << 39, 1000)
        self.assertEqual(objtop_json("types", target.pid)["snapshot"]["mode"],
                         "fork")

    def test_pause_where_that_is_enough(self):
        target = self.start(16 << 20, 1000)
        self.assertEqual(objtop_json("types", target.pid)["snapshot"]["mode"],
                         "pause")
        answer = objtop_json("types", target.pid, "--mode", "fork")
        self.assertEqual(answer["snapshot"]["mode"], "fork")
        target.ask()

    def test_refused(self):
        target = self.start(1 << 20, 1000)
        for args in (["types", target.pid], ["path", target.pid, "Thing#1"]):
            code, out, err = objtop(*args)
            self.assertEqual((code, out), (3, ""), err)
            self.assertEqual(len(err.splitlines()), 1, err)
            self.assertIn("1 MiB of 1048576 MiB are left in cgroup /", err)
            self.assertIn("--mode fork", err)
        for mode in ("fork", "pause"):
            answer = objtop_json("types", target.pid, "--mode", mode)
            self.assertEqual(answer["snapshot"]["mode"], mode)
        target.ask()


if __name__ == "__main__":
    harness.main()
