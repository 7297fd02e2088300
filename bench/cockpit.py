#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a target loses while `gc --watch` or `record` is on.

Two targets, one that counts and one that makes and drops objects and cycles
all the time.  Windows alternate between left alone, watched and recorded, so
that the machine's noise meets all alike; a target's rate is what it did per
second of its own CPU time, so that what objtop itself takes of a busy machine
is not counted as a loss.  Each window is held against those left alone before
and after it.

    bench/cockpit.py [--rounds 20] [--window 1] [--python PYTHON]
                     [--objtop OBJTOP]
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

HEAD = """
import mmap, struct, sys, time
with open(sys.argv[1], "r+b") as shared:
    board = mmap.mmap(shared.fileno(), 4096)
class Thing:
    def __init__(self, n): self.n, self.me = n, self
heap = [[n] for n in range(int(sys.argv[2]))]
print("ready", flush=True)
done = 0
while True:
"""
TARGETS = {
    "counting": HEAD + """
    n = 0
    for _ in range(5000):
        n += 1
    done += n
    struct.pack_into("Qd", board, 0, done, time.process_time())
""",
    "allocating": HEAD + """
    for n in range(300):
        Thing(n)
        x = [[], {}, (n, n)]
    done += 300
    struct.pack_into("Qd", board, 0, done, time.process_time())
""",
}


def rate(board, seconds):
    """Work per second of the target's own CPU time."""
    count, cpu = struct.unpack_from("Qd", board)
    time.sleep(seconds)
    count2, cpu2 = struct.unpack_from("Qd", board)
    return (count2 - count) / max(cpu2 - cpu, 1e-9)


def looking(options, pid, how, directory):
    words = {"watched": ["gc", "--watch", "--json"],
             "recorded": ["record", "-q", "-o",
                          os.path.join(directory, "bench.rec")]}[how]
    process = subprocess.Popen([options.objtop, *words, str(pid)],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(0.5)     # in by then
    return process


def measure(options, name, directory):
    """Rates per round: alone, watched, alone, recorded."""
    with tempfile.NamedTemporaryFile() as shared:
        shared.write(bytes(4096))
        shared.flush()
        board = mmap.mmap(shared.fileno(), 4096)
        target = subprocess.Popen(
            [options.python, "-c", TARGETS[name], shared.name,
             str(options.objects)], stdout=subprocess.PIPE)
        target.stdout.readline()
        time.sleep(1)
        rates = []
        for n in range(2 * options.rounds + 1):
            one = {"alone": rate(board, options.window)}
            how = "watched" if n % 2 else "recorded"
            objtop = looking(options, target.pid, how, directory)
            one[how] = rate(board, options.window)
            objtop.send_signal(2)
            if objtop.wait(30) != 0:
                sys.exit("objtop failed")
            time.sleep(0.2)
            rates.append(one)
        target.kill()
        target.wait()
        target.stdout.close()
    return rates


def losses(rates, how):
    """Each window against the mean of those before and after it."""
    return [100 * (1 - 2 * one[how] / (one["alone"] + after["alone"]))
            for one, after in zip(rates, rates[1:]) if how in one]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--window", type=float, default=1)
    parser.add_argument("--objects", type=int, default=50000)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--objtop",
                        default=os.environ.get("OBJTOP", "./objtop"))
    options = parser.parse_args()
    print("loss in percent of the rate of the windows before and after")
    print("%-11s %-9s %3s %8s %8s %8s" % (
        "target", "", "n", "median", "quarter", "quarter"))
    with tempfile.TemporaryDirectory() as directory:
        for name in TARGETS:
            rates = measure(options, name, directory)
            for how in ("watched", "recorded"):
                loss = losses(rates, how)
                low, middle, high = statistics.quantiles(loss, n=4)
                print("%-11s %-9s %3d %8.2f %8.2f %8.2f" % (
                    name, how, len(loss), middle, low, high))


if __name__ == "__main__":
    main()
