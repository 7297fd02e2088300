# SPDX-License-Identifier: MIT
"""record: what is written, that it survives a kill, what is read and drawn."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
import xml.dom.minidom

import harness
from harness import Target, objtop, objtop_json, wait_for

GROWS = """
    import sys, time, threading
    class Session:
        def __init__(self): self.me = self
    keep = []
    print("{}", flush=True)
    def grow():
        while True:
            keep.extend(Session() for _ in range(200))
            for _ in range(400): Session()
            keep.append(b"x" * 300000)
            time.sleep(0.01)
    threading.Thread(target=grow, daemon=True).start()
    for line in sys.stdin:
        import gc
        print('{"callbacks": %d}' % len(gc.callbacks), flush=True)
"""


def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


def some():
    """The oldest and the newest interpreter here."""
    return sorted({harness.NATIVE[0], harness.INTERPRETERS[-1]})


class Record(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "a.rec")
        self.directory = directory.name

    def test_what_is_written(self):
        for minor, python in some():
            path = self.path + str(minor)
            with self.subTest(python=python), Target(python, GROWS) as target:
                code, _, err = objtop("record", target.pid, "-o", path,
                                      "--interval", "100ms", "--for", "1500ms")
                self.assertEqual(code, 0, err)
                head, *points = lines(path)
                self.assertEqual(head["pid"], target.pid)
                self.assertTrue(head["version"].startswith("3.%d" % minor))
                end = points.pop()
                self.assertEqual(end["event"], "the recording ends")
                self.assertGreater(len(points), 3)
                self.assertEqual(sorted(p["t"] for p in points),
                                 [p["t"] for p in points])
                self.assertGreater(points[-1]["rss"], points[0]["rss"])
                self.assertIn("pss", points[0])
                sessions = [dict((t[0], t[1]) for t in p["types"])["Session"]
                            for p in points if "types" in p]
                self.assertGreater(len(sessions), 1)
                self.assertGreater(sessions[-1], sessions[0])
                self.assertGreater(sum(p["gc"][0] for p in points), 0)
                self.assertGreater(sum(p["gc"][1] for p in points), 0)
                wait_for(lambda: target.ask()["callbacks"] == 0, 5,
                         "the callback to be gone")

    def test_killed_and_gone_on_with(self):
        minor, python = harness.NATIVE[-1]
        with Target(python, GROWS) as target:
            for _ in range(2):
                process = subprocess.Popen(
                    [harness.OBJTOP, "record", "-q", str(target.pid), "-o",
                     self.path, "--interval", "20ms"])
                before = os.path.exists(self.path) and \
                    os.path.getsize(self.path) or 0
                wait_for(lambda: os.path.exists(self.path) and
                         os.path.getsize(self.path) > before + 4000, 20,
                         "the recording to grow")
                process.kill()
                process.wait()
            whole = len([p for p in lines(self.path) if "rss" in p])
            with open(self.path, "ab") as f:
                f.write(b'{"t":1795180310224,"rss":1740')   # torn
            row = objtop_json("record", self.path)["rows"][0]
            self.assertEqual((row["samples"], row["torn"]), (whole, 1))
            code, _, err = objtop("record", "-q", target.pid, "-o", self.path,
                                  "--for", "100ms")
            self.assertEqual(code, 0, err)
            row = objtop_json("record", self.path)["rows"][0]
            self.assertGreater(row["samples"], whole)
            self.assertEqual(row["torn"], 1)

    def test_until_rss(self):
        minor, python = harness.NATIVE[0]
        snapshot = os.path.join(self.directory, "x.objtop")
        with Target(python, GROWS) as target:
            code, _, err = objtop("record", target.pid, "-o", self.path,
                                  "--interval", "50ms", "--until-rss", "60M",
                                  "--snapshot", snapshot,
                                  "--include-children")
            self.assertEqual(code, 0, err)
            points = lines(self.path)
            self.assertIn("RSS has reached", points[-3]["event"])
            self.assertGreaterEqual(points[-4]["rss"], 60 << 20)
            self.assertLess(points[1]["rss"], 60 << 20)
            self.assertEqual(points[1]["children"], 0)
            rows = objtop_json("types", snapshot)["rows"]
            self.assertIn("Session", [r["type"] for r in rows])

    def test_a_child(self):
        minor, python = harness.NATIVE[-1]
        code, out, err = objtop(
            "record", "--exec", "-o", self.path, "--interval", "50ms", "--",
            python, "-c", "import time\nkeep = [[] for _ in range(50000)]\n"
            "print('hello', flush=True)\ntime.sleep(0.5)\nraise SystemExit(7)")
        self.assertEqual((code, out), (7, "hello\n"), err)
        points = lines(self.path)
        self.assertEqual(points[-1]["event"], "the program has ended")
        self.assertGreater(dict((t[0], t[1])
                                for t in points[-2]["types"])["list"], 50000)

    def test_the_program_ends(self):
        minor, python = harness.NATIVE[0]
        with Target(python, GROWS) as target:
            process = subprocess.Popen(
                [harness.OBJTOP, "record", "-q", str(target.pid), "-o",
                 self.path, "--interval", "20ms"])
            wait_for(lambda: os.path.exists(self.path) and
                     os.path.getsize(self.path) > 3000, 20, "some lines")
            target.process.kill()
            self.assertEqual(process.wait(20), 0)
        self.assertEqual(lines(self.path)[-1]["event"],
                         "the program has ended")

    def test_plots(self):
        evil = '</svg><script>"&'
        start = 1700000000000
        with open(self.path, "w") as f:
            f.write(json.dumps({"objtop_record": 1, "start": start, "pid": 7,
                                "command": evil, "version": "3"},
                               separators=(",", ":")) + "\n")
            for i in range(50):
                f.write(json.dumps({
                    "t": start + 1000 * i, "rss": (100 + i) << 20,
                    "pss": 50 << 20, "gc": [3, 1000, 500 + i],
                    "objects": 5, "bytes": 6,
                    "types": [[evil, 1000 * i, 5], ["dict", 7, 8]][:1 + i % 2]
                }) + "\n")
            f.write(json.dumps({"t": start + 7000, "event": evil}) + "\n")
            f.write("nonsense\n")
        svg = os.path.join(self.directory, "p.svg")
        code, _, err = objtop("record", "--plot", svg, self.path)
        self.assertEqual(code, 0, err)
        picture = xml.dom.minidom.parse(svg)
        self.assertEqual(picture.getElementsByTagName("script").length, 0)
        texts = [t.firstChild.data for t in
                 picture.getElementsByTagName("text") if t.firstChild]
        self.assertTrue(any("peak 149.0M" in t for t in texts), texts)
        self.assertTrue(any(t.startswith("dict") for t in texts), texts)
        self.assertIn(evil, texts)
        longest = max((l.getAttribute("points").split() for l in
                       picture.getElementsByTagName("polyline")), key=len)
        self.assertEqual(len(longest), 50)
        png = os.path.join(self.directory, "p.png")
        code, _, err = objtop("record", "--plot", png, self.path)
        self.assertEqual(code, 0, err)
        with open(png, "rb") as f:
            self.assertTrue(f.read().startswith(b"\x89PNG"))
        row = objtop_json("record", self.path)["rows"][0]
        self.assertEqual(row["peak_rss"], 149 << 20)
        self.assertEqual((row["samples"], row["longest_us"], row["torn"]),
                         (50, 549, 1))

    def test_refused_in_one_line(self):
        other = os.path.join(self.directory, "other")
        with open(other, "w") as f:
            f.write("precious\n")
        with Target(harness.NATIVE[0][1], GROWS) as target:
            for code, words in (
                    (1, (target.pid, "-o", other, "--for", "1s")),
                    (2, ("--plot", "x.pdf", self.path)),
                    (2, ("--plot", "x.svg", other)),
                    (2, ()), (2, ("--exec",)),
                    (2, (target.pid, "--snapshot", "x")),
                    (2, (target.pid, "--until-rss", "much"))):
                got, _, err = objtop("record", "-q", *words)
                self.assertEqual((got, len(err.splitlines())), (code, 1),
                                 (words, err))
        with open(other) as f:
            self.assertEqual(f.read(), "precious\n")


if __name__ == "__main__":
    harness.main()
