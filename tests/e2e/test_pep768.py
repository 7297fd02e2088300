#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Getting in by PEP 768, where another traces the program already.

On every CPython from 3.14 on that is here (tests/pythons/make-cache.sh), and
on an older one, which has no such way in.  The tracer is one of our own, that
does nothing; gdb and strace do the same in test_walls.py.
"""
import contextlib
import ctypes
import glob
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import INTERPRETERS, NATIVE, Target, objtop, objtop_json, wait_for

NEW = [path for minor, path in INTERPRETERS if minor >= 14]
ROOT = os.geteuid() == 0

TRACER = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
pid = sys.argv[1]
for tid in os.listdir("/proc/%s/task" % pid):
    assert libc.ptrace(0x4206, int(tid), 0, 0) == 0	# PTRACE_SEIZE
print("traced", flush=True)
sys.stdin.read()
"""

# Answers a line with what it can see of itself; argv[1] is run first.
SOURCE = """
import atexit, json, os, select, sys, threading, time
class Asked: pass
keep = [Asked() for _ in range(77)]
modules = sorted(sys.modules)
said = []
sys.unraisablehook = lambda u: said.append(str(u))
exec(sys.argv[1])
def answer():
    return json.dumps({"pid": os.getpid(), "objects": len(keep),
        "modules": sorted(set(sys.modules) ^ set(modules)), "said": said,
        "threads": threading.active_count(), "traced": repr(sys.gettrace())})
print(answer(), flush=True)
"""
# In bytecode now and then, as a server is.
NAPS = SOURCE + """
while True:
    if select.select([0], [], [], 0.01)[0] and sys.stdin.readline():
        print(answer(), flush=True)
"""
# Never, but when asked.
BLOCKED = SOURCE + """
while sys.stdin.readline():
    print(answer(), flush=True)
"""


