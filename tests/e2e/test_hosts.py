#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that run CPython in their own way: servers, embedders, allocators.

Each is attached to, walked and left, and compared with what it was before:
threads, descriptors, signals, and whether it still answers.  What is missing
here (a package, a library) is skipped and named.
"""

import contextlib
import glob
import http.client
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import unittest

import harness
from harness import NATIVE, objtop, objtop_json, wait_for

KEPT = 321
CC = os.environ.get("CC", "cc").split()
AGENT = os.path.join(os.environ.get("builddir", os.getcwd()),
                     "runtime/objtop-agent.so")
SYSTEM = os.path.realpath("/usr/bin/python3")

CLASS = """
class Kept:
    def __init__(self, n):
        self.n = n
"""
PROGRAM = CLASS + """
import sys
kept = [Kept(n) for n in range(%d)]
print("ready", flush=True)
for line in iter(sys.stdin.readline, ""):
    print(len(kept), flush=True)
""" % KEPT
WSGI = CLASS + """
kept = [Kept(n) for n in range(%d)]
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%%d" %% len(kept)]
""" % KEPT
EMBED = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#ifdef LINKED
void Py_Initialize(void);
void *Py_NewInterpreter(void);
int PyRun_SimpleString(const char *);
#define FIND(name) name
#else
static void *library;
#define FIND(name) dlsym(library, #name)
#endif
int
main(int argc, char **argv)
{
	void (*initialize)(void);
	void *(*another)(void);
	int (*run)(const char *);

#ifndef LINKED
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return 2;
#endif
	initialize = (void (*)(void))FIND(Py_Initialize);
	another = (void *(*)(void))FIND(Py_NewInterpreter);
	run = (int (*)(const char *))FIND(PyRun_SimpleString);
	initialize();
	if (argc > 2 && (run(argv[2]) != 0 || another() == NULL))
		return 3;
	return run(argv[1]);
}
"""


def status_of(pid, *keys):
    with open("/proc/%d/status" % pid) as f:
        lines = dict(line.rstrip("\n").split(":", 1) for line in f)
    return {key: lines[key].strip() for key in keys}


def facts(pid):
    """What is to be the same before and after.

    But signals 32 and 33: the C library catches them from the first thread on.
    """
    status = status_of(pid, "TracerPid", "SigBlk", "SigIgn", "SigCgt",
                       "ShdPnd", "NoNewPrivs", "Seccomp")
    for key in "SigIgn", "SigCgt":
        status[key] = int(status[key], 16) & ~(3 << 31)
    return {
        "threads": sorted(os.listdir("/proc/%d/task" % pid)),
        "fds": sorted(os.listdir("/proc/%d/fd" % pid)),
        "status": status,
    }


def stopped(pid):
    return status_of(pid, "State")["State"][0] in "Tt"


class Program:
    """A command that prints "ready" and then answers lines."""

    def __init__(self, command, env=None, cwd=None):
        full = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        full.update(env or {})
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, env=full, cwd=cwd)
        self.pid = self.process.pid
        line = self.process.stdout.readline()
        if line != b"ready\n":
            self.process.kill()
            self.process.wait()
            raise AssertionError("%s did not start: %s" %
                                 (command[0], self.said()))

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def ask(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.errors.close()


class UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def get(path):
    connection = UnixHTTP(path)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(n) for n in f.read().split()]


class Server:
    """A server on a Unix socket, in a session of its own."""

    def __init__(self, command, folder):
        self.path = os.path.join(folder, "socket")
        self.log = os.path.join(folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)
        self.pid = self.process.pid
        try:
            wait_for(self.answers, 20, "the server to answer")
        except AssertionError:
            self.__exit__()
            with open(self.log) as log:
                raise AssertionError(log.read())

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("ended with %d" % self.process.returncode)
        try:
            return get(self.path) == str(KEPT)
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


class HostCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="objtop-hosts-")
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def unharmed(self, pid, before):
        wait_for(lambda: facts(pid)["threads"] == before["threads"], 10,
                 "the threads to be those from before")
        self.assertEqual(facts(pid), before)
        self.assertFalse(stopped(pid))

    def count(self, pid, name="Kept", number=KEPT):
        """Attach, walk, leave: the instances of one class."""
        before = facts(pid)
        answer = objtop_json("types", pid, "-f", name)
        rows = [r for r in answer["rows"]
                if r["type"].split(".")[-1] == name]
        self.assertEqual([r["count"] for r in rows], [number], rows)
        self.unharmed(pid, before)
        code, _, err = objtop("detach", pid)
        self.assertEqual(code, 0, err)
        self.unharmed(pid, before)
        return answer

    def lively(self, command, env=None, cwd=None, seen=True):
        with Program(command, env, cwd) as p:
            self.assertEqual(p.ask(), str(KEPT))
            if seen:
                self.count(p.pid)
            self.assertEqual(p.ask(), str(KEPT), p.said())

    def alive_because(self, pid, wanted, what="Kept"):
        """The first chain to an instance has this in it."""
        code, out, err = objtop("path", pid, what + "#0", "-k", "1")
        self.assertEqual(code, 0, err)
        self.assertIn(wanted, out)


def needs(program):
    return unittest.skipUnless(shutil.which(program), program + " is missing")


def libraries(*names):
    found = []
    for name in names:
        found += glob.glob("/usr/lib/*/" + name) + glob.glob(
            "/usr/lib/" + name)
    return found


class ServerTest(HostCase):
    def uwsgi(self, *options):
        plugins = glob.glob("/usr/lib/uwsgi/plugins/python3_plugin.so")
        if not plugins:
            self.skipTest("uwsgi's Python plugin is missing")
        self.file("app.py", WSGI)
        return Server(["uwsgi", "--plugin", "python3", "--http-socket",
                       "socket", "--need-app", "--die-on-term"] +
                      list(options), self.folder)

    @needs("uwsgi")
    def test_uwsgi(self):
        with self.uwsgi("--master", "--processes", "2", "--enable-threads",
                        "--threads", "2", "--wsgi-file", "app.py") as s:
            workers = children(s.pid)
            self.assertEqual(len(workers), 2)
            for pid in [s.pid] + workers:
                self.count(pid)
                self.assertEqual(get(s.path), str(KEPT))

    @needs("uwsgi")
    def test_uwsgi_with_an_interpreter_for_each_application(self):
        self.file("other.py", WSGI.replace("Kept", "Other"))
        with self.uwsgi("--enable-threads", "--mount", "/=app.py", "--mount",
                        "/other=other.py", "--manage-script-name") as s:
            answer = self.count(s.pid)
            self.assertNotIn("unseen", answer["snapshot"])
            self.count(s.pid, "Other")
            self.alive_because(s.pid, "interp 1: module", "Other")
            self.assertEqual(get(s.path), str(KEPT))

    @needs("uwsgi")
    def test_uwsgi_that_keeps_the_lock(self):
        """Without enable-threads nobody else ever gets the lock."""
        with self.uwsgi("--wsgi-file", "app.py") as s:
            for _ in range(3):
                self.count(s.pid)
                self.assertEqual(get(s.path), str(KEPT))
            before = facts(s.pid)
            code, _, err = objtop("types", s.pid, "--mode", "pause")
            self.assertEqual(code, 1)
            self.assertIn("without enable-threads", err)
            self.unharmed(s.pid, before)

    @needs("gunicorn")
    def test_gunicorn(self):
        """Preloaded and frozen before the workers are forked."""
        self.file("app.py", WSGI)
        self.file("gunicorn.conf.py", "import gc\npreload_app = True\n"
                  "workers = 2\nbind = 'unix:socket'\n"
                  "def when_ready(server):\n    gc.freeze()\n")
        with Server(["gunicorn", "app:application"], self.folder) as s:
            wait_for(lambda: len(children(s.pid)) == 2, 10, "two workers")
            for pid in [s.pid] + children(s.pid):
                self.count(pid)
                self.assertEqual(get(s.path), str(KEPT))


