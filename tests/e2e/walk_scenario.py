# SPDX-License-Identifier: MIT
"""A heap of known content, walked: what test_walk.py compares.

Run by each interpreter: argument 1 is walkdump.so, 2 a directory to write to.
Leaves walk.* (lines of walkdump.c) and expected.json there.  Everything
that is expected is named by id(), so nothing of it may die before the end.
"""
import collections
import ctypes
import datetime
import functools
import gc
import importlib
import json
import os
import sys
import sysconfig
import threading
import types
import weakref

COUNTS, OBJECTS, REFS, NAMES, TEXT, ROOTS = 1, 2, 4, 8, 16, 32
INLINE_VALUES = 1 << 2      # of tp_flags
ALL = OBJECTS | REFS | NAMES | TEXT | ROOTS

MANY = """json asyncio ctypes decimal sqlite3 xml.etree.ElementTree
xml.dom.minidom concurrent.futures unittest email http.server argparse logging
multiprocessing ssl hashlib typing dataclasses zoneinfo fractions csv pickle
lzma bz2 zlib queue socketserver tarfile zipfile urllib.request contextvars
enum inspect difflib ast doctest pdb random statistics uuid secrets heapq
curses readline array mmap struct itertools operator copy pprint textwrap
gettext locale optparse shelve dbm html.parser ftplib smtplib imaplib
xmlrpc.client ipaddress tempfile shutil glob fnmatch linecache selectors
asyncio.subprocess tracemalloc cProfile timeit trace platform""".split()


class Plain:
    def __init__(self, n):
        self.number = n
        self.partner = None


class Slotted:
    __slots__ = ("left", "right", "never")


class SlottedChild(Slotted):
    __slots__ = ("more", "__weakref__")


class SlotsAndDict(Slotted):
    pass


class Frozen:
    def __init__(self):
        self.data = [1.5]


class Cyclic:
    pass


class Closed:
    pass


class OnStack:
    pass


class Local:
    pass


class Target:
    pass


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    attribute = Target()


class IntSub(int):
    pass


class TupleSub(tuple):
    pass


class BytesSub(bytes):
    pass


class StrSub(str):
    pass


class DictSub(dict):
    pass


class ListSub(list):
    pass


class SetSub(set):
    pass


class FrameSub(Exception):
    pass


expected_edges = []


def expect(source, relation, label, target):
    """The walk must say: source holds target, in this way."""
    expected_edges.append((id(source), relation, label, id(target)))
    kept.append(source)
    kept.append(target)


kept = []


def make_instances():
    plain = [Plain(n) for n in range(1000)]
    slotted = [Slotted() for _ in range(700)]
    a = plain[0]
    a.partner = plain[1]
    if sys.version_info >= (3, 11):
        expect(a, "ATTRIBUTE", "partner", plain[1])
    expect(a, "TYPE", None, Plain)
    b = plain[2]
    b.partner = plain[3]
    expect(b, "ATTRIBUTE", "__dict__", b.__dict__)
    if sys.version_info < (3, 13):
        expect(b.__dict__, "VALUE", "partner", plain[3])
    c = plain[4]
    c.partner = plain[5]
    for i in range(100):
        setattr(c, "extra%d" % i, plain[6])     # no shared table holds these
    expect(c, "ATTRIBUTE", "__dict__", c.__dict__)
    expect(c.__dict__, "VALUE", "extra99", plain[6])
    d = slotted[0]
    d.left = slotted[1]
    d.right = d
    expect(d, "SLOT", "left", slotted[1])
    expect(d, "SLOT", "right", d)
    e = SlottedChild()
    e.left, e.more = plain[7], plain[8]
    expect(e, "SLOT", "left", plain[7])
    expect(e, "SLOT", "more", plain[8])
    f = SlotsAndDict()
    f.left, f.other = plain[9], plain[10]
    expect(f, "SLOT", "left", plain[9])
    # 3.13 keeps values inline where there is nothing else in the instance.
    if sys.version_info[:2] in ((3, 11), (3, 12)) or \
            type(f).__flags__ & INLINE_VALUES:
        expect(f, "ATTRIBUTE", "other", plain[10])
    else:
        expect(f.__dict__, "VALUE", "other", plain[10])
    return plain, slotted, e, f


