# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: interpreters, targets, and running objtop.

Interpreters are found by looking: $OBJTOP_PYTHONS (a colon-separated list),
python3.N on PATH, ~/.pyenv/versions, and the cache that
tests/pythons/make-cache.sh makes.  A test that needs one that is not there is
skipped, and says so.
"""

import contextlib
import glob
import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
import unittest

OBJTOP = os.environ.get("OBJTOP", os.path.abspath("objtop"))
SRCDIR = os.environ.get("srcdir", os.getcwd())
MINORS = range(8, 16)
MINOR_FREE_THREADED = 13    # the one that objtop looks into
EXPECTED = range(8, 14)     # the others only where there is a cache
CACHE = os.environ.get("OBJTOP_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
    "objtop")
# Programs of the cache see these two at the same path (in-root.sh).
os.environ.setdefault("srcdir", os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))))
os.environ.setdefault("builddir", os.getcwd())


def cached_pythons():
    """Programs of the cache that start an interpreter like any other."""
    return [path for path in sorted(glob.glob(CACHE + "/bin/python3.*"))
            if not path.endswith("t") and os.access(path, os.X_OK)]


def free_threaded_pythons():
    """Builds without the interpreter's lock."""
    found = os.environ.get("OBJTOP_FREE_THREADED", "").split(":")
    found += sorted(glob.glob(CACHE + "/bin/python3.*t"))
    return [path for path in found if os.access(path, os.X_OK)]


def _version(python):
    try:
        out = subprocess.run(
            [python, "-c", "import sys, sysconfig\n"
             "print(*sys.version_info[:2], int("
             "sysconfig.get_config_var('Py_GIL_DISABLED') or 0))"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
        major, minor, free_threaded = map(int, out.stdout.split())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    if free_threaded and minor != MINOR_FREE_THREADED:
        return None
    if free_threaded:
        FREE_THREADED.add(python)
    return minor if major == 3 else None


def _find_interpreters():
    found, seen = [], set()
    candidates = [p for p in os.environ.get("OBJTOP_PYTHONS", "").split(":")
                  if p]
    candidates += sorted(glob.glob(os.path.expanduser(
        "~/.pyenv/versions/*/bin/python3")))
    candidates += ["/usr/bin/python3"]
    for directory in os.environ.get("PATH", "").split(":"):
        candidates += ["%s/python3.%d" % (directory, n) for n in MINORS]
    candidates += cached_pythons() + free_threaded_pythons()
    for path in candidates:
        real = os.path.realpath(path)
        if "shims" in real or real in seen or not os.access(real, os.X_OK):
            continue
        seen.add(real)
        minor = _version(real)
        if minor in MINORS:
            found.append((minor, real))
    return sorted(found)


FREE_THREADED = set()       # those of INTERPRETERS that are
INTERPRETERS = _find_interpreters()
# Those of this system: what they start finds this system's libraries.
NATIVE = [(minor, path) for minor, path in INTERPRETERS
          if not path.startswith(CACHE + "/")]


def version_name(minor, python):
    """"3.13", "3.13t"."""
    return "3.%d%s" % (minor, "t" if python in FREE_THREADED else "")


def each_python(test):
    """Runs a test method once for every interpreter, as subtests."""
    def run(self):
        missing = [n for n in EXPECTED
                   if n not in [minor for minor, _ in INTERPRETERS]]
        for minor, python in INTERPRETERS:
            with self.subTest(python=python):
                test(self, python, minor)
        if missing:
            self.skipTest("no CPython %s here" %
                          ", ".join("3.%d" % n for n in missing))
    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


class Target:
    """A program under inspection, started from source text.

    It is ready when it has printed a line of JSON, kept in `facts`.
    """

    def __init__(self, python, source, args=(), env=None, prefix=(),
                 preexec_fn=None):
        self.python = python
        full = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
        full.pop("PYTHONHOME", None)
        full.update(env or {})
        self.process = subprocess.Popen(
            list(prefix) + [python, "-c", textwrap.dedent(source)] +
            list(args), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=full, preexec_fn=preexec_fn)
        line = self.read_line(30)
        self.facts = json.loads(line) if line.strip() else {}

    @property
    def pid(self):
        return self.process.pid

    def read_line(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            raise AssertionError("target said nothing in %d s" % seconds)
        return self.process.stdout.readline().decode()

    def ask(self, line=b"go\n", seconds=20):
        """Sends a line, gives the JSON line that comes back."""
        self.process.stdin.write(line)
        self.process.stdin.flush()
        return json.loads(self.read_line(seconds))

    def alive(self):
        return self.process.poll() is None

    def threads(self):
        return sorted(os.listdir("/proc/%d/task" % self.pid))

    def fds(self):
        base = "/proc/%d/fd" % self.pid
        result = {}
        for name in os.listdir(base):
            with contextlib.suppress(OSError):
                result[name] = os.readlink("%s/%s" % (base, name))
        return result

    def state(self):
        with open("/proc/%d/stat" % self.pid) as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]

    def stop(self):
        if self.alive():
            self.process.kill()
        self.process.wait(20)
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def objtop(*args, timeout=60, env=None, cwd=None, stdin=subprocess.DEVNULL,
           preexec_fn=None):
    """Runs objtop; gives (exit code, stdout, stderr) as text."""
    full = dict(os.environ, LC_ALL="C.UTF-8")
    full.update(env or {})
    done = subprocess.run([OBJTOP] + [str(a) for a in args],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=stdin, timeout=timeout, env=full, cwd=cwd,
                          preexec_fn=preexec_fn)
    return (done.returncode, done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace"))


def objtop_json(*args, **kwargs):
    """Runs objtop --json and gives the parsed answer."""
    code, out, err = objtop(*args, "--json", **kwargs)
    if code != 0:
        raise AssertionError("objtop %s: exit %d: %s" %
                             (" ".join(map(str, args)), code, err))
    return json.loads(out)


def wait_for(condition, seconds=10, what="a condition"):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited %d s for %s" % (seconds, what))
        time.sleep(0.01)


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    result = unittest.main(exit=False, verbosity=1).result
    ran, skipped = result.testsRun, len(result.skipped)
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if skipped and skipped == ran else 0)
