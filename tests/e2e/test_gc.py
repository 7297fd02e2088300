# SPDX-License-Identifier: MIT
"""gc: what the module gc says in the stopped process, acting, watching."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

import harness
from harness import Target, each_python, objtop, objtop_json, wait_for

# What it says of itself changes nothing: collection is off, and the lists and
# dicts of the answer are made before it is given.
SCENE = """
    import gc, json, sys, weakref
    class Knot:
        def __init__(self): self.me = self
    class Kept: pass
    def junk(n):
        for _ in range(n): Knot()
    def facts():
        import gc
        answer = {"callbacks": len(gc.callbacks), "garbage": len(gc.garbage),
                  "enabled": gc.isenabled(), "frozen": gc.get_freeze_count(),
                  "threshold": gc.get_threshold(), "stats": gc.get_stats()}
        answer["objects"] = [len(gc.get_objects(generation=g))
                             for g in range(3)]
        answer["count"] = gc.get_count()
        return answer
    gc.disable()
    kept = [Kept() for _ in range(100)]
    gc.collect(); junk(50); gc.collect(); gc.collect(0); gc.collect(1)
    gc.garbage.append(kept)
    more = [Kept() for _ in range(300)]
    gc.collect(0)
    print("{}", flush=True)
    for line in sys.stdin:
        exec(line)
        print(json.dumps(facts()), flush=True)
"""

# Makes cycles all the time.
CHURN = """
    import gc, json, os, sys, threading, time
    class Knot:
        def __init__(self): self.me = self
    go = None
    print("{}", flush=True)
    def churn():
        while True:
            for _ in range(300): Knot()
            time.sleep(0.001)
    threading.Thread(target=churn, daemon=True).start()
    for line in sys.stdin:
        exec(line)
        print(json.dumps({"callbacks": len(gc.callbacks),
                          "enabled": gc.isenabled(),
                          "threshold": gc.get_threshold(),
                          "threads": len(os.listdir("/proc/self/task"))}),
              flush=True)
