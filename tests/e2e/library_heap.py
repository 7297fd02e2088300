# SPDX-License-Identifier: MIT
"""A program with all of the standard library in it, that says what it has.

Run by test_library.py in an interpreter; argument 1 is a file.  A child made
by fork() has the same heap at the same addresses: it asks gc.get_objects(),
gc.get_referents(), sys.getsizeof() and objgraph about everything it can reach
and writes that to the file, while this process stands still to be looked at.
"""
import array
import collections
import ctypes
import gc
import importlib
import json
import mmap
import os
import pkgutil
import sys
import time
import types
import warnings

SKIP = {    # print, open windows, are no modules of a program, or take long
    "antigravity", "this", "idlelib", "turtledemo", "tkinter", "turtle",
    "lib2to3", "test", "ensurepip", "pip", "__main__", "pydoc_data", "venv",
    "distutils", "__phello__",
}


def import_module(name):
    words = name.split(".")
    if (words[0] in SKIP or words[-1] in ("__main__", "tests", "test") or
            words[0].startswith(("_test", "xx"))):
        return
    try:
        module = importlib.import_module(name)
    except BaseException:       # not for this system
        return
    for m in pkgutil.iter_modules(getattr(module, "__path__", ())):
        import_module(name + "." + m.name)


def import_library():
    warnings.simplefilter("ignore")
    directory = os.path.dirname(os.__file__)
    for m in pkgutil.iter_modules([directory, directory + "/lib-dynload"]):
        import_module(m.name)
    for name in sys.builtin_module_names:
        import_module(name)


class Example(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_double * 100)]


def make():
    """What owns buffers, and what only shows those of others."""
    base = bytearray(10000)
    made = {
        "mmap": mmap.mmap(-1, 8192),
        "array": array.array("d", range(1000)),
        "memoryview": memoryview(base)[10:20],
        "deque": collections.deque(range(1000)),
        "short deque": collections.deque([1], 5),
        "OrderedDict": collections.OrderedDict((n, n) for n in range(100)),
        "ctypes array": (ctypes.c_int * 1000)(),
        "ctypes view": (ctypes.c_char * 5000).from_buffer(base),
        "ctypes structure": Example(),
        "bytearray": base,
        "defaultdict": collections.defaultdict(list, {1: [2]}),
        "counter": collections.Counter("abracadabra"),
        "chainmap": collections.ChainMap({}, {}),
    }
    try:
        import numpy
    except Exception:
        return made
    owner = numpy.arange(5000)
    made.update({
        "ndarray": owner, "ndarray view": owner[::2],
        "ndarray reshaped": owner.reshape(50, 100),
        "ndarray of objects": numpy.array([{}, 1, "x"], dtype=object),
        "ndarray over bytearray": numpy.frombuffer(base, "u1"),
        "ndarray empty": numpy.zeros((0, 3)),
    })
    return made


def mro(t):
    return type.__dict__["__mro__"].__get__(t) or (t,)


def own_dict(t):
    return type.__dict__["__dict__"].__get__(t) or {}


def runs_code(t):
    """Is its size told by a function in Python?"""
    for c in mro(t):
        d = own_dict(c)
        if "__sizeof__" in d:
            return isinstance(d["__sizeof__"], types.FunctionType)
    return False


def size_of(o, cache):
    t = type(o)
    # To 3.10 code that runs often gets a cache: ours does, in the child.
    if t is types.CodeType and o.co_filename == main.__code__.co_filename:
        return 0
    if id(t) not in cache:
        cache[id(t)] = runs_code(t)
    if cache[id(t)]:
        return 0
    try:
        return sys.getsizeof(o)
    except Exception:
        return 0


def long_name(t):
    # Not t.__name__: to ask a type that was never used makes it ready first.
    return "%s.%s" % (type.__dict__["__module__"].__get__(t),
                      type.__dict__["__name__"].__get__(t))


def tell(path, made, stats):
    start = gc.get_objects()
    seen, todo, found, refs = set(), list(start), [], []
    todo.append(made)
    # A frame and what is in its variables is about to change.
    moving = {id(start), id(todo), id(seen), id(found), id(refs)}
    frame = sys._getframe()
    while frame:
        moving.add(id(frame))
        frame = frame.f_back
    data = array.array("Q")
    cache, names = {}, {}
    while todo:
        o = todo.pop()
        if id(o) in seen or id(o) in moving:
            continue
        seen.add(id(o))
        referents = gc.get_referents(o)
        t = type(o)
        names[id(t)] = long_name(t)
        todo.extend(referents)
        todo.append(t)
        if t is types.CodeType:
            todo += [o.co_consts, o.co_names, o.co_filename, o.co_name]
        data.extend([id(o), id(t), size_of(o, cache),
                     gc.is_tracked(o), len(referents)])
        data.extend(id(r) for r in referents)
    with open(path, "wb") as f:
        data.tofile(f)
    with open(path + ".json", "w") as f:
        json.dump({"typestats": stats, "names": names}, f)


def main():
    import_library()
    made = make()
    try:
        from objgraph import typestats
    except ImportError:
        typestats = None
    gc.collect()
    gc.disable()
    # A type that nothing was asked of is made ready by getsizeof().
    for o in gc.get_objects():
        for r in gc.get_referents(o):
            size_of(r, {})
    del o, r
    # Not os.fork(): what is registered to run after it changes the heap.
    fork = ctypes.PyDLL(None).fork
    # The first call of print() makes the tuple of its keywords.
    print(end="", flush=True)
    child = fork()
    if not child:
        try:
            stats = typestats and typestats(shortnames=False)
            tell(sys.argv[1], made, stats)
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    print(json.dumps({
        "status": status, "modules": len(sys.modules),
        "version": list(sys.version_info[:3]),
        "made": {name: id(o) for name, o in made.items()}}), flush=True)
    while True:
        time.sleep(1000)    # reading would make objects


main()
