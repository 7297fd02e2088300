#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proof of harmlessness: objtop against programs in every state.

    soak.py [-n ATTACHES] [--kill N] [--fates N] [--states A,B] [--pythons A:B]

For each state and each interpreter that is found, programs are started and
the real objtop gets in, takes a snapshot and leaves, again and again.  After
each time the program must be alive, making progress, not stopped, not traced,
with the threads, files, signal masks, handlers and children it had; and over
the life of a program at most one agent is mapped and its memory does not
grow.  --kill: objtop is killed by SIGKILL at a random instant of an attach,
every second time together with the process that does the work for it.
--fates: the program exits, forks or calls exec at a random instant.

Times are from before exec to objtop's word that the first frame is here, as
seen by this program; so they hold what starting a process costs too.
"""
import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from program import BUSY, CHURNING, STATES, Program	# first: finds harness
import fates
import harness

PER_PROGRAM = 8			# attaches to one program
IN_LINE = re.compile(rb"in by (\w+), first frame is here; one thread was "
                     rb"stopped for (\d+) us")
TIMEOUT_S = 60


class Tally:
    def __init__(self):
        self.times, self.stopped, self.held = [], [], []
        self.resident = self.left = 0
        self.refused, self.failed, self.harmed = [], [], []

    def add(self, other):
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def attach(objtop, pid, tally, args=("types", "--json")):
    """One visit; gives objtop's exit code."""
    began = time.monotonic()
    tool = subprocess.Popen([objtop, args[0], "-v", *args[1:],
                             "--timeout", "10s", str(pid)],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    said, hit = b"", None
    while hit is None:
        piece = os.read(tool.stderr.fileno(), 4096)
        if not piece:
            break
        said += piece
        hit = IN_LINE.search(said)
    came = time.monotonic()
    try:
        out, rest = tool.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        tool.kill()
        tool.communicate()
        tally.failed.append("objtop hung")
        return -1
    said += rest
    if hit:
        tally.times.append((came - began) * 1e3)
        tally.stopped.append(int(hit.group(2)) / 1e3)
        tally.resident += hit.group(1) == b"resident"
    last = said.decode(errors="replace").strip().splitlines()[-1:]
    if tool.returncode == 3:
        tally.refused += last
    elif tool.returncode != 0:
        tally.failed.append("exit %d: %s" % (tool.returncode, last))
    elif "--json" in args:
        tally.held.append(json.loads(out)["snapshot"]["pause_us"] / 1e3)
    return tool.returncode


def visit(objtop, program, turn, tally):
    if turn % 4 == 3:
        with tempfile.TemporaryDirectory() as folder:
            attach(objtop, program.pid, tally,
                   ("snapshot", "-o", os.path.join(folder, "x.objtop")))
        subprocess.run([objtop, "detach", str(program.pid)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=TIMEOUT_S)
    else:
        attach(objtop, program.pid, tally)


def look(program, before, tally, where):
    wrong = program.differences(before)
    if not wrong:
        word = program.moves()
        wrong = [word] if word else []
    for w in wrong:
        tally.harmed.append("%s: %s" % (where, w))
        print("HARMED %s: %s" % (where, w), flush=True)
    return not wrong


def end_of_program(program, grown, tally, where):
    wrong = []
    if program.scratch_left():
        wrong.append("scratch memory was left mapped")
    if program.agent_copies() > 1:
        wrong.append("%d copies of the agent" % program.agent_copies())
    if grown is not None and grown > 256:
        wrong.append("its memory grew by %d KiB" % grown)
    word = program.release()
    if word:
        wrong.append(word)
    for w in wrong:
        tally.harmed.append("%s: %s" % (where, w))
        print("HARMED %s: %s" % (where, w), flush=True)


def soak_cell(objtop, version, python, state, n):
    """n attaches to programs in one state."""
    tally = Tally()
    where = "%s %s" % (version, state)
    while n > 0:
        with Program(python, state) as p:
            before, size = p.baseline(), None
            rounds = min(n, PER_PROGRAM)
            n -= rounds
            for turn in range(rounds):
                visit(objtop, p, turn, tally)
                if not look(p, before, tally, where):
                    break
                if turn == 1 and state not in CHURNING:
                    size = p.size_kib()
            else:
                grown = None if size is None else p.size_kib() - size
                end_of_program(p, grown, tally, where)
                if "fork" in p.said() and "DeprecationWarning" in p.said():
                    tally.failed.append("os.fork() warned of a thread")
    return tally


def kill_children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            children = f.read().split()
    except OSError:
        return 0
    for child in children:
        try:
            os.kill(int(child), signal.SIGKILL)
        except OSError:
            pass
    return len(children)


def accept_sockets(program, before):
    """
    Two sockets whose maker was killed before it took note of them stay: to
    close what may by now be the program's would be worse.  Their number.
    """
    more = {n: f for n, f in program.fds().items()
            if n not in before["files"] and f.startswith("socket:")}
    if not program.wait(lambda: program.differences(before) == [], 0.2) and \
            len(more) == 2:
        before["files"].update(more)
        return 2
    return 0


def kill_cell(objtop, version, python, state, n, spread_s):
    """objtop is killed n times at random instants."""
    tally = Tally()
    where = "%s %s, objtop killed" % (version, state)
    while n > 0:
        with Program(python, state) as p:
            before = p.baseline()
            rounds = min(n, PER_PROGRAM * 2)
            n -= rounds
            for turn in range(rounds):
                tool = subprocess.Popen(
                    [objtop, "types", str(p.pid)], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                delay = random.uniform(0, spread_s)
                time.sleep(delay)
                both = turn % 2 and kill_children(tool.pid)
                tool.kill()
                tool.wait()
                tally.times.append(delay * 1e3)
                tally.resident += bool(both)
                if both:	# the next visit takes what that one left
                    attach(objtop, p.pid, Tally())
                    tally.left += accept_sockets(p, before)
                if not look(p, before, tally, where +
                            (" with its helper" if both else "")):
                    break
            else:
                attach(objtop, p.pid, Tally())
                if look(p, before, tally, where):
                    end_of_program(p, None, tally, where)
    return tally


def percentile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * q))]


