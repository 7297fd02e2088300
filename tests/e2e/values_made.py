# SPDX-License-Identifier: MIT
"""Values made for values_probe.py: every built-in and common library type in
the states that matter to its size and its text."""
import ctypes
import gc
import math
import os
import random
import sys
import types


class Plain:
    pass


class Slots:
    __slots__ = ("a", "b")


class SlotsDict:
    __slots__ = ("a", "__dict__")


class SlotsWeak:
    __slots__ = ("a", "__weakref__")


class OnlyWeak:
    __slots__ = ("__weakref__",)


class OnlyDict:
    __slots__ = ("__dict__",)


class Empty:
    __slots__ = ()


class OddModule:
    __module__ = 3


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    pass


class Grün:
    pass


def subclasses():
    """Classes of built-in types: with a dict, without, with slots."""
    import array
    import collections
    import decimal
    import io
    import itertools
    import struct
    import xml.etree.ElementTree as ET
    made = {}
    for base, args in [
            (int, (5,)), (int, (1 << 200,)), (int, ()), (float, (1.5,)),
            (str, ("abc",)), (str, ("äbc",)), (str, ("\u20acbc",)),
            (str, ("",)), (bytes, (b"abc",)), (bytearray, (b"abc" * 50,)),
            (list, ([1, 2, 3],)), (tuple, ((1, 2, 3),)), (dict, ()),
            (dict, ({"a": 1},)), (set, ({1, 2},)), (set, (range(100),)),
            (frozenset, ((1, 2, 3),)), (complex, (1, 2)),
            (collections.OrderedDict, ()), (collections.deque, ([1, 2],)),
            (collections.defaultdict, (int,)), (Exception, ("x",)),
            (array.array, ("d", [1.0, 2.0])), (decimal.Decimal, ("1.5",)),
            (struct.Struct, ("iihd",)), (io.BytesIO, (b"abc",)),
            (io.StringIO, ("abc",)), (ET.Element, ("a",)),
            (itertools.product, ("ab", "cd")), (type, ("Made", (), {})),
            (types.ModuleType, ("made",)), (object, ())]:
        for kind, body in [("Dict", {}), ("NoDict", {"__slots__": ()}),
                           ("Slot", {"__slots__": ("extra",)})]:
            try:
                cls = made.setdefault((base, kind), type(
                    base.__name__ + kind, (base,), dict(body)))
                o = cls(*args)
            except TypeError:
                continue
            yield o
            try:
                o = cls(*args)
                o.extra = 1
            except AttributeError:
                continue
            yield o


def strings():
    base = ["", "a", "abc", "it's", '"', "'\"", "\\", "\n\r\t\0\x01\x7f",
            "a\0b", "ä", "\xff" * 20, "\xa0\xad", "\u20ac", "€uro" * 10,
            "\U0001f600", "x\U0001f600y", "\ud800", "a\udc80b", "\udfff",
            "\u2028\u200b\ufeff", "\ue000\U000f0000\ufffe\U0010ffff",
            "\u3000\u1680\u180e", "a" * 119, "a" * 118, "a" * 117, "a" * 500,
            "ä" * 58, "ä" * 59, "ä" * 60, "\u20ac" * 100, "\0" * 100,
            "'" * 300, "\U0001f600" * 29, "\U0001f600" * 30]
    yield from base
    for s in base:
        t = s + "\u0101utf8"        # gets its UTF-8 form by the call below
        try:
            t.isidentifier()
            ctypes.pythonapi.PyUnicode_AsUTF8(ctypes.py_object(t))
        except UnicodeEncodeError:
            pass
        yield t
    rng = random.Random(5)
    for top in (0x7f, 0xff, 0xffff, 0x10ffff):
        for _ in range(200):
            yield "".join(chr(rng.randrange(top + 1))
                          for _ in range(rng.randrange(40)))


def legacy_strings():
    """Strings of the interface that 3.12 removed: wchar_t, not ready."""
    make = getattr(ctypes.pythonapi, "PyUnicode_FromUnicode", None)
    if sys.version_info >= (3, 12) or make is None:
        return
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.c_void_p, ctypes.c_ssize_t]
    fill = ctypes.pythonapi.PyUnicode_AsUnicode
    fill.restype = ctypes.c_void_p
    fill.argtypes = [ctypes.py_object]
    for text in ("legacy", "läg", "\u20ac", "\U0001f600"):
        s = make(None, len(text))
        ctypes.memmove(fill(s), ctypes.create_unicode_buffer(text),
                       4 * len(text))
        yield s, text
    for text in ("ready", "réady", "rea\u20acdy"):
        s = text + " "
        fill(s)                     # caches the wchar_t form
        yield s, s


