#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Attaching to real interpreters and leaving again, without a trace.

attachdrv, which is target.h on a command line, is found in the build
directory.  OBJTOP_ATTACH_ROUNDS says how often each program is attached to
(20).
"""
import ctypes
import glob
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from harness import FREE_THREADED, INTERPRETERS, free_threaded_pythons, \
    objtop

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = os.path.join(os.environ.get("builddir", os.getcwd()),
                      "tests/e2e/attachdrv")
WORKLOAD = os.path.join(HERE, "workload.py")
ROUNDS = int(os.environ.get("OBJTOP_ATTACH_ROUNDS", "20"))
KINDS = ["idle", "blocked", "loop", "malloc", "threads16", "lock", "sort",
         "fork", "asyncio_", "signals", "callbacks", "memcpy"]
PYTHON = INTERPRETERS[0][1] if INTERPRETERS else None
TOO_OLD = [path for v in ("2.7", "3.6", "3.7") for path in glob.glob(
    os.path.expanduser("~/.pyenv/versions/%s.*/bin/python" % v))]


def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def drive(*args, timeout=60, **kw):
    done = subprocess.run([DRIVER, *map(str, args)], timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          **kw)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def read(pid, name):
    with open("/proc/%d/%s" % (pid, name)) as f:
        return f.read()


def status(pid, key):
    for line in read(pid, "status").splitlines():
        if line.startswith(key + ":"):
            return line.split(":", 1)[1].strip()
    return ""


def agent_threads(pid):
    names = []
    for tid in os.listdir("/proc/%d/task" % pid):
        try:
            names.append(read(pid, "task/%s/comm" % tid).strip())
        except OSError:
            pass
    return names.count("objtop-agent")


def agent_sleeps(pid):
    for tid in os.listdir("/proc/%d/task" % pid):
        fields = read(pid, "task/%s/stat" % tid).split()
        if fields[1] == "(objtop-agent)":
            return fields[2] == "S"
    return False


def agent_copies(pid):
    return sum(1 for line in read(pid, "maps").splitlines()
               if "memfd:objtop-agent" in line
               and line.split()[2] == "00000000")


class Program:
    """A running workload."""

    def __init__(self, python, kind):
        self.file = tempfile.NamedTemporaryFile()
        self.file.write(bytes(4096))
        self.file.flush()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [python, "-W", "ignore", WORKLOAD, kind, self.file.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors)
        self.pid = self.process.pid
        line = self.process.stdout.readline()
        if line != b"ready\n":
            raise AssertionError("did not start: " + self.trace())

    def count(self):
        with open(self.file.name, "rb") as f:
            return struct.unpack("<Q", f.read(8))[0]

    def trace(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def fds(self):
        return set(os.listdir("/proc/%d/fd" % self.pid))

    def alive(self):
        return self.process.poll() is None

    def close(self):
        self.process.kill()
        self.process.communicate()
        self.errors.close()
        self.file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class AttachCase(unittest.TestCase):
    def check_unharmed(self, p, kind, fds):
        if kind == "blocked":
            self.assertEqual(p.count(), 0, "a wait ended early")
            p.process.stdin.write(b"x")
            p.process.stdin.flush()
        before = p.count() if kind != "blocked" else 0
        moved = wait_for(lambda: p.count() > before or not p.alive())
        self.assertTrue(p.alive(), p.trace())
        self.assertTrue(moved, "no progress\n" + p.trace())
        self.assertTrue(wait_for(lambda: agent_threads(p.pid) == 0),
                        "an agent thread stayed")
        self.assertTrue(wait_for(lambda: p.fds() <= fds),
                        "descriptors stayed: %s" % (p.fds() - fds))
        self.assertEqual(status(p.pid, "TracerPid"), "0")
        self.assertNotIn(status(p.pid, "State")[0], "Tt")

    def one(self, python, kind):
        with Program(python, kind) as p:
            wait_for(lambda: p.count() > 0, 0.5 if kind == "blocked" else 5)
            fds = p.fds()
            if kind in ("fork", "threads16"):	# pipes come and go
                fds |= {str(n) for n in range(3, 10)}
            # Forking at the wrong moment is rare: more of that.
            rounds = ROUNDS * 5 if kind == "fork" else ROUNDS
            code, out, err = drive("attach", p.pid, rounds)
            self.assertEqual(code, 0, err + p.trace())
            lines = [line.split() for line in out.splitlines()]
            self.assertEqual(len(lines), rounds)
            self.assertEqual(lines[0][1], "ptrace")
            for line in lines[1:]:
                self.assertEqual(line[1], "resident")
            self.check_unharmed(p, kind, fds)
            self.assertEqual(agent_copies(p.pid), 1)
            return ([int(x[2]) for x in lines], [int(x[3]) for x in lines])

    def test_matrix(self):
        for minor, python in INTERPRETERS:
            total, stopped = [], []
            for kind in KINDS:
                with self.subTest(python=python, kind=kind):
                    a, b = self.one(python, kind)
                    total += a
                    stopped += b
            if total:
                total.sort()
                stopped.sort()
                print("3.%-4d %4d attaches, total p50 %5.1f ms max %6.1f, "
                      "stopped p50 %5.2f ms max %6.1f" % (
                          minor, len(total), total[len(total) // 2] / 1e3,
                          total[-1] / 1e3, stopped[len(stopped) // 2] / 1e3,
                          stopped[-1] / 1e3), flush=True)


class FateCase(unittest.TestCase):
    """What else may happen to inspector and target."""

    def hold(self, pid):
        h = subprocess.Popen([DRIVER, "hold", str(pid)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        self.assertEqual(h.stdout.readline(), b"ok\n")
        return h

    def test_inspector_killed_at_any_moment(self):
        for _, python in {INTERPRETERS[0], INTERPRETERS[-1]}:
            for kind in ("idle", "loop", "memcpy", "threads16"):
                with self.subTest(python=python, kind=kind), \
                        Program(python, kind) as p:
                    wait_for(lambda: p.count() > 0)
                    fds = p.fds()
                    for _ in range(ROUNDS):
                        d = subprocess.Popen(
                            [DRIVER, "attach", str(p.pid)],
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
                        time.sleep(random.uniform(0.0005, 0.008))
                        d.kill()
                        d.wait()
                        self.assertTrue(p.alive(), p.trace())
                    before = p.count()
                    self.assertTrue(wait_for(lambda: p.count() > before))
                    self.assertTrue(wait_for(
                        lambda: agent_threads(p.pid) == 0))
                    self.assertTrue(wait_for(lambda: p.fds() <= fds))
                    self.assertTrue(wait_for(
                        lambda: status(p.pid, "TracerPid") == "0"))

    def test_attaching_process_killed_at_any_moment(self):
        """Not even its own helper needs to live to the end."""
        for kind in ("idle", "loop"):
            with self.subTest(kind=kind), Program(PYTHON, kind) as p:
                wait_for(lambda: p.count() > 0)
                # A leak checker has children too, and waits for them.
                env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
                for _ in range(ROUNDS):
                    d = subprocess.Popen([DRIVER, "attach", str(p.pid)],
                                         stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, env=env)
                    time.sleep(random.uniform(0.001, 0.008))
                    try:
                        for child in read(d.pid, "task/%d/children" %
                                          d.pid).split():
                            os.kill(int(child), signal.SIGKILL)
                    except OSError:	# it was faster
                        pass
                    d.wait(30)
                    self.assertTrue(p.alive(), p.trace())
                before = p.count()
                self.assertTrue(wait_for(lambda: p.count() > before))
                self.assertEqual(int(status(p.pid, "SigBlk"), 16), 0)
                self.assertEqual(status(p.pid, "TracerPid"), "0")

    def test_busy_evict_and_again(self):
        with Program(PYTHON, "idle") as p:
            h = self.hold(p.pid)
            code, _, err = drive("attach", p.pid)
            self.assertEqual(code, 3)
            self.assertIn("another objtop", err)
            self.assertEqual(drive("evict", p.pid)[0], 0)
            self.assertEqual(agent_threads(p.pid), 0)
            out, err = h.communicate(b"")
            self.assertEqual(out, b"gone\n")
            self.assertEqual(drive("attach", p.pid)[0], 0)
            self.assertEqual(drive("evict", p.pid)[0], 0)

    def test_several_at_once(self):
        for _ in range(max(1, ROUNDS // 4)):
            with Program(PYTHON, "threads16") as p:
                wait_for(lambda: p.count() > 0)
                fds = p.fds()
                drivers = [subprocess.Popen([DRIVER, "attach", str(p.pid)],
                                            stdout=subprocess.DEVNULL,
                                            stderr=subprocess.PIPE)
                           for _ in range(4)]
                for d in drivers:
                    err = d.communicate(timeout=60)[1]
                    self.assertIn(d.returncode, (0, 3), err)
                self.assertIn(0, [d.returncode for d in drivers])
                self.assertEqual(agent_copies(p.pid), 1)
                self.assertTrue(wait_for(lambda: agent_threads(p.pid) == 0))
                self.assertTrue(wait_for(lambda: p.fds() <= fds),
                                "left: %s" % (p.fds() - fds))

    def test_target_ends(self):
        with Program(PYTHON, "idle") as p:
            h = self.hold(p.pid)
            p.process.kill()
            p.process.wait()
            out, err = h.communicate(b"")
            self.assertEqual(out, b"gone\n")
            self.assertIn(b"has ended", err)
            self.assertEqual(h.returncode, 1)

    def test_forked_child(self):
        """Made while an agent serves: it has the code, but no thread."""
        code = ("import os, sys, time\nprint('ready', flush=True)\n"
                "sys.stdin.readline()\npid = os.fork()\n"
                "if pid: print(pid, flush=True)\n"
                "while True: time.sleep(0.01)\n")
        p = subprocess.Popen([PYTHON, "-W", "ignore", "-c", code],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child = 0
        try:
            p.stdout.readline()
            h = self.hold(p.pid)
            p.stdin.write(b"\n")
            p.stdin.flush()
            child = int(p.stdout.readline())
            for _ in range(2):
                code, out, err = drive("attach", child)
                self.assertEqual((code, out.split()[1:2]), (0, ["resident"]),
                                 err)
                self.assertTrue(wait_for(lambda: agent_threads(child) == 0))
            self.assertEqual(h.communicate(b"")[0], b"alive\n")
        finally:
            p.kill()
            if child > 0:
                os.kill(child, signal.SIGKILL)
            p.communicate()


    def test_fork_between_requests_warns_of_no_thread(self):
        """The waiting agent's thread goes for a fork, and comes back."""
        code = ("import os, sys, warnings\nwarnings.simplefilter('error')\n"
                "print('ready', flush=True)\n"
                "for line in sys.stdin:\n"
                "    for _ in range(3):\n"
                "        pid = os.fork()\n"
                "        if pid == 0: os._exit(7)\n"
                "        assert os.waitpid(pid, 0)[1] == 7 << 8\n"
                "    print('forked', flush=True)\n")
        for minor, python in INTERPRETERS:
            with self.subTest(python=python):
                p = subprocess.Popen([python, "-c", code], bufsize=0,
                                     stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
                p.stdout.readline()
                asks = subprocess.Popen(
                    [DRIVER, "ask", str(p.pid)], bufsize=0,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                try:
                    for _ in range(5):
                        asks.stdin.write(b"x\n")
                        self.assertTrue(
                            asks.stdout.readline().startswith(b"ok "))
                        # END comes a little before it rests.
                        self.assertTrue(wait_for(
                            lambda: agent_sleeps(p.pid)))
                        p.stdin.write(b"x\n")
                        self.assertEqual(p.stdout.readline(), b"forked\n")
                    asks.stdin.close()
                    self.assertEqual(asks.wait(10), 0)
                    self.assertTrue(wait_for(
                        lambda: agent_threads(p.pid) == 0))
                    self.assertEqual(agent_copies(p.pid), 1)
                finally:
                    for q in (asks, p):
                        q.kill()
                        q.wait()
                        q.stdin.close()
                        q.stdout.close()


    def test_forking_all_the_time(self):
        """Snapshots all the time too: all answered, no warning of a thread.

        But for free-threaded builds, where only a thread state gets in.
        """
        for minor, python in INTERPRETERS:
            if python in FREE_THREADED:
                continue
            with self.subTest(python=python):
                p = subprocess.Popen(
                    [python, "-W", "always", "-c", FORKING], bufsize=0,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE)
                try:
                    before = p.stdout.readline()
                    for _ in range(8):
                        code, out, err = objtop("types", p.pid, "-f", "Leaf")
                        self.assertEqual(code, 0, err)
                        self.assertIn("3,000", out)
                    self.assertEqual(agent_copies(p.pid), 1)
                    out, err = p.communicate(b"\n", timeout=30)
                    self.assertEqual((p.returncode, err), (0, b""))
                    # No descriptor more, and no child left to wait for.
                    self.assertEqual(out, before + b"no child\n")
                finally:
                    if p.poll() is None:
                        p.kill()
                        p.communicate()


# Forks until there is something to read; says what it has open.
FORKING = """
import os, select, sys
class Leaf: pass
keep = [Leaf() for _ in range(3000)]
def say():
    print(sorted(os.readlink("/proc/self/fd/" + n)
                 for n in os.listdir("/proc/self/fd")
                 if os.path.exists("/proc/self/fd/" + n)),
          os.path.exists("/proc/self/task/%d/children" % os.getpid()) and
          open("/proc/self/task/%d/children" % os.getpid(), "rb").read(),
          flush=True)
import warnings
warnings.simplefilter("ignore", ResourceWarning)
say()
while not select.select([0], [], [], 0)[0]:
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    assert os.waitpid(pid, 0)[1] == 7 << 8
pid = os.fork()			# whatever was left is reaped at a fork
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
say()
try:
    os.wait()
except ChildProcessError:
    print("no child")
"""


class RefusalCase(unittest.TestCase):
    def refused(self, pid, *words, **kw):
        code, _, err = drive("attach", pid, **kw)
        self.assertEqual(code, 3, err)
        self.assertEqual(err.count("\n"), 1, err)
        for word in words:
            self.assertIn(word, err)

    def test_no_process(self):
        self.refused(2 ** 22 + 5, "no process")

    def test_a_thread(self):
        with Program(PYTHON, "lock") as p:
            wait_for(lambda: p.count() > 0)
            tids = set(os.listdir("/proc/%d/task" % p.pid)) - {str(p.pid)}
            self.refused(tids.pop(), "is a thread of process %d" % p.pid)

    def test_no_runtime(self):
        p = subprocess.Popen(["sleep", "60"])
        try:
            wait_for(lambda: "sleep" in read(p.pid, "comm"))
            self.refused(p.pid, "runs no CPython", "(sleep)")
        finally:
            p.kill()
            p.wait()

    def test_zombie(self):
        p = subprocess.Popen(["true"])
        self.assertTrue(wait_for(
            lambda: status(p.pid, "State").startswith("Z")))
        self.refused(p.pid, "zombie", "PID %d" % os.getpid())
        p.wait()

    def test_stopped(self):
        with Program(PYTHON, "idle") as p:
            os.kill(p.pid, signal.SIGSTOP)
            wait_for(lambda: status(p.pid, "State").startswith("T"))
            self.refused(p.pid, "kill -CONT %d" % p.pid)
            self.assertTrue(status(p.pid, "State").startswith("T"))
            os.kill(p.pid, signal.SIGCONT)
            self.assertEqual(drive("attach", p.pid)[0], 0)

    def test_traced_already(self):
        with Program(PYTHON, "idle") as p:
            code = ("import ctypes, sys, time\n"
                    "libc = ctypes.CDLL(None, use_errno=True)\n"
                    "assert libc.ptrace(0x4206, %d, 0, 0) == 0\n"
                    "print('ok', flush=True)\n"
                    "time.sleep(60)\n" % p.pid)
            tracer = subprocess.Popen([sys.executable, "-c", code],
                                      stdout=subprocess.PIPE)
            try:
                self.assertEqual(tracer.stdout.readline(), b"ok\n")
                self.refused(p.pid, "traced by PID %d" % tracer.pid)
            finally:
                tracer.kill()
                tracer.communicate()

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_other_user(self):
        with Program(PYTHON, "idle") as p, \
                tempfile.TemporaryDirectory() as folder:
            # Where the build directory is closed to others, a copy is not.
            os.chmod(folder, 0o755)
            copy = os.path.join(folder, "attachdrv")
            with open(DRIVER, "rb") as f, open(copy, "wb") as g:
                g.write(f.read())
            os.chmod(copy, 0o755)
            done = subprocess.run(
                [copy, "attach", str(p.pid)], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                preexec_fn=lambda: (os.setgroups([]), os.setgid(65534),
                                    os.setuid(65534)))
            err = done.stderr.decode()
            self.assertEqual(done.returncode, 3, err)
            self.assertIn("belongs to root", err)
            self.assertIn("sudo objtop %d" % p.pid, err)

    def test_old_versions(self):
        for python in TOO_OLD:
            with self.subTest(python=python):
                p = subprocess.Popen(
                    [python, "-c", "import sys, time\n"
                     "sys.stdout.write('ready\\n')\nsys.stdout.flush()\n"
                     "time.sleep(60)"], stdout=subprocess.PIPE)
                try:
                    p.stdout.readline()
                    self.refused(p.pid, "runs CPython", "only 3.")
                finally:
                    p.kill()
                    p.communicate()

    def refused_free_threaded(self, command):
        p = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            p.stdout.readline()
            maps = read(p.pid, "maps")
            self.refused(p.pid, "free-threaded build of CPython 3.",
                         "default build")
            self.assertEqual(read(p.pid, "maps"), maps)
        finally:
            p.kill()
            p.communicate()

    def test_free_threaded(self):
        """Before anything is loaded: all but 3.13, and what looks like one."""
        for python in free_threaded_pythons():
            if os.path.realpath(python) in FREE_THREADED:
                continue	# of the version that is known
            with self.subTest(python=python):
                self.refused_free_threaded(
                    [python, "-c", "import sys, time\n"
                     "print(1, flush=True)\n"
                     "time.sleep(60)"])
        with tempfile.TemporaryDirectory() as directory:
            like = os.path.join(directory, "like")
            subprocess.run(
                os.environ.get("CC", "cc").split() +
                ["-x", "c", "-", "-rdynamic", "-o", like], check=True,
                input=b"#include <stdio.h>\n#include <unistd.h>\n"
                b"unsigned long Py_Version = 0x030e00f0;\n"
                b"struct { char cookie[8]; unsigned long long at[99]; }\n"
                b"_PyRuntime = { \"xdebugpy\", { 0x030e00f0, 1 } };\n"
                b"const char *Py_GetVersion(void) { return 0; }\n"
                b"int main(void) { puts(\"1\"); fflush(stdout);\n"
                b"sleep(60); return 0; }\n")
            self.refused_free_threaded([like])

    def filtered(self, verdict):
        """A program whose seccomp filter has this to say of ppoll."""
        code = ("import ctypes, struct, time\n"
                "ins = struct.Struct('=HBBI').pack\n"
                "prog = (ins(0x20, 0, 0, 0) + ins(0x15, 0, 1, %d) +\n"
                "        ins(6, 0, 0, %d) + ins(6, 0, 0, 0x7fff0000))\n"
                "buf = ctypes.create_string_buffer(prog)\n"
                "fprog = ctypes.create_string_buffer(struct.pack(\n"
                "    'HxxxxxxQ', 4, ctypes.addressof(buf)))\n"
                "libc = ctypes.CDLL(None)\n"
                "assert libc.prctl(38, 1, 0, 0, 0) == 0\n"
                "assert libc.prctl(22, 2, fprog, 0, 0) == 0\n"
                "print('ready', flush=True)\n"
                "while True: time.sleep(0.01)\n" % (
                    271 if os.uname().machine == "x86_64" else 73, verdict))
        p = subprocess.Popen([PYTHON, "-c", code], stdout=subprocess.PIPE)
        self.assertEqual(p.stdout.readline(), b"ready\n")
        return p

    def test_filter_that_refuses(self):
        p = self.filtered(0x00050000 | 1)	# EPERM
        try:
            self.refused(p.pid, "seccomp filter", "ppoll", "refuses")
            self.assertIsNone(p.poll())
            self.assertEqual(len(os.listdir("/proc/%d/fd" % p.pid)), 3)
        finally:
            p.kill()
            p.communicate()

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_filter_that_kills(self):
        p = self.filtered(0x80000000)
        try:
            self.refused(p.pid, "seccomp filter", "ppoll", "end it")
            self.assertIsNone(p.poll())
        finally:
            p.kill()
            p.communicate()

    def test_never_safe_is_refused_in_time(self):
        """A thread that waits in a way that may hold a lock: refused."""
        code = ("import ctypes\nprint('ready', flush=True)\n"
                "word = ctypes.c_int(0)\n"
                "ctypes.CDLL(None).syscall(%d, ctypes.byref(word), 0, 0, "
                "None, None, 0)\n" % (202 if os.uname().machine == "x86_64"
                                       else 98))
        p = subprocess.Popen([PYTHON, "-c", code],
                             stdout=subprocess.PIPE)
        try:
            p.stdout.readline()
            wait_for(lambda: "running" not in read(p.pid, "syscall"))
            time_limit = dict(os.environ, ATTACHDRV_TIMEOUT_MS="400")
            self.refused(p.pid, "safely", env=time_limit)
            self.assertNotIn(status(p.pid, "State")[0], "Tt")
        finally:
            p.kill()
            p.communicate()


class RunCase(unittest.TestCase):
    def test_status(self):
        for _, python in INTERPRETERS:
            with self.subTest(python=python):
                code, out, err = drive(
                    "run", python, "-c",
                    "import os, sys; print(os.environ.get('LD_PRELOAD'), "
                    "os.environ.get('OBJTOP_RUN')); sys.exit(5)")
                self.assertEqual(code, 5, err)
                self.assertIn("ok run", err)
                self.assertEqual(out, "None None\n")

    def test_not_python(self):
        code, _, err = drive("run", "false")
        self.assertEqual(code, 1)
        self.assertIn("false ended with status 1", err)

    def test_no_such_program(self):
        code, _, err = drive("run", "/nonexistent/program")
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent/program cannot be started", err)

    def test_never_connects(self):
        limit = dict(os.environ, ATTACHDRV_TIMEOUT_MS="300")
        # it goes on, and with it our pipe to it
        code, out, err = drive("run", "sh", "-c", "sleep 2; echo on", env=limit)
        self.assertEqual(code, 3, err)
        self.assertEqual(out, "on\n")
        self.assertIn("did not let the agent in", err)


def may_trace():
    p = subprocess.Popen(["sleep", "60"])
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return libc.ptrace(0x4206, p.pid, 0, 0) == 0	# PTRACE_SEIZE
    finally:
        p.kill()
        p.wait()


if __name__ == "__main__":
    if not os.access(DRIVER, os.X_OK):
        sys.exit("%s is missing" % DRIVER)
    if not INTERPRETERS or not may_trace():
        print("no interpreter to attach to, or no right to trace")
        sys.exit(77)
    unittest.main()
