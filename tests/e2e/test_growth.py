# SPDX-License-Identifier: MIT
"""growth and diff against what a program knows that it did."""

import json
import os
import pty
import signal
import subprocess
import tempfile
import unittest

import harness
from harness import OBJTOP, Target, objtop, objtop_json

ENDS = ([harness.INTERPRETERS[0], harness.INTERPRETERS[-1]]
        if harness.INTERPRETERS else [])
PYTHON = harness.NATIVE[-1][1] if harness.NATIVE else None

# A step: 100 Leak more, 40 of 200 Ring exchanged, Once dropped and others
# made, Cache full at 150.  What is replaced is kept until the next step, so
# that nothing new stands at its address.
SCENE = """
    import gc, json, sys
    gc.disable()
    class Leak:
        def __init__(self, n): self.n = n
    class Ring: pass
    class Once: pass
    class Cached: pass
    class Cyclic:
        def __init__(self): self.me = self
    class Store:
        def __init__(self): self._by_token = {}
    store, ring, cache, once = Store(), [Ring() for _ in range(200)], [], []
    held, made = [], 0
    def step():
        global made, once, held
        old, held = held, []
        for _ in range(100):
            store._by_token["t%d" % made] = Leak(made)
            made += 1
        held += ring[:40]
        ring[:] = ring[40:] + [Ring() for _ in range(40)]
        held += once
        once = [Once() for _ in range(10)]
        del old
        for _ in range(5):
            Cyclic()
        while len(cache) < min(150, made):
            cache.append(Cached())
    print("{}", flush=True)
    for line in sys.stdin:
        if line == "step\\n":
            step()
        print(json.dumps(made), flush=True)
"""


def rows_of(answer):
    return {row["type"]: row for row in answer["rows"]}


class KnownCounts(unittest.TestCase):
    def scene(self, python, check):
        with tempfile.TemporaryDirectory() as tmp, \
                Target(python, SCENE) as target:
            paths = []
            for n in range(4):
                target.ask(b"step\n")
                paths.append(os.path.join(tmp, "%d.objtop" % n))
                code, _, err = objtop("snapshot", "-o", paths[-1], target.pid)
                self.assertEqual(code, 0, err)
            check(target, paths)

    def check_growth(self, _, paths):
        rows = rows_of(objtop_json("growth", *paths))
        leak = rows["Leak"]
        self.assertEqual((leak["count"], leak["delta"], leak["survivors"],
                          leak["stayed"], leak["died"]),
                         (400, 300, 300, 100, 0))
        self.assertEqual(leak["hangs_from"], "__main__.store._by_token")
        self.assertEqual(leak["hanging"], 300)
        self.assertEqual(leak["age"], 1)
        self.assertEqual([(a["samples"], a["objects"]) for a in leak["ages"]],
                         [(0, 100), (1, 100), (2, 100), (3, 100)])
        self.assertGreater(leak["rate"], 0)
        self.assertIn(leak["trend"], ("growing", "levelling off"))
        self.assertGreaterEqual(leak["error"], 0)
        # those of two steps ago may have been followed at their address
        ring = rows["Ring"]
        self.assertEqual((ring["count"], ring["delta"]), (240, 0))
        self.assertEqual(ring["survivors"], ring["died"])
        self.assertIn(ring["died"], range(40, 121))
        self.assertEqual(ring["trend"], "churning")
        cyclic = rows["Cyclic"]
        self.assertEqual((cyclic["delta"], cyclic["survivors"]), (15, 15))
        self.assertEqual(cyclic["hangs_from"], "garbage")
        self.assertEqual(rows["Cached"]["delta"], 50)
        self.assertNotIn("Store", rows)
        self.assertEqual(rows["Leak"]["slope"],
                         max(r["slope"] for t, r in rows.items()
                             if t in ("Leak", "Ring", "Cyclic", "Cached")))

    def check_diff(self, target, paths):
        rows = rows_of(objtop_json("diff", paths[0], paths[3]))
        leak = rows["Leak"]
        self.assertEqual((leak["before"], leak["after"], leak["born"],
                          leak["died"]), (100, 400, 300, 0))
        each = leak["bytes_after"] // 400
        self.assertEqual((leak["bytes_before"], leak["bytes_after"]),
                         (100 * each, 400 * each))
        self.assertNotIn("Store", rows)
        rows = rows_of(objtop_json("diff", paths[2], paths[3]))
        self.assertEqual((rows["Ring"]["born"], rows["Ring"]["died"]),
                         (40, 40))
        self.assertEqual((rows["Once"]["born"], rows["Once"]["died"]),
                         (10, 10))
        self.assertEqual(rows["Once"]["stayed"], 10)
        born = objtop_json("diff", paths[2], target.pid, "Leak")
        self.assertEqual(len(born["rows"]), 100)
        self.assertEqual({row["type"] for row in born["rows"]}, {"Leak"})
        code, out, _ = objtop("diff", paths[2], paths[3], "Leak")
        self.assertEqual(code, 0)
        self.assertIn("100 of 400 are new; they all hang from "
                      "__main__.store._by_token", out)
        self.assertEqual(objtop_json("diff", paths[3], paths[3])["rows"], [])

    def test_both(self):
        def check(target, paths):
            self.check_growth(target, paths)
            self.check_diff(target, paths)
        for _, python in ENDS:
            with self.subTest(python=python):
                self.scene(python, check)