def numbers():
    for k in list(range(0, 70)) + [89, 90, 91, 119, 120, 150, 200, 300, 395,
                                   396, 397, 398, 399, 400, 1000, 5000]:
        for d in (-1, 0, 1):
            yield (1 << k) + d
            yield -(1 << k) + d
    for k in list(range(0, 40)) + [99, 117, 118, 119, 120, 121]:
        yield 10 ** k
        yield -10 ** k
        yield 10 ** k - 1
    yield from (0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, 0.1, 1e16,
                1e15, 9999999999999998.0, 1e-4, 1e-5, 123456.789, 5e-324,
                2.2250738585072014e-308, 1.7976931348623157e308, 1e22, 1e23,
                9007199254740993.0, 0.3, 2 / 3, 1e100, -1.5e-7, 5e15, 1e17)
    for k in range(-1074, 1024):
        yield math.ldexp(1.0, k)
        yield -math.ldexp(1.5, k)
    rng = random.Random(7)
    for _ in range(3000):
        yield ctypes.c_double.from_buffer_copy(
            rng.getrandbits(64).to_bytes(8, "little")).value
        yield rng.random()
        yield round(rng.uniform(-1e6, 1e6), rng.randrange(8))
        yield float(rng.randrange(1 << 60))
    for re in (0.0, -0.0, 1.5, math.nan, math.inf, -2.0):
        for im in (0.0, -0.0, 2.0, -1e20, math.nan, -math.nan, -math.inf):
            yield complex(re, im)
    yield from (True, False, None, Ellipsis, NotImplemented)
    yield from (b"", b"a'b", b'a"b', b"a'\"b", b"\0\xff\n\\", b"x" * 117,
                b"x" * 116, b"x" * 118, b"\xff" * 1000, bytes(range(256)),
                bytearray(), bytearray(b"it's"), bytearray(b"x" * 500))


