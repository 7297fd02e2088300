# SPDX-License-Identifier: MIT
"""The census, against what the agent counts of the same heap."""

import os
import signal
import subprocess
import time
import unittest

import harness
from harness import Target, each_python

DRIVER = os.path.join(os.environ.get("builddir", "."),
                      "tests/e2e/censusdrv")

# Twelve thousand of each kind; some too large for a pool, some dead ones in
# the interpreter's own lists, some things that look like objects.
SCENE = """
    import gc, json, sys, time

    class WithDict:
        def __init__(self, n):
            self.number, self.name = n, "name %d" % n

    class WithSlots:
        __slots__ = ("a", "b")
        def __init__(self, n):
            self.a, self.b = n, None

    class Bare:
        __slots__ = ()

    class Weak:
        __slots__ = ("__weakref__",)

    class SubInt(int):
        pass

    class SubDict(dict):
        pass

    class Meta(type):
        pass

    class WithMeta(metaclass=Meta):
        pass

    class Large:
        __slots__ = ["slot%d" % n for n in range(80)]

    N = 12000
    kept = [
        [WithDict(n) for n in range(N)], [WithSlots(n) for n in range(N)],
        [Bare() for n in range(N)], [Weak() for n in range(N)],
        [SubInt(n) for n in range(N)], [SubDict(a=n) for n in range(N)],
        [WithMeta() for n in range(N)], [Large() for n in range(300)],
        [[n] for n in range(N)], [(n, n) for n in range(N)],
        [{n: n} for n in range(N)], [{n, -n} for n in range(N)],
        [float(n) for n in range(N)], [n + 10 ** 9 for n in range(N)],
        ["text %d" % n for n in range(N)], [b"%d" % n for n in range(N)],
        ["x" * 600 + str(n) for n in range(500)],
        [(WithDict, WithSlots, float, int, str)[n % 5:] + (n,) * (n % 90)
         for n in range(N)],
        [[float, int, None, list, 1, WithDict] for n in range(N // 2)],
        [bytearray(n % 300) for n in range(N)],
    ]
    MAKERS = [WithDict, WithSlots, lambda n: [n], lambda n: {n: n},
              lambda n: (n, n), lambda n: float(n), lambda n: "more %d" % n]
    trash = [[[n], (n, n, n), float(n), {n: n}, WithDict(n)]
             for n in range(3000)]
    del trash
    gc.collect()
    trash = [float(n) for n in range(100)] + [[] for n in range(100)]
    del trash
    print("{}", flush=True)
    for line in sys.stdin:
        for n in range(0, len(kept), 2):    # half of them go on growing
            kept[n] += [make(i) for i in range(4000)
                        for make in (MAKERS[n % len(MAKERS)],)]
        del kept[1][:2000], kept[9][:3000]
        print("{}", flush=True)
"""

CHURN = """
    import json, sys, threading, time

    class Kept:
        __slots__ = ("n",)

    class Brief:
        def __init__(self, n):
            self.n, self.me = n, self

    kept = [Kept() for n in range(60000)]
    span, beats = range(3000), [0, 0, 0]

    def churn(i):
        while True:
            some = [float(n) for n in span]
            more = [(n, [n], {n: n}) for n in span]
            text = ["%d" % n * (n % 40) for n in span]
            brief = [Brief(n) for n in span]
            made = [type("T%d" % n, (), {})() for n in range(3)]
            del some, more, text, brief, made
            beats[i] += 1

    for i in range(3):
        threading.Thread(target=churn, args=(i,), daemon=True).start()
    print("{}", flush=True)
    for line in sys.stdin:
        print(json.dumps({"beats": sum(beats), "kept": len(kept)}),
              flush=True)
"""


class Refused(Exception):
    pass


