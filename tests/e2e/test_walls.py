#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Targets behind walls: namespaces, a chroot, filters, other users, tracers.

Either objtop gets in, or it says in one line what is missing, with exit code
3; in both cases the program is as it was.  What the machine does not permit
(user namespaces, seccomp, being root) is skipped.
"""
import contextlib
import json
import os
import platform
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import NATIVE, Target, objtop, objtop_json, wait_for

PYTHON = NATIVE[-1][1] if NATIVE else None
X86 = platform.machine() == "x86_64"
ROOT = os.geteuid() == 0
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

# Answers a line with what it can see of itself; argv[1] is a seccomp filter,
# argv[2] is run first.
SOURCE = """
import ctypes, json, os, sys, threading
class Walled: pass
keep = [Walled() for _ in range(77)]
libc = ctypes.CDLL(None)
if len(sys.argv) > 2:
    exec(sys.argv[2])
out = json.dumps({"pid": os.getpid()})
def answer():
    return json.dumps({"ok": len(keep)})
answer()
if len(sys.argv) > 1 and sys.argv[1]:
    code = bytes.fromhex(sys.argv[1])
    buf = ctypes.create_string_buffer(code)
    import struct
    prog = ctypes.create_string_buffer(struct.pack(
        "HxxxxxxQ", len(code) // 8, ctypes.addressof(buf)))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, prog, 0, 0) == 0
print(out, flush=True)
while sys.stdin.readline():
    print(answer(), flush=True)
"""

KILL, ALLOW = 0x80000000, 0x7fff0000


def errno(n):
    return 0x00050000 | n


if X86:
    NR = dict(read=0, write=1, close=3, fstat=5, mmap=9, mprotect=10,
              munmap=11, brk=12, rt_sigaction=13, rt_sigprocmask=14,
              rt_sigreturn=15, pread64=17, mremap=25, mincore=27, madvise=28,
              sched_yield=24, nanosleep=35, getpid=39, socket=41, connect=42, sendto=44,
              recvfrom=45, recvmsg=47, socketpair=53, clone=56, exit=60,
              wait4=61, kill=62, fcntl=72, getppid=110, prctl=157,
              gettid=186, futex=202, clock_gettime=228, exit_group=231,
              openat=257, newfstatat=262, ppoll=271, set_robust_list=273,
              prlimit64=302, process_vm_readv=310, memfd_create=319,
              rseq=334, clone3=435, restart_syscall=219, shutdown=48,
              sched_getaffinity=204, tgkill=234, getrandom=318)
else:
    NR = dict(socket=198, socketpair=199, connect=203, clone=220, mmap=222,
              memfd_create=279, recvmsg=212, clone3=435, rseq=293, ppoll=73,
              mremap=216, fcntl=25)


def ins(code, jt, jf, k):
    return struct.pack("=HBBI", code, jt, jf, k)


def deny(verdict, *names):
    """These calls get the verdict, all others are allowed."""
    program = ins(0x20, 0, 0, 0)
    for name in names:
        program += ins(0x15, 0, 1, NR[name]) + ins(6, 0, 0, verdict)
    return (program + ins(6, 0, 0, ALLOW)).hex()


def permit(verdict, *names):
    """All others get the verdict."""
    program = ins(0x20, 0, 0, 0)
    for name in names:
        program += ins(0x15, 0, 1, NR[name]) + ins(6, 0, 0, ALLOW)
    return (program + ins(6, 0, 0, verdict)).hex()


def no_exec_mappings(verdict):
    return (ins(0x20, 0, 0, 0) + ins(0x15, 0, 3, NR["mmap"]) +
            ins(0x20, 0, 0, 32) + ins(0x45, 0, 1, 4) +
            ins(6, 0, 0, verdict) + ins(6, 0, 0, ALLOW)).hex()


def status(pid, key):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(key + ":"):
                return line.split(":", 1)[1].strip()
    return ""


def innermost(pid):
    """The last child of a chain of wrappers."""
    while True:
        children = []
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task)) as f:
                children += f.read().split()
        if not children:
            return pid
        pid = int(children[0])


def kill_quietly(pid):
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def works(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              timeout=20).returncode == 0
    except OSError:
        return False


def copy_of_objtop(folder):
    """Where others may run it."""
    os.chmod(folder, 0o755)
    copy = os.path.join(folder, "objtop")
    real = os.path.join(os.path.dirname(harness.OBJTOP), ".libs/objtop")
    shutil.copy(real if os.path.exists(real) else harness.OBJTOP, copy)
    os.chmod(copy, 0o755)
    return copy


class WallCase(unittest.TestCase):
    def start(self, *args, **kw):
        t = Target(kw.pop("python", PYTHON), SOURCE, args=args, **kw)
        self.addCleanup(t.stop)
        t.inner = innermost(t.process.pid)
        t.before = self.traces(t.inner)
        return t

    @staticmethod
    def traces(pid):
        if not os.access("/proc/%d/fd" % pid, os.R_OK):
            return ()	# closed to us
        return (sorted(os.listdir("/proc/%d/fd" % pid)),
                sorted(os.listdir("/proc/%d/task" % pid)))

    def unharmed(self, t):
        wait_for(lambda: self.traces(t.inner) == t.before, 5,
                 "descriptors and threads as before")
        self.assertEqual(status(t.inner, "TracerPid"), "0")
        self.assertIn(status(t.inner, "State")[0], "SR")
        self.assertEqual(t.ask(), {"ok": 77})

    def enters(self, t, rungs=("ptrace", "resident")):
        for rung in rungs:
            code, out, err = objtop("types", t.inner, "-v", "-f", "Walled")
            self.assertEqual(code, 0, err)
            self.assertIn("77", out)
            self.assertIn("objtop: %s:" % rung, err)
            self.unharmed(t)
        return err

    def refused(self, pid, *words, command=None, options=()):
        if command is None:
            code, out, err = objtop("types", pid, *options)
        else:
            done = subprocess.run(command + ["types", str(pid)],
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60)
            code, out, err = (done.returncode, done.stdout.decode(),
                              done.stderr.decode())
        self.assertEqual(code, 3, err)
        self.assertEqual(out, "")
        self.assertEqual(err.count("\n"), 1, err)
        for word in words:
            self.assertIn(word, err)
        return err

    def listed(self, pid, *words):
        """What `ps` says of it."""
        rows = [r for r in objtop_json("ps")["rows"] if r["pid"] == pid]
        self.assertEqual(len(rows), 1, "not listed")
        for word in words:
            self.assertIn(word, rows[0]["reason"])
        return rows[0]


class NamespaceCase(WallCase):
    @unittest.skipUnless(works("unshare", "-mpnUrf", "true"),
                         "no user namespaces")
    def test_all_namespaces(self):
        """Mount, PID, user and network; nothing of ours can be seen there."""
        t = self.start(prefix=["unshare", "-mpnUrf", "--mount-proc"])
        self.assertEqual(t.facts["pid"], 1)
        self.assertNotEqual(t.inner, 1)
        self.assertEqual(self.listed(t.inner)["attach"], "ptrace")
        self.enters(t)

    @unittest.skipUnless(works("unshare", "-mpnUrf", "true"),
                         "no user namespaces")
    def test_from_within(self):
        """objtop in a container: its own processes, and no others."""
        script = ("%s -c 'import time; time.sleep(60)' & "
                  "while ! grep -q libc /proc/$!/maps; do :; done; "
                  "sleep 0.2; %s types $! -n 3 >&2; echo $?; kill $!" %
                  (PYTHON, harness.OBJTOP))
        done = subprocess.run(
            ["unshare", "-mpnUrf", "--mount-proc", "sh", "-c", script],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.stdout.decode().split(), ["0"],
                         done.stderr.decode())
        with self.subTest("outside"):
            t = self.start()
            done = subprocess.run(
                ["unshare", "-Ur", harness.OBJTOP, "types", str(t.inner)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            err = done.stderr.decode()
            self.assertEqual(done.returncode, 3, err)
            self.assertIn("another user namespace", err)
            self.assertEqual(err.count("\n"), 1)
            self.unharmed(t)

    @unittest.skipUnless(works("unshare", "-Urpf", "true"),
                         "no user namespaces")
    def test_foreign_proc(self):
        done = subprocess.run(
            ["unshare", "-Urpf", harness.OBJTOP, "types", "1"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        err = done.stderr.decode()
        self.assertEqual(done.returncode, 3, err)
        self.assertIn("/proc is that of another PID namespace", err)

    @unittest.skipUnless(ROOT and works("unshare", "-m", "true"),
                         "needs root")
    def test_chroot(self):
        """Read-only, nothing but an interpreter, not even /proc in it."""
        home = os.path.dirname(os.path.dirname(os.path.realpath(PYTHON)))
        script = ("set -e; d=$1; home=$2; shift 2; mount -t tmpfs none $d; "
                  "for x in /usr /lib /lib64 $home; do [ -d $x ] || continue;"
                  " mkdir -p $d$x; mount --bind $x $d$x; done; "
                  "mount -o remount,ro $d; cd $d; exec chroot $d \"$@\"")
        with tempfile.TemporaryDirectory() as folder:
            t = self.start(prefix=["unshare", "-m", "sh", "-c", script, "sh",
                                   folder, home])
            self.assertFalse(os.path.exists("/proc/%d/root/proc" % t.inner))
            with self.assertRaises(OSError):
                open("/proc/%d/root/file" % t.inner, "w")
            self.enters(t)

    @unittest.skipUnless(ROOT, "needs root")
    def test_other_user(self):
        t = self.start(prefix=NOBODY, python="/usr/bin/python3")
        self.enters(t)

    def test_undumpable(self):
        t = self.start("", "assert libc.prctl(4, 0, 0, 0, 0) == 0")
        if ROOT:
            self.enters(t)
        else:
            self.refused(t.inner, "PR_SET_DUMPABLE", "sudo objtop")

    @unittest.skipUnless(ROOT and works("setpriv", "--version"),
                         "needs root")
    def test_seen_by_others(self):
        """As another user, and as the same one of an undumpable process."""
        with tempfile.TemporaryDirectory() as folder:
            command = NOBODY + [copy_of_objtop(folder)]
            t = self.start()
            self.refused(t.inner, "belongs to root", command=command)
            t = self.start("", "assert libc.prctl(4, 0, 0, 0, 0) == 0",
                           prefix=NOBODY, python="/usr/bin/python3")
            self.refused(t.inner, "PR_SET_DUMPABLE",
                         "sudo objtop %d" % t.inner, command=command)
            t = self.start(prefix=NOBODY, python="/usr/bin/python3")
            done = subprocess.run(command + ["types", str(t.inner)],
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            with self.subTest("root without the capability"):
                self.refused(
                    t.inner, "CAP_SYS_PTRACE is missing",
                    command=["setpriv", "--bounding-set=-sys_ptrace",
                             "--inh-caps=-sys_ptrace", harness.OBJTOP])


class FilterCase(WallCase):
    """Seccomp filters, which only root can read."""

    def setUp(self):
        if not ROOT:
            self.skipTest("needs root")

    def test_ways_round(self):
        for names, word in [(["socket"], ""),
                            (["socketpair"], "a socket with a name"),
                            (["memfd_create"], "a file handed over"),
                            (["socketpair", "memfd_create"], "handed over")]:
            for verdict in errno(1), KILL:
                with self.subTest(names=names, verdict=hex(verdict)):
                    t = self.start(deny(verdict, *names))
                    self.assertIn(word, self.enters(t, ["ptrace"]))
                    self.enters(t, ["resident"])

    def test_no_way_round(self):
        for names, word in [(["clone"], "clone"),
                            (["clone3"], "clone3"),
                            (["ppoll"], "ppoll"),
                            (["socket", "socketpair"], "socketpair"),
                            (["memfd_create", "recvmsg"], "memfd_create")]:
            for verdict, verb in (errno(1), "refuses"), (KILL, "end it"):
                with self.subTest(names=names, verdict=hex(verdict)):
                    t = self.start(deny(verdict, *names))
                    if names == ["clone3"] and self.old_libc():
                        continue
                    self.refused(t.inner, "seccomp filter", word, verb)
                    self.unharmed(t)

    @staticmethod
    def old_libc():
        return tuple(map(int, platform.libc_ver()[1].split("."))) < (2, 34)

    def test_clone3_unknown(self):
        """ENOSYS is how containers make the C library use clone."""
        self.enters(self.start(deny(errno(38), "clone3")))

    def test_no_exec_mappings(self):
        for verdict in errno(1), KILL:
            with self.subTest(verdict=hex(verdict)):
                t = self.start(no_exec_mappings(verdict))
                self.refused(t.inner, "mmap with PROT_EXEC")
                self.unharmed(t)

    @unittest.skipUnless(X86, "numbers are of x86-64")
    def test_nothing_unusual(self):
        """All that it has ever needed, and death for all else."""
        t = self.start(permit(KILL, "read", "write", "futex", "munmap",
                              "mmap", "brk", "exit_group", "rt_sigreturn"))
        self.refused(t.inner, "would end it")
        self.unharmed(t)

    @unittest.skipUnless(X86, "numbers are of x86-64")
    @harness.each_python
    def test_just_enough(self, python, minor):
        """No call is made but those that the filter is asked about."""
        for names in ({"socket", "connect", "recvmsg", "fcntl"},
                      {"socketpair", "memfd_create", "fcntl"}):
            t = self.start(permit(KILL, *(set(NR) - names)), python=python)
            self.enters(t)
            t.stop()

    def test_strict(self):
        """Mode 1: read, write, exit."""
        s = self.start("", "print('{}', flush=True); "
                       "libc.prctl(22, 1, 0, 0, 0); "
                       "libc.read(0, ctypes.create_string_buffer(1), 1)")
        wait_for(lambda: status(s.inner, "Seccomp") == "1")
        self.refused(s.inner, "strict seccomp mode")
        self.listed(s.inner, "strict seccomp mode")
        self.assertTrue(s.alive())

    def test_filter_not_readable(self):
        """Nobody who cannot read it takes the risk."""
        with tempfile.TemporaryDirectory() as folder:
            command = NOBODY + [copy_of_objtop(folder)]
            t = self.start(deny(KILL, "ppoll"), prefix=NOBODY,
                           python="/usr/bin/python3")
            self.refused(t.inner, "seccomp filter", "only root can read",
                         command=command)
            self.unharmed(t)

    def inherited(self, program):
        """Target and objtop under one filter; gives objtop's end."""
        code = (SOURCE.split("print(out")[0].replace("> 2", "> 9") +
                "import subprocess\n"
                "p = subprocess.Popen([sys.executable, '-c', 'import sys\\n"
                "print(1, flush=True)\\nsys.stdin.read()'],\n"
                "    stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
                "p.stdout.readline()\n"
                "r = subprocess.run([sys.argv[2], 'types', str(p.pid)],\n"
                "    stdout=subprocess.PIPE, stderr=subprocess.PIPE)\n"
                "print(json.dumps([r.returncode, r.stderr.decode(),\n"
                "    p.poll()]), flush=True)\n")
        done = subprocess.run([PYTHON, "-c", code, program, harness.OBJTOP],
                              stdout=subprocess.PIPE, timeout=60)
        return json.loads(done.stdout)

    def test_the_same_filter(self):
        """As in a container: it cannot be read, but tried on oneself."""
        code, err, ended = self.inherited(deny(errno(1), "madvise"))
        self.assertEqual((code, ended), (0, None), err)
        code, err, ended = self.inherited(deny(KILL, "mincore"))
        self.assertEqual((code, ended), (3, None), err)
        self.assertIn("would end it for calling mincore", err)
        code, err, ended = self.inherited(deny(errno(1), "ppoll"))
        self.assertEqual((code, ended), (3, None), err)
        self.assertIn("refuses ppoll", err)

    @unittest.skipUnless(X86, "numbers are of x86-64")
    def test_no_pidfd_getfd(self):
        """Before Linux 5.6, and where objtop's own container forbids it."""
        NR.update(pidfd_getfd=438, pidfd_open=434)
        self.addCleanup(NR.pop, "pidfd_getfd")
        self.addCleanup(NR.pop, "pidfd_open")
        for names in ["pidfd_getfd"], ["pidfd_getfd", "pidfd_open"]:
            for prefix in [], ["unshare", "-n"]:
                if prefix and not works(*prefix, "true"):
                    continue
                with self.subTest(names=names, prefix=prefix):
                    t = self.start(prefix=prefix)
                    code = (SOURCE.split("print(out")[0] +
                            "os.execv(sys.argv[3], ['objtop', 'types',"
                            " '-v', sys.argv[4]])")
                    done = subprocess.run(
                        [PYTHON, "-c", code, deny(errno(38), *names), "",
                         harness.OBJTOP, str(t.inner)],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                        timeout=60)
                    err = done.stderr.decode()
                    self.assertEqual(done.returncode, 0, err)
                    self.assertIn("a socket with a name", err)
                    self.unharmed(t)


class StateCase(WallCase):
    """What a process may be doing."""

    def test_traced(self):
        for tool in (["gdb", "-q", "-batch", "-ex", "shell sleep 60", "-p"],
                     ["strace", "-o", "/dev/null", "-p"]):
            if shutil.which(tool[0]) is None:
                continue
            with self.subTest(tool=tool[0]):
                t = self.start()
                p = subprocess.Popen(tool + [str(t.inner)],
                                     stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
                tracer = p.pid
                try:
                    wait_for(lambda: status(t.inner, "TracerPid") != "0", 20)
                    tracer = status(t.inner, "TracerPid")
                    words = "traced by PID %s (%s)" % (tracer, tool[0])
                    self.refused(t.inner, words)
                    self.listed(t.inner, words)
                finally:
                    p.terminate()
                    p.wait(20)
                    kill_quietly(int(tracer))
                wait_for(lambda: status(t.inner, "TracerPid") == "0")
                if status(t.inner, "State")[0] == "T":
                    os.kill(t.inner, signal.SIGCONT)
                self.unharmed(t)

    def test_stopped(self):
        t = self.start()
        os.kill(t.inner, signal.SIGSTOP)
        wait_for(lambda: status(t.inner, "State")[0] == "T")
        self.refused(t.inner, "kill -CONT %d" % t.inner)
        self.listed(t.inner, "kill -CONT %d" % t.inner)
        self.assertEqual(status(t.inner, "State")[0], "T")
        os.kill(t.inner, signal.SIGCONT)
        self.enters(t)

    def test_zombie(self):
        p = subprocess.Popen([PYTHON, "-c", ""])
        wait_for(lambda: status(p.pid, "State")[0] == "Z")
        self.refused(p.pid, "zombie", "PID %d" % os.getpid())
        self.listed(p.pid, "zombie")
        p.wait()

    def test_thread_of_the_kernel(self):
        if not os.path.exists("/proc/2/comm") or status(2, "VmRSS"):
            self.skipTest("none to be seen")
        with open("/proc/2/comm") as f:
            if f.read() != "kthreadd\n":
                self.skipTest("none to be seen")
        self.refused(2, "thread of the kernel")

    def test_no_new_privs(self):
        self.enters(self.start(
            "", "assert libc.prctl(38, 1, 0, 0, 0) == 0"))

    def test_vfork(self):
        """A child in its parent's memory, and the parent that waits."""
        flags = 0x100 | 0x4000 | signal.SIGCHLD	# CLONE_VM, CLONE_VFORK
        t = self.start("", (
            "stack = libc.malloc\nstack.restype = ctypes.c_void_p\n"
            "top = ctypes.c_void_p(stack(65536) + 65000 & ~15)\n"
            "def go():\n"
            "    libc.clone(libc.pause, top, %d, None)\n"
            "threading.Thread(target=go, daemon=True).start()\n" % flags))
        wait_for(lambda: innermost(t.process.pid) != t.process.pid)
        child = innermost(t.process.pid)
        self.addCleanup(lambda: kill_quietly(child))
        self.refused(child, "shares the memory of its parent",
                     "PID %d" % t.process.pid)
        os.kill(child, signal.SIGKILL)
        self.assertEqual(t.ask(), {"ok": 77})

    def test_vfork_of_the_only_thread(self):
        flags = 0x100 | 0x4000 | signal.SIGCHLD
        t = self.start("", (
            "stack = libc.malloc\nstack.restype = ctypes.c_void_p\n"
            "top = ctypes.c_void_p(stack(65536) + 65000 & ~15)\n"
            "print('{}', flush=True)\n"
            "libc.clone(libc.pause, top, %d, None)\n" % flags))
        wait_for(lambda: innermost(t.process.pid) != t.process.pid)
        child = innermost(t.process.pid)
        self.addCleanup(lambda: kill_quietly(child))
        wait_for(lambda: status(t.process.pid, "State")[0] == "D")
        self.refused(t.process.pid, "all wait in the kernel",
                     options=["--timeout", "500ms"])
        os.kill(child, signal.SIGKILL)
        t.read_line(10)
        self.assertEqual(t.ask(), {"ok": 77})


class KindCase(WallCase):
    """Programs that no agent can be loaded into."""

    def program(self, folder, data):
        path = os.path.join(folder, "python3.11")
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, stat.S_IRWXU)
        try:
            p = subprocess.Popen([path])
        except OSError as e:
            self.skipTest("cannot be run here: %s" % e)
        self.addCleanup(lambda: (p.kill(), p.wait()))
        return p.pid

    @unittest.skipUnless(X86, "instructions are of x86")
    def test_32_bit(self):
        code = bytes.fromhex("b81d000000cd80ebf7")	# pause(), for ever
        head = (b"\x7fELF\1\1\1" + bytes(9) + struct.pack(
            "<HHIIIIIHHHHHH", 2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 0, 0,
            0) + struct.pack("<IIIIIIII", 1, 0, 0x8048000, 0x8048000,
                             84 + len(code), 84 + len(code), 5, 4096))
        with tempfile.TemporaryDirectory() as folder:
            pid = self.program(folder, head + code)
            self.refused(pid, "is a 32-bit program")
            self.listed(pid, "is a 32-bit program")

    @unittest.skipUnless(X86, "instructions are of x86")
    def test_static(self):
        code = bytes.fromhex("b8220000000f05ebf7")
        head = (b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
            "<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0,
            0) + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000,
                             120 + len(code), 120 + len(code), 4096))
        with tempfile.TemporaryDirectory() as folder:
            pid = self.program(folder, head + code)
            self.refused(pid, "static program", "no dlopen")
            self.listed(pid, "static program")

    @staticmethod
    def maps(pid):
        with open("/proc/%d/maps" % pid) as f:
            return f.read()

    @unittest.skipUnless(shutil.which("musl-gcc"), "no musl-gcc")
    def test_musl(self):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "p.c")
            with open(source, "w") as f:
                f.write("#include <unistd.h>\n"
                        "const char *Py_GetVersion(void)"
                        "{ return \"3.11.2 (x)\"; }\n"
                        "int main(void) { for (;;) pause(); }\n")
            path = os.path.join(folder, "python3.11")
            subprocess.run(["musl-gcc", "-rdynamic", "-o", path, source],
                           check=True, timeout=60)
            p = subprocess.Popen([path])
            self.addCleanup(lambda: (p.kill(), p.wait()))
            wait_for(lambda: "musl" in self.maps(p.pid))
            self.refused(p.pid, "musl")
            self.listed(p.pid, "musl")


def may_trace():
    import ctypes
    p = subprocess.Popen(["sleep", "60"])
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return libc.ptrace(0x4206, p.pid, 0, 0) == 0	# PTRACE_SEIZE
    finally:
        p.kill()
        p.wait()


if __name__ == "__main__":
    if not NATIVE or not may_trace():
        print("no interpreter to attach to, or no right to trace")
        sys.exit(77)
    harness.main()
