# SPDX-License-Identifier: MIT
"""A short turn of the soak, on the oldest and the newest interpreter."""
import ctypes
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import harness

SEIZE = 0x4206


def may_trace():
    child = subprocess.Popen(["sleep", "60"])
    try:
        return ctypes.CDLL(None).ptrace(SEIZE, child.pid, 0, 0) == 0
    finally:
        child.kill()
        child.wait()


minors = sorted(minor for minor, _ in harness.INTERPRETERS)
if not minors or not may_trace():
    print("no interpreter to attach to, or no right to trace")
    sys.exit(77)
os.execv(sys.executable, [
    sys.executable, os.path.join(HERE, "soak.py"), "-n", "36", "--kill", "24",
    "--fates", "2", "--versions", "%d,%d" % (minors[0], minors[-1]),
    "--states", "read_,write_,waitpid_,aidle,loop,malloc,memcpy50,fork,"
    "signals"])
