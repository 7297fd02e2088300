#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the agent reads from values, against every interpreter there is.

values_probe.py runs in each CPython from 3.8 on that is found in PATH, in
pyenv's versions, in the cache or in the colon list $OBJTOP_PYTHONS, and
compares sizes, type names, texts and lines of everything reachable with what
that interpreter says itself.  There must be no difference.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
PROBE = os.path.join(HERE, "values_probe.py")
AGENT = os.path.abspath("tests/e2e/sizedump.so")    # in the build directory
SHORT, LONG = 20, 400   # seconds

ASK = ("import os, platform, sys, sysconfig; print(os.path.realpath("
       "sys.executable), platform.python_implementation(), "
       "'%d.%d' % sys.version_info[:2], "
       "sysconfig.get_config_var('Py_GIL_DISABLED') or 0, sep='\\n')")

# The least that must have been compared: a probe that sees nothing is wrong.
LEAST = {
    "size": 50000, "text": 20000, "utf8": 20000, "lines": 10000,
    "kind": 1000, "cname": 1000, "subtype": 5000, "cut": 1000,
    "single": 400, "extra": 8, "origin": 23, "is_gc": 20000,
    "find": 20000,
}


def candidates():
    yield sys.executable
    yield from filter(None, os.environ.get("OBJTOP_PYTHONS", "").split(":"))
    for directory in os.environ.get("PATH", "").split(":"):
        for path in sorted(glob.glob(os.path.join(directory, "python3*"))):
            if re.fullmatch(r"python3(\.\d+)?", os.path.basename(path)):
                yield path
    for root in (os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv")):
        if root:
            yield from sorted(glob.glob(root + "/versions/*/bin/python3"))
    yield from harness.cached_pythons()
    yield from harness.free_threaded_pythons()


def interpreters():
    """{path: version} of the CPythons that the agent knows."""
    found = {}
    for path in candidates():
        try:
            run = subprocess.run([path, "-c", ASK], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, timeout=SHORT)
            real, name, version, nogil = run.stdout.decode().split("\n")[:4]
        except (OSError, ValueError, subprocess.TimeoutExpired):
            continue
        minor = tuple(map(int, version.split(".")))
        if name == "CPython" and (3, 8) <= minor <= (3, 15) and (
                nogil == "0" or minor == (3, 13)):
            # In the cache this is a path inside of it.
            if os.path.dirname(path).startswith(harness.CACHE):
                real = path
            found[real] = version
    return found


class Values(unittest.TestCase):
    maxDiff = None

    def probe(self, path):
        with tempfile.TemporaryDirectory() as scratch:
            run = subprocess.run(
                [path, "-s", PROBE, AGENT, scratch], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=scratch,
                timeout=LONG)
        self.assertEqual(run.returncode, 0,
                         run.stderr.decode("utf-8", "replace")[-2000:])
        return json.loads(run.stdout.decode().splitlines()[-1])

    def compare(self, path):
        report = self.probe(path)
        print("%s %s: %d objects, %d types" % (
            path, report["version"], report["objects"], report["types"]))
        for what, least in LEAST.items():
            self.assertGreaterEqual(report["compared"].get(what, 0), least,
                                    what)
        self.assertEqual(report["wrong"], {})


def add(path, version):
    name = "test_%s_%s" % (version.replace(".", "_"),
                           re.sub(r"\W+", "_", path).strip("_"))
    setattr(Values, name, lambda self: self.compare(path))


for each in sorted(interpreters().items()):
    add(*each)

if __name__ == "__main__":
    unittest.main(verbosity=2)
