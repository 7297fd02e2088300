# SPDX-License-Identifier: MIT
"""Walks in odd situations, for test_walk.py.

Argument 1 is walkdump.so, 2 the file to write, 3 the situation.  The last line
printed is JSON.
"""
import ctypes
import gc
import importlib
import json
import sys
import threading

OBJECTS, REFS, NAMES, ROOTS = 2, 4, 8, 32
library, path, situation = sys.argv[1], sys.argv[2].encode(), sys.argv[3]
why = ctypes.create_string_buffer(400)
cap = ctypes.c_size_t(len(why))


class Marked:
    pass


def result(status):
    return [status, why.value.decode()]


def call_foreign():
    # CDLL lets the lock go, so that the other thread can take it.
    return ctypes.CDLL(library).walkdump_foreign(path, why, cap)


def in_thread():
    stop, ready = threading.Event(), threading.Event()
    native = [threading.get_native_id()]

    def wait():
        native.append(threading.get_native_id())
        ready.set()
        stop.wait()
    other = threading.Thread(target=wait)
    other.start()
    ready.wait(30)
    status = call_foreign()
    stop.set()
    other.join()
    if status:
        sys.exit(str(result(status)))
    print(json.dumps({"native": native}))


class Late:
    """Lives until modules are torn down."""

    def __init__(self):
        self.walk = ctypes.PyDLL(library).walkdump
        self.arguments = (path, OBJECTS, 1, why, cap)
        self.why, self.print, self.dumps = why, print, json.dumps
        self.out = sys.stdout

    def __del__(self):
        status = self.walk(*self.arguments)
        self.print(self.dumps([status, self.why.value.decode()]),
                   file=self.out, flush=True)


def at_end():
    global late
    late = Late()


def interpreters_module():
    for name in ("_xxsubinterpreters", "_interpreters"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


IN_OTHER = """if 1:
    import textwrap
    class Elsewhere:
        def __init__(self, n):
            self.n = n
    kept = [Elsewhere(n) for n in range(11)]
    class Int(int):
        pass
"""


def with_interpreters():
    """Two that share the lock, and one that does not (3.12 and later)."""
    module = interpreters_module()
    if not module:
        print(json.dumps("none"))
        return
    if sys.version_info >= (3, 13):
        others = [module.create("legacy"), module.create("legacy"),
                  module.create("isolated")]
    elif sys.version_info >= (3, 12):
        others = [module.create(isolated=False),
                  module.create(isolated=False), module.create()]
    else:
        others = [module.create(), module.create()]
    for other in others:
        module.run_string(other, IN_OTHER)
    marked = [Marked() for _ in range(7)]
    status = ctypes.PyDLL(library).walkdump(path, OBJECTS | REFS | NAMES |
                                            ROOTS, 1, why, cap)
    ids = [int(other) for other in others]
    for other in others:
        module.destroy(other)
    if status:
        sys.exit(str(result(status)))
    print(json.dumps(ids))


def with_wrong_layout():
    walk = ctypes.PyDLL(library).walkdump_wrong
    print(json.dumps([result(walk(path, field.encode(), why, cap))
                      for field in sys.argv[4:]]))


def with_deep_tuples():
    """A chain that the collector let go of, built to point backwards."""
    gc.disable()
    deep = ()
    for i in range(100000):
        deep = (deep, i)
    for _ in range(3):
        gc.collect()
    status = ctypes.PyDLL(library).walkdump(path, OBJECTS, 1, why, cap)
    while deep:
        deep = deep[0]
    if status:
        sys.exit(str(result(status)))
    print(json.dumps("done"))


{"thread": in_thread, "ending": at_end, "interpreters": with_interpreters,
 "wrong": with_wrong_layout, "deep": with_deep_tuples}[situation]()