"""


def is_free_threaded(python):
    return python in harness.free_threaded_pythons() or python in [
        os.path.realpath(p) for p in harness.free_threaded_pythons()]


def refused_where_free_threaded(test):
    """Such a build is told about, but neither watched nor acted on."""
    def run(self, python, minor):
        if not is_free_threaded(python):
            return test(self, python, minor)
        with Target(python, CHURN) as target:
            for words in (["--watch", "--for", "1s"], ["--freeze"]):
                code, _, err = objtop("gc", *words, target.pid)
                self.assertEqual((code, len(err.splitlines())), (1, 1), err)
                self.assertIn("free-threaded", err)
            self.assertEqual(target.ask()["callbacks"], 0)
        return None
    run.__name__ = test.__name__
    return run


def some_pythons(test):
    """Runs a test with the oldest, the newest and one in between."""
    def run(self):
        found = {minor: python for minor, python in harness.INTERPRETERS
                 if not is_free_threaded(python)}
        for minor in sorted({min(found), max(found)} | {12} & set(found)):
            with self.subTest(python=found[minor]):
                test(self, found[minor], minor)
    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


def generations(answer):
    rows = answer["rows"]
    assert [r["generation"] for r in rows] == [0, 1, 2], rows
    return rows


class Figures(unittest.TestCase):
    def compare(self, rows, facts, lists=True):
        for g, row in enumerate(rows):
            for key in ("collections", "collected", "uncollectable"):
                self.assertEqual(row[key], facts["stats"][g][key], (g, key))
            self.assertEqual(row["threshold"], facts["threshold"][g], g)
        for row in rows:
            self.assertEqual(row["enabled"], facts["enabled"])
            self.assertEqual(row["frozen"], facts["frozen"])
            self.assertEqual(row["garbage"], facts["garbage"])
            self.assertEqual(row["callbacks"], facts["callbacks"])
        self.assertEqual([row["count"] for row in rows][1:],
                         facts["count"][1:])
        # The answer's own lists and dicts are young, and some are gone again.
        self.assertAlmostEqual(rows[0]["count"], facts["count"][0], delta=40)
        if not lists:
            self.assertNotIn("objects", rows[0])
            return
        self.assertAlmostEqual(rows[0]["objects"], facts["objects"][0],
                               delta=40)
        self.assertEqual([row["objects"] for row in rows][1:],
                         facts["objects"][1:])

    @each_python
    def test_same_as_the_module(self, python, minor):
        with Target(python, SCENE) as target, \
                tempfile.TemporaryDirectory() as tmp:
            lists = not is_free_threaded(python)
            facts = target.ask(b"pass\n")
            answer = objtop_json("gc", target.pid)
            self.compare(generations(answer), facts, lists)
            self.assertGreater(facts["stats"][0]["collections"], 0)
            self.assertEqual("pause_us" in answer["rows"][0], minor >= 15)
            # frozen, other thresholds, enabled; the same from a file
            facts = target.ask(b"gc.set_threshold(123456, 7, 6); gc.freeze();"
                               b" gc.callbacks.append(id)\n")
            self.assertGreater(facts["frozen"], 1000)
            self.compare(generations(objtop_json("gc", target.pid)), facts,
                         lists)
            path = os.path.join(tmp, "x.objtop")
            code, _, err = objtop("snapshot", "-o", path, target.pid)
            self.assertEqual(code, 0, err)
            self.compare(generations(objtop_json("gc", path)), facts, lists)

    def test_no_collector(self):
        with Target(harness.NATIVE[0][1], SCENE) as target, \
                tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "x.objtop")
            self.assertEqual(objtop("snapshot", "-o", path, target.pid)[0], 0)
            code, _, err = objtop("gc", "--freeze", path)
            self.assertEqual((code, len(err.splitlines())), (2, 1), err)
            for wrong in (["--enable", "--disable"], ["--here"],
                          ["--restore"], ["--threshold", "a"],
                          ["--collect=7"], ["--for", "1s"]):
                code, _, err = objtop("gc", *wrong, target.pid)
                self.assertEqual((code, len(err.splitlines())), (2, 1), err)


class Acting(unittest.TestCase):
    @each_python
    @refused_where_free_threaded
    def test_settings(self, python, minor):
        with Target(python, SCENE) as target:
            before = target.ask(b"pass\n")
            rows = objtop_json("gc", "--threshold", "5000,20", "--enable",
                               "--freeze", target.pid)["rows"]
            self.assertEqual([r["what"] for r in rows],
                             ["threshold", "enable", "freeze"])
            old = ",".join(map(str, before["threshold"]))
            new = "5000,20,%d" % before["threshold"][2]
            self.assertEqual((rows[0]["before"], rows[0]["after"]),
                             (old, new))
            self.assertEqual((rows[1]["before"], rows[1]["after"]),
                             ("disabled", "enabled"))
            after = target.ask(b"pass\n")
            self.assertEqual(after["threshold"],
                             [5000, 20, before["threshold"][2]])
            self.assertTrue(after["enabled"])
            self.assertAlmostEqual(after["frozen"],
                                   int(rows[2]["after"].split()[0]), delta=20)
            objtop_json("gc", "--unfreeze", "--disable", target.pid)
            after = target.ask(b"pass\n")
            self.assertEqual((after["enabled"], after["frozen"]), (False, 0))

    @some_pythons
    def test_collect(self, python, minor):
        with Target(python, CHURN.replace("300", "0")) as target:
            target.ask(b"gc.disable()\n")
            target.ask(b"for _ in range(777): Knot()\n")
            # It waits for a line: its main thread runs nothing.
            code, _, err = objtop("gc", "--collect", "--timeout", "300ms",
                                  target.pid)
            self.assertEqual((code, len(err.splitlines())), (1, 1), err)
            self.assertIn("--here", err)
            row = objtop_json("gc", "--collect", "--here",
                              target.pid)["rows"][0]
            self.assertGreaterEqual(row["collected"], 777)
            freed = {r["type"]: r["freed"] for r in row["freed"]}
            self.assertEqual(freed["Knot"], 777)
            # What was given up does not run later.
            collections = objtop_json("gc", target.pid)["rows"][2]
            target.ask(b"pass\n")
            self.assertEqual(collections["collections"], objtop_json(
                "gc", target.pid)["rows"][2]["collections"])

    @some_pythons
    def test_collect_on_the_main_thread(self, python, minor):
        source = """
            import gc, json, threading, time
            gc.disable()
            where = []
            class Knot:
                def __init__(self): self.me = self
                def __del__(self): where.append(threading.current_thread())
            Knot(); Knot()
            print("{}", flush=True)
            while len(where) < 2: time.sleep(0.01)
            main = all(t is threading.main_thread() for t in where)
            print(json.dumps({"main": main}), flush=True)
            time.sleep(60)
        """
        with Target(python, source) as target:
            row = objtop_json("gc", "--collect", "2", target.pid)["rows"][0]
            self.assertEqual(row["what"], "collect")
            self.assertTrue(json.loads(target.read_line(10))["main"])

    def test_a_module_never_imported(self):
        source = """
            import sys
            print('{"gc": %d}' % ("gc" in sys.modules), flush=True)
            for line in sys.stdin:
                print('{"gc": %d}' % ("gc" in sys.modules), flush=True)
        """
        done = 0
        for minor, python in harness.INTERPRETERS:
            if is_free_threaded(python):
                continue
            with self.subTest(python=python), Target(python, source) as t:
                if t.facts["gc"]:
                    continue
                done += 1
                rows = objtop_json("gc", "--threshold", "800", t.pid)["rows"]
                self.assertTrue(rows[0]["after"].startswith("800,"))
                objtop_json("gc", "--watch", "--for", "200ms", t.pid)
                self.assertEqual(t.ask()["gc"], 0)
                self.assertEqual(
                    objtop_json("gc", t.pid)["rows"][0]["callbacks"], 0)
        if not done:
            self.skipTest("each interpreter here imports gc at its start")


class Watching(unittest.TestCase):
    @each_python
    @refused_where_free_threaded
    def test_pauses(self, python, minor):
        with Target(python, CHURN) as target:
            before = objtop_json("gc", target.pid)["rows"]
            rows = generations(objtop_json("gc", "--watch", "--for", "300ms",
                                           target.pid))
            after = objtop_json("gc", target.pid)["rows"]
            for b, w, a in zip(before, rows, after):
                self.assertLessEqual(w["collections"],
                                     a["collections"] - b["collections"])
                self.assertLessEqual(w["collected"],
                                     a["collected"] - b["collected"])
            young = rows[0]
            self.assertGreater(young["collections"], 0)
            self.assertGreater(young["collected"], 0)
            self.assertLessEqual(young["p50_us"], young["p99_us"])
            self.assertLessEqual(young["p99_us"], young["max_us"])
            self.assertLessEqual(young["max_us"], young["pause_us"])
            self.assertEqual(sum(h["count"] for h in young["histogram"]),
                             young["collections"])
            self.assertEqual(target.ask()["callbacks"], 0)
            wait_for(lambda: target.ask()["threads"] == 2, 5,
                     "the agent's thread to be gone")

    def watch(self, target, *options):
        process = subprocess.Popen(
            [harness.OBJTOP, "gc"] + list(options) + [str(target.pid)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    @some_pythons
    def test_ends(self, python, minor):
        """Ctrl-C; killed; both leave nothing."""
        with Target(python, CHURN) as target:
            for how in (signal.SIGINT, signal.SIGKILL):
                process = self.watch(target, "--watch")
                line = process.stdout.readline().decode()
                self.assertIn("generation", line)
                if minor < 15:
                    self.assertEqual(target.ask()["callbacks"], 1)
                    # it is not counted, nor shown
                process.send_signal(how)
                rest = process.communicate(timeout=20)[0].decode()
                if how == signal.SIGINT:
                    self.assertEqual(process.returncode, 0)
                    self.assertIn("p99_us", rest)
                wait_for(lambda: target.ask() == {
                    "callbacks": 0, "enabled": True, "threads": 2,
                    "threshold": target.ask()["threshold"]}, 15,
                    "the callback to be gone")

    @some_pythons
    def test_restore(self, python, minor):
        with Target(python, CHURN) as target:
            was = target.ask()
            for how in (signal.SIGINT, signal.SIGKILL):
                process = self.watch(target, "--threshold", "9,8,7",
                                     "--disable", "--restore")
                wait_for(lambda: not target.ask()["enabled"], 15,
                         "collection to be disabled")
                self.assertEqual(target.ask()["threshold"][:2], [9, 8])
                process.send_signal(how)
                process.communicate(timeout=20)
                wait_for(lambda: target.ask() == was, 15, "all as it was")

    @some_pythons
    def test_fork_while_watched(self, python, minor):
        """A child writes into nobody's ring and loses the callback."""
        fork = (b"pid = os.fork() or (gc.collect(), [None for _ in range(99)],"
                b" gc.collect(), os._exit(len(gc.callbacks)));"
                b" status = os.waitpid(pid, 0)[1];"
                b" assert status == 0, status\n")
        with Target(python, CHURN) as target:
            process = self.watch(target, "--watch")
            process.stdout.readline()
            target.ask(fork)
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
            wait_for(lambda: target.ask()["callbacks"] == 0, 15,
                     "the callback to be gone")

    @some_pythons
    def test_a_program_that_forks(self, python, minor):
        """Its children lose the callback; os.fork() warns of nothing."""
        source = """
            import gc, json, os, sys, time, warnings
            warnings.simplefilter("error")
            class Knot:
                def __init__(self): self.me = self
            was = gc.get_threshold()
            print("{}", flush=True)
            for _ in range(30):
                for _ in range(2000): Knot()
                pid = os.fork()
                if not pid:
                    gc.collect(); [None for _ in range(99)]; gc.collect()
                    os._exit(len(gc.callbacks))
                status = os.waitpid(pid, 0)[1]
                assert status == 0, status
                time.sleep(0.02)
            print(json.dumps({"callbacks": len(gc.callbacks),
                              "restored": gc.get_threshold() == was}),
                  flush=True)
            sys.stdin.readline()
        """
        with Target(python, source) as target:
            rows = generations(objtop_json(
                "gc", "--watch", "--for", "300ms", "--threshold", "800",
                "--restore", target.pid))
            self.assertGreater(rows[0]["collections"], 0)
            self.assertEqual(json.loads(target.read_line(30)),
                             {"callbacks": 0, "restored": True})


if __name__ == "__main__":
    harness.main()
