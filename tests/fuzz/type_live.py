#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Somebody types anything into `objtop PID` over a program that runs.

    type_live.py --objtop ./objtop [--keys 20000] [--seed 1]

A pseudo terminal, random keys, texts, clicks, other sizes, all over a small
program whose heap moves.  Whenever objtop ends (a `q` among the keys) it has
to have ended by itself with 0 and left the terminal as it was; it is started
again.  At the end `q` has to work, the program has to run on, and no thread
of the agent may be left in it.  `make type-live`; not part of the tests.
"""
import argparse
import fcntl
import os
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

PROGRAM = """
import sys, time
class Session:
    def __init__(self, n):
        self.token, self.user, self.me = "token-%d" % n, {"id": n}, self
cache = {n: Session(n) for n in range(3000)}
n = 3000
print("ready", flush=True)
while True:
    n += 1
    cache[n] = Session(n)
    cache.pop(n - 3000)
    open(sys.argv[1], "w").write(str(n))
    time.sleep(0.01)
"""
KEYS = ("jkhl0123456789brpdygiY/nNfsSICMTDNz+-mWLec=:?xX \r\t\x7f\x1b"
        "\x04\x15\x12\x0c")
LONG = ["\x1bOA", "\x1bOB", "\x1bOC", "\x1bOD", "\x1bOH", "\x1bOF", "\x1b[5~",
        "\x1b[6~", "\x1b[3~", "\x1b[Z", "\x1bOP", "\x1b[15~", "\x1bf"]
TEXTS = ["Session", "show Session#3\r", "refs Session#1\r", "path dict#9\r",
         "bytes>100\r", "retained\r", "sql SELECT count(*) FROM objects\r",
         "interval 100ms\r", "猫", "nosuch\r", "cycles\r", "garbage\r"]


class Session:
    def __init__(self, objtop, target, folder):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.log = open(os.path.join(folder, "stderr"), "wb")
        self.process = subprocess.Popen(
            [objtop, str(target)], cwd=folder, stdin=self.slave,
            stdout=self.slave, stderr=self.log, start_new_session=True,
            env=dict(os.environ, TERM="xterm-256color",
                     LC_CTYPE="C.UTF-8"))
        self.size(24, 80)

    def size(self, rows, cols):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, cols, 0, 0))
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGWINCH)

    def drain(self, seconds):
        end, got = time.monotonic() + seconds, b""
        while select.select([self.master], [], [],
                            max(0, end - time.monotonic()))[0]:
            got += os.read(self.master, 65536)
        return got

    def type(self, text):
        os.write(self.master, text.encode())

    def ended(self):
        """None while it runs; else checks how it went and gives True."""
        if self.process.poll() is None:
            return None
        self.drain(0.1)
        assert self.process.returncode == 0, self.process.returncode
        assert termios.tcgetattr(self.slave) == self.before, "terminal modes"
        os.close(self.master)
        os.close(self.slave)
        self.log.close()
        return True

    def leave(self):
        """However deep in prompts and boxes it is, Esc and q end it."""
        self.size(24, 80)
        end = time.monotonic() + 60
        while self.process.poll() is None:
            assert time.monotonic() < end, "stuck: " + repr(self.drain(1))
            self.type("\x1b")
            self.drain(0.1)
            self.type("nq")         # n: a question is answered
            self.drain(0.3)
        self.ended()


def goes_on(pid, beat, patience=20):
    """The program counts on; else an AssertionError that says its state."""
    with open(beat) as f:
        before = f.read()
    end = time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(0.2)
        with open(beat) as f:
            if f.read() not in ("", before):
                return
    with open("/proc/%d/status" % pid) as f:
        raise AssertionError("the program stands still: " + f.read())


def random_key(rng, session):
    what = rng.random()
    if what < 0.8:
        session.type(rng.choice(KEYS))
    elif what < 0.9:
        session.type(rng.choice(LONG))
    elif what < 0.95:
        session.type(rng.choice(["", ":", "/", "f"]) + rng.choice(TEXTS))
    elif what < 0.98:
        session.type("\x1b[<0;%d;%dM" % (rng.randint(1, 90),
                                         rng.randint(1, 30)))
    elif what < 0.998:
        session.size(*rng.choice([(24, 80), (50, 160), (10, 20), (60, 300)]))
    else:
        session.type("q")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--objtop", default="./objtop")
    parser.add_argument("--keys", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    objtop = os.path.abspath(args.objtop)
    with tempfile.TemporaryDirectory() as folder:
        beat = os.path.join(folder, "beat")
        target = subprocess.Popen([sys.executable, "-c", PROGRAM, beat],
                                  stdout=subprocess.PIPE)
        target.stdout.readline()
        runs, session = 1, Session(objtop, target.pid, folder)
        try:
            for _ in range(args.keys):
                random_key(rng, session)
                session.drain(0.02 if rng.random() < 0.1 else 0)
                if session.ended():
                    runs, session = runs + 1, Session(objtop, target.pid,
                                                      folder)
            session.leave()
            assert target.poll() is None, "the program ended"
            goes_on(target.pid, beat)
            assert len(os.listdir("/proc/%d/task" % target.pid)) == 1
        finally:
            target.kill()
            target.wait()
            if session.process.poll() is None:
                session.process.kill()
                session.process.wait()
            with open(os.path.join(folder, "stderr"), "rb") as f:
                sys.stdout.write(f.read().decode("utf-8", "replace"))
    print("%d keys in %d runs: it always ended well" % (args.keys, runs))


if __name__ == "__main__":
    main()
