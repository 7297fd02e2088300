# SPDX-License-Identifier: MIT
"""A program to attach to: workload.py KIND COUNTER-FILE.

Each kind does one thing over and over, checks that it came out right, and
counts in the first eight bytes of the file, so that progress can be watched
from outside.  What comes out wrong ends the program with a traceback.
"""
import ctypes
import mmap
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

with open(sys.argv[2], "r+b") as f:
    memory = mmap.mmap(f.fileno(), 4096)
count = 0


def progress():
    global count
    count += 1
    struct.pack_into("<Q", memory, 0, count)


def guarded(fn):
    """An exception in any thread ends the program."""
    def run():
        try:
            while True:
                fn()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    return run


def spawn(*fns):
    for fn in fns:
        threading.Thread(target=guarded(fn), daemon=True).start()


def idle():
    t = time.monotonic()
    select.select([], [], [], 0.02)
    assert time.monotonic() - t >= 0.0199, "select returned early"
    progress()


def blocked():
    """Long waits: none may end early or get lost (bytes come on stdin)."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(1)

    def wait_accept():
        server.accept()
        raise AssertionError("accept returned")

    def wait_sleep():
        t = time.monotonic()
        time.sleep(1)
        took = time.monotonic() - t
        assert took >= 0.999, "sleep returned early: %f" % took

    spawn(wait_accept, wait_sleep)
    while True:
        ready = select.select([0], [], [], 300)[0]
        assert ready == [0], "select returned without data"
        assert len(os.read(0, 1)) == 1
        progress()


def loop():
    n = 0
    for i in range(1000):
        n += i * i
    assert n == 332833500
    progress()


def malloc():
    live = [bytearray(700 + 97 * i) for i in range(200)]
    live += [[i] * 50 for i in range(200)]
    assert sum(len(x) for x in live) == 200 * 700 + 97 * 19900 + 10000
    progress()


def threads16():
    import hashlib
    import zlib

    data = bytes(200000)
    expected = zlib.crc32(data)

    def hash_it():
        assert zlib.crc32(data) == expected
        hashlib.sha256(data).digest()

    def nap():
        time.sleep(0.001)

    def churn():
        assert len([bytes(600) for _ in range(100)]) == 100

    spawn(*[hash_it, nap, churn, nap, churn] * 3)
    while True:
        time.sleep(0.002)
        progress()


def making():
    """Threads make and drop objects, each other's too; threads come and go."""
    import collections

    class Node:
        def __init__(self, n, other):
            self.n, self.other = n, other

    handed = collections.deque(maxlen=200)

    def make():
        nodes = [Node(0, None)]
        for n in range(1, 300):
            nodes.append(Node(n, nodes[n // 2]))
        nodes[0].other = nodes		# garbage for the collector, later
        table = {str(n): (node, [n]) for n, node in enumerate(nodes)}
        assert sum(pair[1][0] for pair in table.values()) == 44850
        handed.append((nodes, lambda: table, type("Made", (), {"of": nodes})))

    def drop():
        try:
            nodes, tell, made = handed.popleft()
        except IndexError:
            time.sleep(0.0001)
            return
        assert tell()["299"][0] is nodes[299] is made.of[-1]
        assert all(node.n == n for n, node in enumerate(nodes))

    def come_and_go():
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()

    spawn(make, make, drop, drop, come_and_go)
    while True:
        time.sleep(0.002)
        progress()


def lock():
    """The main thread waits for a lock for ever, another one works."""
    held = threading.Lock()
    held.acquire()

    def work():
        sum(range(200))
        progress()

    spawn(work)
    held.acquire()
    raise AssertionError("the lock was never released")


def sort():
    values = [(i * 7919) % 10007 for i in range(5000)]
    assert sorted(values, key=lambda v: -v)[0] == max(values)
    progress()


def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    got, status = os.waitpid(-1, 0)
    assert got == pid and os.WEXITSTATUS(status) == 7, "a strange child"
    done = subprocess.run(["/bin/echo", "x"], stdout=subprocess.PIPE)
    assert done.returncode == 0 and done.stdout == b"x\n"
    progress()


def asyncio_():
    import asyncio

    async def worker():
        while True:
            t = time.monotonic()
            await asyncio.sleep(0.005)
            assert time.monotonic() - t >= 0.0048, "woke up early"
            progress()

    async def main():
        await asyncio.gather(*[worker() for _ in range(5)])

    asyncio.run(main())


def signals():
    ticks = [0]

    def tick(*_):
        ticks[0] += 1

    signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    while True:
        before = ticks[0]
        end = time.monotonic() + 5
        while ticks[0] == before:
            assert time.monotonic() < end, "signals got lost"
            sum(range(100))
        progress()


def callbacks():
    libc = ctypes.CDLL(None)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                            ctypes.POINTER(ctypes.c_int))
    compare = kind(lambda a, b: a[0] - b[0])
    values = [(i * 7919) % 211 for i in range(200)]
    while True:
        array = (ctypes.c_int * len(values))(*values)
        libc.qsort(array, len(values), 4, compare)
        assert list(array) == sorted(values)
        progress()


def memcpy():
    data = b"0123456789abcdef" * 500000
    while True:
        assert len(bytearray(data)) == len(data)
        progress()


# What follows waits without limit for a newline on stdin (accept_: for a
# connection) and counts once for each: a wait that ends early is an error.


def newline():
    got = os.read(0, 1)
    if got != b"\n":		# in whatever thread or callback
        sys.stderr.write("read returned %r\n" % got)
        os._exit(1)


def select_():
    ready = select.select([0], [], [], None)[0]
    assert ready == [0], "select returned without data"
    newline()
    progress()


def read_():
    newline()
    progress()


def accept_():
    server = socket.socket(socket.AF_UNIX)
    server.bind(b"\0objtop-workload-%d" % os.getpid())
    server.listen(1)
    while True:
        peer, _ = server.accept()
        peer.close()
        progress()


def epoll_():
    with select.epoll() as poller:
        poller.register(0, select.EPOLLIN)
        while True:
            ready = poller.poll()
            assert ready == [(0, select.EPOLLIN)], "epoll said %r" % ready
            newline()
            progress()


def waitpid_():
    child = subprocess.Popen(["/bin/sh", "-c", "read line"])
    got, status = os.waitpid(child.pid, 0)
    assert (got, status) == (child.pid, 0), "waitpid said %d" % status
    child.returncode = 0
    progress()


def held():
    lock = threading.Lock()
    lock.acquire()

    def release():
        newline()
        lock.release()

    threading.Thread(target=release, daemon=True).start()
    assert lock.acquire(), "the lock was not taken"
    progress()


def join_():
    done = []
    thread = threading.Thread(target=lambda: (newline(), done.append(1)))
    thread.start()
    thread.join()
    assert done, "join returned early"
    progress()


def aidle():
    import asyncio

    loop = asyncio.new_event_loop()
    loop.add_reader(0, lambda: (newline(), progress()))
    loop.run_forever()


def write_():
    """A long write that is half done; its other end is read in one go."""
    theirs, ours = os.pipe()

    def take():
        newline()
        while True:
            os.read(theirs, 1 << 20)

    threading.Thread(target=take, daemon=True).start()
    assert os.write(ours, bytes(300000)) == 300000, "a short write"
    progress()
    threading.Event().wait()


# And these are busy again.


def sleep():
    t = time.monotonic()
    time.sleep(0.1)
    assert time.monotonic() - t >= 0.0999, "sleep returned early"
    progress()


def regex():
    import re

    assert re.match(r"(a+)+$", "a" * 19 + "b") is None
    progress()


def memcpy50():
    data = bytes(50 * 1000 * 1000)
    while True:
        assert len(bytearray(data)) == len(data)
        progress()


def dlopen():
    import _ctypes
    import ctypes.util

    with open("/proc/self/maps") as f:
        loaded = f.read()
    names = [ctypes.util.find_library(n) for n in
             ("crypt", "resolv", "z", "ncurses", "nsl", "rt")]
    name = [n for n in names if n and n.split(".so")[0] not in loaded][0]
    while True:
        _ctypes.dlclose(_ctypes.dlopen(name, 0))
        progress()


def longc():
    """A C function that does not let go of the interpreter's lock."""
    usleep = ctypes.PyDLL(None).usleep
    while True:
        usleep(200000)
        progress()


kind = sys.argv[1]
step = globals()[kind]
if kind in ("aidle", "asyncio_"):
    import asyncio  # noqa: F401 - takes long, and is not to be looked at
print("ready", flush=True)
while True:
    step()