class DiskTest(HostCase):
    """What runs is not what lies on the disk."""

    def setUp(self):
        super().setUp()
        if not os.access(SYSTEM, os.X_OK):
            self.skipTest("no /usr/bin/python3")
        self.copy = os.path.join(self.folder, "python")

    def check_gone(self, path, command):
        with Program(command) as p:
            os.unlink(path)
            self.count(p.pid)
            self.assertEqual(p.ask(), str(KEPT))
        return True

    def test_interpreter_deleted(self):
        shutil.copy(SYSTEM, self.copy)
        self.check_gone(self.copy, [self.copy, "-c", PROGRAM])

    def test_interpreter_replaced(self):
        shutil.copy(SYSTEM, self.copy)
        with Program([self.copy, "-c", PROGRAM]) as p:
            new = self.file("new", "no interpreter at all\n")
            os.rename(new, self.copy)
            self.count(p.pid)
            self.assertEqual(p.ask(), str(KEPT))

    @needs("strip")
    def test_stripped(self):
        subprocess.check_call(["strip", "--strip-all", "-o", self.copy,
                               SYSTEM])
        self.lively([self.copy, "-c", PROGRAM])

    def test_no_section_headers(self):
        with open(SYSTEM, "rb") as f:
            image = bytearray(f.read())
        struct.pack_into("<Q", image, 40, 0)		# e_shoff
        struct.pack_into("<HH", image, 60, 0, 0)	# e_shnum, e_shstrndx
        with open(self.copy, "wb") as f:
            f.write(image)
        os.chmod(self.copy, 0o755)
        self.lively([self.copy, "-c", PROGRAM])


class EmbedTest(HostCase):
    """A C program with an interpreter, or two, in it."""

    def setUp(self):
        super().setUp()
        found = libraries("libpython3.*.so.1.0")
        if not found:
            self.skipTest("no libpython3.N.so.1.0")
        if not shutil.which(CC[0]):
            self.skipTest("no C compiler")
        self.library = os.path.join(self.folder, os.path.basename(found[0]))
        shutil.copy(found[0], self.library)

    def build(self, linked):
        source = self.file("host.c", EMBED)
        program = os.path.join(self.folder, "host")
        if linked:
            how = ["-DLINKED", self.library, "-Wl,-rpath," + self.folder]
        else:
            how = ['-DLIBRARY="%s"' % self.library]
        subprocess.check_call(CC + ["-w", "-o", program, source] + how +
                              ["-ldl"])
        return program

    def test_linked(self):
        self.lively([self.build(True), PROGRAM])

    def test_loaded_for_itself_alone(self):
        self.lively([self.build(False), PROGRAM])

    @needs("strip")
    def test_stripped(self):
        subprocess.check_call(["strip", "--strip-all", self.library])
        self.lively([self.build(True), PROGRAM])

    def test_library_deleted(self):
        for linked in (True, False):
            with self.subTest(linked=linked):
                kept = self.library + ".kept"
                shutil.copy(self.library, kept)
                with Program([self.build(linked), PROGRAM]) as p:
                    os.unlink(self.library)
                    self.count(p.pid)
                    self.assertEqual(p.ask(), str(KEPT))
                os.rename(kept, self.library)

    def test_library_upgraded(self):
        """Another one lies where the one in use was."""
        for linked in (True, False):
            with self.subTest(linked=linked):
                new = self.library + ".new"
                shutil.copy(self.library, new)
                with Program([self.build(linked), PROGRAM]) as p:
                    os.rename(new, self.library)
                    self.count(p.pid)
                    self.assertEqual(p.ask(), str(KEPT))

    def test_two_interpreters(self):
        """The second is the one that runs."""
        first = CLASS.replace("Kept", "First") + \
            "first = [First(n) for n in range(77)]\n"
        with Program([self.build(True), PROGRAM, first]) as p:
            answer = self.count(p.pid)
            self.assertNotIn("unseen", answer["snapshot"])
            self.count(p.pid, "First", 77)
            self.alive_because(p.pid, "interp 1: module __main__")
            self.assertEqual(p.ask(), str(KEPT))


class OtherTest(HostCase):
    """What is no CPython is refused by its name."""

    def refused(self, command, *words):
        p = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            self.assertEqual(p.stdout.readline(), b"ready\n")
            code, _, err = objtop("types", p.pid)
            self.assertEqual(code, 3, err)
            self.assertEqual(len(err.splitlines()), 1)
            for word in words:
                self.assertIn(word, err)
            self.assertIsNone(p.poll())
        finally:
            p.kill()
            p.communicate()

    @needs("pypy3")
    def test_pypy(self):
        self.refused(["pypy3", "-c", "import sys, time\nprint('ready')\n"
                      "sys.stdout.flush()\ntime.sleep(60)"], "PyPy",
                     "CPython 3.8")


def few():
    """The system's, the oldest and the newest interpreter."""
    found = {path for _, path in NATIVE[:1] + NATIVE[-1:]}
    return sorted(found | ({SYSTEM} if os.access(SYSTEM, os.X_OK) else set()))