# A build with sanitizers looks for leaks by ptrace().
NO_LEAK_CHECK = {"ASAN_OPTIONS":
                 os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def no_ptrace():
    """A filter for this process: ptrace and pidfd_getfd fail with EPERM."""
    def ins(code, jt, jf, k):
        return struct.pack("=HBBI", code, jt, jf, k)

    program = ins(0x20, 0, 0, 0)
    for nr in (101 if platform.machine() == "x86_64" else 117, 438):
        program += ins(0x15, 0, 1, nr) + ins(6, 0, 0, 0x00050001)
    program += ins(6, 0, 0, 0x7fff0000)
    code = ctypes.create_string_buffer(program)
    prog = ctypes.create_string_buffer(struct.pack(
        "HxxxxxxQ", len(program) // 8, ctypes.addressof(code)))
    libc = ctypes.CDLL(None)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, prog, 0, 0) == 0


def status(pid, key):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(key + ":"):
                return line.split(":", 1)[1].strip()
    return ""


def files_of_ours():
    return [path for place in ("/tmp", "/var/tmp", "/dev/shm", "/run")
            for path in glob.glob(place + "/objtop-[0-9]*-*")]


def each_new(test):
    def run(self):
        if not NEW:
            self.skipTest("no CPython 3.14 or later here")
        for python in NEW:
            with self.subTest(python=python):
                test(self, python)
    run.__doc__ = test.__doc__
    return run


class Pep768Case(unittest.TestCase):
    def start(self, python, source=NAPS, first="", traced=True, **kw):
        t = Target(python, source, args=[first], **kw)
        self.addCleanup(t.stop)
        t.before = self.traces(t)
        if traced:
            self.trace(t)
        return t

    def trace(self, t):
        t.tracer = subprocess.Popen([sys.executable, "-c", TRACER, str(t.pid)],
                                    stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)
        self.addCleanup(self.untrace, t)
        self.assertEqual(t.tracer.stdout.readline(), b"traced\n")

    @staticmethod
    def untrace(t):
        if t.tracer:
            t.tracer.communicate()
        t.tracer = None

    @staticmethod
    def traces(t):
        # 32 and 33: glibc's own, for a program that ever had two threads
        signals = [int(status(t.pid, key), 16) & ~(3 << 31)
                   for key in ("SigCgt", "SigIgn", "SigBlk")]
        return t.fds(), t.threads(), signals

    def unharmed(self, t, said=0):
        with contextlib.suppress(AssertionError):
            wait_for(lambda: self.traces(t) == t.before)
        self.assertEqual(self.traces(t), t.before)
        facts = t.ask()
        self.assertEqual(facts["objects"], 77)
        self.assertEqual(facts["modules"], [])
        self.assertEqual(len(facts["said"]), said, facts["said"])
        self.assertEqual(files_of_ours(), [])
        return facts

    def enters(self, t, *options, **kw):
        code, out, err = objtop("types", t.pid, "-v", "-f", "Asked", *options,
                                **kw)
        self.assertEqual(code, 0, err)
        self.assertIn("77", out)
        self.assertIn("in by pep768", err)
        return err

    def refused(self, t, *words, options=()):
        code, out, err = objtop("types", t.pid, *options)
        self.assertEqual((code, out), (3, ""), err)
        self.assertEqual(err.count("\n"), 1, err)
        for word in words:
            self.assertIn(word, err)

    @staticmethod
    def listed(t):
        return [r for r in objtop_json("ps")["rows"] if r["pid"] == t.pid][0]

    def agents(self, t):
        """Copies of the agent that are mapped."""
        with open("/proc/%d/maps" % t.pid) as f:
            return sum(" 00000000 " in line and "objtop-agent" in line
                       for line in f)

    @each_new
    def test_traced(self, python):
        t = self.start(python)
        row = self.listed(t)
        self.assertEqual(row["attach"], "pep768")
        self.assertIn("is being traced by PID %d" % t.tracer.pid,
                      row["reason"])
        for _ in range(3):
            self.enters(t)
            self.unharmed(t)
        self.assertEqual(self.agents(t), 1)	# the one that was there
        self.assertEqual(int(status(t.pid, "TracerPid")), t.tracer.pid)
        self.untrace(t)
        err = objtop("types", t.pid, "-v")[2]
        self.assertIn("in by resident", err)
        self.unharmed(t)

    @each_new
    def test_put_in_by_ptrace(self, python):
        """The agent of an earlier visit is called by its old name."""
        t = self.start(python, traced=False)
        self.assertIn("in by ptrace", objtop("types", t.pid, "-v")[2])
        self.trace(t)
        self.enters(t)
        self.unharmed(t)
        self.assertEqual(self.agents(t), 1)

    @each_new
    def test_only_a_thread_runs(self, python):
        t = self.start(python, BLOCKED, (
            "def work():\n"
            "    while True: time.sleep(0.001)\n"
            "threading.Thread(target=work, daemon=True).start()"))
        self.enters(t)
        self.unharmed(t)

    @each_new
    def test_blocked(self, python):
        """Taken back: what comes to bytecode later finds no request."""
        t = self.start(python, BLOCKED)
        self.refused(t, "next bytecode in 0.5 s", "waits in system call",
                     "taken back", options=["--timeout", "500ms"])
        self.assertEqual(self.agents(t), 0)
        self.unharmed(t)
        self.assertEqual(self.agents(t), 0)

    @each_new
    def test_interrupted(self, python):
        t = self.start(python, BLOCKED)
        p = subprocess.Popen([harness.OBJTOP, "types", str(t.pid)],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        with self.assertRaises(subprocess.TimeoutExpired):
            p.wait(0.5)
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=10)
        self.assertIn(p.returncode, (130, -signal.SIGINT))
        self.unharmed(t)
        self.assertEqual(self.agents(t), 0)

    @each_new
    def test_killed(self, python):
        """The process that asks, at any time: objtop takes it back."""
        t = self.start(python, BLOCKED)
        p = subprocess.Popen([harness.OBJTOP, "types", str(t.pid)],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        with self.assertRaises(subprocess.TimeoutExpired):
            p.wait(0.5)
        with open("/proc/%d/task/%d/children" % (p.pid, p.pid)) as f:
            os.kill(int(f.read()), signal.SIGKILL)
        self.assertIn(b"was killed", p.communicate(timeout=10)[1])
        self.unharmed(t)
        self.assertEqual(self.agents(t), 0)

    @each_new
    def test_switched_off(self, python):
        t = self.start(python, env={"PYTHON_DISABLE_REMOTE_DEBUG": "1"})
        words = ("is being traced by PID %d" % t.tracer.pid,
                 "nor by pep768", "PYTHON_DISABLE_REMOTE_DEBUG")
        self.refused(t, *words)
        self.assertEqual(self.listed(t)["attach"], "no")
        for word in words:
            self.assertIn(word, self.listed(t)["reason"])
        self.unharmed(t)

    @each_new
    def test_audit_hook_refuses(self, python):
        t = self.start(python, first=(
            "def hook(event, args):\n"
            "    if event == 'cpython.remote_debugger_script' or"
            " event == 'remote_debugger_script':\n"
            "        raise RuntimeError('no')\n"
            "sys.addaudithook(hook)"))
        self.refused(t, "an audit hook")
        self.unharmed(t, said=1)
        self.assertEqual(self.agents(t), 0)

    @each_new
    def test_audit_hook_sees(self, python):
        """One script and one import of no module, and nothing run by name."""
        t = self.start(python, first=(
            "seen = []\n"
            "sys.addaudithook(lambda event, args: seen.append("
            "(event, str(args[0]))) if event.startswith(('import',"
            " 'cpython', 'remote', 'ctypes', 'subprocess')) else None)\n"
            "said = seen"))
        self.enters(t)
        wait_for(lambda: self.traces(t) == t.before, 10)
        names = [s for s in t.ask()["said"] if s[0] != "import" or
                 s[1] not in ("sys", "_imp")]
        self.assertEqual(len(names), 2, names)
        self.assertIn("remote_debugger_script", names[0][0])
        self.assertEqual(names[1], ["import", "objtop_agent"])

    @each_new
    def test_halted_by_the_tracer(self, python):
        t = self.start(python)
        self.untrace(t)
        gdb = TRACER.replace("0x4206", "16")	# PTRACE_ATTACH
        t.tracer = subprocess.Popen(
            [sys.executable, "-c", gdb, str(t.pid)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        wait_for(lambda: status(t.pid, "State")[0] == "t")
        self.refused(t, "halted by its debugger")
        self.untrace(t)
        wait_for(lambda: status(t.pid, "State")[0] in "ST")
        os.kill(t.pid, signal.SIGCONT)
        self.unharmed(t)

    @unittest.skipUnless(ROOT and shutil.which("unshare"), "needs root")
    @each_new
    def test_no_proc_of_ours(self, python):
        """Files in a directory of the target's, owned by its user."""
        t = self.start(python, first="os.setresgid(65534, 65534, 65534);"
                       "os.setresuid(65534, 65534, 65534)")
        for _ in range(2):
            self.enters(t)
            self.unharmed(t)

    @each_new
    def test_another_request_waits(self, python):
        """Somebody else's is left alone."""
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "other.py")
            with open(script, "w") as f:
                f.write("import sys; sys.said_by_other = 1\n")
            child = ("import os, sys, time; time.sleep(0.5); "
                     "sys.remote_exec(os.getppid(), os.environ['SCRIPT'])")
            t = self.start(python, BLOCKED, traced=False, first=(
                "os.spawnl(os.P_NOWAIT, sys.executable, sys.executable, '-c',"
                " os.environ['CHILD'])"),
                env={"CHILD": child, "SCRIPT": script})
            with open("/proc/%d/task/%d/children" % (t.pid, t.pid)) as f:
                child = int(f.read())
            wait_for(lambda: status(child, "State")[0] == "Z", 20)
            self.trace(t)
            self.refused(t, "another request of remote debugging")
            self.unharmed(t)

    @each_new
    def test_no_ptrace_for_us(self, python):
        """As in a container whose profile forbids ptrace() and its like."""
        t = self.start(python, traced=False)
        err = self.enters(t, preexec_fn=no_ptrace, env=NO_LEAK_CHECK)
        self.assertIn("objtop itself is under a seccomp filter", err)
        self.unharmed(t)

    def test_no_ptrace_for_us_older(self):
        t = self.start(NATIVE[-1][1], traced=False)
        code, _, err = objtop("types", t.pid, preexec_fn=no_ptrace,
                              env=NO_LEAK_CHECK)
        self.assertEqual(code, 3)
        self.assertIn("objtop itself is under a seccomp filter", err)
        self.unharmed(t)

    def test_older(self):
        t = self.start(NATIVE[-1][1])
        code, _, err = objtop("types", t.pid, "-v")
        self.assertEqual(code, 3)
        self.assertIn("end that first\n", err)
        self.assertNotIn("pep768", err)
        self.unharmed(t)


if __name__ == "__main__":
    if not NATIVE:
        print("no interpreter to attach to")
        sys.exit(77)
    harness.main()