class Live(unittest.TestCase):
    def test_growth(self):
        """A program that leaks by itself, while we look."""
        program = """
            import json, sys, threading, time
            class Leak: pass
            leaks, stop = [], threading.Event()
            def work():
                while not stop.wait(0.002):
                    leaks.append(Leak())
            thread = threading.Thread(target=work)
            thread.start()
            print("{}", flush=True)
            sys.stdin.readline()
            stop.set()
            thread.join()
            print(json.dumps(len(leaks)), flush=True)
        """
        for _, python in ENDS:
            with self.subTest(python=python), Target(python, program) as target:
                answer = objtop_json("growth", target.pid, "--interval",
                                     "200ms", "--rounds", "3", "--ages")
                made = target.ask()
                leak = rows_of(answer)["Leak"]
                self.assertGreater(leak["delta"], 0)
                self.assertLessEqual(leak["count"], made)
                self.assertEqual(leak["survivors"], leak["delta"])
                self.assertEqual(leak["died"], 0)
                self.assertEqual(leak["hangs_from"], "__main__.leaks")
                self.assertEqual(sum(a["objects"] for a in leak["ages"]),
                                 leak["count"])

    def test_interrupted(self):
        """Ctrl-C shows what is known; the target runs on, nothing is left."""
        with Target(PYTHON, SCENE) as target:
            before = target.threads(), target.fds()
            master, slave = pty.openpty()
            tool = subprocess.Popen(
                [OBJTOP, "growth", str(target.pid), "--interval", "60s",
                 "--rounds", "5", "--json"],
                stdout=subprocess.PIPE, stderr=slave)
            os.close(slave)
            said = b""
            while b"sample 2 of 6" not in said:
                said += os.read(master, 1000)
            target.ask(b"step\n")
            tool.send_signal(signal.SIGINT)
            out, _ = tool.communicate(timeout=30)
            os.close(master)
            self.assertEqual(tool.returncode, 130)
            leak = rows_of(json.loads(out))["Leak"]
            self.assertEqual((leak["delta"], leak["survivors"]), (100, 100))
            target.ask()
            harness.wait_for(
                lambda: (target.threads(), target.fds()) == before,
                what="threads and files as before")

    def test_target_that_ends(self):
        """What was seen before is shown, and the end is told."""
        with Target(PYTHON, SCENE) as target:
            master, slave = pty.openpty()
            tool = subprocess.Popen(
                [OBJTOP, "growth", str(target.pid), "--interval", "1s",
                 "--rounds", "1000", "--json"],
                stdout=subprocess.PIPE, stderr=slave)
            os.close(slave)
            said = b""
            while b"sample 2 of" not in said:
                said += os.read(master, 1000)
            target.ask(b"step\n")
            while b"sample 3 of" not in said:
                said += os.read(master, 1000)
            target.process.kill()
            out, _ = tool.communicate(timeout=30)
            os.close(master)
            self.assertEqual(tool.returncode, 1)
            self.assertEqual(rows_of(json.loads(out))["Leak"]["delta"], 100)


