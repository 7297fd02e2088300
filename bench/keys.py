#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From a key to the frame that shows what it did, and what idling costs.

    keys.py --objtop ./objtop [--millions 10] [--keys 60] [--pid PID]

Types into `objtop PID` on a pseudo terminal of 50x160: moving, sorting,
filtering and searching in the live table, in the instances of the commonest
type and in one object, with the whole heap in memory.  objtop measures itself
from the key's arrival to the end of the drawing (OBJTOP_UI_TIMES); this script
prints what it wrote, one line an action, and then what share of a core the
live view took over ten seconds without a key.  Without --pid a process is
started whose heap has about that many million objects.
"""
import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

TARGET = """
import sys, time
class Record:
    __slots__ = ("number", "name", "tags")
    def __init__(self, n):
        self.number, self.name, self.tags = n + 1000, "r%d" % n, [n + 2000]
kept = [Record(n) for n in range(int(float(sys.argv[1]) * 200000))]
print("ready", flush=True)
while True:
    time.sleep(1)
"""


class Terminal:
    """objtop on a pseudo terminal whose output is read and thrown away."""

    def __init__(self, command, environ, rows=50, cols=160):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(environ, TERM="xterm-256color")
            os.execv(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)
        self.seen = b""

    def drain(self, seconds):
        """Reads for that long; the bytes that came."""
        end, got = time.monotonic() + seconds, b""
        while time.monotonic() < end:
            ready = select.select([self.fd], [], [],
                                  max(0, end - time.monotonic()))[0]
            if ready:
                try:
                    got += os.read(self.fd, 65536)
                except OSError:
                    break
        self.seen = (self.seen + got)[-200000:]
        return got

    def keys(self, text, wait=0.05):
        os.write(self.fd, text.encode())
        self.drain(wait)

    def until(self, word, seconds):
        end = time.monotonic() + seconds
        self.seen = b""
        while word not in self.seen:
            if time.monotonic() > end:
                raise SystemExit("no %r within %d s" % (word, seconds))
            self.drain(0.1)

    def quit(self):
        self.keys("q", 0.2)
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            self.drain(0.1)
        os.close(self.fd)


def cpu(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def type_all(t, times):
    down, up = "\x1bOB", "\x1bOA"
    page, home, end = "\x1b[6~", "\x1bOH", "\x1bOF"

    def moves():
        for _ in range(times):
            for key in (down, down, up, page):
                t.keys(key)
        for key in (end, home, end, home):
            t.keys(key, 0.2)

    def sorts():
        for key in "sssSIIMN":
            t.keys(key, 0.5)

    def finds(word):
        t.keys("/%s\r" % word, 0.5)
        for key in "nnN":
            t.keys(key, 0.5)
        t.keys("\x1b", 0.2)
        t.keys("f%s\r" % word, 1)
        t.keys("f\x15bytes>100\r", 1)
        t.keys("f\x15\r", 1)

    moves()
    sorts()
    finds("dict")
    t.keys("C", 0.2)
    t.keys(home, 0.2)
    t.keys("\r", 0.5)           # instances of the commonest type
    t.until("› ".encode(), 600)
    moves()
    sorts()
    finds("99")
    t.keys("\r", 0.5)           # one object, and what is around it
    moves()
    t.keys("b", 0.5)
    moves()


def measure(objtop, pid, times):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "times")
        t = Terminal([objtop, str(pid)], {"OBJTOP_UI_TIMES": file})
        t.until(b"count", 600)
        type_all(t, times)
        t.keys("1", 0.5)
        t.drain(2)
        before, began = cpu(t.pid), time.monotonic()
        t.drain(10)
        idle = (cpu(t.pid) - before) / (time.monotonic() - began)
        t.quit()
        with open(file) as f:
            return f.read().splitlines(), idle


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--objtop", default="./objtop")
    parser.add_argument("--millions", type=float, default=1)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--pid", type=int)
    args = parser.parse_args()
    target = None
    if args.pid is None:
        target = subprocess.Popen([sys.executable, "-c", TARGET,
                                   str(args.millions)],
                                  stdout=subprocess.PIPE)
        target.stdout.readline()
        args.pid = target.pid
    try:
        lines, idle = measure(os.path.abspath(args.objtop), args.pid,
                              args.keys // 4)
    finally:
        if target is not None:
            target.kill()
            target.wait()
    print("%-12s %6s %10s %10s %10s" % ("key to frame", "keys", "median ms",
                                        "99 % ms", "most ms"))
    for line in lines:
        name, n, *us = line.split()
        print("%-12s %6s " % (name.lower(), n) +
              " ".join("%10.1f" % (int(x) / 1000) for x in us))
    print("idle on the live table: %.1f %% of a core" % (idle * 100))


if __name__ == "__main__":
    main()
