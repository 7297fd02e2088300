# SPDX-License-Identifier: MIT
"""A program under the soak: started, looked at from outside, compared.

Everything that objtop must leave as it found it is read from /proc, so that
looking does not disturb either.
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
E2E = os.path.join(os.path.dirname(HERE), "e2e")
sys.path.insert(0, E2E)
WORKLOAD = os.path.join(E2E, "workload.py")

# Wait until they are told; what they wait for must not come early.
WAITING = ["select_", "read_", "accept_", "epoll_", "waitpid_", "held",
           "join_", "write_", "aidle"]
BUSY = ["idle", "sleep", "asyncio_", "lock", "loop", "malloc", "threads16",
        "sort", "regex", "fork", "memcpy50", "callbacks", "signals", "dlopen",
        "longc", "making"]
STATES = WAITING + BUSY
# Their memory, files or children come and go by themselves.
CHURNING = ["malloc", "fork", "memcpy50", "dlopen", "threads16", "sort",
            "callbacks", "asyncio_", "making"]
SETTLE_S = 5.0
# glibc catches its own two signals from the first thread on, for good.
LIBC_SIGNALS = 7 << 31


def read(path):
    with open(path, errors="replace") as f:
        return f.read()


def status_of(path):
    result = {}
    for line in read(path).splitlines():
        key, _, value = line.partition(":")
        result[key] = value.strip()
    return result


class Program:
    def __init__(self, python, state, flags=()):
        self.state = state
        self.file = tempfile.NamedTemporaryFile()
        self.file.write(bytes(4096))
        self.file.flush()
        self.errors = tempfile.TemporaryFile()
        # An agent in it would make os.fork() warn from 3.12 on: counted.
        self.process = subprocess.Popen(
            [python, *flags, "-W", "always::DeprecationWarning", WORKLOAD,
             state, self.file.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors)
        self.pid = self.process.pid
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("%s did not start: %s" % (state, self.said()))
        self.settle()

    def settle(self):
        """Until it is in the state that it is to be found in."""
        if self.state in WAITING:
            def waits():
                return not [t for t in self.tasks()
                            if not t["State"].startswith("S")]
            self.wait(waits, 2)
            time.sleep(0.02)
        else:
            self.wait(lambda: self.count() > 0, 20)

    def wait(self, condition, seconds=SETTLE_S):
        end = time.monotonic() + seconds
        pause = 0.0005
        while True:
            try:
                if condition():
                    return True
            except OSError:		# a thread or a child that came and went
                pass
            if time.monotonic() > end:
                return False
            time.sleep(pause)
            pause = min(pause * 2, 0.02)

    def count(self):
        with open(self.file.name, "rb") as f:
            return struct.unpack("<Q", f.read(8))[0]

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def tasks(self):
        base = "/proc/%d/task" % self.pid
        result = []
        for tid in os.listdir(base):
            t = status_of("%s/%s/status" % (base, tid))
            t["tid"] = tid
            result.append(t)
        return result

    def children(self):
        base = "/proc/%d/task" % self.pid
        found = set()
        for tid in os.listdir(base):
            found |= set(read("%s/%s/children" % (base, tid)).split())
        return found

    def fds(self):
        base = "/proc/%d/fd" % self.pid
        result = {}
        for name in os.listdir(base):
            try:
                result[name] = os.readlink("%s/%s" % (base, name))
            except OSError:
                pass
        return result

    def agent_copies(self):
        return sum(1 for line in read("/proc/%d/maps" % self.pid).splitlines()
                   if "memfd:objtop-agent" in line and
                   line.split()[2] == "00000000")

    def scratch_left(self):
        return sum(1 for line in read("/proc/%d/maps" % self.pid).splitlines()
                   if line.endswith("/dev/zero (deleted)") and
                   int.__rsub__(*(int(x, 16) for x in
                                  line.split()[0].split("-"))) == 512 * 1024)

    def size_kib(self):
        return int(status_of("/proc/%d/status" % self.pid)
                   ["VmSize"].split()[0])

    def fingerprint(self):
        """What must be the same before and after."""
        tasks = self.tasks()
        main = [t for t in tasks if t["tid"] == str(self.pid)][0]
        if self.state == "making":
            # Its threads come and go; from 3.14 on they have names.
            tasks = [t for t in tasks if t is main or not
                     t["Name"].startswith((main["Name"], "Thread-"))]
        files = self.fds()
        if self.state == "fork":
            # The pipes of its children; and from 3.12 on os.fork() looks at
            # how many threads there are.
            files = {n: f for n, f in files.items() if n in "012" or
                     not f.startswith("pipe:") and not f.endswith("/stat")}
        return {
            "threads": sorted(t["tid"] for t in tasks),
            "names": sorted(t["Name"] for t in tasks),
            "blocked signals": sorted((t["tid"], t["SigBlk"])
                                      for t in tasks),
            "signal handlers": [int(main[key], 16) & ~LIBC_SIGNALS
                                for key in ("SigCgt", "SigIgn")],
            "children": () if self.state == "fork" else self.children(),
            "files": files,
            "traced by": sorted({t["TracerPid"] for t in tasks}),
            "stopped": [t["tid"] for t in tasks if t["State"][0] in "Tt"],
        }

    def baseline(self):
        """A fingerprint to compare with."""
        found = {}

        def quiet():		# fork() blocks all signals for a moment
            found.update(self.fingerprint())
            return all(int(mask, 16) == 0
                       for _, mask in found["blocked signals"])

        self.wait(quiet)
        return found

    def differences(self, before):
        """What differs from `before`, after the time things may take."""
        last = []

        def same():
            now = self.fingerprint()
            last[:] = ["%s: %s, was %s" % (k, now[k], before[k])
                       for k in before if now[k] != before[k]]
            return not last

        if not self.alive():
            return ["it died (%s): %s" % (self.process.poll(), self.said())]
        if not self.wait(same):
            return last if self.alive() else ["it died: " + self.said()]
        return []

    def moves(self):
        """Does it make progress?  None, or what is wrong."""
        if self.state in WAITING:
            return None if self.count() == 0 else "a wait ended early"
        before = self.count()
        if self.wait(lambda: self.count() > before or not self.alive(), 20) \
                and self.alive():
            return None
        return "no progress, or it died: " + self.said()

    def release(self):
        """What a waiting program waits for comes; does it notice?"""
        if self.state not in WAITING:
            return None
        if self.state == "accept_":
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(b"\0objtop-workload-%d" % self.pid)
        else:
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
        if self.wait(lambda: self.count() == 1):
            return None
        return "its wait did not end as it should: " + self.said()

    def close(self):
        children = set()
        try:
            children = self.children()
        except OSError:
            pass
        self.process.kill()
        self.process.wait()
        if self.state == "waitpid_":
            for child in children:	# a shell of ours that waits for a line
                try:
                    os.kill(int(child), 9)
                except OSError:
                    pass
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()
        self.file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