def containers():
    import array
    import collections
    for n in (0, 1, 2, 5, 6, 8, 10, 11, 21, 22, 100, 200, 300, 5000):
        yield {i: i for i in range(n)}
        yield {str(i): i for i in range(n)}
        yield dict.fromkeys(map(str, range(n)))
        d = {str(i): i for i in range(n)}
        for i in range(0, n, 2):
            del d[str(i)]
        yield d
        yield dict(d)
        s = set(range(n))
        yield s
        for i in range(n - n // 10):
            s.discard(i)
        yield s
        yield s.copy()
        yield frozenset(range(n))
        o = collections.OrderedDict.fromkeys(range(n))
        yield o
        o = collections.OrderedDict((str(i), i) for i in range(n))
        for i in range(n // 2):
            o.move_to_end(str(i))
            o.popitem()
        yield o
        o.clear()
        yield o
        q = collections.deque(range(n))
        yield q
        q = collections.deque(range(n))
        q.rotate(n // 3)
        q.extendleft(range(n // 2))
        yield q
        for _ in range(len(q) - len(q) // 3):
            q.popleft()
        yield q
        yield collections.deque(range(n), 10)
        for code in "bBhilqfd":
            a = array.array(code, [1] * n)
            yield a
            a.extend(a)
            a[n // 2:] = array.array(code)
            yield a
        items = list(range(n))
        items.append(1)
        yield items
        yield tuple(range(n))
        b = bytearray(n)
        yield b
        b += b"x"
        del b[:n // 2]
        yield b
        yield memoryview(bytearray(n))
    n = 70000                       # indices of four bytes
    yield dict.fromkeys(range(n))
    yield set(range(n))
    yield memoryview(bytearray(24)).cast("B", (2, 3, 4))
    yield {}.keys()
    d = {"a": 1}
    d.clear()
    yield d


def instances():
    for n in (0, 1, 2, 5, 6, 29, 30, 31, 60):
        o = Plain()
        for i in range(n):
            setattr(o, "n%d" % i, i)
        yield o
        yield o.__dict__
        p = Plain()
        p.__dict__.update(o.__dict__)
        yield p
        for i in range(n // 2):
            delattr(p, "n%d" % i)
        yield p
        yield p.__dict__
    for cls in (Slots, SlotsDict, SlotsWeak, OnlyWeak, OnlyDict, Empty,
                WithMeta, OddModule):
        yield cls()
        yield cls
        o = cls()
        try:
            o.a = 1
            o.b = 2
        except AttributeError:
            pass
        yield o
    yield from (Meta, Grün, Grün(), Plain.__dict__)
    yield type("Dünn.mit.Punkt", (), {"__module__": "mödul"})
    yield type("Nowhere", (), {"__module__": None})
    yield type("numpy.ndarray", (Slots,), {"__slots__": list("cdefghij")})()
    yield type("_struct.Struct", (Slots,), {"__slots__": list("cdefghij")})()
    yield type("decimal.Decimal", (Slots,),
               {"__slots__": ["x%d" % i for i in range(20)]})()


def code_things():
    def gen(n):
        a = b = c = n
        yield a
        yield (b, [c for _ in range(3)])

    async def coro():
        await coro()

    async def agen():
        yield 1

    def closure_user():
        x = y = 1

        def inner(z, *args, k=1, **kw):
            return x + y + z
        return inner

    def running():
        for g in list(alive):
            yield sys._getframe()
            yield g
    alive = [gen(1), gen(2), gen(3)]
    next(alive[1])
    list(alive[2])
    alive += list(running())
    c = coro()
    c.close()
    alive += [c, agen(), closure_user(), closure_user, gen, Plain.__init__,
              sys._getframe(), [].append, len, math.sqrt, dict.fromkeys,
              "".join, str.join, int.__add__, types.FunctionType.__code__,
              alive[0].gi_frame, alive[1].gi_frame]
    try:
        raise ValueError("x")
    except ValueError as e:
        alive += [e, e.__traceback__, e.__traceback__.tb_frame]

    def hot(n):             # so that 3.8 to 3.10 give it a cache
        return len([math.pi + n for _ in range(2)]) + abs(n)
    for i in range(3000):
        hot(i)
    alive += [hot.__code__, hot]
    alive += [c for c in hot.__code__.co_consts
              if isinstance(c, types.CodeType)]
    return alive


def io_things(scratch):
    import io
    import mmap
    import pickle
    import struct
    path = os.path.join(scratch, "values.%d" % os.getpid())
    with open(path, "wb") as f:
        f.write(b"x" * 20000)
    found = []
    for mode, size in (("rb", -1), ("rb", 100), ("r+b", 512), ("wb", 4096),
                       ("rb", 0), ("a", -1), ("r", -1)):
        f = open(path, mode, size)
        found.append(f)
        found += [getattr(f, "buffer", None), getattr(f, "raw", None)]
    closed = open(path, "rb")
    closed.close()
    found.append(closed)
    found.append(io.BufferedReader(io.BytesIO(b"abc"), 333))
    for content in (b"", b"a", b"abc" * 1000):
        b = io.BytesIO(content)
        found.append(b)
        b = io.BytesIO(content)
        b.write(b"more" * 100)
        found.append(b)
        b = io.BytesIO()
        b.write(b"more" * 100)
        found.append(b)
        found.append(b.getvalue())
        found.append(b)
        b = io.BytesIO(content)
        view = b.getbuffer()
        found += [b, view]
    s = io.StringIO("abc")
    s.write("x" * 1000)
    found.append(s)
    found.append(io.StringIO("x" * 50))
    found.append(mmap.mmap(-1, 8192))
    for fmt in ("", "i", "iihq", "100s", "3s4p?xx2h", "<" + "bi" * 50,
                "0i", "5x"):
        found.append(struct.Struct(fmt))
    p = pickle.Pickler(io.BytesIO())
    found.append(p)
    p = pickle.Pickler(io.BytesIO())
    p.dump([[str(i)] for i in range(2000)])
    found.append(p)
    data = pickle.dumps([[str(i)] for i in range(2000)])
    u = pickle.Unpickler(io.BytesIO(data))
    found.append(u)
    u = pickle.Unpickler(io.BytesIO(data))
    u.load()
    found.append(u)
    return found


def library_things():
    import datetime
    import decimal
    import fractions
    import functools
    import itertools
    import queue
    import re
    import weakref
    import xml.etree.ElementTree as ET
    D = decimal.Decimal
    found = [D(0), D("1.5"), D("1e10000"), D(10) ** 20, D("1" * 30),
             D("1" * 100), D("9" * 1000), D("nan"), D("inf")]
    with decimal.localcontext() as c:
        c.prec = 300
        found += [D(1) / D(3), D(2).sqrt(), c]
    found += [itertools.product("abc", "de", repeat=3),
              itertools.product(), itertools.combinations("abcdef", 3),
              itertools.combinations_with_replacement("abc", 5),
              itertools.permutations("abcdef", 4), itertools.count(),
              itertools.permutations("abc"), itertools.cycle("ab"),
              itertools.chain("a", "b"), itertools.tee("abc")]
    for it in found[-9:-3]:
        next(it, None)
    e = ET.Element("a")
    found.append(e)
    e = ET.Element("a", {"b": "c"})
    for i in range(20):
        found.append(ET.SubElement(e, "k%d" % i, x="1"))
    found += [e, ET.XML("<a><b/><b/><b/><b/></a>")]
    found += [re.compile("a(b|c)*" * 5), re.compile("x").match("x"),
              datetime.datetime.now(), datetime.timedelta(1),
              datetime.timezone.utc, fractions.Fraction(1, 3),
              functools.partial(len, "a"), functools.lru_cache(len),
              weakref.ref(e), weakref.WeakValueDictionary(),
              weakref.ref(Plain), range(5), range(1, 10 ** 40, 3),
              slice(1, None, -1), queue.SimpleQueue(), random.Random(1),
              types.SimpleNamespace(a=1), iter([]), reversed([1]),
              enumerate([]), zip(), map(len, []), property(len),
              super(Plain, Plain()), object(), types.MappingProxyType({})]
    return found


def ctypes_things():
    class Point(ctypes.Structure):
        _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double),
                    ("name", ctypes.c_char * 40)]

    class Box(ctypes.Structure):
        _fields_ = [("a", Point), ("b", Point * 3)]

    class Either(ctypes.Union):
        _fields_ = [("i", ctypes.c_int), ("d", ctypes.c_double)]

    class Big(ctypes.BigEndianStructure):
        _fields_ = [("x", ctypes.c_int)]
    call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
    matrix = ctypes.c_int * 4 * 5
    found = [Point, Box, Either, Big, call, matrix, Point(), Box(), Either(),
             Big(), call(abs), matrix(), ctypes.pointer(Point()),
             ctypes.POINTER(Point), ctypes.c_int(4), ctypes.c_char_p(b"a"),
             ctypes.create_string_buffer(5000), ctypes.py_object(found_key),
             (ctypes.c_char * 100), (ctypes.c_char * 100)(),
             ctypes.Structure, ctypes.Array, ctypes.c_longdouble(1)]
    if sys.version_info < (3, 13):      # the dicts that describe C types
        found += [type.__dict__["__dict__"].__get__(t) for t in found
                  if isinstance(t, type)]
        for t in list(found):
            if isinstance(t, type):
                found += [o for o in gc.get_referents(t)
                          if isinstance(o, dict)]
    return found


found_key = object()


def numpy_things():
    try:
        import numpy as np
    except Exception:
        return []
    a = np.arange(1000)
    found = [a, a[::2], a.reshape(10, 100), np.zeros((3, 4, 5), "f4"),
             np.array(5), np.array([]), np.array([[], []]), a.copy(),
             np.array(["abc", "de"]), np.array([b"abc"]), np.array([{}, 1]),
             np.zeros(3, [("a", "i4"), ("b", "f8", (2, 2))]),
             np.array(["2001-01-01"], "M8[D]"), np.ma.array([1, 2]),
             np.matrix([[1, 2]]), np.broadcast_to(a, (5, 1000)),
             np.memmap.__new__, np.ndarray, np.float64, np.dtype("i4"),
             a.dtype, np.add, np.random.default_rng(1), a.flat]
    for t in (np.bool_, np.int8, np.uint8, np.int16, np.int32, np.int64,
              np.uint64, np.intc, np.longlong, np.ulonglong, np.float16,
              np.float32, np.float64, np.longdouble, np.complex64,
              np.complex128, np.clongdouble):
        found.append(t(1))
    found += [np.str_("abc"), np.str_("\u20ac"), np.bytes_(b"abc"),
              np.str_(""), np.datetime64("2001-01-01"),
              np.timedelta64(1, "s"),
              np.zeros(2, [("a", "i4"), ("b", "f8")])[0],
              np.void(b"abcdef")]
    return found


# ---- what is asserted of single values ----