class StateTest(HostCase):
    """Allocators, hooks and debug settings."""

    def each(self, *options, env=None, program=PROGRAM):
        for python in few():
            with self.subTest(python=python):
                self.lively([python, *options, "-c", program], env)

    def preload(self, name):
        found = libraries(name)
        if not found:
            self.skipTest(name + " is missing")
        self.each(env={"LD_PRELOAD": found[0]})
        self.each(env={"LD_PRELOAD": found[0], "PYTHONMALLOC": "malloc"})

    def test_jemalloc(self):
        self.preload("libjemalloc.so.2")

    def test_tcmalloc(self):
        self.preload("libtcmalloc_minimal.so.4")

    def test_python_malloc(self):
        for how in ("malloc", "debug", "malloc_debug"):
            with self.subTest(how=how):
                self.each(env={"PYTHONMALLOC": how})

    def test_development_mode(self):
        self.each("-X", "dev")

    def test_faulthandler(self):
        self.each("-X", "faulthandler", program="import faulthandler\n"
                  "faulthandler.dump_traceback_later(3600)\n" + PROGRAM)

    def test_tracing(self):
        """A trace, a profile function and audits see nothing of us."""
        self.each(program=TRACED)

    def test_agent_preloaded_by_hand(self):
        """In from the start, asleep until somebody asks."""
        for python in few():
            with self.subTest(python=python), \
                    Program([python, "-c", PROGRAM],
                            {"LD_PRELOAD": AGENT}) as p:
                _, out, _ = objtop("ps")
                line = [x for x in out.splitlines()
                        if "".join(x.split()[:1]).replace(",", "") ==
                        str(p.pid)][0]
                self.assertIn("resident", line)
                self.count(p.pid)
                self.assertEqual(p.ask(), str(KEPT))


TRACED = CLASS + """
import sys, threading
me, events, audits = threading.get_ident(), set(), []
def note(*event):
    events.add(threading.get_ident())
    return note
for module in sys, threading:
    module.settrace(note)
    module.setprofile(note)
sys.addaudithook(lambda *event: audits.append(event))
kept = [Kept(n) for n in range(%d)]
print("ready", flush=True)
while sys.stdin.readline():
    odd = [a for a in audits if sys.version_info < (3, 14)]
    print(len(kept) if events == {me} and not odd else (events, odd),
          flush=True)
""" % KEPT

GREENLETS = CLASS + """
import sys
import greenlet
def inner(kept, back):
    back.switch()
    return len(kept)
def outer(back):
    kept = [Kept(n) for n in range(%d)]
    return inner(kept, back)
main = greenlet.getcurrent()
held = greenlet.greenlet(outer)
held.switch(main)
print("ready", flush=True)
sys.stdin.readline()
print(%d, flush=True)
sys.stdin.readline()
print(held.switch(), flush=True)
""" % (KEPT, KEPT)

GEVENT = CLASS + """
import sys
import gevent.monkey
gevent.monkey.patch_all()
import gevent
def waits(n):
    kept = Kept(n)
    gevent.sleep(3600)
    return kept
jobs = [gevent.spawn(waits, n) for n in range(%d)]
gevent.sleep(0)
print("ready", flush=True)
from gevent.fileobject import FileObject
for line in FileObject(sys.stdin):
    print(sum(not job.dead for job in jobs), flush=True)
""" % KEPT


class GreenletTest(HostCase):
    def program(self, module, text):
        if subprocess.call([SYSTEM, "-c", "import " + module],
                           stderr=subprocess.DEVNULL):
            self.skipTest("no %s for %s" % (module, SYSTEM))
        return [SYSTEM, "-c", text]

    def check(self, command):
        with Program(command) as p:
            self.assertEqual(p.ask(), str(KEPT))
            self.count(p.pid)
            self.alive_because(p.pid, "local 'kept'")
            self.alive_because(p.pid, ".gr_frame")
            self.assertEqual(p.ask(), str(KEPT), p.said())

    def test_greenlet(self):
        self.check(self.program("greenlet", GREENLETS))

    def test_gevent(self):
        self.check(self.program("gevent", GEVENT))


if __name__ == "__main__":
    if not NATIVE:
        print("no interpreter to attach to")
        raise SystemExit(77)
    harness.main()
