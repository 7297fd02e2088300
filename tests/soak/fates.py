# SPDX-License-Identifier: MIT
"""The program exits, forks or becomes another at any instant of a visit.

Each must end as it would have without objtop: the same status, the same
output, not a word more on stderr.  What objtop itself says of a target that
vanishes is one line and an exit code that its manual has.
"""
import random
import subprocess
import time

TIMEOUT_S = 60

# Some heap, so that a snapshot takes its time.
HEAP = ("import os, sys, time\n"
        "heap = [(i, str(i), [i]) for i in range(20000)]\n"
        "print('ready', flush=True)\n"
        "end = time.monotonic() + float(sys.argv[1])\n"
        "while time.monotonic() < end:\n    sum(range(200))\n")

FATES = {
    "exit": (HEAP + "print('bye', flush=True)\nsys.exit(7)\n", "bye\n", 7),
    "sleeping exit": (HEAP.replace("while time.monotonic() < end:\n"
                                   "    sum(range(200))\n",
                                   "time.sleep(float(sys.argv[1]))\n") +
                      "print('bye', flush=True)\nsys.exit(7)\n", "bye\n", 7),
    "_exit": (HEAP + "os._exit(8)\n", "", 8),
    "killed": (HEAP + "os.kill(os.getpid(), 9)\n", "", -9),
    "exec": (HEAP + "os.execv(sys.executable, [sys.executable, '-c', "
             "'import time, sys\\nprint(\"after\")\\n"
             "time.sleep(0.02)\\nsys.exit(9)'])\n", "after\n", 9),
    "fork": (HEAP + "pid = os.fork()\nif pid == 0:\n"
             "    sys.exit(3 if sum(len(h) for h in heap) == 60000 else 4)\n"
             "assert os.waitpid(pid, 0)[1] >> 8 == 3\n"
             "assert os.listdir('/proc/self/fd')\nsys.exit(5)\n", "", 5),
}


def one(objtop, python, fate, after_s):
    """(what is wrong or None, the warnings of fork seen)"""
    source, output, status = FATES[fate]
    target = subprocess.Popen([python, "-W", "always", "-c", source,
                               "%.6f" % after_s], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              bufsize=0)	# readline takes one line only
    target.stdout.readline()
    tool = subprocess.Popen([objtop, "types", str(target.pid)],
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wrong, warned = None, 0
    try:
        out, err = target.communicate(timeout=TIMEOUT_S)
        out, err = out.decode(), err.decode()
        warned = "multi-threaded" in err
        if warned:
            err = ""
        if (target.returncode, out, err) != (status, output, ""):
            wrong = "ended with %d, said %r and %r" % (target.returncode, out,
                                                       err)
    except subprocess.TimeoutExpired:
        wrong = "hung"
        target.kill()
        target.communicate()
    try:
        _, said = tool.communicate(timeout=TIMEOUT_S)
        if tool.returncode not in (0, 1, 3) or said.count(b"\n") > 1:
            wrong = wrong or "objtop: exit %d, %r" % (tool.returncode, said)
    except subprocess.TimeoutExpired:
        wrong = wrong or "objtop hung"
        tool.kill()
        tool.communicate()
    return wrong, warned, tool.returncode == 0


def run(objtop, pythons, rounds):
    """Gives the number of those that did not end as they should have."""
    harmed = 0
    for version, python in pythons:
        words = []
        for fate in FATES:
            bad = warned = seen = 0
            for _ in range(rounds):
                wrong, w, ok = one(objtop, python, fate,
                                   random.uniform(0, 0.08))
                warned += w
                seen += ok
                if wrong:
                    bad += 1
                    print("HARMED %s %s: %s" % (version, fate, wrong),
                          flush=True)
            harmed += bad
            words.append("%s %d of %d bad (%d snapshots%s)" % (
                fate, bad, rounds, seen,
                ", %d warned" % warned if warned else ""))
        print("%s: %s" % (version, "; ".join(words)), flush=True)
    return harmed
