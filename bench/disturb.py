#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much of its own work a target loses while objtop looks at it.

A counting loop runs in a target; its rate is taken in windows that alternate
between "left alone" and "objtop types PID once a second", so that noise of
the machine meets both alike.  Prints the median rate of each, the loss, how
long the target was held each time, and the longest gap the target saw.

    bench/disturb.py [--seconds 60] [--objects 200000] [--python PYTHON]
"""

import argparse
import json
import mmap
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time

TARGET = """
import mmap, struct, sys, time
with open(sys.argv[1], "r+b") as shared:
    board = mmap.mmap(shared.fileno(), 4096)
class Thing:
    def __init__(self, n): self.n, self.tags = n, [n]
heap = [Thing(n) for n in range(int(sys.argv[2]))]
print("ready", flush=True)
count, longest, last = 0, 0.0, time.perf_counter()
while True:
    for _ in range(2000):
        count += 1
    now = time.perf_counter()
    longest = max(longest, now - last)
    if board[16]:
        longest, board[16] = 0.0, 0
    struct.pack_into("Qd", board, 0, count, longest)
    last = now
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--objects", type=int, default=50000)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--objtop",
                        default=os.environ.get("OBJTOP", "./objtop"))
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile() as shared:
        shared.write(bytes(4096))
        shared.flush()
        board = mmap.mmap(shared.fileno(), 4096)
        target = subprocess.Popen(
            [options.python, "-c", TARGET, shared.name, str(options.objects)],
            stdout=subprocess.PIPE)
        target.stdout.readline()
        rates, held, gaps = {False: [], True: []}, [], {False: [], True: []}
        busy = False
        end = time.monotonic() + 2 * options.seconds
        while time.monotonic() < end:
            board[16] = 1
            time.sleep(0.05)
            start, count = time.monotonic(), struct.unpack_from("Q", board)[0]
            for _ in range(options.window):
                tick = time.monotonic()
                if busy:
                    out = subprocess.run(
                        [options.objtop, "types", str(target.pid), "--json",
                         "-n", "1"], stdout=subprocess.PIPE, check=True)
                    held.append(json.loads(out.stdout)["snapshot"]["pause_us"])
                time.sleep(max(0, 1 - (time.monotonic() - tick)))
            done = struct.unpack_from("Q", board)[0] - count
            rates[busy].append(done / (time.monotonic() - start))
            gaps[busy].append(struct.unpack_from("Qd", board)[1] * 1e3)
            busy = not busy
        alive = target.poll() is None
        target.kill()
    alone, looked = (statistics.median(rates[k]) for k in (False, True))
    print("objects %d, windows %d + %d of %d s, target alive: %s" %
          (options.objects, len(rates[False]), len(rates[True]),
           options.window, alive))
    print("left alone        %12.0f /s  (min %.0f, max %.0f)" %
          (alone, min(rates[False]), max(rates[False])))
    print("objtop each second%12.0f /s  (min %.0f, max %.0f)" %
          (looked, min(rates[True]), max(rates[True])))
    print("loss %.2f %%" % (100 * (1 - looked / alone)))
    print("held: median %d us, max %d us, n %d" %
          (statistics.median(held), max(held), len(held)))
    print("longest gap a window: alone %.1f ms, with objtop %.1f ms (medians)" %
          (statistics.median(gaps[False]), statistics.median(gaps[True])))


if __name__ == "__main__":
    main()