def three(values):
    if not values:
        return "%7s %7s %7s" % ("-", "-", "-")
    return "%7.1f %7.1f %7.1f" % (percentile(values, 0.5),
                                  percentile(values, 0.99), max(values))


def show(name, t):
    print("%-12s %6d %5d  %s  %s  %s %6d %6d %6d" % (
        name, len(t.times), len(t.times) - t.resident, three(t.times),
        three(t.stopped), three(t.held), len(t.refused), len(t.failed),
        len(t.harmed)), flush=True)


HEAD = ("%-12s %6s %5s  %-23s  %-23s  %-23s %6s %6s %6s" % (
    "", "times", "first", "to first frame, ms", "one thread stopped, ms",
    "heap held, ms", "refuse", "failed", "HARMED"))


def run_soak(args, pythons):
    cells = [(v, p, s) for v, p in pythons for s in args.states]
    share, rest = divmod(args.n, max(1, len(cells)))
    by_state = {s: Tally() for s in args.states}
    by_version = {v: Tally() for v, _ in pythons}
    total = Tally()
    print("attaches\n%s\n%-27s%s" % (HEAD, "", "p50     p99     max   " * 3))
    random.shuffle(cells)
    for i, (version, python, state) in enumerate(cells):
        n = share + (i < rest)
        if n == 0:
            continue
        t = soak_cell(args.objtop, version, python, state, n)
        for into in (by_state[state], by_version[version], total):
            into.add(t)
    for state in args.states:
        show(state, by_state[state])
    for version, _ in pythons:
        show(version, by_version[version])
    show("all", total)
    for kind in ("refused", "failed"):
        words = [re.sub(r"\d+", "N", w) for w in getattr(total, kind)]
        for w in sorted(set(words)):
            print("%s %d times: %s" % (kind, words.count(w), w))
    return len(total.harmed)


def run_kills(args, pythons):
    states = [s for s in args.states if s in BUSY or s in ("read_", "held")]
    cells = [(v, p, s) for v, p in pythons for s in states]
    random.shuffle(cells)
    share, rest = divmod(args.kill, max(1, len(cells)))
    total = Tally()
    for i, (version, python, state) in enumerate(cells):
        n = share + (i < rest)
        if n:
            total.add(kill_cell(args.objtop, version, python, state, n,
                                args.spread_ms / 1e3))
    print("objtop killed %d times within its first %.0f ms, %d of them with "
          "the process that attaches for it: %d harmed, %d sockets left" % (
              len(total.times), args.spread_ms, total.resident,
              len(total.harmed), total.left), flush=True)
    return len(total.harmed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", type=int, default=276)
    parser.add_argument("--kill", type=int, default=0)
    parser.add_argument("--spread-ms", type=float, default=40)
    parser.add_argument("--fates", type=int, default=0,
                        help="rounds of each end on each version")
    parser.add_argument("--objtop", default=harness.OBJTOP)
    parser.add_argument("--states", default=",".join(STATES))
    parser.add_argument("--versions", default="",
                        help="8,13,13t (default: all found)")
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args()
    args.states = args.states.split(",")
    random.seed(args.seed)
    pythons = {}	# one of each version, the oldest first
    for minor, python in harness.INTERPRETERS:
        pythons.setdefault(harness.version_name(minor, python), python)
    if args.versions:
        wanted = ["3." + v for v in args.versions.split(",")]
        pythons = {v: p for v, p in pythons.items() if v in wanted}
    pythons = list(pythons.items())
    if not pythons:
        print("no interpreter was found")
        return 77
    began, harmed = time.monotonic(), 0
    if args.n:
        harmed += run_soak(args, pythons)
    if args.kill:
        harmed += run_kills(args, pythons)
    if args.fates:
        harmed += fates.run(args.objtop, pythons, args.fates)
    print("%d harmed, in %.0f s" % (harmed, time.monotonic() - began))
    return 1 if harmed else 0


if __name__ == "__main__":
    sys.exit(main())
