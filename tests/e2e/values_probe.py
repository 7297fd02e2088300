# SPDX-License-Identifier: MIT
"""Compares what the agent reads from values with what Python says of them.

Run by test_values.py in every interpreter, 3.8 and later: argument 1 is
sizedump.so, argument 2 the directory for scratch files.  Prints one JSON
object: how much was compared, and the mismatches of each kind, at most a few
of a type.  Everything compared is kept alive to the end, for the agent's map
of types takes addresses for good.
"""
import ctypes
import dis
import gc
import importlib
import json
import math
import os
import pkgutil
import sys
import types
import unicodedata
import warnings

from values_made import (
    Plain, Slots, Grün, subclasses, strings, legacy_strings, numbers,
    containers, instances, code_things, io_things, library_things,
    ctypes_things, numpy_things)

CAP = 120
SKIP = {
    # print, open windows, or take long
    "antigravity", "this", "idlelib", "turtledemo", "tkinter", "turtle",
    "lib2to3", "test", "ensurepip", "pip", "__main__", "pydoc_data",
}


class Agent:
    """The functions of sizedump.so."""

    def __init__(self, path):
        lib = ctypes.PyDLL(path)
        obj, size, buf = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
        if lib.sd_init() != 0:
            raise SystemExit("sizedump.so does not know this interpreter")
        lib.sd_sizeof.restype = ctypes.c_uint64
        lib.sd_sizeof.argtypes = [obj, ctypes.POINTER(ctypes.c_uint64)]
        lib.sd_text.restype = lib.sd_utf8.restype = ctypes.c_long
        lib.sd_text.argtypes = lib.sd_utf8.argtypes = [obj, buf, size]
        lib.sd_cname.restype = ctypes.c_char_p
        lib.sd_cname.argtypes = [obj]
        lib.sd_kind.restype = ctypes.c_char_p
        lib.sd_kind.argtypes = [obj, ctypes.POINTER(ctypes.c_char_p),
                                ctypes.POINTER(ctypes.c_uint32)]
        lib.sd_lines.argtypes = [obj, ctypes.c_int,
                                 ctypes.POINTER(ctypes.c_int)]
        lib.sd_is_gc.argtypes = [obj]
        lib.sd_find.restype = ctypes.c_void_p
        lib.sd_find.argtypes = [obj, buf]
        lib.sd_is_subtype.argtypes = [obj, obj]
        self.lib = lib
        self.extra = ctypes.c_uint64()
        self.module = ctypes.c_char_p()
        self.flags = ctypes.c_uint32()
        self.buf = ctypes.create_string_buffer(8192)

    def sizeof(self, o):
        return self.lib.sd_sizeof(id(o), self.extra)

    def size_extra(self, o):
        self.lib.sd_sizeof(id(o), self.extra)
        return self.extra.value

    def raw(self, function, o, cap):
        n = function(id(o), self.buf, cap)
        if n < 0:
            raise SystemExit("wrote past %d bytes for %r" % (cap, type(o)))
        return self.buf.raw[:n]

    def text(self, o, cap=CAP):
        return self.raw(self.lib.sd_text, o, cap).decode("utf-8")

    def utf8(self, o, cap=8000):
        return self.raw(self.lib.sd_utf8, o, cap).decode("utf-8")

    def kind(self, t):
        name = self.lib.sd_kind(id(t), self.module, self.flags)
        module = self.module.value
        return (name.decode(), None if module is None else module.decode(),
                self.flags.value)

    def lines(self, code, n):
        lines = (ctypes.c_int * max(n, 1))()
        first = self.lib.sd_lines(id(code), n, lines)
        return list(lines[:n]), first


class Report:
    def __init__(self):
        self.compared = {}
        self.wrong = {}

    def check(self, what, of, got, expected, detail=""):
        self.compared[what] = self.compared.get(what, 0) + 1
        if got == expected:
            return
        cases = self.wrong.setdefault(what, {}).setdefault(of, [])
        if len(cases) < 4:
            cases.append([str(detail)[:200], ascii(got)[:200],
                          ascii(expected)[:200]])


def import_most():
    warnings.simplefilter("ignore")
    for m in pkgutil.iter_modules():
        if (m.name.split(".")[0] in SKIP or m.name.startswith("_test") or
                m.name.startswith("xx")):
            continue
        if "-packages" in getattr(m.module_finder, "path", ""):
            continue
        try:
            importlib.import_module(m.name)
        except BaseException:   # optional modules fail as they like
            pass