class Driver:
    """tests/e2e/censusdrv on one target."""

    def __init__(self, pid):
        self.process = subprocess.Popen(
            [DRIVER, str(pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line):
        """Rows by address, and what stands behind "ok"."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        rows = {}
        for answer in self.process.stdout:
            word, rest = answer.decode().rstrip("\n").split(" ", 1)
            if word == "no":
                raise Refused(rest)
            if word == "ok":
                return rows, {k: int(v) for k, v in
                              (pair.split("=") for pair in rest.split())}
            rows[word] = rest.split(" ", 1 if line == "snapshot" else 3)
        raise AssertionError("censusdrv ended")

    def snapshot(self):
        rows, _ = self.ask("snapshot")
        return {addr: (int(count), name)
                for addr, (count, name) in rows.items()}

    def census(self, line):
        rows, info = self.ask(line)
        return ({addr: int(row[0]) for addr, row in rows.items()},
                {addr: int(row[1]) for addr, row in rows.items()}, info)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(20)


def in_pools(test):
    """Leaves out builds without the lock, whose objects lie elsewhere."""
    def run(self, python, minor):
        if python not in harness.FREE_THREADED:
            test(self, python, minor)
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def others(pid):
    """What the target has that objtop could have left."""
    base = "/proc/%d/" % pid
    with open(base + "status") as f:
        status = dict(line.split(":", 1) for line in f)
    with open(base + "maps") as f:
        maps = f.read()
    return ({"threads": status["Threads"].strip(),
             "fds": sorted(os.listdir(base + "fd")),
             "mappings": maps},
            int(status["VmRSS"].split()[0]))


class Census(unittest.TestCase):
    @each_python
    @in_pools
    def test_counts_are_the_snapshots(self, python, minor):
        """Within 0.5 % even before it has learnt; exact from then on."""
        with Target(python, SCENE) as target, Driver(target.pid) as driver:
            snapshot = driver.snapshot()
            os.kill(target.pid, signal.SIGSTOP)
            harness.wait_for(lambda: target.state() in "tT", 10, "a stop")
            raw, _, info = driver.census("count")
            self.assertEqual((info["whole"], info["torn"]), (1, 0))
            fixed = {"list", "dict", "set", "float", "WithDict", "WithSlots",
                     "Bare", "Weak", "SubInt", "SubDict", "WithMeta",
                     "bytearray"}
            for addr, (count, name) in snapshot.items():
                last = name.split(".")[-1]
                if last in fixed:
                    fixed.remove(last)
                    self.assertLessEqual(
                        abs(raw[addr] - count), count * 0.005, name)
                elif last == "Large":
                    self.assertEqual(raw.get(addr, 0), 0)
            self.assertEqual(fixed, set())
            learnt, error, info = driver.census("learn")
            self.assertEqual(learnt, {addr: count for addr, (count, _)
                                      in snapshot.items() if count})
            self.assertEqual(set(error.values()), {0})
            self.assertEqual(info["unnamed"], 0)
            again, _, info = driver.census("count")
            self.assertEqual(again, learnt)
            os.kill(target.pid, signal.SIGCONT)
            target.ask()
            counts, _, _ = driver.census("count")
            self.compare(counts, driver.snapshot(), learnt)

    def compare(self, counts, snapshot, before):
        """A census of what changed since it learnt, and a new snapshot."""
        changed = 0
        for addr, (count, name) in snapshot.items():
            if count > 10000:
                self.assertLessEqual(
                    abs(counts.get(addr, 0) - count), count * 0.005, name)
                changed += abs(count - before[addr]) > 1000
        self.assertGreater(changed, 4)

    def test_an_idle_process_does_not_notice(self):
        _, python = harness.NATIVE[-1]
        with Target(python, SCENE) as target, Driver(target.pid) as driver:
            driver.census("count")
            driver.snapshot()
            driver.census("learn")
            before, rss = others(target.pid)
            for _ in range(30):
                driver.census("count")
                driver.census("count 1000")
            after, grown = others(target.pid)
            self.assertEqual(after, before)
            self.assertLessEqual(grown, rss + 64)
            target.ask()

    @each_python
    @in_pools
    def test_churn(self, python, minor):
        """Neither suffers; what stands still is counted right all along."""
        with Target(python, CHURN) as target, Driver(target.pid) as driver:
            driver.census("count")      # the agent is asked for no more
            snapshot = driver.snapshot()
            kept = next(addr for addr, (_, name) in snapshot.items()
                        if name.split(".")[-1] == "Kept")
            driver.census("learn")
            begun, beats = time.monotonic(), target.ask()["beats"]
            largest = turns = 0
            while time.monotonic() - begun < 0.7:
                counts, errors, info = driver.census("count")
                self.assertEqual(counts[kept], 60000)
                self.assertLess(info["torn"], info["pools"] / 10 + 5)
                largest = max(largest, info["objects"])
                turns += 1
                counts, errors, info = driver.census("count 500")
                self.assertLessEqual(abs(counts[kept] - 60000),
                                     errors[kept] + 300)
            self.assertGreater(turns, 2)
            # Three threads, with nine objects of each turn's 3000 at most.
            self.assertGreater(largest, 60000)
            self.assertLess(largest, 60000 + 3 * 3000 * 12 + 200000)
            self.assertTrue(target.alive())
            harness.wait_for(lambda: target.ask()["beats"] > beats, 20,
                             "the program to go on")

    def test_no_pools(self):
        """Where the heap is elsewhere the census says so."""
        _, python = harness.NATIVE[-1]
        for allocator in "malloc", "debug":
            with Target(python, SCENE, env={"PYTHONMALLOC": allocator}) \
                    as target, Driver(target.pid) as driver:
                driver.snapshot()
                with self.assertRaisesRegex(Refused, r"\(no pools\)"):
                    driver.census("learn")

    def test_free_threaded(self):
        """Told by the agent, before anything is counted."""
        if not harness.FREE_THREADED:
            self.skipTest("no free-threaded CPython here")
        with Target(min(harness.FREE_THREADED), SCENE) as target, \
                Driver(target.pid) as driver:
            with self.assertRaisesRegex(Refused, r"\(free-threaded\)"):
                driver.census("count")
            target.ask()

    def test_tracemalloc(self):
        """It wraps the allocator; the pools are what they were."""
        _, python = harness.NATIVE[-1]
        with Target(python, SCENE, env={"PYTHONTRACEMALLOC": "1"}) \
                as target, Driver(target.pid) as driver:
            snapshot = driver.snapshot()
            learnt, _, _ = driver.census("learn")
            self.assertEqual(learnt, {addr: count for addr, (count, _)
                                      in snapshot.items() if count})

    def test_the_end_of_a_target(self):
        _, python = harness.NATIVE[-1]
        with Target(python, SCENE) as target, Driver(target.pid) as driver:
            driver.snapshot()
            driver.census("learn")
            target.stop()
            with self.assertRaisesRegex(Refused, "has ended"):
                driver.census("count")


if __name__ == "__main__":
    harness.main()