class Several(unittest.TestCase):
    def test_side_by_side(self):
        """A parent with two children, of which each leaks its own way."""
        program = """
            import json, os, sys, time
            class Leak: pass
            class Mine: pass
            leaks, mine = [], []
            asked = []
            for n in range(2):
                ask, answer = os.pipe(), os.pipe()
                if os.fork() == 0:
                    # no writer is left once the parent has ended
                    for fd in [ask[1]] + [fds[0] for fds in asked]:
                        os.close(fd)
                    mine = [Mine() for _ in range(100 * (n + 1))]
                    os.write(answer[1], b"x")
                    while os.read(ask[0], 1) == b"m":
                        leaks += [Leak() for _ in range(10 * (n + 1))]
                        os.write(answer[1], b"x")
                    os._exit(0)
                os.read(answer[0], 1)
                asked.append((ask[1], answer[0]))
            print(json.dumps({}), flush=True)
            for line in sys.stdin:
                for ask, answer in asked:
                    os.write(ask, b"m")
                    os.read(answer, 1)
                print("{}", flush=True)
            for ask, answer in asked:
                os.write(ask, b"q")
        """
        name = "objtop-side-%d" % os.getpid()
        with Target(PYTHON, program, [name]) as target:
            with open("/proc/%d/task/%d/children" %
                      (target.pid, target.pid)) as children:
                pids = sorted(children.read().split(), key=int)
            self.assertEqual(len(pids), 2)
            row = rows_of(objtop_json("types", "--children", target.pid))
            self.assertEqual((row["Mine"]["count"], row["Mine"][pids[0]],
                              row["Mine"][pids[1]]), (300, 100, 200))
            row = rows_of(objtop_json("types", "--name", name, "--all",
                                      "-f", "Mine"))["Mine"]
            self.assertEqual(row["count"], 300)
            self.assertNotIn(str(target.pid), row)
            groups = objtop_json("types", "--children", target.pid, "--by",
                                 "owner", "-n", "0")["rows"]
            self.assertIn(str(300), {str(g["count"]) for g in groups
                                     if g["owner"].startswith("Mine of")})

            master, slave = pty.openpty()
            tool = subprocess.Popen(
                [OBJTOP, "growth", "--children", str(target.pid), "--json",
                 "--interval", "60s"], stdout=subprocess.PIPE, stderr=slave)
            os.close(slave)
            said = b""
            while b"sample 2 of" not in said:
                said += os.read(master, 1000)
            target.ask()
            tool.send_signal(signal.SIGINT)
            out, _ = tool.communicate(timeout=30)
            os.close(master)
            self.assertEqual(tool.returncode, 130)
            leak = rows_of(json.loads(out))["Leak"]
            self.assertEqual((leak["delta"], leak[pids[0]], leak[pids[1]]),
                             (30, 10, 20))

            code, _, err = objtop("path", "--children", target.pid, "Mine")
            self.assertEqual(code, 2)
            self.assertIn(pids[0], err)
            code, _, err = objtop("types", "--name", name)
            self.assertEqual(code, 2)
            self.assertIn("--all", err)
            code, _, err = objtop("types", "--all", target.pid)
            self.assertEqual(code, 2)
            self.assertIn("--name", err)
            code, _, err = objtop("types", "--children", pids[0])
            self.assertEqual(code, 3)


class Usage(unittest.TestCase):
    def test_refusals(self):
        with tempfile.TemporaryDirectory() as tmp, \
                Target(PYTHON, SCENE) as target:
            old = os.path.join(tmp, "old.objtop")
            new = os.path.join(tmp, "new.objtop")
            for path in (old, new):
                objtop("snapshot", "-o", path, target.pid)
            for args, word in ((["growth", old], "several"),
                               (["growth", new, old], "oldest snapshot"),
                               (["growth", str(target.pid), new], "last"),
                               (["diff", old], "AFTER"),
                               (["growth"], "TARGET"),
                               (["growth", "--rounds", "0", old], "rounds")):
                code, _, err = objtop(*args)
                self.assertEqual(code, 2, (args, err))
                self.assertIn(word, err)
                self.assertEqual(len(err.strip().splitlines()), 1, err)


if __name__ == "__main__":
    harness.main()
