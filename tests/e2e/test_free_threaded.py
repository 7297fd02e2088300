# SPDX-License-Identifier: MIT
"""What only builds without the interpreter's lock have.

Their collector has no lists: what it tracks is found in the pages of the
allocator, of threads that run, that wait and that have ended, and it must be
all there is.  Runs on the interpreters of harness.FREE_THREADED.
"""

import sys
import unittest

import harness
from harness import Target, objtop_json

SCENE = """
    import collections, gc, json, os, sys, threading

    class Main: pass
    class Ended: pass
    class Waiting: pass
    class Dropped: pass
    class Frozen: pass
    class Cyclic: pass
    class Slots:
        __slots__ = ("a",)
    class Weak:
        __slots__ = ("__weakref__",)
    class Long(tuple): pass

    gc.disable()
    held, together = [], threading.Barrier(5)

    def work(cls):
        made = [cls() for _ in range(3000)]
        held.append(made)
        return made

    def wait():
        made = work(Waiting)
        together.wait()
        together.wait()
        made.clear()
        together.wait()
        together.wait()

    ended = [threading.Thread(target=work, args=(Ended,)) for _ in range(4)]
    for t in ended:
        t.start()
    for t in ended:
        t.join()
    waiting = [threading.Thread(target=wait, daemon=True) for _ in range(4)]
    for t in waiting:
        t.start()
    # What other threads made and have let go of is dropped here, half of each
    # page, while they wait; and the same when they have ended.
    together.wait()
    copies = [list(made) for made in held[-4:]]
    together.wait()
    together.wait()
    for copy in copies:
        del copy[::2]
    dropped = []
    t = threading.Thread(target=lambda: dropped.extend(
        Dropped() for _ in range(4000)))
    t.start()
    t.join()
    del dropped[::2]
    main = [Main() for _ in range(5000)]
    frozen = [Frozen() for _ in range(500)]
    gc.freeze()
    slots = [Slots() for _ in range(700)]
    weak = [Weak() for _ in range(300)]
    long = Long(range(3000000))     # a page, and a segment, of its own
    for _ in range(600):
        x = Cyclic()
        x.me = x
    if "fork" in sys.argv:
        # Of its parent's threads there is only one, but all of their objects.
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            os._exit(0)

    def tracked():
        return len(gc.get_objects()) + gc.get_freeze_count()

    def f():
        pass
    print(json.dumps({"pid": os.getpid(), "tracked": tracked(),
                      "references": sys.getrefcount(f)}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"references": sys.getrefcount(f)}), flush=True)
"""

COUNTS = {"Main": 5000, "Ended": 12000, "Waiting": 6000,
          "Dropped": 2000, "Frozen": 500, "Cyclic": 600, "Slots": 700,
          "Weak": 300, "Long": 1}

ALONE = """
    import json, sys
    def f():
        pass
    def tell():
        def g():
            pass
        print(json.dumps({"references": [sys.getrefcount(f),
                                         sys.getrefcount(tell),
                                         sys.getrefcount(g)]}), flush=True)
    tell()
    for line in sys.stdin:
        tell()
"""


class FreeThreaded(unittest.TestCase):
    def pythons(self):
        for minor, python in harness.INTERPRETERS:
            if python in harness.FREE_THREADED:
                yield python

    def check(self, args=(), env=None, mode="fork"):
        for python in self.pythons():
            with self.subTest(python=python), Target(
                    python, SCENE, args, env) as target:
                answer = objtop_json("types", "--mode", mode,
                                     target.facts["pid"])
                counts = {row["type"]: row["count"] for row in answer["rows"]}
                self.assertEqual({k: counts.get(k) for k in COUNTS}, COUNTS)
                for row in answer["rows"]:
                    if row["type"] in COUNTS:
                        self.assertEqual(row["tracked"], row["count"], row)
                # The list that gc.get_objects() gave was one of them.
                self.assertAlmostEqual(answer["snapshot"]["tracked"],
                                       target.facts["tracked"], delta=30)
                self.assertGreater(answer["snapshot"]["pause_us"], 0)

    def test_all_of_all_threads(self):
        self.check()

    def test_while_all_are_stopped(self):
        self.check(mode="pause")

    def test_debugging_allocator(self):
        self.check(env={"PYTHONMALLOC": "debug"})

    def test_with_the_lock_on(self):
        self.check(env={"PYTHON_GIL": "1"})

    def test_after_fork(self):
        self.check(args=["fork"])

    def test_nothing_becomes_immortal(self):
        """3.13 does that to functions when its first other thread comes."""
        for python in self.pythons():
            with self.subTest(python=python), Target(python, ALONE) as target:
                for mode in "fork", "pause", "fork":
                    objtop_json("types", "--mode", mode, target.pid)
                self.assertEqual(target.ask(), target.facts)
                self.assertLess(max(target.facts["references"]), 100)


if __name__ == "__main__":
    if not harness.FREE_THREADED:
        print("no free-threaded CPython 3.%d here: nothing to look into" %
              harness.MINOR_FREE_THREADED)
        sys.exit(0)
    harness.main()