def mro(t):
    """Without the metaclass; that of a type not made ready is None."""
    return type.__dict__["__mro__"].__get__(t) or (t,)


def own_dict(t):
    return type.__dict__["__dict__"].__get__(t) or {}


def closure(start):
    """Every object that can be reached, each once."""
    seen, todo, found = set(), list(start), []
    while todo:
        o = todo.pop()
        if id(o) in seen:
            continue
        seen.add(id(o))
        found.append(o)
        todo.extend(gc.get_referents(o))
        t = type(o)
        todo.append(t)
        if t is types.CodeType:
            todo += [o.co_consts, o.co_names, o.co_filename, o.co_name,
                     o.co_varnames]
        elif issubclass(t, type):
            todo += [mro(o),
                     dict(own_dict(o))]
    return found


def has_python_sizeof(t):
    for c in mro(t):
        d = own_dict(c)
        if "__sizeof__" in d:
            return isinstance(d["__sizeof__"], types.FunctionType)
    return False


def type_name(t):
    module = type.__dict__["__module__"].__get__(t)
    return (type.__dict__["__qualname__"].__get__(t),
            module if isinstance(module, str) else None)


def check_size(r, agent, o):
    t = type(o)
    if has_python_sizeof(t):
        return
    try:
        expected = sys.getsizeof(o)
    except Exception:
        return
    r.check("size", "%s.%s" % type_name(t)[::-1], agent.sizeof(o), expected)


def printable(s):
    """Unassigned code points are escaped by repr() alone."""
    return not any(c > "\x7f" and unicodedata.category(c) == "Cn" and
                   (ord(c) & 0xfffe) != 0xfffe for c in s)


REPR = {
    str: str.__repr__, bytes: bytes.__repr__, int: int.__repr__,
    float: float.__repr__, complex: complex.__repr__, bool: bool.__repr__,
    type(None): repr, type(Ellipsis): repr, type(NotImplemented): repr,
    # not its own, which escapes ' between double quotes
    bytearray: lambda o: "bytearray(%r)" % bytes(o),
}


def base_repr(o):
    """The function that writes the value which o carries, or None."""
    for c in mro(type(o)):
        if c in REPR:
            return REPR[c]
    return None


def check_text(r, agent, o, cap=CAP):
    function = base_repr(o)
    t = type(o)
    if function is None or (issubclass(t, str) and not printable(o)):
        return
    kind = t.__name__
    if issubclass(t, int) and o.bit_length() > 8 * cap:
        r.check("text", kind, agent.text(o, cap),
                "int of %d bits" % o.bit_length())
        return
    expected = function(o)
    got = agent.text(o, cap)
    if len(expected.encode("utf-8", "replace")) <= cap:
        r.check("text", kind, got, expected)
    elif issubclass(t, int):
        r.check("text", kind, got, "int of %d bits" % o.bit_length())
    else:
        r.check("cut", kind, got.rstrip(")").endswith("..."), True, got)
        r.check("cut", kind, len(got.encode()) >= cap - 12, True, got)
        body = got.rstrip(")")[:-4]
        # the quote is chosen by the part that is seen
        r.check("cut", kind, expected.startswith(body) or
                not {"'", '"'}.isdisjoint(o if issubclass(t, str) else
                                          o.decode("latin-1")), True, got)


def check_utf8(r, agent, s):
    if len(s) < 2000:
        expected = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c
                           for c in s)
        r.check("utf8", "str", agent.utf8(s), expected)


def check_find(r, agent, d):
    """A few keys of each dict: shared tables, wide ones, with holes."""
    if len(d) > 2000:
        return
    keys = [k for k in d if type(k) is str and k.isascii() and "\0" not in k]
    for k in keys[:1] + keys[-2:]:
        r.check("find", "dict", agent.lib.sd_find(id(d), k.encode()), id(d[k]),
                k)
    r.check("find", "dict", agent.lib.sd_find(id(d), b"no such key"), None)