def make_subclasses():
    """Subclasses of built-in types with a __dict__, wherever that is."""
    key, value = Target(), Target()
    values = [IntSub(10 ** 30), IntSub(0), IntSub(-5), StrSub("abc"),
              TupleSub((key, value)), BytesSub(b"12345"), DictSub({1: key}),
              ListSub([key]), SetSub([key]), FrameSub("x", value)]
    for o in values:
        o.tag = value
        o.__dict__["more"] = key
        if sys.version_info >= (3, 14) and type(o).__flags__ & INLINE_VALUES:
            expect(o, "ATTRIBUTE", "tag", value)
        else:
            expect(o.__dict__, "VALUE", "tag", value)
        expect(o, "ATTRIBUTE", "__dict__", o.__dict__)
    expect(values[4], "ITEM", 1, value)
    expect(values[6], "VALUE", 1, key)
    expect(values[7], "ITEM", 0, key)
    expect(values[8], "ITEM", None, key)
    expect(values[9], "SLOT", "args", values[9].args)
    return values


def make_containers():
    t = [Target() for _ in range(12)]
    listed = [t[0], None, t[1]]
    expect(listed, "ITEM", 2, t[1])
    tupled = (t[0], t[2])
    expect(tupled, "ITEM", 1, t[2])
    mapped = {"token": t[3], 17: t[4], -3: t[5], (1, 2): t[6], b"k": t[7],
              None: t[8], 2.5: t[9], t[10]: t[11]}
    expect(mapped, "VALUE", "token", t[3])
    expect(mapped, "VALUE", 17, t[4])
    expect(mapped, "VALUE", -3, t[5])
    expect(mapped, "VALUE", "b'k'", t[7])
    expect(mapped, "VALUE", "None", t[8])
    expect(mapped, "VALUE", "2.5", t[9])
    expect(mapped, "KEY", None, t[10])
    expect(mapped, "VALUE", None, t[6])
    expect(mapped, "VALUE", None, t[11])
    only_str = {"first key": t[0], "second": t[1]}
    expect(only_str, "VALUE", "first key", t[0])
    for key in only_str:
        expect(only_str, "KEY", None, key)
    shrunk = {n: t[0] for n in range(100)}
    for n in range(99):
        del shrunk[n]
    expect(shrunk, "VALUE", 99, t[0])
    some = set(t)
    some.discard(t[0])
    expect(some, "ITEM", None, t[1])
    frozen = frozenset(t[:3])
    expect(frozen, "ITEM", None, t[2])
    ordered = collections.OrderedDict([("o", t[0]), ("p", t[1])])
    expect(ordered, "VALUE", "p", t[1])
    default = collections.defaultdict(Target, {"d": t[0]})
    expect(default, "VALUE", "d", t[0])
    expect(default, "SLOT", "default_factory", Target)
    ring = collections.deque(t)
    expect(ring, "ITEM", 5, t[5])
    chained = collections.Counter({"x": 3})
    bound = t[0].__init__
    method = types.MethodType(lambda self: 0, t[0])
    expect(method, "SLOT", "__self__", t[0])
    expect(method, "SLOT", "__func__", method.__func__)
    part = functools.partial(print, t[0], key=t[1])
    expect(part, "SLOT", "args", part.args)
    expect(part, "SLOT", "func", print)
    span = range(10 ** 20, 10 ** 21, 10 ** 6)
    expect(span, "SLOT", "start", span.start)
    cut = slice(t[0], t[1], t[2])
    expect(cut, "SLOT", "stop", t[1])
    view = memoryview(bytearray(5))
    zone = datetime.timezone(datetime.timedelta(hours=3), "somewhere")
    when = datetime.datetime(2020, 1, 1, tzinfo=zone)
    at = datetime.time(12, tzinfo=zone)
    expect(when, "SLOT", "tzinfo", zone)
    expect(at, "SLOT", "tzinfo", zone)
    proxy = types.MappingProxyType(only_str)
    expect(proxy, "INTERNAL", None, only_str)
    prop = property(lambda self: 0)
    expect(prop, "SLOT", "fget", prop.fget)
    static, klass = staticmethod(len), classmethod(t[0].__class__)
    expect(static, "SLOT", "__func__", len)
    iterator = iter(listed)
    expect(iterator, "INTERNAL", None, listed)
    return (listed, tupled, mapped, only_str, shrunk, some, frozen, ordered,
            default, ring, chained, bound, method, part, span, cut, view,
            when, at, proxy, prop, static, klass, iterator)


def make_weak():
    t = Target()

    def gone(ref):
        del ref
    ref = weakref.ref(t, gone)
    expect(ref, "WEAK", None, t)
    expect(ref, "SLOT", "__callback__", gone)
    by_key = weakref.WeakKeyDictionary({t: 1})
    proxy = weakref.proxy(t)
    return t, ref, by_key, proxy, gone


