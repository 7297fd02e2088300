# SPDX-License-Identifier: MIT
"""make bench: what objtop costs, as ratios in one run.

    bench.py --build DIR [--millions 10] [--rounds 3] [--python PYTHON]
             [--aged] [ROW...]

Builds a heap (heap.py) in one process (target.py), looks at it with the
objtop of the build tree and with what stands beside it (rows.py), and prints
a table: n, median, least and most of each, and the ratio of the medians.
The machine's noise is in all of them; believe the ratios.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = {}


class Missing(Exception):
    """What cannot be measured here, and why."""


def row(function):
    ROWS[function.__name__] = function
    return function


class Line:
    def __init__(self, what, samples, unit, beside="", others=(), reach=""):
        self.what, self.unit, self.beside = what, unit, beside
        self.samples = [s for s in samples if s is not None]
        self.others = [s for s in others if s is not None]
        self.reach = reach

    def cells(self):
        ratio = ""
        if self.samples and self.others and statistics.median(self.others):
            ratio = "%.2f x" % (statistics.median(self.samples) /
                                statistics.median(self.others))
        return [self.what, self.unit, *spread(self.samples), self.beside,
                spread(self.others)[1], ratio, self.reach]


def spread(samples):
    """n, median, least, most; as text."""
    if not samples:
        return ["0", "-", "-", "-"]
    return [str(len(samples))] + [figure(f(samples)) for f in
                                  (statistics.median, min, max)]


def figure(v):
    if v >= 10000:
        return "%d" % v
    return "%.1f" % v if v >= 10 else "%.2f" % v


class Bench:
    def __init__(self, options, scratch):
        self.options, self.rounds, self.scratch = (options, options.rounds,
                                                   scratch)
        self.load_path = os.path.join(options.build, "bench", "load")
        self.objtop_path = os.path.join(options.build, "objtop")
        command = [options.python, os.path.join(HERE, "target.py"),
                   str(options.millions)]
        library = os.path.join(options.build, "bench", "reference.so")
        if os.path.exists(library):
            command += ["--library", os.path.abspath(library)]
        if options.aged:
            command.append("--aged")
        self.target = subprocess.Popen(command, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.pid = str(self.target.pid)
        self.version = json.loads(self.target.stdout.readline())["version"]
        self.order("idle", on=True)

    def order(self, what, **more):
        """Has something done in the target; its answer."""
        self.target.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.target.stdin.flush()
        line = self.target.stdout.readline()
        if not line:
            raise Missing("the target has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise Missing("missing: " + answer["error"])
        if answer["value"] is None and what in ("clone", "walk"):
            raise Missing("no reference library for this build")
        return answer["value"]

    def window(self, look, least=0.5):
        """What the probe in the target says of the time of look()."""
        self.order("mark")
        start = time.monotonic()
        look()
        time.sleep(max(0, least - (time.monotonic() - start)))
        return self.order("stat")

    def load(self, *flags, target=None):
        """One snapshot of the target into a graph (load.c)."""
        run = subprocess.run([self.load_path, *flags, target or self.pid],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
        if run.returncode:
            raise Missing(run.stderr.strip())
        return json.loads(run.stdout)

    def objtop(self, *words):
        """A command of the build's objtop; the seconds it took."""
        start = time.monotonic()
        run = subprocess.run([self.objtop_path, *words],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
        if run.returncode:
            raise Missing(run.stderr.strip())
        return time.monotonic() - start

    def rss(self):
        """Of the target, in bytes."""
        with open("/proc/%s/status" % self.pid) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) * 1024

    def close(self):
        self.target.stdin.close()
        try:
            self.target.wait(20)
        except subprocess.TimeoutExpired:
            self.target.kill()
            self.target.wait()


def show(lines):
    head = ["what", "unit", "n", "median", "min", "max", "beside", "median",
            "ratio", "reach"]
    cells = [head] + [line.cells() for line in lines]
    widths = [max(len(c[i]) for c in cells) for i in range(len(head))]
    numbers = {2, 3, 4, 5, 7, 8}
    for c in cells:
        print("  ".join(v.rjust(w) if i in numbers else v.ljust(w)
                        for i, (v, w) in enumerate(zip(c, widths))).rstrip(),
              flush=True)


def measure(bench, names):
    lines = []
    for name in names:
        print("bench: %s" % name, file=sys.stderr, flush=True)
        try:
            lines += ROWS[name](bench)
        except (Missing, OSError) as e:
            lines.append(Line(name, [], "", beside=str(e)[:60]))
    return lines


def default_python():
    """Debian's own has python3-objgraph beside it."""
    debian = "/usr/bin/python3"
    return debian if os.path.exists(debian) else sys.executable


def main():
    import rows     # fills ROWS

    assert rows
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=".")
    parser.add_argument("--millions", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", default=default_python())
    parser.add_argument("--aged", action="store_true")
    parser.add_argument("rows", nargs="*", metavar="ROW")
    options = parser.parse_args()
    unknown = set(options.rows) - set(ROWS)
    if unknown:
        parser.error("no such row: %s (there are %s)" % (
            ", ".join(unknown), " ".join(ROWS)))
    scratch = tempfile.mkdtemp(prefix="objtop-bench.")
    try:
        bench = Bench(options, scratch)
        try:
            run = bench.load("--counts")
            print("heap: %d objects, RSS %d MiB, CPython %s%s; %d cores, "
                  "load %.1f" % (run["objects"], bench.rss() >> 20,
                                 bench.version,
                                 ", aged" if options.aged else "",
                                 os.cpu_count(), os.getloadavg()[0]),
                  flush=True)
            show(measure(bench, options.rows or list(ROWS)))
        finally:
            bench.close()
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    sys.modules["bench"] = sys.modules["__main__"]
    main()