def expected_lines(code):
    """The line of every second offset; 0 for those without one."""
    if hasattr(code, "co_lines"):
        spans = list(code.co_lines())
        end = max((s[1] for s in spans), default=0)
        lines = [0] * (end // 2)
        for start, stop, line in spans:
            for i in range(start // 2, stop // 2):
                lines[i] = line or 0
        return lines
    lines = [0] * (len(code.co_code) // 2)
    starts = list(dis.findlinestarts(code))
    for k, (start, line) in enumerate(starts):
        stop = starts[k + 1][0] if k + 1 < len(starts) else 2 * len(lines)
        for i in range(start // 2, stop // 2):
            lines[i] = line
    return lines


def check_lines(r, agent, code):
    expected = expected_lines(code)
    got, first = agent.lines(code, len(expected))
    r.check("lines", "code", got, expected, code)
    r.check("lines", "code", first, code.co_firstlineno, code)


def check_type(r, agent, t):
    name, module = type_name(t)
    heap = bool(t.__flags__ & 512)
    try:
        name.encode()
        (module or "").encode()
    except UnicodeEncodeError:
        return
    got_name, got_module, flags = agent.kind(t)
    r.check("kind", str(heap), (got_name, got_module), (name, module))
    r.check("meta", str(heap), bool(flags & 1), issubclass(t, type))
    cname = agent.lib.sd_cname(id(t)).decode()
    if name.isascii():
        r.check("cname", str(heap), cname if heap else
                cname.rpartition(".")[2], name)
    for c in mro(t) + (int, type, Report):
        r.check("subtype", name, bool(agent.lib.sd_is_subtype(id(t), id(c))),
                c in mro(t))


# ---- values made for the purpose ----


def check_single_texts(r, agent):
    import collections

    def expect(o, text, **kw):
        r.check("single", type(o).__name__, agent.text(o, **kw), text)

    expect(check_text, "__main__.check_text()")
    expect(Report.check, "__main__.Report.check()")
    expect(r.check, "__main__.Report.check()")
    expect(len, "len()")
    expect(math.sqrt, "math.sqrt()")
    expect([].append, "list.append()")
    expect(dict.fromkeys, "dict.fromkeys()")
    expect(str.join, "str.join")
    expect(Plain, "values_made.Plain")
    expect(Grün, "values_made.Grün")
    expect(dict, "dict")
    expect(collections.deque, "collections.deque")
    expect(math, "math")
    expect(collections.abc, "collections.abc")
    expect(range(5), "range(0, 5)")
    expect(range(1, 10 ** 20, 2), "range(1, 100000000000000000000, 2)")
    expect(slice(1, None, "x"), "slice(1, None, 'x')")
    code = check_text.__code__
    where = "/".join(code.co_filename.split("/")[-2:])
    expect(code, "check_text (%s:%d)" % (where, code.co_firstlineno))
    expect(expected_lines.__code__, "exp...", cap=6)
    expect("abcdef", "'a'...", cap=6)
    expect("abcdef", "", cap=0)
    expect("abcdef", "", cap=4)
    expect("abc", "'abc'", cap=5)
    expect(12345, "12345", cap=5)
    expect(1 << 500, "int of 501 bits")
    expect(Plain(), "")
    expect([], "")
    frame = sys._getframe()
    line = frame.f_lineno
    got = agent.text(frame)     # one line further on
    r.check("single", "frame", got,
            "check_single_texts (%s:%d)" % (where, line + 1))

    def gen():
        yield
    expect(gen(), "check_single_texts.<locals>.gen()")
    import weakref
    expect(weakref.ref(Plain), "to type")
    for cap in list(range(0, 40)) + [500, 4000]:
        for s in ("ä'\u20ac\U0001f600\n" * 9, "'\"", 1 << 120, 0.1, b"\0" * 9,
                  check_text, Plain, range(10), bytearray(b"a" * 30), 1j / 3):
            text = agent.text(s, cap)   # valid UTF-8, within its bounds
            r.check("single", "cap", len(text.encode()) <= cap, True, text)
        r.check("single", "utf8", agent.utf8("a\u20ac\U0001f600" * 3, cap),
                ("a\u20ac\U0001f600" * 3).encode()[:cap].decode(
                    "utf-8", "ignore"))


def check_single_sizes(r, agent):
    """What is owned beyond getsizeof()."""
    import io
    import mmap
    class Fresh:
        pass
    o = Fresh()
    o.attribute = 1
    minor = sys.version_info[1]
    keep.append(Fresh)
    extra = agent.size_extra(o)
    if minor < 11:
        r.check("extra", "instance", extra, 0)
    else:
        r.check("extra", "instance", 16 <= extra <= 8 * 40, True, extra)
    r.check("extra", "Slots", agent.size_extra(Slots()), 0)
    r.check("extra", "list", agent.size_extra([1]), 0)
    big = ctypes.create_string_buffer(5000)
    # From 3.14 on attributes are inline behind fields of C types too.
    inline = agent.size_extra(ctypes.c_int(1))
    r.check("extra", "ctypes", inline <= 8 * 40 if minor >= 14 else
            inline == 0, True, inline)
    r.check("extra", "ctypes", agent.size_extra(big), 5000 + inline)
    s = io.StringIO("x" * 1000)
    r.check("extra", "StringIO", agent.size_extra(s) >= 4000, True)
    r.check("extra", "mmap", agent.size_extra(mmap.mmap(-1, 8192)), 8192)
    with open(sys.executable, "rb") as f:
        m = mmap.mmap(f.fileno(), 4096, access=mmap.ACCESS_READ)
        r.check("extra", "mmap", agent.size_extra(m), 0)
        if minor >= 13:
            m = mmap.mmap(f.fileno(), 4096, prot=mmap.PROT_READ,
                          trackfd=False)
            r.check("extra", "mmap", agent.size_extra(m), 0)


def check_origin(r, agent):
    import collections
    import decimal
    import json.decoder
    for t, user in [(Plain, True), (dict, False), (collections.deque, False),
                    (collections.Counter, False), (decimal.Decimal, False),
                    (json.decoder.JSONDecoder, False),
                    (type("X", (), {"__module__": "no.such"}), True),
                    (type(importlib.machinery.PathFinder), False),
                    (importlib.machinery.ModuleSpec, False)]:
        r.check("origin", t.__name__, bool(agent.kind(t)[2] & 2), user)
        keep.append(t)
    library = os.path.dirname(os.__file__)
    for path, spec, user in [
            (library + "/made/x.py", None, False),
            (library + "/site-packages/made/x.py", None, True),
            (library + "/dist-packages/made.py", None, True),
            (library + "x/made.py", None, True),
            ("/nowhere/made.py", None, True),
            (None, None, True), (None, math.__spec__, False)]:
        name = "made_%d" % len(keep)
        module = sys.modules[name] = types.ModuleType(name)
        module.__spec__ = spec
        if path:
            module.__file__ = path
        t = type("Made", (), {"__module__": name})
        r.check("origin", str(path), bool(agent.kind(t)[2] & 2), user)
        t = type("Made", (), {"__module__": name + ".inner"})
        r.check("origin", str(path), bool(agent.kind(t)[2] & 2), user)
        keep.append(t)
    np = sys.modules.get("numpy")
    if np:
        for t in (np.ndarray, np.matrix, np.random.Generator):
            r.check("origin", t.__name__, bool(agent.kind(t)[2] & 2), True)


keep = []


def main(argv):
    del sys.path[0]         # the tests are no modules to import
    agent = Agent(argv[1])
    r = Report()
    sys.setrecursionlimit(10000)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    import_most()
    keep.append(numpy_things())
    keep.append(list(subclasses()))
    keep.append(list(strings()))
    keep.append(list(numbers()))
    keep.append(list(containers()))
    keep.append(list(instances()))
    keep.append(code_things())
    keep.append(io_things(argv[2]))
    keep.append(library_things())
    keep.append(ctypes_things())
    for s, text in legacy_strings():
        check_size(r, agent, s)
        r.check("utf8", "legacy", agent.utf8(s), text)
        r.check("text", "legacy", agent.text(s), repr(text))
        check_size(r, agent, s)
        keep.append((s, text))
    check_single_texts(r, agent)
    check_single_sizes(r, agent)
    check_origin(r, agent)
    is_gc = getattr(ctypes.pythonapi, "PyObject_IS_GC", None)   # 3.9
    if is_gc:
        is_gc.argtypes = [ctypes.c_void_p]
    gc.collect()
    found = closure(gc.get_objects() + [keep])
    keep.append(found)
    for o in found:
        check_size(r, agent, o)
        check_text(r, agent, o)
        t = type(o)
        if is_gc:
            r.check("is_gc", t.__name__, bool(agent.lib.sd_is_gc(id(o))),
                    bool(is_gc(id(o))))
        elif gc.is_tracked(o):
            r.check("is_gc", t.__name__, bool(agent.lib.sd_is_gc(id(o))), True)
        if issubclass(t, type):
            check_type(r, agent, o)
        elif issubclass(t, str):
            check_utf8(r, agent, o)
        elif t is dict:
            check_find(r, agent, o)
        elif t is types.CodeType:
            check_lines(r, agent, o)
    print()
    json.dump({"version": sys.version.split()[0], "objects": len(found),
               "types": agent.lib.sd_kinds(), "compared": r.compared,
               "wrong": r.wrong}, sys.stdout)
    print()


if __name__ == "__main__":
    main(sys.argv)