def make_closure():
    captured = Closed()

    def function(a, b=Closed, *, c=(1, 2)):
        return captured, a, b, c
    return function


def make_closures():
    functions = [make_closure() for _ in range(300)]
    f = functions[0]
    f.note = Target()
    cell = f.__closure__[0]
    expect(f, "CLOSURE", "__closure__", f.__closure__)
    expect(f.__closure__, "ITEM", 0, cell)
    expect(cell, "CELL", "captured", cell.cell_contents)
    expect(f, "DEFAULT", "__defaults__", f.__defaults__)
    expect(f, "DEFAULT", "__kwdefaults__", f.__kwdefaults__)
    expect(f, "SLOT", "__code__", f.__code__)
    expect(f, "GLOBAL", "__globals__", f.__globals__)
    expect(f, "ATTRIBUTE", "__dict__", f.__dict__)
    expect(f.__dict__, "VALUE", "note", f.note)
    expect(f.__code__, "SLOT", "co_consts", f.__code__.co_consts)
    expect(f.__code__, "SLOT", "co_name", f.__code__.co_name)
    expect(f.__kwdefaults__, "VALUE", "c", f.__kwdefaults__["c"])
    return functions


def make_types():
    expect(WithMeta, "TYPE", None, Meta)
    expect(WithMeta, "BASE", "__mro__", WithMeta.__mro__)
    expect(WithMeta, "BASE", "__bases__", WithMeta.__bases__)
    expect(WithMeta, "BASE", "__base__", object)
    expect(SlottedChild, "BASE", "__base__", Slotted)
    gc.collect()
    space = [o for o in gc.get_referents(WithMeta)
             if type(o) is dict and "attribute" in o][0]
    expect(WithMeta, "ATTRIBUTE", "__dict__", space)
    expect(space, "VALUE", "attribute", WithMeta.attribute)
    # A type in the program's data: its dict, wherever the version keeps it.
    expect(int.__dict__["__add__"], "SLOT", "__objclass__", int)
    return space


def generate(kept_local):
    inner = Target()
    yield inner
    yield kept_local


async def coroutine(argument):
    await argument


class Awaitable:
    def __await__(self):
        yield self


async def async_generate(argument):
    yield argument


def make_generators():
    target, awaited = Target(), Awaitable()
    g = generate(target)
    inner = next(g)
    fresh = generate(target)
    c = coroutine(awaited)
    c.send(None)
    a = async_generate(target)
    try:
        a.__anext__().send(None)
    except StopIteration:
        pass
    spent = generate(target)
    list(spent)
    if sys.version_info >= (3, 11):
        expect(g, "LOCAL", "kept_local", target)
        expect(g, "LOCAL", "inner", inner)
        expect(fresh, "LOCAL", "kept_local", target)
        expect(c, "LOCAL", "argument", awaited)
        expect(a, "LOCAL", "argument", target)
    else:
        expect(g, "SLOT", "gi_frame", g.gi_frame)
        expect(g.gi_frame, "LOCAL", "kept_local", target)
        expect(g.gi_frame, "LOCAL", "inner", inner)
        expect(fresh.gi_frame, "LOCAL", "kept_local", target)
        expect(c.cr_frame, "LOCAL", "argument", awaited)
        expect(a.ag_frame, "LOCAL", "argument", target)
    return g, fresh, c, a, spent


def make_exception():
    held = Target()
    try:
        try:
            raise KeyError("first", held)
        except KeyError as e:
            raise ValueError("second") from e
    except ValueError as e:
        error = e
    expect(error, "TRACEBACK", "__cause__", error.__cause__)
    expect(error, "TRACEBACK", "__context__", error.__context__)
    expect(error, "TRACEBACK", "__traceback__", error.__traceback__)
    expect(error.__cause__, "SLOT", "args", error.__cause__.args)
    tb = error.__traceback__
    expect(tb, "TRACEBACK", "tb_frame", tb.tb_frame)
    frame = tb.tb_frame
    expected_later.append((frame, "LOCAL", "held", held))
    return error


expected_later = []


