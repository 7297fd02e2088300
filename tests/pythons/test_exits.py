#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that end while snapshots are taken of them, back to back.

From 3.14 on a thread inside PyGILState_Ensure() while the interpreter is
finalised can crash it (runtime/cpython/exit.c says what is done about that).
A program must end with the status and the output that it would have had.
OBJTOP_EXIT_ROUNDS says how often for each version and way (4).
"""
import os
import random
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "e2e"))
import harness  # noqa: E402

DRIVER = os.path.join(os.environ["builddir"], "tests/e2e/attachdrv")
ROUNDS = int(os.environ.get("OBJTOP_EXIT_ROUNDS", "4"))
OLDEST = 12

PROGRAM = """
import atexit, sys, threading, time
way, seconds = sys.argv[1], float(sys.argv[2])
end = time.monotonic() + seconds
class Node:
    pass
keep = []
def churn():
    while True:
        n = Node()
        n.me = n
        keep.append([n, {}, "x" * 9])
        if len(keep) > 2000:
            keep.clear()
        time.sleep(0)
def idle():
    time.sleep(60)
class Late:
    def __del__(self):
        [Node() for _ in range(1000)]
late = Late()
late.me = late
atexit.register(lambda: time.sleep(seconds / 20))
for f in {"plain": [], "daemons": [churn, churn, idle, idle],
          "joined": [], "exit": [churn]}[way]:
    threading.Thread(target=f, daemon=True).start()
if way == "joined":
    threading.Thread(target=time.sleep, args=(seconds * 1.2,)).start()
print("ready", flush=True)
while time.monotonic() < end:
    keep.append([Node() for _ in range(50)])
    if len(keep) > 500:
        keep.clear()
if way == "exit":
    sys.exit(7)
"""


class Ending:
    """One run of PROGRAM."""

    def __init__(self, python, way):
        self.way = way
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [python, "-c", PROGRAM, way, "%.3f" % random.uniform(0.02, 0.2)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors)
        self.pid = self.process.pid
        self.process.stdout.readline()

    def verdict(self):
        """None, or how it ended otherwise than it should."""
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "hung"
        self.process.stdout.close()
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace")
        self.errors.close()
        if status == (7 if self.way == "exit" else 0) and not said:
            return None
        return "%s: status %s %s" % (self.way, status, said[:600])


def snapshots(pid):
    """One agent, one snapshot after the other."""
    done = subprocess.run([DRIVER, "snaps", str(pid)], timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return int(done.stdout.split()[0]) if done.stdout else 0


def visits(pid):
    """In, a snapshot, and out again, over and over."""
    n = 0
    while subprocess.run([harness.OBJTOP, "types", str(pid)], timeout=60,
                         stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL).returncode == 0:
        n += 1
    return n


class Exits(unittest.TestCase):
    def rounds(self, watch):
        seen = 0
        for minor, python in harness.INTERPRETERS:
            if minor < OLDEST:
                continue
            with self.subTest(python=python):
                taken, bad, start = 0, [], time.monotonic()
                for i in range(ROUNDS):
                    way = ("plain", "daemons", "joined", "exit")[i % 4]
                    ending = Ending(python, way)
                    taken += watch(ending.pid)
                    verdict = ending.verdict()
                    if verdict:
                        bad.append(verdict)
                print("3.%d %s: %d exits, %d snapshots, %d harmed, %.0f s" % (
                    minor, watch.__name__, ROUNDS, taken, len(bad),
                    time.monotonic() - start), flush=True)
                self.assertEqual(bad, [])
            seen += taken
        self.assertGreater(seen, 0)	# of one, all can be too short

    def test_snapshots_to_the_end(self):
        self.rounds(snapshots)

    def test_visits_to_the_end(self):
        self.rounds(visits)


if __name__ == "__main__":
    if not any(minor >= OLDEST for minor, _ in harness.INTERPRETERS):
        print("no CPython 3.%d or later here: nothing to end" % OLDEST)
        sys.exit(0)
    harness.main()
