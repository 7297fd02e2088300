#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a census of a large heap takes, and what its target loses by it.

A target builds a mixed heap and then works; its rate and its longest gap are
taken in windows that alternate between "left alone" and "everything counted
once a second", so that noise of the machine meets both alike.  Prints how long
a count of everything took (wall and CPU), what one of the default budget looks
at, and how far the counts are from a snapshot's.

    bench/census.py [--objects 10000000] [--rounds 20] [--python PYTHON]
"""

import argparse
import mmap
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time

TARGET = """
import gc, mmap, random, struct, sys, time
with open(sys.argv[1], "r+b") as shared:
    board = mmap.mmap(shared.fileno(), 4096)

class Record:
    def __init__(self, n):
        self.number, self.name, self.tags = n, "record %d" % n, (n, n + 1)

class Node:
    __slots__ = ("left", "right", "value")
    def __init__(self, n, before):
        self.left, self.right, self.value = before, None, float(n)
        if before is not None:
            before.right = self

def branch(n):      # 25 objects or so
    node = Node(n, None)
    return [Record(n), node, Node(n, node), {"id": n + 10 ** 6, "data": [n]},
            {n, n + 1}, b"%d" % n, ["text %d" % n, (n, [n, {n: None}])]]

gc.disable()
heap = [branch(n) for n in range(int(sys.argv[2]) // 25)]
gc.enable()
gc.collect()
gc.collect()
random.seed(1)
some = [random.choice(heap) for n in range(100000)]
print("ready", flush=True)
count, longest, last = 0, 0.0, time.perf_counter()
while True:
    for _ in range(20):
        one = some[count % 100000]
        one[0].tags, one[1].value = (count, count + 1), float(count)
        count += 1
    now = time.perf_counter()
    longest = max(longest, now - last)
    last = now
    if board[16]:
        longest, board[16] = 0.0, 0
    while board[17]:
        time.sleep(0.01)
    struct.pack_into("Qd", board, 0, count, longest)
"""


class Board:
    def __init__(self, file):
        self.map = mmap.mmap(file.fileno(), 4096)

    def window(self, seconds, during=lambda: None):
        """(rate, longest gap in s) of the target in a window of time."""
        self.map[16] = 1
        before, begun = struct.unpack_from("Q", self.map)[0], time.monotonic()
        during()
        while time.monotonic() - begun < seconds:
            time.sleep(0.005)
        took = time.monotonic() - begun
        count, longest = struct.unpack_from("Qd", self.map)
        return (count - before) / took, longest


class Driver:
    def __init__(self, program, pid):
        self.process = subprocess.Popen(
            ["nice", "-n", "5", program, str(pid)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)

    def ask(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        rows = {}
        for answer in self.process.stdout:
            word, rest = answer.decode().rstrip("\n").split(" ", 1)
            if word == "no":
                sys.exit("census.py: " + rest)
            if word == "ok":
                return rows, {k: int(v) for k, v in
                              (p.split("=") for p in rest.split())}
            rows[word] = int(rest.split()[0])
        sys.exit("census.py: censusdrv ended")


def told(what, values, unit, scale):
    values = [v * scale for v in values]
    print("%-34s n %-3d median %-9.4g min %-9.4g max %-9.4g %s" %
          (what, len(values), statistics.median(values), min(values),
           max(values), unit))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--objects", type=int, default=10000000)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--driver", default="tests/e2e/censusdrv")
    o = options.parse_args()
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(4096)
        target = subprocess.Popen(
            [o.python, "-c", TARGET, file.name, str(o.objects)],
            stdout=subprocess.PIPE)
        try:
            target.stdout.readline()
            measure(o, target.pid, Board(file))
        finally:
            target.kill()
            target.wait()


def measure(o, pid, board):
    driver = Driver(os.path.abspath(o.driver), pid)
    driver.ask("count")
    _, snapshot = driver.ask("snapshot")
    driver.ask("learn")
    infos, rates, gaps = [], ([], []), ([], [])
    counts, info = driver.ask("count")
    print("%d objects, %d MiB with pools, a snapshot of counts held %.1f ms"
          % (info["objects"], info["chunks"], snapshot["held_us"] / 1e3))
    for turn in range(2 * o.rounds):
        counting = turn % 2
        rate, gap = board.window(
            1, (lambda: infos.append(driver.ask("count")[1])) if counting
            else lambda: None)
        rates[counting].append(rate)
        gaps[counting].append(gap)
    told("everything counted, wall", [i["took_us"] for i in infos], "ms", 1e-3)
    told("everything counted, CPU", [i["cpu_us"] for i in infos], "ms", 1e-3)
    told("objects counted", [i["objects"] / i["cpu_us"] for i in infos],
         "M/s of CPU", 1)
    told("gap, left alone", gaps[0], "ms", 1e3)
    told("gap, counted each second", gaps[1], "ms", 1e3)
    told("rate, counted / left alone",
         [b / a for a, b in zip(*rates)], "", 1)
    budget = [driver.ask("count 20000")[1] for _ in range(o.rounds)]
    told("2 % of a core: CPU", [i["cpu_us"] for i in budget], "ms", 1e-3)
    told("2 % of a core: share of the heap",
         [i["counted"] / i["chunks"] for i in budget], "", 1)
    board.map[17] = 1           # the program rests
    time.sleep(1)
    again, _ = driver.ask("snapshot")
    counts, _ = driver.ask("count")
    told("off a snapshot, types > 10,000",
         [abs(counts.get(a, 0) - n) / n for a, n in again.items()
          if n > 10000], "%", 100)
    print("torn pools: %d of %d" % (sum(i["torn"] for i in infos),
                                    sum(i["pools"] for i in infos)))


if __name__ == "__main__":
    main()