class Blocked:
    """A thread that waits inside a loop inside a call."""

    def __init__(self):
        self.ready = threading.Event()
        self.go = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.daemon = True
        self.thread.start()
        self.ready.wait(30)

    def run(self):
        self.native = threading.get_native_id()
        self.ident = threading.get_ident()
        self.outer(Local())

    def outer(self, argument):
        self.argument = id(argument)
        for item in self.only_on_stack():
            self.inner(item)
            break

    def only_on_stack(self):
        held = OnStack()
        self.on_stack = id(held)
        yield 1
        del held

    def inner(self, item):
        local_value = Local()
        self.local_value = id(local_value)
        self.ready.set()
        self.go.wait()
        del local_value, item

    def frames(self):
        frame, out = sys._current_frames()[self.ident], []
        while frame:
            code = frame.f_code
            out.append((code.co_name, os.path.basename(code.co_filename),
                        frame.f_lineno))
            frame = frame.f_back
        return out


# The path that the test follows: module -> dict -> list -> dict -> tuple ->
# function -> closure -> cell -> object.
def make_registry():
    payload = Target()

    def handler():
        return payload
    registry = [None, {"token": (0, handler)}]
    chain = [("VALUE", "registry", registry), ("ITEM", 1, registry[1]),
             ("VALUE", "token", registry[1]["token"]),
             ("ITEM", 1, handler),
             ("CLOSURE", "__closure__", handler.__closure__),
             ("ITEM", 0, handler.__closure__[0]),
             ("CELL", "payload", payload)]
    return registry, [(r, n, id(o)) for r, n, o in chain]


class Walker:
    def __init__(self, library, directory):
        self.function = ctypes.PyDLL(library).walkdump
        self.directory = directory
        self.why = ctypes.create_string_buffer(400)

    def walk(self, name, want=ALL, clone=1):
        path = os.path.join(self.directory, "walk." + name).encode()
        failed = self.function(path, want, clone, self.why,
                               ctypes.c_size_t(len(self.why)))
        if failed:
            sys.exit("walk %s: %s %s" % (name, failed,
                                         self.why.value.decode()))


def own_frames():
    frame, found = sys._getframe(), set()
    while frame:
        found.add(id(frame))
        frame = frame.f_back
    return found


def walk_and_compare(walker, name):
    """Walks; and says what the collector knows at the same time."""
    objects = gc.get_objects()
    ids = [id(o) for o in objects]
    kinds = [id(type(o)) for o in objects]
    referents = []
    for o in objects:
        referents.append([id(r) for r in gc.get_referents(o)])
    changing = own_frames() | {id(objects), id(ids), id(kinds),
                               id(referents), id(sys._getframe())}
    o = None
    walker.walk(name)
    return {"ids": ids, "kinds": kinds, "referents": referents,
            "changing": sorted(changing)}


def main():
    global registry
    walker = Walker(sys.argv[1], sys.argv[2])
    gc.collect()
    gc.disable()
    data = [make_instances(), make_subclasses(), make_containers(),
            make_weak(), make_closures(), make_types(), make_generators(),
            make_exception()]
    registry, path = make_registry()
    frozen = [Frozen() for _ in range(500)]
    gc.freeze()
    for _ in range(400):
        x, y = Cyclic(), Cyclic()
        x.other, y.other = y, x
    x = y = None
    for frame, relation, label, target in expected_later:
        expect(frame, relation, label, target)
    blocked = Blocked()
    expected = {
        "version": list(sys.version_info[:3]),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "counts": {"Plain": 1000, "Slotted": 700, "Frozen": 500,
                   "Cyclic": 800, "Closed": 300, "OnStack": 1, "Local": 2,
                   "SlottedChild": 1, "SlotsAndDict": 1, "IntSub": 3},
        "edges": expected_edges,
        "path": [id(sys.modules["__main__"])] + path,
        "frozen": [id(o) for o in frozen],
        "thread": {"native": blocked.native, "frames": blocked.frames(),
                   "argument": blocked.argument, "local": blocked.local_value,
                   "on_stack": blocked.on_stack},
        "modules": sorted(n for n, m in sys.modules.items()
                          if m is not None),
        "main": id(sys.modules["__main__"]),
    }
    secret = {"".join(["not", "-interned-", str(len(data))]): Target()}
    expected["secret"] = id(secret)
    expected["few"] = walk_and_compare(walker, "few")
    walker.walk("pause", clone=0)
    walker.walk("counts", want=COUNTS)
    walker.walk("redacted", want=OBJECTS | REFS | NAMES | ROOTS)
    imported = []
    for name in MANY:
        try:
            imported.append(importlib.import_module(name))
        except ImportError:
            pass                        # not in every build
    expected["imported"] = len(imported)
    expected["many"] = walk_and_compare(walker, "many")
    blocked.go.set()
    blocked.thread.join(30)
    with open(os.path.join(sys.argv[2], "expected.json"), "w") as f:
        json.dump(expected, f)


if __name__ == "__main__":
    main()
